// A request as it was at a former time.
//
// "At a time" means: from the changes that the node which took them had received by then, with the
// stamps that they had by then. Definitions, and what a stub's change says of its parents, are as
// they are known today. So the answer is the same on every node that has the same entries.
//
// Pure functions of a Reader. LoadRequestAsOf and LoadHistoryPageAsOf of query.h stand on this.
#ifndef TIKAR_SYNC_AS_OF_H_
#define TIKAR_SYNC_AS_OF_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "sync/records.h"
#include "sync/store.h"

namespace tikar::sync {

// A header as it was then; nullopt: the change had not been received. Where the change was logged
// more than once it reads the entries, which have the stamps that were joined.
absl::StatusOr<std::optional<Header>> HeaderAsOf(const Reader& reader, const std::string& region,
                                                 const Header& header, int64_t as_of_ms);

}  // namespace tikar::sync

#endif  // TIKAR_SYNC_AS_OF_H_
