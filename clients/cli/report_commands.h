// tikar report: tables over all requests of a region, as the server computes them.
#ifndef TIKAR_CLIENTS_CLI_REPORT_COMMANDS_H_
#define TIKAR_CLIENTS_CLI_REPORT_COMMANDS_H_

#include <string>

#include "absl/status/status.h"
#include "clients/cli/session.h"
#include "tikar/v1/report_service.pb.h"

namespace tikar::cli {

struct ReportOptions {
  // Code or name of a regency or city; empty: all.
  std::string region;
  // Key of a service; empty: all.
  std::string service;
  // Of `run`: "SERVICE/KEY".
  std::string name;
  // As ParseMoment reads them, whole days included; empty: no bound.
  std::string from;
  std::string to;
  bool csv = false;
};

// `report`: key of a report that definitions declare, for REPORT_KIND_DEFINED.
absl::Status RunReport(Session& session, v1::ReportKind kind, const std::string& report,
                       const ReportOptions& options);
// The report that options.name says.
absl::Status RunNamedReport(Session& session, const ReportOptions& options);

}  // namespace tikar::cli

#endif  // TIKAR_CLIENTS_CLI_REPORT_COMMANDS_H_
