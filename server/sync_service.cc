#include <grpcpp/grpcpp.h>

#include <memory>

#include "server/engine/failure.h"
#include "server/engine/sync_session.h"
#include "server/errors.h"
#include "server/services.h"
#include "tikar/v1/sync_service.grpc.pb.h"

namespace tikar::server {
namespace {

// Carries events between gRPC and a SyncSession. Deletes itself when the call is over.
class SyncReactor final : public grpc::ServerBidiReactor<v1::SyncRequest, v1::SyncResponse>,
                          public SyncTransport {
 public:
  SyncReactor(Engine* engine, grpc::CallbackServerContext* context)
      : engine_(*engine),
        context_(*context),
        session_(std::make_shared<SyncSession>(engine, this)) {}

  void Begin() {
    counted_ = engine_.calls().Begin();
    if (counted_ && engine_.sessions().Add(session_)) {
      session_->Start();
      return;
    }
    admitted_ = false;
    const absl::Status refused = !counted_ || engine_.sessions().stopping()
                                     ? Stopping(engine_.jitter_ms(kRetryStoppingMs))
                                     : Overloaded("streams", engine_.jitter_ms(kRetryOverloadedMs));
    grpc::ServerBidiReactor<v1::SyncRequest, v1::SyncResponse>::Finish(ToGrpc(refused));
  }

  // SyncTransport:
  void Read() override { StartRead(&request_); }
  void Write(const v1::SyncResponse& response) override { StartWrite(&response); }
  void Finish(const absl::Status& status) override {
    grpc::ServerBidiReactor<v1::SyncRequest, v1::SyncResponse>::Finish(ToGrpc(status));
  }
  void Cancel() override { context_.TryCancel(); }

  // ServerBidiReactor:
  void OnReadDone(bool ok) override {
    if (admitted_) session_->OnRead(ok, request_);
  }
  void OnWriteDone(bool ok) override { session_->OnWritten(ok); }
  void OnCancel() override {
    if (admitted_) session_->OnCancel();
  }
  void OnDone() override {
    engine_.sessions().Remove(session_);
    if (counted_) engine_.calls().End();
    delete this;
  }

 private:
  Engine& engine_;
  grpc::CallbackServerContext& context_;
  const std::shared_ptr<SyncSession> session_;
  bool admitted_ = true;
  bool counted_ = false;
  v1::SyncRequest request_;
};

class SyncService final : public v1::SyncService::CallbackService {
 public:
  explicit SyncService(Engine* engine) : engine_(engine) {}

  grpc::ServerBidiReactor<v1::SyncRequest, v1::SyncResponse>* Sync(
      grpc::CallbackServerContext* context) override {
    auto* reactor = new SyncReactor(engine_, context);
    reactor->Begin();
    return reactor;
  }

 private:
  Engine* const engine_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeSyncService(Engine* engine) {
  return std::make_unique<SyncService>(engine);
}

}  // namespace tikar::server
