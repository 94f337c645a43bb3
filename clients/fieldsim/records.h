// What a run leaves behind for the checker: what the phones made, what the wire said about it, what
// the phones hold in the end, and what the server holds.
#ifndef TIKAR_CLIENTS_FIELDSIM_RECORDS_H_
#define TIKAR_CLIENTS_FIELDSIM_RECORDS_H_

#include <compare>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "sync/types.h"
#include "tikar/v1/entry.pb.h"

namespace tikar::fieldsim {

struct MadeChange {
  sync::ChangeId id;
  sync::RequestKey request;
};

// Where the server said that it put a change.
struct LogPlace {
  std::string region;
  uint64_t origin = 0;
  uint64_t seq = 0;
  friend auto operator<=>(const LogPlace&, const LogPlace&) = default;
};

// The server's answers about one change, as they came over the wire.
struct Answers {
  v1::Verdict verdict = v1::VERDICT_UNSPECIFIED;  // the last one
  std::string refusal;                            // of a void one: why
  std::set<LogPlace> places;
};

// A request as a phone holds it.
struct HeldRequest {
  // Empty while own changes lie on top of the server's state.
  std::string digest;
};

struct DeviceRecord {
  std::string actor;
  std::vector<std::string> scope;
  std::vector<MadeChange> made;
  std::map<sync::ChangeId, Answers> answers;
  std::map<sync::RequestKey, HeldRequest> held;
  // Of the last exchange; OK: it came to the end.
  absl::Status last_sync;
  // As the SDK says.
  bool synced = false;
  uint64_t unsent = 0;
  uint64_t needs_attention = 0;
};

struct ServerRequest {
  std::string area;
  std::string digest;
  // Fields with several candidates: those that a policy decided, and those that wait for a person.
  uint32_t decided = 0;
  uint32_t under_review = 0;
};

// A change in a request's history.
struct ServerChange {
  sync::ChangeId id;
  std::string actor;
  std::vector<sync::ChangeId> parents;
  v1::Verdict verdict = v1::VERDICT_UNSPECIFIED;
};

struct ServerRecord {
  // Everything within the fleet's scopes.
  std::map<sync::RequestKey, ServerRequest> requests;
  // Of every request that the fleet wrote to, or that is there under its name; in the server's
  // order.
  std::map<sync::RequestKey, std::vector<ServerChange>> histories;
};

}  // namespace tikar::fieldsim

#endif  // TIKAR_CLIENTS_FIELDSIM_RECORDS_H_
