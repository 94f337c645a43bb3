// Bundles as somebody hands them over on a stick: the outer layer as it lies in the file, and the
// inner ones as only whoever holds a key that is trusted could make them.
//
// The first byte says what the rest is:
//   f  a file: head and payload
//   p  what is packed in a part (records), signed and sealed as it should be
//   z  what is sealed in a part: zstd, or what passes for it
#include <zstd.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sync/bundle.h"
#include "sync/bundle_seal.h"
#include "sync/bundle_writer.h"
#include "sync/merkle_tree.h"
#include "sync/status_macros.h"
#include "target.h"

namespace tikar::fuzz {
namespace {

// What the head of a part that is made here says that is in it.
constexpr uint64_t kUnpackedBytesMax = 1 << 20;

sync::SigningKey KeyNamed(char name) {
  return *sync::SigningKey::FromSeed(std::string(sync::kSigningSeedBytes, name));
}

bool IsRefusal(const absl::Status& status) {
  return absl::IsInvalidArgument(status) || absl::IsDataLoss(status) ||
         absl::IsFailedPrecondition(status);
}

// A file around bytes that are sealed in it.
std::string Sealed(std::string_view packed, uint64_t unpacked_bytes) {
  const sync::SigningKey key = KeyNamed('n');
  sync::BundleHeader header;
  header.sender = "nias";
  header.sender_key = key.public_key();
  header.receiver = "hub";
  const sync::AgreementKey receiver = *sync::AgreementKeyOf(KeyNamed('h').public_key());
  header.receiver_key = sync::KeyIdOf(receiver);
  sync::Sealer sealer(receiver, std::string(sync::kSealRandomBytes, 'r'),
                      sync::SealBinding(header));
  sealer.Add(packed);
  sealer.Finish();
  const std::string payload = sealer.Take();
  header.sealed_bytes = payload.size();
  header.unpacked_bytes = unpacked_bytes;
  std::vector<sync::Hash> leaves;
  for (size_t at = 0; at < payload.size(); at += sync::kBundleBlockBytes) {
    leaves.push_back(
        sync::MerkleLeafHash(std::string_view(payload).substr(at, sync::kBundleBlockBytes)));
  }
  header.blocks = sync::JoinBundleBlocks(std::move(leaves)).hashes;
  return sync::FormatBundleHead(header, key) + payload;
}

std::string Packed(std::string_view records) {
  std::string packed(ZSTD_compressBound(records.size()), '\0');
  packed.resize(
      ZSTD_compress(packed.data(), packed.size(), records.data(), records.size(), /*level=*/1));
  return packed;
}

// All records, or why not; `whole` is whether the file itself passed.
absl::StatusOr<std::vector<v1::BundleRecord>> Read(std::string_view file, size_t piece_bytes,
                                                   bool* whole) {
  *whole = false;
  ASSIGN_OR_RETURN(const sync::BundleHead head, sync::ParseBundleHead(file));
  PROMISE(head.header.sender_key != KeyNamed('n').public_key() ||
              sync::FormatBundleHead(head.header, KeyNamed('n')) == file.substr(0, head.bytes),
          "a head has one spelling");
  sync::BundleCheck check(head);
  RETURN_IF_ERROR(check.Add(file.substr(head.bytes)));
  RETURN_IF_ERROR(check.Finish());
  *whole = true;
  ASSIGN_OR_RETURN(const auto opener,
                   sync::BundleOpener::Make(head.header, KeyNamed('h').AgreementSecret()));
  std::vector<v1::BundleRecord> records;
  uint64_t bytes = 0;
  for (std::string_view rest = file.substr(head.bytes); !rest.empty();) {
    opener->Feed(rest.substr(0, piece_bytes));
    rest.remove_prefix(std::min(rest.size(), piece_bytes));
    while (true) {
      ASSIGN_OR_RETURN(std::optional<v1::BundleRecord> record, opener->Next());
      if (!record) break;
      bytes += record->ByteSizeLong();
      PROMISE(record->ByteSizeLong() <= sync::kBundleRecordBytesMax, "a record has a limit");
      PROMISE(bytes <= head.header.unpacked_bytes, "no more is unpacked than was said");
      records.push_back(*std::move(record));
    }
  }
  PROMISE(opener->done(), "a part that was read to its end is done, or refused");
  return records;
}

bool SameRecords(const std::vector<v1::BundleRecord>& a, const std::vector<v1::BundleRecord>& b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (a[i].SerializeAsString() != b[i].SerializeAsString()) return false;
  }
  return true;
}

}  // namespace

FUZZ_TARGET(bundles, "bundle files: head, hashes, seal, zstd, records") {
  if (bytes.empty()) return false;
  const std::string_view rest = bytes.substr(1);
  std::string file(rest);
  if (bytes[0] == 'p') {
    if (rest.size() > kUnpackedBytesMax) return false;
    file = Sealed(Packed(rest), rest.size());
  } else if (bytes[0] == 'z') {
    if (rest.empty()) return false;
    // What the frame says of itself, as far as it can be said in a head.
    const unsigned long long size = ZSTD_getFrameContentSize(rest.data(), rest.size());
    file = Sealed(rest, std::min<uint64_t>(size, kUnpackedBytesMax));
  } else if (bytes[0] != 'f') {
    return false;
  }
  bool whole = false;
  const auto records = Read(file, file.size(), &whole);
  PROMISE(bytes[0] == 'f' || whole, "what was signed is whole");
  if (!records.ok()) {
    PROMISE(IsRefusal(records.status()),
            "bad bundles are told as such: " + records.status().ToString());
  }
  // How it comes in does not matter.
  const auto in_pieces = Read(file, 1'000, &whole);
  PROMISE(in_pieces.ok() == records.ok(), "pieces make no difference");
  if (!records.ok()) return false;
  PROMISE(SameRecords(*records, *in_pieces), "pieces make no difference to what is read");
  PROMISE(records->front().has_manifest() && records->back().has_end(),
          "a part has a manifest and an end");
  PROMISE(records->back().end().records() + 1 == records->size(), "an end tells the truth");
  // One byte that is off anywhere, and it is refused: here one of them.
  std::string damaged = file;
  const size_t at = bytes.size() * 2'654'435'761u % damaged.size();
  damaged[at] = static_cast<char>(damaged[at] ^ 1);
  bool damaged_whole = false;
  PROMISE(!Read(damaged, damaged.size(), &damaged_whole).ok() && !damaged_whole,
          "a byte that is off is found before anything is opened");
  return true;
}

}  // namespace tikar::fuzz
