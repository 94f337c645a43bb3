#include "storage/info_log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace tikar::storage {

namespace {

// Longer lines are cut: the longest are dumps of options and statistics.
constexpr size_t kLineBytesMax = 16 << 10;

}  // namespace

InfoLog::InfoLog(std::string path, uint64_t bytes_max)
    : rocksdb::Logger(rocksdb::InfoLogLevel::INFO_LEVEL),
      path_(std::move(path)),
      bytes_max_(bytes_max) {
  std::lock_guard lock(mutex_);
  Open();
}

InfoLog::~InfoLog() {
  std::lock_guard lock(mutex_);
  if (file_ >= 0) close(file_);
}

void InfoLog::Open() {
  file_ = open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  struct stat found;
  bytes_ = file_ >= 0 && fstat(file_, &found) == 0 ? static_cast<uint64_t>(found.st_size) : 0;
}

void InfoLog::Logv(const char* format, va_list arguments) {
  std::string text(kLineBytesMax, '\0');
  const int length = std::vsnprintf(text.data(), text.size(), format, arguments);
  if (length < 0) return;
  text.resize(std::min(static_cast<size_t>(length), text.size() - 1));
  while (!text.empty() && text.back() == '\n') text.pop_back();
  const std::string line = absl::StrCat(
      absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", absl::Now(), absl::UTCTimeZone()), " ", text, "\n");

  std::lock_guard lock(mutex_);
  if (file_ < 0) return;
  if (bytes_ + line.size() > bytes_max_) {
    close(file_);
    if (std::rename(path_.c_str(), (path_ + ".old").c_str()) != 0) {
      file_ = -1;  // better no log than one without bound
      return;
    }
    Open();
    if (file_ < 0) return;
  }
  const ssize_t written = write(file_, line.data(), line.size());
  if (written > 0) bytes_ += static_cast<uint64_t>(written);
}

}  // namespace tikar::storage
