#include "sync/history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "kerinci_node.h"
#include "sync/keys.h"

namespace tikar::sync {
namespace {

using ::testing::UnorderedElementsAre;

// created <- left1 <- left2 <------------- joined <- last
// created <- right1 <- right2 (refused) <- joined
class HistoryTest : public testing::Test {
 protected:
  HistoryTest() {
    created_ = Keep(siti_.Create().Set("judul", "asal"));
    left1_ = Keep(siti_.After(created_).Set("judul", "kiri"));
    left2_ = Keep(siti_.After(left1_).Set("tenggat", Value::Date(1)));
    right1_ = Keep(budi_.After(created_).Set("judul", "kanan"));
    // A role that the definition does not know: refused, and kept as void.
    right2_ = Officer("hp-ani", "tamu").After(right1_).Set("judul", "tidak boleh");
    EXPECT_EQ(node_.Push(right2_).verdict, v1::VERDICT_VOID);
    joined_ = Keep(siti_.Edit(created_.key, Ids({left2_, right2_})).Set("tenggat", Value::Date(2)));
    last_ = Keep(siti_.After(joined_).Set("tenggat", Value::Date(3)));
  }
  Written Keep(const Written& change) { return node_.Take(change); }
  HistoryReader Open() { return HistoryReader(node_.reader(), created_.key, &counters_); }

  Node node_{1};
  Officer siti_{"hp-siti"}, budi_{"hp-budi"};
  Written created_, left1_, left2_, right1_, right2_, joined_, last_;
  HistoryCounters counters_;
};

TEST_F(HistoryTest, WhatTheParentsHaveSeenIsNotUnseen) {
  HistoryReader history = Open();
  EXPECT_THAT(*history.Unseen({last_.id}, {left1_.id}),
              UnorderedElementsAre(left2_.id, right1_.id, right2_.id, joined_.id, last_.id));
}

TEST_F(HistoryTest, WhoSawTheHeadsHasSeenEverythingAndReadsOnlyThem) {
  HistoryReader history = Open();
  EXPECT_THAT(*history.Unseen({last_.id}, {last_.id}), UnorderedElementsAre());
  EXPECT_EQ(counters_.headers_read, 1u);
}

TEST_F(HistoryTest, WhoSawNothingHasSeenNothing) {
  HistoryReader history = Open();
  EXPECT_EQ(history.Unseen({last_.id}, {})->size(), 7u);
}

TEST_F(HistoryTest, AParentThatIsNotHereSaysNothing) {
  HistoryReader history = Open();
  EXPECT_EQ(history.Unseen({last_.id}, {ChangeId()})->size(), 7u);
}

TEST_F(HistoryTest, TheBaseIsTheLastLiveWriteThatAllHaveSeen) {
  HistoryReader history = Open();
  EXPECT_EQ(*history.CommonWrite({left2_.id, right2_.id}, "judul"), created_.id);
  EXPECT_EQ(*history.CommonWrite({left2_.id, last_.id}, "judul"), left1_.id)
      << "left1 is in the past of both";
  EXPECT_EQ(*history.CommonWrite({left2_.id, right2_.id}, "deskripsi"), std::nullopt);
}

TEST_F(HistoryTest, OfTwoBasesThatDoNotKnowOfEachOtherTheSmallerIdCounts) {
  const Written a = Keep(siti_.After(last_).Set("biaya", Value::Integer(1)));
  const Written b = Keep(siti_.After(last_).Set("biaya", Value::Integer(2)));
  HistoryReader history = Open();
  // Both titles were seen by both; the refused one does not count.
  EXPECT_EQ(*history.CommonWrite({a.id, b.id}, "judul"), std::min(left1_.id, right1_.id));
}

TEST_F(HistoryTest, ReadsEachHeaderAtMostOnce) {
  HistoryReader history = Open();
  ASSERT_TRUE(history.Unseen({last_.id}, {}).ok());
  EXPECT_EQ(counters_.headers_read, 7u);
  ASSERT_TRUE(history.Unseen({last_.id}, {created_.id}).ok());
  EXPECT_EQ(counters_.headers_read, 7u);
  EXPECT_EQ(history.LoadAll()->size(), 7u);
  EXPECT_EQ(counters_.headers_read, 7u);
}

TEST_F(HistoryTest, ReadsABodyFromTheLogOnce) {
  HistoryReader history = Open();
  const absl::StatusOr<const ParsedChange*> change = history.FindChange(left1_.id);
  ASSERT_TRUE(change.ok());
  EXPECT_EQ((*change)->bytes, left1_.body);
  ASSERT_TRUE(history.FindChange(left1_.id).ok());
  EXPECT_EQ(counters_.bodies_read, 1u);
  EXPECT_EQ(*history.FindChange(ChangeId()), nullptr);
}

TEST_F(HistoryTest, WhatWasPutShowsBeforeItIsWritten) {
  HistoryReader history = Open();
  Header header = **history.Find(last_.id);
  header.generation = 99;
  history.Put(last_.id, header);
  EXPECT_EQ((*history.Find(last_.id))->generation, 99u);
  EXPECT_THAT(history.changed(), UnorderedElementsAre(last_.id));
}

TEST_F(HistoryTest, ABodyThatIsNotInTheLogIsDamage) {
  HistoryReader history = Open();
  Header header = **history.Find(last_.id);
  header.positions = {{Origin{4711}, 1}};
  history.Put(last_.id, header);
  EXPECT_EQ(history.FindChange(last_.id).status().code(), absl::StatusCode::kDataLoss);
  header.positions = {{node_.origin(), 1}};  // the Create's
  history.Put(last_.id, header);
  EXPECT_EQ(history.FindChange(last_.id).status().code(), absl::StatusCode::kDataLoss);
}

TEST_F(HistoryTest, AHeaderThatWasCutShortIsDamage) {
  WriteBatch batch;
  batch.Put(Family::kHistory, keys::History(created_.key, left1_.id), "\x01");
  ASSERT_TRUE(node_.store().Write(batch).ok());
  HistoryReader history = Open();
  EXPECT_EQ(history.Find(left1_.id).status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(Open().LoadAll().status().code(), absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace tikar::sync
