#include "sync/bundle_writer.h"

#include <zstd.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "sync/bundle_seal.h"
#include "sync/canonical.h"
#include "sync/merkle_tree.h"
#include "sync/status_macros.h"

namespace tikar::sync {
namespace {

// Bundles go by boat: what is small matters more than some seconds. Measured on entries of
// requests: higher levels bring 2 % and cost three times as much.
constexpr int kCompressionLevel = 9;
// What a reader must keep while it unpacks: 4 MiB.
constexpr int kWindowLog = 22;
// A range of an end record, and what is around all of them.
constexpr size_t kRangeBytes = 40;
constexpr size_t kEndBytes = 32;
// What zstd adds when it is flushed and ended.
constexpr size_t kFlushBytes = 64;
// The length before a record.
constexpr size_t kLengthBytesMax = 4;
// Beside the largest record: a manifest has a certificate and up to 1,024 regions.
constexpr size_t kManifestBytesMax = 96 << 10;

static_assert(kBundleHeadBytesMax + kManifestBytesMax + kBundleRecordBytesMax +
                  kRangeBytes * kBundleRangesMax + (64 << 10) <
              kBundlePartBytesMin);

struct ContextDeleter {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
};

}  // namespace

struct BundleWriter::Part {
  Part(const BundleWriterOptions& options, const AgreementKey& receiver, std::string binding)
      : order(options.kind),
        packer(ZSTD_createCCtx()),
        sealer(receiver, options.random(kSealRandomBytes), std::move(binding)) {
    CHECK(packer != nullptr);
    CHECK(!ZSTD_isError(
        ZSTD_CCtx_setParameter(packer.get(), ZSTD_c_compressionLevel, kCompressionLevel)));
    CHECK(!ZSTD_isError(ZSTD_CCtx_setParameter(packer.get(), ZSTD_c_windowLog, kWindowLog)));
  }

  void Pack(std::string_view bytes, ZSTD_EndDirective directive) {
    unpacked_bytes += bytes.size();
    unflushed = directive == ZSTD_e_continue ? unflushed + bytes.size() : 0;
    ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
    std::string buffer(ZSTD_CStreamOutSize(), '\0');
    while (true) {
      ZSTD_outBuffer out{buffer.data(), buffer.size(), 0};
      const size_t left = ZSTD_compressStream2(packer.get(), &out, &in, directive);
      CHECK(!ZSTD_isError(left));
      sealer.Add(std::string_view(buffer).substr(0, out.pos));
      const bool all_in = in.pos == in.size;
      if (directive == ZSTD_e_continue ? all_in && out.pos < out.size : left == 0) return;
    }
  }

