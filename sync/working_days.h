// Working days: when a service level is due, in the region's own time.
//
//   ASSIGN_OR_RETURN(WorkingCalendar calendar, WorkingCalendar::Make(proto));
//   // Taken on Friday in Kerinci, three working days: the midnight that ends Wednesday, in WIB.
//   const int64_t due_ms = calendar.Deadline(taken_at_ms, 3, "15.01.06");
//   const bool late = now_ms >= due_ms;
//   if (!calendar.Covers(taken_at_ms, due_ms, "15.01.06")) …  // a year whose holidays are not
//   known
//
// A working day is a day from Monday to Friday that is no holiday of the area. The day on which a
// clock starts does not count, whether offices were open or not: the first working day after it is
// day one. So a complaint of Saturday and one of Friday evening are due at the same time.
//
// In a year that the calendar does not cover only the weekends count and the holidays that have the
// same date every year (1 January, 1 May, 1 June, 17 August, 25 December); Covers tells.
//
// Instants are milliseconds since the epoch; what lies before 1970 or after 9999 counts as the
// nearest instant in between. Pure functions, whole numbers, no time-zone database: Indonesia has
// had three fixed offsets and no summer time since 1964.
//
// Thread safety: a WorkingCalendar does not change once made and may be read from any thread.
#ifndef TIKAR_SYNC_WORKING_DAYS_H_
#define TIKAR_SYNC_WORKING_DAYS_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "tikar/v1/calendar.pb.h"

namespace tikar::sync {

// Of a service level; more count as this many. Ten years: what is due later is not due.
inline constexpr uint32_t kWorkingDaysMax = 2'600;

enum class Zone {
  kWib,   // UTC+7: Sumatra, Java, western and central Kalimantan
  kWita,  // UTC+8: Bali, Nusa Tenggara, the rest of Kalimantan, Sulawesi
  kWit,   // UTC+9: Maluku, Papua
};

// By the province of an area code, "15.01.06" or "15". What is no code of a province counts as the
// capital's, WIB.
Zone ZoneOfArea(std::string_view area);
// To be added to UTC.
int64_t OffsetMs(Zone zone);
// "WIB", "WITA", "WIT".
std::string_view ZoneName(Zone zone);

// Days since 1970-01-01, in the civil calendar.
struct CivilDate {
  int year = 1970;
  int month = 1;  // 1 to 12
  int day = 1;
  friend bool operator==(const CivilDate&, const CivilDate&) = default;
};
int64_t DayOfDate(const CivilDate& date);
CivilDate DateOfDay(int64_t day);
// The day in the area's zone at an instant.
int64_t DayOfInstant(int64_t at_ms, std::string_view area);

class WorkingCalendar {
 public:
  // Without any decree: covers no year.
  WorkingCalendar() = default;
  // InvalidArgument names what is wrong: no version, a date that is none or of a year that is not
  // listed, a name that lacks a language, a kind that is unknown, an area that is no code, a day
  // twice.
  static absl::StatusOr<WorkingCalendar> Make(const v1::HolidayCalendar& proto);

  uint32_t version() const { return version_; }

  bool IsWorkingDay(int64_t day, std::string_view area) const;

  // The instant that ends the n-th working day after the day of `start_ms`: midnight in the area's
  // zone, the first instant that is late. With no working days: the end of the day of `start_ms`.
  int64_t Deadline(int64_t start_ms, uint32_t working_days, std::string_view area) const;

  // Working days after the day of `start_ms`, up to and with the day of `end_ms`. Negative when the
  // end lies on a day before the start: as many as the other way round.
  int64_t WorkingDaysBetween(int64_t start_ms, int64_t end_ms, std::string_view area) const;

  // Whether the holidays of every year from one instant to the other are decreed. False: a deadline
  // between them may still move.
  bool Covers(int64_t start_ms, int64_t end_ms, std::string_view area) const;
  bool CoversYear(int year) const;

 private:
  // Holidays that fall on Monday to Friday.
  struct Regional {
    int64_t day = 0;
    std::vector<std::string> areas;
  };

  // Working days in (after, last].
  int64_t CountWorkingDays(int64_t after, int64_t last, std::string_view area) const;
  bool IsHoliday(int64_t day, std::string_view area) const;

  uint32_t version_ = 0;
  std::vector<int> years_;          // sorted
  std::vector<int64_t> national_;   // sorted, unique
  std::vector<Regional> regional_;  // sorted by day; never a day of national_
};

}  // namespace tikar::sync

#endif  // TIKAR_SYNC_WORKING_DAYS_H_
