// A phone that lost its cursor gets everything anew; what does not come again has left its scope.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "clients/cpp/local_store.h"
#include "sdk_session.h"

namespace tikar::client {
namespace {

class StartOverTest : public SyncSessionTest {
 protected:
  void SetUp() override {
    SyncSessionTest::SetUp();
    for (const char* title : {"Jembatan putus", "Lampu padam", "Saluran tersumbat"}) {
      const EditOutcome made = phone.Create(title);
      keys.push_back(made.request);
      states.push_back(ServerState(made.request, title, ++position));
    }
    SyncAll();
    TakeAll("cursor", states);
  }

  bool Holds(const sync::RequestKey& key) { return phone.app->Get(key).ok(); }

  // A short sync that sends nothing and takes `requests` in one batch.
  void TakeAll(const std::string& cursor, std::vector<v1::Request> requests) {
    Begin();
    Start();
    Receive(Welcome());
    Receive(Batch(cursor, std::move(requests)));
    ASSERT_EQ(session->End(absl::OkStatus(), std::nullopt).next, SyncSession::Next::kDone);
  }

  // As when its storage lost a bit: the server turns the cursor down until the phone gives it up.
  void LoseCursor() {
    for (int round = 0; round < 2; ++round) {
      Begin();
      Start();
      session->End(absl::InvalidArgumentError("no such cursor"), std::nullopt);
    }
  }
  // Begins a stream of a phone without a cursor.
  void BeginAnew() {
    Begin();
    ASSERT_EQ(Start().send[0].hello().cursor(), "");
    Receive(Welcome());
  }

