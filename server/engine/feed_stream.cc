#include "server/engine/feed_stream.h"

#include <utility>

#include "server/engine/engine.h"
#include "server/engine/failure.h"
#include "server/engine/limits.h"

namespace tikar::server {

void FeedStream::Pump(Lock& lock) {
  const std::shared_ptr<FeedStream> alive = shared_from_this();
  while (const Call call = NextCall()) {
    ++outside_;
    lock.unlock();
    call();
    lock.lock();
    --outside_;
  }
}

FeedStream::Call FeedStream::Reading() {
  return [this] { BeginRead(); };
}

FeedStream::Call FeedStream::Arming() {
  return [this, subscription = subscription_, number_seen = number_seen_] {
    engine_.fan_out().Arm(subscription, number_seen);
  };
}

FeedStream::Call FeedStream::Finishing(std::function<void(const absl::Status&)> finish) {
  return [this, finish = std::move(finish), subscription = subscription_,
          status = end_.value_or(absl::OkStatus())] {
    if (subscription != nullptr) engine_.fan_out().Unsubscribe(subscription);
    finish(status);
  };
}

std::shared_ptr<Subscription> FeedStream::Subscribe() {
  return engine_.fan_out().Subscribe(query_.scope, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->OnWake();
  });
}

void FeedStream::OnWake() {
  Lock lock(mutex_);
  read_wanted_ = true;
  Pump(lock);
}

void FeedStream::BeginRead() {
  const auto read = [self = shared_from_this()] {
    self->engine_.readers().Post([self] { self->ReadNow(); });
  };
  if (engine_.feed_budget().Acquire(query_.bytes_max, read)) read();
}

void FeedStream::EndWith(absl::Status status) {
  if (!end_.has_value()) end_ = std::move(status);
}

bool FeedStream::BreakOffStalled(int64_t now_ms) {
  if (!writing_ || now_ms - write_began_ms_ <= kWriteStalledMsMax) return false;
  EndWith(ReadsTooSlowly(engine_.jitter_ms(kRetryOverloadedMs)));
  broken_ = true;
  cancel_wanted_ = true;
  return true;
}

void FeedStream::ReleaseBytes(size_t bytes) { engine_.feed_budget().Release(bytes); }

void FeedStream::ReleaseBytesLater(size_t bytes) {
  if (bytes == 0) return;
  engine_.readers().Post([&engine = engine_, bytes] { engine.feed_budget().Release(bytes); });
}

}  // namespace tikar::server
