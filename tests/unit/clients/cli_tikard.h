// A real tikard for tests of the commands, which run as an admin types them.
#ifndef TIKAR_TESTS_UNIT_CLIENTS_CLI_TIKARD_H_
#define TIKAR_TESTS_UNIT_CLIENTS_CLI_TIKARD_H_

#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "child_process.h"
#include "clients/cli/application.h"

namespace tikar::cli {

struct Output {
  int exit_code;
  std::string out;
  std::string err;

  nlohmann::json parsed() const { return nlohmann::json::parse(out); }
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
  // For tikard.
  virtual std::vector<std::string> MoreFlags() const { return {}; }

  void Start() {
    const std::string port_file = File("port"), log = File("tikard.log");
    std::filesystem::remove(port_file);
    std::vector<std::string> arguments = {TIKAR_TIKARD,  "--listen",  "127.0.0.1:" + port_,
                                          "--port-file", port_file,   "--data-dir",
                                          File("data"),  "--catalog", TIKAR_SOURCE_DIR "/catalog"};
    const std::vector<std::string> more = MoreFlags();
    arguments.insert(arguments.end(), more.begin(), more.end());
    process_ = std::make_unique<client::ChildProcess>(TIKAR_TIKARD, arguments, log);
    port_ = process_->AwaitLine(port_file);
    ASSERT_FALSE(port_.empty()) << "tikard does not listen: " << ReadLog();
  }

  void Stop(int signal = SIGTERM) {
    if (process_ == nullptr) return;
    process_->Signal(signal);
    process_->Wait();
    process_.reset();
  }

  std::string server() const { return "127.0.0.1:" + port_; }

  Output Tikar(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"--server", server(), "--timeout", "60"});
    return Run(std::move(arguments));
  }

  // The line as it is, behind "tikar".
  static Output Run(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "tikar");
    std::vector<const char*> argv;
    for (const std::string& argument : arguments) argv.push_back(argument.c_str());
    std::ostringstream out, err;
    const int code = RunTikar(static_cast<int>(argv.size()), argv.data(), out, err);
    return {code, out.str(), err.str()};
  }

  // For commands that must go well; gives their JSON.
  nlohmann::json Json(std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--output", "json"});
    const Output output = Tikar(arguments);
    EXPECT_EQ(output.exit_code, 0) << output.err;
    return output.exit_code == 0 ? output.parsed() : nlohmann::json();
  }

  std::string File(const std::string& name) const { return directory_ + "/" + name; }
  std::string ReadLog() const {
    std::ostringstream text;
    text << std::ifstream(File("tikard.log")).rdbuf();
    return text.str();
  }

  // A Gampil licence of Gunung Kerinci that was checked in the field. Its ref.
  std::string CheckedLicence() {
    const nlohmann::json made = Json({"requests",  "create",
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
  std::unique_ptr<client::ChildProcess> process_;
};

}  // namespace tikar::cli

#endif  // TIKAR_TESTS_UNIT_CLIENTS_CLI_TIKARD_H_
