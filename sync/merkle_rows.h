// The rows of the Merkle trees, read and written. Of merkle_log.cc and merkle_check.cc alone.
#ifndef TIKAR_SYNC_MERKLE_ROWS_H_
#define TIKAR_SYNC_MERKLE_ROWS_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "sync/records.h"
#include "sync/store.h"
#include "sync/types.h"

namespace tikar::sync {

// kDataLoss that names the log and says what mends it.
absl::Status DamagedTree(std::string_view region, Origin origin, absl::string_view what);

// Size 0 and the root of nothing where there is no row. kDataLoss: it is damaged.
absl::StatusOr<TreeRecord> ReadTreeRecord(const Reader& reader, std::string_view region,
                                          Origin origin);
// The leaves of `count` entries from `seq` on, out of the log. kDataLoss: one is missing or
// damaged.
absl::StatusOr<std::vector<Hash>> ReadLeaves(const Reader& reader, std::string_view region,
                                             Origin origin, uint64_t seq, size_t count);
// The first `width` hashes of a tile. kDataLoss: it is missing, or has fewer.
absl::StatusOr<std::vector<Hash>> ReadTile(const Reader& reader, std::string_view region,
                                           Origin origin, int level, uint64_t index, size_t width);
std::string EncodeTile(const std::vector<Hash>& hashes);

}  // namespace tikar::sync

#endif  // TIKAR_SYNC_MERKLE_ROWS_H_
