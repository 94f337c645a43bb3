// tikar catalog check, publish, adopt, list, show, diff.
#include "clients/cli/catalog_commands.h"

#include <map>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "clients/cli/catalog_publishing.h"
#include "clients/cli/definition_files.h"
#include "clients/cli/definition_names.h"
#include "clients/cli/definition_text.h"
#include "clients/cli/display.h"
#include "clients/cli/failure.h"
#include "clients/cli/json_output.h"
#include "clients/cli/table.h"
#include "clients/cli/times.h"
#include "sync/definition_diff.h"
#include "sync/definition_review.h"
#include "sync/status_macros.h"
#include "sync/types.h"

namespace tikar::cli {
namespace {

using sync::AbslView;

constexpr size_t kHashDigitsShown = 8;

TextStyle StyleOf(Session& session) { return {session.out_terminal(), session.language()}; }

std::string ShortHash(const std::string& hash) {
  return absl::BytesToHexString(hash).substr(0, kHashDigitsShown);
}

struct CheckedFile {
  std::string path;
  v1::Definition definition;
  std::vector<sync::Finding> findings;
};

CheckedFile CheckFile(Session& session, const std::string& path) {
  CheckedFile checked;
  checked.path = path;
  absl::StatusOr<v1::Definition> read = ReadDefinitionFile(path);
  if (read.ok()) {
    checked.definition = *std::move(read);
    checked.findings = sync::ReviewDefinition(checked.definition);
  } else {
    checked.findings.push_back(
        {sync::Severity::kError, std::string(session.Say("berkas", "file")),
         Explain(read.status(), session.language(), session.settings().server).message});
  }
  return checked;
}

Json CheckedFileJson(const CheckedFile& checked) {
  Json json;
  json["path"] = checked.path;
  json["service"] = checked.definition.service();
  json["version"] = checked.definition.version();
  json["publisher"] = checked.definition.publisher();
  json["findings"] = FindingsJson(checked.findings);
  return json;
}

// What a definition was made from, the newest first: "32.73/hayu@3 ← …".
std::string OriginText(const v1::Definition& definition) {
  std::vector<std::string> chain;
  for (const v1::Provenance& origin : definition.provenance()) {
    chain.push_back(absl::StrCat(origin.publisher(), "/", origin.service(), "@", origin.version()));
  }
  return absl::StrJoin(chain, " ← ");
}

Json DifferencesJson(const std::vector<sync::DefinitionDifference>& differences) {
  Json list = Json::array();
  for (const sync::DefinitionDifference& difference : differences) {
    Json json;
    json["path"] = difference.path;
    json["before"] = difference.before.has_value() ? Json(*difference.before) : Json(nullptr);
    json["after"] = difference.after.has_value() ? Json(*difference.after) : Json(nullptr);
    list.push_back(std::move(json));
  }
  return list;
}

// "Kabupaten Kerinci (15.01)".
std::string NamedArea(Session& session, const std::string& code) {
  const std::string name = session.AreaName(code);
  return name == code ? code : absl::StrCat(name, " (", code, ")");
}

}  // namespace

absl::Status CatalogCheck(Session& session, const CatalogOptions& options) {
  ASSIGN_OR_RETURN(const std::vector<std::string> paths, DefinitionFiles(options.path));
  std::optional<JsonListWriter> json;
  if (session.json()) json.emplace(session.out(), "files");
  size_t errors = 0, warnings = 0;
  for (const std::string& path : paths) {
    const CheckedFile checked = CheckFile(session, path);
    for (const sync::Finding& finding : checked.findings) {
      ++(finding.severity == sync::Severity::kError ? errors : warnings);
    }
    if (json.has_value()) {
      json->Add(CheckedFileJson(checked));
      continue;
    }
    session.out() << Styled(session.out_terminal(), Style::kBold, OneLine(path));
    if (!checked.definition.service().empty()) {
      session.out() << "  " << OneLine(NameOfDefinition(checked.definition));
    }
    if (checked.findings.empty()) {
      session.out() << "  "
                    << Styled(session.out_terminal(), Style::kGood, session.Say("baik", "sound"));
    }
    session.out() << "\n" << FindingsText(checked.findings, StyleOf(session));
  }
  if (json.has_value()) json->End(/*more=*/false);
  if (!json.has_value()) {
    session.out() << Count(session.language(), errors, "kesalahan", "error", "errors") << ", "
                  << Count(session.language(), warnings, "peringatan", "warning", "warnings")
                  << "\n";
  }
  if (errors == 0) return absl::OkStatus();
  return WithIndonesian(
      absl::FailedPreconditionError(absl::StrCat(
          Count(Language::kEnglish, errors, "", "error", "errors"), " in ", options.path)),
      absl::StrCat(Count(Language::kIndonesian, errors, "kesalahan", "", ""), " di ",
                   options.path));
}

absl::Status CatalogPublish(Session& session, const CatalogOptions& options) {
  ASSIGN_OR_RETURN(const v1::Definition definition, ReadDefinitionFile(options.path));
  ASSIGN_OR_RETURN(const v1::PublishDefinitionResponse answer,
                   Publish(session, definition, options.dry_run));
  if (session.json()) {
    Json json;
    json["definition_hash"] = absl::BytesToHexString(answer.definition_hash());
    json["service"] = definition.service();
    json["version"] = definition.version();
    json["publisher"] = definition.publisher();
    json["existed"] = answer.existed();
    json["dry_run"] = options.dry_run;
    session.out() << JsonText(json);
    return absl::OkStatus();
  }
  const std::string name = OneLine(NameOfDefinition(definition));
  session.out() << Styled(session.out_terminal(), Style::kName, name) << "  "
                << ShortHash(answer.definition_hash()) << "  "
                << (answer.existed()  ? session.Say("sudah terbit", "was published already")
                    : options.dry_run ? session.Say("dapat terbit; tidak ada yang dikirim",
                                                    "can be published; nothing was")
                                      : session.Say("terbit", "published"))
                << "\n";
  if (!options.dry_run) {
    session.out() << Styled(session.out_terminal(), Style::kDim,
                            session.Say("Tawarkan di daerah: ", "Offer it in a region: "))
                  << "tikar catalog adopt " << OneLine(definition.service()) << " --from "
                  << OneLine(definition.publisher()) << "@" << definition.version() << " --region "
                  << OneLine(definition.publisher()) << "\n";
  }
  return absl::OkStatus();
}

absl::Status CatalogAdopt(Session& session, const CatalogOptions& options) {
  ASSIGN_OR_RETURN(const std::string region, RegionOf(session, options.region));
  ASSIGN_OR_RETURN(const PublisherVersion from, ParsePublisherVersion(session, options.from));
  ASSIGN_OR_RETURN(const NamedDefinition named,
                   PublishedDefinition(session, from.publisher, options.service, from.version));
  ASSIGN_OR_RETURN(const v1::Adoption adoption, Adopt(session, region, named.hash));
  if (session.json()) {
    session.out() << JsonText(AdoptionJson(adoption));
    return absl::OkStatus();
  }
  session.out() << OneLine(NamedArea(session, region)) << ": "
                << Styled(session.out_terminal(), Style::kName,
                          OneLine(NameOfDefinition(named.definition)))
                << session.Say(" untuk permohonan baru\n", " for new requests\n")
                << Styled(session.out_terminal(), Style::kDim,
                          session.Say("Pindahkan yang masih terbuka: ", "Move the open ones: "))
                << RebaseCommand(session, region, named.definition) << "\n";
  return absl::OkStatus();
}

absl::Status CatalogList(Session& session, const CatalogOptions& options) {
  ASSIGN_OR_RETURN(const std::vector<v1::DefinitionSummary> published, AllDefinitions(session));
  v1::ListAdoptionsRequest list_adoptions;
  if (!options.region.empty()) {
    ASSIGN_OR_RETURN(*list_adoptions.mutable_region(), RegionOf(session, options.region));
  }
  ASSIGN_OR_RETURN(const v1::ListAdoptionsResponse adopted,
                   session.connection().Call(list_adoptions));
  std::map<std::string, std::vector<std::string>> regions_by_hash;
  for (const v1::Adoption& adoption : adopted.adoptions()) {
    regions_by_hash[adoption.definition_hash()].push_back(adoption.region());
  }
  Table table({{.title = std::string(session.Say("DEFINISI", "DEFINITION"))},
               {.title = std::string(session.Say("NAMA", "TITLE")), .shrinks = true},
               {.title = std::string(session.Say("PENERBIT", "PUBLISHER")),
                .shrinks = true,
                .droppable = true},
               {.title = std::string(session.Say("DIPAKAI DI", "ADOPTED IN")), .shrinks = true},
               {.title = std::string(session.Say("BERASAL DARI", "COMES FROM")),
                .shrinks = true,
                .droppable = true},
               {.title = "HASH", .droppable = true}});
  Json json;
  json["definitions"] = Json::array();
  for (const v1::DefinitionSummary& summary : published) {
    const v1::Definition& definition = summary.definition();
    const std::vector<std::string>& regions = regions_by_hash[summary.definition_hash()];
    if (!options.region.empty() && regions.empty()) continue;
    if (session.json()) {
      Json item = DefinitionSummaryJson(summary);
      item["adopted_in"] = regions;
      item["comes_from"] = ProvenanceJson(definition);
      json["definitions"].push_back(std::move(item));
      continue;
    }
    table.AddRow({{NameOfDefinition(definition), Style::kName},
                  {Label(session.language(), definition.title(), definition.service())},
                  {session.AreaName(definition.publisher())},
                  {absl::StrJoin(regions, ", ")},
                  {OriginText(definition), Style::kDim},
                  {ShortHash(summary.definition_hash()), Style::kDim}});
  }
  if (session.json()) {
    json["adoptions"] = Json::array();
    for (const v1::Adoption& adoption : adopted.adoptions()) {
      json["adoptions"].push_back(AdoptionJson(adoption));
    }
    session.out() << JsonText(json);
    return absl::OkStatus();
  }
  if (table.empty()) {
    session.out() << session.Say("Tidak ada definisi.\n", "No definitions.\n");
    return absl::OkStatus();
  }
  session.out() << table.Render(session.out_terminal());
  return absl::OkStatus();
}

absl::Status CatalogShow(Session& session, const CatalogOptions& options) {
  ASSIGN_OR_RETURN(const NamedDefinition named, FindDefinition(session, options.first));
  if (session.json()) {
    session.out() << JsonText(DefinitionJson(named.hash, named.definition));
    return absl::OkStatus();
  }
  const DefinitionView view(std::make_shared<const v1::Definition>(named.definition));
  session.out() << DefinitionText(named.hash, view, session.AreaName(named.definition.publisher()),
                                  StyleOf(session));
  return absl::OkStatus();
}

absl::Status CatalogDiff(Session& session, const CatalogOptions& options) {
  ASSIGN_OR_RETURN(const NamedDefinition before, FindDefinition(session, options.first));
  ASSIGN_OR_RETURN(const NamedDefinition after, FindDefinition(session, options.second));
  const std::vector<sync::DefinitionDifference> differences =
      sync::DiffDefinitions(before.definition, after.definition);
  if (session.json()) {
    Json json;
    json["before"] = {{"name", NameOfDefinition(before.definition)},
                      {"definition_hash", absl::BytesToHexString(before.hash)}};
    json["after"] = {{"name", NameOfDefinition(after.definition)},
                     {"definition_hash", absl::BytesToHexString(after.hash)}};
    json["differences"] = DifferencesJson(differences);
    session.out() << JsonText(json);
    return absl::OkStatus();
  }
  const Terminal& terminal = session.out_terminal();
  session.out() << Styled(terminal, Style::kBad, "--- ")
                << OneLine(NameOfDefinition(before.definition)) << "  " << ShortHash(before.hash)
                << "\n"
                << Styled(terminal, Style::kGood, "+++ ")
                << OneLine(NameOfDefinition(after.definition)) << "  " << ShortHash(after.hash)
                << "\n";
  for (const sync::DefinitionDifference& difference : differences) {
    session.out() << Styled(terminal, Style::kBold, OneLine(difference.path)) << "\n";
    if (difference.before.has_value()) {
      session.out() << Styled(terminal, Style::kBad, "- ")
                    << Hanging(*difference.before, 2, StyleOf(session)) << "\n";
    }
    if (difference.after.has_value()) {
      session.out() << Styled(terminal, Style::kGood, "+ ")
                    << Hanging(*difference.after, 2, StyleOf(session)) << "\n";
    }
  }
  session.out() << (differences.empty()
                        ? std::string(session.Say("Isinya sama.", "They say the same."))
                        : Count(session.language(), differences.size(), "perbedaan", "difference",
                                "differences"))
                << "\n";
  return absl::OkStatus();
}

}  // namespace tikar::cli
