// tikard: wires flags, catalogue, store and server together, and waits for a signal.
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
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
#include "server/backup_restore.h"
#include "server/catalog.h"
#include "server/engine/log.h"
#include "server/flags.h"
#include "server/identity.h"
#include "server/identity_commands.h"
#include "server/library_logs.h"
#include "server/place.h"
#include "server/process.h"
#include "server/server.h"
#include "server/store_check.h"
#include "storage/backup_source.h"
#include "storage/rocksdb_store.h"
#include "sync/status_macros.h"

namespace tikar::server {
namespace {

// Below this the server says so at start: each phone is an open file, and the store needs some.
constexpr uint64_t kOpenFilesWanted = 16'000;

// The store that was opened last, as far as others than the sequencer need it. Thread-safe.
class OpenStore {
 public:
  void Set(const storage::RocksdbStore& store) {
    const std::lock_guard<std::mutex> lock(mutex_);
    files_ = store.table_files();
    backup_source_ = store.backup_source();
  }
  std::shared_ptr<const storage::TableFiles> files() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return files_;
  }
  std::shared_ptr<const storage::BackupSource> backup_source() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return backup_source_;
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const storage::TableFiles> files_ ABSL_GUARDED_BY(mutex_);
  std::shared_ptr<const storage::BackupSource> backup_source_ ABSL_GUARDED_BY(mutex_);
};

// With whom to mirror, as whom.
MirrorOptions MirrorOptionsFrom(const Flags& flags, const Identity* identity) {
  MirrorOptions options;
  if (identity != nullptr) {
    options.node = identity->name();
    options.regions = identity->regions();
  } else {
    options.node = flags.mirror_without_tls;
  }
  if (!flags.mirror_regions.empty()) options.regions = flags.mirror_regions;
  for (const std::string& peer : flags.peers) options.peers.push_back(*ParsePeer(peer));
  return options;
}

// What of the flags about mirroring does not go together.
absl::Status CheckMirrorFlags(const Flags& flags, const Identity* identity) {
  if (identity != nullptr) {
    if (flags.mirror_without_tls.empty()) return absl::OkStatus();
    return absl::InvalidArgumentError(
        absl::StrCat("--mirror-without-tls: this node has an identity, as ", identity->name(),
                     ", and mirrors with TLS; leave the flag out"));
  }
  if (flags.peers.empty()) return absl::OkStatus();
  if (flags.mirror_without_tls.empty()) {
    return absl::FailedPreconditionError(
        "--peer: this node has no identity by which another one would know it; make one with "
        "tikard init");
  }
  for (const std::string& peer : flags.peers) {
    if (IsLoopbackPeer(ParsePeer(peer)->address)) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("--peer ", peer,
                     ": without TLS only nodes on this machine are mirrored with; make an "
                     "identity with tikard init"));
  }
  return absl::OkStatus();
}

