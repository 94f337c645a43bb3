// How a unary call runs: never on gRPC's threads, always bounded, always finished once.
#ifndef TIKAR_SERVER_UNARY_H_
#define TIKAR_SERVER_UNARY_H_

#include <grpcpp/grpcpp.h>

#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "server/engine/engine.h"
#include "sync/query.h"
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

struct CommandCall {
  // Checks the call and says what the Replica is to do; on a thread for reads. An empty Command:
  // nothing. `bytes` is what it holds in memory.
  struct Prepared {
    Command command;
    size_t bytes = 0;
  };
  std::function<absl::StatusOr<Prepared>(const Published&)> prepare;
  // Fills the response from a version that contains what was done. On a thread for reads.
  std::function<absl::Status(const Published&)> fill;
};

// Prepares, hands over, waits until it is durable, answers. The Command may write to the response
// too: nobody else has it in hand meanwhile.
grpc::ServerUnaryReactor* RunCommand(Engine* engine, grpc::CallbackServerContext* context,
                                     CommandCall call);

// Finishes at once.
grpc::ServerUnaryReactor* FinishNow(grpc::CallbackServerContext* context,
                                    const absl::Status& status);

// InvalidArgument: no name of an actor, or one that is the servers' own.
absl::Status CheckActor(std::string_view actor);

// Of `method` by `actor` under the UUID `request_id`. InvalidArgument when these are none.
absl::StatusOr<std::string> IdempotencyKey(std::string_view method, std::string_view actor,
                                           std::string_view request_id);

// 0 is `page_size_default`; InvalidArgument above kPageSizeMax.
absl::StatusOr<size_t> PageSize(uint32_t asked, uint32_t page_size_default);

// Page tokens that work only with the arguments they were made for. `arguments`: all but token and
// size.
std::string BindToken(std::string_view token, std::string_view arguments);
absl::StatusOr<std::string> UnbindToken(std::string_view bound, std::string_view arguments);

// What a list reads for a call with this size and (bound) token, within kPageBytesMax.
// InvalidArgument as PageSize and UnbindToken.
absl::StatusOr<sync::PageQuery> PageOf(uint32_t size, uint32_t size_default,
                                       std::string_view bound_token, std::string_view arguments);

}  // namespace tikar::server

#endif  // TIKAR_SERVER_UNARY_H_
