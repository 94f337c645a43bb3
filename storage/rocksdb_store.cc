#include "storage/rocksdb_store.h"

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "rocksdb/cache.h"
#include "rocksdb/db.h"
#include "rocksdb/env.h"
#include "rocksdb/sst_file_reader.h"
#include "rocksdb/write_batch.h"
#include "storage/backup_source.h"
#include "storage/guarded_logs.h"
#include "storage/info_log.h"
#include "storage/rocksdb_options.h"
#include "storage/rocksdb_reader.h"
#include "storage/rocksdb_status.h"
#include "storage/store_directory.h"
#include "storage/store_health.h"
#include "sync/status_macros.h"

namespace tikar::storage {

using sync::Family;

namespace {

using Handles = std::vector<rocksdb::ColumnFamilyHandle*>;

// Keeps RocksDB's first warnings, instead of a file in a directory that must not be touched.
class WarningKeeper : public rocksdb::Logger {
 public:
  WarningKeeper() : rocksdb::Logger(rocksdb::InfoLogLevel::WARN_LEVEL) {}

  using rocksdb::Logger::Logv;
  void Logv(const char* format, va_list arguments) override {
    char line[1024];
    std::vsnprintf(line, sizeof(line), format, arguments);
    std::lock_guard lock(mutex_);
    if (lines_.size() < kLinesMax) lines_.push_back(line);
  }

  // The warnings about what recovery left out, on one line.
  std::string dropped() const {
    std::lock_guard lock(mutex_);
    std::vector<std::string> dropped;
    for (const std::string& line : lines_) {
      if (absl::StrContains(line, "dropping")) dropped.push_back(line);
    }
    return absl::StrJoin(dropped, "; ");
  }

 private:
  static constexpr size_t kLinesMax = 16;
  mutable std::mutex mutex_;
  std::vector<std::string> lines_ ABSL_GUARDED_BY(mutex_);
};

absl::Status CreateDatabase(const RocksdbStoreOptions& options, const std::string& path) {
  rocksdb::DBOptions database_options = DatabaseOptions(options, std::make_shared<WarningKeeper>());
  database_options.create_if_missing = true;
  database_options.create_missing_column_families = true;
  rocksdb::DB* opened = nullptr;
  Handles handles;
  const rocksdb::Status status = rocksdb::DB::Open(
      database_options, path, FamilyDescriptors(options, nullptr), &handles, &opened);
  if (!status.ok()) return FromRocksdb(status, path);
  const std::unique_ptr<rocksdb::DB> database(opened);
  CloseHandles(*database, handles);
  return FromRocksdb(database->Close(), path);
}

// As FromRocksdb, for a database that does not open: then a file that is missing, or families that
// are not those of this version, are damage.
absl::Status OpenError(const rocksdb::Status& status, const std::string& path) {
  if (status.IsInvalidArgument() || status.IsNotFound()) {
    return DamagedStore(path, status.ToString());
  }
  return FromRocksdb(status, path);
}

// Reads what an open would read, and changes nothing.
absl::Status CheckDatabase(const RocksdbStoreOptions& options, const StoreDirectory& directory) {
  const std::string path = directory.database_path();
  const auto warnings = std::make_shared<WarningKeeper>();
  rocksdb::DB* opened = nullptr;
  Handles handles;
  const rocksdb::Status status =
      rocksdb::DB::OpenForReadOnly(DatabaseOptions(options, warnings), path,
                                   FamilyDescriptors(options, nullptr), &handles, &opened);
  if (!status.ok()) return OpenError(status, path);
  const std::unique_ptr<rocksdb::DB> database(opened);
  const absl::StatusOr<uint64_t> recovered = ReadBatches(*database, path);
  CloseHandles(*database, handles);
  if (!recovered.ok()) return recovered.status();
  if (*recovered >= directory.synced_at_open()) return absl::OkStatus();
  std::string reason = warnings->dropped();
  if (reason.empty())
    reason = "a log file (*.log) or MANIFEST is cut short, missing or an older copy";
  return DamagedStore(path, absl::StrCat("it was synced up to batch ", directory.synced_at_open(),
                                         " but reaches only to ", *recovered, ": ", reason));
}

}  // namespace

// An open RocksDB and the lock of its directory, until the last user is gone.
class RocksdbStore::Database {
 public:
  static absl::StatusOr<std::shared_ptr<Database>> Open(const RocksdbStoreOptions& options) {
    auto database = std::make_shared<Database>();
    absl::StatusOr<std::unique_ptr<StoreDirectory>> directory = StoreDirectory::Open(
        options.path,
        [&options](const std::string& path) { return CreateDatabase(options, path); });
    if (!directory.ok()) return std::move(directory).status();
    database->directory_ = *std::move(directory);
    RETURN_IF_ERROR(CheckDatabase(options, *database->directory_));
    RETURN_IF_ERROR(database->directory_->NoteHolder());

    const std::string path = database->path();
    database->health_ = std::make_shared<StoreHealth>(*database->directory_);
    rocksdb::Env& env = options.env == nullptr ? *rocksdb::Env::Default() : *options.env;
    database->env_ = rocksdb::NewCompositeEnv(
        std::make_shared<GuardedLogs>(env.GetFileSystem(), database->health_));
    rocksdb::DBOptions database_options =
        DatabaseOptions(options, std::make_shared<InfoLog>(database->directory_->info_log_path()));
    database_options.env = database->env_.get();
    database->env_in_use_ = database->env_.get();
    database_options.listeners.push_back(database->health_);
    database->block_cache_ = rocksdb::NewLRUCache(options.block_cache_bytes);
    rocksdb::DB* opened = nullptr;
    const rocksdb::Status status = rocksdb::DB::Open(
        database_options, path, FamilyDescriptors(options, database->block_cache_),
        &database->handles_, &opened);
    if (!status.ok()) return OpenError(status, path);
    database->database_.reset(opened);
    ASSIGN_OR_RETURN(database->batches_at_open_, ReadBatches(*opened, path));
    // RocksDB has flushed what it read back from the log into table files, which are synced.
    RETURN_IF_ERROR(database->Sync(database->batches_at_open_));
    RETURN_IF_ERROR(database->directory_->FlushSynced());
    return database;
  }

