// One request that is damaged stops neither what waits with it, nor anybody who writes, nor timers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "feed_fixture.h"
#include "office_fixture.h"
#include "replica_fixture.h"
#include "sync/feed_rows.h"
#include "sync/keys.h"
#include "sync/limits.h"

namespace tikar::sync {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

void Overwrite(Node& node, Family family, const std::string& key, const std::string& value) {
  WriteBatch batch;
  batch.Put(family, key, value);
  ASSERT_TRUE(node.store().Write(batch).ok());
}
void Damage(Node& node, const RequestKey& request) {
  Overwrite(node, Family::kRequests, keys::Record(request), "rubbish");
}

std::vector<RequestKey> Named(const std::vector<UnreadableRequest>& unreadable) {
  std::vector<RequestKey> keys;
  for (const UnreadableRequest& one : unreadable) keys.push_back(one.request);
  return keys;
}

class UnreadableTest : public ReplicaTest {
 protected:
  Written FileUnderNewer() {
    return node_.Take(siti_.Create(kSungaibetungHilir, *NewerComplaint()));
  }
  v1::Availability AvailabilityOf(const Written& change) {
    return node_.StateOf(change.key).availability;
  }
};

TEST_F(UnreadableTest, WhatWaitsForTheSameDefinitionIsFoldedAllTheSame) {
  std::vector<Written> waiting;
  for (int i = 0; i < 5; ++i) waiting.push_back(FileUnderNewer());
  Damage(node_, waiting[2].key);
  const Outcome outcome = node_.AddDefinition(*NewerComplaint());
  EXPECT_THAT(Named(outcome.unreadable), ElementsAre(waiting[2].key));
  EXPECT_NE(outcome.unreadable[0].reason, "");
  EXPECT_FALSE(node_.replica().upgrading());
  for (const int whole : {0, 1, 3, 4}) {
    EXPECT_EQ(AvailabilityOf(waiting[whole]), v1::AVAILABILITY_READY) << whole;
  }
  // Its rows are as they were; the next start tells of it again.
  const std::string row = keys::Wait(NewerComplaint()->hash(), waiting[2].key);
  EXPECT_THAT(node_.Rows(Family::kRequests, row), SizeIs(1));
  EXPECT_EQ(node_.Rows(Family::kRequests, keys::Record(waiting[2].key)).begin()->second, "rubbish");
  node_.finishes_upgrades = false;
  node_.Start();
  ASSERT_TRUE(node_.replica().upgrading());
  const Outcome again = node_.Commit(node_.replica().Upgrade(node_.now_ms));
  EXPECT_THAT(Named(again.unreadable), ElementsAre(waiting[2].key));
  EXPECT_FALSE(node_.replica().upgrading());
}

TEST_F(UnreadableTest, MoreThanAGroupLooksAtDoNotKeepTheOthersFromTheirTurn) {
  std::vector<Written> waiting;
  for (size_t i = 0; i <= kUpgradesPerGroupMax + 1; ++i) waiting.push_back(FileUnderNewer());
  std::sort(waiting.begin(), waiting.end(),
            [](const Written& a, const Written& b) { return a.key < b.key; });
  for (size_t i = 0; i <= kUpgradesPerGroupMax; ++i) Damage(node_, waiting[i].key);
  EXPECT_THAT(node_.AddDefinition(*NewerComplaint()).unreadable, SizeIs(kUpgradesPerGroupMax));
  ASSERT_TRUE(node_.replica().upgrading());
  EXPECT_THAT(node_.Commit(node_.replica().Upgrade(node_.now_ms)).unreadable, SizeIs(1));
  EXPECT_FALSE(node_.replica().upgrading());
  EXPECT_EQ(AvailabilityOf(waiting.back()), v1::AVAILABILITY_READY);
}

TEST_F(UnreadableTest, ARowThatNamesNoRequestIsPassedOver) {
  const Written waiting = FileUnderNewer();
  Overwrite(node_, Family::kRequests, keys::WaitPrefix(NewerComplaint()->hash()) + "short", "");
  const Outcome outcome = node_.AddDefinition(*NewerComplaint());
  ASSERT_THAT(outcome.unreadable, SizeIs(1));
  EXPECT_EQ(outcome.unreadable[0].request.region, "");
  EXPECT_EQ(AvailabilityOf(waiting), v1::AVAILABILITY_READY);
}

TEST_F(UnreadableTest, AnUpgradeGoesOnOverADamagedHistory) {
  FoldCapability before_elements = kFoldCapability;
  before_elements.mutation_kind = v1::Mutation::kTransitionFieldNumber;
  Node node(2, "", /*knows_definition=*/true, before_elements);
  std::vector<Written> waiting;
  for (int i = 0; i < 3; ++i) waiting.push_back(node.Take(siti_.Create().Comment("Bawa tali")));
  Overwrite(node, Family::kHistory, keys::History(waiting[0].key, waiting[0].id), "rubbish");
  // Of this one only what it was folded with cannot be read: it is folded again.
  Overwrite(node, Family::kRequests, keys::Newer(waiting[1].key), "rubbish");
  node.capability = kFoldCapability;
  node.finishes_upgrades = false;
  node.Start();
  const Outcome outcome = node.Commit(node.replica().Upgrade(node.now_ms));
  EXPECT_THAT(Named(outcome.unreadable), ElementsAre(waiting[0].key));
  EXPECT_FALSE(node.replica().upgrading());
  for (const int whole : {1, 2}) {
    EXPECT_EQ(node.StateOf(waiting[whole].key).availability, v1::AVAILABILITY_READY) << whole;
  }
}

class UnreadableFeedTest : public FeedTest {};

TEST_F(UnreadableFeedTest, WhatOneLeftIsNotForgottenAndEverybodyElseWrites) {
  const Written damaged = File(kSungaibetungHilir), other = File(kSungaibetungHilir);
  Move(damaged, kTamiai);
  Move(other, kTamiai);
  Damage(node_, damaged.key);
  node_.now_ms += kLeftRowKeptMs + 1;
  File(kTamiai);
  EXPECT_THAT(node_.Rows(Family::kMeta, keys::LeftPrefix(kKerinci)), SizeIs(1));
}

class UnreadableTimersTest : public OfficeTest {};

TEST_F(UnreadableTimersTest, OthersAreMovedOn) {
  std::vector<Written> examined;
  for (int i = 0; i < 3; ++i) examined.push_back(Examined());
  Damage(node_, examined[0].key);
  // Here what the change must stand on cannot be read.
  Overwrite(node_, Family::kHistory, keys::History(examined[1].key, examined[1].id), "rubbish");
  Overwrite(node_, Family::kRequests, keys::ClockPrefix(keys::kSilent, kKerinci, 10) + "short", "");
  node_.Start();
  const Outcome outcome = RunTimers(node_, kTenDaysDueMs);
  EXPECT_EQ(outcome.changes_new, 1u);
  EXPECT_EQ(node_.FieldText(examined[2].key, "status"), "selesai");
  EXPECT_THAT(Named(outcome.unreadable),
              testing::UnorderedElementsAre(RequestKey(), examined[0].key, examined[1].key));
}

}  // namespace
}  // namespace tikar::sync
