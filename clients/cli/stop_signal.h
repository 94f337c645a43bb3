// How a command that runs until it is told otherwise is told: Ctrl-C, SIGTERM, or its time is up.
#ifndef TIKAR_CLIENTS_CLI_STOP_SIGNAL_H_
#define TIKAR_CLIENTS_CLI_STOP_SIGNAL_H_

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/time/time.h"

namespace tikar::cli {

// While it lives, the first SIGINT or SIGTERM asks to stop instead of ending the process; a second
// one of the same kind ends it. One object at a time. Thread-safe.
class StopSignal {
 public:
  // Also asks to stop after `within`; absl::InfiniteDuration(): never by itself.
  explicit StopSignal(absl::Duration within);
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;
  ~StopSignal();

  // Whether it was asked to stop.
  bool stopped() const;

  // Calls `cancel` when it is asked to stop, from another thread, or at once if it was already.
  // Replaces the one before, which is not running any more when this returns; nullptr: none.
  void OnStop(std::function<void()> cancel);

  // Waits so long. False: it was asked to stop.
  bool Wait(absl::Duration duration) const;

 private:
  // The thread's: waits for a signal or for the time.
  void Listen(absl::Time end);

  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  std::function<void()> cancel_ ABSL_GUARDED_BY(mutex_);
  int wake_reader_ = -1;
  std::thread listener_;
};

}  // namespace tikar::cli

#endif  // TIKAR_CLIENTS_CLI_STOP_SIGNAL_H_
