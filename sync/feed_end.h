// Where the feed ends now: for those who want what comes, and not what is there.
//
// A function of a Reader, for any thread over a snapshot.
#ifndef TIKAR_SYNC_FEED_END_H_
#define TIKAR_SYNC_FEED_END_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "sync/store.h"

namespace tikar::sync {

// The cursor of somebody who holds everything in `scope` (area-code prefixes) at this Reader's
// version: ReadFeed with it and the same scope gives what is touched later. A region of which
// nothing is here yet comes from its beginning.
absl::StatusOr<std::string> FeedEnd(const Reader& reader, const std::vector<std::string>& scope);

}  // namespace tikar::sync

#endif  // TIKAR_SYNC_FEED_END_H_
