#include "history_logs.h"

#include <utility>

namespace tikar::property {
namespace {

v1::Stamp PickStamp(Draft& draft, const Actor& author, bool is_later) {
  Random& random = draft.random;
  v1::Stamp stamp;
  const bool is_prompt = random.Percent(60);
  stamp.set_received_at_ms(draft.now_ms + random.Between(0, is_prompt ? 2'000 : 9 * kDayMs));
  if (is_later && random.Percent(40)) {
    stamp.set_received_at_ms(draft.now_ms - random.Between(0, kHourMs));
  }
  switch (random.Weighted({65, 20, 15})) {
    case 0:
      stamp.set_clock_offset_ms(-author.ahead_ms + random.Between(-1'000, 1'000));
      break;
    case 1:
      stamp.set_clock_offset_ms(0);
      break;
    default:  // just tolerated, and just not
      stamp.set_clock_offset_ms(random.Pick<int64_t>(
          {5 * kMinuteMs, 5 * kMinuteMs + 1, -5 * kMinuteMs, -5 * kMinuteMs - 1}));
  }
  switch (random.Weighted({is_later ? 70u : 91u, is_later ? 17u : 5u, is_later ? 13u : 4u})) {
    case 0:
      stamp.set_verdict(v1::VERDICT_ACCEPTED);
      break;
    case 1:
      stamp.set_verdict(v1::VERDICT_VOID);
      break;
    default:
      stamp.set_verdict(v1::VERDICT_QUARANTINED);
  }
  if (stamp.verdict() != v1::VERDICT_ACCEPTED) {
    stamp.set_reason(random.Percent(50) ? v1::REFUSAL_REASON_SCOPE : v1::REFUSAL_REASON_ROLE);
  }
  if (random.Percent(30)) stamp.set_signature_id(random.Bytes(random.Between(1, 3)));
  return stamp;
}

}  // namespace

std::vector<reference::Observation> Observe(Draft& draft, const Made& made,
                                            const std::string& bytes) {
  Random& random = draft.random;
  int stamps = 1;
  // The issue asks for two stamps on a fifth of the changes.
  if (random.Percent(25)) stamps = random.Percent(25) ? 3 : 2;
  std::vector<reference::Observation> observations;
  for (int i = 0; i < stamps; ++i) {
    reference::Observation observation;
    observation.stamp = PickStamp(draft, draft.actors[made.actor], i > 0);
    if (i > 0 && random.Percent(35)) {
      // The same time on two nodes; what is left decides.
      const v1::Stamp& other = observations.back().stamp;
      observation.stamp.set_received_at_ms(other.received_at_ms());
      if (random.Percent(40)) observation.stamp.set_clock_offset_ms(other.clock_offset_ms());
    }
    const bool refused = observation.stamp.verdict() != v1::VERDICT_ACCEPTED;
    if (refused && random.Percent(40)) {
      observation.stub_id = made.id;
      observation.stub_request_id = draft.request_id;
      observation.stub_parents.assign(made.body.parents().begin(), made.body.parents().end());
    } else {
      observation.body = bytes;
    }
    observations.push_back(std::move(observation));
  }
  return observations;
}

void LieInStubs(Draft& draft, std::vector<reference::Observation>& observations) {
  Random& random = draft.random;
  for (reference::Observation& observation : observations) {
    if (!observation.body.empty() || !random.Percent(12)) continue;
    if (!observation.stub_parents.empty() && random.Percent(40)) {
      observation.stub_parents.pop_back();
    } else {
      observation.stub_parents.push_back(random.Percent(90) ? random.Pick(draft.made).id
                                                            : random.Bytes(16));
    }
  }
}

}  // namespace tikar::property
