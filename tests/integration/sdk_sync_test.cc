// The SDK against the real server, through everything that happens to a server and to a phone.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <set>

#include "clients/cpp/change_builder.h"
#include "sdk_tikard.h"
#include "sync/hlc.h"

namespace tikar::client {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class SdkSyncTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ani.Open();
    budi.Open();
  }

  TemporaryDirectory directory;
  Tikard tikard{directory};
  RealPhone ani{directory.File("ani.sqlite"), "kerinci/petugas-ani", 1};
  RealPhone budi{directory.File("budi.sqlite"), "kerinci/petugas-budi", 2};
};

TEST_F(SdkSyncTest, TwoPhonesThatEditedOfflineConverge) {
  tikard.Start();
  const EditOutcome report = ani.Create("Jembatan putus");
  ani.Sync(tikard.address());
  budi.Sync(tikard.address());
  EXPECT_EQ(TextAt(budi.Get(report.request).request, "judul"), "Jembatan putus");

  // Both without a signal.
  ani.Edit(report.request,
           {Set("deskripsi", Text("Papan jembatan lapuk, anak sekolah dan petani memutar.")),
            Set("prioritas", Integer(2)), Comment("Foto menyusul")});
  budi.Edit(report.request,
            {Set("deskripsi", Text("Papan jembatan lapuk sejak Januari, anak sekolah memutar.")),
             Set("prioritas", Integer(4)), Comment("Sudah saya lihat")});
  budi.Edit(report.request, {Move("diterima", "diverifikasi")});
  ani.Sync(tikard.address());
  budi.Sync(tikard.address());
  ani.Sync(tikard.address());

  ExpectConverged(ani, budi);
  const v1::Request merged = ani.Get(report.request).request;
  EXPECT_THAT(TextAt(merged, "deskripsi"), HasSubstr("sejak Januari"));
  EXPECT_THAT(TextAt(merged, "deskripsi"), HasSubstr("dan petani"));
  EXPECT_EQ(merged.status(), "diverifikasi");
  EXPECT_EQ(merged.elements_size(), 2);
  int64_t priority = 0;
  for (const v1::FieldState& field : merged.fields()) {
    if (field.path() == "prioritas") priority = field.value().integer();
  }
  EXPECT_EQ(priority, 4);
  EXPECT_TRUE(ani.Status().synced);
  EXPECT_EQ(ani.Status().single_copy, 2u);
}

TEST_F(SdkSyncTest, FreshPhoneGetsItsFormsFromTheServer) {
  tikard.Start();
  RealPhone cici(directory.File("cici.sqlite"), "kerinci/petugas-cici", 3);
  absl::StatusOr<std::unique_ptr<FieldApp>> opened = FieldApp::Open(cici.options);
  ASSERT_TRUE(opened.ok()) << opened.status();
  cici.app = *std::move(opened);
  EXPECT_EQ(cici.app->Create(cici.Report("Lampu padam")).status().code(),
            absl::StatusCode::kNotFound);
  cici.Sync(tikard.address());
  EXPECT_TRUE(cici.app->OfferedForm("gampil", "15.01.06").ok());
  EXPECT_TRUE(cici.app->Create(cici.Report("Lampu padam"))->queued());
  cici.Sync(tikard.address());
}

TEST_F(SdkSyncTest, ServerThatIsAwayLosesNothingAndIsToldOf) {
  tikard.Start();
  tikard.Kill();
  ani.Create("Jembatan putus");
  SyncRunner runner(ani.app.get(), {.server = tikard.address()});
  EXPECT_EQ(runner.SyncOnce().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(runner.SyncUntilDone(500).code(), absl::StatusCode::kUnavailable);
  const SyncStatus status = ani.Status();
  EXPECT_EQ(status.unsent, 1u);
  EXPECT_TRUE(status.oldest_unsent_age_ms.has_value());
  EXPECT_EQ(status.last_error.code(), absl::StatusCode::kUnavailable);
  EXPECT_GE(status.failures_in_a_row, 2);
  EXPECT_GT(status.next_attempt_at_ms, 0);
  EXPECT_EQ(status.needs_attention, 0u);
  tikard.Start();
  EXPECT_TRUE(runner.SyncUntilDone(kPatienceMs).ok());
  EXPECT_TRUE(ani.Status().synced);
}

// No waiting and no second try by hand: the connection of the last visit leads nowhere, and only
// its use tells.
TEST_F(SdkSyncTest, ServerThatRestartedIsReachedByTheNextVisit) {
  tikard.Start();
  SyncRunner runner(ani.app.get(), {.server = tikard.address()});
  for (int restarts = 0; restarts < 5; ++restarts) {
    ani.Create("Laporan " + std::to_string(restarts));
    const absl::Status visit = runner.SyncOnce();
    ASSERT_TRUE(visit.ok()) << visit << " after " << restarts << " restarts";
    EXPECT_EQ(ani.Status().unsent, 0u);
    tikard.Kill();
    tikard.Start();
  }
  tikard.Kill();
  ani.Create("Tanpa server");
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(runner.SyncOnce().code(), absl::StatusCode::kUnavailable);
  }
  EXPECT_EQ(ani.Status().last_error_words.id(), "server tidak dapat dihubungi");
  tikard.Start();
  EXPECT_TRUE(runner.SyncOnce().ok());
  EXPECT_EQ(ani.Status().unsent, 0u);
}

