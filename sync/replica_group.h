// Replica::Group: what one call to the Replica writes. Of the Replica alone.
#ifndef TIKAR_SYNC_REPLICA_GROUP_H_
#define TIKAR_SYNC_REPLICA_GROUP_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "sync/replica.h"
#include "sync/request_editor.h"

namespace tikar::sync {

// Definitions that a body pins: they must be here before its entry counts as held.
std::vector<DefinitionHash> PinnedBy(const v1::ChangeBody& body);

// Editors of the requests that the call touches, and what they add to the logs. Put together in
// memory; nothing is written before Finish, and a Group that is dropped has written nothing. (What
// the Replica counts has moved on all the same: after an error drop the Replica, too.)
class Replica::Group {
 public:
  Group(Replica& replica, int64_t now_ms) : replica_(replica), now_ms_(now_ms) {}

  WriteBatch& batch() { return outcome_.batch; }
  Outcome& outcome() { return outcome_; }

  // The editor of a request, which lives as long as the group.
  absl::StatusOr<RequestEditor*> Edit(const RequestKey& key);
  // Tells of a request that could not be read and forgets what was made of it, so that the group
  // goes on without it. Only before anything of it was logged or added in this group. OK, or
  // `error` itself where that is not damage: then the store fails, and not one request.
  absl::Status LeaveUnreadable(const RequestKey& key, const absl::Status& error);
  // Of a row that names no request.
  absl::Status LeaveUnreadableRow(const absl::Status& error) { return LeaveUnreadable({}, error); }

  // The stamp of a change that this node takes now.
  Stamp MakeStamp(int64_t clock_offset_ms, std::string signature_id);

  // Logs a change under this node's own origin and folds it in.
  absl::StatusOr<LogPosition> Log(RequestEditor* editor, ParsedChange change, const Stamp& stamp);
  // Folds in a change that is logged already.
  absl::Status Add(RequestEditor* editor, Incoming incoming);

  // Entries of other origins that this group logs, for advancing over them.
  struct Noted {
    std::vector<DefinitionHash> pinned;
    Hash leaf;
  };
  void Note(const std::string& region, Origin origin, uint64_t seq, Noted noted);
  // Moves the position of an origin forward over every entry that is here and whose definitions
  // are.
  absl::Status AdvanceOverHeld(const std::string& region, Origin origin);

  void Remember(const std::string& key, const IdempotencyRecord& record);
  absl::StatusOr<std::optional<IdempotencyRecord>> Recall(const std::string& key) const;

  // Takes a refused change off the list; the key of its row.
  void Dismiss(std::string row) { listed_[std::move(row)] = std::nullopt; }

  // Joining changes, feed rows, records, counts. Fills the results' feed positions. Call once,
  // last.
  absl::StatusOr<Outcome> Finish();

 private:
  // The position, and with it the tree, goes on to `seq`.
  absl::Status Advance(const std::string& region, Origin origin, uint64_t seq, const Hash& leaf);
  absl::Status JoinHeads();
  absl::Status ForgetOldKeys();
  absl::Status ForgetOldLeftRows();
  // Keeps the list of refused changes (keys::Refused): one that comes refused is put on it, one
  // that is taken after all goes off, and where its joined stamp changes its row moves along, if it
  // is still there. `before`: nullopt for a change that was not here.
  absl::Status MoveRefused(const RequestKey& request, const ChangeId& change,
                           const std::optional<Stamp>& before, const Stamp& after,
                           RefusedRecord refused);
  absl::Status ForgetOldRefused();

  Replica& replica_;
  const int64_t now_ms_;
  Outcome outcome_;
  // Ordered, so that the same input gives the same batch.
  std::map<RequestKey, std::unique_ptr<RequestEditor>> editors_;
  std::shared_ptr<const DefinitionTable> keep_alive_;
  std::set<std::pair<std::string, Origin>> moved_;
  std::map<std::tuple<std::string, Origin, uint64_t>, Noted> noted_;
  std::map<std::string, IdempotencyRecord> remembered_;
  // Rows of refused changes that this group puts, or (nullopt) removes.
  std::map<std::string, std::optional<std::string>> listed_;
};

}  // namespace tikar::sync

#endif  // TIKAR_SYNC_REPLICA_GROUP_H_
