#include "server/engine/watch_session.h"

#include <algorithm>
#include <utility>

#include "server/engine/engine.h"
#include "server/engine/failure.h"
#include "server/engine/limits.h"
#include "server/engine/log.h"
#include "sync/feed_end.h"
#include "sync/query.h"
#include "sync/state.h"
#include "sync/status_macros.h"
#include "sync/unicode.h"

namespace tikar::server {

WatchSession::WatchSession(Engine* engine, WatchTransport* transport,
                           std::vector<std::string> scope, v1::RequestFilter filter)
    : engine_(*engine),
      transport_(*transport),
      filter_(std::move(filter)),
      folded_text_(sync::CaseFolded(filter_.text())) {
  query_.scope = std::move(scope);
  query_.bytes_max = kBatchBytesDefault;
}

void WatchSession::Start() {
  // Before the end of the feed is looked for, so that nothing is missed after it.
  std::shared_ptr<Subscription> subscription =
      engine_.fan_out().Subscribe(query_.scope, [weak = weak_from_this()] {
        if (const auto self = weak.lock()) self->OnWake();
      });
  Lock lock(mutex_);
  subscription_ = std::move(subscription);
  Pump(lock);
}

void WatchSession::Pump(Lock& lock) {
  while (true) {
    const Action action = NextAction();
    if (action == Action::kNone) return;
    const std::shared_ptr<WatchSession> alive = shared_from_this();
    const std::shared_ptr<Subscription> subscription = subscription_;
    const absl::Status status = end_.value_or(absl::OkStatus());
    const uint64_t number_seen = number_seen_;
    ++outside_;
    lock.unlock();
    switch (action) {
      case Action::kBegin:
        transport_.Begin();
        break;
      case Action::kWrite:
        transport_.Write(outgoing_);
        break;
      case Action::kRead:
        BeginRead();
        break;
      case Action::kArm:
        engine_.fan_out().Arm(subscription, number_seen);
        break;
      case Action::kCancel:
        transport_.Cancel();
        break;
      case Action::kFinish:
        if (subscription != nullptr) engine_.fan_out().Unsubscribe(subscription);
        transport_.Finish(status);
        break;
      case Action::kNone:
        break;
    }
    lock.lock();
    --outside_;
  }
}

WatchSession::Action WatchSession::NextAction() {
  if (finished_) return Action::kNone;
  if (cancel_wanted_) {
    cancel_wanted_ = false;
    return Action::kCancel;
  }
  if (broken_ || end_.has_value()) {
    if (writing_ || reading_ || outside_ > 0) return Action::kNone;
    finished_ = true;
    page_.clear();
    if (const size_t held = std::exchange(bytes_held_, 0); held > 0) {
      // Whoever waits in line is called on another thread, without this session's mutex.
      engine_.readers().Post([&engine = engine_, held] { engine.feed_budget().Release(held); });
    }
    return Action::kFinish;
  }
  if (writing_ || reading_) return Action::kNone;
  if (begin_due_ || !page_.empty()) {
    writing_ = true;
    write_began_ms_ = engine_.now_ms();
    if (std::exchange(begin_due_, false)) return Action::kBegin;
    outgoing_ = std::move(page_.front());
    page_.pop_front();
    return Action::kWrite;
  }
  if (read_wanted_) {
    read_wanted_ = arm_wanted_ = false;
    reading_ = true;
    return Action::kRead;
  }
  if (arm_wanted_) {
    arm_wanted_ = false;
    return Action::kArm;
  }
  return Action::kNone;
}

void WatchSession::OnWake() {
  Lock lock(mutex_);
  read_wanted_ = true;
  Pump(lock);
}

void WatchSession::BeginRead() {
  const auto read = [self = shared_from_this()] {
    self->engine_.readers().Post([self] { self->ReadNow(); });
  };
  if (engine_.feed_budget().Acquire(query_.bytes_max, read)) read();
}

void WatchSession::ReadNow() {
  bool begun = false;
  {
    Lock lock(mutex_);
    begun = begun_;
  }
  const std::shared_ptr<const Published> published = engine_.sequencer().Current();
  std::deque<v1::WatchRequestsResponse> page;
  absl::StatusOr<bool> more = false;
  if (published == nullptr) {
    more = StoreOpening(engine_.jitter_ms(kRetryOverloadedMs));
  } else if (begun) {
    more = ReadPage(*published, &page);
  } else if (const absl::Status found = FindEnd(*published); !found.ok()) {
    more = found;
  }
  size_t bytes = 0;
  for (const v1::WatchRequestsResponse& response : page) bytes += response.ByteSizeLong();
  bytes = std::min(bytes, query_.bytes_max);
  engine_.feed_budget().Release(query_.bytes_max - bytes);

  Lock lock(mutex_);
  reading_ = false;
  bytes_held_ = bytes;
  if (!more.ok()) {
    if (published != nullptr) {
      Log(Level::kError, "feed could not be read", {{"reason", more.status().ToString()}});
    }
    end_ = more.status();
  } else {
    begin_due_ = !begun_;
    begun_ = true;
    number_seen_ = std::max(number_seen_, published->number);
    page_ = std::move(page);
    read_wanted_ = read_wanted_ || *more;
    arm_wanted_ = !*more;
  }
  Pump(lock);
}

absl::Status WatchSession::FindEnd(const Published& published) {
  ASSIGN_OR_RETURN(query_.cursor, sync::FeedEnd(*published.reader, query_.scope));
  return absl::OkStatus();
}

absl::StatusOr<bool> WatchSession::ReadPage(const Published& published,
                                            std::deque<v1::WatchRequestsResponse>* page) {
  ASSIGN_OR_RETURN(sync::FeedPage feed, sync::ReadFeed(*published.reader, query_));
  const sync::ListView view = {.definitions = published.definitions.get(),
                               .calendar = &engine_.calendar(),
                               .now_ms = engine_.now_ms()};
  for (v1::Request& request : feed.requests) {
    sync::State state;
    sync::Elements elements;
    RETURN_IF_ERROR(sync::RequestFromProto(request, &state, &elements));
    ASSIGN_OR_RETURN(const bool passes,
                     sync::PassesFilter(*published.reader, state, filter_, folded_text_, view));
    if (!passes) continue;
    RETURN_IF_ERROR(sync::AddViews(*published.reader, state, view, false, &request));
    v1::WatchRequestsResponse& response = page->emplace_back();
    *response.mutable_request() = std::move(request);
    response.set_time_ms(published.durable_at_ms);
  }
  query_.cursor = std::move(feed.cursor);
  return !feed.caught_up;
}

void WatchSession::OnWritten(bool ok) {
  Lock lock(mutex_);
  writing_ = false;
  broken_ = broken_ || !ok;
  const size_t held = page_.empty() ? std::exchange(bytes_held_, 0) : 0;
  if (held > 0) {
    ++outside_;
    lock.unlock();
    engine_.feed_budget().Release(held);
    lock.lock();
    --outside_;
  }
  Pump(lock);
}

void WatchSession::OnCancel() {
  Lock lock(mutex_);
  broken_ = true;
  Pump(lock);
}

void WatchSession::OnTick(int64_t now_ms) {
  Lock lock(mutex_);
  if (finished_ || broken_ || !writing_ || now_ms - write_began_ms_ <= kWriteStalledMsMax) return;
  Log(Level::kInfo, "watch is not read, ending it");
  if (!end_.has_value()) end_ = ReadsTooSlowly(engine_.jitter_ms(kRetryOverloadedMs));
  broken_ = true;
  cancel_wanted_ = true;
  Pump(lock);
}

void WatchSession::Stop() {
  Lock lock(mutex_);
  if (!end_.has_value()) end_ = Stopping(engine_.jitter_ms(kRetryStoppingMs));
  Pump(lock);
}

}  // namespace tikar::server
