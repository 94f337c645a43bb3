// The one table from RocksDB's errors, and the kernel's, to the codes that Store promises.
#ifndef TIKAR_STORAGE_ROCKSDB_STATUS_H_
#define TIKAR_STORAGE_ROCKSDB_STATUS_H_

#include <string_view>

#include "absl/status/status.h"
#include "rocksdb/status.h"

namespace tikar::storage {

// OK stays OK. `path` is the file or directory at fault, as far as the caller knows; RocksDB's own
// message often names the file. The message says what to do where there is something to be done.
//   kDataLoss           damaged bytes, or a file that should be there is not
//   kResourceExhausted  the disk (or the quota) is full
//   kUnavailable        the disk gave an error, or the store is closing
//   kFailedPrecondition, kInternal  everything that should not happen
absl::Status FromRocksdb(const rocksdb::Status& status, std::string_view path);

// The same for an errno of a system call that tried to do `what` ("create", "read") with `path`.
absl::Status FromErrno(int error, std::string_view what, std::string_view path);

// What every kDataLoss of storage says: which file, what is wrong, and what to do.
absl::Status DamagedStore(std::string_view path, std::string_view what);

}  // namespace tikar::storage

#endif  // TIKAR_STORAGE_ROCKSDB_STATUS_H_
