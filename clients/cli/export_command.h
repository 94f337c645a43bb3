// tikar export: requests for maps and spreadsheets.
#ifndef TIKAR_CLIENTS_CLI_EXPORT_COMMAND_H_
#define TIKAR_CLIENTS_CLI_EXPORT_COMMAND_H_

#include <string>

#include "absl/status/status.h"
#include "clients/cli/commands.h"
#include "clients/cli/session.h"

namespace tikar::cli {

struct ExportOptions {
  RequestFilterOptions filter;
  // As `RequestsViewOptions.as_of`.
  std::string as_of;
  // "geojson" or "csv".
  std::string format;
  // Empty: session.out().
  std::string path;
  // Fields that a definition calls personal, too.
  bool personal = false;
};

// Page by page, in the memory of one. A file is replaced when all is written, and left as it was
// when anything fails. Changes how this process takes SIGINT and SIGTERM while it runs.
absl::Status Export(Session& session, const ExportOptions& options);

}  // namespace tikar::cli

#endif  // TIKAR_CLIENTS_CLI_EXPORT_COMMAND_H_
