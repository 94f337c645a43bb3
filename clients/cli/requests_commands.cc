// tikar requests list, show, history, create, edit.
#include <algorithm>
#include <memory>
#include <optional>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "clients/cli/area_search.h"
#include "clients/cli/commands.h"
#include "clients/cli/definition_names.h"
#include "clients/cli/display.h"
#include "clients/cli/failure.h"
#include "clients/cli/history_text.h"
#include "clients/cli/json_output.h"
#include "clients/cli/next_steps.h"
#include "clients/cli/random.h"
#include "clients/cli/request_filter.h"
#include "clients/cli/request_text.h"
#include "clients/cli/resource_names.h"
#include "clients/cli/table.h"
#include "clients/cli/times.h"
#include "clients/cli/value_text.h"
#include "sync/definition.h"
#include "sync/status_macros.h"
#include "sync/types.h"

namespace tikar::cli {
namespace {

using sync::AbslView;

constexpr uint32_t kPageSizeMax = 1000;
// Of reading a history that changes meanwhile.
constexpr int kHistoryAttemptsMax = 5;

TextStyle StyleOf(Session& session) { return {session.out_terminal(), session.language()}; }

struct Assignment {
  std::string path;
  std::string text;
};

absl::StatusOr<Assignment> SplitAssignment(const std::string& argument) {
  const size_t equals = argument.find('=');
  if (equals == std::string::npos || equals == 0) {
    return UsageError(absl::StrCat("--set meminta bagian=nilai, bukan \"", argument, "\""),
                      absl::StrCat("--set takes field=value, not \"", argument, "\""));
  }
  return Assignment{argument.substr(0, equals), argument.substr(equals + 1)};
}

// The value that "field=value" means under the definition. A usage error for a field that it does
// not have, with those that it has.
absl::StatusOr<v1::Value> ParseFor(Session& session, const DefinitionView& definition,
                                   const Assignment& assignment) {
  const v1::Field* field = definition.FindField(assignment.path);
  const bool other = sync::IsBuiltInField(assignment.path) ||
                     assignment.path.find('/') != std::string::npos ||
                     definition.proto().fields().empty();
  if (field == nullptr && !other) {
    std::string known;
    for (const v1::Field& candidate : definition.proto().fields()) {
      absl::StrAppend(&known, known.empty() ? "" : ", ", candidate.key());
    }
    return UsageError(absl::StrCat(definition.proto().service(), " tidak punya bagian \"",
                                   assignment.path, "\"; yang ada: ", known),
                      absl::StrCat(definition.proto().service(), " has no field \"",
                                   assignment.path, "\"; it has: ", known));
  }
  absl::StatusOr<v1::Value> value = ParseValue(field, assignment.text, session.language());
  if (!value.ok()) return UsageError(sync::StdView(value.status().message()));
  return value;
}

// What to do when a request is not found: it may well exist.
absl::Status NotFoundAdvice(Session& session, absl::Status status) {
  if (status.code() != absl::StatusCode::kNotFound) return status;
  return WithAdvice(
      std::move(status),
      session.Say("Mungkin masih di ponsel yang belum menyinkron, atau di server lain. "
                  "Cari: tikar requests list --text KATA",
                  "It may still be on a phone that has not synchronised, or on another "
                  "server. Search: tikar requests list --text WORD"));
}

absl::StatusOr<v1::GetRequestResponse> GetRequest(Session& session, const std::string& typed,
                                                  int64_t as_of_ms = 0) {
  v1::GetRequestRequest get;
  get.set_as_of_ms(as_of_ms);
  ASSIGN_OR_RETURN(*get.mutable_name(), RequestNameOf(typed));
  absl::StatusOr<v1::GetRequestResponse> answer = session.connection().Call(get);
  if (!answer.ok()) return NotFoundAdvice(session, answer.status());
  return answer;
}

// All pages. A request that changes while they are read is begun again, a few times.
absl::StatusOr<v1::GetRequestHistoryResponse> WholeHistory(Session& session,
                                                           v1::GetRequestHistoryRequest get) {
  v1::GetRequestHistoryResponse whole;
  for (int attempt = 1;;) {
    absl::StatusOr<v1::GetRequestHistoryResponse> page = session.connection().Call(get);
    if (absl::IsFailedPrecondition(page.status()) && !get.page_token().empty() &&
        attempt++ < kHistoryAttemptsMax) {
      get.clear_page_token();
      whole.Clear();
      continue;
    }
    if (!page.ok()) return page.status();
    get.set_page_token(page->next_page_token());
    whole.MergeFrom(*page);
    if (get.page_token().empty()) break;
  }
  whole.clear_next_page_token();
  return whole;
}

absl::Status PrintRequest(Session& session, const v1::Request& request) {
  if (session.json()) {
    session.out() << JsonText(RequestJson(request));
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(const DefinitionView definition, session.DefinitionOf(request));
  session.out() << RequestText(request, definition, session.AreaPath(request.area()),
                               StyleOf(session));
  return absl::OkStatus();
}

v1::Mutation SetMutation(const std::string& path, v1::Value value) {
  v1::Mutation mutation;
  mutation.mutable_set_field()->set_path(path);
  *mutation.mutable_set_field()->mutable_value() = std::move(value);
  return mutation;
}

absl::StatusOr<std::vector<v1::Mutation>> MutationsOf(Session& session,
                                                      const RequestsEditOptions& options,
                                                      const v1::Request& request,
                                                      const DefinitionView& definition) {
  std::vector<v1::Mutation> mutations;
  for (const std::string& argument : options.sets) {
    ASSIGN_OR_RETURN(const Assignment assignment, SplitAssignment(argument));
    ASSIGN_OR_RETURN(v1::Value value, ParseFor(session, definition, assignment));
    mutations.push_back(SetMutation(assignment.path, std::move(value)));
  }
  for (const std::string& path : options.clears) {
    mutations.emplace_back().mutable_clear_field()->set_path(path);
  }
  if (options.assignee.has_value()) {
    if (options.assignee->empty()) {
      mutations.emplace_back().mutable_clear_field()->set_path(std::string(sync::kAssigneePath));
    } else {
      v1::Value value;
      value.set_text(*options.assignee);
      mutations.push_back(SetMutation(std::string(sync::kAssigneePath), std::move(value)));
    }
  }
  if (!options.status.empty()) {
    if (!definition.proto().workflow().states().empty() &&
        definition.FindState(options.status) == nullptr) {
      std::string known;
      for (const v1::State& state : definition.proto().workflow().states()) {
        absl::StrAppend(&known, known.empty() ? "" : ", ", state.key());
      }
      return UsageError(absl::StrCat(request.service(), " tidak punya status \"", options.status,
                                     "\"; yang ada: ", known),
                        absl::StrCat(request.service(), " has no state \"", options.status,
                                     "\"; it has: ", known));
    }
    v1::Transition& transition = *mutations.emplace_back().mutable_transition();
    transition.set_from(options.from.empty() ? request.status() : options.from);
    transition.set_to(options.status);
    transition.set_reason(options.reason);
  }
  for (const std::string& comment : options.comments) {
    v1::AddElement& element = *mutations.emplace_back().mutable_add_element();
    element.set_collection("comments");
    element.mutable_value()->set_text(comment);
  }
  if (options.retract) mutations.emplace_back().mutable_retract()->set_reason(options.reason);
  if (options.restore) mutations.emplace_back().mutable_restore()->set_reason(options.reason);
  if (mutations.empty()) {
    return UsageError(
        "tidak ada yang diubah: sebut --set, --clear, --status, --assign, --comment, --retract "
        "atau "
        "--restore",
        "nothing to change: give --set, --clear, --status, --assign, --comment, --retract or "
        "--restore");
  }
  return mutations;
}

}  // namespace

absl::Status RequestsList(Session& session, const RequestsListOptions& options) {
  v1::ListRequestsRequest list;
  ASSIGN_OR_RETURN(*list.mutable_filter(), FilterOf(session, options.filter));
  list.set_parent(ParentOfArea(list.filter().area()));
  ASSIGN_OR_RETURN(const int64_t as_of_ms, ParseMoment(options.as_of, DayPart::kEnd));
  list.set_as_of_ms(as_of_ms);
  Table table(
      {{.title = "REF"},
       {.title = std::string(session.Say("LAYANAN", "SERVICE")), .droppable = true},
       {.title = "STATUS", .shrinks = true},
       {.title = std::string(session.Say("JUDUL", "TITLE")), .shrinks = true},
       {.title = std::string(session.Say("WILAYAH", "AREA")), .shrinks = true, .droppable = true},
       {.title = std::string(session.Say("PETUGAS", "ASSIGNEE")),
        .shrinks = true,
        .droppable = true},
       {.title = std::string(session.Say("DIUBAH", "UPDATED")), .droppable = true}});
  std::optional<JsonListWriter> json;
  uint32_t count = 0;
  bool more = true;
  while (more && (options.all || count < options.limit)) {
    list.set_page_size(options.all ? kPageSizeMax : std::min(kPageSizeMax, options.limit - count));
    ASSIGN_OR_RETURN(const v1::ListRequestsResponse page, session.connection().Call(list));
    // Begun only now: a call that fails at once leaves no half of a document.
    if (session.json() && !json.has_value()) json.emplace(session.out(), "requests");
    for (const v1::Request& request : page.requests()) {
      ++count;
      if (json.has_value()) {
        json->Add(RequestJson(request));
        continue;
      }
      ASSIGN_OR_RETURN(const DefinitionView definition, session.DefinitionOf(request));
      const v1::FieldState* assignee = FindFieldState(request, sync::kAssigneePath);
      table.AddRow({{RefText(request.ref()), Style::kName},
                    {request.service()},
                    {StatusText(request, definition, session.language()),
                     IsLate(request)             ? Style::kBad
                     : request.reviews().empty() ? Style::kPlain
                                                 : Style::kWarning},
                    {TitleOf(request, definition)},
                    {session.AreaName(request.area())},
                    {assignee != nullptr && assignee->has_value() ? assignee->value().text() : ""},
                    {HlcText(request.update_time()), Style::kDim}});
    }
    more = !page.next_page_token().empty();
    list.set_page_token(page.next_page_token());
  }
  if (json.has_value()) {
    json->End(more);
    return absl::OkStatus();
  }
  if (table.empty()) {
    session.out() << session.Say("Tidak ada permohonan.\n", "No requests.\n");
    return absl::OkStatus();
  }
  session.out() << table.Render(session.out_terminal());
  if (more) {
    session.out() << session.Say("… masih ada lagi; lihat dengan --limit N atau --all\n",
                                 "… there are more; see them with --limit N or --all\n");
  }
  return absl::OkStatus();
}

absl::Status RequestsShow(Session& session, const RequestsViewOptions& options) {
  ASSIGN_OR_RETURN(const int64_t as_of_ms, ParseMoment(options.as_of, DayPart::kEnd));
  ASSIGN_OR_RETURN(const v1::GetRequestResponse answer,
                   GetRequest(session, options.request, as_of_ms));
  ASSIGN_OR_RETURN(const DefinitionView definition, session.DefinitionOf(answer.request()));
  const std::string& role = session.settings().role;
  // What could have been done then is no step that can be taken now.
  if (as_of_ms != 0) return PrintRequest(session, answer.request());
  if (session.json()) {
    Json json = RequestJson(answer.request());
    json["next_steps"] = NextStepsJson(answer.request(), definition, role);
    session.out() << JsonText(json);
    return absl::OkStatus();
  }
  RETURN_IF_ERROR(PrintRequest(session, answer.request()));
  session.out() << NextStepsText(answer.request(), definition, role, StyleOf(session));
  return absl::OkStatus();
}

absl::Status RequestsHistory(Session& session, const RequestsViewOptions& options) {
  v1::GetRequestHistoryRequest get;
  ASSIGN_OR_RETURN(*get.mutable_name(), RequestNameOf(options.request));
  ASSIGN_OR_RETURN(const int64_t as_of_ms, ParseMoment(options.as_of, DayPart::kEnd));
  get.set_as_of_ms(as_of_ms);
  const absl::StatusOr<v1::GetRequestHistoryResponse> found = WholeHistory(session, get);
  if (!found.ok()) return NotFoundAdvice(session, found.status());
  const v1::GetRequestHistoryResponse& answer = *found;
  if (session.json()) {
    Json json;
    json["request"] = RequestJson(answer.request());
    json["items"] = Json::array();
    for (const v1::HistoryItem& item : answer.items()) {
      json["items"].push_back(HistoryItemJson(item));
    }
    session.out() << JsonText(json);
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(const DefinitionView definition, session.DefinitionOf(answer.request()));
  session.out() << HistoryText(answer, definition, StyleOf(session));
  return absl::OkStatus();
}

absl::Status RequestsCreate(Session& session, const RequestsCreateOptions& options) {
  // A code that is too short is wrong whatever the server knows.
  const bool is_code = LooksLikeAreaCode(options.area);
  std::string area = options.area;
  if (!is_code) {
    ASSIGN_OR_RETURN(area, AreaCodeOf(session, options.area));
  }
  const std::string parent = ParentOfArea(area);
  if (parent == "regions/-") {
    return UsageError(
        absl::StrCat("--area meminta kode atau nama kecamatan atau desa (15.01.06), bukan \"",
                     options.area, "\"; cari dengan: tikar areas search NAMA"),
        absl::StrCat("--area takes the code or name of a kecamatan or village (15.01.06), not \"",
                     options.area, "\"; find it with: tikar areas search NAME"));
  }
  if (is_code) {
    ASSIGN_OR_RETURN(area, AreaCodeOf(session, options.area));
  }
  // What the server will pin: the region may offer another one than the newest of all publishers.
  const absl::StatusOr<NamedDefinition> offered =
      OfferedDefinition(session, parent.substr(parent.rfind('/') + 1), options.service);
  if (offered.status().code() == absl::StatusCode::kNotFound) {
    return WithAdvice(offered.status(), session.Say("Lihat layanan yang ada: tikar services list",
                                                    "See what there is: tikar services list"));
  }
  if (!offered.ok()) return offered.status();
  const DefinitionView definition(std::make_shared<const v1::Definition>(offered->definition));
  v1::CreateRequestRequest create;
  create.set_parent(parent);
  create.set_service(options.service);
  create.set_area(area);
  for (const std::string& argument : options.sets) {
    ASSIGN_OR_RETURN(const Assignment assignment, SplitAssignment(argument));
    v1::FieldValue& field = *create.add_fields();
    field.set_path(assignment.path);
    ASSIGN_OR_RETURN(*field.mutable_value(), ParseFor(session, definition, assignment));
  }
  for (const std::string& comment : options.comments) create.add_comments(comment);
  create.set_actor(session.settings().actor);
  create.set_role(session.settings().role);
  create.set_request_id(RandomUuid());
  ASSIGN_OR_RETURN(const v1::CreateRequestResponse answer, session.connection().Call(create));
  return PrintRequest(session, answer.request());
}

absl::Status RequestsEdit(Session& session, const RequestsEditOptions& options) {
  ASSIGN_OR_RETURN(const v1::GetRequestResponse before, GetRequest(session, options.request));
  ASSIGN_OR_RETURN(const DefinitionView definition, session.DefinitionOf(before.request()));
  ASSIGN_OR_RETURN(std::vector<v1::Mutation> mutations,
                   MutationsOf(session, options, before.request(), definition));
  v1::UpdateRequestRequest update;
  update.set_name(before.request().name());
  update.set_etag(options.etag.empty() ? before.request().etag() : options.etag);
  for (v1::Mutation& mutation : mutations) *update.add_mutations() = std::move(mutation);
  update.set_actor(session.settings().actor);
  update.set_role(session.settings().role);
  update.set_request_id(RandomUuid());
  ASSIGN_OR_RETURN(const v1::UpdateRequestResponse answer, session.connection().Call(update));
  if (answer.verdict() != v1::VERDICT_ACCEPTED && answer.verdict() != v1::VERDICT_UNSPECIFIED) {
    return WithAdvice(
        absl::FailedPreconditionError(absl::StrCat(
            AbslView(answer.verdict() == v1::VERDICT_QUARANTINED
                         ? session.Say("server menahan perubahan ", "the server holds change ")
                         : session.Say("server menolak perubahan ", "the server refused change ")),
            absl::BytesToHexString(answer.change_id()))),
        absl::StrCat(AbslView(session.Say("Lihat sebabnya: ", "See why: ")),
                     "tikar requests history ", RefText(answer.request().ref())));
  }
  return PrintRequest(session, answer.request());
}

}  // namespace tikar::cli
