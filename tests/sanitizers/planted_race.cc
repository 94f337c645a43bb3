// A data race on purpose, on the engine's own threads: ThreadSanitizer must name it, or the set-up
// (its options, the uninstrumented libraries, the flags) sees nothing and every clean run means
// nothing. With "guarded" the same program without the race: then it must be silent.
#include <atomic>
#include <cstdio>
#include <mutex>
#include <string_view>
#include <thread>

#include "server/engine/worker_pool.h"

namespace {

int changes_counted = 0;
std::mutex guard;

void CountUnguarded() { ++changes_counted; }

void CountGuarded() {
  const std::lock_guard<std::mutex> lock(guard);
  ++changes_counted;
}

}  // namespace

int main(int argc, char** argv) {
  const bool guarded = argc > 1 && std::string_view(argv[1]) == "guarded";
  std::atomic<int> running{0};
  tikar::server::WorkerPool pool(2, 2);
  for (int job = 0; job < 2; ++job) {
    pool.Post([&] {
      // Both threads are in the midst of a job. Relaxed: this orders nothing.
      running.fetch_add(1, std::memory_order_relaxed);
      while (running.load(std::memory_order_relaxed) < 2) std::this_thread::yield();
      guarded ? CountGuarded() : CountUnguarded();
    });
  }
  pool.Stop();
  std::printf("counted %d\n", changes_counted);
  return 0;
}
