#include "clients/cli/application.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "clients/cli/command_line.h"
#include "clients/cli/commands.h"
#include "clients/cli/display.h"
#include "clients/cli/failure.h"
#include "clients/cli/json_output.h"
#include "clients/cli/session.h"
#include "clients/cli/settings.h"
#include "sync/names.h"

namespace tikar::cli {
namespace {

constexpr double kTimeoutSecondsMin = 0.1;
constexpr double kTimeoutSecondsMax = 600;
constexpr uint32_t kLimitMax = 1'000'000;

// What was typed, for all commands, and which one it was.
struct CommandLine {
  Settings settings;
  double timeout_seconds = 10;
  bool no_color = false;

  std::string request;
  std::string path;
  RequestsListOptions list;
  RequestsCreateOptions create;
  RequestsEditOptions edit;
  RequestsImportOptions import;
  ConflictsListOptions conflicts;
  ConflictsResolveOptions resolve;
  AreasSearchOptions areas;
  bool all_versions = false;

  // Null: help or version was asked for.
  std::function<absl::Status(Session&)> command;
};

CLI::App* AddCommand(CLI::App* parent, CommandLine& line, const std::string& name,
                     const std::string& description, const std::string& examples,
                     std::function<absl::Status(Session&)> run) {
  CLI::App* command = parent->add_subcommand(name, description);
  command->footer("Examples:\n" + examples);
  command->callback([&line, run = std::move(run)] { line.command = run; });
  return command;
}

void AddGlobalFlags(CLI::App& app, CommandLine& line) {
  Settings& settings = line.settings;
  app.add_option("--server", settings.server, "host:port of tikard")
      ->envname("TIKAR_SERVER")
      ->default_str("127.0.0.1:50151");
  app.add_option("--output", settings.output, "table or json")
      ->transform(CLI::CheckedTransformer(
          std::map<std::string, OutputFormat>{{"table", OutputFormat::kTable},
                                              {"json", OutputFormat::kJson}},
          CLI::ignore_case))
      ->type_name("FORMAT")
      ->default_str("table");
  app.add_option("--lang", settings.language, "en or id: labels and messages")
      ->envname("TIKAR_LANG")
      ->transform(
          CLI::CheckedTransformer(std::map<std::string, Language>{{"en", Language::kEnglish},
                                                                  {"id", Language::kIndonesian}},
                                  CLI::ignore_case))
      ->type_name("LANG")
      ->default_str("en");
  app.add_option("--actor", settings.actor, "Who writes")->default_str(DefaultActor());
  app.add_option("--role", settings.role, "In which capacity: a role of the service")
      ->default_str("operator");
  app.add_option("--timeout", line.timeout_seconds,
                 "Seconds that one call may take, retries included")
      ->check(CLI::Range(kTimeoutSecondsMin, kTimeoutSecondsMax))
      ->type_name("SECONDS")
      ->default_str("10");
  app.add_flag("--no-color", line.no_color, "No colours (also: NO_COLOR=1)");
  app.set_version_flag("--version", "tikar " TIKAR_VERSION);
}

void AddLimit(CLI::App* command, uint32_t& limit, bool& all) {
  CLI::Option* limit_option =
      command->add_option("--limit", limit, "At most so many")->check(CLI::Range(1u, kLimitMax));
  command->add_flag("--all", all, "All of them, page by page")->excludes(limit_option);
}

void AddRequests(CLI::App& app, CommandLine& line) {
  CLI::App* requests = app.add_subcommand("requests", "Citizens' requests");
  requests->require_subcommand(1);

  CLI::App* list =
      AddCommand(requests, line, "list",
                 "List requests, the newest first within a region, one region after the other",
                 "  tikar requests list --area 15.01.06\n"
                 "  tikar requests list --service pengaduan --status diterima --all\n"
                 "  tikar requests list --under-review --output json\n",
                 [&line](Session& session) { return RequestsList(session, line.list); });
  list->add_option("--area", line.list.area, "Area code or its beginning: 15, 15.01, 15.01.06");
  list->add_option("--service", line.list.service, "Key of a service: pengaduan");
  list->add_option("--status", line.list.status, "Key of a state: diterima");
  list->add_option("--assignee", line.list.assignee, "Actor that it is assigned to");
  list->add_option("--text", line.list.text, "Found in any of its texts");
  list->add_flag("--under-review", line.list.under_review, "Only what a person must settle");
  list->add_flag("--retracted", line.list.show_retracted, "Retracted ones too");
  AddLimit(list, line.list.limit, line.list.all);

  CLI::App* show =
      AddCommand(requests, line, "show", "Show one request",
                 "  tikar requests show 7ZK4Q-X9M2H-P\n"
                 "  tikar requests show 0190f5c2a7b07c3e8d1f2a3b4c5d6e7f --lang id\n",
                 [&line](Session& session) { return RequestsShow(session, line.request); });
  show->add_option("request", line.request, "Ref, id or name")->required();

  CLI::App* history =
      AddCommand(requests, line, "history", "Who changed what, when, and what became of it",
                 "  tikar requests history 7ZK4Q-X9M2H-P\n",
                 [&line](Session& session) { return RequestsHistory(session, line.request); });
  history->add_option("request", line.request, "Ref, id or name")->required();

  CLI::App* create =
      AddCommand(requests, line, "create", "Make a request",
                 "  tikar requests create --service pengaduan --area 15.01.06 \\\n"
                 "      --set judul=\"Jembatan putus\" --set kategori=jalan_jembatan \\\n"
                 "      --set lokasi=-1.8113,101.2951 --comment \"Dilaporkan lewat telepon\"\n",
                 [&line](Session& session) { return RequestsCreate(session, line.create); });
  create->add_option("--service", line.create.service, "Key of the service")->required();
  create->add_option("--area", line.create.area, "Code of the kecamatan or village")->required();
  create->add_option("--set", line.create.sets, "field=value, as often as needed")
      ->type_name("FIELD=VALUE")
      ->allow_extra_args(false);
  create->add_option("--comment", line.create.comments, "A comment")->allow_extra_args(false);

  CLI::App* edit = AddCommand(
      requests, line, "edit", "Change a request",
      "  tikar requests edit 7ZK4Q-X9M2H-P --status diverifikasi --assign officer-2\n"
      "  tikar requests edit 7ZK4Q-X9M2H-P --set judul=\"Jembatan gantung putus\" --clear alamat\n"
      "  tikar requests edit 7ZK4Q-X9M2H-P --retract --reason \"Tercatat dua kali\"\n",
      [&line](Session& session) { return RequestsEdit(session, line.edit); });
  edit->add_option("request", line.edit.request, "Ref, id or name")->required();
  edit->add_option("--set", line.edit.sets, "field=value, as often as needed")
      ->type_name("FIELD=VALUE")
      ->allow_extra_args(false);
  edit->add_option("--clear", line.edit.clears, "Empty a field")
      ->type_name("FIELD")
      ->allow_extra_args(false);
  CLI::Option* status =
      edit->add_option("--status", line.edit.status, "State to move to")->type_name("STATE");
  edit->add_option("--from", line.edit.from, "State that you saw; else the one it is in now")
      ->type_name("STATE")
      ->needs(status);
  edit->add_option("--reason", line.edit.reason, "Why, for --status, --retract and --restore");
  edit->add_option("--assign", line.edit.assignee, "Actor to assign it to; \"\" for nobody")
      ->type_name("ACTOR");
  edit->add_option("--comment", line.edit.comments, "A comment")->allow_extra_args(false);
  CLI::Option* retract = edit->add_flag("--retract", line.edit.retract, "Withdraw it");
  edit->add_flag("--restore", line.edit.restore, "Take a withdrawal back")->excludes(retract);
  edit->add_option(
      "--etag", line.edit.etag,
      "Etag of the request as you saw it; else as it is now. Write it with \"=\", it may "
      "begin with a hyphen");

  CLI::App* import = AddCommand(
      requests, line, "import", "Import requests from a CSV file; a second run adds nothing",
      "  tikar requests import --map nyc311.map.textproto requests-500.csv\n",
      [&line](Session& session) { return RequestsImport(session, line.import); });
  import->add_option("--map", line.import.map_path, "How columns become fields (docs/cli.md)")
      ->required()
      ->check(CLI::ExistingFile)
      ->type_name("FILE");
  import->add_option("csv", line.import.csv_path, "The file")
      ->required()
      ->check(CLI::ExistingFile)
      ->type_name("CSV");
  import
      ->add_option("--refused", line.import.refused_path,
                   "Where refused rows go; else <csv>.refused.csv")
      ->type_name("FILE");
}

void AddConflicts(CLI::App& app, CommandLine& line) {
  CLI::App* conflicts = app.add_subcommand("conflicts", "What a person must settle");
  conflicts->require_subcommand(1);

  CLI::App* list = AddCommand(conflicts, line, "list", "List fields under review, the oldest first",
                              "  tikar conflicts list --area 15.01\n", [&line](Session& session) {
                                return ConflictsList(session, line.conflicts);
                              });
  list->add_option("--area", line.conflicts.area, "Area code or its beginning");
  list->add_option("--service", line.conflicts.service, "Key of a service");
  AddLimit(list, line.conflicts.limit, line.conflicts.all);

  CLI::App* show = AddCommand(
      conflicts, line, "show", "Show the values that stand against each other",
      "  tikar conflicts show 7ZK4Q-X9M2H-P\n"
      "  tikar conflicts show 7ZK4Q-X9M2H-P status\n",
      [&line](Session& session) { return ConflictsShow(session, line.request, line.path); });
  show->add_option("request", line.request, "Ref, id or name of the request or conflict")
      ->required();
  show->add_option("path", line.path, "Field; may be left out where only one is under review");

  CLI::App* resolve =
      AddCommand(conflicts, line, "resolve", "Settle a field under review",
                 "  tikar conflicts resolve 7ZK4Q-X9M2H-P status --take 2 --reason \"Lengkap\"\n"
                 "  tikar conflicts resolve 7ZK4Q-X9M2H-P modal --value Rp1.500.000\n",
                 [&line](Session& session) { return ConflictsResolve(session, line.resolve); });
  resolve->add_option("request", line.resolve.request, "Ref, id or name of the request or conflict")
      ->required();
  resolve->add_option("path", line.resolve.path,
                      "Field; may be left out where only one is under review");
  resolve->add_option("--take", line.resolve.take,
                      "Number of the value in `conflicts show`, or the start of its change id");
  resolve->add_option("--value", line.resolve.value, "Another value");
  resolve->add_flag("--clear", line.resolve.clear, "Settle on \"empty\"");
  resolve->add_option("--reason", line.resolve.reason, "Why");
  resolve->add_option(
      "--etag", line.resolve.etag,
      "Etag from `conflicts show`: settle nothing if somebody wrote since. Write it with "
      "\"=\", it may begin with a hyphen");
}

void AddCatalogAndStatus(CLI::App& app, CommandLine& line) {
  AddCommand(&app, line, "status", "How the server is doing",
             "  tikar status\n  tikar status --output json\n",
             [](Session& session) { return ShowStatus(session); });

  CLI::App* areas = app.add_subcommand("areas", "Area codes");
  areas->require_subcommand(1);
  CLI::App* search =
      AddCommand(areas, line, "search", "Find area codes by name, or list what lies below one",
                 "  tikar areas search kerinci\n"
                 "  tikar areas search --below 15.01\n",
                 [&line](Session& session) { return AreasSearch(session, line.areas); });
  CLI::Option* query =
      search->add_option("query", line.areas.query, "Part of a name or code, 2 characters or more");
  search->add_option("--below", line.areas.below, "List what lies directly below this code")
      ->excludes(query);
  search->add_option("--limit", line.areas.limit, "At most so many")
      ->check(CLI::Range(1u, kLimitMax));

  CLI::App* services = app.add_subcommand("services", "Services that citizens can ask for");
  services->require_subcommand(1);
  CLI::App* list =
      AddCommand(services, line, "list", "List services with their states and fields",
                 "  tikar services list\n  tikar services list --output json\n",
                 [&line](Session& session) { return ServicesList(session, line.all_versions); });
  list->add_flag("--all-versions", line.all_versions, "Older versions too");
}

void PrintFailure(Session& session, const absl::Status& status) {
  if (session.json()) {
    session.err() << JsonText(FailureJson(status, session.language(), session.settings().server));
    return;
  }
  const FailureText text = Explain(status, session.language(), session.settings().server);
  const Terminal& terminal = session.err_terminal();
  // A message of several lines is the map's list of problems; each of its lines is harmless.
  const std::vector<std::string> lines = Lines(text.message, 0);
  session.err() << Styled(terminal, Style::kBad, session.Say("Gagal: ", "Failed: "));
  for (const std::string& message_line : lines) session.err() << message_line << "\n";
  for (const std::string& violation : text.violations) {
    session.err() << "  • " << OneLine(violation) << "\n";
  }
  if (!text.advice.empty()) session.err() << OneLine(text.advice) << "\n";
}

}  // namespace

int RunTikar(int argument_count, const char* const* arguments, std::ostream& out,
             std::ostream& err) {
  CommandLine line;
  line.settings.server = "127.0.0.1:50151";
  line.settings.actor = DefaultActor();
  line.settings.role = "operator";
  CLI::App app("tikar: look after a Tikar server's requests, conflicts and catalogue.", "tikar");
  app.footer(
      "Exit codes: 0 done, 1 refused or failed, 2 wrong command line, 3 not found,\n"
      "4 server unreachable.\n"
      "`tikar COMMAND --help` shows each command with examples.");
  app.require_subcommand(1);
  // Global flags may stand behind the command too.
  app.fallthrough();
  AddGlobalFlags(app, line);
  AddRequests(app, line);
  AddConflicts(app, line);
  AddCatalogAndStatus(app, line);
  try {
    app.parse(argument_count, arguments);
  } catch (const CLI::ParseError& error) {
    return static_cast<int>(PrintParseError(app, error, argument_count, arguments, out, err));
  }
  line.settings.color = !line.no_color;
  line.settings.timeout = absl::Seconds(line.timeout_seconds);
  Session session(line.settings, out, err, DetectTerminal(STDOUT_FILENO, line.settings.color),
                  DetectTerminal(STDERR_FILENO, line.settings.color));
  absl::Status status = CheckServer(line.settings.server);
  if (status.ok() && !sync::IsActorName(line.settings.actor)) {
    status = UsageError("--actor takes 1 to 64 characters of a-z, 0-9, '.', '_', '-' and '/'");
  }
  if (status.ok()) status = line.command(session);
  out.flush();
  if (status.ok() && !out) {
    status = absl::DataLossError("the output could not be written");
  }
  if (!status.ok()) PrintFailure(session, status);
  return static_cast<int>(ExitCodeOf(status));
}

}  // namespace tikar::cli
