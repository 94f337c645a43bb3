// A fixed number of threads that do a list of things.
#ifndef TIKAR_CLIENTS_FIELDSIM_WORKERS_H_
#define TIKAR_CLIENTS_FIELDSIM_WORKERS_H_

#include <atomic>
#include <cstddef>
#include <functional>

#include "absl/status/status.h"

namespace tikar::fieldsim {

class Workers {
 public:
  // `tick` is called ten times a second by the thread that waits in Each. `stop`, once true, keeps
  // what was not begun from beginning. Both may be null, and must outlive this.
  Workers(size_t threads, std::function<void()> tick, const std::atomic<bool>* stop)
      : threads_(threads), tick_(std::move(tick)), stop_(stop) {}

  size_t threads() const { return threads_; }

  // Calls work(worker, index) for every index below `count`, each worker (from 0) one at a time;
  // returns when all have returned. The first error keeps what was not begun from beginning, and is
  // returned; Cancelled: `stop` did.
  absl::Status Each(size_t count, const std::function<absl::Status(size_t, size_t)>& work);

 private:
  const size_t threads_;
  const std::function<void()> tick_;
  const std::atomic<bool>* const stop_;
};

}  // namespace tikar::fieldsim

#endif  // TIKAR_CLIENTS_FIELDSIM_WORKERS_H_
