#include "storage/rocksdb_store.h"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "data_directory.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "numbered_batches.h"
#include "rocksdb/db.h"
#include "storage/store_directory.h"
#include "store_conformance.h"

namespace tikar::storage {
namespace {

using testing::AllOf;
using testing::HasSubstr;
namespace fs = std::filesystem;

absl::StatusOr<std::unique_ptr<RocksdbStore>> OpenStore(const std::string& path) {
  return RocksdbStore::Open(SmallOptions(path));
}

class DiskBackend {
 public:
  DiskBackend() { Open(); }
  Store& store() { return *store_; }
  void Restart() {
    ASSERT_TRUE(store_->Close().ok());
    store_.reset();
    Open();
  }

 private:
  void Open() {
    auto store = OpenStore(directory_.path("data"));
    ASSERT_TRUE(store.ok()) << store.status();
    store_ = *std::move(store);
  }

  TemporaryDirectory directory_{MemoryDisk()};
  std::unique_ptr<RocksdbStore> store_;
};

INSTANTIATE_TYPED_TEST_SUITE_P(Disk, StoreConformance, DiskBackend);

class RocksdbStoreTest : public testing::Test {
 protected:
  // Opens the store at `path_`, which must succeed.
  std::unique_ptr<RocksdbStore> Open() {
    auto store = OpenStore(path_);
    EXPECT_TRUE(store.ok()) << store.status();
    return store.ok() ? *std::move(store) : nullptr;
  }

  // Opens the store at `path`, which must fail with `code` and leave every byte as it was.
  std::string RefusalOf(const std::string& path, absl::StatusCode code) {
    const auto before = TreeDigest(path);
    const absl::Status status = OpenStore(path).status();
    EXPECT_EQ(status.code(), code) << status;
    EXPECT_EQ(TreeDigest(path), before) << "a refused directory was changed";
    return Message(status);
  }

