#include "phone.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "clients/cpp/limits.h"
#include "sync/status_macros.h"

namespace tikar::simulation {
namespace {

using client::SyncMode;
using client::SyncSession;

constexpr char kFile[] = "app.sqlite";
constexpr int64_t kOpenAgainMs = 5'000;

// Errors that a disk which is full or a phone that lost its power explain.
bool IsDisks(const absl::Status& status) {
  return absl::IsResourceExhausted(status) || absl::IsInternal(status);
}

}  // namespace

class Phone::SeededRandom : public client::Random {
 public:
  explicit SeededRandom(uint64_t seed) : random_(seed) {}
  void Fill(uint8_t* bytes, size_t size) override {
    for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<uint8_t>(random_.Next());
  }

 private:
  property::Random random_;
};

Phone::Phone(Stage* stage, std::vector<std::unique_ptr<Node>>* nodes, PhoneIndex index,
             PhoneSettings settings)
    : stage_(*stage),
      nodes_(*nodes),
      index_(index),
      settings_(std::move(settings)),
      clock_(&stage->schedule),
      disk_(absl::StrCat("phone ", index)),
      random_(std::make_unique<SeededRandom>(stage->random.Next())) {}

Phone::~Phone() { DropApp(); }

void Phone::Tell(PhoneChange what, uint64_t backup_step, PhoneIndex source) {
  stage_.trace.Note("phone", {index_, static_cast<uint64_t>(what), backup_step, source});
  stage_.Tell(&Checker::OnPhoneChanged,
              PhoneChanged{index_, what, source, backup_step, settings_.scope});
}

void Phone::Open() {
  if (!used_ || app_ != nullptr) return;
  client::FieldAppOptions options;
  options.database_path = disk_.Path(kFile);
  options.database_vfs = PhoneDisk::kVfs;
  options.actor = settings_.actor;
  options.role = settings_.role;
  options.scope = settings_.scope;
  options.client_version = "tikar-sim";
  options.clock = &clock_;
  options.random = random_.get();
  absl::StatusOr<std::unique_ptr<client::FieldApp>> app = client::FieldApp::Open(options);
  absl::Status status = app.status();
  if (app.ok()) {
    std::vector<v1::Offer> offers;
    for (const auto& definition : stage_.services.all()) {
      v1::DefinitionBytes bytes;
      bytes.set_body(definition->bytes());
      status.Update((*app)->AddDefinition(bytes));
      if (!offers.empty()) continue;
      v1::Offer& offer = offers.emplace_back();
      offer.set_service(definition->proto().service());
      offer.set_definition_hash(definition->hash().bytes());
    }
    status.Update((*app)->BringOffers(offers));
  }
  if (!status.ok()) {
    app = status;  // closes it
    if (!IsDisks(status)) {
      stage_.FailWorld(absl::StrCat("phone ", index_, " does not open: ", status.ToString()));
      return;
    }
    if (!disk_.powered()) disk_.Restart(&stage_.random);
    stage_.schedule.After(kOpenAgainMs, [this, process = process_] {
      if (process == process_) Open();
    });
    return;
  }
  app_ = *std::move(app);
  ++process_;
  if (!std::exchange(opened_before_, true)) Tell(PhoneChange::kOpened);
  if (started_) PlanVisit(stage_.random.Between(0, 5'000));
}

void Phone::Start() {
  started_ = true;
  PlanVisit(stage_.random.Between(0, 20'000));
}

void Phone::PlanVisit(int64_t delay_ms) {
  // The last plan counts.
  stage_.schedule.After(delay_ms, [this, plan = ++visit_planned_, process = process_] {
    if (plan == visit_planned_ && process == process_) Visit();
  });
}

void Phone::Visit() {
  if (app_ == nullptr || session_ != nullptr || !used_) return;
  NodeIndex node = settings_.roaming ? stage_.random.Below(nodes_.size()) : settings_.home;
  if (again_at_) node = *std::exchange(again_at_, std::nullopt);
  mode_ = settings_.live ? SyncMode::kLive : SyncMode::kShort;
  own_error_ = absl::OkStatus();
  caught_up_ = false;
  visit_began_ms_ = heard_ms_ = stage_.schedule.now_ms();
  session_ = app_->NewSession(mode_);
  absl::StatusOr<SyncSession::Step> first = session_->Start();
  if (!first.ok()) {
    OnEnd(first.status(), std::nullopt);
    return;
  }
  const v1::Hello& hello = first->send.front().hello();
  cursor_ = hello.cursor();
  stream_ = std::make_shared<Stream>(
      &stage_, nodes_[node].get(),
      Stream::Phone{index_, [this](const v1::SyncResponse& response) { OnMessage(response); },
                    [this](const absl::Status& status, std::optional<int64_t> retry_delay_ms) {
                      OnEnd(status, retry_delay_ms);
                    }},
      ++stage_.streams);
  stage_.trace.Note("visit", {index_, node, stream_->id(), static_cast<uint64_t>(mode_)},
                    hello.cursor());
  stage_.Tell(&Checker::OnHelloSent, HelloSent{index_, node, stream_->id(), mode_, hello});
  Apply(std::move(first));
  WatchSilence();
}

void Phone::Apply(absl::StatusOr<SyncSession::Step> step) {
  if (!step.ok()) {
    own_error_.Update(step.status());
    stream_->CancelByPhone();
    return;
  }
  if (step->cancel) stream_->CancelByPhone();
  stream_->Send(std::move(step->send));
  if (step->half_close) stream_->HalfClose();
}

void Phone::WatchSilence() {
  stage_.schedule.After(client::kSilenceMsMax, [this, stream = stream_] {
    if (stream != stream_ || stream == nullptr || !own_error_.ok()) return;
    const int64_t silent_ms = stage_.schedule.now_ms() - heard_ms_;
    if (silent_ms >= client::kSilenceMsMax && session_->expects_message()) {
      own_error_ = absl::DeadlineExceededError("the server said nothing for 180 s");
      stream_->CancelByPhone();
      return;
    }
    WatchSilence();
  });
}

void Phone::OnMessage(const v1::SyncResponse& response) {
  if (session_ == nullptr || !own_error_.ok()) return;
  heard_ms_ = stage_.schedule.now_ms();
  absl::StatusOr<SyncSession::Step> step = session_->Receive(response);
  stage_.trace.Note("phone takes", {index_, stream_->id(), static_cast<uint64_t>(step.ok()),
                                    static_cast<uint64_t>(response.kind_case())});
  if (step.ok() && !step->cancel) {
    for (const v1::Request& request : response.batch().requests()) {
      stage_.trace.Note("  request", {index_, request.feed_position(), request.change_count()},
                        request.name() + " " + request.area() + " " + request.etag());
    }
    for (const v1::Removal& removal : response.batch().removals()) {
      stage_.trace.Note("  removal", {index_}, removal.request_id());
    }
    const NodeIndex node = stream_->node();
    for (const v1::ChangeResult& result : response.push_result().results()) {
      stage_.trace.Note("  result",
                        {index_, result.feed_id(), result.feed_position(),
                         static_cast<uint64_t>(result.verdict()), result.duplicate()},
                        result.change_id() + result.request_id());
      stage_.Tell(&Checker::OnResultStored, ResultStored{index_, node, stream_->id(), result});
    }
    if (response.has_batch()) {
      const std::string before = std::exchange(cursor_, response.batch().cursor());
      caught_up_ = response.batch().caught_up();
      stage_.Tell(&Checker::OnBatchStored,
                  BatchStored{index_, node, stream_->id(), response.batch(), before, cursor_});
    }
  }
  Apply(std::move(step));
  Survive();
}

void Phone::OnEnd(const absl::Status& status, std::optional<int64_t> retry_delay_ms) {
  if (session_ == nullptr) return;
  const std::shared_ptr<Stream> stream = std::exchange(stream_, nullptr);
  const std::unique_ptr<SyncSession> session = std::move(session_);
  session_ = nullptr;
  const SyncSession::Ended ended = own_error_.ok() ? session->End(status, retry_delay_ms)
                                                   : session->End(own_error_, std::nullopt);
  stage_.trace.Note("visit ends", {index_, stream == nullptr ? 0 : stream->id(),
                                   static_cast<uint64_t>(ended.status.code()),
                                   static_cast<uint64_t>(ended.next)});
  if (stream != nullptr) {
    stage_.Tell(&Checker::OnStreamEnded, StreamEnded{index_, stream->node(), stream->id(),
                                                     own_error_.ok() ? status : own_error_,
                                                     ended.next, ended.wait_ms, retry_delay_ms});
  }
  if (!disk_.powered()) return Survive();
  if (ended.status.ok() && stream != nullptr) FetchForms(stream->node());
  switch (ended.next) {
    case SyncSession::Next::kDone:
      settled_since_ms_ = visit_began_ms_;
      PlanVisit(stage_.healed ? stage_.random.Between(1'000, 5'000)
                              : stage_.random.Between(5'000, 120'000));
      break;
    case SyncSession::Next::kAgain:
      // At once, and so at the same node.
      if (stream != nullptr) again_at_ = stream->node();
      PlanVisit(0);
      break;
    case SyncSession::Next::kWait:
      // Now and then the officer asks at once, whatever the SDK waits for.
      PlanVisit(stage_.network.Strikes(300) ? stage_.random.Between(0, 2'000) : ended.wait_ms);
      break;
  }
}

void Phone::FetchForms(NodeIndex node) {
  const absl::StatusOr<std::vector<sync::DefinitionHash>> missing = app_->MissingDefinitions();
  const std::shared_ptr<const server::Published> published = nodes_[node]->published();
  if (!missing.ok() || published == nullptr || stage_.network.Strikes(300)) return;
  std::vector<v1::DefinitionBytes> fetched;
  for (const sync::DefinitionHash& hash : *missing) {
    if (const auto definition = published->definitions->Find(hash)) {
      fetched.emplace_back().set_body(definition->bytes());
    }
  }
  if (!fetched.empty()) app_->StoreDefinitions(fetched).IgnoreError();
}

absl::StatusOr<bool> Phone::Create(const client::NewRequest& request, bool poison) {
  if (app_ == nullptr) return absl::UnavailableError("the app is not open");
  return Queued(app_->Create(request), poison);
}

absl::StatusOr<bool> Phone::Edit(const sync::RequestKey& key, std::vector<v1::Mutation> mutations,
                                 bool poison) {
  if (app_ == nullptr) return absl::UnavailableError("the app is not open");
  return Queued(app_->Edit(key, std::move(mutations)), poison);
}

absl::StatusOr<bool> Phone::Queued(absl::StatusOr<client::EditOutcome> outcome, bool poison) {
  if (!disk_.powered()) {
    Survive();
    return absl::UnavailableError("the power went");
  }
  if (!outcome.ok() || !outcome->queued()) {
    stage_.Tell(&Checker::OnEditRefused, EditRefused{index_, outcome.status()});
    if (!outcome.ok()) return outcome.status();
    return false;
  }
  const absl::StatusOr<client::OutboxChange> made = app_->FindChange(outcome->change_id);
  CHECK(made.ok());
  const sync::ParsedChange& change = made->change;
  last_made_ = outcome->request;
  settled_since_ms_ = std::nullopt;
  if (poison) stage_.poison.insert(change.bytes);
  bool newer = change.newer_kind;
  for (const v1::Mutation& mutation : change.body.mutations()) {
    newer = newer || !v1::Mutation::GetReflection()->GetUnknownFields(mutation).empty();
  }
  stage_.trace.Note("change made", {index_, poison}, change.bytes);
  stage_.Tell(&Checker::OnChangeMade, ChangeMade{index_, change, newer, poison});
  if (session_ != nullptr && own_error_.ok()) Apply(session_->Wake());
  Survive();
  // An officer who wrote something does not wait for the evening.
  if (session_ == nullptr && stage_.network.Strikes(300)) {
    PlanVisit(stage_.random.Between(0, 3'000));
  }
  return true;
}

void Phone::DropApp() {
  ++process_;
  if (stream_ != nullptr) stream_->PhoneDies();
  stream_ = nullptr;
  session_ = nullptr;
  app_ = nullptr;
}

void Phone::Survive() {
  if (disk_.powered()) return;
  // In the middle of a call of the app or of its session: those come back first.
  ++process_;
  stage_.schedule.After(0, [this, process = process_] {
    if (process == process_) Kill(true);
  });
}

void Phone::Kill(bool power) {
  if (!used_) return;
  if (power) disk_.CutPower();
  settled_since_ms_ = std::nullopt;
  // An app that is killed does not close its database.
  PhoneDisk::Image files = disk_.Read();
  DropApp();
  if (power) {
    disk_.Restart(&stage_.random);
  } else {
    disk_.Replace(std::move(files));
  }
  Tell(PhoneChange::kKilled);
  stage_.schedule.After(stage_.random.Between(100, 10'000), [this, process = process_] {
    if (process == process_) Open();
  });
}

void Phone::Restore(const PhoneDisk::Image& files, uint64_t backup_step,
                    std::optional<PhoneIndex> clone_of) {
  settled_since_ms_ = std::nullopt;
  DropApp();
  disk_.Replace(files);
  opened_before_ = true;
  if (clone_of) {
    Tell(PhoneChange::kCloned, backup_step, *clone_of);
  } else {
    Tell(PhoneChange::kRestored, backup_step);
  }
  Open();
}

void Phone::SetScope(std::vector<std::string> scope) {
  std::sort(scope.begin(), scope.end());
  if (app_ == nullptr || !app_->SetScope(scope).ok()) return Survive();
  settled_since_ms_ = std::nullopt;
  settings_.scope = std::move(scope);
  Tell(PhoneChange::kScopeChanged);
  if (session_ != nullptr && own_error_.ok()) Apply(session_->Wake());
  Survive();
}

void Phone::Heal() {
  disk_.CutPowerAfter(0);
  SetFull(false);
  clock_.Run(1000);
  settled_since_ms_ = std::nullopt;
}

void Phone::SetFull(bool full) {
  disk_.SetFull(full);
  Tell(full ? PhoneChange::kDiskFull : PhoneChange::kDiskFreed);
}

void Phone::Retire() {
  used_ = false;
  DropApp();
}

std::optional<int64_t> Phone::SettledSince() const {
  if (!settings_.live) return settled_since_ms_;
  // A link that died silently is found out by its keepalive; until then the phone is not settled.
  const bool good = session_ != nullptr && caught_up_ && !session_->expects_message();
  if (!good || !stream_->quiet()) return std::nullopt;
  return heard_ms_;
}

PhoneContents Phone::Read() const { return ReadContents(disk_.Read()); }

}  // namespace tikar::simulation
