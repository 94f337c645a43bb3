#include "clients/field/clock_offset.h"

#include <charconv>
#include <system_error>

namespace tikar::field {
namespace {

constexpr int64_t kOffsetMsMax = int64_t{36'525} * 24 * 3'600 * 1'000;

struct Unit {
  std::string_view name;
  int64_t ms;
};

constexpr Unit kUnits[] = {
    {"ms", 1}, {"s", 1'000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}};

}  // namespace

std::optional<int64_t> ParseClockOffset(std::string_view text) {
  const bool negative = text.substr(0, 1) == "-";
  if (negative || text.substr(0, 1) == "+") text.remove_prefix(1);
  // from_chars would take a second sign.
  if (text.empty() || text[0] < '0' || text[0] > '9') return std::nullopt;
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return std::nullopt;
  const std::string_view name = text.substr(static_cast<size_t>(end - text.data()));
  for (const Unit& unit : kUnits) {
    if (unit.name != name) continue;
    if (number > kOffsetMsMax / unit.ms) return std::nullopt;
    return negative ? -number * unit.ms : number * unit.ms;
  }
  return std::nullopt;
}

}  // namespace tikar::field
