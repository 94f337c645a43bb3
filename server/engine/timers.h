// Timers: has the Replica move on, from time to time, what nobody wrote on for too long.
//
// The rules are the Replica's (sync/timers.h); this only says when. The first run is at once, so
// that a node that was off does what became due meanwhile. A run is made of commands of at most
// kTimersPerGroupMax changes, between which others get their turn.
#ifndef TIKAR_SERVER_ENGINE_TIMERS_H_
#define TIKAR_SERVER_ENGINE_TIMERS_H_

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "server/engine/sequencer.h"
#include "sync/working_days.h"

namespace tikar::server {

// Thread safety: all methods from any thread.
class Timers {
 public:
  // `sequencer` and `calendar` outlive it. Runs again `interval_ms` after a run ended.
  Timers(Sequencer* sequencer, const sync::WorkingCalendar* calendar, int64_t interval_ms);
  ~Timers();  // Stop()

  // No run begins any more. A command that was handed over is still answered: Stop the sequencer
  // after this.
  void Stop();

 private:
  void Run();
  // Whether there may be more to do at once.
  bool RunOnce();

  Sequencer& sequencer_;
  const sync::WorkingCalendar& calendar_;
  const int64_t interval_ms_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace tikar::server

#endif  // TIKAR_SERVER_ENGINE_TIMERS_H_
