#include "server/report_cells.h"

#include <string>

#include "server/engine/failure.h"
#include "server/engine/limits.h"

namespace tikar::server {

v1::LocalizedText Localized(std::string_view id, std::string_view en) {
  v1::LocalizedText text;
  text.set_id(std::string(id));
  text.set_en(std::string(en));
  return text;
}

v1::ReportColumn MakeColumn(std::string_view key, v1::LocalizedText label, bool numeric) {
  v1::ReportColumn column;
  column.set_key(std::string(key));
  *column.mutable_label() = std::move(label);
  column.set_numeric(numeric);
  return column;
}

void AddText(std::string_view text, v1::ReportRow* row) {
  row->add_cells()->mutable_value()->set_text(std::string(text));
}

void AddWords(const v1::LocalizedText& words, v1::ReportRow* row) {
  AddText(words.id(), row);
  *row->mutable_cells(row->cells_size() - 1)->mutable_words() = words;
}

void AddNumber(int64_t number, v1::ReportRow* row) {
  row->add_cells()->mutable_value()->set_integer(number);
}

void AddCell(std::optional<v1::Value> value, v1::ReportRow* row) {
  v1::ReportCell& cell = *row->add_cells();
  if (value.has_value()) *cell.mutable_value() = *std::move(value);
}

absl::Status CheckRoom(size_t rows) {
  if (rows < kReportRowsMax) return absl::OkStatus();
  return Malformed("from_ms", "report_too_long",
                   "Laporan ini terlalu panjang (paling banyak 200.000 baris). Persempit waktu, "
                   "wilayah atau layanannya.",
                   "this report is too long (at most 200,000 rows): narrow its time, region or "
                   "service");
}

}  // namespace tikar::server
