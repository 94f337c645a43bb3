#include "reference_values.h"

#include <unicode/normalizer2.h>
#include <unicode/unistr.h>

#include <set>

namespace tikar::reference {
namespace {

constexpr size_t kTextBytesMax = 16 << 10;
constexpr size_t kDecimalBytesMax = 40;
constexpr int kChoiceItemsMax = 64;

std::optional<std::string> NormalText(const std::string& text) {
  if (text.size() > kTextBytesMax) return std::nullopt;
  UErrorCode error = U_ZERO_ERROR;
  const icu::Normalizer2* const nfc = icu::Normalizer2::getNFCInstance(error);
  std::string normal;
  nfc->normalize(icu::UnicodeString::fromUTF8(text), error).toUTF8String(normal);
  if (U_FAILURE(error) || normal.size() > kTextBytesMax) return std::nullopt;
  return normal;
}

// A decimal as sign, digits before the point without leading zeros, digits after it without
// trailing ones.
struct DecimalParts {
  bool negative = false;
  std::string whole;
  std::string fraction;
};

std::optional<DecimalParts> SplitDecimal(const std::string& text) {
  DecimalParts parts;
  size_t at = 0;
  const auto digits = [&text, &at] {
    const size_t start = at;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9') ++at;
    return text.substr(start, at - start);
  };
  if (at < text.size() && text[at] == '-') {
    parts.negative = true;
    ++at;
  }
  parts.whole = digits();
  if (parts.whole.empty()) return std::nullopt;
  if (at < text.size() && text[at] == '.') {
    ++at;
    parts.fraction = digits();
    if (parts.fraction.empty()) return std::nullopt;
  }
  if (at != text.size()) return std::nullopt;
  while (!parts.whole.empty() && parts.whole.front() == '0') parts.whole.erase(0, 1);
  while (!parts.fraction.empty() && parts.fraction.back() == '0') parts.fraction.pop_back();
  if (parts.whole.empty() && parts.fraction.empty()) parts.negative = false;
  return parts;
}

int CompareNumbers(int64_t a, int64_t b) { return a < b ? -1 : a > b ? 1 : 0; }

int CompareDecimals(const DecimalParts& a, const DecimalParts& b) {
  if (a.negative != b.negative) return a.negative ? -1 : 1;
  int magnitude =
      CompareNumbers(static_cast<int64_t>(a.whole.size()), static_cast<int64_t>(b.whole.size()));
  if (magnitude == 0) magnitude = a.whole.compare(b.whole);
  if (magnitude == 0) magnitude = a.fraction.compare(b.fraction);
  return a.negative ? -magnitude : magnitude;
}

}  // namespace

std::optional<std::string> Bytes(const MaybeValue& value) {
  if (!value) return std::nullopt;
  return value->SerializeAsString();
}

bool Same(const MaybeValue& a, const MaybeValue& b) { return Bytes(a) == Bytes(b); }

v1::Value TextValue(const std::string& text) {
  v1::Value value;
  value.set_text(text);
  return value;
}

v1::Value FlagValue(bool flag) {
  v1::Value value;
  value.set_flag(flag);
  return value;
}

std::optional<v1::Value> NormalValue(const v1::Value& value) {
  v1::Value normal;
  switch (value.kind_case()) {
    case v1::Value::kText: {
      const std::optional<std::string> text = NormalText(value.text());
      if (!text) return std::nullopt;
      normal.set_text(*text);
      return normal;
    }
    case v1::Value::kInteger:
      normal.set_integer(value.integer());
      return normal;
    case v1::Value::kDecimal: {
      if (value.decimal().size() > kDecimalBytesMax) return std::nullopt;
      const std::optional<DecimalParts> parts = SplitDecimal(value.decimal());
      if (!parts) return std::nullopt;
      normal.set_decimal((parts->negative ? "-" : "") +
                         (parts->whole.empty() ? std::string("0") : parts->whole) +
                         (parts->fraction.empty() ? "" : "." + parts->fraction));
      return normal;
    }
    case v1::Value::kFlag:
      normal.set_flag(value.flag());
      return normal;
    case v1::Value::kDateDays:
      normal.set_date_days(value.date_days());
      return normal;
    case v1::Value::kTimeMs:
      normal.set_time_ms(value.time_ms());
      return normal;
    case v1::Value::kPlace: {
      const int32_t latitude = value.place().latitude_e7();
      const int32_t longitude = value.place().longitude_e7();
      if (latitude < -900'000'000 || latitude > 900'000'000) return std::nullopt;
      if (longitude < -1'800'000'000 || longitude > 1'800'000'000) return std::nullopt;
      normal.mutable_place()->set_latitude_e7(latitude);
      normal.mutable_place()->set_longitude_e7(longitude);
      return normal;
    }
    case v1::Value::kChoices: {
      if (value.choices().items_size() > kChoiceItemsMax) return std::nullopt;
      std::set<std::string> items;
      size_t bytes = 0;
      for (const std::string& item : value.choices().items()) {
        const std::optional<std::string> text = NormalText(item);
        if (item.empty() || !text) return std::nullopt;
        if (items.insert(*text).second) bytes += text->size() + 2;
      }
      if (bytes > kTextBytesMax) return std::nullopt;
      normal.mutable_choices();
      for (const std::string& item : items) normal.mutable_choices()->add_items(item);
      return normal;
    }
    case v1::Value::KIND_NOT_SET:
      break;
  }
  return std::nullopt;
}

int CompareValues(const v1::Value& a, const v1::Value& b) {
  if (a.kind_case() != b.kind_case()) return a.kind_case() < b.kind_case() ? -1 : 1;
  switch (a.kind_case()) {
    case v1::Value::kText:
      return a.text().compare(b.text());
    case v1::Value::kInteger:
      return CompareNumbers(a.integer(), b.integer());
    case v1::Value::kDecimal:
      return CompareDecimals(*SplitDecimal(a.decimal()), *SplitDecimal(b.decimal()));
    case v1::Value::kFlag:
      return CompareNumbers(a.flag(), b.flag());
    case v1::Value::kDateDays:
      return CompareNumbers(a.date_days(), b.date_days());
    case v1::Value::kTimeMs:
      return CompareNumbers(a.time_ms(), b.time_ms());
    case v1::Value::kPlace: {
      const int latitude = CompareNumbers(a.place().latitude_e7(), b.place().latitude_e7());
      if (latitude != 0) return latitude;
      return CompareNumbers(a.place().longitude_e7(), b.place().longitude_e7());
    }
    case v1::Value::kChoices: {
      // Item by item, each as its length and its bytes; a set that is the start of another is less.
      const auto& x = a.choices().items();
      const auto& y = b.choices().items();
      for (int i = 0; i < x.size() && i < y.size(); ++i) {
        const int length =
            CompareNumbers(static_cast<int64_t>(x[i].size()), static_cast<int64_t>(y[i].size()));
        const int item = length != 0 ? length : x[i].compare(y[i]);
        if (item != 0) return item;
      }
      return CompareNumbers(x.size(), y.size());
    }
    case v1::Value::KIND_NOT_SET:
      break;
  }
  return 0;
}

}  // namespace tikar::reference
