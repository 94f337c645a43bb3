// The identities of the data model: ids, hashes and what is derived from them.
//
// All types here are values: cheap to copy, ordered bytewise, hashable, safe to read from any
// thread.
#ifndef TIKAR_SYNC_TYPES_H_
#define TIKAR_SYNC_TYPES_H_

#include <algorithm>
#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/string_view.h"

namespace tikar::sync {

// Debian's abseil has a string_view of its own that does not convert; these bridge.
inline absl::string_view AbslView(std::string_view text) { return {text.data(), text.size()}; }
inline std::string_view StdView(absl::string_view text) { return {text.data(), text.size()}; }

// N bytes with a meaning given by Tag. Ordered as unsigned bytes, as RocksDB orders keys.
template <size_t N, typename Tag>
class FixedBytes {
 public:
  static constexpr size_t kSize = N;

  constexpr FixedBytes() : bytes_{} {}
  explicit constexpr FixedBytes(const std::array<uint8_t, N>& bytes) : bytes_(bytes) {}

  // nullopt unless `bytes` is exactly N long.
  static std::optional<FixedBytes> FromBytes(std::string_view bytes) {
    if (bytes.size() != N) return std::nullopt;
    FixedBytes result;
    std::memcpy(result.bytes_.data(), bytes.data(), N);
    return result;
  }

  // nullopt unless `hex` is exactly 2N lower- or upper-case hex digits.
  static std::optional<FixedBytes> FromHex(std::string_view hex) {
    if (hex.size() != 2 * N) return std::nullopt;
    FixedBytes result;
    for (size_t i = 0; i < N; ++i) {
      const int high = HexDigit(hex[2 * i]), low = HexDigit(hex[2 * i + 1]);
      if (high < 0 || low < 0) return std::nullopt;
      result.bytes_[i] = static_cast<uint8_t>(high << 4 | low);
    }
    return result;
  }

  std::string_view view() const { return {reinterpret_cast<const char*>(bytes_.data()), N}; }
  std::string bytes() const { return std::string(view()); }
  std::string hex() const {
    static constexpr char kDigits[] = "0123456789abcdef";
    std::string text(2 * N, '0');
    for (size_t i = 0; i < N; ++i) {
      text[2 * i] = kDigits[bytes_[i] >> 4];
      text[2 * i + 1] = kDigits[bytes_[i] & 15];
    }
    return text;
  }
  uint8_t operator[](size_t i) const { return bytes_[i]; }
  uint8_t& operator[](size_t i) { return bytes_[i]; }
  bool is_zero() const { return *this == FixedBytes(); }

  friend bool operator==(const FixedBytes& a, const FixedBytes& b) { return a.bytes_ == b.bytes_; }
  friend std::strong_ordering operator<=>(const FixedBytes& a, const FixedBytes& b) {
    return std::memcmp(a.bytes_.data(), b.bytes_.data(), N) <=> 0;
  }
  template <typename H>
  friend H AbslHashValue(H h, const FixedBytes& v) {
    return H::combine_contiguous(std::move(h), v.bytes_.data(), N);
  }

 private:
  static constexpr int HexDigit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
  }
  std::array<uint8_t, N> bytes_;
};

// First 16 bytes of the SHA-256 of a change's body.
using ChangeId = FixedBytes<16, struct ChangeIdTag>;
// A UUIDv7 that follows from the Create's body; unique within a region.
using RequestId = FixedBytes<16, struct RequestIdTag>;
// A whole SHA-256: of a body, of a definition, of a leaf.
using Hash = FixedBytes<32, struct HashTag>;
using DefinitionHash = Hash;
// Digest of a request's canonical state: first 16 bytes of its SHA-256.
using StateDigest = FixedBytes<16, struct StateDigestTag>;

// SHA-256 of `bytes`.
Hash Sha256(std::string_view bytes);

// One incarnation of a node's log: 64 random bits, never zero.
enum class Origin : uint64_t { kNone = 0 };
// A region's feed on one node: 64 random bits, new with each origin.
enum class FeedId : uint64_t { kNone = 0 };
inline uint64_t Raw(Origin origin) { return static_cast<uint64_t>(origin); }
inline uint64_t Raw(FeedId feed) { return static_cast<uint64_t>(feed); }

// A request's identity.
struct RequestKey {
  std::string region;
  RequestId id;
  friend bool operator==(const RequestKey&, const RequestKey&) = default;
  friend auto operator<=>(const RequestKey&, const RequestKey&) = default;
  template <typename H>
  friend H AbslHashValue(H h, const RequestKey& v) {
    return H::combine(std::move(h), v.region, v.id);
  }
};

}  // namespace tikar::sync

#endif  // TIKAR_SYNC_TYPES_H_
