#include "server/unary.h"

#include <cctype>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/engine/failure.h"
#include "server/engine/log.h"
#include "server/errors.h"
#include "sync/limits.h"
#include "sync/names.h"
#include "sync/replica.h"
#include "sync/status_macros.h"

namespace tikar::server {
namespace {

using sync::AbslView;

// The call must have been counted.
void Finish(Engine& engine, grpc::ServerUnaryReactor* reactor, const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kDataLoss:
    case absl::StatusCode::kInternal:
    case absl::StatusCode::kUnknown:
      Log(Level::kError, "call failed", {{"reason", status.ToString()}});
      break;
    default:
      break;
  }
  reactor->Finish(ToGrpc(status));
  engine.calls().End();
}

// One unary write on its way. Shared by whoever has it in hand.
struct PendingWrite {
  Engine& engine;
  grpc::ServerUnaryReactor* reactor;
  WriteCall call;

  void Answer(const Published& published, const Written& written) {
    Finish(engine, reactor,
           written.verdict == v1::VERDICT_VOID ? Refused(v1::REFUSAL_REASON_UNSPECIFIED, {})
                                               : call.fill(published, written));
  }
};

Written FromRecord(const sync::IdempotencyRecord& record) {
  return {record.request, record.change, record.verdict};
}

void OnCommitted(const std::shared_ptr<PendingWrite>& write, TaskResult result) {
  if (!result.status.ok()) return Finish(write->engine, write->reactor, result.status);
  Written written;
  if (result.made_earlier) {
    written = FromRecord(result.earlier);
  } else {
    const sync::SubmissionResult& one = result.results.front();
    if (one.verdict == v1::VERDICT_VOID) {
      return Finish(write->engine, write->reactor, Refused(one.reason, one.violations));
    }
    written = {{one.region, one.request_id}, one.change_id, one.verdict};
  }
  write->engine.readers().Post([write, written, published = std::move(result.published)] {
    write->Answer(*published, written);
  });
}

void AuthorAndSubmit(const std::shared_ptr<PendingWrite>& write) {
  const std::shared_ptr<const Published> published = write->engine.sequencer().Current();
  if (published == nullptr) {
    return Finish(write->engine, write->reactor,
                  StoreOpening(write->engine.jitter_ms(kRetryOverloadedMs)));
  }
  const auto earlier = sync::FindIdempotent(*published->reader, write->call.idempotency_key);
  if (!earlier.ok()) return Finish(write->engine, write->reactor, earlier.status());
  if (earlier->has_value()) return write->Answer(*published, FromRecord(**earlier));
  absl::StatusOr<v1::ChangeBody> body = write->call.author(*published);
  if (!body.ok()) return Finish(write->engine, write->reactor, body.status());
  // The same call makes the same nonce: no second source of randomness is needed, for the key is
  // unique.
  body->set_nonce(
      std::string(sync::Sha256(write->call.idempotency_key).view().substr(0, sync::kNonceBytes)));
  body->clear_hlc();
  const absl::Status taken = write->engine.sequencer().Author(
      {*std::move(body), write->call.idempotency_key},
      [write](TaskResult result) { OnCommitted(write, std::move(result)); });
  if (!taken.ok()) Finish(write->engine, write->reactor, taken);
}

}  // namespace

grpc::ServerUnaryReactor* FinishNow(grpc::CallbackServerContext* context,
                                    const absl::Status& status) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  reactor->Finish(ToGrpc(status));
  return reactor;
}

grpc::ServerUnaryReactor* RunRead(Engine* engine, grpc::CallbackServerContext* context,
                                  std::function<absl::Status(const Published&)> read) {
  if (!engine->calls().Begin()) {
    return FinishNow(context, Stopping(engine->jitter_ms(kRetryStoppingMs)));
  }
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  const bool taken = engine->readers().TryPost([engine, reactor, read = std::move(read)] {
    const std::shared_ptr<const Published> published = engine->sequencer().Current();
    Finish(*engine, reactor,
           published == nullptr ? StoreOpening(engine->jitter_ms(kRetryOverloadedMs))
                                : read(*published));
  });
  if (!taken) {
    Finish(*engine, reactor, Overloaded("calls waiting", engine->jitter_ms(kRetryOverloadedMs)));
  }
  return reactor;
}

grpc::ServerUnaryReactor* RunWrite(Engine* engine, grpc::CallbackServerContext* context,
                                   WriteCall call) {
  if (!engine->calls().Begin()) {
    return FinishNow(context, Stopping(engine->jitter_ms(kRetryStoppingMs)));
  }
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  auto write = std::make_shared<PendingWrite>(PendingWrite{*engine, reactor, std::move(call)});
  if (!engine->readers().TryPost([write] { AuthorAndSubmit(write); })) {
    Finish(*engine, reactor, Overloaded("calls waiting", engine->jitter_ms(kRetryOverloadedMs)));
  }
  return reactor;
}

