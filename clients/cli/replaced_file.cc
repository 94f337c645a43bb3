#include "clients/cli/replaced_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "clients/cli/failure.h"

namespace tikar::cli {
namespace {

// `number` is errno.
absl::Status NotWritten(const std::string& path, int number) {
  const char* reason = std::strerror(number);
  return WithIndonesian(absl::DataLossError(absl::StrCat(path, " cannot be written: ", reason)),
                        absl::StrCat(path, " tidak dapat ditulis: ", reason));
}

}  // namespace

absl::StatusOr<std::unique_ptr<ReplacedFile>> ReplacedFile::Open(const std::string& path,
                                                                 mode_t mode) {
  const std::string unfinished = absl::StrCat(path, ".", getpid(), ".unfinished");
  // Of a process that had this number before and was killed.
  unlink(unfinished.c_str());
  const int file = open(unfinished.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  if (file < 0) return AsUsageError(NotWritten(path, errno));
  close(file);
  return std::unique_ptr<ReplacedFile>(new ReplacedFile(path, unfinished));
}

ReplacedFile::ReplacedFile(std::string path, std::string unfinished)
    : path_(std::move(path)),
      unfinished_(std::move(unfinished)),
      stream_(unfinished_, std::ios::binary) {}

ReplacedFile::~ReplacedFile() {
  if (!committed_) unlink(unfinished_.c_str());
}

absl::Status ReplacedFile::Commit() {
  errno = 0;
  stream_.close();
  if (!stream_) return NotWritten(path_, errno == 0 ? EIO : errno);
  const int file = open(unfinished_.c_str(), O_RDONLY | O_CLOEXEC);
  const bool on_disk = file >= 0 && fsync(file) == 0;
  const int number = errno;
  if (file >= 0) close(file);
  if (!on_disk) return NotWritten(path_, number);
  if (std::rename(unfinished_.c_str(), path_.c_str()) != 0) return NotWritten(path_, errno);
  committed_ = true;
  return absl::OkStatus();
}

}  // namespace tikar::cli
