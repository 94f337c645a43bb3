// Batches that tell of themselves: what is left of a store after a crash shows which are there, and
// that each is whole.
#ifndef TIKAR_TESTS_UNIT_STORAGE_NUMBERED_BATCHES_H_
#define TIKAR_TESTS_UNIT_STORAGE_NUMBERED_BATCHES_H_

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "storage/rocksdb_store.h"
#include "store_rows.h"

namespace tikar::storage {

// Small buffers, so that a test reaches flushes and compactions.
inline RocksdbStoreOptions SmallOptions(const std::string& path) {
  RocksdbStoreOptions options;
  options.path = path;
  options.block_cache_bytes = 1 << 20;
  options.write_buffer_bytes = 256 << 10;
  return options;
}

// Batch `n` puts a row in each family, counts itself, and takes back the feed row of ten batches
// before.
inline constexpr int kFeedRowsKept = 10;

inline std::string NumberedKey(int n) { return absl::StrFormat("%08d", n); }
inline std::string NumberedValue(int n) { return absl::StrCat(n, std::string(100, 'x')); }

inline sync::WriteBatch NumberedBatch(int n) {
  sync::WriteBatch batch;
  for (int family = 0; family < sync::kFamilies; ++family) {
    batch.Put(static_cast<sync::Family>(family), NumberedKey(n), NumberedValue(n));
  }
  batch.Put(sync::Family::kMeta, "count", absl::StrCat(n));
  if (n > kFeedRowsKept) batch.SingleDelete(sync::Family::kFeed, NumberedKey(n - kFeedRowsKept));
  return batch;
}

// What a store holds.
struct Found {
  int batches = 0;                  // what the last one counted
  std::vector<std::string> damage;  // how the rows differ from those of all batches up to it
};

inline Found FoundIn(const Store& store) {
  Found found;
  const std::optional<std::string> count = Get(store.Latest(), sync::Family::kMeta, "count");
  found.batches = count.has_value() ? std::stoi(*count) : 0;
  for (int family = 0; family < sync::kFamilies; ++family) {
    Rows expected;
    const bool feed = static_cast<sync::Family>(family) == sync::Family::kFeed;
    for (int n = feed ? std::max(1, found.batches - kFeedRowsKept + 1) : 1; n <= found.batches;
         ++n) {
      expected.emplace_back(NumberedKey(n), NumberedValue(n));
    }
    Rows rows = Scan(store.Latest(), static_cast<sync::Family>(family), "", "");
    std::erase_if(rows, [](const auto& row) { return row.first == "count"; });
    const auto [row, want] =
        std::mismatch(rows.begin(), rows.end(), expected.begin(), expected.end());
    if (row == rows.end() && want == expected.end()) continue;
    found.damage.push_back(
        absl::StrCat("family ", family, " has ", row == rows.end() ? "nothing" : row->first,
                     " where ", want == expected.end() ? "nothing" : want->first, " belongs"));
  }
  return found;
}

// Writes and syncs until the disk refuses.
struct FilledUp {
  int synced = 0;  // number of the last batch that was
  absl::Status error;
};

inline FilledUp FillUp(Store& store, int first = 1) {
  for (int n = first; n <= 1'000'000; ++n) {
    absl::Status status = store.Write(NumberedBatch(n));
    if (status.ok()) status = store.Sync();
    if (!status.ok()) return {n - 1, status};
  }
  return {1'000'000, absl::OkStatus()};
}

// What a store says of itself, and to whoever writes and syncs.
inline std::vector<absl::Status> AnswersOf(Store& store) {
  return {store.health(), store.Write(NumberedBatch(1)), store.Sync()};
}

inline std::string Message(const absl::Status& status) { return std::string(status.message()); }

}  // namespace tikar::storage

#endif  // TIKAR_TESTS_UNIT_STORAGE_NUMBERED_BATCHES_H_
