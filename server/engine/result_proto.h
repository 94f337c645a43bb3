// Results of the core as the API shows them.
#ifndef TIKAR_SERVER_ENGINE_RESULT_PROTO_H_
#define TIKAR_SERVER_ENGINE_RESULT_PROTO_H_

#include "sync/replica.h"
#include "tikar/v1/sync_service.pb.h"

namespace tikar::server {

v1::ChangeResult ResultToProto(const sync::SubmissionResult& result);

}  // namespace tikar::server

#endif  // TIKAR_SERVER_ENGINE_RESULT_PROTO_H_
