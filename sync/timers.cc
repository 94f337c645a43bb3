#include "sync/timers.h"

#include <algorithm>

#include "sync/canonical.h"
#include "sync/hlc.h"
#include "sync/limits.h"
#include "sync/names.h"
#include "sync/service_clock.h"
#include "sync/types.h"

namespace tikar::sync {

const v1::ServiceLevel* AutomaticLevel(const State& state, const Definition& definition,
                                       std::string_view level_key) {
  if (state.UnderReview(kStatusPath)) return nullptr;
  for (const RunningLevel& running : RunningLevelsOf(state, definition)) {
    const v1::ServiceLevel& level = definition.proto().service_levels(running.index);
    if (level.key() != level_key || level.automatic_state().empty()) continue;
    if (state.status() != std::string_view(level.from_state())) continue;
    // A stored definition may be from before its edges were checked.
    if (definition.FindEdge(level.from_state(), level.automatic_state()) == nullptr) continue;
    return &level;
  }
  return nullptr;
}

int64_t SilentSinceMs(const State& state, const v1::ServiceLevel& level) {
  // Nobody but people writes while the status is that of the level: a timer changes it (or is
  // moot, and does not count), and a joining change carries the time of what it joins.
  return HlcMs(std::max(state.EnteredAt(level.from_state()).value_or(0), state.update_time));
}

std::string MakeTimerChange(const State& state, const v1::ServiceLevel& level,
                            int64_t deadline_ms) {
  v1::ChangeBody body;
  body.set_region(state.key.region);
  body.set_request_id(state.key.id.bytes());
  body.set_actor(std::string(kTimerActor));
  body.set_hlc(PackHlc(deadline_ms, 0));
  for (const ChangeId& head : state.heads) body.add_parents(head.bytes());
  CanonicalWriter nonce;
  nonce.Raw(kTimerActor);
  nonce.Raw(level.key());
  nonce.Fixed64(static_cast<uint64_t>(deadline_ms));
  body.set_nonce(std::string(Sha256(nonce.view()).view().substr(0, kNonceBytes)));
  v1::Transition& transition = *body.add_mutations()->mutable_transition();
  transition.set_from(level.from_state());
  transition.set_to(level.automatic_state());
  transition.set_reason(level.key());
  return body.SerializeAsString();
}

}  // namespace tikar::sync
