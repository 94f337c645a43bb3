// What can be done with a request now: the edges of its workflow that leave its state.
//
// Says what the definition asks for, and decides nothing: whether a step is taken is the server's.
#ifndef TIKAR_CLIENTS_CLI_NEXT_STEPS_H_
#define TIKAR_CLIENTS_CLI_NEXT_STEPS_H_

#include <string>
#include <string_view>
#include <vector>

#include "clients/cli/json_output.h"
#include "clients/cli/session.h"
#include "clients/cli/text_style.h"
#include "tikar/v1/request.pb.h"

namespace tikar::cli {

struct NextStep {
  // Points into the definition.
  const v1::WorkflowEdge* edge = nullptr;
  // Of the edge's required fields, those that hold nothing yet.
  std::vector<std::string> missing_fields;
  // The edge cannot be undone and the status is under review: settle first.
  bool held = false;
  // What to type, in `role` where that may take the edge, else in the first role that may.
  std::string command;
};

// In the definition's order. Empty for a request that is retracted, not READY or in an end state.
// `definition` must outlive the result.
std::vector<NextStep> NextStepsOf(const v1::Request& request, const DefinitionView& definition,
                                  std::string_view role);

// Empty where there is nothing to say about steps (see NextStepsOf) but for an end state, of which
// it says so.
std::string NextStepsText(const v1::Request& request, const DefinitionView& definition,
                          std::string_view role, const TextStyle& style);

Json NextStepsJson(const v1::Request& request, const DefinitionView& definition,
                   std::string_view role);

// "amount of the loan at most Rp500.000.000" of an edge's condition.
std::string ConditionText(const v1::EdgeCondition& condition, const DefinitionView& definition,
                          Language language);

}  // namespace tikar::cli

#endif  // TIKAR_CLIENTS_CLI_NEXT_STEPS_H_
