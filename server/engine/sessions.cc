#include "server/engine/sessions.h"

#include <chrono>
#include <utility>

#include "server/engine/limits.h"

namespace tikar::server {

Sessions::Sessions(size_t sessions_max, std::function<int64_t()> now_ms, bool ticks)
    : sessions_max_(sessions_max), now_ms_(std::move(now_ms)) {
  if (ticks) thread_ = std::thread([this] { Run(); });
}

Sessions::~Sessions() {
  {
    std::lock_guard lock(mutex_);
    ending_ = true;
    wake_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

bool Sessions::Add(const std::shared_ptr<LiveStream>& session) {
  std::lock_guard lock(mutex_);
  if (stopping_ || sessions_.size() >= sessions_max_) return false;
  sessions_.insert(session);
  return true;
}

void Sessions::Remove(const std::shared_ptr<LiveStream>& session) {
  std::lock_guard lock(mutex_);
  sessions_.erase(session);
}

void Sessions::StopAll() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  for (const auto& session : All()) session->Stop();
}

bool Sessions::stopping() const {
  std::lock_guard lock(mutex_);
  return stopping_;
}

size_t Sessions::size() const {
  std::lock_guard lock(mutex_);
  return sessions_.size();
}

std::vector<std::shared_ptr<LiveStream>> Sessions::All() const {
  std::lock_guard lock(mutex_);
  return {sessions_.begin(), sessions_.end()};
}

void Sessions::Run() {
  std::unique_lock lock(mutex_);
  while (!ending_) {
    wake_.wait_for(lock, std::chrono::milliseconds(kTickMs),
                   [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return ending_; });
    lock.unlock();
    const int64_t now_ms = now_ms_();
    for (const auto& session : All()) session->OnTick(now_ms);
    lock.lock();
  }
}

}  // namespace tikar::server
