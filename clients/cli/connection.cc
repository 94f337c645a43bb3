#include "clients/cli/connection.h"

#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <utility>

#include "absl/time/clock.h"
#include "clients/cli/failure.h"
#include "clients/cli/random.h"
#include "tikar/v1/backup_service.grpc.pb.h"
#include "tikar/v1/bundle_service.grpc.pb.h"
#include "tikar/v1/catalog_service.grpc.pb.h"
#include "tikar/v1/conflict_service.grpc.pb.h"
#include "tikar/v1/inbox_service.grpc.pb.h"
#include "tikar/v1/log_service.grpc.pb.h"
#include "tikar/v1/peer_service.grpc.pb.h"
#include "tikar/v1/report_service.grpc.pb.h"
#include "tikar/v1/request_service.grpc.pb.h"
#include "tikar/v1/status_service.grpc.pb.h"
#include "tikar/v1/sync_service.grpc.pb.h"

namespace tikar::cli {
namespace {

constexpr int kAttemptsMax = 4;
constexpr absl::Duration kBackoffFirst = absl::Milliseconds(100);
constexpr absl::Duration kBackoffLongest = absl::Seconds(2);

// The server counts pings more frequent than one a minute as abuse and hangs up.
constexpr int kKeepaliveTimeMs = 120'000;
constexpr int kKeepaliveTimeoutMs = 60'000;
// As clients/cpp: four round trips of 2G, and some that were lost.
constexpr int kDialMsMax = 20'000;

absl::Status ToStatus(const grpc::Status& status) {
  return StatusOfServer(status.error_code(), status.error_message(), status.error_details());
}

std::shared_ptr<grpc::Channel> MakeChannel(const std::string& server) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveTimeMs);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMs);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  // Despite its name, how long a dial may take.
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, kDialMsMax);
  // A new channel shall dial, not wait for what another one's failure left behind.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  // The server listens on loopback only, where it speaks plain text.
  return grpc::CreateCustomChannel(server, grpc::InsecureChannelCredentials(), arguments);
}

// All of an answer that comes in parts, until `part` does not want more.
template <typename Response>
absl::Status ReadParts(grpc::ClientContext& context,
                       const std::unique_ptr<grpc::ClientReader<Response>>& stream,
                       const std::function<absl::Status(const Response&)>& part) {
  Response response;
  absl::Status taken;
  while (taken.ok() && stream->Read(&response)) taken = part(response);
  if (!taken.ok()) context.TryCancel();
  const grpc::Status end = stream->Finish();
  return taken.ok() ? ToStatus(end) : taken;
}

bool IsTransient(grpc::StatusCode code) {
  return code == grpc::StatusCode::UNAVAILABLE || code == grpc::StatusCode::RESOURCE_EXHAUSTED;
}

template <typename Response, typename Stub, typename Request>
using Method = grpc::Status (Stub::*)(grpc::ClientContext*, const Request&, Response*);

template <typename Response, typename Stubs, typename Stub, typename Request>
absl::StatusOr<Response> CallWithRetries(Stubs& stubs, std::unique_ptr<Stub> Stubs::*stub,
                                         Method<Response, Stub, Request> method,
                                         const Request& request, absl::Duration timeout) {
  const absl::Time deadline = absl::Now() + timeout;
  for (int attempt = 1;; ++attempt) {
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(deadline));
    Response response;
    const grpc::Status answer = ((stubs.*stub).get()->*method)(&context, request, &response);
    if (answer.ok()) return response;
    absl::Status status = ToStatus(answer);
    const absl::Duration delay = std::max(BackoffDelay(attempt, kBackoffFirst, kBackoffLongest),
                                          RetryDelayOf(status).value_or(absl::ZeroDuration()));
    // A wait that ends after the deadline would only turn the reason into a DEADLINE_EXCEEDED.
    if (!IsTransient(answer.error_code()) || attempt == kAttemptsMax ||
        absl::Now() + delay >= deadline) {
      return status;
    }
    absl::SleepFor(delay);
    // A channel that failed to connect fails further calls until it has connected in its own time.
    // Ours is the time that counts: a server that restarted is reached with the next attempt.
    if (answer.error_code() == grpc::StatusCode::UNAVAILABLE) stubs.Dial();
  }
}

class GrpcSyncStream final : public SyncStream {
 public:
  explicit GrpcSyncStream(v1::SyncService::Stub& stub) : stream_(stub.Sync(&context_)) {}

  // Ends the call if the caller gave it up half-way; without this Finish would wait for the server.
  ~GrpcSyncStream() override {
    if (finished_) return;
    context_.TryCancel();
    stream_->Finish();
  }

