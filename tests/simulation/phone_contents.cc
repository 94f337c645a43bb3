// Reads a phone's files without the SDK: what it says of itself is what is to be judged.
#include <sqlite3.h>

#include <functional>
#include <string>

#include "clients/cpp/replica.h"
#include "phone.h"
#include "sync/status_macros.h"

namespace tikar::simulation {
namespace {

constexpr char kFile[] = "app.sqlite";

class Row {
 public:
  explicit Row(sqlite3_stmt* statement) : statement_(statement) {}
  int64_t Number(int column) const { return sqlite3_column_int64(statement_, column); }
  std::string Bytes(int column) const {
    const void* data = sqlite3_column_blob(statement_, column);
    const int size = sqlite3_column_bytes(statement_, column);
    return data == nullptr ? std::string()
                           : std::string(static_cast<const char*>(data), static_cast<size_t>(size));
  }

 private:
  sqlite3_stmt* statement_;
};

void Each(sqlite3* database, const char* sql, const std::function<void(const Row&)>& visit) {
  sqlite3_stmt* statement = nullptr;
  CHECK(sqlite3_prepare_v2(database, sql, -1, &statement, nullptr) == SQLITE_OK);
  int code = SQLITE_ROW;
  while ((code = sqlite3_step(statement)) == SQLITE_ROW) visit(Row(statement));
  CHECK(code == SQLITE_DONE);
  sqlite3_finalize(statement);
}

sync::RequestKey KeyOf(const Row& row, int column) {
  const auto id = sync::RequestId::FromBytes(row.Bytes(column + 1));
  CHECK(id.has_value());
  return {row.Bytes(column), *id};
}

std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines;
  size_t begin = 0;
  while (begin < text.size()) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    lines.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

}  // namespace

PhoneContents ReadContents(const PhoneDisk::Image& files) {
  PhoneContents contents;
  if (!files.contains(kFile)) return contents;
  // A copy: reading a write-ahead log writes.
  PhoneDisk copy("copy");
  copy.Replace(files);
  sqlite3* database = nullptr;
  CHECK(sqlite3_open_v2(copy.Path(kFile).c_str(), &database,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, PhoneDisk::kVfs) == SQLITE_OK);
  CHECK(sqlite3_exec(database, "PRAGMA locking_mode = EXCLUSIVE", nullptr, nullptr, nullptr) ==
        SQLITE_OK);
  bool has_tables = false;
  Each(database, "SELECT COUNT(*) FROM sqlite_schema WHERE name = 'outbox'",
       [&](const Row& row) { has_tables = row.Number(0) > 0; });
  if (has_tables) {
    Each(database, "SELECT actor, scope, hlc_last FROM device", [&](const Row& row) {
      contents.actor = row.Bytes(0);
      contents.scope = Lines(row.Bytes(1));
      contents.hlc_last = static_cast<uint64_t>(row.Number(2));
    });
    Each(database, "SELECT cursor, stream, caught_up, error_code, error, failures FROM sync_state",
         [&](const Row& row) {
           contents.cursor = row.Bytes(0);
           contents.streams = static_cast<uint64_t>(row.Number(1));
           contents.caught_up = row.Number(2) != 0;
           contents.error_code = static_cast<int>(row.Number(3));
           contents.error = row.Bytes(4);
           contents.failures = static_cast<int>(row.Number(5));
         });
    Each(database,
         "SELECT position, change_id, region, request_id, body, fate, answer, error FROM outbox "
         "ORDER BY position",
         [&](const Row& row) {
           PhoneContents::OutboxRow& change = contents.outbox.emplace_back();
           change.position = row.Number(0);
           change.change = *sync::ChangeId::FromBytes(row.Bytes(1));
           change.request = KeyOf(row, 2);
           change.body = row.Bytes(4);
           change.fate = static_cast<client::ChangeFate>(row.Number(5));
           CHECK(change.answer.ParseFromString(row.Bytes(6)));
           change.error = row.Bytes(7);
         });
    Each(database, "SELECT region, request_id, request, feed_id FROM requests",
         [&](const Row& row) {
           PhoneContents::Held& held = contents.requests[KeyOf(row, 0)];
           CHECK(held.request.ParseFromString(row.Bytes(2)));
           held.feed = static_cast<sync::FeedId>(row.Number(3));
         });
    Each(database, "SELECT region, request_id, reason FROM departures", [&](const Row& row) {
      contents.departures[KeyOf(row, 0)] = static_cast<v1::RemovalReason>(row.Number(2));
    });
  }
  CHECK(sqlite3_close(database) == SQLITE_OK);
  return contents;
}

}  // namespace tikar::simulation
