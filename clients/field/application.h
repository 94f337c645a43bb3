// The command line of `tikar-field`: global flags, commands, help, and exit codes (those of
// `tikar`, see clients/cli/failure.h).
#ifndef TIKAR_CLIENTS_FIELD_APPLICATION_H_
#define TIKAR_CLIENTS_FIELD_APPLICATION_H_

#include <ostream>

namespace tikar::field {

// Runs one command and returns the process's exit code. Results go to `out`, failures to `err`;
// whether they are terminals is asked of file descriptors 1 and 2. Blocks SIGINT and SIGTERM in
// this thread while a live sync runs.
int RunField(int argument_count, const char* const* arguments, std::ostream& out,
             std::ostream& err);

}  // namespace tikar::field

#endif  // TIKAR_CLIENTS_FIELD_APPLICATION_H_
