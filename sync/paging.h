// Pages of what is stored, for the queries that make them.
//
// A page's token is where it stopped. It is the caller's to change, and is checked when it comes
// back.
//
// Pure functions of a Reader.
#ifndef TIKAR_SYNC_PAGING_H_
#define TIKAR_SYNC_PAGING_H_

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "sync/store.h"

namespace tikar::sync {

// Rows that one look into the store takes, of all regions together.
inline constexpr size_t kRowsPerLook = 256;
// And their bytes, where requests are large.
inline constexpr size_t kBytesPerLook = 1 << 20;
// Of a message within another one: tag and length.
inline constexpr size_t kFramingBytes = 6;

// Any bytes, as text.
std::string TokenOf(std::string_view place);
// InvalidArgument: no token.
absl::StatusOr<std::string> PlaceOf(std::string_view token);
absl::Status BadToken();

using Row = std::pair<std::string, std::string>;

// Rows of Family::kRequests, up to `count` or about `bytes_max`, read before anything is decoded,
// so that no iterator is held meanwhile.
absl::StatusOr<std::deque<Row>> ReadRows(const Reader& reader, std::string_view begin,
                                         std::string_view end, size_t count, size_t bytes_max,
                                         bool reverse);

}  // namespace tikar::sync

#endif  // TIKAR_SYNC_PAGING_H_
