// tikar context list, use, add, remove.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "clients/cli/command_line.h"
#include "clients/cli/commands.h"
#include "clients/cli/contexts.h"
#include "clients/cli/display.h"
#include "clients/cli/failure.h"
#include "clients/cli/json_output.h"
#include "clients/cli/table.h"
#include "sync/names.h"
#include "sync/status_macros.h"
#include "sync/types.h"

namespace tikar::cli {
namespace {

using contexts::v1::Context;
using contexts::v1::Contexts;

absl::StatusOr<std::string> RequirePath() {
  std::optional<std::string> path = ContextsPath();
  if (path.has_value()) return *std::move(path);
  return WithIndonesian(absl::FailedPreconditionError(
                            "neither HOME nor XDG_CONFIG_HOME says where contexts are kept"),
                        "HOME maupun XDG_CONFIG_HOME tidak menyebut di mana konteks disimpan");
}

absl::Status NoSuchContext(Session& session, const std::string& name) {
  return WithAdvice(
      absl::NotFoundError(absl::StrCat(
          sync::AbslView(session.Say("tidak ada konteks \"", "there is no context \"")), name,
          "\"")),
      session.Say("Lihat yang ada: tikar context list", "See what there is: tikar context list"));
}

Json ContextJson(const Context& context) {
  Json json;
  json["name"] = context.name();
  json["server"] = context.server();
  json["actor"] = context.actor();
  json["role"] = context.role();
  return json;
}

// The answer of a command that changed the file.
void PrintChanged(Session& session, const Contexts& contexts, std::string_view words) {
  if (!session.json()) {
    session.out() << words << "\n";
    return;
  }
  Json json;
  json["current"] = contexts.current().empty() ? Json(nullptr) : Json(contexts.current());
  json["contexts"] = Json::array();
  for (const Context& context : contexts.contexts()) {
    json["contexts"].push_back(ContextJson(context));
  }
  session.out() << JsonText(json);
}

std::string NowUsing(Session& session, const Context& context) {
  return absl::StrCat(
      sync::AbslView(session.Say("Dipakai mulai sekarang: ", "In use from now on: ")),
      context.name(), " (", context.server(), ")");
}

}  // namespace

absl::Status ContextList(Session& session) {
  ASSIGN_OR_RETURN(const std::string path, RequirePath());
  ASSIGN_OR_RETURN(const Contexts contexts, LoadContexts(path));
  if (session.json()) {
    PrintChanged(session, contexts, "");
    return absl::OkStatus();
  }
  if (contexts.contexts().empty()) {
    session.out() << session.Say("Belum ada konteks. Buat: ", "No contexts yet. Make one: ")
                  << "tikar context add " << session.Say("NAMA", "NAME") << " --server HOST:PORT\n";
    return absl::OkStatus();
  }
  Table table(
      {{.title = ""},
       {.title = std::string(session.Say("NAMA", "NAME"))},
       {.title = "SERVER", .shrinks = true},
       {.title = std::string(session.Say("PELAKU", "ACTOR")), .shrinks = true, .droppable = true},
       {.title = std::string(session.Say("PERAN", "ROLE")), .shrinks = true, .droppable = true}});
  for (const Context& context : contexts.contexts()) {
    const bool current = context.name() == contexts.current();
    table.AddRow({{current ? "*" : " ", Style::kGood},
                  {context.name(), current ? Style::kBold : Style::kName},
                  {context.server()},
                  {context.actor()},
                  {context.role()}});
  }
  session.out() << table.Render(session.out_terminal());
  return absl::OkStatus();
}

absl::Status ContextUse(Session& session, const std::string& name) {
  ASSIGN_OR_RETURN(const std::string path, RequirePath());
  ASSIGN_OR_RETURN(Contexts contexts, LoadContexts(path));
  const Context* context = FindContext(contexts, name);
  if (context == nullptr) return NoSuchContext(session, name);
  contexts.set_current(name);
  RETURN_IF_ERROR(SaveContexts(path, contexts));
  PrintChanged(session, contexts, NowUsing(session, *context));
  return absl::OkStatus();
}

absl::Status ContextAdd(Session& session, const ContextAddOptions& options) {
  if (!IsContextName(options.name)) {
    return UsageError("nama konteks: 1 sampai 64 huruf dari a-z, 0-9, '.', '_' dan '-'",
                      "the name of a context takes 1 to 64 characters of a-z, 0-9, '.', '_' "
                      "and '-'");
  }
  if (options.server.empty()) {
    return UsageError("sebut servernya: --server HOST:PORT", "name its server: --server HOST:PORT");
  }
  RETURN_IF_ERROR(CheckServer(options.server));
  ASSIGN_OR_RETURN(const std::string path, RequirePath());
  ASSIGN_OR_RETURN(Contexts contexts, LoadContexts(path));
  auto& list = *contexts.mutable_contexts();
  auto found = std::find_if(list.begin(), list.end(),
                            [&](const Context& context) { return context.name() == options.name; });
  if (found != list.end() && !options.replace) {
    return WithAdvice(
        WithIndonesian(
            absl::AlreadyExistsError(absl::StrCat("there is a context \"", options.name,
                                                  "\" already, for ", found->server())),
            absl::StrCat("konteks \"", options.name, "\" sudah ada, untuk ", found->server())),
        session.Say("Ganti dengan --replace.", "Put this in its place with --replace."));
  }
  const bool first = list.empty();
  Context& context = found == list.end() ? *list.Add() : *found;
  context.set_name(options.name);
  context.set_server(options.server);
  context.set_actor(options.actor);
  context.set_role(options.role);
  if (first) contexts.set_current(options.name);
  std::sort(list.begin(), list.end(),
            [](const Context& a, const Context& b) { return a.name() < b.name(); });
  RETURN_IF_ERROR(SaveContexts(path, contexts));
  const Context& added = *FindContext(contexts, options.name);
  PrintChanged(session, contexts,
               contexts.current() == options.name
                   ? NowUsing(session, added)
                   : absl::StrCat(sync::AbslView(session.Say("Disimpan. Pakai dengan: ",
                                                             "Kept. Use it with: ")),
                                  "tikar context use ", options.name));
  return absl::OkStatus();
}

absl::Status ContextRemove(Session& session, const std::string& name) {
  ASSIGN_OR_RETURN(const std::string path, RequirePath());
  ASSIGN_OR_RETURN(Contexts contexts, LoadContexts(path));
  auto& list = *contexts.mutable_contexts();
  const auto found = std::find_if(list.begin(), list.end(),
                                  [&](const Context& context) { return context.name() == name; });
  if (found == list.end()) return NoSuchContext(session, name);
  list.erase(found);
  const bool was_current = contexts.current() == name;
  if (was_current) contexts.clear_current();
  RETURN_IF_ERROR(SaveContexts(path, contexts));
  PrintChanged(session, contexts,
               was_current ? session.Say("Dihapus; sekarang tidak ada konteks yang dipakai.",
                                         "Removed; no context is in use now.")
                           : session.Say("Dihapus.", "Removed."));
  return absl::OkStatus();
}

}  // namespace tikar::cli
