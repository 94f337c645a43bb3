#include "sync/value.h"

#include <algorithm>
#include <cstddef>
#include <type_traits>

#include "absl/status/status.h"
#include "sync/limits.h"
#include "sync/status_macros.h"
#include "sync/unicode.h"

namespace tikar::sync {
namespace {

constexpr int32_t kLatitudeE7Max = 900'000'000;
constexpr int32_t kLongitudeE7Max = 1'800'000'000;
constexpr size_t kChoiceLengthBytes = 2;

std::string Tagged(Value::Kind kind) { return std::string(1, static_cast<char>(kind)); }

template <typename Integer>
void AppendOrdered(Integer integer, std::string& bytes) {
  using Unsigned = std::make_unsigned_t<Integer>;
  constexpr int kBits = 8 * sizeof(Integer);
  const Unsigned ordered = static_cast<Unsigned>(integer) ^ (Unsigned{1} << (kBits - 1));
  for (int shift = kBits - 8; shift >= 0; shift -= 8) {
    bytes.push_back(static_cast<char>(ordered >> shift & 0xff));
  }
}

// `bytes` holds at least sizeof(Integer) bytes.
template <typename Integer>
Integer ReadOrdered(std::string_view bytes) {
  using Unsigned = std::make_unsigned_t<Integer>;
  Unsigned ordered = 0;
  for (size_t i = 0; i < sizeof(Integer); ++i) {
    ordered = static_cast<Unsigned>(ordered << 8 | static_cast<unsigned char>(bytes[i]));
  }
  return static_cast<Integer>(ordered ^ (Unsigned{1} << (8 * sizeof(Integer) - 1)));
}

template <typename Integer>
std::string TaggedInteger(Value::Kind kind, Integer integer) {
  std::string canonical = Tagged(kind);
  AppendOrdered(integer, canonical);
  return canonical;
}

// Sorts and removes duplicates.
std::string TaggedChoices(std::vector<std::string> choices) {
  std::sort(choices.begin(), choices.end());
  choices.erase(std::unique(choices.begin(), choices.end()), choices.end());
  std::string canonical = Tagged(Value::Kind::kChoices);
  for (const std::string& choice : choices) {
    canonical.push_back(static_cast<char>(choice.size() >> 8 & 0xff));
    canonical.push_back(static_cast<char>(choice.size() & 0xff));
    canonical += choice;
  }
  return canonical;
}

// nullopt when `payload` is cut short. Emptiness, order and limits are the caller's.
std::optional<std::vector<std::string>> ReadChoices(std::string_view payload) {
  std::vector<std::string> choices;
  while (!payload.empty()) {
    if (payload.size() < kChoiceLengthBytes) return std::nullopt;
    const size_t length = static_cast<size_t>(static_cast<unsigned char>(payload[0])) << 8 |
                          static_cast<unsigned char>(payload[1]);
    payload.remove_prefix(kChoiceLengthBytes);
    if (payload.size() < length) return std::nullopt;
    choices.emplace_back(payload.substr(0, length));
    payload.remove_prefix(length);
  }
  return choices;
}

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// A decimal taken apart; `integer` without leading and `fraction` without trailing zeros, so both
// are empty for zero, which is never negative.
struct Decimal {
  bool negative = false;
  std::string_view integer;
  std::string_view fraction;
};

// nullopt unless -?[0-9]+(\.[0-9]+)?.
std::optional<Decimal> ParseDecimal(std::string_view text) {
  Decimal decimal;
  if (text.starts_with('-')) {
    decimal.negative = true;
    text.remove_prefix(1);
  }
  const size_t point = text.find('.');
  decimal.integer = text.substr(0, point);
  if (point != std::string_view::npos) {
    decimal.fraction = text.substr(point + 1);
    if (decimal.fraction.empty()) return std::nullopt;
  }
  if (decimal.integer.empty() ||
      !std::all_of(decimal.integer.begin(), decimal.integer.end(), IsDigit) ||
      !std::all_of(decimal.fraction.begin(), decimal.fraction.end(), IsDigit)) {
    return std::nullopt;
  }
  while (decimal.integer.starts_with('0')) decimal.integer.remove_prefix(1);
  while (decimal.fraction.ends_with('0')) decimal.fraction.remove_suffix(1);
  if (decimal.integer.empty() && decimal.fraction.empty()) decimal.negative = false;
  return decimal;
}

std::string FormatDecimal(const Decimal& decimal) {
  std::string text;
  if (decimal.negative) text += '-';
  text += decimal.integer.empty() ? std::string_view("0") : decimal.integer;
  if (!decimal.fraction.empty()) {
    text += '.';
    text += decimal.fraction;
  }
  return text;
}

std::strong_ordering CompareMagnitude(const Decimal& a, const Decimal& b) {
  if (a.integer.size() != b.integer.size()) return a.integer.size() <=> b.integer.size();
  if (a.integer != b.integer) return a.integer <=> b.integer;
  // A fraction without trailing zeros is smaller than any that continues it: bytewise is right.
  return a.fraction <=> b.fraction;
}

std::strong_ordering CompareDecimals(std::string_view a_text, std::string_view b_text) {
  const std::optional<Decimal> a = ParseDecimal(a_text), b = ParseDecimal(b_text);
  CHECK(a.has_value() && b.has_value());
  if (a->negative != b->negative) {
    return a->negative ? std::strong_ordering::less : std::strong_ordering::greater;
  }
  return a->negative ? CompareMagnitude(*b, *a) : CompareMagnitude(*a, *b);
}

bool IsOnTheMap(int32_t latitude_e7, int32_t longitude_e7) {
  return latitude_e7 >= -kLatitudeE7Max && latitude_e7 <= kLatitudeE7Max &&
         longitude_e7 >= -kLongitudeE7Max && longitude_e7 <= kLongitudeE7Max;
}

absl::StatusOr<std::string> NormalizedText(const std::string& text) {
  if (text.size() > kTextBytesMax) return absl::ResourceExhaustedError("text over 16 KiB");
  if (!IsValidUtf8(text)) return absl::InvalidArgumentError("text is not valid UTF-8");
  std::string normalized = ToNfc(text);
  if (normalized.size() > kTextBytesMax) {
    return absl::ResourceExhaustedError("text over 16 KiB in NFC");
  }
  return normalized;
}

absl::StatusOr<std::string> CanonicalChoices(const v1::Choices& proto) {
  if (static_cast<size_t>(proto.items_size()) > kChoiceItemsMax) {
    return absl::ResourceExhaustedError("more than 64 choices");
  }
  std::vector<std::string> choices;
  for (const std::string& item : proto.items()) {
    if (item.empty()) return absl::InvalidArgumentError("empty choice");
    ASSIGN_OR_RETURN(std::string choice, NormalizedText(item));
    choices.push_back(std::move(choice));
  }
  std::string canonical = TaggedChoices(std::move(choices));
  if (canonical.size() - 1 > kTextBytesMax) {
    return absl::ResourceExhaustedError("choices over 16 KiB");
  }
  return canonical;
}

bool IsCanonicalChoices(std::string_view payload) {
  if (payload.size() > kTextBytesMax) return false;
  const std::optional<std::vector<std::string>> choices = ReadChoices(payload);
  if (!choices || choices->size() > kChoiceItemsMax) return false;
  for (size_t i = 0; i < choices->size(); ++i) {
    const std::string& choice = (*choices)[i];
    if (choice.empty() || !IsValidUtf8(choice) || !IsNfc(choice)) return false;
    if (i > 0 && (*choices)[i - 1] >= choice) return false;
  }
  return true;
}

bool IsCanonicalPayload(Value::Kind kind, std::string_view payload) {
  switch (kind) {
    case Value::Kind::kText:
      return payload.size() <= kTextBytesMax && IsValidUtf8(payload) && IsNfc(payload);
    case Value::Kind::kInteger:
    case Value::Kind::kTime:
      return payload.size() == sizeof(int64_t);
    case Value::Kind::kDecimal: {
      if (payload.size() > kDecimalBytesMax) return false;
      const std::optional<Decimal> decimal = ParseDecimal(payload);
      return decimal && FormatDecimal(*decimal) == payload;
    }
    case Value::Kind::kFlag:
      return payload.size() == 1 && (payload[0] == 0 || payload[0] == 1);
    case Value::Kind::kDate:
      return payload.size() == sizeof(int32_t);
    case Value::Kind::kPlace:
      return payload.size() == 2 * sizeof(int32_t) &&
             IsOnTheMap(ReadOrdered<int32_t>(payload),
                        ReadOrdered<int32_t>(payload.substr(sizeof(int32_t))));
    case Value::Kind::kChoices:
      return IsCanonicalChoices(payload);
  }
  return false;  // a tag of a later version, or damage
}

}  // namespace

absl::StatusOr<Value> Value::FromProto(const v1::Value& proto) {
  switch (proto.kind_case()) {
    case v1::Value::kText: {
      ASSIGN_OR_RETURN(const std::string text, NormalizedText(proto.text()));
      return Text(text);
    }
    case v1::Value::kInteger:
      return Integer(proto.integer());
    case v1::Value::kDecimal: {
      if (proto.decimal().size() > kDecimalBytesMax) {
        return absl::ResourceExhaustedError("decimal over 40 characters");
      }
      const std::optional<Decimal> decimal = ParseDecimal(proto.decimal());
      if (!decimal) return absl::InvalidArgumentError("not a decimal number");
      return Value(Tagged(Kind::kDecimal) + FormatDecimal(*decimal));
    }
    case v1::Value::kFlag:
      return Flag(proto.flag());
    case v1::Value::kDateDays:
      return Date(proto.date_days());
    case v1::Value::kTimeMs:
      return Time(proto.time_ms());
    case v1::Value::kPlace: {
      const v1::Place& place = proto.place();
      if (!IsOnTheMap(place.latitude_e7(), place.longitude_e7())) {
        return absl::InvalidArgumentError("place off the map");
      }
      std::string canonical = TaggedInteger(Kind::kPlace, int32_t{place.latitude_e7()});
      AppendOrdered(int32_t{place.longitude_e7()}, canonical);
      return Value(std::move(canonical));
    }
    case v1::Value::kChoices: {
      ASSIGN_OR_RETURN(std::string canonical, CanonicalChoices(proto.choices()));
      return Value(std::move(canonical));
    }
    case v1::Value::KIND_NOT_SET:
      break;
  }
  return absl::InvalidArgumentError("value without a kind known here");
}

bool Value::IsOfLaterVersion(const v1::Value& proto, uint32_t kind_newest) {
  if (proto.kind_case() == v1::Value::KIND_NOT_SET) {
    return !proto.GetReflection()->GetUnknownFields(proto).empty();
  }
  return static_cast<uint32_t>(proto.kind_case()) > kind_newest;
}

std::optional<Value> Value::FromCanonical(std::string_view canonical) {
  if (canonical.empty()) return std::nullopt;
  if (!IsCanonicalPayload(static_cast<Kind>(canonical[0]), canonical.substr(1))) {
    return std::nullopt;
  }
  return Value(std::string(canonical));
}

Value Value::Text(std::string_view text) {
  std::string canonical;
  canonical.reserve(1 + text.size());
  canonical.push_back(static_cast<char>(Kind::kText));
  canonical += text;
  return Value(std::move(canonical));
}

Value Value::Integer(int64_t integer) { return Value(TaggedInteger(Kind::kInteger, integer)); }

Value Value::Flag(bool flag) { return Value(Tagged(Kind::kFlag) + static_cast<char>(flag)); }

Value Value::Date(int32_t days) { return Value(TaggedInteger(Kind::kDate, days)); }

Value Value::Time(int64_t milliseconds) { return Value(TaggedInteger(Kind::kTime, milliseconds)); }

Value Value::Choices(std::vector<std::string> choices) {
  return Value(TaggedChoices(std::move(choices)));
}

v1::Value Value::ToProto() const {
  v1::Value proto;
  switch (kind()) {
    case Kind::kText:
      proto.set_text(std::string(payload()));
      break;
    case Kind::kInteger:
      proto.set_integer(ReadOrdered<int64_t>(payload()));
      break;
    case Kind::kDecimal:
      proto.set_decimal(std::string(payload()));
      break;
    case Kind::kFlag:
      proto.set_flag(payload()[0] != 0);
      break;
    case Kind::kDate:
      proto.set_date_days(ReadOrdered<int32_t>(payload()));
      break;
    case Kind::kTime:
      proto.set_time_ms(ReadOrdered<int64_t>(payload()));
      break;
    case Kind::kPlace:
      proto.mutable_place()->set_latitude_e7(ReadOrdered<int32_t>(payload()));
      proto.mutable_place()->set_longitude_e7(
          ReadOrdered<int32_t>(payload().substr(sizeof(int32_t))));
      break;
    case Kind::kChoices: {
      v1::Choices* const proto_choices = proto.mutable_choices();
      const std::optional<std::vector<std::string>> items = choices();
      CHECK(items.has_value());
      for (const std::string& item : *items) proto_choices->add_items(item);
      break;
    }
  }
  return proto;
}

std::optional<std::string_view> Value::text() const {
  if (kind() != Kind::kText) return std::nullopt;
  return payload();
}

std::optional<int64_t> Value::integer() const {
  if (kind() != Kind::kInteger) return std::nullopt;
  return ReadOrdered<int64_t>(payload());
}

std::optional<std::string_view> Value::decimal() const {
  if (kind() != Kind::kDecimal) return std::nullopt;
  return payload();
}

std::optional<bool> Value::flag() const {
  if (kind() != Kind::kFlag) return std::nullopt;
  return payload()[0] != 0;
}

std::optional<int32_t> Value::date_days() const {
  if (kind() != Kind::kDate) return std::nullopt;
  return ReadOrdered<int32_t>(payload());
}

std::optional<int64_t> Value::time_ms() const {
  if (kind() != Kind::kTime) return std::nullopt;
  return ReadOrdered<int64_t>(payload());
}

std::optional<std::vector<std::string>> Value::choices() const {
  if (kind() != Kind::kChoices) return std::nullopt;
  return ReadChoices(payload());
}

std::strong_ordering CompareByValue(const Value& a, const Value& b) {
  if (a.kind() == Value::Kind::kDecimal && b.kind() == Value::Kind::kDecimal) {
    return CompareDecimals(*a.decimal(), *b.decimal());
  }
  // The kind is the first byte, and all other payloads sort bytewise as they should.
  return a.canonical() <=> b.canonical();
}

}  // namespace tikar::sync
