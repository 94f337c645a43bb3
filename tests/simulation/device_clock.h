// DeviceClock: what a device believes the time to be: off, drifting, jumping, standing still,
// running back.
#ifndef TIKAR_TESTS_SIMULATION_DEVICE_CLOCK_H_
#define TIKAR_TESTS_SIMULATION_DEVICE_CLOCK_H_

#include <cstdint>

#include "clients/cpp/environment.h"
#include "schedule.h"

namespace tikar::simulation {

class DeviceClock : public client::Clock {
 public:
  // `schedule` must outlive it.
  explicit DeviceClock(const Schedule* schedule)
      : schedule_(*schedule), since_ms_(schedule->now_ms()), base_ms_(schedule->now_ms()) {}

  int64_t NowMs() override { return Read(); }
  int64_t Read() const {
    return base_ms_ + (schedule_.now_ms() - since_ms_) * rate_per_mille_ / 1000;
  }

  void Jump(int64_t by_ms) { Set(Read() + by_ms, rate_per_mille_); }
  // 1000: a true second a second; 0: stands still; negative: runs back.
  void Run(int64_t rate_per_mille) { Set(Read(), rate_per_mille); }

 private:
  void Set(int64_t base_ms, int64_t rate_per_mille) {
    since_ms_ = schedule_.now_ms();
    // The times of the product are not negative.
    base_ms_ = base_ms < 0 ? 0 : base_ms;
    rate_per_mille_ = rate_per_mille;
  }

  const Schedule& schedule_;
  int64_t since_ms_;
  int64_t base_ms_;
  int64_t rate_per_mille_ = 1000;
};

}  // namespace tikar::simulation

#endif  // TIKAR_TESTS_SIMULATION_DEVICE_CLOCK_H_
