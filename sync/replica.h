// Replica: one node's knowledge, deterministic and single-threaded.
//
// It turns what arrives (changes from phones, entries from mirrors, definitions) into one
// WriteBatch and the answers that may be given once that batch is durable. It reads through a
// Reader that shows all batches it has handed out before, so the owner writes each batch before the
// next call:
//
//   ASSIGN_OR_RETURN(Replica::Opened opened, Replica::Open(store.Latest(), options));
//   RETURN_IF_ERROR(store.Write(opened.batch));
//   ASSIGN_OR_RETURN(Outcome outcome, opened.replica->Ingest(submissions, now_ms));
//   RETURN_IF_ERROR(store.Write(outcome.batch));   // visible to the replica
//   RETURN_IF_ERROR(store.Sync());                 // durable: only now
//   Answer(outcome.results);                       // may anything leave the node
//
// When a Write or Sync fails, drop the Replica and open a new one over a reopened store.
//
// Thread safety: none; one thread at a time. Time comes in as an argument, randomness only at Open.
#ifndef TIKAR_SYNC_REPLICA_H_
#define TIKAR_SYNC_REPLICA_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "sync/change.h"
#include "sync/definition.h"
#include "sync/history.h"
#include "sync/hlc.h"
#include "sync/index_rows.h"
#include "sync/records.h"
#include "sync/store.h"
#include "sync/types.h"
#include "sync/unreadable.h"
#include "sync/validation.h"
#include "sync/working_days.h"
#include "tikar/v1/entry.pb.h"

namespace tikar::sync {

class LogTrees;

// One change as a phone or an admin's call brought it.
struct Submission {
  std::string body;
  // Node's clock minus the device's clock, as the session's hello showed it.
  int64_t clock_offset_ms = 0;
  // Whose session it is; the body's actor must be the same. Empty: not checked.
  std::string actor;
  // Names the author's signature over the batch; empty while unsigned.
  std::string signature_id;
  // Of a unary call that must answer a retry as it did the first time; empty: none. See
  // FindIdempotent.
  std::string idempotency_key;
};

// What became of a submission. May be told only once the batch is durable.
struct SubmissionResult {
  ChangeId change_id;
  v1::Verdict verdict = v1::VERDICT_UNSPECIFIED;
  v1::RefusalReason reason = v1::REFUSAL_REASON_UNSPECIFIED;
  std::vector<Violation> violations;
  std::string region;
  RequestId request_id;
  Origin origin = Origin::kNone;
  // 0: not logged (bytes that belong to no request, or one refusal too many: see LeavesStub)
  uint64_t seq = 0;
  bool duplicate = false;
  FeedId feed_id = FeedId::kNone;
  uint64_t feed_position = 0;
};

struct Outcome {
  WriteBatch batch;
  std::vector<SubmissionResult> results;     // Ingest: one per submission, in order
  std::vector<std::string> regions_touched;  // whose feeds grew; sorted
  uint64_t changes_new = 0;
  // For an admin to see: nothing else tells of them until somebody asks for them. What was to be
  // folded again or moved on, of AddDefinition, Upgrade and RunTimers.
  std::vector<UnreadableRequest> unreadable;
};

// An immutable set of definitions that any thread may read.
class DefinitionTable : public DefinitionSource {
 public:
  std::shared_ptr<const Definition> Find(const DefinitionHash& hash) const override;
  // The largest version of a service; nullptr if there is none.
  std::shared_ptr<const Definition> Newest(std::string_view service) const;
  const std::map<DefinitionHash, std::shared_ptr<const Definition>>& all() const { return all_; }
  // A copy with one more.
  std::shared_ptr<const DefinitionTable> With(std::shared_ptr<const Definition> definition) const;

