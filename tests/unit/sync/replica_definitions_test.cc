// How the Replica keeps definitions: what waited for one, what an earlier build took, and what a
// region offers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "office_fixture.h"
#include "replica_fixture.h"
#include "sync/index_rows.h"
#include "sync/keys.h"
#include "sync/limits.h"
#include "sync/offers.h"

namespace tikar::sync {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class DefinitionsTest : public ReplicaTest {
 protected:
  // A definition that today's checks refuse, as an earlier build stored it.
  static std::string Unsound() {
    v1::Definition proto = ComplaintProto();
    proto.set_version(7);
    proto.mutable_fields(0)->mutable_label()->clear_en();
    EXPECT_FALSE(Definition::Parse(proto.SerializeAsString()).ok());
    return proto.SerializeAsString();
  }
  static void Store(Node& node, const std::string& definition) {
    WriteBatch batch;
    batch.Put(Family::kMeta, keys::Definition(Sha256(definition)), definition);
    ASSERT_TRUE(node.store().Write(batch).ok());
    node.Start();
  }
  Draft CreateUnder(const std::string& definition) {
    Draft draft = siti_.Create();
    v1::Create& create = *draft.body().mutable_mutations(0)->mutable_create();
    create.set_definition_hash(Sha256(definition).bytes());
    create.set_version(7);
    return draft;
  }
};

TEST_F(DefinitionsTest, ThatThisBuildWouldNotTakeIsUsedAsItIsAndTold) {
  const std::string unsound = Unsound();
  Store(node_, unsound);
  ASSERT_THAT(node_.definition_warnings, SizeIs(1));
  EXPECT_THAT(node_.definition_warnings[0], HasSubstr(Sha256(unsound).hex()));
  EXPECT_THAT(node_.definition_warnings[0], HasSubstr("judul"));
  const Written created = node_.Take(CreateUnder(unsound));
  EXPECT_EQ(node_.StateOf(created.key).availability, v1::AVAILABILITY_READY);
  EXPECT_EQ(node_.FieldText(created.key, "status"), "diterima");
  EXPECT_EQ(node_.replica().definitions()->Find(Sha256(unsound))->bytes(), unsound);
}

TEST_F(DefinitionsTest, ThatCannotBeReadMakesItsRequestsWaitAndDoesNotStopTheNode) {
  const std::string noise = "\xff\xff not a definition";
  const Written created = node_.Take(CreateUnder(noise));
  Store(node_, noise);
  ASSERT_THAT(node_.definition_warnings, SizeIs(1));
  EXPECT_THAT(node_.definition_warnings[0], HasSubstr("cannot be used"));
  EXPECT_EQ(node_.StateOf(created.key).availability, v1::AVAILABILITY_NEEDS_DEFINITION);
  // A request that was READY under it, as an earlier build left it.
  const Written ready = node_.Take(siti_.Create(kTamiai, *NewerComplaint()));
  node_.AddDefinition(*NewerComplaint());
  ASSERT_EQ(node_.StateOf(ready.key).availability, v1::AVAILABILITY_READY);
  WriteBatch batch;
  batch.Delete(Family::kMeta, keys::Definition(NewerComplaint()->hash()));
  ASSERT_TRUE(node_.store().Write(batch).ok());
  node_.Start();
  node_.Take(siti_.After(ready).Comment("masih di sini"));
  EXPECT_EQ(node_.StateOf(ready.key).availability, v1::AVAILABILITY_NEEDS_DEFINITION);
  node_.AddDefinition(*NewerComplaint());
  EXPECT_EQ(node_.StateOf(ready.key).availability, v1::AVAILABILITY_READY);
}

// Which rows there were only the definition could tell.
TEST_F(DefinitionsTest, ThatCannotBeReadAnyMoreLeavesNoIndexRowsBehind) {
  node_.AddDefinition(*Office());
  const auto file = [&] {
    const Written created = node_.Take(siti_.Create(kSungaibetungHilir, *Office())
                                           .Set("lokasi", PlaceAt(-19'500'000, 1'012'500'000)));
    return node_.Take(siti_.After(created).Go("diterima", "diperiksa"));
  };
  const Written other = file(), examined = file();
  const auto rows_of = [&](const Written& change) {
    IndexRows rows;
    for (const char* prefix : {"c", "d", "g", "j", "o", "q", "t", "w"}) {
      for (const auto& [key, value] : node_.Rows(Family::kRequests, prefix)) {
        if (key.find(change.key.id.bytes()) != std::string::npos) rows.emplace(key, value);
      }
    }
    return rows;
  };
  const IndexRows of_other = rows_of(other);
  ASSERT_THAT(rows_of(examined), SizeIs(4)) << "two clocks, two rows of its place";
  WriteBatch batch;
  batch.Delete(Family::kMeta, keys::Definition(Office()->hash()));
  ASSERT_TRUE(node_.store().Write(batch).ok());
  node_.Start();
  siti_.AtMinute(200);
  node_.Take(siti_.After(examined).Comment("masih di sini"));
  const State waiting = node_.StateOf(examined.key);
  ASSERT_EQ(waiting.availability, v1::AVAILABILITY_NEEDS_DEFINITION);
  EXPECT_EQ(rows_of(examined), IndexRowsOf(waiting, nullptr));
  EXPECT_EQ(rows_of(other), of_other) << "whose request nobody has written to";
  node_.AddDefinition(*Office());
  EXPECT_EQ(rows_of(examined), IndexRowsOf(node_.StateOf(examined.key), Office().get()));
}

TEST_F(DefinitionsTest, WhatWaitedIsFoldedInGroupsThatGoOnAfterARestart) {
  constexpr size_t kWaiting = 2 * kUpgradesPerGroupMax + 3;
  std::vector<Written> waiting;
  for (size_t i = 0; i < kWaiting; ++i) {
    waiting.push_back(node_.Take(siti_.Create(kSungaibetungHilir, *NewerComplaint())));
  }
  const auto left = [&] {
    return node_.Rows(Family::kRequests, keys::WaitPrefix(NewerComplaint()->hash())).size();
  };
  const auto is_ready = [&](const Written& change) {
    return node_.StateOf(change.key).availability == v1::AVAILABILITY_READY;
  };
  node_.AddDefinition(*NewerComplaint());
  EXPECT_EQ(left(), kWaiting - kUpgradesPerGroupMax);
  EXPECT_TRUE(node_.replica().upgrading());
  // One that has not had its turn is folded before it is written to.
  std::vector<Written> unready;
  for (const Written& change : waiting) {
    if (!is_ready(change)) unready.push_back(change);
  }
  ASSERT_THAT(unready, SizeIs(kWaiting - kUpgradesPerGroupMax));
  node_.Take(siti_.After(unready.back()).Go("diterima", "diperiksa"));
  EXPECT_TRUE(is_ready(unready.back()));
  EXPECT_EQ(node_.FieldText(unready.back().key, "status"), "diperiksa");
  EXPECT_EQ(left(), kWaiting - kUpgradesPerGroupMax - 1);
  node_.finishes_upgrades = false;
  node_.Start();
  EXPECT_TRUE(node_.replica().upgrading());
  node_.Upgrade();
  EXPECT_EQ(left(), 2u);
  node_.Upgrade();
  EXPECT_EQ(left(), 0u);
  EXPECT_FALSE(node_.replica().upgrading());
  for (const Written& change : waiting) EXPECT_TRUE(is_ready(change));
  EXPECT_EQ(node_.Region().waiting(), 0u);
}

TEST_F(DefinitionsTest, ARegionOffersWhatItAdoptedLast) {
  node_.AddDefinition(*NewerComplaint());
  const auto adopt = [&](const Definition& definition, int64_t now_ms) {
    return node_.Commit(node_.replica().Adopt(kKerinci, definition.hash(), "kantor", now_ms));
  };
  EXPECT_EQ(*FindOffer(node_.reader(), kKerinci, "pengaduan"), std::nullopt);
  adopt(*NewerComplaint(), 5);
  adopt(*NewerComplaint(), 6);
  const auto offer = *FindOffer(node_.reader(), kKerinci, "pengaduan");
  ASSERT_TRUE(offer.has_value());
  EXPECT_EQ(offer->definition, NewerComplaint()->hash());
  EXPECT_EQ(offer->actor, "kantor");
  EXPECT_EQ(offer->time_ms, 5) << "it has been offered since then";
  adopt(*Complaint(), 7);
  EXPECT_EQ((*FindOffer(node_.reader(), kKerinci, "pengaduan"))->definition, Complaint()->hash());
  node_.Commit(node_.replica().Adopt(kNias, Complaint()->hash(), "kantor", 8));
  EXPECT_THAT(*ListOffers(node_.reader(), ""), SizeIs(2));
  EXPECT_THAT(*ListOffers(node_.reader(), kNias), SizeIs(1));
  EXPECT_THAT(*ListOffers(node_.reader(), "99.99"), IsEmpty());
}

TEST_F(DefinitionsTest, ARegionAdoptsOnlyWhatIsHere) {
  const auto code = [&](std::string_view region, const Definition& definition,
                        const std::string& actor) {
    return node_.replica().Adopt(region, definition.hash(), actor, 5).status().code();
  };
  EXPECT_EQ(code(kKerinci, *NewerComplaint(), "kantor"), absl::StatusCode::kNotFound);
  EXPECT_EQ(code("Kerinci", *Complaint(), "kantor"), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code(kKerinci, *Complaint(), std::string(kActorBytesMax + 1, 'a')),
            absl::StatusCode::kInvalidArgument);
}

// Mirrors end with the same offer, whatever the order in which they hear of them.
TEST_F(DefinitionsTest, OfTwoOffersTheLargerStaysWhateverTheOrder) {
  const auto offer = [](const Definition& definition, const std::string& actor, int64_t time_ms) {
    return OfferRecord{.region = std::string(kKerinci),
                       .service = "pengaduan",
                       .definition = definition.hash(),
                       .actor = actor,
                       .time_ms = time_ms};
  };
  std::vector<OfferRecord> offers = {
      offer(*Complaint(), "hub", 5), offer(*NewerComplaint(), "kantor", 5),
      offer(*Complaint(), "kantor", 5), offer(*NewerComplaint(), "hub", 4)};
  const OfferRecord largest = *std::max_element(
      offers.begin(), offers.end(),
      [](const OfferRecord& a, const OfferRecord& b) { return Supersedes(b, a); });
  const auto less = [](const OfferRecord& a, const OfferRecord& b) { return Supersedes(b, a); };
  std::sort(offers.begin(), offers.end(), less);
  do {
    Node node(7);
    node.AddDefinition(*NewerComplaint());
    for (const OfferRecord& one : offers) node.Commit(node.replica().ReceiveOffers({one}));
    EXPECT_EQ(*FindOffer(node.reader(), kKerinci, "pengaduan"), largest);
    EXPECT_TRUE(node.replica().ReceiveOffers(offers)->batch.empty()) << "nothing is new";
  } while (std::next_permutation(offers.begin(), offers.end(), less));
}

TEST_F(DefinitionsTest, AnAdoptionIsLaterThanWhatItReplacesWhateverTheClocksSay) {
  node_.AddDefinition(*NewerComplaint());
  constexpr int64_t kNextYear = 1'800'000'000'000;
  node_.Commit(node_.replica().ReceiveOffers({{.region = std::string(kKerinci),
                                               .service = "pengaduan",
                                               .definition = Complaint()->hash(),
                                               .actor = "hub",
                                               .time_ms = kNextYear}}));
  node_.Commit(node_.replica().Adopt(kKerinci, NewerComplaint()->hash(), "kantor", 5));
  const auto offer = *FindOffer(node_.reader(), kKerinci, "pengaduan");
  EXPECT_EQ(offer->definition, NewerComplaint()->hash());
  EXPECT_EQ(offer->time_ms, kNextYear + 1);
}

TEST_F(DefinitionsTest, WhatCannotBeAnOfferIsLeftOut) {
  const OfferRecord good{.region = std::string(kKerinci),
                         .service = "pengaduan",
                         .definition = Complaint()->hash(),
                         .actor = "hub",
                         .time_ms = 5};
  OfferRecord lacks = good, other_service = good, nowhere = good, wordy = good;
  lacks.definition = NewerComplaint()->hash();
  other_service.service = "pusyar";
  nowhere.region = "Kerinci";
  wordy.actor = std::string(kActorBytesMax + 1, 'a');
  const auto outcome = node_.replica().ReceiveOffers({lacks, other_service, nowhere, wordy});
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_TRUE(outcome->batch.empty());
  EXPECT_THAT(node_.replica().ReceiveOffers({good})->regions_touched, ElementsAre(kKerinci));
}

TEST_F(DefinitionsTest, AnOriginThatIsSharedIsLeftOnce) {
  const Origin shared = node_.replica().origin();
  node_.Commit(node_.replica().LeaveOrigin(shared));
  const Origin own = node_.replica().origin();
  EXPECT_NE(own, shared);
  EXPECT_TRUE(node_.replica().LeaveOrigin(shared)->batch.empty()) << "it was left before";
  EXPECT_EQ(node_.replica().origin(), own);
}

}  // namespace
}  // namespace tikar::sync
