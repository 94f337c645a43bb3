#include "sync/stamp.h"

#include <tuple>

namespace tikar::sync {

Stamp Stamp::FromProto(const v1::Stamp& proto) {
  return {.received_at_ms = proto.received_at_ms(),
          .clock_offset_ms = proto.clock_offset_ms(),
          .verdict = proto.verdict(),
          .reason = proto.reason(),
          .signature_id = proto.signature_id()};
}

v1::Stamp Stamp::ToProto() const {
  v1::Stamp proto;
  proto.set_received_at_ms(received_at_ms);
  proto.set_clock_offset_ms(clock_offset_ms);
  proto.set_verdict(verdict);
  proto.set_reason(reason);
  proto.set_signature_id(signature_id);
  return proto;
}

Stamp Join(const Stamp& a, const Stamp& b) {
  const auto time_key = [](const Stamp& s) {
    return std::tie(s.received_at_ms, s.clock_offset_ms, s.signature_id);
  };
  Stamp joined = time_key(b) < time_key(a) ? b : a;
  const Stamp& judged =
      a.verdict != b.verdict ? (a.verdict > b.verdict ? a : b) : (a.reason < b.reason ? a : b);
  joined.verdict = judged.verdict;
  joined.reason = judged.reason;
  return joined;
}

}  // namespace tikar::sync