  const TemporaryDirectory directory_{MemoryDisk()};
  const std::string path_ = directory_.path("data");
  const std::string image_ = directory_.path("image");
};

// Read with RocksDB itself, as a tool or an older tikard would.
TEST_F(RocksdbStoreTest, StoredNamesNeverChange) {
  {
    auto store = Open();
    ASSERT_TRUE(Put(*store, Family::kLog, "a", "1").ok());
    ASSERT_TRUE(Put(*store, Family::kMeta, "b", "2").ok());
    ASSERT_TRUE(store->Close().ok());
  }
  EXPECT_EQ(ReadFile(path_ + "/SYNCED"), SyncedFile(2));
  std::vector<std::string> names;
  ASSERT_TRUE(rocksdb::DB::ListColumnFamilies(rocksdb::DBOptions(), path_ + "/db", &names).ok());
  EXPECT_THAT(names,
              ElementsAre("default", "log", "history", "requests", "feed", "attachments", "meta"));

  std::vector<rocksdb::ColumnFamilyDescriptor> descriptors;
  for (const std::string& name : names)
    descriptors.emplace_back(name, rocksdb::ColumnFamilyOptions());
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* opened = nullptr;
  ASSERT_TRUE(rocksdb::DB::OpenForReadOnly(rocksdb::DBOptions(), path_ + "/db", descriptors,
                                           &handles, &opened)
                  .ok());
  const std::unique_ptr<rocksdb::DB> database(opened);
  const auto value = [&](int family, const char* key) {
    std::string bytes;
    EXPECT_TRUE(database->Get(rocksdb::ReadOptions(), handles[family], key, &bytes).ok()) << key;
    return bytes;
  };
  EXPECT_EQ(value(0, "batches"), "2");
  EXPECT_EQ(value(1, "a"), "1");
  EXPECT_EQ(value(6, "b"), "2");
  for (rocksdb::ColumnFamilyHandle* handle : handles) {
    EXPECT_TRUE(database->DestroyColumnFamilyHandle(handle).ok());
  }
}

TEST_F(RocksdbStoreTest, SmallFilesHaveTheirFrozenBytes) {
  ASSERT_NE(Open(), nullptr);
  EXPECT_EQ(ReadFile(path_ + "/FORMAT"), "tikar store\nformat 2\n");
  EXPECT_EQ(SyncedFile(1234567), "synced 00000000000001234567 1e8abbe4\n");
  EXPECT_EQ(ReadFile(path_ + "/SYNCED").size(), SyncedFile(0).size());
  EXPECT_EQ(ReadFile(path_ + "/LOCK"), absl::StrCat(getpid(), "\n"));
}

TEST_F(RocksdbStoreTest, MissingDirectoriesAreMadeForTheOwnerAlone) {
  const std::string deep = directory_.path("srv/tikar/data");
  ASSERT_TRUE(OpenStore(deep).ok());
  for (const char* made : {"srv", "srv/tikar", "srv/tikar/data", "srv/tikar/data/db"}) {
    struct stat found;
    ASSERT_EQ(stat(directory_.path(made).c_str(), &found), 0) << made;
    EXPECT_EQ(found.st_mode & 0777, 0700u) << made;
  }
}

TEST_F(RocksdbStoreTest, EmptyDirectoryAndRootOfADiskAreTaken) {
  fs::create_directories(path_ + "/lost+found");
  auto store = Open();
  ASSERT_NE(store, nullptr);
  EXPECT_TRUE(Put(*store, Family::kLog, "1", "entry").ok());
}

TEST_F(RocksdbStoreTest, DirectoryOfSomethingElseIsRefused) {
  fs::create_directories(path_);
  WriteFile(path_ + "/thesis.doc", "three years of work");
  EXPECT_THAT(RefusalOf(path_, absl::StatusCode::kFailedPrecondition),
              AllOf(HasSubstr(path_), HasSubstr("thesis.doc"), HasSubstr("no Tikar store")));
}

TEST_F(RocksdbStoreTest, FileInPlaceOfTheDirectoryIsRefused) {
  WriteFile(path_, "a file");
  const absl::Status status = OpenStore(path_).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(Message(status), HasSubstr("is not a directory"));
}

TEST_F(RocksdbStoreTest, NewerFormatIsRefusedUntouched) {
  ASSERT_TRUE(Open()->Close().ok());
  WriteFile(path_ + "/FORMAT", FormatFile(kStoreFormat + 1));
  EXPECT_THAT(RefusalOf(path_, absl::StatusCode::kFailedPrecondition),
              AllOf(HasSubstr("made by a newer tikard (format 3, this one knows 2)"),
                    HasSubstr("upgrade tikard"), HasSubstr("nothing was changed")));
}

TEST_F(RocksdbStoreTest, OlderFormatThanIsReadIsRefusedUntouched) {
  ASSERT_TRUE(Open()->Close().ok());
  WriteFile(path_ + "/FORMAT", FormatFile(kStoreFormatOldest - 1));
  EXPECT_THAT(RefusalOf(path_, absl::StatusCode::kFailedPrecondition),
              AllOf(HasSubstr("made by an older tikard (format 1, this one reads only 2)"),
                    HasSubstr("with the tikard that made it"), HasSubstr("an empty directory"),
                    HasSubstr("nothing was changed")));
}

TEST_F(RocksdbStoreTest, DamagedSmallFilesAreNamed) {
  ASSERT_TRUE(Open()->Close().ok());
  for (const std::string name : {"FORMAT", "SYNCED"}) {
    const std::string whole = ReadFile(path_ + "/" + name);
    for (const std::string& bytes : {std::string(), std::string("?"), whole.substr(0, 12),
                                     whole + "x", std::string(whole.size(), '\0')}) {
      WriteFile(path_ + "/" + name, bytes);
      EXPECT_THAT(RefusalOf(path_, absl::StatusCode::kDataLoss), HasSubstr("/" + name));
    }
    fs::remove(path_ + "/" + name);
    EXPECT_THAT(RefusalOf(path_, absl::StatusCode::kDataLoss), HasSubstr("/" + name));
    WriteFile(path_ + "/" + name, whole);
    ASSERT_TRUE(Open()->Close().ok());
  }
}

TEST_F(RocksdbStoreTest, SecondOpenNamesTheHolder) {
  auto store = Open();
  ASSERT_NE(store, nullptr);
  EXPECT_THAT(RefusalOf(path_, absl::StatusCode::kFailedPrecondition),
              HasSubstr("in use by this process"));
  // Reading every file of the directory, as that refusal just did, must not drop the lock.
  EXPECT_THAT(RefusalOf(path_, absl::StatusCode::kFailedPrecondition),
              HasSubstr("in use by this process"));
  EXPECT_TRUE(Put(*store, Family::kLog, "1", "entry").ok());
}

TEST_F(RocksdbStoreTest, SnapshotHoldsTheDirectoryUntilItIsGone) {
  auto store = Open();
  auto snapshot = store->Snapshot();
  store.reset();
  EXPECT_EQ(OpenStore(path_).status().code(), absl::StatusCode::kFailedPrecondition);
  snapshot.reset();
  EXPECT_NE(Open(), nullptr);
}

// A crash in the very first start must not leave a directory that nobody accepts.
TEST_F(RocksdbStoreTest, InterruptedCreationIsFinished) {
  ASSERT_TRUE(Open()->Close().ok());
  CopyTree(path_, image_);
  // Before FORMAT: whatever there is, is begun anew.
  fs::remove(image_ + "/FORMAT");
  fs::remove(image_ + "/rocksdb.log");  // comes with the first real open
  fs::rename(image_ + "/db", image_ + "/db.new");
  fs::remove(image_ + "/db.new/CURRENT");
  WriteFile(image_ + "/FORMAT.new", "tik");
  {
    auto store = OpenStore(image_);
    ASSERT_TRUE(store.ok()) << store.status();
    EXPECT_TRUE(Put(**store, Family::kLog, "1", "entry").ok());
  }
  EXPECT_FALSE(fs::exists(image_ + "/db.new"));
  EXPECT_FALSE(fs::exists(image_ + "/FORMAT.new"));
  // Between FORMAT and the name.
  fs::rename(image_ + "/db", image_ + "/db.new");
  auto store = OpenStore(image_);
  ASSERT_TRUE(store.ok()) << store.status();
  EXPECT_THAT(Get((*store)->Latest(), Family::kLog, "1"), Optional(std::string("entry")));
}

// Three batches in the log of a store that was killed: the first two synced, the third not.
class KilledStoreTest : public RocksdbStoreTest {
 protected:
  void SetUp() override {
    auto store = Open();
    ASSERT_NE(store, nullptr);
    ASSERT_TRUE(Put(*store, Family::kLog, "1", std::string(300, 'a')).ok());
    ASSERT_TRUE(store->Sync().ok());
    after_first_ = LogBytes(path_);
    ASSERT_TRUE(Put(*store, Family::kRequests, "2", std::string(300, 'b')).ok());
    ASSERT_TRUE(store->Sync().ok());
    after_second_ = LogBytes(path_);
    ASSERT_TRUE(Put(*store, Family::kLog, "3", std::string(300, 'c')).ok());
    after_third_ = LogBytes(path_);
    CopyTree(path_, image_);
    ASSERT_LT(0u, after_first_);
    ASSERT_LT(after_first_, after_second_);
    ASSERT_LT(after_second_, after_third_);
  }

