#include "sync/signed_note.h"

#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include <algorithm>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "sync/canonical.h"
#include "sync/status_macros.h"
#include "sync/unicode.h"

namespace tikar::sync {
namespace {

constexpr std::string_view kDash = "\u2014 ";
constexpr size_t kKeyIdBytes = 4;
constexpr size_t kTimeBytes = 8;

absl::Status Malformed(absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("this is no signed note: ", what));
}

std::string BigEndian32(uint32_t value) {
  CanonicalWriter writer;
  writer.Fixed64(value);
  return writer.Take().substr(4);
}
uint32_t FromBigEndian32(std::string_view bytes) {
  uint32_t value = 0;
  for (const char byte : bytes.substr(0, kKeyIdBytes)) {
    value = value << 8 | static_cast<uint8_t>(byte);
  }
  return value;
}

std::string Base64(std::string_view bytes) { return absl::Base64Escape(AbslView(bytes)); }
// The one spelling only: no spaces, no missing padding, no bits that say nothing.
std::optional<std::string> FromBase64(std::string_view text) {
  std::string bytes;
  if (!absl::Base64Unescape(AbslView(text), &bytes) || Base64(bytes) != text) return std::nullopt;
  return bytes;
}

std::string WitnessedMessage(std::string_view text, uint64_t time_s) {
  return absl::StrCat("cosignature/v1\ntime ", time_s, "\n", AbslView(text));
}

void Put(NoteSignature signature, SignedNote* note) {
  std::erase_if(note->signatures, [&](const NoteSignature& other) {
    return other.name == signature.name && other.key_id == signature.key_id;
  });
  note->signatures.push_back(std::move(signature));
}

absl::StatusOr<NoteSignature> ParseSignature(std::string_view line) {
  if (!line.starts_with(kDash)) return Malformed("a line behind the text is no signature");
  line.remove_prefix(kDash.size());
  const size_t space = line.find(' ');
  if (space == std::string_view::npos) return Malformed("a signature line has no signature");
  NoteSignature signature;
  signature.name = std::string(line.substr(0, space));
  if (!IsKeyName(signature.name)) return Malformed("the name of a key is none");
  const std::optional<std::string> bytes = FromBase64(line.substr(space + 1));
  if (!bytes || bytes->size() <= kKeyIdBytes) return Malformed("a signature is no base64 of one");
  signature.key_id = FromBigEndian32(*bytes);
  signature.bytes = bytes->substr(kKeyIdBytes);
  return signature;
}

}  // namespace

bool IsKeyName(std::string_view name) {
  if (name.empty() || !IsValidUtf8(name)) return false;
  const auto size = static_cast<int32_t>(name.size());
  for (int32_t at = 0; at < size;) {
    UChar32 letter = 0;
    U8_NEXT(name.data(), at, size, letter);
    if (letter <= 0x20 || letter == '+' || u_isUWhiteSpace(letter)) return false;
  }
  return true;
}

absl::StatusOr<SignedNote> ParseSignedNote(std::string_view bytes) {
  if (bytes.size() > kNoteBytesMax) {
    return Malformed(absl::StrCat("it has ", bytes.size(), " bytes, at most ", kNoteBytesMax));
  }
  if (!IsValidUtf8(bytes)) return Malformed("it is not UTF-8");
  if (std::any_of(bytes.begin(), bytes.end(),
                  [](char byte) { return static_cast<uint8_t>(byte) < 0x20 && byte != '\n'; })) {
    return Malformed("it has control characters");
  }
  const size_t gap = bytes.rfind("\n\n");
  if (gap == std::string_view::npos) return Malformed("it has no signatures");
  SignedNote note;
  note.text = std::string(bytes.substr(0, gap + 1));
  std::string_view rest = bytes.substr(gap + 2);
  if (rest.empty()) return Malformed("it has no signatures");
  while (!rest.empty()) {
    const size_t end = rest.find('\n');
    if (end == std::string_view::npos) return Malformed("its last line does not end");
    if (note.signatures.size() == kNoteSignaturesMax) {
      return Malformed(absl::StrCat("it has more than ", kNoteSignaturesMax, " signatures"));
    }
    ASSIGN_OR_RETURN(NoteSignature signature, ParseSignature(rest.substr(0, end)));
    note.signatures.push_back(std::move(signature));
    rest.remove_prefix(end + 1);
  }
  return note;
}

