#include "server/engine/timers.h"

#include <chrono>
#include <future>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/engine/limits.h"
#include "server/engine/log.h"

namespace tikar::server {

Timers::Timers(Sequencer* sequencer, const sync::WorkingCalendar* calendar, int64_t interval_ms)
    : sequencer_(*sequencer),
      calendar_(*calendar),
      interval_ms_(interval_ms),
      thread_([this] { Run(); }) {}

Timers::~Timers() { Stop(); }

void Timers::Stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
    wake_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

void Timers::Run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    lock.unlock();
    const bool more = RunOnce();
    lock.lock();
    if (more) continue;
    wake_.wait_for(lock, std::chrono::milliseconds(interval_ms_),
                   [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return stopping_; });
  }
}

bool Timers::RunOnce() {
  auto done = std::make_shared<std::promise<TaskResult>>();
  std::future<TaskResult> answer = done->get_future();
  const absl::Status taken = sequencer_.Run(
      [calendar = &calendar_](sync::Replica& replica, int64_t now_ms) {
        return replica.RunTimers(now_ms, *calendar, kTimersPerGroupMax);
      },
      0, [done](TaskResult result) { done->set_value(std::move(result)); });
  // Refused: too much waits, the disk is full, the server stops. The next run comes.
  if (!taken.ok()) return false;
  const TaskResult result = answer.get();
  if (!result.status.ok()) {
    Log(Level::kWarning, "timers could not run", {{"reason", result.status.ToString()}});
    return false;
  }
  if (result.changes_new > 0) {
    Log(Level::kInfo, "timers moved requests on", {{"requests", absl::StrCat(result.changes_new)}});
  }
  return result.changes_new >= kTimersPerGroupMax;
}

}  // namespace tikar::server
