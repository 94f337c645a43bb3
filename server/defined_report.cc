#include "server/defined_report.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "server/decimal_sum.h"
#include "server/engine/failure.h"
#include "server/engine/limits.h"
#include "server/report_cells.h"
#include "sync/definition.h"
#include "sync/hlc.h"
#include "sync/ref.h"
#include "sync/status_macros.h"
#include "sync/value.h"

namespace tikar::server {
namespace {

// What is not a field of the form.
std::optional<v1::LocalizedText> BuiltInLabel(const std::string& column) {
  if (column == "ref") return Localized("Nomor", "Number");
  if (column == "status") return Localized("Status", "Status");
  if (column == "area") return Localized("Wilayah", "Area");
  if (column == "created") return Localized("Dibuat", "Created");
  if (column == "publisher") return Localized("Penerbit", "Publisher");
  return std::nullopt;
}

bool IsNumeric(const v1::Field& field) {
  return field.type() == v1::FIELD_TYPE_INTEGER || field.type() == v1::FIELD_TYPE_MONEY ||
         field.type() == v1::FIELD_TYPE_DECIMAL;
}

class DefinedReport final : public Report {
 public:
  DefinedReport(const v1::RunReportRequest& call, const ReportContext& context)
      : context_(context), created_{call.from_ms(), call.to_ms()} {}

  void Declare(const sync::Definition& definition, const v1::Report& report) {
    services_.insert(definition.proto().service());
    if (columns_.empty()) {
      title_ = report.title();
      group_by_ = report.group_by();
    }
    for (const std::string& key : report.columns()) {
      const bool known = std::any_of(columns_.begin(), columns_.end(),
                                     [&](const auto& column) { return column.key() == key; });
      if (known) continue;
      const v1::Field* field = definition.FindField(key);
      const auto built_in = BuiltInLabel(key);
      columns_.push_back(
          MakeColumn(key,
                     built_in.has_value() ? *built_in
                     : field != nullptr   ? field->label()
                                          : Localized(key, key),
                     !built_in.has_value() && field != nullptr && IsNumeric(*field)));
    }
    summed_.insert(report.sums().begin(), report.sums().end());
  }

  absl::Status Add(const sync::StoredRequest& request) override {
    const sync::State& state = request.state;
    if (state.availability != v1::AVAILABILITY_READY || state.retracted() ||
        !services_.contains(state.service) || !created_.Has(sync::HlcMs(state.create_time))) {
      return absl::OkStatus();
    }
    const auto definition = context_.published->definitions->Find(state.definition);
    if (definition == nullptr) return absl::OkStatus();
    RETURN_IF_ERROR(CheckRoom(rows_));
    v1::ReportRow row;
    std::string group;
    for (const v1::ReportColumn& column : columns_) {
      std::optional<v1::Value> value = CellOf(column.key(), state, *definition);
      if (column.key() == group_by_ && value.has_value()) {
        // Whose bytes are in the order of the values.
        ASSIGN_OR_RETURN(const sync::Value of, sync::Value::FromProto(*value));
        group = of.canonical();
      }
      AddCell(std::move(value), &row);
    }
    bytes_ += row.ByteSizeLong();
    if (bytes_ > kReportBytesMax) return CheckRoom(kReportRowsMax);
    Group& of = groups_[group];
    Sum(row, &of.sums);
    Sum(row, &all_);
    of.rows.push_back(std::move(row));
    ++rows_;
    return absl::OkStatus();
  }

  ReportTable Finish() override {
    ReportTable table;
    for (auto& [name, group] : groups_) {
      if (!group_by_.empty() && !summed_.empty()) {
        table.sums.push_back(SumRow(group.sums, &group.rows.front()));
      }
      std::move(group.rows.begin(), group.rows.end(), std::back_inserter(table.rows));
    }
    if (!summed_.empty()) table.sums.push_back(SumRow(all_, nullptr));
    table.title = std::move(title_);
    table.columns = std::move(columns_);
    return table;
  }

  size_t requests_per_job() const override { return kReportRequestsPerJob; }

