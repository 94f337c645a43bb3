// What the server knows from files at start: areas, holidays, and the definitions that it publishes
// to its store.
#ifndef TIKAR_SERVER_CATALOG_H_
#define TIKAR_SERVER_CATALOG_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "server/area_table.h"
#include "sync/working_days.h"
#include "tikar/v1/calendar.pb.h"

namespace tikar::server {

// Immutable after loading; any thread may read.
struct Catalog {
  AreaTable areas;
  // Serialized tikar.v1.Definition, deterministic: the same file always gives the same bytes, and
  // so the same hash.
  std::vector<std::string> definitions;
  // Of the calendars that are there the one with the largest version; without any, one that covers
  // no year.
  sync::WorkingCalendar calendar;
  std::vector<uint32_t> calendar_years;  // that it covers, ascending
};

// Reads `directory`/areas/*.csv, `directory`/services/*.textproto and, if there is such a
// directory, `directory`/calendars/*.textproto. Errors say file:line.
absl::StatusOr<Catalog> LoadCatalog(const std::string& directory);

// The bytes of one definition in text format. `path` is for messages.
absl::StatusOr<std::string> DefinitionFromText(const std::string& path, const std::string& text);

// A calendar in text format, checked. `path` is for messages.
absl::StatusOr<v1::HolidayCalendar> CalendarFromText(const std::string& path,
                                                     const std::string& text);

}  // namespace tikar::server

#endif  // TIKAR_SERVER_CATALOG_H_
