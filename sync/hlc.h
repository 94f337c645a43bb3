// Hybrid logical clock (Kulkarni et al. 2014, "Logical Physical Clocks"), packed in 64 bits.
//
// Upper 48 bits: milliseconds since the epoch; lower 16: a counter. The packed number is counted up
// as a whole, so a counter that overflows carries into the milliseconds: readings never repeat and
// never run back, however long the wall clock stands still.
//
// Causality comes from a change's parents, never from here; these times only rank concurrent
// writes.
#ifndef TIKAR_SYNC_HLC_H_
#define TIKAR_SYNC_HLC_H_

#include <cstdint>

namespace tikar::sync {

// The largest time that fits, in the year 10889.
inline constexpr int64_t kHlcMsMax = (int64_t{1} << 48) - 1;

// Times outside 0 to kHlcMsMax become the nearer bound.
uint64_t PackHlc(int64_t ms, uint16_t counter);
constexpr int64_t HlcMs(uint64_t hlc) { return static_cast<int64_t>(hlc >> 16); }
constexpr uint16_t HlcCounter(uint64_t hlc) { return static_cast<uint16_t>(hlc & 0xffff); }

// The time at which a change ranks among concurrent ones. `clock_offset_ms` is the node's clock
// minus the author's, as the stamp has it: the hlc is moved by it when it is more than
// kClockOffsetToleratedMs either way. Never later than the last moment of `received_at_ms`. Total:
// arithmetic that leaves the range ends at its bound.
uint64_t EffectiveTime(uint64_t hlc, int64_t clock_offset_ms, int64_t received_at_ms);

// One author's clock. Not safe for threads. The caller brings the wall clock, and persists last()
// with what it stamped, so that a restart with a clock that was set back does not repeat a reading.
class HlcClock {
 public:
  // `last`: as persisted; 0 for an author that never stamped.
  explicit HlcClock(uint64_t last = 0) : last_(last) {}

  // A reading larger than every one before, and not before `wall_ms`. When the wall clock was set
  // back, readings go on counting from the last one. At 2^64-1 it stays there: a clock gone that
  // wrong must not stop an officer's work, and changes stay distinct by their nonces.
  uint64_t Now(int64_t wall_ms);

  // Makes later readings larger than `remote`, a time seen in somebody else's change. False, and no
  // effect, when that is more than kHlcAheadMsMax ahead of `wall_ms`: one phone with a clock a year
  // ahead must not drag everybody along.
  bool Observe(uint64_t remote, int64_t wall_ms);

  uint64_t last() const { return last_; }

 private:
  uint64_t last_;
};

}  // namespace tikar::sync

#endif  // TIKAR_SYNC_HLC_H_
