#include "sync/working_days.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <functional>
#include <map>
#include <random>
#include <set>
#include <sstream>
#include <string>
#include <tuple>

#include "sync/feed.h"

namespace tikar::sync {
namespace {

using ::testing::HasSubstr;

constexpr int64_t kHourMs = 3'600'000;
constexpr int64_t kDayMs = 24 * kHourMs;

const std::string kKerinci = "15.01.06";
const std::string kBuleleng = "51.08.01";
const std::string kJayapura = "91.03.01";

v1::HolidayCalendar ReadCatalog() {
  std::ifstream file(TIKAR_SOURCE_DIR "/catalog/calendars/indonesia.textproto");
  std::stringstream text;
  text << file.rdbuf();
  v1::HolidayCalendar proto;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text.str(), &proto));
  return proto;
}

v1::HolidayCalendar WithGalungan() {
  v1::HolidayCalendar proto = ReadCatalog();
  v1::Holiday& galungan = *proto.add_holidays();
  galungan.set_date("2026-06-17");
  galungan.set_kind(v1::HOLIDAY_KIND_HOLIDAY);
  galungan.mutable_name()->set_id("Hari Raya Galungan");
  galungan.mutable_name()->set_en("Galungan");
  galungan.add_areas("51");
  return proto;
}

WorkingCalendar Calendar(const v1::HolidayCalendar& proto) {
  absl::StatusOr<WorkingCalendar> calendar = WorkingCalendar::Make(proto);
  EXPECT_TRUE(calendar.ok()) << calendar.status();
  return *std::move(calendar);
}

// Hours and minutes in the area's own zone.
int64_t At(const CivilDate& date, int hour, int minute, const std::string& area) {
  return DayOfDate(date) * kDayMs + hour * kHourMs + minute * 60'000 - OffsetMs(ZoneOfArea(area));
}

// The midnight that ends a day.
int64_t EndOf(const CivilDate& date, const std::string& area) { return At(date, 24, 0, area); }

TEST(ZoneTest, FollowsTheProvince) {
  const std::map<std::string, std::string> zones = {
      {"11", "WIB"},  {"12.04", "WIB"}, {"21.71", "WIB"},  {"31.71", "WIB"}, {"36", "WIB"},
      {"61", "WIB"},  {"62.71", "WIB"}, {"51.71", "WITA"}, {"52", "WITA"},   {"53.01", "WITA"},
      {"63", "WITA"}, {"64", "WITA"},   {"65", "WITA"},    {"71", "WITA"},   {"76.04.01", "WITA"},
      {"81", "WIT"},  {"82", "WIT"},    {"91.03", "WIT"},  {"92", "WIT"},    {"96", "WIT"}};
  for (const auto& [area, zone] : zones) EXPECT_EQ(ZoneName(ZoneOfArea(area)), zone) << area;
  EXPECT_EQ(OffsetMs(Zone::kWib), 7 * kHourMs);
  EXPECT_EQ(OffsetMs(Zone::kWita), 8 * kHourMs);
  EXPECT_EQ(OffsetMs(Zone::kWit), 9 * kHourMs);
}

// The area table names every province; a new one must be put into a zone here first.
TEST(ZoneTest, KnowsEveryProvinceOfTheCatalog) {
  const std::map<std::string, int> provinces_in_zone = {{"WIB", 18}, {"WITA", 12}, {"WIT", 8}};
  std::map<std::string, int> counted;
  std::ifstream file(TIKAR_SOURCE_DIR "/catalog/areas/provinces.csv");
  std::string line;
  std::getline(file, line);
  while (std::getline(file, line)) {
    ++counted[std::string(ZoneName(ZoneOfArea(line.substr(0, line.find(',')))))];
  }
  EXPECT_EQ(counted, provinces_in_zone);
}

TEST(CivilDateTest, CountsEveryDayOfFourCenturies) {
  CivilDate date{1969, 12, 31};
  for (int64_t day = -1; day < 400 * 366; ++day) {
    ASSERT_EQ(DateOfDay(day), date) << day;
    ASSERT_EQ(DayOfDate(date), day);
    const bool leap = date.year % 4 == 0 && (date.year % 100 != 0 || date.year % 400 == 0);
    constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (date.day < kDays[date.month - 1] + (date.month == 2 && leap)) {
      ++date.day;
    } else {
      date.day = 1;
      date.year += date.month == 12;
      date.month = date.month % 12 + 1;
    }
  }
}

