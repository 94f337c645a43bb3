// The command line of `tikar`: global flags, commands, help, and exit codes.
#ifndef TIKAR_CLIENTS_CLI_APPLICATION_H_
#define TIKAR_CLIENTS_CLI_APPLICATION_H_

#include <ostream>

namespace tikar::cli {

// Runs one command and returns the process's exit code (see ExitCode). Results go to `out`,
// failures and progress to `err`; whether they are terminals is asked of file descriptors 1 and 2.
int RunTikar(int argument_count, const char* const* arguments, std::ostream& out,
             std::ostream& err);

}  // namespace tikar::cli

#endif  // TIKAR_CLIENTS_CLI_APPLICATION_H_
