// What happens to a store whose process is killed and whose disk fails. The killing and the full
// disk are real: they happen to a child process, which is this binary running one of the tests
// named Child.
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "data_directory.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "rocksdb/env.h"
#include "rocksdb/file_system.h"
#include "storage/rocksdb_store.h"
#include "storage/store_directory.h"
#include "store_rows.h"

namespace tikar::storage {
namespace {

using sync::Family;
using sync::WriteBatch;
using testing::AllOf;
using testing::HasSubstr;
using testing::Optional;

constexpr char kDirectoryVariable[] = "TIKAR_CRASH_TEST_DIRECTORY";
// Where the child tells the parent how far it is.
constexpr int kReportDescriptor = 3;

std::string Message(const absl::Status& status) { return std::string(status.message()); }

RocksdbStoreOptions SmallOptions(const std::string& path) {
  RocksdbStoreOptions options;
  options.path = path;
  options.block_cache_bytes = 1 << 20;
  options.write_buffer_bytes = 256 << 10;
  return options;
}

// Runs one test of this binary in a process of its own.
class Child {
 public:
  Child(const std::string& test, const std::string& directory) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) ADD_FAILURE() << "pipe2";
    const std::string filter = "--gtest_filter=" + test;
    const std::string variable = std::string(kDirectoryVariable) + "=" + directory;
    std::vector<char*> arguments = {const_cast<char*>("/proc/self/exe"),
                                    const_cast<char*>(filter.c_str()),
                                    const_cast<char*>("--gtest_also_run_disabled_tests"), nullptr};
    std::vector<char*> environment;
    for (char** entry = environ; *entry != nullptr; ++entry) environment.push_back(*entry);
    environment.push_back(const_cast<char*>(variable.c_str()));
    environment.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], kReportDescriptor);
    EXPECT_EQ(posix_spawn(&process_, "/proc/self/exe", &actions, nullptr, arguments.data(),
                          environment.data()),
              0);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    reports_ = ends[0];
  }
  ~Child() {
    close(reports_);
    if (process_ > 0) {
      kill(process_, SIGKILL);
      waitpid(process_, nullptr, 0);
    }
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  pid_t process() const { return process_; }

  // The next line that the child reported; empty when it ended.
  std::string NextReport() {
    std::string line;
    char byte = 0;
    while (read(reports_, &byte, 1) == 1) {
      if (byte == '\n') return line;
      line += byte;
    }
    return "";
  }

  // What waitpid says of the child, which has ended or is about to.
  int Wait() {
    int status = -1;
    waitpid(process_, &status, 0);
    process_ = 0;
    return status;
  }

 private:
  pid_t process_ = 0;
  int reports_ = -1;
};

void Report(const std::string& line) {
  const std::string bytes = line + "\n";
  if (write(kReportDescriptor, bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size())) {
    std::abort();
  }
}

// The directory that the parent gave; skips a child test that nobody spawned.
#define DIRECTORY_FROM_PARENT(name)                         \
  const char* const name = std::getenv(kDirectoryVariable); \
  if (name == nullptr) GTEST_SKIP() << "runs as a child of other tests only"

// Batch `n` puts a row in each family, counts itself, and takes back the feed row of ten batches
// before.
constexpr int kFeedRowsKept = 10;

std::string NumberedKey(int n) { return absl::StrFormat("%08d", n); }

WriteBatch NumberedBatch(int n) {
  WriteBatch batch;
  for (int family = 0; family < sync::kFamilies; ++family) {
    batch.Put(static_cast<Family>(family), NumberedKey(n), absl::StrCat(n, std::string(100, 'x')));
  }
  batch.Put(Family::kMeta, "count", absl::StrCat(n));
  if (n > kFeedRowsKept) batch.SingleDelete(Family::kFeed, NumberedKey(n - kFeedRowsKept));
  return batch;
}