TEST(WorkingCalendarTest, CatalogHoldsTheDecreesOfThreeYears) {
  const v1::HolidayCalendar proto = ReadCatalog();
  const WorkingCalendar calendar = Calendar(proto);
  EXPECT_TRUE(calendar.CoversYear(2024));
  EXPECT_TRUE(calendar.CoversYear(2025));
  EXPECT_TRUE(calendar.CoversYear(2026));
  EXPECT_FALSE(calendar.CoversYear(2027));
  std::map<std::pair<std::string, v1::HolidayKind>, int> counts;
  for (const v1::Holiday& holiday : proto.holidays()) {
    ++counts[{holiday.date().substr(0, 4), holiday.kind()}];
  }
  // 17 holidays in each decree; two polling days in 2024; one more day of joint leave in August
  // 2025.
  EXPECT_EQ((counts[{"2024", v1::HOLIDAY_KIND_HOLIDAY}]), 17 + 2);
  EXPECT_EQ((counts[{"2024", v1::HOLIDAY_KIND_JOINT_LEAVE}]), 10);
  EXPECT_EQ((counts[{"2025", v1::HOLIDAY_KIND_HOLIDAY}]), 17);
  EXPECT_EQ((counts[{"2025", v1::HOLIDAY_KIND_JOINT_LEAVE}]), 10 + 1);
  EXPECT_EQ((counts[{"2026", v1::HOLIDAY_KIND_HOLIDAY}]), 17);
  EXPECT_EQ((counts[{"2026", v1::HOLIDAY_KIND_JOINT_LEAVE}]), 8);
  // Joint leave is given to lengthen a holiday: never on a weekend.
  for (const v1::Holiday& holiday : proto.holidays()) {
    if (holiday.kind() != v1::HOLIDAY_KIND_JOINT_LEAVE) continue;
    const CivilDate date{std::stoi(holiday.date().substr(0, 4)),
                         std::stoi(holiday.date().substr(5, 2)),
                         std::stoi(holiday.date().substr(8, 2))};
    EXPECT_LT((DayOfDate(date) + 3) % 7, 5) << holiday.date();
  }
}

TEST(DeadlineTest, ThreeWorkingDaysOfAComplaintTakenOnTuesday) {
  const WorkingCalendar calendar = Calendar(ReadCatalog());
  EXPECT_EQ(calendar.Deadline(At({2026, 7, 7}, 9, 30, kKerinci), 3, kKerinci),
            EndOf({2026, 7, 10}, kKerinci));
}

TEST(DeadlineTest, WeekendsDoNotCount) {
  const WorkingCalendar calendar = Calendar(ReadCatalog());
  const int64_t due = EndOf({2026, 7, 15}, kKerinci);                                  // Wednesday
  EXPECT_EQ(calendar.Deadline(At({2026, 7, 10}, 16, 0, kKerinci), 3, kKerinci), due);  // Friday
  EXPECT_EQ(calendar.Deadline(At({2026, 7, 11}, 0, 0, kKerinci), 3, kKerinci), due);
  EXPECT_EQ(calendar.Deadline(At({2026, 7, 12}, 23, 59, kKerinci), 3, kKerinci), due);  // Sunday
}

TEST(DeadlineTest, EidWithItsJointLeaveTakesAWholeWeek) {
  const WorkingCalendar calendar = Calendar(ReadCatalog());
  // Wednesday 18 to Tuesday 24 March 2026 are closed: Nyepi, Eid al-Fitr, joint leave, a weekend.
  EXPECT_EQ(calendar.Deadline(At({2026, 3, 17}, 10, 0, kKerinci), 1, kKerinci),
            EndOf({2026, 3, 25}, kKerinci));
  // Taken in the middle of it.
  EXPECT_EQ(calendar.Deadline(At({2026, 3, 21}, 10, 0, kKerinci), 2, kKerinci),
            EndOf({2026, 3, 26}, kKerinci));
}

