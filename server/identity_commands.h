// tikard init, sign, renew and identity: commands about who a node is, on files alone. No server
// needs to run, and one that does takes a new certificate by itself.
#ifndef TIKAR_SERVER_IDENTITY_COMMANDS_H_
#define TIKAR_SERVER_IDENTITY_COMMANDS_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tikar::server {

// Whether the first argument of a command line begins one of them.
bool IsIdentityCommand(std::string_view word);

struct CommandOutcome {
  // 0; 1 when it failed, and `error` says why and what to do; 2 for a wrong command line.
  int exit_code = 0;
  std::string output;
  std::string error;
};

// `arguments` as they follow the program's name, the command first. `now_s`: since the epoch.
CommandOutcome RunIdentityCommand(std::vector<std::string> arguments, int64_t now_s);

}  // namespace tikar::server

#endif  // TIKAR_SERVER_IDENTITY_COMMANDS_H_