// Checks that exactly the batches 1 to n are there, whole, and returns n.
int WholeBatches(const Store& store) {
  const std::optional<std::string> count = Get(store.Latest(), Family::kMeta, "count");
  const int n = count.has_value() ? std::stoi(*count) : 0;
  for (int family = 0; family < sync::kFamilies; ++family) {
    const int first =
        static_cast<Family>(family) == Family::kFeed ? std::max(1, n - kFeedRowsKept + 1) : 1;
    int next = first;
    for (const auto& [key, value] : Scan(store.Latest(), static_cast<Family>(family), "", "")) {
      if (key == "count") continue;
      EXPECT_EQ(key, NumberedKey(next)) << "family " << family;
      EXPECT_EQ(value, absl::StrCat(next, std::string(100, 'x')));
      ++next;
    }
    EXPECT_EQ(next, n + 1) << "family " << family;
  }
  return n;
}

TEST(Child, DISABLED_WritesAndSyncsUntilKilled) {
  DIRECTORY_FROM_PARENT(path);
  auto opened = RocksdbStore::Open(SmallOptions(path));
  ASSERT_TRUE(opened.ok()) << opened.status();
  Store& store = **opened;
  std::atomic<int> written{WholeBatches(store)};
  std::thread syncer([&] {
    for (;;) {
      const int n = written.load();
      ASSERT_TRUE(store.Sync().ok());
      Report(absl::StrCat(n));
    }
  });
  for (;;) {
    ASSERT_TRUE(store.Write(NumberedBatch(written.load() + 1)).ok());
    ++written;
  }
}

TEST(CrashTest, SigkillLosesNothingThatWasSynced) {
  constexpr int kRounds = 12;
  const TemporaryDirectory directory;
  const std::string path = directory.path("data");
  const uint64_t seed = 15;
  std::printf("seed %d\n", static_cast<int>(seed));
  std::mt19937_64 random(seed);
  int acknowledged = 0, extra = 0;
  for (int round = 0; round < kRounds && !testing::Test::HasFailure(); ++round) {
    SCOPED_TRACE(absl::StrCat("round ", round));
    Child child("Child.DISABLED_WritesAndSyncsUntilKilled", path);
    const int target = acknowledged + static_cast<int>(random() % 1500);
    do {
      const std::string report = child.NextReport();
      ASSERT_NE(report, "") << "the child ended by itself";
      acknowledged = std::stoi(report);
    } while (acknowledged < target);
    ASSERT_EQ(kill(child.process(), SIGKILL), 0);
    for (std::string report; !(report = child.NextReport()).empty();) {
      acknowledged = std::stoi(report);
    }
    const int status = child.Wait();
    ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << status;

    auto store = RocksdbStore::Open(SmallOptions(path));
    ASSERT_TRUE(store.ok()) << store.status();
    const int found = WholeBatches(**store);
    EXPECT_GE(found, acknowledged);
    extra += found - acknowledged;
    acknowledged = found;
    ASSERT_TRUE((*store)->Close().ok());
  }
  std::printf("%d batches, %d of them found though not yet acknowledged\n", acknowledged, extra);
  EXPECT_GT(acknowledged, 1000);
}

TEST(CrashTest, StoreInUseNamesTheProcessThatHasIt) {
  const TemporaryDirectory directory;
  const std::string path = directory.path("data");
  Child child("Child.DISABLED_WritesAndSyncsUntilKilled", path);
  ASSERT_NE(child.NextReport(), "");
  const absl::Status status = RocksdbStore::Open(SmallOptions(path)).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(
      Message(status),
      AllOf(HasSubstr(absl::StrCat("in use by process ", child.process(), " (")), HasSubstr(path)));
  ASSERT_EQ(kill(child.process(), SIGKILL), 0);
  child.Wait();
  EXPECT_TRUE(RocksdbStore::Open(SmallOptions(path)).ok()) << "a killed process leaves no lock";
}

// Writes and syncs until the disk refuses. Returns the number of the last batch that was synced,
// and the error.
std::pair<int, absl::Status> FillUp(Store& store) {
  for (int n = 1; n <= 1'000'000; ++n) {
    absl::Status status = store.Write(NumberedBatch(n));
    if (status.ok()) status = store.Sync();
    if (!status.ok()) return {n - 1, status};
  }
  return {1'000'000, absl::OkStatus()};
}