TEST(DeadlineTest, EachZoneHasItsOwnMidnight) {
  const WorkingCalendar calendar = Calendar(ReadCatalog());
  // 15:30 UTC on Monday is 22:30 in Kerinci, 23:30 in Buleleng, and Tuesday in Jayapura.
  const int64_t taken = DayOfDate({2026, 7, 6}) * kDayMs + 15 * kHourMs + kHourMs / 2;
  EXPECT_EQ(calendar.Deadline(taken, 1, kKerinci), DayOfDate({2026, 7, 7}) * kDayMs + 17 * kHourMs);
  EXPECT_EQ(calendar.Deadline(taken, 1, kBuleleng),
            DayOfDate({2026, 7, 7}) * kDayMs + 16 * kHourMs);
  EXPECT_EQ(calendar.Deadline(taken, 1, kJayapura),
            DayOfDate({2026, 7, 8}) * kDayMs + 15 * kHourMs);
}

TEST(DeadlineTest, ARegionalHolidayHoldsInItsAreasOnly) {
  const WorkingCalendar calendar = Calendar(WithGalungan());
  // Tuesday 16 June is the Islamic new year everywhere, Wednesday 17 Galungan in Bali.
  EXPECT_EQ(calendar.Deadline(At({2026, 6, 15}, 9, 0, kKerinci), 1, kKerinci),
            EndOf({2026, 6, 17}, kKerinci));
  EXPECT_EQ(calendar.Deadline(At({2026, 6, 15}, 9, 0, kBuleleng), 1, kBuleleng),
            EndOf({2026, 6, 18}, kBuleleng));
}

TEST(DeadlineTest, AYearWithoutDecreeKnowsTheFixedHolidaysAndSaysSo) {
  const WorkingCalendar calendar = Calendar(ReadCatalog());
  // 1 January 2027 is a Friday.
  const int64_t taken = At({2026, 12, 30}, 9, 0, kKerinci);
  const int64_t due = calendar.Deadline(taken, 2, kKerinci);
  EXPECT_EQ(due, EndOf({2027, 1, 4}, kKerinci));
  EXPECT_FALSE(calendar.Covers(taken, due, kKerinci));
  EXPECT_FALSE(calendar.Covers(due, taken, kKerinci));
  EXPECT_TRUE(calendar.Covers(taken, At({2026, 12, 31}, 23, 59, kKerinci), kKerinci));
  // Already next year in Papua.
  EXPECT_FALSE(calendar.Covers(taken, At({2026, 12, 31}, 23, 59, kKerinci), kJayapura));
  EXPECT_FALSE(calendar.Covers(At({2023, 12, 31}, 9, 0, kKerinci), taken, kKerinci));
  // Eid of 2027 (10 March) is not decreed: the day still counts.
  EXPECT_TRUE(calendar.IsWorkingDay(DayOfDate({2027, 3, 10}), kKerinci));
  EXPECT_FALSE(calendar.IsWorkingDay(DayOfDate({2027, 6, 1}), kKerinci));
}

TEST(DeadlineTest, NoDaysEndWithTheDayOfTheStart) {
  const WorkingCalendar calendar = Calendar(ReadCatalog());
  EXPECT_EQ(calendar.Deadline(At({2026, 8, 17}, 9, 0, kKerinci), 0, kKerinci),
            EndOf({2026, 8, 17}, kKerinci));
}

TEST(DeadlineTest, InstantsAndCountsOutOfReasonAreBounded) {
  const WorkingCalendar calendar = Calendar(ReadCatalog());
  EXPECT_EQ(calendar.Deadline(INT64_MIN, 1, kKerinci), calendar.Deadline(0, 1, kKerinci));
  EXPECT_GT(calendar.Deadline(INT64_MAX, 1, kKerinci), calendar.Deadline(0, 1, kKerinci));
  EXPECT_EQ(calendar.Deadline(0, UINT32_MAX, kKerinci),
            calendar.Deadline(0, kWorkingDaysMax, kKerinci));
}

