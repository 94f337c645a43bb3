// What a store says, and keeps, when the disk fails at a chosen kind of work. (A disk that is
// really full is in rocksdb_store_crash_test.cc.)
#include <filesystem>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "data_directory.h"
#include "faulty_disk.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "numbered_batches.h"
#include "rocksdb/env.h"
#include "storage/rocksdb_store.h"
#include "storage/store_directory.h"

namespace tikar::storage {
namespace {

using testing::AllOf;
using testing::Each;
using testing::HasSubstr;
using testing::IsEmpty;
using Work = FaultyDisk::Work;

class FaultyDiskTest : public testing::Test {
 protected:
  FaultyDiskTest() { options_.env = env_.get(); }

  const TemporaryDirectory directory_{MemoryDisk()};
  const std::shared_ptr<FaultyDisk> disk_ = std::make_shared<FaultyDisk>();
  const std::unique_ptr<rocksdb::Env> env_ = rocksdb::NewCompositeEnv(disk_);
  RocksdbStoreOptions options_ = SmallOptions(directory_.path("data"));
};

struct NoRoom {
  Work work;
  const char* name;
};

class NoRoomTest : public FaultyDiskTest, public testing::WithParamInterface<NoRoom> {};

// Whatever finds no room, whoever writes is told that the disk is full. For a compaction that is
// not what RocksDB answers: the write that waits for it is "incomplete", of no kind.
TEST_P(NoRoomTest, IsToldAsAFullDiskAndLosesNothing) {
  FilledUp filled;
  {
    auto store = RocksdbStore::Open(options_);
    ASSERT_TRUE(store.ok()) << store.status();
    ASSERT_TRUE((*store)->Write(NumberedBatch(1)).ok());
    ASSERT_TRUE((*store)->Sync().ok());
    disk_->Fail(GetParam().work, rocksdb::IOStatus::NoSpace("No space left on device"));
    filled = FillUp(**store, 2);
    EXPECT_EQ(filled.error.code(), absl::StatusCode::kResourceExhausted) << filled.error;
    EXPECT_THAT(Message(filled.error),
                AllOf(HasSubstr("disk full at " + options_.path), HasSubstr("No space left"),
                      HasSubstr("nothing that was acknowledged is lost")));
    EXPECT_THAT(AnswersOf(**store), Each(filled.error));
    disk_->Mend();
    EXPECT_THAT(AnswersOf(**store), Each(filled.error)) << "that there is room again helps nothing";
    EXPECT_EQ((*store)->Close(), filled.error);
  }
  auto store = RocksdbStore::Open(options_);
  ASSERT_TRUE(store.ok()) << store.status();
  const Found found = FoundIn(**store);
  EXPECT_THAT(found.damage, IsEmpty());
  EXPECT_GE(found.batches, filled.synced);
  EXPECT_TRUE((*store)->Write(NumberedBatch(found.batches + 1)).ok());
  EXPECT_TRUE((*store)->Sync().ok());
  EXPECT_TRUE((*store)->Close().ok());
}

INSTANTIATE_TEST_SUITE_P(For, NoRoomTest,
                         testing::Values(NoRoom{Work::kLogWrite, "TheLog"},
                                         NoRoom{Work::kLogSync, "TheLogsFsync"},
                                         NoRoom{Work::kFlushWrite, "AFlush"},
                                         NoRoom{Work::kCompactionWrite, "ACompaction"}),
                         [](const auto& info) { return std::string(info.param.name); });

// The engine syncs while it writes. RocksDB tells whoever comes second to a log that has failed of
// a "previous error" alone, or even ends the process.
TEST_F(FaultyDiskTest, WriterAndSyncerAreToldTheSameReasonWhoeverMeetsIt) {
  constexpr int kRounds = 60;
  for (int round = 0; round < kRounds && !HasFailure(); ++round) {
    SCOPED_TRACE(absl::StrCat("round ", round));
    RocksdbStoreOptions options = options_;
    options.path = directory_.path(absl::StrCat("data", round));
    options.write_buffer_bytes = 64 << 20;  // one log: it is about the two threads alone
    auto store = RocksdbStore::Open(options);
    ASSERT_TRUE(store.ok()) << store.status();
    absl::Status written, synced;
    std::thread syncer([&] {
      while (synced.ok()) synced = (*store)->Sync();
    });
    for (int n = 1; written.ok(); ++n) {
      if (n == 20 + round) {
        disk_->Fail(round % 2 == 0 ? Work::kLogWrite : Work::kLogSync,
                    rocksdb::IOStatus::NoSpace("No space left on device"));
      }
      written = (*store)->Write(NumberedBatch(n));
    }
    syncer.join();
    EXPECT_EQ(written.code(), absl::StatusCode::kResourceExhausted) << written;
    EXPECT_EQ(synced, written);
    EXPECT_EQ((*store)->health(), written);
    disk_->Mend();
  }
}

// A disk that gives an error is not full: nobody should look for things to delete.
TEST_F(FaultyDiskTest, ACompactionThatMeetsAnErrorIsToldAsAnError) {
  auto store = RocksdbStore::Open(options_);
  ASSERT_TRUE(store.ok()) << store.status();
  disk_->Fail(Work::kCompactionWrite, rocksdb::IOStatus::IOError("Input/output error"));
  const FilledUp filled = FillUp(**store);
  EXPECT_EQ(filled.error.code(), absl::StatusCode::kUnavailable) << filled.error;
  EXPECT_THAT(Message(filled.error), HasSubstr("disk error at " + options_.path));
  EXPECT_THAT(AnswersOf(**store), Each(filled.error));
}

// Power fails at many moments: of each log only what was synced is left. A batch whose Sync
// returned must be in it, and the store must open.
TEST_F(FaultyDiskTest, PowerFailureLosesNothingThatWasSynced) {
  auto store = RocksdbStore::Open(options_);
  ASSERT_TRUE(store.ok()) << store.status();
  std::mt19937_64 random(3);
  const std::string image = directory_.path("image");
  int synced = 0, lost = 0;
  for (int n = 1; n <= 1200 && !HasFailure(); ++n) {
    ASSERT_TRUE((*store)->Write(NumberedBatch(n)).ok());
    if (random() % 4 == 0) {
      ASSERT_TRUE((*store)->Sync().ok());
      synced = n;
    }
    if (random() % 30 != 0) continue;
    SCOPED_TRACE(absl::StrCat("power failed after batch ", n));
    CopyTree(options_.path, image);
    for (const std::string& log : FilesEndingIn(image + "/db", ".log")) {
      const std::string name = std::filesystem::path(log).filename().string();
      const uint64_t kept = disk_->synced_bytes(name);
      if (kept < std::filesystem::file_size(log)) std::filesystem::resize_file(log, kept);
    }
    // The note in SYNCED is not synced itself: it may be an older one.
    if (random() % 2 == 0) WriteFile(image + "/SYNCED", SyncedFile(random() % (synced + 1)));
    auto recovered = RocksdbStore::Open(SmallOptions(image));
    ASSERT_TRUE(recovered.ok()) << recovered.status();
    const Found found = FoundIn(**recovered);
    EXPECT_THAT(found.damage, IsEmpty());
    EXPECT_GE(found.batches, synced);
    EXPECT_LE(found.batches, n);
    lost += n - found.batches;
  }
  std::printf("%d unacknowledged batches lost\n", lost);
  EXPECT_GT(lost, 0) << "the power never failed at a moment that matters";
}

// The kernel reports a failed fsync once and may have dropped the pages: the next one that succeeds
// proves nothing.
TEST_F(FaultyDiskTest, FailedFsyncIsNeverForgotten) {
  {
    auto store = RocksdbStore::Open(options_);
    ASSERT_TRUE(store.ok()) << store.status();
    ASSERT_TRUE((*store)->Write(NumberedBatch(1)).ok());
    ASSERT_TRUE((*store)->Sync().ok());
    const std::string synced = ReadFile(options_.path + "/SYNCED");
    ASSERT_TRUE((*store)->Write(NumberedBatch(2)).ok());
    disk_->Fail(Work::kLogSync, rocksdb::IOStatus::IOError("Input/output error"));
    const absl::Status error = (*store)->Sync();
    EXPECT_EQ(error.code(), absl::StatusCode::kUnavailable) << error;
    EXPECT_THAT(Message(error), HasSubstr("Input/output error"));
    disk_->Mend();
    EXPECT_THAT(AnswersOf(**store), Each(error));
    EXPECT_EQ(ReadFile(options_.path + "/SYNCED"), synced) << "batch 2 was never durable";
  }
  auto store = RocksdbStore::Open(options_);
  ASSERT_TRUE(store.ok()) << store.status();
  const Found found = FoundIn(**store);
  EXPECT_THAT(found.damage, IsEmpty());
  EXPECT_GE(found.batches, 1);
  EXPECT_TRUE((*store)->Write(NumberedBatch(3)).ok());
  EXPECT_TRUE((*store)->Sync().ok());
}

}  // namespace
}  // namespace tikar::storage
