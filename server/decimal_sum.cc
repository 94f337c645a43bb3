#include "server/decimal_sum.h"

#include <algorithm>

#include "absl/strings/numbers.h"
#include "sync/types.h"

namespace tikar::server {
namespace {

constexpr size_t kMiddle = DecimalSum::kDigitsMax;  // the place of the ones
// Places above a number that sums grow into.
constexpr size_t kDigitsSpare = 8;

bool IsDigits(std::string_view text) {
  return !text.empty() && text.size() <= DecimalSum::kDigitsMax - kDigitsSpare &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

bool DecimalSum::Add(std::string_view decimal) {
  const int64_t sign = decimal.starts_with('-') ? -1 : 1;
  if (sign < 0) decimal.remove_prefix(1);
  const size_t point = std::min(decimal.find('.'), decimal.size());
  const std::string_view whole = decimal.substr(0, point);
  const std::string_view part = decimal.substr(std::min(point + 1, decimal.size()));
  if (!IsDigits(whole) || (point < decimal.size() && !IsDigits(part))) return false;
  for (size_t i = 0; i < whole.size(); ++i) {
    places_[kMiddle + whole.size() - 1 - i] += sign * (whole[i] - '0');
  }
  for (size_t i = 0; i < part.size(); ++i) places_[kMiddle - 1 - i] += sign * (part[i] - '0');
  return true;
}

std::string DecimalSum::ToText() const {
  std::array<int64_t, 2 * kDigitsMax> digits = places_;
  const auto carry_over = [&digits] {
    int64_t carry = 0;
    for (int64_t& digit : digits) {
      const int64_t sum = digit + carry;
      carry = sum / 10 - (sum % 10 < 0 ? 1 : 0);
      digit = sum - 10 * carry;
    }
    return carry;
  };
  const bool negative = carry_over() < 0;
  if (negative) {
    // What was borrowed from beyond the highest place is the ten's complement.
    digits = places_;
    for (int64_t& digit : digits) digit = -digit;
    carry_over();
  }
  size_t first = 2 * kDigitsMax - 1, last = 0;
  while (first > kMiddle && digits[first] == 0) --first;
  while (last < kMiddle && digits[last] == 0) ++last;
  std::string text = negative ? "-" : "";
  for (size_t place = first + 1; place-- > last;) {
    if (place + 1 == kMiddle) text.push_back('.');
    text.push_back(static_cast<char>('0' + digits[place]));
  }
  return text;
}

v1::Value DecimalSum::ToValue() const {
  const std::string text = ToText();
  v1::Value value;
  int64_t integer = 0;
  if (absl::SimpleAtoi(text, &integer)) {
    value.set_integer(integer);
  } else {
    value.set_decimal(text);
  }
  return value;
}

}  // namespace tikar::server
