// Index rows: what the store keeps beside a request so that what needs somebody is found without
// reading the rest.
//
// They follow from the state and its definition alone. So a request that was changed writes the
// difference between the rows of the state before and of the state after, and no row is ever
// forgotten (RequestEditor::Flush). The row of what waits for a newer server (keys::Newer) is none
// of them: it tells by which build it was folded, which no state says.
//
// Which request has which rows:
//   conflict (keys::Conflict): one for each field under review
//   wait (keys::Wait): while its definition is not here
//   unavailable (keys::Unavailable): while it is not READY
//   running clock (keys::Clock, 'd'): one for each service level that runs
//   silence (keys::Clock, 't'): one for each of these with an automatic state, while the status is
//     that from which it leads and no review is open on it; counted from the last thing that was
//     written
//   place (keys::Place, keys::Placed): while it is open (its state not terminal, not retracted),
//   has
//     never said of what it is a duplicate, and its definition has a DuplicateRule
//   joined (keys::Joined): while it says of which other request of its region it is a duplicate
//
// Pure functions, safe from any thread.
#ifndef TIKAR_SYNC_INDEX_ROWS_H_
#define TIKAR_SYNC_INDEX_ROWS_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "sync/definition.h"
#include "sync/state.h"
#include "sync/store.h"
#include "sync/types.h"

namespace tikar::sync {

// Key to value, all in Family::kRequests.
using IndexRows = std::map<std::string, std::string>;

// `definition`: the state's while it is READY, else null.
IndexRows IndexRowsOf(const State& state, const Definition* definition);

// The rows of a request that is stored as READY and whose definition cannot be read any more: those
// that follow from its state, and, found in the store, those that only the definition could tell.
absl::StatusOr<IndexRows> StoredRowsWithoutDefinition(const Reader& reader, const State& state);

// From the rows that are stored to those that belong there.
void WriteDifference(const IndexRows& stored, const IndexRows& wanted, WriteBatch* batch);

// What a key under keys::Clock says.
struct ClockRow {
  RequestKey request;
  uint32_t working_days = 0;
  int64_t at_ms = 0;
  std::string level;  // key of the service level
};
// DataLoss: it is no such key.
absl::StatusOr<ClockRow> ParseClockRow(std::string_view key);

// The numbers of working days that rows of this family ('d' or 't') in a region have; ascending. A
// region's definitions name a few, so this is a few looks.
absl::StatusOr<std::vector<uint32_t>> WorkingDaysOf(const Reader& reader, char family,
                                                    std::string_view region);

// An open request that may be one of two, as it is compared with others.
struct PlaceRow {
  std::string service;
  int32_t latitude_e7 = 0;
  int32_t longitude_e7 = 0;
  int64_t created_at_ms = 0;
  // Its definition's rule.
  uint32_t distance_metres = 0;
  uint32_t days = 0;
  // The fields that its rule compares, sorted by path, with their canonical values; empty: empty.
  std::vector<std::pair<std::string, std::string>> equal_fields;

  friend bool operator==(const PlaceRow&, const PlaceRow&) = default;
};
// nullopt: it is not compared (see above), or its place is not known.
std::optional<PlaceRow> PlaceRowOf(const State& state, const Definition* definition);
// Without the service, which stands in the key of keys::Place and before it under keys::Placed.
std::string EncodePlaceRow(const PlaceRow& row);
absl::StatusOr<PlaceRow> DecodePlaceRow(std::string_view bytes);
std::string EncodePlacedRow(const PlaceRow& row);
absl::StatusOr<PlaceRow> DecodePlacedRow(std::string_view bytes);

// The squares in which places lie. Those of a level have edges of at least 2^level metres from
// south to north, and as many degrees from west to east.
inline constexpr int kCellLevels = 15;
// The smallest level whose edge is not below `distance_metres`.
uint8_t CellLevelOf(uint32_t distance_metres);
// Of an edge, 1e-7 degrees.
int64_t CellEdgeE7(uint8_t level);
uint32_t CellRowOf(uint8_t level, int64_t latitude_e7);
uint32_t CellColumnOf(uint8_t level, int64_t longitude_e7);

// The request of its region that a request says it is a duplicate of; nullopt: none, itself, or
// something that is no id.
std::optional<RequestId> DuplicateOf(const State& state);

}  // namespace tikar::sync

#endif  // TIKAR_SYNC_INDEX_ROWS_H_