  bool Write(const v1::SyncRequest& request) override { return stream_->Write(request); }
  bool Read(v1::SyncResponse* response) override { return stream_->Read(response); }
  void WritesDone() override { stream_->WritesDone(); }

  absl::Status Finish() override {
    finished_ = true;
    // After a failed Write there may be responses left, and Finish must come after the last of
    // them.
    v1::SyncResponse unread;
    while (stream_->Read(&unread)) {
    }
    return ToStatus(stream_->Finish());
  }

 private:
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderWriter<v1::SyncRequest, v1::SyncResponse>> stream_;
  bool finished_ = false;
};

class GrpcWatchStream final : public WatchStream {
 public:
  GrpcWatchStream(v1::RequestService::Stub& stub, const v1::WatchRequestsRequest& request)
      : stream_(stub.WatchRequests(&context_, request)) {}

  // As ~GrpcSyncStream.
  ~GrpcWatchStream() override {
    if (finished_) return;
    context_.TryCancel();
    stream_->Finish();
  }

  bool Read(v1::WatchRequestsResponse* response) override { return stream_->Read(response); }
  void Cancel() override { context_.TryCancel(); }
  absl::Status Finish() override {
    finished_ = true;
    return ToStatus(stream_->Finish());
  }

 private:
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReader<v1::WatchRequestsResponse>> stream_;
  bool finished_ = false;
};

}  // namespace

struct Connection::Stubs {
  explicit Stubs(std::string server_address) : server(std::move(server_address)) { Dial(); }

  // A new channel, which connects with its first call.
  void Dial() {
    channel = MakeChannel(server);
    requests = v1::RequestService::NewStub(channel);
    conflicts = v1::ConflictService::NewStub(channel);
    catalog = v1::CatalogService::NewStub(channel);
    status = v1::StatusService::NewStub(channel);
    inbox = v1::InboxService::NewStub(channel);
    log = v1::LogService::NewStub(channel);
    peers = v1::PeerService::NewStub(channel);
    reports = v1::ReportService::NewStub(channel);
    backups = v1::BackupService::NewStub(channel);
    bundles = v1::BundleService::NewStub(channel);
    sync = v1::SyncService::NewStub(channel);
  }

  // The stream before the next one may have ended with the server.
  void DialUnlessReady() {
    if (channel->GetState(/*try_to_connect=*/false) != GRPC_CHANNEL_READY) Dial();
  }

  const std::string server;
  std::shared_ptr<grpc::Channel> channel;
  std::unique_ptr<v1::RequestService::Stub> requests;
  std::unique_ptr<v1::ConflictService::Stub> conflicts;
  std::unique_ptr<v1::CatalogService::Stub> catalog;
  std::unique_ptr<v1::StatusService::Stub> status;
  std::unique_ptr<v1::InboxService::Stub> inbox;
  std::unique_ptr<v1::LogService::Stub> log;
  std::unique_ptr<v1::PeerService::Stub> peers;
  std::unique_ptr<v1::ReportService::Stub> reports;
  std::unique_ptr<v1::BackupService::Stub> backups;
  std::unique_ptr<v1::BundleService::Stub> bundles;
  std::unique_ptr<v1::SyncService::Stub> sync;
};

Connection::Connection(const Settings& settings)
    : timeout_(settings.timeout), stubs_(std::make_unique<Stubs>(settings.server)) {}

Connection::~Connection() = default;

