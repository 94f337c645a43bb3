// Bundles: what mirrors and phones exchange, as files that a boat or another phone can carry.
//
// A bundle is one file, or several parts where it must be split. Each part is signed by its sender,
// sealed to its receiver, and checked by itself, before anything of it is unpacked:
//
//   ASSIGN_OR_RETURN(BundleHead head, ParseBundleHead(beginning));   // whose, for whom; signature
//   BundleCheck check(head.header);                                  // first pass over the rest
//   check.Add(bytes); …
//   RETURN_IF_ERROR(check.Finish());
//   ASSIGN_OR_RETURN(auto opener, BundleOpener::Make(head.header, secret));
//   opener->Feed(bytes); …                                           // second pass
//   ASSIGN_OR_RETURN(std::optional<v1::BundleRecord> record, opener->Next());
//
// bundle_writer.h makes them. The layers, from outside (docs/formats.md, "Bundles", has the bytes):
//
//   head     in the clear: who, for whom, which part, and the hashes of what follows; its signature
//   sealed   crypto_secretstream_xchacha20poly1305 under a random key, which is sealed to the
//   X25519
//            form of the receiver's Ed25519 key (crypto_box_seal)
//   packed   one zstd frame
//   records  v1::BundleRecord, each with its length before it, in the order of BundleOrder
//
// The hash is a list of at most kBundleBlocksMax, each of a block, so that a file that was damaged
// on its way is not only refused: it is said where it is damaged, also to somebody who cannot open
// it.
//
// Thread safety: functions from any thread; of an object one thread at a time.
#ifndef TIKAR_SYNC_BUNDLE_H_
#define TIKAR_SYNC_BUNDLE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "sync/ed25519.h"
#include "sync/types.h"
#include "tikar/v1/bundle.pb.h"

namespace tikar::sync {

// Stored: a number is never used anew.
enum class BundleKind : uint8_t {
  kNode = 1,             // entries, and what they rest on
  kPhone = 2,            // changes of one actor
  kAcknowledgement = 3,  // what came of a bundle
};

// Random, 16 bytes; the same for all parts.
using BundleId = FixedBytes<16, struct BundleIdTag>;
// An X25519 public key.
using AgreementKey = FixedBytes<32, struct AgreementKeyTag>;
// The first 8 bytes of its SHA-256.
using AgreementKeyId = FixedBytes<8, struct AgreementKeyIdTag>;

// nullopt: it is no point of the curve that can be sealed to.
std::optional<AgreementKey> AgreementKeyOf(const PublicKey& key);
AgreementKeyId KeyIdOf(const AgreementKey& key);

// What a file system for USB sticks (FAT32) takes.
inline constexpr uint64_t kBundlePartBytesMax = (uint64_t{4} << 30) - 1;
// The least that holds a head, a manifest, the largest record and an end.
inline constexpr uint64_t kBundlePartBytesMin = 1 << 20;
// Of one part, unpacked: a million entries and more. What would become more is refused, however
// small it is packed.
inline constexpr uint64_t kBundlePartUnpackedBytesMax = 1 << 30;
inline constexpr uint32_t kBundlePartsMax = 10'000;
// A definition, or an entry with the largest body, and room around it.
inline constexpr size_t kBundleRecordBytesMax = 320 << 10;
// Logs of which one part holds entries.
inline constexpr size_t kBundleRangesMax = 4'096;
// Definitions that an acknowledgement names; what it does not name is sent again.
inline constexpr size_t kBundleDefinitionHashesMax = 4'096;
inline constexpr size_t kBundleNameBytesMax = 64;
// What is hashed at a time, and how many hashes a head has at most. Of a larger payload two
// neighbours become one, and again, until they fit.
inline constexpr size_t kBundleBlockBytes = 64 << 10;
inline constexpr size_t kBundleBlocksMax = 256;

struct BundleHeader {
  BundleKind kind = BundleKind::kNode;
  BundleId id;
  uint32_t part = 1;  // 1 to `parts`
  uint32_t parts = 1;
  // A node's name; of kPhone the actor's.
  std::string sender;
  PublicKey sender_key;
  // As people call it: what counts is the key.
  std::string receiver;
  AgreementKeyId receiver_key;
  uint64_t sealed_bytes = 0;    // of the payload, which is the rest of the file
  uint64_t unpacked_bytes = 0;  // of all records with their lengths
  std::vector<Hash> blocks;
  friend bool operator==(const BundleHeader&, const BundleHeader&) = default;
};

// With what a file begins.
inline constexpr std::string_view kBundleMagic = "TIKARBDL";
// A beginning of this length has a whole head, unless the file is shorter.
inline constexpr size_t kBundleHeadBytesMax = 16 << 10;

// Signed with the sender's key. `header` must be one that ParseBundleHead could give.
std::string FormatBundleHead(const BundleHeader& header, const SigningKey& key);

struct BundleHead {
  BundleHeader header;
  // Of the file; the payload begins behind them.
  size_t bytes = 0;
};
// `beginning` is all of a file, or its first kBundleHeadBytesMax bytes or more. The head is as the
// owner of header.sender_key signed it; who that is, is for others to ask.
//   kInvalidArgument     it is no bundle, or says what cannot be
//   kFailedPrecondition  of a newer format
//   kDataLoss            damaged
absl::StatusOr<BundleHead> ParseBundleHead(std::string_view beginning);

// Whether a payload is what its head says. Keeps 32 bytes for each kBundleBlockBytes.
class BundleCheck {
 public:
  explicit BundleCheck(const BundleHead& head) : head_(head) {}

