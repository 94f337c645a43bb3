#include "server/engine/result_proto.h"

namespace tikar::server {

v1::ChangeResult ResultToProto(const sync::SubmissionResult& result) {
  v1::ChangeResult proto;
  proto.set_change_id(result.change_id.bytes());
  proto.set_verdict(result.verdict);
  proto.set_reason(result.reason);
  for (const sync::Violation& violation : result.violations) {
    v1::Violation& out = *proto.add_violations();
    out.set_field(violation.field);
    out.set_code(violation.code);
    out.set_message_id(violation.message_id);
    out.set_message_en(violation.message_en);
  }
  proto.set_origin(sync::Raw(result.origin));
  proto.set_seq(result.seq);
  proto.set_duplicate(result.duplicate);
  proto.set_region(result.region);
  if (!result.request_id.is_zero()) proto.set_request_id(result.request_id.bytes());
  proto.set_feed_id(sync::Raw(result.feed_id));
  proto.set_feed_position(result.feed_position);
  return proto;
}

}  // namespace tikar::server
