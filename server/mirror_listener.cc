#include "server/mirror_listener.h"

#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/impl/server_builder_option.h>
#include <grpcpp/impl/server_builder_plugin.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "server/transport.h"

namespace tikar::server {
namespace {

// Reflection and channelz are switched on for every server of the process. Not for this one:
// whoever runs another node has no business with what this one's phones do.
class WithoutPlugins final : public grpc::ServerBuilderOption {
 public:
  void UpdateArguments(grpc::ChannelArguments*) override {}
  void UpdatePlugins(std::vector<std::unique_ptr<grpc::ServerBuilderPlugin>>* plugins) override {
    plugins->clear();
  }
};

}  // namespace

absl::StatusOr<std::unique_ptr<MirrorListener>> MirrorListener::Start(
    const std::string& address, const MirrorCredentials& credentials,
    std::vector<NamedService> services) {
  std::unique_ptr<MirrorListener> listener(new MirrorListener(std::move(services)));
  grpc::EnableDefaultHealthCheckService(true);
  grpc::ServerBuilder builder;
  SetUpTransport(builder);
  builder.SetOption(std::make_unique<WithoutPlugins>());
  int port = 0;
  builder.AddListeningPort(address, credentials.server(), &port);
  for (const NamedService& service : listener->services_) {
    builder.RegisterService(service.service.get());
  }
  listener->grpc_ = builder.BuildAndStart();
  if (listener->grpc_ == nullptr || port == 0) {
    return absl::UnavailableError(absl::StrCat("cannot listen for other nodes on ", address,
                                               "; give another address with --mirror-listen"));
  }
  listener->address_ = absl::StrCat(address.substr(0, address.rfind(':')), ":", port);
  for (const NamedService& service : listener->services_) {
    listener->grpc_->GetHealthCheckService()->SetServingStatus(service.name, true);
  }
  return listener;
}

MirrorListener::~MirrorListener() { Stop(std::chrono::system_clock::now()); }

void MirrorListener::BeginStop() { grpc_->GetHealthCheckService()->Shutdown(); }

void MirrorListener::Stop(std::chrono::system_clock::time_point deadline) {
  if (grpc_ == nullptr) return;
  grpc_->Shutdown(deadline);
  grpc_->Wait();
  grpc_ = nullptr;
}

}  // namespace tikar::server
