// tikar catalog fork, upgrade.
#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "clients/cli/catalog_commands.h"
#include "clients/cli/catalog_publishing.h"
#include "clients/cli/definition_files.h"
#include "clients/cli/definition_names.h"
#include "clients/cli/display.h"
#include "clients/cli/failure.h"
#include "clients/cli/json_output.h"
#include "clients/cli/text_style.h"
#include "sync/definition_diff.h"
#include "sync/status_macros.h"
#include "sync/types.h"

namespace tikar::cli {
namespace {

using sync::AbslView;
using Choices = std::map<std::string, sync::DefinitionSide>;

absl::StatusOr<Choices> ParseTakes(const std::vector<std::string>& takes) {
  Choices choices;
  for (const std::string& take : takes) {
    const size_t equals = take.rfind('=');
    const std::string side = equals == std::string::npos ? "" : take.substr(equals + 1);
    if (equals == 0 || (side != "ours" && side != "theirs")) {
      return UsageError(
          absl::StrCat("--take meminta BAGIAN=ours atau BAGIAN=theirs, bukan \"", take, "\""),
          absl::StrCat("--take takes PATH=ours or PATH=theirs, not \"", take, "\""));
    }
    choices[take.substr(0, equals)] =
        side == "ours" ? sync::DefinitionSide::kOurs : sync::DefinitionSide::kTheirs;
  }
  return choices;
}

void PutOrigin(const NamedDefinition& origin, const std::string& note, v1::Definition& definition) {
  v1::Definition with;
  v1::Provenance& entry = *with.add_provenance();
  entry.set_definition_hash(origin.hash);
  entry.set_publisher(origin.definition.publisher());
  entry.set_service(origin.definition.service());
  entry.set_version(origin.definition.version());
  entry.set_note(note);
  for (const v1::Provenance& older : definition.provenance()) *with.add_provenance() = older;
  definition.mutable_provenance()->Swap(with.mutable_provenance());
}

// The three sides of an upgrade.
struct Sides {
  NamedDefinition ours;
  // What ours was forked from; ours itself where the region runs it as it was published.
  NamedDefinition base;
  // The newest of whom the base is from.
  NamedDefinition theirs;

