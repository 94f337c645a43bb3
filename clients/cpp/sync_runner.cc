#include "clients/cpp/sync_runner.h"

#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "clients/cpp/error_words.h"
#include "clients/cpp/sync_call.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "tikar/v1/catalog_service.grpc.pb.h"
#include "tikar/v1/sync_service.grpc.pb.h"

namespace tikar::client {
namespace {

using SteadyClock = std::chrono::steady_clock;

// For each question to the catalogue. Definitions are small.
constexpr auto kCatalogDeadline = std::chrono::seconds(30);
// For a server to end a live call after we half-closed it.
constexpr auto kLeaveTime = std::chrono::seconds(2);

absl::Status StatusOf(const grpc::Status& status) {
  return WithDetails(
      absl::Status(static_cast<absl::StatusCode>(status.error_code()), status.error_message()),
      status.error_details());
}

// When the server said to come back, at most kRetryDelayMsMax; nullopt: it did not.
std::optional<int64_t> RetryDelayMs(const grpc::Status& status) {
  google::rpc::Status details;
  if (!details.ParseFromString(status.error_details())) return std::nullopt;
  for (const google::protobuf::Any& detail : details.details()) {
    google::rpc::RetryInfo retry;
    if (!detail.Is<google::rpc::RetryInfo>() || !detail.UnpackTo(&retry)) continue;
    // Bounded before it is reckoned with: these are numbers from outside.
    const int64_t seconds =
        std::clamp<int64_t>(retry.retry_delay().seconds(), 0, kRetryDelayMsMax / 1000);
    const int64_t nanos = std::clamp<int64_t>(retry.retry_delay().nanos(), 0, 999'999'999);
    return std::min(seconds * 1000 + nanos / 1'000'000, kRetryDelayMsMax);
  }
  return std::nullopt;
}

}  // namespace

grpc::ChannelArguments MakeChannelArguments() {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveTimeMs);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMs);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  // Despite its name, how long a dial may take. Four round trips of 2G, and some that were lost.
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, kDialMsMax);
  // A new channel shall dial, not wait for what another one's failure left behind.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetMaxReceiveMessageSize(kReceiveBytesMax);
  // gRPC's own retries would push a batch again behind the session's back.
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  return arguments;
}

std::shared_ptr<grpc::Channel> MakeChannel(const std::string& server) {
  return grpc::CreateCustomChannel(server, grpc::InsecureChannelCredentials(),
                                   MakeChannelArguments());
}

class SyncRunner::Implementation {
 public:
  Implementation(FieldApp* app, SyncRunnerOptions options)
      : app_(app), options_(std::move(options)) {
    app_->SetListener([events = events_] { events->Wake(); });
  }

  ~Implementation() {
    Stop();
    app_->SetListener(nullptr);
  }

  absl::Status SyncOnce() {
    const std::lock_guard<std::mutex> lock(visit_mutex_);
    return Visit(SyncMode::kShort).status;
  }

  absl::Status SyncUntilDone(int64_t patience_ms) {
    const std::lock_guard<std::mutex> lock(visit_mutex_);
    const SteadyClock::time_point end = SteadyClock::now() + std::chrono::milliseconds(patience_ms);
    while (true) {
      const SyncSession::Ended ended = Visit(SyncMode::kShort);
      const auto next = SteadyClock::now() + std::chrono::milliseconds(ended.wait_ms);
      if (ended.next == SyncSession::Next::kDone || stopping_ || next >= end) return ended.status;
      Wait(next);
    }
  }

  void StartLive() {
    const std::lock_guard<std::mutex> lock(thread_mutex_);
    if (thread_.joinable()) return;
    stopping_ = false;
    thread_ = std::thread([this] { RunLive(); });
  }

  void SyncNow() {
    hurry_ = true;
    events_->Wake();
  }

  void Stop() {
    stopping_ = true;
    events_->Wake();
    {
      const std::lock_guard<std::mutex> lock(thread_mutex_);
      if (thread_.joinable()) thread_.join();
    }
    const std::lock_guard<std::mutex> lock(visit_mutex_);  // a SyncOnce of another thread
    stopping_ = false;
  }

 private:
  void RunLive() {
    const std::lock_guard<std::mutex> lock(visit_mutex_);
    while (!stopping_) {
      // Definitions are asked for after a stream, and a live one does not end.
      SyncSession::Ended ended;
      if (LacksDefinitions()) ended = Visit(SyncMode::kShort);
      if (ended.status.ok()) ended = Visit(SyncMode::kLive);
      if (!stopping_ && ended.next == SyncSession::Next::kWait) {
        Wait(SteadyClock::now() + std::chrono::milliseconds(ended.wait_ms));
      }
    }
  }

