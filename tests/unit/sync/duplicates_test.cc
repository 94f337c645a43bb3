#include "sync/duplicates.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "office_fixture.h"

namespace tikar::sync {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

// The bridge at Siulak; 898 units of 1e-7 degrees are 100 m from south to north.
constexpr int32_t kLatitude = -19'500'000, kLongitude = 1'012'500'000;
constexpr int32_t kHundredMetresE7 = 8'993;

class DuplicatesTest : public OfficeTest {
 protected:
  Written FileAt(int32_t latitude_e7, int32_t longitude_e7, std::string_view kind = "jembatan") {
    return node_.Take(File().Set("lokasi", PlaceAt(latitude_e7, longitude_e7)).Set("jenis", kind));
  }
  std::vector<RequestId> Possible(const Written& request) {
    const auto found =
        PossibleDuplicates(node_.reader(), node_.StateOf(request.key), Definitions());
    EXPECT_TRUE(found.ok()) << found.status();
    std::vector<RequestId> others;
    for (const PossibleDuplicate& duplicate : *found) others.push_back(duplicate.other);
    return others;
  }
  std::set<std::pair<RequestId, RequestId>> Pairs() {
    std::set<std::pair<RequestId, RequestId>> all;
    DuplicatePairs pairs(node_.reader(), kKerinci, std::nullopt);
    while (true) {
      auto step = pairs.Next();
      EXPECT_TRUE(step.ok()) << step.status();
      if (!step.ok() || !*step) return all;
      for (const DuplicatePair& pair : (*step)->pairs) {
        EXPECT_TRUE(all.emplace(pair.earlier, pair.later).second) << "a pair is told once";
      }
    }
  }
  RequestId Root(const Written& request) {
    const auto root = RootOf(node_.reader(), node_.StateOf(request.key));
    EXPECT_TRUE(root.ok()) << root.status();
    return *root;
  }
  Written Join(const Written& joined, const Written& main) {
    return node_.Take(
        siti_.Edit(joined.key, node_.Heads(joined.key)).Set("duplicate_of", main.key.id.hex()));
  }
};

TEST_F(DuplicatesTest, DistancesAreThoseOnASphere) {
  EXPECT_NEAR(DistanceMetres(0, 0, 10'000'000, 0), 111'195, 1);
  // Jakarta to Bandung, and one centimetre.
  EXPECT_NEAR(DistanceMetres(-61'754'000, 1'068'272'000, -69'175'000, 1'076'191'000), 120'100, 300);
  EXPECT_NEAR(DistanceMetres(kLatitude, kLongitude, kLatitude + 1, kLongitude), 0.0111, 0.0001);
  EXPECT_EQ(DistanceMetres(kLatitude, kLongitude, kLatitude, kLongitude), 0);
}

TEST_F(DuplicatesTest, TwoNearInPlaceAndTimeOfOneKindMayBeOne) {
  const Written one = FileAt(kLatitude, kLongitude);
  const Written other = FileAt(kLatitude + kHundredMetresE7, kLongitude);
  const Written far = FileAt(kLatitude + 2 * kHundredMetresE7 + 20, kLongitude);
  const Written road = FileAt(kLatitude, kLongitude, "jalan");
  const Written nowhere = node_.Take(File());
  EXPECT_THAT(Possible(one), ElementsAre(other.key.id));
  EXPECT_THAT(Possible(other), ElementsAre(one.key.id));
  EXPECT_THAT(Possible(far), IsEmpty());
  EXPECT_THAT(Possible(road), IsEmpty());
  EXPECT_THAT(Possible(nowhere), IsEmpty());
  EXPECT_THAT(Pairs(), ElementsAre(std::pair(one.key.id, other.key.id)));
}

TEST_F(DuplicatesTest, WhatIsMoreThanTheRulesDaysApartIsNotCompared) {
  node_.now_ms = kMorningMs + 30 * 24 * kHourMs;
  const Written one = FileAt(kLatitude, kLongitude);
  siti_.AtMinute(7 * 24 * 60);  // a week to the minute
  const Written week = FileAt(kLatitude, kLongitude);
  const Written later = FileAt(kLatitude, kLongitude);
  EXPECT_THAT(Possible(one), ElementsAre(week.key.id));
  EXPECT_THAT(Possible(later), ElementsAre(week.key.id));
}

TEST_F(DuplicatesTest, TheNearestIsToldFirst) {
  const Written one = FileAt(kLatitude, kLongitude);
  const Written fifty = FileAt(kLatitude, kLongitude - kHundredMetresE7 / 2);
  const Written ten = FileAt(kLatitude, kLongitude + kHundredMetresE7 / 10);
  EXPECT_THAT(Possible(one), ElementsAre(ten.key.id, fifty.key.id));
}

TEST_F(DuplicatesTest, WhatIsClosedRetractedJoinedOrPartedIsNotProposedAgain) {
  const Written one = FileAt(kLatitude, kLongitude);
  const Written closed = FileAt(kLatitude, kLongitude);
  const Written retracted = FileAt(kLatitude, kLongitude);
  const Written joined = FileAt(kLatitude, kLongitude);
  EXPECT_THAT(Possible(one), SizeIs(3));
  const Written examined = node_.Take(siti_.After(closed).Go("diterima", "diperiksa"));
  node_.Take(siti_.After(examined).Go("diperiksa", "selesai"));
  EXPECT_THAT(Possible(one), SizeIs(2));
  node_.Take(siti_.After(retracted).Retract());
  EXPECT_THAT(Possible(one), ElementsAre(joined.key.id));
  const Written join = Join(joined, one);
  EXPECT_THAT(Possible(one), IsEmpty());
  node_.Take(siti_.After(join).Clear("duplicate_of"));
  EXPECT_THAT(Possible(one), IsEmpty()) << "somebody has looked at it";
  EXPECT_THAT(Pairs(), IsEmpty());
}

TEST_F(DuplicatesTest, TwoVersionsOfARuleMustBothHold) {
  const std::shared_ptr<const Definition> wider =
      MakeOffice("version: 2 duplicates { distance_metres: 5000 days: 7 }");
  node_.AddDefinition(*wider);
  const auto file_wide = [&](int32_t north_e7) {
    return node_.Take(siti_.Create(kSungaibetungHilir, *wider)
                          .Set("lokasi", PlaceAt(kLatitude + north_e7, kLongitude))
                          .Set("jenis", "jembatan"));
  };
  const Written narrow = FileAt(kLatitude, kLongitude);
  const Written wide = file_wide(kHundredMetresE7 / 2);
  const Written wide_far = file_wide(30 * kHundredMetresE7);
  EXPECT_THAT(Possible(narrow), ElementsAre(wide.key.id));
  EXPECT_THAT(Possible(wide), ElementsAre(narrow.key.id, wide_far.key.id));
  EXPECT_THAT(Possible(wide_far), ElementsAre(wide.key.id));
  EXPECT_THAT(Pairs(), SizeIs(2));
}

// Against the obvious way: every pair compared.
TEST_F(DuplicatesTest, NoPairIsMissedAcrossTheEdgesOfSquares) {
  std::mt19937 random(20261122);
  std::uniform_int_distribution<int32_t> within(-4 * kHundredMetresE7, 4 * kHundredMetresE7);
  std::vector<std::pair<Written, std::pair<int32_t, int32_t>>> filed;
  for (int i = 0; i < 150; ++i) {
    const int32_t latitude = kLatitude + within(random), longitude = kLongitude + within(random);
    filed.push_back({FileAt(latitude, longitude), {latitude, longitude}});
  }
  std::set<std::pair<RequestId, RequestId>> expected;
  for (const auto& [a, at] : filed) {
    for (const auto& [b, there] : filed) {
      if (!(a.key.id < b.key.id)) continue;
      if (DistanceMetres(at.first, at.second, there.first, there.second) <= 100) {
        expected.emplace(a.key.id, b.key.id);
      }
    }
  }
  EXPECT_GT(expected.size(), 100u);
  EXPECT_EQ(Pairs(), expected);
}

TEST_F(DuplicatesTest, AJoinedRequestIsFoundUnderItsMainUntilItIsParted) {
  const Written main = FileAt(kLatitude, kLongitude), joined = FileAt(kLatitude, kLongitude);
  const Written join = Join(joined, main);
  EXPECT_THAT(*JoinedTo(node_.reader(), main.key), ElementsAre(joined.key.id));
  EXPECT_EQ(Root(joined), main.key.id);
  EXPECT_EQ(Root(main), main.key.id);
  node_.Take(siti_.After(join).Clear("duplicate_of"));
  EXPECT_THAT(*JoinedTo(node_.reader(), main.key), IsEmpty());
  EXPECT_EQ(Root(joined), joined.key.id);
}

TEST_F(DuplicatesTest, AChainHasOneRootAndACircleItsSmallestId) {
  const Written a = FileAt(kLatitude, kLongitude), b = FileAt(kLatitude, kLongitude);
  const Written c = FileAt(kLatitude, kLongitude), d = FileAt(kLatitude, kLongitude);
  Join(a, b);
  Join(b, c);
  EXPECT_EQ(Root(a), c.key.id);
  Join(c, b);  // as somebody else did offline
  Join(d, a);
  const RequestId smallest = std::min(b.key.id, c.key.id);
  for (const Written& request : {a, b, c, d}) EXPECT_EQ(Root(request), smallest);
}

TEST_F(DuplicatesTest, WhatIsJoinedToSomethingElseOrToItselfStandsForItself) {
  const Written one = FileAt(kLatitude, kLongitude), gone = FileAt(kLatitude, kLongitude);
  State state = node_.StateOf(one.key);
  const auto joined_to = [&](std::string_view text) {
    state.FindOrAdd("duplicate_of").value = Value::Text(text);
    return *RootOf(node_.reader(), state);
  };
  EXPECT_EQ(joined_to(one.key.id.hex()), one.key.id);
  EXPECT_EQ(joined_to("bukan nomor"), one.key.id);
  EXPECT_EQ(joined_to("019e807aec007c1a9a677d2499cfbd8a"), one.key.id) << "it is not here";
  EXPECT_EQ(joined_to(gone.key.id.hex()), gone.key.id);
  node_.Take(siti_.After(gone).Retract());
  EXPECT_EQ(joined_to(gone.key.id.hex()), one.key.id) << "else both would be hidden";
}

}  // namespace
}  // namespace tikar::sync
