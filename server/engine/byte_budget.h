// ByteBudget: a sum of bytes that many share; who finds it used up waits in line.
#ifndef TIKAR_SERVER_ENGINE_BYTE_BUDGET_H_
#define TIKAR_SERVER_ENGINE_BYTE_BUDGET_H_

#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <utility>

#include "absl/base/thread_annotations.h"

namespace tikar::server {

// Thread safety: all methods from any thread. Callbacks run without the lock held, on the thread
// whose Release made room.
class ByteBudget {
 public:
  explicit ByteBudget(size_t bytes_max) : bytes_max_(bytes_max) {}

  // True: the bytes are taken, and Release must give them back. False: `granted` will be called
  // once, with the bytes taken, when those before in line had theirs. Never take more than the
  // whole budget at once.
  bool Acquire(size_t bytes, std::function<void()> granted) {
    std::lock_guard lock(mutex_);
    if (waiting_.empty() && used_ + bytes <= bytes_max_) {
      used_ += bytes;
      return true;
    }
    waiting_.emplace_back(bytes, std::move(granted));
    return false;
  }

  void Release(size_t bytes) {
    std::deque<std::function<void()>> granted;
    {
      std::lock_guard lock(mutex_);
      used_ -= bytes;
      while (!waiting_.empty() && used_ + waiting_.front().first <= bytes_max_) {
        used_ += waiting_.front().first;
        granted.push_back(std::move(waiting_.front().second));
        waiting_.pop_front();
      }
    }
    for (const auto& call : granted) call();
  }

  size_t used() const {
    std::lock_guard lock(mutex_);
    return used_;
  }

 private:
  const size_t bytes_max_;
  mutable std::mutex mutex_;
  size_t used_ ABSL_GUARDED_BY(mutex_) = 0;
  std::deque<std::pair<size_t, std::function<void()>>> waiting_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace tikar::server

#endif  // TIKAR_SERVER_ENGINE_BYTE_BUDGET_H_
