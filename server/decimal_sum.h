// DecimalSum: exact sums of decimal numbers, however long and however many.
//
// Thread safety: none; a value.
#ifndef TIKAR_SERVER_DECIMAL_SUM_H_
#define TIKAR_SERVER_DECIMAL_SUM_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "tikar/v1/value.pb.h"

namespace tikar::server {

class DecimalSum {
 public:
  // Digits on either side of the point; more than any value has (sync/value.h).
  static constexpr size_t kDigitsMax = 56;

  // `decimal` as sync::Value has it: -?[0-9]+(\.[0-9]+)?. False, and nothing added: it is none.
  bool Add(std::string_view decimal);

  // Without needless zeros: "-12.5", "0".
  std::string ToText() const;
  // As an integer where it is a whole number that fits, else as a decimal.
  v1::Value ToValue() const;

 private:
  // What was added at each place, lowest first, not carried over.
  std::array<int64_t, 2 * kDigitsMax> places_ = {};
};

}  // namespace tikar::server

#endif  // TIKAR_SERVER_DECIMAL_SUM_H_
