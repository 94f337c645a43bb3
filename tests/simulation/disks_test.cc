// The simulated disks: what they keep, what they lose, and that a faulty program is found out.
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "node_disk.h"
#include "phone_disk.h"
#include "random.h"

namespace tikar::simulation {
namespace {

// --- the phone's

constexpr char kFile[] = "app.sqlite";

sqlite3* OpenDatabase(const PhoneDisk& disk, const char* pragmas) {
  sqlite3* database = nullptr;
  const int code = sqlite3_open_v2(disk.Path(kFile).c_str(), &database,
                                   SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, PhoneDisk::kVfs);
  if (code == SQLITE_OK) sqlite3_exec(database, pragmas, nullptr, nullptr, nullptr);
  return database;
}

// How many rows were committed before the power went.
int CommitUntilPowerGoes(const PhoneDisk& disk, const char* pragmas) {
  sqlite3* database = OpenDatabase(disk, pragmas);
  int committed = 0;
  const char* const insert = "INSERT INTO report (title) VALUES ('Jembatan putus')";
  if (sqlite3_exec(database, "CREATE TABLE report (title)", nullptr, nullptr, nullptr) ==
      SQLITE_OK) {
    while (disk.powered() &&
           sqlite3_exec(database, insert, nullptr, nullptr, nullptr) == SQLITE_OK) {
      ++committed;
    }
  }
  sqlite3_close(database);
  return committed;
}

// nullopt: the file is damaged, or without the table.
std::optional<int64_t> RowsAfterRestart(const PhoneDisk& disk, const char* pragmas) {
  sqlite3* database = OpenDatabase(disk, pragmas);
  sqlite3_stmt* count = nullptr;
  std::optional<int64_t> rows;
  if (sqlite3_prepare_v2(database, "SELECT COUNT(*) FROM report", -1, &count, nullptr) ==
          SQLITE_OK &&
      sqlite3_step(count) == SQLITE_ROW) {
    rows = sqlite3_column_int64(count, 0);
  }
  sqlite3_finalize(count);
  sqlite3_close(database);
  return rows;
}

// Power cuts at each of the first writes, each with several ways in which it can tear them: how
// many of these lost a committed row.
int CutsThatLose(const char* pragmas) {
  int lost = 0;
  for (uint64_t cut = 1; cut <= 60; ++cut) {
    for (uint64_t seed = 0; seed < 8; ++seed) {
      PhoneDisk disk("disk of the test");
      property::Random random(seed * 1000 + cut);
      disk.CutPowerAfter(cut);
      const int committed = CommitUntilPowerGoes(disk, pragmas);
      disk.Restart(&random);
      const std::optional<int64_t> rows = RowsAfterRestart(disk, pragmas);
      if (committed > 0 && (!rows || *rows < committed)) ++lost;
    }
  }
  return lost;
}

TEST(PhoneDisk, PowerCutLosesNothingThatWasCommittedAndSynced) {
  EXPECT_EQ(CutsThatLose("PRAGMA locking_mode = EXCLUSIVE; PRAGMA synchronous = FULL;"
                         "PRAGMA journal_mode = WAL;"),
            0);
}

TEST(PhoneDisk, PowerCutFindsOutWhoDoesNotSync) {
  EXPECT_GT(CutsThatLose("PRAGMA locking_mode = EXCLUSIVE; PRAGMA synchronous = OFF;"
                         "PRAGMA journal_mode = WAL;"),
            20);
}

TEST(PhoneDisk, FullDiskFailsTheCommitAndTakesTheNextOneWhenFreed) {
  PhoneDisk disk("disk of the test");
  sqlite3* database = OpenDatabase(disk, "CREATE TABLE report (title)");
  disk.SetFull(true);
  const char* const insert = "INSERT INTO report (title) VALUES ('Lampu padam')";
  EXPECT_EQ(sqlite3_exec(database, insert, nullptr, nullptr, nullptr), SQLITE_FULL);
  disk.SetFull(false);
  EXPECT_EQ(sqlite3_exec(database, insert, nullptr, nullptr, nullptr), SQLITE_OK);
  sqlite3_close(database);
  EXPECT_EQ(RowsAfterRestart(disk, ""), 1);
}

TEST(PhoneDisk, BackupIsWhatItWas) {
  PhoneDisk disk("disk of the test");
  sqlite3* database = OpenDatabase(disk, "CREATE TABLE report (title)");
  sqlite3_close(database);
  const PhoneDisk::Image backup = disk.Read();
  database = OpenDatabase(disk, "INSERT INTO report (title) VALUES ('Lampu padam')");
  sqlite3_close(database);
  EXPECT_EQ(RowsAfterRestart(disk, ""), 1);
  disk.Replace(backup);
  EXPECT_EQ(RowsAfterRestart(disk, ""), 0);
}

// --- the node's

sync::WriteBatch Row(const std::string& key) {
  sync::WriteBatch batch;
  batch.Put(sync::Family::kMeta, key, "value");
  return batch;
}

bool Has(const sync::Reader& reader, const std::string& key) {
  return reader.Get(sync::Family::kMeta, key)->has_value();
}

class NodeDiskTest : public ::testing::Test {
 protected:
  std::unique_ptr<storage::Store> Open() {
    absl::StatusOr<std::unique_ptr<storage::Store>> store = disk_.Open();
    EXPECT_TRUE(store.ok()) << store.status();
    return *std::move(store);
  }

