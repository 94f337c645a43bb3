#include "clients/cli/catalog_publishing.h"

#include <algorithm>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "clients/cli/definition_files.h"
#include "clients/cli/definition_names.h"
#include "clients/cli/display.h"
#include "clients/cli/failure.h"
#include "clients/cli/times.h"
#include "sync/status_macros.h"
#include "sync/types.h"

namespace tikar::cli {
namespace {

using sync::AbslView;

constexpr size_t kFindingIndent = 4;

std::string FindingLine(const sync::Finding& finding) {
  return absl::StrCat(finding.where, ": ", finding.message);
}

}  // namespace

absl::StatusOr<v1::PublishDefinitionResponse> Publish(Session& session,
                                                      const v1::Definition& definition,
                                                      bool validate_only) {
  std::vector<sync::Finding> warnings;
  std::string errors;
  for (sync::Finding& finding : sync::ReviewDefinition(definition)) {
    if (finding.severity == sync::Severity::kError) {
      absl::StrAppend(&errors, "\n  ", FindingLine(finding));
    } else {
      warnings.push_back(std::move(finding));
    }
  }
  if (!errors.empty()) {
    const std::string name = NameOfDefinition(definition);
    return UsageError(absl::StrCat(name, " tidak dapat terbit:", errors),
                      absl::StrCat(name, " cannot be published:", errors));
  }
  if (!session.json()) {
    session.err() << FindingsText(warnings, {session.err_terminal(), session.language()});
  }
  v1::PublishDefinitionRequest publish;
  publish.mutable_definition_bytes()->set_body(DefinitionBytes(definition));
  publish.set_validate_only(validate_only);
  absl::StatusOr<v1::PublishDefinitionResponse> answer = session.connection().Call(publish);
  if (answer.status().code() == absl::StatusCode::kAlreadyExists) {
    return WithAdvice(
        answer.status(),
        absl::StrCat(AbslView(session.Say("Lihat yang terbit: ", "See what is published: ")),
                     "tikar catalog show ", NameOfDefinition(definition)));
  }
  return answer;
}

absl::StatusOr<v1::Adoption> Adopt(Session& session, const std::string& region,
                                   const std::string& definition_hash) {
  v1::AdoptDefinitionRequest adopt;
  adopt.set_region(region);
  adopt.set_definition_hash(definition_hash);
  adopt.set_actor(session.settings().actor);
  ASSIGN_OR_RETURN(v1::AdoptDefinitionResponse answer, session.connection().Call(adopt));
  return std::move(*answer.mutable_adoption());
}

std::string RebaseCommand(const Session& session, const std::string& region,
                          const v1::Definition& definition) {
  std::string command = absl::StrCat("tikar catalog rebase --service ",
                                     OneLine(definition.service()), " --region ", region);
  const auto& settlers = definition.settler_roles();
  const std::string& role = session.settings().role;
  if (!settlers.empty() && std::find(settlers.begin(), settlers.end(), role) == settlers.end()) {
    absl::StrAppend(&command, " --role ", OneLine(settlers[0]));
  }
  return command;
}

absl::StatusOr<uint32_t> NextVersion(Session& session, const std::string& publisher,
                                     const std::string& service) {
  ASSIGN_OR_RETURN(const std::vector<v1::DefinitionSummary> all, AllDefinitions(session));
  uint32_t newest = 0;
  for (const v1::DefinitionSummary& summary : all) {
    const v1::Definition& definition = summary.definition();
    if (definition.publisher() != publisher || definition.service() != service) continue;
    newest = std::max(newest, definition.version());
  }
  return newest + 1;
}

std::string FindingsText(const std::vector<sync::Finding>& findings, const TextStyle& style) {
  std::string text;
  for (const sync::Finding& finding : findings) {
    const bool error = finding.severity == sync::Severity::kError;
    absl::StrAppend(
        &text, "  ",
        Styled(style.terminal, error ? Style::kBad : Style::kWarning,
               error ? Say(style, "kesalahan", "error") : Say(style, "peringatan", "warning")),
        ": ", Hanging(FindingLine(finding), kFindingIndent, style), "\n");
  }
  return text;
}

Json FindingsJson(const std::vector<sync::Finding>& findings) {
  Json list = Json::array();
  for (const sync::Finding& finding : findings) {
    Json json;
    json["severity"] = std::string(sync::SeverityName(finding.severity));
    json["where"] = finding.where;
    json["message"] = finding.message;
    list.push_back(std::move(json));
  }
  return list;
}

Json AdoptionJson(const v1::Adoption& adoption) {
  Json json;
  json["region"] = adoption.region();
  json["service"] = adoption.service();
  json["definition_hash"] = absl::BytesToHexString(adoption.definition_hash());
  json["publisher"] = adoption.publisher();
  json["version"] = adoption.version();
  json["actor"] = adoption.actor();
  json["time"] = IsoTime(adoption.time_ms());
  return json;
}

Json ProvenanceJson(const v1::Definition& definition) {
  Json list = Json::array();
  for (const v1::Provenance& origin : definition.provenance()) {
    list.push_back({{"definition_hash", absl::BytesToHexString(origin.definition_hash())},
                    {"publisher", origin.publisher()},
                    {"service", origin.service()},
                    {"version", origin.version()},
                    {"note", origin.note()}});
  }
  return list;
}

}  // namespace tikar::cli
