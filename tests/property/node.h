// One node under test: the production Replica over the store in memory, fed by hand.
#ifndef TIKAR_TESTS_PROPERTY_NODE_H_
#define TIKAR_TESTS_PROPERTY_NODE_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "history_delivery.h"
#include "history_generator.h"
#include "storage/memory_store.h"
#include "sync/fold.h"
#include "sync/records.h"
#include "sync/replica.h"
#include "sync/state.h"

namespace tikar::property {

// What a node holds of the request.
struct Held {
  sync::State state;
  sync::Elements elements;
  sync::RequestLocal local;
  std::map<sync::ChangeId, sync::Stamp> stamps;  // joined
  // The rows as they lie in the store: the state's bytes, then each element's path and bytes.
  std::string bytes;
};

// Not safe for threads.
class Node {
 public:
  // `history` must outlive the node.
  explicit Node(const History* history);

  // Hands over arrivals in one group; a definition among them goes before the entries.
  absl::Status Deliver(const std::vector<Arrival>& group);

  // The entries among them once more, as if other nodes had logged the same changes with the same
  // stamps.
  absl::Status DeliverFromOtherLogs(const std::vector<Arrival>& group);

  // What is stored. NotFound: no change came yet.
  absl::StatusOr<Held> Load() const;
  // The full fold of everything that came.
  sync::Fold FoldAll() const;
  // What came, for the reference.
  std::vector<reference::Observation> Observations() const;
  reference::Definitions Definitions() const;

  // Whether the last Deliver moved the request in the feed.
  bool touched() const { return touched_; }
  const sync::HistoryCounters& counters() const { return replica_->counters(); }

 private:
  // `first_origin`: which of two sets of logs.
  v1::Entry EntryOf(size_t index, size_t first_origin) const;
  absl::Status Commit(const sync::Outcome& outcome);

  const History& history_;
  const sync::RequestKey key_;
  storage::MemoryStore store_;
  std::unique_ptr<sync::Replica> replica_;
  std::vector<bool> arrived_;              // by observation
  std::vector<bool> definitions_arrived_;  // by definition
  bool touched_ = false;
};

}  // namespace tikar::property

#endif  // TIKAR_TESTS_PROPERTY_NODE_H_
