// The report of a run, for people and for programs.
#ifndef TIKAR_CLIENTS_FIELDSIM_REPORT_H_
#define TIKAR_CLIENTS_FIELDSIM_REPORT_H_

#include <string>

#include "clients/cli/terminal.h"
#include "clients/fieldsim/fleet.h"
#include "clients/fieldsim/settings.h"

namespace tikar::fieldsim {

// Findings that are printed one by one; the rest is counted.
inline constexpr size_t kFindingsShownMax = 20;

std::string ReportText(const Settings& settings, const FleetReport& report,
                       const cli::Terminal& terminal);
// One object, keys as in docs/fieldsim.md, all findings.
std::string ReportJson(const Settings& settings, const FleetReport& report);

}  // namespace tikar::fieldsim

#endif  // TIKAR_CLIENTS_FIELDSIM_REPORT_H_
