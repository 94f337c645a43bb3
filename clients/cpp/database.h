// SQLite with our errors: statements that are kept, transactions that roll back by themselves.
//
//   ASSIGN_OR_RETURN(Transaction transaction, Transaction::Begin(&database));
//   RETURN_IF_ERROR(database.Run("UPDATE device SET hlc_last = ?", hlc));
//   RETURN_IF_ERROR(transaction.Commit());   // on the disk when this returns
//
// Every committed transaction survives power loss: the journal is a write-ahead log that is synced
// at each commit (synchronous=FULL).
//
// Errors: DataLoss (the file is damaged), Unavailable (another process has it open),
// ResourceExhausted (disk full), Internal (anything else). Each names the file.
//
// Thread safety: none.
#ifndef TIKAR_CLIENTS_CPP_DATABASE_H_
#define TIKAR_CLIENTS_CPP_DATABASE_H_

#include <sqlite3.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "sync/status_macros.h"

namespace tikar::client {

class Database;

// A prepared statement on loan from its database; goes back when this ends.
//
// An error in Bind shows at the next Step.
class Statement {
 public:
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&&) = delete;
  ~Statement();

  // From 1. Unsigned numbers are kept by their bits.
  void Bind(int index, int64_t number);
  void Bind(int index, uint64_t number) { Bind(index, static_cast<int64_t>(number)); }
  void Bind(int index, int number) { Bind(index, static_cast<int64_t>(number)); }
  void Bind(int index, bool flag) { Bind(index, static_cast<int64_t>(flag)); }
  void Bind(int index, std::string_view text);  // as bytes: collation does not matter to us
  void Bind(int index, const std::string& text) { Bind(index, std::string_view(text)); }
  void Bind(int index, const char* text) { Bind(index, std::string_view(text)); }
  template <typename... Values>
  void BindAll(const Values&... values) {
    int index = 0;
    (Bind(++index, values), ...);
  }

  // True: there is a row. False: done.
  absl::StatusOr<bool> Step();

  // Of the current row, from 0. NULL reads as 0 or empty.
  int64_t Number(int column) const;
  uint64_t Unsigned(int column) const { return static_cast<uint64_t>(Number(column)); }
  std::string Bytes(int column) const;

 private:
  friend class Database;
  Statement(Database* database, std::string_view sql, sqlite3_stmt* statement)
      : database_(database), sql_(sql), statement_(statement) {}

  Database* database_;
  std::string_view sql_;
  sqlite3_stmt* statement_;
  int bind_error_ = SQLITE_OK;
};

class Database {
 public:
  static constexpr char kInMemory[] = ":memory:";

  // Opens or makes the file, readable by its owner alone, and holds it: no second process can open
  // it. Does not write to a file that is there. kInMemory: nothing outlives the object, for
  // simulators with thousands of phones.
  // `vfs`: the SQLite file system that keeps it, as it was registered; empty: the operating
  // system's.
  static absl::StatusOr<std::unique_ptr<Database>> Open(const std::string& path,
                                                        const std::string& vfs = "");
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  ~Database();

  // `sql` must be a literal: the statement is kept under its text.
  absl::StatusOr<Statement> Prepare(std::string_view sql);

  // Prepares, binds, and runs to the end.
  template <typename... Values>
  absl::Status Run(std::string_view sql, const Values&... values) {
    ASSIGN_OR_RETURN(Statement statement, Prepare(sql));
    statement.BindAll(values...);
    return statement.Step().status();
  }
  // First column of the first row; nullopt: no row.
  template <typename... Values>
  absl::StatusOr<std::optional<int64_t>> ReadNumber(std::string_view sql, const Values&... values) {
    ASSIGN_OR_RETURN(Statement statement, Prepare(sql));
    statement.BindAll(values...);
    ASSIGN_OR_RETURN(const bool row, statement.Step());
    return row ? std::optional<int64_t>(statement.Number(0)) : std::nullopt;
  }
  // Several statements in one text, without results: schema and pragmas.
  absl::Status Execute(const std::string& sql);

  // Leaves the journal where it is when this closes, so that a file we may not touch stays as it
  // is.
  void KeepJournalOnClose();

  int64_t last_insert_id() const { return sqlite3_last_insert_rowid(handle_); }
  const std::string& path() const { return path_; }

 private:
  friend class Statement;
  Database(std::string path, sqlite3* handle) : path_(std::move(path)), handle_(handle) {}
  absl::Status ErrorOf(int code) const;

  const std::string path_;
  sqlite3* const handle_;
  std::multimap<std::string_view, sqlite3_stmt*> idle_;
};

// Everything between Begin and Commit happens together or not at all.
class Transaction {
 public:
  static absl::StatusOr<Transaction> Begin(Database* database);
  Transaction(Transaction&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}
  Transaction& operator=(Transaction&&) = delete;
  // Rolls back unless committed.
  ~Transaction();
  // Durable when this returns OK. On an error nothing happened.
  absl::Status Commit();

 private:
  explicit Transaction(Database* database) : database_(database) {}
  Database* database_;  // null once committed
};

}  // namespace tikar::client

#endif  // TIKAR_CLIENTS_CPP_DATABASE_H_
