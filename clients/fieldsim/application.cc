#include "clients/fieldsim/application.h"

#include <signal.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <map>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "clients/cli/command_line.h"
#include "clients/cli/failure.h"
#include "clients/cli/language.h"
#include "clients/cli/progress.h"
#include "clients/cli/terminal.h"
#include "clients/fieldsim/fleet.h"
#include "clients/fieldsim/report.h"
#include "clients/fieldsim/settings.h"
#include "sync/feed.h"
#include "sync/status_macros.h"

namespace tikar::fieldsim {
namespace {

constexpr uint32_t kDevicesMax = 100'000;
constexpr uint32_t kChangesMax = 100'000;
constexpr uint32_t kWorkersMax = 1'000;

std::atomic<bool> interrupted = false;
static_assert(std::atomic<bool>::is_always_lock_free);  // written by a signal handler

// Restores what was before.
class InterruptHandler {
 public:
  InterruptHandler() {
    interrupted = false;
    struct sigaction action = {};
    action.sa_handler = [](int) { interrupted = true; };
    sigemptyset(&action.sa_mask);
    // A second one ends the process: whoever presses twice does not want to wait.
    action.sa_flags = SA_RESETHAND;
    sigaction(SIGINT, &action, &interrupt_before_);
    sigaction(SIGTERM, &action, &terminate_before_);
  }
  InterruptHandler(const InterruptHandler&) = delete;
  InterruptHandler& operator=(const InterruptHandler&) = delete;
  ~InterruptHandler() {
    sigaction(SIGINT, &interrupt_before_, nullptr);
    sigaction(SIGTERM, &terminate_before_, nullptr);
  }

