#include "sync/working_days.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <optional>
#include <set>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "sync/feed.h"
#include "sync/types.h"

namespace tikar::sync {
namespace {

constexpr int64_t kHourMs = 3'600'000;
constexpr int64_t kDayMs = 24 * kHourMs;
// 9999-12-31T23:59:59.999Z
constexpr int64_t kInstantMax = 253'402'300'799'999;

struct MonthAndDay {
  int month;
  int day;
};
// Keputusan Presiden 8/2024: the holidays of the sun's year that do not move.
constexpr std::array<MonthAndDay, 5> kFixedHolidays = {{{1, 1}, {5, 1}, {6, 1}, {8, 17}, {12, 25}}};

// Provinces by their Kemendagri code. All others are in WIB.
constexpr std::array<std::string_view, 12> kWitaProvinces = {"51", "52", "53", "63", "64", "65",
                                                             "71", "72", "73", "74", "75", "76"};
constexpr std::array<std::string_view, 8> kWitProvinces = {"81", "82", "91", "92",
                                                           "93", "94", "95", "96"};

int64_t ClampInstant(int64_t at_ms) { return std::clamp<int64_t>(at_ms, 0, kInstantMax); }

// 0 Monday to 6 Sunday. Days are never before 1970, but the day before it has a weekday too.
int WeekdayOfDay(int64_t day) {
  const int64_t since_monday = (day + 3) % 7;  // 1970-01-01 was a Thursday
  return static_cast<int>(since_monday < 0 ? since_monday + 7 : since_monday);
}

bool IsWeekday(int64_t day) { return WeekdayOfDay(day) < 5; }

// Days from Monday to Friday in (after, last].
int64_t CountWeekdays(int64_t after, int64_t last) {
  // Of all days from the Monday before 1970 up to and with `day`.
  const auto up_to = [](int64_t day) {
    const int64_t days = day + 4;
    return days / 7 * 5 + std::min<int64_t>(days % 7, 5);
  };
  return up_to(last) - up_to(after);
}

bool IsFixedHoliday(const CivilDate& date) {
  return std::any_of(kFixedHolidays.begin(), kFixedHolidays.end(), [&](const MonthAndDay& fixed) {
    return fixed.month == date.month && fixed.day == date.day;
  });
}

// "2026-03-19"; nullopt: no such day.
std::optional<CivilDate> ParseDate(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  const auto number = [&](size_t begin, size_t length) {
    int value = -1;
    const char* end = text.data() + begin + length;
    const auto [rest, error] = std::from_chars(text.data() + begin, end, value);
    return error == std::errc() && rest == end ? value : -1;
  };
  const CivilDate date{number(0, 4), number(5, 2), number(8, 2)};
  if (date.year < 1970 || date.month < 1 || date.month > 12 || date.day < 1) return std::nullopt;
  // A day that the month does not have comes back as one of the next.
  if (date.day > 31 || DateOfDay(DayOfDate(date)) != date) return std::nullopt;
  return date;
}

bool HoldsIn(std::string_view area, const std::vector<std::string>& prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(),
                     [&](const std::string& prefix) { return AreaWithin(area, prefix); });
}

bool Overlap(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  if (a.empty() || b.empty()) return true;
  return std::any_of(a.begin(), a.end(),
                     [&](const std::string& area) { return HoldsIn(area, b); }) ||
         std::any_of(b.begin(), b.end(), [&](const std::string& area) { return HoldsIn(area, a); });
}

}  // namespace

Zone ZoneOfArea(std::string_view area) {
  const std::string_view province = area.substr(0, area.find('.'));
  const auto among = [&](const auto& provinces) {
    return std::find(provinces.begin(), provinces.end(), province) != provinces.end();
  };
  if (among(kWitaProvinces)) return Zone::kWita;
  if (among(kWitProvinces)) return Zone::kWit;
  return Zone::kWib;
}

