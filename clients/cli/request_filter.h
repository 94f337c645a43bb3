// From the flags that choose requests to the filter that a server takes.
#ifndef TIKAR_CLIENTS_CLI_REQUEST_FILTER_H_
#define TIKAR_CLIENTS_CLI_REQUEST_FILTER_H_

#include "absl/status/statusor.h"
#include "clients/cli/commands.h"
#include "clients/cli/session.h"
#include "tikar/v1/request_service.pb.h"

namespace tikar::cli {

// Asks the server for the code of an area that is named, and which services and states there are: a
// usage error for one that it does not know, with those that it knows.
absl::StatusOr<v1::RequestFilter> FilterOf(Session& session, const RequestFilterOptions& options);

}  // namespace tikar::cli

#endif  // TIKAR_CLIENTS_CLI_REQUEST_FILTER_H_
