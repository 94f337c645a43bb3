// Checkpoints after C2SP tlog-checkpoint (https://c2sp.org/tlog-checkpoint): how large a log is and
// what its root is, as a signed note. Who signs one can never again deny a single entry of it.
//
// The text has three lines: the log ("tikar/15.01/0123456789abcdef": region and origin), the number
// of entries, and the root in base64. Lines beyond these are refused: nobody could audit them.
//
// The node whose origin it is signs as the log, with the log as the key's name. Whoever mirrors the
// log, and has found that each new head goes on from the one before, signs as a witness
// ("tikar/node/hub"), with the time. Both with the one key of the node: the two kinds of messages
// cannot be taken for each other.
//
// Thread safety: pure functions and values.
#ifndef TIKAR_SYNC_CHECKPOINT_H_
#define TIKAR_SYNC_CHECKPOINT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "sync/signed_note.h"
#include "sync/types.h"

namespace tikar::sync {

struct Checkpoint {
  std::string log;  // the first line, whoever's log that is
  uint64_t size = 0;
  Hash root;
  friend bool operator==(const Checkpoint&, const Checkpoint&) = default;
};

// How a log of ours is called in checkpoints, and back. nullopt: of another system.
std::string LogLine(std::string_view region, Origin origin);
struct LogId {
  std::string region;
  Origin origin = Origin::kNone;
  friend bool operator==(const LogId&, const LogId&) = default;
};
std::optional<LogId> ParseLogLine(std::string_view line);
// How a node is called as a witness: "tikar/node/kerinci".
std::string NodeKeyName(std::string_view node);

// The note without signatures, and back. InvalidArgument.
std::string CheckpointText(const Checkpoint& checkpoint);
absl::StatusOr<Checkpoint> ParseCheckpointText(std::string_view text);

struct SignedCheckpoint {
  Checkpoint checkpoint;
  SignedNote note;
  friend bool operator==(const SignedCheckpoint&, const SignedCheckpoint&) = default;
};
// InvalidArgument: it is no signed note, or its text is no checkpoint. Says nothing of who signed.
absl::StatusOr<SignedCheckpoint> ParseCheckpoint(std::string_view bytes);

// Signed by the log itself.
SignedNote SignCheckpoint(const Checkpoint& checkpoint, const SigningKey& log);

// Who of `keys` stands behind a checkpoint.
struct CheckpointSigner {
  size_t key = 0;  // which of them
  // As the log itself; else as a witness.
  bool is_log = false;
  std::string name;
  std::optional<uint64_t> time_s;  // of a witness
};
// At least one. InvalidArgument: none of the keys signed it, or a signature that claims to be by
// one of them is not.
absl::StatusOr<std::vector<CheckpointSigner>> VerifyCheckpoint(const SignedCheckpoint& checkpoint,
                                                               absl::Span<const PublicKey> keys);

// Whether the larger of two checkpoints of one log goes on from the smaller one; `proof` is
// LogTree::ConsistencyProof(old, new). InvalidArgument: not shown. Signatures are not looked at.
absl::Status VerifyConsistency(const Checkpoint& old_checkpoint, const Checkpoint& new_checkpoint,
                               absl::Span<const Hash> proof);

// What stays of a log that was rewound or forked: two checkpoints that cannot both be true, each
// signed by the log's own key. Anybody can see that without a store and without trust in who shows
// them.
struct ForkEvidence {
  std::string first;  // signed notes
  std::string second;
  std::string what;  // for people: "log tikar/15.01/… has two histories of 120 entries: …"
};
// The fork that two checkpoints show by themselves: the same log and size, different roots, both
// signed by `key` as the log. nullopt: they show none. (Of different sizes only who holds the log
// can tell: CompareHead of merkle_log.h.) InvalidArgument: one is no checkpoint of that key.
absl::StatusOr<std::optional<ForkEvidence>> FindFork(std::string_view first,
                                                     std::string_view second, const PublicKey& key);

}  // namespace tikar::sync

#endif  // TIKAR_SYNC_CHECKPOINT_H_