  // Reads what is there.
  static absl::StatusOr<std::shared_ptr<Database>> OpenReadOnly(
      const RocksdbStoreOptions& options) {
    auto database = std::make_shared<Database>();
    ASSIGN_OR_RETURN(database->directory_, StoreDirectory::OpenExisting(options.path));
    const std::string path = database->path();
    database->health_ = std::make_shared<StoreHealth>(*database->directory_);
    database->health_->Note(
        absl::FailedPreconditionError(absl::StrCat(path, " is open for reading only")));
    database->read_only_ = true;
    database->block_cache_ = rocksdb::NewLRUCache(options.block_cache_bytes);
    rocksdb::DBOptions database_options =
        DatabaseOptions(options, std::make_shared<WarningKeeper>());
    database->env_in_use_ = database_options.env;
    RETURN_IF_ERROR(CheckDatabase(options, *database->directory_));
    rocksdb::DB* opened = nullptr;
    const rocksdb::Status status = rocksdb::DB::OpenForReadOnly(
        database_options, path, FamilyDescriptors(options, database->block_cache_),
        &database->handles_, &opened);
    if (!status.ok()) return OpenError(status, path);
    database->database_.reset(opened);
    ASSIGN_OR_RETURN(database->batches_at_open_, ReadBatches(*opened, path));
    return database;
  }

  Database() = default;
  ~Database() {
    if (database_ == nullptr) return;
    CloseHandles(*database_, handles_);
    // Everything that was acknowledged is durable; there is nobody left to tell.
    database_->Close().PermitUncheckedError();
  }
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  rocksdb::DB& rocks() const { return *database_; }
  StoreDirectory& directory() const { return *directory_; }
  StoreHealth& health() const { return *health_; }
  std::string path() const { return directory_->database_path(); }
  size_t block_cache_bytes() const { return block_cache_->GetUsage(); }
  const Handles& handles() const { return handles_; }
  rocksdb::ColumnFamilyHandle* family(Family family) const {
    return handles_[static_cast<size_t>(family) + 1];  // the default family is the first
  }

  uint64_t batches_at_open() const { return batches_at_open_; }
  bool read_only() const { return read_only_; }
  rocksdb::Env* env() const { return env_in_use_; }

  // Makes everything written so far durable. Any thread.
  absl::Status SyncLog() {
    return health_->Sync([this] { return database_->SyncWAL(); });
  }

  // The same, which is at least up to batch `batches`, and notes how far that was. An error is
  // noted in health().
  absl::Status Sync(uint64_t batches) {
    RETURN_IF_ERROR(SyncLog());
    const absl::Status noted = directory_->NoteSynced(batches);
    if (noted.ok()) return noted;
    health_->Note(noted);
    return health_->status();
  }

