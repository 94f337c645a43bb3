#include <grpcpp/grpcpp.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "server/backup_keeper.h"
#include "server/engine/failure.h"
#include "server/engine/limits.h"
#include "server/engine/live_stream.h"
#include "server/errors.h"
#include "server/services.h"
#include "server/unary.h"
#include "sync/status_macros.h"
#include "tikar/v1/backup_service.grpc.pb.h"

namespace tikar::server {
namespace {

// From one message of progress to the next.
constexpr int64_t kProgressMs = 200;

// Long work for one caller: it runs on a thread that is not gRPC's, and its progress and its end
// are written as the caller reads them. The newest progress takes the place of what nobody read.
// Thread safety: all methods from any thread.
template <typename Response>
class LongCall final : public LiveStream, public std::enable_shared_from_this<LongCall<Response>> {
 public:
  using Reactor = grpc::ServerWriteReactor<Response>;
  // The last message.
  using Work = std::function<absl::StatusOr<Response>(const storage::BackupWatch& watch)>;

  LongCall(Engine* engine, grpc::CallbackServerContext* context, Reactor* reactor, Work work)
      : engine_(*engine), context_(*context), reactor_(*reactor), work_(std::move(work)) {}

  // `busy`: something like this is going on; outlives `pool`, as does everything the work needs.
  void Start(WorkerPool* pool, std::atomic<bool>* busy) {
    if (busy->exchange(true)) {
      return End(Overloaded("backups, one at a time", engine_.jitter_ms(kRetryOverloadedMs)));
    }
    pool->Post([self = this->shared_from_this(), busy] {
      absl::StatusOr<Response> last = self->work_(
          [&self](const storage::BackupProgress& progress) { return self->Progress(progress); });
      *busy = false;
      if (last.ok()) self->Put(*std::move(last));
      self->End(last.status());
    });
  }

  void OnWriteDone(bool ok) {
    write_began_ms_ = 0;
    if (!ok) cancelled_ = true;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      writing_ = false;
    }
    GoOn();
  }
  void OnCancel() { cancelled_ = true; }
  void OnTick(int64_t now_ms) override {
    const int64_t began_ms = write_began_ms_;
    if (began_ms != 0 && now_ms - began_ms > kWriteStalledMsMax) context_.TryCancel();
  }
  void Stop() override { stopping_ = true; }

 private:
  absl::Status Progress(const storage::BackupProgress& progress) {
    if (cancelled_) return absl::CancelledError("nobody waits for it any more");
    if (stopping_) return Stopping(engine_.jitter_ms(kRetryStoppingMs));
    const int64_t now_ms = engine_.now_ms();
    if (now_ms < next_progress_ms_) return absl::OkStatus();
    next_progress_ms_ = now_ms + kProgressMs;
    Response response;
    response.set_bytes_done(progress.bytes_done);
    response.set_bytes_total(progress.bytes_total);
    Put(std::move(response));
    return absl::OkStatus();
  }

  void Put(Response response) {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      next_ = std::move(response);
    }
    GoOn();
  }

  // Once, last.
  void End(const absl::Status& status) {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      end_ = status;
    }
    GoOn();
  }

  // Writes what is next, or finishes, unless a write is under way.
  void GoOn() {
    absl::Status end;
    bool finish = false;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (writing_) return;
      if (next_.has_value() && !cancelled_) {
        current_ = *std::move(next_);
        next_.reset();
      } else if (end_.has_value()) {
        end = *std::move(end_);
        end_.reset();
        finish = true;
      } else {
        return;
      }
      writing_ = true;
    }
    if (finish) return reactor_.Finish(ToGrpc(end));
    write_began_ms_ = engine_.now_ms();
    reactor_.StartWrite(&current_);
  }

  Engine& engine_;
  grpc::CallbackServerContext& context_;
  Reactor& reactor_;
  const Work work_;
  std::atomic<bool> cancelled_{false};
  std::atomic<bool> stopping_{false};
  std::atomic<int64_t> write_began_ms_{0};  // 0: none is under way
  std::atomic<int64_t> next_progress_ms_{0};

  std::mutex mutex_;
  std::optional<Response> next_ ABSL_GUARDED_BY(mutex_);
  std::optional<absl::Status> end_ ABSL_GUARDED_BY(mutex_);
  // Until Finish: nothing may be written after it.
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  Response current_;  // of whoever set writing_
};

