// NodeDisk: the disk of one node, and the Store on it.
//
// The Store in memory that ships keeps the rows. Here is what disks do besides: a crash takes back
// every batch since the last fsync, but for some of the first ones, which had reached the disk all
// the same (the last one whole or, torn, not at all: a batch is one record of a log with a
// checksum); a full disk fails writes and fsyncs, and the store is ill until it is opened anew; an
// old backup takes the place of everything.
//
// What becomes visible and what becomes durable is told to a listener, read from the batches
// themselves.
#ifndef TIKAR_TESTS_SIMULATION_NODE_DISK_H_
#define TIKAR_TESTS_SIMULATION_NODE_DISK_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "random.h"
#include "storage/memory_store.h"
#include "storage/store.h"
#include "sync/store.h"

namespace tikar::simulation {

// Not safe for threads.
class NodeDisk {
 public:
  struct Listener {
    // Before the batch is visible.
    std::function<void(const sync::Reader& before, const sync::WriteBatch& batch)> on_write;
    std::function<void(const sync::WriteBatch& batch)> on_durable;
  };

  // `random` must outlive it.
  NodeDisk(property::Random* random, Listener listener);
  ~NodeDisk();

  // As a process that starts: the one before is gone. Unavailable, ResourceExhausted: it cannot be
  // written to.
  absl::StatusOr<std::unique_ptr<storage::Store>> Open();

  void SetFull(bool full) { full_ = full; }
  // The n-th write or fsync from now fails, whatever the reason; 1: the next one.
  void FailAfter(uint64_t calls) { calls_until_error_ = calls; }
  absl::Status Probe() const;

  // The process dies with everything that is not synced, but for what had reached the disk. What it
  // still does reaches nothing.
  void Crash();
  // Of a disk that no process uses.
  void Restore(const sync::Reader& backup);

  // What a power cut now would leave; never null.
  std::shared_ptr<const sync::Reader> durable() const { return durable_; }
  std::shared_ptr<const sync::Reader> written() const { return memory_->Snapshot(); }

 private:
  class Handle;

  // Of what was not synced, a part had reached the disk.
  void LoseUnsynced();

  // Why a write or fsync of this process cannot be; OK: it can.
  absl::Status Draw(uint64_t process);
  absl::Status Write(uint64_t process, const sync::WriteBatch& batch);
  absl::Status Sync(uint64_t process);

  property::Random& random_;
  const Listener listener_;
  std::shared_ptr<storage::MemoryStore> memory_;
  std::shared_ptr<const sync::Reader> durable_;
  std::vector<sync::WriteBatch> unsynced_;
  std::vector<sync::WriteBatch> survivors_;  // of what was lost last
  uint64_t process_ = 0;                     // whose writes count
  bool full_ = false;
  uint64_t calls_until_error_ = 0;
};

}  // namespace tikar::simulation

#endif  // TIKAR_TESTS_SIMULATION_NODE_DISK_H_
