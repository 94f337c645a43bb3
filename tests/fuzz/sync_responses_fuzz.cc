// A server's side of the Sync stream, as the SDK's session gets it on an officer's phone: whatever
// a server says, the officer's own changes stay, and the app goes on working.
//
// Frames: one SyncResponse each; the tag:
//   1     the results of a push are given the ids that the phone waits for
//   2     the officer writes something first
//   4     the call ends well before this message, and a new session begins
//   8     it ends badly, for one of the reasons that servers have
//   16    the next session is live
#include <deque>
#include <memory>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "clients/cpp/environment.h"
#include "clients/cpp/field_app.h"
#include "clients/cpp/sync_session.h"
#include "sync/status_macros.h"
#include "target.h"
#include "tikar/v1/sync_service.pb.h"
#include "world.h"

namespace tikar::fuzz {
namespace {

using client::SyncSession;

constexpr size_t kMessagesMax = 24;
constexpr size_t kPagesMax = 100;
enum Tag : uint8_t { kRightIds = 1, kWrites = 2, kEndsWell = 4, kEndsBadly = 8, kLive = 16 };

class StandingClock : public client::Clock {
 public:
  int64_t NowMs() override { return now_ms += 1000; }
  int64_t now_ms = kNowMs;
};

// Counts, so that each run of a finding draws the same.
class CountingRandom : public client::Random {
 public:
  void Fill(uint8_t* bytes, size_t size) override {
    for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<uint8_t>((state_ += 0x9e37) >> 3);
  }

 private:
  uint64_t state_ = 1;
};

class Phone {
 public:
  Phone() {
    client::FieldAppOptions options;
    options.database_path = client::Database::kInMemory;
    options.actor = "hp-siti";
    options.role = "petugas";
    options.scope = {"15.01.06"};
    options.clock = &clock_;
    options.random = &random_;
    absl::StatusOr<std::unique_ptr<client::FieldApp>> opened = client::FieldApp::Open(options);
    CHECK(opened.ok());
    app_ = *std::move(opened);
    v1::DefinitionBytes form;
    form.set_body(Form()->bytes());
    CHECK(app_->AddDefinition(form).ok());
    // The first exchange: what the region offers.
    Begin(client::SyncMode::kShort);
    v1::SyncResponse response;
    response.mutable_welcome()->set_origin(1);
    Receive(response, false);
    v1::Offer& offer = *response.mutable_batch()->add_offers();
    offer.set_region(kRegion);
    offer.set_service(Form()->proto().service());
    offer.set_definition_hash(Form()->hash().bytes());
    response.mutable_batch()->set_cursor("first");
    response.mutable_batch()->set_caught_up(true);
    Receive(response, false);
    End(absl::OkStatus());
    Write();
    Write();
    CHECK(written_.size() == 2);
  }

  void Write() {
    client::NewRequest request;
    request.service = Form()->proto().service();
    request.area = kArea;
    v1::Value name;
    name.set_text(absl::StrCat("Warung ", ++names_));
    request.fields = {{"nama", name}};
    const absl::StatusOr<client::EditOutcome> outcome = app_->Create(request);
    if (!outcome.ok()) {
      // A server may say that the region offers something else, or nothing.
      PROMISE(absl::IsNotFound(outcome.status()) || absl::IsFailedPrecondition(outcome.status()),
              absl::StrCat("an officer can write what is offered: ", outcome.status().ToString()));
    } else if (outcome->queued()) {
      keys_.push_back(outcome->request);
      written_.insert(outcome->change_id);
    }
  }

  void Begin(client::SyncMode mode) {
    session_ = app_->NewSession(mode);
    waiting_.clear();
    Took(session_->Start());
  }
  void Receive(v1::SyncResponse response, bool right_ids) {
    if (right_ids && response.has_push_result() && !waiting_.empty()) {
      v1::PushResult& result = *response.mutable_push_result();
      const v1::Push& push = waiting_.front();
      while (result.results_size() < push.changes_size()) {
        v1::ChangeResult more;
        if (result.results_size() > 0) more = result.results(0);
        *result.add_results() = std::move(more);
      }
      while (result.results_size() > push.changes_size()) result.mutable_results()->RemoveLast();
      for (int i = 0; i < push.changes_size(); ++i) {
        result.mutable_results(i)->set_change_id(IdOf(push.changes(i).body()).bytes());
      }
      waiting_.pop_front();
    }
    Took(session_->Receive(response));
  }
  void End(const absl::Status& status) {
    const SyncSession::Ended ended = session_->End(status, std::nullopt);
    PROMISE(ended.wait_ms >= 0, "a phone waits for some time, or not");
    session_.reset();
  }
  bool in_session() const { return session_ != nullptr; }

