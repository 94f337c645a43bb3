#include "storage/memory_store.h"

#include <memory>
#include <optional>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "store_conformance.h"

namespace tikar::storage {
namespace {

struct MemoryBackend {
  Store& store() { return memory; }
  void Restart() {
    ASSERT_TRUE(memory.Close().ok());
    memory.LoseUnsynced();
  }
  MemoryStore memory;
};

INSTANTIATE_TYPED_TEST_SUITE_P(Memory, StoreConformance, MemoryBackend);

TEST(MemoryStoreTest, CrashTakesBackWhatWasNotSynced) {
  MemoryStore store;
  ASSERT_TRUE(Put(store, Family::kRequests, "bridge", "reported").ok());
  ASSERT_TRUE(Put(store, Family::kRequests, "road", "reported").ok());
  ASSERT_TRUE(store.Sync().ok());
  WriteBatch batch;
  batch.Put(Family::kRequests, "bridge", "repaired");
  batch.Delete(Family::kRequests, "road");
  batch.Put(Family::kLog, "3", "entry");
  ASSERT_TRUE(store.Write(batch).ok());

  store.LoseUnsynced();
  EXPECT_THAT(Scan(store.Latest(), Family::kRequests, "", ""),
              ElementsAre(Pair("bridge", "reported"), Pair("road", "reported")));
  EXPECT_THAT(Scan(store.Latest(), Family::kLog, "", ""), IsEmpty());

  ASSERT_TRUE(store.Write(batch).ok());
  ASSERT_TRUE(store.Sync().ok());
  store.LoseUnsynced();
  EXPECT_THAT(Scan(store.Latest(), Family::kRequests, "", ""),
              ElementsAre(Pair("bridge", "repaired")));
}

TEST(MemoryStoreTest, CrashBeforeTheFirstSyncLeavesAnEmptyStore) {
  MemoryStore store;
  ASSERT_TRUE(Put(store, Family::kLog, "1", "entry").ok());
  store.LoseUnsynced();
  EXPECT_THAT(Scan(store.Latest(), Family::kLog, "", ""), IsEmpty());
}

TEST(MemoryStoreTest, SnapshotsKeepWhatACrashTookBack) {
  MemoryStore store;
  ASSERT_TRUE(Put(store, Family::kLog, "1", "entry").ok());
  const auto snapshot = store.Snapshot();
  store.LoseUnsynced();
  EXPECT_THAT(Get(*snapshot, Family::kLog, "1"), Optional(std::string("entry")));
}

// On disk this would be undefined behaviour, so the memory store is stricter.
TEST(MemoryStoreTest, SingleDeleteOfARowThatWasNotPutExactlyOnceIsRefused) {
  MemoryStore store;
  WriteBatch absent;
  absent.SingleDelete(Family::kFeed, "row");
  EXPECT_EQ(store.Write(absent).code(), absl::StatusCode::kInvalidArgument);

  ASSERT_TRUE(Put(store, Family::kFeed, "row", "1").ok());
  ASSERT_TRUE(Put(store, Family::kFeed, "row", "2").ok());
  EXPECT_EQ(store.Write(absent).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(Get(store.Latest(), Family::kFeed, "row"), Optional(std::string("2")));

  WriteBatch within;
  within.Put(Family::kLog, "1", "entry");
  within.Put(Family::kFeed, "fresh", "1");
  within.SingleDelete(Family::kFeed, "fresh");
  within.SingleDelete(Family::kFeed, "fresh");
  EXPECT_EQ(store.Write(within).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(Scan(store.Latest(), Family::kLog, "", ""), IsEmpty());
}

// A property test makes tens of thousands of stores and a snapshot after each batch: a snapshot
// must not cost a copy. Counted in entries that are shared rather than in seconds.
TEST(MemoryStoreTest, SnapshotsShareTheirRows) {
  PersistentMap map;
  for (int i = 0; i < 10'000; ++i) map.Put(absl::StrFormat("%05d", i), "value");
  const PersistentMap snapshot = map;
  map.Put("05000", "changed");
  map.Erase("07000");
  int shared = 0, entries = 0;
  snapshot.Scan("", "", [&](const PersistentMap::Entry& entry) {
    ++entries;
    shared += map.Find(entry.key) == &entry;
    return true;
  });
  EXPECT_EQ(entries, 10'000);
  EXPECT_EQ(shared, 9'998);
  EXPECT_EQ(snapshot.Find("05000")->value, "value");
  EXPECT_EQ(map.Find("07000"), nullptr);
}

}  // namespace
}  // namespace tikar::storage