  property::Random random_{1};
  int told_durable_ = 0;
  NodeDisk disk_{&random_,
                 {.on_write = [](const sync::Reader&, const sync::WriteBatch&) {},
                  .on_durable = [this](const sync::WriteBatch&) { ++told_durable_; }}};
};

TEST_F(NodeDiskTest, CrashKeepsWhatWasSyncedAndABeginningOfTheRest) {
  int kept_some = 0, kept_none = 0;
  for (int i = 0; i < 40; ++i) {
    const std::string name = std::to_string(i);
    const std::unique_ptr<storage::Store> store = Open();
    ASSERT_TRUE(store->Write(Row("synced " + name)).ok());
    ASSERT_TRUE(store->Sync().ok());
    ASSERT_TRUE(store->Write(Row("first " + name)).ok());
    ASSERT_TRUE(store->Write(Row("second " + name)).ok());
    EXPECT_FALSE(Has(*disk_.durable(), "first " + name));
    disk_.Crash();
    EXPECT_FALSE(store->Write(Row("by the dead " + name)).ok());
    const std::unique_ptr<storage::Store> after = Open();
    EXPECT_TRUE(Has(after->Latest(), "synced " + name));
    EXPECT_FALSE(Has(after->Latest(), "by the dead " + name));
    const bool first = Has(after->Latest(), "first " + name);
    EXPECT_LE(Has(after->Latest(), "second " + name), first) << "never a later one alone";
    ++(first ? kept_some : kept_none);
  }
  EXPECT_GT(kept_some, 5);
  EXPECT_GT(kept_none, 5);
}

TEST_F(NodeDiskTest, FullDiskMakesTheStoreIllUntilItIsOpenedAnew) {
  std::unique_ptr<storage::Store> store = Open();
  disk_.SetFull(true);
  EXPECT_TRUE(absl::IsResourceExhausted(store->Write(Row("a"))));
  disk_.SetFull(false);
  EXPECT_TRUE(absl::IsResourceExhausted(store->Write(Row("a"))));
  store = Open();
  EXPECT_TRUE(store->Write(Row("a")).ok());
}

TEST_F(NodeDiskTest, WhatAFailedSyncLeftMayBeThereAndIsToldWhenItIs) {
  int kept = 0;
  for (int i = 0; i < 40; ++i) {
    const std::string name = std::to_string(i);
    const std::unique_ptr<storage::Store> store = Open();
    ASSERT_TRUE(store->Write(Row(name)).ok());
    disk_.FailAfter(1);
    EXPECT_TRUE(absl::IsUnavailable(store->Sync()));
    const int told = told_durable_;
    const std::unique_ptr<storage::Store> after = Open();
    const bool there = Has(*disk_.durable(), name);
    EXPECT_EQ(told_durable_ - told, there ? 1 : 0);
    kept += there ? 1 : 0;
  }
  EXPECT_GT(kept, 5);
  EXPECT_LT(kept, 35);
}

TEST_F(NodeDiskTest, OldBackupTakesThePlaceOfEverything) {
  std::unique_ptr<storage::Store> store = Open();
  ASSERT_TRUE(store->Write(Row("old")).ok());
  ASSERT_TRUE(store->Sync().ok());
  const std::shared_ptr<const sync::Reader> backup = disk_.durable();
  ASSERT_TRUE(store->Write(Row("new")).ok());
  ASSERT_TRUE(store->Sync().ok());
  disk_.Crash();
  disk_.Restore(*backup);
  store = Open();
  EXPECT_TRUE(Has(store->Latest(), "old"));
  EXPECT_FALSE(Has(store->Latest(), "new"));
}

}  // namespace
}  // namespace tikar::simulation