 private:
  using Sums = std::map<int, DecimalSum>;  // by column
  struct Group {
    std::vector<v1::ReportRow> rows;  // in the order in which they came
    Sums sums;
  };

  // nullopt: empty, or personal by the definition that this request pins.
  static std::optional<v1::Value> CellOf(const std::string& column, const sync::State& state,
                                         const sync::Definition& definition) {
    v1::Value value;
    if (column == "ref") {
      value.set_text(sync::MakeRef(state.key.id));
    } else if (column == "created") {
      value.set_time_ms(sync::HlcMs(state.create_time));
    } else if (column == "publisher") {
      value.set_text(definition.proto().publisher());
    } else if (column == "status") {
      value.set_text(std::string(state.status()));
    } else if (column == "area") {
      value.set_text(std::string(state.area()));
    } else {
      const v1::Field* field = definition.FindField(column);
      const sync::FieldState* stored = state.Find(column);
      if (field == nullptr || field->personal() || stored == nullptr ||
          !stored->value.has_value()) {
        return std::nullopt;
      }
      value = stored->value->ToProto();
    }
    return value;
  }

  void Sum(const v1::ReportRow& row, Sums* sums) const {
    for (int i = 0; i < row.cells_size(); ++i) {
      if (!summed_.contains(columns_[static_cast<size_t>(i)].key())) continue;
      const v1::Value& value = row.cells(i).value();
      DecimalSum& sum = (*sums)[i];
      if (value.has_integer()) sum.Add(std::to_string(value.integer()));
      if (value.has_decimal()) sum.Add(value.decimal());
    }
  }

  // `member`: a row of the group; nullptr: of the whole.
  v1::ReportRow SumRow(const Sums& sums, const v1::ReportRow* member) const {
    v1::ReportRow row;
    for (size_t i = 0; i < columns_.size(); ++i) {
      const int at = static_cast<int>(i);
      if (const auto sum = sums.find(at); sum != sums.end()) {
        AddCell(sum->second.ToValue(), &row);
      } else if (summed_.contains(columns_[i].key())) {
        AddNumber(0, &row);
      } else if (member != nullptr && columns_[i].key() == group_by_ &&
                 member->cells(at).has_value()) {
        AddCell(member->cells(at).value(), &row);
      } else {
        AddCell(std::nullopt, &row);
      }
    }
    return row;
  }

  const ReportContext context_;
  const Interval created_;
  std::set<std::string> services_;
  v1::LocalizedText title_;
  std::vector<v1::ReportColumn> columns_;
  std::set<std::string> summed_;  // columns
  std::string group_by_;
  std::map<std::string, Group> groups_;  // by canonical value
  Sums all_;
  size_t rows_ = 0;
  size_t bytes_ = 0;
};

const v1::Report* FindReport(const sync::Definition& definition, const std::string& key) {
  for (const v1::Report& report : definition.proto().reports()) {
    if (report.key() == key) return &report;
  }
  return nullptr;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Report>> MakeDefinedReport(const v1::RunReportRequest& call,
                                                          const ReportContext& context) {
  std::set<std::string> services;
  if (call.service().empty()) {
    for (const auto& [hash, definition] : context.published->definitions->all()) {
      services.insert(definition->proto().service());
    }
  } else {
    services.insert(call.service());
  }
  auto defined = std::make_unique<DefinedReport>(call, context);
  bool declared = false;
  for (const std::string& service : services) {
    std::shared_ptr<const sync::Definition> definition;
    if (!context.region.empty()) {
      ASSIGN_OR_RETURN(definition,
                       OfferedIn(*context.published, *context.catalogue, context.region, service));
    }
    if (definition == nullptr) definition = context.published->definitions->Newest(service);
    const v1::Report* report =
        definition == nullptr ? nullptr : FindReport(*definition, call.report());
    if (report == nullptr) continue;
    defined->Declare(*definition, *report);
    declared = true;
  }
  if (!declared) {
    return Malformed("report", "unknown_report",
                     "Tidak ada layanan yang menyatakan laporan dengan kunci ini.",
                     "no service declares a report of this key");
  }
  return std::unique_ptr<Report>(std::move(defined));
}

}  // namespace tikar::server
