#include "killer.h"

#include <chrono>
#include <condition_variable>
#include <mutex>

#include "clients/fieldsim/randomness.h"
#include "sync/status_macros.h"

namespace tikar::crash {
namespace {

constexpr uint64_t kLifetimes = 0x6c6966;  // "lif": key of the dice
// Of all servers so many die by the time since their start.
constexpr uint64_t kFromStartPercent = 30;

// The schedule is made of time: this is no waiting for something to have happened.
void LetLive(std::chrono::steady_clock::time_point until) {
  std::mutex mutex;
  std::condition_variable nobody;
  std::unique_lock<std::mutex> lock(mutex);
  while (nobody.wait_until(lock, until) == std::cv_status::no_timeout) {
  }
}

}  // namespace

Lifetime LifetimeOf(uint64_t seed, uint64_t kill) {
  fieldsim::Dice dice{seed, kill, kLifetimes};
  Lifetime lifetime;
  lifetime.from_start = dice.Percent(kFromStartPercent);
  lifetime.ms = dice.Between(kLifeMsMin, kLifeMsMax);
  return lifetime;
}

absl::Status KillRepeatedly(ServerProcess& server, uint64_t kills, uint64_t seed,
                            const std::function<void(const KillCount&)>& killed, KillCount* count) {
  while (count->kills < kills) {
    const Lifetime lifetime = LifetimeOf(seed, count->kills);
    const auto life = std::chrono::milliseconds(lifetime.ms);
    const auto start = std::chrono::steady_clock::now();
    server.Begin();
    if (lifetime.from_start) {
      LetLive(start + life);
      count->while_opening += !server.listens();
    } else {
      RETURN_IF_ERROR(server.AwaitListening());
      LetLive(std::chrono::steady_clock::now() + life);
    }
    RETURN_IF_ERROR(server.StillThere());
    server.Kill();
    ++count->kills;
    killed(*count);
  }
  return absl::OkStatus();
}

}  // namespace tikar::crash
