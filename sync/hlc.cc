#include "sync/hlc.h"

#include <algorithm>
#include <limits>

#include "sync/limits.h"

namespace tikar::sync {
namespace {

// `ms` is within 0 to kHlcMsMax, as HlcMs gives it; `offset_ms` is anything.
int64_t AddSaturated(int64_t ms, int64_t offset_ms) {
  // Bounded first, so that the sum cannot overflow; beyond these bounds the result is the same.
  return ms + std::clamp(offset_ms, -kHlcMsMax, kHlcMsMax);
}

}  // namespace

uint64_t PackHlc(int64_t ms, uint16_t counter) {
  return static_cast<uint64_t>(std::clamp(ms, int64_t{0}, kHlcMsMax)) << 16 | counter;
}

uint64_t EffectiveTime(uint64_t hlc, int64_t clock_offset_ms, int64_t received_at_ms) {
  uint64_t effective = hlc;
  if (clock_offset_ms > kClockOffsetToleratedMs || clock_offset_ms < -kClockOffsetToleratedMs) {
    effective = PackHlc(AddSaturated(HlcMs(hlc), clock_offset_ms), HlcCounter(hlc));
  }
  return std::min(effective, PackHlc(received_at_ms, 0xffff));
}

uint64_t HlcClock::Now(int64_t wall_ms) {
  const uint64_t next = last_ == std::numeric_limits<uint64_t>::max() ? last_ : last_ + 1;
  last_ = std::max(PackHlc(wall_ms, 0), next);
  return last_;
}

bool HlcClock::Observe(uint64_t remote, int64_t wall_ms) {
  const int64_t bounded_wall_ms = std::clamp(wall_ms, int64_t{0}, kHlcMsMax);
  if (HlcMs(remote) > bounded_wall_ms + kHlcAheadMsMax) return false;
  last_ = std::max(last_, remote);
  return true;
}

}  // namespace tikar::sync
