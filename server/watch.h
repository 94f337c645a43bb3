// WatchRequests as gRPC carries it; what it says is WatchSession's.
#ifndef TIKAR_SERVER_WATCH_H_
#define TIKAR_SERVER_WATCH_H_

#include <grpcpp/grpcpp.h>

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "server/engine/engine.h"
#include "tikar/v1/request_service.pb.h"

namespace tikar::server {

using WatchReactor = grpc::ServerWriteReactor<v1::WatchRequestsResponse>;

// Begins a watch, at once or behind `resume_token`, or ends the call at once when there are too
// many streams or the server stops. The reactor deletes itself.
WatchReactor* StartWatch(Engine* engine, grpc::CallbackServerContext* context,
                         std::vector<std::string> scope, const v1::RequestFilter& filter,
                         const std::string& resume_token);

// Ends the call at once.
WatchReactor* RefuseWatch(const absl::Status& status);

}  // namespace tikar::server

#endif  // TIKAR_SERVER_WATCH_H_
