// The replica: requests as the server last sent them, byte for byte.
//
// Thread safety: none. All errors are the database's.
#ifndef TIKAR_CLIENTS_CPP_REPLICA_H_
#define TIKAR_CLIENTS_CPP_REPLICA_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "clients/cpp/database.h"
#include "sync/types.h"
#include "tikar/v1/request.pb.h"
#include "tikar/v1/sync_service.pb.h"

namespace tikar::client {

struct ReplicaRow {
  v1::Request request;
  // The feed that request.feed_position counts in; kNone if the server did not say.
  sync::FeedId feed_id = sync::FeedId::kNone;
};

// That a request left the phone.
struct Departure {
  v1::RemovalReason reason = v1::REMOVAL_REASON_UNSPECIFIED;
};

class Replica {
 public:
  explicit Replica(Database* database) : database_(database) {}

  // The tables as schema 1 had them; LocalStore's migrations add what came later.
  static const char* Schema();

  // Replaces what is held of the request, and forgets that it had left. `pass`: the one that
  // brought it (SyncState.pass). InvalidArgument: its name is none.
  absl::Status Put(const v1::Request& request, sync::FeedId feed_id, uint64_t pass);
  // Forgets the request and notes that it left. Not an error when it is not here.
  absl::Status Remove(const sync::RequestKey& key, const Departure& departure);
  // The same for everything that no pass from `pass` on has brought.
  absl::Status RemoveNotBroughtSince(uint64_t pass, const Departure& departure);

  absl::StatusOr<std::optional<ReplicaRow>> Find(const sync::RequestKey& key);
  absl::StatusOr<std::optional<Departure>> FindDeparture(const sync::RequestKey& key);

  // Everything held, newest creation first.
  struct Entry {
    sync::RequestKey key;
    uint64_t create_time = 0;
    std::string area;
    std::string assignee;
  };
  absl::StatusOr<std::vector<Entry>> Entries();
  // Requests with this citizen's number, in its stored form.
  absl::StatusOr<std::vector<sync::RequestKey>> FindByRef(std::string_view ref);
  // The definitions that the requests pin, each once.
  absl::StatusOr<std::vector<sync::DefinitionHash>> PinnedDefinitions();

 private:
  Database* database_;
};

// The key in "regions/15.01/requests/<32 hex>". nullopt: no such name.
std::optional<sync::RequestKey> KeyOfName(std::string_view name);

}  // namespace tikar::client

#endif  // TIKAR_CLIENTS_CPP_REPLICA_H_