int64_t OffsetMs(Zone zone) {
  switch (zone) {
    case Zone::kWib:
      break;
    case Zone::kWita:
      return 8 * kHourMs;
    case Zone::kWit:
      return 9 * kHourMs;
  }
  return 7 * kHourMs;
}

std::string_view ZoneName(Zone zone) {
  switch (zone) {
    case Zone::kWib:
      break;
    case Zone::kWita:
      return "WITA";
    case Zone::kWit:
      return "WIT";
  }
  return "WIB";
}

// Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms": years begin in March, so that the
// leap day is the last one.
int64_t DayOfDate(const CivilDate& date) {
  const int64_t year = date.year - (date.month <= 2 ? 1 : 0);
  const int64_t era = (year >= 0 ? year : year - 399) / 400;
  const int64_t year_of_era = year - era * 400;
  const int64_t month = date.month + (date.month > 2 ? -3 : 9);
  const int64_t day_of_year = (153 * month + 2) / 5 + date.day - 1;
  const int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146'097 + day_of_era - 719'468;
}

CivilDate DateOfDay(int64_t day) {
  day += 719'468;
  const int64_t era = (day >= 0 ? day : day - 146'096) / 146'097;
  const int64_t day_of_era = day - era * 146'097;
  const int64_t year_of_era =
      (day_of_era - day_of_era / 1'460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const int64_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int64_t month = (5 * day_of_year + 2) / 153;
  CivilDate date;
  date.day = static_cast<int>(day_of_year - (153 * month + 2) / 5 + 1);
  date.month = static_cast<int>(month < 10 ? month + 3 : month - 9);
  date.year = static_cast<int>(year_of_era + era * 400 + (date.month <= 2 ? 1 : 0));
  return date;
}

int64_t DayOfInstant(int64_t at_ms, std::string_view area) {
  return (ClampInstant(at_ms) + OffsetMs(ZoneOfArea(area))) / kDayMs;
}

absl::StatusOr<WorkingCalendar> WorkingCalendar::Make(const v1::HolidayCalendar& proto) {
  const auto wrong = [](const auto&... what) {
    return absl::InvalidArgumentError(absl::StrCat("holiday calendar: ", what...));
  };
  if (proto.version() == 0) return wrong("needs a version from 1 on");
  WorkingCalendar calendar;
  calendar.version_ = proto.version();
  std::set<int> years;
  for (const v1::CalendarYear& year : proto.years()) {
    if (year.year() < 1970 || year.year() > 9999) return wrong("year ", year.year(), " is none");
    if (year.source().empty()) return wrong("year ", year.year(), " names no decree");
    if (!years.insert(static_cast<int>(year.year())).second) {
      return wrong("year ", year.year(), " is there twice");
    }
  }
  calendar.years_.assign(years.begin(), years.end());

  std::map<int64_t, std::vector<std::vector<std::string>>> areas_of_day;
  for (const v1::Holiday& holiday : proto.holidays()) {
    const std::string& text = holiday.date();
    const std::optional<CivilDate> date = ParseDate(text);
    if (!date) return wrong("\"", text, "\" is no date such as 2026-08-17");
    if (!years.contains(date->year)) return wrong(text, " is in a year that is not listed");
    if (holiday.name().id().empty() || holiday.name().en().empty()) {
      return wrong(text, " needs a name in Indonesian and in English");
    }
    if (holiday.kind() != v1::HOLIDAY_KIND_HOLIDAY &&
        holiday.kind() != v1::HOLIDAY_KIND_JOINT_LEAVE) {
      return wrong(text, " is neither a holiday nor joint leave");
    }
    std::vector<std::string> areas(holiday.areas().begin(), holiday.areas().end());
    for (const std::string& area : areas) {
      if (!IsAreaPrefix(area)) return wrong(text, ": \"", area, "\" is no area code such as 51.03");
    }
    const int64_t day = DayOfDate(*date);
    std::vector<std::vector<std::string>>& others = areas_of_day[day];
    for (const std::vector<std::string>& other : others) {
      if (Overlap(areas, other)) return wrong(text, " is there twice");
    }
    others.push_back(areas);
    if (!IsWeekday(day)) continue;
    if (areas.empty()) {
      calendar.national_.push_back(day);
    } else {
      calendar.regional_.push_back({day, std::move(areas)});
    }
  }
  std::sort(calendar.national_.begin(), calendar.national_.end());
  std::sort(calendar.regional_.begin(), calendar.regional_.end(),
            [](const Regional& a, const Regional& b) { return a.day < b.day; });
  return calendar;
}

bool WorkingCalendar::CoversYear(int year) const {
  return std::binary_search(years_.begin(), years_.end(), year);
}

bool WorkingCalendar::Covers(int64_t start_ms, int64_t end_ms, std::string_view area) const {
  if (end_ms < start_ms) std::swap(start_ms, end_ms);
  const int first = DateOfDay(DayOfInstant(start_ms, area)).year;
  const int last = DateOfDay(DayOfInstant(end_ms, area)).year;
  for (int year = first; year <= last; ++year) {
    if (!CoversYear(year)) return false;
  }
  return true;
}

bool WorkingCalendar::IsHoliday(int64_t day, std::string_view area) const {
  const CivilDate date = DateOfDay(day);
  if (!CoversYear(date.year)) return IsFixedHoliday(date);
  if (std::binary_search(national_.begin(), national_.end(), day)) return true;
  return std::any_of(regional_.begin(), regional_.end(), [&](const Regional& holiday) {
    return holiday.day == day && HoldsIn(area, holiday.areas);
  });
}

bool WorkingCalendar::IsWorkingDay(int64_t day, std::string_view area) const {
  return IsWeekday(day) && !IsHoliday(day, area);
}

int64_t WorkingCalendar::CountWorkingDays(int64_t after, int64_t last,
                                          std::string_view area) const {
  int64_t count = CountWeekdays(after, last);
  count -= std::upper_bound(national_.begin(), national_.end(), last) -
           std::upper_bound(national_.begin(), national_.end(), after);
  // Of one area never two on one day: Make refuses them.
  for (const Regional& holiday : regional_) {
    if (holiday.day > after && holiday.day <= last && HoldsIn(area, holiday.areas)) --count;
  }
  for (int year = DateOfDay(after).year; year <= DateOfDay(last).year; ++year) {
    if (CoversYear(year)) continue;
    for (const MonthAndDay& fixed : kFixedHolidays) {
      const int64_t day = DayOfDate({year, fixed.month, fixed.day});
      if (day > after && day <= last && IsWeekday(day)) --count;
    }
  }
  return count;
}

int64_t WorkingCalendar::Deadline(int64_t start_ms, uint32_t working_days,
                                  std::string_view area) const {
  const int64_t start = DayOfInstant(start_ms, area);
  const int64_t wanted = std::min(working_days, kWorkingDaysMax);
  // The first day by whose end `wanted` working days have passed. It lies in (low, high].
  int64_t low = start + wanted - 1, high = start + wanted;
  while (CountWorkingDays(start, high, area) < wanted) {
    low = high;
    high = start + 2 * (high - start) + 1;
  }
  while (high - low > 1) {
    const int64_t middle = low + (high - low) / 2;
    (CountWorkingDays(start, middle, area) < wanted ? low : high) = middle;
  }
  return (high + 1) * kDayMs - OffsetMs(ZoneOfArea(area));
}

int64_t WorkingCalendar::WorkingDaysBetween(int64_t start_ms, int64_t end_ms,
                                            std::string_view area) const {
  const int64_t start = DayOfInstant(start_ms, area), end = DayOfInstant(end_ms, area);
  if (end < start) return -CountWorkingDays(end, start, area);
  return CountWorkingDays(start, end, area);
}

}  // namespace tikar::sync
