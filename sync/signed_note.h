// Signed notes after C2SP signed-note (https://c2sp.org/signed-note): a text and, behind an empty
// line, who signed it.
//
//   tikar/15.01/0123456789abcdef
//   20852163
//   CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=
//
//   — tikar/15.01/0123456789abcdef Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcy…
//   — tikar/node/hub jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nP…
//
// Two kinds of signatures are made and understood here, both Ed25519: of the text itself (0x01),
// and a witness's (0x04, https://c2sp.org/tlog-cosignature), which also says when. Others are kept
// and say nothing.
//
// Thread safety: pure functions and values.
#ifndef TIKAR_SYNC_SIGNED_NOTE_H_
#define TIKAR_SYNC_SIGNED_NOTE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "sync/ed25519.h"

namespace tikar::sync {

// What a note may be, in bytes and signatures. The specification wants 16 at least, of which some
// may be 5 kB long.
inline constexpr size_t kNoteBytesMax = 128 << 10;
inline constexpr size_t kNoteSignaturesMax = 64;

struct NoteSignature {
  std::string name;  // of the key
  uint32_t key_id = 0;
  std::string bytes;  // what follows the key id
  friend bool operator==(const NoteSignature&, const NoteSignature&) = default;
};

struct SignedNote {
  std::string text;  // ends with a line feed
  std::vector<NoteSignature> signatures;
  friend bool operator==(const SignedNote&, const SignedNote&) = default;
};

// Strict: there is one spelling of a note. InvalidArgument says what is wrong with it.
absl::StatusOr<SignedNote> ParseSignedNote(std::string_view bytes);
// `note` must be one that ParseSignedNote could give: a text that ends with a line feed, at least
// one signature, and key names that are ones.
std::string FormatSignedNote(const SignedNote& note);

// Whether a key may be named so: not empty, no space of any script, no plus, no control character.
bool IsKeyName(std::string_view name);

// The kind of a signature, as it stands in key ids.
enum class NoteSignatureType : uint8_t {
  kEd25519 = 0x01,
  kWitness = 0x04,
};
// The first four bytes of SHA-256(name, line feed, type, key), as a big-endian number.
uint32_t NoteKeyId(std::string_view name, NoteSignatureType type, const PublicKey& key);

// Adds the signature of the text as it is, by a key named `name`. Takes the place of one by the
// same name and key.
void SignNote(std::string_view name, const SigningKey& signer, SignedNote* note);
// Adds the statement of a witness that at `time_s` (seconds since the epoch, not negative) it had
// seen this and nothing that contradicts it. Takes the place of an older one of the same witness.
void CosignNote(std::string_view name, const SigningKey& signer, int64_t time_s, SignedNote* note);

// What a signature says, if it is by `key`.
enum class SignatureFinding {
  kUnrelated,  // by another key, or of a kind that is not known
  kValid,
  kForged,  // it claims to be by this key, and is not: the whole note is worth nothing
};
struct CheckedSignature {
  SignatureFinding finding = SignatureFinding::kUnrelated;
  // Of a witness; seconds since the epoch.
  std::optional<uint64_t> time_s;
};
CheckedSignature CheckSignature(const SignedNote& note, const NoteSignature& signature,
                                const PublicKey& key);

// A public key with its name as people pass it on: "name+1b7c6f23+ATtq…" (C2SP: a verifier key), of
// type kEd25519.
struct NamedKey {
  std::string name;
  PublicKey key;
  friend bool operator==(const NamedKey&, const NamedKey&) = default;
};
std::string FormatNamedKey(const NamedKey& key);
// InvalidArgument: it is none, or its parts do not fit each other (a letter got lost).
absl::StatusOr<NamedKey> ParseNamedKey(std::string_view text);

}  // namespace tikar::sync

#endif  // TIKAR_SYNC_SIGNED_NOTE_H_
