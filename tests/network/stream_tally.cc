#include "stream_tally.h"

#include <grpcpp/grpcpp.h>
#include <grpcpp/impl/codegen/proto_utils.h>
#include <grpcpp/support/client_interceptor.h>

#include <algorithm>
#include <string_view>
#include <vector>

#include "clients/cpp/sync_runner.h"

namespace tikar::network {
namespace {

namespace experimental = grpc::experimental;

// gRPC's own, before each message.
constexpr uint64_t kPrefixBytes = 5;

class TallyInterceptor : public experimental::Interceptor {
 public:
  explicit TallyInterceptor(std::shared_ptr<StreamTally> tally) : tally_(std::move(tally)) {}

  void Intercept(experimental::InterceptorBatchMethods* methods) override {
    using experimental::InterceptionHookPoints;
    if (methods->QueryInterceptionHookPoint(InterceptionHookPoints::PRE_SEND_MESSAGE)) {
      v1::SyncRequest message;
      grpc::ByteBuffer bytes = *methods->GetSerializedSendMessage();
      if (grpc::SerializationTraits<v1::SyncRequest>::Deserialize(&bytes, &message).ok()) {
        tally_->Sent(message);
      }
    }
    if (methods->QueryInterceptionHookPoint(InterceptionHookPoints::POST_RECV_MESSAGE)) {
      // Null at the end of the stream.
      const auto* message = static_cast<const v1::SyncResponse*>(methods->GetRecvMessage());
      if (message != nullptr) tally_->Received(*message);
    }
    methods->Proceed();
  }

 private:
  const std::shared_ptr<StreamTally> tally_;
};

class TallyFactory : public experimental::ClientInterceptorFactoryInterface {
 public:
  explicit TallyFactory(std::shared_ptr<StreamTally> tally) : tally_(std::move(tally)) {}

  experimental::Interceptor* CreateClientInterceptor(experimental::ClientRpcInfo* info) override {
    if (std::string_view(info->method()) != "/tikar.v1.SyncService/Sync") return nullptr;
    return new TallyInterceptor(tally_);
  }

 private:
  const std::shared_ptr<StreamTally> tally_;
};

}  // namespace

void StreamTally::Sent(const v1::SyncRequest& message) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const uint64_t bytes = message.ByteSizeLong() + kPrefixBytes;
  count_.bytes_up += bytes;
  if (message.has_hello()) ++count_.streams;
  if (!message.has_push()) return;
  ++count_.pushes;
  count_.push_bytes_max = std::max(count_.push_bytes_max, bytes);
  for (const v1::Change& change : message.push().changes()) {
    if (!changes_sent_.insert(change.body()).second) {
      count_.changes_again_bytes += change.body().size();
    }
  }
}

void StreamTally::Received(const v1::SyncResponse& message) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const uint64_t bytes = message.ByteSizeLong() + kPrefixBytes;
  count_.bytes_down += bytes;
  if (!message.has_batch()) return;
  ++count_.batches;
  count_.batch_bytes_max = std::max(count_.batch_bytes_max, bytes);
  for (const v1::Request& request : message.batch().requests()) {
    if (!states_received_.insert({request.name(), request.state_digest()}).second) {
      count_.requests_again_bytes += request.ByteSizeLong();
    }
  }
}

StreamCount StreamTally::count() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return count_;
}

std::shared_ptr<grpc::Channel> MakeTalliedChannel(const std::string& server,
                                                  std::shared_ptr<StreamTally> tally) {
  std::vector<std::unique_ptr<experimental::ClientInterceptorFactoryInterface>> factories;
  factories.push_back(std::make_unique<TallyFactory>(std::move(tally)));
  return experimental::CreateCustomChannelWithInterceptors(
      server, grpc::InsecureChannelCredentials(), client::MakeChannelArguments(),
      std::move(factories));
}

}  // namespace tikar::network