  bool forked() const { return base.hash != ours.hash; }
  // Upstream has nothing newer than the base.
  bool current() const {
    return theirs.hash == base.hash || theirs.definition.version() <= base.definition.version();
  }
};

absl::StatusOr<Sides> FindSides(Session& session, const std::string& region,
                                const std::string& service) {
  Sides sides;
  ASSIGN_OR_RETURN(sides.ours, OfferedDefinition(session, region, service));
  const v1::Definition& ours = sides.ours.definition;
  if (ours.publisher() == region && ours.provenance().empty()) {
    return WithIndonesian(
        absl::FailedPreconditionError(absl::StrCat(
            NameOfDefinition(ours), " comes from nobody else: there is no upstream to follow")),
        absl::StrCat(NameOfDefinition(ours),
                     " tidak berasal dari penerbit lain: tidak ada hulu yang diikuti"));
  }
  if (ours.publisher() == region) {
    ASSIGN_OR_RETURN(sides.base, DefinitionByHash(session, ours.provenance(0).definition_hash()));
  } else {
    sides.base = sides.ours;
  }
  ASSIGN_OR_RETURN(sides.theirs,
                   PublishedDefinition(session, sides.base.definition.publisher(),
                                       sides.base.definition.service(), /*version=*/0));
  return sides;
}

Json StepsJson(const std::vector<sync::DefinitionMergeStep>& steps) {
  Json list = Json::array();
  const auto value = [](const std::optional<std::string>& text) {
    return text.has_value() ? Json(*text) : Json(nullptr);
  };
  for (const sync::DefinitionMergeStep& step : steps) {
    list.push_back({{"path", step.path},
                    {"base", value(step.base)},
                    {"ours", value(step.ours)},
                    {"theirs", value(step.theirs)}});
  }
  return list;
}

// One below the other and whole, as `diff` shows them: side by side, texts that differ at their end
// would be cut to the same beginning, and nobody could choose.
void PrintSteps(Session& session, std::string_view title, Style style,
                const std::vector<sync::DefinitionMergeStep>& steps) {
  if (steps.empty()) return;
  const Terminal& terminal = session.out_terminal();
  const TextStyle text{terminal, session.language()};
  const std::vector<std::string> names = {std::string(session.Say("semula", "base")),
                                          std::string(session.Say("kita", "ours")),
                                          std::string(session.Say("hulu", "theirs"))};
  size_t indent = 0;
  for (const std::string& name : names) indent = std::max(indent, name.size() + 4);
  session.out() << "\n" << Styled(terminal, style, title) << "\n";
  for (const sync::DefinitionMergeStep& step : steps) {
    session.out() << Styled(terminal, Style::kName, OneLine(step.path)) << "\n";
    const std::vector<std::string> values = {step.base.value_or("–"), step.ours.value_or("–"),
                                             step.theirs.value_or("–")};
    for (size_t i = 0; i < names.size(); ++i) {
      session.out() << Styled(terminal, Style::kDim, PadToWidth("  " + names[i], indent))
                    << Hanging(values[i], indent, text) << "\n";
    }
  }
}

// What to type when conflicts are left: the same command, and a choice for each.
std::string RetryCommand(const CatalogOptions& options, const std::string& region,
                         const std::vector<sync::DefinitionMergeStep>& conflicts) {
  std::string command =
      absl::StrCat("tikar catalog upgrade ", options.service, " --region ", region);
  for (const std::string& take : options.takes) absl::StrAppend(&command, " --take ", take);
  for (const sync::DefinitionMergeStep& step : conflicts) {
    absl::StrAppend(&command, " --take ", step.path, "=theirs");
  }
  return command;
}

absl::Status ConflictsLeft(Session& session, const CatalogOptions& options,
                           const std::string& region,
                           const std::vector<sync::DefinitionMergeStep>& conflicts) {
  const size_t count = conflicts.size();
  return WithAdvice(
      WithIndonesian(
          absl::FailedPreconditionError(absl::StrCat(
              "both sides changed ", Count(Language::kEnglish, count, "", "part", "parts"),
              ": say whose counts, ours or theirs")),
          absl::StrCat("kedua pihak mengubah ", count,
                       " bagian: sebut punya siapa yang dipakai, ours atau theirs")),
      absl::StrCat(AbslView(session.Say("Misalnya: ", "For example: ")),
                   RetryCommand(options, region, conflicts)));
}

absl::Status UnknownChoices(const std::vector<std::string>& paths) {
  std::string list;
  for (const std::string& path : paths) absl::StrAppend(&list, list.empty() ? "" : ", ", path);
  return UsageError(absl::StrCat("--take: hulu tidak mengubah ", list),
                    absl::StrCat("--take: upstream changed nothing in ", list));
}

}  // namespace

absl::Status CatalogFork(Session& session, const CatalogOptions& options) {
  ASSIGN_OR_RETURN(const std::string region, RegionOf(session, options.region));
  ASSIGN_OR_RETURN(const PublisherVersion from, ParsePublisherVersion(session, options.from));
  ASSIGN_OR_RETURN(const NamedDefinition origin,
                   PublishedDefinition(session, from.publisher, options.service, from.version));
  v1::Definition fork = origin.definition;
  fork.set_publisher(region);
  ASSIGN_OR_RETURN(const uint32_t version, NextVersion(session, region, options.service));
  fork.set_version(version);
  PutOrigin(origin, options.note, fork);
  RETURN_IF_ERROR(WriteDefinitionFile(options.out, fork, options.replace));
  if (session.json()) {
    Json json;
    json["path"] = options.out;
    json["service"] = fork.service();
    json["version"] = fork.version();
    json["publisher"] = fork.publisher();
    json["comes_from"] = ProvenanceJson(fork);
    session.out() << JsonText(json);
    return absl::OkStatus();
  }
  session.out() << OneLine(options.out) << ": "
                << Styled(session.out_terminal(), Style::kName, OneLine(NameOfDefinition(fork)))
                << session.Say(", berasal dari ", ", made from ")
                << OneLine(NameOfDefinition(origin.definition)) << "\n"
                << Styled(session.out_terminal(), Style::kDim,
                          session.Say("Ubah berkas itu, lalu: ", "Change the file, then: "))
                << "tikar catalog publish " << OneLine(options.out) << "\n";
  return absl::OkStatus();
}

absl::Status CatalogUpgrade(Session& session, const CatalogOptions& options) {
  ASSIGN_OR_RETURN(const Choices choices, ParseTakes(options.takes));
  ASSIGN_OR_RETURN(const std::string region, RegionOf(session, options.region));
  ASSIGN_OR_RETURN(const Sides sides, FindSides(session, region, options.service));
  const sync::DefinitionMerge merge = sync::MergeDefinitions(
      sides.base.definition, sides.ours.definition, sides.theirs.definition, choices);
  if (!merge.choices_unused.empty()) return UnknownChoices(merge.choices_unused);

  NamedDefinition result = sides.theirs;
  // A region that runs a publisher's definition as it is goes on doing so, unless it now wants
  // something else than the publisher.
  const bool own = sides.forked() || !merge.kept.empty();
  const bool works = !sides.current() && merge.conflicts.empty();
  if (works && own) {
    result.definition = merge.merged;
    result.definition.set_publisher(region);
    ASSIGN_OR_RETURN(const uint32_t version, NextVersion(session, region, options.service));
    result.definition.set_version(version);
    PutOrigin(sides.theirs, options.note, result.definition);
    result.hash = sync::Sha256(DefinitionBytes(result.definition)).bytes();
  }
  const bool publishes = works && !options.dry_run && options.out.empty();
  if (publishes) {
    if (own) {
      ASSIGN_OR_RETURN(const v1::PublishDefinitionResponse published,
                       Publish(session, result.definition, /*validate_only=*/false));
      result.hash = published.definition_hash();
    }
    ASSIGN_OR_RETURN(const v1::Adoption adoption, Adopt(session, region, result.hash));
  } else if (works && !options.out.empty() && !options.dry_run) {
    RETURN_IF_ERROR(WriteDefinitionFile(options.out, result.definition, options.replace));
  }

  if (session.json()) {
    Json json;
    json["base"] = NameOfDefinition(sides.base.definition);
    json["ours"] = NameOfDefinition(sides.ours.definition);
    json["theirs"] = NameOfDefinition(sides.theirs.definition);
    json["current"] = sides.current();
    json["taken"] = StepsJson(merge.taken);
    json["kept"] = StepsJson(merge.kept);
    json["conflicts"] = StepsJson(merge.conflicts);
    json["result"] = works ? Json(NameOfDefinition(result.definition)) : Json(nullptr);
    json["definition_hash"] = publishes ? Json(absl::BytesToHexString(result.hash)) : Json(nullptr);
    json["adopted"] = publishes;
    session.out() << JsonText(json);
  } else if (sides.current()) {
    session.out() << OneLine(NameOfDefinition(sides.ours.definition))
                  << session.Say(" sudah memuat versi terbaru dari hulu, ",
                                 " is up to date with its upstream, ")
                  << OneLine(NameOfDefinition(sides.base.definition)) << "\n";
  } else {
    session.out() << OneLine(NameOfDefinition(sides.ours.definition)) << "  ←  "
                  << OneLine(NameOfDefinition(sides.theirs.definition))
                  << session.Say(", semula ", ", since ")
                  << OneLine(NameOfDefinition(sides.base.definition)) << "\n";
    PrintSteps(session, session.Say("Diambil dari hulu", "Taken from upstream"), Style::kGood,
               merge.taken);
    PrintSteps(session, session.Say("Tetap punya kita", "Kept as we have it"), Style::kBold,
               merge.kept);
    PrintSteps(session, session.Say("Diubah oleh keduanya", "Changed by both"), Style::kWarning,
               merge.conflicts);
  }
  if (sides.current()) return absl::OkStatus();
  if (!works) return ConflictsLeft(session, options, region, merge.conflicts);
  if (session.json()) return absl::OkStatus();
  const std::string name = OneLine(NameOfDefinition(result.definition));
  session.out() << "\n" << Styled(session.out_terminal(), Style::kName, name) << " ";
  if (publishes) {
    session.out() << session.Say("terbit dan dipakai di ", "is published and adopted in ") << region
                  << "\n"
                  << Styled(session.out_terminal(), Style::kDim,
                            session.Say("Pindahkan yang masih terbuka: ", "Move the open ones: "))
                  << RebaseCommand(session, region, result.definition) << "\n";
  } else if (!options.dry_run) {
    session.out() << session.Say("ada di ", "is in ") << OneLine(options.out) << "\n"
                  << Styled(session.out_terminal(), Style::kDim,
                            session.Say("Terbitkan dengan: ", "Publish it with: "))
                  << "tikar catalog publish " << OneLine(options.out) << "\n";
  } else {
    session.out() << session.Say("akan terbit; tidak ada yang dikirim\n",
                                 "would be published; nothing was sent\n");
  }
  return absl::OkStatus();
}

}  // namespace tikar::cli
