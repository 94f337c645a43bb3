#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <numeric>
#include <string>

#include "clients/fieldsim/plan.h"

namespace tikar::fieldsim {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;

Settings Fleet(uint32_t devices, uint32_t changes, double shared) {
  Settings settings;
  settings.devices = devices;
  settings.changes = changes;
  settings.shared = shared;
  return settings;
}

uint64_t Count(const std::vector<DevicePlan>& plans, Deed deed) {
  uint64_t count = 0;
  for (const DevicePlan& plan : plans) {
    count += static_cast<uint64_t>(std::count(plan.deeds.begin(), plan.deeds.end(), deed));
  }
  return count;
}

TEST(PlanTest, EveryDeviceMakesAsManyChangesAsAskedFor) {
  for (const double shared : {0.0, 0.2, 1.0}) {
    for (const uint32_t changes : {1u, 5u, 50u}) {
      for (const DevicePlan& plan : PlanFleet(Fleet(37, changes, shared), 4)) {
        ASSERT_EQ(plan.seeds + plan.deeds.size(), changes);
        ASSERT_EQ(std::accumulate(plan.outings.begin(), plan.outings.end(), size_t{0}),
                  plan.deeds.size());
        ASSERT_LT(plan.district, 4u);
      }
    }
  }
}

TEST(PlanTest, TheShareOfSharedEditsIsWhatWasAskedFor) {
  EXPECT_EQ(Count(PlanFleet(Fleet(200, 50, 0.2), 20), Deed::kEditShared), 200u * 10);
  EXPECT_EQ(Count(PlanFleet(Fleet(200, 50, 0.0), 20), Deed::kEditShared), 0u);
}

TEST(PlanTest, WhereThereAreSharedEditsThereIsSomethingToShare) {
  const std::vector<DevicePlan> plans = PlanFleet(Fleet(45, 5, 0.2), 4);
  std::map<size_t, uint32_t> seeds, edits;
  for (const DevicePlan& plan : plans) {
    seeds[plan.district] += plan.seeds;
    edits[plan.district] +=
        static_cast<uint32_t>(std::count(plan.deeds.begin(), plan.deeds.end(), Deed::kEditShared));
  }
  for (const auto& [district, count] : edits) {
    EXPECT_GT(count, 0u);
    EXPECT_GT(seeds[district], 0u) << district;
  }
}

TEST(PlanTest, OfflineDecidesHowLongAnOutingIs) {
  Settings settings = Fleet(20, 30, 0.2);
  settings.offline = Offline::kNone;
  for (const DevicePlan& plan : PlanFleet(settings, 2)) EXPECT_THAT(plan.outings, Each(1u));
  settings.offline = Offline::kDays;
  for (const DevicePlan& plan : PlanFleet(settings, 2)) {
    EXPECT_THAT(plan.outings, ElementsAre(plan.deeds.size()));
  }
  settings.offline = Offline::kMixed;
  std::map<uint32_t, int> lengths;
  for (const DevicePlan& plan : PlanFleet(settings, 2)) {
    for (const uint32_t length : plan.outings) ++lengths[length];
  }
  EXPECT_EQ(lengths.begin()->first, 1u);
  EXPECT_EQ(lengths.rbegin()->first, 10u);
}

TEST(PlanTest, ASeedIsAPlan) {
  Settings settings = Fleet(30, 20, 0.3);
  const std::vector<DevicePlan> first = PlanFleet(settings, 3), again = PlanFleet(settings, 3);
  settings.seed = 2;
  const std::vector<DevicePlan> other = PlanFleet(settings, 3);
  bool differs = false;
  for (size_t i = 0; i < first.size(); ++i) {
    EXPECT_EQ(first[i].deeds, again[i].deeds);
    EXPECT_EQ(first[i].outings, again[i].outings);
    EXPECT_EQ(first[i].clock_offset_ms, again[i].clock_offset_ms);
    differs |= first[i].deeds != other[i].deeds;
  }
  EXPECT_TRUE(differs);
}

TEST(PlanTest, SomeClocksAreWrongByMoreThanAStampTolerates) {
  Settings settings = Fleet(1'000, 1, 0);
  settings.wrong_clocks = 0.1;
  int wrong = 0;
  for (const DevicePlan& plan : PlanFleet(settings, 1)) {
    if (plan.clock_offset_ms == 0) continue;
    ++wrong;
    EXPECT_GT(std::llabs(plan.clock_offset_ms), 5 * 60'000);
  }
  EXPECT_GT(wrong, 70);
  EXPECT_LT(wrong, 130);
  settings.wrong_clocks = 0;
  for (const DevicePlan& plan : PlanFleet(settings, 1)) EXPECT_EQ(plan.clock_offset_ms, 0);
}

TEST(ChooseDistrictsTest, TakesThemEvenlyFromAllRegions) {
  std::vector<District> found;
  for (const char* code : {"12.04.01", "12.04.02", "15.01.01", "15.01.02", "15.01.03"}) {
    found.push_back({code, "", std::string(code).substr(0, 5), {}});
  }
  const auto codes = [&](uint32_t devices) {
    std::vector<std::string> chosen;
    for (const District& district : ChooseDistricts(found, devices))
      chosen.push_back(district.code);
    return chosen;
  };
  EXPECT_THAT(codes(1), ElementsAre("12.04.01"));
  EXPECT_THAT(codes(20), ElementsAre("12.04.01", "15.01.01"));
  EXPECT_THAT(codes(30), ElementsAre("12.04.01", "15.01.01", "12.04.02"));
  EXPECT_THAT(codes(5'000),
              ElementsAre("12.04.01", "15.01.01", "12.04.02", "15.01.02", "15.01.03"));
}

}  // namespace
}  // namespace tikar::fieldsim
