// Which definition a new request pins: what the region of its area offers, as a server told it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include "clients/cpp/error_words.h"
#include "clients/cpp/local_store.h"
#include "sdk_session.h"

namespace tikar::client {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr char kVillage[] = "15.01.06.2010", kKerinci[] = "15.01", kJambi[] = "15.71.01";

class OffersTest : public SyncSessionTest {
 protected:
  // A phone that nobody has told anything, with two regencies in its scope.
  void SetUp() override {
    phone.services.clear();
    phone.options.scope = {"15.01.06", "15.71"};
    phone.Open();
  }

  static v1::DefinitionBytes ForkOf(const std::string& service) {
    v1::Definition fork = CatalogForm(service);
    fork.set_publisher(kKerinci);
    fork.mutable_title()->set_id("Milik Kerinci");
    return BytesOf(fork);
  }
  static std::string HashOf(const v1::DefinitionBytes& definition) {
    return sync::Sha256(definition.body()).bytes();
  }

  // One visit whose only batch carries `offers`, and the definitions unless they are to lack.
  v1::SyncResponse Told(std::vector<v1::Offer> offers,
                        std::vector<v1::DefinitionBytes> definitions) {
    v1::SyncResponse response = Batch("told");
    for (v1::Offer& offer : offers) *response.mutable_batch()->add_offers() = std::move(offer);
    for (v1::DefinitionBytes& definition : definitions) {
      *response.mutable_batch()->add_definitions() = std::move(definition);
    }
    return response;
  }
  void Visit(const v1::SyncResponse& batch) {
    Begin();
    const SyncSession::Step step = Start();
    Receive(Welcome());
    for (const v1::SyncRequest& sent : step.send) {
      if (sent.has_push()) Receive(Results(sent.push()));
    }
    Receive(batch);
    ASSERT_EQ(session->End(absl::OkStatus(), std::nullopt).next, SyncSession::Next::kDone);
  }
  // Complaints everywhere, and Kerinci's own.
  void TellOfTheFork() {
    Visit(Told({OfferOf("", common), OfferOf(kKerinci, fork)}, {common, fork}));
  }

  absl::StatusOr<EditOutcome> CreateAt(const std::string& area) {
    NewRequest report = phone.Report("Jembatan putus");
    report.area = area;
    return phone.app->Create(report);
  }
  // The hash that a new complaint of the area pins.
  std::string PinnedAt(const std::string& area) {
    const absl::StatusOr<EditOutcome> made = CreateAt(area);
    CHECK(made.ok() && made->queued());
    return phone.Get(made->request).request.definition_hash();
  }
  std::vector<std::string> ServicesAt(const std::string& area) {
    const auto forms = phone.app->OfferedForms(area);
    CHECK(forms.ok());
    std::vector<std::string> services;
    for (const auto& form : *forms) services.push_back(form->proto().service());
    return services;
  }
  // Both languages, and the code.
  void ExpectError(const absl::Status& status, absl::StatusCode code,
                   const ::testing::Matcher<std::string>& indonesian,
                   const ::testing::Matcher<std::string>& english) {
    EXPECT_EQ(status.code(), code) << status;
    if (status.ok()) return;
    const v1::LocalizedText words = WordsOf(status, Culprit::kPhone);
    EXPECT_THAT(words.id(), indonesian);
    EXPECT_THAT(words.en(), english);
  }

