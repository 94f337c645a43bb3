#include "clients/cli/request_filter.h"

#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "clients/cli/area_search.h"
#include "clients/cli/definition_names.h"
#include "clients/cli/failure.h"
#include "sync/status_macros.h"

namespace tikar::cli {
namespace {

// A usage error for a service, or a state of it, that the server does not know, with those that it
// knows: an empty list would look like an answer.
absl::Status CheckServiceAndStatus(Session& session, const RequestFilterOptions& options) {
  if (options.service.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::vector<v1::DefinitionSummary> all, AllDefinitions(session));
  std::set<std::string> services, states;
  for (const v1::DefinitionSummary& summary : all) {
    const v1::Definition& definition = summary.definition();
    services.insert(definition.service());
    if (definition.service() != options.service) continue;
    for (const v1::State& state : definition.workflow().states()) states.insert(state.key());
  }
  if (services.count(options.service) == 0) {
    const std::string known = absl::StrJoin(services, ", ");
    return UsageError(
        absl::StrCat("server tidak punya layanan \"", options.service, "\"; yang ada: ", known),
        absl::StrCat("the server has no service \"", options.service, "\"; it has: ", known));
  }
  if (!options.status.empty() && !states.empty() && states.count(options.status) == 0) {
    const std::string known = absl::StrJoin(states, ", ");
    return UsageError(
        absl::StrCat(options.service, " tidak punya status \"", options.status,
                     "\"; yang ada: ", known),
        absl::StrCat(options.service, " has no state \"", options.status, "\"; it has: ", known));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<v1::RequestFilter> FilterOf(Session& session, const RequestFilterOptions& options) {
  RETURN_IF_ERROR(CheckServiceAndStatus(session, options));
  v1::RequestFilter filter;
  ASSIGN_OR_RETURN(*filter.mutable_area(), AreaCodeOf(session, options.area));
  filter.set_service(options.service);
  filter.set_status(options.status);
  filter.set_assignee(options.assignee);
  filter.set_text(options.text);
  filter.set_under_review(options.under_review);
  filter.set_show_retracted(options.show_retracted);
  filter.set_late(options.late);
  filter.set_open(options.open);
  filter.set_show_joined(options.show_joined);
  return filter;
}

}  // namespace tikar::cli
