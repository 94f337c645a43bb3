#include "clients/cli/command_line.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "clients/cli/json_output.h"
#include "clients/cli/terminal.h"
#include "sync/types.h"

namespace tikar::cli {
namespace {

using sync::AbslView;

constexpr uint32_t kPortMax = 65535;
constexpr size_t kPortDigitsMax = 5;

bool IsPort(std::string_view text) {
  uint32_t port = 0;
  return !text.empty() && text.size() <= kPortDigitsMax &&
         text.find_first_not_of("0123456789") == std::string_view::npos &&
         absl::SimpleAtoi(AbslView(text), &port) && port >= 1 && port <= kPortMax;
}

bool IsHost(std::string_view text) {
  if (text.size() > 2 && text.front() == '[' && text.back() == ']') {
    text = text.substr(1, text.size() - 2);
    return text.find_first_not_of("0123456789abcdefABCDEF:.%") == std::string_view::npos;
  }
  return !text.empty() && text.find_first_of(":/[] \t\r\n") == std::string_view::npos;
}

// The value of the last `flag` on the line. The flags before a mistake may not have been read yet,
// so this looks for itself.
std::optional<std::string> LastValueOf(std::string_view flag, int argument_count,
                                       const char* const* arguments) {
  std::optional<std::string> value;
  const std::string with_equals = absl::StrCat(AbslView(flag), "=");
  for (int i = 1; i < argument_count; ++i) {
    const std::string_view argument = arguments[i];
    if (argument == "--") break;
    if (argument == flag && i + 1 < argument_count) {
      value = arguments[i + 1];
    } else if (absl::StartsWith(AbslView(argument), with_equals)) {
      value = std::string(argument.substr(with_equals.size()));
    }
  }
  return value;
}

bool AsksForJson(int argument_count, const char* const* arguments) {
  const std::optional<std::string> output = LastValueOf("--output", argument_count, arguments);
  return output.has_value() && absl::EqualsIgnoreCase(*output, "json");
}

// How far the line names commands: "tikar requests", and what may stand behind it.
struct Reached {
  std::string path;
  std::string known;
};

Reached ReachedCommand(const CLI::App& app) {
  const CLI::App* group = &app;
  Reached reached{app.get_name(), ""};
  while (!group->get_subcommands().empty()) {
    group = group->get_subcommands().front();
    absl::StrAppend(&reached.path, " ", group->get_name());
  }
  for (const CLI::App* command : group->get_subcommands([](const CLI::App*) { return true; })) {
    absl::StrAppend(&reached.known, reached.known.empty() ? "" : ", ", command->get_name());
  }
  return reached;
}

// What is wrong, in both languages. CLI11 tells it by its exit code and an English
// sentence; the words that were typed are taken out of that.
Bilingual WhatIsWrong(const CLI::App& app, const CLI::ParseError& error) {
  // Not its name: that of some errors is the command's.
  const auto kind = static_cast<CLI::ExitCodes>(error.get_exit_code());
  const Reached reached = ReachedCommand(app);
  if (!reached.known.empty()) {
    for (const std::string& word : app.remaining(true)) {
      if (word.empty() || word.front() == '-') continue;
      return {
          absl::StrCat(reached.path, " tidak punya perintah \"", word,
                       "\"; yang ada: ", reached.known),
          absl::StrCat(reached.path, " has no command \"", word, "\"; it has: ", reached.known)};
    }
    if (kind == CLI::ExitCodes::RequiredError) {
      return {absl::StrCat(reached.path, ": sebut perintahnya; yang ada: ", reached.known),
              absl::StrCat(reached.path, ": name a command; there are: ", reached.known)};
    }
  }
  const std::string english = error.what();
  const auto behind_colon = [&] {
    const size_t colon = english.find(": ");
    return colon == std::string::npos ? english : english.substr(colon + 2);
  };
  if (kind == CLI::ExitCodes::ExtrasError) {
    return {absl::StrCat("tidak dikenal di sini: ", behind_colon()),
            absl::StrCat("not known here: ", behind_colon())};
  }
  if (kind == CLI::ExitCodes::RequiredError) {
    const std::string what(absl::StripSuffix(english, " is required"));
    return {absl::StrCat(what, " wajib ada"), english};
  }
  if (kind == CLI::ExitCodes::ExcludesError || kind == CLI::ExitCodes::RequiresError) {
    const bool excludes = kind == CLI::ExitCodes::ExcludesError;
    const std::string_view word = excludes ? " excludes " : " requires ";
    const size_t at = english.find(word);
    if (at != std::string::npos) {
      const std::string first = english.substr(0, at);
      const std::string second = english.substr(at + word.size());
      return {absl::StrCat(first, excludes ? " tidak dapat bersama " : " memerlukan ", second),
              absl::StrCat(first, excludes ? " cannot stand with " : " needs ", second)};
    }
  }
  if (kind == CLI::ExitCodes::ArgumentMismatch) {
    const std::string option = english.substr(0, english.find(':'));
    return {absl::StrCat(option, ": nilainya tidak ada, atau lebih dari satu"),
            absl::StrCat(option, ": its value is missing, or there is more than one")};
  }
  if (kind == CLI::ExitCodes::ConversionError) {
    return {absl::StrCat("tidak terbaca: ", behind_colon()),
            absl::StrCat("cannot be read: ", behind_colon())};
  }
  // Of our own validators, which speak the language already.
  return {english, english};
}

}  // namespace

absl::Status CheckServer(std::string_view server) {
  const size_t colon = server.rfind(':');
  if (colon != std::string_view::npos && IsHost(server.substr(0, colon)) &&
      IsPort(server.substr(colon + 1))) {
    return absl::OkStatus();
  }
  return UsageError(absl::StrCat("--server meminta HOST:PORT dengan port 1 sampai 65535, misalnya "
                                 "127.0.0.1:50151, bukan \"",
                                 AbslView(server), "\""),
                    absl::StrCat("--server takes HOST:PORT with a port from 1 to 65535, such as "
                                 "127.0.0.1:50151, not \"",
                                 AbslView(server), "\""));
}

Language LanguageAskedFor(int argument_count, const char* const* arguments, Language otherwise) {
  std::string code;
  if (const char* variable = std::getenv("TIKAR_LANG"); variable != nullptr) code = variable;
  code = LastValueOf("--lang", argument_count, arguments).value_or(code);
  for (const Language language : {Language::kEnglish, Language::kIndonesian}) {
    if (absl::EqualsIgnoreCase(code, AbslView(LanguageCode(language)))) return language;
  }
  return otherwise;
}

CLI::Validator OneOf(std::vector<std::string> choices, Language language) {
  return CLI::Validator(
      [choices = std::move(choices), language](std::string& value) -> std::string {
        absl::AsciiStrToLower(&value);
        if (std::find(choices.begin(), choices.end(), value) != choices.end()) return "";
        return absl::StrCat(AbslView(Pick(language, "pilih salah satu: ", "takes one of: ")),
                            absl::StrJoin(choices, ", "),
                            AbslView(Pick(language, "; bukan \"", "; not \"")), value, "\"");
      },
      "");
}

CLI::Validator Between(double minimum, double maximum, Language language) {
  return CLI::Validator(
      [minimum, maximum, language](std::string& value) -> std::string {
        double number = 0;
        if (absl::SimpleAtod(value, &number) && number >= minimum && number <= maximum) return "";
        return absl::StrCat(AbslView(Pick(language, "angka dari ", "takes a number from ")),
                            absl::StrFormat("%.10g", minimum),
                            AbslView(Pick(language, " sampai ", " to ")),
                            absl::StrFormat("%.10g", maximum),
                            AbslView(Pick(language, ", bukan \"", ", not \"")), value, "\"");
      },
      "");
}

CLI::Validator ReadableFile(Language language) {
  return CLI::Validator(
      [language](std::string& path) -> std::string {
        std::error_code error;
        const auto kind = std::filesystem::status(path, error).type();
        std::string_view problem;
        if (kind == std::filesystem::file_type::not_found) {
          problem = Pick(language, "tidak ada berkas ", "there is no file ");
        } else if (kind == std::filesystem::file_type::directory) {
          problem = Pick(language, "ini folder, bukan berkas: ", "this is a folder, not a file: ");
        } else if (access(path.c_str(), R_OK) != 0) {
          problem = Pick(language, "tidak dapat dibaca: ", "it cannot be read: ");
        }
        return problem.empty() ? "" : absl::StrCat(AbslView(problem), path);
      },
      "");
}

ExitCode PrintParseError(const CLI::App& app, const CLI::ParseError& error, int argument_count,
                         const char* const* arguments, std::ostream& out, std::ostream& err,
                         Language language) {
  // CLI11 reports by exceptions; help and version are among them, with exit code 0.
  if (error.get_exit_code() == 0) {
    app.exit(error, out, err);
    return ExitCode::kOk;
  }
  const Bilingual wrong = WhatIsWrong(app, error);
  const absl::Status status = WithAdvice(UsageError(wrong.id, wrong.en),
                                         absl::StrCat(AbslView(Pick(language, "Lihat: ", "See: ")),
                                                      ReachedCommand(app).path, " --help"));
  if (AsksForJson(argument_count, arguments)) {
    err << JsonText(FailureJson(status, language, ""));
  } else {
    const Terminal terminal = DetectTerminal(STDERR_FILENO, true);
    err << Styled(terminal, Style::kBad, Pick(language, "Gagal: ", "Failed: "))
        << FailureLines(status, Explain(status, language, ""));
  }
  return ExitCode::kUsage;
}

}  // namespace tikar::cli
