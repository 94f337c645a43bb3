// The peer of the store: RocksDB with the store's own options, and nothing else.
#ifndef TIKAR_TESTS_BENCHMARKS_RAW_ROCKSDB_H_
#define TIKAR_TESTS_BENCHMARKS_RAW_ROCKSDB_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "rocksdb/db.h"
#include "sync/store.h"
#include "write_tape.h"

namespace tikar::benchmarks {

// What a store holds, in brief: equal if and only if two hold the same rows.
struct Contents {
  uint64_t rows = 0;
  // Sum of a hash of each row.
  uint64_t sum = 0;
  void Add(sync::Family family, std::string_view key, std::string_view value);
  friend bool operator==(const Contents&, const Contents&) = default;
};
absl::StatusOr<Contents> ContentsOf(const sync::Reader& reader);

// Thread safety: one thread at a time.
class RawRocksdb {
 public:
  // Makes a new database at `path`.
  static absl::StatusOr<std::unique_ptr<RawRocksdb>> Create(const std::string& path);
  ~RawRocksdb();

  // Writes the batches of the tape's part one by one, with one SyncWAL wherever the store had one.
  absl::Status Commit(const WriteTape& tape, bool measured);

  absl::StatusOr<Contents> contents() const;

 private:
  RawRocksdb() = default;
  std::unique_ptr<rocksdb::DB> database_;
  std::vector<rocksdb::ColumnFamilyHandle*> families_;  // the default one, then one for each Family
};

}  // namespace tikar::benchmarks

#endif  // TIKAR_TESTS_BENCHMARKS_RAW_ROCKSDB_H_
