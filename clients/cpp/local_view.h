// What the phone shows of a request: the server's state with the phone's own changes on top.
//
// The gate. An acknowledged change must stay on top until the server's state that is held here
// contains it; else the officer would see the edit vanish and come back. Whether it does is never
// stored, it follows from positions: a state contains a change when one of the change's
// acknowledgements names the feed that the state came from, at the state's position or before (or
// when the state itself names the change: the server took it and its answer was lost). A phone that
// roams to another node (or to a restored one, whose feed is new) offers every change again that
// this node has not acknowledged, and so gets an acknowledgement in that node's feed, too; until
// then a state from there counts as without the change.
//
//   unsent, acknowledged   on top until a state contains it
//   quarantined            the same; it counts for nobody until a person lets it pass
//   refused, parked        not on top; except where the server has shown no state of the request,
//                          so that a refused Create does not vanish with the citizen's number
//
// A request that left the phone (moved away, closed long ago) is shown only while it has unsent
// changes.
#ifndef TIKAR_CLIENTS_CPP_LOCAL_VIEW_H_
#define TIKAR_CLIENTS_CPP_LOCAL_VIEW_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "clients/cpp/local_store.h"
#include "sync/pending.h"
#include "sync/types.h"
#include "tikar/v1/request.pb.h"

namespace tikar::client {

// A request as its officer sees it.
struct RequestOnPhone {
  sync::RequestKey key;
  // For the citizen, as MakeRef gives it.
  std::string ref;
  // In the API's form. With own changes on top it has no state digest.
  v1::Request request;
  // Paths whose value is the officer's own and not yet the server's, sorted.
  std::vector<std::string> pending_paths;
  // Changes of this phone that no server holds.
  size_t unsent = 0;
  // Something here waits for a person at the office (a quarantined change).
  bool waiting = false;
  // A change of this request was refused or parked: see FieldApp::NeedsAttention.
  bool needs_attention = false;
  // The server said that the request left the scope; only the unsent changes are known.
  bool departed = false;

  bool pending() const { return !pending_paths.empty() || unsent > 0; }
};

struct BuiltView {
  RequestOnPhone shown;
  // The same for the core: its heads are the parents of the next change.
  sync::LocalView local;
};

// nullopt: there is nothing of the request to show. DataLoss: it is held here and cannot be read.
absl::StatusOr<std::optional<BuiltView>> BuildView(LocalStore* store, const sync::RequestKey& key);

}  // namespace tikar::client

#endif  // TIKAR_CLIENTS_CPP_LOCAL_VIEW_H_
