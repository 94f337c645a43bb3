// The commands against a real tikard, as an admin types them.
#include "cli_tikard.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "cli_import_sample.h"

namespace tikar::cli {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kMap[] = TIKAR_SOURCE_DIR "/tests/data/nyc311/nyc311.map.textproto";
constexpr char kCsv[] = TIKAR_SOURCE_DIR "/tests/data/nyc311/requests-500.csv";

TEST_F(TikardTest, ImportsRealRowsWholeAndASecondRunAddsNothing) {
  const std::vector<std::string> import = {"requests",  "import",           "--map", kMap, kCsv,
                                           "--refused", File("refused.csv")};
  const json first = Json(import);
  EXPECT_EQ(first["rows_added"], 500);
  EXPECT_EQ(first["rows_refused"], 0);
  const json second = Json(import);
  EXPECT_EQ(second["rows_added"], 0);
  EXPECT_EQ(second["changes_added"], 0);
  EXPECT_EQ(second["rows_present"], 500);
  EXPECT_FALSE(std::filesystem::exists(File("refused.csv")));

  // What the server has is what the file has.
  const json status = Json({"status"});
  ASSERT_EQ(status["regions"].size(), 1u);
  EXPECT_EQ(status["regions"][0]["requests"], 500);
  EXPECT_EQ(status["regions"][0]["changes"], first["changes_added"]);
  EXPECT_EQ(status["regions"][0]["waiting"], 0);
  EXPECT_EQ(Json({"requests", "list", "--all"})["requests"].size(), 500u);
  EXPECT_EQ(Json({"requests", "list", "--all", "--status", "selesai"})["requests"].size(), 483u);
  EXPECT_EQ(Json({"requests", "list", "--all", "--area", "15.01.06"})["requests"].size(), 169u);
  const json found = Json({"requests", "list", "--text", "wetherole"});
  ASSERT_EQ(found["requests"].size(), 1u);
  const json history = Json({"requests", "history", found["requests"][0]["ref"]});
  EXPECT_EQ(history["items"].size(), 5u);
  EXPECT_EQ(history["items"][0]["effective_time"], "2018-06-26T15:12:53.000Z");
  EXPECT_EQ(history["items"][4]["effective_time"], "2018-06-26T18:10:49.000Z");
}

TEST_F(TikardTest, ListsPageByPage) {
  ASSERT_EQ(Tikar({"requests", "import", "--map", kMap, kCsv}).exit_code, 0);
  const json few = Json({"requests", "list", "--limit", "7"});
  EXPECT_EQ(few["requests"].size(), 7u);
  EXPECT_EQ(few["more"], true);
  const Output table = Tikar({"requests", "list", "--limit", "7"});
  EXPECT_THAT(table.out, HasSubstr("there are more"));
}

TEST_F(TikardTest, AHistoryOfManyPagesIsShownWhole) {
  constexpr int kComments = 30, kEdits = 20;
  std::vector<std::string> create = {
      "requests", "create", "--service",      "pengaduan", "--area",
      "15.01.06", "--set",  "judul=Jembatan", "--set",     "kategori=jalan_jembatan",
      "--role",   "petugas"};
  for (int i = 0; i < kComments; ++i) {
    create.insert(create.end(), {"--comment", "Komentar " + std::to_string(i)});
  }
  const json made = Json(create);
  const std::string ref = made["ref"];
  ASSERT_EQ(made["elements"].size(), static_cast<size_t>(kComments));
  // All comments are rewritten time and again: 1.1 MB of history, and no page is larger than 1 MiB.
  for (int i = 0; i < kEdits; ++i) {
    std::vector<std::string> edit = {"requests", "edit", ref, "--role", "petugas"};
    for (const auto& [path, comment] : made["elements"].items()) {
      edit.insert(edit.end(),
                  {"--set", path + "=" + std::string(1900, static_cast<char>('a' + i))});
    }
    ASSERT_EQ(Tikar(edit).exit_code, 0) << i;
  }
  const json history = Json({"requests", "history", ref});
  EXPECT_EQ(history["request"]["ref"], ref);
  EXPECT_EQ(history["request"]["elements"].size(), static_cast<size_t>(kComments));
  ASSERT_EQ(history["items"].size(), 1u + kEdits);
  std::set<std::string> ids;
  for (const json& item : history["items"]) ids.insert(item["change_id"]);
  EXPECT_EQ(ids.size(), 1u + kEdits);
  EXPECT_EQ(history["items"][0]["kinds"][0], "create");
}

TEST_F(TikardTest, RefusedRowsAreWrittenWithReasonsAndGoInWhenCorrected) {
  std::string csv = NycCsv();
  csv.replace(csv.find("BROOKLYN,994998"), 8, "ATLANTIS");
  std::ofstream(File("rows.csv"), std::ios::binary) << csv;
  const Output first = Tikar({"requests", "import", "--map", kMap, File("rows.csv")});
  EXPECT_EQ(first.exit_code, 1);
  EXPECT_THAT(first.out, HasSubstr("499  added"));
  EXPECT_THAT(first.out, HasSubstr("1  refused"));

  std::ostringstream refused;
  refused << std::ifstream(File("rows.csv.refused.csv")).rdbuf();
  std::string rows = refused.str();
  EXPECT_THAT(rows, HasSubstr("tikar_message_en"));
  EXPECT_THAT(rows, HasSubstr("not_in_table"));
  rows.replace(rows.find("ATLANTIS"), 8, "BROOKLYN");
  std::ofstream(File("corrected.csv"), std::ios::binary) << rows;
  EXPECT_EQ(Json({"requests", "import", "--map", kMap, File("corrected.csv")})["rows_added"], 1);
  // Now all of the original file is there.
  EXPECT_EQ(Json({"requests", "import", "--map", kMap, kCsv})["rows_present"], 500);
}

TEST_F(TikardTest, TwoDecisionsThatDidNotKnowOfEachOtherAreSettledByASupervisor) {
  const std::string ref = CheckedLicence();
  const std::string etag = Json({"requests", "show", ref})["etag"];
  EXPECT_EQ(Json({"requests", "edit", ref, "--status", "disetujui", "--actor", "hp-ani", "--role",
                  "petugas", "--etag=" + etag})["reviews"],
            json::array());
  const json disputed =
      Json({"requests", "edit", ref, "--status", "ditolak", "--from", "diverifikasi", "--reason",
            "Tidak ada", "--actor", "hp-budi", "--role", "petugas", "--etag=" + etag});
  EXPECT_EQ(disputed["reviews"], json::array({"status"}));

  const json inbox = Json({"conflicts", "list"});
  ASSERT_EQ(inbox["conflicts"].size(), 1u);
  EXPECT_EQ(inbox["conflicts"][0]["ref"], disputed["ref"]);
  const Output shown = Tikar({"conflicts", "show", ref});
  EXPECT_THAT(shown.out, HasSubstr("Approved"));
  EXPECT_THAT(shown.out, HasSubstr("Rejected"));

  // Nobody may issue the licence meanwhile, and a role that may not settle is told who may.
  const Output issued = Tikar({"requests", "edit", ref, "--status", "terbit", "--from", "disetujui",
                               "--set", "nomor_izin=000123/IUM/2026"});
  EXPECT_EQ(issued.exit_code, 1);
  const Output clerk = Tikar({"--lang", "id", "conflicts", "resolve", ref, "--take", "1"});
  EXPECT_EQ(clerk.exit_code, 1);
  EXPECT_THAT(clerk.err, HasSubstr("Penyelia"));

  // What the person looked at is older than what is there.
  const Output stale =
      Tikar({"conflicts", "resolve", ref, "--take", "1", "--role", "penyelia", "--etag=" + etag});
  EXPECT_EQ(stale.exit_code, 1);
  EXPECT_THAT(stale.err, HasSubstr("nothing was settled"));

  const json settled = Json({"conflicts", "resolve", ref, "--value", "Approved", "--role",
                             "penyelia", "--reason", "Dicek ulang"});
  EXPECT_EQ(settled["still_under_review"], false);
  EXPECT_EQ(settled["request"]["status"], "disetujui");
  EXPECT_EQ(Tikar({"conflicts", "show", ref}).exit_code, 3);
  const Output history = Tikar({"requests", "history", ref});
  EXPECT_THAT(history.out, HasSubstr("Status: Rejected  ← settled otherwise (#5"));
}

TEST_F(TikardTest, EditsAreOneChangeAndRetractsCanBeTakenBack) {
  const std::string ref =
      Json({"requests", "create", "--service", "pengaduan", "--area", "15.01.06", "--set",
            "judul=Jembatan", "--set", "kategori=Jalan dan jembatan", "--set", "alamat=Siulak",
            "--comment", "Lewat telepon"})["ref"];
  const json edited =
      Json({"requests", "edit", ref, "--set", "judul=Jembatan putus", "--clear", "alamat",
            "--status", "diverifikasi", "--assign", "hp-ani", "--comment", "Sudah dicek"});
  EXPECT_EQ(edited["change_count"], 2);
  EXPECT_EQ(edited["fields"]["judul"]["value"], "Jembatan putus");
  EXPECT_EQ(edited["fields"]["alamat"]["value"], nullptr);
  EXPECT_EQ(edited["fields"]["assignee"]["value"], "hp-ani");
  EXPECT_EQ(edited["status"], "diverifikasi");
  EXPECT_EQ(edited["elements"].size(), 2u);
  EXPECT_EQ(Json({"requests", "list", "--assignee", "hp-ani"})["requests"].size(), 1u);

  EXPECT_EQ(Json({"requests", "edit", ref, "--retract", "--reason", "Dua kali", "--role",
                  "penyelia"})["retracted"],
            true);
  EXPECT_EQ(Json({"requests", "list"})["requests"].size(), 0u);
  EXPECT_EQ(Json({"requests", "list", "--retracted"})["requests"].size(), 1u);
  EXPECT_EQ(Json({"requests", "edit", ref, "--restore", "--role", "penyelia"})["retracted"], false);
}

TEST_F(TikardTest, WhatIsForbiddenIsToldAtOnceInTheLanguageAskedFor) {
  const Output output = Tikar({"--lang", "id", "requests", "create", "--service", "pengaduan",
                               "--area", "15.01.06", "--set", "judul=X", "--set", "prioritas=9"});
  EXPECT_EQ(output.exit_code, 1);
  EXPECT_THAT(output.err, HasSubstr("kategori: Kategori wajib diisi"));
  EXPECT_THAT(output.err, HasSubstr("prioritas: "));
  EXPECT_EQ(Tikar({"requests", "show", "0190f5c2a7b07c3e8d1f2a3b4c5d6e7f"}).exit_code, 3);
  EXPECT_EQ(Tikar({"requests", "create", "--service", "tidak-ada", "--area", "15.01.06"}).exit_code,
            3);
  EXPECT_EQ(Tikar({"requests", "create", "--service", "pengaduan", "--area", "15.01.06", "--set",
                   "warna=biru"})
                .exit_code,
            2);
}

TEST_F(TikardTest, FindsAreasAndServices) {
  const Output areas = Tikar({"areas", "search", "gunung kerinci"});
  EXPECT_THAT(areas.out, HasSubstr("15.01.06"));
  EXPECT_THAT(areas.out, Not(HasSubstr("15.01.09")));
  EXPECT_EQ(Json({"areas", "search", "--below", "15.01"})["areas"].size(), 18u);
  EXPECT_EQ(Tikar({"areas", "search", "zzzz"}).exit_code, 3);
  EXPECT_EQ(Tikar({"areas", "search", "zzzz", "--output", "json"}).exit_code, 3);
  const json kerinci = Json({"areas", "search", "kerinci", "--limit", "3"});
  ASSERT_EQ(kerinci["areas"].size(), 3u);
  EXPECT_EQ(kerinci["areas"][0]["code"], "15.01") << "the regency, and not the villages before it";
  EXPECT_EQ(kerinci["more"], true);
  std::set<std::string> services;
  const json listed = Json({"services", "list"});
  for (const json& service : listed["services"]) services.insert(service["service"]);
  EXPECT_THAT(services, ::testing::IsSupersetOf({"gampil", "pengaduan"}));
}

// What was imported stays imported when the server dies without warning.
TEST_F(TikardTest, AnImportSurvivesAPowerCut) {
  EXPECT_EQ(Json({"requests", "import", "--map", kMap, kCsv})["rows_added"], 500);
  Stop(SIGKILL);
  Start();
  EXPECT_EQ(Json({"requests", "import", "--map", kMap, kCsv})["rows_present"], 500);
}

}  // namespace
}  // namespace tikar::cli
