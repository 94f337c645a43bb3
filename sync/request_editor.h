// RequestEditor: one request while a group of changes is folded into it.
//
// Problem: a state must be the same whatever order the changes came in, but reading a request's
// whole history for every comment would make old requests slow. So a change takes the cheapest of
// three ways that gives the bytes of the full fold (fold.h):
//
//   fast-forward: its parents are heads and have seen every candidate of the fields it writes.
//     Reads the state only.
//   merge: the changes it has not seen are found by walking back from the heads. Reads headers.
//   refold: for the rare cases listed in README.md, "How much is read". Reads everything.
//
// A Create of which nothing was known before begins the state, without any of them.
//
// Which heads have seen a candidate is kept beside the state as a mask per candidate. A mask may
// claim too little (then the merge way is taken), never too much.
//
// Not thread-safe. Lives as long as its group.
#ifndef TIKAR_SYNC_REQUEST_EDITOR_H_
#define TIKAR_SYNC_REQUEST_EDITOR_H_

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "sync/change.h"
#include "sync/definition.h"
#include "sync/feed_rows.h"
#include "sync/fold.h"
#include "sync/history.h"
#include "sync/index_rows.h"
#include "sync/policy.h"
#include "sync/records.h"
#include "sync/state.h"
#include "sync/store.h"

namespace tikar::sync {

// A change or the stub of one, as an entry brings it.
struct Incoming {
  ChangeId id;
  std::vector<ChangeId> parents;       // sorted
  std::optional<ParsedChange> change;  // nullopt: stub without body
  Stamp stamp;
  LogPosition position;
};

class RequestEditor {
 public:
  // Reads the request's record, or starts an empty one. One that waits for a definition which is
  // here by now is folded. All references must outlive the editor.
  static absl::StatusOr<std::unique_ptr<RequestEditor>> Load(const Reader& reader,
                                                             const RequestKey& key,
                                                             const DefinitionSource& definitions,
                                                             const FoldCapability& capability,
                                                             HistoryCounters* counters);

  const RequestKey& key() const { return state_.key; }
  const State& state() const { return state_; }
  const RequestLocal& local() const { return local_; }
  // No change of it was here before this group.
  bool is_new() const { return is_new_; }
  // Something that leaves the node changed: the feed must be touched.
  bool touched() const { return touched_; }
  bool was_waiting() const { return was_waiting_; }
  // Fields under review, when it was read and now.
  size_t conflicts_before() const { return conflicts_before_; }
  size_t conflicts() const;

  // nullptr: not here.
  absl::StatusOr<const Header*> FindHeader(const ChangeId& id) { return history_.Find(id); }

  // Takes a change, or another stamp for one. Never fails for what it says; an error is one of the
  // store.
  absl::Status Add(Incoming incoming);

  // Folds again from all changes, as after its definition came.
  absl::Status Refold();

  // Whether a field is under review and a change with these parents has seen the conflict.
  absl::StatusOr<bool> ContainConflict(const std::vector<ChangeId>& parents, std::string_view path);
  // Candidates of a field that a change with these parents has seen; sorted.
  absl::StatusOr<std::vector<ChangeId>> SeenCandidates(const std::vector<ChangeId>& parents,
                                                       std::string_view path);

  // The request as a change with these parents saw it: the fold of their past. Reads the request's
  // whole history; SeenCandidates tells without it where nothing was missed.
  absl::StatusOr<State> StateSeen(const std::vector<ChangeId>& parents);
  // Whether every change in the past of these parents is here.
  absl::StatusOr<bool> KnowsPast(const std::vector<ChangeId>& parents);

  // Value of an element's row, nullptr if there is none.
  absl::StatusOr<const FieldState*> FindElement(std::string_view path);

  // Bytes of state and elements as they were stored, and of the bodies that came since: never too
  // little.
  size_t StateBytes() const;
  // Elements that came to a collection in this group.
  size_t AddedElements(std::string_view collection) const;