absl::StatusOr<v1::GetRequestResponse> Connection::Call(const v1::GetRequestRequest& request) {
  return CallWithRetries(*stubs_, &Stubs::requests, &v1::RequestService::Stub::GetRequest, request,
                         timeout_);
}
absl::StatusOr<v1::ListRequestsResponse> Connection::Call(const v1::ListRequestsRequest& request) {
  return CallWithRetries(*stubs_, &Stubs::requests, &v1::RequestService::Stub::ListRequests,
                         request, timeout_);
}
absl::StatusOr<v1::GetRequestHistoryResponse> Connection::Call(
    const v1::GetRequestHistoryRequest& request) {
  return CallWithRetries(*stubs_, &Stubs::requests, &v1::RequestService::Stub::GetRequestHistory,
                         request, timeout_);
}
absl::StatusOr<v1::CreateRequestResponse> Connection::Call(
    const v1::CreateRequestRequest& request) {
  return CallWithRetries(*stubs_, &Stubs::requests, &v1::RequestService::Stub::CreateRequest,
                         request, timeout_);
}
absl::StatusOr<v1::UpdateRequestResponse> Connection::Call(
    const v1::UpdateRequestRequest& request) {
  return CallWithRetries(*stubs_, &Stubs::requests, &v1::RequestService::Stub::UpdateRequest,
                         request, timeout_);
}
absl::StatusOr<v1::ListConflictsResponse> Connection::Call(
    const v1::ListConflictsRequest& request) {
  return CallWithRetries(*stubs_, &Stubs::conflicts, &v1::ConflictService::Stub::ListConflicts,
                         request, timeout_);
}
absl::StatusOr<v1::GetConflictResponse> Connection::Call(const v1::GetConflictRequest& request) {
  return CallWithRetries(*stubs_, &Stubs::conflicts, &v1::ConflictService::Stub::GetConflict,
                         request, timeout_);
}
absl::StatusOr<v1::SettleConflictResponse> Connection::Call(
    const v1::SettleConflictRequest& request) {
  return CallWithRetries(*stubs_, &Stubs::conflicts, &v1::ConflictService::Stub::SettleConflict,
                         request, timeout_);
}
absl::StatusOr<v1::ListAreasResponse> Connection::Call(const v1::ListAreasRequest& request) {
  return CallWithRetries(*stubs_, &Stubs::catalog, &v1::CatalogService::Stub::ListAreas, request,
                         timeout_);
}
absl::StatusOr<v1::GetAreaResponse> Connection::Call(const v1::GetAreaRequest& request) {
  return CallWithRetries(*stubs_, &Stubs::catalog, &v1::CatalogService::Stub::GetArea, request,
                         timeout_);
}
absl::StatusOr<v1::ListDefinitionsResponse> Connection::Call(
    const v1::ListDefinitionsRequest& request) {
  return CallWithRetries(*stubs_, &Stubs::catalog, &v1::CatalogService::Stub::ListDefinitions,
                         request, timeout_);
}
absl::StatusOr<v1::GetDefinitionResponse> Connection::Call(
    const v1::GetDefinitionRequest& request) {
  return CallWithRetries(*stubs_, &Stubs::catalog, &v1::CatalogService::Stub::GetDefinition,
                         request, timeout_);
}
absl::StatusOr<v1::CheckStoreResponse> Connection::Call(const v1::CheckStoreRequest& request) {
  return CallWithRetries(*stubs_, &Stubs::status, &v1::StatusService::Stub::CheckStore, request,
                         timeout_);
}
absl::StatusOr<v1::GetStatusResponse> Connection::Call(const v1::GetStatusRequest& request) {
  return CallWithRetries(*stubs_, &Stubs::status, &v1::StatusService::Stub::GetStatus, request,
                         timeout_);
}

absl::StatusOr<v1::ListBackupsResponse> Connection::Call(const v1::ListBackupsRequest& request) {
  return CallWithRetries(*stubs_, &Stubs::backups, &v1::BackupService::Stub::ListBackups, request,
                         timeout_);
}
absl::StatusOr<v1::DeleteBackupResponse> Connection::Call(const v1::DeleteBackupRequest& request) {
  return CallWithRetries(*stubs_, &Stubs::backups, &v1::BackupService::Stub::DeleteBackup, request,
                         timeout_);
}
absl::StatusOr<v1::PublishDefinitionResponse> Connection::Call(
    const v1::PublishDefinitionRequest& request) {
  return CallWithRetries(*stubs_, &Stubs::catalog, &v1::CatalogService::Stub::PublishDefinition,
                         request, timeout_);
}
absl::StatusOr<v1::AdoptDefinitionResponse> Connection::Call(
    const v1::AdoptDefinitionRequest& request) {
  return CallWithRetries(*stubs_, &Stubs::catalog, &v1::CatalogService::Stub::AdoptDefinition,
                         request, timeout_);
}
absl::StatusOr<v1::ListAdoptionsResponse> Connection::Call(
    const v1::ListAdoptionsRequest& request) {
  return CallWithRetries(*stubs_, &Stubs::catalog, &v1::CatalogService::Stub::ListAdoptions,
                         request, timeout_);
}
absl::StatusOr<v1::ListInboxResponse> Connection::Call(const v1::ListInboxRequest& request) {
  return CallWithRetries(*stubs_, &Stubs::inbox, &v1::InboxService::Stub::ListInbox, request,
                         timeout_);
}
absl::StatusOr<v1::GetCheckpointResponse> Connection::Call(
    const v1::GetCheckpointRequest& request) {
  return CallWithRetries(*stubs_, &Stubs::log, &v1::LogService::Stub::GetCheckpoint, request,
                         timeout_);
}
absl::StatusOr<v1::ListCheckpointsResponse> Connection::Call(
    const v1::ListCheckpointsRequest& request) {
  return CallWithRetries(*stubs_, &Stubs::log, &v1::LogService::Stub::ListCheckpoints, request,
                         timeout_);
}
absl::StatusOr<v1::ProveConsistencyResponse> Connection::Call(
    const v1::ProveConsistencyRequest& request) {
  return CallWithRetries(*stubs_, &Stubs::log, &v1::LogService::Stub::ProveConsistency, request,
                         timeout_);
}
absl::StatusOr<v1::VerifyLogResponse> Connection::Call(const v1::VerifyLogRequest& request) {
  return CallWithRetries(*stubs_, &Stubs::log, &v1::LogService::Stub::VerifyLog, request, timeout_);
}
absl::StatusOr<v1::ProveRequestResponse> Connection::Call(const v1::ProveRequestRequest& request) {
  return CallWithRetries(*stubs_, &Stubs::log, &v1::LogService::Stub::ProveRequest, request,
                         timeout_);
}
absl::StatusOr<v1::DismissInboxItemResponse> Connection::Call(
    const v1::DismissInboxItemRequest& request) {
  return CallWithRetries(*stubs_, &Stubs::inbox, &v1::InboxService::Stub::DismissInboxItem, request,
                         timeout_);
}