  const v1::DefinitionBytes common = CatalogDefinition("pengaduan");
  const v1::DefinitionBytes fork = ForkOf("pengaduan");
};

TEST_F(OffersTest, NewRequestsPinWhatTheirRegionOffers) {
  TellOfTheFork();
  EXPECT_EQ(PinnedAt(kVillage), HashOf(fork));
  EXPECT_EQ(PinnedAt(kJambi), HashOf(common));
  EXPECT_EQ((*phone.app->OfferedForm("pengaduan", kKerinci))->hash().bytes(), HashOf(fork));
}

TEST_F(OffersTest, AHigherVersionThatIsNotOfferedIsNotTaken) {
  v1::Definition later = CatalogForm("pengaduan");
  later.set_version(9);
  TellOfTheFork();
  ASSERT_TRUE(phone.app->AddDefinition(BytesOf(later)).ok());
  EXPECT_EQ(PinnedAt(kVillage), HashOf(fork));
  EXPECT_EQ(PinnedAt(kJambi), HashOf(common));
}

TEST_F(OffersTest, ARegionOffersItsOwnAndWhatEveryRegionOffers) {
  const v1::DefinitionBytes licences = CatalogDefinition("gampil"), grants = ForkOf("sabilulungan");
  Visit(Told({OfferOf("", common), OfferOf("", licences), OfferOf(kKerinci, fork),
              OfferOf(kKerinci, grants)},
             {common, fork, licences, grants}));
  EXPECT_THAT(ServicesAt(kVillage), ElementsAre("gampil", "pengaduan", "sabilulungan"));
  EXPECT_THAT(ServicesAt(kJambi), ElementsAre("gampil", "pengaduan"));
}

TEST_F(OffersTest, WhatWasToldReplacesWhatWasToldBefore) {
  const v1::DefinitionBytes licences = CatalogDefinition("gampil");
  Visit(Told({OfferOf("", common), OfferOf("", licences), OfferOf(kKerinci, fork)},
             {common, fork, licences}));
  Visit(Told({OfferOf("", common)}, {}));
  EXPECT_THAT(ServicesAt(kVillage), ElementsAre("pengaduan"));
  EXPECT_EQ(PinnedAt(kVillage), HashOf(common));
}

TEST_F(OffersTest, ABatchWithoutOffersChangesNothing) {
  TellOfTheFork();
  Visit(Batch("later"));
  EXPECT_EQ(PinnedAt(kVillage), HashOf(fork));
}

TEST_F(OffersTest, OffersSurviveTheApp) {
  TellOfTheFork();
  phone.Reopen();
  EXPECT_EQ(PinnedAt(kVillage), HashOf(fork));
  EXPECT_EQ(PinnedAt(kJambi), HashOf(common));
}

TEST_F(OffersTest, OpenRequestsStayWhereTheyAre) {
  Visit(Told({OfferOf("", common)}, {common}));
  const absl::StatusOr<EditOutcome> made = CreateAt(kVillage);
  ASSERT_TRUE(made.ok() && made->queued());
  TellOfTheFork();
  EXPECT_EQ(phone.Get(made->request).request.definition_hash(), HashOf(common));
}

// --- all of a batch or nothing

TEST_F(OffersTest, OffersOfABatchThatCannotBeStoredAreNotStored) {
  TellOfTheFork();
  v1::SyncResponse broken = Told({OfferOf("", common)}, {});
  broken.mutable_batch()->add_requests()->set_name("Kerinci");
  Begin();
  Start();
  Receive(Welcome());
  EXPECT_EQ(session->Receive(broken).status().code(), absl::StatusCode::kInternal);
  EXPECT_EQ(PinnedAt(kVillage), HashOf(fork));
}

TEST_F(OffersTest, AnOfferThatIsNoneEndsTheStreamAndNothingOfItsBatchIsStored) {
  TellOfTheFork();
  std::vector<v1::Offer> wrong(3, OfferOf("", common));
  wrong[0].set_definition_hash("short");
  wrong[1].set_region("Kerinci");
  wrong[2].clear_service();
  for (const v1::Offer& offer : wrong) {
    Begin();
    Start();
    Receive(Welcome());
    EXPECT_EQ(session->Receive(Told({OfferOf("", common), offer}, {})).status().code(),
              absl::StatusCode::kInternal);
    EXPECT_EQ(PinnedAt(kVillage), HashOf(fork)) << offer.ShortDebugString();
  }
}

// --- what cannot be

TEST_F(OffersTest, APhoneThatNeverSyncedIsToldToSync) {
  ASSERT_TRUE(phone.app->AddDefinition(common).ok()) << "a form alone is no offer";
  ExpectError(CreateAt(kVillage).status(), absl::StatusCode::kNotFound, HasSubstr("sinkronkan"),
              HasSubstr("sync once"));
  ExpectError(phone.app->OfferedForms(kVillage).status(), absl::StatusCode::kNotFound,
              HasSubstr("belum ada formulir"), HasSubstr("no forms on this phone"));
  EXPECT_EQ(phone.Status().unsent, 0u);
}

TEST_F(OffersTest, AServiceThatTheRegionDoesNotOfferIsNamedBesideThoseItDoes) {
  const v1::DefinitionBytes grants = ForkOf("sabilulungan");
  Visit(Told({OfferOf("", common), OfferOf(kKerinci, grants)}, {common, grants}));
  ExpectError(
      phone.app->OfferedForm("gampil", kVillage).status(), absl::StatusCode::kNotFound,
      AllOf(HasSubstr("\"gampil\" tidak ditawarkan di 15.01"),
            HasSubstr("pengaduan, sabilulungan")),
      AllOf(HasSubstr("\"gampil\" is not offered in 15.01"), HasSubstr("pengaduan, sabilulungan")));
  NewRequest grant = phone.Report("Hibah");
  grant.service = "sabilulungan";
  grant.area = kJambi;
  ExpectError(phone.app->Create(grant).status(), absl::StatusCode::kNotFound,
              AllOf(HasSubstr("di 15.71"), HasSubstr("pengaduan")),
              AllOf(HasSubstr("in 15.71"), HasSubstr("pengaduan"), Not(HasSubstr("kerinci"))));
}

TEST_F(OffersTest, OfARegionOutsideTheScopeNothingIsKnown) {
  TellOfTheFork();
  ExpectError(CreateAt("12.04.01").status(), absl::StatusCode::kNotFound,
              AllOf(HasSubstr("12.04"), HasSubstr("15.01.06, 15.71")),
              AllOf(HasSubstr("12.04"), HasSubstr("include that area in its scope")));
}

TEST_F(OffersTest, ARegionThatCameIntoTheScopeIsKnownWithTheNextExchange) {
  TellOfTheFork();
  ASSERT_TRUE(phone.app->SetScope({"12.04", "15.01.06"}).ok());
  EXPECT_EQ(CreateAt("12.04.01").status().code(), absl::StatusCode::kNotFound);
  TellOfTheFork();
  EXPECT_EQ(PinnedAt("12.04.01"), HashOf(common));
  EXPECT_EQ(CreateAt(kJambi).status().code(), absl::StatusCode::kNotFound) << "it left the scope";
}

TEST_F(OffersTest, AProvinceInTheScopeCoversItsRegions) {
  ASSERT_TRUE(phone.app->SetScope({"15"}).ok());
  TellOfTheFork();
  EXPECT_EQ(PinnedAt(kVillage), HashOf(fork));
  EXPECT_EQ(PinnedAt(kJambi), HashOf(common));
}

TEST_F(OffersTest, AnAreaThatLiesInNoRegionIsSaid) {
  TellOfTheFork();
  for (const char* area : {"", "15", "Kerinci", "15.01.6", "..."}) {
    ExpectError(CreateAt(area).status(), absl::StatusCode::kInvalidArgument,
                HasSubstr("bukan kode wilayah"), HasSubstr("no area code"));
  }
}

TEST_F(OffersTest, AnOfferedFormThatIsNotHereIsMissingUntilItComes) {
  Visit(Told({OfferOf("", common), OfferOf(kKerinci, fork)}, {common}));
  ExpectError(CreateAt(kVillage).status(), absl::StatusCode::kFailedPrecondition,
              HasSubstr("belum ada di telepon ini"), HasSubstr("not on this phone yet"));
  EXPECT_THAT(ServicesAt(kVillage), IsEmpty());
  EXPECT_THAT(*phone.app->MissingDefinitions(), ElementsAre(sync::Sha256(fork.body())));
  EXPECT_EQ(PinnedAt(kJambi), HashOf(common));
  ASSERT_TRUE(phone.app->StoreDefinitions({fork}).ok());
  EXPECT_THAT(*phone.app->MissingDefinitions(), IsEmpty());
  EXPECT_EQ(PinnedAt(kVillage), HashOf(fork));
}

TEST_F(OffersTest, AFormOfALaterMergeNeedsANewerApp) {
  v1::Definition later = CatalogForm("pengaduan");
  later.set_merge_version(later.merge_version() + 100);
  Visit(Told({OfferOf("", BytesOf(later))}, {BytesOf(later)}));
  ExpectError(CreateAt(kVillage).status(), absl::StatusCode::kFailedPrecondition,
              HasSubstr("perbarui aplikasi"), HasSubstr("newer app"));
  EXPECT_THAT(ServicesAt(kVillage), IsEmpty());
  EXPECT_THAT(*phone.app->MissingDefinitions(), IsEmpty()) << "fetching it again would not help";
}

// --- what the app brings along

TEST_F(OffersTest, OffersThatCameWithTheAppCountUntilAServerTells) {
  ASSERT_TRUE(phone.app->AddDefinition(common).ok());
  ASSERT_TRUE(phone.app->BringOffers({OfferOf("", common)}).ok());
  EXPECT_EQ(PinnedAt(kVillage), HashOf(common));
  TellOfTheFork();
  ASSERT_TRUE(phone.app->BringOffers({OfferOf("", common)}).ok());
  EXPECT_EQ(PinnedAt(kVillage), HashOf(fork));
}

TEST_F(OffersTest, AnOfferOfTheAppThatIsNoneIsRefused) {
  v1::Offer offer = OfferOf("", common);
  offer.set_region("Kerinci");
  EXPECT_EQ(phone.app->BringOffers({offer}).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(CreateAt(kVillage).status().code(), absl::StatusCode::kNotFound);
}

// --- the file

TEST_F(OffersTest, FileOfSchemaTwoIsTakenOverAndLearnsTheOffersByTheNextExchange) {
  TellOfTheFork();
  const absl::StatusOr<EditOutcome> made = CreateAt(kVillage);
  ASSERT_TRUE(made.ok() && made->queued());
  session.reset();
  phone.app.reset();
  sqlite3* handle = nullptr;
  ASSERT_EQ(sqlite3_open(phone.options.database_path.c_str(), &handle), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(handle,
                         "DROP TABLE offers; DROP TABLE offers_scope;"
                         "ALTER TABLE sync_state ADD COLUMN"
                         "  catalog_at_ms INTEGER NOT NULL DEFAULT 1;"
                         "DROP TABLE bundle_key;"
                         "PRAGMA user_version = 2;",
                         nullptr, nullptr, nullptr),
            SQLITE_OK);
  ASSERT_EQ(sqlite3_close(handle), SQLITE_OK);

  phone.Open();
  EXPECT_EQ(phone.Get(made->request).request.definition_hash(), HashOf(fork));
  EXPECT_EQ(phone.Status().unsent, 1u);
  EXPECT_EQ(CreateAt(kVillage).status().code(), absl::StatusCode::kNotFound);
  Begin();
  const SyncSession::Step step = Start();
  EXPECT_EQ(step.send[0].hello().cursor(), "told") << "what is here need not come again";
  Receive(Welcome());
  Receive(Told({OfferOf("", common), OfferOf(kKerinci, fork)}, {}));
  EXPECT_EQ(PinnedAt(kVillage), HashOf(fork));
}

}  // namespace
}  // namespace tikar::client