 private:
  std::map<DefinitionHash, std::shared_ptr<const Definition>> all_;
};

class Replica {
 public:
  struct Options {
    int64_t now_ms = 0;
    // Stamps are never older than this: a clock that was reset at boot is noticed.
    int64_t build_time_ms = 0;
    // Identifies the machine, or more narrowly where the store is; a store that was elsewhere
    // begins a new origin. Empty: not checked.
    std::string machine_id;
    // Why a store that was at `stored` is another one at machine_id, for people to read; empty: it
    // is the same one, and from now on at machine_id. Either may be empty: not known. Null: they
    // must be equal.
    std::function<std::string(std::string_view stored, std::string_view now)> why_moved;
    // 64 random bits per call, for origins and feed ids.
    std::function<uint64_t()> random;
    // Whether this node makes joining changes and runs the timers of a region ("home node"). Null:
    // of all.
    std::function<bool(std::string_view region)> is_home;
    // For judging what phones bring, never for folding.
    KnowsArea knows_area;
    // What is beyond it waits for a newer server. Never more than this build's.
    FoldCapability capability = kFoldCapability;
  };
  struct Opened {
    std::unique_ptr<Replica> replica;
    WriteBatch batch;  // write it first; may be empty
    // What an admin should know: "clock is 3 days behind the log; …". Empty if nothing.
    std::string clock_warning;
    // Why a new origin began ("first start", "machine identity changed"); empty if the old one goes
    // on.
    std::string new_origin_reason;
    // Definitions in the store that this build would not take today, one sentence each. They are
    // kept, served and folded with as they are: requests pin them.
    std::vector<std::string> definition_warnings;
  };

  // `reader` must outlive the Replica and show every batch written. DataLoss: a record that cannot
  // be read. FailedPrecondition: a newer build has folded this store with rules that this one does
  // not have.
  static absl::StatusOr<Opened> Open(const Reader& reader, const Options& options);
  ~Replica();

  // Judges changes, logs them (refused ones as void) and folds them in. A bad change never fails
  // the group; an error Status means the store could not be read: drop the Replica, as after a
  // failed Write.
  absl::StatusOr<Outcome> Ingest(absl::Span<const Submission> submissions, int64_t now_ms);

  // Takes entries that another node logged. Never judges their content. Entries of this node's own
  // origin are taken back after a restore. InvalidArgument: an entry is malformed, or is not the
  // one that is here under its number (that log has forked); nothing happened.
  absl::StatusOr<Outcome> Receive(absl::Span<const v1::Entry> entries, int64_t now_ms);

  // Adds a definition and refolds the requests that waited for it, at most kUpgradesPerGroupMax:
  // Upgrade folds the rest. Not an error when it is here already.
  absl::StatusOr<Outcome> AddDefinition(std::string bytes, int64_t now_ms);

  // From now on new requests of the definition's service in this region pin it (offers.h).
  // NotFound: the definition is not here. InvalidArgument: `region` is none, or `actor` is over
  // kActorBytesMax.
  absl::StatusOr<Outcome> Adopt(std::string_view region, const DefinitionHash& definition,
                                std::string_view actor, int64_t now_ms);

  // Takes what other nodes say that regions have adopted: of two offers of one service in one
  // region the one that Supersedes the other stays (offers.h), so that all mirrors end with the
  // same. What cannot be one is left out, and so is an offer whose definition is not here: it is to
  // be told again once that is.
  absl::StatusOr<Outcome> ReceiveOffers(const std::vector<OfferRecord>& offers);

  // Goes on under a new origin, if the present one still is `shared`: another live node writes in
  // it. Every region's feed begins anew.
  absl::StatusOr<Outcome> LeaveOrigin(Origin shared);

  // Whether requests wait that can be folded now (an older build could not, or their definition has
  // come), or a log's Merkle tree is behind (an older build wrote without).
  bool upgrading() const;
  // Folds some of them again, at most kUpgradesPerGroupMax; those that still hold more than this
  // build knows wait on. And adds at most kLeavesPerGroupMax leaves. To be called, and its batch
  // written, until upgrading() is false; between other calls is fine (a request that is changed
  // meanwhile is folded first), and after a crash it goes on where it was. What is unreadable is
  // told and left; the next Open tries it again. An error: the rows that name what waits could not
  // be read at all. Drop the Replica.
  absl::StatusOr<Outcome> Upgrade(int64_t now_ms);

