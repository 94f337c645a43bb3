// What auditors and other nodes hand in: signed notes, checkpoints, public keys, receipts. One
// spelling each, and nothing holds that the library's node did not log.
//
// Frames; the tag:
//   0  a signed note
//   1  a public key as people pass it on
//   2  a receipt
#include <algorithm>
#include <memory>

#include "absl/strings/str_cat.h"
#include "sync/checkpoint.h"
#include "sync/ed25519.h"
#include "sync/keys.h"
#include "sync/merkle_log.h"
#include "sync/receipt.h"
#include "sync/records.h"
#include "target.h"
#include "tikar/v1/log_service.pb.h"
#include "world.h"

namespace tikar::fuzz {
namespace {

constexpr size_t kFramesMax = 8;
enum Tag : uint8_t { kNote = 0, kKey = 1, kReceipt = 2 };

// Whose signatures the seeds have (note_seeds.cc).
const sync::PublicKey& LogKey() {
  static const auto* const key =
      new sync::PublicKey(sync::SigningKey::FromSeed(std::string(32, 'k'))->public_key());
  return *key;
}

bool TryNote(const std::string& bytes) {
  const absl::StatusOr<sync::SignedNote> note = sync::ParseSignedNote(bytes);
  if (!note.ok()) {
    PROMISE(absl::IsInvalidArgument(note.status()), "a note is refused as what it is");
    return false;
  }
  PROMISE(sync::FormatSignedNote(*note) == bytes, "a note has one spelling");
  const absl::StatusOr<sync::SignedCheckpoint> checkpoint = sync::ParseCheckpoint(bytes);
  if (!checkpoint.ok()) return true;
  PROMISE(sync::CheckpointText(checkpoint->checkpoint) == note->text,
          "a checkpoint has one spelling");
  const auto signers = sync::VerifyCheckpoint(*checkpoint, {&LogKey(), 1});
  const auto log = sync::ParseLogLine(checkpoint->checkpoint.log);
  if (log) {
    PROMISE(sync::LogLine(log->region, log->origin) == checkpoint->checkpoint.log,
            "a log has one name");
  }
  if (!signers.ok()) return true;
  PROMISE(log.has_value(), "the key signed logs alone");
  auto tree = sync::LogTree::Load(Library().reader(), log->region, log->origin);
  PROMISE(tree.ok() && tree->RootAt(checkpoint->checkpoint.size).ok() &&
              *tree->RootAt(checkpoint->checkpoint.size) == checkpoint->checkpoint.root,
          "what the key signed is what the log is");
  return true;
}

bool TryKey(const std::string& text) {
  const absl::StatusOr<sync::NamedKey> key = sync::ParseNamedKey(text);
  if (!key.ok()) return false;
  PROMISE(sync::FormatNamedKey(*key) == text, "a key has one spelling");
  return true;
}

bool TryReceipt(const std::string& bytes) {
  v1::Receipt receipt;
  if (!receipt.ParseFromString(bytes)) return false;
  const auto checked = sync::CheckReceipt(receipt, {&LogKey(), 1});
  if (!checked.ok()) {
    PROMISE(absl::IsInvalidArgument(checked.status()), "a receipt is refused as what it is");
    return false;
  }
  PROMISE(!checked->entries.empty(), "a receipt that holds shows something");
  for (const sync::CheckedEntry& entry : checked->entries) {
    const sync::LogId& log = checked->logs.at(entry.log).id;
    const auto stored = Library().reader().Get(sync::Family::kLog,
                                               sync::keys::Log(log.region, log.origin, entry.seq));
    PROMISE(stored.ok() && stored->has_value(), "what a receipt shows is in the log");
    const auto logged = sync::DecodeEntry(**stored);
    PROMISE(logged.ok() && sync::ChangeIdOf(logged->change_hash) == entry.change &&
                logged->stamp.received_at_ms == entry.received_at_ms &&
                logged->stamp.verdict == entry.verdict,
            "and says the same there");
  }
  return true;
}

const google::protobuf::Message* MessageOf(uint8_t tag) {
  return tag == kReceipt ? &v1::Receipt::default_instance() : nullptr;
}

}  // namespace

FUZZ_TARGET_OF(notes, "signed notes, checkpoints, public keys, receipts",
               (FrameShape{kFramesMax, &MessageOf})) {
  bool good = true;
  for (const Frame& frame : ReadFrames(bytes, kFramesMax)) {
    switch (frame.tag % 3) {
      case kNote:
        good &= TryNote(frame.bytes);
        break;
      case kKey:
        good &= TryKey(frame.bytes);
        break;
      default:
        good &= TryReceipt(frame.bytes);
    }
  }
  return good;
}

}  // namespace tikar::fuzz
