#include <gtest/gtest.h>

#include <string>

#include "clients/cli/times.h"

namespace tikar::cli {
namespace {

constexpr char kAmerican[] = "%m/%d/%Y %I:%M:%S %p";

std::string InNewYork(const std::string& text) {
  const auto parser = CivilTimeParser::Make(kAmerican, "America/New_York");
  EXPECT_TRUE(parser.ok()) << parser.status();
  const auto time = parser->Parse(text);
  return time.ok() ? IsoTime(*time) : std::string(time.status().message());
}

TEST(CivilTimeParserTest, SummerAndWinterTime) {
  EXPECT_EQ(InNewYork("06/26/2018 11:12:53 AM"), "2018-06-26T15:12:53.000Z");
  EXPECT_EQ(InNewYork("12/21/2018 12:00:00 AM"), "2018-12-21T05:00:00.000Z");
  EXPECT_EQ(InNewYork("12/21/2018 12:00:00 PM"), "2018-12-21T17:00:00.000Z");
}

// 2019-03-10 02:00 EST became 03:00 EDT.
TEST(CivilTimeParserTest, ASkippedTimeIsMovedForward) {
  EXPECT_EQ(InNewYork("03/10/2019 01:59:59 AM"), "2019-03-10T06:59:59.000Z");
  EXPECT_EQ(InNewYork("03/10/2019 02:30:00 AM"), "2019-03-10T07:30:00.000Z");
  EXPECT_EQ(InNewYork("03/10/2019 03:30:00 AM"), "2019-03-10T07:30:00.000Z");
}

// 2018-11-04 02:00 EDT became 01:00 EST.
TEST(CivilTimeParserTest, OfATimeThatCameTwiceTheFirstIsMeant) {
  EXPECT_EQ(InNewYork("11/04/2018 01:30:00 AM"), "2018-11-04T05:30:00.000Z");
  EXPECT_EQ(InNewYork("11/04/2018 02:30:00 AM"), "2018-11-04T07:30:00.000Z");
}

TEST(CivilTimeParserTest, RefusesDaysThatDoNotExistAndTextThatGoesOn) {
  const auto parser = CivilTimeParser::Make(kAmerican, "Asia/Jakarta");
  ASSERT_TRUE(parser.ok());
  for (const char* text :
       {"02/30/2018 01:00:00 AM", "13/01/2018 01:00:00 AM", "06/26/2018 11:12:53 AM WIB",
        "06/26/2018", "", "2018-06-26T11:12:53Z"}) {
    EXPECT_EQ(parser->Parse(text).status().code(), absl::StatusCode::kInvalidArgument) << text;
  }
  EXPECT_EQ(IsoTime(*parser->Parse("06/26/2018 07:00:00 AM")), "2018-06-26T00:00:00.000Z");
  EXPECT_EQ(IsoDate(*parser->ParseDate("06/26/2018 01:00:00 AM")), "2018-06-26");
}

TEST(CivilTimeParserTest, RefusesAZoneThatNobodyKnows) {
  EXPECT_EQ(CivilTimeParser::Make(kAmerican, "Asia/Sungai_Penuh").status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(IsoTest, DatesAndTimesBeforeTheEpochAndFarAway) {
  EXPECT_EQ(IsoTime(-1), "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(IsoDate(-719162), "0001-01-01");
  EXPECT_EQ(IsoDate(11016), "2000-02-29");
  for (int32_t days = -800000; days < 800000; days += 997) {
    const std::string text = IsoDate(days);
    if (text.size() != 10 || text[0] == '-') continue;
    EXPECT_EQ(ParseIsoDate(text), days) << text;
  }
}

TEST(AboutDurationTest, PicksTheUnit) {
  EXPECT_EQ(AboutDuration(absl::Seconds(59)), "59 s");
  EXPECT_EQ(AboutDuration(absl::Minutes(-61)), "1 h");
  EXPECT_EQ(AboutDuration(absl::Hours(24 * 365)), "365 d");
}

TEST(AboutDurationTest, SpeaksIndonesian) {
  EXPECT_EQ(AboutDuration(absl::Minutes(3), Language::kIndonesian), "3 mnt");
  EXPECT_EQ(AboutDuration(absl::Hours(5), Language::kIndonesian), "5 jam");
  EXPECT_EQ(AboutDuration(absl::Hours(24 * 12), Language::kIndonesian), "12 hari");
}

TEST(AboutDurationTest, RoundsToTheNearest) {
  EXPECT_EQ(AboutDuration(absl::Hours(24 * 365) - absl::Seconds(3)), "365 d");
  EXPECT_EQ(AboutDuration(absl::Minutes(-95)), "2 h");
  EXPECT_EQ(AboutDuration(absl::Milliseconds(59'600)), "1 min");
  EXPECT_EQ(AboutDuration(absl::Hours(48) - absl::Seconds(1)), "2 d");
}

TEST(ParseMomentTest, ADayAloneIsItsBeginOrItsEnd) {
  const int64_t begin = *ParseMoment("2026-01-31", DayPart::kBegin);
  EXPECT_EQ(begin, ParseTime("2026-01-31 00:00"));
  EXPECT_EQ(*ParseMoment("2026-01-31", DayPart::kEnd),
            *ParseMoment("2026-02-01", DayPart::kBegin) - 1);
}

TEST(ParseMomentTest, ATimeIsMeantAsItStands) {
  for (const DayPart day : {DayPart::kBegin, DayPart::kEnd}) {
    EXPECT_EQ(IsoTime(*ParseMoment("2026-01-31T10:00:00Z", day)), "2026-01-31T10:00:00.000Z");
    EXPECT_EQ(*ParseMoment("", day), 0);
    EXPECT_EQ(ParseMoment("kemarin", day).status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_FALSE(ParseMoment("2026-02-30", day).ok());
  }
}

}  // namespace
}  // namespace tikar::cli