TEST_F(SdkSyncTest, ServerThatHangsIsGivenUpAndTriedAgain) {
  tikard.Start();
  ani.Create("Jembatan putus");
  tikard.Freeze();
  SyncRunner runner(ani.app.get(), {.server = tikard.address(), .silence_ms_max = 300});
  EXPECT_EQ(runner.SyncOnce().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(ani.Status().unsent, 1u);
  tikard.Thaw();
  EXPECT_TRUE(runner.SyncUntilDone(kPatienceMs).ok());
  EXPECT_TRUE(ani.Status().synced);
}

TEST_F(SdkSyncTest, LiveEditsArriveAndLiveSurvivesARestart) {
  tikard.Start();
  Change change;
  SyncRunner ani_live(ani.app.get(),
                      {.server = tikard.address(), .on_change = [&] { change.Happened(); }});
  SyncRunner budi_live(budi.app.get(),
                       {.server = tikard.address(), .on_change = [&] { change.Happened(); }});
  ani_live.StartLive();
  budi_live.StartLive();
  const EditOutcome report = ani.Create("Jembatan putus");
  ASSERT_TRUE(change.Wait([&] { return budi.app->Get(report.request).ok(); }));
  budi.Edit(report.request, {Set("judul", Text("Jembatan gantung putus"))});
  const auto ani_sees = [&](const std::string& title) {
    return change.Wait([&] {
      const RequestOnPhone seen = ani.Get(report.request);
      return !seen.pending() && TextAt(seen.request, "judul") == title;
    });
  };
  ASSERT_TRUE(ani_sees("Jembatan gantung putus"));
  tikard.Kill();
  budi.Edit(report.request, {Set("judul", Text("Jembatan gantung Siulak putus"))});
  ASSERT_TRUE(change.Wait([&] { return !budi.Status().last_error.ok(); }));
  tikard.Start();
  EXPECT_TRUE(ani_sees("Jembatan gantung Siulak putus"));
  ani_live.Stop();
  budi_live.Stop();
  EXPECT_EQ(budi.Status().unsent, 0u);
}

TEST_F(SdkSyncTest, ScopeChangedLiveBringsTheNewAreaAndDropsTheOld) {
  tikard.Start();
  const EditOutcome here = ani.Create("Jembatan putus");
  NewRequest elsewhere = ani.Report("Lampu padam");
  elsewhere.area = "15.01.01";
  const absl::StatusOr<EditOutcome> there = ani.app->Create(elsewhere);
  ASSERT_TRUE(there.ok() && there->queued());
  ani.Sync(tikard.address());
  Change change;
  SyncRunner live(budi.app.get(),
                  {.server = tikard.address(), .on_change = [&] { change.Happened(); }});
  live.StartLive();
  ASSERT_TRUE(change.Wait([&] { return budi.app->Get(here.request).ok(); }));
  EXPECT_EQ(budi.app->Get(there->request).status().code(), absl::StatusCode::kNotFound);
  ASSERT_TRUE(budi.app->SetScope({"15.01.01"}).ok());
  EXPECT_EQ(budi.app->Get(here.request).status().code(), absl::StatusCode::kNotFound);
  EXPECT_TRUE(change.Wait([&] { return budi.app->Get(there->request).ok(); }));
  ASSERT_TRUE(budi.app->SetScope({"15.01"}).ok());
  EXPECT_TRUE(change.Wait([&] { return budi.app->Get(here.request).ok(); }));
  live.Stop();
}

TEST_F(SdkSyncTest, FiveHundredEditsAcrossServersThatDieInTheMidst) {
  tikard.Start();
  // Fifty reports, ten changes each: half of them wait when the runner starts, the others come
  // between the kills, so that each kill meets a phone that has something to send.
  std::vector<sync::RequestKey> reports;
  const auto write = [&](int count) {
    for (int i = 0; i < count; ++i) {
      reports.push_back(ani.Create("Laporan " + std::to_string(reports.size())).request);
      for (int edit = 1; edit < 10; ++edit) {
        ani.Edit(reports.back(), {Comment("Catatan " + std::to_string(edit))});
      }
    }
  };
  write(25);
  ASSERT_EQ(ani.Status().unsent, 250u);
  std::atomic<int> messages = 0;
  Change change;
  SyncRunner runner(ani.app.get(), {.server = tikard.address(), .on_change = [&] {
                                      ++messages;
                                      change.Happened();
                                    }});
  runner.StartLive();
  for (int kills = 0; kills < 5; ++kills) {
    write(5);
    // Each time a little later in the exchange, if a fast machine leaves so much of it.
    const int enough = messages + 1 + kills % 3;
    ASSERT_TRUE(change.Wait([&] { return messages >= enough || ani.Status().unsent == 0; }));
    tikard.Kill();
    tikard.Start();
    runner.SyncNow();
  }
  ASSERT_TRUE(change.Wait([&] { return ani.Status().unsent == 0 && ani.Status().synced; }));
  runner.Stop();
  EXPECT_EQ(ani.Status().needs_attention, 0u);

  budi.Sync(tikard.address());
  ani.Sync(tikard.address());
  ExpectConverged(ani, budi);
  ASSERT_EQ(budi.All().size(), 50u);
  for (const RequestOnPhone& request : budi.All()) {
    EXPECT_EQ(request.request.change_count(), 10u);
    EXPECT_EQ(request.request.elements_size(), 9);
    EXPECT_EQ(request.request.heads_size(), 1) << "the edits do not chain";
  }
}

TEST_F(SdkSyncTest, ServerRestoredFromABackupGetsItsLostChangesBack) {
  tikard.Start();
  const EditOutcome report = ani.Create("Jembatan putus");
  ani.Sync(tikard.address());
  EXPECT_EQ(ani.Status().single_copy, 1u);
  tikard.Kill();
  std::filesystem::remove_all(directory.File("data"));  // restored from before the report
  tikard.Start();
  ani.Sync(tikard.address());
  budi.Sync(tikard.address());
  EXPECT_EQ(TextAt(budi.Get(report.request).request, "judul"), "Jembatan putus");
  ani.Sync(tikard.address());
  ExpectConverged(ani, budi);
}

TEST_F(SdkSyncTest, PhoneWithAClockAYearAheadIsWarnedAndDoesNotWinByIt) {
  tikard.Start();
  const EditOutcome report = ani.Create("Jembatan putus");
  ani.Sync(tikard.address());
  budi.app.reset();
  budi.options.clock = &budi.clock;
  budi.clock.now_ms = SystemClock().NowMs() + 365LL * 86'400'000;
  budi.Open();
  budi.Sync(tikard.address());
  EXPECT_TRUE(budi.Status().clock_warning);
  EXPECT_NEAR(static_cast<double>(*budi.Status().clock_offset_ms), -365.0 * 86'400'000, 60'000.0);

  budi.Edit(report.request, {Set("alamat", Text("Dari masa depan"))});
  budi.Sync(tikard.address());
  // Ani has not seen it and writes later, in truth.
  ani.Edit(report.request, {Set("alamat", Text("Desa Siulak Deras"))});
  ani.Sync(tikard.address());
  budi.Sync(tikard.address());
  ExpectConverged(ani, budi);
  EXPECT_EQ(TextAt(budi.Get(report.request).request, "alamat"), "Desa Siulak Deras");
  // Nor does it drag the others along.
  EXPECT_FALSE(ani.Status().clock_warning);
  const EditOutcome after = ani.Edit(report.request, {Comment("sesudahnya")});
  ani.Sync(tikard.address());
  EXPECT_LT(sync::HlcMs(ani.Get(report.request).request.update_time()),
            SystemClock().NowMs() + 60'000);
}

// What an app without today's checks might have queued: the server refuses it, and it alone.
TEST_F(SdkSyncTest, ChangeThatTheServerRefusesNeedsAttentionAndItsChildrenGo) {
  tikard.Start();
  const EditOutcome report = ani.Create("Jembatan putus");
  ani.app.reset();
  sync::ChangeId refused;
  {
    absl::StatusOr<std::unique_ptr<LocalStore>> store = LocalStore::Open(ani.options.database_path);
    ASSERT_TRUE(store.ok()) << store.status();
    ChangeDraft draft;
    draft.region = "15.01";
    draft.request_id = report.request.id;
    draft.actor = ani.options.actor;
    draft.role = "petugas";
    draft.hlc = sync::PackHlc(SystemClock().NowMs(), 1);
    draft.parents = {report.change_id};
    draft.nonce = RandomNonce(SystemRandom());
    draft.mutations = {Set("kategori", Text("jembatan_gantung"))};
    const absl::StatusOr<sync::ParsedChange> change = BuildChange(draft);
    ASSERT_TRUE(change.ok());
    refused = change->id;
    ASSERT_TRUE((*store)->outbox().Add(*change, SystemClock().NowMs()).ok());
  }
  ani.Open();
  const EditOutcome child = ani.Edit(report.request, {Comment("Mohon segera")});
  ani.Sync(tikard.address());

  const SyncStatus status = ani.Status();
  EXPECT_EQ(status.needs_attention, 1u);
  EXPECT_FALSE(status.synced);
  const auto items = ani.app->NeedsAttention();
  ASSERT_TRUE(items.ok());
  ASSERT_EQ(items->size(), 1u);
  EXPECT_EQ((*items)[0].change_id, refused);
  EXPECT_EQ((*items)[0].reason, v1::REFUSAL_REASON_INVALID_VALUE);
  ASSERT_FALSE((*items)[0].violations.empty());
  EXPECT_EQ((*items)[0].violations[0].code(), "unknown_choice");
  EXPECT_FALSE((*items)[0].violations[0].message_id().empty());
  EXPECT_EQ((*items)[0].body.mutations(0).set_field().value().text(), "jembatan_gantung");

  const RequestOnPhone shown = ani.Get(report.request);
  EXPECT_EQ(TextAt(shown.request, "kategori"), "jalan_jembatan");
  EXPECT_EQ(shown.request.elements_size(), 1);
  EXPECT_THAT(shown.request.heads(), ::testing::ElementsAre(child.change_id.bytes()));
  ASSERT_TRUE(ani.app->Dismiss(refused).ok());
  EXPECT_TRUE(ani.Status().synced);
}

// --- kill -9 of the app
// ----------------------------------------------------------------------------

// Not a test of its own: AppKilledInTheMidstOfSyncs runs it as a process.
TEST(PhoneProcess, DISABLED_MakesReportsAndSyncsUntilKilled) {
  const char* path = getenv("TIKAR_TEST_PHONE");
  const char* server = getenv("TIKAR_TEST_SERVER");
  ASSERT_TRUE(path != nullptr && server != nullptr);
  RealPhone phone(path, "kerinci/petugas-ani", static_cast<uint64_t>(getpid()));
  phone.Open();
  ASSERT_NE(phone.app, nullptr);
  Change change;
  SyncRunner runner(phone.app.get(), {.server = server, .on_change = [&] {
                                        TellParent();
                                        change.Happened();
                                      }});
  runner.StartLive();
  while (true) {
    const EditOutcome report = phone.Create("Laporan");
    phone.Edit(report.request, {Comment("Catatan")});
    runner.SyncNow();
    // Not further ahead of the exchange than an officer would be.
    ASSERT_TRUE(change.Wait([&] { return phone.Status().unsent < 20; }));
  }
}

TEST_F(SdkSyncTest, AppKilledInTheMidstOfSyncsSendsEverythingOnce) {
  tikard.Start();
  const std::string path = ani.options.database_path;
  ani.app.reset();
  setenv("TIKAR_TEST_PHONE", path.c_str(), 1);
  setenv("TIKAR_TEST_SERVER", tikard.address().c_str(), 1);
  std::mt19937 numbers(20260302);
  for (int kills = 0; kills < 8; ++kills) {
    ChildProcess child(
        "/proc/self/exe",
        {"phone", "--gtest_also_run_disabled_tests", "--gtest_filter=PhoneProcess.*"},
        directory.File("phone.log"));
    // In the midst of the exchange, each time at another message.
    ASSERT_TRUE(child.AwaitTold(20 + static_cast<int>(numbers() % 40)))
        << ReadFile(directory.File("phone.log"));
    child.Signal(SIGKILL);
    ASSERT_TRUE(WIFSIGNALED(child.Wait())) << ReadFile(directory.File("phone.log"));
  }

  ani.Open();
  ani.Sync(tikard.address());
  budi.Sync(tikard.address());
  ExpectConverged(ani, budi);
  const std::vector<RequestOnPhone> all = budi.All();
  EXPECT_GT(all.size(), 50u);
  size_t without_comment = 0;
  for (const RequestOnPhone& request : all) {
    EXPECT_LE(request.request.change_count(), 2u) << "sent twice";
    if (request.request.elements_size() == 0) ++without_comment;
  }
  // A kill falls between a report and its comment at most once each.
  EXPECT_LE(without_comment, 8u);
  EXPECT_EQ(ani.Status().needs_attention, 0u);
}

}  // namespace
}  // namespace tikar::client
