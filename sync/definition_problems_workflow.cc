// The second half of ProblemFinder: the workflow, its clocks, duplicates and reports.
#include <algorithm>
#include <cstdint>
#include <string_view>
#include <utility>

#include "sync/definition.h"
#include "sync/definition_problem_finder.h"
#include "sync/names.h"

namespace tikar::sync {
namespace {

// What a report can show beside fields.
constexpr std::string_view kReportColumns[] = {"ref", "status", "area", "created", "publisher"};

// Of a DuplicateRule. Farther or longer apart is another matter; a search that wide would also read
// half of a region.
constexpr uint32_t kDuplicateMetresMax = 10'000;
constexpr uint32_t kDuplicateDaysMax = 90;

bool IsSummable(v1::FieldType type) {
  return type == v1::FIELD_TYPE_INTEGER || type == v1::FIELD_TYPE_MONEY ||
         type == v1::FIELD_TYPE_DECIMAL;
}

bool CanBeMet(const v1::EdgeCondition& condition, const v1::Field& field) {
  int64_t lowest = field.type() == v1::FIELD_TYPE_MONEY ? 0 : INT64_MIN;
  int64_t highest = INT64_MAX;
  if (field.minimum() != 0 || field.maximum() != 0) {
    lowest = field.minimum();
    highest = field.maximum();
  }
  if (condition.has_minimum()) lowest = std::max(lowest, condition.minimum());
  if (condition.has_maximum()) highest = std::min(highest, condition.maximum());
  return lowest <= highest;
}

}  // namespace

void ProblemFinder::CheckStates() {
  if (definition_.workflow().states().empty()) Problem("workflow: has no states");
  for (const v1::State& state : definition_.workflow().states()) {
    const std::string what = absl::StrCat("state \"", state.key(), "\"");
    if (!IsKey(state.key())) {
      Problem(what, ": key must be [a-z][a-z0-9_]*, at most ", kKeyBytesMax, " characters");
    }
    CheckUnique(what, state.key(), states_);
    CheckLabel(absl::StrCat(what, ".label"), state.has_label(), state.label());
    if (state.terminal()) terminal_states_.insert(state.key());
  }
}

void ProblemFinder::CheckEdges() {
  absl::flat_hash_set<std::pair<std::string_view, std::string_view>> seen;
  for (const v1::WorkflowEdge& edge : definition_.workflow().edges()) {
    const std::string what = absl::StrCat("edge \"", edge.from(), "\" -> \"", edge.to(), "\"");
    for (const std::string* state : {&edge.from(), &edge.to()}) {
      if (!states_.contains(*state)) Problem(what, ": unknown state \"", *state, "\"");
    }
    if (edge.from() == edge.to()) Problem(what, ": leads nowhere");
    if (!seen.emplace(edge.from(), edge.to()).second) Problem(what, ": appears twice");
    if (terminal_states_.contains(edge.from())) {
      Problem(what, ": nothing may follow a terminal state");
    }
    CheckLabel(absl::StrCat(what, ".label"), edge.has_label(), edge.label());
    if (edge.roles().empty()) Problem(what, ": no role may take it");
    CheckRolesKnown(what, edge.roles());
    for (const std::string& field : edge.required_fields()) {
      if (!fields_.contains(field)) {
        Problem(what, ".required_fields: unknown field \"", field, "\"");
      }
    }
    for (const v1::EdgeCondition& condition : edge.conditions()) {
      CheckCondition(absl::StrCat(what, ", condition on \"", condition.field(), "\""), condition);
    }
    CheckOptionalLabel(absl::StrCat(what, ".condition_message"), edge.has_condition_message(),
                       edge.condition_message());
    if (edge.has_condition_message() && edge.conditions().empty()) {
      Problem(what, ": condition_message without a condition");
    }
  }
}

void ProblemFinder::CheckCondition(const std::string& what, const v1::EdgeCondition& condition) {
  const v1::Field* field = FindField(condition.field());
  if (field == nullptr) {
    Problem(what, ": unknown field");
    return;
  }
  const bool bounded = IsBoundedType(field->type());
  const bool chosen = HasChoices(field->type());
  const bool flag = field->type() == v1::FIELD_TYPE_FLAG;
  if (!bounded && !chosen && !flag) {
    Problem(what, ": needs a field of type INTEGER, MONEY, FLAG, CHOICE or CHOICES");
    return;
  }
  const bool has_bound = condition.has_minimum() || condition.has_maximum();
  if (has_bound && !bounded) Problem(what, ": only INTEGER and MONEY have minimum and maximum");
  if (!condition.choices().empty() && !chosen) {
    Problem(what, ": only CHOICE and CHOICES have choices");
  }
  if (condition.has_flag() && !flag) Problem(what, ": only FLAG has a flag");
  if (bounded && !has_bound) Problem(what, ": has neither minimum nor maximum");
  if (chosen && condition.choices().empty()) Problem(what, ": has no choices");
  if (flag && !condition.has_flag()) Problem(what, ": does not say which flag");
  if (bounded && has_bound && !CanBeMet(condition, *field)) {
    Problem(what, ": no value that the field may hold meets it");
  }
  for (const std::string& key : condition.choices()) {
    const bool known =
        std::any_of(field->choices().begin(), field->choices().end(),
                    [&key](const v1::Choice& choice) { return choice.key() == key; });
    if (chosen && !known) Problem(what, ": unknown choice \"", key, "\"");
  }
}

void ProblemFinder::CheckServiceLevels() {
  Keys seen;
  for (const v1::ServiceLevel& level : definition_.service_levels()) {
    const std::string what = absl::StrCat("service level \"", level.key(), "\"");
    if (!IsKey(level.key())) {
      Problem(what, ": key must be [a-z][a-z0-9_]*, at most ", kKeyBytesMax, " characters");
    }
    CheckUnique(what, level.key(), seen);
    CheckLabel(absl::StrCat(what, ".label"), level.has_label(), level.label());
    if (!states_.contains(level.from_state())) {
      Problem(what, ": unknown state \"", level.from_state(), "\"");
    }
    if (level.until_states().empty()) Problem(what, ": its clock never stops");
    for (const std::string& state : level.until_states()) {
      if (!states_.contains(state)) Problem(what, ": unknown state \"", state, "\"");
    }
    if (level.working_days() < 1) Problem(what, ": working_days counts from 1");
    if (!level.automatic_state().empty()) CheckAutomaticState(what, level);
  }
}

void ProblemFinder::CheckAutomaticState(const std::string& service_level,
                                        const v1::ServiceLevel& level) {
  const std::string what =
      absl::StrCat(service_level, ".automatic_state \"", level.automatic_state(), "\"");
  if (!states_.contains(level.automatic_state())) {
    Problem(what, ": unknown state");
    return;
  }
  if (!ContainsKey(level.until_states(), level.automatic_state())) {
    Problem(what, ": does not stop the clock, it is not among until_states");
  }
  const auto& edges = definition_.workflow().edges();
  const auto edge = std::find_if(edges.begin(), edges.end(), [&](const v1::WorkflowEdge& edge) {
    return edge.from() == level.from_state() && edge.to() == level.automatic_state();
  });
  if (edge == edges.end()) {
    Problem(what, ": no edge leads there from \"", level.from_state(), "\"");
    return;
  }
  if (edge->reason_required()) Problem(what, ": its edge needs a reason, a timer has none");
  if (!edge->required_fields().empty()) {
    Problem(what, ": its edge needs fields, a timer fills in none");
  }
  if (!edge->conditions().empty()) Problem(what, ": its edge has conditions, a timer meets none");
  if (edge->irreversible()) Problem(what, ": its edge is irreversible, a person must take it");
}

void ProblemFinder::CheckDuplicates() {
  if (!definition_.has_duplicates()) return;
  const v1::DuplicateRule& rule = definition_.duplicates();
  const v1::Field* place = FindField(rule.place_field());
  if (place == nullptr) {
    Problem("duplicates.place_field: unknown field \"", rule.place_field(), "\"");
  } else if (place->type() != v1::FIELD_TYPE_PLACE) {
    Problem("duplicates.place_field \"", rule.place_field(), "\": must be of type PLACE");
  }
  if (rule.distance_metres() < 1 || rule.distance_metres() > kDuplicateMetresMax) {
    Problem("duplicates.distance_metres: must be 1 to ", kDuplicateMetresMax);
  }
  if (rule.days() < 1 || rule.days() > kDuplicateDaysMax) {
    Problem("duplicates.days: must be 1 to ", kDuplicateDaysMax);
  }
  Keys seen;
  for (const std::string& key : rule.equal_fields()) {
    const std::string what = absl::StrCat("duplicates.equal_fields \"", key, "\"");
    CheckUnique(what, key, seen);
    const v1::Field* field = FindField(key);
    if (field == nullptr) {
      Problem(what, ": unknown field");
    } else if (field->type() != v1::FIELD_TYPE_CHOICE) {
      Problem(what, ": must be of type CHOICE");
    }
  }
}

void ProblemFinder::CheckReports() {
  Keys seen;
  for (const v1::Report& report : definition_.reports()) {
    const std::string what = absl::StrCat("report \"", report.key(), "\"");
    if (!IsKey(report.key())) {
      Problem(what, ": key must be [a-z][a-z0-9_]*, at most ", kKeyBytesMax, " characters");
    }
    CheckUnique(what, report.key(), seen);
    CheckLabel(absl::StrCat(what, ".title"), report.has_title(), report.title());
    if (report.columns().empty()) Problem(what, ": has no columns");
    Keys columns;
    for (const std::string& key : report.columns()) {
      CheckColumn(absl::StrCat(what, ", column \"", key, "\""), key, columns);
    }
    Keys sums;
    for (const std::string& key : report.sums()) {
      const std::string which = absl::StrCat(what, ", sum \"", key, "\"");
      CheckUnique(which, key, sums);
      const v1::Field* field = FindField(key);
      if (!columns.contains(key)) {
        Problem(which, ": is not a column");
      } else if (field == nullptr || !IsSummable(field->type())) {
        Problem(which, ": only INTEGER, MONEY and DECIMAL can be summed");
      }
    }
    if (!report.group_by().empty() && !columns.contains(report.group_by())) {
      Problem(what, ".group_by \"", report.group_by(), "\": is not a column");
    }
  }
}

void ProblemFinder::CheckColumn(const std::string& what, const std::string& key, Keys& columns) {
  CheckUnique(what, key, columns);
  const v1::Field* field = FindField(key);
  const bool built_in = ContainsKey(kReportColumns, key);
  if (field == nullptr) {
    if (!built_in) Problem(what, ": unknown field");
    return;
  }
  if (built_in) Problem(what, ": is a field and also a column of every report");
  if (field->personal()) Problem(what, ": personal data never goes into a report");
}

}  // namespace tikar::sync
