#include "server/catalog.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace tikar::server {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kCalendar[] = R"(version: 3
years { year: 2027 source: "SKB 2026" }
years { year: 2026 source: "SKB 2025" }

holidays {
  date: "2026-08-17"
  kind: HOLIDAY_KIND_HOLIDAY
  name { id: "Hari Kemerdekaan" en: "Independence Day" }
}
)";

class CatalogTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "tikar_catalog_XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
    std::filesystem::create_directories(directory_ + "/services");
    std::filesystem::create_directories(directory_ + "/areas");
    Write("areas/provinces.csv", "code,name\n15,Jambi\n");
    Write("areas/regencies.csv", "code,name\n15.01,Kerinci\n");
    Write("areas/districts.csv", "code,name\n");
    Write("areas/villages.csv", "code,name\n");
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }
  void Write(const std::string& name, const std::string& text) {
    const std::string path = directory_ + "/" + name;
    std::filesystem::create_directories(std::filesystem::path(path).parent_path());
    std::ofstream(path) << text;
  }
  std::string ErrorOfLoading() {
    const auto catalog = LoadCatalog(directory_);
    EXPECT_FALSE(catalog.ok());
    return std::string(catalog.status().message());
  }
  std::string directory_;
};

TEST_F(CatalogTest, WithoutACalendarNoYearIsCovered) {
  const auto catalog = LoadCatalog(directory_);
  ASSERT_TRUE(catalog.ok()) << catalog.status();
  EXPECT_THAT(catalog->calendar_years, IsEmpty());
  EXPECT_EQ(catalog->calendar.version(), 0u);
}

TEST_F(CatalogTest, TheNewestCalendarCounts) {
  Write("calendars/baru.textproto", kCalendar);
  Write("calendars/lama.textproto", "version: 2\nyears { year: 2024 source: \"SKB 2023\" }\n");
  const auto catalog = LoadCatalog(directory_);
  ASSERT_TRUE(catalog.ok()) << catalog.status();
  EXPECT_EQ(catalog->calendar.version(), 3u);
  EXPECT_THAT(catalog->calendar_years, ElementsAre(2026u, 2027u));
  EXPECT_FALSE(catalog->calendar.IsWorkingDay(sync::DayOfDate({2026, 8, 17}), "15.01"));
}

TEST_F(CatalogTest, TwoOfOneVersionAreRefused) {
  Write("calendars/a.textproto", kCalendar);
  Write("calendars/b.textproto", kCalendar);
  EXPECT_THAT(ErrorOfLoading(), HasSubstr("b.textproto:1: version 3 is that of "));
}

TEST_F(CatalogTest, AMistakeInACalendarIsNamedWithItsLine) {
  std::string text = kCalendar;
  text.replace(text.find("2026-08-17"), 10, "2026-02-30");
  Write("calendars/a.textproto", text);
  EXPECT_THAT(ErrorOfLoading(), HasSubstr("a.textproto:5: holiday calendar: \"2026-02-30\""));

  text = kCalendar;
  text.replace(text.find("year: 2026"), 10, "year: 2027");
  Write("calendars/a.textproto", text);
  EXPECT_THAT(ErrorOfLoading(), HasSubstr("a.textproto:3: holiday calendar: year 2027 is there"));

  text = kCalendar;
  text.replace(text.find("version: 3"), 10, "version: 0");
  Write("calendars/a.textproto", text);
  EXPECT_THAT(ErrorOfLoading(), HasSubstr("a.textproto:1: holiday calendar: needs a version"));

  Write("calendars/a.textproto", "version: 1\nyear { }\n");
  EXPECT_THAT(ErrorOfLoading(), HasSubstr("a.textproto:2:"));
}

}  // namespace
}  // namespace tikar::server
