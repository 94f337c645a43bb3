#include <gtest/gtest.h>

#include <set>

#include "clients/cpp/backoff.h"
#include "sdk_phone.h"

namespace tikar::client {
namespace {

TEST(Backoff, DoublesFromTheFirstToTheLongest) {
  SeededRandom random(7);
  const BackoffLimits limits{1'000, 60'000};
  int64_t most = 1'000;
  for (int failures = 1; failures < 20; ++failures) {
    for (int i = 0; i < 100; ++i) {
      const int64_t wait = BackoffMs(failures, std::nullopt, limits, random);
      EXPECT_GE(wait, most / 2);
      EXPECT_LE(wait, most);
    }
    most = std::min<int64_t>(most * 2, 60'000);
  }
}

TEST(Backoff, StaysInBoundsAfterAYearOfFailures) {
  SeededRandom random(7);
  EXPECT_LE(BackoffMs(1'000'000, std::nullopt, {}, random), kBackoffLongestMs);
}

TEST(Backoff, ManyPhonesDoNotComeBackAtOnce) {
  std::set<int64_t> waits;
  for (uint64_t phone = 0; phone < 100; ++phone) {
    SeededRandom random(phone);
    waits.insert(BackoffMs(6, std::nullopt, {}, random));
  }
  EXPECT_GT(waits.size(), 90u);
}

TEST(Backoff, NeverSoonerThanTheServerAsked) {
  SeededRandom random(7);
  for (int i = 0; i < 100; ++i) {
    const int64_t wait = BackoffMs(1, 30'000, {}, random);
    EXPECT_GE(wait, 30'000);
    EXPECT_LE(wait, 33'000);
  }
}

TEST(Backoff, OwnWaitCountsWhenItIsLonger) {
  SeededRandom random(7);
  EXPECT_GE(BackoffMs(8, 10, {}, random), 64'000);
}

TEST(Backoff, MistakenServerDoesNotSilenceThePhone) {
  SeededRandom random(7);
  EXPECT_LE(BackoffMs(1, int64_t{1} << 60, {}, random), kRetryDelayMsMax / 10 * 11);
}

}  // namespace
}  // namespace tikar::client