  std::vector<sync::RequestKey> keys;
  std::vector<v1::Request> states;
  uint64_t position = 200;
};

TEST_F(StartOverTest, WhatDoesNotComeAgainHasLeft) {
  LoseCursor();
  BeginAnew();
  for (const sync::RequestKey& key : keys) EXPECT_TRUE(Holds(key)) << "gone before the end";
  Receive(Batch("new", {states[1]}));
  EXPECT_FALSE(Holds(keys[0]));
  EXPECT_TRUE(Holds(keys[1]));
  EXPECT_FALSE(Holds(keys[2]));
}

TEST_F(StartOverTest, NothingLeavesWhileTheCursorIsGood) {
  TakeAll("next", {states[1]});
  for (const sync::RequestKey& key : keys) EXPECT_TRUE(Holds(key));
}

TEST_F(StartOverTest, ThePassThatComesAfterItDropsNothingMore) {
  LoseCursor();
  BeginAnew();
  Receive(Batch("new", {states[0], states[1]}));
  session->End(absl::OkStatus(), std::nullopt);
  TakeAll("next", {states[1]});
  EXPECT_TRUE(Holds(keys[0]));
  EXPECT_TRUE(Holds(keys[1]));
}

TEST_F(StartOverTest, AppKilledInTheMiddleGoesOnWithTheSamePass) {
  LoseCursor();
  BeginAnew();
  Receive(Batch("half", {states[0]}, /*caught_up=*/false));
  session.reset();
  phone.Reopen();
  EXPECT_TRUE(Holds(keys[2])) << "gone before the end";
  Begin();
  ASSERT_EQ(Start().send[0].hello().cursor(), "half");
  Receive(Welcome());
  Receive(Batch("new", {states[1]}));
  EXPECT_TRUE(Holds(keys[0])) << "it came before the kill";
  EXPECT_TRUE(Holds(keys[1]));
  EXPECT_FALSE(Holds(keys[2]));
}

TEST_F(StartOverTest, CursorLostAgainInTheMiddleCountsFromTheStart) {
  LoseCursor();
  BeginAnew();
  Receive(Batch("half", {states[0]}, /*caught_up=*/false));
  session->End(absl::UnavailableError("no route to host"), std::nullopt);
  LoseCursor();
  BeginAnew();
  Receive(Batch("new", {states[1], states[2]}));
  EXPECT_FALSE(Holds(keys[0])) << "it left after the first half had brought it";
  EXPECT_TRUE(Holds(keys[1]));
  EXPECT_TRUE(Holds(keys[2]));
}

TEST_F(StartOverTest, PendingEditsOnWhatLeftAreKeptAndSent) {
  LoseCursor();
  const EditOutcome edit = phone.Edit(keys[0], {Set("alamat", Text("Desa Siulak Deras"))});
  Begin();
  const SyncSession::Step step = Start();
  ASSERT_EQ(step.send.size(), 2u);
  Receive(Welcome());
  Receive(Batch("new", {states[1], states[2]}));
  RequestOnPhone shown = phone.Get(keys[0]);
  EXPECT_TRUE(shown.departed);
  EXPECT_EQ(shown.unsent, 1u);
  // The stream broke before the answer came: it is sent again.
  session->End(absl::UnavailableError("no route to host"), std::nullopt);
  phone.Reopen();
  Begin();
  const SyncSession::Step again = Start();
  ASSERT_EQ(again.send.size(), 2u);
  ASSERT_EQ(again.send[1].push().changes_size(), 1);
  const absl::StatusOr<sync::ParsedChange> sent =
      sync::ParseChange(again.send[1].push().changes(0).body());
  ASSERT_TRUE(sent.ok());
  EXPECT_EQ(sent->id, edit.change_id);
}

TEST_F(StartOverTest, OwnReportThatTheServerHasNotShownYetStays) {
  LoseCursor();
  const EditOutcome made = phone.Create("Pohon tumbang");
  Begin();
  const SyncSession::Step step = Start();
  ASSERT_EQ(step.send[0].hello().cursor(), "");
  ASSERT_EQ(step.send.size(), 2u);
  Receive(Welcome());
  Receive(Results(step.send[1].push()));
  // Made before the report was taken.
  Receive(Batch("new", states));
  EXPECT_TRUE(Holds(made.request));
}

// Both changes are made before the stream hears of the first: the scope is as it was, but what was
// outside in between is gone, and the stream's next cursor would say that the phone has it.
TEST_F(StartOverTest, ScopeChangedToAndFroInOneStreamGivesItUp) {
  ASSERT_TRUE(phone.app->SetScope({"15.01.01", "15.01.06"}).ok());
  TakeAll("both", {});
  Begin(SyncMode::kLive);
  Start();
  Receive(Welcome());
  ASSERT_TRUE(phone.app->SetScope({"15.01.01"}).ok());
  ASSERT_TRUE(phone.app->SetScope({"15.01.01", "15.01.06"}).ok());
  EXPECT_FALSE(Holds(keys[0]));
  EXPECT_TRUE(Receive(Batch("later")).cancel);
  EXPECT_EQ(session->End(absl::CancelledError(""), std::nullopt).next, SyncSession::Next::kAgain);
  BeginAnew();
  Receive(Batch("new", states));
  for (const sync::RequestKey& key : keys) EXPECT_TRUE(Holds(key));
}

TEST_F(StartOverTest, FileOfSchemaOneIsTakenOverAndStartsOverOnce) {
  const EditOutcome edit = phone.Edit(keys[0], {Set("alamat", Text("Desa Siulak Deras"))});
  session.reset();
  phone.app.reset();
  {
    absl::StatusOr<std::unique_ptr<LocalStore>> store =
        LocalStore::Open(phone.options.database_path);
    ASSERT_TRUE(store.ok()) << store.status();
    ASSERT_TRUE((*store)
                    ->database()
                    .Execute("DROP TABLE offers; DROP TABLE offers_scope;"
                             "ALTER TABLE sync_state ADD COLUMN"
                             "  catalog_at_ms INTEGER NOT NULL DEFAULT 0;"
                             "DROP INDEX requests_by_pass; DROP INDEX requests_by_definition;"
                             "ALTER TABLE requests DROP COLUMN pass;"
                             "ALTER TABLE requests DROP COLUMN definition;"
                             "ALTER TABLE sync_state DROP COLUMN pass;"
                             "ALTER TABLE sync_state DROP COLUMN error_words;"
                             "ALTER TABLE acknowledgements ADD COLUMN"
                             "  serial INTEGER NOT NULL DEFAULT 1;"
                             "ALTER TABLE departures ADD COLUMN serial INTEGER NOT NULL DEFAULT 1;"
                             "CREATE TABLE serial (row INTEGER PRIMARY KEY CHECK (row = 1),"
                             "  last INTEGER NOT NULL);"
                             "INSERT INTO serial VALUES (1, 1);"
                             "DROP TABLE bundle_key;"
                             "PRAGMA user_version = 1;")
                    .ok());
  }
  phone.Open();
  for (const sync::RequestKey& key : keys) EXPECT_TRUE(Holds(key));
  EXPECT_EQ(phone.Status().unsent, 1u);
  EXPECT_EQ(TextAt(phone.Get(keys[0]).request, "alamat"), "Desa Siulak Deras");
  Begin();
  EXPECT_EQ(Start().send[0].hello().cursor(), "");
  Receive(Welcome());
  Receive(Batch("new", {states[0], states[1]}));
  EXPECT_TRUE(Holds(keys[0]));
  EXPECT_FALSE(Holds(keys[2]));
}

}  // namespace
}  // namespace tikar::client
