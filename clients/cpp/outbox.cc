#include "clients/cpp/outbox.h"

#include <utility>

namespace tikar::client {
namespace {

constexpr int kUnsent = static_cast<int>(ChangeFate::kUnsent);
constexpr int kAcknowledged = static_cast<int>(ChangeFate::kAcknowledged);
constexpr int kQuarantined = static_cast<int>(ChangeFate::kQuarantined);
constexpr int kRefused = static_cast<int>(ChangeFate::kRefused);
constexpr int kParked = static_cast<int>(ChangeFate::kParked);

ChangeFate FateOf(v1::Verdict verdict) {
  switch (verdict) {
    case v1::VERDICT_ACCEPTED:
      return ChangeFate::kAcknowledged;
    case v1::VERDICT_QUARANTINED:
      return ChangeFate::kQuarantined;
    default:
      return ChangeFate::kRefused;
  }
}

}  // namespace

const char* Outbox::Schema() {
  return R"sql(
    CREATE TABLE outbox (
      position INTEGER PRIMARY KEY AUTOINCREMENT,
      change_id BLOB NOT NULL UNIQUE,
      region BLOB NOT NULL,
      request_id BLOB NOT NULL,
      body BLOB NOT NULL,
      create_time INTEGER NOT NULL,
      fate INTEGER NOT NULL,
      made_at_ms INTEGER NOT NULL,
      deferred INTEGER NOT NULL DEFAULT 0,
      answered_in_stream INTEGER NOT NULL DEFAULT 0,
      answer BLOB NOT NULL DEFAULT x'',
      error BLOB NOT NULL DEFAULT x''
    );
    CREATE INDEX outbox_by_request ON outbox (region, request_id, position);
    CREATE INDEX outbox_by_fate ON outbox (fate, deferred, position);
    CREATE TABLE acknowledgements (
      position INTEGER NOT NULL,
      origin INTEGER NOT NULL,
      feed_id INTEGER NOT NULL,
      feed_position INTEGER NOT NULL,
      serial INTEGER NOT NULL,
      PRIMARY KEY (position, origin, feed_id)
    ) WITHOUT ROWID;
  )sql";
}

absl::Status Outbox::Add(const sync::ParsedChange& change, int64_t made_at_ms) {
  const uint64_t create_time = sync::IsCreate(change.body) ? change.body.hlc() : 0;
  return database_->Run(
      "INSERT INTO outbox (change_id, region, request_id, body, create_time, fate, made_at_ms) "
      "VALUES (?, ?, ?, ?, ?, ?, ?)",
      change.id.view(), change.body.region(), change.request_id.view(), change.bytes, create_time,
      kUnsent, made_at_ms);
}

absl::StatusOr<OutboxChange> Outbox::Read(const Statement& row) {
  OutboxChange result;
  result.position = row.Number(0);
  result.fate = static_cast<ChangeFate>(row.Number(1));
  ASSIGN_OR_RETURN(result.change, sync::ParseChange(row.Bytes(2)));
  result.made_at_ms = row.Number(3);
  if (!result.answer.ParseFromString(row.Bytes(4))) {
    return absl::DataLossError("a stored answer of the server cannot be read");
  }
  result.error = row.Bytes(5);
  ASSIGN_OR_RETURN(Statement acks,
                   database_->Prepare("SELECT feed_id, feed_position FROM acknowledgements "
                                      "WHERE position = ?"));
  acks.BindAll(result.position);
  while (true) {
    ASSIGN_OR_RETURN(const bool more, acks.Step());
    if (!more) return result;
    result.acknowledgements.push_back(
        {static_cast<sync::FeedId>(acks.Unsigned(0)), acks.Unsigned(1)});
  }
}