absl::StatusOr<v1::CreatePeerResponse> Connection::Call(const v1::CreatePeerRequest& request) {
  return CallWithRetries(*stubs_, &Stubs::peers, &v1::PeerService::Stub::CreatePeer, request,
                         timeout_);
}
absl::StatusOr<v1::ListPeersResponse> Connection::Call(const v1::ListPeersRequest& request) {
  return CallWithRetries(*stubs_, &Stubs::peers, &v1::PeerService::Stub::ListPeers, request,
                         timeout_);
}
absl::StatusOr<v1::DeletePeerResponse> Connection::Call(const v1::DeletePeerRequest& request) {
  return CallWithRetries(*stubs_, &Stubs::peers, &v1::PeerService::Stub::DeletePeer, request,
                         timeout_);
}

absl::Status Connection::RunReport(
    const v1::RunReportRequest& request,
    const std::function<absl::Status(const v1::RunReportResponse&)>& part) {
  grpc::ClientContext context;
  return ReadParts(context, stubs_->reports->RunReport(&context, request), part);
}

absl::Status Connection::CreateBackup(
    const v1::CreateBackupRequest& request,
    const std::function<absl::Status(const v1::CreateBackupResponse&)>& part) {
  grpc::ClientContext context;
  return ReadParts(context, stubs_->backups->CreateBackup(&context, request), part);
}

absl::Status Connection::VerifyBackup(
    const v1::VerifyBackupRequest& request,
    const std::function<absl::Status(const v1::VerifyBackupResponse&)>& part) {
  grpc::ClientContext context;
  return ReadParts(context, stubs_->backups->VerifyBackup(&context, request), part);
}

absl::StatusOr<v1::GetBundleKeyResponse> Connection::Call(const v1::GetBundleKeyRequest& request) {
  return CallWithRetries(*stubs_, &Stubs::bundles, &v1::BundleService::Stub::GetBundleKey, request,
                         timeout_);
}

absl::Status Connection::ExportBundle(
    const v1::ExportBundleRequest& request,
    const std::function<absl::Status(const v1::ExportBundleResponse&)>& part) {
  grpc::ClientContext context;
  return ReadParts(context, stubs_->bundles->ExportBundle(&context, request), part);
}

absl::StatusOr<v1::ImportBundleResponse> Connection::ImportBundle(
    const std::function<bool(v1::ImportBundleRequest*)>& next) {
  stubs_->DialUnlessReady();
  grpc::ClientContext context;
  v1::ImportBundleResponse response;
  const auto stream = stubs_->bundles->ImportBundle(&context, &response);
  v1::ImportBundleRequest request;
  // A write that fails: the server has said already what it thinks of it.
  while (next(&request) && stream->Write(request)) request.Clear();
  stream->WritesDone();
  const grpc::Status end = stream->Finish();
  if (!end.ok()) return ToStatus(end);
  return response;
}

std::unique_ptr<SyncStream> Connection::OpenSync() {
  stubs_->DialUnlessReady();
  return std::make_unique<GrpcSyncStream>(*stubs_->sync);
}

std::unique_ptr<WatchStream> Connection::OpenWatch(const v1::WatchRequestsRequest& request) {
  stubs_->DialUnlessReady();
  return std::make_unique<GrpcWatchStream>(*stubs_->requests, request);
}

}  // namespace tikar::cli
