// What happens to a store whose process is killed and whose disk fails. The killing and the full disk are
// real: they happen to a child process, which is this binary running one of the tests named Child.
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include "data_directory.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "rocksdb/env.h"
#include "rocksdb/file_system.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "storage/rocksdb_store.h"
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
#define DIRECTORY_FROM_PARENT(name)                                          \
  const char* const name = std::getenv(kDirectoryVariable);                  \
  if (name == nullptr) GTEST_SKIP() << "runs as a child of other tests only"

// Batch `n` puts a row in each family, counts itself, and takes back the feed row of ten batches before.
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
    const int first = static_cast<Family>(family) == Family::kFeed ? std::max(1, n - kFeedRowsKept + 1)
                                                                   : 1;
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
  EXPECT_THAT(Message(status),
              AllOf(HasSubstr(absl::StrCat("in use by process ", child.process(), " (")),
                    HasSubstr(path)));
  ASSERT_EQ(kill(child.process(), SIGKILL), 0);
  child.Wait();
  EXPECT_TRUE(RocksdbStore::Open(SmallOptions(path)).ok()) << "a killed process leaves no lock";
}

// Writes and syncs until the disk refuses. Returns the number of the last batch that was synced, and the
// error.
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

TEST(Child, DISABLED_FillsASmallDisk) {
  DIRECTORY_FROM_PARENT(path);
  const std::string mounted = path;
  if (unshare(CLONE_NEWNS) != 0 || mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
      mount("tmpfs", mounted.c_str(), "tmpfs", 0, "size=6m") != 0) {
    Report("no mounts");
    return;
  }
  Report("mounted");
  int synced = 0;
  {
    auto store = RocksdbStore::Open(SmallOptions(mounted + "/data"));
    ASSERT_TRUE(store.ok()) << store.status();
    absl::Status error;
    std::tie(synced, error) = FillUp(**store);
    EXPECT_EQ(error.code(), absl::StatusCode::kResourceExhausted) << error;
    EXPECT_THAT(Message(error), AllOf(HasSubstr("disk full at " + mounted), HasSubstr("make room")));
    EXPECT_GT(synced, 1000);
    ExpectIll(**store, error);
    EXPECT_THAT(Get((*store)->Latest(), Family::kLog, NumberedKey(synced)),
                Optional(absl::StrCat(synced, std::string(100, 'x'))));
    EXPECT_EQ((*store)->Close(), error);
  }
  const absl::Status still = RocksdbStore::Open(SmallOptions(mounted + "/data")).status();
  EXPECT_TRUE(still.ok() || still.code() == absl::StatusCode::kResourceExhausted) << still;

  ASSERT_EQ(mount("tmpfs", mounted.c_str(), "tmpfs", MS_REMOUNT, "size=64m"), 0);
  auto store = RocksdbStore::Open(SmallOptions(mounted + "/data"));
  ASSERT_TRUE(store.ok()) << store.status();
  const int found = WholeBatches(**store);
  EXPECT_GE(found, synced);
  EXPECT_TRUE((*store)->Write(NumberedBatch(found + 1)).ok());
  EXPECT_TRUE((*store)->Sync().ok());
  EXPECT_TRUE((*store)->Close().ok());
}

TEST(CrashTest, FullDiskIsToldAndLosesNothingThatWasSynced) {
  const TemporaryDirectory directory;
  std::filesystem::create_directory(directory.path("mounted"));
  Child child("Child.DISABLED_FillsASmallDisk", directory.path("mounted"));
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
    EXPECT_THAT(Message(error), AllOf(HasSubstr("disk error at " + options.path),
                                      HasSubstr("File too large")));
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

// Passes everything to the real file system, but for fsyncs of the log while `failing`.
class FailingSyncs : public rocksdb::FileSystemWrapper {
 public:
  FailingSyncs() : FileSystemWrapper(rocksdb::FileSystem::Default()) {}
  const char* Name() const override { return "FailingSyncs"; }

  rocksdb::IOStatus NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* file,
                                    rocksdb::IODebugContext* context) override {
    const rocksdb::IOStatus status = target()->NewWritableFile(name, options, file, context);
    if (status.ok() && name.size() > 4 && name.substr(name.size() - 4) == ".log") {
      *file = std::make_unique<Log>(std::move(*file), failing);
    }
    return status;
  }

  std::atomic<bool> failing{false};

 private:
  class Log : public rocksdb::FSWritableFileOwnerWrapper {
   public:
    Log(std::unique_ptr<rocksdb::FSWritableFile>&& file, const std::atomic<bool>& failing)
        : FSWritableFileOwnerWrapper(std::move(file)), failing_(failing) {}
    rocksdb::IOStatus Sync(const rocksdb::IOOptions& options,
                           rocksdb::IODebugContext* context) override {
      if (failing_) return rocksdb::IOStatus::IOError("Input/output error");
      return FSWritableFileOwnerWrapper::Sync(options, context);
    }
    rocksdb::IOStatus Fsync(const rocksdb::IOOptions& options,
                            rocksdb::IODebugContext* context) override {
      if (failing_) return rocksdb::IOStatus::IOError("Input/output error");
      return FSWritableFileOwnerWrapper::Fsync(options, context);
    }

   private:
    const std::atomic<bool>& failing_;
  };
};

// The kernel reports a failed fsync once and may have dropped the pages: the next one that succeeds proves
// nothing.
TEST(CrashTest, FailedFsyncIsNeverForgotten) {
  const TemporaryDirectory directory;
  const auto file_system = std::make_shared<FailingSyncs>();
  const std::unique_ptr<rocksdb::Env> env = rocksdb::NewCompositeEnv(file_system);
  RocksdbStoreOptions options = SmallOptions(directory.path("data"));
  options.env = env.get();
  {
    auto store = RocksdbStore::Open(options);
    ASSERT_TRUE(store.ok()) << store.status();
    ASSERT_TRUE((*store)->Write(NumberedBatch(1)).ok());
    ASSERT_TRUE((*store)->Sync().ok());
    const std::string synced = ReadFile(options.path + "/SYNCED");
    ASSERT_TRUE((*store)->Write(NumberedBatch(2)).ok());
    file_system->failing = true;
    const absl::Status error = (*store)->Sync();
    EXPECT_EQ(error.code(), absl::StatusCode::kUnavailable) << error;
    EXPECT_THAT(Message(error), HasSubstr("Input/output error"));
    file_system->failing = false;
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
