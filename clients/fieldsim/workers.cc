#include "clients/fieldsim/workers.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

namespace tikar::fieldsim {

absl::Status Workers::Each(size_t count, const std::function<absl::Status(size_t, size_t)>& work) {
  constexpr auto kTick = std::chrono::milliseconds(100);
  std::mutex mutex;
  std::condition_variable done;
  const size_t begun = std::min(threads_, count);
  size_t next = 0, running = begun;
  absl::Status first_error;

  std::vector<std::thread> threads;
  for (size_t worker = 0; worker < begun; ++worker) {
    threads.emplace_back([&, worker] {
      std::unique_lock<std::mutex> lock(mutex);
      while (next < count && first_error.ok()) {
        if (stop_ != nullptr && *stop_) {
          first_error = absl::CancelledError("interrupted");
          break;
        }
        const size_t index = next++;
        lock.unlock();
        const absl::Status status = work(worker, index);
        lock.lock();
        first_error.Update(status);
      }
      --running;
      done.notify_all();
    });
  }
  {
    std::unique_lock<std::mutex> lock(mutex);
    while (!done.wait_for(lock, kTick, [&] { return running == 0; })) {
      if (tick_) tick_();
    }
  }
  for (std::thread& thread : threads) thread.join();
  return first_error;
}

}  // namespace tikar::fieldsim