 private:
  // Destroyed last: the lock outlives the database.
  std::unique_ptr<StoreDirectory> directory_;
  std::shared_ptr<StoreHealth> health_;
  std::unique_ptr<rocksdb::Env> env_;
  std::shared_ptr<rocksdb::Cache> block_cache_;
  std::unique_ptr<rocksdb::DB> database_;
  Handles handles_;
  uint64_t batches_at_open_ = 0;
  bool read_only_ = false;
  rocksdb::Env* env_in_use_ = nullptr;
};

class RocksdbStore::DatabaseFiles : public TableFiles {
 public:
  explicit DatabaseFiles(const std::shared_ptr<const Database>& database) : database_(database) {}

  std::vector<std::string> Names() const override {
    const std::shared_ptr<const Database> database = database_.lock();
    return database == nullptr ? std::vector<std::string>() : NamesIn(*database);
  }

  absl::Status Check(const std::string& name) const override {
    const std::shared_ptr<const Database> database = database_.lock();
    if (database == nullptr) return absl::OkStatus();
    const std::string path = database->path() + "/" + name;
    rocksdb::Options options;
    options.env = database->env();
    rocksdb::SstFileReader file(options);
    rocksdb::Status status = file.Open(path);
    if (status.ok()) status = file.VerifyChecksum();
    if (status.ok()) return absl::OkStatus();
    // A compaction may have replaced it since it was named.
    const std::vector<std::string> needed = NamesIn(*database);
    if (!std::binary_search(needed.begin(), needed.end(), name)) return absl::OkStatus();
    // RocksDB calls a file that is not there an I/O error, and one whose end is garbage a mistake
    // of the caller's.
    if (status.IsPathNotFound() || status.IsNotSupported() || status.IsInvalidArgument()) {
      return DamagedStore(path, status.ToString());
    }
    return FromRocksdb(status, path);
  }

 private:
  static std::vector<std::string> NamesIn(const Database& database) {
    std::vector<rocksdb::LiveFileMetaData> files;
    database.rocks().GetLiveFilesMetaData(&files);
    std::vector<std::string> names;
    for (const rocksdb::LiveFileMetaData& file : files) {
      // RocksDB puts a slash before it.
      names.push_back(std::filesystem::path(file.name).filename().string());
    }
    std::sort(names.begin(), names.end());
    return names;
  }

  const std::weak_ptr<const Database> database_;
};

class RocksdbStore::DatabaseRows : public BackupSource {
 public:
  explicit DatabaseRows(const std::shared_ptr<Database>& database) : database_(database) {}

  absl::Status Copy(const std::function<absl::Status(const Rows&)>& copy) const override {
    const std::shared_ptr<Database> database = database_.lock();
    if (database == nullptr) return absl::UnavailableError("the store is closed");
    RETURN_IF_ERROR(database->health().status());
    return copy({.database = database->rocks(),
                 .env = *database->env(),
                 .sync = [&database] { return database->SyncLog(); },
                 .health = [&database] { return database->health().status(); }});
  }

