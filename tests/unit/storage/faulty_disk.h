// The real file system, but one kind of work on it can fail, and it knows how much of each log was
// synced.
#ifndef TIKAR_TESTS_UNIT_STORAGE_FAULTY_DISK_H_
#define TIKAR_TESTS_UNIT_STORAGE_FAULTY_DISK_H_

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "rocksdb/env.h"
#include "rocksdb/file_system.h"

namespace tikar::storage {

// Thread safety: all methods from any thread.
class FaultyDisk : public rocksdb::FileSystemWrapper {
 public:
  enum class Work {
    kLogWrite,         // of a batch to the write-ahead log
    kLogSync,          // its fsync
    kFlushWrite,       // of a table file from memory
    kCompactionWrite,  // of a table file from others
  };

  FaultyDisk() : FileSystemWrapper(rocksdb::FileSystem::Default()) {}
  const char* Name() const override { return "FaultyDisk"; }

  // From now on `work` fails with `error`, until Mend.
  void Fail(Work work, rocksdb::IOStatus error) {
    std::lock_guard lock(mutex_);
    faults_[work] = std::move(error);
  }
  void Mend() {
    std::lock_guard lock(mutex_);
    faults_.clear();
  }

  // Bytes of the log file `name` that survive a power failure.
  uint64_t synced_bytes(const std::string& name) const {
    std::lock_guard lock(mutex_);
    const auto found = synced_bytes_.find(name);
    return found == synced_bytes_.end() ? 0 : found->second;
  }

  rocksdb::IOStatus NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* file,
                                    rocksdb::IODebugContext* context) override {
    const rocksdb::IOStatus status = target()->NewWritableFile(path, options, file, context);
    const std::filesystem::path name = std::filesystem::path(path).filename();
    if (status.ok() && name.extension() == ".log") {
      *file = std::make_unique<Log>(std::move(*file), name.string(), *this);
    } else if (status.ok() && name.extension() == ".sst") {
      *file = std::make_unique<Table>(std::move(*file), *this);
    }
    return status;
  }

 private:
  class Log : public rocksdb::FSWritableFileOwnerWrapper {
   public:
    Log(std::unique_ptr<rocksdb::FSWritableFile>&& file, std::string name, FaultyDisk& disk)
        : FSWritableFileOwnerWrapper(std::move(file)), name_(std::move(name)), disk_(disk) {}

    using FSWritableFileOwnerWrapper::Append;
    rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                             rocksdb::IODebugContext* context) override {
      if (rocksdb::IOStatus fault = disk_.FaultOf(Work::kLogWrite); !fault.ok()) return fault;
      const rocksdb::IOStatus status = FSWritableFileOwnerWrapper::Append(data, options, context);
      if (status.ok()) bytes_ += data.size();
      return status;
    }
    rocksdb::IOStatus Sync(const rocksdb::IOOptions& options,
                           rocksdb::IODebugContext* context) override {
      const uint64_t bytes = bytes_;
      return disk_.Synced(name_, bytes,
                          [&] { return FSWritableFileOwnerWrapper::Sync(options, context); });
    }
    rocksdb::IOStatus Fsync(const rocksdb::IOOptions& options,
                            rocksdb::IODebugContext* context) override {
      const uint64_t bytes = bytes_;
      return disk_.Synced(name_, bytes,
                          [&] { return FSWritableFileOwnerWrapper::Fsync(options, context); });
    }

   private:
    const std::string name_;
    FaultyDisk& disk_;
    std::atomic<uint64_t> bytes_{0};
  };

  class Table : public rocksdb::FSWritableFileOwnerWrapper {
   public:
    Table(std::unique_ptr<rocksdb::FSWritableFile>&& file, FaultyDisk& disk)
        : FSWritableFileOwnerWrapper(std::move(file)), disk_(disk) {}

    // RocksDB flushes at high priority, and compacts at a lower one.
    void SetIOPriority(rocksdb::Env::IOPriority priority) override {
      work_ = priority == rocksdb::Env::IO_HIGH ? Work::kFlushWrite : Work::kCompactionWrite;
      FSWritableFileOwnerWrapper::SetIOPriority(priority);
    }
    using FSWritableFileOwnerWrapper::Append;
    rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                             rocksdb::IODebugContext* context) override {
      if (rocksdb::IOStatus fault = disk_.FaultOf(work_); !fault.ok()) return fault;
      return FSWritableFileOwnerWrapper::Append(data, options, context);
    }

   private:
    FaultyDisk& disk_;
    Work work_ = Work::kCompactionWrite;
  };

  rocksdb::IOStatus FaultOf(Work work) const {
    std::lock_guard lock(mutex_);
    const auto fault = faults_.find(work);
    return fault == faults_.end() ? rocksdb::IOStatus::OK() : fault->second;
  }

  // Syncs by `sync` and notes that the first `bytes` are safe, unless syncs are to fail.
  rocksdb::IOStatus Synced(const std::string& name, uint64_t bytes,
                           const std::function<rocksdb::IOStatus()>& sync) {
    if (rocksdb::IOStatus fault = FaultOf(Work::kLogSync); !fault.ok()) return fault;
    const rocksdb::IOStatus status = sync();
    std::lock_guard lock(mutex_);
    if (status.ok()) synced_bytes_[name] = std::max(synced_bytes_[name], bytes);
    return status;
  }

  mutable std::mutex mutex_;
  std::map<Work, rocksdb::IOStatus> faults_;
  std::map<std::string, uint64_t> synced_bytes_;
};

}  // namespace tikar::storage

#endif  // TIKAR_TESTS_UNIT_STORAGE_FAULTY_DISK_H_
