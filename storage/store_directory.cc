#include "storage/store_directory.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "storage/files.h"
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
constexpr char kRestored[] = "RESTORED";
// Not the store's, and not in its way: who the node is, and backups. Whoever sets up a machine puts
// them there before the first start.
constexpr const char* kNeighbours[] = {"identity", "backups", "bundles"};
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
    for (const char* ours : {kFormatNew, kLock, kSynced, kDatabaseNew, kRestored, "lost+found"}) {
      names->erase(ours);
    }
    for (const char* neighbour : kNeighbours) names->erase(neighbour);
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

absl::StatusOr<int> Lock(const std::string& path) {
  const std::string lock_path = Join(path, kLock);
  absl::StatusOr<int> lock = LockFile(lock_path);
  if (!absl::IsAborted(lock.status())) return lock;
  return absl::FailedPreconditionError(absl::StrCat(path, " is in use by ", Holder(lock_path),
                                                    ": stop it first; nothing was changed"));
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
  if (condition == Condition::kEmpty) RETURN_IF_ERROR(directory->Create({}, create));
  if (condition != Condition::kComplete) RETURN_IF_ERROR(directory->FinishCreation());
  RETURN_IF_ERROR(directory->OpenSynced());
  return directory;
}

absl::Status StoreDirectory::CheckVacant(const std::string& path) {
  struct stat found;
  if (stat(path.c_str(), &found) != 0 && errno == ENOENT) return absl::OkStatus();
  ASSIGN_OR_RETURN(const Condition condition, Check(path));
  if (condition == Condition::kEmpty) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(
      path,
      " holds a store already, and a backup is restored into an empty directory only: give another "
      "one, or start without --restore-from to go on with the store that is there; nothing was "
      "changed"));
}

absl::Status StoreDirectory::Restore(const std::string& path, const Contents& contents,
                                     const Creator& create) {
  CHECK(!contents.restored.empty());
  RETURN_IF_ERROR(MakeDirectories(path));
  RETURN_IF_ERROR(CheckVacant(path));
  ASSIGN_OR_RETURN(const int lock, Lock(path));
  StoreDirectory directory(path, lock);
  RETURN_IF_ERROR(CheckVacant(path));
  const absl::Status created = directory.Create(contents, create);
  if (created.ok()) return directory.FinishCreation();
  // Makes room for another attempt. If that fails too, the next one does it.
  RemoveTree(Join(path, kDatabaseNew)).IgnoreError();
  return created;
}

absl::StatusOr<std::string> StoreDirectory::RestoredNote(const std::string& path) {
  const std::string file = Join(path, kRestored);
  struct stat found;
  if (stat(file.c_str(), &found) != 0) {
    if (errno == ENOENT) return std::string();
    return FromErrno(errno, "look at", file);
  }
  return ReadSmallFile(file);
}

absl::Status StoreDirectory::ForgetRestored(const std::string& path) {
  const std::string file = Join(path, kRestored);
  if (unlink(file.c_str()) != 0) {
    if (errno == ENOENT) return absl::OkStatus();
    return FromErrno(errno, "remove", file);
  }
  return SyncDirectory(path);
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

absl::Status StoreDirectory::Create(const Contents& contents, const Creator& create) {
  const std::string database = Join(path_, kDatabaseNew);
  RETURN_IF_ERROR(RemoveTree(database));
  RETURN_IF_ERROR(RemoveTree(Join(path_, kRestored)));
  if (mkdir(database.c_str(), 0700) != 0) return FromErrno(errno, "create", database);
  RETURN_IF_ERROR(create(database));
  RETURN_IF_ERROR(SyncDirectory(database));
  if (!contents.restored.empty()) {
    RETURN_IF_ERROR(WriteSmallFile(Join(path_, kRestored), contents.restored));
  }
  RETURN_IF_ERROR(WriteSmallFile(Join(path_, kSynced), SyncedFile(contents.batches)));
  RETURN_IF_ERROR(WriteSmallFile(Join(path_, kFormatNew), FormatFile(contents.format)));
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