grpc::ServerUnaryReactor* RunCommand(Engine* engine, grpc::CallbackServerContext* context,
                                     CommandCall call) {
  if (!engine->calls().Begin()) {
    return FinishNow(context, Stopping(engine->jitter_ms(kRetryStoppingMs)));
  }
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  const bool taken = engine->readers().TryPost([engine, reactor, call = std::move(call)] {
    const std::shared_ptr<const Published> published = engine->sequencer().Current();
    if (published == nullptr) {
      return Finish(*engine, reactor, StoreOpening(engine->jitter_ms(kRetryOverloadedMs)));
    }
    absl::StatusOr<CommandCall::Prepared> prepared = call.prepare(*published);
    if (!prepared.ok()) return Finish(*engine, reactor, prepared.status());
    if (prepared->command == nullptr) return Finish(*engine, reactor, call.fill(*published));
    const absl::Status handed = engine->sequencer().Run(
        std::move(prepared->command), prepared->bytes,
        [engine, reactor, fill = call.fill](TaskResult result) {
          if (!result.status.ok()) return Finish(*engine, reactor, result.status);
          engine->readers().Post([engine, reactor, fill, published = result.published] {
            Finish(*engine, reactor, fill(*published));
          });
        });
    if (!handed.ok()) Finish(*engine, reactor, handed);
  });
  if (!taken) {
    Finish(*engine, reactor, Overloaded("calls waiting", engine->jitter_ms(kRetryOverloadedMs)));
  }
  return reactor;
}

absl::Status CheckActor(std::string_view actor) {
  if (!sync::IsActorName(actor)) {
    return Malformed("actor", "actor_format",
                     "Nama pelaku harus 1 sampai 64 karakter dari [a-z0-9._-/].",
                     "the actor must be 1 to 64 characters of [a-z0-9._-/]");
  }
  if (actor == sync::kTimerActor) {
    return Malformed("actor", "actor_reserved",
                     "Nama \"timer\" milik server sendiri. Pakai nama lain.",
                     "the name \"timer\" is the servers' own; use another one");
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> IdempotencyKey(std::string_view method, std::string_view actor,
                                           std::string_view request_id) {
  RETURN_IF_ERROR(CheckActor(actor));
  bool good = request_id.size() == 36;
  for (size_t i = 0; good && i < request_id.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    good =
        dash ? request_id[i] == '-' : std::isxdigit(static_cast<unsigned char>(request_id[i])) != 0;
  }
  if (!good) {
    return Malformed("request_id", "request_id_format",
                     "request_id harus UUID, misalnya 6f1c0a52-5a0e-4d0e-9b7a-0d4c3d1e2f30.",
                     "request_id must be a UUID, such as 6f1c0a52-5a0e-4d0e-9b7a-0d4c3d1e2f30");
  }
  return absl::StrCat(AbslView(method), "\n", AbslView(actor), "\n", AbslView(request_id));
}

absl::StatusOr<size_t> PageSize(uint32_t asked, uint32_t page_size_default) {
  if (asked > kPageSizeMax) {
    return Malformed("page_size", "page_size_too_large", "page_size paling besar 1.000.",
                     "page_size is at most 1,000");
  }
  return asked == 0 ? page_size_default : asked;
}

namespace {

// 8 bytes are enough to notice a mistake; a token gives no rights, so nobody gains by forging one.
std::string ArgumentsMark(std::string_view arguments) {
  return sync::Sha256(arguments).hex().substr(0, 16);
}

}  // namespace

std::string BindToken(std::string_view token, std::string_view arguments) {
  if (token.empty()) return "";
  return absl::StrCat(ArgumentsMark(arguments), AbslView(token));
}

absl::StatusOr<std::string> UnbindToken(std::string_view bound, std::string_view arguments) {
  if (bound.empty()) return std::string();
  const std::string mark = ArgumentsMark(arguments);
  if (bound.size() > kPageTokenBytesMax || bound.substr(0, mark.size()) != mark) {
    return Malformed("page_token", "page_token_mismatch",
                     "page_token bukan dari halaman sebelumnya dengan argumen yang sama.",
                     "page_token is not from the page before with the same arguments");
  }
  return std::string(bound.substr(mark.size()));
}

absl::StatusOr<sync::PageQuery> PageOf(uint32_t size, uint32_t size_default,
                                       std::string_view bound_token, std::string_view arguments) {
  sync::PageQuery page;
  ASSIGN_OR_RETURN(page.size, PageSize(size, size_default));
  ASSIGN_OR_RETURN(page.token, UnbindToken(bound_token, arguments));
  // The page's own token, and what encloses it.
  page.bytes_max = kPageBytesMax - 2 * kPageTokenBytesMax;
  return page;
}

}  // namespace tikar::server
