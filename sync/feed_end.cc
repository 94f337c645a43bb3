#include "sync/feed_end.h"

#include <algorithm>
#include <set>

#include "sync/feed.h"
#include "sync/feed_cursor.h"
#include "sync/query.h"
#include "sync/status_macros.h"

namespace tikar::sync {

absl::StatusOr<std::string> FeedEnd(const Reader& reader, const std::vector<std::string>& scope) {
  ASSIGN_OR_RETURN(const std::vector<v1::RegionStatus> regions, LoadRegionStatuses(reader));
  std::vector<RegionCursor> cursors;
  for (const v1::RegionStatus& region : regions) {
    std::set<std::string> filled;
    for (const std::string& prefix : scope) {
      if (AreaWithin(region.region(), prefix)) filled.insert(region.region());
      if (AreaWithin(prefix, region.region())) filled.insert(prefix);
    }
    if (filled.empty()) continue;
    RegionCursor& cursor = cursors.emplace_back();
    cursor.region = region.region();
    cursor.feed = FeedId{region.feed_id()};
    cursor.from = region.feed_position();
    cursor.filled.assign(filled.begin(), filled.end());
    ASSIGN_OR_RETURN(cursor.known, LoadVersionVector(reader, region.region()));
    cursor.seen = cursor.known;
  }
  std::sort(cursors.begin(), cursors.end(),
            [](const RegionCursor& a, const RegionCursor& b) { return a.region < b.region; });
  return EncodeCursor(cursors);
}

}  // namespace tikar::sync
