#include "sync/checkpoint.h"

#include <algorithm>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "sync/change.h"
#include "sync/keys.h"
#include "sync/merkle_log.h"
#include "sync/merkle_tree.h"
#include "sync/status_macros.h"

namespace tikar::sync {
namespace {

constexpr std::string_view kLogPrefix = "tikar/";
constexpr size_t kOriginDigits = 16;

absl::Status Malformed(absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("this is no checkpoint: ", what));
}

// The next line, without its end; nullopt: there is none.
std::optional<std::string_view> TakeLine(std::string_view* text) {
  const size_t end = text->find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view line = text->substr(0, end);
  text->remove_prefix(end + 1);
  return line;
}

}  // namespace

std::string LogLine(std::string_view region, Origin origin) {
  return std::string(kLogPrefix) + LogTreeName(region, origin);
}

std::optional<LogId> ParseLogLine(std::string_view line) {
  if (line.size() != kLogPrefix.size() + keys::kRegionSize + 1 + kOriginDigits) return std::nullopt;
  LogId id;
  id.region = std::string(line.substr(kLogPrefix.size(), keys::kRegionSize));
  uint64_t origin = 0;
  if (!IsRegion(id.region) ||
      !absl::SimpleHexAtoi(AbslView(line.substr(line.size() - kOriginDigits)), &origin)) {
    return std::nullopt;
  }
  id.origin = Origin{origin};
  // One spelling only.
  if (id.origin == Origin::kNone || LogLine(id.region, id.origin) != line) return std::nullopt;
  return id;
}

std::string NodeKeyName(std::string_view node) { return "tikar/node/" + std::string(node); }

std::string CheckpointText(const Checkpoint& checkpoint) {
  return absl::StrCat(checkpoint.log, "\n", checkpoint.size, "\n",
                      absl::Base64Escape(AbslView(checkpoint.root.view())), "\n");
}

absl::StatusOr<Checkpoint> ParseCheckpointText(std::string_view text) {
  const std::string_view whole = text;
  const auto log = TakeLine(&text), size = TakeLine(&text), root = TakeLine(&text);
  if (!root) return Malformed("it has fewer than three lines");
  if (!text.empty()) return Malformed("it has more than three lines");
  Checkpoint checkpoint;
  checkpoint.log = std::string(*log);
  if (log->empty()) return Malformed("it names no log");
  std::string bytes;
  if (!absl::SimpleAtoi(AbslView(*size), &checkpoint.size)) {
    return Malformed("its second line is no number of entries");
  }
  if (!absl::Base64Unescape(AbslView(*root), &bytes) || bytes.size() != Hash::kSize) {
    return Malformed("its third line is no base64 of a root");
  }
  checkpoint.root = *Hash::FromBytes(bytes);
  // No signs, leading zeros, spaces or other spellings of base64.
  if (CheckpointText(checkpoint) != whole) return Malformed("its lines are not spelt as they must");
  return checkpoint;
}

absl::StatusOr<SignedCheckpoint> ParseCheckpoint(std::string_view bytes) {
  SignedCheckpoint parsed;
  ASSIGN_OR_RETURN(parsed.note, ParseSignedNote(bytes));
  ASSIGN_OR_RETURN(parsed.checkpoint, ParseCheckpointText(parsed.note.text));
  return parsed;
}

SignedNote SignCheckpoint(const Checkpoint& checkpoint, const SigningKey& log) {
  SignedNote note{.text = CheckpointText(checkpoint), .signatures = {}};
  SignNote(checkpoint.log, log, &note);
  return note;
}

absl::StatusOr<std::vector<CheckpointSigner>> VerifyCheckpoint(const SignedCheckpoint& checkpoint,
                                                               absl::Span<const PublicKey> keys) {
  std::vector<CheckpointSigner> signers;
  for (const NoteSignature& signature : checkpoint.note.signatures) {
    for (size_t i = 0; i < keys.size(); ++i) {
      const CheckedSignature checked = CheckSignature(checkpoint.note, signature, keys[i]);
      if (checked.finding == SignatureFinding::kUnrelated) continue;
      if (checked.finding == SignatureFinding::kForged) {
        return absl::InvalidArgumentError(
            absl::StrCat("the signature of ", signature.name, " under the checkpoint of ",
                         checkpoint.checkpoint.log, " is forged, or the text was altered"));
      }
      const bool is_log = !checked.time_s && signature.name == checkpoint.checkpoint.log;
      // Signed by the key, but neither as this log nor as a witness: it says nothing of the log.
      if (!is_log && !checked.time_s) continue;
      signers.push_back(
          {.key = i, .is_log = is_log, .name = signature.name, .time_s = checked.time_s});
    }
  }
  if (signers.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("the checkpoint of ", checkpoint.checkpoint.log,
                     " is signed by none of the given keys; give the key of its node or of a "
                     "witness, as `tikar log key` prints it there"));
  }
  return signers;
}

absl::Status VerifyConsistency(const Checkpoint& old_checkpoint, const Checkpoint& new_checkpoint,
                               absl::Span<const Hash> proof) {
  if (old_checkpoint.log != new_checkpoint.log) {
    return absl::InvalidArgumentError(absl::StrCat(
        "two checkpoints are of two logs, ", old_checkpoint.log, " and ", new_checkpoint.log));
  }
  const absl::Status shown = VerifyConsistency(old_checkpoint.size, old_checkpoint.root,
                                               new_checkpoint.size, new_checkpoint.root, proof);
  if (shown.ok()) return shown;
  return absl::InvalidArgumentError(absl::StrCat(
      "the checkpoint of ", new_checkpoint.log, " over ", new_checkpoint.size,
      " entries does not go on from the one over ", old_checkpoint.size, ": ", shown.message()));
}

absl::StatusOr<std::optional<ForkEvidence>> FindFork(std::string_view first,
                                                     std::string_view second,
                                                     const PublicKey& key) {
  std::vector<Checkpoint> checkpoints;
  for (const std::string_view bytes : {first, second}) {
    ASSIGN_OR_RETURN(const SignedCheckpoint parsed, ParseCheckpoint(bytes));
    ASSIGN_OR_RETURN(const std::vector<CheckpointSigner> signers,
                     VerifyCheckpoint(parsed, {&key, 1}));
    if (std::none_of(signers.begin(), signers.end(),
                     [](const CheckpointSigner& signer) { return signer.is_log; })) {
      return absl::InvalidArgumentError(
          absl::StrCat("the checkpoint of ", parsed.checkpoint.log, " is not signed by its log"));
    }
    checkpoints.push_back(parsed.checkpoint);
  }
  const Checkpoint &a = checkpoints[0], &b = checkpoints[1];
  if (a.log != b.log || a.size != b.size || a.root == b.root) return std::nullopt;
  return ForkEvidence{
      .first = std::string(first),
      .second = std::string(second),
      .what = absl::StrCat("log ", a.log, " has two histories of ", a.size, " entries: its key ",
                           "signed the root ", a.root.hex(), " and the root ", b.root.hex())};
}

}  // namespace tikar::sync
