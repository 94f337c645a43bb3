#include "clients/cpp/sync_call.h"

#include <utility>

namespace tikar::client {

void SyncEvents::Push(Event event) {
  const std::lock_guard<std::mutex> lock(mutex_);
  events_.push_back(std::move(event));
  changed_.notify_all();
}

void SyncEvents::Wake() {
  const std::lock_guard<std::mutex> lock(mutex_);
  woken_ = true;
  changed_.notify_all();
}

SyncEvents::Event SyncEvents::Next(std::chrono::steady_clock::time_point until) {
  std::unique_lock<std::mutex> lock(mutex_);
  changed_.wait_until(lock, until, [&] { return woken_ || !events_.empty(); });
  if (!events_.empty()) {
    Event event = std::move(events_.front());
    events_.pop_front();
    return event;
  }
  Event event;
  event.kind = std::exchange(woken_, false) ? Kind::kWake : Kind::kTimeout;
  return event;
}

bool SyncEvents::WaitForWake(std::chrono::steady_clock::time_point until) {
  std::unique_lock<std::mutex> lock(mutex_);
  changed_.wait_until(lock, until, [&] { return woken_; });
  return std::exchange(woken_, false);
}

SyncCall::SyncCall(v1::SyncService::Stub* stub, std::shared_ptr<SyncEvents> events)
    : events_(std::move(events)) {
  stub->async()->Sync(&context_, this);
  // Writes are started from outside gRPC's threads: without a hold the call could end under them.
  AddHold();
  StartCall();
  StartRead(&message_);
}

void SyncCall::Send(std::vector<v1::SyncRequest> messages) {
  for (v1::SyncRequest& message : messages) outgoing_.push_back(std::move(message));
  WriteNext();
}

void SyncCall::HalfClose() {
  half_close_ = true;
  WriteNext();
}

void SyncCall::WriteNext() {
  if (writing_ || finished_) return;
  if (!outgoing_.empty()) {
    writing_ = true;
    StartWrite(&outgoing_.front());
  } else if (std::exchange(half_close_, false)) {
    StartWritesDone();
  }
}

void SyncCall::Written() {
  outgoing_.pop_front();
  writing_ = false;
  WriteNext();
}

void SyncCall::TakeNext() {
  message_.Clear();
  StartRead(&message_);
}

void SyncCall::Finish() {
  finished_ = true;
  RemoveHold();
}

void SyncCall::OnReadDone(bool ok) {
  SyncEvents::Event event;
  if (ok) {
    event.kind = SyncEvents::Kind::kMessage;
    event.message.Swap(&message_);
  } else {
    event.kind = SyncEvents::Kind::kReadsDone;
  }
  events_->Push(std::move(event));
}

void SyncCall::OnWriteDone(bool ok) {
  // A write that failed means that the call is ending; the read that is under way says so, too.
  if (!ok) return;
  SyncEvents::Event event;
  event.kind = SyncEvents::Kind::kWritten;
  events_->Push(std::move(event));
}

void SyncCall::OnWritesDoneDone(bool /*ok*/) {}

void SyncCall::OnDone(const grpc::Status& status) {
  // This object may be gone as soon as the event is taken.
  const std::shared_ptr<SyncEvents> events = events_;
  SyncEvents::Event event;
  event.kind = SyncEvents::Kind::kEnded;
  event.status = status;
  events->Push(std::move(event));
}

}  // namespace tikar::client
