#include "server/engine/worker_pool.h"

#include <utility>

namespace tikar::server {

WorkerPool::WorkerPool(size_t threads, size_t queued_max) : queued_max_(queued_max) {
  threads_.reserve(threads);
  for (size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { Run(); });
}

WorkerPool::~WorkerPool() { Stop(); }

void WorkerPool::Post(Job job) {
  {
    std::lock_guard lock(mutex_);
    // A running job may post more while the pool stops; its thread will take it.
    if (!stopping_ || running_ > 0) {
      jobs_.push_back(std::move(job));
      wake_.notify_one();
      return;
    }
  }
  job();
}

bool WorkerPool::TryPost(Job&& job) {
  std::lock_guard lock(mutex_);
  if (stopping_ || jobs_.size() >= queued_max_) return false;
  jobs_.push_back(std::move(job));
  wake_.notify_one();
  return true;
}

void WorkerPool::Stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
    wake_.notify_all();
  }
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
  while (RunOne()) {
  }
}

size_t WorkerPool::queued() const {
  std::lock_guard lock(mutex_);
  return jobs_.size();
}

void WorkerPool::Run() {
  std::unique_lock lock(mutex_);
  while (true) {
    // While stopping, a thread stays as long as another one's job may post more.
    wake_.wait(lock, [this] { return !jobs_.empty() || (stopping_ && running_ == 0); });
    if (jobs_.empty()) return;
    RunFirst(lock);
  }
}

bool WorkerPool::RunOne() {
  std::unique_lock lock(mutex_);
  if (jobs_.empty()) return false;
  RunFirst(lock);
  return true;
}

void WorkerPool::RunFirst(std::unique_lock<std::mutex>& lock) {
  Job job = std::move(jobs_.front());
  jobs_.pop_front();
  ++running_;
  lock.unlock();
  job();
  job = nullptr;  // What it holds goes before the lock is taken again.
  lock.lock();
  --running_;
  if (stopping_ && running_ == 0) wake_.notify_all();
}

}  // namespace tikar::server
