// When the server dies.
#ifndef TIKAR_TESTS_CRASH_KILLER_H_
#define TIKAR_TESTS_CRASH_KILLER_H_

#include <cstdint>
#include <functional>

#include "absl/status/status.h"
#include "server_process.h"

namespace tikar::crash {

// How long one server lives, by the seed alone.
struct Lifetime {
  // The time counts from the start, so that the server may die while it opens the store; else from
  // when it listens.
  bool from_start = false;
  int64_t ms = 0;
};
inline constexpr int64_t kLifeMsMin = 50;
inline constexpr int64_t kLifeMsMax = 600;
Lifetime LifetimeOf(uint64_t seed, uint64_t kill);

struct KillCount {
  uint64_t kills = 0;
  uint64_t while_opening = 0;  // it had not yet said that it listens
};

// Starts and kills `server` so often, then leaves it dead. `killed` is told after each kill. An
// error: one did not come up, which is what all this is to find out.
absl::Status KillRepeatedly(ServerProcess& server, uint64_t kills, uint64_t seed,
                            const std::function<void(const KillCount&)>& killed, KillCount* count);

}  // namespace tikar::crash

#endif  // TIKAR_TESTS_CRASH_KILLER_H_
