#include "sync/bundle_seal.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/str_cat.h"
#include "sync/canonical.h"
#include "sync/status_macros.h"

namespace tikar::sync {
namespace {

static_assert(kSealedChunkExtraBytes == crypto_secretstream_xchacha20poly1305_ABYTES);
static_assert(kSealedBeginBytes == crypto_box_SEALBYTES +
                                       crypto_secretstream_xchacha20poly1305_KEYBYTES +
                                       crypto_secretstream_xchacha20poly1305_HEADERBYTES);
static_assert(AgreementKey::kSize == crypto_box_PUBLICKEYBYTES);

constexpr size_t kKeyBytes = crypto_secretstream_xchacha20poly1305_KEYBYTES;

void SetUp() {
  static const int status = sodium_init();
  CHECK(status >= 0);
}

const unsigned char* Bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* Bytes(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

void Wipe(std::string& text) { sodium_memzero(text.data(), text.size()); }

// crypto_box_seal, with the passing key pair of `seed`: its public key, then crypto_box of the
// message under the first 24 bytes of BLAKE2b over both public keys.
std::string SealTo(const AgreementKey& receiver, std::string_view seed, std::string_view message) {
  std::array<unsigned char, crypto_box_PUBLICKEYBYTES> passing;
  std::array<unsigned char, crypto_box_SECRETKEYBYTES> secret;
  CHECK(seed.size() == crypto_box_SEEDBYTES &&
        crypto_box_seed_keypair(passing.data(), secret.data(), Bytes(seed)) == 0);
  std::array<unsigned char, crypto_box_NONCEBYTES> nonce;
  crypto_generichash_state state;
  crypto_generichash_init(&state, nullptr, 0, nonce.size());
  crypto_generichash_update(&state, passing.data(), passing.size());
  crypto_generichash_update(&state, Bytes(receiver.view()), AgreementKey::kSize);
  crypto_generichash_final(&state, nonce.data(), nonce.size());
  std::string sealed(reinterpret_cast<const char*>(passing.data()), passing.size());
  sealed.resize(passing.size() + message.size() + crypto_box_MACBYTES);
  // AgreementKeyOf gives no key with which this fails.
  CHECK(crypto_box_easy(Bytes(sealed) + passing.size(), Bytes(message), message.size(),
                        nonce.data(), Bytes(receiver.view()), secret.data()) == 0);
  sodium_memzero(secret.data(), secret.size());
  return sealed;
}

absl::Status NotSealedSo() {
  return absl::DataLossError(
      "the bundle cannot be opened: it was not sealed to this node's key by whoever signed it; let "
      "it be made anew");
}

}  // namespace

std::optional<AgreementKey> AgreementKeyOf(const PublicKey& key) {
  SetUp();
  std::array<uint8_t, AgreementKey::kSize> bytes;
  if (crypto_sign_ed25519_pk_to_curve25519(bytes.data(), Bytes(key.view())) != 0) {
    return std::nullopt;
  }
  return AgreementKey(bytes);
}

AgreementKey AgreementKeyOfSecret(std::string_view secret) {
  SetUp();
  std::array<uint8_t, AgreementKey::kSize> bytes;
  CHECK(secret.size() == crypto_box_SECRETKEYBYTES &&
        crypto_scalarmult_base(bytes.data(), Bytes(secret)) == 0);
  return AgreementKey(bytes);
}

AgreementKeyId KeyIdOf(const AgreementKey& key) {
  return *AgreementKeyId::FromBytes(Sha256(key.view()).view().substr(0, AgreementKeyId::kSize));
}

std::string SealBinding(const BundleHeader& header) {
  CanonicalWriter writer;
  writer.Bytes("tikar bundle seal");
  writer.Byte(static_cast<uint8_t>(header.kind));
  writer.Raw(header.id.view());
  writer.Varint(header.part);
  writer.Bytes(header.sender);
  writer.Raw(header.sender_key.view());
  writer.Raw(header.receiver_key.view());
  return writer.Take();
}

Sealer::Sealer(const AgreementKey& receiver, std::string_view random, std::string binding)
    : binding_(std::move(binding)) {
  SetUp();
  CHECK(random.size() == kSealRandomBytes);
  const std::string_view key = random.substr(0, kKeyBytes);
  const std::string_view header = random.substr(2 * kKeyBytes);
  sealed_ = SealTo(receiver, random.substr(kKeyBytes, kKeyBytes), key);
  sealed_ += header;
  // A stream that is written begins as one that is read does: with key and header.
  CHECK(crypto_secretstream_xchacha20poly1305_init_pull(&stream_, Bytes(header), Bytes(key)) == 0);
}

Sealer::~Sealer() {
  sodium_memzero(&stream_, sizeof(stream_));
  Wipe(chunk_);
}

void Sealer::Push(std::string_view chunk, unsigned char tag) {
  const size_t end = sealed_.size();
  sealed_.resize(end + chunk.size() + kSealedChunkExtraBytes);
  CHECK(crypto_secretstream_xchacha20poly1305_push(&stream_, Bytes(sealed_) + end, nullptr,
                                                   Bytes(chunk), chunk.size(), Bytes(binding_),
                                                   binding_.size(), tag) == 0);
  binding_.clear();
}

void Sealer::Add(std::string_view bytes) {
  bytes_ += bytes.size();
  while (!bytes.empty()) {
    // A whole chunk waits for a byte behind it: the last one is marked as such.
    if (chunk_.size() == kSealedChunkBytes) {
      Push(chunk_, 0);
      chunk_.clear();
    }
    const size_t taken = std::min(bytes.size(), kSealedChunkBytes - chunk_.size());
    chunk_ += bytes.substr(0, taken);
    bytes.remove_prefix(taken);
  }
}

void Sealer::Finish() {
  Push(chunk_, crypto_secretstream_xchacha20poly1305_TAG_FINAL);
  chunk_.clear();
}

std::string Sealer::Take() { return std::exchange(sealed_, {}); }

Unsealer::Unsealer(uint64_t sealed_bytes, std::string secret, const AgreementKey& key,
                   std::string binding)
    : sealed_bytes_(sealed_bytes),
      secret_(std::move(secret)),
      key_(key),
      binding_(std::move(binding)) {
  SetUp();
}

Unsealer::~Unsealer() {
  Wipe(secret_);
  sodium_memzero(&stream_, sizeof(stream_));
}

absl::StatusOr<std::string> Unsealer::Next() {
  if (done_) return std::string();
  if (!begun_) {
    if (sealed_bytes_ <= kSealedBeginBytes + kSealedChunkExtraBytes) return NotSealedSo();
    if (fed_.size() < kSealedBeginBytes) return std::string();
    std::array<unsigned char, kKeyBytes> key;
    const int opened =
        crypto_box_seal_open(key.data(), Bytes(fed_), crypto_box_SEALBYTES + kKeyBytes,
                             Bytes(key_.view()), Bytes(secret_));
    const int begun = crypto_secretstream_xchacha20poly1305_init_pull(
        &stream_, Bytes(fed_) + crypto_box_SEALBYTES + kKeyBytes, key.data());
    sodium_memzero(key.data(), key.size());
    if (opened != 0 || begun != 0) return NotSealedSo();
    begun_ = true;
    consumed_ = kSealedBeginBytes;
    fed_.erase(0, kSealedBeginBytes);
  }
  const uint64_t left = sealed_bytes_ - consumed_;
  const size_t size =
      static_cast<size_t>(std::min<uint64_t>(left, kSealedChunkBytes + kSealedChunkExtraBytes));
  if (size <= kSealedChunkExtraBytes) return NotSealedSo();
  if (fed_.size() < size) return std::string();
  std::string chunk(size - kSealedChunkExtraBytes, '\0');
  unsigned char tag = 0;
  const int pulled = crypto_secretstream_xchacha20poly1305_pull(
      &stream_, Bytes(chunk), nullptr, &tag, Bytes(fed_), size, Bytes(binding_), binding_.size());
  binding_.clear();
  consumed_ += size;
  fed_.erase(0, size);
  done_ = consumed_ == sealed_bytes_;
  const unsigned char expected = done_ ? crypto_secretstream_xchacha20poly1305_TAG_FINAL : 0;
  if (pulled != 0 || tag != expected) return NotSealedSo();
  return chunk;
}

}  // namespace tikar::sync
