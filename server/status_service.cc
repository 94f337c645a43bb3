#include <grpcpp/grpcpp.h>

#include <memory>
#include <utility>

#include "server/services.h"
#include "server/unary.h"
#include "sync/query.h"
#include "sync/status_macros.h"
#include "tikar/v1/status_service.grpc.pb.h"

namespace tikar::server {
namespace {

class StatusService final : public v1::StatusService::CallbackService {
 public:
  StatusService(Engine* engine, const Catalog* catalog, std::string data_directory)
      : engine_(engine), catalog_(*catalog), data_directory_(std::move(data_directory)) {}

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

 private:
  Engine* const engine_;
  const Catalog& catalog_;
  const std::string data_directory_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeStatusService(Engine* engine, const Catalog* catalog,
                                                 std::string data_directory) {
  return std::make_unique<StatusService>(engine, catalog, std::move(data_directory));
}

}  // namespace tikar::server
