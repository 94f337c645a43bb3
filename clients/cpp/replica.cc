#include "clients/cpp/replica.h"

#include <utility>

#include "sync/change.h"
#include "sync/definition.h"

namespace tikar::client {
namespace {

std::string TextOf(const v1::Request& request, std::string_view path) {
  for (const v1::FieldState& field : request.fields()) {
    if (field.path() == path) return field.value().text();
  }
  return "";
}

absl::StatusOr<sync::RequestKey> ReadKey(const Statement& row) {
  std::optional<sync::RequestId> id = sync::RequestId::FromBytes(row.Bytes(1));
  if (!id) return absl::DataLossError("a stored request id has the wrong length");
  return sync::RequestKey{row.Bytes(0), *id};
}

}  // namespace

const char* Replica::Schema() {
  return R"sql(
    CREATE TABLE requests (
      region BLOB NOT NULL,
      request_id BLOB NOT NULL,
      ref BLOB NOT NULL,
      area BLOB NOT NULL,
      assignee BLOB NOT NULL,
      create_time INTEGER NOT NULL,
      feed_id INTEGER NOT NULL,
      request BLOB NOT NULL,
      PRIMARY KEY (region, request_id)
    ) WITHOUT ROWID;
    CREATE INDEX requests_by_creation ON requests (create_time, request_id);
    CREATE INDEX requests_by_ref ON requests (ref);
    CREATE TABLE departures (
      region BLOB NOT NULL,
      request_id BLOB NOT NULL,
      reason INTEGER NOT NULL,
      serial INTEGER NOT NULL,
      PRIMARY KEY (region, request_id)
    ) WITHOUT ROWID;
  )sql";
}

absl::Status Replica::Put(const v1::Request& request, sync::FeedId feed_id, uint64_t pass) {
  const std::optional<sync::RequestKey> key = KeyOfName(request.name());
  if (!key) return absl::InvalidArgumentError("the server sent a request without a proper name");
  RETURN_IF_ERROR(database_->Run(
      "INSERT OR REPLACE INTO requests "
      "(region, request_id, ref, area, assignee, create_time, feed_id, request, pass, definition) "
      "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      key->region, key->id.view(), request.ref(), request.area(),
      TextOf(request, sync::kAssigneePath), static_cast<uint64_t>(request.create_time()),
      sync::Raw(feed_id), request.SerializeAsString(), pass, request.definition_hash()));
  return database_->Run("DELETE FROM departures WHERE region = ? AND request_id = ?", key->region,
                        key->id.view());
}

absl::Status Replica::Remove(const sync::RequestKey& key, const Departure& departure) {
  RETURN_IF_ERROR(database_->Run("DELETE FROM requests WHERE region = ? AND request_id = ?",
                                 key.region, key.id.view()));
  return database_->Run(
      "INSERT OR REPLACE INTO departures (region, request_id, reason) VALUES (?, ?, ?)", key.region,
      key.id.view(), static_cast<int>(departure.reason));
}

absl::Status Replica::RemoveNotBroughtSince(uint64_t pass, const Departure& departure) {
  RETURN_IF_ERROR(
      database_->Run("INSERT OR REPLACE INTO departures (region, request_id, reason) "
                     "SELECT region, request_id, ? FROM requests WHERE pass < ?",
                     static_cast<int>(departure.reason), pass));
  return database_->Run("DELETE FROM requests WHERE pass < ?", pass);
}

absl::StatusOr<std::optional<ReplicaRow>> Replica::Find(const sync::RequestKey& key) {
  ASSIGN_OR_RETURN(Statement row, database_->Prepare("SELECT request, feed_id FROM requests "
                                                     "WHERE region = ? AND request_id = ?"));
  row.BindAll(key.region, key.id.view());
  ASSIGN_OR_RETURN(const bool found, row.Step());
  if (!found) return std::optional<ReplicaRow>();
  ReplicaRow result;
  if (!result.request.ParseFromString(row.Bytes(0))) {
    return absl::DataLossError("a stored request cannot be read");
  }
  result.feed_id = static_cast<sync::FeedId>(row.Unsigned(1));
  return std::optional<ReplicaRow>(std::move(result));
}

absl::StatusOr<std::optional<Departure>> Replica::FindDeparture(const sync::RequestKey& key) {
  ASSIGN_OR_RETURN(Statement row, database_->Prepare("SELECT reason FROM departures "
                                                     "WHERE region = ? AND request_id = ?"));
  row.BindAll(key.region, key.id.view());
  ASSIGN_OR_RETURN(const bool found, row.Step());
  if (!found) return std::optional<Departure>();
  return std::optional<Departure>(Departure{static_cast<v1::RemovalReason>(row.Number(0))});
}

absl::StatusOr<std::vector<Replica::Entry>> Replica::Entries() {
  ASSIGN_OR_RETURN(
      Statement rows,
      database_->Prepare("SELECT region, request_id, create_time, area, assignee FROM requests "
                         "ORDER BY create_time DESC, request_id DESC"));
  std::vector<Entry> entries;
  while (true) {
    ASSIGN_OR_RETURN(const bool more, rows.Step());
    if (!more) return entries;
    ASSIGN_OR_RETURN(sync::RequestKey key, ReadKey(rows));
    entries.push_back({std::move(key), rows.Unsigned(2), rows.Bytes(3), rows.Bytes(4)});
  }
}

absl::StatusOr<std::vector<sync::RequestKey>> Replica::FindByRef(std::string_view ref) {
  ASSIGN_OR_RETURN(Statement rows,
                   database_->Prepare("SELECT region, request_id FROM requests WHERE ref = ?"));
  rows.BindAll(ref);
  std::vector<sync::RequestKey> keys;
  while (true) {
    ASSIGN_OR_RETURN(const bool more, rows.Step());
    if (!more) return keys;
    ASSIGN_OR_RETURN(sync::RequestKey key, ReadKey(rows));
    keys.push_back(std::move(key));
  }
}

absl::StatusOr<std::vector<sync::DefinitionHash>> Replica::PinnedDefinitions() {
  ASSIGN_OR_RETURN(Statement rows, database_->Prepare("SELECT DISTINCT definition FROM requests"));
  std::vector<sync::DefinitionHash> hashes;
  while (true) {
    ASSIGN_OR_RETURN(const bool more, rows.Step());
    if (!more) return hashes;
    // A request without its Create pins none.
    if (auto hash = sync::DefinitionHash::FromBytes(rows.Bytes(0))) hashes.push_back(*hash);
  }
}

std::optional<sync::RequestKey> KeyOfName(std::string_view name) {
  constexpr std::string_view kRegions = "regions/", kRequests = "/requests/";
  if (!name.starts_with(kRegions)) return std::nullopt;
  name.remove_prefix(kRegions.size());
  const size_t end = name.find(kRequests);
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view region = name.substr(0, end);
  const std::optional<sync::RequestId> id =
      sync::RequestId::FromHex(name.substr(end + kRequests.size()));
  if (!sync::IsRegion(region) || !id) return std::nullopt;
  return sync::RequestKey{std::string(region), *id};
}

}  // namespace tikar::client
