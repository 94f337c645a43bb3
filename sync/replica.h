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
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "sync/change.h"
#include "sync/definition.h"
#include "sync/history.h"
#include "sync/hlc.h"
#include "sync/records.h"
#include "sync/store.h"
#include "sync/types.h"
#include "sync/validation.h"
#include "tikar/v1/entry.pb.h"

namespace tikar::sync {

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
  uint64_t seq = 0;  // 0: not logged (bytes that belong to no request)
  bool duplicate = false;
  FeedId feed_id = FeedId::kNone;
  uint64_t feed_position = 0;
};

struct Outcome {
  WriteBatch batch;
  std::vector<SubmissionResult> results;     // Ingest: one per submission, in order
  std::vector<std::string> regions_touched;  // whose feeds grew; sorted
  uint64_t changes_new = 0;
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
    // Identifies the machine; a store that was made on another one begins a new origin. Empty: not
    // checked.
    std::string machine_id;
    // 64 random bits per call, for origins and feed ids.
    std::function<uint64_t()> random;
    // Whether this node makes joining changes for a region ("home node"). Null: for all.
    std::function<bool(std::string_view region)> is_home;
  };
  struct Opened {
    std::unique_ptr<Replica> replica;
    WriteBatch batch;  // write it first; may be empty
    // What an admin should know: "clock is 3 days behind the log; …". Empty if nothing.
    std::string clock_warning;
    // Why a new origin began ("first start", "machine identity changed"); empty if the old one goes
    // on.
    std::string new_origin_reason;
  };

  // `reader` must outlive the Replica and show every batch written. DataLoss: a record that cannot
  // be read.
  static absl::StatusOr<Opened> Open(const Reader& reader, const Options& options);

  // Judges changes, logs them (refused ones as void) and folds them in. A bad change never fails
  // the group; an error Status means the store could not be read: drop the Replica, as after a
  // failed Write.
  absl::StatusOr<Outcome> Ingest(absl::Span<const Submission> submissions, int64_t now_ms);

  // Takes entries that another node logged. Never judges their content. Entries of this node's own
  // origin are taken back after a restore. InvalidArgument: an entry is malformed, or is not the
  // one that is here under its number (that log has forked); nothing happened.
  absl::StatusOr<Outcome> Receive(absl::Span<const v1::Entry> entries, int64_t now_ms);

  // Adds a definition and refolds the requests that waited for it. Not an error when it is here
  // already.
  absl::StatusOr<Outcome> AddDefinition(std::string bytes, int64_t now_ms);

  std::shared_ptr<const DefinitionTable> definitions() const { return definitions_; }
  Origin origin() const { return node_.origin; }
  // The next time a change made on this node's behalf should carry.
  uint64_t NextHlc(int64_t now_ms);

  // What was read to merge, since Open.
  const HistoryCounters& counters() const { return counters_; }

 private:
  class Group;
  class Judge;
  Replica(const Reader& reader, const Options& options);

  absl::Status LoadMeta();
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
  HlcClock hlc_;
  HistoryCounters counters_;
};

// The change that a unary call with this key made before, if it did. Keys are forgotten after 24
// hours.
absl::StatusOr<std::optional<IdempotencyRecord>> FindIdempotent(const Reader& reader,
                                                                std::string_view key);

}  // namespace tikar::sync

#endif  // TIKAR_SYNC_REPLICA_H_
