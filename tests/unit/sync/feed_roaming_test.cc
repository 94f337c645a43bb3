// Phones that go from one node to another.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "feed_fixture.h"
#include "sync/feed.h"

namespace tikar::sync {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST_F(RoamingTest, OnAnotherNodeOnlyWhatThePhoneDoesNotKnowIsSent) {
  std::vector<Written> filed;
  for (int i = 0; i < 30; ++i) filed.push_back(File(kSungaibetungHilir));
  Exchange();
  Phone phone({kGunungKerinci});
  EXPECT_EQ(phone.Pass(node_), 30u);
  const Written edited = hub_.Take(siti_.After(filed[7]).Set("judul", "di pusat"));
  const FeedPage page = phone.Read(hub_);
  EXPECT_TRUE(page.roamed);
  EXPECT_THAT(KeysOf(page), ElementsAre(filed[7].key)) << "not the world";
  EXPECT_TRUE(page.caught_up);
  // And back.
  Exchange();
  EXPECT_EQ(phone.Pass(node_), 0u) << "the hub has told it all";
  Edit(filed[3]);
  EXPECT_EQ(phone.Pass(node_), 1u);
  Exchange();
  EXPECT_EQ(phone.Pass(hub_), 0u);
  EXPECT_THAT(phone.DifferencesFrom(hub_), IsEmpty());
}

TEST_F(RoamingTest, WhatLeftTheScopeMeanwhileIsTold) {
  const Written moved = File(kSungaibetungHilir), stays = File(kSungaibetungHilir);
  Exchange();
  Phone phone({kGunungKerinci});
  phone.Pass(node_);
  hub_.Take(siti_.After(moved).Set("area", kTamiai));
  EXPECT_THAT(RemovedBy(phone.Read(hub_)), ElementsAre(moved.key));
  EXPECT_TRUE(phone.Has(stays));
}

// Create and move come in one group: it never stands in the bucket that the phone reads here. What
// the cursor knows and the node does not yet is looked at when it comes.
TEST_F(RoamingTest, WhatLeavesInTheGroupThatBringsItIsTold) {
  File(kSungaibetungHilir);
  Exchange();
  const Written moved = hub_.Take(siti_.Create(kSungaibetungHilir).Set("judul", "di pusat"));
  Phone phone({kGunungKerinci});
  phone.Pass(hub_);
  phone.Pass(node_);
  ASSERT_TRUE(phone.Has(moved));
  hub_.Take(siti_.After(moved).Set("area", kTamiai));
  node_.PullFrom(hub_);
  const FeedPage page = phone.Read(node_);
  EXPECT_FALSE(page.roamed);
  EXPECT_THAT(RemovedBy(page), ElementsAre(moved.key));
}

// Of two moves the node knows the later one first: it never shows where the phone has it.
TEST_F(RoamingTest, WhatAnotherNodeShowedElsewhereIsToldWhenThisOneHearsOfIt) {
  const Written moved = File(kTamiai);
  Exchange();
  Phone phone({kGunungKerinci});
  hub_.Take(siti_.After(moved).Set("area", kSungaibetungHilir));
  phone.Pass(hub_);
  phone.Pass(node_);
  ASSERT_TRUE(phone.Has(moved));
  node_.Take(siti_.After(moved).Set("area", "15.01.07"));
  phone.Pass(node_);
  node_.PullFrom(hub_);
  ASSERT_EQ(node_.StateOf(moved.key).area(), "15.01.07");
  EXPECT_THAT(RemovedBy(phone.Read(node_)), ElementsAre(moved.key));
  EXPECT_THAT(phone.DifferencesFrom(node_), IsEmpty());
}

TEST_F(RoamingTest, WhatWasAssignedAndTakenAwayInOneGroupIsTold) {
  File(kTamiai);
  Exchange();
  const Written request = hub_.Take(siti_.Create(kTamiai).Set("assignee", "hp-budi"));
  Phone budi({kGunungKerinci}, "hp-budi");
  budi.Pass(hub_);
  budi.Pass(node_);
  ASSERT_TRUE(budi.Has(request));
  hub_.Take(siti_.After(request).Set("assignee", "hp-siti"));
  node_.PullFrom(hub_);
  EXPECT_THAT(RemovedBy(budi.Read(node_)), ElementsAre(request.key));
}

TEST_F(RoamingTest, ResumesInTheMiddleAfterEveryPageOfOneRequest) {
  std::vector<Written> filed;
  for (int i = 0; i < 10; ++i) filed.push_back(File(kSungaibetungHilir));
  Exchange();
  Phone phone({kGunungKerinci});
  phone.Pass(node_);
  for (int i = 0; i < 5; ++i) hub_.Take(siti_.After(filed[i]).Set("judul", "di pusat"));
  EXPECT_EQ(phone.Pass(hub_, 1), 5u);
  EXPECT_THAT(phone.DifferencesFrom(hub_), IsEmpty());
}

TEST_F(RoamingTest, GoesOnOverANodeThatLacksSomeOfIt) {
  const Written known = File(kSungaibetungHilir);
  Exchange();
  const Written only_here = File(kSungaibetungHilir);
  Phone phone({kGunungKerinci});
  phone.Pass(node_);
  EXPECT_EQ(phone.Pass(hub_), 0u);
  EXPECT_TRUE(phone.Has(only_here)) << "what a node does not know it does not take away";
  const Written at_hub = hub_.Take(siti_.After(known).Set("judul", "di pusat"));
  phone.Pass(hub_);
  Exchange();
  phone.Pass(hub_);
  EXPECT_THAT(phone.DifferencesFrom(hub_), IsEmpty());
  phone.Pass(node_);
  EXPECT_THAT(phone.DifferencesFrom(node_), IsEmpty());
}

TEST_F(RoamingTest, WhatANodeThatIsBehindLearnsLaterToHaveLeftIsToldThen) {
  File(kSungaibetungHilir);
  Exchange();
  const Written moved = File(kSungaibetungHilir);
  Phone phone({kGunungKerinci});
  phone.Pass(node_);
  phone.Pass(hub_);
  EXPECT_TRUE(phone.Has(moved));
  Move(moved, kTamiai);
  Exchange();  // for the hub it was never anywhere else
  phone.Pass(hub_);
  EXPECT_FALSE(phone.Has(moved));
}

TEST_F(RoamingTest, WhatAnUnfinishedFirstPassBroughtAndHasLeftSinceIsTold) {
  for (int i = 0; i < 5; ++i) File(kSungaibetungHilir);
  Phone phone({kGunungKerinci});
  const Written moved = node_.Take(siti_.Create());
  while (!phone.Has(moved)) phone.Read(node_, 1);
  Move(moved, kTamiai);
  Exchange();
  phone.Pass(hub_, 2);
  EXPECT_FALSE(phone.Has(moved));
  EXPECT_THAT(phone.DifferencesFrom(hub_), IsEmpty());
}

TEST_F(RoamingTest, EntriesBehindAGapAreNotForgotten) {
  const Written known = File(kSungaibetungHilir);
  Exchange();
  Phone phone({kGunungKerinci});
  phone.Pass(node_);
  const Written late = File(kSungaibetungHilir);
  Edit(known);
  const std::vector<v1::Entry> entries = node_.EntriesAfter(hub_.Vector());
  ASSERT_EQ(entries.size(), 2u);
  hub_.Receive({entries[1]});
  phone.Pass(hub_);
  EXPECT_EQ(phone.TitleOf(known), node_.FieldText(known.key, "judul"));
  hub_.Receive({entries[0]});
  phone.Pass(hub_);
  EXPECT_TRUE(phone.Has(late));
  EXPECT_THAT(phone.DifferencesFrom(node_), IsEmpty());
}

TEST_F(RoamingTest, AScopeEnlargedOnTheWayIsFilledOnTheOtherNode) {
  File(kSungaibetungHilir);
  const Written there = File(kTamiai);
  Exchange();
  Phone phone({kGunungKerinci});
  phone.Pass(node_);
  phone.SetScope({kKerinci});
  EXPECT_EQ(phone.Pass(hub_, 1), 1u);
  EXPECT_TRUE(phone.Has(there));
}

TEST_F(RoamingTest, ARegionThatTheOtherNodeLacksKeepsItsPlace) {
  File(kSungaibetungHilir);
  node_.Take(siti_.Create("12.04.01.2001"));
  Node kerinci_only(3);
  kerinci_only.PullFrom(node_, kKerinci);
  Phone phone({kKerinci, kNias});
  EXPECT_EQ(phone.Pass(node_), 2u);
  EXPECT_EQ(phone.Pass(kerinci_only), 0u);
  EXPECT_EQ(phone.Pass(node_), 0u);
}

TEST_F(RoamingTest, ANewOriginOfTheSameNodeSendsNothingTwice) {
  for (int i = 0; i < 10; ++i) File(kSungaibetungHilir);
  Node moved(7, "mesin-lama");
  moved.PullFrom(node_);
  Phone phone({kGunungKerinci});
  EXPECT_EQ(phone.Pass(moved), 10u);
  moved.MoveToMachine("mesin-baru");
  EXPECT_EQ(phone.Pass(moved), 0u);
  const Written filed = moved.Take(siti_.Create());
  EXPECT_EQ(phone.Pass(moved), 1u);
  EXPECT_TRUE(phone.Has(filed));
}

}  // namespace
}  // namespace tikar::sync
