#include "clients/cli/request_text.h"

#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "clients/cli/display.h"
#include "clients/cli/json_output.h"
#include "clients/cli/table.h"
#include "clients/cli/times.h"
#include "clients/cli/value_text.h"
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
// Below this a wrapped text is a column of single words.
constexpr size_t kTextColumnsMin = 24;

const v1::Value* ValueOf(const v1::FieldState& field) {
  return field.has_value() ? &field.value() : nullptr;
}

std::string Say(const TextStyle& style, std::string_view indonesian, std::string_view english) {
  return std::string(Pick(style.language, indonesian, english));
}

std::string WhoText(const std::string& actor, const std::string& role,
                    const DefinitionView& definition, Language language) {
  if (role.empty()) return OneLine(actor);
  const v1::Role* known = definition.FindRole(role);
  return OneLine(absl::StrCat(
      actor, " (", known == nullptr ? role : Label(language, known->label(), role), ")"));
}

// `text`, wrapped, each line but the first indented so that it hangs below the first.
std::string Hanging(std::string_view text, size_t indent, const TextStyle& style) {
  size_t columns = 0;
  if (style.terminal.width > 0) {
    columns = std::max(kTextColumnsMin,
                       style.terminal.width > indent ? style.terminal.width - indent : 0);
  }
  return absl::StrJoin(Lines(text, columns), "\n" + std::string(indent, ' '));
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

std::string CollectionLabel(const std::string& key, const DefinitionView& definition,
                            Language language) {
  for (const v1::Collection& collection : definition.proto().collections()) {
    if (collection.key() == key) return Label(language, collection.label(), key);
  }
  return key;
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
      absl::StrAppend(&text, std::string(kIndent, ' '), Styled(style.terminal, Style::kDim, who),
                      "\n", std::string(2 * kIndent, ' '),
                      Hanging(FormatValue(nullptr, ValueOf(*element.field), style.language),
                              2 * kIndent, style),
                      "\n");
    }
  }
  return text;
}

// Items of a history by id, with the numbers that the text gives them.
struct Numbered {
  size_t number;
  const v1::HistoryItem* item;
};

std::string OutcomeText(const v1::WriteOutcome& write, const std::map<std::string, Numbered>& items,
                        const TextStyle& style) {
  std::string by;
  if (const auto found = items.find(write.by_change_id()); found != items.end()) {
    by = absl::StrCat("#", found->second.number, " ", OneLine(found->second.item->actor()));
  } else if (!write.by_change_id().empty()) {
    by = absl::BytesToHexString(write.by_change_id()).substr(0, 8);
  }
  const auto with = [&](std::string_view indonesian, std::string_view english) {
    const std::string words = Say(style, indonesian, english);
    return by.empty() ? words : absl::StrCat(words, " (", by, ")");
  };
  switch (write.rule()) {
    case v1::RULE_SUPERSEDED:
      return with("kemudian diganti", "replaced later");
    case v1::RULE_LATEST:
      return with("kalah: yang lain lebih baru", "lost: the other is later");
    case v1::RULE_WORKFLOW:
      return with("kalah: status lain lebih jauh dalam alur",
                  "lost: the other state is further in the workflow");
    case v1::RULE_HIGHEST:
      return with("kalah: yang lain lebih tinggi", "lost: the other is higher");
    case v1::RULE_LOWEST:
      return with("kalah: yang lain lebih rendah", "lost: the other is lower");
    case v1::RULE_UNION:
      return with("bagian dari gabungan", "part of the union");
    case v1::RULE_TEXT:
      return with("digabung ke dalam teks", "merged into the text");
    case v1::RULE_TEXT_LATEST:
      return with("kalah: teks terlalu panjang untuk digabung, yang lain lebih baru",
                  "lost: text too long to merge, the other is later");
    case v1::RULE_REVIEW:
      return with("menunggu keputusan", "waits for a decision");
    case v1::RULE_EDIT_BEATS_REMOVE:
      return with("kalah: suntingan bertahan atas penghapusan",
                  "lost: an edit stands against the removal");
    case v1::RULE_SETTLED:
      return with("diputuskan lain", "settled otherwise");
    default:
      return "";
  }
}

