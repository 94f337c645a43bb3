// A definition's way through the regions, as the commands show it, against a real tikard.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli_tikard.h"
#include "clients/cli/definition_files.h"

namespace tikar::cli {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kServices[] = TIKAR_SOURCE_DIR "/catalog/services";
constexpr char kComplaints[] = TIKAR_SOURCE_DIR "/catalog/services/pengaduan.textproto";

v1::Definition Read(const std::string& path) {
  const absl::StatusOr<v1::Definition> definition = ReadDefinitionFile(path);
  EXPECT_TRUE(definition.ok()) << definition.status();
  return definition.ok() ? *definition : v1::Definition();
}

v1::Field* FieldOf(v1::Definition& definition, const std::string& key) {
  for (v1::Field& field : *definition.mutable_fields()) {
    if (field.key() == key) return &field;
  }
  return nullptr;
}

class CatalogTest : public TikardTest {
 protected:
  CatalogTest() {
    for (const char* name : {"TIKAR_SERVER", "TIKAR_CONTEXT", "TIKAR_LANG", "COLUMNS"}) {
      unsetenv(name);
    }
    setenv("XDG_CONFIG_HOME", File("config").c_str(), 1);
  }

  std::string Write(const std::string& name, const v1::Definition& definition) {
    const absl::Status written = WriteDefinitionFile(File(name), definition, /*replace=*/true);
    EXPECT_TRUE(written.ok()) << written;
    return File(name);
  }

  json Complaint(const std::string& title) {
    return Json({"requests", "create", "--service", "pengaduan", "--area", "15.01.06", "--set",
                 "judul=" + title, "--set", "kategori=jalan_jembatan", "--set", "alamat=Siulak"});
  }

  // Kerinci's fork of Bandung's complaints, with titles of 90 characters, published and adopted.
  void ForkInKerinci() {
    Json({"catalog", "fork", "pengaduan", "--from", "32.73", "--region", "kerinci", "--out",
          File("kerinci.textproto"), "--note", "Judul pendek"});
    v1::Definition fork = Read(File("kerinci.textproto"));
    FieldOf(fork, "judul")->set_length_max(90);
    Json({"catalog", "publish", Write("kerinci.textproto", fork)});
    Json({"catalog", "adopt", "pengaduan", "--from", "15.01@1", "--region", "15.01"});
  }

