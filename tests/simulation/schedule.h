// Schedule: what happens when. The heart of the simulation: nothing happens but through it.
//
// True time stands still while an event runs and jumps to the next one after it. Events of the same
// moment happen in the order in which they were planned, so a run is a function of its seed.
#ifndef TIKAR_TESTS_SIMULATION_SCHEDULE_H_
#define TIKAR_TESTS_SIMULATION_SCHEDULE_H_

#include <cstdint>
#include <functional>
#include <queue>
#include <utility>
#include <vector>

namespace tikar::simulation {

// 2026-06-01T00:00:00Z: when every run begins.
inline constexpr int64_t kBeginMs = 1'780'272'000'000;

// Not safe for threads.
class Schedule {
 public:
  using Event = std::function<void()>;

  int64_t now_ms() const { return now_ms_; }
  // Events done so far.
  uint64_t step() const { return step_; }
  bool empty() const { return events_.empty(); }

  // `delay_ms` from now; not before now.
  void After(int64_t delay_ms, Event event) { At(now_ms_ + delay_ms, std::move(event)); }
  void At(int64_t time_ms, Event event) {
    events_.push({time_ms < now_ms_ ? now_ms_ : time_ms, ++planned_, std::move(event)});
  }

  // Moves on to the next event and does it. There must be one.
  void RunNext() {
    // The top of a queue is const, and the event is moved out just before it goes.
    Event event = std::move(const_cast<Planned&>(events_.top()).event);
    now_ms_ = events_.top().time_ms;
    events_.pop();
    ++step_;
    event();
  }

 private:
  struct Planned {
    int64_t time_ms;
    uint64_t serial;
    Event event;
    friend bool operator<(const Planned& a, const Planned& b) {
      return a.time_ms != b.time_ms ? a.time_ms > b.time_ms : a.serial > b.serial;
    }
  };

  int64_t now_ms_ = kBeginMs;
  uint64_t step_ = 0;
  uint64_t planned_ = 0;
  std::priority_queue<Planned> events_;
};

}  // namespace tikar::simulation

#endif  // TIKAR_TESTS_SIMULATION_SCHEDULE_H_