  // Moves on the requests of regions whose home this is and whose service level has an automatic
  // state, when nobody wrote for its working days (timers.h). At most `limit` of them: with that
  // many in Outcome::changes_new there may be more, so call it again. Looks at no more than
  // kTimerRequestsPerGroupMax requests, so that those that cannot be moved on (holidays of their
  // own village, more changes than a request holds) cost no more than that; the next call goes on
  // after them, and begins anew after the last. A clock that stands still or runs back makes
  // nothing twice.
  absl::StatusOr<Outcome> RunTimers(int64_t now_ms, const WorkingCalendar& calendar, size_t limit);

  // Takes a refused change off the inbox; it stays in the history. NotFound: it is not on it.
  absl::StatusOr<Outcome> DismissRefused(const RequestKey& request, const ChangeId& change,
                                         int64_t now_ms);

  // What it reads: every batch that it handed out and that was written.
  const Reader& reader() const { return reader_; }
  std::shared_ptr<const DefinitionTable> definitions() const { return definitions_; }
  Origin origin() const { return node_.origin; }
  // The next time a change made on this node's behalf should carry.
  uint64_t NextHlc(int64_t now_ms);

  // What was read to merge, since Open.
  const HistoryCounters& counters() const { return counters_; }

 private:
  class Group;
  Replica(const Reader& reader, const Options& options);

  absl::Status LoadMeta();
  absl::Status LoadDefinitions(std::vector<std::string>* warnings);
  // Which definitions are here and still have requests that wait for them.
  absl::Status FindArrived();
  // Folds again at most `count` requests that wait for the definition, and takes it off arrived_
  // with the last one. How many it looked at.
  absl::StatusOr<size_t> FoldArrived(const DefinitionHash& definition, size_t count, Group* group);
  // Compares what the newest build that was here could fold with what this one can.
  absl::Status CheckCapability(WriteBatch* batch);
  // Moves one request on, if that is still due. Whether it was.
  absl::StatusOr<bool> RunTimer(const ClockRow& row, int64_t now_ms,
                                const WorkingCalendar& calendar, Group* group);
  // Goes on under a new origin; every region's feed begins anew.
  absl::Status BeginOrigin(WriteBatch* batch);
  absl::StatusOr<RegionRecord*> Region(const std::string& region);
  absl::StatusOr<uint64_t> Position(const std::string& region, Origin origin);

  const Reader& reader_;
  const Options options_;
  NodeRecord node_;
  std::shared_ptr<const DefinitionTable> definitions_;
  std::map<std::string, RegionRecord> regions_;
  // Highest contiguous sequence per region and origin, as read or advanced.
  std::map<std::pair<std::string, Origin>, uint64_t> positions_;
  // The Merkle trees of the same logs. Not null.
  const std::unique_ptr<LogTrees> trees_;
  HlcClock hlc_;
  // Definitions that are here and for which requests wait all the same; the first row of these
  // that was not looked at.
  std::map<DefinitionHash, std::string> arrived_;
  bool upgrading_ = false;
  std::string upgrade_from_;  // the first row of the requests that wait that was not looked at
  // The first row of keys::kSilent that the running round of timers has not looked at; empty: none
  // is running.
  std::string timers_from_;
  HistoryCounters counters_;
};

// The change that a unary call with this key made before, if it did. Keys are forgotten after 24
// hours.
absl::StatusOr<std::optional<IdempotencyRecord>> FindIdempotent(const Reader& reader,
                                                                std::string_view key);

}  // namespace tikar::sync

#endif  // TIKAR_SYNC_REPLICA_H_
