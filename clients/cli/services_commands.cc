// tikar services list, show.
#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "clients/cli/commands.h"
#include "clients/cli/definition_names.h"
#include "clients/cli/definition_text.h"
#include "clients/cli/display.h"
#include "clients/cli/failure.h"
#include "clients/cli/json_output.h"
#include "clients/cli/table.h"
#include "sync/status_macros.h"
#include "sync/types.h"

namespace tikar::cli {
namespace {

using sync::AbslView;

// NotFound with what there is.
absl::Status NoSuchService(Session& session, const ServicesShowOptions& options,
                           const std::vector<v1::DefinitionSummary>& known) {
  std::set<std::string> names;
  for (const v1::DefinitionSummary& summary : known) {
    const v1::Definition& definition = summary.definition();
    names.insert(definition.service() == options.service
                     ? absl::StrCat(definition.service(), " v", definition.version())
                     : definition.service());
  }
  const std::string wanted =
      options.version == 0 ? options.service : absl::StrCat(options.service, " v", options.version);
  return WithAdvice(
      absl::NotFoundError(absl::StrCat(
          AbslView(session.Say("server tidak punya layanan \"", "the server has no service \"")),
          wanted, "\"")),
      absl::StrCat(AbslView(session.Say("Yang ada: ", "It has: ")), absl::StrJoin(names, ", ")));
}

// The newest version of each publisher, in the order of `all`: regions go their own ways with a
// service, and none of them stands for the others.
std::vector<v1::DefinitionSummary> NewestOfEach(const std::vector<v1::DefinitionSummary>& all) {
  std::map<std::pair<std::string, std::string>, uint32_t> newest;
  for (const v1::DefinitionSummary& summary : all) {
    const v1::Definition& definition = summary.definition();
    uint32_t& version = newest[{definition.service(), definition.publisher()}];
    version = std::max(version, definition.version());
  }
  std::vector<v1::DefinitionSummary> kept;
  for (const v1::DefinitionSummary& summary : all) {
    const v1::Definition& definition = summary.definition();
    if (definition.version() == newest[{definition.service(), definition.publisher()}]) {
      kept.push_back(summary);
    }
  }
  return kept;
}

}  // namespace

absl::Status ServicesList(Session& session, bool all_versions) {
  ASSIGN_OR_RETURN(std::vector<v1::DefinitionSummary> listed, AllDefinitions(session));
  if (!all_versions) listed = NewestOfEach(listed);
  if (session.json()) {
    Json json;
    json["services"] = Json::array();
    for (const v1::DefinitionSummary& summary : listed) {
      json["services"].push_back(DefinitionSummaryJson(summary));
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
  for (const v1::DefinitionSummary& summary : listed) {
    const v1::Definition& definition = summary.definition();
    std::vector<std::string> states;
    for (const v1::State& state : definition.workflow().states()) states.push_back(state.key());
    table.AddRow({{definition.service(), Style::kName},
                  {absl::StrCat(definition.version())},
                  {Label(session.language(), definition.title(), definition.service())},
                  {session.AreaName(definition.publisher())},
                  {absl::StrJoin(states, ", "), Style::kDim}});
  }
  if (table.empty()) {
    session.out() << session.Say("Belum ada layanan.\n", "No services yet.\n");
    return absl::OkStatus();
  }
  session.out() << table.Render(session.out_terminal())
                << Styled(session.out_terminal(), Style::kDim,
                          session.Say("Formulir dan alurnya: ", "Its form and workflow: "))
                << "tikar services show " << listed.front().definition().service() << "\n";
  return absl::OkStatus();
}

absl::Status ServicesShow(Session& session, const ServicesShowOptions& options) {
  ASSIGN_OR_RETURN(const std::vector<v1::DefinitionSummary> all, AllDefinitions(session));
  const v1::DefinitionSummary* found = nullptr;
  for (const v1::DefinitionSummary& summary : all) {
    const v1::Definition& definition = summary.definition();
    if (definition.service() != options.service) continue;
    if (options.version != 0 && definition.version() != options.version) continue;
    if (found == nullptr || definition.version() > found->definition().version()) found = &summary;
  }
  if (found == nullptr) return NoSuchService(session, options, all);
  if (session.json()) {
    session.out() << JsonText(DefinitionJson(found->definition_hash(), found->definition()));
    return absl::OkStatus();
  }
  const DefinitionView view(std::make_shared<const v1::Definition>(found->definition()));
  session.out() << DefinitionText(found->definition_hash(), view,
                                  session.AreaName(found->definition().publisher()),
                                  {session.out_terminal(), session.language()});
  if (options.version != 0) return absl::OkStatus();
  for (const v1::DefinitionSummary& summary : NewestOfEach(all)) {
    const v1::Definition& other = summary.definition();
    if (other.service() != options.service) continue;
    if (other.publisher() == found->definition().publisher()) continue;
    session.out() << Styled(session.out_terminal(), Style::kDim,
                            session.Say("Juga terbitan ", "Also published by "))
                  << OneLine(session.AreaName(other.publisher())) << ": tikar catalog show "
                  << OneLine(NameOfDefinition(other)) << "\n";
  }
  return absl::OkStatus();
}

}  // namespace tikar::cli
