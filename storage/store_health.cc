#include "storage/store_health.h"

#include "storage/rocksdb_status.h"

namespace tikar::storage {

absl::Status StoreHealth::status() const {
  std::lock_guard lock(mutex_);
  return status_;
}

void StoreHealth::Note(const absl::Status& error) {
  std::lock_guard lock(mutex_);
  if (status_.ok()) status_ = error;
}

absl::Status StoreHealth::Written(const rocksdb::Status& status) {
  if (status.ok()) return absl::OkStatus();
  std::lock_guard lock(mutex_);
  if (status_.ok()) {
    const bool waited = status.IsIncomplete() && !background_error_.ok();
    status_ = FromRocksdb(waited ? background_error_ : status, directory_.database_path());
  }
  return status_;
}

absl::Status StoreHealth::Sync(const std::function<rocksdb::Status()>& sync) {
  std::lock_guard lock(syncing_);
  if (absl::Status ill = status(); !ill.ok()) return ill;
  return Written(sync());
}

void StoreHealth::NoteFailedLogWrite(const rocksdb::Status& status) {
  Note(FromRocksdb(status, directory_.database_path()));
  std::lock_guard wait(syncing_);
}

void StoreHealth::NoteFailedLogSync(const rocksdb::Status& status) {
  Note(FromRocksdb(status, directory_.database_path()));
}

void StoreHealth::OnBackgroundError(rocksdb::BackgroundErrorReason, rocksdb::Status* status) {
  // Softer ones (a compaction that found no room) RocksDB tries again, and writes go on until the
  // next one that waits, or the next flush.
  if (status->severity() >= rocksdb::Status::kHardError) {
    Note(FromRocksdb(*status, directory_.database_path()));
  }
  std::lock_guard lock(mutex_);
  if (background_error_.ok() || status->severity() > background_error_.severity()) {
    background_error_ = *status;
  }
}

void StoreHealth::OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason, rocksdb::Status,
                                       bool* auto_recovery) {
  *auto_recovery = false;
}

void StoreHealth::OnFlushCompleted(rocksdb::DB*, const rocksdb::FlushJobInfo&) {
  const absl::Status status = directory_.FlushSynced();
  if (!status.ok()) Note(status);
}

}  // namespace tikar::storage