std::string KindsText(const v1::HistoryItem& item) { return absl::StrJoin(item.kinds(), ", "); }

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
                      roles.empty() ? "" : OneLine(roles[0]));
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
  const bool calm = request.reviews().empty() && !request.retracted() &&
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
                    dim(Say(style, ", perubahan: ", ", changes: ")), request.change_count(), "\n");
  }
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

std::string HistoryText(const v1::GetRequestHistoryResponse& history,
                        const DefinitionView& definition, const TextStyle& style) {
  const Terminal& terminal = style.terminal;
  std::map<std::string, Numbered> items;
  for (int i = 0; i < history.items_size(); ++i) {
    items[history.items(i).change_id()] = {static_cast<size_t>(i) + 1, &history.items(i)};
  }
  const auto dim = [&](std::string_view words) { return Styled(terminal, Style::kDim, words); };
  std::string text = absl::StrCat(
      Styled(terminal, Style::kName, RefText(history.request().ref())), "  ",
      Styled(terminal, Style::kBold, OneLine(TitleOf(history.request(), definition))), "\n");
  for (const v1::HistoryItem& item : history.items()) {
    const std::string number = absl::StrCat("#", items[item.change_id()].number);
    absl::StrAppend(&text, "\n", Styled(terminal, Style::kBold, PadToWidth(number, 4)), " ",
                    HlcText(item.effective_time()), "  ",
                    WhoText(item.actor(), item.role(), definition, style.language), "  ",
                    Styled(terminal, Style::kName, OneLine(KindsText(item))), "  ",
                    dim(absl::BytesToHexString(item.change_id()).substr(0, 8)), "\n");
    const std::string indent(5, ' ');
    if (item.stamp().verdict() != v1::VERDICT_ACCEPTED) {
      absl::StrAppend(
          &text, indent,
          Styled(terminal, Style::kBad,
                 absl::StrCat(
                     AbslView(item.stamp().verdict() == v1::VERDICT_QUARANTINED
                                  ? Pick(style.language, "DITAHAN: ", "HELD: ")
                                  : Pick(style.language, "DITOLAK: ", "REFUSED: ")),
                     EnumJson(v1::RefusalReason_Name(item.stamp().reason()), "REFUSAL_REASON_"))),
          "\n");
    }
    const int64_t correction_ms = sync::HlcMs(item.effective_time()) - sync::HlcMs(item.hlc());
    if (correction_ms != 0) {
      absl::StrAppend(
          &text, indent,
          Styled(terminal, Style::kWarning,
                 absl::StrCat(
                     AbslView(Pick(style.language, "jam dikoreksi: perangkat menunjuk ",
                                   "clock corrected: the device said ")),
                     HlcText(item.hlc()), ", ", AboutDuration(absl::Milliseconds(correction_ms)),
                     AbslView(correction_ms < 0 ? Pick(style.language, " terlalu maju", " ahead")
                                                : Pick(style.language, " terlambat", " behind")))),
          "\n");
    }
    for (const v1::WriteOutcome& write : item.writes()) {
      if (write.path() == sync::kDefinitionPath) continue;
      const v1::Value* value = write.has_value() ? &write.value() : nullptr;
      const std::string label = sync::IsElementPath(write.path())
                                    ? CollectionLabel(std::string(sync::CollectionOf(write.path())),
                                                      definition, style.language)
                                    : definition.FieldLabel(write.path(), style.language);
      std::string line =
          absl::StrCat(OneLine(label), ": ",
                       OneLine(definition.FormatFieldValue(write.path(), value, style.language)));
      const std::string outcome = OutcomeText(write, items, style);
      const size_t outcome_columns = outcome.empty() ? 0 : DisplayWidth(outcome) + 4;
      if (terminal.width > 0) {
        // What became of it matters more than the end of a long text.
        const size_t taken = indent.size() + outcome_columns;
        line = CutToWidth(
            line, std::max(kTextColumnsMin, terminal.width > taken ? terminal.width - taken : 0));
      }
      absl::StrAppend(&text, indent, line);
      if (!outcome.empty()) {
        absl::StrAppend(&text, "  ", dim("← "), Styled(terminal, Style::kWarning, outcome));
      }
      text += "\n";
    }
    if (!item.reason().empty()) {
      absl::StrAppend(&text, indent, dim(Say(style, "Alasan: ", "Reason: ")),
                      Hanging(item.reason(), indent.size() + 8, style), "\n");
    }
  }
  return text;
}

}  // namespace tikar::cli
