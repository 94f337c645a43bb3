// How a unary call runs: never on gRPC's threads, always bounded, always finished once.
#ifndef TIKAR_SERVER_UNARY_H_
#define TIKAR_SERVER_UNARY_H_

#include <grpcpp/grpcpp.h>

#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "server/engine/engine.h"
#include "sync/types.h"
#include "tikar/v1/entry.pb.h"

namespace tikar::server {

// Runs `read` on a thread for reads, with the newest durable version, and finishes with its status.
// What `read` captures (request, response) lives until then.
grpc::ServerUnaryReactor* RunRead(Engine* engine, grpc::CallbackServerContext* context,
                                  std::function<absl::Status(const Published&)> read);

// What a unary write made.
struct Written {
  sync::RequestKey key;
  sync::ChangeId change_id;
  v1::Verdict verdict = v1::VERDICT_UNSPECIFIED;
};

struct WriteCall {
  // Names the call, for retries; see IdempotencyKey.
  std::string idempotency_key;
  // Builds the change; runs on a thread for reads, and not at all when the key made one before.
  std::function<absl::StatusOr<v1::ChangeBody>(const Published&)> author;
  // Fills the response from a version that contains the change. On a thread for reads.
  std::function<absl::Status(const Published&, const Written&)> fill;
};

// Authors, submits, waits until it is durable, answers.
grpc::ServerUnaryReactor* RunWrite(Engine* engine, grpc::CallbackServerContext* context,
                                   WriteCall call);

// Finishes at once.
grpc::ServerUnaryReactor* FinishNow(grpc::CallbackServerContext* context,
                                    const absl::Status& status);

// Of `method` by `actor` under the UUID `request_id`. InvalidArgument when these are none.
absl::StatusOr<std::string> IdempotencyKey(std::string_view method, std::string_view actor,
                                           std::string_view request_id);

// 0 is `page_size_default`; InvalidArgument above kPageSizeMax.
absl::StatusOr<size_t> PageSize(uint32_t asked, uint32_t page_size_default);

// Page tokens that work only with the arguments they were made for. `arguments`: all but token and
// size.
std::string BindToken(std::string_view token, std::string_view arguments);
absl::StatusOr<std::string> UnbindToken(std::string_view bound, std::string_view arguments);

}  // namespace tikar::server

#endif  // TIKAR_SERVER_UNARY_H_
