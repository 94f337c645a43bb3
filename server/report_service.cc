#include <grpcpp/grpcpp.h>

#include <atomic>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "server/engine/failure.h"
#include "server/engine/live_stream.h"
#include "server/engine/log.h"
#include "server/errors.h"
#include "server/reports.h"
#include "server/resource_names.h"
#include "server/services.h"
#include "sync/keys.h"
#include "sync/query.h"
#include "sync/status_macros.h"
#include "tikar/v1/report_service.grpc.pb.h"

namespace tikar::server {
namespace {

using Reactor = grpc::ServerWriteReactor<v1::RunReportResponse>;

// The requests of some regions, a few at a time, over one version of the data.
class RequestWalk {
 public:
  RequestWalk(const sync::Reader& reader, std::vector<std::string> regions)
      : reader_(reader), regions_(std::move(regions)) {}

  // Whether there are more.
  absl::StatusOr<bool> Next(size_t count, std::vector<sync::StoredRequest>* requests) {
    if (regions_.empty()) return false;
    const std::string prefix = sync::keys::RecordPrefix(regions_.back());
    if (begin_.empty()) begin_ = prefix;
    std::vector<std::pair<std::string, std::string>> rows;
    size_t bytes = 0;
    RETURN_IF_ERROR(reader_.Scan(sync::Family::kRequests, begin_, sync::PrefixEnd(prefix),
                                 [&](std::string_view key, std::string_view value) {
                                   rows.emplace_back(key, value);
                                   bytes += value.size();
                                   return rows.size() < count && bytes < kReportBytesPerJob;
                                 }));
    for (const auto& [key, value] : rows) {
      const auto id = sync::RequestId::FromBytes(std::string_view(key).substr(prefix.size()));
      if (!id.has_value()) return absl::DataLossError("a record's key is damaged");
      ASSIGN_OR_RETURN(sync::StoredRequest request,
                       sync::DecodeRequest({regions_.back(), *id}, value));
      requests->push_back(std::move(request));
    }
    if (rows.size() < count && bytes < kReportBytesPerJob) {
      regions_.pop_back();
      begin_.clear();
    } else {
      begin_ = rows.back().first + '\0';
    }
    return !regions_.empty();
  }

 private:
  const sync::Reader& reader_;
  std::vector<std::string> regions_;  // from the back
  std::string begin_;                 // in the last one; empty: from its beginning
};

// The table in messages of bounded size.
std::deque<v1::RunReportResponse> MessagesOf(ReportTable table) {
  std::deque<v1::RunReportResponse> messages(1);
  v1::RunReportResponse* message = &messages.back();
  *message->mutable_title() = std::move(table.title);
  for (v1::ReportColumn& column : table.columns) *message->add_columns() = std::move(column);
  size_t bytes = message->ByteSizeLong();
  const auto room = [&](const v1::ReportRow& row) {
    const size_t size = row.ByteSizeLong();
    if (bytes > 0 && bytes + size > kReportBatchBytesMax) {
      message = &messages.emplace_back();
      bytes = 0;
    }
    bytes += size;
    return message;
  };
  for (v1::ReportRow& row : table.rows) *room(row)->add_rows() = std::move(row);
  // In the last message only, so all of them there.
  if (!table.sums.empty() && !message->rows().empty()) message = &messages.emplace_back();
  for (v1::ReportRow& row : table.sums) *message->add_sums() = std::move(row);
  return messages;
}

// One report on its way: jobs on the threads for reads, one after the other, then writes.
class ReportStream final : public LiveStream, public std::enable_shared_from_this<ReportStream> {
 public:
  ReportStream(Engine* engine, grpc::CallbackServerContext* context, Reactor* reactor,
               const v1::RunReportRequest* call, std::atomic<size_t>* running)
      : engine_(*engine),
        context_(*context),
        reactor_(*reactor),
        call_(*call),
        running_(*running) {}

  void Start() {
    if (running_.fetch_add(1) >= kReportsMax) {
      return End(Overloaded("reports", engine_.jitter_ms(kRetryOverloadedMs)));
    }
    engine_.readers().Post([self = shared_from_this()] { self->Begin(); });
  }

  void OnWriteDone(bool ok) {
    write_began_ms_ = 0;
    messages_.pop_front();
    if (!ok) return End(absl::CancelledError());
    WriteNext();
  }
  void OnCancel() { cancelled_ = true; }
  void OnTick(int64_t now_ms) override {
    const int64_t began_ms = write_began_ms_;
    if (began_ms != 0 && now_ms - began_ms > kWriteStalledMsMax) context_.TryCancel();
  }
  void Stop() override { stopping_ = true; }

 private:
  void Begin() {
    published_ = engine_.sequencer().Current();
    if (published_ == nullptr) return End(StoreOpening(engine_.jitter_ms(kRetryOverloadedMs)));
    if (const absl::Status prepared = Prepare(); !prepared.ok()) return End(prepared);
    Step();
  }

