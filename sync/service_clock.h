// Service clocks: how the service levels of a request stand.
//
// Lateness is a view, never part of the state: it follows from when each state was entered
// (State::entered), from the definition, and from this node's calendar and clock.
//
// Pure functions; any thread.
#ifndef TIKAR_SYNC_SERVICE_CLOCK_H_
#define TIKAR_SYNC_SERVICE_CLOCK_H_

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "sync/definition.h"
#include "sync/state.h"
#include "sync/working_days.h"
#include "tikar/v1/request.pb.h"

namespace tikar::sync {

// One service level of one request.
struct ServiceClock {
  const v1::ServiceLevel* level = nullptr;  // of the definition, which must outlive this
  int64_t started_at_ms = 0;
  // The first instant that is late.
  int64_t due_at_ms = 0;
  // nullopt: it runs.
  std::optional<int64_t> stopped_at_ms;

  bool running() const { return !stopped_at_ms.has_value(); }
  // Whether it stopped too late, or runs and is late at `now_ms`.
  bool IsLate(int64_t now_ms) const { return stopped_at_ms.value_or(now_ms) >= due_at_ms; }
};

// The service levels that were started, in the definition's order. A level starts when its
// `from_state` was entered (last), and stops when the first of its `until_states` was entered at
// that time or after; also when the request has come to an end otherwise: then it stops when that
// end was entered, or when the request was retracted.
std::vector<ServiceClock> ServiceClocksOf(const State& state, const Definition& definition,
                                          const WorkingCalendar& calendar);

// Where the request's clocks go by: its area, or its region while its area is none within it.
std::string_view ClockAreaOf(const State& state);

// Starts of the service levels that run, with their place in the definition; what ServiceClocksOf
// says, without a calendar.
struct RunningLevel {
  int index = 0;
  int64_t started_at_ms = 0;
  friend bool operator==(const RunningLevel&, const RunningLevel&) = default;
};
std::vector<RunningLevel> RunningLevelsOf(const State& state, const Definition& definition);

v1::ServiceClock ToProto(const ServiceClock& clock, int64_t now_ms);

}  // namespace tikar::sync

#endif  // TIKAR_SYNC_SERVICE_CLOCK_H_