void ExpectIll(Store& store, const absl::Status& first) {
  EXPECT_EQ(store.health(), first);
  EXPECT_EQ(store.Write(NumberedBatch(1)), first);
  EXPECT_EQ(store.Sync(), first);
}

// Gives the mount point `path` another size, in KiB.
void Resize(const std::string& path, int kibibytes) {
  ASSERT_EQ(mount("tmpfs", path.c_str(), "tmpfs", MS_REMOUNT,
                  absl::StrCat("size=", kibibytes, "k").c_str()),
            0);
}

// Fills a store in `mounted`, gives it room, and finds everything again.
void FillAndRecover(const std::string& mounted, int kibibytes) {
  const RocksdbStoreOptions options = SmallOptions(mounted + "/data");
  Resize(mounted, kibibytes);
  int synced = 0;
  {
    auto store = RocksdbStore::Open(options);
    ASSERT_TRUE(store.ok()) << store.status();
    absl::Status error;
    std::tie(synced, error) = FillUp(**store);
    EXPECT_EQ(error.code(), absl::StatusCode::kResourceExhausted) << error;
    EXPECT_THAT(Message(error),
                AllOf(HasSubstr("disk full at " + mounted), HasSubstr("make room")));
    EXPECT_GT(synced, 0);
    ExpectIll(**store, error);
    EXPECT_THAT(Get((*store)->Latest(), Family::kLog, NumberedKey(synced)),
                Optional(absl::StrCat(synced, std::string(100, 'x'))));
    EXPECT_EQ((*store)->Close(), error);
  }
  // Without room it may open or not, but says why and loses nothing.
  const absl::Status still = RocksdbStore::Open(options).status();
  EXPECT_TRUE(still.ok() || still.code() == absl::StatusCode::kResourceExhausted) << still;

  Resize(mounted, 64 << 10);
  auto store = RocksdbStore::Open(options);
  ASSERT_TRUE(store.ok()) << store.status();
  const int found = WholeBatches(**store);
  EXPECT_GE(found, synced);
  EXPECT_TRUE((*store)->Write(NumberedBatch(found + 1)).ok());
  EXPECT_TRUE((*store)->Sync().ok());
  EXPECT_TRUE((*store)->Close().ok());
}

TEST(Child, DISABLED_FillsSmallDisks) {
  DIRECTORY_FROM_PARENT(path);
  const std::string mounted = path;
  if (unshare(CLONE_NEWNS) != 0 ||
      mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
      mount("tmpfs", mounted.c_str(), "tmpfs", 0, "size=16k") != 0) {
    Report("no mounts");
    return;
  }
  Report("mounted");
  // Not even room for an empty store; the next one finishes what this one began.
  EXPECT_EQ(RocksdbStore::Open(SmallOptions(mounted + "/data")).status().code(),
            absl::StatusCode::kResourceExhausted);
  // Different sizes, so that it is a log here, a table file there that does not fit.
  for (const int kibibytes : {1000, 2100, 3200, 4300, 5400}) {
    SCOPED_TRACE(absl::StrCat(kibibytes, " KiB"));
    FillAndRecover(mounted, kibibytes);
    std::filesystem::remove_all(mounted + "/data");
  }
}

TEST(CrashTest, FullDiskIsToldAndLosesNothingThatWasSynced) {
  const TemporaryDirectory directory;
  std::filesystem::create_directory(directory.path("mounted"));
  Child child("Child.DISABLED_FillsSmallDisks", directory.path("mounted"));
  const std::string report = child.NextReport();
  const int status = child.Wait();
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  if (report == "no mounts") GTEST_SKIP() << "needs the right to mount a tmpfs";
  EXPECT_EQ(report, "mounted");
}

