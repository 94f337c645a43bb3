// What every Store promises, as one suite that each backend runs:
//
//   struct DiskBackend {
//     storage::Store& store();    // the same one each time
//     void Restart();             // closes the store and opens it again
//   };
//   INSTANTIATE_TYPED_TEST_SUITE_P(Disk, StoreConformance, DiskBackend);
#ifndef TIKAR_TESTS_UNIT_STORAGE_STORE_CONFORMANCE_H_
#define TIKAR_TESTS_UNIT_STORAGE_STORE_CONFORMANCE_H_

#include <algorithm>
#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "storage/store.h"
#include "store_rows.h"

namespace tikar::storage {

template <typename Backend>
class StoreConformance : public testing::Test {
 protected:
  Store& store() { return backend_.store(); }
  const sync::Reader& latest() { return backend_.store().Latest(); }

  Backend backend_;
};

TYPED_TEST_SUITE_P(StoreConformance);

using sync::Family;
using sync::WriteBatch;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Optional;
using testing::Pair;

TYPED_TEST_P(StoreConformance, GetTellsAnAbsentKeyFromAnEmptyValue) {
  ASSERT_TRUE(Put(this->store(), Family::kMeta, "region/15.01", "").ok());
  EXPECT_THAT(Get(this->latest(), Family::kMeta, "region/15.01"), Optional(std::string()));
  EXPECT_EQ(Get(this->latest(), Family::kMeta, "region/15.02"), std::nullopt);
}

TYPED_TEST_P(StoreConformance, FamiliesDoNotSeeEachOthersKeys) {
  WriteBatch batch;
  for (int i = 0; i < sync::kFamilies; ++i) {
    batch.Put(static_cast<Family>(i), "key", absl::StrCat("family ", i));
  }
  ASSERT_TRUE(this->store().Write(batch).ok());
  for (int i = 0; i < sync::kFamilies; ++i) {
    EXPECT_THAT(Scan(this->latest(), static_cast<Family>(i), "", ""),
                ElementsAre(Pair("key", absl::StrCat("family ", i))));
  }
}

TYPED_TEST_P(StoreConformance, MultiGetKeepsTheOrderOfItsKeys) {
  ASSERT_TRUE(Put(this->store(), Family::kRequests, "a", "1").ok());
  ASSERT_TRUE(Put(this->store(), Family::kRequests, "c", "3").ok());
  const auto values = this->latest().MultiGet(Family::kRequests, {"c", "b", "a", "c"});
  ASSERT_TRUE(values.ok()) << values.status();
  EXPECT_THAT(*values, ElementsAre(Optional(std::string("3")), std::nullopt,
                                   Optional(std::string("1")), Optional(std::string("3"))));
  const auto none = this->latest().MultiGet(Family::kRequests, {});
  ASSERT_TRUE(none.ok()) << none.status();
  EXPECT_THAT(*none, IsEmpty());
}

TYPED_TEST_P(StoreConformance, ScanIsHalfOpenAndAscending) {
  for (const char* key : {"d", "b", "a", "c", "e"}) {
    ASSERT_TRUE(Put(this->store(), Family::kLog, key, key).ok());
  }
  EXPECT_THAT(Scan(this->latest(), Family::kLog, "b", "d"),
              ElementsAre(Pair("b", "b"), Pair("c", "c")));
  EXPECT_THAT(Scan(this->latest(), Family::kLog, "bb", "dd"),
              ElementsAre(Pair("c", "c"), Pair("d", "d")));
  EXPECT_THAT(Scan(this->latest(), Family::kLog, "d", ""),
              ElementsAre(Pair("d", "d"), Pair("e", "e")));
  EXPECT_THAT(Scan(this->latest(), Family::kLog, "c", "c"), IsEmpty());
  EXPECT_THAT(Scan(this->latest(), Family::kLog, "d", "b"), IsEmpty());
  EXPECT_THAT(Scan(this->latest(), Family::kLog, "f", ""), IsEmpty());
}

TYPED_TEST_P(StoreConformance, ScanReverseStartsBelowItsEnd) {
  for (const char* key : {"d", "b", "a", "c", "e"}) {
    ASSERT_TRUE(Put(this->store(), Family::kLog, key, key).ok());
  }
  EXPECT_THAT(ScanReverse(this->latest(), Family::kLog, "b", "d"),
              ElementsAre(Pair("c", "c"), Pair("b", "b")));
  EXPECT_THAT(ScanReverse(this->latest(), Family::kLog, "bb", "dd"),
              ElementsAre(Pair("d", "d"), Pair("c", "c")));
  EXPECT_THAT(ScanReverse(this->latest(), Family::kLog, "d", ""),
              ElementsAre(Pair("e", "e"), Pair("d", "d")));
  EXPECT_THAT(ScanReverse(this->latest(), Family::kLog, "c", "c"), IsEmpty());
  EXPECT_THAT(ScanReverse(this->latest(), Family::kLog, "d", "b"), IsEmpty());
  EXPECT_THAT(ScanReverse(this->latest(), Family::kLog, "", "a"), IsEmpty());
}

TYPED_TEST_P(StoreConformance, ScanStopsWhenTheVisitorSaysSo) {
  for (const char* key : {"a", "b", "c", "d", "e"}) {
    ASSERT_TRUE(Put(this->store(), Family::kLog, key, key).ok());
  }
  std::string forward, backward;
  const auto take_two = [](std::string& seen) {
    return [&seen](std::string_view key, std::string_view) {
      seen += key;
      return seen.size() < 2;
    };
  };
  ASSERT_TRUE(this->latest().Scan(Family::kLog, "b", "", take_two(forward)).ok());
  ASSERT_TRUE(this->latest().ScanReverse(Family::kLog, "", "e", take_two(backward)).ok());
  EXPECT_EQ(forward, "bc");
  EXPECT_EQ(backward, "dc");
}

TYPED_TEST_P(StoreConformance, KeysAreOrderedAsUnsignedBytes) {
  const std::string zero(1, '\0'), zeros(2, '\0');
  const std::vector<std::string> ascending = {"",     zero,       zeros,      zero + "a",
                                              "a",    "a" + zero, "aa",       "\x7f",
                                              "\x80", "\xff",     "\xff\x01", "\xff\xff"};
  WriteBatch batch;
  for (const std::string& key : ascending) batch.Put(Family::kRequests, key, "v" + key);
  ASSERT_TRUE(this->store().Write(batch).ok());

  std::vector<std::string> seen;
  for (const auto& [key, value] : Scan(this->latest(), Family::kRequests, "", "")) {
    EXPECT_EQ(value, "v" + key);
    seen.push_back(key);
  }
  EXPECT_EQ(seen, ascending);
}

TYPED_TEST_P(StoreConformance, PrefixOfAllOnesScansToTheEndOfTheFamily) {
  WriteBatch batch;
  for (const char* key : {"\xfe\xff", "\xff\xfe", "\xff\xff", "\xff\xff\x01", "\xff\xff\xff"}) {
    batch.Put(Family::kRequests, key, "");
  }
  batch.Put(Family::kFeed, "other", "");
  ASSERT_TRUE(this->store().Write(batch).ok());
  const std::string prefix = "\xff\xff";
  ASSERT_EQ(sync::PrefixEnd(prefix), "");
  EXPECT_THAT(
      Scan(this->latest(), Family::kRequests, prefix, sync::PrefixEnd(prefix)),
      ElementsAre(Pair("\xff\xff", ""), Pair("\xff\xff\x01", ""), Pair("\xff\xff\xff", "")));
  EXPECT_THAT(Scan(this->latest(), Family::kRequests, "\xfe", sync::PrefixEnd("\xfe")),
              ElementsAre(Pair("\xfe\xff", "")));
}

TYPED_TEST_P(StoreConformance, LastWriteOfABatchWins) {
  WriteBatch batch;
  batch.Put(Family::kRequests, "twice", "first");
  batch.Put(Family::kRequests, "twice", "second");
  batch.Put(Family::kRequests, "gone", "here");
  batch.Delete(Family::kRequests, "gone");
  batch.Delete(Family::kRequests, "back");
  batch.Put(Family::kRequests, "back", "again");
  batch.Put(Family::kFeed, "fleeting", "row");
  batch.SingleDelete(Family::kFeed, "fleeting");
  ASSERT_TRUE(this->store().Write(batch).ok());
  EXPECT_THAT(Scan(this->latest(), Family::kRequests, "", ""),
              ElementsAre(Pair("back", "again"), Pair("twice", "second")));
  EXPECT_THAT(Scan(this->latest(), Family::kFeed, "", ""), IsEmpty());
}

TYPED_TEST_P(StoreConformance, DeletesAndEmptyBatchesOfNothingAreNoErrors) {
  WriteBatch batch;
  EXPECT_TRUE(this->store().Write(batch).ok());
  batch.Delete(Family::kLog, "never there");
  EXPECT_TRUE(this->store().Write(batch).ok());
  EXPECT_TRUE(this->store().Sync().ok());
}

TYPED_TEST_P(StoreConformance, FeedRowsAreRemovedBySingleDeleteAndMayComeBack) {
  for (int round = 0; round < 3; ++round) {
    ASSERT_TRUE(Put(this->store(), Family::kFeed, "15.01/7", absl::StrCat(round)).ok());
    EXPECT_THAT(Get(this->latest(), Family::kFeed, "15.01/7"), Optional(absl::StrCat(round)));
    WriteBatch batch;
    batch.SingleDelete(Family::kFeed, "15.01/7");
    ASSERT_TRUE(this->store().Write(batch).ok());
    EXPECT_EQ(Get(this->latest(), Family::kFeed, "15.01/7"), std::nullopt);
  }
}

TYPED_TEST_P(StoreConformance, RefusedBatchWritesNothing) {
  ASSERT_TRUE(Put(this->store(), Family::kFeed, "row", "kept").ok());
  WriteBatch mixed;
  mixed.Put(Family::kLog, "before", "lost");
  mixed.Delete(Family::kFeed, "row");
  EXPECT_EQ(this->store().Write(mixed).code(), absl::StatusCode::kInvalidArgument);
  WriteBatch wrong;
  wrong.Put(Family::kLog, "before", "lost");
  wrong.SingleDelete(Family::kRequests, "row");
  EXPECT_EQ(this->store().Write(wrong).code(), absl::StatusCode::kInvalidArgument);

  EXPECT_EQ(Get(this->latest(), Family::kLog, "before"), std::nullopt);
  EXPECT_THAT(Get(this->latest(), Family::kFeed, "row"), Optional(std::string("kept")));
  EXPECT_TRUE(this->store().health().ok()) << "a refused batch does not make the store ill";
  EXPECT_TRUE(Put(this->store(), Family::kLog, "after", "works").ok());
}

TYPED_TEST_P(StoreConformance, SnapshotStaysAsItWas) {
  ASSERT_TRUE(Put(this->store(), Family::kRequests, "bridge", "reported").ok());
  ASSERT_TRUE(Put(this->store(), Family::kRequests, "road", "reported").ok());
  const auto before = this->store().Snapshot();
  WriteBatch batch;
  batch.Put(Family::kRequests, "bridge", "repaired");
  batch.Delete(Family::kRequests, "road");
  batch.Put(Family::kRequests, "school", "reported");
  ASSERT_TRUE(this->store().Write(batch).ok());
  ASSERT_TRUE(this->store().Sync().ok());
  const auto after = this->store().Snapshot();

  EXPECT_THAT(Scan(*before, Family::kRequests, "", ""),
              ElementsAre(Pair("bridge", "reported"), Pair("road", "reported")));
  EXPECT_THAT(ScanReverse(*before, Family::kRequests, "", ""),
              ElementsAre(Pair("road", "reported"), Pair("bridge", "reported")));
  EXPECT_EQ(Get(*before, Family::kRequests, "school"), std::nullopt);
  const auto values = before->MultiGet(Family::kRequests, {"road", "school"});
  ASSERT_TRUE(values.ok()) << values.status();
  EXPECT_THAT(*values, ElementsAre(Optional(std::string("reported")), std::nullopt));
  EXPECT_THAT(Scan(*after, Family::kRequests, "", ""),
              ElementsAre(Pair("bridge", "repaired"), Pair("school", "reported")));
}

// The writer prepares the next group on what it just wrote, while the fsync is still to come.
TYPED_TEST_P(StoreConformance, WritesAreVisibleToLatestAndSnapshotsBeforeSync) {
  ASSERT_TRUE(Put(this->store(), Family::kLog, "1", "entry").ok());
  EXPECT_THAT(Get(this->latest(), Family::kLog, "1"), Optional(std::string("entry")));
  const auto unsynced = this->store().Snapshot();
  EXPECT_THAT(Get(*unsynced, Family::kLog, "1"), Optional(std::string("entry")));
  ASSERT_TRUE(this->store().Sync().ok());
  EXPECT_THAT(Get(*unsynced, Family::kLog, "1"), Optional(std::string("entry")));
}

TYPED_TEST_P(StoreConformance, VisitorMayWriteAndDoesNotSeeIt) {
  for (const char* key : {"a", "b", "c"}) {
    ASSERT_TRUE(Put(this->store(), Family::kRequests, key, "old").ok());
  }
  Rows seen;
  ASSERT_TRUE(this->latest()
                  .Scan(Family::kRequests, "", "",
                        [&](std::string_view key, std::string_view value) {
                          seen.emplace_back(key, value);
                          EXPECT_TRUE(Put(this->store(), Family::kRequests, "c", "new").ok());
                          EXPECT_TRUE(Put(this->store(), Family::kRequests, "d", "new").ok());
                          return true;
                        })
                  .ok());
  EXPECT_THAT(seen, ElementsAre(Pair("a", "old"), Pair("b", "old"), Pair("c", "old")));
  EXPECT_THAT(Get(this->latest(), Family::kRequests, "d"), Optional(std::string("new")));
}

TYPED_TEST_P(StoreConformance, LargeBinaryValuesComeBackWhole) {
  std::mt19937_64 random(11);
  for (const size_t bytes : {size_t{1}, size_t{4096}, size_t{1} << 20, size_t{5} << 20}) {
    std::string value(bytes, '\0');
    for (char& byte : value) byte = static_cast<char>(random());
    const std::string key = absl::StrCat(bytes);
    ASSERT_TRUE(Put(this->store(), Family::kAttachments, key, value).ok());
    EXPECT_TRUE(Get(this->latest(), Family::kAttachments, key) == value) << bytes;
  }
}

TYPED_TEST_P(StoreConformance, StatsCountWritesBytesAndSyncs) {
  const StoreStats before = this->store().stats();
  ASSERT_TRUE(Put(this->store(), Family::kLog, "four", "fives").ok());
  ASSERT_TRUE(Put(this->store(), Family::kLog, "five", "sixsix").ok());
  ASSERT_TRUE(this->store().Sync().ok());
  ASSERT_TRUE(this->store().Sync().ok());
  const StoreStats after = this->store().stats();
  EXPECT_EQ(after.writes - before.writes, 2u);
  EXPECT_EQ(after.written_bytes - before.written_bytes, 19u);
  EXPECT_EQ(after.syncs - before.syncs, 1u) << "a Sync with nothing to do is none";
}

TYPED_TEST_P(StoreConformance, ClosedStoreRefusesWork) {
  ASSERT_TRUE(Put(this->store(), Family::kLog, "1", "entry").ok());
  ASSERT_TRUE(this->store().Close().ok());
  EXPECT_EQ(Put(this->store(), Family::kLog, "2", "entry").code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(this->store().Sync().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(this->store().health().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(this->store().Close().ok()) << "closing twice is no error";
}

TYPED_TEST_P(StoreConformance, CloseMakesEverythingDurable) {
  ASSERT_TRUE(Put(this->store(), Family::kLog, "1", "never synced by hand").ok());
  this->backend_.Restart();
  EXPECT_THAT(Get(this->latest(), Family::kLog, "1"),
              Optional(std::string("never synced by hand")));
}

TYPED_TEST_P(StoreConformance, SnapshotOutlivesClose) {
  ASSERT_TRUE(Put(this->store(), Family::kLog, "1", "entry").ok());
  const auto snapshot = this->store().Snapshot();
  ASSERT_TRUE(this->store().Close().ok());
  EXPECT_THAT(Get(*snapshot, Family::kLog, "1"), Optional(std::string("entry")));
}

// The writer writes pairs that belong together, the syncer syncs, and readers take whatever
// snapshot was published last: they must never see half a pair, nor a count that goes back.
TYPED_TEST_P(StoreConformance, ReadersSeeWholeBatchesWhileOthersWriteAndSync) {
  constexpr int kBatches = 2000;
  std::mutex mutex;
  std::shared_ptr<const sync::Reader> published = this->store().Snapshot();
  std::atomic<bool> stop{false};

  std::vector<std::thread> readers;
  std::atomic<int> looks{0};
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&] {
      int last = 0;
      while (!stop.load()) {
        std::shared_ptr<const sync::Reader> snapshot;
        {
          std::lock_guard lock(mutex);
          snapshot = published;
        }
        const std::optional<std::string> count = Get(*snapshot, Family::kMeta, "count");
        const Rows log = Scan(*snapshot, Family::kLog, "", "");
        const int now = count.has_value() ? std::stoi(*count) : 0;
        ASSERT_EQ(log.size(), static_cast<size_t>(now));
        ASSERT_GE(now, last);
        last = now;
        ++looks;
      }
    });
  }
  std::thread syncer([&] {
    while (!stop.load()) ASSERT_TRUE(this->store().Sync().ok());
  });
  for (int i = 1; i <= kBatches; ++i) {
    WriteBatch batch;
    batch.Put(Family::kLog, absl::StrFormat("%06d", i), std::string(100, 'x'));
    batch.Put(Family::kMeta, "count", absl::StrCat(i));
    ASSERT_TRUE(this->store().Write(batch).ok());
    std::shared_ptr<const sync::Reader> snapshot = this->store().Snapshot();
    std::lock_guard lock(mutex);
    published.swap(snapshot);
  }
  while (looks.load() < 10) std::this_thread::yield();
  stop = true;
  for (std::thread& reader : readers) reader.join();
  syncer.join();
  published.reset();
  EXPECT_EQ(Scan(this->latest(), Family::kLog, "", "").size(), static_cast<size_t>(kBatches));
}

// A store that is obviously right, to hold the others against.
class ModelStore {
 public:
  void Write(const WriteBatch& batch) {
    for (const WriteBatch::Write& write : batch.writes()) {
      if (write.kind == WriteBatch::Kind::kPut) {
        rows_[{write.family, write.key}] = write.value;
      } else {
        rows_.erase({write.family, write.key});
      }
    }
  }
  Rows All(Family family) const {
    Rows rows;
    for (const auto& [place, value] : rows_) {
      if (place.first == family) rows.emplace_back(place.second, value);
    }
    return rows;
  }
  Rows Range(Family family, const std::string& begin, const std::string& end) const {
    Rows rows = All(family);
    std::erase_if(rows, [&](const auto& row) {
      return row.first < begin || (!end.empty() && row.first >= end);
    });
    return rows;
  }
  bool Has(Family family, const std::string& key) const { return rows_.count({family, key}) != 0; }

