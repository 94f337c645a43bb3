// A session and a server that is played message by message: for where the order of messages, or a
// server's fault, is the point. Everything else runs against the real one in tests/integration.
#ifndef TIKAR_TESTS_UNIT_CLIENTS_SDK_SESSION_H_
#define TIKAR_TESTS_UNIT_CLIENTS_SDK_SESSION_H_

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "clients/cpp/sync_session.h"
#include "sdk_phone.h"
#include "sync/change.h"

namespace tikar::client {

inline constexpr uint64_t kOrigin = 0xfeed0001, kFeed = 0xfeed0002;

class SyncSessionTest : public ::testing::Test {
 protected:
  void SetUp() override { phone.Open(); }

  void Begin(SyncMode mode = SyncMode::kShort) { session = phone.app->NewSession(mode); }
  SyncSession::Step Start() { return Must(session->Start()); }
  SyncSession::Step Receive(const v1::SyncResponse& response) {
    return Must(session->Receive(response));
  }
  static SyncSession::Step Must(absl::StatusOr<SyncSession::Step> step) {
    CHECK(step.ok());
    return *std::move(step);
  }

  v1::SyncResponse Welcome(uint64_t origin = kOrigin, int64_t ahead_ms = 0) {
    v1::SyncResponse response;
    v1::Welcome& welcome = *response.mutable_welcome();
    welcome.set_server_time_ms(phone.clock.now_ms + ahead_ms);
    welcome.set_origin(origin);
    welcome.set_single_copy(true);
    return response;
  }
  // Results as a server gives them: positions count up.
  v1::SyncResponse Results(const v1::Push& push, v1::Verdict verdict = v1::VERDICT_ACCEPTED,
                           uint64_t feed = kFeed) {
    v1::SyncResponse response;
    for (const v1::Change& change : push.changes()) {
      const absl::StatusOr<sync::ParsedChange> parsed = sync::ParseChange(change.body());
      CHECK(parsed.ok());
      v1::ChangeResult& result = *response.mutable_push_result()->add_results();
      result.set_change_id(parsed->id.bytes());
      result.set_verdict(verdict);
      result.set_origin(kOrigin);
      result.set_seq(++seq);
      result.set_region("15.01");
      result.set_request_id(parsed->request_id.bytes());
      result.set_feed_id(feed);
      result.set_feed_position(++feed_position);
      if (verdict == v1::VERDICT_VOID) {
        result.set_reason(v1::REFUSAL_REASON_SCOPE);
        v1::Violation& violation = *result.add_violations();
        violation.set_code("scope");
        violation.set_message_id("Di luar wilayah Anda.");
        violation.set_message_en("Outside your area.");
      }
    }
    return response;
  }
  v1::SyncResponse Batch(const std::string& cursor, std::vector<v1::Request> requests = {},
                         bool caught_up = true, uint64_t feed = kFeed) {
    v1::SyncResponse response;
    v1::Batch& batch = *response.mutable_batch();
    batch.set_batch_number(++batch_number);
    batch.set_cursor(cursor);
    batch.set_caught_up(caught_up);
    for (v1::Request& request : requests) *batch.add_requests() = std::move(request);
    v1::FeedIdentity& identity = *batch.add_feeds();
    identity.set_region("15.01");
    identity.set_feed_id(feed);
    return response;
  }
  // The server's state of a request, as another officer's title.
  v1::Request ServerState(const sync::RequestKey& key, const std::string& title,
                          uint64_t position) {
    v1::Request request = phone.Get(key).request;
    for (v1::FieldState& field : *request.mutable_fields()) {
      if (field.path() != "judul") continue;
      field.mutable_value()->set_text(title);
      field.mutable_candidates(0)->mutable_value()->set_text(title);
    }
    // Written over by others: nothing here names a change of this phone.
    const std::string other(16, 'o');
    for (v1::FieldState& field : *request.mutable_fields()) {
      for (v1::Candidate& candidate : *field.mutable_candidates()) candidate.set_change_id(other);
    }
    request.clear_heads();
    request.add_heads(other);
    request.set_feed_position(position);
    return request;
  }
  // Sends what is queued and gets it acknowledged.
  void SyncAll() {
    Begin();
    SyncSession::Step step = Start();
    std::vector<v1::SyncRequest> sent = std::move(step.send);
    step = Receive(Welcome());
    for (size_t i = 0; i < sent.size(); ++i) {
      if (!sent[i].has_push()) continue;
      step = Receive(Results(sent[i].push()));
      sent.insert(sent.end(), step.send.begin(), step.send.end());
    }
    Receive(Batch("cursor"));
    ASSERT_EQ(session->End(absl::OkStatus(), std::nullopt).next, SyncSession::Next::kDone);
  }

  TemporaryDirectory directory;
  Phone phone{directory.File("phone.sqlite")};
  std::unique_ptr<SyncSession> session;
  uint64_t seq = 0, feed_position = 100, batch_number = 0;
};

}  // namespace tikar::client

#endif  // TIKAR_TESTS_UNIT_CLIENTS_SDK_SESSION_H_
