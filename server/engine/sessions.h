// Sessions: all streams of the process (Sync, WatchRequests): how many there may be, whose
// deadlines are due, whom to stop.
#ifndef TIKAR_SERVER_ENGINE_SESSIONS_H_
#define TIKAR_SERVER_ENGINE_SESSIONS_H_

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <unordered_set>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "server/engine/live_stream.h"

namespace tikar::server {

// Thread safety: all methods from any thread.
class Sessions {
 public:
  // Ticks every kTickMs until it is destroyed, on a thread of its own if `ticks`.
  Sessions(size_t sessions_max, std::function<int64_t()> now_ms, bool ticks = true);
  ~Sessions();

  // False: too many, or StopAll was called.
  bool Add(const std::shared_ptr<LiveStream>& session);
  void Remove(const std::shared_ptr<LiveStream>& session);
  // Stops every session and admits no more.
  void StopAll();
  bool stopping() const;

  size_t size() const;

 private:
  void Run();
  std::vector<std::shared_ptr<LiveStream>> All() const;

  const size_t sessions_max_;
  const std::function<int64_t()> now_ms_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::unordered_set<std::shared_ptr<LiveStream>> sessions_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  bool ending_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace tikar::server

#endif  // TIKAR_SERVER_ENGINE_SESSIONS_H_
