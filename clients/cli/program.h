// What tikar and tikar-field share around their commands: the frame of the help, the flags that
// both have, and how a run ends. How a line is read is in command_line.h.
#ifndef TIKAR_CLIENTS_CLI_PROGRAM_H_
#define TIKAR_CLIENTS_CLI_PROGRAM_H_

#include <CLI/CLI.hpp>
#include <functional>
#include <ostream>
#include <string>

#include "absl/status/status.h"
#include "clients/cli/language.h"

namespace tikar::cli {

struct SharedFlags {
  // "table" or "json".
  std::string output = "table";
  // "en" or "id"; LanguageAskedFor has read it before the line was parsed.
  std::string language;
  bool no_color = false;

  bool json() const { return output == "json"; }
};

// The words that CLI11 itself says in help, the exit codes at its foot (behind `example`, if any),
// and flags that may stand behind the command too. Call before commands are added, which take the
// words over.
void FrameHelp(CLI::App& app, Language language, const Bilingual& example = {});

// --output, --lang, --no-color, --version. `otherwise`: what counts without --lang and TIKAR_LANG.
void AddSharedFlags(CLI::App& app, SharedFlags& flags, Language language, Language otherwise,
                    const std::string& version);

// A command with its examples (one or more lines, each indented by two spaces). Calls `chosen` when
// it was typed.
CLI::App* AddFramedCommand(CLI::App& parent, const std::string& name, const Bilingual& description,
                           const std::string& examples, Language language,
                           std::function<void()> chosen);

// How a run ends that came to `status`: output that could not be written is a failure too; a
// failure is told on `err`, as JSON or in words. `server`: its address, for the advice. The exit
// code.
int EndRun(absl::Status status, const SharedFlags& flags, Language language,
           const std::string& server, std::ostream& out, std::ostream& err);

}  // namespace tikar::cli

#endif  // TIKAR_CLIENTS_CLI_PROGRAM_H_