 private:
  const std::weak_ptr<Database> database_;
};

RocksdbStore::RocksdbStore(std::shared_ptr<Database> database)
    : database_(std::move(database)),
      latest_(NewReader(/*frozen=*/false)),
      batches_(database_->batches_at_open()),
      synced_(batches_) {}

RocksdbStore::~RocksdbStore() {
  // Who wants to know calls Close.
  Close().IgnoreError();
}

absl::StatusOr<std::unique_ptr<RocksdbStore>> RocksdbStore::Open(
    const RocksdbStoreOptions& options) {
  ASSIGN_OR_RETURN(std::shared_ptr<Database> database, Database::Open(options));
  return std::unique_ptr<RocksdbStore>(new RocksdbStore(std::move(database)));
}

absl::StatusOr<std::unique_ptr<RocksdbStore>> RocksdbStore::OpenReadOnly(
    const RocksdbStoreOptions& options) {
  ASSIGN_OR_RETURN(std::shared_ptr<Database> database, Database::OpenReadOnly(options));
  return std::unique_ptr<RocksdbStore>(new RocksdbStore(std::move(database)));
}

absl::Status RocksdbStore::Write(const sync::WriteBatch& batch) {
  if (database_ == nullptr) return absl::FailedPreconditionError("the store is closed");
  RETURN_IF_ERROR(database_->health().status());
  RETURN_IF_ERROR(CheckBatch(batch));
  // Beside the bytes, RocksDB keeps a tag, a family and two lengths for each write; a header and
  // the number of batches come on top.
  constexpr size_t kHeaderBytes = 64, kOverheadBytes = 8;
  rocksdb::WriteBatch rows(kHeaderBytes + batch.bytes() + batch.writes().size() * kOverheadBytes);
  for (const sync::WriteBatch::Write& write : batch.writes()) {
    rocksdb::ColumnFamilyHandle* const family = database_->family(write.family);
    rocksdb::Status status;
    switch (write.kind) {
      case sync::WriteBatch::Kind::kPut:
        status = rows.Put(family, write.key, write.value);
        break;
      case sync::WriteBatch::Kind::kDelete:
        status = rows.Delete(family, write.key);
        break;
      case sync::WriteBatch::Kind::kSingleDelete:
        status = rows.SingleDelete(family, write.key);
        break;
    }
    if (!status.ok()) return FromRocksdb(status, database_->path());
  }
  const uint64_t number = batches_.load(std::memory_order_relaxed) + 1;
  const rocksdb::Status counted =
      rows.Put(database_->rocks().DefaultColumnFamily(), kBatchesKey, absl::StrCat(number));
  if (!counted.ok()) return FromRocksdb(counted, database_->path());
  RETURN_IF_ERROR(
      database_->health().Written(database_->rocks().Write(rocksdb::WriteOptions(), &rows)));
  // Only now may the syncer promise it: the log has it.
  batches_.store(number, std::memory_order_release);
  ++writes_;
  written_bytes_ += batch.bytes();
  return absl::OkStatus();
}

absl::Status RocksdbStore::Sync() {
  if (database_ == nullptr) return absl::FailedPreconditionError("the store is closed");
  RETURN_IF_ERROR(database_->health().status());
  // Read before the fsync: at least this much is durable afterwards, whatever the writer adds
  // meanwhile.
  const uint64_t batches = batches_.load(std::memory_order_acquire);
  if (batches == synced_) return absl::OkStatus();
  RETURN_IF_ERROR(database_->Sync(batches));
  synced_ = batches;
  ++syncs_;
  return absl::OkStatus();
}

std::unique_ptr<const RocksdbReader> RocksdbStore::NewReader(bool frozen) const {
  return std::make_unique<const RocksdbReader>(database_, &database_->rocks(), database_->handles(),
                                               database_->path(), frozen);
}

const sync::Reader& RocksdbStore::Latest() const { return *latest_; }

std::shared_ptr<const sync::Reader> RocksdbStore::Snapshot() const {
  return NewReader(/*frozen=*/true);
}

absl::Status RocksdbStore::Close() {
  if (database_ == nullptr) return absl::OkStatus();
  const bool read_only = database_->read_only();
  absl::Status status = database_->health().status();
  if (status.ok()) status = Sync();
  if (status.ok()) {
    // An empty log: the next start has nothing to read back, and nothing to lose. Nobody writes any
    // more who could be stalled, so there are no compactions to be waited for.
    rocksdb::FlushOptions flush;
    flush.allow_write_stall = true;
    status = database_->health().Written(database_->rocks().Flush(flush, database_->handles()));
  }
  if (status.ok()) status = database_->directory().FlushSynced();
  latest_.reset();
  std::shared_ptr<Database> closing;
  {
    std::lock_guard lock(mutex_);
    closing = std::move(database_);
  }
  return read_only ? absl::OkStatus() : status;
}

absl::Status RocksdbStore::health() const {
  std::lock_guard lock(mutex_);
  return database_ == nullptr ? absl::FailedPreconditionError("the store is closed")
                              : database_->health().status();
}

StoreStats RocksdbStore::stats() const {
  StoreStats stats;
  stats.writes = writes_;
  stats.written_bytes = written_bytes_;
  stats.syncs = syncs_;
  std::lock_guard lock(mutex_);
  if (database_ == nullptr) return stats;
  std::error_code error;
  for (auto file =
           std::filesystem::recursive_directory_iterator(database_->directory().path(), error);
       !error && file != std::filesystem::recursive_directory_iterator(); file.increment(error)) {
    std::error_code gone;  // RocksDB removes files at any time
    const uintmax_t bytes = file->is_regular_file(gone) ? file->file_size(gone) : 0;
    if (!gone) stats.disk_bytes += bytes;
  }
  uint64_t unflushed = 0;
  database_->rocks().GetAggregatedIntProperty(rocksdb::DB::Properties::kCurSizeAllMemTables,
                                              &unflushed);
  stats.memory_bytes = unflushed + database_->block_cache_bytes();
  return stats;
}

std::shared_ptr<const TableFiles> RocksdbStore::table_files() const {
  std::lock_guard lock(mutex_);
  return std::make_shared<const DatabaseFiles>(database_);
}

std::shared_ptr<const BackupSource> RocksdbStore::backup_source() const {
  std::lock_guard lock(mutex_);
  return std::make_shared<const DatabaseRows>(database_);
}

}  // namespace tikar::storage
