// Cells, rows and columns of reports, in few words.
//
// Pure functions; any thread.
#ifndef TIKAR_SERVER_REPORT_CELLS_H_
#define TIKAR_SERVER_REPORT_CELLS_H_

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "tikar/v1/report_service.pb.h"

namespace tikar::server {

v1::LocalizedText Localized(std::string_view id, std::string_view en);
v1::ReportColumn MakeColumn(std::string_view key, v1::LocalizedText label, bool numeric);

void AddText(std::string_view text, v1::ReportRow* row);
// A definition's words, in both languages.
void AddWords(const v1::LocalizedText& words, v1::ReportRow* row);
void AddNumber(int64_t number, v1::ReportRow* row);
void AddCell(std::optional<v1::Value> value, v1::ReportRow* row);

// InvalidArgument: the table is as long as a table may be.
absl::Status CheckRoom(size_t rows);

// Half-open, milliseconds; zero: no bound.
struct Interval {
  int64_t from_ms = 0;
  int64_t to_ms = 0;
  bool Has(int64_t at_ms) const {
    return (from_ms == 0 || at_ms >= from_ms) && (to_ms == 0 || at_ms < to_ms);
  }
};

}  // namespace tikar::server

#endif  // TIKAR_SERVER_REPORT_CELLS_H_
