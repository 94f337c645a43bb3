// Stamps: what the node that took a change adds to it, and how two stamps of one change join.
#ifndef TIKAR_SYNC_STAMP_H_
#define TIKAR_SYNC_STAMP_H_

#include <cstdint>
#include <string>

#include "sync/hlc.h"
#include "tikar/v1/entry.pb.h"

namespace tikar::sync {

// Milliseconds since the epoch and plain differences of them. A value.
struct Stamp {
  int64_t received_at_ms = 0;
  int64_t clock_offset_ms = 0;  // node's clock minus device's clock
  v1::Verdict verdict = v1::VERDICT_UNSPECIFIED;
  v1::RefusalReason reason = v1::REFUSAL_REASON_UNSPECIFIED;
  std::string signature_id = {};

  friend bool operator==(const Stamp&, const Stamp&) = default;

  static Stamp FromProto(const v1::Stamp& proto);
  v1::Stamp ToProto() const;
};

// The join of README.md: commutative, associative, idempotent (two total orders side by side).
Stamp Join(const Stamp& a, const Stamp& b);

// The write's place in time, as far as it can be known: see EffectiveTime in hlc.h.
inline uint64_t EffectiveTimeOf(uint64_t hlc, const Stamp& stamp) {
  return EffectiveTime(hlc, stamp.clock_offset_ms, stamp.received_at_ms);
}

}  // namespace tikar::sync

#endif  // TIKAR_SYNC_STAMP_H_