 private:
  std::map<std::pair<Family, std::string>, std::string> rows_;
};

// Draws keys that collide and share prefixes, of bytes that are easy to get wrong.
inline std::string RandomKey(std::mt19937_64& random) {
  static constexpr char kBytes[] = {'\0', '\x01', 'a', 'b', '\x7f', '\x80', '\xfe', '\xff'};
  std::string key(random() % 4, '\0');
  for (char& byte : key) byte = kBytes[random() % sizeof(kBytes)];
  return key;
}

inline WriteBatch RandomBatch(std::mt19937_64& random, ModelStore model) {
  WriteBatch batch;
  const size_t writes = random() % 12;
  for (size_t i = 0; i < writes; ++i) {
    const Family family = static_cast<Family>(random() % sync::kFamilies);
    std::string key = RandomKey(random);
    WriteBatch one;
    if (family == Family::kFeed) {
      // Written once, removed once.
      if (model.Has(family, key)) {
        one.SingleDelete(family, std::move(key));
      } else {
        one.Put(family, std::move(key), absl::StrCat(random()));
      }
    } else if (random() % 3 == 0) {
      one.Delete(family, std::move(key));
    } else {
      one.Put(family, std::move(key), std::string(random() % 400, static_cast<char>(random())));
    }
    model.Write(one);
    const WriteBatch::Write& write = one.writes().front();
    if (write.kind == WriteBatch::Kind::kPut) batch.Put(write.family, write.key, write.value);
    if (write.kind == WriteBatch::Kind::kDelete) batch.Delete(write.family, write.key);
    if (write.kind == WriteBatch::Kind::kSingleDelete) batch.SingleDelete(write.family, write.key);
  }
  return batch;
}

inline void ExpectSame(std::mt19937_64& random, const sync::Reader& reader,
                       const ModelStore& model) {
  const Family family = static_cast<Family>(random() % sync::kFamilies);
  const std::string begin = RandomKey(random), end = RandomKey(random);
  Rows expected = model.Range(family, begin, end);
  EXPECT_EQ(Scan(reader, family, begin, end), expected);
  std::reverse(expected.begin(), expected.end());
  EXPECT_EQ(ScanReverse(reader, family, begin, end), expected);

  std::vector<std::string> keys(random() % 8);
  std::vector<std::optional<std::string>> wanted;
  for (std::string& key : keys) {
    key = RandomKey(random);
    const Rows row = model.Range(family, key, key + std::string(1, '\0'));
    wanted.push_back(row.empty() ? std::nullopt : std::optional(row.front().second));
    EXPECT_EQ(Get(reader, family, key), wanted.back());
  }
  const auto values = reader.MultiGet(family, keys);
  ASSERT_TRUE(values.ok()) << values.status();
  EXPECT_EQ(*values, wanted);
}

TYPED_TEST_P(StoreConformance, RandomOperationsAgreeWithAModel) {
  constexpr int kSteps = 2000;
  for (const uint64_t seed : {1, 2, 3}) {
    SCOPED_TRACE(absl::StrCat("seed ", seed));
    std::mt19937_64 random(seed);
    ModelStore model;
    // What the store holds from the seeds before.
    for (int i = 0; i < sync::kFamilies; ++i) {
      WriteBatch clear;
      for (const auto& [key, value] : Scan(this->latest(), static_cast<Family>(i), "", "")) {
        if (static_cast<Family>(i) == Family::kFeed) {
          clear.SingleDelete(static_cast<Family>(i), key);
        } else {
          clear.Delete(static_cast<Family>(i), key);
        }
      }
      ASSERT_TRUE(this->store().Write(clear).ok());
    }
    std::vector<std::pair<std::shared_ptr<const sync::Reader>, ModelStore>> snapshots;
    for (int step = 0; step < kSteps && !testing::Test::HasFailure(); ++step) {
      SCOPED_TRACE(absl::StrCat("step ", step));
      switch (random() % 100) {
        case 0:  // snapshots do not outlive a restart here
          snapshots.clear();
          this->backend_.Restart();
          break;
        case 1:
        case 2:
        case 3:
          ASSERT_TRUE(this->store().Sync().ok());
          break;
        case 4:
        case 5:
        case 6:
        case 7:
          snapshots.emplace_back(this->store().Snapshot(), model);
          if (snapshots.size() > 5) snapshots.erase(snapshots.begin());
          break;
        default:
          if (random() % 4 == 0) {
            ExpectSame(random, this->latest(), model);
            if (!snapshots.empty()) {
              const auto& [snapshot, then] = snapshots[random() % snapshots.size()];
              ExpectSame(random, *snapshot, then);
            }
          } else {
            const WriteBatch batch = RandomBatch(random, model);
            const absl::Status status = this->store().Write(batch);
            ASSERT_TRUE(status.ok()) << status;
            model.Write(batch);
          }
      }
    }
    for (int i = 0; i < sync::kFamilies; ++i) {
      EXPECT_EQ(Scan(this->latest(), static_cast<Family>(i), "", ""),
                model.All(static_cast<Family>(i)));
    }
  }
}

REGISTER_TYPED_TEST_SUITE_P(
    StoreConformance, GetTellsAnAbsentKeyFromAnEmptyValue, FamiliesDoNotSeeEachOthersKeys,
    MultiGetKeepsTheOrderOfItsKeys, ScanIsHalfOpenAndAscending, ScanReverseStartsBelowItsEnd,
    ScanStopsWhenTheVisitorSaysSo, KeysAreOrderedAsUnsignedBytes,
    PrefixOfAllOnesScansToTheEndOfTheFamily, LastWriteOfABatchWins,
    DeletesAndEmptyBatchesOfNothingAreNoErrors, FeedRowsAreRemovedBySingleDeleteAndMayComeBack,
    RefusedBatchWritesNothing, SnapshotStaysAsItWas, WritesAreVisibleToLatestAndSnapshotsBeforeSync,
    VisitorMayWriteAndDoesNotSeeIt, LargeBinaryValuesComeBackWhole, StatsCountWritesBytesAndSyncs,
    ClosedStoreRefusesWork, CloseMakesEverythingDurable, SnapshotOutlivesClose,
    ReadersSeeWholeBatchesWhileOthersWriteAndSync, RandomOperationsAgreeWithAModel);

}  // namespace tikar::storage

#endif  // TIKAR_TESTS_UNIT_STORAGE_STORE_CONFORMANCE_H_
