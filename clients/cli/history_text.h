// A request's history as people read it.
#ifndef TIKAR_CLIENTS_CLI_HISTORY_TEXT_H_
#define TIKAR_CLIENTS_CLI_HISTORY_TEXT_H_

#include <string>

#include "clients/cli/session.h"
#include "clients/cli/text_style.h"
#include "tikar/v1/request_service.pb.h"

namespace tikar::cli {

// Every change in its place in the graph (see history_graph.h): when, who, in which role, what it
// wrote, and of each value that did not stay which one took its place and why. `history` holds the
// items of all pages. Pure but for times, which are in this machine's zone.
std::string HistoryText(const v1::GetRequestHistoryResponse& history,
                        const DefinitionView& definition, const TextStyle& style);

}  // namespace tikar::cli

#endif  // TIKAR_CLIENTS_CLI_HISTORY_TEXT_H_
