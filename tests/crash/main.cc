// tikar-crash: see README.md.
#include <stdlib.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <random>
#include <string>

#include "absl/strings/str_cat.h"
#include "busy_fleet.h"
#include "killer.h"
#include "server_process.h"
#include "sync/status_macros.h"

namespace tikar::crash {
namespace {

// Of an exchange in which nothing is new: a welcome, the cursor, and what names the feeds.
constexpr uint64_t kIdleExchangeBytesMax = 1024;
constexpr size_t kFindingsShown = 20;

struct Settings {
  uint64_t kills = 200;
  uint64_t seed = 0;  // 0: a fresh one
  size_t phones = 24;
  ServerFiles files;
};

int64_t SecondsSince(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() - start)
      .count();
}

absl::Status FailureOf(const Balance& balance) {
  if (balance.findings.empty()) return absl::OkStatus();
  std::string text = absl::StrCat(balance.findings.size(), " findings:");
  for (size_t i = 0; i < balance.findings.size() && i < kFindingsShown; ++i) {
    const fieldsim::Finding& finding = balance.findings[i];
    absl::StrAppend(&text, "\n  ", std::string(fieldsim::FaultName(finding.fault)), " ",
                    finding.actor, ": ", finding.text);
  }
  return absl::DataLossError(text);
}

absl::Status Run(const Settings& settings) {
  const auto start = std::chrono::steady_clock::now();
  const ReservedPort port;
  ServerProcess server(settings.files, port.number());
  server.Begin();
  RETURN_IF_ERROR(server.AwaitListening());
  ASSIGN_OR_RETURN(const std::unique_ptr<BusyFleet> fleet,
                   BusyFleet::Make({.server = server.address(),
                                    .folder = settings.files.folder,
                                    .seed = settings.seed,
                                    .phones = settings.phones}));
  RETURN_IF_ERROR(fleet->VisitAll());
  server.Kill();

  fleet->Begin();
  KillCount count;
  const absl::Status killed = KillRepeatedly(
      server, settings.kills, settings.seed,
      [&](const KillCount& so_far) {
        if (so_far.kills % 50 == 0) {
          std::printf("%llu kills, %llu changes, %lld s\n",
                      static_cast<unsigned long long>(so_far.kills),
                      static_cast<unsigned long long>(fleet->made()),
                      static_cast<long long>(SecondsSince(start)));
          std::fflush(stdout);
        }
      },
      &count);
  RETURN_IF_ERROR(killed);
  server.Begin();
  RETURN_IF_ERROR(server.AwaitListening());
  RETURN_IF_ERROR(fleet->Finish());
  RETURN_IF_ERROR(fleet->VisitAll());
  ASSIGN_OR_RETURN(const Balance balance, fleet->Compare());
  std::printf(
      "%llu kills (%llu while opening), %llu changes made, %llu acknowledged, %llu requests, %llu "
      "visits, %llu concurrent changes\n",
      static_cast<unsigned long long>(count.kills),
      static_cast<unsigned long long>(count.while_opening),
      static_cast<unsigned long long>(balance.made),
      static_cast<unsigned long long>(balance.acknowledged),
      static_cast<unsigned long long>(balance.requests),
      static_cast<unsigned long long>(balance.visits),
      static_cast<unsigned long long>(balance.conflicts.concurrent_changes));
  RETURN_IF_ERROR(FailureOf(balance));

  // Cursors hold: after one more kill nobody is sent anything again.
  server.Kill();
  server.Begin();
  RETURN_IF_ERROR(server.AwaitListening());
  const uint64_t bytes_before = fleet->bytes_down();
  RETURN_IF_ERROR(fleet->VisitAll());
  const uint64_t bytes = (fleet->bytes_down() - bytes_before) / fleet->phones();
  std::printf("%llu bytes to each phone when nothing is new\n",
              static_cast<unsigned long long>(bytes));
  if (bytes > kIdleExchangeBytesMax) {
    return absl::DataLossError(
        absl::StrCat("cursors do not hold: phones that had everything were sent ", bytes,
                     " bytes each after a kill, at most ", kIdleExchangeBytesMax, " expected"));
  }
  ASSIGN_OR_RETURN(const Balance again, fleet->Compare());
  RETURN_IF_ERROR(FailureOf(again));
  RETURN_IF_ERROR(server.Stop());
  RETURN_IF_ERROR(server.Check());
  // A run in which nothing happened shows nothing.
  if (balance.acknowledged < count.kills || balance.conflicts.concurrent_changes == 0) {
    return absl::FailedPreconditionError(
        "the phones wrote too little for this to mean anything: give the machine more time");
  }
  std::printf("%lld s\n", static_cast<long long>(SecondsSince(start)));
  return absl::OkStatus();
}

int Main(int argc, char** argv) {
  Settings settings;
  std::string parent = std::filesystem::temp_directory_path().string();
  CLI::App app("Kills tikard under load and looks for what it lost.", "tikar-crash");
  app.add_option("--kills", settings.kills, "How often")->capture_default_str();
  app.add_option("--seed", settings.seed, "Fixes what is written and when it dies; 0: a fresh one");
  app.add_option("--phones", settings.phones, "That write")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  app.add_option("--tikard", settings.files.tikard, "The program")->required();
  app.add_option("--catalog", settings.files.catalog, "Its catalogue")->required();
  app.add_option("--folder", parent, "Where a directory for the run is made")
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  if (settings.seed == 0) settings.seed = std::random_device()() + uint64_t{1};
  std::string folder = parent + "/tikar-crash-XXXXXX";
  if (mkdtemp(folder.data()) == nullptr) {
    std::fprintf(stderr, "tikar-crash: cannot make %s\n", folder.c_str());
    return 2;
  }
  settings.files.folder = folder;
  std::printf("seed %llu\n", static_cast<unsigned long long>(settings.seed));
  std::fflush(stdout);
  const absl::Status status = Run(settings);
  if (!status.ok()) {
    std::fprintf(
        stderr, "FAILED: %s\nWhat is left of it: %s\nAgain: tikar-crash --kills %llu --seed %llu\n",
        std::string(status.message()).c_str(), folder.c_str(),
        static_cast<unsigned long long>(settings.kills),
        static_cast<unsigned long long>(settings.seed));
    return 1;
  }
  std::filesystem::remove_all(folder);
  return 0;
}

}  // namespace
}  // namespace tikar::crash

int main(int argc, char** argv) { return tikar::crash::Main(argc, argv); }