// --- against a reference that looks at one day after the other and shares no arithmetic

class SlowCalendar {
 public:
  explicit SlowCalendar(const v1::HolidayCalendar& proto) : proto_(proto) {
    for (const v1::CalendarYear& year : proto.years()) years_.insert(static_cast<int>(year.year()));
  }

  bool IsWorkingDay(int64_t day, const std::string& area) const {
    // 1970-01-03 was the first Saturday.
    if (day % 7 == 2 || day % 7 == 3) return false;
    const auto [year, text] = Date(day);
    if (!years_.contains(year)) {
      const std::string in_year = text.substr(5);
      return in_year != "01-01" && in_year != "05-01" && in_year != "06-01" && in_year != "08-17" &&
             in_year != "12-25";
    }
    for (const v1::Holiday& holiday : proto_.holidays()) {
      if (holiday.date() != text) continue;
      if (holiday.areas().empty()) return false;
      for (const std::string& prefix : holiday.areas()) {
        if (area == prefix || area.rfind(prefix + ".", 0) == 0) return false;
      }
    }
    return true;
  }

  int64_t Deadline(int64_t start_ms, int working_days, const std::string& area) const {
    int64_t end = NextMidnight(start_ms, area);
    for (int left = working_days; left > 0; end += kDayMs) {
      // The day that begins at `end`.
      if (IsWorkingDay((end + Offset(area)) / kDayMs, area)) --left;
    }
    return end;
  }

  int64_t Between(int64_t start_ms, int64_t end_ms, const std::string& area) const {
    int64_t count = 0;
    for (int64_t day = NextMidnight(start_ms, area); day <= end_ms; day += kDayMs) {
      count += IsWorkingDay((day + Offset(area)) / kDayMs, area);
    }
    return count;
  }

 private:
  static int64_t Offset(const std::string& area) {
    return (area[0] == '1' ? 7 : area[0] == '5' ? 8 : 9) * kHourMs;
  }
  static int64_t NextMidnight(int64_t at_ms, const std::string& area) {
    return ((at_ms + Offset(area)) / kDayMs + 1) * kDayMs - Offset(area);
  }
  // Year and "2026-03-19", by walking through the years and months.
  static std::pair<int, std::string> Date(int64_t day) {
    int year = 1970, month = 1;
    const auto leap = [&] { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); };
    while (day >= (leap() ? 366 : 365)) day -= leap() ? 366 : 365, ++year;
    constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const auto days = [&] { return kDays[month - 1] + (month == 2 && leap()); };
    while (day >= days()) day -= days(), ++month;
    char text[32];
    std::snprintf(text, sizeof text, "%04d-%02d-%02d", year, month, static_cast<int>(day + 1));
    return {year, text};
  }

  const v1::HolidayCalendar proto_;
  std::set<int> years_;
};

TEST(WorkingDaysPropertyTest, EqualsTheDayByDayReference) {
  const v1::HolidayCalendar proto = WithGalungan();
  const WorkingCalendar calendar = Calendar(proto);
  const SlowCalendar slow(proto);
  std::mt19937_64 random(20260322);
  // From 2022 to 2029: two years before the decrees, three after.
  const int64_t first = DayOfDate({2022, 1, 1}) * kDayMs, last = DayOfDate({2029, 1, 1}) * kDayMs;
  std::uniform_int_distribution<int64_t> instant(first, last);
  const std::string areas[] = {kKerinci, kBuleleng, kJayapura};
  int on_closed_days = 0, not_covered = 0;
  for (int i = 0; i < 2'000; ++i) {
    const std::string& area = areas[i % 3];
    int64_t start = instant(random);
    // Every tenth on a midnight or beside it.
    if (i % 10 == 0) start = EndOf(DateOfDay(DayOfInstant(start, area)), area) - (i / 10) % 2;
    const int days = static_cast<int>(random() % (i % 20 == 0 ? 300 : 15));
    SCOPED_TRACE(testing::Message() << start << " + " << days << " in " << area);
    const int64_t due = calendar.Deadline(start, static_cast<uint32_t>(days), area);
    ASSERT_EQ(due, slow.Deadline(start, days, area));
    // The last instant in time is so many working days away, and the first late one is not closer.
    ASSERT_EQ(calendar.WorkingDaysBetween(start, due - 1, area), days);
    ASSERT_GE(calendar.WorkingDaysBetween(start, due, area), days);
    const int64_t end = instant(random) / 400 + start / 400 * 399;
    const int64_t between =
        end < start ? -slow.Between(end, start, area) : slow.Between(start, end, area);
    ASSERT_EQ(calendar.WorkingDaysBetween(start, end, area), between);
    ASSERT_EQ(calendar.WorkingDaysBetween(end, start, area), -between);
    on_closed_days += !calendar.IsWorkingDay(DayOfInstant(start, area), area);
    not_covered += !calendar.Covers(start, due, area);
  }
  EXPECT_GT(on_closed_days, 400);
  EXPECT_GT(not_covered, 400);
}

