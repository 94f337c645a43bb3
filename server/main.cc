// tikard: wires flags, catalogue, store and server together, and waits for a signal.
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/catalog.h"
#include "server/engine/log.h"
#include "server/flags.h"
#include "server/library_logs.h"
#include "server/process.h"
#include "server/server.h"
#include "storage/rocksdb_store.h"
#include "sync/status_macros.h"

namespace tikar::server {
namespace {

// Below this the server says so at start: each phone is an open file, and the store needs some.
constexpr uint64_t kOpenFilesWanted = 16'000;

ServerOptions OptionsFrom(const Flags& flags, Catalog catalog) {
  ServerOptions options;
  options.listen = flags.listen;
  options.drain_ms = flags.drain_seconds * 1000;
  options.data_directory = flags.data_directory;
  options.catalog = std::move(catalog);
  options.engine.random = RandomBits;
  options.engine.version = TIKAR_VERSION;
  options.engine.read_threads =
      flags.threads != 0 ? flags.threads : std::max(2u, std::thread::hardware_concurrency());
  if (flags.streams_max != 0) options.engine.streams_max = flags.streams_max;

  options.engine.timers_interval_ms = flags.timers_interval_seconds * 1000;

  storage::RocksdbStoreOptions store;
  store.path = flags.data_directory;
  store.block_cache_bytes = flags.block_cache_mib << 20;
  store.write_buffer_bytes = flags.write_buffer_mib << 20;
  SequencerOptions& sequencer = options.engine.sequencer;
  sequencer.open_store = [store]() -> absl::StatusOr<std::unique_ptr<storage::Store>> {
    ASSIGN_OR_RETURN(std::unique_ptr<storage::Store> opened, storage::RocksdbStore::Open(store));
    return opened;
  };
  sequencer.probe_store = [path = flags.data_directory] { return ProbeDisk(path); };
  sequencer.now_ms = WallClockMs;
  sequencer.replica.random = RandomBits;
  sequencer.replica.is_home = [home = flags.home](std::string_view region) {
    return IsHome(home, region);
  };
  sequencer.replica.machine_id = MachineId();
  sequencer.replica.build_time_ms = int64_t{TIKAR_BUILD_DAY_SECONDS} * 1000;
  return options;
}

int Fail(const absl::Status& status) {
  // While it runs it waits for room by itself; one that does not come up needs to be started again.
  const bool full = status.code() == absl::StatusCode::kResourceExhausted;
  std::fprintf(stderr, "tikard: %s%s\n", std::string(status.message()).c_str(),
               full ? "; make room, then start again" : "");
  return 1;
}

int Run(const Flags& flags) {
  SetUpLog(flags.log_level, flags.log_json);
  TakeInLibraryLogs();
  const int64_t began_ms = WallClockMs();
  // Said before anything is read or made.
  if (const auto address = LoopbackAddress(flags.listen); !address.ok()) {
    return Fail(address.status());
  }

  // Blocked before any thread begins, so that only this one takes them.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);

  const uint64_t open_files = RaiseOpenFilesLimit();
  if (open_files < kOpenFilesWanted) {
    Log(Level::kWarning, "few open files are allowed, so few phones can be live",
        {{"limit", absl::StrCat(open_files)},
         {"advice", absl::StrCat("ulimit -n ", kOpenFilesWanted)}});
  }
  absl::StatusOr<Catalog> catalog = LoadCatalog(flags.catalog);
  if (!catalog.ok()) return Fail(catalog.status());
  if (catalog->calendar_years.empty()) {
    Log(Level::kWarning, "there is no holiday calendar, service levels know weekends only",
        {{"expected", absl::StrCat(flags.catalog, "/calendars")}});
  }
  const size_t areas = catalog->areas.size(), definitions = catalog->definitions.size();

  auto server = Server::Start(OptionsFrom(flags, *std::move(catalog)));
  if (!server.ok()) return Fail(server.status());
  if (!flags.port_file.empty()) {
    const absl::Status written =
        WriteFileWhole(flags.port_file, absl::StrCat((*server)->port(), "\n"));
    if (!written.ok()) return Fail(written);
  }
  Log(Level::kInfo, "listening",
      {{"address", (*server)->address()},
       {"data_dir", flags.data_directory},
       {"areas", absl::StrCat(areas)},
       {"definitions", absl::StrCat(definitions)},
       {"version", TIKAR_VERSION},
       {"start_ms", absl::StrCat(WallClockMs() - began_ms)}});

  int signal_number = 0;
  sigwait(&signals, &signal_number);
  Log(Level::kInfo, "stopping", {{"signal", signal_number == SIGINT ? "SIGINT" : "SIGTERM"}});

  // Whoever asks twice does not want to wait. What was acknowledged is on disk either way.
  std::thread impatient([signals] {
    int number = 0;
    sigwait(&signals, &number);
    constexpr char kText[] = "tikard: asked twice, leaving at once\n";
    [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, kText, sizeof(kText) - 1);
    _exit(1);
  });
  impatient.detach();

  const absl::Status stopped = (*server)->Stop();
  if (!stopped.ok()) return Fail(stopped);
  Log(Level::kInfo, "stopped");
  return 0;
}

}  // namespace
}  // namespace tikar::server

int main(int argc, char** argv) {
  const tikar::server::ParsedFlags parsed =
      tikar::server::ParseFlags(std::vector<std::string>(argv + 1, argv + argc), TIKAR_VERSION,
                                tikar::server::PathFromProgram(TIKAR_CATALOG_FROM_PROGRAM));
  if (parsed.exit) {
    std::fputs(parsed.message.c_str(), parsed.exit_code == 0 ? stdout : stderr);
    return parsed.exit_code;
  }
  return tikar::server::Run(parsed.flags);
}
