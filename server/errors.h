// From the house's errors to gRPC's: engine/failure.h has the table, here it is put on the wire.
#ifndef TIKAR_SERVER_ERRORS_H_
#define TIKAR_SERVER_ERRORS_H_

#include <grpcpp/support/status.h>

#include "absl/status/status.h"

namespace tikar::server {

// Code and message, and as details a serialized google.rpc.Status with ErrorInfo, LocalizedMessage
// (id, en), BadRequest and RetryInfo where they apply.
grpc::Status ToGrpc(const absl::Status& status);

}  // namespace tikar::server

#endif  // TIKAR_SERVER_ERRORS_H_
