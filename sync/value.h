// A value of a field, as it is stored, compared and hashed.
//
// A Value *is* its canonical bytes: two values are equal exactly when their bytes are, and those
// bytes go into the stored state and its digest. The encoding, frozen (a new kind takes a new tag):
//
//   tag   payload
//   0x01  text     UTF-8 in NFC (see unicode.h), at most kTextBytesMax
//   0x02  integer  8 bytes, big-endian two's complement with the sign bit inverted
//   0x03  decimal  ASCII, -?(0|[1-9][0-9]*)(\.[0-9]*[1-9])?, never "-0", at most kDecimalBytesMax
//   0x04  flag     1 byte, 0 or 1
//   0x05  date     4 bytes, days since 1970-01-01, coded as an integer of 32 bits
//   0x06  time     8 bytes, milliseconds since 1970-01-01T00:00:00Z, coded as an integer
//   0x07  place    latitude, then longitude, 1e-7 degrees, each coded as an integer of 32 bits
//   0x08  choices  per item 2 bytes big-endian length (not zero) and the item's UTF-8 in NFC;
//                  items strictly ascending bytewise, at most kChoiceItemsMax, and together with
//                  their lengths at most kTextBytesMax
//
// The inverted sign bit makes bytewise order the numeric order.
//
// Immutable but for assignment, as safe for threads as a std::string.
#ifndef TIKAR_SYNC_VALUE_H_
#define TIKAR_SYNC_VALUE_H_

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "tikar/v1/value.pb.h"

namespace tikar::sync {

class Value {
 public:
  // The tags of the encoding; also the field numbers of v1::Value.
  enum class Kind : uint8_t {
    kText = 1,
    kInteger = 2,
    kDecimal = 3,
    kFlag = 4,
    kDate = 5,
    kTime = 6,
    kPlace = 7,
    kChoices = 8,
  };

  // Normalises: texts and choices to NFC, decimals to the form above, choices sorted and without
  // duplicates. Gives the same bytes on every node. InvalidArgument: no kind, a kind unknown here,
  // invalid UTF-8, no decimal, a place off the map, an empty choice. ResourceExhausted: over a
  // limit; texts and choices are measured both as they came and normalised.
  static absl::StatusOr<Value> FromProto(const v1::Value& proto);

  // Whether the value is of a kind beyond `kind_newest`: one that a later version of the API
  // brings, of which a build that lacks it sees unknown fields and no kind. FromProto cannot read
  // it, but it is not malformed: whoever folds must wait for a build that knows it.
  static bool IsOfLaterVersion(const v1::Value& proto,
                               uint32_t kind_newest = v1::Value::kChoicesFieldNumber);

  // The inverse of canonical(). nullopt unless `canonical` is exactly what one value encodes to.
  static std::optional<Value> FromCanonical(std::string_view canonical);

  // `text` must be valid UTF-8 in NFC and within the limit, the choices likewise and not empty;
  // order and duplicates of the choices do not matter. What breaks this is not found before
  // FromCanonical refuses it: pass what came from outside through FromProto.
  static Value Text(std::string_view text);
  static Value Integer(int64_t integer);
  static Value Flag(bool flag);
  static Value Date(int32_t days);
  static Value Time(int64_t milliseconds);
  static Value Choices(std::vector<std::string> choices);

  v1::Value ToProto() const;
  std::string_view canonical() const { return canonical_; }

  Kind kind() const { return static_cast<Kind>(canonical_[0]); }
  bool is_text() const { return kind() == Kind::kText; }

  // nullopt when the value is of another kind. Views live as long as the Value.
  std::optional<std::string_view> text() const;
  std::optional<int64_t> integer() const;
  std::optional<std::string_view> decimal() const;
  std::optional<bool> flag() const;
  std::optional<int32_t> date_days() const;
  std::optional<int64_t> time_ms() const;
  std::optional<std::vector<std::string>> choices() const;

  friend bool operator==(const Value&, const Value&) = default;
  template <typename H>
  friend H AbslHashValue(H h, const Value& value) {
    return H::combine(std::move(h), value.canonical_);
  }

 private:
  explicit Value(std::string canonical) : canonical_(std::move(canonical)) {}

  std::string_view payload() const { return std::string_view(canonical_).substr(1); }

  std::string canonical_;  // never empty
};

// The order of the policies `highest` and `lowest`: total, and equal only for equal values. By kind
// (one field holds one kind, but a Rebase may have changed which), then integers, decimals, dates
// and times by number, false before true, texts, places and choices bytewise.
std::strong_ordering CompareByValue(const Value& a, const Value& b);

}  // namespace tikar::sync

#endif  // TIKAR_SYNC_VALUE_H_
