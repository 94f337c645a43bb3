#include "server/errors.h"

#include "server/engine/failure.h"

namespace tikar::server {

grpc::Status ToGrpc(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  const google::rpc::Status details = DetailsOf(status);
  // The canonical codes of abseil and of gRPC are the same numbers.
  return grpc::Status(static_cast<grpc::StatusCode>(details.code()), details.message(),
                      details.SerializeAsString());
}

}  // namespace tikar::server
