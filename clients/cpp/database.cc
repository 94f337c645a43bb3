#include "clients/cpp/database.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"

namespace tikar::client {

Statement::Statement(Statement&& other) noexcept
    : database_(other.database_),
      sql_(other.sql_),
      statement_(std::exchange(other.statement_, nullptr)),
      bind_error_(other.bind_error_) {}

Statement::~Statement() {
  if (statement_ == nullptr) return;
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
  database_->idle_.emplace(sql_, statement_);
}

void Statement::Bind(int index, int64_t number) {
  if (const int code = sqlite3_bind_int64(statement_, index, number); code != SQLITE_OK) {
    bind_error_ = code;
  }
}

void Statement::Bind(int index, std::string_view text) {
  // A null pointer would bind NULL instead of no bytes.
  const char* data = text.empty() ? "" : text.data();
  const int code = sqlite3_bind_blob64(statement_, index, data, text.size(), SQLITE_TRANSIENT);
  if (code != SQLITE_OK) bind_error_ = code;
}

absl::StatusOr<bool> Statement::Step() {
  if (bind_error_ != SQLITE_OK) return database_->ErrorOf(bind_error_);
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return database_->ErrorOf(code);
}

int64_t Statement::Number(int column) const { return sqlite3_column_int64(statement_, column); }

std::string Statement::Bytes(int column) const {
  const void* data = sqlite3_column_blob(statement_, column);
  const int size = sqlite3_column_bytes(statement_, column);
  return data == nullptr ? std::string() : std::string(static_cast<const char*>(data), size);
}

namespace {

absl::Status MakeFile(const std::string& path) {
  // SQLite would make the file with the process's umask; its journal takes the mode of the file.
  const int file = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (file < 0) {
    return absl::NotFoundError(absl::StrCat("cannot open ", path, ": ", std::strerror(errno)));
  }
  const int mode_error = fchmod(file, 0600) == 0 ? 0 : errno;
  close(file);
  if (mode_error != 0) {
    return absl::PermissionDeniedError(
        absl::StrCat("cannot keep ", path, " private: ", std::strerror(mode_error)));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<Database>> Database::Open(const std::string& path,
                                                         const std::string& vfs) {
  const bool in_files = path != kInMemory && vfs.empty();
  if (in_files) RETURN_IF_ERROR(MakeFile(path));
  sqlite3* handle = nullptr;
  const int create = in_files ? 0 : SQLITE_OPEN_CREATE;
  const int code =
      sqlite3_open_v2(path.c_str(), &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | create,
                      vfs.empty() ? nullptr : vfs.c_str());
  std::unique_ptr<Database> database(new Database(path, handle));
  if (code != SQLITE_OK) return database->ErrorOf(code);
  sqlite3_extended_result_codes(handle, 1);
  RETURN_IF_ERROR(database->Execute("PRAGMA locking_mode = EXCLUSIVE; PRAGMA synchronous = FULL;"));
  return database;
}

Database::~Database() {
  for (const auto& [sql, statement] : idle_) sqlite3_finalize(statement);
  CHECK(sqlite3_close(handle_) == SQLITE_OK);  // else a Statement outlived its database
}

absl::StatusOr<Statement> Database::Prepare(std::string_view sql) {
  if (auto idle = idle_.find(sql); idle != idle_.end()) {
    const auto [text, statement] = *idle;
    idle_.erase(idle);
    return Statement(this, text, statement);
  }
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (code != SQLITE_OK) return ErrorOf(code);
  return Statement(this, sql, statement);
}

absl::Status Database::Execute(const std::string& sql) {
  const int code = sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr);
  return code == SQLITE_OK ? absl::OkStatus() : ErrorOf(code);
}

void Database::KeepJournalOnClose() {
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
}

absl::Status Database::ErrorOf(int code) const {
  const std::string detail = absl::StrCat(
      path_, ": ", handle_ != nullptr ? sqlite3_errmsg(handle_) : sqlite3_errstr(code));
  switch (code & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return absl::DataLossError(absl::StrCat(
          "the app's data is damaged (", detail,
          "). Keep this file and the ones beside it: unsent changes may be recovered from them."));
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return absl::UnavailableError(
          absl::StrCat("another process uses the app's data (", detail, ")"));
    case SQLITE_FULL:
      return absl::ResourceExhaustedError(absl::StrCat("no space left for the app's data (", detail,
                                                       "). Free some and try again."));
    default:
      return absl::InternalError(absl::StrCat("the app's data cannot be used (", detail, ")"));
  }
}

absl::StatusOr<Transaction> Transaction::Begin(Database* database) {
  RETURN_IF_ERROR(database->Run("BEGIN IMMEDIATE"));
  return Transaction(database);
}

Transaction::~Transaction() {
  // Nothing to do about an error: SQLite rolls back what was not committed when the file is next
  // opened.
  if (database_ != nullptr) database_->Run("ROLLBACK").IgnoreError();
}

absl::Status Transaction::Commit() {
  RETURN_IF_ERROR(database_->Run("COMMIT"));
  database_ = nullptr;
  return absl::OkStatus();
}

}  // namespace tikar::client