  static std::string LogFile(const std::string& path) {
    // An older, empty one may still wait to be removed.
    const std::vector<std::string> logs = FilesEndingIn(path + "/db", ".log");
    EXPECT_FALSE(logs.empty());
    return logs.empty() ? "" : logs.back();
  }
  static size_t LogBytes(const std::string& path) { return ReadFile(LogFile(path)).size(); }

  // Which of the three batches are there when the copy is opened, and whether it takes another.
  std::string Recovered() {
    auto store = OpenStore(image_);
    if (!store.ok()) return store.status().ToString();
    std::string found;
    const sync::Reader& rows = (*store)->Latest();
    if (Get(rows, Family::kLog, "1") == std::string(300, 'a')) found += "first ";
    if (Get(rows, Family::kRequests, "2") == std::string(300, 'b')) found += "second ";
    if (Get(rows, Family::kLog, "3") == std::string(300, 'c')) found += "third ";
    const bool well = Put(**store, Family::kLog, "4", "new").ok() && (*store)->Close().ok();
    return found + (well ? "goes on" : "stops");
  }

  size_t after_first_ = 0, after_second_ = 0, after_third_ = 0;
};

TEST_F(KilledStoreTest, WhatReachedTheLogIsThere) {
  EXPECT_EQ(Recovered(), "first second third goes on");
}

TEST_F(KilledStoreTest, TornUnacknowledgedBatchIsLeftOut) {
  const std::string whole = directory_.path("whole");
  CopyTree(image_, whole);
  for (size_t bytes = after_second_; bytes < after_third_; bytes += 23) {
    SCOPED_TRACE(absl::StrCat("log cut at ", bytes));
    CopyTree(whole, image_);
    fs::resize_file(LogFile(image_), bytes);
    EXPECT_EQ(Recovered(), "first second goes on");
  }
}

// Power failed when the last pages were partly written: the file is long enough, its end is not.
TEST_F(KilledStoreTest, GarbledUnacknowledgedBatchIsLeftOut) {
  const std::string whole = directory_.path("whole");
  CopyTree(image_, whole);
  for (size_t offset = after_second_; offset < after_third_; offset += 37) {
    SCOPED_TRACE(absl::StrCat("log garbled at ", offset));
    CopyTree(whole, image_);
    FlipByte(LogFile(image_), offset);
    EXPECT_EQ(Recovered(), "first second goes on");
  }
  CopyTree(whole, image_);
  std::string bytes = ReadFile(LogFile(image_));
  std::fill(bytes.begin() + static_cast<ptrdiff_t>(after_second_) + 20, bytes.end(), '\0');
  WriteFile(LogFile(image_), bytes);
  EXPECT_EQ(Recovered(), "first second goes on");
}

TEST_F(KilledStoreTest, DamageInWhatWasAcknowledgedIsReported) {
  const std::string whole = directory_.path("whole");
  CopyTree(image_, whole);
  for (size_t offset = 0; offset < after_second_; offset += 37) {
    SCOPED_TRACE(absl::StrCat("log damaged at ", offset));
    CopyTree(whole, image_);
    FlipByte(LogFile(image_), offset);
    EXPECT_THAT(RefusalOf(image_, absl::StatusCode::kDataLoss),
                AllOf(HasSubstr(image_), HasSubstr(".log"), HasSubstr("restore a backup")));
  }
}

TEST_F(KilledStoreTest, LogCutShortOfWhatWasAcknowledgedIsReported) {
  const std::string whole = directory_.path("whole");
  CopyTree(image_, whole);
  for (const size_t bytes : {size_t{0}, after_first_ / 2, after_first_, after_second_ - 1}) {
    SCOPED_TRACE(absl::StrCat("log cut at ", bytes));
    CopyTree(whole, image_);
    fs::resize_file(LogFile(image_), bytes);
    EXPECT_THAT(RefusalOf(image_, absl::StatusCode::kDataLoss),
                AllOf(HasSubstr(image_), HasSubstr(".log")));
  }
  CopyTree(whole, image_);
  fs::remove(LogFile(image_));
  EXPECT_THAT(RefusalOf(image_, absl::StatusCode::kDataLoss), HasSubstr(image_));
}

// RocksDB could read on behind the damage: the last batch would be there, and one before it not.
TEST_F(RocksdbStoreTest, DamageInTheMiddleOfALongLogIsNotSkipped) {
  auto store = Open();
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(Put(*store, Family::kLog, absl::StrCat(i), std::string(1000, 'x')).ok());
  }
  ASSERT_TRUE(store->Sync().ok());
  const std::string whole = directory_.path("whole");
  CopyTree(path_, whole);
  for (const size_t offset : {100, 20'000, 40'000, 90'000}) {
    SCOPED_TRACE(absl::StrCat("log damaged at ", offset));
    CopyTree(whole, image_);
    FlipByte(FilesEndingIn(image_ + "/db", ".log").back(), offset);
    EXPECT_THAT(RefusalOf(image_, absl::StatusCode::kDataLoss), HasSubstr(".log"));
  }
}

// What recovery shows must be durable before anybody acts on it.
TEST_F(KilledStoreTest, RecoveredBatchesAreNotedAsSynced) {
  {
    auto store = OpenStore(image_);
    ASSERT_TRUE(store.ok()) << store.status();
    CopyTree(image_, path_ + ".again");
  }
  EXPECT_EQ(ReadFile(path_ + ".again/SYNCED"), SyncedFile(3));
  for (const std::string& table : FilesEndingIn(path_ + ".again/db", ".sst")) {
    const std::string hidden = table + ".hidden";
    fs::rename(table, hidden);
    EXPECT_THAT(RefusalOf(path_ + ".again", absl::StatusCode::kDataLoss),
                HasSubstr(fs::path(table).filename().string()));
    fs::rename(hidden, table);
  }
}

}  // namespace
}  // namespace tikar::storage
