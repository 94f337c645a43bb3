// The calls to tikard, each with a deadline and, where it is safe, retries.
//
// Not thread-safe. gRPC's types stay behind this header.
#ifndef TIKAR_CLIENTS_CLI_CONNECTION_H_
#define TIKAR_CLIENTS_CLI_CONNECTION_H_

#include <functional>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "clients/cli/settings.h"
#include "tikar/v1/backup_service.pb.h"
#include "tikar/v1/bundle_service.pb.h"
#include "tikar/v1/catalog_service.pb.h"
#include "tikar/v1/conflict_service.pb.h"
#include "tikar/v1/inbox_service.pb.h"
#include "tikar/v1/log_service.pb.h"
#include "tikar/v1/peer_service.pb.h"
#include "tikar/v1/report_service.pb.h"
#include "tikar/v1/request_service.pb.h"
#include "tikar/v1/status_service.pb.h"
#include "tikar/v1/sync_service.pb.h"

namespace tikar::cli {

// One SyncService.Sync call.
class SyncStream {
 public:
  virtual ~SyncStream() = default;
  // False: the call has ended; Finish says why.
  virtual bool Write(const v1::SyncRequest& request) = 0;
  virtual bool Read(v1::SyncResponse* response) = 0;
  // Nothing more will be written.
  virtual void WritesDone() = 0;
  // How the call ended. Call once, after Write or Read was false.
  virtual absl::Status Finish() = 0;
};

// One RequestService.WatchRequests call.
class WatchStream {
 public:
  virtual ~WatchStream() = default;
  // Waits. False: the call has ended; Finish says why.
  virtual bool Read(v1::WatchRequestsResponse* response) = 0;
  // Makes Read end soon. From any thread, while this lives.
  virtual void Cancel() = 0;
  // How the call ended. Call once, after Read was false.
  virtual absl::Status Finish() = 0;
};

class Connection {
 public:
  // Connects with the first call.
  explicit Connection(const Settings& settings);
  ~Connection();

  // One unary call for each request message. Tried up to four times while the server answers
  // UNAVAILABLE or sheds load, within settings.timeout: all are reads or idempotent by their
  // request_id, which stays the same. The status carries the server's details (see failure.h).
  absl::StatusOr<v1::GetRequestResponse> Call(const v1::GetRequestRequest& request);
  absl::StatusOr<v1::ListRequestsResponse> Call(const v1::ListRequestsRequest& request);
  absl::StatusOr<v1::GetRequestHistoryResponse> Call(const v1::GetRequestHistoryRequest& request);
  absl::StatusOr<v1::CreateRequestResponse> Call(const v1::CreateRequestRequest& request);
  absl::StatusOr<v1::UpdateRequestResponse> Call(const v1::UpdateRequestRequest& request);
  absl::StatusOr<v1::ListConflictsResponse> Call(const v1::ListConflictsRequest& request);
  absl::StatusOr<v1::GetConflictResponse> Call(const v1::GetConflictRequest& request);
  absl::StatusOr<v1::SettleConflictResponse> Call(const v1::SettleConflictRequest& request);
  absl::StatusOr<v1::ListAreasResponse> Call(const v1::ListAreasRequest& request);
  absl::StatusOr<v1::GetAreaResponse> Call(const v1::GetAreaRequest& request);
  absl::StatusOr<v1::ListDefinitionsResponse> Call(const v1::ListDefinitionsRequest& request);
  absl::StatusOr<v1::GetDefinitionResponse> Call(const v1::GetDefinitionRequest& request);
  absl::StatusOr<v1::GetStatusResponse> Call(const v1::GetStatusRequest& request);
  absl::StatusOr<v1::CheckStoreResponse> Call(const v1::CheckStoreRequest& request);
  absl::StatusOr<v1::ListBackupsResponse> Call(const v1::ListBackupsRequest& request);
  absl::StatusOr<v1::DeleteBackupResponse> Call(const v1::DeleteBackupRequest& request);
  absl::StatusOr<v1::PublishDefinitionResponse> Call(const v1::PublishDefinitionRequest& request);
  absl::StatusOr<v1::AdoptDefinitionResponse> Call(const v1::AdoptDefinitionRequest& request);
  absl::StatusOr<v1::ListAdoptionsResponse> Call(const v1::ListAdoptionsRequest& request);
  absl::StatusOr<v1::ListInboxResponse> Call(const v1::ListInboxRequest& request);
  absl::StatusOr<v1::DismissInboxItemResponse> Call(const v1::DismissInboxItemRequest& request);
  absl::StatusOr<v1::GetCheckpointResponse> Call(const v1::GetCheckpointRequest& request);
  absl::StatusOr<v1::ListCheckpointsResponse> Call(const v1::ListCheckpointsRequest& request);
  absl::StatusOr<v1::ProveConsistencyResponse> Call(const v1::ProveConsistencyRequest& request);
  absl::StatusOr<v1::VerifyLogResponse> Call(const v1::VerifyLogRequest& request);
  absl::StatusOr<v1::ProveRequestResponse> Call(const v1::ProveRequestRequest& request);
  absl::StatusOr<v1::CreatePeerResponse> Call(const v1::CreatePeerRequest& request);
  absl::StatusOr<v1::ListPeersResponse> Call(const v1::ListPeersRequest& request);
  // Not idempotent: a second one finds nothing, so a retry may say NOT_FOUND of what it removed.
  absl::StatusOr<v1::DeletePeerResponse> Call(const v1::DeletePeerRequest& request);

  absl::StatusOr<v1::GetBundleKeyResponse> Call(const v1::GetBundleKeyRequest& request);

  // One call, not repeated, without a deadline: a report reads all requests there are. Calls `part`
  // for each part of the answer until it returns something other than OK, which then is the result.
  absl::Status RunReport(const v1::RunReportRequest& request,
                         const std::function<absl::Status(const v1::RunReportResponse&)>& part);

  // The same: they copy or read as much as the server keeps.
  absl::Status CreateBackup(
      const v1::CreateBackupRequest& request,
      const std::function<absl::Status(const v1::CreateBackupResponse&)>& part);
  absl::Status VerifyBackup(
      const v1::VerifyBackupRequest& request,
      const std::function<absl::Status(const v1::VerifyBackupResponse&)>& part);

  absl::Status ExportBundle(
      const v1::ExportBundleRequest& request,
      const std::function<absl::Status(const v1::ExportBundleResponse&)>& part);
  // Sends what `next` fills in until it returns false. Not repeated, without a deadline.
  absl::StatusOr<v1::ImportBundleResponse> ImportBundle(
      const std::function<bool(v1::ImportBundleRequest*)>& next);

  // Never null; a server that is away shows when the stream is used. The stream must not outlive
  // this.
  std::unique_ptr<SyncStream> OpenSync();
  // The same. Without a deadline.
  std::unique_ptr<WatchStream> OpenWatch(const v1::WatchRequestsRequest& request);

 private:
  struct Stubs;

  const absl::Duration timeout_;
  const std::unique_ptr<Stubs> stubs_;
};

}  // namespace tikar::cli

#endif  // TIKAR_CLIENTS_CLI_CONNECTION_H_
