// The Store in memory, for tests and simulation: the same rules as on disk, and crashes on demand.
//
// Snapshots and LoseUnsynced() are O(1), a write is O(log n) (see persistent_map.h). Unlike RocksDB
// it notices a SingleDelete of a row that was not put exactly once since it was last removed, which
// on disk would be undefined behaviour found weeks later.
#ifndef TIKAR_STORAGE_MEMORY_STORE_H_
#define TIKAR_STORAGE_MEMORY_STORE_H_

#include <array>
#include <memory>
#include <mutex>

#include "absl/base/thread_annotations.h"
#include "storage/persistent_map.h"
#include "storage/store.h"

namespace tikar::storage {

// Thread safety as Store.
class MemoryStore : public Store {
 public:
  MemoryStore();
  ~MemoryStore() override;

  // Besides what Store says, kInvalidArgument for a SingleDelete of a row that was not put exactly
  // once; nothing was written then.
  absl::Status Write(const sync::WriteBatch& batch) override;
  absl::Status Sync() override;
  const sync::Reader& Latest() const override;
  std::shared_ptr<const sync::Reader> Snapshot() const override;
  absl::Status Close() override;
  // OK until closed: memory does not fail by itself.
  absl::Status health() const override;
  StoreStats stats() const override;

  // What a crash does: takes back every write since the last Sync that succeeded. Also opens the
  // store again if it was closed. For the writer thread, while no Sync runs. Snapshots keep what
  // they show; a process that crashed would have none.
  void LoseUnsynced();

 private:
  using Families = std::array<PersistentMap, sync::kFamilies>;
  class LatestReader;
  class SnapshotReader;

  absl::Status CheckSingleDeletes(const sync::WriteBatch& batch) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Families Copy() const ABSL_LOCKS_EXCLUDED(mutex_);

  // std::mutex, because ThreadSanitizer cannot see inside Debian's absl::Mutex.
  mutable std::mutex mutex_;
  Families current_ ABSL_GUARDED_BY(mutex_);
  Families synced_ ABSL_GUARDED_BY(mutex_);
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  // Whether current_ may differ from synced_.
  bool dirty_ ABSL_GUARDED_BY(mutex_) = false;
  StoreStats stats_ ABSL_GUARDED_BY(mutex_);

  const std::unique_ptr<const LatestReader> latest_;
};

}  // namespace tikar::storage

#endif  // TIKAR_STORAGE_MEMORY_STORE_H_
