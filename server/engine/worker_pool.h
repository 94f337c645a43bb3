// WorkerPool: a few threads for what may block on disk, so that gRPC's callback threads never do.
#ifndef TIKAR_SERVER_ENGINE_WORKER_POOL_H_
#define TIKAR_SERVER_ENGINE_WORKER_POOL_H_

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"

namespace tikar::server {

// Jobs run in the order in which they came, each on some thread, without any lock held. A pool
// without threads runs them when somebody calls RunOne: a simulator, which decides when.
//
// Thread safety: all methods from any thread, Stop from one that is not of the pool.
class WorkerPool {
 public:
  using Job = std::function<void()>;

  // `queued_max` bounds TryPost only.
  WorkerPool(size_t threads, size_t queued_max);
  ~WorkerPool();  // Stop()

  // Always takes the job: for work whose amount something else bounds (a stream has at most one
  // read at a time, a completion belongs to an admitted submission). After Stop the job runs on the
  // caller's thread.
  void Post(Job job);
  // False, and `job` untouched, when `queued_max` jobs wait or the pool stopped.
  bool TryPost(Job&& job);

  // Runs the job that waits longest on the caller's thread. False: none waits.
  bool RunOne();

  // Runs what was posted, also by jobs that ran meanwhile, and ends the threads.
  void Stop();

  size_t queued() const;

 private:
  void Run();
  // There is one. Gives the lock back while it runs.
  void RunFirst(std::unique_lock<std::mutex>& lock) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const size_t queued_max_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Job> jobs_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  size_t running_ ABSL_GUARDED_BY(mutex_) = 0;
  std::vector<std::thread> threads_;
};

}  // namespace tikar::server

#endif  // TIKAR_SERVER_ENGINE_WORKER_POOL_H_