TEST(WorkingDaysPropertyTest, EqualsTheReferenceOnEveryDayOfTheDecrees) {
  const v1::HolidayCalendar proto = WithGalungan();
  const WorkingCalendar calendar = Calendar(proto);
  const SlowCalendar slow(proto);
  for (const std::string& area : {kKerinci, kBuleleng, kJayapura}) {
    for (int64_t day = DayOfDate({2023, 12, 1}); day < DayOfDate({2027, 2, 1}); ++day) {
      ASSERT_EQ(calendar.IsWorkingDay(day, area), slow.IsWorkingDay(day, area))
          << area << " " << day;
    }
  }
}

// --- what Make refuses

struct Fault {
  std::string name;
  std::function<void(v1::HolidayCalendar*)> plant;
  std::string said;
};

class MakeTest : public testing::TestWithParam<Fault> {};

TEST_P(MakeTest, NamesWhatIsWrong) {
  v1::HolidayCalendar proto = WithGalungan();
  ASSERT_TRUE(WorkingCalendar::Make(proto).ok());
  GetParam().plant(&proto);
  const absl::StatusOr<WorkingCalendar> calendar = WorkingCalendar::Make(proto);
  ASSERT_EQ(calendar.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(calendar.status().message()), HasSubstr(GetParam().said));
}

INSTANTIATE_TEST_SUITE_P(
    Faults, MakeTest,
    testing::Values(
        Fault{"Version", [](auto* c) { c->set_version(0); }, "version"},
        Fault{"NoDate", [](auto* c) { c->mutable_holidays(0)->set_date("17 Agustus"); },
              "\"17 Agustus\" is no date"},
        Fault{"NoSuchDay", [](auto* c) { c->mutable_holidays(0)->set_date("2026-02-29"); },
              "\"2026-02-29\" is no date"},
        Fault{"NoSuchMonth", [](auto* c) { c->mutable_holidays(0)->set_date("2026-13-01"); },
              "\"2026-13-01\" is no date"},
        Fault{"Year", [](auto* c) { c->mutable_holidays(0)->set_date("2027-03-10"); },
              "2027-03-10 is in a year that is not listed"},
        Fault{"YearTwice", [](auto* c) { *c->add_years() = c->years(0); }, "2024 is there twice"},
        Fault{"YearWithoutDecree", [](auto* c) { c->mutable_years(0)->clear_source(); },
              "2024 names no decree"},
        Fault{"Language", [](auto* c) { c->mutable_holidays(0)->mutable_name()->clear_en(); },
              "Indonesian and in English"},
        Fault{"Kind", [](auto* c) { c->mutable_holidays(0)->clear_kind(); },
              "neither a holiday nor joint leave"},
        Fault{"Area", [](auto* c) { c->mutable_holidays(0)->add_areas("Bali"); },
              "\"Bali\" is no area code"},
        Fault{"Twice", [](auto* c) { *c->add_holidays() = c->holidays(3); }, "is there twice"},
        Fault{"TwiceInOnePart",
              [](auto* c) {
                *c->add_holidays() = c->holidays(c->holidays_size() - 1);
                c->mutable_holidays(c->holidays_size() - 1)->set_areas(0, "51.08");
              },
              "2026-06-17 is there twice"}),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace tikar::sync
