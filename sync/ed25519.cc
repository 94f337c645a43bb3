#include "sync/ed25519.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/sha.h>

#include <array>
#include <utility>

#include "absl/strings/str_cat.h"
#include "sync/status_macros.h"

namespace tikar::sync {
namespace {

struct ContextDeleter {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_MD_CTX, ContextDeleter>;

Context NewContext() {
  Context context(EVP_MD_CTX_new());
  CHECK(context != nullptr);  // out of memory
  return context;
}

const unsigned char* Bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace

std::optional<SigningKey> SigningKey::FromSeed(std::string_view seed) {
  if (seed.size() != kSigningSeedBytes) return std::nullopt;
  EVP_PKEY* const key =
      EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, Bytes(seed), seed.size());
  CHECK(key != nullptr);  // every seed is a key
  std::shared_ptr<void> owner(key, [](void* p) { EVP_PKEY_free(static_cast<EVP_PKEY*>(p)); });
  std::array<uint8_t, PublicKey::kSize> bytes;
  size_t size = bytes.size();
  CHECK(EVP_PKEY_get_raw_public_key(key, bytes.data(), &size) == 1 && size == bytes.size());
  return SigningKey(std::move(owner), PublicKey(bytes));
}

Signature SigningKey::Sign(std::string_view message) const {
  const Context context = NewContext();
  std::array<uint8_t, Signature::kSize> bytes;
  size_t size = bytes.size();
  CHECK(EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr,
                           static_cast<EVP_PKEY*>(key_.get())) == 1);
  CHECK(EVP_DigestSign(context.get(), bytes.data(), &size, Bytes(message), message.size()) == 1 &&
        size == bytes.size());
  return Signature(bytes);
}

std::string SigningKey::AgreementSecret() const {
  std::array<uint8_t, kSigningSeedBytes> seed;
  size_t size = seed.size();
  CHECK(EVP_PKEY_get_raw_private_key(static_cast<EVP_PKEY*>(key_.get()), seed.data(), &size) == 1 &&
        size == seed.size());
  // RFC 8032, 5.1.5, which Ed25519 itself does with its seed: half of SHA-512, clamped.
  std::array<uint8_t, SHA512_DIGEST_LENGTH> digest;
  SHA512(seed.data(), seed.size(), digest.data());
  OPENSSL_cleanse(seed.data(), seed.size());
  digest[0] &= 0xf8;
  digest[31] = (digest[31] & 0x7f) | 0x40;
  std::string secret(reinterpret_cast<const char*>(digest.data()), kSigningSeedBytes);
  OPENSSL_cleanse(digest.data(), digest.size());
  return secret;
}

bool Verify(const PublicKey& key, std::string_view message, const Signature& signature) {
  const std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> owner(
      EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, Bytes(key.view()), PublicKey::kSize),
      EVP_PKEY_free);
  if (owner == nullptr) return false;
  const Context context = NewContext();
  return EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, owner.get()) == 1 &&
         EVP_DigestVerify(context.get(), Bytes(signature.view()), Signature::kSize, Bytes(message),
                          message.size()) == 1;
}

std::string Fingerprint(const PublicKey& key) {
  const std::string hex = Sha256(key.view()).hex();
  return absl::StrCat(hex.substr(0, 4), "-", hex.substr(4, 4), "-", hex.substr(8, 4), "-",
                      hex.substr(12, 4));
}

}  // namespace tikar::sync
