#include "clients/cli/application.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <optional>
#include <string>

#include "clients/cli/command_line.h"
#include "clients/cli/command_tree.h"
#include "clients/cli/contexts.h"
#include "clients/cli/failure.h"
#include "clients/cli/program.h"
#include "clients/cli/session.h"
#include "clients/cli/settings.h"
#include "sync/names.h"
#include "sync/status_macros.h"

namespace tikar::cli {
namespace {

std::optional<std::string> Given(const CLI::App& app, const std::string& flag,
                                 const std::string& value) {
  if (app.count(flag) == 0) return std::nullopt;
  return value;
}

std::optional<std::string> Variable(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr || *value == '\0') return std::nullopt;
  return value;
}

// Where to, and as whom: what was typed, else what the context says, else the defaults. Contexts
// are only looked at where one counts: a broken file must not stop a command that names its server.
absl::Status ChooseServer(const CLI::App& app, const CommandLine& line, Settings& settings) {
  ServerWish wish;
  wish.server_flag = Given(app, "--server", line.server);
  wish.context_flag = Given(app, "--context", line.context);
  wish.server_variable = Variable("TIKAR_SERVER");
  wish.context_variable = Variable("TIKAR_CONTEXT");
  settings.server = kDefaultServer;
  settings.actor = DefaultActor();
  settings.role = kDefaultRole;
  if (line.needs_server) {
    contexts::v1::Contexts contexts;
    const std::optional<std::string> path = ContextsPath();
    if (path.has_value() && !wish.names_address()) {
      ASSIGN_OR_RETURN(contexts, LoadContexts(*path));
    }
    ASSIGN_OR_RETURN(const contexts::v1::Context* context, ChooseContext(wish, contexts));
    if (context != nullptr) {
      settings.context = context->name();
      settings.server = context->server();
      if (!context->actor().empty()) settings.actor = context->actor();
      if (!context->role().empty()) settings.role = context->role();
    } else if (wish.names_address()) {
      settings.server = wish.server_flag.has_value() ? *wish.server_flag : *wish.server_variable;
    }
    RETURN_IF_ERROR(CheckServer(settings.server));
  }
  if (app.count("--actor") > 0) settings.actor = line.actor;
  if (app.count("--role") > 0) settings.role = line.role;
  if (sync::IsActorName(settings.actor)) return absl::OkStatus();
  return UsageError("--actor meminta 1 sampai 64 huruf dari a-z, 0-9, '.', '_', '-' dan '/'",
                    "--actor takes 1 to 64 characters of a-z, 0-9, '.', '_', '-' and '/'");
}

}  // namespace

int RunTikar(int argument_count, const char* const* arguments, std::ostream& out,
             std::ostream& err) {
  const Language language = LanguageAskedFor(argument_count, arguments, Language::kEnglish);
  CommandLine line;
  CLI::App app(
      std::string(Pick(language, "tikar: urus permohonan, konflik dan katalog server Tikar.",
                       "tikar: look after a Tikar server's requests, conflicts and "
                       "catalogue.")),
      "tikar");
  BuildCommandTree(app, line, language);
  try {
    app.parse(argument_count, arguments);
  } catch (const CLI::ParseError& error) {
    return static_cast<int>(
        PrintParseError(app, error, argument_count, arguments, out, err, language));
  }
  Settings settings;
  settings.output = line.shared.json() ? OutputFormat::kJson : OutputFormat::kTable;
  settings.language = language;
  settings.color = !line.shared.no_color;
  settings.timeout = absl::Seconds(line.timeout_seconds);
  absl::Status status = ChooseServer(app, line, settings);
  if (status.ok()) {
    Session session(settings, out, err, DetectTerminal(STDOUT_FILENO, settings.color),
                    DetectTerminal(STDERR_FILENO, settings.color));
    status = line.command(session);
  }
  return EndRun(status, line.shared, language, settings.server, out, err);
}

}  // namespace tikar::cli
