// A file system whose write-ahead logs tell the store's health of their errors before RocksDB
// learns of them; see store_health.h for why. All else passes through. Private to storage.
#ifndef TIKAR_STORAGE_GUARDED_LOGS_H_
#define TIKAR_STORAGE_GUARDED_LOGS_H_

#include <memory>
#include <string>

#include "rocksdb/file_system.h"
#include "storage/store_health.h"

namespace tikar::storage {

// Thread safety: all methods from any thread.
class GuardedLogs : public rocksdb::FileSystemWrapper {
 public:
  GuardedLogs(std::shared_ptr<rocksdb::FileSystem> files, std::shared_ptr<StoreHealth> health);

  const char* Name() const override { return "GuardedLogs"; }
  // RocksDB makes each log anew: it reopens none, and recycling is off (rocksdb_options.cc).
  rocksdb::IOStatus NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* file,
                                    rocksdb::IODebugContext* context) override;

 private:
  const std::shared_ptr<StoreHealth> health_;
};

}  // namespace tikar::storage

#endif  // TIKAR_STORAGE_GUARDED_LOGS_H_
