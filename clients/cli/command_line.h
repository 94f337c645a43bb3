// What tikar and tikar-field share in reading a command line with CLI11.
#ifndef TIKAR_CLIENTS_CLI_COMMAND_LINE_H_
#define TIKAR_CLIENTS_CLI_COMMAND_LINE_H_

#include <CLI/CLI.hpp>
#include <ostream>
#include <string_view>

#include "absl/status/status.h"
#include "clients/cli/failure.h"

namespace tikar::cli {

// A usage error unless `server` is HOST:PORT with a port from 1 to 65535; an IPv6 address stands in
// brackets.
absl::Status CheckServer(std::string_view server);

// What is left to do after app.parse threw `error`: help and version go to `out`, a wrong command
// line to `err`, as the JSON object of a failure where --output json was asked for.
ExitCode PrintParseError(const CLI::App& app, const CLI::ParseError& error, int argument_count,
                         const char* const* arguments, std::ostream& out, std::ostream& err);

}  // namespace tikar::cli

#endif  // TIKAR_CLIENTS_CLI_COMMAND_LINE_H_
