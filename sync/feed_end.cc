#include "sync/feed_end.h"

#include <algorithm>
#include <utility>

#include "sync/feed_cursor.h"
#include "sync/feed_scope.h"
#include "sync/feed_withheld.h"
#include "sync/query.h"
#include "sync/status_macros.h"

namespace tikar::sync {

absl::StatusOr<std::string> FeedEnd(const Reader& reader, const std::vector<std::string>& scope) {
  ASSIGN_OR_RETURN(const std::vector<v1::RegionStatus> regions, LoadRegionStatuses(reader));
  std::vector<RegionCursor> cursors;
  for (const v1::RegionStatus& region : regions) {
    std::vector<std::string> filled = PrefixesWithin(scope, region.region(), "");
    if (filled.empty()) continue;
    RegionCursor& cursor = cursors.emplace_back();
    cursor.region = region.region();
    cursor.feed = FeedId{region.feed_id()};
    cursor.from = region.feed_position();
    cursor.filled = std::move(filled);
    ASSIGN_OR_RETURN(cursor.known, LoadVersionVector(reader, region.region()));
    cursor.seen = cursor.known;
    ASSIGN_OR_RETURN(cursor.withheld, WithheldEntries(reader, region.region(), cursor.known));
  }
  std::sort(cursors.begin(), cursors.end(),
            [](const RegionCursor& a, const RegionCursor& b) { return a.region < b.region; });
  return EncodeCursor(cursors);
}

}  // namespace tikar::sync