  // The next bytes of the payload. DataLoss: the file is longer than it should be.
  absl::Status Add(std::string_view bytes);
  // All was added. DataLoss: cut off, or damaged; the message says where and what to do.
  absl::Status Finish();

 private:
  const BundleHead head_;
  uint64_t bytes_ = 0;
  std::string block_;
  std::vector<Hash> leaves_;
};

// The hashes that stand in a head: of all blocks, joined in pairs until they are few enough. Each
// stands for kBundleBlockBytes << level.
struct BundleBlocks {
  std::vector<Hash> hashes;
  int level = 0;
};
BundleBlocks JoinBundleBlocks(std::vector<Hash> leaves);

// Which records may follow each other in a part, and what they add up to: the same for who writes
// and who reads.
class BundleOrder {
 public:
  explicit BundleOrder(BundleKind kind) : kind_(kind) {}

  // InvalidArgument: this record cannot stand here.
  absl::Status Add(const v1::BundleRecord& record);
  // Behind the last record: its end.
  v1::BundleEnd End() const;
  bool ended() const { return ended_; }
  size_t ranges() const { return ranges_.size(); }
  // Whether it would begin a log of which nothing stands in the part.
  bool BeginsRange(const v1::Entry& entry) const;

 private:
  absl::Status AddEntry(const v1::Entry& entry);

  const BundleKind kind_;
  int step_ = 0;  // the kind of the record before, as it is numbered in the proto
  bool ended_ = false;
  uint64_t records_ = 0;
  std::vector<v1::BundleRange> ranges_;
  std::set<std::pair<std::string, uint64_t>> logs_;
};

// Opens the payload of a part that BundleCheck has passed. Needs some 10 MiB, whatever the part
// holds.
class BundleOpener {
 public:
  // `agreement_secret` is SigningKey::AgreementSecret of the receiver. InvalidArgument: it was
  // sealed to another key.
  static absl::StatusOr<std::unique_ptr<BundleOpener>> Make(const BundleHeader& header,
                                                            std::string_view agreement_secret);
  ~BundleOpener();

  // The next bytes of the payload. Feed as Next asks for it: what was fed and not read is kept.
  void Feed(std::string_view bytes);
  // nullopt: it needs more bytes, or (done) all was read and fits together. InvalidArgument:
  // whoever signed and sealed it made something that no bundle is, or one that would unpack to more
  // than it says. DataLoss: it is not what BundleCheck passed. After an error only that again.
  absl::StatusOr<std::optional<v1::BundleRecord>> Next();
  // Until then what was given out may lack something behind it.
  bool done() const;

 private:
  struct State;
  explicit BundleOpener(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// "7f3a91c208be55d0": how people and files name a bundle.
inline std::string BundleName(const BundleId& id) { return id.hex().substr(0, 16); }

}  // namespace tikar::sync

#endif  // TIKAR_SYNC_BUNDLE_H_
