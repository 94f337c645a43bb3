// MirrorCall: a Replicate call that this node makes.
#ifndef TIKAR_SERVER_MIRROR_CALL_H_
#define TIKAR_SERVER_MIRROR_CALL_H_

#include <grpcpp/grpcpp.h>

#include <functional>
#include <memory>

#include "absl/status/status.h"
#include "server/engine/engine.h"
#include "server/engine/mirror_session.h"

namespace tikar::server {

// How a call ended.
struct MirrorCallEnd {
  // Why: what this side found, else what the other one said, else what the network did.
  absl::Status status;
  // What the other side asks to wait, milliseconds; 0: nothing.
  int64_t retry_ms = 0;
  // How long the two nodes were connected, milliseconds.
  int64_t connected_ms = 0;
};

// Calls MirrorService on the channel. `ended` is called once, from a thread of gRPC, and `engine`
// must live until it has returned. nullptr: the server stops, or has too many streams; `ended` is
// not called.
std::shared_ptr<MirrorSession> StartMirrorCall(Engine* engine,
                                               const std::shared_ptr<grpc::Channel>& channel,
                                               MirrorSessionOptions options,
                                               std::function<void(MirrorCallEnd)> ended);

}  // namespace tikar::server

#endif  // TIKAR_SERVER_MIRROR_CALL_H_
