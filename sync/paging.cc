#include "sync/paging.h"

#include "absl/strings/str_cat.h"
#include "sync/status_macros.h"
#include "sync/types.h"

namespace tikar::sync {

std::string TokenOf(std::string_view place) {
  std::string token;
  for (const char c : place) {
    absl::StrAppend(&token, absl::Hex(static_cast<uint8_t>(c), absl::kZeroPad2));
  }
  return token;
}

absl::Status BadToken() {
  return absl::InvalidArgumentError(
      "page_token is not one that this method gave out for these arguments");
}

absl::StatusOr<std::string> PlaceOf(std::string_view token) {
  std::string place;
  if (token.size() % 2 != 0 || token.size() > 1024) return BadToken();
  for (size_t i = 0; i < token.size(); i += 2) {
    const auto byte = FixedBytes<1, struct TokenTag>::FromHex(token.substr(i, 2));
    if (!byte) return BadToken();
    place += byte->view();
  }
  return place;
}

absl::StatusOr<std::deque<Row>> ReadRows(const Reader& reader, std::string_view begin,
                                         std::string_view end, size_t count, size_t bytes_max,
                                         bool reverse) {
  std::deque<Row> rows;
  size_t bytes = 0;
  const auto visit = [&](std::string_view key, std::string_view value) {
    rows.emplace_back(key, value);
    bytes += key.size() + value.size();
    return rows.size() < count && bytes < bytes_max;
  };
  RETURN_IF_ERROR(reverse ? reader.ScanReverse(Family::kRequests, begin, end, visit)
                          : reader.Scan(Family::kRequests, begin, end, visit));
  return rows;
}

}  // namespace tikar::sync