  // An edit that wakes the runner does not end the waiting: the server asked for it. SyncNow does.
  void Wait(SteadyClock::time_point until) {
    hurry_ = false;
    while (!stopping_ && !hurry_ && events_->WaitForWake(until)) {
    }
  }

  // Streams until there is nothing more to do or one fails.
  SyncSession::Ended Visit(SyncMode mode) {
    while (true) {
      if (stopping_) return {SyncSession::Next::kDone, 0, absl::CancelledError("stopped")};
      const bool reused = channel_ != nullptr;
      if (!reused) Connect();
      SyncSession::Ended ended = RunStream(mode);
      // A channel that failed to connect fails further calls at once until it has connected in its
      // own time. Ours is the time that counts: the next attempt dials anew.
      if (!ended.status.ok()) channel_ = nullptr;
      // A connection that went well once says nothing about now: the server may have restarted
      // since and be there, and the old connection only finds out by being used. So dial before
      // waiting. Not when a server is there and says when to come back: it is heeded.
      const bool nobody_there = !heard_ && !told_to_wait_ && absl::IsUnavailable(ended.status);
      if (reused && nobody_there && !stopping_) continue;
      if (stopping_) ended = {SyncSession::Next::kDone, 0, absl::CancelledError("stopped")};
      // Asked after the stream, so that a server without them does not keep the changes waiting.
      if (ended.status.ok() && !stopping_) FetchDefinitions();
      if (options_.on_change) options_.on_change();
      if (ended.next != SyncSession::Next::kAgain) return ended;
    }
  }

  void Connect() {
    channel_ = options_.make_channel ? options_.make_channel() : MakeChannel(options_.server);
    sync_ = v1::SyncService::NewStub(channel_);
    catalog_ = v1::CatalogService::NewStub(channel_);
  }

  SyncSession::Ended RunStream(SyncMode mode);
  // Does what the session said; an error of the session itself ends the call.
  void Apply(absl::StatusOr<SyncSession::Step> step, SyncCall* call);
  void Handle(SyncEvents::Event event, SyncCall* call);
  SteadyClock::duration Patience() const {
    if (left_) return kLeaveTime;
    return std::chrono::milliseconds(options_.silence_ms_max);
  }
  // Batches bring what they pin and offer. What is missing all the same came from another server,
  // whose catalogue held more than this one's, or was lost.
  bool LacksDefinitions();
  void FetchDefinitions();
  absl::StatusOr<std::vector<v1::DefinitionBytes>> Fetch(
      const std::vector<sync::DefinitionHash>& hashes);

  FieldApp* const app_;
  const SyncRunnerOptions options_;
  const std::shared_ptr<SyncEvents> events_ = std::make_shared<SyncEvents>();
  std::atomic<bool> stopping_ = false;
  std::atomic<bool> hurry_ = false;
  std::mutex thread_mutex_;                 // taken before visit_mutex_
  std::thread thread_;                      // guarded by thread_mutex_
  std::mutex visit_mutex_;                  // held by the thread that syncs; guards what follows
  std::shared_ptr<grpc::Channel> channel_;  // null: to be made
  std::unique_ptr<v1::SyncService::Stub> sync_;
  std::unique_ptr<v1::CatalogService::Stub> catalog_;
  std::unique_ptr<SyncSession> session_;
  absl::Status own_error_;
  bool left_ = false;
  bool heard_ = false;         // the server sent a message in this stream
  bool told_to_wait_ = false;  // it ended this stream and said when to come back
};

void SyncRunner::Implementation::Apply(absl::StatusOr<SyncSession::Step> step, SyncCall* call) {
  if (!step.ok()) {
    own_error_.Update(step.status());
    call->Cancel();
    return;
  }
  if (step->cancel) call->Cancel();
  call->Send(std::move(step->send));
  if (step->half_close) call->HalfClose();
}

