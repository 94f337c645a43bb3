#include "server/engine/watch_session.h"

#include <algorithm>
#include <utility>

#include "server/engine/engine.h"
#include "server/engine/failure.h"
#include "server/engine/limits.h"
#include "server/engine/log.h"
#include "server/engine/unreadable_log.h"
#include "sync/feed_end.h"
#include "sync/query.h"
#include "sync/state.h"
#include "sync/status_macros.h"
#include "sync/unicode.h"

namespace tikar::server {

WatchSession::WatchSession(Engine* engine, WatchTransport* transport,
                           std::vector<std::string> scope, v1::RequestFilter filter,
                           std::string resume_token)
    : FeedStream(engine),
      transport_(*transport),
      filter_(std::move(filter)),
      folded_text_(sync::CaseFolded(filter_.text())) {
  query_.scope = std::move(scope);
  query_.cursor = std::move(resume_token);
  query_.bytes_max = kBatchBytesDefault;
}

void WatchSession::Start() {
  // Before the end of the feed is looked for, so that nothing is missed after it.
  std::shared_ptr<Subscription> subscription = Subscribe();
  Lock lock(mutex_);
  subscription_ = std::move(subscription);
  read_wanted_ = true;
  Pump(lock);
}

FeedStream::Call WatchSession::NextCall() {
  if (finished_) return nullptr;
  if (std::exchange(cancel_wanted_, false)) return [this] { transport_.Cancel(); };
  if (broken_ || end_.has_value()) {
    if (writing_ || reading_ || outside_ > 0) return nullptr;
    finished_ = true;
    page_.clear();
    ReleaseBytesLater(std::exchange(bytes_held_, 0));
    return Finishing([this](const absl::Status& status) { transport_.Finish(status); });
  }
  if (writing_ || reading_) return nullptr;
  if (begin_due_ || !page_.empty()) {
    writing_ = true;
    write_began_ms_ = engine_.now_ms();
    if (std::exchange(begin_due_, false)) return [this] { transport_.Begin(); };
    outgoing_ = std::move(page_.front());
    page_.pop_front();
    return [this] { transport_.Write(outgoing_); };
  }
  if (read_wanted_) {
    read_wanted_ = arm_wanted_ = false;
    reading_ = true;
    return Reading();
  }
  if (std::exchange(arm_wanted_, false)) return Arming();
  return nullptr;
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
  } else if (const absl::Status found = FindBeginning(*published, &page); !found.ok()) {
    more = found;
  } else {
    // Behind a resume token there may be something already, and no commit would wake this watch.
    more = true;
  }
  size_t bytes = 0;
  for (const v1::WatchRequestsResponse& response : page) bytes += response.ByteSizeLong();
  bytes = std::min(bytes, query_.bytes_max);
  ReleaseBytes(query_.bytes_max - bytes);

  Lock lock(mutex_);
  reading_ = false;
  bytes_held_ = bytes;
  if (!more.ok()) {
    if (published != nullptr) {
      Log(Level::kError, "feed could not be read", {{"reason", more.status().ToString()}});
    }
    EndWith(more.status());
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

absl::Status WatchSession::FindBeginning(const Published& published,
                                         std::deque<v1::WatchRequestsResponse>* page) {
  if (query_.cursor.empty()) {
    ASSIGN_OR_RETURN(query_.cursor, sync::FeedEnd(*published.reader, query_.scope));
  }
  v1::WatchRequestsResponse& beginning = page->emplace_back();
  beginning.set_resume_token(query_.cursor);
  beginning.set_time_ms(published.durable_at_ms);
  return absl::OkStatus();
}

absl::StatusOr<bool> WatchSession::ReadPage(const Published& published,
                                            std::deque<v1::WatchRequestsResponse>* page) {
  ASSIGN_OR_RETURN(sync::FeedPage feed, sync::ReadFeed(*published.reader, query_));
  for (const sync::UnreadableRequest& one : feed.unreadable) LogUnreadable(one);
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
  if (!page->empty()) page->back().set_resume_token(feed.cursor);
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
    ReleaseBytes(held);
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
  if (finished_ || broken_ || !BreakOffStalled(now_ms)) return;
  Log(Level::kInfo, "watch is not read, ending it");
  Pump(lock);
}

void WatchSession::Stop() {
  Lock lock(mutex_);
  EndWith(Stopping(engine_.jitter_ms(kRetryStoppingMs)));
  Pump(lock);
}

}  // namespace tikar::server
