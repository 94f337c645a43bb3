// The session against a server that is played message by message, where the order of messages, or a
// server's fault, is the point. Everything else runs against the real one in tests/integration.
#include "clients/cpp/sync_session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "sdk_phone.h"
#include "sync/hlc.h"

namespace tikar::client {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr uint64_t kOrigin = 0xfeed0001, kFeed = 0xfeed0002;

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

TEST_F(SyncSessionTest, HelloAndFirstPushLeaveTogetherAndNothingElseIsNeeded) {
  phone.Create("Jembatan putus");
  Begin();
  const SyncSession::Step step = Start();
  ASSERT_EQ(step.send.size(), 2u);
  const v1::Hello& hello = step.send[0].hello();
  EXPECT_EQ(hello.protocol_version(), 1u);
  EXPECT_EQ(hello.actor(), "kerinci/petugas-1");
  EXPECT_EQ(hello.device_time_ms(), kMondayMorningMs);
  EXPECT_THAT(hello.scope(), ElementsAre("15.01.06"));
  EXPECT_EQ(hello.definition_hashes_size(), 1);
  EXPECT_FALSE(hello.push_only());
  EXPECT_EQ(step.send[1].push().changes_size(), 1);
  EXPECT_TRUE(step.half_close);
}

TEST_F(SyncSessionTest, AcknowledgedChangeHasItsFirstTick) {
  phone.Create("Jembatan putus");
  SyncAll();
  const SyncStatus status = phone.Status();
  EXPECT_EQ(status.unsent, 0u);
  EXPECT_EQ(status.single_copy, 1u);
  EXPECT_TRUE(status.synced);
  EXPECT_TRUE(status.last_error.ok());
}

TEST_F(SyncSessionTest, NotSyncedWhileTheServerHasMore) {
  Begin();
  Start();
  Receive(Welcome());
  Receive(Batch("one", {}, false));
  EXPECT_FALSE(phone.Status().synced);
  Receive(Batch("two", {}, true));
  EXPECT_TRUE(phone.Status().synced);
}

TEST_F(SyncSessionTest, PushesAreBatchesOfTwoHundredAndFourAreInFlight) {
  for (int i = 0; i < 1'100; ++i) phone.Create("Laporan");
  Begin();
  SyncSession::Step step = Start();
  ASSERT_EQ(step.send.size(), 1u + 4u);
  for (int i = 1; i <= 4; ++i) EXPECT_EQ(step.send[i].push().changes_size(), 200);
  EXPECT_FALSE(step.half_close);
  const v1::Push first = step.send[1].push();
  EXPECT_THAT(Receive(Welcome()).send, IsEmpty());
  step = Receive(Results(first));
  ASSERT_EQ(step.send.size(), 1u);
  EXPECT_EQ(step.send[0].push().changes_size(), 200);
}

TEST_F(SyncSessionTest, PushStaysBelowItsBytes) {
  NewRequest report = phone.Report("Jembatan putus");
  report.fields[1].second = Text(std::string(3'500, 'x'));
  for (int i = 0; i < 150; ++i) ASSERT_TRUE(phone.app->Create(report)->queued());
  Begin();
  for (const v1::SyncRequest& request : Start().send) {
    EXPECT_LE(request.push().ByteSizeLong(), kPushBytesMax);
  }
}

TEST_F(SyncSessionTest, ChangesGoInTheOrderOfMaking) {
  std::vector<std::string> made;
  const EditOutcome created = phone.Create("Jembatan putus");
  made.push_back(created.change_id.bytes());
  for (int i = 0; i < 20; ++i) {
    made.push_back(phone.Edit(created.request, {Comment("lagi")}).change_id.bytes());
  }
  Begin();
  std::vector<std::string> sent;
  for (const v1::SyncRequest& request : Start().send) {
    for (const v1::Change& change : request.push().changes()) {
      sent.push_back(sync::ChangeIdOf(sync::Sha256(change.body())).bytes());
    }
  }
  EXPECT_EQ(sent, made);
}

// --- results ---------------------------------------------------------------------------------------

TEST_F(SyncSessionTest, RefusedChangeNeedsAttentionWithItsDataAndThoseBehindItGo) {
  const EditOutcome created = phone.Create("Jembatan putus");
  const EditOutcome edited = phone.Edit(created.request, {Comment("Papan dipasang")});
  Begin();
  const v1::Push push = Start().send[1].push();
  Receive(Welcome());
  v1::SyncResponse results = Results(push);
  v1::Push refused;
  *refused.add_changes() = push.changes(0);
  *results.mutable_push_result()->mutable_results(0) =
      Results(refused, v1::VERDICT_VOID).push_result().results(0);
  Receive(results);
  const SyncStatus status = phone.Status();
  EXPECT_EQ(status.unsent, 0u);
  EXPECT_EQ(status.needs_attention, 1u);
  EXPECT_EQ(status.single_copy, 1u);
  EXPECT_FALSE(status.synced);
  const auto items = phone.app->NeedsAttention();
  ASSERT_TRUE(items.ok());
  ASSERT_EQ(items->size(), 1u);
  const AttentionItem& item = items->front();
  EXPECT_EQ(item.change_id, created.change_id);
  EXPECT_EQ(item.fate, ChangeFate::kRefused);
  EXPECT_EQ(item.reason, v1::REFUSAL_REASON_SCOPE);
  ASSERT_EQ(item.violations.size(), 1u);
  EXPECT_EQ(item.violations[0].message_id(), "Di luar wilayah Anda.");
  EXPECT_EQ(item.body.mutations(1).set_field().value().text(), "Jembatan putus");
  // The citizen has its number: it does not vanish.
  EXPECT_TRUE(phone.Get(created.request).needs_attention);
}

TEST_F(SyncSessionTest, RefusedEditIsNotShownOnTopOfWhatTheServerShows) {
  const EditOutcome created = phone.Create("Jembatan putus");
  SyncAll();
  Begin();
  Start();
  Receive(Welcome());
  Receive(Batch("c", {ServerState(created.request, "Jembatan putus", 500)}));
  session->End(absl::OkStatus(), std::nullopt);
  phone.Edit(created.request, {Set("judul", Text("Jembatan gantung"))});
  Begin();
  const v1::Push push = Start().send[1].push();
  Receive(Welcome());
  Receive(Results(push, v1::VERDICT_VOID));
  const RequestOnPhone shown = phone.Get(created.request);
  EXPECT_EQ(TextAt(shown.request, "judul"), "Jembatan putus");
  EXPECT_TRUE(shown.needs_attention);
}

TEST_F(SyncSessionTest, DismissedChangeIsGoneAndRetriedOneIsSentAgain) {
  phone.Create("Jembatan putus");
  phone.Create("Lampu padam");
  Begin();
  const v1::Push push = Start().send[1].push();
  Receive(Welcome());
  Receive(Results(push, v1::VERDICT_VOID));
  session->End(absl::OkStatus(), std::nullopt);
  const auto items = phone.app->NeedsAttention();
  ASSERT_EQ(items->size(), 2u);
  EXPECT_TRUE(phone.app->Dismiss((*items)[0].change_id).ok());
  EXPECT_EQ(phone.app->Dismiss((*items)[0].change_id).code(), absl::StatusCode::kNotFound);
  EXPECT_TRUE(phone.app->Retry((*items)[1].change_id).ok());
  EXPECT_EQ(phone.Status().needs_attention, 0u);
  Begin();
  const SyncSession::Step step = Start();
  ASSERT_EQ(step.send.size(), 2u);
  EXPECT_EQ(step.send[1].push().changes_size(), 1);
}

TEST_F(SyncSessionTest, UnsentChangeCannotBeDismissed) {
  const EditOutcome created = phone.Create("Jembatan putus");
  EXPECT_EQ(phone.app->Dismiss(created.change_id).code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(phone.Status().unsent, 1u);
}

TEST_F(SyncSessionTest, QuarantinedChangeIsKeptShownWaitingAndAskedForInTheNextStream) {
  const EditOutcome created = phone.Create("Jembatan putus");
  Begin();
  v1::Push push = Start().send[1].push();
  Receive(Welcome());
  Receive(Results(push, v1::VERDICT_QUARANTINED));
  Receive(Batch("c"));
  EXPECT_EQ(session->End(absl::OkStatus(), std::nullopt).next, SyncSession::Next::kDone);
  EXPECT_TRUE(phone.Get(created.request).waiting);
  EXPECT_EQ(phone.Status().quarantined, 1u);
  Begin();
  push = Start().send[1].push();
  Receive(Welcome());
  Receive(Results(push));
  EXPECT_FALSE(phone.Get(created.request).waiting);
  EXPECT_EQ(phone.Status().quarantined, 0u);
}

TEST_F(SyncSessionTest, ResultsThatFitNoPushEndTheCallAndAccuseNobody) {
  phone.Create("Jembatan putus");
  for (int round = 0; round < 5; ++round) {
    Begin();
    Start();
    Receive(Welcome());
    v1::SyncResponse wrong;
    wrong.mutable_push_result()->add_results()->set_change_id(std::string(16, 'x'));
    const absl::StatusOr<SyncSession::Step> step = session->Receive(wrong);
    EXPECT_EQ(step.status().code(), absl::StatusCode::kInternal);
    EXPECT_EQ(session->End(step.status(), std::nullopt).next, SyncSession::Next::kWait);
  }
  EXPECT_EQ(phone.Status().unsent, 1u);
  EXPECT_EQ(phone.Status().needs_attention, 0u);
  EXPECT_EQ(phone.Status().failures_in_a_row, 5);
}

// --- the gate --------------------------------------------------------------------------------------

TEST_F(SyncSessionTest, OwnEditStaysOnTopUntilAStateAtItsPosition) {
  const EditOutcome created = phone.Create("Jembatan putus");
  SyncAll();
  const v1::Request old_state = ServerState(created.request, "Jembatan putus", 150);
  const v1::Request new_state = ServerState(created.request, "Jembatan gantung putus", 152);
  feed_position = 150;
  phone.Edit(created.request, {Set("judul", Text("Jembatan gantung"))});
  Begin();
  const v1::Push push = Start().send[1].push();
  Receive(Welcome());
  Receive(Results(push));  // at 151
  EXPECT_EQ(TextAt(phone.Get(created.request).request, "judul"), "Jembatan gantung");
  // Made by the server before it took the edit.
  Receive(Batch("one", {old_state}));
  EXPECT_EQ(TextAt(phone.Get(created.request).request, "judul"), "Jembatan gantung");
  EXPECT_TRUE(phone.Get(created.request).pending());
  // And after it: now the server's word counts, which joined somebody else's edit.
  Receive(Batch("two", {new_state}));
  EXPECT_EQ(TextAt(phone.Get(created.request).request, "judul"), "Jembatan gantung putus");
  EXPECT_FALSE(phone.Get(created.request).pending());
}

TEST_F(SyncSessionTest, PositionOfAnotherFeedSaysNothing) {
  const EditOutcome created = phone.Create("Jembatan putus");
  SyncAll();
  // Another node, whose feed is far ahead but which lacks the edit.
  const v1::Request elsewhere = ServerState(created.request, "Tanpa nama", 9'000);
  Begin();
  Start();
  Receive(Welcome(0xbeef));
  Receive(Batch("other", {elsewhere}, true, 0xbeef02));
  EXPECT_EQ(TextAt(phone.Get(created.request).request, "judul"), "Jembatan putus");
}

TEST_F(SyncSessionTest, NodeThatDoesNotKnowAnAcknowledgedChangeIsOfferedIt) {
  const EditOutcome created = phone.Create("Jembatan putus");
  SyncAll();
  Begin();
  EXPECT_EQ(Start().send.size(), 1u);  // the node it knows has it
  Receive(Welcome(0xbeef));            // restored from a backup, or another node
  Receive(Batch("other"));
  EXPECT_EQ(session->End(absl::OkStatus(), std::nullopt).next, SyncSession::Next::kAgain);
  Begin();
  const SyncSession::Step step = Start();
  ASSERT_EQ(step.send.size(), 2u);
  Receive(Welcome(0xbeef));
  Receive(Results(step.send[1].push(), v1::VERDICT_ACCEPTED, 0xbeef02));
  // Now that node's positions count, too.
  const v1::Request state = ServerState(created.request, "Judul kantor", feed_position);
  Receive(Batch("other", {state}, true, 0xbeef02));
  EXPECT_EQ(TextAt(phone.Get(created.request).request, "judul"), "Judul kantor");
  EXPECT_EQ(session->End(absl::OkStatus(), std::nullopt).next, SyncSession::Next::kDone);
  // And back at the first one nothing is sent again.
  Begin();
  Start();
  EXPECT_THAT(Receive(Welcome(kOrigin)).send, IsEmpty());
  EXPECT_EQ(session->End(absl::OkStatus(), std::nullopt).next, SyncSession::Next::kDone);
}

TEST_F(SyncSessionTest, StateThatNamesAChangeWhoseAnswerWasLostContainsIt) {
  const EditOutcome created = phone.Create("Jembatan putus");
  v1::Request state = phone.Get(created.request).request;
  state.set_feed_position(7);
  for (v1::FieldState& field : *state.mutable_fields()) {
    if (field.path() == "alamat") field.mutable_value()->set_text("Desa Siulak");
  }
  Begin();
  Start();
  Receive(Welcome());
  Receive(Batch("one", {state}));
  EXPECT_THAT(phone.Get(created.request).pending_paths, IsEmpty());
  EXPECT_EQ(phone.Status().unsent, 1u);  // still no tick: it is offered again
}

TEST_F(SyncSessionTest, ParentsAreTheServersHeadsAndThenOwnChanges) {
  const EditOutcome created = phone.Create("Jembatan putus");
  SyncAll();
  Begin();
  Start();
  Receive(Welcome());
  Receive(Batch("one", {ServerState(created.request, "Judul kantor", 500)}));
  session->End(absl::OkStatus(), std::nullopt);
  const EditOutcome first = phone.Edit(created.request, {Comment("satu")});
  const EditOutcome second = phone.Edit(created.request, {Comment("dua")});
  Begin();
  const v1::Push push = Start().send[1].push();
  ASSERT_EQ(push.changes_size(), 2);
  v1::ChangeBody body;
  ASSERT_TRUE(body.ParseFromString(push.changes(0).body()));
  EXPECT_THAT(body.parents(), ElementsAre(std::string(16, 'o')));
  ASSERT_TRUE(body.ParseFromString(push.changes(1).body()));
  EXPECT_THAT(body.parents(), ElementsAre(first.change_id.bytes()));
}

// --- what comes down -------------------------------------------------------------------------------

TEST_F(SyncSessionTest, CursorIsKeptAndSentAgainAfterAKill) {
  Begin();
  EXPECT_EQ(Start().send[0].hello().cursor(), "");
  Receive(Welcome());
  Receive(Batch("after-one", {}, false));
  phone.Reopen();  // without End, as after kill -9
  Begin();
  EXPECT_EQ(Start().send[0].hello().cursor(), "after-one");
}

TEST_F(SyncSessionTest, BatchIsStoredWholeOrNotAtAll) {
  const EditOutcome created = phone.Create("Jembatan putus");
  v1::SyncResponse batch = Batch("after", {ServerState(created.request, "Judul kantor", 1)});
  batch.mutable_batch()->add_requests()->set_name("regions/15.01/requests/rusak");
  Begin();
  Start();
  Receive(Welcome());
  EXPECT_EQ(session->Receive(batch).status().code(), absl::StatusCode::kInternal);
  phone.Reopen();
  Begin();
  EXPECT_EQ(Start().send[0].hello().cursor(), "");
  EXPECT_EQ(TextAt(phone.Get(created.request).request, "judul"), "Jembatan putus");
}

TEST_F(SyncSessionTest, LiveSessionGivesCreditOnlyForWhatIsStored) {
  Begin(SyncMode::kLive);
  EXPECT_FALSE(Start().half_close);
  EXPECT_FALSE(Receive(Welcome()).half_close);
  const SyncSession::Step step = Receive(Batch("one"));
  ASSERT_EQ(step.send.size(), 1u);
  EXPECT_EQ(step.send[0].received().batch_number(), 1u);
  phone.Create("Jembatan putus");
  const SyncSession::Step woken = Must(session->Wake());
  ASSERT_EQ(woken.send.size(), 1u);
  EXPECT_EQ(woken.send[0].push().changes_size(), 1);
  EXPECT_TRUE(Must(session->Leave()).half_close);
}

TEST_F(SyncSessionTest, RemovalForgetsTheStateAndKeepsAndSendsWhatIsPending) {
  const EditOutcome created = phone.Create("Jembatan putus");
  SyncAll();
  Begin();
  Start();
  Receive(Welcome());
  Receive(Batch("one", {ServerState(created.request, "Judul kantor", 500)}));
  session->End(absl::OkStatus(), std::nullopt);
  const EditOutcome edited = phone.Edit(created.request, {Comment("Saya di lokasi")});
  v1::SyncResponse removal = Batch("two");
  v1::Removal& left = *removal.mutable_batch()->add_removals();
  left.set_region("15.01");
  left.set_request_id(created.request.id.bytes());
  left.set_reason(v1::REMOVAL_REASON_LEFT_SCOPE);
  Begin();
  const SyncSession::Step step = Start();
  ASSERT_EQ(step.send.size(), 2u);
  const v1::Push push = step.send[1].push();
  Receive(Welcome());
  Receive(removal);
  const RequestOnPhone shown = phone.Get(created.request);
  EXPECT_TRUE(shown.departed);
  EXPECT_EQ(shown.unsent, 1u);
  ASSERT_EQ(push.changes_size(), 1);
  EXPECT_EQ(sync::ChangeIdOf(sync::Sha256(push.changes(0).body())), edited.change_id);
  Receive(Results(push));
  // It is with the server now; a second removal may say so, or a state, if the edit brought it back.
  Receive(removal);
  EXPECT_EQ(phone.app->Get(created.request).status().code(), absl::StatusCode::kNotFound);
}

TEST_F(SyncSessionTest, ScopeChangeDropsWhatLeftAtOnceAndKeepsWhatIsPending) {
  const EditOutcome kept = phone.Create("Jembatan putus");
  const EditOutcome gone = phone.Create("Lampu padam");
  SyncAll();
  Begin();
  Start();
  Receive(Welcome());
  Receive(Batch("one", {ServerState(kept.request, "Jembatan", 500),
                        ServerState(gone.request, "Lampu", 501)}));
  session->End(absl::OkStatus(), std::nullopt);
  phone.Edit(kept.request, {Comment("Saya di lokasi")});
  ASSERT_TRUE(phone.app->SetScope({"15.02"}).ok());
  EXPECT_EQ(phone.app->Get(gone.request).status().code(), absl::StatusCode::kNotFound);
  EXPECT_TRUE(phone.Get(kept.request).departed);
  EXPECT_EQ(phone.Status().unsent, 1u);
  EXPECT_FALSE(phone.Status().synced);
}

TEST_F(SyncSessionTest, ScopeChangedUnderACallEndsItAndItsBatchIsNotTaken) {
  const EditOutcome created = phone.Create("Jembatan putus");
  SyncAll();
  const v1::Request state = ServerState(created.request, "Judul kantor", 500);
  Begin(SyncMode::kLive);
  Start();
  Receive(Welcome());
  ASSERT_TRUE(phone.app->SetScope({"15.02"}).ok());
  EXPECT_TRUE(Receive(Batch("stale", {state})).cancel);
  EXPECT_EQ(session->End(absl::CancelledError("by us"), std::nullopt).next,
            SyncSession::Next::kAgain);
  Begin();
  const SyncSession::Step step = Start();
  EXPECT_EQ(step.send[0].hello().cursor(), "cursor");
  EXPECT_THAT(step.send[0].hello().scope(), ElementsAre("15.02"));
}

TEST_F(SyncSessionTest, ScopeThatShrankAndGrewAgainBetweenTwoSyncsIsFilledAnew) {
  SyncAll();
  ASSERT_TRUE(phone.app->SetScope({"15.02"}).ok());
  ASSERT_TRUE(phone.app->SetScope({"15.01.06", "15.02"}).ok());
  Begin();
  // The old cursor would say that 15.01.06 is here, and it is not any more.
  EXPECT_EQ(Start().send[0].hello().cursor(), "");
}

TEST_F(SyncSessionTest, ScopeThatOnlyGrowsKeepsItsCursor) {
  SyncAll();
  ASSERT_TRUE(phone.app->SetScope({"15.01.06", "15.02"}).ok());
  Begin();
  EXPECT_EQ(Start().send[0].hello().cursor(), "cursor");
}

// --- clocks ----------------------------------------------------------------------------------------

TEST_F(SyncSessionTest, ClockOffsetIsMeasuredKeptAndWarnedOf) {
  Begin();
  Start();
  phone.clock.now_ms += 600;  // one round trip over EDGE
  Receive(Welcome(kOrigin, 0));
  EXPECT_EQ(phone.Status().clock_offset_ms, 300);
  EXPECT_FALSE(phone.Status().clock_warning);
  Begin();
  Start();
  Receive(Welcome(kOrigin, -365LL * 86'400'000));
  phone.Reopen();
  EXPECT_EQ(phone.Status().clock_offset_ms, -365LL * 86'400'000);
  EXPECT_TRUE(phone.Status().clock_warning);
}

TEST_F(SyncSessionTest, EditAfterSeeingAStateRanksAfterItUnlessOurClockIsFarBehind) {
  const EditOutcome created = phone.Create("Jembatan putus");
  SyncAll();
  v1::Request state = ServerState(created.request, "Judul kantor", 500);
  const uint64_t near_time = sync::PackHlc(phone.clock.now_ms + 60'000, 3);
  state.set_update_time(near_time);
  v1::Request future = ServerState(created.request, "Judul kantor", 501);
  const uint64_t far_time = sync::PackHlc(phone.clock.now_ms + 3'600'000, 0);
  future.set_update_time(far_time);
  Begin();
  Start();
  Receive(Welcome());
  Receive(Batch("one", {state}));
  Receive(Batch("two", {future}));
  session->End(absl::OkStatus(), std::nullopt);
  phone.Edit(created.request, {Comment("sesudahnya")});
  Begin();
  v1::ChangeBody body;
  ASSERT_TRUE(body.ParseFromString(Start().send[1].push().changes(0).body()));
  EXPECT_GT(body.hlc(), near_time);
  EXPECT_LT(body.hlc(), far_time);
}

// --- failures --------------------------------------------------------------------------------------

TEST_F(SyncSessionTest, FailureIsToldWithTheNextAttempt) {
  phone.Create("Jembatan putus");
  for (int failures = 1; failures <= 3; ++failures) {
    Begin();
    Start();
    const SyncSession::Ended ended =
        session->End(absl::UnavailableError("no route to host"), std::nullopt);
    EXPECT_EQ(ended.next, SyncSession::Next::kWait);
    const SyncStatus status = phone.Status();
    EXPECT_EQ(status.last_error.code(), absl::StatusCode::kUnavailable);
    EXPECT_THAT(std::string(status.last_error.message()), HasSubstr("no route"));
    EXPECT_EQ(status.failures_in_a_row, failures);
    EXPECT_EQ(status.next_attempt_at_ms, phone.clock.now_ms + ended.wait_ms);
    EXPECT_EQ(status.unsent, 1u);
  }
  SyncAll();
  EXPECT_TRUE(phone.Status().last_error.ok());
  EXPECT_EQ(phone.Status().failures_in_a_row, 0);
}

TEST_F(SyncSessionTest, ServerThatAsksToWaitIsObeyed) {
  Begin();
  Start();
  const SyncSession::Ended ended =
      session->End(absl::ResourceExhaustedError("busy"), std::optional<int64_t>(45'000));
  EXPECT_GE(ended.wait_ms, 45'000);
}

TEST_F(SyncSessionTest, AppThatIsTooOldIsTold) {
  Begin();
  Start();
  session->End(absl::FailedPreconditionError("upgrade"), std::nullopt);
  EXPECT_TRUE(phone.Status().upgrade_required);
}

TEST_F(SyncSessionTest, CursorThatTheServerNeverTakesIsGivenUp) {
  SyncAll();
  for (int round = 0; round < 2; ++round) {
    Begin();
    EXPECT_EQ(Start().send[0].hello().cursor(), "cursor");
    session->End(absl::InvalidArgumentError("no such cursor"), std::nullopt);
  }
  Begin();
  EXPECT_EQ(Start().send[0].hello().cursor(), "");
}

TEST_F(SyncSessionTest, ServerThatEndsTheCallWithoutResultsHasNotSucceeded) {
  phone.Create("Jembatan putus");
  Begin();
  Start();
  Receive(Welcome());
  EXPECT_EQ(session->End(absl::OkStatus(), std::nullopt).next, SyncSession::Next::kWait);
  EXPECT_EQ(phone.Status().unsent, 1u);
}

// --- poison ----------------------------------------------------------------------------------------

// Plays servers that break on some changes, with kills of the app at random.
class PoisonTest : public SyncSessionTest {
 protected:
  struct Behaviour {
    std::set<std::string> poison;  // change ids
    absl::Status end = absl::InternalError("handler crashed");
    // Per mille of streams that break for no reason, wherever they are.
    int link_breaks_per_mille = 0;
    int kills_per_mille = 0;
  };

  // One visit after another until the session is done; false: not within `streams_max` streams.
  bool Run(const Behaviour& behaviour, int streams_max, int* streams) {
    for (*streams = 1; *streams <= streams_max; ++*streams) {
      Begin();
      std::deque<v1::SyncRequest> sent;
      const auto take = [&](SyncSession::Step step) {
        for (v1::SyncRequest& request : step.send) sent.push_back(std::move(request));
      };
      take(Start());
      if (Chance(behaviour.link_breaks_per_mille)) {
        session->End(absl::UnavailableError("connection refused"), std::nullopt);
        continue;
      }
      take(Receive(Welcome()));
      std::optional<absl::Status> end;
      bool killed = false;
      for (; !sent.empty() && !end && !killed; sent.pop_front()) {
        if (!sent.front().has_push()) continue;
        if (Contains(sent.front().push(), behaviour.poison)) {
          end = behaviour.end;
        } else if (Chance(behaviour.link_breaks_per_mille)) {
          end = absl::UnavailableError("socket closed");
        } else if (Chance(behaviour.kills_per_mille)) {
          killed = true;
        } else {
          const v1::SyncRequest request = sent.front();
          for (const v1::Change& change : request.push().changes()) {
            received.insert(sync::ChangeIdOf(sync::Sha256(change.body())).bytes());
          }
          take(Receive(Results(request.push())));
        }
      }
      if (killed) {
        session.reset();
        phone.Reopen();
        continue;
      }
      const SyncSession::Ended ended = session->End(end.value_or(absl::OkStatus()), std::nullopt);
      if (ended.next == SyncSession::Next::kDone) return true;
    }
    return false;
  }

  bool Chance(int per_mille) { return static_cast<int>(generator_() % 1000) < per_mille; }
  static bool Contains(const v1::Push& push, const std::set<std::string>& poison) {
    for (const v1::Change& change : push.changes()) {
      if (poison.contains(sync::ChangeIdOf(sync::Sha256(change.body())).bytes())) return true;
    }
    return false;
  }
  std::vector<std::string> Make(int count) {
    std::vector<std::string> ids;
    for (int i = 0; i < count; ++i) ids.push_back(phone.Create("Laporan").change_id.bytes());
    return ids;
  }
  std::set<std::string> Parked() {
    std::set<std::string> ids;
    const auto items = phone.app->NeedsAttention();
    CHECK(items.ok());
    for (const AttentionItem& item : *items) {
      EXPECT_EQ(item.fate, ChangeFate::kParked);
      EXPECT_FALSE(item.error.empty());
      EXPECT_GT(item.body.mutations_size(), 1) << "its data is not kept";
      ids.insert(item.change_id.bytes());
    }
    return ids;
  }

  std::mt19937 generator_{20260302};
  std::set<std::string> received;
};

TEST_F(PoisonTest, AnyPlaceOfFiftyLetsTheOtherFortyNineThrough) {
  for (const int place : {1, 2, 13, 25, 26, 49, 50}) {
    phone.app.reset();
    phone.options.database_path = directory.File("place-" + std::to_string(place));
    phone.Open();
    received.clear();
    const std::vector<std::string> ids = Make(50);
    Behaviour behaviour;
    behaviour.poison = {ids[place - 1]};
    int streams = 0;
    ASSERT_TRUE(Run(behaviour, 20, &streams)) << "place " << place;
    EXPECT_EQ(Parked(), behaviour.poison) << "place " << place;
    EXPECT_EQ(received.size(), 49u) << "place " << place;
    EXPECT_EQ(phone.Status().unsent, 0u);
    EXPECT_FALSE(phone.Status().synced) << "a parked change has no tick";
  }
}

TEST_F(PoisonTest, SeveralAmongHundredsWithABadLinkAndKills) {
  const std::vector<std::string> ids = Make(900);
  Behaviour behaviour;
  behaviour.poison = {ids[0], ids[1], ids[250], ids[640], ids[899]};
  behaviour.link_breaks_per_mille = 150;
  behaviour.kills_per_mille = 100;
  int streams = 0;
  ASSERT_TRUE(Run(behaviour, 400, &streams));
  EXPECT_EQ(Parked(), behaviour.poison);
  EXPECT_EQ(received.size(), ids.size() - behaviour.poison.size());
}

TEST_F(PoisonTest, BadLinkAloneParksNobody) {
  const std::vector<std::string> ids = Make(1'000);
  Behaviour behaviour;
  behaviour.link_breaks_per_mille = 600;
  int streams = 0;
  ASSERT_TRUE(Run(behaviour, 2'000, &streams));
  EXPECT_THAT(Parked(), IsEmpty());
  EXPECT_EQ(received.size(), ids.size());
}

// The server process dies on it: for the phone that is a broken link. The others get through, and it is not
// hidden from those who look: it stays unsent, with its age.
TEST_F(PoisonTest, ChangeThatKillsTheServerGoesLastAndStaysUnsent) {
  const std::vector<std::string> ids = Make(50);
  Behaviour behaviour;
  behaviour.poison = {ids[24]};
  behaviour.end = absl::UnavailableError("socket closed");
  int streams = 0;
  EXPECT_FALSE(Run(behaviour, 60, &streams));
  EXPECT_EQ(received.size(), 49u);
  EXPECT_THAT(Parked(), IsEmpty());
  EXPECT_EQ(phone.Status().unsent, 1u);
  EXPECT_EQ(phone.Status().last_error.code(), absl::StatusCode::kUnavailable);
}

TEST_F(PoisonTest, ServerThatBreaksOnEveryHelloParksNobody) {
  Make(3);
  for (int round = 0; round < 20; ++round) {
    Begin();
    Start();
    session->End(absl::InternalError("null pointer"), std::nullopt);
  }
  EXPECT_THAT(Parked(), IsEmpty());
  EXPECT_EQ(phone.Status().unsent, 3u);
  int streams = 0;
  EXPECT_TRUE(Run({}, 5, &streams));
  EXPECT_EQ(received.size(), 3u);
}

TEST_F(PoisonTest, WaryStreamTakesNothingDownAndSendsOneBatchAfterTheWelcome) {
  Make(50);
  Begin();
  Start();
  Receive(Welcome());
  session->End(absl::InternalError("choked"), std::nullopt);
  Begin();
  const SyncSession::Step step = Start();
  ASSERT_EQ(step.send.size(), 1u);
  EXPECT_TRUE(step.send[0].hello().push_only());
  EXPECT_EQ(Receive(Welcome()).send.size(), 1u);
}

TEST_F(PoisonTest, ParkedChangeThatIsRetriedGoesToAMendedServer) {
  const std::vector<std::string> ids = Make(3);
  Behaviour behaviour;
  behaviour.poison = {ids[1]};
  int streams = 0;
  ASSERT_TRUE(Run(behaviour, 20, &streams));
  ASSERT_TRUE(phone.app->Retry(*sync::ChangeId::FromBytes(ids[1])).ok());
  EXPECT_EQ(phone.Status().unsent, 1u);
  ASSERT_TRUE(Run({}, 5, &streams));
  EXPECT_EQ(received.size(), 3u);
  EXPECT_THAT(Parked(), IsEmpty());
}

}  // namespace
}  // namespace tikar::client
