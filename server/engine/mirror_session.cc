#include "server/engine/mirror_session.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/engine/engine.h"
#include "server/engine/failure.h"
#include "server/engine/limits.h"
#include "server/engine/log.h"

namespace tikar::server {

MirrorSession::MirrorSession(Engine* engine, MirrorTransport* transport,
                             MirrorSessionOptions options)
    : engine_(*engine),
      transport_(*transport),
      options_(std::move(options)),
      opened_ms_(engine->now_ms()) {}

MirrorSession::~MirrorSession() = default;

void MirrorSession::Start() {
  const std::shared_ptr<const Published> published = engine_.sequencer().Current();
  Lock lock(mutex_);
  if (published == nullptr) {
    EndWith(StoreOpening(engine_.jitter_ms(kRetryOverloadedMs)));
  } else {
    *control_.emplace_back().mutable_hello() = MakeHello(*published);
  }
  Pump(lock);
}

std::shared_ptr<const MirrorLink> MirrorSession::link() const {
  Lock lock(mutex_);
  return link_;
}

std::optional<absl::Status> MirrorSession::end() const {
  Lock lock(mutex_);
  return end_;
}

void MirrorSession::Pump(Lock& lock) {
  const std::shared_ptr<MirrorSession> alive = shared_from_this();
  while (const Call call = NextCall()) {
    ++outside_;
    lock.unlock();
    call();
    lock.lock();
    --outside_;
  }
}

MirrorSession::Call MirrorSession::NextCall() {
  if (finished_) return nullptr;
  if (std::exchange(cancel_wanted_, false)) return [this] { transport_.Cancel(); };
  if (broken_ || end_.has_value()) {
    if (writing_ || taking_in_ || outside_ > 0) return nullptr;
    return Finishing();
  }
  if (Call call = NextInput()) return call;
  return NextOutput();
}

MirrorSession::Call MirrorSession::Finishing() {
  finished_ = true;
  control_.clear();
  batch_ = std::nullopt;
  steps_.clear();
  std::vector<std::shared_ptr<Subscription>> subscriptions;
  for (Watched& watched : watches_) subscriptions.push_back(std::move(watched.subscription));
  watches_.clear();
  const absl::Status status = end_.value_or(absl::UnavailableError("the connection was lost"));
  return [this, subscriptions = std::move(subscriptions), link = link_, status] {
    for (const auto& one : subscriptions) engine_.fan_out().Unsubscribe(one);
    if (link != nullptr) engine_.mirrors().Release(link, status, engine_.now_ms());
    transport_.Finish(status);
  };
}

MirrorSession::Call MirrorSession::NextInput() {
  if (submitting_) return nullptr;
  if (!steps_.empty() && !steps_held_back_ && steps_queued_ < kMirrorStepsQueuedMax) {
    std::shared_ptr<Step> step = std::move(steps_.front());
    steps_.pop_front();
    submitting_ = true;
    ++steps_queued_;
    return [this, step = std::move(step)] { SubmitStep(step); };
  }
  if (!reading_ && steps_.empty()) {
    reading_ = true;
    return [this] { transport_.Read(); };
  }
  return nullptr;
}

bool MirrorSession::MayBatch() const {
  return peer_complete_ && !batch_.has_value() &&
         batches_sent_ - batches_confirmed_ < kMirrorBatchesInFlightMax;
}

MirrorSession::Call MirrorSession::NextOutput() {
  if (!writing_ && PickMessage()) {
    writing_ = true;
    write_began_ms_ = engine_.now_ms();
    return [this, message = std::make_shared<v1::MirrorMessage>(std::move(outgoing_))] {
      transport_.Write(std::move(*message));
    };
  }
  if (link_ == nullptr) return nullptr;
  if (!store_being_read_ && !store_away_ && (!dirty_.empty() || (read_wanted_ && MayBatch()))) {
    store_being_read_ = true;
    auto wanted = std::make_shared<MirrorOutbox::Wanted>();
    wanted->dirty.swap(dirty_);
    wanted->definitions_got.swap(definitions_got_);
    wanted->offers_got.swap(offers_got_);
    wanted->batch = MayBatch();
    return [this, wanted] {
      engine_.readers().Post([self = shared_from_this(), wanted] { self->ReadStore(*wanted); });
    };
  }
  for (Watched& watched : watches_) {
    if (!std::exchange(watched.arm_wanted, false)) continue;
    return [this, subscription = watched.subscription, number = number_seen_] {
      engine_.fan_out().Arm(subscription, number);
    };
  }
  return nullptr;
}

bool MirrorSession::PickMessage() {
  if (!control_.empty()) {
    outgoing_ = std::move(control_.front());
    control_.pop_front();
    if (outgoing_.has_held()) {
      batches_told_ = batches_stored_;
      outgoing_.mutable_held()->set_batch_number(batches_told_);
    }
    return true;
  }
  if (link_ == nullptr) return false;
  if (batches_stored_ > batches_told_) {
    batches_told_ = batches_stored_;
    outgoing_.Clear();
    outgoing_.mutable_held()->set_batch_number(batches_told_);
    return true;
  }
  if (batch_.has_value()) {
    batch_->set_number(++batches_sent_);
    outgoing_.Clear();
    *outgoing_.mutable_batch() = *std::exchange(batch_, std::nullopt);
    return true;
  }
  return false;
}

void MirrorSession::EndWith(absl::Status status) {
  if (!end_.has_value()) end_ = std::move(status);
}

void MirrorSession::ReadStore(const MirrorOutbox::Wanted& wanted) {
  const std::shared_ptr<const Published> published = engine_.sequencer().Current();
  absl::StatusOr<MirrorOutbox::Found> found = MirrorOutbox::Found{};
  if (published != nullptr) {
    found = outbox_->Read(*published, wanted, [this](const std::string& region) {
      Lock lock(mutex_);
      const auto at = peer_has_.find(region);
      return at == peer_has_.end() ? sync::VersionVector() : at->second;
    });
  }
  if (!found.ok()) {
    Log(Level::kError, "logs could not be read for a mirror",
        {{"reason", found.status().ToString()}});
  }
  if (published != nullptr) NoteBehind();

  Lock lock(mutex_);
  store_being_read_ = false;
  if (published == nullptr) {
    store_away_ = true;
    dirty_.insert(wanted.dirty.begin(), wanted.dirty.end());
    definitions_got_.insert(definitions_got_.end(), wanted.definitions_got.begin(),
                            wanted.definitions_got.end());
    offers_got_.insert(offers_got_.end(), wanted.offers_got.begin(), wanted.offers_got.end());
  } else if (!found.ok()) {
    EndWith(found.status());
  } else {
    number_seen_ = std::max(number_seen_, published->number);
    for (v1::MirrorHeld& held : found->held) {
      *control_.emplace_back().mutable_held() = std::move(held);
    }
    if (found->batch.has_value()) {
      uint64_t bytes = 0;
      for (const v1::Entry& entry : found->batch->entries()) {
        peer_has_[entry.region()].Advance(sync::Origin{entry.origin()}, entry.seq());
        bytes += entry.body().size() + entry.sealed_body().size();
      }
      link_->Sent(engine_.now_ms(), found->entries, bytes);
      batch_ = std::move(found->batch);
      read_wanted_ = found->more;
    } else if (wanted.batch) {
      read_wanted_ = false;
    } else {
      // What was found waits for room.
      read_wanted_ = true;
    }
    for (Watched& watched : watches_) {
      watched.arm_wanted =
          watched.arm_wanted || wanted.dirty.contains(watched.prefix) || wanted.dirty.contains("*");
    }
  }
  Pump(lock);
}

void MirrorSession::NoteBehind() {
  std::shared_ptr<MirrorLink> link;
  {
    Lock lock(mutex_);
    link = link_;
  }
  bool behind = false;
  for (const auto& [region, vector] : link->Durable()) {
    const auto own = outbox_->own().find(region);
    const sync::CausalOrder order =
        Compare(vector, own == outbox_->own().end() ? sync::VersionVector() : own->second);
    behind = behind || (order != sync::CausalOrder::kEqual && order != sync::CausalOrder::kBefore);
  }
  link->SetBehind(behind, engine_.now_ms());
}

void MirrorSession::OnRead(bool ok, v1::MirrorMessage message) {
  {
    Lock lock(mutex_);
    if (!ok) broken_ = true;
    if (!ok || end_.has_value() || broken_) {
      reading_ = false;
      Pump(lock);
      return;
    }
    taking_in_ = true;
  }
  absl::Status status;
  switch (message.kind_case()) {
    case v1::MirrorMessage::kHello:
      status = OnHello(message.hello());
      break;
    case v1::MirrorMessage::kHeld:
      status = OnHeld(message.held());
      break;
    case v1::MirrorMessage::kBatch:
      status = OnBatch(std::move(*message.mutable_batch()));
      break;
    case v1::MirrorMessage::KIND_NOT_SET:
      // Of a later version, and none that must be understood: those raise the protocol's version.
      break;
  }
  Lock lock(mutex_);
  if (!status.ok()) {
    Log(Level::kWarning, "mirror ended",
        {{"peer", link_ == nullptr ? options_.peer : link_->ends().peer},
         {"reason", std::string(status.message())}});
    EndWith(std::move(status));
  }
  reading_ = taking_in_ = false;
  Pump(lock);
}

void MirrorSession::OnWake(size_t watch) {
  Lock lock(mutex_);
  if (watch < watches_.size()) dirty_.insert(watches_[watch].prefix);
  Pump(lock);
}

absl::Status MirrorSession::OnHeld(const v1::MirrorHeld& held) {
  std::shared_ptr<MirrorLink> link;
  {
    Lock lock(mutex_);
    link = link_;
    if (link == nullptr) return MirrorMistake("no hello first");
    if (held.batch_number() > batches_sent_) {
      return MirrorMistake("it confirms what was not sent");
    }
  }
  RegionVectors told;
  for (const v1::MirroredRegion& region : held.regions()) {
    if (!sync::IsRegion(region.region()) || !link->Covers(region.region())) {
      return MirrorMistake(absl::StrCat("it tells of region ", region.region()));
    }
    const auto vector = sync::VersionVector::FromProto(region.vector());
    if (!vector.ok()) return MirrorMistake("a version vector is malformed");
    told[region.region()].Join(*vector);
  }
  for (const auto& [region, vector] : told) link->Told(region, vector);
  if (!told.empty()) engine_.mirrors().NoteChange();
  Lock lock(mutex_);
  for (const auto& [region, vector] : told) peer_has_[region].Join(vector);
  batches_confirmed_ = std::max(batches_confirmed_, held.batch_number());
  if (held.complete() && !peer_complete_) {
    peer_complete_ = true;
    read_wanted_ = true;
  }
  return absl::OkStatus();
}

void MirrorSession::OnWritten(bool ok) {
  Lock lock(mutex_);
  writing_ = false;
  broken_ = broken_ || !ok;
  Pump(lock);
}

void MirrorSession::OnCancel() {
  Lock lock(mutex_);
  broken_ = true;
  Pump(lock);
}

void MirrorSession::OnTick(int64_t now_ms) {
  const std::shared_ptr<const Published> published = engine_.sequencer().Current();
  Lock lock(mutex_);
  if (finished_ || broken_) return;
  if (link_ == nullptr && now_ms - opened_ms_ > kHelloWaitMs) {
    EndWith(MirrorMistake("no hello came"));
    cancel_wanted_ = true;
  }
  if (writing_ && now_ms - write_began_ms_ > kWriteStalledMsMax) {
    EndWith(ReadsTooSlowly(engine_.jitter_ms(kRetryOverloadedMs)));
    broken_ = true;
    cancel_wanted_ = true;
  }
  steps_held_back_ = false;
  store_away_ = false;
  // A log can grow, and a definition come, without that a feed does: nothing wakes then.
  if (link_ != nullptr && published != nullptr && published->number != number_swept_) {
    number_swept_ = published->number;
    dirty_.insert(link_->ends().prefixes.begin(), link_->ends().prefixes.end());
    read_wanted_ = true;
  }
  Pump(lock);
}

void MirrorSession::Stop() {
  Lock lock(mutex_);
  EndWith(Stopping(engine_.jitter_ms(kRetryStoppingMs)));
  cancel_wanted_ = writing_;
  Pump(lock);
}

}  // namespace tikar::server
