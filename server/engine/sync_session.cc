#include "server/engine/sync_session.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/engine/engine.h"
#include "server/engine/failure.h"
#include "server/engine/log.h"
#include "server/engine/offers.h"
#include "server/engine/result_proto.h"
#include "sync/hlc.h"
#include "sync/limits.h"
#include "sync/names.h"
#include "sync/status_macros.h"

namespace tikar::server {
namespace {

absl::Status NoHello() {
  return Malformed("hello", "hello_first", "Pesan pertama harus Hello, tepat satu kali.",
                   "the first message must be a Hello, exactly once");
}

absl::Status CheckHello(const v1::Hello& hello) {
  if (!sync::IsActorName(hello.actor())) {
    return Malformed("hello.actor", "actor_format",
                     "Nama perangkat harus 1 sampai 64 karakter dari [a-z0-9._-/].",
                     "the actor must be 1 to 64 characters of [a-z0-9._-/]");
  }
  if (hello.actor() == sync::kTimerActor) {
    return Malformed("hello.actor", "actor_reserved",
                     "Nama \"timer\" milik server sendiri. Pakai nama perangkat lain.",
                     "the name \"timer\" is the servers' own; use another one for the device");
  }
  if (!hello.push_only() && hello.scope().empty()) {
    return Malformed("hello.scope", "scope_missing", "Sebutkan 1 sampai 64 wilayah.",
                     "name 1 to 64 area-code prefixes");
  }
  if (static_cast<size_t>(hello.scope_size()) > sync::kScopePrefixesMax) {
    return Malformed("hello.scope", "scope_too_long", "Sebutkan paling banyak 64 wilayah.",
                     "name at most 64 area-code prefixes");
  }
  for (const std::string& prefix : hello.scope()) {
    if (!sync::IsAreaPrefix(prefix)) {
      return Malformed("hello.scope", "scope_format",
                       "Kode wilayah harus seperti 15, 15.01, 15.01.06 atau 15.01.06.2010.",
                       "an area code looks like 15, 15.01, 15.01.06 or 15.01.06.2010");
    }
  }
  if (hello.cursor().size() > kCursorBytesMax) {
    return Malformed("hello.cursor", "cursor_too_long", "Cursor terlalu panjang.",
                     "the cursor is longer than any this server made");
  }
  if (static_cast<size_t>(hello.definition_hashes_size()) > kHelloDefinitionsMax) {
    return Malformed("hello.definition_hashes", "too_many_definitions",
                     "Sebutkan paling banyak 1.024 definisi.", "name at most 1,024 definitions");
  }
  for (const std::string& hash : hello.definition_hashes()) {
    if (hash.size() != sync::DefinitionHash::kSize) {
      return Malformed("hello.definition_hashes", "definition_hash_format",
                       "Hash definisi harus 32 byte.", "a definition's hash has 32 bytes");
    }
  }
  if (hello.client_version().size() > kClientVersionBytesMax) {
    return Malformed("hello.client_version", "client_version_too_long",
                     "Nama versi aplikasi paling panjang 128 byte.",
                     "the client's version has at most 128 bytes");
  }
  return absl::OkStatus();
}

absl::Status CheckPush(const v1::Push& push) {
  if (static_cast<size_t>(push.changes_size()) > kPushChangesMax) {
    return Malformed("push.changes", "push_too_long", "Paling banyak 1.000 perubahan sekali kirim.",
                     "at most 1,000 changes in one push");
  }
  if (push.ByteSizeLong() > kPushBytesMax) {
    return Malformed("push.changes", "push_too_large", "Paling banyak 1 MiB sekali kirim.",
                     "at most 1 MiB in one push");
  }
  return absl::OkStatus();
}

}  // namespace

SyncSession::SyncSession(Engine* engine, SyncTransport* transport)
    : engine_(*engine), transport_(*transport), opened_ms_(engine->now_ms()) {}

SyncSession::~SyncSession() = default;

void SyncSession::Start() {
  Lock lock(mutex_);
  Pump(lock);
}

void SyncSession::Pump(Lock& lock) {
  while (true) {
    DecideEnd();
    const Action action = NextAction();
    if (action == Action::kNone) return;
    const std::shared_ptr<SyncSession> alive = shared_from_this();
    const std::shared_ptr<Subscription> subscription = subscription_;
    const absl::Status status = end_.value_or(absl::OkStatus());
    const uint64_t number_seen = number_seen_;
    ++outside_;
    lock.unlock();
    switch (action) {
      case Action::kRead:
        transport_.Read();
        break;
      case Action::kWrite:
        transport_.Write(outgoing_);
        break;
      case Action::kReadFeed:
        BeginReadFeed();
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

SyncSession::Action SyncSession::NextAction() {
  if (finished_) return Action::kNone;
  if (cancel_wanted_) {
    cancel_wanted_ = false;
    return Action::kCancel;
  }
  const bool over = broken_ || (end_.has_value() && pushes_.empty() && !welcome_due_);
  if (over) {
    if (writing_ || outside_ > 0) return Action::kNone;
    finished_ = true;
    DropBatches();
    return Action::kFinish;
  }
  if (!reading_ && !half_closed_ && !end_.has_value() && pushes_.size() < kPushesInFlightMax) {
    reading_ = true;
    return Action::kRead;
  }
  if (!writing_ && PickResponse()) {
    writing_ = true;
    write_began_ms_ = engine_.now_ms();
    return Action::kWrite;
  }
  if (end_.has_value()) return Action::kNone;
  const bool credit = half_closed_ || batch_number_ - batch_confirmed_ < kBatchesUnconfirmedMax;
  if (read_wanted_ && feed_ == Feed::kIdle && !writing_ && credit && !PushesFirst()) {
    feed_ = Feed::kQueued;
    read_wanted_ = false;
    arm_wanted_ = false;
    return Action::kReadFeed;
  }
  if (arm_wanted_ && subscription_ != nullptr) {
    arm_wanted_ = false;
    return Action::kArm;
  }
  return Action::kNone;
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
  end_ = std::move(status);
  DropBatches();
}

void SyncSession::DropBatches() {
  if (feed_ == Feed::kReady) feed_ = Feed::kIdle;
  batches_.clear();
  const size_t held = std::exchange(bytes_held_, 0);
  if (held > 0) {
    // Whoever waits in line is called on another thread, without this session's mutex.
    engine_.readers().Post([&engine = engine_, held] { engine.feed_budget().Release(held); });
  }
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
          : std::clamp<size_t>(hello.batch_bytes_max(), kBatchBytesMin, kBatchBytesMax);
  for (const std::string& hash : hello.definition_hashes()) {
    known_.insert(*sync::DefinitionHash::FromBytes(hash));
  }
  Log(Level::kDebug, "sync began",
      {{"actor", actor_},
       {"client", hello.client_version()},
       {"clock_offset_ms", absl::StrCat(clock_offset_ms_)},
       {"push_only", push_only_ ? "yes" : "no"}});
  std::shared_ptr<Subscription> subscription;
  if (!push_only_ && !too_old_) {
    subscription = engine_.fan_out().Subscribe(query_.scope, [weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->OnWake();
    });
  }
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
      std::move(submissions), [self = shared_from_this(), pending](TaskResult result) {
        self->OnPushDone(pending, std::move(result));
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

void SyncSession::OnWake() {
  Lock lock(mutex_);
  read_wanted_ = true;
  Pump(lock);
}

void SyncSession::BeginReadFeed() {
  const auto read = [self = shared_from_this()] {
    self->engine_.readers().Post([self] { self->ReadFeedNow(); });
  };
  if (engine_.feed_budget().Acquire(query_.bytes_max, read)) read();
}

// Without the mutex: whoever is next in line is called from here.
void SyncSession::ReleaseBytes(size_t bytes) { engine_.feed_budget().Release(bytes); }

void SyncSession::ReadFeedNow() {
  size_t bytes = query_.bytes_max;
  {
    Lock lock(mutex_);
    const bool over = finished_ || broken_ || end_.has_value();
    // Perhaps a push came while this stood in line.
    if (over || PushesFirst()) {
      feed_ = Feed::kIdle;
      read_wanted_ = true;
      lock.unlock();
      ReleaseBytes(bytes);
      lock.lock();
      Pump(lock);
      return;
    }
    pushes_since_feed_ = 0;
  }
  const std::shared_ptr<const Published> published = engine_.sequencer().Current();
  if (published == nullptr) {
    ReleaseBytes(bytes);
    Lock lock(mutex_);
    feed_ = Feed::kIdle;
    End(StoreOpening(engine_.jitter_ms(kRetryOverloadedMs)));
    Pump(lock);
    return;
  }
  absl::StatusOr<sync::FeedPage> page = sync::ReadFeed(*published->reader, query_);
  // Requests first: forms are for what the officer does next.
  absl::StatusOr<std::vector<v1::Offer>> offers = std::vector<v1::Offer>();
  if (page.ok() && page->caught_up) offers = NewOffers(*published);
  if (!page.ok() || !offers.ok()) {
    const absl::Status failed = page.ok() ? offers.status() : page.status();
    if (failed.code() != absl::StatusCode::kInvalidArgument) {
      Log(Level::kError, "feed could not be read", {{"reason", failed.ToString()}});
    }
    ReleaseBytes(bytes);
    Lock lock(mutex_);
    feed_ = Feed::kIdle;
    End(failed);
    Pump(lock);
    return;
  }
  const bool caught_up = page->caught_up;
  const bool empty = page->requests.empty() && page->removals.empty() && offers->empty();
  std::deque<v1::SyncResponse> batches =
      MakeBatches(*std::move(page), *published, *std::move(offers));
  // Hardly a page is as large as it might have been: what it does not need is for those in line.
  size_t bytes_needed = 0;
  for (const v1::SyncResponse& batch : batches) bytes_needed += batch.ByteSizeLong();
  if (bytes_needed < bytes) ReleaseBytes(bytes - bytes_needed);
  bytes = std::min(bytes, bytes_needed);

  Lock lock(mutex_);
  number_seen_ = std::max(number_seen_, published->number);
  read_wanted_ = read_wanted_ || !caught_up;
  arm_wanted_ = caught_up;
  // Nothing new, and the phone knows that it has everything.
  if ((empty && caught_up && caught_up_told_) || end_.has_value() || broken_) {
    feed_ = Feed::kIdle;
    lock.unlock();
    ReleaseBytes(bytes);
    lock.lock();
  } else {
    feed_ = Feed::kReady;
    batches_ = std::move(batches);
    bytes_held_ = bytes;
  }
  Pump(lock);
}

absl::StatusOr<std::vector<v1::Offer>> SyncSession::NewOffers(const Published& published) {
  ASSIGN_OR_RETURN(std::vector<v1::Offer> offers,
                   OffersWithin(published, engine_.catalogue_offers(), query_.scope));
  std::string told;
  for (const v1::Offer& offer : offers) absl::StrAppend(&told, offer.SerializeAsString());
  if (told == offers_told_) return std::vector<v1::Offer>();
  offers_told_ = std::move(told);
  return offers;
}

std::deque<v1::SyncResponse> SyncSession::MakeBatches(sync::FeedPage page,
                                                      const Published& published,
                                                      std::vector<v1::Offer> offers) {
  const std::string cursor_before = std::exchange(query_.cursor, page.cursor);
  v1::SyncResponse last;
  v1::Batch& batch = *last.mutable_batch();
  for (v1::Request& request : page.requests) *batch.add_requests() = std::move(request);
  for (v1::Removal& removal : page.removals) *batch.add_removals() = std::move(removal);
  for (v1::FeedIdentity& feed : page.feeds) *batch.add_feeds() = std::move(feed);
  batch.set_cursor(page.cursor);
  batch.set_caught_up(page.caught_up);
  batch.set_remaining(page.remaining);
  std::vector<sync::DefinitionHash> wanted = std::move(page.definitions);
  for (v1::Offer& offer : offers) {
    wanted.push_back(*sync::DefinitionHash::FromBytes(offer.definition_hash()));
    *batch.add_offers() = std::move(offer);
  }

  // Definitions go with the batch where they fit, else before it in batches that move no cursor.
  std::deque<v1::SyncResponse> batches;
  v1::SyncResponse before;
  size_t before_bytes = 0, batch_bytes = batch.ByteSizeLong();
  for (const sync::DefinitionHash& hash : wanted) {
    if (known_.contains(hash)) continue;
    const std::shared_ptr<const sync::Definition> definition = published.definitions->Find(hash);
    if (definition == nullptr) continue;  // Not here either; the request says so.
    known_.insert(hash);
    const size_t bytes = definition->bytes().size();
    if (batch_bytes + bytes <= kBatchBytesMax) {
      batch_bytes += bytes;
      batch.add_definitions()->set_body(definition->bytes());
      continue;
    }
    if (before_bytes > 0 && before_bytes + bytes > kBatchBytesMax) {
      batches.push_back(std::move(before));
      before.Clear();
      before_bytes = 0;
    }
    before_bytes += bytes;
    before.mutable_batch()->add_definitions()->set_body(definition->bytes());
    before.mutable_batch()->set_cursor(cursor_before);
  }
  if (before_bytes > 0) batches.push_back(std::move(before));
  batches.push_back(std::move(last));
  return batches;
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
  if (writing_ && now_ms - write_began_ms_ > kWriteStalledMsMax) {
    Log(Level::kInfo, "stream is not read, ending it", {{"actor", actor_}});
    End(ReadsTooSlowly(engine_.jitter_ms(kRetryOverloadedMs)));
    broken_ = true;
    cancel_wanted_ = true;
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