// A file that may not grow: the kernel's EFBIG stands for any error of a write.
TEST(Child, DISABLED_MeetsAFileSizeLimit) {
  DIRECTORY_FROM_PARENT(path);
  signal(SIGXFSZ, SIG_IGN);
  RocksdbStoreOptions options = SmallOptions(path);
  options.write_buffer_bytes = 16 << 20;  // one log, so that it is the log that fails
  rlimit unlimited;
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &unlimited), 0);
  int synced = 0;
  {
    auto store = RocksdbStore::Open(options);
    ASSERT_TRUE(store.ok()) << store.status();
    rlimit limited = unlimited;
    limited.rlim_cur = 300 << 10;
    ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &limited), 0);
    absl::Status error;
    std::tie(synced, error) = FillUp(**store);
    EXPECT_EQ(error.code(), absl::StatusCode::kUnavailable) << error;
    EXPECT_THAT(Message(error),
                AllOf(HasSubstr("disk error at " + options.path), HasSubstr("File too large")));
    EXPECT_GT(synced, 10);
    ExpectIll(**store, error);
    ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &unlimited), 0);
    ExpectIll(**store, error);  // that the disk works again does not make the store well
    EXPECT_EQ((*store)->Close(), error);
  }
  auto store = RocksdbStore::Open(options);
  ASSERT_TRUE(store.ok()) << store.status();
  EXPECT_GE(WholeBatches(**store), synced);
}

TEST(CrashTest, FailedWriteMakesTheStoreIllUntilItIsReopened) {
  const TemporaryDirectory directory;
  Child child("Child.DISABLED_MeetsAFileSizeLimit", directory.path("data"));
  const int status = child.Wait();
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
}

// The real file system, but its fsyncs of the log can fail, and it knows how much of each log was
// synced.
class FaultyDisk : public rocksdb::FileSystemWrapper {
 public:
  FaultyDisk() : FileSystemWrapper(rocksdb::FileSystem::Default()) {}
  const char* Name() const override { return "FaultyDisk"; }

  rocksdb::IOStatus NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* file,
                                    rocksdb::IODebugContext* context) override {
    const rocksdb::IOStatus status = target()->NewWritableFile(path, options, file, context);
    const std::filesystem::path name = std::filesystem::path(path).filename();
    if (status.ok() && name.extension() == ".log") {
      *file = std::make_unique<Log>(std::move(*file), name.string(), *this);
    }
    return status;
  }

  void FailSyncs(bool fail) {
    std::lock_guard lock(mutex_);
    failing_ = fail;
  }

  // Bytes of the log file `name` that survive a power failure.
  uint64_t synced_bytes(const std::string& name) const {
    std::lock_guard lock(mutex_);
    const auto found = synced_bytes_.find(name);
    return found == synced_bytes_.end() ? 0 : found->second;
  }

 private:
  class Log : public rocksdb::FSWritableFileOwnerWrapper {
   public:
    Log(std::unique_ptr<rocksdb::FSWritableFile>&& file, std::string name, FaultyDisk& disk)
        : FSWritableFileOwnerWrapper(std::move(file)), name_(std::move(name)), disk_(disk) {}

    using FSWritableFileOwnerWrapper::Append;
    rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                             rocksdb::IODebugContext* context) override {
      const rocksdb::IOStatus status = FSWritableFileOwnerWrapper::Append(data, options, context);
      if (status.ok()) bytes_ += data.size();
      return status;
    }
    rocksdb::IOStatus Sync(const rocksdb::IOOptions& options,
                           rocksdb::IODebugContext* context) override {
      const uint64_t bytes = bytes_;
      return disk_.Synced(name_, bytes,
                          [&] { return FSWritableFileOwnerWrapper::Sync(options, context); });
    }
    rocksdb::IOStatus Fsync(const rocksdb::IOOptions& options,
                            rocksdb::IODebugContext* context) override {
      const uint64_t bytes = bytes_;
      return disk_.Synced(name_, bytes,
                          [&] { return FSWritableFileOwnerWrapper::Fsync(options, context); });
    }

   private:
    const std::string name_;
    FaultyDisk& disk_;
    std::atomic<uint64_t> bytes_{0};
  };

  // Syncs by `sync` and notes that the first `bytes` are safe, unless syncs are to fail.
  rocksdb::IOStatus Synced(const std::string& name, uint64_t bytes,
                           const std::function<rocksdb::IOStatus()>& sync) {
    {
      std::lock_guard lock(mutex_);
      if (failing_) return rocksdb::IOStatus::IOError("Input/output error");
    }
    const rocksdb::IOStatus status = sync();
    std::lock_guard lock(mutex_);
    if (status.ok()) synced_bytes_[name] = std::max(synced_bytes_[name], bytes);
    return status;
  }

  mutable std::mutex mutex_;
  bool failing_ = false;
  std::map<std::string, uint64_t> synced_bytes_;
};

