#include <gtest/gtest.h>

#include <optional>

#include "clients/field/clock_offset.h"

namespace tikar::field {
namespace {

TEST(ClockOffset, ReadsEachUnitAndBothSigns) {
  EXPECT_EQ(ParseClockOffset("+365d"), int64_t{365} * 24 * 3'600'000);
  EXPECT_EQ(ParseClockOffset("-2h"), -7'200'000);
  EXPECT_EQ(ParseClockOffset("90m"), 5'400'000);
  EXPECT_EQ(ParseClockOffset("+5s"), 5'000);
  EXPECT_EQ(ParseClockOffset("-250ms"), -250);
  EXPECT_EQ(ParseClockOffset("0s"), 0);
}

TEST(ClockOffset, TakesNothingElse) {
  for (const char* text : {"", "+", "d", "365", "+1y", "1 d", "++5m", "+-5m", "1.5h", "5M", "1d2h",
                           "99999999999999999999s"}) {
    EXPECT_EQ(ParseClockOffset(text), std::nullopt) << text;
  }
}

TEST(ClockOffset, EndsAtAHundredYears) {
  EXPECT_TRUE(ParseClockOffset("36525d").has_value());
  EXPECT_EQ(ParseClockOffset("36526d"), std::nullopt);
  // A product beyond 64 bits is refused, not wrapped.
  EXPECT_EQ(ParseClockOffset("9223372036854775807d"), std::nullopt);
}

TEST(ClockOffset, MovesTheClockOfTheSystem) {
  OffsetClock ahead(86'400'000);
  const int64_t before = client::SystemClock().NowMs();
  const int64_t reading = ahead.NowMs();
  const int64_t after = client::SystemClock().NowMs();
  EXPECT_GE(reading, before + 86'400'000);
  EXPECT_LE(reading, after + 86'400'000);
}

}  // namespace
}  // namespace tikar::field
