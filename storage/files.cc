#include "storage/files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "storage/rocksdb_status.h"
#include "sync/status_macros.h"

namespace tikar::storage {

namespace {

constexpr size_t kSmallFileBytesMax = 4096;
constexpr size_t kPieceBytes = 1 << 20;

}  // namespace

std::string Join(const std::string& directory, std::string_view name) {
  return directory + "/" + std::string(name);
}

absl::Status SyncDirectory(const std::string& path) {
  const Descriptor directory(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory.get() < 0) return FromErrno(errno, "open", path);
  if (fsync(directory.get()) != 0) return FromErrno(errno, "sync", path);
  return absl::OkStatus();
}

absl::Status MakeDirectories(const std::string& path) {
  struct stat found;
  if (stat(path.c_str(), &found) == 0) {
    if (S_ISDIR(found.st_mode)) return absl::OkStatus();
    return absl::FailedPreconditionError(absl::StrCat(path, " is not a directory"));
  }
  if (errno != ENOENT) return FromErrno(errno, "look at", path);
  std::string parent = std::filesystem::path(path).parent_path().string();
  if (parent.empty()) parent = ".";
  RETURN_IF_ERROR(MakeDirectories(parent));
  if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return FromErrno(errno, "create", path);
  return SyncDirectory(parent);
}

absl::StatusOr<std::set<std::string>> ListDirectory(const std::string& path) {
  DIR* directory = opendir(path.c_str());
  if (directory == nullptr) return FromErrno(errno, "read", path);
  std::set<std::string> names;
  while (const dirent* entry = readdir(directory)) names.insert(entry->d_name);
  closedir(directory);
  names.erase(".");
  names.erase("..");
  return names;
}

absl::StatusOr<std::string> ReadSmallFile(const std::string& path) {
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) return FromErrno(errno, "open", path);
  std::string bytes(kSmallFileBytesMax, '\0');
  const ssize_t count = pread(file.get(), bytes.data(), bytes.size(), 0);
  if (count < 0) return FromErrno(errno, "read", path);
  bytes.resize(static_cast<size_t>(count));
  return bytes;
}

absl::Status WriteAt(int file, std::string_view bytes, const std::string& path) {
  const ssize_t count = pwrite(file, bytes.data(), bytes.size(), 0);
  if (count < 0) return FromErrno(errno, "write", path);
  // A short write to a regular file means that there is no room for the rest.
  if (static_cast<size_t>(count) != bytes.size()) return FromErrno(ENOSPC, "write", path);
  return absl::OkStatus();
}

absl::Status WriteSmallFile(const std::string& path, std::string_view bytes) {
  const Descriptor file(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (file.get() < 0) return FromErrno(errno, "create", path);
  RETURN_IF_ERROR(WriteAt(file.get(), bytes, path));
  if (fsync(file.get()) != 0) return FromErrno(errno, "sync", path);
  return absl::OkStatus();
}

absl::Status Rename(const std::string& from, const std::string& to) {
  if (rename(from.c_str(), to.c_str()) != 0) return FromErrno(errno, "rename", from);
  return absl::OkStatus();
}

absl::Status RemoveTree(const std::string& path) {
  std::error_code error;
  std::filesystem::remove_all(path, error);
  if (error) return FromErrno(error.value(), "remove", path);
  return absl::OkStatus();
}

absl::Status ReadInPieces(const std::string& path,
                          const std::function<absl::Status(std::string_view)>& take) {
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) return FromErrno(errno, "open", path);
  std::string piece(kPieceBytes, '\0');
  while (true) {
    size_t filled = 0;
    while (filled < piece.size()) {
      const ssize_t count = read(file.get(), piece.data() + filled, piece.size() - filled);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return FromErrno(errno, "read", path);
      if (count == 0) break;
      filled += static_cast<size_t>(count);
    }
    if (filled != 0) RETURN_IF_ERROR(take(std::string_view(piece.data(), filled)));
    if (filled < piece.size()) return absl::OkStatus();
  }
}

absl::Status ReplaceFile(const std::string& path, std::string_view bytes) {
  const std::string part = path + ".new";
  RETURN_IF_ERROR(WriteSmallFile(part, bytes));
  RETURN_IF_ERROR(Rename(part, path));
  return SyncDirectory(std::filesystem::path(path).parent_path().string());
}

absl::StatusOr<int> LockFile(const std::string& path) {
  Descriptor file(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (file.get() < 0) return FromErrno(errno, "open", path);
  struct flock whole = {};
  whole.l_type = F_WRLCK;
  whole.l_whence = SEEK_SET;
  if (fcntl(file.get(), F_OFD_SETLK, &whole) == 0) return file.release();
  if (errno != EAGAIN && errno != EACCES) return FromErrno(errno, "lock", path);
  return absl::AbortedError(absl::StrCat(path, " is locked"));
}

}  // namespace tikar::storage
