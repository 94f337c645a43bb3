// The inbox: everything that needs a person, from indexes. What is closed costs nothing.
//
// Functions of a Reader, for any thread over a snapshot.
#ifndef TIKAR_SYNC_INBOX_QUERY_H_
#define TIKAR_SYNC_INBOX_QUERY_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "sync/definition.h"
#include "sync/query.h"
#include "sync/store.h"
#include "sync/working_days.h"
#include "tikar/v1/inbox_service.pb.h"

namespace tikar::sync {

// Refused changes are taken off the list after this time: by then the author has long seen what is
// in "needs attention", or has gone. They stay in the history.
inline constexpr int64_t kRefusedKeptMs = int64_t{90} * 24 * 60 * 60 * 1000;

struct InboxQuery {
  // Empty: of all regions, one after the other within a kind.
  std::string region = {};
  // Empty: all. In any order.
  std::vector<v1::InboxKind> kinds = {};
  int64_t now_ms = 0;
};

// One page: by kind, then region, then oldest first. What is late counts from when it was due, in
// the region's calendar, possible duplicates from when the later of the two was created, what
// cannot be shown from the creation that its id tells. A page may be short or empty and have a next
// one. InvalidArgument: the token is none of this query.
absl::StatusOr<v1::ListInboxResponse> ListInbox(const Reader& reader, const InboxQuery& query,
                                                const PageQuery& page,
                                                const DefinitionSource& definitions,
                                                const WorkingCalendar& calendar);

}  // namespace tikar::sync

#endif  // TIKAR_SYNC_INBOX_QUERY_H_