  absl::Status Prepare() {
    context_of_report_ = {.published = published_.get(),
                          .calendar = &engine_.calendar(),
                          .catalogue = &engine_.catalogue_offers(),
                          .now_ms = engine_.now_ms()};
    ASSIGN_OR_RETURN(context_of_report_.region, ParseParent("parent", call_.parent()));
    ASSIGN_OR_RETURN(report_, MakeReport(call_, context_of_report_));
    ASSIGN_OR_RETURN(const auto statuses, sync::LoadRegionStatuses(*published_->reader));
    std::vector<std::string> regions;
    for (auto status = statuses.rbegin(); status != statuses.rend(); ++status) {
      if (context_of_report_.region.empty() || status->region() == context_of_report_.region) {
        regions.push_back(status->region());
      }
    }
    walk_.emplace(*published_->reader, std::move(regions));
    return absl::OkStatus();
  }

  // OK: nobody wants this to end.
  absl::Status Interrupted() {
    if (cancelled_) return absl::CancelledError();
    if (stopping_) return Stopping(engine_.jitter_ms(kRetryStoppingMs));
    // A store that failed cannot be opened again while this holds a version of it.
    if (engine_.sequencer().Current() == nullptr) {
      return StoreOpening(engine_.jitter_ms(kRetryOverloadedMs));
    }
    return absl::OkStatus();
  }

  void Step() {
    if (const absl::Status interrupted = Interrupted(); !interrupted.ok()) return End(interrupted);
    const absl::StatusOr<bool> more = AddSome();
    if (!more.ok()) return End(more.status());
    if (*more) {
      engine_.readers().Post([self = shared_from_this()] { self->Step(); });
      return;
    }
    messages_ = MessagesOf(report_->Finish());
    LetGo();
    WriteNext();
  }

  absl::StatusOr<bool> AddSome() {
    std::vector<sync::StoredRequest> requests;
    ASSIGN_OR_RETURN(const bool more, walk_->Next(report_->requests_per_job(), &requests));
    for (const sync::StoredRequest& request : requests) RETURN_IF_ERROR(report_->Add(request));
    return more;
  }

  void WriteNext() {
    if (cancelled_ || stopping_) return End(Interrupted());
    if (messages_.empty()) return End(absl::OkStatus());
    write_began_ms_ = engine_.now_ms();
    reactor_.StartWrite(&messages_.front());
  }

  // What hangs on the version of the data.
  void LetGo() {
    walk_.reset();
    report_ = nullptr;
    published_ = nullptr;
  }

  // Once, last.
  void End(const absl::Status& status) {
    if (absl::IsDataLoss(status) || absl::IsInternal(status)) {
      Log(Level::kError, "report failed", {{"reason", status.ToString()}});
    }
    LetGo();
    --running_;
    reactor_.Finish(ToGrpc(status));
  }

  Engine& engine_;
  grpc::CallbackServerContext& context_;
  Reactor& reactor_;
  const v1::RunReportRequest& call_;
  std::atomic<size_t>& running_;  // reports of the process
  std::atomic<bool> cancelled_{false};
  std::atomic<bool> stopping_{false};
  std::atomic<int64_t> write_began_ms_{0};  // 0: none is under way
  // Of the job that runs, then of the write that is under way.
  std::shared_ptr<const Published> published_;
  ReportContext context_of_report_;
  std::unique_ptr<Report> report_;
  std::optional<RequestWalk> walk_;
  std::deque<v1::RunReportResponse> messages_;
};

// Carries gRPC's events. Deletes itself when the call is over.
class ReportReactor final : public Reactor {
 public:
  ReportReactor(Engine* engine, grpc::CallbackServerContext* context,
                const v1::RunReportRequest* call, std::atomic<size_t>* running)
      : engine_(*engine),
        stream_(std::make_shared<ReportStream>(engine, context, this, call, running)) {}

  void Start() {
    counted_ = engine_.calls().Begin();
    admitted_ = counted_ && engine_.sessions().Add(stream_);
    if (admitted_) {
      stream_->Start();
      return;
    }
    const absl::Status refused = !counted_ || engine_.sessions().stopping()
                                     ? Stopping(engine_.jitter_ms(kRetryStoppingMs))
                                     : Overloaded("streams", engine_.jitter_ms(kRetryOverloadedMs));
    Finish(ToGrpc(refused));
  }
  void OnWriteDone(bool ok) override { stream_->OnWriteDone(ok); }
  void OnCancel() override { stream_->OnCancel(); }
  void OnDone() override {
    if (admitted_) engine_.sessions().Remove(stream_);
    if (counted_) engine_.calls().End();
    delete this;
  }

 private:
  Engine& engine_;
  const std::shared_ptr<ReportStream> stream_;
  bool counted_ = false;
  bool admitted_ = false;
};

class ReportService final : public v1::ReportService::CallbackService {
 public:
  explicit ReportService(Engine* engine) : engine_(engine) {}

  Reactor* RunReport(grpc::CallbackServerContext* context,
                     const v1::RunReportRequest* request) override {
    auto* reactor = new ReportReactor(engine_, context, request, &running_);
    reactor->Start();
    return reactor;
  }

 private:
  Engine* const engine_;
  std::atomic<size_t> running_{0};
};

}  // namespace

std::unique_ptr<grpc::Service> MakeReportService(Engine* engine) {
  return std::make_unique<ReportService>(engine);
}

}  // namespace tikar::server
