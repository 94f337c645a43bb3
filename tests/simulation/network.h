// Network: how long a message takes from one end to another, and which ends cannot talk.
#ifndef TIKAR_TESTS_SIMULATION_NETWORK_H_
#define TIKAR_TESTS_SIMULATION_NETWORK_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <utility>

#include "options.h"
#include "random.h"
#include "schedule.h"

namespace tikar::simulation {

// A node or a phone.
struct End {
  enum class Kind { kNode, kPhone } kind;
  size_t index;
  friend auto operator<=>(const End&, const End&) = default;
};
inline End NodeEnd(size_t index) { return {End::Kind::kNode, index}; }
inline End PhoneEnd(size_t index) { return {End::Kind::kPhone, index}; }

// Not safe for threads.
class Network {
 public:
  // All must outlive it.
  Network(const Options* options, const Schedule* schedule, property::Random* random)
      : options_(*options), schedule_(*schedule), random_(*random) {}

  // One message's way. Most are near the least, a few take the longest.
  int64_t DelayMs() {
    const int64_t span = options_.delay_ms_max - options_.delay_ms_min;
    return options_.delay_ms_min + span * random_.Between(0, 100) * random_.Between(0, 100) / 10000;
  }

  // Nothing gets from one to the other until then.
  void Block(End from, End to, int64_t until_ms) { blocked_[{from, to}] = until_ms; }
  // Milliseconds until something does; 0: it does now.
  int64_t BlockedMs(End from, End to) const {
    const auto at = blocked_.find({from, to});
    if (at == blocked_.end()) return 0;
    return at->second > schedule_.now_ms() ? at->second - schedule_.now_ms() : 0;
  }

  // Chances per mille; none once it is healed.
  bool Strikes(uint64_t per_mille) { return !healed_ && random_.PerMille(per_mille); }
  void Heal() {
    healed_ = true;
    blocked_.clear();
  }
  property::Random& random() { return random_; }

 private:
  const Options& options_;
  const Schedule& schedule_;
  property::Random& random_;
  std::map<std::pair<End, End>, int64_t> blocked_;
  bool healed_ = false;
};

}  // namespace tikar::simulation

#endif  // TIKAR_TESTS_SIMULATION_NETWORK_H_
