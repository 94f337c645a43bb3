// tikar backup against a real tikard, as an admin types it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "cli_tikard.h"
#include "clients/cli/backup_commands.h"

namespace tikar::cli {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;
namespace fs = std::filesystem;

class BackupTest : public TikardTest {
 protected:
  BackupTest() {
    for (const char* name : {"TIKAR_SERVER", "TIKAR_CONTEXT", "TIKAR_LANG", "COLUMNS"}) {
      unsetenv(name);
    }
    setenv("XDG_CONFIG_HOME", File("config").c_str(), 1);
  }

  void Complain(const std::string& title) {
    Json({"requests", "create", "--service", "pengaduan", "--area", "15.01.06", "--set",
          "judul=" + title, "--set", "kategori=jalan_jembatan"});
  }
};

TEST_F(BackupTest, SaysWhatToTypeWhereThereAreNone) {
  const Output list = Tikar({"backup", "list"});
  EXPECT_EQ(list.exit_code, 0) << list.err;
  EXPECT_THAT(list.out, HasSubstr("tikar backup create"));
  EXPECT_EQ(Json({"backup", "list"})["backups"].size(), 0u);
  const Output verify = Tikar({"backup", "verify"});
  EXPECT_EQ(verify.exit_code, 3);
  EXPECT_THAT(verify.err, AllOf(HasSubstr("no backups"), HasSubstr("tikar backup create")));
}

TEST_F(BackupTest, ABackupIsMadeListedVerifiedAndDeleted) {
  Complain("Jembatan putus");
  Complain("Jalan berlubang");
  const Output create = Tikar({"backup", "create"});
  EXPECT_EQ(create.exit_code, 0) << create.err;
  EXPECT_THAT(create.out, AllOf(HasSubstr("Backup 1 in " + File("data") + "/backups: "),
                                HasSubstr("2 requests, 2 entries"), HasSubstr("KiB")));
  EXPECT_THAT(create.err, HasSubstr("is on the disk of the data"));

  Complain("Lampu jalan padam");
  const json second = Json({"backup", "create"});
  EXPECT_EQ(second["backup"]["name"], "backups/2");
  EXPECT_EQ(second["same_disk"], true);
  EXPECT_LT(second["backup"]["new_bytes"], second["backup"]["bytes"]);
  const json region = second["backup"]["regions"][0];
  EXPECT_EQ(region["region"], "15.01");
  EXPECT_EQ(region["requests"], 3);
  EXPECT_EQ(region["entries"], 3);
  EXPECT_EQ(region["last_seq"], 3);
  EXPECT_EQ(second["backup"]["origin"], Json({"status"})["origin"]);

  const Output list = Tikar({"backup", "list"});
  EXPECT_EQ(list.exit_code, 0) << list.err;
  EXPECT_THAT(list.out, ContainsRegex("NO +MADE +TOOK +SIZE"));
  EXPECT_THAT(list.out, AllOf(HasSubstr("15.01:3"), HasSubstr("15.01:2")));
  EXPECT_LT(list.out.find("15.01:3"), list.out.find("15.01:2")) << "the newest first";

  const Output sound = Tikar({"backup", "verify"});
  EXPECT_EQ(sound.exit_code, 0) << sound.err;
  EXPECT_THAT(sound.out, HasSubstr("Sound: backup 2"));
  EXPECT_EQ(Json({"backup", "verify", "backups/1"})["sound"], true);

  EXPECT_EQ(Tikar({"backup", "delete", "1"}).out, "Deleted: backup 1\n");
  const Output again = Tikar({"backup", "delete", "1"});
  EXPECT_EQ(again.exit_code, 3);
  EXPECT_THAT(again.err, HasSubstr("there is 2"));
  EXPECT_EQ(Json({"backup", "list"})["backups"].size(), 1u);
}

TEST_F(BackupTest, ADamagedFileIsNamedAndWhatToDo) {
  Complain("Jembatan putus");
  Json({"backup", "create"});
  const std::string meta = File("data") + "/backups/rocksdb/meta/1";
  std::ofstream(meta, std::ios::app) << "x";
  const Output verify = Tikar({"backup", "verify", "1"});
  EXPECT_EQ(verify.exit_code, 1);
  EXPECT_THAT(verify.out, HasSubstr("DAMAGED " + meta));
  EXPECT_THAT(verify.err, AllOf(HasSubstr("backup 1 is damaged"), HasSubstr("backup delete")));
  const Output parsed = Tikar({"backup", "verify", "1", "--output", "json"});
  EXPECT_EQ(parsed.exit_code, 1);
  EXPECT_EQ(parsed.parsed()["faults"][0]["path"], "rocksdb/meta/1");

  // A record that cannot be read does not hide the others.
  Json({"backup", "create"});
  fs::resize_file(File("data") + "/backups/records/1", 10);
  const json list = Json({"backup", "list"});
  ASSERT_EQ(list["backups"].size(), 2u);
  EXPECT_THAT(list["backups"][1]["damage"].get<std::string>(), HasSubstr("records/1"));
  EXPECT_THAT(Tikar({"backup", "list"}).out, HasSubstr("DAMAGED"));
}

TEST_F(BackupTest, OldOnesGoWhenSoManyAreKept) {
  for (int i = 0; i < 3; ++i) Json({"backup", "create"});
  const Output create = Tikar({"backup", "create", "--keep", "2"});
  EXPECT_EQ(create.exit_code, 0) << create.err;
  EXPECT_THAT(create.out, HasSubstr("Deleted: 1, 2"));
  const json deleted = Json({"backup", "create", "--keep", "1"})["deleted"];
  EXPECT_EQ(deleted, json::array({"backups/3", "backups/4"}));
  EXPECT_EQ(Tikar({"backup", "create", "--keep", "0"}).exit_code, 2);
}

TEST_F(BackupTest, HelpHasExamplesInBothLanguages) {
  const Output help = Run({"backup", "create", "--help"});
  EXPECT_THAT(help.out, AllOf(HasSubstr("tikar backup create --keep 7"), HasSubstr("--keep")));
  const Output bantuan = Run({"--lang", "id", "backup", "--help"});
  EXPECT_THAT(bantuan.out, AllOf(HasSubstr("Cadangan"), HasSubstr("verify"), HasSubstr("delete")));
  const Output daftar = Tikar({"--lang", "id", "backup", "list"});
  EXPECT_THAT(daftar.out, AllOf(HasSubstr("Belum ada cadangan"), Not(HasSubstr("No backups"))));
}

TEST(BackupSizeTest, IsForPeople) {
  EXPECT_EQ(SizeText(0), "0 B");
  EXPECT_EQ(SizeText(1023), "1023 B");
  EXPECT_EQ(SizeText(1024), "1.0 KiB");
  EXPECT_EQ(SizeText(1'048'575), "1.0 MiB");
  EXPECT_EQ(SizeText(3'355'443), "3.2 MiB");
  EXPECT_EQ(SizeText(uint64_t{5} << 40), "5.0 TiB");
}

}  // namespace
}  // namespace tikar::cli
