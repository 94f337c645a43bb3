#include "sync/feed.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "feed_fixture.h"
#include "sync/keys.h"

namespace tikar::sync {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(AreaTest, PrefixesAreWholeSegments) {
  EXPECT_TRUE(AreaWithin("15.01.06.2010", "15.01.06"));
  EXPECT_TRUE(AreaWithin("15.01.06", "15.01.06"));
  EXPECT_TRUE(AreaWithin("15.01.06.2010", "15"));
  EXPECT_FALSE(AreaWithin("15.01.06", "15.01.06.2010"));
  EXPECT_FALSE(AreaWithin("15.010.6", "15.01"));
  for (const char* prefix : {"15", "15.01", "15.01.06", "15.01.06.2010"}) {
    EXPECT_TRUE(IsAreaPrefix(prefix)) << prefix;
  }
  for (const char* prefix : {"", "1", "15.", "15.1", "15.01.6", "15.01.06.201", "15-01", "@x",
                             "15.01.06.20100", "15.0a"}) {
    EXPECT_FALSE(IsAreaPrefix(prefix)) << prefix;
  }
  EXPECT_EQ(BucketOfArea("15.01.06.2010"), "15.01.06");
  EXPECT_EQ(BucketOfArea("15.01.06"), "15.01.06");
  EXPECT_EQ(BucketOfArea("15.01"), "15.01");
}

TEST_F(FeedTest, AFirstPassBringsEverythingInScopeAndNothingElse) {
  const Written mine = File(kSungaibetungHilir), other = File(kTamiai);
  Phone phone({kGunungKerinci});
  const FeedPage page = phone.Read(node_);
  EXPECT_THAT(KeysOf(page), ElementsAre(mine.key));
  EXPECT_THAT(page.removals, IsEmpty());
  EXPECT_TRUE(page.caught_up);
  EXPECT_EQ(page.remaining, 0u);
  EXPECT_THAT(page.definitions, ElementsAre(Complaint()->hash()));
  ASSERT_EQ(page.feeds.size(), 1u);
  EXPECT_EQ(page.feeds[0].region(), kKerinci);
  EXPECT_EQ(page.feeds[0].feed_id(), node_.Region().feed_id());
  EXPECT_FALSE(phone.Has(other));
  EXPECT_FALSE(page.roamed);
}

TEST_F(FeedTest, NothingNewMeansAnEmptyPage) {
  File(kSungaibetungHilir);
  Phone phone({kGunungKerinci});
  phone.Pass(node_);
  const FeedPage page = phone.Read(node_);
  EXPECT_THAT(page.requests, IsEmpty());
  EXPECT_THAT(page.removals, IsEmpty());
  EXPECT_TRUE(page.caught_up);
  EXPECT_EQ(page.remaining, 0u);
}

TEST_F(FeedTest, AnEditBringsItsRequestOnceMore) {
  const Written a = File(kSungaibetungHilir), b = File(kSungaibatuGantih);
  Phone phone({kGunungKerinci});
  EXPECT_EQ(phone.Pass(node_), 2u);
  Edit(a);
  Edit(a);
  EXPECT_THAT(KeysOf(phone.Read(node_)), ElementsAre(a.key));
  EXPECT_TRUE(phone.Has(b));
}

TEST_F(FeedTest, AProvinceAndARegencyAreScopesToo) {
  File(kSungaibetungHilir), File(kTamiai), File("12.04.01");
  for (const char* scope : {"15", "15.01"}) {
    Phone phone({scope});
    EXPECT_EQ(phone.Pass(node_), 2u) << scope;
  }
}

TEST_F(FeedTest, APassResumesAfterEveryPageOfOneRequest) {
  std::vector<Written> filed;
  for (int i = 0; i < 20; ++i) filed.push_back(File(i % 2 == 0 ? kSungaibetungHilir : kTamiai));
  Phone phone({kKerinci});
  size_t pages = 0;
  std::set<RequestKey> seen;
  while (true) {
    const FeedPage page = phone.Read(node_, /*requests_max=*/1);
    ++pages;
    ASSERT_LE(page.requests.size(), 1u);
    for (const RequestKey& key : KeysOf(page)) EXPECT_TRUE(seen.insert(key).second) << "sent twice";
    EXPECT_EQ(page.caught_up, seen.size() == filed.size());
    EXPECT_EQ(page.remaining == 0, page.caught_up);
    if (page.caught_up) break;
    ASSERT_LT(pages, 30u);
  }
  EXPECT_THAT(phone.DifferencesFrom(node_), IsEmpty());
}

TEST_F(FeedTest, APageHasAtLeastOneRequestHoweverSmallItsBytes) {
  File(kSungaibetungHilir), File(kSungaibetungHilir);
  Phone phone({kKerinci});
  EXPECT_EQ(phone.Read(node_, 500, /*bytes_max=*/1).requests.size(), 1u);
  EXPECT_EQ(phone.Read(node_, 500, 1).requests.size(), 1u);
  EXPECT_TRUE(phone.Read(node_, 500, 1).caught_up);
}

TEST_F(FeedTest, RemainingCountsDownToNothing) {
  for (int i = 0; i < 10; ++i) File(kSungaibetungHilir);
  Phone phone({kKerinci});
  uint64_t before = 11;
  while (true) {
    const FeedPage page = phone.Read(node_, 1);
    EXPECT_LT(page.remaining, before);
    before = page.remaining;
    if (page.caught_up) break;
    ASSERT_GT(page.remaining, 0u);
  }
  EXPECT_EQ(before, 0u);
}

TEST_F(FeedTest, NothingIsSkippedWhileOthersWriteInBetween) {
  std::vector<Written> filed;
  for (int i = 0; i < 10; ++i) filed.push_back(File(i % 2 == 0 ? kSungaibetungHilir : kTamiai));
  Phone phone({kKerinci});
  for (int i = 0; i < 10; ++i) {
    phone.Read(node_, 1);
    Edit(filed[static_cast<size_t>(i * 7 % 10)]);
    filed.push_back(File(i % 3 == 0 ? kTamiai : kSungaibetungHilir));
  }
  phone.Pass(node_, 1);
  EXPECT_THAT(phone.DifferencesFrom(node_), IsEmpty());
}

TEST_F(FeedTest, ARequestThatMovesAwayIsToldToHaveLeft) {
  const Written moved = File(kSungaibetungHilir);
  Phone phone({kGunungKerinci}), neighbour({kBatangMerangin});
  phone.Pass(node_), neighbour.Pass(node_);
  Move(moved, kTamiai);
  const FeedPage page = phone.Read(node_);
  EXPECT_THAT(RemovedBy(page), ElementsAre(moved.key));
  EXPECT_EQ(page.removals[0].reason(), v1::REMOVAL_REASON_LEFT_SCOPE);
  EXPECT_THAT(page.requests, IsEmpty());
  neighbour.Pass(node_);
  EXPECT_TRUE(neighbour.Has(moved));
  // Back again, and edited there.
  Move(moved, kSungaibatuGantih);
  phone.Pass(node_), neighbour.Pass(node_);
  EXPECT_TRUE(phone.Has(moved));
  EXPECT_FALSE(neighbour.Has(moved));
}

TEST_F(FeedTest, LeavingIsToldEvenWhenTheRequestIsEditedElsewhereAfterwards) {
  const Written moved = File(kSungaibetungHilir);
  Phone phone({kGunungKerinci});
  phone.Pass(node_);
  Move(moved, kTamiai);
  Edit(moved);
  Edit(moved);
  phone.Pass(node_);
  EXPECT_FALSE(phone.Has(moved));
  // There is one row that says so, not one per edit.
  EXPECT_EQ(node_.Rows(Family::kFeed, keys::FeedPrefix(kKerinci, kGunungKerinci)).size(), 1u);
  EXPECT_EQ(node_.Rows(Family::kFeed).size(), 2u);
}

TEST_F(FeedTest, AMoveWithinTheScopeIsNoLeaving) {
  const Written moved = File(kSungaibetungHilir);
  Phone phone({kKerinci});
  phone.Pass(node_);
  Move(moved, kTamiai);
  const FeedPage page = phone.Read(node_);
  EXPECT_THAT(page.removals, IsEmpty());
  EXPECT_THAT(KeysOf(page), ElementsAre(moved.key));
}

TEST_F(FeedTest, AVillagesPhoneGetsItsVillageAlone) {
  const Written here = File(kSungaibetungHilir), next_door = File(kSungaibatuGantih);
  Phone phone({kSungaibetungHilir});
  EXPECT_EQ(phone.Pass(node_), 1u);
  EXPECT_TRUE(phone.Has(here));
  Edit(next_door);
  EXPECT_THAT(phone.Read(node_).requests, IsEmpty());
  Move(here, kSungaibatuGantih);  // the same kecamatan
  phone.Pass(node_);
  EXPECT_FALSE(phone.Has(here));
}

TEST_F(FeedTest, WhatIsAssignedToSomebodyIsWithThemWhereverItIs) {
  const Written far = File(kTamiai);
  Phone phone({kGunungKerinci}, "hp-siti");
  phone.Pass(node_);
  EXPECT_FALSE(phone.Has(far));
  Assign(far, "hp-siti");
  EXPECT_THAT(KeysOf(phone.Read(node_)), ElementsAre(far.key));
  Edit(far);
  EXPECT_THAT(KeysOf(phone.Read(node_)), ElementsAre(far.key)) << "it follows";
  Assign(far, "hp-budi");
  EXPECT_THAT(RemovedBy(phone.Read(node_)), ElementsAre(far.key));
}

TEST_F(FeedTest, WhatIsInScopeAndAssignedComesOnceAndStaysWhenTakenAway) {
  const Written near = File(kSungaibetungHilir);
  Phone phone({kGunungKerinci}, "hp-siti");
  phone.Pass(node_);
  Assign(near, "hp-siti");
  EXPECT_EQ(phone.Pass(node_), 1u);
  Assign(near, "hp-budi");
  phone.Pass(node_);
  EXPECT_TRUE(phone.Has(near));
}

TEST_F(FeedTest, AnActorWhoseNameBeginsLikeAnothersGetsNothingOfTheirs) {
  const Written far = File(kTamiai);
  Assign(far, "hp-siti.dua");
  Phone phone({kGunungKerinci}, "hp-siti");
  EXPECT_EQ(phone.Pass(node_), 0u);
}

TEST_F(FeedTest, AnEnlargedScopeIsFilledAlone) {
  const Written here = File(kSungaibetungHilir), there = File(kTamiai);
  Phone phone({kGunungKerinci});
  phone.Pass(node_);
  phone.SetScope({kGunungKerinci, kBatangMerangin});
  EXPECT_EQ(phone.Pass(node_), 1u) << "what was there is not sent again";
  EXPECT_TRUE(phone.Has(there));
  EXPECT_TRUE(phone.Has(here));
}

TEST_F(FeedTest, ARegencyAfterItsKecamatanBringsOnlyTheRest) {
  File(kSungaibetungHilir);
  const Written there = File(kTamiai);
  Phone phone({kGunungKerinci});
  phone.Pass(node_);
  phone.SetScope({kKerinci});
  EXPECT_EQ(phone.Pass(node_), 1u);
  EXPECT_TRUE(phone.Has(there));
  phone.SetScope({kSungaibetungHilir});
  EXPECT_EQ(phone.Pass(node_), 0u) << "a smaller scope needs nothing";
}

TEST_F(FeedTest, AScopeEnlargedInTheMiddleOfThePassIsFilledAtItsEnd) {
  for (int i = 0; i < 6; ++i) File(kSungaibetungHilir), File(kTamiai);
  Phone phone({kGunungKerinci});
  phone.Read(node_, 2);
  phone.SetScope({kGunungKerinci, kBatangMerangin});
  EXPECT_EQ(phone.Pass(node_, 1), 10u) << "12 less the 2 that it has";
  EXPECT_THAT(phone.DifferencesFrom(node_), IsEmpty());
}

TEST_F(FeedTest, CaughtUpIsNotSaidBeforeWhatIsNewInTheScopeIsFilled) {
  const Written here = File(kSungaibetungHilir);
  const Written far = node_.Take(siti_.Create("12.04.01.2001"));
  const Written also_far = node_.Take(siti_.Create("12.04.02.2001"));
  Phone phone({kKerinci, "12.04.01"});
  phone.Pass(node_);
  phone.SetScope({kKerinci, "12.04"});
  Edit(here);
  // Regions are read in order: this page is full with Nias and says nothing of the rest yet.
  const FeedPage page = phone.Read(node_, 1);
  EXPECT_FALSE(page.caught_up);
  phone.Pass(node_, 1);
  EXPECT_TRUE(phone.Has(also_far));
  EXPECT_THAT(phone.DifferencesFrom(node_), IsEmpty());
  // And when the first region fills the page exactly while the second waits to be filled.
  Phone both({"12.04"});
  both.Pass(node_);
  node_.Take(siti_.After(far).Set("judul", "Nias"));
  both.SetScope({"12.04", kKerinci});
  EXPECT_FALSE(both.Read(node_, 1).caught_up);
  both.Pass(node_, 1);
  EXPECT_TRUE(both.Has(here));
}

TEST_F(FeedTest, AReducedScopeSendsNothingOfWhatWasDroppedAndFillsItWhenItComesBack) {
  const Written here = File(kSungaibetungHilir), there = File(kTamiai);
  Phone phone({kGunungKerinci, kBatangMerangin});
  phone.Pass(node_);
  phone.SetScope({kGunungKerinci});
  Edit(there);
  const FeedPage page = phone.Read(node_);
  EXPECT_THAT(page.requests, IsEmpty());
  EXPECT_FALSE(phone.Has(there));
  phone.SetScope({kGunungKerinci, kBatangMerangin});
  EXPECT_EQ(phone.Pass(node_), 1u);
  EXPECT_EQ(phone.TitleOf(there), node_.FieldText(there.key, "judul"));
  EXPECT_TRUE(phone.Has(here));
}

TEST_F(FeedTest, AnotherScopeAltogetherStartsThere) {
  File(kSungaibetungHilir);
  const Written there = File(kTamiai);
  Phone phone({kGunungKerinci});
  phone.Pass(node_);
  phone.SetScope({kBatangMerangin});
  EXPECT_EQ(phone.Pass(node_), 1u);
  EXPECT_TRUE(phone.Has(there));
  EXPECT_EQ(phone.count(), 1u);
}

TEST_F(FeedTest, TwoRegionsAreCaughtUpTogether) {
  const Written kerinci = File(kSungaibetungHilir);
  const Written nias = node_.Take(siti_.Create("12.04.01.2001"));
  Phone phone({kKerinci, kNias});
  const FeedPage first = phone.Read(node_, 1);
  EXPECT_THAT(KeysOf(first), ElementsAre(nias.key));
  EXPECT_FALSE(first.caught_up);
  EXPECT_EQ(first.feeds.size(), 2u);
  const FeedPage second = phone.Read(node_, 1);
  EXPECT_THAT(KeysOf(second), ElementsAre(kerinci.key));
  phone.Pass(node_, 1);
  Edit(kerinci);
  EXPECT_THAT(KeysOf(phone.Read(node_)), ElementsAre(kerinci.key)) << "Nias is not sent again";
}

TEST_F(FeedTest, WhatWaitsForItsDefinitionComesWithIt) {
  const Written waiting = node_.Take(siti_.Create(kTamiai, *NewerComplaint()));
  Phone phone({kKerinci});
  EXPECT_EQ(phone.Pass(node_), 0u);
  node_.AddDefinition(*NewerComplaint());
  const FeedPage page = phone.Read(node_);
  EXPECT_THAT(KeysOf(page), ElementsAre(waiting.key));
  EXPECT_THAT(page.definitions, ElementsAre(NewerComplaint()->hash()));
}

// An entry from elsewhere whose area or assignee is no name: kept, and no key of the feed breaks
// over it.
TEST_F(FeedTest, AnAreaThatIsNoneBreaksNoRow) {
  Node lenient(2, "", /*knows_definition=*/false);
  const Written created = lenient.Take(siti_.Create());
  Draft draft = siti_.After(created);
  const std::string nul("\0x", 2);
  draft.Set("area", nul).Set("assignee", nul);
  v1::Entry entry;
  entry.set_region(kKerinci);
  entry.set_origin(4711);
  entry.set_seq(1);
  entry.mutable_stamp()->set_received_at_ms(node_.now_ms);
  entry.mutable_stamp()->set_verdict(v1::VERDICT_ACCEPTED);
  const Written odd = draft;
  entry.set_body(odd.body);
  entry.set_change_hash(Sha256(odd.body).bytes());
  node_.PullFrom(lenient);
  const Written sound = File(kTamiai);
  Phone phone({kKerinci}, "hp-siti");
  phone.Pass(node_);
  node_.Receive({entry});
  phone.Pass(node_);
  EXPECT_TRUE(phone.Has(sound));
  EXPECT_FALSE(phone.Has(created));
  EXPECT_THAT(phone.DifferencesFrom(node_), IsEmpty());
}

}  // namespace
}  // namespace tikar::sync
