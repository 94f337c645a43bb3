#include <grpcpp/grpcpp.h>

#include <memory>
#include <utility>

#include "server/engine/failure.h"
#include "server/engine/mirror_session.h"
#include "server/errors.h"
#include "server/mirror_credentials.h"
#include "server/mirror_options.h"
#include "server/services.h"
#include "tikar/v1/mirror_service.grpc.pb.h"

namespace tikar::server {
namespace {

using Reactor = grpc::ServerBidiReactor<v1::ReplicateRequest, v1::ReplicateResponse>;

// Carries events between gRPC and a MirrorSession. Deletes itself when the call is over.
class MirrorReactor final : public Reactor, public MirrorTransport {
 public:
  MirrorReactor(Engine* engine, grpc::CallbackServerContext* context, MirrorSessionOptions options)
      : engine_(*engine),
        context_(*context),
        session_(std::make_shared<MirrorSession>(engine, this, std::move(options))) {}

  void Begin() {
    counted_ = engine_.calls().Begin();
    admitted_ = counted_ && engine_.sessions().Add(session_);
    if (admitted_) {
      session_->Start();
      return;
    }
    const absl::Status refused = !counted_ || engine_.sessions().stopping()
                                     ? Stopping(engine_.jitter_ms(kRetryStoppingMs))
                                     : Overloaded("streams", engine_.jitter_ms(kRetryOverloadedMs));
    Reactor::Finish(ToGrpc(refused));
  }

  // MirrorTransport:
  void Read() override { StartRead(&request_); }
  void Write(v1::MirrorMessage message) override {
    response_.mutable_message()->Swap(&message);
    StartWrite(&response_);
  }
  void Finish(const absl::Status& status) override { Reactor::Finish(ToGrpc(status)); }
  void Cancel() override { context_.TryCancel(); }

  // ServerBidiReactor:
  void OnReadDone(bool ok) override {
    v1::MirrorMessage message;
    if (ok) message.Swap(request_.mutable_message());
    session_->OnRead(ok, std::move(message));
  }
  void OnWriteDone(bool ok) override { session_->OnWritten(ok); }
  void OnCancel() override {
    if (admitted_) session_->OnCancel();
  }
  void OnDone() override {
    if (admitted_) engine_.sessions().Remove(session_);
    if (counted_) engine_.calls().End();
    delete this;
  }

 private:
  Engine& engine_;
  grpc::CallbackServerContext& context_;
  const std::shared_ptr<MirrorSession> session_;
  bool counted_ = false;
  bool admitted_ = false;
  v1::ReplicateRequest request_;
  v1::ReplicateResponse response_;
};

class Refusal final : public Reactor {
 public:
  explicit Refusal(const absl::Status& status) { Finish(ToGrpc(status)); }
  void OnDone() override { delete this; }
};

class MirrorService final : public v1::MirrorService::CallbackService {
 public:
  MirrorService(Engine* engine, const MirrorOptions& options)
      : engine_(engine), options_(options) {}

  Reactor* Replicate(grpc::CallbackServerContext* context) override {
    MirrorSessionOptions options;
    options.node = options_.node;
    options.regions = options_.regions;
    if (options_.identity != nullptr) {
      const absl::StatusOr<PeerIdentity> peer = PeerOf(*context->auth_context());
      if (!peer.ok()) return new Refusal(WrongPeer(sync::StdView(peer.status().message())));
      // The name that it says must be the one that it proved.
      options.peer = peer->name;
    }
    auto* reactor = new MirrorReactor(engine_, context, std::move(options));
    reactor->Begin();
    return reactor;
  }

 private:
  Engine* const engine_;
  const MirrorOptions options_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeMirrorService(Engine* engine, const MirrorOptions& options) {
  return std::make_unique<MirrorService>(engine, options);
}

}  // namespace tikar::server