void SyncRunner::Implementation::Handle(SyncEvents::Event event, SyncCall* call) {
  switch (event.kind) {
    case SyncEvents::Kind::kMessage:
      heard_ = true;
      if (own_error_.ok()) {
        Apply(app_->Exclusively([&] { return session_->Receive(event.message); }), call);
        if (options_.on_change) options_.on_change();
      }
      call->TakeNext();
      break;
    case SyncEvents::Kind::kWritten:
      call->Written();
      break;
    case SyncEvents::Kind::kReadsDone:
      call->Finish();
      break;
    case SyncEvents::Kind::kWake:
      if (!own_error_.ok()) break;
      Apply(app_->Exclusively([&] { return stopping_ ? session_->Leave() : session_->Wake(); }),
            call);
      left_ = stopping_;
      break;
    case SyncEvents::Kind::kTimeout:
      if (!left_) {
        own_error_.Update(absl::DeadlineExceededError(
            absl::StrCat("the server said nothing for ", options_.silence_ms_max / 1000, " s")));
      }
      call->Cancel();
      break;
    case SyncEvents::Kind::kEnded:
      break;
  }
}

SyncSession::Ended SyncRunner::Implementation::RunStream(SyncMode mode) {
  session_ = app_->NewSession(mode);
  own_error_ = absl::OkStatus();
  left_ = false;
  heard_ = false;
  told_to_wait_ = false;
  absl::StatusOr<SyncSession::Step> first = app_->Exclusively([&] { return session_->Start(); });
  if (!first.ok()) {
    return app_->Exclusively([&] { return session_->End(first.status(), std::nullopt); });
  }
  SyncCall call(sync_.get(), events_);
  Apply(std::move(first), &call);
  if (stopping_) events_->Wake();
  grpc::Status end;
  while (true) {
    SyncEvents::Event event = events_->Next(SteadyClock::now() + Patience());
    if (event.kind == SyncEvents::Kind::kEnded) {
      end = std::move(event.status);
      break;
    }
    // A live call may be quiet for ever: keepalive tells a dead link.
    const bool quiet = own_error_.ok() && !left_ && !session_->expects_message();
    if (event.kind == SyncEvents::Kind::kTimeout && quiet) continue;
    Handle(std::move(event), &call);
  }
  if (!own_error_.ok()) {
    return app_->Exclusively([&] { return session_->End(own_error_, std::nullopt); });
  }
  const std::optional<int64_t> retry_delay_ms = RetryDelayMs(end);
  told_to_wait_ = retry_delay_ms.has_value();
  return app_->Exclusively([&] { return session_->End(StatusOf(end), retry_delay_ms); });
}

bool SyncRunner::Implementation::LacksDefinitions() {
  const auto missing = app_->MissingDefinitions();
  return missing.ok() && !missing->empty();
}

void SyncRunner::Implementation::FetchDefinitions() {
  // What cannot be had now is asked for after the next visit; forms that are here still work.
  const auto missing = app_->MissingDefinitions();
  if (!missing.ok() || missing->empty()) return;
  const absl::StatusOr<std::vector<v1::DefinitionBytes>> fetched = Fetch(*missing);
  if (fetched.ok()) app_->StoreDefinitions(*fetched).IgnoreError();
}

absl::StatusOr<std::vector<v1::DefinitionBytes>> SyncRunner::Implementation::Fetch(
    const std::vector<sync::DefinitionHash>& hashes) {
  std::vector<v1::DefinitionBytes> fetched;
  for (const sync::DefinitionHash& hash : hashes) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + kCatalogDeadline);
    v1::GetDefinitionRequest request;
    request.set_definition_hash(hash.bytes());
    v1::GetDefinitionResponse response;
    const absl::Status status = StatusOf(catalog_->GetDefinition(&context, request, &response));
    // Another server has it.
    if (absl::IsNotFound(status)) continue;
    RETURN_IF_ERROR(status);
    if (sync::Sha256(response.definition_bytes().body()) == hash) {
      fetched.push_back(std::move(*response.mutable_definition_bytes()));
    }
  }
  return fetched;
}

SyncRunner::SyncRunner(FieldApp* app, SyncRunnerOptions options)
    : implementation_(std::make_unique<Implementation>(app, std::move(options))) {}
SyncRunner::~SyncRunner() = default;
absl::Status SyncRunner::SyncOnce() { return implementation_->SyncOnce(); }
absl::Status SyncRunner::SyncUntilDone(int64_t patience_ms) {
  return implementation_->SyncUntilDone(patience_ms);
}
void SyncRunner::StartLive() { implementation_->StartLive(); }
void SyncRunner::SyncNow() { implementation_->SyncNow(); }
void SyncRunner::Stop() { implementation_->Stop(); }

}  // namespace tikar::client
