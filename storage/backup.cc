#include "storage/backup.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdarg>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <system_error>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "rocksdb/db.h"
#include "rocksdb/utilities/backup_engine.h"
#include "storage/files.h"
#include "storage/rocksdb_options.h"
#include "storage/rocksdb_reader.h"
#include "storage/rocksdb_status.h"
#include "storage/store_directory.h"
#include "sync/status_macros.h"

namespace tikar::storage {

namespace {

constexpr char kFormat[] = "FORMAT";
constexpr char kLock[] = "LOCK";
constexpr char kRecords[] = "records";
constexpr char kRocksdb[] = "rocksdb";
// Table files, which backups share. Others belong to one backup and are hashed with each.
constexpr char kSharedPrefix[] = "rocksdb/shared_checksum/";
// From one look at what others want of us to the next.
constexpr uint64_t kWatchBytes = 1 << 20;

// RocksDB would otherwise write a file of its own into a directory that must not be touched.
class SilentLog : public rocksdb::Logger {
 public:
  using rocksdb::Logger::Logv;
  void Logv(const char*, va_list) override {}
};

std::string FormatText() { return absl::StrCat("tikar backups\nformat ", kBackupsFormat, "\n"); }

std::string RecordPath(const std::string& directory, uint32_t number) {
  return absl::StrCat(directory, "/", kRecords, "/", number);
}

rocksdb::BackupEngineOptions EngineOptions(const std::string& path, rocksdb::Env* env,
                                           uint64_t bytes_per_second) {
  rocksdb::BackupEngineOptions options(Join(path, kRocksdb));
  options.backup_env = env == nullptr ? rocksdb::Env::Default() : env;
  options.share_table_files = true;
  options.share_files_with_checksum = true;
  options.sync = true;
  options.backup_rate_limit = bytes_per_second;
  options.callback_trigger_interval_size = kWatchBytes;
  return options;
}

using Engine = std::unique_ptr<rocksdb::BackupEngine>;

// For making and deleting. `source`: files of the database are read through it.
absl::StatusOr<Engine> OpenEngine(const rocksdb::BackupEngineOptions& options,
                                  rocksdb::Env* source) {
  rocksdb::BackupEngine* opened = nullptr;
  const rocksdb::IOStatus status = rocksdb::BackupEngine::Open(options, source, &opened);
  Engine engine(opened);
  if (!status.ok()) return FromRocksdb(status, options.backup_dir);
  return engine;
}

// What a backup holds, read out of it as a restored store would be.
class BackupRows {
 public:
  static absl::StatusOr<std::shared_ptr<BackupRows>> Open(const rocksdb::BackupInfo& info,
                                                          const std::string& path) {
    auto rows = std::make_shared<BackupRows>();
    rows->env_ = info.env_for_open;
    RocksdbStoreOptions options;
    options.env = rows->env_.get();
    rocksdb::DB* opened = nullptr;
    const rocksdb::Status status = rocksdb::DB::OpenForReadOnly(
        DatabaseOptions(options, std::make_shared<SilentLog>()), info.name_for_open,
        FamilyDescriptors(options, nullptr), &rows->handles_, &opened);
    if (!status.ok()) return FromRocksdb(status, path);
    rows->database_.reset(opened);
    return rows;
  }

  BackupRows() = default;
  ~BackupRows() {
    if (database_ != nullptr) CloseHandles(*database_, handles_);
  }
  BackupRows(const BackupRows&) = delete;
  BackupRows& operator=(const BackupRows&) = delete;

  rocksdb::DB& database() { return *database_; }
  const std::vector<rocksdb::ColumnFamilyHandle*>& handles() const { return handles_; }

