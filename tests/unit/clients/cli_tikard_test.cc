// The commands against a real tikard, as an admin types them.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "cli_import_sample.h"
#include "clients/cli/application.h"

namespace tikar::cli {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kMap[] = TIKAR_SOURCE_DIR "/tests/data/nyc311/nyc311.map.textproto";
constexpr char kCsv[] = TIKAR_SOURCE_DIR "/tests/data/nyc311/requests-500.csv";

struct Output {
  int exit_code;
  std::string out;
  std::string err;

  json parsed() const { return json::parse(out); }
};

class TikardTest : public ::testing::Test {
 protected:
  TikardTest() {
    std::string pattern = ::testing::TempDir() + "tikar_cli_XXXXXX";
    directory_ = mkdtemp(pattern.data());
  }
  ~TikardTest() override {
    Stop();
    std::filesystem::remove_all(directory_);
  }

  void SetUp() override { Start(); }

  void Start() {
    const std::string port_file = File("port"), log = File("tikard.log");
    std::filesystem::remove(port_file);
    std::vector<std::string> arguments = {TIKAR_TIKARD,  "--listen",  "127.0.0.1:" + port_,
                                          "--port-file", port_file,   "--data-dir",
                                          File("data"),  "--catalog", TIKAR_SOURCE_DIR "/catalog"};
    std::vector<char*> argv;
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, 2, log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    ASSERT_EQ(posix_spawn(&process_, TIKAR_TIKARD, &files, nullptr, argv.data(), environ), 0);
    posix_spawn_file_actions_destroy(&files);
    // Polls, since a file says nothing when it appears; the bound is for a machine that is very
    // slow.
    for (int i = 0; i < 6000; ++i) {
      std::ifstream file(port_file);
      if (std::getline(file, port_) && !port_.empty()) return;
      port_ = "0";
      ASSERT_EQ(waitpid(process_, nullptr, WNOHANG), 0) << ReadLog();
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    FAIL() << "tikard does not listen: " << ReadLog();
  }

  void Stop(int signal = SIGTERM) {
    if (process_ == 0) return;
    kill(process_, signal);
    waitpid(process_, nullptr, 0);
    process_ = 0;
  }

  Output Tikar(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(),
                     {"tikar", "--server", "127.0.0.1:" + port_, "--timeout", "60"});
    std::vector<const char*> argv;
    for (const std::string& argument : arguments) argv.push_back(argument.c_str());
    std::ostringstream out, err;
    const int code = RunTikar(static_cast<int>(argv.size()), argv.data(), out, err);
    return {code, out.str(), err.str()};
  }

  // For commands that must go well; gives their JSON.
  json Json(std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--output", "json"});
    const Output output = Tikar(arguments);
    EXPECT_EQ(output.exit_code, 0) << output.err;
    return output.exit_code == 0 ? output.parsed() : json();
  }

  std::string File(const std::string& name) const { return directory_ + "/" + name; }
  std::string ReadLog() const {
    std::ostringstream text;
    text << std::ifstream(File("tikard.log")).rdbuf();
    return text.str();
  }

  // A Gampil licence of Gunung Kerinci that was checked in the field. Its ref.
  std::string CheckedLicence() {
    const json made = Json({"requests",  "create",
                            "--service", "gampil",
                            "--area",    "15.01.06",
                            "--actor",   "hp-ani",
                            "--role",    "petugas",
                            "--set",     "nama_usaha=Warung Bu Siti",
                            "--set",     "pemilik_nama=Siti Aminah",
                            "--set",     "nik=1501064501850001",
                            "--set",     "jenis_usaha=kuliner",
                            "--set",     "alamat_usaha=Siulak",
                            "--set",     "lokasi=-1.8113,101.2951",
                            "--set",     "modal=Rp5.000.000"});
    const std::string ref = made["ref"];
    EXPECT_EQ(made["fields"]["modal"]["value"], 5000000);
    EXPECT_EQ(Json({"requests", "edit", ref, "--status", "diverifikasi", "--actor", "hp-ani",
                    "--role", "petugas"})["status"],
              "diverifikasi");
    return ref;
  }

 private:
  std::string directory_;
  std::string port_ = "0";
  pid_t process_ = 0;
};

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
  EXPECT_EQ(Json({"services", "list"})["services"].size(), 2u);
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
