// tikar areas, tikar services.
#include <algorithm>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "clients/cli/commands.h"
#include "clients/cli/failure.h"
#include "clients/cli/json_output.h"
#include "clients/cli/table.h"
#include "sync/status_macros.h"
#include "sync/types.h"

namespace tikar::cli {
namespace {

constexpr uint32_t kPageSizeMax = 1000;
constexpr size_t kQueryCharactersMin = 2;

}  // namespace

absl::Status AreasSearch(Session& session, const AreasSearchOptions& options) {
  if (!options.query.empty() && options.query.size() < kQueryCharactersMin) {
    return UsageError("write at least 2 characters of the name or code");
  }
  v1::ListAreasRequest list;
  list.set_query(options.query);
  list.set_parent_code(options.below);
  std::vector<v1::Area> areas;
  bool more = false;
  while (areas.size() < options.limit) {
    list.set_page_size(
        std::min<uint32_t>(kPageSizeMax, options.limit - static_cast<uint32_t>(areas.size())));
    ASSIGN_OR_RETURN(v1::ListAreasResponse page, session.connection().Call(list));
    for (v1::Area& area : *page.mutable_areas()) areas.push_back(std::move(area));
    more = !page.next_page_token().empty();
    if (!more) break;
    list.set_page_token(page.next_page_token());
  }
  if (session.json()) {
    Json json;
    json["areas"] = Json::array();
    for (const v1::Area& area : areas) json["areas"].push_back(AreaJson(area));
    json["more"] = more;
    session.out() << JsonText(json);
    return absl::OkStatus();
  }
  if (areas.empty()) {
    return WithAdvice(
        absl::NotFoundError(
            sync::AbslView(session.Say("Tidak ada wilayah seperti itu.", "No such area."))),
        session.Say("Cari dengan bagian nama lain, misalnya: tikar areas search kerinci",
                    "Search for another part of its name, for example: "
                    "tikar areas search kerinci"));
  }
  Table table({{.title = std::string(session.Say("KODE", "CODE"))},
               {.title = std::string(session.Say("NAMA", "NAME")), .shrinks = true},
               {.title = std::string(session.Say("LETAK", "WHERE")), .shrinks = true}});
  for (const v1::Area& area : areas) {
    table.AddRow({{area.code(), Style::kName}, {area.name()}, {area.path(), Style::kDim}});
  }
  session.out() << table.Render(session.out_terminal());
  if (more) {
    session.out() << session.Say("… masih ada lagi; tambah dengan --limit\n",
                                 "… there are more; ask for them with --limit\n");
  }
  return absl::OkStatus();
}

absl::Status ServicesList(Session& session, bool all_versions) {
  v1::ListDefinitionsRequest list;
  list.set_all_versions(all_versions);
  ASSIGN_OR_RETURN(const v1::ListDefinitionsResponse answer, session.connection().Call(list));
  if (session.json()) {
    Json json;
    json["services"] = Json::array();
    for (const v1::DefinitionSummary& summary : answer.definitions()) {
      const v1::Definition& definition = summary.definition();
      Json item;
      item["service"] = definition.service();
      item["version"] = definition.version();
      item["publisher"] = definition.publisher();
      item["definition_hash"] = absl::BytesToHexString(summary.definition_hash());
      item["title"] = {{"id", definition.title().id()}, {"en", definition.title().en()}};
      item["states"] = Json::array();
      for (const v1::State& state : definition.workflow().states()) {
        item["states"].push_back({{"key", state.key()},
                                  {"id", state.label().id()},
                                  {"en", state.label().en()},
                                  {"terminal", state.terminal()}});
      }
      item["fields"] = Json::array();
      for (const v1::Field& field : definition.fields()) {
        item["fields"].push_back(
            {{"key", field.key()},
             {"type", EnumJson(v1::FieldType_Name(field.type()), "FIELD_TYPE_")},
             {"id", field.label().id()},
             {"en", field.label().en()},
             {"required", field.required()}});
      }
      item["roles"] = Json::array();
      for (const v1::Role& role : definition.roles()) item["roles"].push_back(role.key());
      json["services"].push_back(std::move(item));
    }
    session.out() << JsonText(json);
    return absl::OkStatus();
  }
  Table table({{.title = std::string(session.Say("LAYANAN", "SERVICE"))},
               {.title = std::string(session.Say("VERSI", "VERSION")), .right_aligned = true},
               {.title = std::string(session.Say("NAMA", "TITLE")), .shrinks = true},
               {.title = std::string(session.Say("PENERBIT", "PUBLISHER")),
                .shrinks = true,
                .droppable = true},
               {.title = std::string(session.Say("STATUS", "STATES")), .shrinks = true}});
  for (const v1::DefinitionSummary& summary : answer.definitions()) {
    const v1::Definition& definition = summary.definition();
    std::vector<std::string> states;
    for (const v1::State& state : definition.workflow().states()) states.push_back(state.key());
    table.AddRow({{definition.service(), Style::kName},
                  {absl::StrCat(definition.version())},
                  {Label(session.language(), definition.title(), definition.service())},
                  {session.AreaName(definition.publisher())},
                  {absl::StrJoin(states, ", "), Style::kDim}});
  }
  session.out() << table.Render(session.out_terminal());
  return absl::OkStatus();
}

}  // namespace tikar::cli
