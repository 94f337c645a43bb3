// What waits for a person, joining and parting, looking back, and reports, against a real tikard.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "cli_tikard.h"
#include "clients/cli/inbox_commands.h"

namespace tikar::cli {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class InboxTest : public TikardTest {
 protected:
  InboxTest() {
    for (const char* name : {"TIKAR_SERVER", "TIKAR_CONTEXT", "TIKAR_LANG", "COLUMNS"}) {
      unsetenv(name);
    }
    setenv("XDG_CONFIG_HOME", File("config").c_str(), 1);
  }

  std::string Complaint(const std::string& title, const std::string& place = "") {
    std::vector<std::string> create = {
        "requests", "create",       "--service",      "pengaduan", "--area",
        "15.01.06", "--set",        "judul=" + title, "--set",     "kategori=jalan_jembatan",
        "--set",    "alamat=Siulak"};
    if (!place.empty()) create.insert(create.end(), {"--set", "lokasi=" + place});
    return Json(create)["ref"];
  }

  Output Paste(const std::string& command) {
    const std::string program = "tikar ";
    EXPECT_THAT(command, StartsWith(program));
    return Tikar(absl::StrSplit(command.substr(program.size()), ' '));
  }
};

TEST_F(InboxTest, AnEmptyInboxSaysSo) {
  const Output empty = Tikar({"inbox"});
  EXPECT_EQ(empty.exit_code, 0) << empty.err;
  EXPECT_EQ(empty.out, "Nothing waits for anybody.\n");
  EXPECT_EQ(Json({"inbox", "--region", "15.01"})["items"].size(), 0u);
  const Output wrong = Tikar({"inbox", "--kind", "urgent"});
  EXPECT_EQ(wrong.exit_code, 2);
  EXPECT_THAT(wrong.err, HasSubstr("possible-duplicate"));
}

TEST_F(InboxTest, AFieldUnderReviewComesWithTheCommandThatShowsIt) {
  const std::string ref = CheckedLicence();
  const std::string etag = Json({"requests", "show", ref})["etag"];
  Json({"requests", "edit", ref, "--status", "disetujui", "--role", "petugas", "--etag=" + etag});
  Json({"requests", "edit", ref, "--status", "ditolak", "--from", "diverifikasi", "--reason",
        "Ganda", "--role", "petugas", "--etag=" + etag});
  const Output shown = Tikar({"inbox"});
  EXPECT_THAT(shown.out, AllOf(HasSubstr("Under review (1)\n"), HasSubstr("Warung Bu Siti"),
                               HasSubstr("tikar conflicts show ")));
  const json items = Json({"inbox", "--kind", "under-review"})["items"];
  ASSERT_EQ(items.size(), 1u);
  EXPECT_EQ(items[0]["path"], "status");
  EXPECT_EQ(Paste(items[0]["commands"][0]).exit_code, 0);
  EXPECT_EQ(Json({"inbox", "--kind", "late"})["items"].size(), 0u);
}

TEST_F(InboxTest, PossibleDuplicatesAreJoinedWithTheCommandShownAndShowAsOne) {
  Complaint("Jembatan putus", "-1.8113,101.2951");
  Complaint("Jembatan gantung putus", "-1.8114,101.2952");
  Complaint("Jalan longsor", "-1.9000,101.4000");
  const json items = Json({"inbox", "--kind", "possible-duplicate"})["items"];
  ASSERT_EQ(items.size(), 1u);
  EXPECT_GT(items[0]["distance_metres"], 0);
  EXPECT_LT(items[0]["distance_metres"], 100);
  ASSERT_EQ(items[0]["commands"].size(), 2u);

  EXPECT_EQ(Json({"requests", "list"})["requests"].size(), 3u);
  const Output joined = Paste(items[0]["commands"][0]);
  EXPECT_EQ(joined.exit_code, 0) << joined.err;
  EXPECT_EQ(Json({"requests", "list"})["requests"].size(), 2u);
  EXPECT_EQ(Json({"requests", "list", "--joined"})["requests"].size(), 3u);
  EXPECT_EQ(Json({"inbox"})["items"].size(), 0u);
  const json main = Json({"requests", "show", items[0]["other_ref"]});
  EXPECT_THAT(main["joined"], ElementsAre(items[0]["request"]));

  EXPECT_EQ(Json({"requests", "part", items[0]["ref"]})["ref"], items[0]["ref"]);
  EXPECT_EQ(Json({"requests", "list"})["requests"].size(), 3u);
  // A person has looked at it: it is not proposed again.
  EXPECT_EQ(Json({"inbox"})["items"].size(), 0u);
}

TEST_F(InboxTest, ARequestIsJoinedOnlyToAnotherOne) {
  const std::string ref = Complaint("Jembatan putus");
  EXPECT_EQ(Tikar({"requests", "join", ref, "--to", ref}).exit_code, 2);
  EXPECT_EQ(Tikar({"requests", "join", ref, "--to", "0190f5c2a7b07c3e8d1f2a3b4c5d6e7f"}).exit_code,
            3);
}

TEST_F(InboxTest, WhatIsNotOnTheListCannotBeDismissed) {
  const std::string ref = Complaint("Jembatan putus");
  EXPECT_EQ(Tikar({"inbox", "dismiss", ref, "3f9a"}).exit_code, 2);
  EXPECT_EQ(Tikar({"inbox", "dismiss", ref, std::string(32, 'a')}).exit_code, 3);
}

TEST(InboxCommandsTest, ARefusedChangeIsDismissedByItsOwnId) {
  v1::InboxItem item;
  item.set_kind(v1::INBOX_KIND_REFUSED);
  item.set_request("regions/15.01/requests/0190f5c2a7b07c3e8d1f2a3b4c5d6e7f");
  item.set_change_id(std::string(16, '\xab'));
  std::string digits;
  for (int i = 0; i < 16; ++i) digits += "ab";
  EXPECT_THAT(InboxCommands(item),
              ElementsAre("tikar requests history 0190f5c2a7b07c3e8d1f2a3b4c5d6e7f",
                          "tikar inbox dismiss 0190f5c2a7b07c3e8d1f2a3b4c5d6e7f " + digits));
}

TEST_F(InboxTest, AsOfShowsWhatTheServerKnewThen) {
  const std::string ref = Complaint("Jembatan putus");
  const std::string past = "2001-01-01";
  EXPECT_EQ(Json({"requests", "list", "--as-of", past})["requests"].size(), 0u);
  EXPECT_EQ(Tikar({"requests", "show", ref, "--as-of", past}).exit_code, 3);
  EXPECT_EQ(Tikar({"requests", "history", ref, "--as-of", past}).exit_code, 3);
  EXPECT_EQ(Json({"requests", "show", ref, "--as-of", "2100-01-01"})["ref"], ref);
  EXPECT_EQ(Tikar({"requests", "list", "--as-of", "kemarin"}).exit_code, 2);
}

TEST_F(InboxTest, ClocksAreShownAndOpenOnesListed) {
  const std::string ref = Complaint("Jembatan putus");
  const json clocks = Json({"requests", "show", ref})["clocks"];
  ASSERT_GE(clocks.size(), 1u);
  EXPECT_EQ(clocks[0]["late"], false);
  EXPECT_EQ(clocks[0]["stopped"], nullptr);
  EXPECT_THAT(Tikar({"requests", "show", ref}).out, ContainsRegex("◷ .*due 20"));
  EXPECT_EQ(Json({"requests", "list", "--late"})["requests"].size(), 0u);
  EXPECT_EQ(Json({"requests", "list", "--open"})["requests"].size(), 1u);
  Json({"requests", "edit", ref, "--status", "ditolak", "--reason", "Ganda", "--role", "penyelia"});
  EXPECT_EQ(Json({"requests", "list", "--open"})["requests"].size(), 0u);
}

TEST_F(InboxTest, ReportsComeAsTableCsvAndJson) {
  Complaint("Jembatan putus");
  const json sla = Json({"report", "sla", "--region", "15.01", "--service", "pengaduan"});
  ASSERT_GE(sla["columns"].size(), 3u);
  ASSERT_GE(sla["rows"].size(), 1u);
  const std::string first = sla["columns"][0]["key"];
  const Output csv = Tikar({"report", "sla", "--region", "15.01", "--csv"});
  EXPECT_EQ(csv.exit_code, 0) << csv.err;
  EXPECT_THAT(csv.out, StartsWith(first + ","));
  EXPECT_THAT(csv.out, HasSubstr("15.01"));
  // The name of a level is the definition's, and in the language that is asked for.
  EXPECT_THAT(csv.out, HasSubstr("Verification within 3 working days"));
  EXPECT_THAT(Tikar({"report", "sla"}).out, HasSubstr("Verification within"));
  EXPECT_THAT(Tikar({"report", "sla", "--lang", "id"}).out, HasSubstr("Verifikasi dalam"));
  EXPECT_EQ(sla["rows"][0]["label"], "Verifikasi dalam 3 hari kerja") << "JSON has one language";
  const Output table = Tikar({"report", "performance", "--region", "15.01"});
  EXPECT_EQ(table.exit_code, 0) << table.err;
  EXPECT_THAT(table.out, Not(HasSubstr("Nothing to report")));
  EXPECT_THAT(Tikar({"report", "performance", "--to", "2001-01-01"}).out,
              HasSubstr("Nothing to report."));
  EXPECT_EQ(Tikar({"report", "grants"}).exit_code, 0);
  EXPECT_EQ(Tikar({"report", "indicators"}).exit_code, 0);
  EXPECT_EQ(Tikar({"report", "run", "sabilulungan/grants"}).exit_code, 0);
  EXPECT_EQ(Tikar({"report", "run", "sabilulungan"}).exit_code, 2);
  EXPECT_EQ(Tikar({"report", "run", "sabilulungan/rahasia"}).exit_code, 1);
  EXPECT_EQ(Tikar({"report", "sla", "--csv", "--output", "json"}).exit_code, 2);
}

// An officer who reads Indonesian reads nothing else.
TEST_F(InboxTest, EverythingIsIndonesianWhereThatWasAskedFor) {
  const std::string ref = Complaint("Jembatan putus", "-1.8113,101.2951");
  Complaint("Jembatan gantung putus", "-1.8114,101.2952");
  const std::string fork = File("cabang.textproto");
  for (std::vector<std::string> command : std::vector<std::vector<std::string>>{
           {"inbox"},
           {"inbox", "--kind", "urgent"},
           {"inbox", "--help"},
           {"inbox", "dismiss", ref, "3f"},
           {"requests", "show", ref},
           {"requests", "join", ref, "--to", ref},
           {"requests", "part", ref},
           {"requests", "list", "--as-of", "kemarin"},
           {"catalog", "list"},
           {"catalog", "show", "hayu"},
           {"catalog", "show", "32.73/hayu@99"},
           {"catalog", "fork", "hayu", "--from", "32.73", "--region", "15.01", "--out", fork},
           {"catalog", "publish", fork},
           {"catalog", "adopt", "hayu", "--from", "15.01", "--region", "15.01"},
           {"catalog", "diff", "32.73/hayu@1", "15.01/hayu"},
           {"catalog", "upgrade", "hayu", "--region", "15.01"},
           {"catalog", "upgrade", "hayu", "--region", "32.73"},
           {"catalog", "rebase", "--service", "hayu", "--region", "15.01"},
           {"catalog", "upgrade", "--help"},
           {"report", "sla"},
           {"report", "performance"},
           {"report", "grants"},
           {"report", "run", "grants"},
           {"report", "sla", "--help"}}) {
    command.insert(command.begin(), {"--lang", "id"});
    const Output output = Tikar(command);
    for (const char* english : {" the ", " not ", " no ", " and ", " is ", "Failed", "Usage",
                                "Options", " take", " was ", " for ", "Nothing", " of ", " see "}) {
      EXPECT_THAT(output.out + output.err, Not(HasSubstr(english)))
          << ::testing::PrintToString(command);
    }
  }
}

}  // namespace
}  // namespace tikar::cli