absl::StatusOr<std::vector<OutboxChange>> Outbox::OfRequest(const sync::RequestKey& key) {
  ASSIGN_OR_RETURN(Statement rows,
                   database_->Prepare("SELECT position, fate, body, made_at_ms, answer, error "
                                      "FROM outbox WHERE region = ? AND request_id = ? "
                                      "ORDER BY position"));
  rows.BindAll(key.region, key.id.view());
  std::vector<OutboxChange> changes;
  while (true) {
    ASSIGN_OR_RETURN(const bool more, rows.Step());
    if (!more) return changes;
    ASSIGN_OR_RETURN(OutboxChange change, Read(rows));
    changes.push_back(std::move(change));
  }
}

absl::StatusOr<std::optional<OutboxChange>> Outbox::Find(const sync::ChangeId& id) {
  ASSIGN_OR_RETURN(Statement rows,
                   database_->Prepare("SELECT position, fate, body, made_at_ms, answer, error "
                                      "FROM outbox WHERE change_id = ?"));
  rows.BindAll(id.view());
  ASSIGN_OR_RETURN(const bool found, rows.Step());
  if (!found) return std::optional<OutboxChange>();
  ASSIGN_OR_RETURN(OutboxChange change, Read(rows));
  return std::optional<OutboxChange>(std::move(change));
}

absl::StatusOr<std::vector<OutboxChange>> Outbox::NeedingAttention() {
  ASSIGN_OR_RETURN(Statement rows,
                   database_->Prepare("SELECT position, fate, body, made_at_ms, answer, error "
                                      "FROM outbox WHERE fate IN (?, ?) ORDER BY position"));
  rows.BindAll(kRefused, kParked);
  std::vector<OutboxChange> changes;
  while (true) {
    ASSIGN_OR_RETURN(const bool more, rows.Step());
    if (!more) return changes;
    ASSIGN_OR_RETURN(OutboxChange change, Read(rows));
    changes.push_back(std::move(change));
  }
}

absl::StatusOr<std::vector<Outbox::RequestMade>> Outbox::Requests() {
  ASSIGN_OR_RETURN(Statement rows,
                   database_->Prepare("SELECT region, request_id, MAX(create_time) FROM outbox "
                                      "GROUP BY region, request_id"));
  std::vector<RequestMade> requests;
  while (true) {
    ASSIGN_OR_RETURN(const bool more, rows.Step());
    if (!more) return requests;
    std::optional<sync::RequestId> id = sync::RequestId::FromBytes(rows.Bytes(1));
    if (!id) return absl::DataLossError("a stored request id has the wrong length");
    requests.push_back({{rows.Bytes(0), *id}, rows.Unsigned(2)});
  }
}

absl::Status Outbox::EachToSend(uint64_t origin, uint64_t stream,
                                const std::function<bool(OutgoingChange)>& take) {
  ASSIGN_OR_RETURN(Statement rows,
                   database_->Prepare(
                       "SELECT position, change_id, body FROM outbox WHERE fate = ?1 "
                       "OR (fate = ?2 AND answered_in_stream <> ?4) "
                       "OR (fate = ?3 AND ?5 <> 0 AND NOT EXISTS (SELECT 1 FROM acknowledgements a "
                       "    WHERE a.position = outbox.position AND a.origin = ?5)) "
                       "ORDER BY deferred, position"));
  rows.BindAll(kUnsent, kQuarantined, kAcknowledged, stream, origin);
  while (true) {
    ASSIGN_OR_RETURN(const bool more, rows.Step());
    if (!more) return absl::OkStatus();
    std::optional<sync::ChangeId> id = sync::ChangeId::FromBytes(rows.Bytes(1));
    if (!id) return absl::DataLossError("a stored change id has the wrong length");
    if (!take({rows.Number(0), *id, rows.Bytes(2)})) return absl::OkStatus();
  }
}

