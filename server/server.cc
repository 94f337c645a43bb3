#include "server/server.h"

#include <arpa/inet.h>
#include <grpcpp/ext/channelz_service_plugin.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/resource_quota.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <future>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "grpc/health/v1/health.pb.h"
#include "server/engine/limits.h"
#include "server/engine/log.h"
#include "server/services.h"
#include "sync/status_macros.h"

namespace tikar::server {
namespace {

constexpr const char* kServices[] = {"tikar.v1.SyncService",     "tikar.v1.RequestService",
                                     "tikar.v1.ConflictService", "tikar.v1.CatalogService",
                                     "tikar.v1.StatusService",   "tikar.v1.InboxService",
                                     "tikar.v1.ReportService"};

// Keepalive, milliseconds. A phone pings every 120 s at most: more often wakes its radio for
// nothing. Both ends must agree, or gRPC takes pings for abuse and hangs up.
constexpr int kPingMs = 120'000;
constexpr int kPingTimeoutMs = 60'000;
constexpr int kPingIntervalMsMin = 60'000;
// From the last answer to the end of connections, milliseconds.
constexpr int64_t kFlushMs = 500;
// Streams of one connection; a phone has one, a gateway for many has hundreds.
constexpr int kStreamsPerConnectionMax = 1'000;
// What gRPC itself may hold for messages on their way, bytes.
constexpr size_t kTransportBytesMax = 512 << 20;

void SetUpChannel(grpc::ServerBuilder& builder) {
  builder.SetMaxReceiveMessageSize(static_cast<int>(kMessageBytesMax));
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, kPingMs);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kPingTimeoutMs);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
                             kPingIntervalMsMin);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kStreamsPerConnectionMax);
  // A second server on the same port must fail and not share its phones.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  grpc::ResourceQuota quota("tikard");
  quota.Resize(kTransportBytesMax);
  builder.SetResourceQuota(quota);
}

// Unavailable when somebody has the port of `address`, as LoopbackAddress gives it. gRPC finds that
// out too, but only once the store is open, and does not say why.
absl::Status CheckPortIsFree(const std::string& address) {
  const size_t colon = address.rfind(':');
  const bool is_v6 = address.front() == '[';
  uint32_t port = 0;
  CHECK(absl::SimpleAtoi(address.substr(colon + 1), &port));
  if (port == 0) return absl::OkStatus();
  sockaddr_in v4 = {};
  v4.sin_family = AF_INET;
  v4.sin_port = htons(static_cast<uint16_t>(port));
  sockaddr_in6 v6 = {};
  v6.sin6_family = AF_INET6;
  v6.sin6_port = v4.sin_port;
  v6.sin6_addr = in6addr_loopback;
  if (!is_v6) CHECK(inet_pton(AF_INET, address.substr(0, colon).c_str(), &v4.sin_addr) == 1);
  const int probe = socket(is_v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  // As gRPC does it: connections that ended a moment ago are in nobody's way.
  const int reuse = 1;
  int error = 0;
  if (probe < 0 || setsockopt(probe, SOL_SOCKET, SO_REUSEADDR, &reuse, sizeof(reuse)) != 0 ||
      (is_v6 ? bind(probe, reinterpret_cast<const sockaddr*>(&v6), sizeof(v6))
             : bind(probe, reinterpret_cast<const sockaddr*>(&v4), sizeof(v4))) != 0) {
    error = errno;
  }
  if (probe >= 0) close(probe);
  if (error == 0) return absl::OkStatus();
  if (error == EADDRINUSE) {
    return absl::UnavailableError(
        absl::StrCat("port ", port, " is in use by another program; give another with --listen"));
  }
  return absl::UnavailableError(
      absl::StrCat("cannot listen on ", address, ": ", std::strerror(error)));
}

// Until the sequencer has answered.
absl::Status AddDefinition(Sequencer& sequencer, const std::string& bytes) {
  auto done = std::make_shared<std::promise<absl::Status>>();
  std::future<absl::Status> status = done->get_future();
  RETURN_IF_ERROR(sequencer.AddDefinition(
      bytes, [done](TaskResult result) { done->set_value(result.status); }));
  return status.get();
}

}  // namespace