  // Puts the request's rows of the feed at `position`, if it is where a phone may see it. Call
  // once, last.
  void TouchFeed(uint64_t position, int64_t now_ms, WriteBatch* batch);
  // Forgets that the request left a bucket, if that is still so.
  void ForgetLeft(const LeftRow& row, WriteBatch* batch);
  // Writes everything that changed. Call once, after TouchFeed.
  void Flush(WriteBatch* batch);

 private:
  struct ElementSlot {
    std::string stored_row;           // as in the store; empty: none
    std::optional<FieldState> field;  // now; nullopt: none
    bool dirty = false;
  };
  enum class Step { kDone, kRefold };

  RequestEditor(const Reader& reader, const RequestKey& key, const DefinitionSource& definitions,
                const FoldCapability& capability, HistoryCounters* counters);

  absl::Status AddStamp(const Header& known, Incoming incoming);
  absl::Status AddNew(Incoming incoming);
  // The state of a request of which this Create is all that is here: what a fold of it would give.
  void Begin(const ParsedChange& create, const Stamp& stamp);
  // The two cheap ways. kRefold: neither is possible; the state was left half-way, refold it.
  absl::StatusOr<Step> Advance(const ChangeId& id, const Header& header,
                               const ParsedChange* change);
  absl::StatusOr<Step> ApplyWrite(const Write& write, const ParsedChange& change,
                                  const Stamp& stamp, FieldRule rule, const std::vector<bool>& seen,
                                  const HistoryReader::Ids& unseen, FieldState* field);
  absl::StatusOr<bool> AnyUnseenClash(const Write& write, const Candidate& candidate,
                                      FieldRule rule, const HistoryReader::Ids& unseen);
  absl::Status DecideField(FieldRule rule, FieldState* field);
  void AdvanceHeads(const ChangeId& id, const std::vector<ChangeId>& parents, bool sees_all,
                    const HistoryReader::Ids* unseen);
  // Candidates of state_.fields[i] that a change with these parents, all of them heads, has seen.
  std::vector<bool> SeenByMasks(size_t field, const std::vector<ChangeId>& parents) const;
  // Ascending: every change of the request that is here.
  absl::StatusOr<std::vector<ChangeId>> AllIds();
  absl::StatusOr<std::vector<FoldChange>> FoldChanges(const std::vector<ChangeId>& ids);
  // Takes note of the buckets of the feed that a live change puts a request into that waited here:
  // it may have stood there on another node, by which a phone has it.
  void NoteBuckets(const ParsedChange& change);
  absl::StatusOr<ElementSlot*> LoadElement(std::string_view path);
  absl::Status LoadAllElements();
  void SetDisputed(std::string_view path);
  bool IsDisputed(std::string_view path) const;

  const Reader& reader_;
  const DefinitionSource& definitions_;
  const FoldCapability& capability_;
  HistoryCounters& counters_;
  HistoryReader history_;
  State state_;
  RequestLocal local_;
  std::shared_ptr<const Definition> definition_;  // set while READY
  std::map<std::string, ElementSlot, std::less<>> elements_;
  bool all_elements_loaded_ = false;
  bool is_new_ = true;
  bool touched_ = false;
  bool record_dirty_ = false;
  bool was_waiting_ = false;
  bool was_newer_ = false;  // it waited for a newer server: has a row under keys::Newer
  bool folded_ = false;     // all of it, by this build and in this group
  // Buckets of the feed in which it may have stood elsewhere while it waited here.
  std::set<std::string> named_buckets_;
  size_t conflicts_before_ = 0;
  IndexRows stored_rows_;  // as they are in the store
  size_t stored_state_bytes_ = 0;
  size_t added_bytes_ = 0;
  std::map<std::string, size_t, std::less<>> added_elements_;
};

}  // namespace tikar::sync

#endif  // TIKAR_SYNC_REQUEST_EDITOR_H_
