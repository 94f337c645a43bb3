// Timers: what a region's home node does by itself when nobody wrote for so many working days.
//
// The change that it makes is wholly determined by the request, the service level, the deadline and
// the heads. So a second maker (a node that was restored, or a second home by mistake) makes the
// same change with the same id, and it counts once. It gives way to every change that a person
// wrote meanwhile (README.md, "Timer changes").
//
// Pure functions, safe from any thread.
#ifndef TIKAR_SYNC_TIMERS_H_
#define TIKAR_SYNC_TIMERS_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "sync/definition.h"
#include "sync/state.h"
#include "tikar/v1/change.pb.h"

namespace tikar::sync {

// The level by which a request in this state is moved on; nullptr: by none of this key. Its clock
// runs, the status is that from which it leads, and no review of the status is open.
const v1::ServiceLevel* AutomaticLevel(const State& state, const Definition& definition,
                                       std::string_view level_key);

// Since when nobody wrote, milliseconds: the request entered the level's state, or somebody wrote
// something after that. A timer change that a person's made moot is nobody's writing, so the
// silence lasts from the person's on.
int64_t SilentSinceMs(const State& state, const v1::ServiceLevel& level);

// The body of the change, serialized. `level` is one of AutomaticLevel.
std::string MakeTimerChange(const State& state, const v1::ServiceLevel& level, int64_t deadline_ms);

}  // namespace tikar::sync

#endif  // TIKAR_SYNC_TIMERS_H_