absl::StatusOr<std::string> LoopbackAddress(const std::string& listen) {
  const size_t colon = listen.rfind(':');
  const std::string usage =
      absl::StrCat("cannot listen on \"", listen,
                   "\": give a loopback address and a port, such as 127.0.0.1:50151 or [::1]:0");
  if (colon == std::string::npos) return absl::InvalidArgumentError(usage);
  std::string host = listen.substr(0, colon);
  int port = -1;
  if (!absl::SimpleAtoi(listen.substr(colon + 1), &port) || port < 0 || port > 65535) {
    return absl::InvalidArgumentError(usage);
  }
  if (host == "localhost") host = "127.0.0.1";
  if (host == "[::1]") return absl::StrCat(host, ":", port);
  in_addr address = {};
  if (inet_pton(AF_INET, host.c_str(), &address) == 1 && ntohl(address.s_addr) >> 24 == 127) {
    return absl::StrCat(host, ":", port);
  }
  return absl::InvalidArgumentError(
      absl::StrCat(usage,
                   ". Without TLS and enrolled devices, which come in a later version, anybody who "
                   "reaches the port could read and write everything"));
}

Server::Server(ServerOptions options) : options_(std::move(options)) {}

absl::StatusOr<std::unique_ptr<Server>> Server::Start(ServerOptions options) {
  ASSIGN_OR_RETURN(options.listen, LoopbackAddress(options.listen));
  // Said before anything is made.
  RETURN_IF_ERROR(CheckPortIsFree(options.listen));
  std::unique_ptr<Server> server(new Server(std::move(options)));
  server->options_.engine.sequencer.replica.knows_area =
      [areas = &server->options_.catalog.areas](std::string_view code) {
        return areas->Permits(code);
      };
  server->options_.engine.calendar = server->options_.catalog.calendar;
  server->options_.engine.catalogue_offers = NewestOf(server->options_.catalog.definitions);
  ASSIGN_OR_RETURN(server->engine_, Engine::Start(server->options_.engine));
  RETURN_IF_ERROR(server->PublishDefinitions());
  RETURN_IF_ERROR(server->Listen());
  return server;
}

Server::~Server() { Stop().IgnoreError(); }

absl::Status Server::PublishDefinitions() {
  for (const std::string& bytes : options_.catalog.definitions) {
    RETURN_IF_ERROR(AddDefinition(engine_->sequencer(), bytes));
  }
  return absl::OkStatus();
}

absl::Status Server::Listen() {
  // The linker drops what nobody names, and reflection could not describe the health service.
  CHECK(grpc::health::v1::HealthCheckRequest::descriptor() != nullptr);
  grpc::EnableDefaultHealthCheckService(true);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  grpc::channelz::experimental::InitChannelzService();

  services_.push_back(MakeSyncService(engine_.get()));
  services_.push_back(MakeRequestService(engine_.get(), &options_.catalog));
  services_.push_back(MakeConflictService(engine_.get()));
  services_.push_back(MakeCatalogService(engine_.get(), &options_.catalog));
  services_.push_back(MakeInboxService(engine_.get()));
  services_.push_back(MakeReportService(engine_.get()));
  services_.push_back(MakeStatusService(engine_.get(), &options_.catalog, options_.data_directory,
                                        options_.table_files));

  grpc::ServerBuilder builder;
  SetUpChannel(builder);
  builder.AddListeningPort(options_.listen, grpc::InsecureServerCredentials(), &port_);
  for (const auto& service : services_) builder.RegisterService(service.get());
  grpc_ = builder.BuildAndStart();
  if (grpc_ == nullptr || port_ == 0) {
    return absl::UnavailableError(
        absl::StrCat("cannot listen on ", options_.listen, "; give another address with --listen"));
  }
  address_ = absl::StrCat(options_.listen.substr(0, options_.listen.rfind(':')), ":", port_);
  for (const char* service : kServices) {
    grpc_->GetHealthCheckService()->SetServingStatus(service, true);
  }
  return absl::OkStatus();
}

absl::Status Server::Stop() {
  if (stopped_) return absl::OkStatus();
  stopped_ = true;
  if (grpc_ != nullptr) {
    // NOT_SERVING for every service and the whole.
    grpc_->GetHealthCheckService()->Shutdown();
    engine_->BeginStop();
    if (!engine_->calls().WaitForNone(options_.drain_ms)) {
      Log(Level::kWarning, "calls did not end in time, cutting them");
    }
    // What was answered still has to leave; health watchers and idle connections are not waited
    // for.
    grpc_->Shutdown(std::chrono::system_clock::now() + std::chrono::milliseconds(kFlushMs));
    grpc_->Wait();
    grpc_ = nullptr;
  }
  return engine_ == nullptr ? absl::OkStatus() : engine_->Stop();
}

}  // namespace tikar::server
