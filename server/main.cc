// tikard: wires flags, catalogue, store and server together, and waits for a signal.
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "server/catalog.h"
#include "server/engine/log.h"
#include "server/flags.h"
#include "server/library_logs.h"
#include "server/process.h"
#include "server/server.h"
#include "server/store_check.h"
#include "storage/rocksdb_store.h"
#include "sync/status_macros.h"

namespace tikar::server {
namespace {

// Below this the server says so at start: each phone is an open file, and the store needs some.
constexpr uint64_t kOpenFilesWanted = 16'000;

// The files of the store that was opened last. Thread-safe.
class OpenFiles {
 public:
  void Set(std::shared_ptr<const storage::TableFiles> files) {
    const std::lock_guard<std::mutex> lock(mutex_);
    files_ = std::move(files);
  }
  std::shared_ptr<const storage::TableFiles> Get() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return files_;
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const storage::TableFiles> files_ ABSL_GUARDED_BY(mutex_);
};

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
  const auto files = std::make_shared<OpenFiles>();
  options.table_files = [files] { return files->Get(); };
  sequencer.open_store = [store, files]() -> absl::StatusOr<std::unique_ptr<storage::Store>> {
    ASSIGN_OR_RETURN(std::unique_ptr<storage::RocksdbStore> opened,
                     storage::RocksdbStore::Open(store));
    files->Set(opened->table_files());
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

// tikard --check. The faults are the result and go to stdout.
int Check(const Flags& flags) {
  constexpr int kDamaged = 3;
  constexpr auto kBetweenReports = std::chrono::seconds(5);
  auto reported = std::chrono::steady_clock::now();
  const auto totals = CheckDataDirectory(
      flags.data_directory,
      [](const StoreFault& fault) {
        std::printf("DAMAGED %s: %s\n", fault.where.c_str(), fault.what.c_str());
        std::fflush(stdout);
      },
      [&](const StoreCheckTotals& so_far) {
        const auto now = std::chrono::steady_clock::now();
        if (now - reported < kBetweenReports) return;
        reported = now;
        std::fputs(absl::StrCat("tikard: checked ", so_far.files, " files, ", so_far.rows,
                                " rows so far\n")
                       .c_str(),
                   stderr);
      });
  if (!totals.ok()) return Fail(totals.status());
  const std::string counts = absl::StrCat(totals->files, " files, ", totals->rows, " rows");
  if (totals->faults == 0) {
    std::printf("sound: %s\n", counts.c_str());
    return 0;
  }
  std::printf("%s\n",
              absl::StrCat(totals->faults, " faults found (", counts,
                           " read). Nothing was changed. "
                           "Copy the data directory before anything else, then see \"When data is "
                           "damaged\" in docs/operations.md.")
                  .c_str());
  return kDamaged;
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
  return parsed.flags.check ? tikar::server::Check(parsed.flags) : tikar::server::Run(parsed.flags);
}
