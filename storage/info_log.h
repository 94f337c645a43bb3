// RocksDB's log of its own work, for a person who wonders what the disk is busy with.
//
// Not RocksDB's own logger: that one goes through the writer it uses for data, and as Debian builds
// it (with assertions) a line that no longer fits on the disk ends the process. Here a line that
// cannot be written is dropped.
#ifndef TIKAR_STORAGE_INFO_LOG_H_
#define TIKAR_STORAGE_INFO_LOG_H_

#include <cstdarg>
#include <cstdint>
#include <mutex>
#include <string>

#include "absl/base/thread_annotations.h"
#include "rocksdb/env.h"

namespace tikar::storage {

// Appends to the file `path`; when that is full, it becomes `path`.old in place of the one before.
// Thread safety: any thread.
class InfoLog : public rocksdb::Logger {
 public:
  // Of each of the two files.
  static constexpr uint64_t kBytesMax = 8 << 20;

  explicit InfoLog(std::string path, uint64_t bytes_max = kBytesMax);
  ~InfoLog() override;

  using rocksdb::Logger::Logv;
  void Logv(const char* format, va_list arguments) override;

 private:
  void Open() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const std::string path_;
  const uint64_t bytes_max_;
  std::mutex mutex_;
  int file_ ABSL_GUARDED_BY(mutex_) = -1;  // negative when it cannot be opened
  uint64_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace tikar::storage

#endif  // TIKAR_STORAGE_INFO_LOG_H_