  // Bandung's second version: another title, and what `change` does.
  template <typename Change>
  void PublishUpstream(Change change) {
    v1::Definition upstream = Read(kComplaints);
    upstream.set_version(upstream.version() + 1);
    upstream.mutable_title()->set_en("Complaints of citizens");
    change(upstream);
    Json({"catalog", "publish", Write("bandung.textproto", upstream)});
  }
};

TEST_F(CatalogTest, CheckFindsWhatIsWrongBeforeItIsPublished) {
  const Output sound = Run({"catalog", "check", kServices});
  EXPECT_EQ(sound.exit_code, 0) << sound.err;
  EXPECT_THAT(sound.out, ContainsRegex("pengaduan.textproto +32.73/pengaduan@1"));

  v1::Definition broken = Read(kComplaints);
  broken.mutable_workflow()->add_states()->set_key("macet");
  const Output found = Run({"catalog", "check", Write("broken.textproto", broken)});
  EXPECT_EQ(found.exit_code, 1);
  EXPECT_THAT(found.out, ContainsRegex("error: .*macet"));
  const Output parsed = Run({"catalog", "check", File("broken.textproto"), "--output", "json"});
  EXPECT_EQ(parsed.exit_code, 1);
  EXPECT_EQ(parsed.parsed()["files"][0]["service"], "pengaduan");
  EXPECT_EQ(parsed.parsed()["files"][0]["findings"][0]["severity"], "error");

  std::ofstream(File("letter.textproto")) << "service: \"surat\"\nisi: 3\n";
  EXPECT_THAT(Run({"catalog", "check", File("letter.textproto")}).out, HasSubstr(":2:"));
  EXPECT_EQ(Run({"catalog", "check", File("nowhere.textproto")}).exit_code, 1);
  EXPECT_EQ(Run({"catalog", "check", File("config")}).exit_code, 1);

  const Output refused = Tikar({"catalog", "publish", File("broken.textproto")});
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_THAT(refused.err, HasSubstr("macet"));
}

TEST_F(CatalogTest, PublishingIsIdempotentAndAVersionIsTakenOnce) {
  const Output again = Tikar({"catalog", "publish", kComplaints});
  EXPECT_EQ(again.exit_code, 0) << again.err;
  EXPECT_THAT(again.out, HasSubstr("was published already"));

  v1::Definition other = Read(kComplaints);
  other.mutable_title()->set_en("Something else");
  const Output taken = Tikar({"catalog", "publish", Write("other.textproto", other)});
  EXPECT_EQ(taken.exit_code, 1);
  EXPECT_THAT(taken.err, HasSubstr("tikar catalog show 32.73/pengaduan@1"));

  other.set_version(2);
  Write("other.textproto", other);
  EXPECT_EQ(Json({"catalog", "publish", File("other.textproto"), "--dry-run"})["dry_run"], true);
  EXPECT_EQ(Tikar({"catalog", "show", "32.73/pengaduan@2"}).exit_code, 3);
}

TEST_F(CatalogTest, AForkTellsWhereItComesFromAndNewRequestsPinIt) {
  const json before = Complaint("Jembatan putus");
  ForkInKerinci();
  const v1::Definition fork = Read(File("kerinci.textproto"));
  EXPECT_EQ(fork.publisher(), "15.01");
  EXPECT_EQ(fork.version(), 1u);
  ASSERT_EQ(fork.provenance_size(), 1);
  EXPECT_EQ(fork.provenance(0).publisher(), "32.73");
  EXPECT_EQ(fork.provenance(0).note(), "Judul pendek");

  const json after = Complaint("Jalan longsor");
  EXPECT_NE(after["definition_hash"], before["definition_hash"]);
  const Output listed = Tikar({"catalog", "list"});
  EXPECT_THAT(listed.out, ContainsRegex("15.01/pengaduan@1 .*15.01 .*32.73/pengaduan@1"));
  const json adoptions = Json({"catalog", "list", "--region", "15.01"});
  ASSERT_EQ(adoptions["definitions"].size(), 1u);
  EXPECT_EQ(adoptions["definitions"][0]["comes_from"][0]["publisher"], "32.73");
  EXPECT_EQ(adoptions["adoptions"][0]["definition_hash"], after["definition_hash"]);

  const json diff = Json({"catalog", "diff", "32.73/pengaduan@1", "15.01/pengaduan"});
  ASSERT_EQ(diff["differences"].size(), 1u);
  EXPECT_EQ(diff["differences"][0]["path"], "fields/judul/length_max");
  EXPECT_EQ(diff["differences"][0]["after"], "90");
  const std::string hash = after["definition_hash"];
  const Output same = Tikar({"catalog", "diff", hash.substr(0, 12), File("kerinci.textproto")});
  EXPECT_THAT(same.out, HasSubstr("They say the same."));

  // Somebody's work is not written over by accident.
  EXPECT_EQ(Tikar({"catalog", "fork", "pengaduan", "--from", "32.73", "--region", "15.01", "--out",
                   File("kerinci.textproto")})
                .exit_code,
            2);
}

TEST_F(CatalogTest, UpgradeTakesWhatUpstreamChangedAndKeepsWhatWeChanged) {
  ForkInKerinci();
  EXPECT_EQ(Json({"catalog", "upgrade", "pengaduan", "--region", "15.01"})["current"], true);
  PublishUpstream([](v1::Definition&) {});

  const json planned = Json({"catalog", "upgrade", "pengaduan", "--region", "15.01", "--dry-run"});
  EXPECT_EQ(planned["adopted"], false);
  EXPECT_EQ(planned["taken"][0]["path"], "title/en");
  EXPECT_EQ(Tikar({"catalog", "show", "15.01/pengaduan@2"}).exit_code, 3);

  const Output done = Tikar({"catalog", "upgrade", "pengaduan", "--region", "kerinci"});
  EXPECT_EQ(done.exit_code, 0) << done.err;
  EXPECT_THAT(done.out, HasSubstr("15.01/pengaduan@2 is published and adopted in 15.01"));
  const json now = Json({"catalog", "show", "15.01/pengaduan"});
  EXPECT_EQ(now["title"]["en"], "Complaints of citizens");
  EXPECT_EQ(now["version"], 2);
  EXPECT_EQ(now["provenance"].size(), 2u);
  const json diff = Json({"catalog", "diff", "32.73/pengaduan@newest", "15.01/pengaduan"});
  ASSERT_EQ(diff["differences"].size(), 1u);
  EXPECT_EQ(diff["differences"][0]["path"], "fields/judul/length_max");
  EXPECT_EQ(Json({"catalog", "upgrade", "pengaduan", "--region", "15.01"})["current"], true);
}

TEST_F(CatalogTest, WhatBothChangedIsAskedForAndTheCommandShownWorks) {
  ForkInKerinci();
  PublishUpstream([](v1::Definition& upstream) { FieldOf(upstream, "judul")->set_length_max(70); });
  const Output asked = Tikar({"catalog", "upgrade", "pengaduan", "--region", "15.01"});
  EXPECT_EQ(asked.exit_code, 1);
  EXPECT_THAT(asked.out, AllOf(HasSubstr("Changed by both"), HasSubstr("fields/judul/length_max")));
  EXPECT_THAT(asked.err, HasSubstr("tikar catalog upgrade pengaduan --region 15.01 "
                                   "--take fields/judul/length_max=theirs"));
  EXPECT_EQ(Json({"catalog", "show", "15.01/pengaduan"})["version"], 1);

  // What there is to choose from is whole, however narrow the window.
  setenv("COLUMNS", "60", 1);
  const Output narrow = Tikar({"catalog", "upgrade", "pengaduan", "--region", "15.01"});
  unsetenv("COLUMNS");
  EXPECT_THAT(narrow.out, HasSubstr("fields/judul/length_max\n"
                                    "  base    200\n"
                                    "  ours    90\n"
                                    "  theirs  70\n"));

  EXPECT_EQ(Tikar({"catalog", "upgrade", "pengaduan", "--region", "15.01", "--take", "judul=ours"})
                .exit_code,
            2);
  EXPECT_EQ(Json({"catalog", "upgrade", "pengaduan", "--region", "15.01", "--take",
                  "fields/judul/length_max=theirs", "--take", "title=ours", "--out",
                  File("upgraded.textproto")})["adopted"],
            false);
  v1::Definition upgraded = Read(File("upgraded.textproto"));
  EXPECT_EQ(FieldOf(upgraded, "judul")->length_max(), 70u);
  EXPECT_NE(upgraded.title().en(), "Complaints of citizens");
  EXPECT_EQ(Json({"catalog", "publish", File("upgraded.textproto")})["version"], 2);
}

TEST_F(CatalogTest, RebaseMovesOpenRequestsAndASecondRunMovesNone) {
  const std::string bridge = Complaint("Jembatan putus")["ref"];
  const std::string road = Complaint("Jalan longsor")["ref"];
  ForkInKerinci();
  Complaint("Lampu padam");
  const std::vector<std::string> rebase = {"catalog",  "rebase", "--service", "pengaduan",
                                           "--region", "15.01",  "--role",    "penyelia"};
  std::vector<std::string> dry = rebase;
  dry.push_back("--dry-run");
  EXPECT_EQ(Json(dry)["moved"], 2);
  EXPECT_EQ(Json({"requests", "show", bridge})["change_count"], 1);

  // A role that may not is told so, request by request.
  const Output refused = Tikar(
      {"catalog", "rebase", "--service", "pengaduan", "--region", "15.01", "--role", "petugas"});
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_THAT(refused.out, HasSubstr("2 left behind"));

  const json moved = Json(rebase);
  EXPECT_EQ(moved["open"], 3);
  EXPECT_EQ(moved["moved"], 2);
  EXPECT_EQ(moved["already_there"], 1);
  EXPECT_EQ(moved["left"].size(), 0u);
  EXPECT_EQ(Json({"requests", "show", road})["definition_hash"], moved["definition_hash"]);
  EXPECT_EQ(Json(rebase)["moved"], 0);
  EXPECT_EQ(Json({"requests", "show", bridge})["change_count"], 2);
}

TEST_F(CatalogTest, TheRebaseThatIsShownIsInARoleThatMay) {
  const std::string bridge = Complaint("Jembatan putus")["ref"];
  ForkInKerinci();
  const std::vector<std::string> adopt = {"catalog", "adopt",    "pengaduan", "--from",
                                          "15.01@1", "--region", "15.01"};
  EXPECT_THAT(
      Tikar(adopt).out,
      HasSubstr("tikar catalog rebase --service pengaduan --region 15.01 --role penyelia\n"));
  EXPECT_THAT(
      Tikar({"catalog", "rebase", "--service", "pengaduan", "--region", "15.01", "--dry-run"}).out,
      AllOf(HasSubstr("1 would be moved"), HasSubstr("--role penyelia\n")));
  EXPECT_EQ(Tikar({"catalog", "rebase", "--service", "pengaduan", "--region", "15.01", "--role",
                   "penyelia"})
                .exit_code,
            0);
  EXPECT_EQ(Json({"requests", "show", bridge})["change_count"], 2);

  std::vector<std::string> supervisor = adopt;
  supervisor.insert(supervisor.end(), {"--role", "kepala"});
  EXPECT_THAT(Tikar(supervisor).out,
              HasSubstr("tikar catalog rebase --service pengaduan --region 15.01\n"));
}

TEST_F(CatalogTest, TheServiceOfOnePublisherDoesNotHideThatOfAnother) {
  ForkInKerinci();
  PublishUpstream([](v1::Definition&) {});
  std::vector<std::string> listed;
  const json services = Json({"services", "list"});
  for (const json& service : services["services"]) {
    if (service["service"] != "pengaduan") continue;
    listed.push_back(service["publisher"].get<std::string>() + "@" + service["version"].dump());
  }
  EXPECT_THAT(listed, ElementsAre("15.01@1", "32.73@2"));
}

TEST_F(CatalogTest, WhatNamesNothingIsSaidWithWhatDoes) {
  EXPECT_EQ(Tikar({"catalog", "show", "hayu"}).exit_code, 2);
  EXPECT_THAT(Tikar({"catalog", "show", "hayu"}).err, HasSubstr("15.01/hayu"));
  EXPECT_EQ(Tikar({"catalog", "show", "32.73/hayu@x"}).exit_code, 2);
  EXPECT_EQ(Tikar({"catalog", "show", "32.73/hayu@99"}).exit_code, 3);
  EXPECT_EQ(Tikar({"catalog", "show", "ffffffffff"}).exit_code, 3);
  EXPECT_EQ(Tikar({"catalog", "adopt", "hayu", "--from", "32.73", "--region", "15"}).exit_code, 2);
  const Output nowhere =
      Tikar({"catalog", "adopt", "hayu", "--from", "32.73", "--region", "15.99"});
  EXPECT_EQ(nowhere.exit_code, 2);
  EXPECT_THAT(nowhere.err, HasSubstr("no area has the code \"15.99\""));
  EXPECT_EQ(Json({"catalog", "list"})["adoptions"].size(), 0u);
  const Output own = Tikar({"catalog", "upgrade", "hayu", "--region", "32.73"});
  EXPECT_EQ(own.exit_code, 1);
  EXPECT_THAT(own.err, HasSubstr("comes from nobody else"));
}

}  // namespace
}  // namespace tikar::cli
