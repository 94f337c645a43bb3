#include "clients/cli/request_text.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "clients/cli/display.h"
#include "clients/cli/table.h"
#include "clients/cli/times.h"
#include "sync/change.h"
#include "sync/definition.h"
#include "sync/hlc.h"
#include "sync/ref.h"
#include "sync/types.h"

namespace tikar::cli {
namespace {

using sync::AbslView;

// Labels are cut to a third of the terminal, or to this where there is no limit.
constexpr size_t kLabelColumnsMax = 40;
constexpr size_t kIndent = 2;

const v1::Value* ValueOf(const v1::FieldState& field) {
  return field.has_value() ? &field.value() : nullptr;
}

// How a field came to its value, where that is more than one write.
std::string RuleNote(const v1::FieldState& field, Language language) {
  const int writes = field.candidates_size();
  switch (field.rule()) {
    case v1::RULE_LATEST:
      return absl::StrCat(AbslView(Pick(language, "terbaru dari ", "latest of ")), writes);
    case v1::RULE_WORKFLOW:
      return absl::StrCat(
          AbslView(Pick(language, "terjauh dalam alur dari ", "furthest in the workflow of ")),
          writes);
    case v1::RULE_HIGHEST:
      return absl::StrCat(AbslView(Pick(language, "tertinggi dari ", "highest of ")), writes);
    case v1::RULE_LOWEST:
      return absl::StrCat(AbslView(Pick(language, "terendah dari ", "lowest of ")), writes);
    case v1::RULE_UNION:
      return absl::StrCat(AbslView(Pick(language, "gabungan dari ", "union of ")), writes);
    case v1::RULE_TEXT:
      return absl::StrCat(AbslView(Pick(language, "digabung dari ", "merged from ")), writes);
    case v1::RULE_TEXT_LATEST:
      return absl::StrCat(AbslView(Pick(language, "terlalu panjang untuk digabung; terbaru dari ",
                                        "too long to merge; latest of ")),
                          writes);
    case v1::RULE_REVIEW:
      return std::string(
          Pick(language, "sementara; menunggu keputusan", "provisional; waits for a decision"));
    case v1::RULE_SETTLED:
      return std::string(Pick(language, "diputuskan", "settled"));
    default:
      return "";
  }
}

// Collections in the order of their labels' keys, elements in the order of their writes.
struct Element {
  const v1::FieldState* field;
  uint64_t time;
};

uint64_t TimeOf(const v1::FieldState& field) {
  uint64_t time = 0;
  for (const v1::Candidate& candidate : field.candidates()) {
    time = std::max<uint64_t>(time, candidate.effective_time());
  }
  return time;
}

std::string FieldsText(const v1::Request& request, const DefinitionView& definition,
                       const TextStyle& style) {
  // In the order of the form, then what the form does not know; what the head says already is left
  // out.
  std::vector<const v1::FieldState*> fields;
  std::set<std::string_view> placed = {sync::kStatusPath, sync::kDefinitionPath, sync::kAreaPath,
                                       sync::kRetractedPath};
  for (const v1::Field& field : definition.proto().fields()) {
    const v1::FieldState* state = FindFieldState(request, field.key());
    if (state != nullptr) fields.push_back(state);
    placed.insert(field.key());
  }
  for (const v1::FieldState& field : request.fields()) {
    if (!placed.contains(field.path())) fields.push_back(&field);
  }
  size_t label_columns = 0;
  for (const v1::FieldState* field : fields) {
    const std::string label = OneLine(definition.FieldLabel(field->path(), style.language));
    label_columns = std::max(label_columns, DisplayWidth(label));
  }
  label_columns =
      std::min(label_columns, style.terminal.width == 0
                                  ? kLabelColumnsMax
                                  : std::min(kLabelColumnsMax, style.terminal.width / 3));
  const size_t indent = kIndent + label_columns + 2;
  std::string text;
  for (const v1::FieldState* field : fields) {
    if (!field->has_value() && !field->under_review() && field->candidates_size() < 2) continue;
    const std::string label =
        CutToWidth(OneLine(definition.FieldLabel(field->path(), style.language)), label_columns);
    absl::StrAppend(
        &text, std::string(kIndent, ' '),
        Styled(style.terminal, Style::kDim, PadToWidth(label, label_columns)), "  ",
        Hanging(definition.FormatFieldValue(field->path(), ValueOf(*field), style.language), indent,
                style));
    const std::string note = RuleNote(*field, style.language);
    if (!note.empty()) {
      const Style note_style = field->under_review() ? Style::kWarning : Style::kDim;
      absl::StrAppend(&text, "  ", Styled(style.terminal, note_style, "(" + note + ")"));
    }
    text += "\n";
  }
  return text;
}

std::string ElementsText(const v1::Request& request, const DefinitionView& definition,
                         const TextStyle& style) {
  std::map<std::string, std::vector<Element>> collections;
  for (const v1::FieldState& element : request.elements()) {
    if (!element.has_value()) continue;
    collections[std::string(sync::CollectionOf(element.path()))].push_back(
        {&element, TimeOf(element)});
  }
  std::string text;
  for (auto& [key, elements] : collections) {
    std::sort(elements.begin(), elements.end(), [](const Element& a, const Element& b) {
      return std::pair(a.time, a.field->path()) < std::pair(b.time, b.field->path());
    });
    absl::StrAppend(&text, "\n",
                    Styled(style.terminal, Style::kBold,
                           absl::StrCat(CollectionLabel(key, definition, style.language), " (",
                                        elements.size(), ")")),
                    "\n");
    for (const Element& element : elements) {
      std::string who;
      if (!element.field->candidates().empty()) {
        const v1::Candidate& author = element.field->candidates(0);
        who = absl::StrCat(HlcText(author.effective_time()), "  ",
                           WhoText(author.actor(), author.role(), definition, style.language));
      }
      absl::StrAppend(
          &text, std::string(kIndent, ' '), Styled(style.terminal, Style::kDim, who), "\n",
          std::string(2 * kIndent, ' '),
          Hanging(definition.FormatElement(key, ValueOf(*element.field), style.language),
                  2 * kIndent, style),
          "\n");
    }
  }
  return text;
}

// One line for each service level that was started.
std::string ClocksText(const v1::Request& request, const TextStyle& style) {
  if (request.clocks().empty()) return "";
  std::string text = "\n";
  for (const v1::ServiceClock& clock : request.clocks()) {
    const bool running = clock.stopped_at_ms() == 0;
    std::string words = Say(style, running ? "batas " : "selesai ", running ? "due " : "done ");
    absl::StrAppend(&words, LocalTime(running ? clock.due_at_ms() : clock.stopped_at_ms()));
    if (clock.late()) absl::StrAppend(&words, Say(style, ", terlambat", ", late"));
    absl::StrAppend(&text, std::string(kIndent, ' '), "◷ ",
                    OneLine(Label(style.language, clock.label(), clock.key())), "  ",
                    Styled(style.terminal, clock.late() ? Style::kBad : Style::kDim, words), "\n");
  }
  return text;
}

// "7ZK4Q-X9M2H-P" of a resource name, whose last part it is made from; that part as it is where it
// is no id.
std::string RefOfName(std::string_view name) {
  const std::string_view last = name.substr(name.rfind('/') + 1);
  const std::optional<sync::RequestId> id = sync::RequestId::FromHex(last);
  return id.has_value() ? sync::FormatRef(sync::MakeRef(*id)) : OneLine(last);
}

// What is joined to it, and what may be the same thing; with what to type.
std::string SameText(const v1::Request& request, const TextStyle& style) {
  std::string text;
  for (const std::string& name : request.joined()) {
    absl::StrAppend(&text, Say(style, "Digabung ke sini: ", "Joined to this one: "),
                    RefOfName(name), "\n");
  }
  for (const std::string& name : request.possible_duplicates()) {
    absl::StrAppend(&text,
                    Styled(style.terminal, Style::kWarning,
                           Say(style, "Mungkin sama dengan ", "May be the same as ")),
                    RefOfName(name), ": tikar requests join ", RefText(request.ref()), " --to ",
                    RefOfName(name), "\n");
  }
  return text.empty() ? "" : absl::StrCat("\n", text);
}

}  // namespace

std::string RefText(std::string_view ref) {
  return ref.size() == sync::kRefCharacters ? sync::FormatRef(ref) : OneLine(ref);
}

std::string HlcText(uint64_t hlc) { return LocalTime(sync::HlcMs(hlc)); }

const v1::FieldState* FindFieldState(const v1::Request& request, std::string_view path) {
  for (const v1::FieldState& field : request.fields()) {
    if (field.path() == path) return &field;
  }
  return nullptr;
}

std::string TitleOf(const v1::Request& request, const DefinitionView& definition) {
  const v1::FieldState* field = FindFieldState(request, definition.proto().title_field());
  return field == nullptr || !field->has_value() ? "" : field->value().text();
}

bool IsLate(const v1::Request& request) {
  return std::any_of(request.clocks().begin(), request.clocks().end(),
                     [](const auto& clock) { return clock.late() && clock.stopped_at_ms() == 0; });
}

std::string StatusText(const v1::Request& request, const DefinitionView& definition,
                       Language language) {
  switch (request.availability()) {
    case v1::AVAILABILITY_NEEDS_CREATE:
      return std::string(Pick(language, "menunggu pembuatannya", "waits for its Create"));
    case v1::AVAILABILITY_NEEDS_DEFINITION:
      return std::string(Pick(language, "menunggu definisinya", "waits for its definition"));
    case v1::AVAILABILITY_NEEDS_NEWER_SERVER:
      return std::string(Pick(language, "perlu server lebih baru", "needs a newer server"));
    default:
      break;
  }
  std::string text = definition.StateLabel(request.status(), language);
  if (request.retracted()) {
    absl::StrAppend(&text, AbslView(Pick(language, ", ditarik", ", retracted")));
  }
  if (!request.reviews().empty()) {
    absl::StrAppend(&text, AbslView(Pick(language, ", perlu keputusan", ", under review")));
  }
  if (IsLate(request)) {
    absl::StrAppend(&text, AbslView(Pick(language, ", terlambat", ", late")));
  }
  return text;
}

std::string ResolveCommand(const v1::Request& request, std::string_view path,
                           const DefinitionView& definition) {
  const v1::Field* field = definition.FindField(path);
  const auto& roles = field != nullptr && !field->settler_roles().empty()
                          ? field->settler_roles()
                          : definition.proto().settler_roles();
  return absl::StrCat("tikar conflicts resolve ", RefText(request.ref()), " ", OneLine(path),
                      " --take 1 --reason \"…\"", roles.empty() ? "" : " --role ",
                      roles.empty() ? "" : OneLine(roles[0]),
                      // With "=": an etag may begin with a hyphen.
                      request.etag().empty() ? "" : " --etag=", OneLine(request.etag()));
}

std::string CandidatesText(const v1::FieldState& field, const DefinitionView& definition,
                           const TextStyle& style) {
  Table table({{.title = "#", .right_aligned = true},
               {.title = Say(style, "NILAI", "VALUE"), .shrinks = true},
               {.title = Say(style, "OLEH", "BY")},
               {.title = Say(style, "PADA", "WHEN")},
               {.title = Say(style, "PERUBAHAN", "CHANGE"), .droppable = true}});
  for (int i = 0; i < field.candidates_size(); ++i) {
    const v1::Candidate& candidate = field.candidates(i);
    const v1::Value* value = candidate.has_value() ? &candidate.value() : nullptr;
    table.AddRow(
        {{absl::StrCat(i + 1), Style::kBold},
         {definition.FormatFieldValue(field.path(), value, style.language), Style::kWarning},
         {WhoText(candidate.actor(), candidate.role(), definition, style.language)},
         {HlcText(candidate.effective_time())},
         {absl::BytesToHexString(candidate.change_id()).substr(0, 8), Style::kDim}});
  }
  return table.Render(style.terminal);
}

std::string RequestText(const v1::Request& request, const DefinitionView& definition,
                        std::string_view area_path, const TextStyle& style) {
  const Terminal& terminal = style.terminal;
  std::string text = Styled(terminal, Style::kName, RefText(request.ref()));
  const std::string title = TitleOf(request, definition);
  if (!title.empty()) {
    absl::StrAppend(&text, "  ", Styled(terminal, Style::kBold, OneLine(title)));
  }
  const bool calm = request.reviews().empty() && !request.retracted() && !IsLate(request) &&
                    request.availability() == v1::AVAILABILITY_READY;
  absl::StrAppend(&text, "\n", OneLine(definition.ServiceTitle(style.language)), " (",
                  OneLine(request.service()), " v", request.definition_version(), ")  ·  ",
                  Styled(terminal, calm ? Style::kGood : Style::kWarning,
                         OneLine(StatusText(request, definition, style.language))),
                  "\n");
  if (!request.area().empty()) {
    absl::StrAppend(&text, OneLine(area_path), " (", OneLine(request.area()), ")\n");
  }
  const auto dim = [&](std::string_view words) { return Styled(terminal, Style::kDim, words); };
  if (request.create_time() != 0) {
    absl::StrAppend(&text, dim(Say(style, "Dibuat ", "Created ")), HlcText(request.create_time()),
                    "\n", dim(Say(style, "Diubah ", "Updated ")), HlcText(request.update_time()),
                    dim(absl::StrCat(", ", Count(style.language, request.change_count(),
                                                 "perubahan", "change", "changes"))),
                    "\n");
  }
  text += ClocksText(request, style);
  text += SameText(request, style);
  const std::string fields = FieldsText(request, definition, style);
  if (!fields.empty()) absl::StrAppend(&text, "\n", fields);
  text += ElementsText(request, definition, style);
  for (const std::string& path : request.reviews()) {
    const v1::FieldState* field = FindFieldState(request, path);
    absl::StrAppend(
        &text, "\n",
        Styled(
            terminal, Style::kWarning,
            absl::StrCat(OneLine(definition.FieldLabel(path, style.language)),
                         AbslView(Pick(style.language, " perlu keputusan", " is under review")))),
        "\n");
    if (field != nullptr) text += CandidatesText(*field, definition, style);
    absl::StrAppend(&text, dim(Say(style, "Putuskan dengan: ", "Settle it with: ")),
                    ResolveCommand(request, path, definition), "\n");
  }
  return text;
}

}  // namespace tikar::cli
