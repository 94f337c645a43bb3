#include "sync/feed_rows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "feed_fixture.h"
#include "sync/keys.h"

namespace tikar::sync {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class LeftRowsTest : public FeedTest {
 protected:
  // LEFT rows of a kecamatan.
  size_t LeftIn(std::string_view bucket) const {
    size_t left = 0;
    for (const auto& [key, value] : node_.Rows(Family::kFeed, keys::FeedPrefix(kKerinci, bucket))) {
      if (value.front() == 'L') ++left;
    }
    return left;
  }
  size_t Remembered() const { return node_.Rows(Family::kMeta, keys::LeftPrefix(kKerinci)).size(); }
  void WaitUntilForgotten() { node_.now_ms += kLeftRowKeptMs + 1; }
};

TEST_F(LeftRowsTest, ALeavingIsRememberedForHalfAYear) {
  const Written moved = File(kSungaibetungHilir), other = File(kTamiai);
  Move(moved, kTamiai);
  node_.now_ms += kLeftRowKeptMs;
  Edit(other);
  EXPECT_EQ(LeftIn(kGunungKerinci), 1u);
  node_.now_ms += 1;
  Edit(other);
  EXPECT_EQ(LeftIn(kGunungKerinci), 0u);
  EXPECT_EQ(Remembered(), 0u);
  EXPECT_THAT(node_.Rows(Family::kFeed), SizeIs(2)) << "one live row for each request";
}

TEST_F(LeftRowsTest, WhatWasTakenFromAnActorIsForgottenToo) {
  const Written request = File(kTamiai);
  Assign(request, "hp-siti");
  Assign(request, "hp-budi");
  EXPECT_EQ(LeftIn("@hp-siti"), 1u);
  WaitUntilForgotten();
  Edit(request);
  EXPECT_EQ(LeftIn("@hp-siti"), 0u);
}

TEST_F(LeftRowsTest, WhatComesBackHasNotLeft) {
  const Written moved = File(kSungaibetungHilir);
  Move(moved, kTamiai);
  EXPECT_EQ(Remembered(), 1u);
  Move(moved, kSungaibatuGantih);
  EXPECT_EQ(LeftIn(kGunungKerinci), 0u);
  EXPECT_EQ(Remembered(), 1u) << "that it left Batang Merangin";
  WaitUntilForgotten();
  Move(moved, kTamiai);  // in the group that forgets that it left there
  EXPECT_EQ(LeftIn(kBatangMerangin), 0u);
  EXPECT_EQ(LeftIn(kGunungKerinci), 1u);
  Phone phone({kBatangMerangin});
  phone.Pass(node_);
  EXPECT_TRUE(phone.Has(moved));
}

TEST_F(LeftRowsTest, AGroupForgetsAFewOldestFirst) {
  constexpr size_t kMoved = 2 * kLeftRowsForgottenPerGroup + 1;
  const Written other = File(kTamiai);
  for (size_t i = 0; i < kMoved; ++i) Move(File(kSungaibetungHilir), kTamiai);
  const auto remembered = node_.Rows(Family::kMeta, keys::LeftPrefix(kKerinci));
  WaitUntilForgotten();
  Edit(other);
  EXPECT_EQ(LeftIn(kGunungKerinci), kMoved - kLeftRowsForgottenPerGroup);
  EXPECT_EQ(node_.Rows(Family::kMeta, keys::LeftPrefix(kKerinci)).rbegin()->first,
            remembered.rbegin()->first);
  node_.Start();
  Edit(other);
  EXPECT_EQ(LeftIn(kGunungKerinci), 1u);
  Edit(other);
  EXPECT_EQ(LeftIn(kGunungKerinci), 0u);
  EXPECT_EQ(Remembered(), 0u);
}

TEST_F(LeftRowsTest, OtherRegionsAreLeftAlone) {
  const Written moved = File(kSungaibetungHilir);
  Move(moved, kTamiai);
  WaitUntilForgotten();
  node_.Take(siti_.Create("12.04.01.2001"));
  EXPECT_EQ(LeftIn(kGunungKerinci), 1u);
}

// The promise of a leaving that is told outlives the row that tells it.
TEST_F(LeftRowsTest, APhoneThatWasAwayForLongerIsToldByTheLogs) {
  std::vector<Written> stay;
  for (int i = 0; i < 20; ++i) stay.push_back(File(kSungaibetungHilir));
  const Written moved = File(kSungaibetungHilir), taken = File(kTamiai);
  Assign(taken, "hp-siti");
  Phone phone({kGunungKerinci}, "hp-siti");
  EXPECT_EQ(phone.Pass(node_), 22u);
  Move(moved, kTamiai);
  Assign(taken, "hp-budi");
  WaitUntilForgotten();
  Edit(stay[3]);
  ASSERT_EQ(Remembered(), 0u);
  const FeedPage page = phone.Read(node_);
  EXPECT_THAT(KeysOf(page), ElementsAre(stay[3].key)) << "not the world";
  EXPECT_TRUE(page.roamed);
  EXPECT_TRUE(page.caught_up);
  EXPECT_FALSE(phone.Has(moved));
  EXPECT_FALSE(phone.Has(taken));
  EXPECT_THAT(phone.DifferencesFrom(node_), IsEmpty());
  Edit(stay[4]);
  EXPECT_FALSE(phone.Read(node_).roamed) << "once is enough";
}

TEST_F(LeftRowsTest, APhoneInTheMiddleOfAPassIsToldByTheLogs) {
  std::vector<Written> filed;
  for (int i = 0; i < 10; ++i) filed.push_back(File(kSungaibetungHilir));
  Phone phone({kGunungKerinci});
  phone.Pass(node_);
  for (const Written& request : filed) Edit(request);
  Move(filed[9], kTamiai);
  phone.Read(node_, 1);
  ASSERT_TRUE(phone.Has(filed[9]));
  WaitUntilForgotten();
  Edit(filed[0]);
  phone.Pass(node_, 1);
  EXPECT_FALSE(phone.Has(filed[9]));
  EXPECT_THAT(phone.DifferencesFrom(node_), IsEmpty());
}

TEST_F(LeftRowsTest, APhoneThatKnowsOfTheLeavingReadsTheFeed) {
  const Written moved = File(kSungaibetungHilir), stays = File(kSungaibetungHilir);
  Move(moved, kTamiai);
  Phone phone({kGunungKerinci});
  phone.Pass(node_);
  WaitUntilForgotten();
  Edit(stays);
  ASSERT_EQ(Remembered(), 0u);
  const FeedPage page = phone.Read(node_);
  EXPECT_FALSE(page.roamed);
  EXPECT_THAT(KeysOf(page), ElementsAre(stays.key));
}

// Rows are forgotten in order of position. One whose time lies ahead keeps those behind it for
// longer, and nothing else.
TEST_F(LeftRowsTest, AClockThatWasSetBackForgetsNothingTooEarly) {
  const int64_t true_ms = node_.now_ms;
  node_.now_ms += kLeftRowKeptMs;
  Move(File(kSungaibetungHilir), kTamiai);
  node_.now_ms = true_ms;
  Move(File(kSungaibetungHilir), kTamiai);
  node_.now_ms += kLeftRowKeptMs + 1;
  File(kTamiai);
  EXPECT_EQ(LeftIn(kGunungKerinci), 2u);
  node_.now_ms += kLeftRowKeptMs;
  File(kTamiai);
  EXPECT_EQ(LeftIn(kGunungKerinci), 0u);
}

TEST_F(LeftRowsTest, ADamagedRowStaysAndTheOthersAreForgotten) {
  const Written moved = File(kSungaibetungHilir);
  Move(moved, kTamiai);
  WriteBatch batch;
  batch.Put(Family::kMeta, keys::Left(kKerinci, 1, kGunungKerinci), "short");
  ASSERT_TRUE(node_.store().Write(batch).ok());
  WaitUntilForgotten();
  const absl::StatusOr<std::vector<LeftRow>> old =
      OldLeftRows(node_.reader(), kKerinci, node_.now_ms, 1);
  ASSERT_TRUE(old.ok()) << old.status();
  ASSERT_THAT(*old, SizeIs(1));
  EXPECT_EQ((*old)[0].request, moved.key);
  File(kTamiai);
  EXPECT_EQ(Remembered(), 1u) << "and everybody writes on";
}

TEST_F(LeftRowsTest, DamageToWhatWasForgottenIsTold) {
  File(kSungaibetungHilir);
  WriteBatch batch;
  batch.Put(Family::kMeta, keys::LeftForgotten(kKerinci), std::string(11, '\xff'));
  ASSERT_TRUE(node_.store().Write(batch).ok());
  EXPECT_EQ(LeftForgotten(node_.reader(), kKerinci).status().code(), absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace tikar::sync
