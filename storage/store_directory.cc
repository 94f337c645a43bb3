#include "storage/store_directory.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <set>
#include <string_view>
#include <system_error>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "storage/rocksdb_status.h"
#include "sync/status_macros.h"
#include "sync/types.h"

namespace tikar::storage {

namespace {

constexpr char kFormat[] = "FORMAT";
constexpr char kFormatNew[] = "FORMAT.new";
constexpr char kLock[] = "LOCK";
constexpr char kSynced[] = "SYNCED";
constexpr char kDatabase[] = "db";
constexpr char kDatabaseNew[] = "db.new";
// Larger than any of the small files here ever is.
constexpr size_t kSmallFileBytesMax = 4096;

// A file descriptor that closes itself.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return number_; }
  int release() { return std::exchange(number_, -1); }

 private:
  int number_;
};

std::string Join(const std::string& directory, std::string_view name) {
  return directory + "/" + std::string(name);
}

absl::Status SyncDirectory(const std::string& path) {
  const Descriptor directory(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory.get() < 0) return FromErrno(errno, "open", path);
  if (fsync(directory.get()) != 0) return FromErrno(errno, "sync", path);
  return absl::OkStatus();
}

// Makes `path` and its missing parents, each for the owner alone, and durable in its parent.
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

// Afterwards the file has exactly these bytes on disk. Not atomic.
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

std::string Checksum(const std::string& text) { return sync::Sha256(text).hex().substr(0, 8); }

std::optional<uint64_t> ParseFormatFile(const std::string& bytes) {
  absl::string_view text = bytes;
  uint64_t format = 0;
  if (!absl::ConsumePrefix(&text, "tikar store\nformat ") || !absl::ConsumeSuffix(&text, "\n") ||
      !absl::SimpleAtoi(text, &format) || format == 0) {
    return std::nullopt;
  }
  return format;
}

std::optional<uint64_t> ParseSyncedFile(const std::string& bytes) {
  uint64_t batches = 0;
  absl::string_view text = bytes;
  if (!absl::ConsumePrefix(&text, "synced ") || text.size() < 20 ||
      !absl::SimpleAtoi(text.substr(0, 20), &batches) || bytes != SyncedFile(batches)) {
    return std::nullopt;
  }
  return batches;
}

enum class Condition {
  kEmpty,       // nothing there, or a creation that did not get as far as FORMAT
  kUnfinished,  // FORMAT is there, db.new waits for its name
  kComplete,
};

// What `path`, a directory, holds. Changes nothing.
absl::StatusOr<Condition> Check(const std::string& path) {
  absl::StatusOr<std::set<std::string>> names = ListDirectory(path);
  if (!names.ok()) return std::move(names).status();
  const bool database = names->count(kDatabase) != 0;
  if (names->count(kFormat) == 0) {
    if (database && names->count(kSynced) != 0) {
      return DamagedStore(Join(path, kFormat), "the file is missing");
    }
    // What a crash in Create leaves, and what mkfs puts at the root of a disk of its own.
    for (const char* ours : {kFormatNew, kLock, kSynced, kDatabaseNew, "lost+found"}) {
      names->erase(ours);
    }
    if (names->empty()) return Condition::kEmpty;
    return absl::FailedPreconditionError(absl::StrCat(
        path, " is not empty and is no Tikar store (it has ", *names->begin(), " and no ", kFormat,
        "): give an empty directory or one that does not exist; ", "nothing was changed"));
  }
  ASSIGN_OR_RETURN(const std::string bytes, ReadSmallFile(Join(path, kFormat)));
  const std::optional<uint64_t> format = ParseFormatFile(bytes);
  if (!format.has_value()) {
    return DamagedStore(Join(path, kFormat), "does not say which format the store has");
  }
  if (*format > kStoreFormat) {
    return absl::FailedPreconditionError(absl::StrCat(path, " was made by a newer tikard (format ",
                                                      *format, ", this one knows ", kStoreFormat,
                                                      "): upgrade tikard; nothing was changed"));
  }
  if (*format < kStoreFormatOldest) {
    return absl::FailedPreconditionError(absl::StrCat(
        path, " was made by an older tikard (format ", *format, ", this one reads ",
        kStoreFormatOldest == kStoreFormat ? "only " : "from ", kStoreFormatOldest,
        "): open it with the tikard that made it, or give this one an empty directory; nothing was "
        "changed"));
  }
  if (names->count(kSynced) == 0) {
    return DamagedStore(Join(path, kSynced), "the file is missing");
  }
  if (database) return Condition::kComplete;
  if (names->count(kDatabaseNew) != 0) return Condition::kUnfinished;
  return DamagedStore(Join(path, kDatabase), "the directory is missing");
}

// "process 123 (tikard)", as far as it can be found out.
std::string Holder(const std::string& lock_path) {
  uint64_t process = 0;
  absl::StatusOr<std::string> number = ReadSmallFile(lock_path);
  if (!number.ok() || !absl::SimpleAtoi(*number, &process)) return "another process";
  if (process == static_cast<uint64_t>(getpid())) return "this process";
  absl::StatusOr<std::string> name = ReadSmallFile(absl::StrCat("/proc/", process, "/comm"));
  if (!name.ok()) return absl::StrCat("process ", process);
  return absl::StrCat("process ", process, " (", absl::StripSuffix(*name, "\n"), ")");
}

// The locked file. The lock belongs to the open file, not to the process: it also keeps out a
// second store in this process, and reading LOCK elsewhere in the process does not drop it.
absl::StatusOr<int> Lock(const std::string& path) {
  const std::string lock_path = Join(path, kLock);
  Descriptor file(open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (file.get() < 0) return FromErrno(errno, "open", lock_path);
  struct flock whole = {};
  whole.l_type = F_WRLCK;
  whole.l_whence = SEEK_SET;
  if (fcntl(file.get(), F_OFD_SETLK, &whole) != 0) {
    if (errno != EAGAIN && errno != EACCES) return FromErrno(errno, "lock", lock_path);
    return absl::FailedPreconditionError(absl::StrCat(path, " is in use by ", Holder(lock_path),
                                                      ": stop it first; nothing was changed"));
  }
  return file.release();
}

}  // namespace

std::string FormatFile(uint64_t format) {
  return absl::StrCat("tikar store\nformat ", format, "\n");
}

std::string SyncedFile(uint64_t batches) {
  const std::string text = absl::StrFormat("synced %020d", batches);
  return absl::StrCat(text, " ", Checksum(text), "\n");
}

absl::StatusOr<std::unique_ptr<StoreDirectory>> StoreDirectory::Open(const std::string& path,
                                                                     const Creator& create) {
  RETURN_IF_ERROR(MakeDirectories(path));
  // Once before the lock, because taking it may make the file LOCK, and once under it.
  RETURN_IF_ERROR(Check(path).status());
  ASSIGN_OR_RETURN(const int lock, Lock(path));
  std::unique_ptr<StoreDirectory> directory(new StoreDirectory(path, lock));
  ASSIGN_OR_RETURN(const Condition condition, Check(path));
  if (condition == Condition::kEmpty) RETURN_IF_ERROR(directory->Create(create));
  if (condition != Condition::kComplete) RETURN_IF_ERROR(directory->FinishCreation());
  RETURN_IF_ERROR(directory->OpenSynced());
  return directory;
}

absl::StatusOr<std::unique_ptr<StoreDirectory>> StoreDirectory::OpenExisting(
    const std::string& path) {
  const auto complete = [&path]() -> absl::Status {
    struct stat found;
    if (stat(path.c_str(), &found) != 0) {
      if (errno != ENOENT) return FromErrno(errno, "look at", path);
      return absl::NotFoundError(
          absl::StrCat(path, " does not exist: is this the right directory?"));
    }
    ASSIGN_OR_RETURN(const Condition condition, Check(path));
    if (condition == Condition::kComplete) return absl::OkStatus();
    return absl::NotFoundError(absl::StrCat(
        path,
        condition == Condition::kEmpty
            ? " holds no store: is this the right directory?"
            : " holds a store whose making was interrupted: start tikard, which finishes it"));
  };
  RETURN_IF_ERROR(complete());
  ASSIGN_OR_RETURN(const int lock, Lock(path));
  std::unique_ptr<StoreDirectory> directory(new StoreDirectory(path, lock));
  RETURN_IF_ERROR(complete());
  RETURN_IF_ERROR(directory->OpenSynced());
  return directory;
}

StoreDirectory::~StoreDirectory() {
  if (synced_ >= 0) close(synced_);
  close(lock_);
}

absl::Status StoreDirectory::Create(const Creator& create) {
  const std::string database = Join(path_, kDatabaseNew);
  RETURN_IF_ERROR(RemoveTree(database));
  if (mkdir(database.c_str(), 0700) != 0) return FromErrno(errno, "create", database);
  RETURN_IF_ERROR(create(database));
  RETURN_IF_ERROR(WriteSmallFile(Join(path_, kSynced), SyncedFile(0)));
  RETURN_IF_ERROR(WriteSmallFile(Join(path_, kFormatNew), FormatFile(kStoreFormat)));
  RETURN_IF_ERROR(SyncDirectory(path_));
  RETURN_IF_ERROR(Rename(Join(path_, kFormatNew), Join(path_, kFormat)));
  return SyncDirectory(path_);
}

absl::Status StoreDirectory::FinishCreation() {
  RETURN_IF_ERROR(Rename(Join(path_, kDatabaseNew), Join(path_, kDatabase)));
  return SyncDirectory(path_);
}

absl::Status StoreDirectory::OpenSynced() {
  const std::string path = Join(path_, kSynced);
  ASSIGN_OR_RETURN(const std::string bytes, ReadSmallFile(path));
  const std::optional<uint64_t> batches = ParseSyncedFile(bytes);
  if (!batches.has_value()) return DamagedStore(path, "its checksum does not fit");
  synced_at_open_ = *batches;
  synced_ = open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (synced_ < 0) return FromErrno(errno, "open", path);
  return absl::OkStatus();
}

absl::Status StoreDirectory::NoteHolder() {
  const std::string text = absl::StrCat(getpid(), "\n");
  if (ftruncate(lock_, 0) != 0) return FromErrno(errno, "write", Join(path_, kLock));
  return WriteAt(lock_, text, Join(path_, kLock));
}

absl::Status StoreDirectory::NoteSynced(uint64_t batches) {
  return WriteAt(synced_, SyncedFile(batches), Join(path_, kSynced));
}

absl::Status StoreDirectory::FlushSynced() {
  if (fdatasync(synced_) != 0) return FromErrno(errno, "sync", Join(path_, kSynced));
  return absl::OkStatus();
}

}  // namespace tikar::storage