  BundleOrder order;
  std::unique_ptr<ZSTD_CCtx, ContextDeleter> packer;
  Sealer sealer;
  uint64_t unpacked_bytes = 0;
  // Of these the packer may hold back that many.
  uint64_t unflushed = 0;
  uint64_t sealed_bytes = 0;  // that were taken from the sealer
  std::string block;
  std::vector<Hash> leaves;
};

BundleWriter::BundleWriter(BundleWriterOptions options, const AgreementKey& receiver_key)
    : options_(std::move(options)),
      receiver_key_(receiver_key),
      id_(*BundleId::FromBytes(options_.random(BundleId::kSize))) {}

BundleWriter::~BundleWriter() = default;

absl::StatusOr<std::unique_ptr<BundleWriter>> BundleWriter::Make(BundleWriterOptions options) {
  if (options.part_bytes_max < kBundlePartBytesMin ||
      options.part_bytes_max > kBundlePartBytesMax) {
    return absl::InvalidArgumentError(
        "a part of a bundle may be from 1 MiB up to what fits a FAT32 stick, 4 GiB");
  }
  const std::optional<AgreementKey> key = AgreementKeyOf(options.receiver_key);
  if (!key) return absl::InvalidArgumentError("nothing can be sealed to the receiver's key");
  // Names are checked where they are read; what cannot be read must not be made.
  for (const std::string& name : {options.sender, options.receiver}) {
    if (name.empty() || name.size() > kBundleNameBytesMax) {
      return absl::InvalidArgumentError(
          absl::StrCat("\"", name, "\" is no name of a node or an actor"));
    }
  }
  v1::BundleRecord first;
  *first.mutable_manifest() = options.manifest;
  // Only an acknowledgement has more in its manifest, and is never split.
  if (first.ByteSizeLong() >
      (options.kind == BundleKind::kAcknowledgement ? kBundleRecordBytesMax : kManifestBytesMax)) {
    return absl::InvalidArgumentError("the bundle's manifest is too large: ask for fewer regions");
  }
  std::unique_ptr<BundleWriter> writer(new BundleWriter(std::move(options), *key));
  RETURN_IF_ERROR(writer->BeginPart());
  return writer;
}

absl::Status BundleWriter::BeginPart() {
  if (finished_.size() == kBundlePartsMax) {
    return absl::ResourceExhaustedError(
        absl::StrCat("the bundle would have more than ", kBundlePartsMax,
                     " parts: let parts be larger, or ask for fewer regions"));
  }
  BundleHeader header;
  header.kind = options_.kind;
  header.id = id_;
  header.part = static_cast<uint32_t>(finished_.size() + 1);
  header.sender = options_.sender;
  header.sender_key = options_.sender_key.public_key();
  header.receiver_key = KeyIdOf(receiver_key_);
  part_ = std::make_unique<Part>(options_, receiver_key_, SealBinding(header));
  v1::BundleRecord first;
  *first.mutable_manifest() = options_.manifest;
  return Write(first);
}

bool BundleWriter::Fits(size_t record_bytes, bool begins_range) {
  const size_t ranges = part_->order.ranges() + (begins_range ? 1 : 0);
  if (ranges > kBundleRangesMax) return false;
  const uint64_t behind = record_bytes + 2 * kLengthBytesMax + kEndBytes + ranges * kRangeBytes;
  if (part_->unpacked_bytes + behind > kBundlePartUnpackedBytesMax) return false;
  const auto fits = [&] {
    const uint64_t packed =
        part_->sealer.bytes() + ZSTD_compressBound(part_->unflushed + behind) + kFlushBytes;
    return kBundleHeadBytesMax + SealedSize(packed) <= options_.part_bytes_max;
  };
  if (fits()) return true;
  // It may be much smaller than the bound says.
  if (part_->unflushed != 0) part_->Pack({}, ZSTD_e_flush);
  return fits();
}

absl::Status BundleWriter::Write(const v1::BundleRecord& record) {
  const std::string bytes = record.SerializeAsString();
  if (bytes.size() > kBundleRecordBytesMax) {
    return absl::InvalidArgumentError(
        absl::StrCat("a record of ", bytes.size(), " bytes is too large for a bundle"));
  }
  RETURN_IF_ERROR(part_->order.Add(record));
  CanonicalWriter framed;
  framed.Bytes(bytes);
  part_->Pack(framed.view(), ZSTD_e_continue);
  return absl::OkStatus();
}

absl::Status BundleWriter::Add(const v1::BundleRecord& record) {
  CHECK(part_ != nullptr);
  const bool begins_range = record.has_entry() && part_->order.BeginsRange(record.entry());
  if (!Fits(record.ByteSizeLong(), begins_range)) {
    RETURN_IF_ERROR(EndPart());
    RETURN_IF_ERROR(BeginPart());
  }
  return Write(record);
}

absl::Status BundleWriter::EndPart() {
  v1::BundleRecord last;
  *last.mutable_end() = part_->order.End();
  RETURN_IF_ERROR(Write(last));
  part_->Pack({}, ZSTD_e_end);
  part_->sealer.Finish();
  std::vector<BundlePiece> pieces = Take();
  for (BundlePiece& piece : pieces) pieces_.push_back(std::move(piece));
  Part& part = *part_;
  if (!part.block.empty()) part.leaves.push_back(MerkleLeafHash(part.block));
  finished_.push_back(
      {part.sealed_bytes, part.unpacked_bytes, JoinBundleBlocks(std::move(part.leaves)).hashes});
  part_ = nullptr;
  return absl::OkStatus();
}

absl::Status BundleWriter::Finish() {
  CHECK(part_ != nullptr);
  return EndPart();
}

std::vector<BundlePiece> BundleWriter::Take() {
  std::vector<BundlePiece> pieces = std::exchange(pieces_, {});
  if (part_ == nullptr) return pieces;
  std::string bytes = part_->sealer.Take();
  if (bytes.empty()) return pieces;
  part_->sealed_bytes += bytes.size();
  for (std::string_view rest = bytes; !rest.empty();) {
    const size_t taken = std::min(rest.size(), kBundleBlockBytes - part_->block.size());
    part_->block += rest.substr(0, taken);
    rest.remove_prefix(taken);
    if (part_->block.size() == kBundleBlockBytes) {
      part_->leaves.push_back(MerkleLeafHash(part_->block));
      part_->block.clear();
    }
  }
  pieces.push_back({static_cast<uint32_t>(finished_.size() + 1), std::move(bytes)});
  return pieces;
}

uint32_t BundleWriter::parts() const { return static_cast<uint32_t>(finished_.size()); }

uint64_t BundleWriter::PayloadBytes(uint32_t part) const {
  CHECK(part >= 1 && part <= finished_.size());
  return finished_[part - 1].sealed_bytes;
}

std::string BundleWriter::Head(uint32_t part) const {
  CHECK(part_ == nullptr && part >= 1 && part <= finished_.size());
  const Finished& finished = finished_[part - 1];
  BundleHeader header;
  header.kind = options_.kind;
  header.id = id_;
  header.part = part;
  header.parts = parts();
  header.sender = options_.sender;
  header.sender_key = options_.sender_key.public_key();
  header.receiver = options_.receiver;
  header.receiver_key = KeyIdOf(receiver_key_);
  header.sealed_bytes = finished.sealed_bytes;
  header.unpacked_bytes = finished.unpacked_bytes;
  header.blocks = finished.blocks;
  return FormatBundleHead(header, options_.sender_key);
}

absl::StatusOr<std::string> MakeSmallBundle(BundleWriterOptions options,
                                            const std::vector<v1::BundleRecord>& records) {
  options.part_bytes_max = kBundlePartBytesMax;
  ASSIGN_OR_RETURN(const auto writer, BundleWriter::Make(std::move(options)));
  for (const v1::BundleRecord& record : records) RETURN_IF_ERROR(writer->Add(record));
  RETURN_IF_ERROR(writer->Finish());
  if (writer->parts() != 1) {
    return absl::ResourceExhaustedError("it is too much for one bundle of one part");
  }
  std::string file = writer->Head(1);
  for (const BundlePiece& piece : writer->Take()) file += piece.bytes;
  return file;
}

}  // namespace tikar::sync
