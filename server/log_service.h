// LogService: heads of logs, signed, and what is shown with them.
#ifndef TIKAR_SERVER_LOG_SERVICE_H_
#define TIKAR_SERVER_LOG_SERVICE_H_

#include <grpcpp/impl/codegen/service_type.h>

#include <cstddef>
#include <functional>
#include <memory>

#include "server/engine/engine.h"
#include "server/identity.h"

namespace tikar::server {

// Entries that one page of VerifyLog reads: some ten milliseconds, so that officers do not wait
// behind it.
inline constexpr size_t kVerifiedEntriesPerPage = 8 << 10;

// Signs with `identity`, which may be null: then what needs a signature is refused, with the words
// that say how to make a key. `engine` outlives the service.
std::unique_ptr<grpc::Service> MakeLogService(Engine* engine,
                                              std::shared_ptr<const Identity> identity);

}  // namespace tikar::server

#endif  // TIKAR_SERVER_LOG_SERVICE_H_
