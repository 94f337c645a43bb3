#include "sync/bundle.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "sync/canonical.h"
#include "sync/merkle_tree.h"
#include "sync/peers.h"
#include "sync/status_macros.h"

namespace tikar::sync {
namespace {

constexpr uint8_t kVersion = 1;
// Magic, version, and the length of the header in two bytes.
constexpr size_t kFixedBytes = 8 + 1 + 2;
// What is signed begins with it, so that no signature is taken for one of something else.
constexpr std::string_view kSignatureDomain = "tikar bundle head\n";

bool IsName(std::string_view name) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-' ||
           c == '/';
  };
  return !name.empty() && name.size() <= kBundleNameBytesMax &&
         std::all_of(name.begin(), name.end(), fits);
}

std::string EncodeHeader(const BundleHeader& header) {
  CanonicalWriter writer;
  writer.Byte(static_cast<uint8_t>(header.kind));
  writer.Raw(header.id.view());
  writer.Varint(header.part);
  writer.Varint(header.parts);
  writer.Bytes(header.sender);
  writer.Raw(header.sender_key.view());
  writer.Bytes(header.receiver);
  writer.Raw(header.receiver_key.view());
  writer.Varint(header.sealed_bytes);
  writer.Varint(header.unpacked_bytes);
  writer.Varint(header.blocks.size());
  for (const Hash& hash : header.blocks) writer.Raw(hash.view());
  return writer.Take();
}

template <typename Id>
Id ReadFixed(CanonicalReader& reader) {
  return Id::FromBytes(reader.Raw(Id::kSize)).value_or(Id());
}

// Of a payload of that many bytes: how many blocks it has, and how often they are joined.
struct Shape {
  uint64_t leaves = 0;
  uint64_t hashes = 0;
  int level = 0;
};
Shape ShapeOf(uint64_t sealed_bytes) {
  Shape shape;
  shape.leaves = (sealed_bytes + kBundleBlockBytes - 1) / kBundleBlockBytes;
  shape.hashes = shape.leaves;
  for (; shape.hashes > kBundleBlocksMax; ++shape.level) shape.hashes = (shape.hashes + 1) / 2;
  return shape;
}

absl::Status Impossible(std::string_view what) {
  return absl::InvalidArgumentError(
      absl::StrCat("this bundle says what cannot be (", AbslView(what),
                   "); make it anew, with the same version of Tikar as here"));
}

absl::Status CheckHeader(const BundleHeader& header) {
  if (header.kind != BundleKind::kNode && header.kind != BundleKind::kPhone &&
      header.kind != BundleKind::kAcknowledgement) {
    return Impossible("its kind");
  }
  if (header.part < 1 || header.part > header.parts || header.parts > kBundlePartsMax) {
    return Impossible("which part it is");
  }
  if (!IsName(header.sender) || !IsName(header.receiver)) return Impossible("its names");
  if (header.sealed_bytes == 0 || header.sealed_bytes > kBundlePartBytesMax ||
      header.unpacked_bytes > kBundlePartUnpackedBytesMax) {
    return Impossible("its size");
  }
  if (ShapeOf(header.sealed_bytes).hashes != header.blocks.size()) return Impossible("its hashes");
  return absl::OkStatus();
}

absl::Status DamagedHead() {
  return absl::DataLossError(
      "the beginning of the file is damaged: its signature does not match; copy the file again");
}

absl::Status Misplaced(std::string_view what) {
  return absl::InvalidArgumentError(
      absl::StrCat("the bundle is not made as bundles are: ", AbslView(what),
                   "; tell its sender, and let it be made anew"));
}

}  // namespace

std::string FormatBundleHead(const BundleHeader& header, const SigningKey& key) {
  CHECK(CheckHeader(header).ok() && key.public_key() == header.sender_key);
  const std::string encoded = EncodeHeader(header);
  CHECK(kFixedBytes + encoded.size() + Signature::kSize <= kBundleHeadBytesMax);
  std::string head(kBundleMagic);
  head.push_back(static_cast<char>(kVersion));
  head.push_back(static_cast<char>(encoded.size() >> 8));
  head.push_back(static_cast<char>(encoded.size() & 0xff));
  head += encoded;
  const Signature signature = key.Sign(std::string(kSignatureDomain) + head);
  head += signature.view();
  return head;
}

