#include "clients/cpp/sync_session.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "clients/cpp/error_words.h"
#include "clients/cpp/limits.h"
#include "sync/hlc.h"

namespace tikar::client {
namespace {

constexpr uint32_t kProtocolVersion = 1;
// What a change costs in a Push beside its body: tags and lengths.
constexpr size_t kChangeEnvelopeBytes = 12;
// Hello's own limit.
constexpr size_t kDefinitionHashesMax = 1024;

// After so many failures in a row, of which the first one may have brought the phone forward and
// the others have not.
uint32_t BatchBytesWanted(int failures) {
  uint32_t bytes = kBatchBytesWanted;
  for (int i = 1; i < failures && bytes > kBatchBytesWantedMin; ++i) bytes /= 2;
  return bytes;
}

void ForgetError(SyncState* state) {
  state->error_code = 0;
  state->error.clear();
  state->error_words.Clear();
  state->failures = 0;
  state->next_attempt_at_ms = 0;
}

absl::Status ServerBrokeProtocol(absl::string_view what) {
  return absl::InternalError(absl::StrCat("the server broke the protocol: ", what));
}

}  // namespace

SyncSession::SyncSession(LocalStore* store, Clock* clock, Random* random, SessionOptions options)
    : store_(store), clock_(clock), random_(random), options_(std::move(options)) {}

absl::StatusOr<SyncSession::Step> SyncSession::Own(absl::StatusOr<Step> step) {
  if (!step.ok()) own_error_ = true;
  return step;
}

absl::StatusOr<SyncSession::Step> SyncSession::Start() { return Own(DoStart()); }

absl::StatusOr<SyncSession::Step> SyncSession::Receive(const v1::SyncResponse& response) {
  return Own(DoReceive(response));
}

bool SyncSession::expects_message() const {
  return half_closed_ || !welcomed_ || !in_flight_.empty() || options_.mode == SyncMode::kShort;
}

absl::StatusOr<SyncSession::Step> SyncSession::DoStart() {
  ASSIGN_OR_RETURN(const Device device, store_->LoadDevice());
  ASSIGN_OR_RETURN(const std::vector<sync::DefinitionHash> hashes, store_->DefinitionHashes());
  SyncState state;
  {
    ASSIGN_OR_RETURN(Transaction transaction, Transaction::Begin(&store_->database()));
    ASSIGN_OR_RETURN(state, store_->LoadSyncState());
    stream_ = ++state.stream;
    origin_ = state.server_origin;
    ASSIGN_OR_RETURN(const std::optional<sync::ChangeId> first, FirstToSend());
    if (state.suspicion.active() && first != state.suspicion.first) state.suspicion = Suspicion();
    wary_ = state.suspicion.wary;
    RETURN_IF_ERROR(store_->SaveSyncState(state));
    RETURN_IF_ERROR(transaction.Commit());
  }
  scope_ = device.scope;
  cursor_ = state.cursor;
  begins_pass_ = cursor_.empty();
  started_at_ms_ = clock_->NowMs();

  Step step;
  v1::Hello& hello = *step.send.emplace_back().mutable_hello();
  hello.set_protocol_version(kProtocolVersion);
  hello.set_actor(device.actor);
  hello.set_device_time_ms(started_at_ms_);
  for (const std::string& prefix : scope_) hello.add_scope(prefix);
  hello.set_cursor(state.cursor);
  for (size_t i = 0; i < std::min(hashes.size(), kDefinitionHashesMax); ++i) {
    hello.add_definition_hashes(hashes[i].bytes());
  }
  hello.set_client_version(options_.client_version);
  hello.set_push_only(wary_);
  hello.set_batch_bytes_max(BatchBytesWanted(state.failures));
  RETURN_IF_ERROR(Continue(&step));
  return step;
}

absl::StatusOr<SyncSession::Step> SyncSession::DoReceive(const v1::SyncResponse& response) {
  Step step;
  switch (response.kind_case()) {
    case v1::SyncResponse::kWelcome:
      RETURN_IF_ERROR(Welcome(response.welcome()));
      break;
    case v1::SyncResponse::kPushResult:
      RETURN_IF_ERROR(TakeResults(response.push_result()));
      break;
    case v1::SyncResponse::kBatch:
      RETURN_IF_ERROR(TakeBatch(response.batch(), &step));
      break;
    case v1::SyncResponse::KIND_NOT_SET:
      // A newer server's message. Whoever adds one must not rely on old apps to heed it.
      break;
  }
  RETURN_IF_ERROR(Continue(&step));
  return step;
}

absl::Status SyncSession::Welcome(const v1::Welcome& welcome) {
  ASSIGN_OR_RETURN(Transaction transaction, Transaction::Begin(&store_->database()));
  ASSIGN_OR_RETURN(SyncState state, store_->LoadSyncState());
  // The server read its clock somewhere between our two readings.
  const int64_t now_ms = clock_->NowMs();
  // A server's word is no number to reckon with before it is within what a clock can show.
  const int64_t server_ms = std::clamp<int64_t>(welcome.server_time_ms(), 0, sync::kHlcMsMax);
  state.clock_offset_ms = server_ms - (started_at_ms_ + (now_ms - started_at_ms_) / 2);
  state.server_origin = origin_ = welcome.origin();
  state.single_copy = welcome.single_copy();
  RETURN_IF_ERROR(store_->SaveSyncState(state));
  RETURN_IF_ERROR(transaction.Commit());
  welcomed_ = true;
  return absl::OkStatus();
}

absl::Status SyncSession::TakeResults(const v1::PushResult& result) {
  if (in_flight_.empty()) return ServerBrokeProtocol("a result of no push");
  const Batch& batch = in_flight_.front();
  if (static_cast<size_t>(result.results_size()) != batch.ids.size()) {
    return ServerBrokeProtocol(absl::StrCat(result.results_size(), " results of a push with ",
                                            batch.ids.size(), " changes"));
  }
  ASSIGN_OR_RETURN(Transaction transaction, Transaction::Begin(&store_->database()));
  for (size_t i = 0; i < batch.ids.size(); ++i) {
    const v1::ChangeResult& answer = result.results(static_cast<int>(i));
    if (answer.change_id() != batch.ids[i].view()) {
      return ServerBrokeProtocol("results in another order than the changes");
    }
    if (answer.verdict() != v1::VERDICT_ACCEPTED && answer.verdict() != v1::VERDICT_VOID &&
        answer.verdict() != v1::VERDICT_QUARANTINED) {
      return ServerBrokeProtocol("a result without a verdict");
    }
    RETURN_IF_ERROR(store_->outbox().Answer(batch.positions[i], answer, origin_, stream_));
  }
  ASSIGN_OR_RETURN(SyncState state, store_->LoadSyncState());
  if (state.suspicion.active()) {
    ASSIGN_OR_RETURN(const std::optional<sync::ChangeId> next, FirstToSend());
    Acquit(batch.ids.front(), static_cast<int>(batch.ids.size()), next, &state.suspicion);
    RETURN_IF_ERROR(store_->SaveSyncState(state));
  }
  RETURN_IF_ERROR(transaction.Commit());
  for (const int64_t position : batch.positions) positions_in_flight_.erase(position);
  in_flight_.pop_front();
  progress_ = true;
  return absl::OkStatus();
}

absl::Status SyncSession::TakeBatch(const v1::Batch& batch, Step* step) {
  ASSIGN_OR_RETURN(scope_changed_, ScopeChanged());
  if (scope_changed_) {
    // It would bring back what just left, and a cursor that knows nothing of it.
    step->cancel = true;
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(Transaction transaction, Transaction::Begin(&store_->database()));
  ASSIGN_OR_RETURN(SyncState state, store_->LoadSyncState());
  if (std::exchange(begins_pass_, false)) ++state.pass;
  for (const v1::DefinitionBytes& definition : batch.definitions()) {
    RETURN_IF_ERROR(store_->AddDefinition(definition));
  }
  if (!batch.offers().empty()) {
    std::vector<Offer> offers;
    for (const v1::Offer& proto : batch.offers()) {
      std::optional<Offer> offer = OfferOf(proto);
      if (!offer) return ServerBrokeProtocol("an offer without a proper service or definition");
      offers.push_back(*std::move(offer));
    }
    RETURN_IF_ERROR(store_->offers().Replace(offers, scope_));
  }
  std::map<std::string, sync::FeedId> feeds;
  for (const v1::FeedIdentity& feed : batch.feeds()) {
    feeds[feed.region()] = static_cast<sync::FeedId>(feed.feed_id());
  }
  ASSIGN_OR_RETURN(Device device, store_->LoadDevice());
  const int64_t now_ms = clock_->NowMs();
  sync::HlcClock hlc(device.hlc_last);
  for (const v1::Request& request : batch.requests()) {
    const std::optional<sync::RequestKey> key = KeyOfName(request.name());
    if (!key) return ServerBrokeProtocol("a request without a proper name");
    auto feed = feeds.find(key->region);
    RETURN_IF_ERROR(store_->replica().Put(
        request, feed == feeds.end() ? sync::FeedId::kNone : feed->second, state.pass));
    // What is written after seeing this shall rank after it, unless our clock is too far behind for
    // that: then the server corrects our times by the offset, and a reading dragged ahead of our
    // clock would be corrected too much.
    hlc.Observe(request.update_time(), now_ms);
  }
  for (const v1::Removal& removal : batch.removals()) {
    const std::optional<sync::RequestId> id = sync::RequestId::FromBytes(removal.request_id());
    if (!id) return ServerBrokeProtocol("a removal without a request id");
    RETURN_IF_ERROR(store_->replica().Remove({removal.region(), *id}, {removal.reason()}));
  }
  if (hlc.last() != device.hlc_last) {
    device.hlc_last = hlc.last();
    RETURN_IF_ERROR(store_->SaveDevice(device));
  }
  state.cursor = batch.cursor();
  state.cursor_scope = scope_;
  state.caught_up = batch.caught_up();
  if (batch.caught_up()) {
    // The server told what left while the cursor was good, and nothing of what left before that.
    RETURN_IF_ERROR(
        store_->replica().RemoveNotBroughtSince(state.pass, {v1::REMOVAL_REASON_LEFT_SCOPE}));
    state.caught_up_at_ms = now_ms;
    // A live stream may stay like this for days.
    ForgetError(&state);
  }
  state.remaining = batch.remaining();
  RETURN_IF_ERROR(store_->SaveSyncState(state));
  RETURN_IF_ERROR(transaction.Commit());
  cursor_ = std::move(state.cursor);
  progress_ = true;
  if (options_.mode == SyncMode::kLive && !half_closed_) {
    step->send.emplace_back().mutable_received()->set_batch_number(batch.batch_number());
  }
  return absl::OkStatus();
}

absl::StatusOr<SyncSession::Step> SyncSession::Wake() {
  Step step;
  absl::StatusOr<bool> changed = ScopeChanged();
  if (!changed.ok()) return Own(changed.status());
  if (*changed) {
    scope_changed_ = true;
    step.cancel = true;
    return step;
  }
  if (absl::Status status = Continue(&step); !status.ok()) return Own(status);
  return step;
}

absl::StatusOr<SyncSession::Step> SyncSession::Leave() {
  leaving_ = true;
  return Wake();
}

absl::StatusOr<bool> SyncSession::ScopeChanged() {
  ASSIGN_OR_RETURN(const Device device, store_->LoadDevice());
  ASSIGN_OR_RETURN(const SyncState state, store_->LoadSyncState());
  return device.scope != scope_ || state.cursor != cursor_;
}

absl::Status SyncSession::Continue(Step* step) {
  if (half_closed_ || step->cancel || (wary_ && !welcomed_)) return absl::OkStatus();
  const size_t window = wary_ ? 1 : kPushesInFlightMax;
  bool all_sent = false;
  while (in_flight_.size() < window) {
    v1::SyncRequest request;
    ASSIGN_OR_RETURN(Batch batch, PickBatch(request.mutable_push()));
    if (batch.ids.empty()) {
      all_sent = true;
      break;
    }
    positions_in_flight_.insert(batch.positions.begin(), batch.positions.end());
    in_flight_.push_back(std::move(batch));
    step->send.push_back(std::move(request));
  }
  const bool ends_by_itself = wary_ || leaving_ || options_.mode == SyncMode::kShort;
  if (all_sent && ends_by_itself) {
    half_closed_ = true;
    step->half_close = true;
  }
  return absl::OkStatus();
}

absl::StatusOr<SyncSession::Batch> SyncSession::PickBatch(v1::Push* push) {
  ASSIGN_OR_RETURN(const SyncState state, store_->LoadSyncState());
  const size_t changes_max = wary_ && state.suspicion.active()
                                 ? static_cast<size_t>(state.suspicion.limit)
                                 : kPushChangesMax;
  Batch batch;
  size_t bytes = 0;
  RETURN_IF_ERROR(store_->outbox().EachToSend(origin_, stream_, [&](OutgoingChange change) {
    if (positions_in_flight_.contains(change.position)) return true;
    bytes += change.body.size() + kChangeEnvelopeBytes;
    if (batch.ids.size() >= changes_max) return false;
    if (!batch.ids.empty() && bytes > kPushBytesMax) return false;
    batch.positions.push_back(change.position);
    batch.ids.push_back(change.id);
    push->add_changes()->set_body(std::move(change.body));
    return true;
  }));
  return batch;
}

absl::StatusOr<std::optional<sync::ChangeId>> SyncSession::FirstToSend() {
  std::optional<sync::ChangeId> first;
  RETURN_IF_ERROR(store_->outbox().EachToSend(origin_, stream_, [&](const OutgoingChange& change) {
    first = change.id;
    return false;
  }));
  return first;
}

SyncSession::Ended SyncSession::End(const absl::Status& status,
                                    std::optional<int64_t> retry_delay_ms) {
  absl::StatusOr<Ended> ended = DoEnd(status, retry_delay_ms);
  if (ended.ok()) return *ended;
  // The store is in trouble (disk full, damaged): nothing to do but to say so and to try again.
  return {Next::kWait, BackoffMs(1, std::nullopt, options_.backoff, *random_), ended.status()};
}

absl::StatusOr<SyncSession::Ended> SyncSession::DoEnd(const absl::Status& status,
                                                      std::optional<int64_t> retry_delay_ms) {
  ASSIGN_OR_RETURN(Transaction transaction, Transaction::Begin(&store_->database()));
  ASSIGN_OR_RETURN(SyncState state, store_->LoadSyncState());
  Ended ended;
  if (scope_changed_ && !own_error_) {
    ended.next = Next::kAgain;
  } else if (leaving_ && absl::IsCancelled(status) && !own_error_) {
    return ended;  // given up by our own side; what was not answered is sent another time
  } else if (status.ok() && half_closed_ && in_flight_.empty()) {
    ASSIGN_OR_RETURN(ended, EndWell(std::move(state)));
  } else {
    const absl::Status reason =
        status.ok() ? absl::UnavailableError("the server ended the exchange half-way") : status;
    ASSIGN_OR_RETURN(ended, EndBadly(reason, retry_delay_ms, std::move(state)));
  }
  RETURN_IF_ERROR(transaction.Commit());
  return ended;
}

absl::StatusOr<SyncSession::Ended> SyncSession::EndWell(SyncState state) {
  ForgetError(&state);
  state.upgrade_required = false;
  // What was accused went through after all, or there is nothing left to accuse.
  if (wary_ && state.suspicion.active()) {
    ASSIGN_OR_RETURN(const std::optional<sync::ChangeId> first, FirstToSend());
    if (first != state.suspicion.first) state.suspicion = Suspicion();
  }
  RETURN_IF_ERROR(store_->SaveSyncState(state));
  if (leaving_) return Ended{};
  // Something was queued meanwhile, or the server turned out to be another one, or nothing was
  // taken down.
  ASSIGN_OR_RETURN(const std::optional<sync::ChangeId> first, FirstToSend());
  return Ended{wary_ || first ? Next::kAgain : Next::kDone, 0, absl::OkStatus()};
}

absl::StatusOr<SyncSession::Ended> SyncSession::EndBadly(const absl::Status& status,
                                                         std::optional<int64_t> retry_delay_ms,
                                                         SyncState state) {
  Consequence consequence = Consequence::kNone;
  if (!own_error_ && !in_flight_.empty()) {
    const Batch& accused = in_flight_.front();
    const Evidence evidence = EvidenceOf(status, retry_delay_ms.has_value());
    consequence = Accuse(accused.ids.front(), static_cast<int>(accused.ids.size()), evidence,
                         welcomed_, &state.suspicion);
    if (consequence == Consequence::kPark) {
      RETURN_IF_ERROR(store_->outbox().Park(accused.ids.front(), sync::StdView(status.ToString())));
    } else if (consequence == Consequence::kDefer) {
      RETURN_IF_ERROR(store_->outbox().Defer(accused.ids.front()));
    }
  }
  if (absl::IsInvalidArgument(status) && !own_error_ && in_flight_.empty() && !progress_ &&
      state.failures > 0) {
    // Nothing was pushed, so it is the hello that the server will never take; of what is in it only
    // the cursor is not ours. Beginning anew costs data once, a cursor that is stuck costs it all.
    state.cursor.clear();
    state.cursor_scope.clear();
    state.caught_up = false;
  }
  const int64_t now_ms = clock_->NowMs();
  state.failures = progress_ || consequence != Consequence::kNone ? 1 : state.failures + 1;
  state.error_code = static_cast<int>(status.code());
  state.error = std::string(status.message());
  state.error_words = WordsOf(status, own_error_ ? Culprit::kPhone : Culprit::kServer);
  state.error_at_ms = now_ms;
  state.upgrade_required = status.code() == absl::StatusCode::kFailedPrecondition && !own_error_;
  Ended ended{Next::kWait, BackoffMs(state.failures, retry_delay_ms, options_.backoff, *random_),
              status};
  state.next_attempt_at_ms = now_ms + ended.wait_ms;
  RETURN_IF_ERROR(store_->SaveSyncState(state));
  return ended;
}

}  // namespace tikar::client
