#include "server/watch.h"

#include <memory>
#include <utility>

#include "server/engine/failure.h"
#include "server/engine/watch_session.h"
#include "server/errors.h"

namespace tikar::server {
namespace {

// Carries events between gRPC and a WatchSession. Deletes itself when the call is over.
class Watch final : public WatchReactor, public WatchTransport {
 public:
  Watch(Engine* engine, grpc::CallbackServerContext* context, std::vector<std::string> scope,
        const v1::RequestFilter& filter, const std::string& resume_token)
      : engine_(*engine),
        context_(*context),
        session_(
            std::make_shared<WatchSession>(engine, this, std::move(scope), filter, resume_token)) {}

  void Start() {
    counted_ = engine_.calls().Begin();
    admitted_ = counted_ && engine_.sessions().Add(session_);
    if (admitted_) {
      session_->Start();
      return;
    }
    const absl::Status refused = !counted_ || engine_.sessions().stopping()
                                     ? Stopping(engine_.jitter_ms(kRetryStoppingMs))
                                     : Overloaded("streams", engine_.jitter_ms(kRetryOverloadedMs));
    WatchReactor::Finish(ToGrpc(refused));
  }

  // WatchTransport:
  void Begin() override { StartSendInitialMetadata(); }
  void Write(const v1::WatchRequestsResponse& response) override { StartWrite(&response); }
  void Finish(const absl::Status& status) override { WatchReactor::Finish(ToGrpc(status)); }
  void Cancel() override { context_.TryCancel(); }

  // WatchReactor:
  void OnSendInitialMetadataDone(bool ok) override { session_->OnWritten(ok); }
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
  const std::shared_ptr<WatchSession> session_;
  bool counted_ = false;
  bool admitted_ = false;
};

class Refusal final : public WatchReactor {
 public:
  explicit Refusal(const absl::Status& status) { Finish(ToGrpc(status)); }
  void OnDone() override { delete this; }
};

}  // namespace

WatchReactor* StartWatch(Engine* engine, grpc::CallbackServerContext* context,
                         std::vector<std::string> scope, const v1::RequestFilter& filter,
                         const std::string& resume_token) {
  auto* watch = new Watch(engine, context, std::move(scope), filter, resume_token);
  watch->Start();
  return watch;
}

WatchReactor* RefuseWatch(const absl::Status& status) { return new Refusal(status); }

}  // namespace tikar::server