// Power fails at many moments: of each log only what was synced is left. A batch whose Sync
// returned must be in it, and the store must open.
TEST(CrashTest, PowerFailureLosesNothingThatWasSynced) {
  const TemporaryDirectory directory(MemoryDisk());
  const auto disk = std::make_shared<FaultyDisk>();
  const std::unique_ptr<rocksdb::Env> env = rocksdb::NewCompositeEnv(disk);
  RocksdbStoreOptions options = SmallOptions(directory.path("data"));
  options.env = env.get();
  auto store = RocksdbStore::Open(options);
  ASSERT_TRUE(store.ok()) << store.status();
  std::mt19937_64 random(3);
  const std::string image = directory.path("image");
  int synced = 0, lost = 0;
  for (int n = 1; n <= 1200 && !testing::Test::HasFailure(); ++n) {
    ASSERT_TRUE((*store)->Write(NumberedBatch(n)).ok());
    if (random() % 4 == 0) {
      ASSERT_TRUE((*store)->Sync().ok());
      synced = n;
    }
    if (random() % 30 != 0) continue;
    SCOPED_TRACE(absl::StrCat("power failed after batch ", n));
    CopyTree(options.path, image);
    for (const std::string& log : FilesEndingIn(image + "/db", ".log")) {
      const std::string name = std::filesystem::path(log).filename().string();
      const uint64_t kept = disk->synced_bytes(name);
      if (kept < std::filesystem::file_size(log)) std::filesystem::resize_file(log, kept);
    }
    // The note in SYNCED is not synced itself: it may be an older one.
    if (random() % 2 == 0) WriteFile(image + "/SYNCED", SyncedFile(random() % (synced + 1)));
    auto recovered = RocksdbStore::Open(SmallOptions(image));
    ASSERT_TRUE(recovered.ok()) << recovered.status();
    const int found = WholeBatches(**recovered);
    EXPECT_GE(found, synced);
    EXPECT_LE(found, n);
    lost += n - found;
  }
  std::printf("%d unacknowledged batches lost\n", lost);
  EXPECT_GT(lost, 0) << "the power never failed at a moment that matters";
}

// The kernel reports a failed fsync once and may have dropped the pages: the next one that succeeds
// proves nothing.
TEST(CrashTest, FailedFsyncIsNeverForgotten) {
  const TemporaryDirectory directory;
  const auto disk = std::make_shared<FaultyDisk>();
  const std::unique_ptr<rocksdb::Env> env = rocksdb::NewCompositeEnv(disk);
  RocksdbStoreOptions options = SmallOptions(directory.path("data"));
  options.env = env.get();
  {
    auto store = RocksdbStore::Open(options);
    ASSERT_TRUE(store.ok()) << store.status();
    ASSERT_TRUE((*store)->Write(NumberedBatch(1)).ok());
    ASSERT_TRUE((*store)->Sync().ok());
    const std::string synced = ReadFile(options.path + "/SYNCED");
    ASSERT_TRUE((*store)->Write(NumberedBatch(2)).ok());
    disk->FailSyncs(true);
    const absl::Status error = (*store)->Sync();
    EXPECT_EQ(error.code(), absl::StatusCode::kUnavailable) << error;
    EXPECT_THAT(Message(error), HasSubstr("Input/output error"));
    disk->FailSyncs(false);
    ExpectIll(**store, error);
    EXPECT_EQ(ReadFile(options.path + "/SYNCED"), synced) << "batch 2 was never durable";
  }
  auto store = RocksdbStore::Open(options);
  ASSERT_TRUE(store.ok()) << store.status();
  EXPECT_GE(WholeBatches(**store), 1);
  EXPECT_TRUE((*store)->Write(NumberedBatch(3)).ok());
  EXPECT_TRUE((*store)->Sync().ok());
}

}  // namespace
}  // namespace tikar::storage
