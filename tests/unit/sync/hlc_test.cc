#include "sync/hlc.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <random>

#include "sync/limits.h"

namespace tikar::sync {
namespace {

// 2026-03-02 08:00 in Kerinci (WIB).
constexpr int64_t kMonday = 1'772'413'200'000;
constexpr int64_t kMinute = 60'000;
constexpr int64_t kYear = 365LL * 24 * 60 * kMinute;
constexpr uint64_t kUint64Max = std::numeric_limits<uint64_t>::max();
constexpr int64_t kInt64Max = std::numeric_limits<int64_t>::max();
constexpr int64_t kInt64Min = std::numeric_limits<int64_t>::min();

TEST(PackHlcTest, KeepsMillisecondsAndCounterApart) {
  const uint64_t hlc = PackHlc(kMonday, 7);
  EXPECT_EQ(HlcMs(hlc), kMonday);
  EXPECT_EQ(HlcCounter(hlc), 7);
  EXPECT_EQ(PackHlc(1, 2), 0x0000'0000'0001'0002u);
  EXPECT_LT(PackHlc(kMonday, 0xffff), PackHlc(kMonday + 1, 0));
}

TEST(PackHlcTest, BoundsTimesThatDoNotFit) {
  EXPECT_EQ(PackHlc(-1, 3), 3u);
  EXPECT_EQ(PackHlc(kInt64Min, 0), 0u);
  EXPECT_EQ(PackHlc(kHlcMsMax, 0xffff), kUint64Max);
  EXPECT_EQ(PackHlc(kHlcMsMax + 1, 0xffff), kUint64Max);
  EXPECT_EQ(PackHlc(kInt64Max, 0), PackHlc(kHlcMsMax, 0));
}

TEST(HlcClockTest, FollowsAWallClockThatRuns) {
  HlcClock clock;
  EXPECT_EQ(clock.Now(kMonday), PackHlc(kMonday, 0));
  EXPECT_EQ(clock.Now(kMonday + 5), PackHlc(kMonday + 5, 0));
}

TEST(HlcClockTest, NeverRepeatsWhileTheWallClockStandsStill) {
  constexpr int kReadings = 200'000;  // more than three times what the counter holds
  HlcClock clock;
  uint64_t previous = clock.Now(kMonday);
  for (int i = 1; i < kReadings; ++i) {
    const uint64_t now = clock.Now(kMonday);
    ASSERT_EQ(now, previous + 1) << "reading " << i;
    previous = now;
  }
  EXPECT_EQ(HlcMs(previous), kMonday + 3);
  EXPECT_EQ(previous, PackHlc(kMonday, 0) + kReadings - 1);
}

TEST(HlcClockTest, CarriesIntoTheMillisecondsWhenTheCounterOverflows) {
  HlcClock clock(PackHlc(kMonday, 0xffff));
  EXPECT_EQ(clock.Now(kMonday), PackHlc(kMonday + 1, 0));
  EXPECT_EQ(clock.Now(kMonday + 1), PackHlc(kMonday + 1, 1));
}

TEST(HlcClockTest, GoesOnFromTheLastReadingWhenTheWallClockRunsBack) {
  HlcClock clock;
  uint64_t previous = clock.Now(kMonday);
  for (int64_t wall_ms : {kMonday - 1, kMonday - kYear, int64_t{0}, int64_t{-1}, kInt64Min}) {
    const uint64_t now = clock.Now(wall_ms);
    EXPECT_EQ(now, previous + 1) << "wall clock at " << wall_ms;
    previous = now;
  }
  EXPECT_EQ(clock.Now(kMonday + 1), PackHlc(kMonday + 1, 0));
}

TEST(HlcClockTest, IsStrictlyMonotonicWhateverTheWallClockDoes) {
  constexpr uint32_t kSeed = 20260302;
  SCOPED_TRACE(testing::Message() << "seed " << kSeed);
  std::mt19937_64 random(kSeed);
  HlcClock clock;
  uint64_t previous = 0;
  for (int i = 0; i < 200'000; ++i) {
    const int64_t wall_ms = kMonday + static_cast<int64_t>(random() % 2001) - 1000;
    const uint64_t now = clock.Now(wall_ms);
    ASSERT_GT(now, previous);
    ASSERT_GE(now, PackHlc(wall_ms, 0));
    ASSERT_EQ(clock.last(), now);
    previous = now;
  }
}

TEST(HlcClockTest, ContinuesFromWhatWasPersisted) {
  HlcClock before_crash;
  before_crash.Now(kMonday);
  const uint64_t stamped = before_crash.Now(kMonday);
  HlcClock after_restart(before_crash.last());
  EXPECT_EQ(after_restart.Now(kMonday - kYear), stamped + 1);
}

TEST(HlcClockTest, StaysAtTheLargestTime) {
  HlcClock clock(kUint64Max - 1);
  EXPECT_EQ(clock.Now(kMonday), kUint64Max);
  EXPECT_EQ(clock.Now(kMonday), kUint64Max);
  EXPECT_EQ(HlcClock().Now(kInt64Max), PackHlc(kHlcMsMax, 0));
}

TEST(HlcClockTest, ReadsLaterThanWhatItObserved) {
  HlcClock clock;
  const uint64_t remote = PackHlc(kMonday + 1000, 9);
  EXPECT_TRUE(clock.Observe(remote, kMonday));
  EXPECT_EQ(clock.Now(kMonday), remote + 1);
}

TEST(HlcClockTest, IsNotPulledBackByAnOlderTime) {
  HlcClock clock;
  const uint64_t stamped = clock.Now(kMonday);
  EXPECT_TRUE(clock.Observe(PackHlc(kMonday - kYear, 0), kMonday));
  EXPECT_EQ(clock.last(), stamped);
}

TEST(HlcClockTest, IgnoresATimeTooFarAhead) {
  HlcClock clock;
  const uint64_t stamped = clock.Now(kMonday);
  EXPECT_FALSE(clock.Observe(PackHlc(kMonday + kHlcAheadMsMax + 1, 0), kMonday));
  EXPECT_FALSE(clock.Observe(PackHlc(kMonday + kYear, 0), kMonday));
  EXPECT_FALSE(clock.Observe(kUint64Max, kMonday));
  EXPECT_EQ(clock.last(), stamped);
  EXPECT_TRUE(clock.Observe(PackHlc(kMonday + kHlcAheadMsMax, 0xffff), kMonday));
  EXPECT_EQ(clock.last(), PackHlc(kMonday + kHlcAheadMsMax, 0xffff));
}

TEST(HlcClockTest, ObservesUnderAnyWallClock) {
  EXPECT_FALSE(HlcClock().Observe(PackHlc(kMonday, 0), kInt64Min));
  EXPECT_TRUE(HlcClock().Observe(kUint64Max, kInt64Max));
}

TEST(EffectiveTimeTest, LeavesAnHlcAloneWithinTheTolerance) {
  const uint64_t hlc = PackHlc(kMonday, 5);
  const int64_t later = kMonday + kYear;
  EXPECT_EQ(EffectiveTime(hlc, 0, later), hlc);
  EXPECT_EQ(EffectiveTime(hlc, kClockOffsetToleratedMs, later), hlc);
  EXPECT_EQ(EffectiveTime(hlc, -kClockOffsetToleratedMs, later), hlc);
}

TEST(EffectiveTimeTest, CorrectsAClockThatIsWrong) {
  const int64_t received = kMonday + kYear;
  EXPECT_EQ(EffectiveTime(PackHlc(kMonday, 5), kClockOffsetToleratedMs + 1, received),
            PackHlc(kMonday + kClockOffsetToleratedMs + 1, 5));
  EXPECT_EQ(EffectiveTime(PackHlc(kMonday, 5), -kClockOffsetToleratedMs - 1, received),
            PackHlc(kMonday - kClockOffsetToleratedMs - 1, 5));
}

TEST(EffectiveTimeTest, RanksAPhoneAYearAheadAtItsRealTime) {
  const uint64_t stamped = PackHlc(kMonday + kYear, 0);
  const int64_t received = kMonday + 30 * kMinute;
  EXPECT_EQ(EffectiveTime(stamped, -kYear, received), PackHlc(kMonday, 0));
}

TEST(EffectiveTimeTest, IsNeverLaterThanReceived) {
  EXPECT_EQ(EffectiveTime(PackHlc(kMonday + kMinute, 5), 0, kMonday), PackHlc(kMonday, 0xffff));
  EXPECT_EQ(EffectiveTime(PackHlc(kMonday, 5), kYear, kMonday), PackHlc(kMonday, 0xffff));
  EXPECT_EQ(EffectiveTime(PackHlc(kMonday, 0xffff), 0, kMonday), PackHlc(kMonday, 0xffff));
}

TEST(EffectiveTimeTest, IsTotal) {
  const uint64_t hlc = PackHlc(kMonday, 5);
  EXPECT_EQ(EffectiveTime(hlc, kInt64Min, kInt64Max), PackHlc(0, 5));
  EXPECT_EQ(EffectiveTime(hlc, kInt64Max, kInt64Max), PackHlc(kHlcMsMax, 5));
  EXPECT_EQ(EffectiveTime(kUint64Max, kInt64Max, kInt64Max), kUint64Max);
  EXPECT_EQ(EffectiveTime(0, kInt64Min, kInt64Min), 0u);
  EXPECT_EQ(EffectiveTime(kUint64Max, kInt64Max, kInt64Min), 0xffffu);
  EXPECT_EQ(EffectiveTime(kUint64Max, 0, -1), 0xffffu);
}

}  // namespace
}  // namespace tikar::sync
