#include "server/mirror_call.h"

#include <atomic>
#include <utility>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "tikar/v1/mirror_service.grpc.pb.h"

namespace tikar::server {
namespace {

int64_t RetryMsOf(const grpc::Status& status) {
  google::rpc::Status details;
  if (!details.ParseFromString(status.error_details())) return 0;
  for (const auto& detail : details.details()) {
    google::rpc::RetryInfo info;
    if (!detail.UnpackTo(&info)) continue;
    return info.retry_delay().seconds() * 1'000 + info.retry_delay().nanos() / 1'000'000;
  }
  return 0;
}

// Carries events between gRPC and a MirrorSession. Deletes itself when the call is over.
class MirrorCall final
    : public grpc::ClientBidiReactor<v1::ReplicateRequest, v1::ReplicateResponse>,
      public MirrorTransport {
 public:
  MirrorCall(Engine* engine, const std::shared_ptr<grpc::Channel>& channel,
             MirrorSessionOptions options, std::function<void(MirrorCallEnd)> ended)
      : engine_(*engine),
        stub_(v1::MirrorService::NewStub(channel)),
        ended_(std::move(ended)),
        session_(std::make_shared<MirrorSession>(engine, this, std::move(options))) {}

  // Whether the call began; else this is for its owner to delete.
  bool Begin() {
    if (!engine_.calls().Begin()) return false;
    if (!engine_.sessions().Add(session_)) {
      engine_.calls().End();
      return false;
    }
    stub_->async()->Replicate(&context_, this);
    // Reads and writes are started from outside gRPC's threads: until Finish the call must not end
    // under them.
    AddHold();
    StartCall();
    session_->Start();
    return true;
  }

  std::shared_ptr<MirrorSession> session() const { return session_; }

  // MirrorTransport:
  void Read() override { StartRead(&response_); }
  void Write(v1::MirrorMessage message) override {
    request_.mutable_message()->Swap(&message);
    StartWrite(&request_);
  }
  void Finish(const absl::Status&) override {
    // Where the other side ended it, its reason is on the way.
    if (!reads_done_) context_.TryCancel();
    RemoveHold();
  }
  void Cancel() override { context_.TryCancel(); }

  // ClientBidiReactor:
  void OnReadDone(bool ok) override {
    if (!ok) reads_done_ = true;
    v1::MirrorMessage message;
    if (ok) message.Swap(response_.mutable_message());
    session_->OnRead(ok, std::move(message));
  }
  void OnWriteDone(bool ok) override { session_->OnWritten(ok); }
  void OnDone(const grpc::Status& status) override {
    MirrorCallEnd end;
    const std::optional<absl::Status> own = session_->end();
    end.status = own.has_value() ? *own
                                 : absl::Status(static_cast<absl::StatusCode>(status.error_code()),
                                                status.error_message());
    end.retry_ms = RetryMsOf(status);
    if (const auto link = session_->link(); link != nullptr) {
      end.connected_ms = std::max<int64_t>(engine_.now_ms() - link->ends().since_ms, 0);
    }
    engine_.sessions().Remove(session_);
    ended_(std::move(end));
    engine_.calls().End();
    delete this;
  }

 private:
  Engine& engine_;
  const std::unique_ptr<v1::MirrorService::Stub> stub_;
  const std::function<void(MirrorCallEnd)> ended_;
  const std::shared_ptr<MirrorSession> session_;
  grpc::ClientContext context_;
  v1::ReplicateRequest request_;
  v1::ReplicateResponse response_;
  std::atomic<bool> reads_done_{false};
};

}  // namespace

std::shared_ptr<MirrorSession> StartMirrorCall(Engine* engine,
                                               const std::shared_ptr<grpc::Channel>& channel,
                                               MirrorSessionOptions options,
                                               std::function<void(MirrorCallEnd)> ended) {
  auto call = std::make_unique<MirrorCall>(engine, channel, std::move(options), std::move(ended));
  std::shared_ptr<MirrorSession> session = call->session();
  if (!call->Begin()) return nullptr;
  call.release();  // NOLINT: it deletes itself.
  return session;
}

}  // namespace tikar::server
