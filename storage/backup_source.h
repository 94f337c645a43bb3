// The rows of an open store, for whoever copies them while the store goes on.
#ifndef TIKAR_STORAGE_BACKUP_SOURCE_H_
#define TIKAR_STORAGE_BACKUP_SOURCE_H_

#include <functional>

#include "absl/status/status.h"

namespace rocksdb {
class DB;
class Env;
}  // namespace rocksdb

namespace tikar::storage {

// Thread safety: all methods from any thread, also while the store is closed and after it is gone.
class BackupSource {
 public:
  // What `Copy` hands out; valid during the call.
  struct Rows {
    rocksdb::DB& database;
    rocksdb::Env& env;  // through which its files are read
    // Makes durable what has been written by now. Errors as Store::Sync; an error makes the store
    // ill.
    std::function<absl::Status()> sync;
    // As Store::health.
    std::function<absl::Status()> health;
  };

  virtual ~BackupSource() = default;
  // Calls `copy` and returns what it does. The database stays open meanwhile, also when the store
  // is closed: its directory is free for the next one only after that.
  //   kUnavailable  the store is closed
  virtual absl::Status Copy(const std::function<absl::Status(const Rows&)>& copy) const = 0;
};

}  // namespace tikar::storage

#endif  // TIKAR_STORAGE_BACKUP_SOURCE_H_
