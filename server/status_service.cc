#include <grpcpp/grpcpp.h>

#include <atomic>
#include <memory>
#include <utility>

#include "absl/strings/escaping.h"
#include "server/engine/failure.h"
#include "server/engine/limits.h"
#include "server/engine/log.h"
#include "server/services.h"
#include "server/store_check.h"
#include "server/unary.h"
#include "sync/query.h"
#include "sync/status_macros.h"
#include "tikar/v1/status_service.grpc.pb.h"

namespace tikar::server {
namespace {

class StatusService final : public v1::StatusService::CallbackService {
 public:
  StatusService(Engine* engine, const Catalog* catalog, std::string data_directory,
                TableFilesSource table_files)
      : engine_(engine),
        catalog_(*catalog),
        data_directory_(std::move(data_directory)),
        table_files_(std::move(table_files)) {}

  grpc::ServerUnaryReactor* GetStatus(grpc::CallbackServerContext* context,
                                      const v1::GetStatusRequest*,
                                      v1::GetStatusResponse* response) override {
    return RunRead(engine_, context, [=, this](const Published& published) -> absl::Status {
      ASSIGN_OR_RETURN(auto regions, sync::LoadRegionStatuses(*published.reader));
      for (v1::RegionStatus& region : regions) *response->add_regions() = std::move(region);
      const SequencerStatus status = engine_->sequencer().status();
      response->set_server_version(engine_->version());
      response->set_started_at_ms(engine_->started_at_ms());
      response->set_server_time_ms(engine_->now_ms());
      response->set_instance(engine_->instance());
      response->set_origin(sync::Raw(published.origin));
      response->set_single_copy(true);  // As long as there are no mirrors.
      response->set_live_streams(static_cast<uint32_t>(engine_->sessions().size()));
      response->set_queue_changes(status.queue_changes);
      response->set_queue_bytes(status.queue_bytes);
      response->set_definitions(published.definitions->all().size());
      response->set_areas(catalog_.areas.size());
      response->set_refusing_writes(status.refusing_writes);
      response->set_clock_warning(status.clock_warning);
      response->set_groups_committed(status.groups_committed);
      response->set_changes_committed(status.changes_committed);
      response->set_data_directory(data_directory_);
      response->set_calendar_version(catalog_.calendar.version());
      for (const uint32_t year : catalog_.calendar_years) response->add_calendar_years(year);
      return absl::OkStatus();
    });
  }

  grpc::ServerUnaryReactor* CheckStore(grpc::CallbackServerContext* context,
                                       const v1::CheckStoreRequest* request,
                                       v1::CheckStoreResponse* response) override {
    return RunRead(engine_, context, [=, this](const Published& published) -> absl::Status {
      // One at a time, whoever asks: a check reads what nobody else needs, past all caches.
      if (checking_.exchange(true)) {
        return Overloaded("checks of the store", engine_->jitter_ms(kRetryOverloadedMs));
      }
      const absl::Status status = CheckPage(published, *request, response);
      checking_ = false;
      return status;
    });
  }

 private:
  absl::Status CheckPage(const Published& published, const v1::CheckStoreRequest& request,
                         v1::CheckStoreResponse* response) {
    ASSIGN_OR_RETURN(const std::string token, UnbindToken(request.page_token(), kCheckStore));
    const std::string from = absl::HexStringToBytes(token);
    const auto files = table_files_ == nullptr ? nullptr : table_files_();
    absl::StatusOr<StoreCheckPage> page =
        CheckStorePage(files.get(), *published.reader, *published.definitions, from);
    if (absl::IsInvalidArgument(page.status())) {
      return Malformed("page_token", "page_token_mismatch",
                       "page_token bukan dari halaman pemeriksaan sebelumnya.",
                       "page_token is not from the page of a check before");
    }
    RETURN_IF_ERROR(page.status());
    response->set_files_checked(page->files);
    response->set_files_total(page->files_total);
    response->set_rows_checked(page->rows);
    for (const StoreFault& found : page->faults) {
      // An operator who does not look at the answer looks at the log.
      Log(Level::kError, "the store is damaged", {{"where", found.where}, {"what", found.what}});
      v1::StoreFault& fault = *response->add_faults();
      fault.set_where(found.where);
      fault.set_what(found.what);
    }
    response->set_next_page_token(BindToken(absl::BytesToHexString(page->next), kCheckStore));
    return absl::OkStatus();
  }

  static constexpr char kCheckStore[] = "CheckStore";

  Engine* const engine_;
  const Catalog& catalog_;
  const std::string data_directory_;
  const TableFilesSource table_files_;
  std::atomic<bool> checking_{false};
};

}  // namespace

std::unique_ptr<grpc::Service> MakeStatusService(Engine* engine, const Catalog* catalog,
                                                 std::string data_directory,
                                                 TableFilesSource table_files) {
  return std::make_unique<StatusService>(engine, catalog, std::move(data_directory),
                                         std::move(table_files));
}

}  // namespace tikar::server
