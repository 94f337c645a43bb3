// CallGauge: how many calls are under way, so that a stopping server knows when the last one is
// answered.
//
// gRPC's own Shutdown waits for connections too, and a client that has nothing to do may not even
// notice that it should hang up: every stop would last as long as it may.
#ifndef TIKAR_SERVER_ENGINE_CALL_GAUGE_H_
#define TIKAR_SERVER_ENGINE_CALL_GAUGE_H_

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>

#include "absl/base/thread_annotations.h"

namespace tikar::server {

// Thread safety: all methods from any thread.
class CallGauge {
 public:
  // False: the server stops, and the call must not begin. True: End is due.
  bool Begin() {
    std::lock_guard lock(mutex_);
    if (stopping_) return false;
    ++calls_;
    return true;
  }
  void End() {
    std::lock_guard lock(mutex_);
    if (--calls_ == 0) none_.notify_all();
  }
  void Stop() {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  // Whether all that had begun have ended within `ms`.
  bool WaitForNone(int64_t ms) {
    std::unique_lock lock(mutex_);
    return none_.wait_for(lock, std::chrono::milliseconds(ms),
                          [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return calls_ == 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable none_;
  uint64_t calls_ ABSL_GUARDED_BY(mutex_) = 0;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace tikar::server

#endif  // TIKAR_SERVER_ENGINE_CALL_GAUGE_H_
