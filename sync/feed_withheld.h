// What a cursor must not claim: entries of requests that this node did not show.
//
// A cursor says of the entries of its version vector: what they did is with the phone. That is not
// so of a request that waits for its definition or for a newer build: its entries are in the log
// and in the vector, but nothing of it was sent. On this node it is touched once it can be shown,
// and comes with the feed. Another node may be able to show it already, or may have shown it to
// others long ago: there no touch and no new entry would ever tell the phone. So the cursor names
// such entries as exceptions, and whoever walks logs for a phone walks these, too.
//
// The same holds of what was touched while a pass went on: it stands beyond the pass and was not
// read where it stood before. On this node the next pass sends it. But the phone may go elsewhere
// first, where the touch is not known, or never will be: this node may be restored from a backup of
// before it.
//
// One entry of each log that has any of the request is enough, the first: whatever node holds one
// within `known`, holds that one as well. A request that waits for its Create needs none: the
// entry of the Create is not here, hence beyond every vector of this node.
//
// Functions of a Reader, for any thread over a snapshot.
#ifndef TIKAR_SYNC_FEED_WITHHELD_H_
#define TIKAR_SYNC_FEED_WITHHELD_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "sync/feed_cursor.h"
#include "sync/store.h"
#include "sync/types.h"
#include "sync/version_vector.h"

namespace tikar::sync {

// The exceptions to `known`, a version vector of the region, for what waits in this Reader. Sorted,
// disjoint; at most kWithheldRangesMax where that many logs do not need more. Errs towards naming
// too much, where many requests wait or one of them is damaged: that costs a phone that roams time,
// nothing else.
absl::StatusOr<std::vector<EntryRange>> WithheldEntries(const Reader& reader,
                                                        const std::string& region,
                                                        const VersionVector& known);

// The same for these requests, whether they wait or not; not sorted, and as many as there are.
absl::StatusOr<std::vector<EntryRange>> FirstEntries(const Reader& reader,
                                                     const std::string& region,
                                                     const std::vector<RequestId>& requests,
                                                     const VersionVector& known);
// All of `known`.
std::vector<EntryRange> AllEntries(const VersionVector& known);

// The requests that have a row, or left one, beyond the position `to` of a bucket that can hold
// something within one of the prefixes. nullopt: more than kWithheldRequestsMax, or a row that
// cannot be read.
absl::StatusOr<std::optional<std::vector<RequestId>>> TouchedSince(
    const Reader& reader, const std::string& region, const std::vector<std::string>& prefixes,
    uint64_t to);

struct EntryName {
  uint64_t seq;
  absl::StatusOr<RequestId> request;  // not OK: the entry is damaged
};
// The entries of a log after `after` and up to `end`, at most `entries_max`, and whose they are.
absl::StatusOr<std::vector<EntryName>> EntriesOfLog(const Reader& reader, const std::string& region,
                                                    Origin origin, uint64_t after, uint64_t end,
                                                    size_t entries_max);

// At most `ranges_max` ranges that hold all of `ranges`, with as little else as may be; more where
// there are more origins. Sorted, disjoint.
std::vector<EntryRange> CoveringRanges(std::vector<EntryRange> ranges, size_t ranges_max);
// Adds `more` to what a cursor names: sorted, disjoint, about kWithheldRangesMax.
void AddRanges(const std::vector<EntryRange>& more, std::vector<EntryRange>* ranges);

}  // namespace tikar::sync

#endif  // TIKAR_SYNC_FEED_WITHHELD_H_
