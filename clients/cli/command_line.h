// What tikar and tikar-field share in reading a command line with CLI11, which knows English only
// and says more than helps: their own checks, and what a person is told who typed it wrong.
#ifndef TIKAR_CLIENTS_CLI_COMMAND_LINE_H_
#define TIKAR_CLIENTS_CLI_COMMAND_LINE_H_

#include <CLI/CLI.hpp>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "clients/cli/failure.h"
#include "clients/cli/language.h"

namespace tikar::cli {

// A usage error unless `server` is HOST:PORT with a port from 1 to 65535; an IPv6 address stands in
// brackets.
absl::Status CheckServer(std::string_view server);

// The language that --lang or TIKAR_LANG asks for. Looked for before anything is parsed: help and
// complaints about the rest of the line are to be in it too. `otherwise` where neither names one.
Language LanguageAskedFor(int argument_count, const char* const* arguments, Language otherwise);

// Checks for option->transform and option->check. They add nothing to the help.
CLI::Validator OneOf(std::vector<std::string> choices, Language language);
CLI::Validator Between(double minimum, double maximum, Language language);
CLI::Validator ReadableFile(Language language);

// What is left to do after app.parse threw `error`: help and version go to `out`, a wrong command
// line to `err`, as the JSON object of a failure where --output json was asked for.
ExitCode PrintParseError(const CLI::App& app, const CLI::ParseError& error, int argument_count,
                         const char* const* arguments, std::ostream& out, std::ostream& err,
                         Language language = Language::kEnglish);

}  // namespace tikar::cli

#endif  // TIKAR_CLIENTS_CLI_COMMAND_LINE_H_
