// A cursor claims only what the node that made it could show.
#include "sync/feed_withheld.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <utility>
#include <vector>

#include "feed_fixture.h"
#include "sync/feed_end.h"
#include "sync/feed_rows.h"
#include "sync/keys.h"
#include "sync/limits.h"
#include "sync/records.h"

namespace tikar::sync {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr Origin kA{1}, kB{2};
// An older build: it knows nothing beyond Create, SetField, ClearField and Transition.
constexpr FoldCapability kBeforeElements = {.mutation_kind = v1::Mutation::kTransitionFieldNumber,
                                            .value_kind = kFoldCapability.value_kind,
                                            .merge_version = kFoldCapability.merge_version};

// The node lacks a definition under which it logs; the hub has it.
class WithheldTest : public RoamingTest {
 protected:
  WithheldTest() { hub_.AddDefinition(*NewerComplaint()); }

  Written FileUnderNewer(std::string_view area = kSungaibetungHilir) {
    return node_.Take(siti_.Create(area, *NewerComplaint()).Set("judul", "baru"));
  }
  std::vector<EntryRange> Withheld(const Node& node) {
    return *WithheldEntries(node.reader(), kKerinci, node.Vector());
  }
};

TEST_F(WithheldTest, WhatANodeCouldNotShowIsSentByTheNextThatCan) {
  File(kSungaibetungHilir);
  const Written hidden = FileUnderNewer();
  File(kSungaibetungHilir);
  Exchange();
  ASSERT_EQ(hub_.StateOf(hidden.key).availability, v1::AVAILABILITY_READY);
  Phone phone({kGunungKerinci});
  EXPECT_EQ(phone.Pass(node_), 2u);
  const FeedPage page = phone.Read(hub_);
  EXPECT_THAT(KeysOf(page), ElementsAre(hidden.key)) << "and not the world";
  EXPECT_THAT(phone.DifferencesFrom(hub_), IsEmpty());
}

// Seed 4072620591 of the simulator: it moved while this node could not show it.
TEST_F(WithheldTest, WhatMovedWhileItWaitedIsToldToHaveLeft) {
  const Written hidden = FileUnderNewer();
  Exchange();
  Phone phone({kGunungKerinci});
  phone.Pass(hub_);
  phone.Pass(node_);
  ASSERT_TRUE(phone.Has(hidden));
  node_.Take(siti_.After(hidden).Set("area", kTamiai));
  phone.Pass(node_);
  EXPECT_TRUE(phone.Has(hidden)) << "what waits has not left";
  node_.AddDefinition(*NewerComplaint());
  EXPECT_THAT(RemovedBy(phone.Read(node_)), ElementsAre(hidden.key));
  EXPECT_THAT(phone.DifferencesFrom(node_), IsEmpty());
}

TEST_F(WithheldTest, ANewerBuildsRequestIsSentByTheNextNodeOfThatBuild) {
  Node old_node(5, "", /*knows_definition=*/true, kBeforeElements);
  const Written hidden = old_node.Take(siti_.Create().Comment("Bawa tali"));
  hub_.PullFrom(old_node);
  Phone phone({kGunungKerinci});
  EXPECT_EQ(phone.Pass(old_node), 0u);
  EXPECT_EQ(phone.Pass(hub_), 1u);
  EXPECT_TRUE(phone.Has(hidden));
}

// A touch without an entry: nothing in the logs tells of it.
TEST_F(WithheldTest, WhatCouldBeShownSinceReachesAPhoneThatWasAwayForLongerThanLeavingsAreTold) {
  const Written hidden = FileUnderNewer(), moved = File(kSungaibetungHilir);
  Phone phone({kGunungKerinci});
  EXPECT_EQ(phone.Pass(node_), 1u);
  Move(moved, kTamiai);
  node_.AddDefinition(*NewerComplaint());
  node_.now_ms += kLeftRowKeptMs + 1;
  File(kTamiai);
  const FeedPage page = phone.Read(node_);
  ASSERT_TRUE(page.roamed);
  EXPECT_TRUE(phone.Has(hidden));
  EXPECT_FALSE(phone.Has(moved));
  EXPECT_THAT(phone.DifferencesFrom(node_), IsEmpty());
}

TEST_F(WithheldTest, ANodeThatCannotShowItEitherPassesItOn) {
  Node first(5, "", /*knows_definition=*/true, kBeforeElements);
  Node second(6, "", /*knows_definition=*/true, kBeforeElements);
  first.Take(siti_.Create());
  const Written hidden = first.Take(siti_.Create().Comment("Bawa tali"));
  first.Take(siti_.Create());
  second.PullFrom(first);
  hub_.PullFrom(first);
  Phone phone({kGunungKerinci});
  EXPECT_EQ(phone.Pass(first), 2u);
  EXPECT_EQ(phone.Pass(second), 0u);
  EXPECT_EQ(phone.Pass(hub_), 1u);
  EXPECT_TRUE(phone.Has(hidden));
}

TEST_F(WithheldTest, AWalkThatWasBrokenOffGoesOnElsewhere) {
  std::vector<Written> hidden;
  for (int i = 0; i < 6; ++i) {
    hidden.push_back(FileUnderNewer());
    File(kTamiai);
  }
  Node blind(6);
  Exchange();
  blind.PullFrom(node_);
  Phone phone({kGunungKerinci});
  phone.Pass(node_);
  phone.Read(hub_, 2);
  phone.Read(blind, 1);  // shows none of them, and its walk is not over
  phone.Read(hub_, 1);
  EXPECT_FALSE(phone.Has(hidden[5]));
  phone.Pass(hub_, 1);
  for (const Written& request : hidden) EXPECT_TRUE(phone.Has(request));
}

TEST_F(WithheldTest, OnItsOwnNodeItComesWithTheFeedAndIsNamedNoMore) {
  const Written hidden = FileUnderNewer();
  Phone phone({kGunungKerinci});
  phone.Pass(node_);
  EXPECT_THAT(Withheld(node_), ElementsAre(EntryRange{node_.origin(), 0, 1}));
  node_.AddDefinition(*NewerComplaint());
  EXPECT_EQ(phone.Pass(node_), 1u);
  EXPECT_THAT(Withheld(node_), IsEmpty());
  Exchange();
  EXPECT_EQ(phone.Pass(hub_), 0u);
  EXPECT_TRUE(phone.Has(hidden));
}

TEST_F(WithheldTest, TheFirstEntryInEachLogIsNamed) {
  const Written hidden = FileUnderNewer();
  const Written edited = siti_.After(hidden).Set("judul", "lagi");
  node_.Take(edited);
  const Written at_hub = hub_.Take(siti_.Create());
  node_.PullFrom(hub_);
  hub_.Take(siti_.After(hidden).Set("deskripsi", "dari pusat"));
  node_.PullFrom(hub_);
  std::vector<EntryRange> wanted = {{node_.origin(), 0, 1}, {hub_.origin(), 1, 2}};
  std::sort(wanted.begin(), wanted.end(),
            [](const EntryRange& a, const EntryRange& b) { return a.origin < b.origin; });
  EXPECT_EQ(Withheld(node_), wanted);
  EXPECT_TRUE(node_.Has(at_hub.key));
}

TEST_F(WithheldTest, WhereManyWaitEverythingIsNamed) {
  for (size_t i = 0; i <= kWithheldRequestsMax; ++i) FileUnderNewer();
  EXPECT_THAT(Withheld(node_),
              ElementsAre(EntryRange{node_.origin(), 0, kWithheldRequestsMax + 1}));
}

TEST_F(WithheldTest, WhereOneIsDamagedEverythingIsNamed) {
  File(kTamiai);
  const Written hidden = FileUnderNewer();
  File(kTamiai);
  WriteBatch batch;
  batch.Put(Family::kHistory, keys::History(hidden.key, hidden.id), "rubbish");
  ASSERT_TRUE(node_.store().Write(batch).ok());
  EXPECT_THAT(Withheld(node_), ElementsAre(EntryRange{node_.origin(), 0, 3}));
}

TEST_F(WithheldTest, AWatchThatGoesOnElsewhereIsToldToo) {
  const Written hidden = FileUnderNewer();
  Exchange();
  FeedQuery query;
  query.scope = {kKerinci};
  query.cursor = *FeedEnd(node_.reader(), query.scope);
  const absl::StatusOr<FeedPage> page = ReadFeed(hub_.reader(), query);
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_THAT(KeysOf(*page), ElementsAre(hidden.key));
}

TEST_F(WithheldTest, ARangeThatNoServerWroteIsRefused) {
  RegionCursor cursor;
  cursor.region = kKerinci;
  cursor.feed = FeedId{1};
  for (const EntryRange& range :
       {EntryRange{kA, 4, 4}, EntryRange{kA, uint64_t{1} << 49, (uint64_t{1} << 49) + 1},
        EntryRange{kA, 0, uint64_t{1} << 49}}) {
    cursor.withheld = {range};
    EXPECT_FALSE(DecodeCursor(EncodeCursor({cursor})).ok()) << range.after;
  }
  cursor.withheld = {{kA, 4, 5}, {kB, 0, 9}};
  const absl::StatusOr<std::vector<RegionCursor>> decoded = DecodeCursor(EncodeCursor({cursor}));
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ((*decoded)[0].withheld, cursor.withheld);
}

// Whatever ranges a phone made up: the walk ends, and a page stays short.
TEST_F(WithheldTest, RangesWithNothingInThemEnd) {
  File(kSungaibetungHilir);
  RegionCursor cursor;
  cursor.region = kKerinci;
  cursor.feed = FeedId{1};
  cursor.filled = {kKerinci};
  for (uint64_t i = 1; i <= 10'000; ++i) cursor.withheld.push_back({Origin{i}, 5, 1'000'000});
  FeedQuery query;
  query.scope = {kKerinci};
  query.cursor = EncodeCursor({cursor});
  for (int pages = 0; pages < 3; ++pages) {
    const absl::StatusOr<FeedPage> page = ReadFeed(node_.reader(), query);
    ASSERT_TRUE(page.ok()) << page.status();
    if (page->caught_up) return;
    query.cursor = page->cursor;
  }
  FAIL() << "it does not end";
}

std::vector<EntryRange> Single(const std::vector<LogPosition>& entries) {
  std::vector<EntryRange> ranges;
  for (const LogPosition& entry : entries) {
    ranges.push_back({entry.origin, entry.seq - 1, entry.seq});
  }
  return ranges;
}

TEST(CoveringRangesTest, RangesThatOverlapAreOne) {
  EXPECT_THAT(CoveringRanges({{kA, 0, 9}, {kA, 2, 4}, {kA, 9, 12}, {kB, 3, 5}, {kA, 20, 30}}, 64),
              ElementsAre(EntryRange{kA, 0, 12}, EntryRange{kA, 20, 30}, EntryRange{kB, 3, 5}));
}

TEST(CoveringRangesTest, NeighboursAreOneRange) {
  EXPECT_THAT(CoveringRanges(Single({{kA, 3}, {kA, 1}, {kA, 2}, {kB, 3}, {kA, 2}}), 64),
              ElementsAre(EntryRange{kA, 0, 3}, EntryRange{kB, 2, 3}));
  EXPECT_THAT(CoveringRanges({}, 64), IsEmpty());
}

TEST(CoveringRangesTest, TheSmallestGapsAreBridgedWhereThereAreTooMany) {
  const std::vector<EntryRange> entries = Single({{kA, 1}, {kA, 10}, {kA, 13}, {kA, 100}, {kB, 1}});
  EXPECT_THAT(CoveringRanges(entries, 5), SizeIs(5));
  EXPECT_THAT(CoveringRanges(entries, 4),
              ElementsAre(EntryRange{kA, 0, 1}, EntryRange{kA, 9, 13}, EntryRange{kA, 99, 100},
                          EntryRange{kB, 0, 1}));
  EXPECT_THAT(CoveringRanges(entries, 3),
              ElementsAre(EntryRange{kA, 0, 13}, EntryRange{kA, 99, 100}, EntryRange{kB, 0, 1}));
  EXPECT_THAT(CoveringRanges(entries, 1), ElementsAre(EntryRange{kA, 0, 100}, EntryRange{kB, 0, 1}))
      << "logs are never mixed";
  // Of gaps of one size as many as need be.
  EXPECT_THAT(CoveringRanges(Single({{kA, 1}, {kA, 3}, {kA, 5}, {kA, 7}}), 3),
              ElementsAre(EntryRange{kA, 0, 3}, EntryRange{kA, 4, 5}, EntryRange{kA, 6, 7}));
}

TEST(CoveringRangesTest, HoldAllOfAnything) {
  std::mt19937_64 random(20260131);
  for (int round = 0; round < 2'000; ++round) {
    std::vector<LogPosition> entries;
    const size_t count = random() % 40;
    for (size_t i = 0; i < count; ++i) {
      entries.push_back({Origin{1 + random() % 3}, 1 + random() % 60});
    }
    const size_t ranges_max = 1 + random() % 12;
    const std::vector<EntryRange> ranges = CoveringRanges(Single(entries), ranges_max);
    EXPECT_LE(ranges.size(), std::max<size_t>(ranges_max, 3));
    for (const LogPosition& entry : entries) {
      EXPECT_TRUE(std::any_of(ranges.begin(), ranges.end(), [&](const EntryRange& range) {
        return range.origin == entry.origin && range.after < entry.seq && entry.seq <= range.end;
      }));
    }
    for (size_t i = 1; i < ranges.size(); ++i) {
      EXPECT_TRUE(std::pair(ranges[i - 1].origin, ranges[i - 1].end) <
                  std::pair(ranges[i].origin, ranges[i].after + 1));
    }
  }
}

}  // namespace
}  // namespace tikar::sync
