#include "clients/fieldsim/wire_log.h"

#include <grpcpp/grpcpp.h>
#include <grpcpp/support/client_interceptor.h>

#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "clients/cpp/sync_runner.h"

namespace tikar::fieldsim {
namespace {

constexpr uint64_t kMessagePrefixBytes = 5;

namespace experimental = grpc::experimental;

class SyncInterceptor : public experimental::Interceptor {
 public:
  explicit SyncInterceptor(std::shared_ptr<WireLog> log) : log_(std::move(log)) {}

  void Intercept(experimental::InterceptorBatchMethods* methods) override {
    using experimental::InterceptionHookPoints;
    if (methods->QueryInterceptionHookPoint(InterceptionHookPoints::PRE_SEND_MESSAGE)) {
      log_->Sent(methods->GetSerializedSendMessage()->Length());
    }
    if (methods->QueryInterceptionHookPoint(InterceptionHookPoints::POST_RECV_MESSAGE)) {
      // Null at the end of the stream. Of the Sync call it is this type.
      const auto* message = static_cast<const v1::SyncResponse*>(methods->GetRecvMessage());
      if (message != nullptr) log_->Received(*message);
    }
    methods->Proceed();
  }

 private:
  const std::shared_ptr<WireLog> log_;
};

class SyncInterceptorFactory : public experimental::ClientInterceptorFactoryInterface {
 public:
  explicit SyncInterceptorFactory(std::shared_ptr<WireLog> log) : log_(std::move(log)) {}

  experimental::Interceptor* CreateClientInterceptor(experimental::ClientRpcInfo* info) override {
    // What a phone asks the catalogue is another type.
    if (std::string_view(info->method()) != "/tikar.v1.SyncService/Sync") return nullptr;
    return new SyncInterceptor(log_);
  }

 private:
  const std::shared_ptr<WireLog> log_;
};

}  // namespace

void WireLog::Sent(uint64_t bytes) {
  const std::lock_guard<std::mutex> lock(mutex_);
  bytes_up_ += bytes + kMessagePrefixBytes;
}

void WireLog::Received(const v1::SyncResponse& message) {
  const std::lock_guard<std::mutex> lock(mutex_);
  bytes_down_ += message.ByteSizeLong() + kMessagePrefixBytes;
  for (const v1::ChangeResult& result : message.push_result().results()) {
    const std::optional<sync::ChangeId> id = sync::ChangeId::FromBytes(result.change_id());
    if (!id) continue;  // the session gives up a server that answers so
    Answers& answers = answers_[*id];
    answers.verdict = result.verdict();
    answers.refusal = result.violations().empty() ? "" : result.violations(0).message_en();
    answers.places.insert({result.region(), result.origin(), result.seq()});
  }
}

uint64_t WireLog::bytes_up() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return bytes_up_;
}

uint64_t WireLog::bytes_down() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return bytes_down_;
}

std::map<sync::ChangeId, Answers> WireLog::answers() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return answers_;
}

std::shared_ptr<grpc::Channel> MakeLoggedChannel(const std::string& server,
                                                 std::shared_ptr<WireLog> log) {
  std::vector<std::unique_ptr<experimental::ClientInterceptorFactoryInterface>> factories;
  factories.push_back(std::make_unique<SyncInterceptorFactory>(std::move(log)));
  return experimental::CreateCustomChannelWithInterceptors(
      server, grpc::InsecureChannelCredentials(), client::MakeChannelArguments(),
      std::move(factories));
}

}  // namespace tikar::fieldsim
