#include "clients/cli/spreadsheet.h"

#include <string_view>

#include "absl/strings/str_join.h"
#include "clients/cli/json_output.h"

namespace tikar::cli {

std::string SpreadsheetText(std::string text) {
  constexpr std::string_view kFormulaBegins = "=+-@\t\r";
  if (!text.empty() && kFormulaBegins.find(text.front()) != std::string_view::npos) {
    text.insert(0, "'");
  }
  return text;
}

std::string SpreadsheetCell(const v1::Value* value) {
  if (value == nullptr) return "";
  switch (value->kind_case()) {
    case v1::Value::KIND_NOT_SET:
      return "";
    case v1::Value::kText:
      return SpreadsheetText(value->text());
    case v1::Value::kDecimal:
      return value->decimal();
    case v1::Value::kChoices:
      return SpreadsheetText(absl::StrJoin(value->choices().items(), ","));
    default: {
      const Json json = ValueJson(value);
      return json.is_string() ? json.get<std::string>()
                              : json.dump(-1, ' ', false, Json::error_handler_t::replace);
    }
  }
}

}  // namespace tikar::cli
