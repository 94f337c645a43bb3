#include "sync/service_clock.h"

#include <algorithm>
#include <string>

#include "sync/hlc.h"
#include "sync/names.h"

namespace tikar::sync {
namespace {

struct Span {
  int64_t started_at_ms = 0;
  std::optional<int64_t> stopped_at_ms;
};

// When the request came to an end; nullopt: it has not.
std::optional<uint64_t> EndedAt(const State& state, const Definition& definition) {
  std::optional<uint64_t> ended;
  const v1::State* const current = definition.FindState(state.status());
  // A status that the definition does not have leads nowhere either.
  if (current == nullptr || current->terminal()) {
    ended = state.EnteredAt(state.status()).value_or(state.update_time);
  }
  if (!state.retracted()) return ended;
  const FieldState* const field = state.Find(kRetractedPath);
  uint64_t retracted = 0;
  for (const Candidate& candidate : field->candidates) {
    retracted = std::max(retracted, candidate.effective_time);
  }
  return ended ? std::min(*ended, retracted) : retracted;
}

// nullopt: never started.
std::optional<Span> SpanOf(const State& state, const Definition& definition,
                           const v1::ServiceLevel& level) {
  const std::optional<uint64_t> entered = state.EnteredAt(level.from_state());
  if (!entered) return std::nullopt;
  Span span{.started_at_ms = HlcMs(*entered), .stopped_at_ms = std::nullopt};
  std::optional<uint64_t> stopped;
  for (const std::string& until : level.until_states()) {
    const std::optional<uint64_t> at = state.EnteredAt(until);
    if (at && *at >= *entered) stopped = std::min(stopped.value_or(*at), *at);
  }
  if (!stopped) {
    stopped = EndedAt(state, definition);
    if (stopped) stopped = std::max(*stopped, *entered);
  }
  if (stopped) span.stopped_at_ms = HlcMs(*stopped);
  return span;
}

}  // namespace

std::vector<ServiceClock> ServiceClocksOf(const State& state, const Definition& definition,
                                          const WorkingCalendar& calendar) {
  std::vector<ServiceClock> clocks;
  if (state.availability != v1::AVAILABILITY_READY) return clocks;
  for (const v1::ServiceLevel& level : definition.proto().service_levels()) {
    const std::optional<Span> span = SpanOf(state, definition, level);
    if (!span) continue;
    clocks.push_back({.level = &level,
                      .started_at_ms = span->started_at_ms,
                      .due_at_ms = calendar.Deadline(span->started_at_ms, level.working_days(),
                                                     ClockAreaOf(state)),
                      .stopped_at_ms = span->stopped_at_ms});
  }
  return clocks;
}

std::string_view ClockAreaOf(const State& state) {
  if (IsAreaWithin(state.area(), state.key.region)) return state.area();
  return state.key.region;
}

std::vector<RunningLevel> RunningLevelsOf(const State& state, const Definition& definition) {
  std::vector<RunningLevel> running;
  if (state.availability != v1::AVAILABILITY_READY) return running;
  for (int i = 0; i < definition.proto().service_levels_size(); ++i) {
    const std::optional<Span> span =
        SpanOf(state, definition, definition.proto().service_levels(i));
    if (span && !span->stopped_at_ms) running.push_back({i, span->started_at_ms});
  }
  return running;
}

v1::ServiceClock ToProto(const ServiceClock& clock, int64_t now_ms) {
  v1::ServiceClock proto;
  proto.set_key(clock.level->key());
  *proto.mutable_label() = clock.level->label();
  proto.set_started_at_ms(clock.started_at_ms);
  proto.set_due_at_ms(clock.due_at_ms);
  proto.set_stopped_at_ms(clock.stopped_at_ms.value_or(0));
  proto.set_late(clock.IsLate(now_ms));
  return proto;
}

}  // namespace tikar::sync
