// What imported rows pin, against a real tikard: what their region offers, and nothing that only
// looks alike.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "cli_import_sample.h"
#include "cli_tikard.h"
#include "clients/cli/definition_files.h"

namespace tikar::cli {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr char kMap[] = TIKAR_SOURCE_DIR "/tests/data/nyc311/nyc311.map.textproto";
constexpr int kUsage = 2, kNotFound = 3;

class ImportOfferTest : public TikardTest {
 protected:
  ImportOfferTest() {
    for (const char* name : {"TIKAR_SERVER", "TIKAR_CONTEXT", "TIKAR_LANG", "COLUMNS"}) {
      unsetenv(name);
    }
    setenv("XDG_CONFIG_HOME", File("config").c_str(), 1);
  }
  void SetUp() override {
    TikardTest::SetUp();
    // The head and three rows.
    std::string csv = NycCsv();
    size_t end = 0;
    for (int line = 0; line < 4; ++line) end = csv.find('\n', end) + 1;
    std::ofstream(File("rows.csv"), std::ios::binary) << csv.substr(0, end);
  }

  // Kerinci's own complaints in this version: published, and adopted there. Its hash.
  std::string AdoptFork(uint32_t version) {
    auto fork = ReadDefinitionFile(TIKAR_SOURCE_DIR "/catalog/services/pengaduan.textproto");
    EXPECT_TRUE(fork.ok()) << fork.status();
    fork->set_publisher("15.01");
    fork->set_version(version);
    fork->mutable_title()->set_en("Complaints in Kerinci");
    const std::string path = File("fork.textproto");
    EXPECT_TRUE(WriteDefinitionFile(path, *fork, /*replace=*/true).ok());
    Json({"catalog", "publish", path});
    const std::string name = "15.01@" + std::to_string(version);
    Json({"catalog", "adopt", "pengaduan", "--from", name, "--region", "15.01"});
    return HashOf("15.01/pengaduan@" + std::to_string(version));
  }
  std::string HashOf(const std::string& name) {
    return Json({"catalog", "show", name})["definition_hash"];
  }
  // The map with this beside what it says.
  std::string MapWith(const std::string& lines) {
    std::string map = ReadSourceFile("tests/data/nyc311/nyc311.map.textproto");
    std::ofstream(File("map.textproto")) << map << "\n" << lines << "\n";
    return File("map.textproto");
  }
  Output Import(const std::string& map) {
    return Tikar({"requests", "import", "--map", map, File("rows.csv")});
  }
  json Imported(const std::string& map) {
    return Json({"requests", "import", "--map", map, File("rows.csv")});
  }
  void ExpectAllPin(const std::string& hash) {
    const json listed = Json({"requests", "list", "--all"})["requests"];
    ASSERT_EQ(listed.size(), 3u);
    for (const json& request : listed) EXPECT_EQ(request["definition_hash"], hash);
  }
};

TEST_F(ImportOfferTest, RowsPinTheForkThatTheirRegionAdopted) {
  // Of the same version as the original, which is here, too.
  const std::string fork = AdoptFork(1);
  ASSERT_NE(fork, HashOf("32.73/pengaduan@1"));
  EXPECT_EQ(Imported(kMap)["rows_added"], 3);
  ExpectAllPin(fork);
}

TEST_F(ImportOfferTest, ARegionWithoutAForkPinsWhatIsInTheCatalogue) {
  EXPECT_EQ(Imported(kMap)["rows_added"], 3);
  ExpectAllPin(HashOf("32.73/pengaduan@1"));
}

TEST_F(ImportOfferTest, AMapForAVersionThatIsNotOfferedImportsNothingAndSaysWhatToDo) {
  AdoptFork(2);
  const Output english = Import(kMap);
  EXPECT_EQ(english.exit_code, kUsage);
  EXPECT_THAT(english.err,
              AllOf(HasSubstr("written for version 1"), HasSubstr("15.01 offers 15.01/pengaduan@2"),
                    HasSubstr("definition_version: 2"), HasSubstr("definition_publisher")));
  const Output indonesian =
      Tikar({"--lang", "id", "requests", "import", "--map", kMap, File("rows.csv")});
  EXPECT_THAT(indonesian.err, AllOf(HasSubstr("untuk versi 1"), HasSubstr("menawarkan")));
  EXPECT_EQ(Json({"requests", "list", "--all"})["requests"].size(), 0u);
}

TEST_F(ImportOfferTest, AnImportThatWasBegunBeforeTheForkIsFinishedUnderItsPublisher) {
  EXPECT_EQ(Imported(kMap)["rows_added"], 3);
  AdoptFork(2);
  const json again = Imported(MapWith("definition_publisher: \"32.73\""));
  EXPECT_EQ(again["rows_present"], 3);
  EXPECT_EQ(again["rows_added"], 0);
  ExpectAllPin(HashOf("32.73/pengaduan@1"));
}

TEST_F(ImportOfferTest, WhatIsNotThereIsNamed) {
  const Output unpublished = Import(MapWith("definition_publisher: \"15.71\""));
  EXPECT_EQ(unpublished.exit_code, kNotFound);
  EXPECT_THAT(unpublished.err,
              AllOf(HasSubstr("15.71/pengaduan@1"), HasSubstr("tikar catalog list")));
  const Output no_code = Import(MapWith("definition_publisher: \"Bandung\""));
  EXPECT_EQ(no_code.exit_code, kUsage);
  EXPECT_THAT(no_code.err, HasSubstr("definition_publisher"));

  std::string map = ReadSourceFile("tests/data/nyc311/nyc311.map.textproto");
  const std::string service = "service: \"pengaduan\"";
  map.replace(map.find(service), service.size(), "service: \"surat\"");
  std::ofstream(File("surat.textproto")) << map;
  const Output no_service = Import(File("surat.textproto"));
  EXPECT_EQ(no_service.exit_code, kNotFound);
  EXPECT_THAT(no_service.err, HasSubstr("15.01 does not offer the service \"surat\""));
}

}  // namespace
}  // namespace tikar::cli
