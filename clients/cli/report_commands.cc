#include "clients/cli/report_commands.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "clients/cli/csv.h"
#include "clients/cli/definition_names.h"
#include "clients/cli/display.h"
#include "clients/cli/failure.h"
#include "clients/cli/json_output.h"
#include "clients/cli/spreadsheet.h"
#include "clients/cli/table.h"
#include "clients/cli/times.h"
#include "clients/cli/value_text.h"
#include "sync/status_macros.h"
#include "sync/types.h"

namespace tikar::cli {
namespace {

// The whole report: a table is as wide as its widest row, and its JSON is one object.
struct Report {
  std::vector<v1::ReportColumn> columns;
  v1::LocalizedText title;
  std::vector<v1::ReportRow> rows;
  std::vector<v1::ReportRow> sums;
};

const v1::Value* ValueAt(const v1::ReportRow& row, size_t column) {
  if (column >= static_cast<size_t>(row.cells_size())) return nullptr;
  const v1::ReportCell& cell = row.cells(static_cast<int>(column));
  return cell.has_value() && cell.value().kind_case() != v1::Value::KIND_NOT_SET ? &cell.value()
                                                                                 : nullptr;
}

// The words of a definition in the language that is asked for, as far as it has them.
std::string WordsAt(const v1::ReportRow& row, size_t column, Language language) {
  if (column >= static_cast<size_t>(row.cells_size())) return "";
  return Label(language, row.cells(static_cast<int>(column)).words(), "");
}

std::string CellText(const v1::ReportRow& row, size_t column, Language language) {
  std::string words = WordsAt(row, column, language);
  if (!words.empty()) return words;
  const v1::Value* value = ValueAt(row, column);
  return value == nullptr ? "" : FormatValue(nullptr, value, language);
}

std::string CsvCell(const v1::ReportRow& row, size_t column, Language language) {
  std::string words = WordsAt(row, column, language);
  return words.empty() ? SpreadsheetCell(ValueAt(row, column)) : SpreadsheetText(std::move(words));
}

void PrintCsv(Session& session, const Report& report) {
  std::vector<std::string> cells;
  for (const v1::ReportColumn& column : report.columns) cells.push_back(column.key());
  WriteCsvRecord(session.out(), cells);
  // Sums would be one more row to whoever adds up the column.
  for (const v1::ReportRow& row : report.rows) {
    cells.clear();
    for (size_t i = 0; i < report.columns.size(); ++i) {
      cells.push_back(CsvCell(row, i, session.language()));
    }
    WriteCsvRecord(session.out(), cells);
  }
}

Json RowJson(const Report& report, const v1::ReportRow& row) {
  Json json = Json::object();
  for (size_t i = 0; i < report.columns.size(); ++i) {
    json[report.columns[i].key()] = ValueJson(ValueAt(row, i));
  }
  return json;
}

void PrintJson(Session& session, const Report& report) {
  Json json;
  json["title"] = {{"id", report.title.id()}, {"en", report.title.en()}};
  json["columns"] = Json::array();
  for (const v1::ReportColumn& column : report.columns) {
    json["columns"].push_back({{"key", column.key()},
                               {"id", column.label().id()},
                               {"en", column.label().en()},
                               {"numeric", column.numeric()}});
  }
  json["rows"] = Json::array();
  for (const v1::ReportRow& row : report.rows) json["rows"].push_back(RowJson(report, row));
  json["sums"] = Json::array();
  for (const v1::ReportRow& row : report.sums) json["sums"].push_back(RowJson(report, row));
  session.out() << JsonText(json);
}

void PrintTable(Session& session, const Report& report) {
  const Language language = session.language();
  const std::string title = Label(language, report.title, "");
  if (!title.empty()) {
    session.out() << Styled(session.out_terminal(), Style::kBold, OneLine(title)) << "\n";
  }
  if (report.rows.empty()) {
    session.out() << session.Say("Tidak ada isinya.\n", "Nothing to report.\n");
    return;
  }
  std::vector<Column> columns;
  for (const v1::ReportColumn& column : report.columns) {
    columns.push_back({.title = Label(language, column.label(), column.key()),
                       .shrinks = !column.numeric(),
                       .right_aligned = column.numeric()});
  }
  Table table(std::move(columns));
  const auto add = [&](const v1::ReportRow& row, Style style) {
    std::vector<Cell> cells;
    for (size_t i = 0; i < report.columns.size(); ++i) {
      cells.push_back({CellText(row, i, language), style});
    }
    table.AddRow(std::move(cells));
  };
  for (const v1::ReportRow& row : report.rows) add(row, Style::kPlain);
  for (const v1::ReportRow& row : report.sums) add(row, Style::kBold);
  session.out() << table.Render(session.out_terminal());
}

}  // namespace

absl::Status RunReport(Session& session, v1::ReportKind kind, const std::string& report_key,
                       const ReportOptions& options) {
  if (options.csv && session.json()) {
    return UsageError("--csv dan --output json tidak dapat bersama",
                      "--csv and --output json exclude each other");
  }
  v1::RunReportRequest run;
  run.set_parent("regions/-");
  if (!options.region.empty()) {
    ASSIGN_OR_RETURN(const std::string region, RegionOf(session, options.region));
    run.set_parent(absl::StrCat("regions/", region));
  }
  run.set_kind(kind);
  run.set_service(options.service);
  run.set_report(report_key);
  ASSIGN_OR_RETURN(const int64_t from_ms, ParseMoment(options.from, DayPart::kBegin));
  ASSIGN_OR_RETURN(const int64_t to_ms, ParseMoment(options.to, DayPart::kEnd));
  if (from_ms != 0 && to_ms != 0 && to_ms < from_ms) {
    return UsageError("--to tidak boleh sebelum --from", "--to must not lie before --from");
  }
  run.set_from_ms(from_ms);
  // The server's interval is open at its end.
  run.set_to_ms(to_ms == 0 ? 0 : to_ms + 1);
  Report report;
  RETURN_IF_ERROR(session.connection().RunReport(run, [&](const v1::RunReportResponse& part) {
    report.columns.insert(report.columns.end(), part.columns().begin(), part.columns().end());
    if (part.has_title()) report.title = part.title();
    report.rows.insert(report.rows.end(), part.rows().begin(), part.rows().end());
    report.sums.insert(report.sums.end(), part.sums().begin(), part.sums().end());
    return absl::OkStatus();
  }));
  if (options.csv) {
    PrintCsv(session, report);
  } else if (session.json()) {
    PrintJson(session, report);
  } else {
    PrintTable(session, report);
  }
  return absl::OkStatus();
}

absl::Status RunNamedReport(Session& session, const ReportOptions& options) {
  const size_t slash = options.name.find('/');
  if (slash == std::string::npos || slash == 0 || slash + 1 == options.name.size()) {
    return UsageError(
        absl::StrCat("sebut LAYANAN/LAPORAN, misalnya sabilulungan/grants, bukan \"", options.name,
                     "\""),
        absl::StrCat("give SERVICE/REPORT, as in sabilulungan/grants, not \"", options.name, "\""));
  }
  ReportOptions named = options;
  named.service = options.name.substr(0, slash);
  return RunReport(session, v1::REPORT_KIND_DEFINED, options.name.substr(slash + 1), named);
}

}  // namespace tikar::cli
