// The Store on disk, on RocksDB: one column family for each sync::Family.
//
// Durability. Write appends to the write-ahead log without an fsync; Sync is one fsync of that log
// for everything written so far. One RocksDB batch spans all families, so a batch is recovered
// whole or not at all.
//
// Recovery. RocksDB's choices for a damaged log are: refuse (then a power failure in the middle of
// a write that nobody was told of would keep a district from starting), or stop at the damage and
// go on without what follows (then damage to what was acknowledged would be dropped in silence).
// Neither alone is right. Here RocksDB stops at the damage, and the result is held against the file
// SYNCED (store_directory.h): if anything that was acknowledged is missing, the store does not
// open. All of this is tried read-only first, so a store that does not open is left exactly as it
// was.
#ifndef TIKAR_STORAGE_ROCKSDB_STORE_H_
#define TIKAR_STORAGE_ROCKSDB_STORE_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/store.h"

namespace rocksdb {
class Env;
}

namespace tikar::storage {

class BackupSource;
class RocksdbReader;

enum class Compression { kNone, kLz4, kZstd };

struct RocksdbStoreOptions {
  // The data directory (see store_directory.h). Made if it does not exist.
  std::string path;
  // Blocks read from disk, with their indexes and filters.
  size_t block_cache_bytes = 64 << 20;
  // Writes of all families together that wait to be sorted into files. The log is bounded by four
  // times this, and so is what a start after a crash has to read.
  size_t write_buffer_bytes = 32 << 20;
  // Point reads from LZ4 are twice as fast as from ZSTD, which saves another third of the disk.
  Compression compression = Compression::kLz4;
  // Files of db/ go through this; the real ones when null. Must outlive the store and its
  // snapshots.
  rocksdb::Env* env = nullptr;
};

// The files in which a store keeps its rows, to be read whole and held against their checksums.
// Thread safety: all methods from any thread, also while the store is closed and after it is gone.
class TableFiles {
 public:
  virtual ~TableFiles() = default;
  // Names of the files that hold what the store shows now, ascending. Empty once the store is
  // closed.
  virtual std::vector<std::string> Names() const = 0;
  // Reads all of one, past all caches. Takes as long as the disk takes. A file that the store has
  // dropped meanwhile is well, and so is every file of a closed store.
  //   kDataLoss     damaged, or gone while the store still needs it; the message names it
  //   kUnavailable  the disk gave an error
  virtual absl::Status Check(const std::string& name) const = 0;
};

// The name of the family's column family: stored, never to change.
std::string_view FamilyName(sync::Family family);

// Thread safety as Store.
class RocksdbStore : public Store {
 public:
  // Opens the store, making an empty one where there is none. What a crash left in the log is
  // durable when this returns.
  //   kFailedPrecondition  made by a newer tikard; no Tikar store; in use by another process
  //   kDataLoss            damaged; the message names the file and says what to do
  //   kResourceExhausted   the disk is full
  //   kUnavailable         the disk gave an error
  //   kPermissionDenied    the directory is not ours
  // With the first two, nothing in the directory was changed.
  static absl::StatusOr<std::unique_ptr<RocksdbStore>> Open(const RocksdbStoreOptions& options);
  // Opens a store to look at it, and changes nothing in its directory: Write and Sync fail with
  // kFailedPrecondition. What a crash left in the log is seen. Errors as Open, and
  //   kNotFound  there is no store
  static absl::StatusOr<std::unique_ptr<RocksdbStore>> OpenReadOnly(
      const RocksdbStoreOptions& options);
  ~RocksdbStore() override;

  absl::Status Write(const sync::WriteBatch& batch) override;
  absl::Status Sync() override;
  const sync::Reader& Latest() const override;
  std::shared_ptr<const sync::Reader> Snapshot() const override;
  absl::Status Close() override;
  absl::Status health() const override;
  StoreStats stats() const override;

  // For an operator who doubts the disk. Never null; keeps nothing open.
  std::shared_ptr<const TableFiles> table_files() const;
  // For backups (backup.h). Never null; keeps nothing open.
  std::shared_ptr<const BackupSource> backup_source() const;

 private:
  class Database;
  class DatabaseFiles;
  class DatabaseRows;

  explicit RocksdbStore(std::shared_ptr<Database> database);
  std::unique_ptr<const RocksdbReader> NewReader(bool frozen) const;

  // Shared with the snapshots. Null once closed. Set by Close alone, under the mutex because of
  // stats.
  mutable std::mutex mutex_;
  std::shared_ptr<Database> database_;
  std::unique_ptr<const RocksdbReader> latest_;

  // Number of the last batch that is in the log. Stored by the writer, loaded by the syncer.
  std::atomic<uint64_t> batches_;
  // The syncer's. Up to this batch everything is durable.
  uint64_t synced_;

  std::atomic<uint64_t> writes_{0};
  std::atomic<uint64_t> written_bytes_{0};
  std::atomic<uint64_t> syncs_{0};
};

}  // namespace tikar::storage

#endif  // TIKAR_STORAGE_ROCKSDB_STORE_H_
