// Sequencer: opening the store, and what is done when it fails.
#include <algorithm>
#include <chrono>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/engine/failure.h"
#include "server/engine/log.h"
#include "server/engine/sequencer.h"
#include "sync/status_macros.h"

namespace tikar::server {
namespace {

// What whoever brought changes is told: nothing of the server's files.
std::string_view ReasonFor(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kResourceExhausted:
      return "its disk is full";
    case absl::StatusCode::kDataLoss:
      return "stored data is damaged";
    default:
      return "its disk gave an error";
  }
}

// What the operator reads, and should do about it.
std::string AdviceFor(const absl::Status& status) {
  std::string text(status.message());
  switch (status.code()) {
    case absl::StatusCode::kResourceExhausted:
      absl::StrAppend(&text, "; free space on the disk, writing resumes by itself");
      break;
    case absl::StatusCode::kDataLoss:
      absl::StrAppend(&text, "; stop the server and check the disk before anything else");
      break;
    default:
      absl::StrAppend(&text, "; writing resumes by itself once the store can be opened");
  }
  return text;
}

}  // namespace

absl::Status Sequencer::Refusing(const absl::Status& failure) const {
  return RefusingWrites(ReasonFor(failure), options_.jitter_ms(kRetryRefusingMs));
}

void Sequencer::SetFailed(const absl::Status& status) {
  std::lock_guard lock(mutex_);
  if (!failed_.ok()) return;
  failed_ = status;
  status_.refusing_writes = AdviceFor(status);
  wake_.notify_all();
  Log(Level::kError, "store failed, refusing writes", {{"reason", status.ToString()}});
}

void Sequencer::Recover() {
  BeginRecovery();
  int64_t backoff_ms = options_.recovery_backoff_ms_min;
  while (true) {
    {
      std::unique_lock lock(mutex_);
      if (wake_.wait_for(lock, std::chrono::milliseconds(backoff_ms),
                         [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return stopping_; })) {
        return;
      }
    }
    backoff_ms = std::min(2 * backoff_ms, options_.recovery_backoff_ms_max);
    const absl::Status status = TryRecovery();
    if (status.ok()) return;
    Log(Level::kWarning, "store is still away",
        {{"reason", status.ToString()}, {"next_try_ms", absl::StrCat(backoff_ms)}});
  }
}

bool Sequencer::StepRecovery() {
  {
    std::lock_guard lock(mutex_);
    if (failed_.ok()) return false;
  }
  BeginRecovery();
  TryRecovery().IgnoreError();  // The next step tries again.
  return true;
}

void Sequencer::BeginRecovery() {
  std::vector<Task> waiting;
  absl::Status refusing;
  {
    std::unique_lock lock(mutex_);
    // The syncer is still at the groups before the failure; only then the store may be touched.
    AwaitSyncer(lock, [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return in_flight_ == 0; });
    waiting.assign(std::make_move_iterator(queue_.begin()), std::make_move_iterator(queue_.end()));
    queue_.clear();
    status_.queue_changes = status_.queue_bytes = 0;
    refusing = Refusing(failed_);
  }
  FailTasks(std::move(waiting), refusing);
  replica_.reset();
}

absl::Status Sequencer::TryRecovery() {
  absl::Status status = absl::OkStatus();
  // A store that is well only got a batch it does not take: a new Replica will do.
  if (store_ == nullptr || !store_->health().ok()) {
    if (options_.probe_store != nullptr) status = options_.probe_store();
    if (status.ok()) {
      {
        std::lock_guard lock(published_mutex_);
        published_ = nullptr;
      }
      store_ = nullptr;
    }
  }
  if (status.ok()) status = OpenAll();
  std::lock_guard lock(mutex_);
  if (!status.ok()) {
    status_.refusing_writes = AdviceFor(status);
    return status;
  }
  failed_ = absl::OkStatus();
  status_.refusing_writes.clear();
  Log(Level::kInfo, "store is back, taking writes");
  return absl::OkStatus();
}

absl::StatusOr<sync::Replica::Opened> Sequencer::OpenReplica() {
  sync::Replica::Options replica_options = options_.replica;
  replica_options.now_ms = options_.now_ms();
  if (options_.place != nullptr) {
    ASSIGN_OR_RETURN(replica_options.machine_id, options_.place());
  }
  ASSIGN_OR_RETURN(sync::Replica::Opened opened,
                   sync::Replica::Open(store_->Latest(), replica_options));
  RETURN_IF_ERROR(store_->Write(opened.batch));
  replica_ = std::move(opened.replica);
  return opened;
}

absl::Status Sequencer::OpenAll() {
  if (store_ == nullptr) {
    ASSIGN_OR_RETURN(store_, options_.open_store());
  }
  ASSIGN_OR_RETURN(const sync::Replica::Opened opened, OpenReplica());
  RETURN_IF_ERROR(store_->Sync());
  if (options_.opened != nullptr) RETURN_IF_ERROR(options_.opened());
  // What an older build could not fold, this one may, but a piece at a time, between groups.
  upgrade_given_up_ = false;
  unreadable_told_.clear();
  for (const std::string& warning : opened.definition_warnings) {
    Log(Level::kWarning, "definition", {{"reason", warning}});
  }
  if (!opened.new_origin_reason.empty()) {
    Log(Level::kInfo, "began a new origin", {{"reason", opened.new_origin_reason}});
  }
  if (!opened.clock_warning.empty()) {
    Log(Level::kWarning, "clock", {{"reason", opened.clock_warning}});
  }
  {
    std::lock_guard lock(mutex_);
    status_.clock_warning = opened.clock_warning;
  }
  Published published;
  published.reader = store_->Snapshot();
  published.definitions = replica_->definitions();
  published.origin = replica_->origin();
  Publish(std::move(published));
  const uint64_t number = Current()->number;
  completions_.Post([this, number] { fan_out_.NotifyAll(number); });
  return absl::OkStatus();
}

}  // namespace tikar::server
