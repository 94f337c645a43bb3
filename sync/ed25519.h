// Ed25519 signatures (RFC 8032): a node's, and those of whoever witnesses or authors something.
//
//   std::optional<SigningKey> key = SigningKey::FromSeed(seed);     // 32 bytes that nobody knows
//   Signature signature = key->Sign(message);
//   Verify(key->public_key(), message, signature);                  // true
//
// The arithmetic is OpenSSL's, constant in time for the secret. Where keys come from and where they
// lie is not known here: server/identity.h keeps a node's on disk.
#ifndef TIKAR_SYNC_ED25519_H_
#define TIKAR_SYNC_ED25519_H_

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "sync/types.h"

namespace tikar::sync {

using PublicKey = FixedBytes<32, struct Ed25519PublicKeyTag>;
using Signature = FixedBytes<64, struct Ed25519SignatureTag>;

// How long the secret is, in bytes. Any 32 bytes are one.
inline constexpr size_t kSigningSeedBytes = 32;

// A private key. Cheap to copy; all copies share one, and the last wipes it. Thread safety: any
// number of threads may sign with one.
class SigningKey {
 public:
  // nullopt unless `seed` is exactly kSigningSeedBytes long. The caller wipes its own copy.
  static std::optional<SigningKey> FromSeed(std::string_view seed);

  const PublicKey& public_key() const { return public_key_; }
  // The same message always gives the same signature.
  Signature Sign(std::string_view message) const;
  // The secret of the X25519 key that belongs to this one, as libsodium derives it
  // (crypto_sign_ed25519_sk_to_curve25519): opens what was sealed to its owner. The caller wipes
  // it.
  std::string AgreementSecret() const;

 private:
  SigningKey(std::shared_ptr<void> key, const PublicKey& public_key)
      : key_(std::move(key)), public_key_(public_key) {}

  std::shared_ptr<void> key_;  // EVP_PKEY
  PublicKey public_key_;
};

// Whether the owner of `key` signed exactly `message`. A key that is no point of the curve has
// signed nothing.
bool Verify(const PublicKey& key, std::string_view message, const Signature& signature);

// What two people compare over a telephone: "7f3a-91c2-08be-55d0", the first 64 bits of SHA-256 of
// the key. For eyes only; programs compare keys.
std::string Fingerprint(const PublicKey& key);

}  // namespace tikar::sync

#endif  // TIKAR_SYNC_ED25519_H_