absl::StatusOr<BundleHead> ParseBundleHead(std::string_view beginning) {
  if (!beginning.starts_with(kBundleMagic.substr(0, std::min(beginning.size(), size_t{8}))) ||
      beginning.empty()) {
    return absl::InvalidArgumentError(
        "this is no bundle: it does not begin as one. Is it the right file?");
  }
  if (beginning.size() < kFixedBytes) {
    return absl::DataLossError("the file is cut off at its beginning; copy it again");
  }
  const uint8_t version = static_cast<uint8_t>(beginning[8]);
  const size_t size =
      size_t{static_cast<uint8_t>(beginning[9])} << 8 | static_cast<uint8_t>(beginning[10]);
  const size_t bytes = kFixedBytes + size + Signature::kSize;
  if (version != kVersion) {
    return absl::FailedPreconditionError(
        absl::StrCat("this bundle is of format ", version, ", and this program knows format ",
                     kVersion, ": it is of a newer Tikar, or damaged. Copy it again, or upgrade"));
  }
  if (bytes > kBundleHeadBytesMax) return DamagedHead();
  if (beginning.size() < bytes) {
    return absl::DataLossError("the file is cut off at its beginning; copy it again");
  }
  CanonicalReader reader(beginning.substr(kFixedBytes, size));
  BundleHead head;
  head.bytes = bytes;
  BundleHeader& header = head.header;
  header.kind = static_cast<BundleKind>(reader.Byte());
  header.id = ReadFixed<BundleId>(reader);
  header.part = reader.Varint32();
  header.parts = reader.Varint32();
  header.sender = reader.Bytes();
  header.sender_key = ReadFixed<PublicKey>(reader);
  header.receiver = reader.Bytes();
  header.receiver_key = ReadFixed<AgreementKeyId>(reader);
  header.sealed_bytes = reader.Varint();
  header.unpacked_bytes = reader.Varint();
  const size_t blocks = reader.Count(Hash::kSize);
  for (size_t i = 0; i < blocks; ++i) header.blocks.push_back(ReadFixed<Hash>(reader));
  if (!reader.done()) return DamagedHead();
  const auto signature =
      Signature::FromBytes(beginning.substr(kFixedBytes + size, Signature::kSize));
  const std::string signed_text =
      absl::StrCat(AbslView(kSignatureDomain), AbslView(beginning.substr(0, kFixedBytes + size)));
  if (!Verify(header.sender_key, signed_text, *signature)) return DamagedHead();
  // Only now: what a damaged head says, nobody said.
  RETURN_IF_ERROR(CheckHeader(header));
  return head;
}

BundleBlocks JoinBundleBlocks(std::vector<Hash> leaves) {
  BundleBlocks blocks{std::move(leaves)};
  for (; blocks.hashes.size() > kBundleBlocksMax; ++blocks.level) {
    std::vector<Hash> joined;
    for (size_t i = 0; i + 1 < blocks.hashes.size(); i += 2) {
      joined.push_back(MerkleNodeHash(blocks.hashes[i], blocks.hashes[i + 1]));
    }
    if (blocks.hashes.size() % 2 == 1) joined.push_back(blocks.hashes.back());
    blocks.hashes = std::move(joined);
  }
  return blocks;
}

absl::Status BundleCheck::Add(std::string_view bytes) {
  bytes_ += bytes.size();
  if (bytes_ > head_.header.sealed_bytes) {
    return absl::DataLossError(absl::StrCat("the file is longer than the ",
                                            head_.bytes + head_.header.sealed_bytes,
                                            " bytes that it should have; copy it again"));
  }
  while (!bytes.empty()) {
    const size_t taken = std::min(bytes.size(), kBundleBlockBytes - block_.size());
    block_ += bytes.substr(0, taken);
    bytes.remove_prefix(taken);
    if (block_.size() == kBundleBlockBytes) {
      leaves_.push_back(MerkleLeafHash(block_));
      block_.clear();
    }
  }
  return absl::OkStatus();
}

