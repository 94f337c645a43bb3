#include "server/engine/sync_session.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/engine/engine.h"
#include "server/engine/failure.h"
#include "server/engine/log.h"
#include "server/engine/result_proto.h"
#include "server/engine/sync_messages.h"
#include "sync/hlc.h"

namespace tikar::server {
SyncSession::SyncSession(Engine* engine, SyncTransport* transport)
    : FeedStream(engine), transport_(*transport), opened_ms_(engine->now_ms()) {}

SyncSession::~SyncSession() = default;

void SyncSession::Start() {
  Lock lock(mutex_);
  Pump(lock);
}

// A short sync is complete when everything is sent and answered.
void SyncSession::DecideEnd() {
  if (end_.has_value() || !half_closed_) return;
  if (!hello_seen_) {
    End(NoHello());
  } else if (!pushes_.empty() || welcome_due_) {
    return;
  } else if (too_old_) {
    End(AppTooOld(protocol_version_, kProtocolVersionMin));
  } else if (push_only_ || (feed_ == Feed::kIdle && !read_wanted_ && caught_up_told_)) {
    End(absl::OkStatus());
  }
}

FeedStream::Call SyncSession::NextCall() {
  DecideEnd();
  if (finished_) return nullptr;
  if (std::exchange(cancel_wanted_, false)) return [this] { transport_.Cancel(); };
  const bool over = broken_ || (end_.has_value() && pushes_.empty() && !welcome_due_);
  if (over) {
    if (writing_ || outside_ > 0) return nullptr;
    finished_ = true;
    DropBatches();
    return Finishing([this](const absl::Status& status) { transport_.Finish(status); });
  }
  if (!reading_ && !half_closed_ && !end_.has_value() && pushes_.size() < kPushesInFlightMax) {
    reading_ = true;
    return [this] { transport_.Read(); };
  }
  if (!writing_ && PickResponse()) {
    writing_ = true;
    write_began_ms_ = engine_.now_ms();
    return [this] { transport_.Write(outgoing_); };
  }
  if (end_.has_value()) return nullptr;
  const bool credit = half_closed_ || batch_number_ - batch_confirmed_ < kBatchesUnconfirmedMax;
  if (read_wanted_ && feed_ == Feed::kIdle && !writing_ && credit && !PushesFirst()) {
    feed_ = Feed::kQueued;
    read_wanted_ = arm_wanted_ = false;
    return Reading();
  }
  if (subscription_ != nullptr && std::exchange(arm_wanted_, false)) return Arming();
  return nullptr;
}

bool SyncSession::PickResponse() {
  if (welcome_due_) {
    welcome_due_ = false;
    outgoing_.Clear();
    v1::Welcome& welcome = *outgoing_.mutable_welcome();
    welcome.set_server_time_ms(engine_.now_ms());
    welcome.set_instance(engine_.instance());
    welcome.set_origin(sync::Raw(engine_.origin()));
    welcome.set_server_version(engine_.version());
    // This server has no mirrors yet, so nobody else holds anything.
    welcome.set_single_copy(true);
    return true;
  }
  if (!pushes_.empty() && pushes_.front()->done) {
    outgoing_.Clear();
    *outgoing_.mutable_push_result() = std::move(pushes_.front()->result);
    pushes_.pop_front();
    return true;
  }
  if (feed_ == Feed::kReady && !end_.has_value()) {
    outgoing_ = std::move(batches_.front());
    batches_.pop_front();
    outgoing_.mutable_batch()->set_batch_number(++batch_number_);
    caught_up_told_ = outgoing_.batch().caught_up();
    if (batches_.empty()) {
      feed_ = Feed::kIdle;
      outgoing_batch_bytes_ = std::exchange(bytes_held_, 0);
    }
    return true;
  }
  return false;
}

void SyncSession::End(absl::Status status) {
  if (end_.has_value()) return;
  EndWith(std::move(status));
  DropBatches();
}

void SyncSession::DropBatches() {
  if (feed_ == Feed::kReady) feed_ = Feed::kIdle;
  batches_.clear();
  ReleaseBytesLater(std::exchange(bytes_held_, 0));
}

// Own changes first: what is read after them has them, and is not sent twice. But a phone that
// pushes without end gets its feed all the same.
bool SyncSession::PushesFirst() const {
  return pushes_since_feed_ < 2 * kPushesInFlightMax &&
         std::any_of(pushes_.begin(), pushes_.end(), [](const auto& push) { return !push->done; });
}

void SyncSession::OnRead(bool ok, const v1::SyncRequest& request) {
  bool over = false;
  {
    Lock lock(mutex_);
    over = end_.has_value() || broken_;
    if (!ok) half_closed_ = true;
    if (!ok || over) {
      reading_ = false;
      Pump(lock);
      return;
    }
  }
  switch (request.kind_case()) {
    case v1::SyncRequest::kHello:
      OnHello(request.hello());
      break;
    case v1::SyncRequest::kPush:
      OnPush(request.push());
      break;
    case v1::SyncRequest::kReceived: {
      Lock lock(mutex_);
      batch_confirmed_ = std::max(
          batch_confirmed_, std::min<uint64_t>(request.received().batch_number(), batch_number_));
      break;
    }
    case v1::SyncRequest::KIND_NOT_SET: {
      Lock lock(mutex_);
      End(Malformed("kind", "kind_unknown", "Pesan ini tidak dikenal server.",
                    "this server does not know this kind of message"));
      break;
    }
  }
  Lock lock(mutex_);
  reading_ = false;
  Pump(lock);
}

void SyncSession::OnHello(const v1::Hello& hello) {
  const absl::Status checked = CheckHello(hello);
  {
    Lock lock(mutex_);
    if (hello_seen_ || !checked.ok()) {
      End(hello_seen_ ? NoHello() : checked);
      return;
    }
  }
  actor_ = hello.actor();
  clock_offset_ms_ =
      engine_.now_ms() - std::clamp<int64_t>(hello.device_time_ms(), 0, sync::kHlcMsMax);
  push_only_ = hello.push_only();
  protocol_version_ = hello.protocol_version();
  too_old_ = protocol_version_ < kProtocolVersionMin;
  query_.scope.assign(hello.scope().begin(), hello.scope().end());
  query_.actor = actor_;
  query_.cursor = hello.cursor();
  query_.bytes_max =
      hello.batch_bytes_max() == 0
          ? kBatchBytesDefault
          : std::clamp<size_t>(hello.batch_bytes_max(), engine_.batch_bytes_min(), kBatchBytesMax);
  for (const std::string& hash : hello.definition_hashes()) {
    known_.insert(*sync::DefinitionHash::FromBytes(hash));
  }
  Log(Level::kDebug, "sync began",
      {{"actor", actor_},
       {"client", hello.client_version()},
       {"clock_offset_ms", absl::StrCat(clock_offset_ms_)},
       {"push_only", push_only_ ? "yes" : "no"}});
  std::shared_ptr<Subscription> subscription;
  if (!push_only_ && !too_old_) subscription = Subscribe();
  Lock lock(mutex_);
  if (finished_) {
    // It ended meanwhile: nobody is left to end the subscription.
    lock.unlock();
    if (subscription != nullptr) engine_.fan_out().Unsubscribe(subscription);
    return;
  }
  last_push_ms_ = engine_.now_ms();
  subscription_ = std::move(subscription);
  read_wanted_ = subscription_ != nullptr;
  hello_seen_ = true;
  welcome_due_ = true;
}

void SyncSession::OnPush(const v1::Push& push) {
  auto pending = std::make_shared<PendingPush>();
  {
    Lock lock(mutex_);
    const absl::Status checked = hello_seen_ ? CheckPush(push) : NoHello();
    if (!checked.ok()) {
      End(checked);
      return;
    }
    pending->done = push.changes().empty();
    pushes_.push_back(pending);
    ++pushes_since_feed_;
    last_push_ms_ = engine_.now_ms();
  }
  if (push.changes().empty()) return;
  std::vector<sync::Submission> submissions;
  submissions.reserve(static_cast<size_t>(push.changes_size()));
  for (const v1::Change& change : push.changes()) {
    sync::Submission submission;
    submission.body = change.body();
    submission.clock_offset_ms = clock_offset_ms_;
    submission.actor = actor_;
    submissions.push_back(std::move(submission));
  }
  const absl::Status taken = engine_.sequencer().Submit(
      std::move(submissions), [this, alive = shared_from_this(), pending](TaskResult result) {
        OnPushDone(pending, std::move(result));
      });
  if (taken.ok()) return;
  Lock lock(mutex_);
  pushes_.pop_back();
  End(taken);
}

void SyncSession::OnPushDone(const std::shared_ptr<PendingPush>& push, TaskResult result) {
  Lock lock(mutex_);
  if (!result.status.ok()) {
    // Those before it are answered, those after it are offered again.
    pushes_.erase(std::find(pushes_.begin(), pushes_.end(), push), pushes_.end());
    End(result.status);
  } else {
    for (const sync::SubmissionResult& one : result.results) {
      *push->result.add_results() = ResultToProto(one);
    }
    push->done = true;
    if (subscription_ != nullptr && result.published->number > number_seen_) read_wanted_ = true;
  }
  Pump(lock);
}

void SyncSession::OnWritten(bool ok) {
  Lock lock(mutex_);
  writing_ = false;
  if (!ok) {
    broken_ = true;
  }
  if (const size_t bytes = std::exchange(outgoing_batch_bytes_, 0); bytes > 0) {
    ++outside_;
    lock.unlock();
    ReleaseBytes(bytes);
    lock.lock();
    --outside_;
  }
  Pump(lock);
}

void SyncSession::OnCancel() {
  Lock lock(mutex_);
  broken_ = true;
  DropBatches();
  Pump(lock);
}

void SyncSession::OnTick(int64_t now_ms) {
  Lock lock(mutex_);
  if (finished_ || broken_) return;
  if (!hello_seen_ && now_ms - opened_ms_ > kHelloWaitMs) End(NoHello());
  if (BreakOffStalled(now_ms)) {
    Log(Level::kInfo, "stream is not read, ending it", {{"actor", actor_}});
    DropBatches();
  }
  if (too_old_ && pushes_.empty() && now_ms - last_push_ms_ > kTooOldIdleMs) {
    End(AppTooOld(protocol_version_, kProtocolVersionMin));
  }
  Pump(lock);
}

void SyncSession::Stop() {
  Lock lock(mutex_);
  End(Stopping(engine_.jitter_ms(kRetryStoppingMs)));
  Pump(lock);
}

}  // namespace tikar::server
