// A phone that starts over against the real server: what left its scope while it had no cursor
// goes, also when the app dies in the middle.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "clients/cpp/local_store.h"
#include "sdk_tikard.h"

namespace tikar::client {
namespace {

using ::testing::IsEmpty;

// Large enough that a few dozen requests fill more than one batch.
std::string LongText() {
  std::string text;
  while (text.size() < 3'900) text += "Papan jembatan lapuk, anak sekolah memutar. ";
  return text;
}

class SdkStartOverTest : public ::testing::Test {
 protected:
  void SetUp() override {
    tikard.Start();
    ani.options.scope = {"15.01.01", "15.01.06"};
    budi.options.scope = {"15.01"};
    ani.Open();
    budi.Open();
  }

  // The office moves it to where ani's phone does not look.
  void MoveAway(const sync::RequestKey& key) {
    budi.Sync(tikard.address());
    budi.Edit(key, {Set("area", Text("15.01.02"))});
    budi.Sync(tikard.address());
  }
  // The officer leaves a kecamatan and takes it on again, without a signal in between.
  void LoseCursor() {
    ASSERT_TRUE(ani.app->SetScope({"15.01.06"}).ok());
    ASSERT_TRUE(ani.app->SetScope({"15.01.01", "15.01.06"}).ok());
    ASSERT_EQ(CursorOf(ani), "");
  }
  static std::string CursorOf(RealPhone& phone) {
    phone.app.reset();
    std::string cursor;
    {
      absl::StatusOr<std::unique_ptr<LocalStore>> store =
          LocalStore::Open(phone.options.database_path);
      CHECK(store.ok());
      const absl::StatusOr<SyncState> state = (*store)->LoadSyncState();
      CHECK(state.ok());
      cursor = state->cursor;
    }
    phone.Open();
    return cursor;
  }
  // As if the file had suffered; opens the app again, without forms of its own.
  void RunSql(const std::string& sql) {
    ani.app.reset();
    {
      absl::StatusOr<std::unique_ptr<LocalStore>> store =
          LocalStore::Open(ani.options.database_path);
      ASSERT_TRUE(store.ok()) << store.status();
      ASSERT_TRUE((*store)->database().Execute(sql).ok());
    }
    absl::StatusOr<std::unique_ptr<FieldApp>> opened = FieldApp::Open(ani.options);
    ASSERT_TRUE(opened.ok()) << opened.status();
    ani.app = *std::move(opened);
  }
  bool AniHolds(const sync::RequestKey& key) { return ani.app->Get(key).ok(); }

  TemporaryDirectory directory;
  Tikard tikard{directory};
  RealPhone ani{directory.File("ani.sqlite"), "kerinci/petugas-ani", 1};
  RealPhone budi{directory.File("budi.sqlite"), "kerinci/petugas-budi", 2};
};

TEST_F(SdkStartOverTest, WhatLeftWhileThereWasNoCursorGoes) {
  const EditOutcome stays = ani.Create("Jembatan putus"), leaves = ani.Create("Lampu padam");
  ani.Sync(tikard.address());
  LoseCursor();
  MoveAway(leaves.request);
  ASSERT_TRUE(AniHolds(leaves.request));
  ani.Sync(tikard.address());
  EXPECT_TRUE(AniHolds(stays.request));
  EXPECT_FALSE(AniHolds(leaves.request));
  // Nothing of it is left to send or to settle, and what comes now comes by the feed again.
  EXPECT_TRUE(ani.Status().synced);
  budi.Edit(stays.request, {Set("judul", Text("Jembatan gantung putus"))});
  budi.Sync(tikard.address());
  ani.Sync(tikard.address());
  EXPECT_EQ(TextAt(ani.Get(stays.request).request, "judul"), "Jembatan gantung putus");
}

TEST_F(SdkStartOverTest, DamagedCursorIsGivenUpAndWhatLeftMeanwhileGoes) {
  const EditOutcome stays = ani.Create("Jembatan putus"), leaves = ani.Create("Lampu padam");
  ani.Sync(tikard.address());
  MoveAway(leaves.request);
  RunSql("UPDATE sync_state SET cursor = x'0102030405060708090a';");
  ani.Edit(stays.request, {Comment("Menunggu kayu")});
  SyncRunner runner(ani.app.get(), {.server = tikard.address()});
  EXPECT_EQ(runner.SyncOnce().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(AniHolds(leaves.request)) << "nobody has said yet that it left";
  EXPECT_TRUE(runner.SyncUntilDone(kPatienceMs).ok());
  EXPECT_TRUE(AniHolds(stays.request));
  EXPECT_FALSE(AniHolds(leaves.request));
  EXPECT_EQ(ani.Status().unsent, 0u);
  EXPECT_EQ(ani.Status().needs_attention, 0u) << "the edit was accused in the cursor's stead";
}

TEST_F(SdkStartOverTest, PendingEditsOnWhatLeftReachTheServer) {
  const EditOutcome leaves = ani.Create("Lampu padam");
  ani.Sync(tikard.address());
  LoseCursor();
  MoveAway(leaves.request);
  ani.Edit(leaves.request, {Comment("Tiang sudah diganti")});
  ani.Sync(tikard.address());
  EXPECT_EQ(ani.Status().needs_attention, 0u);
  EXPECT_FALSE(AniHolds(leaves.request));
  budi.Sync(tikard.address());
  const v1::Request request = budi.Get(leaves.request).request;
  EXPECT_EQ(request.area(), "15.01.02");
  ASSERT_EQ(request.elements_size(), 1);
  EXPECT_EQ(request.elements(0).value().text(), "Tiang sudah diganti");
}

// Not a test of its own: AppKilledInTheMiddleOfStartingOver runs it as a process. Dies by SIGKILL
// as soon as a batch is stored that is not the last one.
TEST(StartOverProcess, DISABLED_SyncsUntilTheFirstBatchIsStored) {
  const char* path = getenv("TIKAR_TEST_PHONE");
  const char* server = getenv("TIKAR_TEST_SERVER");
  ASSERT_TRUE(path != nullptr && server != nullptr);
  RealPhone phone(path, "kerinci/petugas-ani", 3);
  phone.options.scope = {"15.01.01", "15.01.06"};
  phone.Open();
  ASSERT_NE(phone.app, nullptr);
  SyncRunner runner(phone.app.get(), {.server = server, .on_change = [&] {
                                        if (phone.Status().remaining > 0) kill(getpid(), SIGKILL);
                                      }});
  runner.SyncUntilDone(kPatienceMs).IgnoreError();
}

TEST_F(SdkStartOverTest, AppKilledInTheMiddleOfStartingOver) {
  std::vector<sync::RequestKey> stay;
  for (int i = 0; i < 90; ++i) {
    NewRequest report = ani.Report("Laporan " + std::to_string(i));
    report.fields[1].second = Text(LongText());
    const absl::StatusOr<EditOutcome> made = ani.app->Create(report);
    ASSERT_TRUE(made.ok() && made->queued());
    stay.push_back(made->request);
  }
  const EditOutcome leaves = ani.Create("Lampu padam");
  ani.Sync(tikard.address());
  LoseCursor();
  MoveAway(leaves.request);
  ani.app.reset();

  setenv("TIKAR_TEST_PHONE", ani.options.database_path.c_str(), 1);
  setenv("TIKAR_TEST_SERVER", tikard.address().c_str(), 1);
  ChildProcess child(
      "/proc/self/exe",
      {"phone", "--gtest_also_run_disabled_tests", "--gtest_filter=StartOverProcess.*"},
      directory.File("phone.log"));
  ASSERT_TRUE(WIFSIGNALED(child.Wait())) << ReadFile(directory.File("phone.log"));

  ani.Open();
  EXPECT_NE(CursorOf(ani), "") << "it died before the first batch";
  EXPECT_GT(ani.Status().remaining, 0u) << "it died after the last batch";
  EXPECT_TRUE(AniHolds(leaves.request));
  ani.Sync(tikard.address());
  for (const sync::RequestKey& key : stay) EXPECT_TRUE(AniHolds(key));
  EXPECT_FALSE(AniHolds(leaves.request));
}

// --- definitions
// -----------------------------------------------------------------------------------

TEST_F(SdkStartOverTest, DefinitionThatRequestsHerePinIsFetchedWhenItIsMissing) {
  const EditOutcome report = ani.Create("Jembatan putus");
  ani.Sync(tikard.address());
  const auto pinned =
      sync::DefinitionHash::FromBytes(ani.Get(report.request).request.definition_hash());
  ASSERT_TRUE(pinned.has_value());
  RunSql("DELETE FROM definitions;");
  EXPECT_EQ(ani.app->FindDefinition(*pinned).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(ani.app->Edit(report.request, {Comment("Sudah dilihat")}).status().code(),
            absl::StatusCode::kFailedPrecondition);
  ani.Sync(tikard.address());
  EXPECT_TRUE(ani.app->FindDefinition(*pinned).ok());
  EXPECT_THAT(*ani.app->MissingDefinitions(), IsEmpty());
  EXPECT_TRUE(ani.app->Edit(report.request, {Comment("Sudah dilihat")})->queued());
}

}  // namespace
}  // namespace tikar::client
