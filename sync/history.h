// The history of one request, as a merge reads it: headers on demand, each at most once, and
// counted.
#ifndef TIKAR_SYNC_HISTORY_H_
#define TIKAR_SYNC_HISTORY_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/container/node_hash_map.h"
#include "absl/status/statusor.h"
#include "sync/change.h"
#include "sync/records.h"
#include "sync/store.h"
#include "sync/types.h"

namespace tikar::sync {

// What merging cost, in reads of the store. For tests and for metrics.
struct HistoryCounters {
  uint64_t headers_read = 0;
  uint64_t bodies_read = 0;
  uint64_t fast_forwards = 0;
  uint64_t merges = 0;
  uint64_t refolds = 0;
};

// Not thread-safe. `reader` and `counters` must outlive it.
class HistoryReader {
 public:
  using Ids = absl::flat_hash_set<ChangeId>;

  HistoryReader(const Reader& reader, RequestKey key, HistoryCounters* counters,
                const FoldCapability& capability = kFoldCapability);

  // There is no history of this request in the store: nothing is looked for there. Call first.
  void StartEmpty() { nothing_stored_ = true; }

  // nullptr: this change is not here. The pointer lives as long as the reader; Put changes what it
  // shows.
  absl::StatusOr<const Header*> Find(const ChangeId& id);
  // Reads the whole history. Ascending ids.
  absl::StatusOr<std::vector<ChangeId>> LoadAll();
  // The body's change as it was parsed; nullopt: a stub, or not here.
  absl::StatusOr<const ParsedChange*> FindChange(const ChangeId& id);

  // New or changed in this group; written by the caller.
  void Put(const ChangeId& id, Header header);
  void PutChange(ParsedChange change);

  // The known changes that are not `parents` or in their past: what a change with these parents has
  // not seen. Walks back from the heads and the parents together, newest generation first, until
  // only changes that the parents have seen are left to visit.
  absl::StatusOr<Ids> Unseen(const std::vector<ChangeId>& heads,
                             const std::vector<ChangeId>& parents);

  // The base of a text merge: of the live writes to `path` in the past of all `tips`, those in no
  // other one's past, of these the smallest id. nullopt: none. At most kTipsMax tips.
  static constexpr size_t kTipsMax = 64;
  absl::StatusOr<std::optional<ChangeId>> CommonWrite(const std::vector<ChangeId>& tips,
                                                      std::string_view path);

  const RequestKey& key() const { return key_; }
  // Ids of the headers that were Put.
  const Ids& changed() const { return changed_; }

 private:
  absl::Status LoadStored();

  const Reader& reader_;
  const RequestKey key_;
  HistoryCounters& counters_;
  const FoldCapability capability_;
  bool nothing_stored_ = false;
  // Node maps: pointers into them stay good. nullopt: looked for and not here.
  absl::node_hash_map<ChangeId, std::optional<Header>> headers_;
  absl::node_hash_map<ChangeId, std::optional<ParsedChange>> changes_;
  Ids changed_;
};

}  // namespace tikar::sync

#endif  // TIKAR_SYNC_HISTORY_H_
