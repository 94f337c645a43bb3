#include "clients/cli/command_line.h"

#include <optional>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "clients/cli/json_output.h"
#include "sync/types.h"

namespace tikar::cli {
namespace {

constexpr uint32_t kPortMax = 65535;
constexpr size_t kPortDigitsMax = 5;

bool IsPort(std::string_view text) {
  uint32_t port = 0;
  return !text.empty() && text.size() <= kPortDigitsMax &&
         text.find_first_not_of("0123456789") == std::string_view::npos &&
         absl::SimpleAtoi(sync::AbslView(text), &port) && port >= 1 && port <= kPortMax;
}

bool IsHost(std::string_view text) {
  if (text.size() > 2 && text.front() == '[' && text.back() == ']') {
    text = text.substr(1, text.size() - 2);
    return text.find_first_not_of("0123456789abcdefABCDEF:.%") == std::string_view::npos;
  }
  return !text.empty() && text.find_first_of(":/[] \t\r\n") == std::string_view::npos;
}

// The flags before the mistake may not have been read yet.
bool AsksForJson(int argument_count, const char* const* arguments) {
  bool json = false;
  for (int i = 1; i < argument_count; ++i) {
    const std::string_view argument = arguments[i];
    if (argument == "--output" && i + 1 < argument_count) {
      json = absl::EqualsIgnoreCase(arguments[i + 1], "json");
    } else if (absl::StartsWith(sync::AbslView(argument), "--output=")) {
      json = absl::EqualsIgnoreCase(arguments[i], "--output=json");
    }
  }
  return json;
}

// Where a command was to stand, another word stands: what to say. CLI11 says only that a command is
// missing.
std::optional<std::string> UnknownCommand(const CLI::App& app) {
  const CLI::App* group = &app;
  std::string typed = app.get_name();
  while (!group->get_subcommands().empty()) {
    group = group->get_subcommands().front();
    absl::StrAppend(&typed, " ", group->get_name());
  }
  std::string known;
  for (const CLI::App* command : group->get_subcommands([](const CLI::App*) { return true; })) {
    absl::StrAppend(&known, known.empty() ? "" : ", ", command->get_name());
  }
  if (known.empty()) return std::nullopt;
  for (const std::string& word : app.remaining(true)) {
    if (word.empty() || word.front() == '-') continue;
    return absl::StrCat(typed, " has no command \"", word, "\"; it has: ", known);
  }
  return std::nullopt;
}

}  // namespace

absl::Status CheckServer(std::string_view server) {
  const size_t colon = server.rfind(':');
  if (colon != std::string_view::npos && IsHost(server.substr(0, colon)) &&
      IsPort(server.substr(colon + 1))) {
    return absl::OkStatus();
  }
  return UsageError(
      absl::StrCat("--server takes HOST:PORT with a port from 1 to 65535, such as "
                   "127.0.0.1:50151, not \"",
                   sync::AbslView(server), "\""));
}

ExitCode PrintParseError(const CLI::App& app, const CLI::ParseError& error, int argument_count,
                         const char* const* arguments, std::ostream& out, std::ostream& err) {
  // CLI11 reports by exceptions; help and version are among them, with exit code 0.
  if (error.get_exit_code() == 0) {
    app.exit(error, out, err);
    return ExitCode::kOk;
  }
  const std::string message = UnknownCommand(app).value_or(error.what());
  if (AsksForJson(argument_count, arguments)) {
    err << JsonText(FailureJson(UsageError(message), Language::kEnglish, ""));
  } else {
    app.exit(CLI::ParseError(message, CLI::ExitCodes::ExtrasError), out, err);
  }
  return ExitCode::kUsage;
}

}  // namespace tikar::cli
