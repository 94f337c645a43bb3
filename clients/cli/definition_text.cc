#include "clients/cli/definition_text.h"

#include <algorithm>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "clients/cli/display.h"
#include "clients/cli/next_steps.h"
#include "clients/cli/table.h"
#include "clients/cli/value_text.h"
#include "sync/types.h"

namespace tikar::cli {
namespace {

using sync::AbslView;
using Keys = google::protobuf::RepeatedPtrField<std::string>;

constexpr size_t kIndent = 2;

std::string TypeWord(v1::FieldType type, const TextStyle& style) {
  switch (type) {
    case v1::FIELD_TYPE_TEXT:
      return Say(style, "teks", "text");
    case v1::FIELD_TYPE_LONG_TEXT:
      return Say(style, "teks panjang", "long text");
    case v1::FIELD_TYPE_INTEGER:
      return Say(style, "bilangan bulat", "integer");
    case v1::FIELD_TYPE_MONEY:
      return Say(style, "rupiah", "rupiah");
    case v1::FIELD_TYPE_DECIMAL:
      return Say(style, "bilangan desimal", "decimal");
    case v1::FIELD_TYPE_FLAG:
      return Say(style, "ya/tidak", "yes/no");
    case v1::FIELD_TYPE_DATE:
      return Say(style, "tanggal", "date");
    case v1::FIELD_TYPE_TIME:
      return Say(style, "waktu", "time");
    case v1::FIELD_TYPE_PLACE:
      return Say(style, "tempat", "place");
    case v1::FIELD_TYPE_CHOICE:
      return Say(style, "pilihan", "choice");
    case v1::FIELD_TYPE_CHOICES:
      return Say(style, "beberapa pilihan", "choices");
    case v1::FIELD_TYPE_NIK:
      return "NIK";
    case v1::FIELD_TYPE_NIB:
      return "NIB";
    case v1::FIELD_TYPE_PHONE:
      return Say(style, "telepon", "telephone");
    default:
      // One that a newer server knows.
      return EnumJson(v1::FieldType_Name(type), "FIELD_TYPE_");
  }
}

std::string PolicyWord(v1::Policy policy, const TextStyle& style) {
  switch (policy) {
    case v1::POLICY_LATEST:
      return Say(style, "yang terbaru", "the latest");
    case v1::POLICY_WORKFLOW:
      return Say(style, "terjauh dalam alur", "furthest in the workflow");
    case v1::POLICY_HIGHEST:
      return Say(style, "yang tertinggi", "the highest");
    case v1::POLICY_LOWEST:
      return Say(style, "yang terendah", "the lowest");
    case v1::POLICY_UNION:
      return Say(style, "gabungan", "all together");
    case v1::POLICY_TEXT:
      return Say(style, "teks digabung", "texts are merged");
    case v1::POLICY_REVIEW:
      return Say(style, "diputuskan orang", "a person decides");
    default:
      return EnumJson(v1::Policy_Name(policy), "POLICY_");
  }
}

std::string JoinedOr(const Keys& keys, const std::string& otherwise) {
  return keys.empty() ? otherwise : absl::StrJoin(keys, ", ");
}

// "required, personal, 1 to 4".
std::string FieldNotes(const v1::Field& field, const TextStyle& style) {
  std::vector<std::string> notes;
  if (field.required()) notes.push_back(Say(style, "wajib", "required"));
  if (field.personal()) notes.push_back(Say(style, "data pribadi", "personal"));
  if (field.is_public()) notes.push_back(Say(style, "publik", "public"));
  if (field.minimum() != 0 || field.maximum() != 0) {
    v1::Value minimum, maximum;
    minimum.set_integer(field.minimum());
    maximum.set_integer(field.maximum());
    notes.push_back(absl::StrCat(FormatValue(&field, &minimum, style.language), " – ",
                                 FormatValue(&field, &maximum, style.language)));
  }
  if (field.length_max() != 0) {
    notes.push_back(absl::StrCat(
        "≤ ", Count(style.language, field.length_max(), "huruf", "character", "characters")));
  }
  return absl::StrJoin(notes, ", ");
}

std::string Heading(const TextStyle& style, std::string_view indonesian, std::string_view english) {
  return absl::StrCat("\n", Styled(style.terminal, Style::kBold, Say(style, indonesian, english)),
                      "\n");
}

std::string FormText(const DefinitionView& definition, const TextStyle& style) {
  Table table({{.title = Say(style, "BAGIAN", "FIELD")},
               {.title = Say(style, "JUDUL", "LABEL"), .shrinks = true},
               {.title = Say(style, "JENIS", "TYPE")},
               {.title = Say(style, "BILA BERBEDA", "IF TWO DIFFER")},
               {.title = Say(style, "YANG MENGISI", "WHO WRITES"), .shrinks = true},
               {.title = Say(style, "CATATAN", "NOTES"), .shrinks = true, .droppable = true}});
  std::string choices;
  for (const v1::Field& field : definition.proto().fields()) {
    table.AddRow({{field.key(), Style::kName},
                  {Label(style.language, field.label(), field.key())},
                  {TypeWord(field.type(), style)},
                  {PolicyWord(field.policy(), style),
                   field.policy() == v1::POLICY_REVIEW ? Style::kWarning : Style::kPlain},
                  {JoinedOr(field.writer_roles(), Say(style, "semua peran", "every role"))},
                  {FieldNotes(field, style), Style::kDim}});
    if (field.choices().empty()) continue;
    const auto with_label = [&](std::string* out, const v1::Choice& choice) {
      absl::StrAppend(out, choice.key(), " (", Label(style.language, choice.label(), choice.key()),
                      ")");
    };
    absl::StrAppend(
        &choices, std::string(kIndent, ' '),
        Hanging(absl::StrCat(field.key(), ": ", absl::StrJoin(field.choices(), ", ", with_label)),
                2 * kIndent, style),
        "\n");
  }
  std::string text = absl::StrCat(Heading(style, "Formulir", "Form"), table.Render(style.terminal));
  if (!choices.empty()) absl::StrAppend(&text, Heading(style, "Pilihan", "Choices"), choices);
  return text;
}

// "a reason; bantuan_modal; cannot be undone".
std::string EdgeNotes(const v1::WorkflowEdge& edge, const DefinitionView& definition,
                      const TextStyle& style) {
  std::vector<std::string> notes;
  if (edge.irreversible()) {
    notes.push_back(Say(style, "tidak dapat dibatalkan", "cannot be undone"));
  }
  if (edge.reason_required()) notes.push_back(Say(style, "alasan", "a reason"));
  for (const std::string& field : edge.required_fields()) notes.push_back(field);
  for (const v1::EdgeCondition& condition : edge.conditions()) {
    notes.push_back(ConditionText(condition, definition, style.language));
  }
  return absl::StrJoin(notes, "; ");
}

std::string WorkflowText(const DefinitionView& definition, const TextStyle& style) {
  const v1::Workflow& workflow = definition.proto().workflow();
  Table states({{.title = Say(style, "STATUS", "STATE")},
                {.title = Say(style, "JUDUL", "LABEL"), .shrinks = true},
                {.title = Say(style, "CATATAN", "NOTES"), .shrinks = true, .droppable = true}});
  for (int i = 0; i < workflow.states_size(); ++i) {
    const v1::State& state = workflow.states(i);
    std::vector<std::string> notes;
    if (i == 0) notes.push_back(Say(style, "awal", "start"));
    if (state.terminal()) notes.push_back(Say(style, "akhir", "end"));
    if (state.decision()) notes.push_back(Say(style, "keputusan", "decision"));
    states.AddRow({{state.key(), Style::kName},
                   {Label(style.language, state.label(), state.key())},
                   {absl::StrJoin(notes, ", "), Style::kDim}});
  }
  Table edges({{.title = Say(style, "DARI", "FROM")},
               {.title = Say(style, "KE", "TO")},
               {.title = Say(style, "LANGKAH", "STEP"), .shrinks = true},
               {.title = Say(style, "OLEH", "BY"), .shrinks = true},
               {.title = Say(style, "PERLU", "NEEDS"), .shrinks = true, .droppable = true}});
  for (const v1::WorkflowEdge& edge : workflow.edges()) {
    edges.AddRow({{edge.from(), Style::kName},
                  {edge.to(), Style::kName},
                  {Label(style.language, edge.label(), "")},
                  {absl::StrJoin(edge.roles(), ", ")},
                  {EdgeNotes(edge, definition, style),
                   edge.irreversible() ? Style::kWarning : Style::kDim}});
  }
  return absl::StrCat(Heading(style, "Alur (yang di bawah menang atas yang di atas)",
                              "Workflow (what stands below wins over what stands above)"),
                      states.Render(style.terminal), "\n", edges.Render(style.terminal));
}

std::string RolesText(const v1::Definition& definition, const TextStyle& style) {
  Table table({{.title = Say(style, "PERAN", "ROLE")},
               {.title = Say(style, "JUDUL", "LABEL"), .shrinks = true},
               {.title = Say(style, "BOLEH", "MAY"), .shrinks = true}});
  for (const v1::Role& role : definition.roles()) {
    std::vector<std::string> may;
    if (role.creates()) may.push_back(Say(style, "membuat", "create"));
    if (role.assigns()) may.push_back(Say(style, "menugaskan", "assign"));
    if (role.retracts()) may.push_back(Say(style, "menarik", "retract"));
    const Keys& settlers = definition.settler_roles();
    if (std::find(settlers.begin(), settlers.end(), role.key()) != settlers.end()) {
      may.push_back(Say(style, "memutuskan", "settle"));
    }
    table.AddRow({{role.key(), Style::kName},
                  {Label(style.language, role.label(), role.key())},
                  {absl::StrJoin(may, ", ")}});
  }
  return absl::StrCat(Heading(style, "Peran", "Roles"), table.Render(style.terminal));
}

std::string ServiceLevelsText(const v1::Definition& definition, const TextStyle& style) {
  if (definition.service_levels().empty()) return "";
  Table table({{.title = Say(style, "BATAS WAKTU", "SERVICE LEVEL")},
               {.title = Say(style, "JUDUL", "LABEL"), .shrinks = true},
               {.title = Say(style, "HARI KERJA", "WORKING DAYS"), .right_aligned = true},
               {.title = Say(style, "SEJAK", "FROM")},
               {.title = Say(style, "SAMPAI", "UNTIL"), .shrinks = true},
               {.title = Say(style, "LALU", "THEN"), .droppable = true}});
  for (const v1::ServiceLevel& level : definition.service_levels()) {
    table.AddRow({{level.key(), Style::kName},
                  {Label(style.language, level.label(), level.key())},
                  {absl::StrCat(level.working_days())},
                  {level.from_state()},
                  {absl::StrJoin(level.until_states(), ", ")},
                  {level.automatic_state()}});
  }
  return absl::StrCat(Heading(style, "Batas waktu", "Service levels"),
                      table.Render(style.terminal));
}

std::string CollectionsText(const v1::Definition& definition, const TextStyle& style) {
  if (definition.collections().empty()) return "";
  Table table({{.title = Say(style, "KUMPULAN", "COLLECTION")},
               {.title = Say(style, "JUDUL", "LABEL"), .shrinks = true},
               {.title = Say(style, "JENIS", "TYPE")},
               {.title = Say(style, "PALING BANYAK", "AT MOST"), .right_aligned = true}});
  for (const v1::Collection& collection : definition.collections()) {
    const v1::FieldType type = collection.type() == v1::FIELD_TYPE_UNSPECIFIED
                                   ? v1::FIELD_TYPE_LONG_TEXT
                                   : collection.type();
    table.AddRow({{collection.key(), Style::kName},
                  {Label(style.language, collection.label(), collection.key())},
                  {TypeWord(type, style)},
                  {collection.elements_max() == 0 ? "" : absl::StrCat(collection.elements_max())}});
  }
  return absl::StrCat(Heading(style, "Kumpulan", "Collections"), table.Render(style.terminal));
}

Json KeysJson(const Keys& keys) {
  Json list = Json::array();
  for (const std::string& key : keys) list.push_back(key);
  return list;
}

// {"id": …, "en": …} of a text, into `json`.
void AddLabel(Json& json, const v1::LocalizedText& text) {
  json["id"] = text.id();
  json["en"] = text.en();
}

Json LabelJson(const v1::LocalizedText& text) {
  Json json;
  AddLabel(json, text);
  return json;
}

Json FieldJson(const v1::Field& field) {
  Json json;
  json["key"] = field.key();
  json["type"] = EnumJson(v1::FieldType_Name(field.type()), "FIELD_TYPE_");
  AddLabel(json, field.label());
  json["required"] = field.required();
  return json;
}

Json WholeFieldJson(const v1::Field& field) {
  Json json = FieldJson(field);
  json["help"] = LabelJson(field.help());
  json["policy"] = EnumJson(v1::Policy_Name(field.policy()), "POLICY_");
  json["choices"] = Json::array();
  for (const v1::Choice& choice : field.choices()) {
    Json item;
    item["key"] = choice.key();
    AddLabel(item, choice.label());
    json["choices"].push_back(std::move(item));
  }
  const bool bounded = field.minimum() != 0 || field.maximum() != 0;
  json["minimum"] = bounded ? Json(field.minimum()) : Json(nullptr);
  json["maximum"] = bounded ? Json(field.maximum()) : Json(nullptr);
  json["length_max"] = field.length_max() == 0 ? Json(nullptr) : Json(field.length_max());
  json["personal"] = field.personal();
  json["public"] = field.is_public();
  json["writer_roles"] = KeysJson(field.writer_roles());
  json["settler_roles"] = KeysJson(field.settler_roles());
  return json;
}

Json StateJson(const v1::State& state) {
  Json json;
  json["key"] = state.key();
  AddLabel(json, state.label());
  json["terminal"] = state.terminal();
  return json;
}

Json ConditionJson(const v1::EdgeCondition& condition) {
  Json json;
  json["field"] = condition.field();
  json["minimum"] = condition.has_minimum() ? Json(condition.minimum()) : Json(nullptr);
  json["maximum"] = condition.has_maximum() ? Json(condition.maximum()) : Json(nullptr);
  json["choices"] = KeysJson(condition.choices());
  json["flag"] = condition.has_flag() ? Json(condition.flag()) : Json(nullptr);
  return json;
}

Json EdgeJson(const v1::WorkflowEdge& edge) {
  Json json;
  json["from"] = edge.from();
  json["to"] = edge.to();
  AddLabel(json, edge.label());
  json["roles"] = KeysJson(edge.roles());
  json["irreversible"] = edge.irreversible();
  json["reason_required"] = edge.reason_required();
  json["required_fields"] = KeysJson(edge.required_fields());
  json["conditions"] = Json::array();
  for (const v1::EdgeCondition& condition : edge.conditions()) {
    json["conditions"].push_back(ConditionJson(condition));
  }
  return json;
}

// What `services list` and `services show` both say at the top.
Json HeadJson(std::string_view definition_hash, const v1::Definition& definition) {
  Json json;
  json["service"] = definition.service();
  json["version"] = definition.version();
  json["publisher"] = definition.publisher();
  json["definition_hash"] = absl::BytesToHexString(AbslView(definition_hash));
  json["title"] = LabelJson(definition.title());
  return json;
}

}  // namespace

std::string DefinitionText(std::string_view definition_hash, const DefinitionView& definition,
                           std::string_view publisher, const TextStyle& style) {
  const v1::Definition& proto = definition.proto();
  const auto dim = [&](std::string_view words) {
    return Styled(style.terminal, Style::kDim, words);
  };
  std::string text = absl::StrCat(
      Styled(style.terminal, Style::kName, OneLine(proto.service())), "  ",
      Styled(style.terminal, Style::kBold, OneLine(definition.ServiceTitle(style.language))), "\n");
  const std::string description = Label(style.language, proto.description(), "");
  if (!description.empty()) absl::StrAppend(&text, Hanging(description, 0, style), "\n");
  absl::StrAppend(&text, dim(Say(style, "Versi ", "Version ")), proto.version(),
                  dim(Say(style, ", penerbit ", ", published by ")), OneLine(publisher), " (",
                  OneLine(proto.publisher()), ")\n",
                  dim(absl::BytesToHexString(AbslView(definition_hash))), "\n");
  for (const v1::Provenance& origin : proto.provenance()) {
    std::string line = absl::StrCat(Say(style, "Berasal dari ", "Comes from "), origin.service(),
                                    " v", origin.version(), " (", origin.publisher(), ")");
    if (!origin.note().empty()) absl::StrAppend(&line, ": ", origin.note());
    absl::StrAppend(&text, dim(Hanging(line, kIndent, style)), "\n");
  }
  absl::StrAppend(&text, FormText(definition, style), WorkflowText(definition, style),
                  RolesText(proto, style), ServiceLevelsText(proto, style),
                  CollectionsText(proto, style));
  return text;
}

Json DefinitionSummaryJson(const v1::DefinitionSummary& summary) {
  const v1::Definition& definition = summary.definition();
  Json json = HeadJson(summary.definition_hash(), definition);
  json["states"] = Json::array();
  for (const v1::State& state : definition.workflow().states()) {
    json["states"].push_back(StateJson(state));
  }
  json["fields"] = Json::array();
  for (const v1::Field& field : definition.fields()) json["fields"].push_back(FieldJson(field));
  json["roles"] = Json::array();
  for (const v1::Role& role : definition.roles()) json["roles"].push_back(role.key());
  return json;
}

Json DefinitionJson(std::string_view definition_hash, const v1::Definition& definition) {
  Json json = HeadJson(definition_hash, definition);
  json["description"] = LabelJson(definition.description());
  json["merge_version"] = definition.merge_version();
  json["public"] = definition.is_public();
  json["title_field"] = definition.title_field();
  json["settler_roles"] = KeysJson(definition.settler_roles());
  json["fields"] = Json::array();
  for (const v1::Field& field : definition.fields())
    json["fields"].push_back(WholeFieldJson(field));
  json["states"] = Json::array();
  for (const v1::State& state : definition.workflow().states()) {
    Json item = StateJson(state);
    item["decision"] = state.decision();
    json["states"].push_back(std::move(item));
  }
  json["edges"] = Json::array();
  for (const v1::WorkflowEdge& edge : definition.workflow().edges()) {
    json["edges"].push_back(EdgeJson(edge));
  }
  json["roles"] = Json::array();
  for (const v1::Role& role : definition.roles()) {
    Json item;
    item["key"] = role.key();
    AddLabel(item, role.label());
    item["creates"] = role.creates();
    item["assigns"] = role.assigns();
    item["retracts"] = role.retracts();
    json["roles"].push_back(std::move(item));
  }
  json["service_levels"] = Json::array();
  for (const v1::ServiceLevel& level : definition.service_levels()) {
    Json item;
    item["key"] = level.key();
    AddLabel(item, level.label());
    item["from_state"] = level.from_state();
    item["until_states"] = KeysJson(level.until_states());
    item["working_days"] = level.working_days();
    item["automatic_state"] =
        level.automatic_state().empty() ? Json(nullptr) : Json(level.automatic_state());
    json["service_levels"].push_back(std::move(item));
  }
  json["collections"] = Json::array();
  for (const v1::Collection& collection : definition.collections()) {
    Json item;
    item["key"] = collection.key();
    AddLabel(item, collection.label());
    item["length_max"] = collection.length_max();
    item["elements_max"] = collection.elements_max();
    json["collections"].push_back(std::move(item));
  }
  json["provenance"] = Json::array();
  for (const v1::Provenance& origin : definition.provenance()) {
    json["provenance"].push_back(
        {{"definition_hash", absl::BytesToHexString(origin.definition_hash())},
         {"publisher", origin.publisher()},
         {"service", origin.service()},
         {"version", origin.version()},
         {"note", origin.note()}});
  }
  return json;
}

}  // namespace tikar::cli
