// Resource names, after google.aip.dev/122: "regions/15.01/requests/<32 hex or
// ref>/conflicts/status".
//
// Pure functions but for ResolveRequest, which reads; safe from any thread.
#ifndef TIKAR_SERVER_RESOURCE_NAMES_H_
#define TIKAR_SERVER_RESOURCE_NAMES_H_

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "sync/store.h"
#include "sync/types.h"

namespace tikar::server {

// A request as it was named, not yet looked up.
struct RequestNameParts {
  std::string region;                 // empty: "-", any
  std::optional<sync::RequestId> id;  // or else
  std::string ref;                    // in canonical form
};

// "regions/15.01" is "15.01", "regions/-" is empty. InvalidArgument, with `field` in its violation.
absl::StatusOr<std::string> ParseParent(std::string_view field, std::string_view parent);
absl::StatusOr<RequestNameParts> ParseRequestName(std::string_view name);

struct ConflictNameParts {
  RequestNameParts request;
  std::string path;
};
absl::StatusOr<ConflictNameParts> ParseConflictName(std::string_view name);

// Which request that is. NotFound: none has this ref, or, in any region, this id;
// FailedPrecondition: several, whose names the message lists. An id within a region is not looked
// up.
absl::StatusOr<sync::RequestKey> ResolveRequest(const sync::Reader& reader,
                                                const RequestNameParts& parts,
                                                std::string_view name);

}  // namespace tikar::server

#endif  // TIKAR_SERVER_RESOURCE_NAMES_H_
