#include "server/identity_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "server/certificate.h"
#include "sync/status_macros.h"

namespace tikar::server {
namespace {

absl::Status FromErrno(const std::string& path) {
  const int error = errno;
  const std::string text = absl::StrCat(path, ": ", std::generic_category().message(error));
  if (error == ENOENT) return absl::NotFoundError(text);
  if (error == EEXIST) return absl::AlreadyExistsError(text);
  if (error == ENOSPC || error == EDQUOT) return absl::ResourceExhaustedError(text);
  return absl::UnavailableError(text);
}

class File {
 public:
  explicit File(int number) : number_(number) {}
  ~File() {
    if (number_ >= 0) close(number_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int number() const { return number_; }
  bool ok() const { return number_ >= 0; }

 private:
  const int number_;
};

std::string DirectoryOf(const std::string& path) {
  const std::string parent = std::filesystem::path(path).parent_path().string();
  return parent.empty() ? "." : parent;
}

absl::Status SyncDirectoryOf(const std::string& path) {
  const std::string directory = DirectoryOf(path);
  const File file(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!file.ok() || fsync(file.number()) != 0) return FromErrno(directory);
  return absl::OkStatus();
}

absl::Status WriteAll(const File& file, const std::string& path, const std::string& text) {
  for (size_t done = 0; done < text.size();) {
    const ssize_t count = write(file.number(), text.data() + done, text.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return FromErrno(path);
    done += static_cast<size_t>(count);
  }
  if (fsync(file.number()) != 0) return FromErrno(path);
  return absl::OkStatus();
}

// A file beside `path` that holds `text`; the caller gives it its name or removes it.
absl::StatusOr<std::string> WriteBeside(const std::string& path, const std::string& text,
                                        mode_t mode) {
  std::string beside = absl::StrCat(path, ".", getpid(), ".new");
  unlink(beside.c_str());  // Of a process that had this number before and was killed.
  const File file(open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
  if (!file.ok()) return FromErrno(beside);
  const absl::Status written = WriteAll(file, beside, text);
  if (!written.ok()) {
    unlink(beside.c_str());
    return written;
  }
  return beside;
}

absl::StatusOr<std::string> ReadAll(const File& file, const std::string& path) {
  std::string text;
  std::array<char, 4096> piece;
  while (true) {
    const ssize_t count = read(file.number(), piece.data(), piece.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return FromErrno(path);
    if (count == 0) return text;
    text.append(piece.data(), static_cast<size_t>(count));
    if (text.size() > kPemBytesMax) {
      return absl::FailedPreconditionError(
          absl::StrCat(path, " is too large to be what it should be"));
    }
  }
}

}  // namespace

absl::StatusOr<std::string> ReadIdentityFile(const std::string& path) {
  const File file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.ok()) return FromErrno(path);
  return ReadAll(file, path);
}

absl::StatusOr<std::string> ReadPrivateFile(const std::string& path) {
  const File file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat found;
  if (!file.ok() || fstat(file.number(), &found) != 0) return FromErrno(path);
  if ((found.st_mode & 077) != 0) {
    return absl::FailedPreconditionError(absl::StrCat(
        path, " is a private key that others may read. If nobody has: chmod 600 ", path));
  }
  return ReadAll(file, path);
}

absl::Status MakePrivateDirectory(const std::string& path) {
  struct stat found;
  if (stat(path.c_str(), &found) == 0) {
    if (S_ISDIR(found.st_mode)) return absl::OkStatus();
    return absl::FailedPreconditionError(absl::StrCat(path, " is not a directory"));
  }
  if (errno != ENOENT) return FromErrno(path);
  RETURN_IF_ERROR(MakePrivateDirectory(DirectoryOf(path)));
  if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return FromErrno(path);
  return SyncDirectoryOf(path);
}

absl::Status WriteNewPrivateFile(const std::string& path, const std::string& text) {
  ASSIGN_OR_RETURN(const std::string beside, WriteBeside(path, text, 0600));
  // Unlike rename, link never takes the place of what is there.
  const absl::Status linked =
      link(beside.c_str(), path.c_str()) == 0 ? absl::OkStatus() : FromErrno(path);
  unlink(beside.c_str());
  RETURN_IF_ERROR(linked);
  return SyncDirectoryOf(path);
}

absl::Status ReplacePublicFile(const std::string& path, const std::string& text) {
  const absl::StatusOr<std::string> old = ReadIdentityFile(path);
  if (!old.ok() && !absl::IsNotFound(old.status())) return old.status();
  const absl::string_view first_line = absl::string_view(text).substr(0, text.find('\n'));
  if (old.ok() && !old->empty() && !absl::StartsWith(*old, first_line)) {
    return absl::AlreadyExistsError(
        absl::StrCat(path, " is there and is something else; give another name"));
  }
  ASSIGN_OR_RETURN(const std::string beside, WriteBeside(path, text, 0644));
  if (rename(beside.c_str(), path.c_str()) != 0) {
    const absl::Status renamed = FromErrno(path);
    unlink(beside.c_str());
    return renamed;
  }
  return SyncDirectoryOf(path);
}

absl::Status AppendToPrivateFile(const std::string& path, const std::string& text) {
  const File file(open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  if (!file.ok()) return FromErrno(path);
  RETURN_IF_ERROR(WriteAll(file, path, text));
  return SyncDirectoryOf(path);
}

}  // namespace tikar::server
