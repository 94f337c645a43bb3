#include "clients/cli/export_rows.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "clients/cli/request_text.h"
#include "clients/cli/spreadsheet.h"
#include "clients/cli/times.h"
#include "sync/definition.h"
#include "sync/hlc.h"
#include "sync/types.h"

namespace tikar::cli {
namespace {

constexpr int32_t kE7 = 10'000'000;

// What every request has, whatever its form. A field of the form that has one of these names goes
// by "field.<key>": no key has a dot.
constexpr std::array<std::string_view, 14> kCommonNames = {
    "ref",       "name",     "service",      "definition_version", "area",
    "area_name", "status",   "status_label", "retracted",          "under_review",
    "late",      "assignee", "create_time",  "update_time"};

std::string NameOfField(const std::string& key) {
  const bool taken = std::find(kCommonNames.begin(), kCommonNames.end(), key) != kCommonNames.end();
  return taken ? absl::StrCat("field.", key) : key;
}

// In the order of kCommonNames.
std::array<Json, kCommonNames.size()> CommonValues(const v1::Request& request,
                                                   const DefinitionView& definition,
                                                   const std::string& area_name,
                                                   Language language) {
  const v1::FieldState* assignee = FindFieldState(request, sync::kAssigneePath);
  const bool assigned = assignee != nullptr && assignee->has_value();
  return {request.ref(),
          request.name(),
          request.service(),
          request.definition_version(),
          request.area(),
          area_name,
          request.status(),
          definition.StateLabel(request.status(), language),
          request.retracted(),
          absl::StrJoin(request.reviews(), " "),
          IsLate(request),
          assigned ? Json(assignee->value().text()) : Json(nullptr),
          IsoTime(sync::HlcMs(request.create_time())),
          IsoTime(sync::HlcMs(request.update_time()))};
}

bool MayShow(const v1::Field& field, const ExportStyle& style) {
  return style.personal || !field.personal();
}

// nullptr: it has none, or one that may not be shown.
const v1::Value* ShownValue(const v1::Request& request, const DefinitionView& definition,
                            const std::string& key, const ExportStyle& style) {
  const v1::Field* field = definition.FindField(key);
  if (field == nullptr || !MayShow(*field, style)) return nullptr;
  const v1::FieldState* state = FindFieldState(request, key);
  return state == nullptr || !state->has_value() ? nullptr : &state->value();
}

std::string CellOf(const Json& value) {
  if (value.is_null()) return "";
  return value.is_string() ? SpreadsheetText(value.get<std::string>()) : value.dump();
}

// "-1.8113": exactly what the phone wrote.
std::string DegreesText(int32_t degrees_e7) {
  const int64_t digits = std::abs(static_cast<int64_t>(degrees_e7));
  std::string text =
      absl::StrFormat("%s%d.%07d", degrees_e7 < 0 ? "-" : "", digits / kE7, digits % kE7);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text;
}

// Divided and not multiplied: the nearest double, so that it is written with no more digits.
double Degrees(int32_t degrees_e7) { return static_cast<double>(degrees_e7) / kE7; }

}  // namespace

bool ShowsFields(const DefinitionView& definition) { return !definition.proto().fields().empty(); }

std::vector<FieldColumn> FieldColumnsOf(const std::vector<v1::DefinitionSummary>& definitions,
                                        std::string_view service, const ExportStyle& style) {
  std::vector<FieldColumn> columns;
  for (const v1::DefinitionSummary& summary : definitions) {
    if (!service.empty() && summary.definition().service() != service) continue;
    for (const v1::Field& field : summary.definition().fields()) {
      if (!MayShow(field, style)) continue;
      const bool is_place = field.type() == v1::FIELD_TYPE_PLACE;
      const auto known =
          std::find_if(columns.begin(), columns.end(),
                       [&](const FieldColumn& column) { return column.key == field.key(); });
      if (known == columns.end()) {
        columns.push_back({field.key(), is_place});
      } else if (known->is_place != is_place) {
        // One name for two things in two services: a cell each.
        known->is_place = false;
      }
    }
  }
  return columns;
}

std::vector<std::string> ExportHead(const std::vector<FieldColumn>& columns) {
  std::vector<std::string> head(kCommonNames.begin(), kCommonNames.end());
  for (const FieldColumn& column : columns) {
    const std::string name = NameOfField(column.key);
    if (column.is_place) {
      head.push_back(absl::StrCat(name, ".latitude"));
      head.push_back(absl::StrCat(name, ".longitude"));
    } else {
      head.push_back(name);
    }
  }
  return head;
}

std::vector<std::string> ExportRow(const v1::Request& request, const DefinitionView& definition,
                                   const std::string& area_name,
                                   const std::vector<FieldColumn>& columns,
                                   const ExportStyle& style) {
  std::vector<std::string> cells;
  for (const Json& value : CommonValues(request, definition, area_name, style.language)) {
    cells.push_back(CellOf(value));
  }
  for (const FieldColumn& column : columns) {
    const v1::Value* value = ShownValue(request, definition, column.key, style);
    if (!column.is_place) {
      cells.push_back(SpreadsheetCell(value));
    } else if (value == nullptr || !value->has_place()) {
      cells.insert(cells.end(), {"", ""});
    } else {
      cells.push_back(DegreesText(value->place().latitude_e7()));
      cells.push_back(DegreesText(value->place().longitude_e7()));
    }
  }
  return cells;
}

Json ExportFeature(const v1::Request& request, const DefinitionView& definition,
                   const std::string& area_name, const ExportStyle& style) {
  Json properties = Json::object();
  const auto common = CommonValues(request, definition, area_name, style.language);
  for (size_t i = 0; i < common.size(); ++i) properties[std::string(kCommonNames[i])] = common[i];
  Json geometry = nullptr;
  for (const v1::Field& field : definition.proto().fields()) {
    const v1::Value* value = ShownValue(request, definition, field.key(), style);
    if (value == nullptr) continue;
    if (!value->has_place()) {
      properties[NameOfField(field.key())] = ValueJson(value);
      continue;
    }
    const double latitude = Degrees(value->place().latitude_e7());
    const double longitude = Degrees(value->place().longitude_e7());
    properties[NameOfField(field.key())] = {{"latitude", latitude}, {"longitude", longitude}};
    if (geometry.is_null()) {
      geometry = {{"type", "Point"}, {"coordinates", Json::array({longitude, latitude})}};
    }
  }
  Json feature;
  feature["type"] = "Feature";
  feature["id"] = request.ref();
  feature["geometry"] = std::move(geometry);
  feature["properties"] = std::move(properties);
  return feature;
}

}  // namespace tikar::cli
