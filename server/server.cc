#include "server/server.h"

#include <grpcpp/ext/channelz_service_plugin.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>

#include <chrono>
#include <future>
#include <utility>

#include "absl/strings/str_cat.h"
#include "grpc/health/v1/health.pb.h"
#include "server/engine/log.h"
#include "server/log_service.h"
#include "server/mirror_credentials.h"
#include "server/services.h"
#include "server/transport.h"
#include "sync/status_macros.h"

namespace tikar::server {
namespace {

constexpr const char* kServices[] = {
    "tikar.v1.SyncService",    "tikar.v1.RequestService", "tikar.v1.ConflictService",
    "tikar.v1.CatalogService", "tikar.v1.StatusService",  "tikar.v1.InboxService",
    "tikar.v1.ReportService",  "tikar.v1.BackupService",  "tikar.v1.BundleService",
    "tikar.v1.PeerService",    "tikar.v1.LogService"};

// Until the sequencer has answered.
absl::Status AddDefinition(Sequencer& sequencer, const std::string& bytes) {
  auto done = std::make_shared<std::promise<absl::Status>>();
  std::future<absl::Status> status = done->get_future();
  RETURN_IF_ERROR(sequencer.AddDefinition(
      bytes, [done](TaskResult result) { done->set_value(result.status); }));
  return status.get();
}

}  // namespace

Server::Server(ServerOptions options) : options_(std::move(options)) {}

absl::StatusOr<std::unique_ptr<Server>> Server::Start(ServerOptions options) {
  ASSIGN_OR_RETURN(options.listen, LoopbackAddress(options.listen));
  // Said before anything is made.
  RETURN_IF_ERROR(CheckPortIsFree(options.listen, "--listen"));
  if (!options.mirror_listen.empty()) {
    if (options.identity == nullptr) {
      return absl::FailedPreconditionError(
          "other nodes are let in only by mutual TLS, and this node has no identity; make one with "
          "tikard init");
    }
    ASSIGN_OR_RETURN(options.mirror_listen, MirrorAddress(options.mirror_listen));
    RETURN_IF_ERROR(CheckPortIsFree(options.mirror_listen, "--mirror-listen"));
  }
  std::unique_ptr<Server> server(new Server(std::move(options)));
  server->options_.engine.sequencer.replica.knows_area =
      [areas = &server->options_.catalog.areas](std::string_view code) {
        return areas->Permits(code);
      };
  server->options_.engine.calendar = server->options_.catalog.calendar;
  server->options_.engine.catalogue_offers = NewestOf(server->options_.catalog.definitions);
  ASSIGN_OR_RETURN(server->engine_, Engine::Start(server->options_.engine));
  RETURN_IF_ERROR(server->PublishDefinitions());
  server->options_.mirrors.identity = server->options_.identity;
  server->dialler_ = std::make_unique<MirrorDialler>(
      server->engine_.get(), server->options_.mirrors, server->options_.engine.random);
  RETURN_IF_ERROR(server->Listen());
  RETURN_IF_ERROR(server->ListenForMirrors());
  RETURN_IF_ERROR(server->dialler_->Start());
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
  BackupOptions backups = options_.backups;
  backups.data_directory = options_.data_directory;
  backups.version = options_.engine.version;
  backups.now_ms = options_.engine.sequencer.now_ms;
  services_.push_back(MakeBackupService(engine_.get(), std::move(backups)));
  services_.push_back(MakeBundleService(engine_.get(), options_.data_directory));
  services_.push_back(MakeStatusService(engine_.get(), &options_.catalog, options_.data_directory,
                                        options_.table_files));

  services_.push_back(MakePeerService(engine_.get(), dialler_.get()));
  services_.push_back(MakeLogService(engine_.get(), options_.identity));
  if (!options_.mirrors.node.empty() && options_.identity == nullptr) {
    services_.push_back(MakeMirrorService(engine_.get(), options_.mirrors));
  }

  grpc::ServerBuilder builder;
  SetUpTransport(builder);
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

absl::Status Server::ListenForMirrors() {
  if (options_.mirror_listen.empty()) return absl::OkStatus();
  std::vector<NamedService> services;
  services.push_back(
      {"tikar.v1.MirrorService", MakeMirrorService(engine_.get(), options_.mirrors)});
  ASSIGN_OR_RETURN(
      mirrors_, MirrorListener::Start(options_.mirror_listen, MirrorCredentials(*options_.identity),
                                      std::move(services)));
  return absl::OkStatus();
}

absl::Status Server::Stop() {
  if (stopped_) return absl::OkStatus();
  stopped_ = true;
  if (grpc_ != nullptr) {
    // NOT_SERVING for every service and the whole.
    grpc_->GetHealthCheckService()->Shutdown();
    if (mirrors_ != nullptr) mirrors_->BeginStop();
    engine_->BeginStop();
    dialler_->Stop();
    if (!engine_->calls().WaitForNone(options_.drain_ms)) {
      Log(Level::kWarning, "calls did not end in time, cutting them");
    }
    // What was answered still has to leave; health watchers and idle connections are not waited
    // for.
    const auto flushed = std::chrono::system_clock::now() + std::chrono::milliseconds(kFlushMs);
    if (mirrors_ != nullptr) mirrors_->Stop(flushed);
    grpc_->Shutdown(flushed);
    grpc_->Wait();
    grpc_ = nullptr;
  }
  return engine_ == nullptr ? absl::OkStatus() : engine_->Stop();
}

}  // namespace tikar::server
