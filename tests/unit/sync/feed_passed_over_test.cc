// What a pass did not read where it stood is claimed by no cursor, and one damaged request keeps no
// phone from the others.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "feed_fixture.h"
#include "sync/feed_cursor.h"
#include "sync/keys.h"
#include "sync/limits.h"

namespace tikar::sync {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class PassedOverTest : public RoamingTest {
 protected:
  void Overwrite(Family family, const std::string& key, const std::string& value) {
    WriteBatch batch;
    batch.Put(family, key, value);
    ASSERT_TRUE(node_.store().Write(batch).ok());
  }
  static RegionCursor Decode(const Phone& phone) { return DecodeCursor(phone.cursor())->at(0); }
};

// The edit is nowhere but on the node that the phone leaves: nothing tells the hub of it.
TEST_F(PassedOverTest, WhatIsEditedBeforeThePassCameToItIsSentByTheNextNode) {
  const Written read = File(kSungaibetungHilir), missed = File(kSungaibetungHilir);
  Exchange();
  Phone phone({kGunungKerinci});
  phone.Read(node_, 1);
  Edit(read), Edit(missed);
  phone.Read(node_, 1);  // ends the pass, and begins the next with the first edit
  ASSERT_EQ(Decode(phone).from, 2u);
  ASSERT_FALSE(phone.Has(missed));
  phone.Pass(hub_);
  EXPECT_TRUE(phone.Has(missed));
}

TEST_F(PassedOverTest, WhatMovedBeforeThePassCameToItIsSentByTheNextNode) {
  const Written read = File(kSungaibetungHilir), missed = File(kSungaibetungHilir);
  Exchange();
  Phone phone({kGunungKerinci});
  phone.Read(node_, 1);
  Edit(read), Move(missed, kTamiai);
  phone.Read(node_, 1);
  ASSERT_FALSE(phone.Has(missed));
  phone.Pass(hub_);
  EXPECT_TRUE(phone.Has(missed)) << "there it never left";
}

TEST_F(PassedOverTest, WhatWasEditedBeforeItsPlaceIsFilledIsSentByTheNextNode) {
  const Written read = File(kSungaibetungHilir), missed = File(kTamiai);
  Exchange();
  Phone phone({kGunungKerinci});
  phone.Pass(node_);
  Edit(read), Edit(missed);
  phone.SetScope({kKerinci});
  phone.Read(node_, 1);  // fills the new part, which has nothing there, and sends the first edit
  ASSERT_EQ(Decode(phone).pass, RegionCursor::Pass::kFeed);
  ASSERT_FALSE(phone.Has(missed));
  phone.Pass(hub_);
  EXPECT_TRUE(phone.Has(missed));
}

TEST_F(PassedOverTest, WhatAWalkDidNotShowIsSentByTheNextNode) {
  const Written first = File(kSungaibetungHilir);
  Exchange();
  Phone phone({kGunungKerinci});
  phone.Pass(hub_);
  const Written read = File(kSungaibetungHilir), missed = File(kSungaibetungHilir);
  Exchange();
  phone.Read(node_, 1);  // the walk is at the second one
  ASSERT_FALSE(phone.Has(missed));
  Move(missed, kTamiai);
  Edit(first), Edit(read);
  while (Decode(phone).pass == RegionCursor::Pass::kRoam) phone.Read(node_, 1);
  ASSERT_EQ(Decode(phone).known.Get(node_.origin()), 3u);
  phone.Pass(hub_);
  EXPECT_TRUE(phone.Has(missed)) << "there it never left";
}

TEST_F(PassedOverTest, TheNextPassSendsItAndNamesItNoMore) {
  const Written read = File(kSungaibetungHilir), missed = File(kSungaibetungHilir);
  Phone phone({kGunungKerinci});
  phone.Read(node_, 1);
  Edit(read), Edit(missed);
  phone.Read(node_, 1);
  EXPECT_THAT(Decode(phone).withheld, ElementsAre(EntryRange{node_.origin(), 0, 2}));
  phone.Pass(node_);
  EXPECT_THAT(Decode(phone).withheld, IsEmpty());
  Exchange();
  EXPECT_EQ(phone.Pass(hub_), 0u);
}

TEST_F(PassedOverTest, WhereTooMuchIsTouchedNothingMoreIsClaimed) {
  std::vector<Written> filed;
  for (size_t i = 0; i < kWithheldRequestsMax + 2; ++i) filed.push_back(File(kSungaibetungHilir));
  Exchange();
  Phone first({kGunungKerinci}), again({kGunungKerinci});
  again.Pass(node_);
  const Written known = filed[0];
  Edit(known), Edit(filed[1]);
  Exchange();
  first.Read(node_, 1), again.Read(node_, 1);
  for (const Written& one : filed) Edit(one);
  first.Read(node_, 1), again.Read(node_, 1);
  EXPECT_TRUE(Decode(first).known.empty());
  EXPECT_EQ(Decode(again).known.Get(node_.origin()), filed.size()) << "what it was before";
  first.Pass(hub_);
  for (const Written& one : filed) EXPECT_TRUE(first.Has(one));
  const size_t sent = again.Pass(hub_);
  EXPECT_LE(sent, 2u) << "not the world";
}

TEST_F(PassedOverTest, ADamagedRequestKeepsNoPhoneFromTheOthers) {
  const Written before = File(kSungaibetungHilir), damaged = File(kSungaibetungHilir),
                behind = File(kSungaibetungHilir);
  Exchange();
  Overwrite(Family::kRequests, keys::Record(damaged.key), "rubbish");
  Phone phone({kGunungKerinci});
  const FeedPage page = phone.Read(node_);
  EXPECT_TRUE(page.caught_up);
  EXPECT_TRUE(phone.Has(before));
  EXPECT_TRUE(phone.Has(behind));
  ASSERT_THAT(page.unreadable, SizeIs(1));
  EXPECT_EQ(page.unreadable[0].request, damaged.key);
  EXPECT_NE(page.unreadable[0].reason, "");
  // However many passes follow, the next node that can read it sends it.
  Edit(before);
  phone.Pass(node_);
  Edit(behind);
  phone.Pass(node_);
  Exchange();
  EXPECT_EQ(phone.Pass(hub_), 1u);
  EXPECT_TRUE(phone.Has(damaged));
  EXPECT_THAT(Decode(phone).damaged, IsEmpty());
}

TEST_F(PassedOverTest, ADamagedRequestIsNotTakenFromAPhoneThatHasIt) {
  const Written damaged = File(kSungaibetungHilir), other = File(kSungaibetungHilir);
  Exchange();
  Phone phone({kGunungKerinci});
  phone.Pass(hub_);
  hub_.Take(siti_.After(damaged).Set("judul", "di pusat"));
  hub_.Take(siti_.After(other).Set("judul", "di pusat"));
  Exchange();
  Overwrite(Family::kRequests, keys::Record(damaged.key), "rubbish");
  const FeedPage page = phone.Read(node_);
  ASSERT_TRUE(page.roamed);
  EXPECT_THAT(page.unreadable, SizeIs(1));
  EXPECT_THAT(page.removals, IsEmpty());
  EXPECT_TRUE(phone.Has(damaged));
  EXPECT_EQ(phone.TitleOf(other), "di pusat");
  phone.Pass(hub_);
  EXPECT_EQ(phone.TitleOf(damaged), "di pusat");
}

TEST_F(PassedOverTest, ADamagedRowOfTheFeedKeepsNoPhoneFromTheOthers) {
  const Written lost = File(kSungaibetungHilir), other = File(kSungaibetungHilir);
  Exchange();
  Overwrite(Family::kFeed, keys::Feed(kKerinci, kGunungKerinci, 1), "R");
  Phone phone({kGunungKerinci});
  const FeedPage page = phone.Read(node_);
  EXPECT_TRUE(page.caught_up);
  EXPECT_THAT(KeysOf(page), ElementsAre(other.key));
  ASSERT_THAT(page.unreadable, SizeIs(1));
  EXPECT_EQ(page.unreadable[0].request.region, "");
  phone.Pass(hub_);
  EXPECT_TRUE(phone.Has(lost));
}

TEST_F(PassedOverTest, ADamagedEntryOfTheLogStopsNoWalk) {
  File(kSungaibetungHilir);
  Exchange();
  Phone phone({kGunungKerinci});
  phone.Pass(hub_);
  const Written lost = File(kSungaibetungHilir), other = File(kSungaibetungHilir);
  Exchange();
  Overwrite(Family::kLog, keys::Log(kKerinci, node_.origin(), 2), "rubbish");
  const FeedPage page = phone.Read(node_);
  ASSERT_TRUE(page.roamed);
  EXPECT_TRUE(page.caught_up);
  EXPECT_TRUE(phone.Has(other));
  EXPECT_THAT(page.unreadable, SizeIs(1));
  ASSERT_FALSE(phone.Has(lost));
  phone.Pass(hub_);
  EXPECT_TRUE(phone.Has(lost));
}

}  // namespace
}  // namespace tikar::sync
