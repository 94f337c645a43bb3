// What a list and a reader are shown of a request beyond its state: service clocks, joined
// requests, possible duplicates. Views of this node and of a moment, in no digest.
#include <algorithm>
#include <memory>

#include "sync/duplicates.h"
#include "sync/feed.h"
#include "sync/query.h"
#include "sync/service_clock.h"
#include "sync/status_macros.h"
#include "sync/unicode.h"

namespace tikar::sync {
namespace {

int64_t MomentOf(const ListView& view) { return view.as_of_ms != 0 ? view.as_of_ms : view.now_ms; }

std::shared_ptr<const Definition> DefinitionOf(const State& state, const ListView& view) {
  if (view.definitions == nullptr || state.availability != v1::AVAILABILITY_READY) return nullptr;
  return view.definitions->Find(state.definition);
}

bool IsLate(const State& state, const ListView& view) {
  const std::shared_ptr<const Definition> definition = DefinitionOf(state, view);
  if (definition == nullptr || view.calendar == nullptr) return false;
  const std::vector<ServiceClock> clocks = ServiceClocksOf(state, *definition, *view.calendar);
  return std::any_of(clocks.begin(), clocks.end(), [&](const ServiceClock& clock) {
    return clock.running() && clock.IsLate(MomentOf(view));
  });
}

bool IsClosed(const State& state, const ListView& view) {
  const std::shared_ptr<const Definition> definition = DefinitionOf(state, view);
  if (definition == nullptr) return false;
  const v1::State* const current = definition->FindState(state.status());
  return current != nullptr && current->terminal();
}

// Whether another request stands for it.
absl::StatusOr<bool> IsJoined(const Reader& reader, const State& state, const ListView& view) {
  if (!DuplicateOf(state)) return false;
  if (view.as_of_ms != 0) return true;
  ASSIGN_OR_RETURN(const RequestId root, RootOf(reader, state));
  return root != state.key.id;
}

bool HoldsText(const State& state, const std::string& folded_text) {
  if (folded_text.empty()) return true;
  return std::any_of(state.fields.begin(), state.fields.end(), [&](const FieldState& field) {
    return field.path.front() != '@' && field.value && field.value->is_text() &&
           CaseFolded(*field.value->text()).find(folded_text) != std::string::npos;
  });
}

}  // namespace

absl::StatusOr<bool> PassesFilter(const Reader& reader, const State& state,
                                  const v1::RequestFilter& filter, const std::string& folded_text,
                                  const ListView& view) {
  if (!filter.show_retracted() && state.retracted()) return false;
  if (!filter.area().empty() && !AreaWithin(state.area(), filter.area())) return false;
  if (!filter.service().empty() && state.service != filter.service()) return false;
  if (!filter.status().empty() && state.status() != std::string_view(filter.status())) return false;
  if (!filter.assignee().empty() && state.assignee() != std::string_view(filter.assignee())) {
    return false;
  }
  if (filter.under_review() &&
      std::none_of(state.fields.begin(), state.fields.end(),
                   [](const FieldState& field) { return field.under_review; })) {
    return false;
  }
  if (!HoldsText(state, folded_text)) return false;
  if (filter.open() && IsClosed(state, view)) return false;
  if (filter.late() && !IsLate(state, view)) return false;
  if (filter.show_joined()) return true;
  ASSIGN_OR_RETURN(const bool joined, IsJoined(reader, state, view));
  return !joined;
}

absl::Status AddViews(const Reader& reader, const State& state, const ListView& view,
                      bool possible_duplicates, v1::Request* request) {
  const std::shared_ptr<const Definition> definition = DefinitionOf(state, view);
  if (definition != nullptr && view.calendar != nullptr) {
    for (const ServiceClock& clock : ServiceClocksOf(state, *definition, *view.calendar)) {
      *request->add_clocks() = ToProto(clock, MomentOf(view));
    }
  }
  if (view.as_of_ms != 0) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::vector<RequestId> joined, JoinedTo(reader, state.key));
  for (const RequestId& id : joined) {
    request->add_joined(RequestName({state.key.region, id}));
  }
  if (!possible_duplicates || view.definitions == nullptr) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::vector<PossibleDuplicate> found,
                   PossibleDuplicates(reader, state, *view.definitions));
  for (const PossibleDuplicate& duplicate : found) {
    request->add_possible_duplicates(RequestName({state.key.region, duplicate.other}));
  }
  return absl::OkStatus();
}

}  // namespace tikar::sync