 private:
  std::shared_ptr<rocksdb::Env> env_;
  std::unique_ptr<rocksdb::DB> database_;
  std::vector<rocksdb::ColumnFamilyHandle*> handles_;
};

uint64_t LiveBytes(rocksdb::DB& database) {
  std::vector<rocksdb::LiveFileMetaData> files;
  database.GetLiveFilesMetaData(&files);
  uint64_t bytes = 0;
  for (const rocksdb::LiveFileMetaData& file : files) bytes += file.size;
  return bytes;
}

absl::StatusOr<uint64_t> BytesOfFile(const std::string& path) {
  struct stat found;
  if (stat(path.c_str(), &found) != 0) return FromErrno(errno, "look at", path);
  return static_cast<uint64_t>(found.st_size);
}

std::string ThereAre(const std::vector<uint32_t>& numbers) {
  if (numbers.empty()) return "there is none yet";
  return absl::StrCat("there ", numbers.size() == 1 ? "is " : "are ", absl::StrJoin(numbers, ", "));
}

absl::Status NoSuchBackup(const std::string& path, uint32_t number,
                          const std::vector<uint32_t>& numbers) {
  return absl::NotFoundError(
      absl::StrCat("no backup ", number, " in ", path, ": ", ThereAre(numbers)));
}

// How far a file differs from what its record says; empty: it does not.
absl::StatusOr<std::string> FaultOf(const std::string& directory, const BackupFile& file) {
  const std::string path = Join(directory, file.path);
  const absl::StatusOr<uint64_t> bytes = BytesOfFile(path);
  if (absl::IsNotFound(bytes.status())) return std::string("the file is missing");
  RETURN_IF_ERROR(bytes.status());
  if (*bytes != file.bytes) {
    return absl::StrCat("it has ", *bytes, " bytes, and had ", file.bytes);
  }
  ASSIGN_OR_RETURN(const sync::Hash digest, DigestOfFile(path));
  return digest == file.digest ? std::string() : "its checksum does not fit";
}

// Holds the lock until it is gone.
absl::StatusOr<std::unique_ptr<Descriptor>> LockDirectory(const std::string& path) {
  const absl::StatusOr<int> lock = LockFile(Join(path, kLock));
  if (absl::IsAborted(lock.status())) {
    return absl::AbortedError(absl::StrCat("another backup is being made or deleted in ", path,
                                           ": wait until it has ended"));
  }
  RETURN_IF_ERROR(lock.status());
  return std::make_unique<Descriptor>(*lock);
}

}  // namespace

BackupDirectory::BackupDirectory(Options options) : options_(std::move(options)) {}

absl::Status BackupDirectory::CheckFormat() const {
  ASSIGN_OR_RETURN(std::set<std::string> names, ListDirectory(options_.path));
  if (names.count(kFormat) == 0) {
    for (const char* ours : {"FORMAT.new", kLock, kRecords, kRocksdb, "lost+found"}) {
      names.erase(ours);
    }
    if (names.empty()) return absl::OkStatus();
    return absl::FailedPreconditionError(
        absl::StrCat(options_.path, " is no directory of backups (it has ", *names.begin(),
                     " and no ", kFormat, "): give an empty one; nothing was changed"));
  }
  ASSIGN_OR_RETURN(const std::string format, ReadSmallFile(Join(options_.path, kFormat)));
  if (format == FormatText()) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat(Join(options_.path, kFormat), " is damaged or of a newer tikard: it says \"",
                   format, "\", expected \"", FormatText(), "\"; nothing was changed"));
}

absl::Status BackupDirectory::CheckRoom() const {
  if (options_.spare_bytes == 0) return absl::OkStatus();
  std::error_code error;
  const std::filesystem::space_info space = std::filesystem::space(options_.path, error);
  // Where nobody knows, the disk itself will say.
  if (error || space.available >= options_.spare_bytes) return absl::OkStatus();
  return absl::ResourceExhaustedError(absl::StrCat(
      "the disk of ", options_.path, " has ", space.available >> 20, " MiB left, and ",
      options_.spare_bytes >> 20,
      " MiB are kept for the store, which is on the same disk: delete old backups, or put backups "
      "on another disk (--backup-dir)"));
}

