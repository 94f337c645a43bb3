// What is said of a request that cannot be read, so that those beside it go on.
//
// Thread safety: a plain value.
#ifndef TIKAR_SYNC_UNREADABLE_H_
#define TIKAR_SYNC_UNREADABLE_H_

#include <string>

#include "sync/types.h"

namespace tikar::sync {

// A request that is needed and whose rows cannot be read. They stay as they are, and the others go
// on without it.
struct UnreadableRequest {
  RequestKey request;  // the region is empty: not even the row that names it can be read
  std::string reason;
};

}  // namespace tikar::sync

#endif  // TIKAR_SYNC_UNREADABLE_H_
