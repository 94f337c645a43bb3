// What is wrong with a message that a phone sends on a Sync stream, apart from the changes in it.
// Each answer is Malformed (failure.h) and ends the stream.
//
// Pure functions, safe from any thread.
#ifndef TIKAR_SERVER_ENGINE_SYNC_MESSAGES_H_
#define TIKAR_SERVER_ENGINE_SYNC_MESSAGES_H_

#include "absl/status/status.h"
#include "tikar/v1/sync_service.pb.h"

namespace tikar::server {

// For a stream that begins with something else, or has a second one.
absl::Status NoHello();
absl::Status CheckHello(const v1::Hello& hello);
absl::Status CheckPush(const v1::Push& push);

}  // namespace tikar::server

#endif  // TIKAR_SERVER_ENGINE_SYNC_MESSAGES_H_