// Carries gRPC's events. Deletes itself when the call is over.
template <typename Response>
class LongCallReactor final : public grpc::ServerWriteReactor<Response> {
 public:
  LongCallReactor(Engine* engine, grpc::CallbackServerContext* context,
                  typename LongCall<Response>::Work work)
      : engine_(*engine),
        call_(std::make_shared<LongCall<Response>>(engine, context, this, std::move(work))) {}

  void Start(WorkerPool* pool, std::atomic<bool>* busy) {
    counted_ = engine_.calls().Begin();
    admitted_ = counted_ && engine_.sessions().Add(call_);
    if (admitted_) return call_->Start(pool, busy);
    const absl::Status refused = !counted_ || engine_.sessions().stopping()
                                     ? Stopping(engine_.jitter_ms(kRetryStoppingMs))
                                     : Overloaded("streams", engine_.jitter_ms(kRetryOverloadedMs));
    this->Finish(ToGrpc(refused));
  }
  void OnWriteDone(bool ok) override { call_->OnWriteDone(ok); }
  void OnCancel() override { call_->OnCancel(); }
  void OnDone() override {
    if (admitted_) engine_.sessions().Remove(call_);
    if (counted_) engine_.calls().End();
    delete this;
  }

 private:
  Engine& engine_;
  const std::shared_ptr<LongCall<Response>> call_;
  bool counted_ = false;
  bool admitted_ = false;
};

class BackupService final : public v1::BackupService::CallbackService {
 public:
  BackupService(Engine* engine, BackupOptions options)
      : engine_(engine), keeper_(std::move(options)), pool_(/*threads=*/1, /*queued_max=*/0) {}

  grpc::ServerWriteReactor<v1::CreateBackupResponse>* CreateBackup(
      grpc::CallbackServerContext* context, const v1::CreateBackupRequest* request) override {
    auto* reactor = new LongCallReactor<v1::CreateBackupResponse>(
        engine_, context, [this, keep = request->keep()](const storage::BackupWatch& watch) {
          return keeper_.Create(keep, watch);
        });
    reactor->Start(&pool_, &busy_);
    return reactor;
  }

  grpc::ServerUnaryReactor* ListBackups(grpc::CallbackServerContext* context,
                                        const v1::ListBackupsRequest*,
                                        v1::ListBackupsResponse* response) override {
    return RunRead(engine_, context, [=, this](const Published&) -> absl::Status {
      ASSIGN_OR_RETURN(*response, keeper_.List());
      return absl::OkStatus();
    });
  }

  grpc::ServerWriteReactor<v1::VerifyBackupResponse>* VerifyBackup(
      grpc::CallbackServerContext* context, const v1::VerifyBackupRequest* request) override {
    auto* reactor = new LongCallReactor<v1::VerifyBackupResponse>(
        engine_, context,
        [this, name = request->name()](
            const storage::BackupWatch& watch) -> absl::StatusOr<v1::VerifyBackupResponse> {
          ASSIGN_OR_RETURN(const uint32_t number, ParseBackupName(name));
          return keeper_.Verify(number, watch);
        });
    reactor->Start(&pool_, &busy_);
    return reactor;
  }

  grpc::ServerUnaryReactor* DeleteBackup(grpc::CallbackServerContext* context,
                                         const v1::DeleteBackupRequest* request,
                                         v1::DeleteBackupResponse*) override {
    return RunRead(engine_, context, [=, this](const Published&) -> absl::Status {
      ASSIGN_OR_RETURN(const uint32_t number, ParseBackupName(request->name()));
      if (busy_.exchange(true)) {
        return Overloaded("backups, one at a time", engine_->jitter_ms(kRetryOverloadedMs));
      }
      const absl::Status deleted = keeper_.Delete(number);
      busy_ = false;
      return deleted;
    });
  }

 private:
  Engine* const engine_;
  const BackupKeeper keeper_;
  std::atomic<bool> busy_{false};
  // Destroyed first.
  WorkerPool pool_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeBackupService(Engine* engine, BackupOptions options) {
  return std::make_unique<BackupService>(engine, std::move(options));
}

}  // namespace tikar::server