absl::Status BundleCheck::Finish() {
  const uint64_t whole = head_.bytes + head_.header.sealed_bytes;
  if (bytes_ < head_.header.sealed_bytes) {
    return absl::DataLossError(absl::StrCat("the file ends after ", head_.bytes + bytes_,
                                            " of its ", whole, " bytes; copy it again"));
  }
  if (!block_.empty()) leaves_.push_back(MerkleLeafHash(block_));
  block_.clear();
  const BundleBlocks blocks = JoinBundleBlocks(std::move(leaves_));
  for (size_t i = 0; i < blocks.hashes.size(); ++i) {
    if (blocks.hashes[i] == head_.header.blocks[i]) continue;
    const uint64_t size = uint64_t{kBundleBlockBytes} << blocks.level;
    const uint64_t from = head_.bytes + i * size;
    return absl::DataLossError(absl::StrCat(
        "the file is damaged between byte ", from, " and byte ", std::min(from + size, whole) - 1,
        ", perhaps elsewhere too: what is there is not what was signed; copy it again"));
  }
  return absl::OkStatus();
}

absl::Status BundleOrder::Add(const v1::BundleRecord& record) {
  const int step = static_cast<int>(record.kind_case());
  if (ended_) return Misplaced("something stands behind its end");
  bool known = false;
  switch (record.kind_case()) {
    case v1::BundleRecord::kManifest:
    case v1::BundleRecord::kEnd:
      known = true;
      break;
    case v1::BundleRecord::kDefinition:
    case v1::BundleRecord::kOffer:
    case v1::BundleRecord::kEntry:
      known = kind_ == BundleKind::kNode;
      break;
    case v1::BundleRecord::kChange:
      known = kind_ == BundleKind::kPhone;
      break;
    case v1::BundleRecord::kHeld:
    case v1::BundleRecord::kResult:
      known = kind_ == BundleKind::kAcknowledgement;
      break;
    case v1::BundleRecord::KIND_NOT_SET:
      break;
  }
  if (!known) return Misplaced("it holds a record that does not belong into it");
  if ((records_ == 0) != record.has_manifest()) {
    return Misplaced("a part begins with its manifest, and has one");
  }
  if (step < step_) return Misplaced("its records are out of order");
  step_ = step;
  if (record.has_entry()) RETURN_IF_ERROR(AddEntry(record.entry()));
  if (record.has_end()) {
    if (record.end().SerializeAsString() != End().SerializeAsString()) {
      return Misplaced("its end does not tell what is in it");
    }
    ended_ = true;
  }
  ++records_;
  return absl::OkStatus();
}

bool BundleOrder::BeginsRange(const v1::Entry& entry) const {
  return ranges_.empty() || ranges_.back().region() != entry.region() ||
         ranges_.back().origin() != entry.origin();
}

absl::Status BundleOrder::AddEntry(const v1::Entry& entry) {
  if (entry.seq() == 0 || entry.origin() == 0) return Misplaced("an entry has no number");
  if (BeginsRange(entry)) {
    if (ranges_.size() == kBundleRangesMax)
      return Misplaced("a part holds entries of too many logs");
    if (!logs_.emplace(entry.region(), entry.origin()).second) {
      return Misplaced("the entries of a log do not stand together");
    }
    v1::BundleRange& range = ranges_.emplace_back();
    range.set_region(entry.region());
    range.set_origin(entry.origin());
    range.set_after(entry.seq() - 1);
  } else if (entry.seq() != ranges_.back().end() + 1) {
    return Misplaced("the entries of a log have a gap");
  }
  ranges_.back().set_end(entry.seq());
  return absl::OkStatus();
}

v1::BundleEnd BundleOrder::End() const {
  v1::BundleEnd end;
  for (const v1::BundleRange& range : ranges_) *end.add_ranges() = range;
  end.set_records(records_);
  return end;
}

}  // namespace tikar::sync