std::string FormatSignedNote(const SignedNote& note) {
  std::string bytes = note.text + "\n";
  for (const NoteSignature& signature : note.signatures) {
    bytes += kDash;
    bytes += signature.name + " " + Base64(BigEndian32(signature.key_id) + signature.bytes) + "\n";
  }
  return bytes;
}

uint32_t NoteKeyId(std::string_view name, NoteSignatureType type, const PublicKey& key) {
  std::string named(name);
  named += '\n';
  named += static_cast<char>(type);
  named += key.view();
  return FromBigEndian32(Sha256(named).view());
}

void SignNote(std::string_view name, const SigningKey& signer, SignedNote* note) {
  Put({.name = std::string(name),
       .key_id = NoteKeyId(name, NoteSignatureType::kEd25519, signer.public_key()),
       .bytes = signer.Sign(note->text).bytes()},
      note);
}

void CosignNote(std::string_view name, const SigningKey& signer, int64_t time_s, SignedNote* note) {
  CHECK(time_s >= 0);
  CanonicalWriter bytes;
  bytes.Fixed64(static_cast<uint64_t>(time_s));
  bytes.Raw(signer.Sign(WitnessedMessage(note->text, static_cast<uint64_t>(time_s))).view());
  Put({.name = std::string(name),
       .key_id = NoteKeyId(name, NoteSignatureType::kWitness, signer.public_key()),
       .bytes = bytes.Take()},
      note);
}

CheckedSignature CheckSignature(const SignedNote& note, const NoteSignature& signature,
                                const PublicKey& key) {
  const auto verified = [&](std::string_view message, std::string_view bytes) {
    const std::optional<Signature> ed25519 = Signature::FromBytes(bytes);
    return ed25519 && Verify(key, message, *ed25519) ? SignatureFinding::kValid
                                                     : SignatureFinding::kForged;
  };
  if (signature.key_id == NoteKeyId(signature.name, NoteSignatureType::kEd25519, key)) {
    return {.finding = verified(note.text, signature.bytes), .time_s = std::nullopt};
  }
  if (signature.key_id == NoteKeyId(signature.name, NoteSignatureType::kWitness, key)) {
    CanonicalReader reader(signature.bytes);
    const uint64_t time_s = reader.Fixed64();
    // 2^63 and above is no time by the specification.
    if (!reader.ok() || time_s >> 63 != 0) {
      return {.finding = SignatureFinding::kForged, .time_s = std::nullopt};
    }
    return {.finding = verified(WitnessedMessage(note.text, time_s),
                                std::string_view(signature.bytes).substr(kTimeBytes)),
            .time_s = time_s};
  }
  return {};
}

std::string FormatNamedKey(const NamedKey& key) {
  return absl::StrCat(
      key.name, "+",
      absl::Hex(NoteKeyId(key.name, NoteSignatureType::kEd25519, key.key), absl::kZeroPad8), "+",
      Base64(std::string(1, static_cast<char>(NoteSignatureType::kEd25519)) + key.key.bytes()));
}

absl::StatusOr<NamedKey> ParseNamedKey(std::string_view text) {
  const auto refuse = [](absl::string_view what) {
    return absl::InvalidArgumentError(
        absl::StrCat("this is no public key as `tikar log key` prints it: ", what));
  };
  const size_t first = text.find('+');
  if (first == std::string_view::npos) return refuse("it has no plus");
  const size_t second = text.find('+', first + 1);
  if (second == std::string_view::npos) return refuse("it has one plus, not two");
  NamedKey named;
  named.name = std::string(text.substr(0, first));
  if (!IsKeyName(named.name)) return refuse("what stands before the first plus is no name");
  // The key's base64 may hold more of them.
  const std::optional<std::string> bytes = FromBase64(text.substr(second + 1));
  if (!bytes || bytes->empty()) return refuse("what stands behind the second plus is no base64");
  if (bytes->front() != static_cast<char>(NoteSignatureType::kEd25519)) {
    return refuse("it is not an Ed25519 key");
  }
  const std::optional<PublicKey> key = PublicKey::FromBytes(std::string_view(*bytes).substr(1));
  if (!key) return refuse("it has not the length of a key");
  named.key = *key;
  if (FormatNamedKey(named) != text) return refuse("its parts do not fit each other: copy it anew");
  return named;
}

}  // namespace tikar::sync
