// What happens to a store whose process is killed and whose disk is full. The killing and the full
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

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "data_directory.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "numbered_batches.h"
#include "storage/rocksdb_store.h"
#include "store_rows.h"

namespace tikar::storage {
namespace {

using sync::Family;
using testing::AllOf;
using testing::Each;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Optional;

constexpr char kDirectoryVariable[] = "TIKAR_CRASH_TEST_DIRECTORY";
// Where the child tells the parent how far it is.
constexpr int kReportDescriptor = 3;

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

TEST(Child, DISABLED_WritesAndSyncsUntilKilled) {
  DIRECTORY_FROM_PARENT(path);
  auto opened = RocksdbStore::Open(SmallOptions(path));
  ASSERT_TRUE(opened.ok()) << opened.status();
  Store& store = **opened;
  std::atomic<int> written{FoundIn(store).batches};
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
    const Found found = FoundIn(**store);
    EXPECT_THAT(found.damage, IsEmpty());
    EXPECT_GE(found.batches, acknowledged);
    extra += found.batches - acknowledged;
    acknowledged = found.batches;
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

constexpr int kRoomyKibibytes = 64 << 10;

// Gives the mount point `path` another size, in KiB.
void Resize(const std::string& path, int kibibytes) {
  ASSERT_EQ(mount("tmpfs", path.c_str(), "tmpfs", MS_REMOUNT,
                  absl::StrCat("size=", kibibytes, "k").c_str()),
            0);
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
  const RocksdbStoreOptions options = SmallOptions(mounted + "/data");
  EXPECT_EQ(RocksdbStore::Open(options).status().code(), absl::StatusCode::kResourceExhausted);
  // Different sizes, so that it is a log here, a table file there that does not fit.
  for (const int kibibytes : {1000, 2100, 3200, 4300, 5400}) {
    SCOPED_TRACE(absl::StrCat(kibibytes, " KiB"));
    Resize(mounted, kibibytes);
    FilledUp filled;
    {
      auto store = RocksdbStore::Open(options);
      ASSERT_TRUE(store.ok()) << store.status();
      filled = FillUp(**store);
      EXPECT_EQ(filled.error.code(), absl::StatusCode::kResourceExhausted) << filled.error;
      EXPECT_THAT(Message(filled.error), AllOf(HasSubstr("disk full at " + mounted),
                                               HasSubstr("nothing that was acknowledged is lost")));
      EXPECT_GT(filled.synced, 0);
      EXPECT_THAT(AnswersOf(**store), Each(filled.error));
      EXPECT_THAT(Get((*store)->Latest(), Family::kLog, NumberedKey(filled.synced)),
                  Optional(NumberedValue(filled.synced)));
      EXPECT_EQ((*store)->Close(), filled.error);
    }
    // Without room it may open or not, but says why and loses nothing.
    const absl::Status still = RocksdbStore::Open(options).status();
    EXPECT_TRUE(still.ok() || still.code() == absl::StatusCode::kResourceExhausted) << still;

    Resize(mounted, kRoomyKibibytes);
    auto store = RocksdbStore::Open(options);
    ASSERT_TRUE(store.ok()) << store.status();
    const Found found = FoundIn(**store);
    EXPECT_THAT(found.damage, IsEmpty());
    EXPECT_GE(found.batches, filled.synced);
    EXPECT_TRUE((*store)->Write(NumberedBatch(found.batches + 1)).ok());
    EXPECT_TRUE((*store)->Sync().ok());
    EXPECT_TRUE((*store)->Close().ok());
    std::filesystem::remove_all(options.path);
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
  FilledUp filled;
  {
    auto store = RocksdbStore::Open(options);
    ASSERT_TRUE(store.ok()) << store.status();
    rlimit limited = unlimited;
    limited.rlim_cur = 300 << 10;
    ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &limited), 0);
    filled = FillUp(**store);
    EXPECT_EQ(filled.error.code(), absl::StatusCode::kUnavailable) << filled.error;
    EXPECT_THAT(Message(filled.error),
                AllOf(HasSubstr("disk error at " + options.path), HasSubstr("File too large")));
    EXPECT_GT(filled.synced, 10);
    EXPECT_THAT(AnswersOf(**store), Each(filled.error));
    ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &unlimited), 0);
    EXPECT_THAT(AnswersOf(**store), Each(filled.error))
        << "that the disk works again helps nothing";
    EXPECT_EQ((*store)->Close(), filled.error);
  }
  auto store = RocksdbStore::Open(options);
  ASSERT_TRUE(store.ok()) << store.status();
  const Found found = FoundIn(**store);
  EXPECT_THAT(found.damage, IsEmpty());
  EXPECT_GE(found.batches, filled.synced);
}

TEST(CrashTest, FailedWriteMakesTheStoreIllUntilItIsReopened) {
  const TemporaryDirectory directory;
  Child child("Child.DISABLED_MeetsAFileSizeLimit", directory.path("data"));
  const int status = child.Wait();
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
}

}  // namespace
}  // namespace tikar::storage
