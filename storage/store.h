// A Store keeps what a Replica knows: the six families of sync/store.h, written in atomic batches
// and made durable one group at a time.
//
//   RETURN_IF_ERROR(store.Write(batch));      // Latest() and new snapshots see it; not durable yet
//   auto snapshot = store.Snapshot();         // frozen at this batch
//   RETURN_IF_ERROR(store.Sync());            // one fsync; may run while the writer goes on
//   Publish(std::move(snapshot));             // only now may anybody outside see it
//
// That order is the whole point: nothing that is derived from a batch leaves the node before the
// batch is on disk. The Store does not enforce it (the writer itself must read what it just wrote);
// whoever publishes does.
//
// Thread safety. Three parties may use one Store at the same time:
//   the writer    one thread at a time: Write, Latest and its reads, Snapshot;
//   the syncer    one thread at a time: Sync;
//   the readers   any number: const methods of snapshots.
// health() and stats() may be called from any thread. Close() and the destructor only when writer
// and syncer have stopped.
//
// After an error of Write or Sync the store is *ill*: what is in memory may be ahead of what is on
// disk, and a second fsync after a failed one proves nothing, because the kernel may have dropped
// the dirty pages and forgotten the error. So the first error stays: Write and Sync return it from
// then on, and health() tells it. Snapshots that were published remain true. The only way back is
// to drop everything that was derived (Replica, snapshots), destroy the Store and open the
// directory anew: that reads back what really reached the disk. A batch whose Write or Sync failed
// may turn out to be there or not, but always whole; each one whose Sync succeeded is there.
#ifndef TIKAR_STORAGE_STORE_H_
#define TIKAR_STORAGE_STORE_H_

#include <cstdint>
#include <memory>

#include "absl/status/status.h"
#include "sync/store.h"

namespace tikar::storage {

// Counters since the store was opened, and sizes now.
struct StoreStats {
  uint64_t writes = 0;         // batches that became visible
  uint64_t written_bytes = 0;  // their keys and values
  uint64_t syncs = 0;          // successful calls of Sync that had something to make durable
  uint64_t disk_bytes = 0;     // all files; zero in memory
  uint64_t memory_bytes = 0;   // unflushed writes and cached blocks; zero in memory
};

class Store {
 public:
  virtual ~Store() = default;

  // Makes all of `batch` visible, or nothing. Later writes to a key in one batch win over earlier
  // ones. Not durable before the next Sync. An empty batch is no error.
  // May block for a while when the disk cannot follow, which is how an overload reaches the writer.
  //   kInvalidArgument    the batch removes a feed row by Delete, or something else by SingleDelete
  //                       (see CheckBatch). Nothing was written, the store is well.
  //   kResourceExhausted  the disk is full
  //   kUnavailable        the disk gave an error
  //   kDataLoss           stored bytes are damaged
  // After the last three the store is ill.
  virtual absl::Status Write(const sync::WriteBatch& batch) = 0;

  // When this returns OK, every batch whose Write returned before this call began survives a kill
  // and a power failure. Errors as Write; after one the store is ill. Cheap when there is nothing
  // to make durable.
  virtual absl::Status Sync() = 0;

  // Sees every write, also those that are not durable, and goes on seeing new ones. For the writer
  // thread alone. A Scan sees the moment at which it began: its visitor may write.
  // Valid until Close.
  virtual const sync::Reader& Latest() const = 0;

  // What Latest() shows now, for as long as the pointer lives. It may outlive the Store; the files
  // are released when the last snapshot is gone.
  virtual std::shared_ptr<const sync::Reader> Snapshot() const = 0;

  // Makes everything durable and ends the use of the store: later Writes and Syncs fail with
  // kFailedPrecondition. The destructor closes too, but cannot tell of an error.
  virtual absl::Status Close() = 0;

  // OK, or the first error of Write, Sync or the work behind them; kFailedPrecondition once closed.
  virtual absl::Status health() const = 0;

  virtual StoreStats stats() const = 0;
};

// The rule that every backend enforces: feed rows are written once and removed once, by
// SingleDelete; nothing else is. Mixing SingleDelete with Delete or with a second Put of the same
// key is undefined in RocksDB: removed rows could come back. kInvalidArgument names the first
// offending write.
absl::Status CheckBatch(const sync::WriteBatch& batch);

}  // namespace tikar::storage

#endif  // TIKAR_STORAGE_STORE_H_
