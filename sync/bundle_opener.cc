#include <zstd.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "sync/bundle.h"
#include "sync/bundle_seal.h"
#include "sync/status_macros.h"

namespace tikar::sync {
namespace {

// What unpacking may keep: 8 MiB, twice what this build asks for.
constexpr int kWindowLogMax = 23;
constexpr size_t kOutputBytes = 128 << 10;

struct ContextDeleter {
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

absl::Status Unreadable(std::string_view what) {
  return absl::InvalidArgumentError(
      absl::StrCat("the bundle is not made as bundles are: ", AbslView(what),
                   "; tell its sender, and let it be made anew"));
}

}  // namespace

struct BundleOpener::State {
  State(const BundleHeader& header, std::string secret, const AgreementKey& key)
      : unpacked_bytes_max(header.unpacked_bytes),
        unsealer(header.sealed_bytes, std::move(secret), key, SealBinding(header)),
        unpacker(ZSTD_createDCtx()),
        order(header.kind),
        output(kOutputBytes, '\0') {
    CHECK(unpacker != nullptr);
    CHECK(
        !ZSTD_isError(ZSTD_DCtx_setParameter(unpacker.get(), ZSTD_d_windowLogMax, kWindowLogMax)));
  }

  // Whether something was unpacked; false: more must be fed, or there is no more.
  absl::StatusOr<bool> Unpack();
  // nullopt: it is not whole yet.
  absl::StatusOr<std::optional<v1::BundleRecord>> Parse();
  absl::StatusOr<std::optional<v1::BundleRecord>> Next();

  const uint64_t unpacked_bytes_max;
  Unsealer unsealer;
  std::unique_ptr<ZSTD_DCtx, ContextDeleter> unpacker;
  BundleOrder order;
  std::string output;
  std::string packed;  // unsealed, of which `packed_used` was unpacked
  size_t packed_used = 0;
  bool output_full = false;  // there may be more without another byte
  bool frame_ended = false;
  std::string unpacked;  // of which `unpacked_used` was read
  size_t unpacked_used = 0;
  uint64_t unpacked_bytes = 0;
  bool done = false;
  absl::Status failed;
};

absl::StatusOr<bool> BundleOpener::State::Unpack() {
  while (true) {
    if (packed_used == packed.size() && !output_full) {
      ASSIGN_OR_RETURN(packed, unsealer.Next());
      packed_used = 0;
      if (packed.empty()) {
        if (unsealer.done() && !frame_ended) return Unreadable("what is packed in it has no end");
        return false;
      }
    }
    if (frame_ended) return Unreadable("something stands behind what is packed in it");
    ZSTD_inBuffer in{packed.data(), packed.size(), packed_used};
    ZSTD_outBuffer out{output.data(), output.size(), 0};
    const size_t left = ZSTD_decompressStream(unpacker.get(), &out, &in);
    if (ZSTD_isError(left)) return Unreadable("it cannot be unpacked");
    packed_used = in.pos;
    output_full = out.pos == out.size && left != 0;
    frame_ended = left == 0;
    unpacked_bytes += out.pos;
    if (unpacked_bytes > unpacked_bytes_max) {
      return Unreadable(absl::StrCat("it says that ", unpacked_bytes_max,
                                     " bytes are packed in it, and there are more"));
    }
    if (out.pos == 0) continue;
    unpacked.erase(0, unpacked_used);
    unpacked_used = 0;
    unpacked.append(output, 0, out.pos);
    return true;
  }
}

absl::StatusOr<std::optional<v1::BundleRecord>> BundleOpener::State::Parse() {
  const std::string_view rest = std::string_view(unpacked).substr(unpacked_used);
  // A varint of minimal length, of at most three bytes: a record is not larger.
  uint64_t size = 0;
  size_t length = 0;
  do {
    if (length == rest.size()) return std::nullopt;
    if (length == 3) return Unreadable("a record is too large");
    size |= uint64_t{static_cast<uint8_t>(rest[length]) & 0x7fu} << (7 * length);
  } while (static_cast<uint8_t>(rest[length++]) & 0x80);
  if (size > kBundleRecordBytesMax) return Unreadable("a record is too large");
  if (length > 1 && rest[length - 1] == 0) return Unreadable("a record's length is no number");
  if (rest.size() - length < size) return std::nullopt;
  v1::BundleRecord record;
  if (!record.ParseFromArray(rest.data() + length, static_cast<int>(size))) {
    return Unreadable("a record cannot be read");
  }
  unpacked_used += length + size;
  RETURN_IF_ERROR(order.Add(record));
  return record;
}

absl::StatusOr<std::optional<v1::BundleRecord>> BundleOpener::State::Next() {
  while (true) {
    ASSIGN_OR_RETURN(std::optional<v1::BundleRecord> record, Parse());
    if (record) return record;
    ASSIGN_OR_RETURN(const bool more, Unpack());
    if (more) continue;
    if (!unsealer.done()) return std::nullopt;
    if (!order.ended()) return Unreadable("it has no end");
    if (unpacked_used != unpacked.size()) return Unreadable("something stands behind its end");
    if (unpacked_bytes != unpacked_bytes_max) return Unreadable("it holds less than it says");
    done = true;
    return std::nullopt;
  }
}

BundleOpener::BundleOpener(std::unique_ptr<State> state) : state_(std::move(state)) {}
BundleOpener::~BundleOpener() = default;

absl::StatusOr<std::unique_ptr<BundleOpener>> BundleOpener::Make(
    const BundleHeader& header, std::string_view agreement_secret) {
  const AgreementKey key = AgreementKeyOfSecret(agreement_secret);
  if (KeyIdOf(key) != header.receiver_key) {
    return absl::InvalidArgumentError(absl::StrCat(
        "this bundle is sealed to ", header.receiver,
        ", and the key here is another one: take it there, or let it be made for this place"));
  }
  return std::unique_ptr<BundleOpener>(
      new BundleOpener(std::make_unique<State>(header, std::string(agreement_secret), key)));
}

void BundleOpener::Feed(std::string_view bytes) { state_->unsealer.Feed(bytes); }

absl::StatusOr<std::optional<v1::BundleRecord>> BundleOpener::Next() {
  if (!state_->failed.ok()) return state_->failed;
  absl::StatusOr<std::optional<v1::BundleRecord>> record = state_->Next();
  if (!record.ok()) state_->failed = record.status();
  return record;
}

bool BundleOpener::done() const { return state_->failed.ok() && state_->done; }

}  // namespace tikar::sync