absl::StatusOr<std::vector<uint32_t>> BackupDirectory::Numbers() const {
  const std::string path = Join(options_.path, kRecords);
  absl::StatusOr<std::set<std::string>> names = ListDirectory(path);
  std::vector<uint32_t> numbers;
  if (absl::IsNotFound(names.status())) return numbers;
  RETURN_IF_ERROR(names.status());
  for (const std::string& name : *names) {
    uint32_t number = 0;
    // Others are what a crash left of a record.
    if (absl::SimpleAtoi(name, &number) && number != 0) numbers.push_back(number);
  }
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

absl::StatusOr<BackupRecord> BackupDirectory::Create(const BackupSource& source,
                                                     const BackupDescribe& describe,
                                                     const BackupWatch& watch) const {
  RETURN_IF_ERROR(MakeDirectories(options_.path));
  RETURN_IF_ERROR(CheckFormat());
  ASSIGN_OR_RETURN(const std::unique_ptr<Descriptor> lock, LockDirectory(options_.path));
  RETURN_IF_ERROR(CheckRoom());
  RETURN_IF_ERROR(MakeDirectories(Join(options_.path, kRecords)));
  RETURN_IF_ERROR(MakeDirectories(Join(options_.path, kRocksdb)));
  ASSIGN_OR_RETURN(const std::set<std::string> names, ListDirectory(options_.path));
  if (names.count(kFormat) == 0) {
    RETURN_IF_ERROR(ReplaceFile(Join(options_.path, kFormat), FormatText()));
  }
  absl::StatusOr<BackupRecord> record = absl::UnavailableError("the store is closed");
  RETURN_IF_ERROR(source.Copy([&](const BackupSource::Rows& rows) {
    record = CreateFrom(rows, describe, watch);
    return record.status();
  }));
  return record;
}

absl::StatusOr<BackupRecord> BackupDirectory::CreateFrom(const BackupSource::Rows& rows,
                                                         const BackupDescribe& describe,
                                                         const BackupWatch& watch) const {
  BackupRecord record;
  record.began_ms = options_.now_ms();
  record.made_by = options_.made_by;
  record.store_format = kStoreFormat;
  ASSIGN_OR_RETURN(
      const Engine engine,
      OpenEngine(EngineOptions(options_.path, options_.env, options_.bytes_per_second), &rows.env));
  ASSIGN_OR_RETURN(const std::vector<uint32_t> numbers, Numbers());
  std::vector<rocksdb::BackupInfo> infos;
  engine->GetBackupInfo(&infos);
  for (const rocksdb::BackupInfo& info : infos) {
    // Without a record it was interrupted.
    if (std::binary_search(numbers.begin(), numbers.end(), info.backup_id)) continue;
    const rocksdb::IOStatus deleted = engine->DeleteBackup(info.backup_id);
    if (!deleted.ok()) return FromRocksdb(deleted, options_.path);
  }
  if (const rocksdb::IOStatus s = engine->GarbageCollect(); !s.ok()) {
    return FromRocksdb(s, options_.path);
  }

  std::mutex mutex;
  absl::Status stopped;
  BackupProgress progress{.bytes_done = 0, .bytes_total = LiveBytes(rows.database)};
  const auto look = [&](uint64_t bytes) {
    const std::lock_guard<std::mutex> lock(mutex);
    progress.bytes_done = std::min(progress.bytes_total, progress.bytes_done + bytes);
    if (stopped.ok()) stopped = rows.health();
    if (stopped.ok()) stopped = CheckRoom();
    if (stopped.ok()) stopped = watch(progress);
    return stopped;
  };
  RETURN_IF_ERROR(look(0));
  rocksdb::CreateBackupOptions how;
  // Else the log would be part of it, all of it, each time.
  how.flush_before_backup = true;
  how.progress_callback = [&] {
    if (!look(kWatchBytes).ok()) engine->StopBackup();
  };
  rocksdb::BackupID number = 0;
  const rocksdb::IOStatus copied = engine->CreateNewBackup(how, &rows.database, &number);
  const auto discard = [&](const absl::Status& status) {
    // If this fails too, the next backup does it.
    if (number != 0 && copied.ok()) engine->DeleteBackup(number).PermitUncheckedError();
    engine->GarbageCollect().PermitUncheckedError();
    return status;
  };
  if (!copied.ok()) {
    if (!stopped.ok()) return discard(stopped);
    // A flush that fails makes the store ill, and it knows the reason.
    if (const absl::Status ill = rows.health(); !ill.ok()) return discard(ill);
    return discard(FromRocksdb(copied, options_.path));
  }
  record.number = number;
  const auto complete = [&]() -> absl::Status {
    // See the head of backup.h.
    RETURN_IF_ERROR(rows.sync());
    rocksdb::BackupInfo info;
    const rocksdb::Status found =
        engine->GetBackupInfo(number, &info, /*include_file_details=*/true);
    if (!found.ok()) return FromRocksdb(found, options_.path);
    {
      const std::string place = Join(options_.path, kRocksdb);
      ASSIGN_OR_RETURN(const std::shared_ptr<BackupRows> held, BackupRows::Open(info, place));
      ASSIGN_OR_RETURN(record.batches, ReadBatches(held->database(), place));
      const RocksdbReader reader(held, &held->database(), held->handles(), place,
                                 /*frozen=*/false);
      ASSIGN_OR_RETURN(record.contents, describe(reader));
    }
    std::map<std::string, BackupFile> known;
    for (const uint32_t earlier : numbers) {
      const std::string path = RecordPath(options_.path, earlier);
      std::string bytes;
      RETURN_IF_ERROR(ReadInPieces(path, [&bytes](std::string_view piece) {
        bytes.append(piece);
        return absl::OkStatus();
      }));
      const absl::StatusOr<BackupRecord> before = DecodeBackupRecord(bytes);
      if (!before.ok()) continue;  // Verify tells of it; what it knew is read again.
      for (const BackupFile& file : before->files) {
        if (absl::StartsWith(file.path, kSharedPrefix)) known[file.path] = file;
      }
    }
    std::vector<std::string> paths = {absl::StrCat(kRocksdb, "/meta/", number)};
    for (const rocksdb::BackupFileInfo& file : info.file_details) {
      paths.push_back(absl::StrCat(kRocksdb, "/", file.relative_filename));
    }
    std::sort(paths.begin(), paths.end());
    for (const std::string& path : paths) {
      RETURN_IF_ERROR(look(0));
      BackupFile file{.path = path, .bytes = 0, .digest = {}};
      ASSIGN_OR_RETURN(file.bytes, BytesOfFile(Join(options_.path, path)));
      const auto before = known.find(path);
      if (before != known.end() && before->second.bytes == file.bytes) {
        file = before->second;
      } else {
        ASSIGN_OR_RETURN(file.digest, DigestOfFile(Join(options_.path, path)));
        record.bytes_new += file.bytes;
      }
      record.bytes += file.bytes;
      record.files.push_back(std::move(file));
    }
    record.ended_ms = options_.now_ms();
    return ReplaceFile(RecordPath(options_.path, number), EncodeBackupRecord(record));
  };
  if (const absl::Status completed = complete(); !completed.ok()) return discard(completed);
  return record;
}

absl::StatusOr<std::vector<BackupListing>> BackupDirectory::List() const {
  std::vector<BackupListing> list;
  struct stat found;
  if (stat(options_.path.c_str(), &found) != 0 && errno == ENOENT) return list;
  RETURN_IF_ERROR(CheckFormat());
  ASSIGN_OR_RETURN(const std::vector<uint32_t> numbers, Numbers());
  for (const uint32_t number : numbers) {
    const std::string path = RecordPath(options_.path, number);
    std::string bytes;
    RETURN_IF_ERROR(ReadInPieces(path, [&bytes](std::string_view piece) {
      bytes.append(piece);
      return absl::OkStatus();
    }));
    absl::StatusOr<BackupRecord> record = DecodeBackupRecord(bytes);
    if (record.ok() && record->number != number) {
      record = absl::DataLossError(absl::StrCat("it is of backup ", record->number));
    }
    list.push_back({number, std::move(record)});
  }
  return list;
}

absl::StatusOr<std::vector<BackupFault>> BackupDirectory::Verify(uint32_t number,
                                                                 const BackupWatch& watch) const {
  ASSIGN_OR_RETURN(const std::vector<BackupListing> list, List());
  const auto at = std::find_if(list.begin(), list.end(), [number](const BackupListing& listing) {
    return listing.number == number;
  });
  if (at == list.end()) {
    std::vector<uint32_t> numbers;
    for (const BackupListing& listing : list) numbers.push_back(listing.number);
    return NoSuchBackup(options_.path, number, numbers);
  }
  std::vector<BackupFault> faults;
  if (!at->record.ok()) {
    if (!absl::IsDataLoss(at->record.status())) return at->record.status();
    faults.push_back(
        {absl::StrCat(kRecords, "/", number), std::string(at->record.status().message())});
    return faults;
  }
  BackupProgress progress{.bytes_done = 0, .bytes_total = at->record->bytes};
  for (const BackupFile& file : at->record->files) {
    RETURN_IF_ERROR(watch(progress));
    absl::StatusOr<std::string> fault = FaultOf(options_.path, file);
    // A disk that cannot read a file: that is damage as well.
    if (absl::IsUnavailable(fault.status())) fault = std::string(fault.status().message());
    RETURN_IF_ERROR(fault.status());
    if (!fault->empty()) faults.push_back({file.path, *std::move(fault)});
    progress.bytes_done += file.bytes;
  }
  RETURN_IF_ERROR(watch(progress));
  return faults;
}

absl::Status BackupDirectory::Delete(uint32_t number) const {
  struct stat found;
  if (stat(options_.path.c_str(), &found) != 0 && errno == ENOENT) {
    return NoSuchBackup(options_.path, number, {});
  }
  RETURN_IF_ERROR(CheckFormat());
  ASSIGN_OR_RETURN(const std::unique_ptr<Descriptor> lock, LockDirectory(options_.path));
  ASSIGN_OR_RETURN(const std::vector<uint32_t> numbers, Numbers());
  if (!std::binary_search(numbers.begin(), numbers.end(), number)) {
    return NoSuchBackup(options_.path, number, numbers);
  }
  // First what makes it a backup, so that a crash leaves none with half of its files.
  RETURN_IF_ERROR(RemoveTree(RecordPath(options_.path, number)));
  RETURN_IF_ERROR(SyncDirectory(Join(options_.path, kRecords)));
  ASSIGN_OR_RETURN(const Engine engine, OpenEngine(EngineOptions(options_.path, options_.env, 0),
                                                   rocksdb::Env::Default()));
  const rocksdb::IOStatus deleted = engine->DeleteBackup(number);
  if (!deleted.ok() && !deleted.IsNotFound()) return FromRocksdb(deleted, options_.path);
  return absl::OkStatus();
}

absl::StatusOr<BackupRecord> RestoreBackup(const std::string& path, std::optional<uint32_t> number,
                                           const std::string& data_directory,
                                           const BackupWatch& watch) {
  RETURN_IF_ERROR(StoreDirectory::CheckVacant(data_directory));
  const BackupDirectory backups({.path = path, .made_by = "", .now_ms = nullptr});
  ASSIGN_OR_RETURN(std::vector<BackupListing> list, backups.List());
  if (list.empty()) {
    return absl::NotFoundError(
        absl::StrCat(path, " holds no backup: is this the right directory?"));
  }
  const uint32_t wanted = number.value_or(list.back().number);
  ASSIGN_OR_RETURN(const std::vector<BackupFault> faults, backups.Verify(wanted, watch));
  if (!faults.empty()) {
    std::string others;
    for (const BackupListing& listing : list) {
      if (listing.number < wanted) others = absl::StrCat(path, "@", listing.number);
    }
    return absl::DataLossError(absl::StrCat(
        "backup ", wanted, " is damaged and was not restored: ", Join(path, faults.front().path),
        ": ", faults.front().what,
        faults.size() == 1 ? "" : absl::StrCat(" (and ", faults.size() - 1, " other files)"),
        others.empty() ? "; take another copy of the backups"
                       : absl::StrCat("; try the one before: --restore-from ", others)));
  }
  const auto at = std::find_if(list.begin(), list.end(), [wanted](const BackupListing& listing) {
    return listing.number == wanted;
  });
  BackupRecord record = *std::move(at->record);
  if (record.store_format > kStoreFormat || record.store_format < kStoreFormatOldest) {
    return absl::FailedPreconditionError(absl::StrCat(
        "backup ", wanted, " holds a store of format ", record.store_format,
        ", and this tikard reads ", kStoreFormatOldest, " to ", kStoreFormat,
        ": restore it with tikard ", record.made_by, ", which made it; nothing was changed"));
  }
  StoreDirectory::Contents contents;
  contents.format = record.store_format;
  contents.batches = record.batches;
  contents.restored =
      absl::StrCat("restored from backup ", wanted, " of ",
                   absl::FormatTime("%Y-%m-%d %H:%M:%S UTC", absl::FromUnixMillis(record.began_ms),
                                    absl::UTCTimeZone()));
  RETURN_IF_ERROR(StoreDirectory::Restore(
      data_directory, contents, [&](const std::string& database) -> absl::Status {
        rocksdb::BackupEngineReadOnly* opened = nullptr;
        const rocksdb::IOStatus open = rocksdb::BackupEngineReadOnly::Open(
            EngineOptions(path, nullptr, 0), rocksdb::Env::Default(), &opened);
        const std::unique_ptr<rocksdb::BackupEngineReadOnly> engine(opened);
        if (!open.ok()) return FromRocksdb(open, path);
        return FromRocksdb(
            engine->RestoreDBFromBackup(rocksdb::RestoreOptions(), wanted, database, database),
            database);
      }));
  return record;
}

}  // namespace tikar::storage
