// The outbox: every change this phone made, in order, with what the server said about it.
//
// Thread safety: none. All errors are the database's.
#ifndef TIKAR_CLIENTS_CPP_OUTBOX_H_
#define TIKAR_CLIENTS_CPP_OUTBOX_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "clients/cpp/database.h"
#include "sync/change.h"
#include "sync/types.h"
#include "tikar/v1/sync_service.pb.h"

namespace tikar::client {

// What became of a change. Stored; never renumber.
enum class ChangeFate : int {
  // No server has said that it holds it: no tick.
  kUnsent = 1,
  // Stored by a server: first tick.
  kAcknowledged = 2,
  // Stored, and held there for a person to look at.
  kQuarantined = 3,
  // The server will never take it. Needs attention.
  kRefused = 4,
  // It ended the stream whenever it was sent alone. Not sent any more. Needs attention.
  kParked = 5,
};

// Where a server put a change.
struct Acknowledgement {
  sync::FeedId feed_id = sync::FeedId::kNone;
  uint64_t feed_position = 0;
};

struct OutboxChange {
  int64_t position = 0;  // order of making
  ChangeFate fate = ChangeFate::kUnsent;
  sync::ParsedChange change;
  int64_t made_at_ms = 0;   // by the phone's clock
  v1::ChangeResult answer;  // the last one; empty before the first
  std::string error;        // of a parked one: how the streams ended
  std::vector<Acknowledgement> acknowledgements;
};

// What the next Push carries.
struct OutgoingChange {
  int64_t position = 0;
  sync::ChangeId id;
  std::string body;
};

struct OutboxCounts {
  uint64_t unsent = 0;
  uint64_t acknowledged = 0;
  uint64_t quarantined = 0;
  uint64_t needs_attention = 0;
  std::optional<int64_t> oldest_unsent_made_at_ms;
};

class Outbox {
 public:
  explicit Outbox(Database* database) : database_(database) {}

  // The statements of the schema that make its tables.
  static const char* Schema();

  absl::Status Add(const sync::ParsedChange& change, int64_t made_at_ms);

  // In order of making.
  absl::StatusOr<std::vector<OutboxChange>> OfRequest(const sync::RequestKey& key);
  absl::StatusOr<std::optional<OutboxChange>> Find(const sync::ChangeId& id);
  // Refused and parked ones.
  absl::StatusOr<std::vector<OutboxChange>> NeedingAttention();
  // Every request that a change here belongs to, with the hlc of its Create if that is here, else
  // 0.
  struct RequestMade {
    sync::RequestKey key;
    uint64_t create_time = 0;
  };
  absl::StatusOr<std::vector<RequestMade>> Requests();

  // What has to be sent to the server that writes `origin` (0: not known yet), in order: the
  // unsent; the acknowledged that this origin has not acknowledged (its store was restored, or it
  // is another node: they have one copy only, perhaps not there); the quarantined once in each
  // stream, to learn whether somebody let them pass. Calls `take` for each until it returns false.
  absl::Status EachToSend(uint64_t origin, uint64_t stream,
                          const std::function<bool(OutgoingChange)>& take);

  // All that a server may not have, or that may be on one machine only, in order of making: for a
  // file that is carried there (bundle.h).
  absl::Status EachToCarry(const std::function<bool(OutgoingChange)>& take);

  // Stores what the server that writes `origin` said.
  absl::Status Answer(int64_t position, const v1::ChangeResult& result, uint64_t origin,
                      uint64_t stream);
  absl::Status Park(const sync::ChangeId& id, std::string_view error);
  // Sends it after all others from now on: it ended streams, but innocent changes do that too on a
  // bad link.
  absl::Status Defer(const sync::ChangeId& id);

  // A refused or parked change is sent again. NotFound: it needs no attention.
  absl::Status Retry(const sync::ChangeId& id);
  // A person does not need it any more. NotFound: it needs no attention.
  absl::Status Dismiss(const sync::ChangeId& id);

  absl::StatusOr<OutboxCounts> Count();

 private:
  absl::StatusOr<OutboxChange> Read(const Statement& row);

  Database* database_;
};

}  // namespace tikar::client

#endif  // TIKAR_CLIENTS_CPP_OUTBOX_H_
