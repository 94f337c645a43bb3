// Times and dates as people and files write them.
#ifndef TIKAR_CLIENTS_CLI_TIMES_H_
#define TIKAR_CLIENTS_CLI_TIMES_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "clients/cli/language.h"

namespace tikar::cli {

// "2018-06-26 22:12 WIB": the zone of this machine (TZ), to the minute.
std::string LocalTime(int64_t milliseconds);

// "2018-06-26T15:12:53.000Z", for programs.
std::string IsoTime(int64_t milliseconds);

// "2026-01-31", also outside of years 0 to 9999.
std::string IsoDate(int32_t days);

// Days since 1970-01-01 of "2026-01-31". nullopt for anything else, 30 February included.
std::optional<int32_t> ParseIsoDate(std::string_view text);

// "2026-01-31T10:00:00Z", with an offset, or without one ("2026-01-31 10:00") in this machine's
// zone.
std::optional<int64_t> ParseTime(std::string_view text);

// What a day alone stands for where a moment is asked for.
enum class DayPart { kBegin, kEnd };

// What --as-of, --from and --to take: as ParseTime, or a day alone, whose first or last millisecond
// in this machine's zone it then is. Empty: 0. A usage error for anything else.
absl::StatusOr<int64_t> ParseMoment(std::string_view text, DayPart day);

// "3 min", "5 h", "12 d": about how long, for people; in Indonesian "3 mnt", "5 jam", "12 hari".
std::string AboutDuration(absl::Duration duration, Language language = Language::kEnglish);

// Reads civil times of one format in one zone. Immutable, but not for use by two threads at once.
class CivilTimeParser {
 public:
  // `format` as for strptime(3), `zone` an IANA name. InvalidArgument for a zone that nobody knows.
  static absl::StatusOr<CivilTimeParser> Make(std::string format, std::string_view zone);

  CivilTimeParser(CivilTimeParser&&) noexcept;
  CivilTimeParser& operator=(CivilTimeParser&&) noexcept;
  ~CivilTimeParser();

  // Milliseconds since the epoch. A time skipped by a change to summer time is moved forward by
  // what was skipped; of one that came twice the first is meant. InvalidArgument for a text that
  // does not match whole or names a day that does not exist.
  absl::StatusOr<int64_t> Parse(std::string_view text) const;

  // The calendar day alone.
  absl::StatusOr<int32_t> ParseDate(std::string_view text) const;

 private:
  struct Zone;
  CivilTimeParser(std::string format, std::unique_ptr<Zone> zone);

  // As if the zone were UTC.
  absl::StatusOr<int64_t> ParseCivil(std::string_view text) const;

  std::string format_;
  std::unique_ptr<Zone> zone_;
};

}  // namespace tikar::cli

#endif  // TIKAR_CLIENTS_CLI_TIMES_H_
