#include "clients/field/application.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <functional>
#include <map>
#include <string>

#include "clients/cli/command_line.h"
#include "clients/cli/display.h"
#include "clients/cli/failure.h"
#include "clients/cli/json_output.h"
#include "clients/field/commands.h"
#include "clients/field/phone.h"
#include "sync/types.h"

namespace tikar::field {
namespace {

constexpr double kSecondsMax = 7 * 24 * 3600;
constexpr uint32_t kLimitMax = 1'000'000;

// What was typed, for all commands, and which one it was.
struct CommandLine {
  PhoneSettings settings;
  std::string clock_offset;
  bool no_color = false;

  std::string request;
  std::string service;
  CreateOptions create;
  EditOptions edit;
  ListOptions list;
  AttentionOptions attention;
  SyncOptions sync;

  // Null: help or version was asked for.
  std::function<absl::Status(Phone&)> command;
};

CLI::App* AddCommand(CLI::App* parent, CommandLine& line, const std::string& name,
                     const std::string& description, const std::string& examples,
                     std::function<absl::Status(Phone&)> run) {
  CLI::App* command = parent->add_subcommand(name, description);
  command->footer("Examples:\n" + examples);
  command->callback([&line, run = std::move(run)] { line.command = run; });
  return command;
}

void AddGlobalFlags(CLI::App& app, CommandLine& line) {
  PhoneSettings& settings = line.settings;
  app.add_option("--db", settings.database_path, "The phone: its SQLite file, made when missing")
      ->envname("TIKAR_FIELD_DB")
      ->type_name("FILE");
  app.add_option("--actor", settings.actor,
                 "Name of the device; the file remembers it: devices/siti")
      ->envname("TIKAR_FIELD_ACTOR");
  app.add_option("--scope", settings.scope,
                 "Areas to keep, with commas; the file remembers them: 15.01.06")
      ->envname("TIKAR_FIELD_SCOPE")
      ->type_name("AREA")
      ->delimiter(',')
      ->allow_extra_args(false);
  app.add_option("--role", settings.role, "In which capacity: a role of the service")
      ->envname("TIKAR_FIELD_ROLE")
      ->capture_default_str();
  app.add_option("--server", settings.server, "host:port of tikard, for sync")
      ->envname("TIKAR_SERVER")
      ->capture_default_str();
  app.add_option("--clock-offset", line.clock_offset,
                 "Let the phone's clock be wrong: +365d, 90m, --clock-offset=-2h")
      ->type_name("OFFSET");
  app.add_option("--lang", settings.language, "id or en: labels and messages")
      ->envname("TIKAR_LANG")
      ->transform(CLI::CheckedTransformer(
          std::map<std::string, cli::Language>{{"en", cli::Language::kEnglish},
                                               {"id", cli::Language::kIndonesian}},
          CLI::ignore_case))
      ->type_name("LANG")
      ->default_str("id");
  app.add_option("--output", settings.json, "table or json")
      ->transform(CLI::CheckedTransformer(
          std::map<std::string, bool>{{"table", false}, {"json", true}}, CLI::ignore_case))
      ->type_name("FORMAT")
      ->default_str("table");
  app.add_flag("--no-color", line.no_color, "No colours (also: NO_COLOR=1)");
  app.set_version_flag("--version", "tikar-field " TIKAR_VERSION);
}

void AddWriting(CLI::App& app, CommandLine& line) {
  CLI::App* create = AddCommand(
      &app, line, "create", "Take a request; the number for the citizen comes at once",
      "  tikar-field --db siti.sqlite create --service pengaduan --area 15.01.06.2010 \\\n"
      "      --set judul=\"Jembatan putus\" --set kategori=jalan_jembatan \\\n"
      "      --set lokasi=-1.8113,101.2951 --comment \"Warga memasang papan\"\n",
      [&line](Phone& phone) { return Create(phone, line.create); });
  create->add_option("--service", line.create.service, "Key of the service")->required();
  create->add_option("--area", line.create.area, "Code of the kecamatan or village")->required();
  create->add_option("--set", line.create.sets, "field=value, as often as needed (see: forms)")
      ->type_name("FIELD=VALUE")
      ->allow_extra_args(false);
  create->add_option("--comment", line.create.comments, "A comment")->allow_extra_args(false);

  CLI::App* edit = AddCommand(
      &app, line, "edit", "Change a request",
      "  tikar-field --db siti.sqlite edit 7ZK4Q-X9M2H-P --set alamat=\"Dekat SD 12\"\n"
      "  tikar-field --db siti.sqlite edit 7ZK4Q-X9M2H-P --status diverifikasi --comment "
      "\"Dicek\"\n"
      "  tikar-field --db siti.sqlite edit 7ZK4Q-X9M2H-P --status ditolak --reason \"Ganda\"\n",
      [&line](Phone& phone) { return Edit(phone, line.edit); });
  edit->add_option("request", line.edit.request, "Number of the request")->required();
  edit->add_option("--set", line.edit.sets, "field=value, as often as needed (see: forms)")
      ->type_name("FIELD=VALUE")
      ->allow_extra_args(false);
  edit->add_option("--clear", line.edit.clears, "Empty a field")
      ->type_name("FIELD")
      ->allow_extra_args(false);
  CLI::Option* status =
      edit->add_option("--status", line.edit.status, "State to move to")->type_name("STATE");
  edit->add_option("--reason", line.edit.reason, "Why, for --status")->needs(status);
  edit->add_option("--assign", line.edit.assignee, "Actor to assign it to; \"\" for nobody")
      ->type_name("ACTOR");
  edit->add_option("--comment", line.edit.comments, "A comment")->allow_extra_args(false);
}

void AddReading(CLI::App& app, CommandLine& line) {
  CLI::App* list =
      AddCommand(&app, line, "list", "List what is on the phone, the newest first",
                 "  tikar-field --db siti.sqlite list\n"
                 "  tikar-field --db siti.sqlite list --pending\n"
                 "  tikar-field --db siti.sqlite list --area 15.01.06 --all --output json\n",
                 [&line](Phone& phone) { return List(phone, line.list); });
  list->add_option("--area", line.list.area, "Area code or its beginning");
  list->add_option("--service", line.list.service, "Key of a service");
  list->add_option("--status", line.list.status, "Key of a state");
  list->add_option("--text", line.list.text, "Found in any of its texts");
  list->add_flag("--under-review", line.list.under_review, "Only what a person must settle");
  list->add_flag("--pending", line.list.pending, "Only with changes that the server does not show");
  CLI::Option* limit = list->add_option("--limit", line.list.limit, "At most so many")
                           ->check(CLI::Range(1u, kLimitMax));
  list->add_flag("--all", line.list.all, "All of them")->excludes(limit);

  CLI::App* show = AddCommand(&app, line, "show", "Show one request as the officer sees it",
                              "  tikar-field --db siti.sqlite show 7ZK4Q-X9M2H-P\n",
                              [&line](Phone& phone) { return Show(phone, line.request); });
  show->add_option("request", line.request, "Number of the request")->required();

  CLI::App* forms = AddCommand(&app, line, "forms", "The services' fields and how to fill them",
                               "  tikar-field --db siti.sqlite forms\n"
                               "  tikar-field --db siti.sqlite forms gampil\n",
                               [&line](Phone& phone) { return Forms(phone, line.service); });
  forms->add_option("service", line.service, "Key of a service; else all");
}

void AddExchange(CLI::App& app, CommandLine& line) {
  CLI::App* attention = AddCommand(
      &app, line, "attention", "Changes that will not arrive without a person, with all their data",
      "  tikar-field --db siti.sqlite attention\n"
      "  tikar-field --db siti.sqlite attention --retry 3f9a01bc\n"
      "  tikar-field --db siti.sqlite attention --dismiss 3f9a01bc\n",
      [&line](Phone& phone) { return Attention(phone, line.attention); });
  CLI::Option* retry =
      attention->add_option("--retry", line.attention.retry, "Send this change again")
          ->type_name("CHANGE");
  attention->add_option("--dismiss", line.attention.dismiss, "Forget this change")
      ->type_name("CHANGE")
      ->excludes(retry);

  AddCommand(&app, line, "status", "What is unsent, how old it is, and how the last sync went",
             "  tikar-field --db siti.sqlite status\n",
             [](Phone& phone) { return ShowStatus(phone); });

  CLI::App* sync =
      AddCommand(&app, line, "sync", "Send all, take all; the first time fetches the forms too",
                 "  tikar-field --db siti.sqlite --actor devices/siti --scope 15.01.06 sync\n"
                 "  tikar-field --db siti.sqlite sync --patience 60\n"
                 "  tikar-field --db siti.sqlite sync --live 600\n",
                 [&line](Phone& phone) { return Sync(phone, line.sync); });
  CLI::Option* live =
      sync->add_option("--live", line.sync.live_seconds, "Stay connected for so long")
          ->check(CLI::Range(0.0, kSecondsMax))
          ->type_name("SECONDS");
  sync->add_option("--patience", line.sync.patience_seconds,
                   "Try again for so long while the server is away")
      ->check(CLI::Range(0.0, kSecondsMax))
      ->type_name("SECONDS")
      ->excludes(live);
}

void PrintFailure(const PhoneSettings& settings, const absl::Status& status, std::ostream& err,
                  const cli::Terminal& terminal) {
  if (settings.json) {
    err << cli::JsonText(cli::FailureJson(status, settings.language, settings.server));
    return;
  }
  const cli::FailureText text = cli::Explain(status, settings.language, settings.server);
  err << cli::Styled(terminal, cli::Style::kBad,
                     cli::Pick(settings.language, "Gagal: ", "Failed: "));
  for (const std::string& message_line : cli::Lines(text.message, 0)) err << message_line << "\n";
  for (const std::string& violation : text.violations) {
    err << "  • " << cli::OneLine(violation) << "\n";
  }
  if (!text.advice.empty()) err << cli::OneLine(text.advice) << "\n";
}

absl::Status RunCommand(CommandLine& line, std::ostream& out) {
  if (line.settings.database_path.empty()) {
    return cli::UsageError(cli::Pick(line.settings.language,
                                     "telepon yang mana? Sebut berkasnya: --db siti.sqlite",
                                     "which phone? Name its file: --db siti.sqlite"));
  }
  if (absl::Status status = cli::CheckServer(line.settings.server); !status.ok()) return status;
  if (!line.clock_offset.empty()) {
    const std::optional<int64_t> offset_ms = ParseClockOffset(line.clock_offset);
    if (!offset_ms.has_value()) {
      return cli::UsageError(cli::Pick(line.settings.language,
                                       "--clock-offset: tulis seperti +365d, -2h, 90m, +5s",
                                       "--clock-offset: write it as +365d, -2h, 90m, +5s"));
    }
    line.settings.clock_offset_ms = *offset_ms;
  }
  absl::StatusOr<std::unique_ptr<Phone>> phone =
      Phone::Open(line.settings, out, cli::DetectTerminal(STDOUT_FILENO, !line.no_color));
  if (!phone.ok()) return phone.status();
  absl::Status status = line.command(**phone);
  out.flush();
  if (status.ok() && !out) status = absl::DataLossError("the output could not be written");
  return status;
}

}  // namespace

int RunField(int argument_count, const char* const* arguments, std::ostream& out,
             std::ostream& err) {
  CommandLine line;
  CLI::App app(
      "tikar-field: a field officer's phone on the terminal. Everything but sync works without a "
      "signal.",
      "tikar-field");
  app.footer(
      "A phone's first day:\n"
      "  tikar-field --db siti.sqlite --actor devices/siti --scope 15.01.06 sync\n"
      "  tikar-field --db siti.sqlite create --service pengaduan --area 15.01.06.2010 \\\n"
      "      --set judul=\"Jembatan putus\" --set kategori=jalan_jembatan\n"
      "  tikar-field --db siti.sqlite status\n"
      "Exit codes: 0 done, 1 refused or failed, 2 wrong command line, 3 not found,\n"
      "4 server unreachable.\n"
      "`tikar-field COMMAND --help` shows each command with examples.");
  app.require_subcommand(1);
  // Global flags may stand behind the command too.
  app.fallthrough();
  AddGlobalFlags(app, line);
  AddWriting(app, line);
  AddReading(app, line);
  AddExchange(app, line);
  try {
    app.parse(argument_count, arguments);
  } catch (const CLI::ParseError& error) {
    return static_cast<int>(cli::PrintParseError(app, error, argument_count, arguments, out, err));
  }
  const absl::Status status = RunCommand(line, out);
  if (!status.ok()) {
    PrintFailure(line.settings, status, err, cli::DetectTerminal(STDERR_FILENO, !line.no_color));
  }
  return static_cast<int>(cli::ExitCodeOf(status));
}

}  // namespace tikar::field