 private:
  struct sigaction interrupt_before_ = {};
  struct sigaction terminate_before_ = {};
};

template <typename Value>
CLI::Validator OneOf(std::map<std::string, Value> names) {
  return CLI::CheckedTransformer(std::move(names), CLI::ignore_case);
}

void AddFlags(CLI::App& app, Settings& settings) {
  app.add_option("--server", settings.server, "host:port of tikard")
      ->envname("TIKAR_SERVER")
      ->capture_default_str();
  app.add_option("--devices", settings.devices, "Phones")
      ->check(CLI::Range(1u, kDevicesMax))
      ->capture_default_str();
  app.add_option("--changes", settings.changes, "Changes that each phone makes")
      ->check(CLI::Range(1u, kChangesMax))
      ->capture_default_str();
  app.add_option("--shared", settings.shared,
                 "Share of a phone's changes that edit requests which others edit too, 0 to 1")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  app.add_option("--offline", settings.offline,
                 "How long phones are without a signal: none (they sync after each change), mixed "
                 "(after 1 to 10), days (after all)")
      ->transform(OneOf<Offline>(
          {{"none", Offline::kNone}, {"mixed", Offline::kMixed}, {"days", Offline::kDays}}))
      ->type_name("PATTERN")
      ->default_str("mixed");
  app.add_option("--areas", settings.areas, "Where they work, with commas: area codes or prefixes")
      ->type_name("AREA")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->expected(1, kAreasMax)
      ->default_str("15.01,12.04,32.73");
  app.add_option("--services", settings.services, "What they file, with commas")
      ->type_name("SERVICE")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->default_str("pengaduan");
  app.add_option("--seed", settings.seed, "The same seed writes the same things")
      ->capture_default_str();
  app.add_option("--run", settings.run,
                 "Part of the phones' names, so that each run is a fleet of its own; from the "
                 "clock if not given")
      ->type_name("NAME")
      ->check([](const std::string& name) {
        const bool good =
            !name.empty() && name.size() <= 32 &&
            name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_-") == std::string::npos;
        return std::string(good ? "" : "must be 1 to 32 of a-z, 0-9, _ and -");
      });
  auto* light = app.add_flag_callback(
      "--light", [&settings] { settings.storage = Storage::kLight; },
      absl::StrCat("Keep the phones in memory (of itself above ", kFullDevicesMax, ")"));
  app.add_flag_callback(
         "--full", [&settings] { settings.storage = Storage::kFull; },
         "Keep the phones in files, however many")
      ->excludes(light);
  app.add_option("--workers", settings.workers, "Phones that are awake at a time")
      ->check(CLI::Range(1u, kWorkersMax))
      ->capture_default_str();
  app.add_option("--wrong-clocks", settings.wrong_clocks,
                 "Share of phones whose clock is off by 10 minutes to 400 days, 0 to 1")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  app.add_option("--patience", settings.patience_seconds,
                 "Seconds that one exchange may take with all its new attempts")
      ->check(CLI::Range(1u, 86'400u))
      ->capture_default_str();
  app.add_option("--output", settings.json, "table or json")
      ->transform(OneOf<bool>({{"table", false}, {"json", true}}))
      ->type_name("FORMAT")
      ->default_str("table");
  app.add_flag("--quiet", settings.quiet, "No progress");
  app.add_flag("!--no-color", settings.color, "No colours (also: NO_COLOR=1)");
  app.set_version_flag("--version", "tikar-fieldsim " TIKAR_VERSION);
}

absl::Status CheckSettings(const Settings& settings) {
  RETURN_IF_ERROR(cli::CheckServer(settings.server));
  for (const std::string& area : settings.areas) {
    if (!sync::IsAreaPrefix(area)) {
      return cli::UsageError(
          absl::StrCat("\"", area, "\" is no area code such as 15, 15.01 or 15.01.06"));
    }
  }
  return absl::OkStatus();
}

absl::Status RunAndReport(const Settings& settings, std::ostream& out, std::ostream& err,
                          bool* found_faults) {
  RETURN_IF_ERROR(CheckSettings(settings));
  const cli::Terminal err_terminal = cli::DetectTerminal(STDERR_FILENO, settings.color);
  cli::Progress progress(err, err_terminal, cli::Progress::ModeFor(err_terminal, settings.quiet),
                         "Fleet");
  const InterruptHandler handler;
  FleetEvents events;
  events.stop = &interrupted;
  events.progress = [&](std::string_view part, double done) {
    progress.Update(done, part, absl::Now());
  };
  const absl::StatusOr<FleetReport> report = RunFleet(settings, events);
  progress.Finish();
  RETURN_IF_ERROR(report.status());
  out << (settings.json
              ? ReportJson(settings, *report)
              : ReportText(settings, *report, cli::DetectTerminal(STDOUT_FILENO, settings.color)));
  *found_faults = !report->ok();
  return absl::OkStatus();
}

}  // namespace

int RunFieldsim(int argument_count, const char* const* arguments, std::ostream& out,
                std::ostream& err) {
  Settings settings;
  CLI::App app(
      "tikar-fieldsim: a fleet of simulated field officers' phones on the real SDK, against a\n"
      "running tikard. They file realistic requests, edit each other's, lose the signal, come "
      "back.\nAt the end it checks that nothing was lost, nothing is there twice, and all phones "
      "show\nwhat the server holds. Never run it against a server with real data.",
      "tikar-fieldsim");
  app.footer(
      "Examples:\n"
      "  tikar-fieldsim\n"
      "  tikar-fieldsim --devices 200 --changes 50 --shared 0.2\n"
      "  tikar-fieldsim --devices 2000 --changes 5 --areas 15,12 --offline days\n"
      "  tikar-fieldsim --areas 15.01.06 --services gampil --seed 7 --output json\n"
      "Exit codes: 0 all is well, 1 something was found or failed, 2 wrong command line, 3 no "
      "such\n"
      "area or service, 4 server unreachable. docs/fieldsim.md explains the report.");
  AddFlags(app, settings);
  try {
    app.parse(argument_count, arguments);
  } catch (const CLI::ParseError& error) {
    return static_cast<int>(cli::PrintParseError(app, error, argument_count, arguments, out, err));
  }
  bool found_faults = false;
  const absl::Status status = RunAndReport(settings, out, err, &found_faults);
  if (!status.ok()) {
    const cli::FailureText text = cli::Explain(status, cli::Language::kEnglish, settings.server);
    err << "Failed: " << cli::FailureLines(status, text);
    return static_cast<int>(cli::ExitCodeOf(status));
  }
  return static_cast<int>(found_faults ? cli::ExitCode::kFailed : cli::ExitCode::kOk);
}

}  // namespace tikar::fieldsim
