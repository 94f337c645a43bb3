#include "storage/guarded_logs.h"

#include <string_view>
#include <utility>

namespace tikar::storage {
namespace {

class GuardedLog : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  GuardedLog(std::unique_ptr<rocksdb::FSWritableFile>&& file, std::shared_ptr<StoreHealth> health)
      : FSWritableFileOwnerWrapper(std::move(file)), health_(std::move(health)) {}

  rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                           rocksdb::IODebugContext* context) override {
    return Written(FSWritableFileOwnerWrapper::Append(data, options, context));
  }
  rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                           const rocksdb::DataVerificationInfo& verification,
                           rocksdb::IODebugContext* context) override {
    return Written(FSWritableFileOwnerWrapper::Append(data, options, verification, context));
  }
  rocksdb::IOStatus Flush(const rocksdb::IOOptions& options,
                          rocksdb::IODebugContext* context) override {
    return Written(FSWritableFileOwnerWrapper::Flush(options, context));
  }
  rocksdb::IOStatus RangeSync(uint64_t offset, uint64_t bytes, const rocksdb::IOOptions& options,
                              rocksdb::IODebugContext* context) override {
    return Written(FSWritableFileOwnerWrapper::RangeSync(offset, bytes, options, context));
  }
  rocksdb::IOStatus Sync(const rocksdb::IOOptions& options,
                         rocksdb::IODebugContext* context) override {
    return Synced(FSWritableFileOwnerWrapper::Sync(options, context));
  }
  rocksdb::IOStatus Fsync(const rocksdb::IOOptions& options,
                          rocksdb::IODebugContext* context) override {
    return Synced(FSWritableFileOwnerWrapper::Fsync(options, context));
  }

 private:
  rocksdb::IOStatus Written(rocksdb::IOStatus status) {
    if (!status.ok()) health_->NoteFailedLogWrite(status);
    return status;
  }
  rocksdb::IOStatus Synced(rocksdb::IOStatus status) {
    if (!status.ok()) health_->NoteFailedLogSync(status);
    return status;
  }

  const std::shared_ptr<StoreHealth> health_;
};

}  // namespace

GuardedLogs::GuardedLogs(std::shared_ptr<rocksdb::FileSystem> files,
                         std::shared_ptr<StoreHealth> health)
    : FileSystemWrapper(std::move(files)), health_(std::move(health)) {}

rocksdb::IOStatus GuardedLogs::NewWritableFile(const std::string& path,
                                               const rocksdb::FileOptions& options,
                                               std::unique_ptr<rocksdb::FSWritableFile>* file,
                                               rocksdb::IODebugContext* context) {
  rocksdb::IOStatus status = target()->NewWritableFile(path, options, file, context);
  if (status.ok() && std::string_view(path).ends_with(".log")) {
    *file = std::make_unique<GuardedLog>(std::move(*file), health_);
  }
  return status;
}

}  // namespace tikar::storage
