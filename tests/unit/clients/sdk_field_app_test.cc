#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <set>

#include "clients/cpp/change_builder.h"
#include "clients/cpp/field_app.h"
#include "sdk_phone.h"
#include "sync/hlc.h"
#include "sync/ref.h"

namespace tikar::client {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class FieldAppTest : public ::testing::Test {
 protected:
  void SetUp() override { phone.Open(); }

  std::vector<OutboxChange> Queued(const sync::RequestKey& key) {
    phone.app.reset();
    absl::StatusOr<std::unique_ptr<LocalStore>> store =
        LocalStore::Open(phone.options.database_path);
    CHECK(store.ok());
    absl::StatusOr<std::vector<OutboxChange>> changes = (*store)->outbox().OfRequest(key);
    CHECK(changes.ok());
    store->reset();
    phone.Open();
    return *std::move(changes);
  }

  TemporaryDirectory directory;
  Phone phone{directory.File("phone.sqlite")};
};

TEST_F(FieldAppTest, ReportMadeOfflineShowsAtOnceWithItsRef) {
  const EditOutcome outcome = phone.Create("Jembatan putus");
  const RequestOnPhone shown = phone.Get(outcome.request);
  EXPECT_EQ(TextAt(shown.request, "judul"), "Jembatan putus");
  EXPECT_EQ(shown.request.status(), "diterima");
  EXPECT_EQ(shown.request.area(), "15.01.06.2010");
  EXPECT_EQ(shown.ref, outcome.ref);
  EXPECT_EQ(sync::ParseRef(outcome.ref), outcome.ref);
  EXPECT_TRUE(shown.pending());
  EXPECT_THAT(shown.pending_paths, Contains("judul"));
}

TEST_F(FieldAppTest, RequestIdFollowsFromTheBodyAndItsTimeIsThePhones) {
  const EditOutcome outcome = phone.Create("Jembatan putus");
  const std::vector<OutboxChange> queued = Queued(outcome.request);
  ASSERT_EQ(queued.size(), 1u);
  EXPECT_EQ(queued[0].change.request_id, outcome.request.id);
  int64_t id_ms = 0;
  for (int i = 0; i < 6; ++i) id_ms = id_ms << 8 | outcome.request.id[i];
  EXPECT_EQ(id_ms, kMondayMorningMs);
}

TEST_F(FieldAppTest, RefIsFoundHoweverItIsTyped) {
  const EditOutcome outcome = phone.Create("Jembatan putus");
  std::string typed = sync::FormatRef(outcome.ref);
  for (char& character : typed) character = static_cast<char>(std::tolower(character));
  const absl::StatusOr<RequestOnPhone> found = phone.app->GetByRef(typed);
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(found->key, outcome.request);
  EXPECT_EQ(phone.app->GetByRef("kabut").status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(FieldAppTest, EditsMadeOfflineChainOnEachOther) {
  const EditOutcome created = phone.Create("Jembatan putus");
  const EditOutcome first = phone.Edit(created.request, {Set("prioritas", Integer(3))});
  const EditOutcome second = phone.Edit(created.request, {Comment("Warga memasang papan")});
  const std::vector<OutboxChange> queued = Queued(created.request);
  ASSERT_EQ(queued.size(), 3u);
  EXPECT_TRUE(queued[0].change.parents.empty());
  EXPECT_THAT(queued[1].change.parents, ElementsAre(created.change_id));
  EXPECT_THAT(queued[2].change.parents, ElementsAre(first.change_id));
  EXPECT_EQ(queued[2].change.id, second.change_id);
  EXPECT_LT(queued[0].change.body.hlc(), queued[1].change.body.hlc());
  EXPECT_LT(queued[1].change.body.hlc(), queued[2].change.body.hlc());
}

TEST_F(FieldAppTest, EditShowsAtOnceWithItsComment) {
  const EditOutcome created = phone.Create("Jembatan putus");
  phone.Edit(created.request, {Set("judul", Text("Jembatan gantung putus")),
                               Comment("Warga memasang papan"), Move("diterima", "diverifikasi")});
  const v1::Request request = phone.Get(created.request).request;
  EXPECT_EQ(TextAt(request, "judul"), "Jembatan gantung putus");
  EXPECT_EQ(request.status(), "diverifikasi");
  ASSERT_EQ(request.elements_size(), 1);
  EXPECT_EQ(request.elements(0).value().text(), "Warga memasang papan");
}

TEST_F(FieldAppTest, WhatIsWrongIsSaidInBothLanguagesAndNothingIsQueued) {
  NewRequest report = phone.Report("Jembatan putus");
  report.fields[2].second = Text("jembatan");  // no such choice
  const absl::StatusOr<EditOutcome> outcome = phone.app->Create(report);
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  ASSERT_FALSE(outcome->queued());
  ASSERT_FALSE(outcome->refusal.violations.empty());
  EXPECT_EQ(outcome->refusal.violations[0].field, "kategori");
  EXPECT_EQ(outcome->refusal.violations[0].code, "unknown_choice");
  EXPECT_FALSE(outcome->refusal.violations[0].message_id.empty());
  EXPECT_FALSE(outcome->refusal.violations[0].message_en.empty());
  EXPECT_EQ(phone.Status().unsent, 0u);
}

TEST_F(FieldAppTest, StepThatTheRoleMayNotTakeIsNotQueued) {
  const EditOutcome created = phone.Create("Jembatan putus");
  const absl::StatusOr<EditOutcome> outcome =
      phone.app->Edit(created.request, {Move("diterima", "ditolak", "bukan wewenang")});
  ASSERT_TRUE(outcome.ok());
  EXPECT_FALSE(outcome->queued());
  EXPECT_EQ(outcome->refusal.reason, v1::REFUSAL_REASON_ROLE);
  EXPECT_EQ(phone.Status().unsent, 1u);
  EXPECT_EQ(phone.Get(created.request).request.status(), "diterima");
}

TEST_F(FieldAppTest, UnknownServiceAndUnknownRequestAreNotFound) {
  NewRequest report = phone.Report("Jembatan putus");
  report.service = "pusyar";
  EXPECT_EQ(phone.app->Create(report).status().code(), absl::StatusCode::kNotFound);
  const sync::RequestKey nowhere{"15.01", sync::RequestId()};
  EXPECT_EQ(phone.app->Get(nowhere).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(phone.app->Edit(nowhere, {Comment("?")}).status().code(), absl::StatusCode::kNotFound);
}

TEST_F(FieldAppTest, StatusTellsHowManyAreUnsentAndHowOldTheOldestIs) {
  EXPECT_EQ(phone.Status().oldest_unsent_age_ms, std::nullopt);
  phone.Create("Jembatan putus");
  phone.clock.now_ms += 3'600'000;
  phone.Create("Lampu padam");
  phone.clock.now_ms += 60'000;
  const SyncStatus status = phone.Status();
  EXPECT_EQ(status.unsent, 2u);
  EXPECT_EQ(status.oldest_unsent_age_ms, 3'660'000);
  EXPECT_FALSE(status.synced);
}

TEST_F(FieldAppTest, AgeIsNeverNegativeWhenTheClockWasSetBack) {
  phone.Create("Jembatan putus");
  phone.clock.now_ms -= 86'400'000;
  EXPECT_EQ(phone.Status().oldest_unsent_age_ms, 0);
}

TEST_F(FieldAppTest, HlcGoesOnAfterARestartWithAClockSetBack) {
  const EditOutcome created = phone.Create("Jembatan putus");
  phone.clock.now_ms -= 86'400'000;
  phone.Reopen();
  phone.Edit(created.request, {Comment("Jam ponsel salah")});
  const std::vector<OutboxChange> queued = Queued(created.request);
  EXPECT_GT(queued[1].change.body.hlc(), queued[0].change.body.hlc());
}

TEST_F(FieldAppTest, ListIsNewestFirstInPagesWithoutGaps) {
  std::vector<sync::RequestKey> made;
  for (int i = 0; i < 7; ++i) {
    phone.clock.now_ms += 1000;
    made.push_back(phone.Create("Laporan " + std::to_string(i)).request);
  }
  std::vector<sync::RequestKey> listed;
  ListQuery query;
  query.page_size = 3;
  do {
    const absl::StatusOr<ListPage> page = phone.app->List(query);
    ASSERT_TRUE(page.ok()) << page.status();
    for (const RequestOnPhone& request : page->requests) listed.push_back(request.key);
    query.page_token = page->next_page_token;
  } while (!query.page_token.empty());
  std::reverse(made.begin(), made.end());
  EXPECT_EQ(listed, made);
}

TEST_F(FieldAppTest, ListKnowsTheServersFilters) {
  const EditOutcome bridge = phone.Create("Jembatan PUTUS di sungai");
  const EditOutcome lamp = phone.Create("Lampu padam");
  phone.Edit(lamp.request, {Move("diterima", "diverifikasi")});
  const auto list = [&](auto set) {
    ListQuery query;
    set(query.filter);
    absl::StatusOr<ListPage> page = phone.app->List(query);
    CHECK(page.ok());
    std::set<sync::RequestKey> keys;
    for (const RequestOnPhone& request : page->requests) keys.insert(request.key);
    return keys;
  };
  using Keys = std::set<sync::RequestKey>;
  EXPECT_EQ(list([](v1::RequestFilter& f) { f.set_text("putus"); }), Keys{bridge.request});
  EXPECT_EQ(list([](v1::RequestFilter& f) { f.set_status("diverifikasi"); }), Keys{lamp.request});
  EXPECT_EQ(list([](v1::RequestFilter& f) { f.set_area("15.01.06"); }),
            (Keys{bridge.request, lamp.request}));
  EXPECT_EQ(list([](v1::RequestFilter& f) { f.set_area("15.01.07"); }), Keys{});
  EXPECT_EQ(list([](v1::RequestFilter& f) { f.set_service("gampil"); }), Keys{});
  EXPECT_EQ(list([](v1::RequestFilter& f) { f.set_under_review(true); }), Keys{});
}

TEST_F(FieldAppTest, PageTokenOfSomebodyElseIsRefused) {
  ListQuery query;
  query.page_token = "drop table";
  EXPECT_EQ(phone.app->List(query).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(FieldAppTest, FormHasLabelsInBothLanguages) {
  const auto definition = phone.app->OfferedForm("pengaduan", "15.01.06.2010");
  ASSERT_TRUE(definition.ok()) << definition.status();
  const v1::Field* title = (*definition)->FindField("judul");
  ASSERT_NE(title, nullptr);
  EXPECT_FALSE(title->label().id().empty());
  EXPECT_FALSE(title->label().en().empty());
}

TEST_F(FieldAppTest, BytesThatAreNoDefinitionAreNoForm) {
  v1::DefinitionBytes definition;
  definition.set_body("\xff\xff");
  EXPECT_EQ(phone.app->AddDefinition(definition).code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(FieldAppTest, ScopeMustBeAreaCodes) {
  EXPECT_EQ(phone.app->SetScope({}).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(phone.app->SetScope({"Kerinci"}).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(phone.app->SetScope({"15.01", "15.02.03"}).ok());
}

// --- the file
// --------------------------------------------------------------------------------------

TEST_F(FieldAppTest, FileIsTheOwnersAlone) {
  phone.Create("Jembatan putus");
  struct stat file;
  ASSERT_EQ(stat(phone.options.database_path.c_str(), &file), 0);
  EXPECT_EQ(file.st_mode & 0777, 0600u);
  ASSERT_EQ(stat((phone.options.database_path + "-wal").c_str(), &file), 0);
  EXPECT_EQ(file.st_mode & 0777, 0600u);
}

// Power loss: a commit that is not synced would be gone with the battery.
TEST_F(FieldAppTest, EveryCommitIsSynced) {
  phone.app.reset();
  absl::StatusOr<std::unique_ptr<LocalStore>> store = LocalStore::Open(phone.options.database_path);
  ASSERT_TRUE(store.ok()) << store.status();
  constexpr int64_t kFull = 2;
  EXPECT_EQ((*store)->database().ReadNumber("PRAGMA synchronous")->value(), kFull);
  absl::StatusOr<Statement> mode = (*store)->database().Prepare("PRAGMA journal_mode");
  ASSERT_TRUE(mode.ok() && *mode->Step());
  EXPECT_EQ(mode->Bytes(0), "wal");
}

TEST_F(FieldAppTest, SecondAppOnTheSameFileIsTurnedAway) {
  phone.Create("Jembatan putus");
  EXPECT_EQ(FieldApp::Open(phone.options).status().code(), absl::StatusCode::kUnavailable);
}

TEST_F(FieldAppTest, AnotherActorsFileIsRefused) {
  phone.app.reset();
  phone.options.actor = "kerinci/petugas-2";
  const absl::Status status = FieldApp::Open(phone.options).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("kerinci/petugas-1"));
}

void RunSql(const std::string& path, const char* sql) {
  sqlite3* handle = nullptr;
  ASSERT_EQ(sqlite3_open(path.c_str(), &handle), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(handle, sql, nullptr, nullptr, nullptr), SQLITE_OK);
  ASSERT_EQ(sqlite3_close(handle), SQLITE_OK);
}

TEST_F(FieldAppTest, FileOfANewerAppIsRefusedAndStaysAsItIs) {
  phone.Create("Jembatan putus");
  phone.app.reset();
  RunSql(phone.options.database_path, "PRAGMA user_version = 99;");
  const std::string before = ReadFile(phone.options.database_path);
  const absl::Status status = FieldApp::Open(phone.options).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("newer app"));
  EXPECT_EQ(ReadFile(phone.options.database_path), before);
}

TEST_F(FieldAppTest, DatabaseOfSomethingElseIsRefusedAndStaysAsItIs) {
  const std::string path = directory.File("contacts.sqlite");
  RunSql(path, "CREATE TABLE contacts (name TEXT); INSERT INTO contacts VALUES ('Ibu Ratna');");
  const std::string before = ReadFile(path);
  phone.options.database_path = path;
  const absl::Status status = FieldApp::Open(phone.options).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("something else"));
  EXPECT_EQ(ReadFile(path), before);
}

TEST_F(FieldAppTest, DamagedFileIsNamedAndKept) {
  for (int i = 0; i < 50; ++i) phone.Create("Laporan " + std::to_string(i));
  phone.app.reset();
  std::string bytes = ReadFile(phone.options.database_path);
  ASSERT_GT(bytes.size(), 20'000u);
  // The header stays good; a run of pages in the middle turns to rubbish.
  std::fill(bytes.begin() + 8192, bytes.begin() + 20'000, '\x5a');
  std::ofstream(phone.options.database_path, std::ios::binary) << bytes;
  const absl::Status status = FieldApp::Open(phone.options).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(status.message()), HasSubstr("damaged"));
  EXPECT_THAT(std::string(status.message()), HasSubstr(phone.options.database_path));
  EXPECT_EQ(ReadFile(phone.options.database_path), bytes);
}

TEST_F(FieldAppTest, FileThatIsNoDatabaseIsDataLoss) {
  const std::string path = directory.File("photo.jpg");
  std::ofstream(path) << std::string(8192, 'x');
  phone.options.database_path = path;
  EXPECT_EQ(FieldApp::Open(phone.options).status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(ReadFile(path), std::string(8192, 'x'));
}

TEST_F(FieldAppTest, FolderThatIsNotThereIsNotFound) {
  phone.options.database_path = directory.File("nowhere/phone.sqlite");
  EXPECT_EQ(FieldApp::Open(phone.options).status().code(), absl::StatusCode::kNotFound);
}

// --- kill -9
// ---------------------------------------------------------------------------------------

// The child makes reports and edits and tells each id after the call returned; the parent kills it
// in the midst, again and again, on one file. Whatever was told must be there.
TEST(FieldAppCrash, WhatWasQueuedSurvivesKillNine) {
  TemporaryDirectory directory;
  const std::string path = directory.File("phone.sqlite");
  std::set<std::string> told;
  std::mt19937 numbers(20260302);
  for (int round = 0; round < 24; ++round) {
    int pipe_ends[2];
    ASSERT_EQ(pipe(pipe_ends), 0);
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      close(pipe_ends[0]);
      Phone phone(path, "kerinci/petugas-1", 100 + round);
      phone.Open();
      if (phone.app == nullptr) _exit(1);
      while (true) {
        const auto tell = [&](const EditOutcome& made) {
          const std::string_view id = made.change_id.view();
          if (write(pipe_ends[1], id.data(), id.size()) != 16) _exit(1);
        };
        const EditOutcome created = phone.Create("Jembatan putus");
        tell(created);
        tell(phone.Edit(created.request, {Comment("Papan dipasang")}));
      }
    }
    close(pipe_ends[1]);
    // Lets it make some, then kills it somewhere in the next.
    const size_t enough = told.size() + 1 + numbers() % 20;
    char id[16];
    bool killed = false;
    while (read(pipe_ends[0], id, sizeof id) == sizeof id) {
      told.insert(std::string(id, sizeof id));
      if (!killed && told.size() >= enough) {
        kill(child, SIGKILL);
        killed = true;
      }
    }
    close(pipe_ends[0]);
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << "the child ended by itself";
  }
  absl::StatusOr<std::unique_ptr<LocalStore>> store = LocalStore::Open(path);
  ASSERT_TRUE(store.ok()) << store.status();
  for (const std::string& id : told) {
    const auto change = (*store)->outbox().Find(*sync::ChangeId::FromBytes(id));
    ASSERT_TRUE(change.ok()) << change.status();
    EXPECT_TRUE(change->has_value()) << "lost " << sync::ChangeId::FromBytes(id)->hex();
  }
  EXPECT_GE(told.size(), 48u);
  // No hlc was used twice: readings went on from what was stored.
  std::set<uint64_t> times;
  size_t changes = 0;
  const auto requests = (*store)->outbox().Requests();
  ASSERT_TRUE(requests.ok());
  for (const Outbox::RequestMade& request : *requests) {
    const auto of_request = (*store)->outbox().OfRequest(request.key);
    ASSERT_TRUE(of_request.ok());
    for (const OutboxChange& change : *of_request) {
      times.insert(change.change.body.hlc());
      ++changes;
    }
  }
  EXPECT_EQ(times.size(), changes);
}

}  // namespace
}  // namespace tikar::client