ServerOptions OptionsFrom(const Flags& flags, Catalog catalog,
                          std::shared_ptr<const Identity> identity) {
  ServerOptions options;
  options.listen = flags.listen;
  options.mirror_listen = flags.mirror_listen;
  options.mirrors = MirrorOptionsFrom(flags, identity.get());
  options.identity = std::move(identity);
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
  const auto open = std::make_shared<OpenStore>();
  options.table_files = [open] { return open->files(); };
  options.backups.source = [open] { return open->backup_source(); };
  options.backups.directory =
      flags.backup_directory.empty() ? flags.data_directory + "/backups" : flags.backup_directory;
  sequencer.open_store = [store, open]() -> absl::StatusOr<std::unique_ptr<storage::Store>> {
    ASSIGN_OR_RETURN(std::unique_ptr<storage::RocksdbStore> opened,
                     storage::RocksdbStore::Open(store));
    open->Set(*opened);
    return opened;
  };
  sequencer.probe_store = [path = flags.data_directory] { return ProbeDisk(path); };
  sequencer.now_ms = WallClockMs;
  sequencer.replica.random = RandomBits;
  sequencer.replica.is_home = [home = flags.home](std::string_view region) {
    return IsHome(home, region);
  };
  WatchPlace(flags.data_directory, &sequencer);
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

void LogDatesOf(const Identity& identity) {
  const auto problem = identity.CheckDates(WallClockMs() / 1000);
  if (!problem.has_value()) return;
  Log(problem->valid ? Level::kWarning : Level::kError, "certificate",
      {{"node", identity.name()}, {"advice", problem->text}});
}

// Null: this node has no identity and needs none. One that is not valid today is no reason not to
// serve the phones.
absl::StatusOr<std::shared_ptr<const Identity>> LoadIdentity(const Flags& flags) {
  auto identity = Identity::Load(IdentityDirectory(flags.data_directory));
  if (identity.ok()) {
    LogDatesOf(**identity);
    return identity;
  }
  if (!flags.mirror_listen.empty()) {
    return absl::Status(
        identity.status().code(),
        absl::StrCat("--mirror-listen: ", std::string(identity.status().message())));
  }
  if (!absl::IsNotFound(identity.status())) {
    Log(Level::kError, "the identity of this node cannot be used",
        {{"reason", std::string(identity.status().message())}});
  }
  return nullptr;
}

// Returns the signal. Meanwhile looks once a day when the certificate ends: nobody restarts a
// server that works.
int WaitForSignal(const sigset_t& signals, const std::string& data_directory) {
  constexpr timespec kDay = {.tv_sec = kDaySeconds, .tv_nsec = 0};
  while (true) {
    const int number = sigtimedwait(&signals, nullptr, &kDay);
    if (number > 0) return number;
    if (errno != EAGAIN) continue;
    const auto identity = Identity::Load(IdentityDirectory(data_directory));
    if (identity.ok()) LogDatesOf(**identity);
  }
}

int Run(const Flags& flags) {
  SetUpLog(flags.log_level, flags.log_json);
  TakeInLibraryLogs();
  const int64_t began_ms = WallClockMs();
  // Said before anything is read or made.
  if (const auto address = LoopbackAddress(flags.listen); !address.ok()) {
    return Fail(address.status());
  }
  if (!flags.mirror_listen.empty()) {
    const auto address = MirrorAddress(flags.mirror_listen);
    if (!address.ok()) return Fail(address.status());
  }
  auto identity = LoadIdentity(flags);
  if (!identity.ok()) return Fail(identity.status());
  if (const absl::Status checked = CheckMirrorFlags(flags, identity->get()); !checked.ok()) {
    return Fail(checked);
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
  if (!flags.restore_from.empty()) {
    const absl::Status restored = RestoreDataDirectory(flags.restore_from, flags.data_directory);
    if (!restored.ok()) return Fail(restored);
  }
  const size_t areas = catalog->areas.size(), definitions = catalog->definitions.size();

  auto server = Server::Start(OptionsFrom(flags, *std::move(catalog), *identity));
  if (!server.ok()) return Fail(server.status());
  if (!flags.port_file.empty()) {
    const absl::Status written =
        WriteFileWhole(flags.port_file, absl::StrCat((*server)->port(), "\n"));
    if (!written.ok()) return Fail(written);
  }
  if (!flags.mirror_listen.empty()) {
    Log(Level::kInfo, "listening for other nodes",
        {{"address", (*server)->mirror_address()},
         {"node", (*identity)->name()},
         {"regions", RegionsText((*identity)->regions())},
         {"certificate_until", DateText((*identity)->certificate().not_after_s)}});
  }
  Log(Level::kInfo, "listening",
      {{"address", (*server)->address()},
       {"data_dir", flags.data_directory},
       {"areas", absl::StrCat(areas)},
       {"definitions", absl::StrCat(definitions)},
       {"version", TIKAR_VERSION},
       {"start_ms", absl::StrCat(WallClockMs() - began_ms)}});

  const int signal_number = WaitForSignal(signals, flags.data_directory);
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
  if (argc > 1 && tikar::server::IsIdentityCommand(argv[1])) {
    const tikar::server::CommandOutcome outcome = tikar::server::RunIdentityCommand(
        std::vector<std::string>(argv + 1, argv + argc), tikar::server::WallClockMs() / 1000);
    std::fputs(outcome.output.c_str(), stdout);
    std::fputs(outcome.error.c_str(), stderr);
    return outcome.exit_code;
  }
  const tikar::server::ParsedFlags parsed =
      tikar::server::ParseFlags(std::vector<std::string>(argv + 1, argv + argc), TIKAR_VERSION,
                                tikar::server::PathFromProgram(TIKAR_CATALOG_FROM_PROGRAM));
  if (parsed.exit) {
    std::fputs(parsed.message.c_str(), parsed.exit_code == 0 ? stdout : stderr);
    return parsed.exit_code;
  }
  return parsed.flags.check ? tikar::server::Check(parsed.flags) : tikar::server::Run(parsed.flags);
}
