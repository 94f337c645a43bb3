// Completion scripts for shells, made from the very tree of commands that parses the line: a
// command or option that is added there completes without more.
#ifndef TIKAR_CLIENTS_CLI_COMPLETION_H_
#define TIKAR_CLIENTS_CLI_COMPLETION_H_

#include <CLI/CLI.hpp>
#include <string>

namespace tikar::cli {

// `app`'s commands, options, the choices of options whose type is written "a|b", and file names for
// those of type FILE. Bash's script needs nothing but bash 4; zsh's goes into a folder of $fpath as
// "_<app's name>", or is sourced after compinit.
std::string BashCompletion(const CLI::App& app);
std::string ZshCompletion(const CLI::App& app);

}  // namespace tikar::cli

#endif  // TIKAR_CLIENTS_CLI_COMPLETION_H_
