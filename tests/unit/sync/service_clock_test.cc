#include "sync/service_clock.h"

#include <gtest/gtest.h>

#include <vector>

#include "office_fixture.h"

namespace tikar::sync {
namespace {

class ServiceClockTest : public OfficeTest {
 protected:
  std::vector<ServiceClock> Clocks(const RequestKey& key) {
    return ServiceClocksOf(node_.StateOf(key), *Office(), calendar_);
  }
};

TEST_F(ServiceClockTest, RunsFromTheStateThatItCountsFromToTheEndOfItsLastWorkingDay) {
  const Written created = node_.Take(File());
  const std::vector<ServiceClock> clocks = Clocks(created.key);
  ASSERT_EQ(clocks.size(), 1u);
  EXPECT_EQ(clocks[0].level->key(), "verifikasi");
  EXPECT_EQ(clocks[0].started_at_ms, kMorningMs + 60'000);
  EXPECT_EQ(clocks[0].due_at_ms, kThreeDaysDueMs);
  EXPECT_TRUE(clocks[0].running());
  EXPECT_FALSE(clocks[0].IsLate(kThreeDaysDueMs - 1));
  EXPECT_TRUE(clocks[0].IsLate(kThreeDaysDueMs));
}

TEST_F(ServiceClockTest, StopsAtTheFirstOfTheStatesThatStopIt) {
  const Written examined = Examined();
  const std::vector<ServiceClock> clocks = Clocks(examined.key);
  ASSERT_EQ(clocks.size(), 2u);
  EXPECT_EQ(clocks[0].stopped_at_ms, kMorningMs + 2 * 60'000);
  EXPECT_FALSE(clocks[0].IsLate(kThreeDaysDueMs + 1)) << "it stopped in time, whatever time it is";
  EXPECT_TRUE(clocks[1].running());
  EXPECT_EQ(clocks[1].due_at_ms, kTenDaysDueMs);
}

TEST_F(ServiceClockTest, ThatStoppedAfterItWasDueStaysLate) {
  node_.now_ms = kThreeDaysDueMs + 30 * kHourMs;
  const Written created = node_.Take(File());
  siti_.AtMinute(6 * 24 * 60);
  node_.now_ms = kMorningMs + 7 * 24 * kHourMs;
  node_.Take(siti_.After(created).Go("diterima", "diperiksa"));
  EXPECT_TRUE(Clocks(created.key)[0].IsLate(0));
}

TEST_F(ServiceClockTest, OfARequestThatEndedOtherwiseStopsThenAndNotAtALaterComment) {
  const Written created = node_.Take(File());
  const Written approved = node_.Take(siti_.After(created).Go("diterima", "disetujui"));
  EXPECT_TRUE(Clocks(created.key)[0].running()) << "a decision does not stop this one";
  Officer head("kantor", "kepala");
  head.AtMinute(10);
  const Written paid = node_.Take(head.After(approved).Go("disetujui", "dibayar"));
  head.AtMinute(600);
  node_.Take(head.After(paid).Comment("terima kasih"));
  EXPECT_EQ(Clocks(created.key)[0].stopped_at_ms, kMorningMs + 11 * 60'000);
  EXPECT_TRUE(RunningLevelsOf(node_.StateOf(created.key), *Office()).empty());
}

TEST_F(ServiceClockTest, OfARetractedRequestStopsAndRunsOnOnceItIsRestored) {
  const Written created = node_.Take(File());
  const Written retracted = node_.Take(siti_.After(created).Retract());
  EXPECT_EQ(Clocks(created.key)[0].stopped_at_ms, kMorningMs + 2 * 60'000);
  node_.Take(siti_.After(retracted).Restore());
  EXPECT_TRUE(Clocks(created.key)[0].running());
}

TEST_F(ServiceClockTest, OfARequestWithoutItsDefinitionOrCreateIsNone) {
  State state;
  state.key = {kKerinci, {}};
  EXPECT_TRUE(ServiceClocksOf(state, *Office(), calendar_).empty());
  EXPECT_TRUE(RunningLevelsOf(state, *Office()).empty());
}

TEST_F(ServiceClockTest, GoesByTheRegionWhereTheAreaIsNoneOfIt) {
  State state;
  state.key = {kKerinci, {}};
  EXPECT_EQ(ClockAreaOf(state), kKerinci);
  state.FindOrAdd("area").value = Value::Text(kTamiai);
  EXPECT_EQ(ClockAreaOf(state), kTamiai);
  state.FindOrAdd("area").value = Value::Text("94.01.01");
  EXPECT_EQ(ClockAreaOf(state), kKerinci);
}

TEST_F(ServiceClockTest, IsShownWithItsLabelAndZeroWhileItRuns) {
  const Written examined = Examined();
  const std::vector<ServiceClock> clocks = Clocks(examined.key);
  const v1::ServiceClock running = ToProto(clocks[1], kTenDaysDueMs);
  EXPECT_EQ(running.key(), "tutup");
  EXPECT_EQ(running.label().id(), "Penutupan");
  EXPECT_EQ(running.stopped_at_ms(), 0);
  EXPECT_TRUE(running.late());
  EXPECT_FALSE(ToProto(clocks[0], kTenDaysDueMs).late());
}

}  // namespace
}  // namespace tikar::sync
