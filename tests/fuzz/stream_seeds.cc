#include <algorithm>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "seeds.h"
#include "sync/feed.h"
#include "sync/status_macros.h"
#include "tikar/v1/sync_service.pb.h"
#include "world.h"

namespace tikar::fuzz {
namespace {

v1::SyncRequest HelloOf(const std::string& actor) {
  v1::SyncRequest request;
  v1::Hello& hello = *request.mutable_hello();
  hello.set_protocol_version(1);
  hello.set_actor(actor);
  hello.set_device_time_ms(kNowMs - 60'000);
  hello.add_scope("15.01.06");
  hello.set_client_version("tikar-cpp/0.1");
  return request;
}

void MakeSyncRequests(Seeds* seeds) {
  v1::SyncRequest hello = HelloOf("hp-siti"), push, received;
  for (const std::string& record : Records()) {
    v1::ChangeBody body;
    CHECK(body.ParseFromString(record));
    if (body.actor() == "hp-siti") push.mutable_push()->add_changes()->set_body(record);
  }
  v1::ChangeBody create = NewRequest("hp-siti", 90);
  Set(&create, "nama", "Warung baru");
  push.mutable_push()->add_changes()->set_body(create.SerializeAsString());
  received.mutable_received()->set_batch_number(1);
  seeds->Add("sync_requests", "good_short_sync",
             Framed(0, {hello.SerializeAsString(), push.SerializeAsString(),
                        received.SerializeAsString()}));
  seeds->Add(
      "sync_requests", "good_pushes",
      Framed(1, {hello.SerializeAsString(), push.SerializeAsString(), push.SerializeAsString(),
                 push.SerializeAsString(), push.SerializeAsString(), push.SerializeAsString()}));
  sync::FeedQuery query;
  query.scope = {"15.01.06"};
  query.requests_max = 1;
  const auto page = sync::ReadFeed(Library().reader(), query);
  CHECK(page.ok());
  hello.mutable_hello()->set_cursor(page->cursor);
  hello.mutable_hello()->add_definition_hashes(Form()->hash().bytes());
  hello.mutable_hello()->set_batch_bytes_max(16 << 10);
  seeds->Add("sync_requests", "good_cursor_of_another_node",
             Framed(0, {hello.SerializeAsString()}));
  hello.mutable_hello()->set_push_only(true);
  seeds->Add("sync_requests", "push_only",
             Framed(0, {hello.SerializeAsString(), push.SerializeAsString()}));
  hello.mutable_hello()->set_protocol_version(0);
  seeds->Add("sync_requests", "too_old",
             Framed(0, {hello.SerializeAsString(), push.SerializeAsString()}));
  seeds->Add("sync_requests", "server_stops",
             WriteFrames({{0, HelloOf("hp-siti").SerializeAsString()},
                          {0, push.SerializeAsString()},
                          {64, received.SerializeAsString()}}));
  seeds->Add("sync_requests", "connection_breaks",
             WriteFrames({{0, HelloOf("hp-siti").SerializeAsString()},
                          {0, push.SerializeAsString()},
                          {128, received.SerializeAsString()}}));
}

void MakeSyncResponses(Seeds* seeds) {
  constexpr uint8_t kRightIds = 1, kWrites = 2, kEndsWell = 4, kEndsBadly = 8, kLive = 16;
  v1::SyncResponse welcome, accepted, refused, batch, last;
  welcome.mutable_welcome()->set_server_time_ms(kNowMs + 1'000);
  welcome.mutable_welcome()->set_origin(7);
  welcome.mutable_welcome()->set_single_copy(true);
  v1::ChangeResult& result = *accepted.mutable_push_result()->add_results();
  result.set_verdict(v1::VERDICT_ACCEPTED);
  result.set_origin(7);
  result.set_seq(3);
  result.set_region(kRegion);
  result.set_feed_id(9);
  result.set_feed_position(12);
  refused = accepted;
  v1::ChangeResult& refusal = *refused.mutable_push_result()->mutable_results(0);
  refusal.set_verdict(v1::VERDICT_VOID);
  refusal.set_reason(v1::REFUSAL_REASON_SCOPE);
  v1::Violation& violation = *refusal.add_violations();
  violation.set_code("scope");
  violation.set_message_id("Di luar wilayah Anda.");
  violation.set_message_en("Outside your area.");
  sync::FeedQuery query;
  query.scope = {"15.01"};
  const auto page = sync::ReadFeed(Library().reader(), query);
  CHECK(page.ok());
  v1::Batch& down = *batch.mutable_batch();
  down.set_batch_number(1);
  down.add_definitions()->set_body(NextForm()->bytes());
  for (const v1::Request& request : page->requests) *down.add_requests() = request;
  for (const v1::FeedIdentity& feed : page->feeds) *down.add_feeds() = feed;
  down.set_cursor(page->cursor);
  down.set_remaining(3);
  v1::Offer& offer = *down.add_offers();
  offer.set_region(kRegion);
  offer.set_service(Form()->proto().service());
  offer.set_definition_hash(NextForm()->hash().bytes());
  last.mutable_batch()->set_batch_number(2);
  v1::Removal& removal = *last.mutable_batch()->add_removals();
  removal.set_region(kRegion);
  removal.set_request_id(KeyOf(Records()[0]).id.bytes());
  removal.set_reason(v1::REMOVAL_REASON_LEFT_SCOPE);
  last.mutable_batch()->set_cursor("cursor");
  last.mutable_batch()->set_caught_up(true);
  const std::vector<std::string> whole = {welcome.SerializeAsString(), accepted.SerializeAsString(),
                                          batch.SerializeAsString(), last.SerializeAsString()};
  seeds->Add("sync_responses", "good_exchange", Framed(kRightIds, whole));
  seeds->Add("sync_responses", "good_live", Framed(kRightIds | kLive, whole));
  seeds->Add("sync_responses", "good_refused",
             Framed(kRightIds, {whole[0], refused.SerializeAsString(), whole[3]}));
  seeds->Add("sync_responses", "good_breaks",
             WriteFrames({{0, whole[0]},
                          {kEndsBadly, whole[0]},
                          {kEndsBadly | kWrites, whole[0]},
                          {kEndsBadly, whole[0]},
                          {kEndsWell | kLive, whole[0]},
                          {kRightIds, whole[1]}}));
  seeds->Add("sync_responses", "results_of_no_push", Framed(0, {whole[1], whole[1]}));
}

}  // namespace

void MakeStreamSeeds(Seeds* seeds) {
  MakeSyncRequests(seeds);
  MakeSyncResponses(seeds);
}

}  // namespace tikar::fuzz
