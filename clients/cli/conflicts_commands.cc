// tikar conflicts list, show, resolve.
#include <algorithm>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "clients/cli/area_search.h"
#include "clients/cli/commands.h"
#include "clients/cli/display.h"
#include "clients/cli/failure.h"
#include "clients/cli/json_output.h"
#include "clients/cli/random.h"
#include "clients/cli/request_text.h"
#include "clients/cli/resource_names.h"
#include "clients/cli/table.h"
#include "clients/cli/value_text.h"
#include "sync/definition.h"
#include "sync/status_macros.h"
#include "sync/types.h"

namespace tikar::cli {
namespace {

using sync::AbslView;

constexpr uint32_t kPageSizeMax = 1000;
constexpr std::string_view kConflictsSegment = "/conflicts/";
// Fewer digits of a change id than this could be meant as a candidate's number.
constexpr size_t kChangeIdDigitsMin = 4;

struct Named {
  std::string request;
  std::string path;
};

// "regions/…/requests/…/conflicts/status" holds both.
Named SplitConflictName(const std::string& typed, const std::string& path) {
  const size_t segment = typed.find(kConflictsSegment);
  if (segment == std::string::npos || !path.empty()) return {typed, path};
  return {typed.substr(0, segment), typed.substr(segment + kConflictsSegment.size())};
}

struct Found {
  v1::Conflict conflict;
  v1::Request request;
};

// The conflict that was named; without a path, the request's only one.
absl::StatusOr<Found> FindConflict(Session& session, const std::string& typed,
                                   const std::string& typed_path) {
  const Named named = SplitConflictName(typed, typed_path);
  v1::GetRequestRequest get_request;
  ASSIGN_OR_RETURN(*get_request.mutable_name(), RequestNameOf(named.request));
  ASSIGN_OR_RETURN(const v1::GetRequestResponse answer, session.connection().Call(get_request));
  const auto& reviews = answer.request().reviews();
  const std::string ref = RefText(answer.request().ref());
  std::string path = named.path;
  if (path.empty() && reviews.size() == 1) path = reviews[0];
  if (path.empty() && reviews.size() > 1) {
    const std::string known = absl::StrJoin(reviews, ", ");
    return UsageError(
        absl::StrCat(ref, ": beberapa bagian perlu keputusan, sebut salah satu: ", known),
        absl::StrCat(ref, " has several fields under review, name one: ", known));
  }
  if (path.empty() || std::find(reviews.begin(), reviews.end(), path) == reviews.end()) {
    return WithAdvice(
        absl::NotFoundError(absl::StrCat(
            ref, ": ",
            AbslView(session.Say("tidak ada yang perlu diputuskan", "nothing is under review")),
            path.empty() ? "" : absl::StrCat(" (", path, ")"))),
        absl::StrCat(AbslView(session.Say("Lihat riwayatnya: ", "See its history: ")),
                     "tikar requests history ", ref));
  }
  v1::GetConflictRequest get;
  get.set_name(absl::StrCat(answer.request().name(), AbslView(kConflictsSegment), path));
  ASSIGN_OR_RETURN(v1::GetConflictResponse conflict, session.connection().Call(get));
  return Found{std::move(*conflict.mutable_conflict()), std::move(*conflict.mutable_request())};
}

std::string PathOf(const v1::Conflict& conflict) { return conflict.field().path(); }

// The candidate that "--take" means: a number from 1, or the first digits of a change id.
absl::StatusOr<const v1::Candidate*> FindCandidate(const v1::FieldState& field,
                                                   const std::string& take) {
  uint32_t number = 0;
  if (absl::SimpleAtoi(take, &number) && take.size() < kChangeIdDigitsMin) {
    if (number >= 1 && number <= static_cast<uint32_t>(field.candidates_size())) {
      return &field.candidates(static_cast<int>(number) - 1);
    }
    return UsageError(
        absl::StrCat("--take ", take, ": ada nilai 1 sampai ", field.candidates_size()),
        absl::StrCat("--take ", take, ": there are candidates 1 to ", field.candidates_size()));
  }
  const v1::Candidate* found = nullptr;
  for (const v1::Candidate& candidate : field.candidates()) {
    if (take.size() < kChangeIdDigitsMin ||
        !absl::StartsWith(absl::BytesToHexString(candidate.change_id()),
                          absl::AsciiStrToLower(take))) {
      continue;
    }
    if (found != nullptr) {
      return UsageError(absl::StrCat("--take ", take, ": beberapa nilai berawal begitu"),
                        absl::StrCat("--take ", take, ": several candidates begin so"));
    }
    found = &candidate;
  }
  if (found == nullptr) {
    return UsageError(
        absl::StrCat("--take ", take, ": bukan nomor nilai dan bukan awal id perubahannya"),
        absl::StrCat("--take ", take,
                     ": neither a candidate's number nor the start of its change id"));
  }
  return found;
}

// The value that "--value" means for the field under review.
absl::StatusOr<v1::Value> ParseDecision(Session& session, const DefinitionView& definition,
                                        const std::string& path, const std::string& text) {
  v1::Value value;
  if (path == sync::kRetractedPath) {
    // A flag of no form.
    v1::Field flag;
    flag.set_key(path);
    flag.set_type(v1::FIELD_TYPE_FLAG);
    absl::StatusOr<v1::Value> parsed = ParseValue(&flag, text, session.language());
    if (!parsed.ok()) return UsageError(sync::StdView(parsed.status().message()));
    return parsed;
  }
  if (path == sync::kStatusPath) {
    for (const v1::State& state : definition.proto().workflow().states()) {
      for (const std::string& name : {state.key(), state.label().id(), state.label().en()}) {
        if (absl::EqualsIgnoreCase(name, text)) {
          value.set_text(state.key());
          return value;
        }
      }
    }
    return UsageError(
        absl::StrCat(definition.proto().service(), " tidak punya status \"", text, "\""),
        absl::StrCat(definition.proto().service(), " has no state \"", text, "\""));
  }
  absl::StatusOr<v1::Value> parsed =
      ParseValue(definition.FindField(path), text, session.language());
  if (!parsed.ok()) return UsageError(sync::StdView(parsed.status().message()));
  return parsed;
}

absl::Status CheckDecision(const ConflictsResolveOptions& options) {
  const int decisions = (options.take.empty() ? 0 : 1) + (options.value.has_value() ? 1 : 0) +
                        (options.clear ? 1 : 0);
  if (decisions == 1) return absl::OkStatus();
  return UsageError("putuskan dengan tepat satu dari --take N, --value V dan --clear",
                    "decide with exactly one of --take N, --value V and --clear");
}

}  // namespace

absl::Status ConflictsList(Session& session, const ConflictsListOptions& options) {
  v1::ListConflictsRequest list;
  ASSIGN_OR_RETURN(const std::string area, AreaCodeOf(session, options.area));
  list.set_parent(ParentOfArea(area));
  list.set_area(area);
  list.set_service(options.service);
  std::vector<v1::Conflict> conflicts;
  bool more = false;
  while (options.all || conflicts.size() < options.limit) {
    list.set_page_size(
        options.all ? kPageSizeMax
                    : std::min<uint32_t>(kPageSizeMax,
                                         options.limit - static_cast<uint32_t>(conflicts.size())));
    ASSIGN_OR_RETURN(v1::ListConflictsResponse page, session.connection().Call(list));
    for (v1::Conflict& conflict : *page.mutable_conflicts()) {
      conflicts.push_back(std::move(conflict));
    }
    more = !page.next_page_token().empty();
    if (!more) break;
    list.set_page_token(page.next_page_token());
  }
  if (session.json()) {
    Json json;
    json["conflicts"] = Json::array();
    for (const v1::Conflict& conflict : conflicts) {
      json["conflicts"].push_back(ConflictJson(conflict));
    }
    json["more"] = more;
    session.out() << JsonText(json);
    return absl::OkStatus();
  }
  if (conflicts.empty()) {
    session.out() << session.Say("Tidak ada yang perlu diputuskan.\n",
                                 "Nothing is under review.\n");
    return absl::OkStatus();
  }
  Table table(
      {{.title = "REF"},
       {.title = std::string(session.Say("BAGIAN", "FIELD"))},
       {.title = std::string(session.Say("NILAI", "VALUES")), .shrinks = true},
       {.title = std::string(session.Say("JUDUL", "TITLE")), .shrinks = true},
       {.title = std::string(session.Say("WILAYAH", "AREA")), .shrinks = true, .droppable = true},
       {.title = std::string(session.Say("SEJAK", "SINCE")), .droppable = true}});
  for (const v1::Conflict& conflict : conflicts) {
    // The newest labels do for an inbox; `show` uses those that the request pins.
    absl::StatusOr<DefinitionView> definition = session.NewestDefinition(conflict.service());
    std::vector<std::string> values;
    for (const v1::Candidate& candidate : conflict.field().candidates()) {
      const v1::Value* value = candidate.has_value() ? &candidate.value() : nullptr;
      values.push_back(definition.ok() ? definition->FormatFieldValue(PathOf(conflict), value,
                                                                      session.language())
                                       : FormatValue(nullptr, value, session.language()));
    }
    table.AddRow({{RefText(conflict.request_ref()), Style::kName},
                  {PathOf(conflict)},
                  {absl::StrJoin(values, " | "), Style::kWarning},
                  {conflict.title()},
                  {session.AreaName(conflict.area())},
                  {HlcText(conflict.open_since()), Style::kDim}});
  }
  session.out() << table.Render(session.out_terminal());
  if (more) {
    session.out() << session.Say("… masih ada lagi; lihat dengan --limit N atau --all\n",
                                 "… there are more; see them with --limit N or --all\n");
  }
  session.out() << Styled(session.out_terminal(), Style::kDim,
                          session.Say("Lihat dan putuskan: ", "Look and settle: "))
                << "tikar conflicts show " << RefText(conflicts.front().request_ref()) << " "
                << OneLine(PathOf(conflicts.front())) << "\n";
  return absl::OkStatus();
}

absl::Status ConflictsShow(Session& session, const std::string& request, const std::string& path) {
  ASSIGN_OR_RETURN(const Found found, FindConflict(session, request, path));
  if (session.json()) {
    Json json = ConflictJson(found.conflict);
    json["request"] = RequestJson(found.request);
    session.out() << JsonText(json);
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(const DefinitionView definition, session.DefinitionOf(found.request));
  const Terminal& terminal = session.out_terminal();
  const TextStyle style{terminal, session.language()};
  const std::string ref = RefText(found.request.ref());
  const v1::FieldState& field = found.conflict.field();
  const v1::Value* value = field.has_value() ? &field.value() : nullptr;
  session.out()
      << Styled(terminal, Style::kName, ref) << "  "
      << Styled(terminal, Style::kBold, OneLine(TitleOf(found.request, definition))) << "\n"
      << OneLine(session.AreaPath(found.request.area())) << "\n\n"
      << OneLine(definition.FieldLabel(field.path(), session.language()))
      << session.Say(" perlu keputusan sejak ", " is under review since ")
      << HlcText(found.conflict.open_since())
      << session.Say("; sementara: ", "; for the time being: ")
      << Styled(terminal, Style::kBold,
                OneLine(definition.FormatFieldValue(field.path(), value, session.language())))
      << "\n\n"
      << CandidatesText(field, definition, style) << "\n"
      << Styled(terminal, Style::kDim, session.Say("Yang boleh memutuskan: ", "May settle it: "))
      << OneLine(absl::StrJoin(found.conflict.settler_roles(), ", ")) << "\n"
      << Styled(terminal, Style::kDim, session.Say("Putuskan dengan: ", "Settle it with: "))
      << ResolveCommand(found.request, field.path(), definition) << "\n";
  return absl::OkStatus();
}

absl::Status ConflictsResolve(Session& session, const ConflictsResolveOptions& options) {
  RETURN_IF_ERROR(CheckDecision(options));
  ASSIGN_OR_RETURN(const Found found, FindConflict(session, options.request, options.path));
  const std::string ref = RefText(found.request.ref());
  const std::string path = PathOf(found.conflict);
  const absl::StatusOr<DefinitionView> pinned = session.DefinitionOf(found.request);
  if (!pinned.ok()) return pinned.status();
  const DefinitionView& definition = *pinned;
  if (!options.etag.empty() && options.etag != found.conflict.etag()) {
    // The numbers in front of the person may stand for other values by now.
    return WithAdvice(
        absl::AbortedError(sync::AbslView(
            session.Say("Permohonan ini berubah sejak Anda melihatnya; tidak ada yang diputuskan.",
                        "Somebody wrote to this request since you looked; nothing was settled."))),
        absl::StrCat(AbslView(session.Say("Lihat lagi: ", "Look again: ")), "tikar conflicts show ",
                     ref, " ", path));
  }
  v1::SettleConflictRequest settle;
  settle.set_name(found.conflict.name());
  settle.set_etag(found.conflict.etag());
  if (!options.take.empty()) {
    ASSIGN_OR_RETURN(const v1::Candidate* candidate,
                     FindCandidate(found.conflict.field(), options.take));
    if (candidate->has_value()) *settle.mutable_value() = candidate->value();
  } else if (options.value.has_value()) {
    ASSIGN_OR_RETURN(*settle.mutable_value(),
                     ParseDecision(session, definition, path, *options.value));
  }
  settle.set_reason(options.reason);
  settle.set_actor(session.settings().actor);
  settle.set_role(session.settings().role);
  settle.set_request_id(RandomUuid());
  ASSIGN_OR_RETURN(const v1::SettleConflictResponse answer, session.connection().Call(settle));
  if (session.json()) {
    Json json;
    json["change_id"] = absl::BytesToHexString(answer.change_id());
    json["still_under_review"] = answer.still_under_review();
    json["request"] = RequestJson(answer.request());
    session.out() << JsonText(json);
    return absl::OkStatus();
  }
  const v1::Value* value = settle.has_value() ? &settle.value() : nullptr;
  session.out() << Styled(session.out_terminal(), Style::kGood,
                          session.Say("Diputuskan: ", "Settled: "))
                << ref << "  " << OneLine(definition.FieldLabel(path, session.language())) << " = "
                << OneLine(definition.FormatFieldValue(path, value, session.language())) << "\n";
  if (answer.still_under_review()) {
    session.out() << Styled(session.out_terminal(), Style::kWarning,
                            session.Say("Masih perlu keputusan: ada nilai yang datang kemudian. ",
                                        "Still under review: a value came in meanwhile. "))
                  << "tikar conflicts show " << ref << " " << OneLine(path) << "\n";
  }
  return absl::OkStatus();
}

}  // namespace tikar::cli