  // Nothing that the officer wrote is lost, and everything can be shown.
  void Check() {
    const absl::StatusOr<client::SyncStatus> status = app_->Status();
    PROMISE(status.ok(), "the status can always be told");
    const absl::StatusOr<std::vector<client::AttentionItem>> attention = app_->NeedsAttention();
    PROMISE(attention.ok() && attention->size() == status->needs_attention,
            "what needs attention is listed");
    for (const sync::RequestKey& key : keys_) {
      const absl::StatusOr<client::RequestOnPhone> shown = app_->Get(key);
      // An acknowledged request may leave the phone: then the server has it.
      if (!shown.ok()) {
        PROMISE(absl::IsNotFound(shown.status()) || absl::IsDataLoss(shown.status()),
                absl::StrCat("a request is here or it left: ", shown.status().ToString()));
      }
    }
    client::ListQuery query;
    query.page_size = 2;
    for (size_t page = 0; page < kPagesMax; ++page) {
      const absl::StatusOr<client::ListPage> list = app_->List(query);
      if (!list.ok()) {
        PROMISE(absl::IsDataLoss(list.status()),
                absl::StrCat("the list can be shown: ", list.status().ToString()));
        break;
      }
      if (list->next_page_token.empty()) break;
      query.page_token = list->next_page_token;
    }
    const auto forms = app_->OfferedForms(kArea);
    PROMISE(forms.ok() || absl::IsNotFound(forms.status()), "the forms can be shown");
    PROMISE(app_->MissingDefinitions().ok(), "what is missing can be asked for");
  }

  // An honest server that knows nothing yet gets everything that the officer wrote, but for what
  // waits for a person.
  void Drain() {
    constexpr uint64_t kHonestOrigin = 0x6a756a7572u;
    constexpr int kSessionsMax = 40;
    std::set<sync::ChangeId> got;
    for (int sessions = 0; sessions < kSessionsMax; ++sessions) {
      Begin(client::SyncMode::kShort);
      PROMISE(in_session(), "a new session can always begin");
      v1::SyncResponse response;
      response.mutable_welcome()->set_origin(kHonestOrigin);
      response.mutable_welcome()->set_server_time_ms(kNowMs);
      Receive(response, false);
      while (in_session() && !waiting_.empty()) {
        response.Clear();
        for (const v1::Change& change : waiting_.front().changes()) {
          got.insert(IdOf(change.body()));
          response.mutable_push_result()->add_results()->set_verdict(v1::VERDICT_ACCEPTED);
        }
        Receive(response, /*right_ids=*/true);
      }
      PROMISE(in_session(), "an honest exchange does not fail on the phone");
      const SyncSession::Ended ended = session_->End(absl::OkStatus(), std::nullopt);
      session_.reset();
      if (ended.next == SyncSession::Next::kDone) break;
    }
    const absl::StatusOr<client::SyncStatus> status = app_->Status();
    PROMISE(status.ok() && status->unsent == 0, "the queue drains when a server is honest");
    const absl::StatusOr<std::vector<client::AttentionItem>> attention = app_->NeedsAttention();
    PROMISE(attention.ok(), "what needs attention is listed");
    for (const client::AttentionItem& item : *attention) got.insert(item.change_id);
    for (const sync::ChangeId& id : written_) {
      PROMISE(got.contains(id), "nothing that the officer wrote is lost");
    }
  }

 private:
  void Took(const absl::StatusOr<SyncSession::Step>& step) {
    if (!step.ok()) {
      End(step.status());
      return;
    }
    for (const v1::SyncRequest& request : step->send) {
      if (request.has_push()) waiting_.push_back(request.push());
    }
    if (step->cancel) End(absl::CancelledError("by the phone"));
  }

  StandingClock clock_;
  CountingRandom random_;
  std::unique_ptr<client::FieldApp> app_;
  std::unique_ptr<SyncSession> session_;
  std::deque<v1::Push> waiting_;
  std::vector<sync::RequestKey> keys_;
  std::set<sync::ChangeId> written_;
  int names_ = 0;
};

const google::protobuf::Message* MessageOf(uint8_t) {
  return &v1::SyncResponse::default_instance();
}

}  // namespace

FUZZ_TARGET_OF(sync_responses, "what a server sends on the Sync stream, through the SDK",
               (FrameShape{kMessagesMax, &MessageOf})) {
  static const absl::StatusCode kReasons[] = {
      absl::StatusCode::kUnavailable,       absl::StatusCode::kInvalidArgument,
      absl::StatusCode::kResourceExhausted, absl::StatusCode::kFailedPrecondition,
      absl::StatusCode::kInternal,          absl::StatusCode::kDeadlineExceeded};
  Phone phone;
  bool understood = true;
  size_t ends = 0;
  for (const Frame& frame : ReadFrames(bytes, kMessagesMax)) {
    v1::SyncResponse response;
    if (!response.ParseFromString(frame.bytes)) {
      understood = false;
      continue;
    }
    if (frame.tag & kWrites) phone.Write();
    if (phone.in_session() && (frame.tag & (kEndsWell | kEndsBadly)) != 0) {
      phone.End((frame.tag & kEndsBadly) != 0
                    ? absl::Status(kReasons[ends++ % std::size(kReasons)], "the server says")
                    : absl::OkStatus());
    }
    if (!phone.in_session()) {
      phone.Begin((frame.tag & kLive) != 0 ? client::SyncMode::kLive : client::SyncMode::kShort);
    }
    if (!phone.in_session()) continue;
    phone.Receive(std::move(response), (frame.tag & kRightIds) != 0);
    understood = understood && phone.in_session();
  }
  if (phone.in_session()) phone.End(absl::OkStatus());
  phone.Check();
  phone.Drain();
  return understood;
}

}  // namespace tikar::fuzz
