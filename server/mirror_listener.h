// The listener for other nodes: mutual TLS, and nothing but what nodes need of each other. No
// reflection, no channelz, none of the services for phones and admins.
#ifndef TIKAR_SERVER_MIRROR_LISTENER_H_
#define TIKAR_SERVER_MIRROR_LISTENER_H_

#include <grpcpp/grpcpp.h>
#include <grpcpp/impl/codegen/service_type.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "server/mirror_credentials.h"

namespace tikar::server {

// A service with the name under which health tells of it, as "tikar.v1.MirrorService".
struct NamedService {
  std::string name;
  std::unique_ptr<grpc::Service> service;
};

// Thread safety: Start and both stops from one thread.
class MirrorListener {
 public:
  // Listens on `address` (MirrorAddress) with the services and grpc.health.v1.Health. Unavailable:
  // somebody has the port.
  static absl::StatusOr<std::unique_ptr<MirrorListener>> Start(const std::string& address,
                                                               const MirrorCredentials& credentials,
                                                               std::vector<NamedService> services);
  ~MirrorListener();

  // Says NOT_SERVING. Calls go on.
  void BeginStop();
  // Cuts what has not ended by `deadline`. Afterwards no service is called any more.
  void Stop(std::chrono::system_clock::time_point deadline);

  // "0.0.0.0:50152", with the port that was taken.
  const std::string& address() const { return address_; }

 private:
  explicit MirrorListener(std::vector<NamedService> services) : services_(std::move(services)) {}

  // Outlive the server.
  const std::vector<NamedService> services_;
  std::unique_ptr<grpc::Server> grpc_;
  std::string address_;
};

}  // namespace tikar::server

#endif  // TIKAR_SERVER_MIRROR_LISTENER_H_