absl::Status Outbox::EachToCarry(const std::function<bool(OutgoingChange)>& take) {
  ASSIGN_OR_RETURN(Statement rows,
                   database_->Prepare("SELECT position, change_id, body FROM outbox "
                                      "WHERE fate IN (?, ?, ?) ORDER BY deferred, position"));
  rows.BindAll(kUnsent, kQuarantined, kAcknowledged);
  while (true) {
    ASSIGN_OR_RETURN(const bool more, rows.Step());
    if (!more) return absl::OkStatus();
    std::optional<sync::ChangeId> id = sync::ChangeId::FromBytes(rows.Bytes(1));
    if (!id) return absl::DataLossError("a stored change id has the wrong length");
    if (!take({rows.Number(0), *id, rows.Bytes(2)})) return absl::OkStatus();
  }
}

absl::Status Outbox::Answer(int64_t position, const v1::ChangeResult& result, uint64_t origin,
                            uint64_t stream) {
  RETURN_IF_ERROR(database_->Run(
      "UPDATE outbox SET fate = ?, answer = ?, answered_in_stream = ?, deferred = 0, error = x'' "
      "WHERE position = ?",
      static_cast<int>(FateOf(result.verdict())), result.SerializeAsString(), stream, position));
  // The row also says that this origin has the change, so that it is not offered there again.
  return database_->Run(
      "INSERT OR REPLACE INTO acknowledgements (position, origin, feed_id, feed_position) "
      "VALUES (?, ?, ?, ?)",
      position, origin, static_cast<uint64_t>(result.feed_id()),
      static_cast<uint64_t>(result.feed_position()));
}

absl::Status Outbox::Park(const sync::ChangeId& id, std::string_view error) {
  return database_->Run("UPDATE outbox SET fate = ?, error = ? WHERE change_id = ?", kParked, error,
                        id.view());
}

absl::Status Outbox::Defer(const sync::ChangeId& id) {
  return database_->Run(
      "UPDATE outbox SET deferred = (SELECT MAX(deferred) + 1 FROM outbox) WHERE change_id = ?",
      id.view());
}

absl::Status Outbox::Retry(const sync::ChangeId& id) {
  ASSIGN_OR_RETURN(
      const std::optional<int64_t> changed,
      database_->ReadNumber("UPDATE outbox SET fate = ?, deferred = 0 "
                            "WHERE change_id = ? AND fate IN (?, ?) RETURNING position",
                            kUnsent, id.view(), kRefused, kParked));
  return changed ? absl::OkStatus() : absl::NotFoundError("no such change needs attention");
}

absl::Status Outbox::Dismiss(const sync::ChangeId& id) {
  ASSIGN_OR_RETURN(const std::optional<int64_t> position,
                   database_->ReadNumber("DELETE FROM outbox WHERE change_id = ? "
                                         "AND fate IN (?, ?) RETURNING position",
                                         id.view(), kRefused, kParked));
  if (!position) return absl::NotFoundError("no such change needs attention");
  return database_->Run("DELETE FROM acknowledgements WHERE position = ?", *position);
}

absl::StatusOr<OutboxCounts> Outbox::Count() {
  ASSIGN_OR_RETURN(Statement rows, database_->Prepare("SELECT fate, COUNT(*), MIN(made_at_ms) "
                                                      "FROM outbox GROUP BY fate"));
  OutboxCounts counts;
  while (true) {
    ASSIGN_OR_RETURN(const bool more, rows.Step());
    if (!more) return counts;
    const uint64_t number = rows.Unsigned(1);
    switch (static_cast<ChangeFate>(rows.Number(0))) {
      case ChangeFate::kUnsent:
        counts.unsent = number;
        counts.oldest_unsent_made_at_ms = rows.Number(2);
        break;
      case ChangeFate::kAcknowledged:
        counts.acknowledged = number;
        break;
      case ChangeFate::kQuarantined:
        counts.quarantined = number;
        break;
      case ChangeFate::kRefused:
      case ChangeFate::kParked:
        counts.needs_attention += number;
        break;
    }
  }
}

}  // namespace tikar::client
