// The command line of `tikar-fieldsim`: flags, help, progress, the report, and the exit code: 0 all
// is well, 1 the checker found something or the run failed, 2 wrong command line, 3 no such area or
// service, 4 no server.
#ifndef TIKAR_CLIENTS_FIELDSIM_APPLICATION_H_
#define TIKAR_CLIENTS_FIELDSIM_APPLICATION_H_

#include <ostream>

namespace tikar::fieldsim {

// Runs a fleet and returns the process's exit code. The report goes to `out`, progress and failures
// to `err`. Handles the first SIGINT or SIGTERM while the fleet runs: what was begun is finished,
// the phones' files are removed.
int RunFieldsim(int argument_count, const char* const* arguments, std::ostream& out,
                std::ostream& err);

}  // namespace tikar::fieldsim

#endif  // TIKAR_CLIENTS_FIELDSIM_APPLICATION_H_
