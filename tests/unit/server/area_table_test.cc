#include "server/area_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace tikar::server {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

// A directory with four small files, each of which a test may replace.
class AreaTableTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "tikar_areas_XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
    Write("provinces.csv", "code,name\r\n15,Jambi\r\n16,Sumatera Selatan\r\n");
    Write("regencies.csv", "code,province_code,name\n15.01,15,Kabupaten Kerinci\n");
    Write(
        "districts.csv",
        "code,regency_code,name\n15.01.07,15.01,Batang Merangin\n15.01.06,15.01,Gunung Kerinci\n");
    Write("villages.csv",
          "code,district_code,name\n15.01.06.2010,15.01.06,\"Siulak \"\"Deras\"\", Mudik\"\n");
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }
  void Write(const std::string& name, const std::string& text) {
    std::ofstream(directory_ + "/" + name, std::ios::binary) << text;
  }
  std::string ErrorOfLoad() {
    const auto table = AreaTable::Load(directory_);
    return table.ok() ? "" : std::string(table.status().message());
  }
  std::string directory_;
};

TEST_F(AreaTableTest, NamesLeadFromTheProvinceDown) {
  const auto table = AreaTable::Load(directory_);
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_EQ(table->size(), 6u);
  const auto village = table->Get("15.01.06.2010");
  ASSERT_TRUE(village.ok());
  EXPECT_EQ(village->name(), "Siulak \"Deras\", Mudik");
  EXPECT_EQ(village->level(), v1::AREA_LEVEL_VILLAGE);
  EXPECT_EQ(village->path(),
            "Jambi / Kabupaten Kerinci / Gunung Kerinci / Siulak \"Deras\", Mudik");
  EXPECT_TRUE(table->Has("15"));
  EXPECT_FALSE(table->Has("15.02"));
  EXPECT_EQ(table->Get("15.02").status().code(), absl::StatusCode::kNotFound);
}

TEST_F(AreaTableTest, ChildrenAreTheNextLevelOnlyInOrderAndPaged) {
  const auto table = AreaTable::Load(directory_);
  ASSERT_TRUE(table.ok());
  AreaTable::Page page = table->Children("", "", 1);
  ASSERT_THAT(page.areas, SizeIs(1));
  EXPECT_EQ(page.areas[0].code(), "15");
  EXPECT_EQ(page.next, "15");
  page = table->Children("", page.next, 1);
  ASSERT_THAT(page.areas, SizeIs(1));
  EXPECT_EQ(page.areas[0].code(), "16");
  EXPECT_EQ(page.next, "");
  page = table->Children("15.01", "", 100);
  ASSERT_THAT(page.areas, SizeIs(2));
  EXPECT_EQ(page.areas[0].code(), "15.01.06");
  EXPECT_EQ(page.areas[1].code(), "15.01.07");
  EXPECT_THAT(table->Children("1", "", 100).areas, SizeIs(0));
  EXPECT_THAT(table->Children("99", "", 100).areas, SizeIs(0));
}

TEST_F(AreaTableTest, SearchLooksAtNamesAndCodesWithoutCase) {
  const auto table = AreaTable::Load(directory_);
  ASSERT_TRUE(table.ok());
  EXPECT_THAT(table->Search("KERINCI", "", 100).areas, SizeIs(2));
  EXPECT_THAT(table->Search("15.01.0", "", 100).areas, SizeIs(3));
  const AreaTable::Page page = table->Search("kerinci", "", 1);
  EXPECT_EQ(page.next, "15.01");
  EXPECT_THAT(table->Search("kerinci", page.next, 1).areas, SizeIs(1));
  EXPECT_THAT(table->Search("nias", "", 100).areas, SizeIs(0));
}

TEST_F(AreaTableTest, ARequestMayLieInAreasOfTodayAndOfBefore) {
  Write("regencies.csv",
        "code,province_code,name\n15.01,15,Kabupaten Kerinci\n15.02,15,Kabupaten Merangin\n");
  Write("aliases.csv", "code,area_code\n15.01.05,15.01.06\n15.01.05,15.01.07\n");
  const auto table = AreaTable::Load(directory_);
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_TRUE(table->Permits("15.01.06.2010"));
  EXPECT_TRUE(table->Permits("15.01.07"));
  EXPECT_TRUE(table->Permits("15.01.05")) << "it was split";
  EXPECT_FALSE(table->Has("15.01.05"));
  EXPECT_FALSE(table->Permits("15.01.08"));
  EXPECT_FALSE(table->Permits("15.01.06.2011"));
  EXPECT_FALSE(table->Permits("15.01.05.2001"));
  EXPECT_TRUE(table->Permits("15.02.01")) << "nothing is known below this regency";
  EXPECT_TRUE(AreaTable().Permits("15.01.08")) << "nothing is known at all";

  Write("aliases.csv", "code,area_code\n15.01.06,15.01.07\n");
  EXPECT_THAT(ErrorOfLoad(), HasSubstr("aliases.csv:2: 15.01.06 is an area of today"));
  Write("aliases.csv", "code,area_code\n15.01.05,15.01.08\n");
  EXPECT_THAT(ErrorOfLoad(), HasSubstr("aliases.csv:2: there is no area 15.01.08"));
  Write("aliases.csv", "code,area_code\nlama,15.01.06\n");
  EXPECT_THAT(ErrorOfLoad(), HasSubstr("aliases.csv:2: not an area code: lama"));
}

TEST_F(AreaTableTest, MistakesAreNamedByFileAndLine) {
  Write("districts.csv",
        "code,regency_code,name\n15.01.06,15.01,Gunung Kerinci\n1501-07,15.01,X\n");
  EXPECT_THAT(ErrorOfLoad(), HasSubstr("districts.csv:3: not an area code: 1501-07"));
  Write("districts.csv", "code,regency_code,name\n15.01.06,15.01,\n");
  EXPECT_THAT(ErrorOfLoad(), HasSubstr("districts.csv:2: the name is empty"));
  Write("districts.csv", "code,regency_code,name\n15.01.06,15.01,\"Gunung\n");
  EXPECT_THAT(ErrorOfLoad(), HasSubstr("districts.csv:2: a quote does not close"));
  Write("districts.csv", "kode,nama\n");
  EXPECT_THAT(ErrorOfLoad(), HasSubstr("districts.csv:1: the header"));
  Write("villages.csv", "code,district_code,name\n");
  Write("districts.csv", "code,name\n15.02.01,Bangko\n");
  EXPECT_THAT(ErrorOfLoad(), HasSubstr("15.02.01 lies in 15.02, which is missing"));
  Write("districts.csv", "code,name\n15.01.06,A\n15.01.06,B\n");
  EXPECT_THAT(ErrorOfLoad(), HasSubstr("15.01.06 is there twice"));
  std::filesystem::remove(directory_ + "/villages.csv");
  Write("districts.csv", "code,name\n15.01.06,A\n");
  EXPECT_THAT(ErrorOfLoad(), HasSubstr("villages.csv: cannot be read"));
}

TEST(AreaTable, TheRealCatalogueIsWhole) {
  const auto table = AreaTable::Load(TIKAR_SOURCE_DIR "/catalog/areas");
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_EQ(table->size(), 38u + 514u + 7285u + 83762u);
  EXPECT_EQ(table->Get("15.01.06")->path(), "Jambi / Kabupaten Kerinci / Gunung Kerinci");
}

}  // namespace
}  // namespace tikar::server
