// What anybody is told of a store whose files are damaged. (Thousands of damages, and a server over
// them, are in tests/faults.)
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "data_directory.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "numbered_batches.h"
#include "storage/rocksdb_store.h"
#include "store_rows.h"

namespace tikar::storage {
namespace {

using sync::Family;
using sync::WriteBatch;
using testing::HasSubstr;
using testing::IsEmpty;
namespace fs = std::filesystem;

absl::StatusOr<std::unique_ptr<RocksdbStore>> OpenStore(const std::string& path) {
  return RocksdbStore::Open(SmallOptions(path));
}

// A store with a table file in every family, and a log beside them.
class LargeStoreTest : public testing::Test {
 protected:
  static constexpr int kRows = 200;

  std::unique_ptr<RocksdbStore> Open() {
    auto store = OpenStore(path_);
    EXPECT_TRUE(store.ok()) << store.status();
    return store.ok() ? *std::move(store) : nullptr;
  }

  void SetUp() override {
    auto store = Open();
    ASSERT_NE(store, nullptr);
    for (int i = 0; i < kRows; ++i) {
      WriteBatch batch;
      for (int family = 0; family < sync::kFamilies; ++family) {
        batch.Put(static_cast<Family>(family), Key(i), Value(family, i));
      }
      ASSERT_TRUE(store->Write(batch).ok());
      if (i % 40 == 0) {
        ASSERT_TRUE(store->Sync().ok());
      }
      if (i == kRows - 20) {
        ASSERT_TRUE(store->Close().ok());
        store.reset();
        store = Open();
        ASSERT_NE(store, nullptr);
      }
    }
    ASSERT_TRUE(store->Sync().ok());
    CopyTree(path_, image_);
    ASSERT_GE(FilesEndingIn(image_ + "/db", ".sst").size(), size_t{sync::kFamilies});
  }

  static std::string Key(int i) { return absl::StrFormat("%06d", i * 7919 % 1'000'003); }
  static std::string Value(int family, int i) {
    // Hard to compress, so that every byte of a table file matters.
    std::string value;
    for (int part = 0; part < 6; ++part) {
      value += sync::Sha256(absl::StrCat(family, "/", i, "/", part)).view();
    }
    return value;
  }

  // Every row is right, or reading says kDataLoss. Returns the first error.
  absl::Status ReadAll(const RocksdbStore& store) {
    for (int family = 0; family < sync::kFamilies; ++family) {
      Rows rows;
      const absl::Status status =
          store.Latest().Scan(static_cast<Family>(family), "", "",
                              [&rows](std::string_view key, std::string_view value) {
                                rows.emplace_back(key, value);
                                return true;
                              });
      if (!status.ok()) return status;
      EXPECT_EQ(rows.size(), size_t{kRows}) << "rows are missing without an error";
      for (int i = 0; i < kRows; ++i) {
        const auto value = store.Latest().Get(static_cast<Family>(family), Key(i));
        if (!value.ok()) return value.status();
        EXPECT_TRUE(*value == Value(family, i)) << "a wrong row without an error";
      }
    }
    return absl::OkStatus();
  }

