// How well the store is: the first error of a write, of a sync, or of RocksDB's background threads.
// Private to storage.
//
// RocksDB does not always tell the reason where it is asked, and what an operator must do (make
// room, or change the disk) hangs on the reason. A write that waits for a compaction which then
// fails is only "incomplete"; a log whose last write or fsync failed answers the next one with
// "previous error". Worse, where it was built with assertions (Debian does), an fsync of a log
// whose last write failed ends the process. So reasons are noted where they come by (guarded_logs.h
// does it for the log), and no fsync begins after a failed write, or runs while RocksDB learns of
// it. What is left: RocksDB's own fsync of a log that is full, before a flush, fails while Sync
// waits for it. Then such a build ends the process, which loses nothing; the next start tells.
#ifndef TIKAR_STORAGE_STORE_HEALTH_H_
#define TIKAR_STORAGE_STORE_HEALTH_H_

#include <functional>
#include <mutex>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "rocksdb/listener.h"
#include "rocksdb/status.h"
#include "storage/store_directory.h"

namespace tikar::storage {

// Thread safety: all methods from any thread.
class StoreHealth : public rocksdb::EventListener {
 public:
  // `directory` outlives this.
  explicit StoreHealth(StoreDirectory& directory) : directory_(directory) {}

  // OK, or the first error that was noted.
  absl::Status status() const;
  void Note(const absl::Status& error);

  // What a write or a flush answered: OK, or status() with the reason noted.
  absl::Status Written(const rocksdb::Status& status);
  // Runs `sync`, an fsync of the log, unless the store is ill already. OK, or status() with the
  // reason noted.
  absl::Status Sync(const std::function<rocksdb::Status()>& sync);

  // A write to a log failed, and RocksDB does not know yet. Returns when no sync runs, and none
  // will.
  void NoteFailedLogWrite(const rocksdb::Status& status);
  // An fsync of a log failed.
  void NoteFailedLogSync(const rocksdb::Status& status);

  void OnBackgroundError(rocksdb::BackgroundErrorReason, rocksdb::Status* status) override;
  // RocksDB would clear the error by itself once there is room again, by writing on with a log that
  // has failed. The error stays until the store is opened anew; see the head of store.h.
  void OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason, rocksdb::Status,
                            bool* auto_recovery) override;
  // The log that is dropped now can no longer vouch for itself; what was noted of it must not be
  // lost with a power failure.
  void OnFlushCompleted(rocksdb::DB*, const rocksdb::FlushJobInfo&) override;

 private:
  StoreDirectory& directory_;
  std::mutex syncing_;  // held during a sync; taken before mutex_
  mutable std::mutex mutex_;
  absl::Status status_ ABSL_GUARDED_BY(mutex_);
  // Of the background errors the first among the worst, as RocksDB itself keeps it. Without its
  // recovery it stays, even when a later compaction finds room.
  rocksdb::Status background_error_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace tikar::storage

#endif  // TIKAR_STORAGE_STORE_HEALTH_H_
