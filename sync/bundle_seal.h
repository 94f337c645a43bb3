// The sealed layer of a bundle (bundle.h): bytes that only the owner of one key can read.
//
//   offset 0    80 bytes   a random key, sealed to the receiver: crypto_box_seal
//          80   24 bytes   the header of crypto_secretstream_xchacha20poly1305
//          104             chunks of kSealedChunkBytes of what is sealed, the last of 1 to that
//          many,
//                          each with 17 bytes more. The first is bound to SealBinding; the last has
//                          the tag FINAL, the others none.
//
// libsodium draws the key of the seal and the stream's header at random by itself. Here randomness
// comes in as an argument, as everywhere in sync, so that a simulator replays a bundle to the byte;
// both are made of it as libsodium documents them, and libsodium's own functions open them.
#ifndef TIKAR_SYNC_BUNDLE_SEAL_H_
#define TIKAR_SYNC_BUNDLE_SEAL_H_

#include <sodium.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "sync/bundle.h"

namespace tikar::sync {

inline constexpr size_t kSealedChunkBytes = 64 << 10;
inline constexpr size_t kSealedChunkExtraBytes = 17;
inline constexpr size_t kSealedBeginBytes = 80 + 24;
// What a Sealer takes of randomness: the key, the seed of the sender's passing key, the header.
inline constexpr size_t kSealRandomBytes = 32 + 32 + 24;

// How large `bytes` become, at least one.
constexpr uint64_t SealedSize(uint64_t bytes) {
  const uint64_t chunks = bytes == 0 ? 1 : (bytes + kSealedChunkBytes - 1) / kSealedChunkBytes;
  return kSealedBeginBytes + bytes + chunks * kSealedChunkExtraBytes;
}

// Of SigningKey::AgreementSecret.
AgreementKey AgreementKeyOfSecret(std::string_view secret);

// Which part of which bundle by whom this is: nobody can put what another sealed under a head of
// his own and so pass for who knew it.
std::string SealBinding(const BundleHeader& header);

// Thread safety: none, as below.
class Sealer {
 public:
  // `random` is of kSealRandomBytes.
  Sealer(const AgreementKey& receiver, std::string_view random, std::string binding);
  ~Sealer();

  void Add(std::string_view bytes);
  void Finish();
  // What is sealed and was not taken.
  std::string Take();
  // All that was added, and how much of it waits for a whole chunk.
  uint64_t bytes() const { return bytes_; }

 private:
  void Push(std::string_view chunk, unsigned char tag);

  crypto_secretstream_xchacha20poly1305_state stream_;
  std::string binding_;  // until the first chunk
  uint64_t bytes_ = 0;
  std::string chunk_;
  std::string sealed_;
};

class Unsealer {
 public:
  // `sealed_bytes` in all. `secret` and `key` are of the receiver.
  Unsealer(uint64_t sealed_bytes, std::string secret, const AgreementKey& key, std::string binding);
  ~Unsealer();
  Unsealer(const Unsealer&) = delete;
  Unsealer& operator=(const Unsealer&) = delete;

  void Feed(std::string_view bytes) { fed_ += bytes; }
  // The next chunk, never empty; empty: it needs more, or (done) there is no more.
  // DataLoss: it was not sealed to this key, or not so.
  absl::StatusOr<std::string> Next();
  bool done() const { return done_; }

 private:
  const uint64_t sealed_bytes_;
  std::string secret_;
  const AgreementKey key_;
  std::string binding_;
  crypto_secretstream_xchacha20poly1305_state stream_;
  bool begun_ = false;
  bool done_ = false;
  uint64_t consumed_ = 0;
  std::string fed_;
};

}  // namespace tikar::sync

#endif  // TIKAR_SYNC_BUNDLE_SEAL_H_
