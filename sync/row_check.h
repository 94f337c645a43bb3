// Looks through the rows of a store for what does not hold together.
//
// A checksum tells that bytes are as they were written; it tells nothing of a file that was swapped
// for an older one, of two stores that were copied into each other, or of a fault in this very
// code. So this reads each row as if somebody else had written it:
//
//   log       each body has the hash that its entry names; no entry is missing up to the position
//             that the node claims; each entry stands in the history of its request
//   history   each change has its entries in the log, and its stamp is the join of theirs
//   requests  each state is folded again from its history and has the same bytes; so are its
//             elements; its index rows, its ref and its rows of the feed are there, and there are
//             no others
//   feed      each row belongs to the request that it names
//   meta      each record reads; each definition has the hash by which it is kept; each Merkle tree
//             is the one of its log
//
// Costs about what the changes cost when they came, so it goes page by page: between two pages
// others have their turn, and the store may move on, for each page is checked in a version of its
// own.
//
// Pure functions, safe from any thread.
#ifndef TIKAR_SYNC_ROW_CHECK_H_
#define TIKAR_SYNC_ROW_CHECK_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "sync/definition.h"
#include "sync/store.h"

namespace tikar::sync {

struct RowFault {
  std::string row;   // which one, for people: "history of regions/15.01/requests/…, change …"
  std::string what;  // is wrong with it
};

struct RowCheckPage {
  uint64_t rows = 0;  // that were looked at
  std::vector<RowFault> faults;
  std::string next;  // where the next page begins; empty: this was the last one
};

// A page ends early when it has found so much: what is broken everywhere needs no list of it all.
inline constexpr size_t kRowFaultsPerPageMax = 100;

// Checks `rows_max` rows from `from` on, which is empty or the `next` of a page before. What the
// backend says of damaged bytes (kDataLoss) is a fault like others; rows of that family behind it
// are left out, because they cannot be reached.
//   kInvalidArgument  `from` is no such place
//   other codes       the store cannot be read at all
absl::StatusOr<RowCheckPage> CheckRows(const Reader& reader, const DefinitionSource& definitions,
                                       std::string_view from, size_t rows_max);

}  // namespace tikar::sync

#endif  // TIKAR_SYNC_ROW_CHECK_H_
