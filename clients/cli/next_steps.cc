#include "clients/cli/next_steps.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "clients/cli/display.h"
#include "clients/cli/request_text.h"
#include "clients/cli/value_text.h"
#include "sync/definition.h"
#include "sync/types.h"

namespace tikar::cli {
namespace {

using sync::AbslView;

constexpr size_t kIndent = 2;

std::string CommandFor(const v1::Request& request, const v1::WorkflowEdge& edge,
                       const std::vector<std::string>& missing_fields, std::string_view role) {
  std::string command = absl::StrCat("tikar requests edit ", RefText(request.ref()), " --status ",
                                     OneLine(edge.to()));
  for (const std::string& field : missing_fields) {
    absl::StrAppend(&command, " --set ", OneLine(field), "=…");
  }
  if (edge.reason_required()) absl::StrAppend(&command, " --reason \"…\"");
  const bool may = std::find(edge.roles().begin(), edge.roles().end(), role) != edge.roles().end();
  if (may) {
    absl::StrAppend(&command, " --role ", AbslView(role));
  } else if (!edge.roles().empty()) {
    absl::StrAppend(&command, " --role ", OneLine(edge.roles(0)));
  }
  return command;
}

// What the step asks for, in words: "needs a reason", "cannot be undone".
std::vector<std::string> Demands(const NextStep& step, const DefinitionView& definition,
                                 const TextStyle& style) {
  const v1::WorkflowEdge& edge = *step.edge;
  std::vector<std::string> demands;
  if (edge.reason_required()) demands.push_back(Say(style, "perlu alasan", "needs a reason"));
  for (const std::string& field : edge.required_fields()) {
    const bool missing = std::find(step.missing_fields.begin(), step.missing_fields.end(), field) !=
                         step.missing_fields.end();
    demands.push_back(absl::StrCat(Say(style, "perlu ", "needs "),
                                   definition.FieldLabel(field, style.language),
                                   missing ? "" : Say(style, " (sudah terisi)", " (filled in)")));
  }
  for (const v1::EdgeCondition& condition : edge.conditions()) {
    demands.push_back(ConditionText(condition, definition, style.language));
  }
  if (edge.irreversible()) {
    demands.push_back(Say(style, "tidak dapat dibatalkan", "cannot be undone"));
  }
  if (step.held) {
    demands.push_back(
        Say(style, "tertahan sampai status diputuskan", "held until the status is settled"));
  }
  return demands;
}

}  // namespace

std::string ConditionText(const v1::EdgeCondition& condition, const DefinitionView& definition,
                          Language language) {
  const v1::Field* field = definition.FindField(condition.field());
  const auto number = [&](int64_t bound) {
    v1::Value value;
    value.set_integer(bound);
    return FormatValue(field, &value, language);
  };
  std::vector<std::string> bounds;
  if (condition.has_minimum()) {
    bounds.push_back(absl::StrCat(AbslView(Pick(language, "paling sedikit ", "at least ")),
                                  number(condition.minimum())));
  }
  if (condition.has_maximum()) {
    bounds.push_back(absl::StrCat(AbslView(Pick(language, "paling banyak ", "at most ")),
                                  number(condition.maximum())));
  }
  if (condition.has_flag()) {
    v1::Value value;
    value.set_flag(condition.flag());
    bounds.push_back(FormatValue(field, &value, language));
  }
  if (!condition.choices().empty()) {
    std::vector<std::string> labels;
    for (const std::string& choice : condition.choices()) {
      v1::Value value;
      value.set_text(choice);
      labels.push_back(FormatValue(field, &value, language));
    }
    bounds.push_back(
        absl::StrJoin(labels, absl::StrCat(" ", AbslView(Pick(language, "atau", "or")), " ")));
  }
  return absl::StrCat(definition.FieldLabel(condition.field(), language), " ",
                      absl::StrJoin(bounds, ", "));
}

std::vector<NextStep> NextStepsOf(const v1::Request& request, const DefinitionView& definition,
                                  std::string_view role) {
  std::vector<NextStep> steps;
  if (request.retracted() || request.availability() != v1::AVAILABILITY_READY) return steps;
  const bool status_disputed = std::find(request.reviews().begin(), request.reviews().end(),
                                         sync::kStatusPath) != request.reviews().end();
  for (const v1::WorkflowEdge& edge : definition.proto().workflow().edges()) {
    if (edge.from() != request.status()) continue;
    NextStep step;
    step.edge = &edge;
    for (const std::string& path : edge.required_fields()) {
      const v1::FieldState* field = FindFieldState(request, path);
      if (field == nullptr || !field->has_value()) step.missing_fields.push_back(path);
    }
    step.held = edge.irreversible() && status_disputed;
    step.command = CommandFor(request, edge, step.missing_fields, role);
    steps.push_back(std::move(step));
  }
  return steps;
}

std::string NextStepsText(const v1::Request& request, const DefinitionView& definition,
                          std::string_view role, const TextStyle& style) {
  const std::vector<NextStep> steps = NextStepsOf(request, definition, role);
  const v1::State* state = definition.FindState(request.status());
  if (steps.empty()) {
    const bool ended =
        state != nullptr && state->terminal() && request.reviews().empty() && !request.retracted();
    if (!ended) return "";
    return absl::StrCat("\n",
                        Styled(style.terminal, Style::kDim,
                               Say(style, "Selesai: tidak ada langkah berikutnya.",
                                   "At its end: no step follows.")),
                        "\n");
  }
  std::string text = absl::StrCat(
      "\n", Styled(style.terminal, Style::kBold, Say(style, "Langkah berikutnya", "Next steps")),
      "\n");
  for (const NextStep& step : steps) {
    std::vector<std::string> roles;
    for (const std::string& key : step.edge->roles()) {
      const v1::Role* known = definition.FindRole(key);
      roles.push_back(known == nullptr ? key : Label(style.language, known->label(), key));
    }
    const std::string target = definition.StateLabel(step.edge->to(), style.language);
    const std::string label = Label(style.language, step.edge->label(), target);
    std::string line = OneLine(label);
    if (label != target) absl::StrAppend(&line, " → ", OneLine(target));
    absl::StrAppend(&line, ": ", OneLine(absl::StrJoin(roles, ", ")));
    const std::vector<std::string> demands = Demands(step, definition, style);
    if (!demands.empty()) absl::StrAppend(&line, "; ", OneLine(absl::StrJoin(demands, ", ")));
    absl::StrAppend(&text, std::string(kIndent, ' '),
                    Styled(style.terminal, step.held ? Style::kWarning : Style::kPlain,
                           Hanging(line, 2 * kIndent, style)),
                    "\n", std::string(2 * kIndent, ' '),
                    Styled(style.terminal, Style::kDim, step.command), "\n");
  }
  return text;
}

Json NextStepsJson(const v1::Request& request, const DefinitionView& definition,
                   std::string_view role) {
  Json list = Json::array();
  for (const NextStep& step : NextStepsOf(request, definition, role)) {
    const v1::WorkflowEdge& edge = *step.edge;
    Json item;
    item["to"] = edge.to();
    item["id"] = edge.label().id();
    item["en"] = edge.label().en();
    item["roles"] = Json::array();
    for (const std::string& key : edge.roles()) item["roles"].push_back(key);
    item["reason_required"] = edge.reason_required();
    item["irreversible"] = edge.irreversible();
    item["required_fields"] = Json::array();
    for (const std::string& path : edge.required_fields()) item["required_fields"].push_back(path);
    item["missing_fields"] = step.missing_fields;
    item["held"] = step.held;
    item["command"] = step.command;
    list.push_back(std::move(item));
  }
  return list;
}

}  // namespace tikar::cli
