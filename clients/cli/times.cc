#include "clients/cli/times.h"

#include <time.h>
#include <unicode/basictz.h>
#include <unicode/timezone.h>

#include <chrono>
#include <cstdio>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "clients/cli/failure.h"
#include "sync/types.h"

namespace tikar::cli {
namespace {

constexpr int64_t kMillisecondsPerSecond = 1000;
constexpr int64_t kMillisecondsPerDay = int64_t{24} * 60 * 60 * 1000;

int64_t FloorDivide(int64_t a, int64_t b) { return a / b - (a % b != 0 && (a < 0) != (b < 0)); }

// As IsoDate; the days of a time may be more than 32 bits.
std::string DateOfDay(int64_t days) {
  // Howard Hinnant's civil_from_days, http://howardhinnant.github.io/date_algorithms.html, since
  // std::chrono::year holds 16 bits only.
  const int64_t shifted = days + 719468;
  const int64_t era = FloorDivide(shifted, 146097);
  const int64_t day_of_era = shifted - era * 146097;
  const int64_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const int64_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int64_t month_from_march = (5 * day_of_year + 2) / 153;
  const int64_t day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
  const int64_t month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
  const int64_t year = year_of_era + era * 400 + (month <= 2 ? 1 : 0);
  return absl::StrFormat("%04d-%02d-%02d", year, month, day);
}

}  // namespace

std::string LocalTime(int64_t milliseconds) {
  const time_t seconds = FloorDivide(milliseconds, kMillisecondsPerSecond);
  tm local{};
  char text[64];
  if (localtime_r(&seconds, &local) == nullptr ||
      strftime(text, sizeof(text), "%Y-%m-%d %H:%M %Z", &local) == 0) {
    return IsoTime(milliseconds);
  }
  return text;
}

std::string IsoTime(int64_t milliseconds) {
  const int64_t days = FloorDivide(milliseconds, kMillisecondsPerDay);
  // Not what `days` leaves: of a time far enough before the epoch that would overflow.
  int64_t rest = milliseconds % kMillisecondsPerDay;
  if (rest < 0) rest += kMillisecondsPerDay;
  return absl::StrFormat("%sT%02d:%02d:%02d.%03dZ", DateOfDay(days), rest / 3'600'000,
                         rest / 60'000 % 60, rest / 1000 % 60, rest % 1000);
}

std::string IsoDate(int32_t days) { return DateOfDay(days); }

std::optional<int32_t> ParseIsoDate(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  for (size_t i = 0; i < text.size(); ++i) {
    if (i != 4 && i != 7 && (text[i] < '0' || text[i] > '9')) return std::nullopt;
  }
  const auto number = [&](size_t start, size_t length) {
    int value = 0;
    for (size_t i = start; i < start + length; ++i) value = value * 10 + (text[i] - '0');
    return value;
  };
  const std::chrono::year_month_day date(std::chrono::year(number(0, 4)),
                                         std::chrono::month(static_cast<unsigned>(number(5, 2))),
                                         std::chrono::day(static_cast<unsigned>(number(8, 2))));
  if (!date.ok()) return std::nullopt;
  return static_cast<int32_t>(std::chrono::sys_days(date).time_since_epoch().count());
}

std::optional<int64_t> ParseTime(std::string_view text) {
  // Abseil alone would take "infinite-future", and years that nobody means.
  if (!ParseIsoDate(text.substr(0, 10)).has_value()) return std::nullopt;
  absl::Time time;
  std::string unused_error;
  if (absl::ParseTime(absl::RFC3339_full, sync::AbslView(text), &time, &unused_error)) {
    return absl::ToUnixMillis(time);
  }
  for (const char* format : {"%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M"}) {
    tm civil{};
    const std::string terminated(text);
    const char* end = strptime(terminated.c_str(), format, &civil);
    if (end == nullptr || *end != '\0') continue;
    civil.tm_isdst = -1;
    // -1 is also the last second of 1969: whether it failed shows here.
    civil.tm_wday = -1;
    const time_t seconds = mktime(&civil);
    if (civil.tm_wday != -1) return int64_t{seconds} * kMillisecondsPerSecond;
  }
  return std::nullopt;
}

absl::StatusOr<int64_t> ParseMoment(std::string_view text, DayPart day) {
  if (text.empty()) return 0;
  std::optional<int64_t> time;
  if (ParseIsoDate(text).has_value()) {
    time = ParseTime(std::string(text) + (day == DayPart::kBegin ? " 00:00:00" : " 23:59:59"));
    if (time.has_value() && day == DayPart::kEnd) *time += kMillisecondsPerSecond - 1;
  } else {
    time = ParseTime(text);
  }
  if (time.has_value()) return *time;
  return UsageError(absl::StrCat("\"", sync::AbslView(text),
                                 "\" bukan waktu: tulis 2026-01-31 10:00 atau 2026-01-31"),
                    absl::StrCat("\"", sync::AbslView(text),
                                 "\" is no time: write 2026-01-31 10:00 or 2026-01-31"));
}

std::string AboutDuration(absl::Duration duration, Language language) {
  if (duration < absl::ZeroDuration()) duration = -duration;
  const auto count = [duration](absl::Duration unit) { return (duration + unit / 2) / unit; };
  const auto text = [language](int64_t number, std::string_view indonesian,
                               std::string_view english) {
    return absl::StrCat(number, " ", sync::AbslView(Pick(language, indonesian, english)));
  };
  if (const int64_t seconds = count(absl::Seconds(1)); seconds < 60) {
    return text(seconds, "dtk", "s");
  }
  if (const int64_t minutes = count(absl::Minutes(1)); minutes < 60) {
    return text(minutes, "mnt", "min");
  }
  if (const int64_t hours = count(absl::Hours(1)); hours < 48) return text(hours, "jam", "h");
  return text(count(absl::Hours(24)), "hari", "d");
}

struct CivilTimeParser::Zone {
  std::unique_ptr<icu::BasicTimeZone> icu;
};

CivilTimeParser::CivilTimeParser(std::string format, std::unique_ptr<Zone> zone)
    : format_(std::move(format)), zone_(std::move(zone)) {}
CivilTimeParser::CivilTimeParser(CivilTimeParser&&) noexcept = default;
CivilTimeParser& CivilTimeParser::operator=(CivilTimeParser&&) noexcept = default;
CivilTimeParser::~CivilTimeParser() = default;

absl::StatusOr<CivilTimeParser> CivilTimeParser::Make(std::string format, std::string_view zone) {
  std::unique_ptr<icu::TimeZone> found(icu::TimeZone::createTimeZone(
      icu::UnicodeString::fromUTF8(icu::StringPiece(zone.data(), static_cast<int>(zone.size())))));
  // ICU answers a name that it does not know with the zone "unknown", which is UTC: silently wrong.
  if (found == nullptr || *found == icu::TimeZone::getUnknown()) {
    return WithIndonesian(
        absl::InvalidArgumentError(
            absl::StrCat("no time zone is called \"", sync::AbslView(zone),
                         "\"; take an IANA name such as \"Asia/Jakarta\" or \"America/New_York\"")),
        absl::StrCat("tidak ada zona waktu \"", sync::AbslView(zone),
                     "\"; pakai nama IANA seperti \"Asia/Jakarta\" atau \"America/New_York\""));
  }
  auto holder = std::make_unique<Zone>();
  auto* basic = dynamic_cast<icu::BasicTimeZone*>(found.get());
  if (basic == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat("the time zone \"", sync::AbslView(zone), "\" has no rules"));
  }
  found.release();
  holder->icu.reset(basic);
  return CivilTimeParser(std::move(format), std::move(holder));
}

absl::StatusOr<int64_t> CivilTimeParser::ParseCivil(std::string_view text) const {
  tm civil{};
  const std::string terminated(text);
  const char* end = strptime(terminated.c_str(), format_.c_str(), &civil);
  const std::chrono::year_month_day date(
      std::chrono::year(civil.tm_year + 1900),
      std::chrono::month(static_cast<unsigned>(civil.tm_mon + 1)),
      std::chrono::day(static_cast<unsigned>(civil.tm_mday)));
  // strptime takes 02/30 and text that goes on after what it was asked for.
  if (end == nullptr || *end != '\0' || !date.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", sync::AbslView(text), "\" is no date of the form \"", format_, "\""));
  }
  const int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  return days * kMillisecondsPerDay +
         kMillisecondsPerSecond * (civil.tm_hour * 3600 + civil.tm_min * 60 + civil.tm_sec);
}

absl::StatusOr<int64_t> CivilTimeParser::Parse(std::string_view text) const {
  absl::StatusOr<int64_t> civil = ParseCivil(text);
  if (!civil.ok()) return civil;
  int32_t raw_offset = 0, daylight_offset = 0;
  UErrorCode error = U_ZERO_ERROR;
  // FORMER: the offset before the change. In a gap that moves the time forward; of a time that came
  // twice it takes the first.
  zone_->icu->getOffsetFromLocal(static_cast<UDate>(*civil), UCAL_TZ_LOCAL_FORMER,
                                 UCAL_TZ_LOCAL_FORMER, raw_offset, daylight_offset, error);
  if (U_FAILURE(error)) {
    return absl::InternalError(absl::StrCat("time zone: ", u_errorName(error)));
  }
  return *civil - raw_offset - daylight_offset;
}

absl::StatusOr<int32_t> CivilTimeParser::ParseDate(std::string_view text) const {
  absl::StatusOr<int64_t> civil = ParseCivil(text);
  if (!civil.ok()) return civil.status();
  return static_cast<int32_t>(FloorDivide(*civil, kMillisecondsPerDay));
}

}  // namespace tikar::cli