  const TemporaryDirectory directory_{MemoryDisk()};
  const std::string path_ = directory_.path("data"), image_ = directory_.path("image");
};

TEST_F(LargeStoreTest, IsWhole) {
  auto store = OpenStore(image_);
  ASSERT_TRUE(store.ok()) << store.status();
  EXPECT_TRUE(ReadAll(**store).ok());
  EXPECT_GT((*store)->stats().disk_bytes, uint64_t{kRows} * sync::kFamilies * 190);
  const auto files = (*store)->table_files();
  EXPECT_GE(files->Names().size(), size_t{sync::kFamilies});
  for (const std::string& file : files->Names()) EXPECT_TRUE(files->Check(file).ok()) << file;
  EXPECT_TRUE((*store)->Close().ok());
  EXPECT_THAT(files->Names(), IsEmpty()) << "it keeps nothing open";
}

TEST_F(LargeStoreTest, DamagedTableFileIsNamedByTheReadThatMeetsIt) {
  const std::string whole = directory_.path("whole");
  CopyTree(image_, whole);
  int named = 0;
  for (const std::string& table : FilesEndingIn(image_ + "/db", ".sst")) {
    SCOPED_TRACE(table);
    CopyTree(whole, image_);
    FlipByte(table, 3);
    const std::string name = fs::path(table).filename().string();
    auto store = OpenStore(image_);
    if (!store.ok()) {  // the one that holds the number of batches, which every open reads
      EXPECT_EQ(store.status().code(), absl::StatusCode::kDataLoss) << store.status();
      EXPECT_THAT(Message(store.status()), HasSubstr(name));
      continue;
    }
    // RocksDB removes at once what a compaction no longer needed when the image was taken.
    if (!fs::exists(table)) continue;
    const absl::Status verified = (*store)->table_files()->Check(name);
    EXPECT_EQ(verified.code(), absl::StatusCode::kDataLoss) << verified;
    EXPECT_THAT(Message(verified), HasSubstr(name));
    const absl::Status read = ReadAll(**store);
    if (read.ok()) continue;  // an older number of batches, which nobody reads
    EXPECT_EQ(read.code(), absl::StatusCode::kDataLoss) << read;
    EXPECT_THAT(Message(read), HasSubstr(name));
    ++named;
  }
  EXPECT_GE(named, sync::kFamilies);
}

// Looking at a store writes nothing, not even what a start would mend.
TEST_F(LargeStoreTest, IsReadWithoutAWord) {
  const auto before = TreeDigest(image_);
  {
    auto store = RocksdbStore::OpenReadOnly(SmallOptions(image_));
    ASSERT_TRUE(store.ok()) << store.status();
    EXPECT_TRUE(ReadAll(**store).ok());
    EXPECT_EQ((*store)->Write(sync::WriteBatch()).code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_EQ((*store)->Sync().code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_EQ(OpenStore(image_).status().code(), absl::StatusCode::kFailedPrecondition)
        << "nobody may write meanwhile";
    EXPECT_TRUE((*store)->Close().ok());
  }
  EXPECT_EQ(TreeDigest(image_), before);
}

TEST_F(LargeStoreTest, WhatIsNoStoreIsNotMadeOneByLooking) {
  const std::string nowhere = directory_.path("nowhere");
  EXPECT_EQ(RocksdbStore::OpenReadOnly(SmallOptions(nowhere)).status().code(),
            absl::StatusCode::kNotFound);
  EXPECT_FALSE(fs::exists(nowhere));
  const std::string empty = directory_.path("empty");
  fs::create_directory(empty);
  EXPECT_EQ(RocksdbStore::OpenReadOnly(SmallOptions(empty)).status().code(),
            absl::StatusCode::kNotFound);
  EXPECT_TRUE(fs::is_empty(empty));
}

// The rule that matters: whatever happens to a file, the store either refuses and touches nothing,
// or a read says so, or every row is right. Never is one missing or wrong without a word.
TEST_F(LargeStoreTest, NoDamageGoesUnnoticed) {
  const std::string whole = directory_.path("whole");
  CopyTree(image_, whole);
  std::vector<std::string> files;
  for (const auto& entry : fs::directory_iterator(whole + "/db")) {
    const std::string name = entry.path().filename().string();
    // RocksDB's notes to people and to itself, which no row depends on.
    if (name.rfind("LOG", 0) == 0 || name.rfind("OPTIONS", 0) == 0 || name == "LOCK" ||
        name == "IDENTITY") {
      continue;
    }
    files.push_back(name);
  }
  constexpr size_t kFlips = 6;
  int refused = 0, noticed = 0, harmless = 0;
  const auto attempt = [&](const std::string& what) {
    SCOPED_TRACE(what);
    const auto before = TreeDigest(image_);
    auto store = OpenStore(image_);
    if (!store.ok()) {
      EXPECT_EQ(store.status().code(), absl::StatusCode::kDataLoss) << store.status();
      EXPECT_THAT(Message(store.status()), HasSubstr(image_ + "/db"));
      EXPECT_EQ(TreeDigest(image_), before) << "a refused directory was changed";
      ++refused;
      return;
    }
    const absl::Status status = ReadAll(**store);
    if (status.ok()) {
      ++harmless;
    } else {
      EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << status;
      ++noticed;
    }
  };
  for (const std::string& name : files) {
    const std::string file = image_ + "/db/" + name;
    const size_t bytes = fs::file_size(whole + "/db/" + name);
    CopyTree(whole, image_);
    fs::remove(file);
    attempt(name + " removed");
    for (const size_t kept : {size_t{0}, bytes / 2, bytes - 1}) {
      if (kept >= bytes) continue;
      CopyTree(whole, image_);
      fs::resize_file(file, kept);
      attempt(absl::StrCat(name, " cut to ", kept, " of ", bytes));
    }
    for (size_t i = 0; i <= kFlips && bytes > 0; ++i) {
      CopyTree(whole, image_);
      FlipByte(file, (bytes - 1) * i / kFlips);
      attempt(absl::StrCat(name, " byte ", (bytes - 1) * i / kFlips, " of ", bytes, " flipped"));
    }
  }
  std::printf("%d refused at open, %d noticed by a read, %d without effect\n", refused, noticed,
              harmless);
  EXPECT_GT(refused, 0);
  EXPECT_GT(noticed, 0);
}

}  // namespace
}  // namespace tikar::storage
