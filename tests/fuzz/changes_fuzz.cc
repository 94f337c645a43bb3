// Change bodies as phones push them: decoded, judged, logged and folded by a real node, then
// mirrored.
//
// Frames, one change each. The tag says what becomes of the body first, so that mutations reach
// what lies behind the ids that a body must get right:
//   1, 2  its parents are the heads of the request; it belongs to the second record's request
//   4     the device's clock is an hour behind
//   8     the group ends here
//   16    it comes twice in its group
//   32    the session is its actor's
//   64    the deadline of everything has come
#include <memory>
#include <set>

#include "absl/strings/str_cat.h"
#include "sync/status_macros.h"
#include "sync/validation.h"
#include "target.h"
#include "tikar/v1/change.pb.h"
#include "world.h"

namespace tikar::fuzz {
namespace {

constexpr size_t kChangesMax = 40;
constexpr int64_t kHourMs = 3'600'000;
constexpr int64_t kHalfYearMs = 180 * 24 * kHourMs;
enum Tag : uint8_t {
  kAtHeads = 1,
  kOfSecond = 2,
  kSlowClock = 4,
  kEndsGroup = 8,
  kTwice = 16,
  kOwnSession = 32,
  kDeadline = 64,
};

std::string Repaired(const Node& node, const Frame& frame) {
  v1::ChangeBody body;
  if ((frame.tag & (kAtHeads | kOfSecond)) == 0 || !body.ParseFromString(frame.bytes)) {
    return frame.bytes;
  }
  if (frame.tag & kOfSecond) {
    const sync::RequestKey key = KeyOf(Records()[4]);
    body.set_region(key.region);
    body.set_request_id(key.id.bytes());
  }
  if (frame.tag & kAtHeads) {
    const auto id = sync::RequestId::FromBytes(body.request_id());
    if (!id) return frame.bytes;
    const auto request = sync::LoadRequest(node.reader(), {body.region(), *id});
    CHECK(request.ok());
    if (*request) {
      body.clear_parents();
      for (const sync::ChangeId& head : (*request)->state.heads) body.add_parents(head.bytes());
    }
  }
  return body.SerializeAsString();
}

// What can be said of one body alone.
bool CheckBody(const std::string& bytes) {
  const absl::StatusOr<sync::ParsedChange> change = sync::ParseChange(bytes);
  if (!change.ok()) return false;
  PROMISE(change->bytes == bytes && change->hash == sync::Sha256(bytes),
          "a body is kept as it came, and named by its hash");
  PROMISE(sync::RequestIdOf(change->body, bytes) == change->request_id,
          "a request id follows from the body");
  for (size_t i = 1; i < change->writes.size(); ++i) {
    PROMISE(change->writes[i - 1].path < change->writes[i].path,
            "one write a path, sorted by path");
  }
  for (const sync::Write& write : change->writes) {
    PROMISE(change->FindWrite(write.path) == &write, "each write is found by its path");
    if (!write.value) continue;
    PROMISE(sync::Value::FromCanonical(write.value->canonical()) == write.value,
            "the value of a write is canonical");
  }
  const sync::Judgement shape = sync::CheckShape(change->body, bytes.size());
  PROMISE(shape.ok == shape.violations.empty(), "what is refused has a reason, and only that");
  if (!shape.ok) return false;
  for (const auto& form : {Form(), NextForm()}) {
    const sync::Judgement judgement = sync::CheckAgainstDefinition(change->body, *form, nullptr);
    PROMISE(judgement.ok == judgement.violations.empty(),
            "what is refused has a reason, and only that");
    for (const sync::Violation& violation : judgement.violations) {
      PROMISE(
          !violation.code.empty() && !violation.message_id.empty() && !violation.message_en.empty(),
          "a reason is told in both languages");
    }
  }
  return true;
}

const google::protobuf::Message* MessageOf(uint8_t) { return &v1::ChangeBody::default_instance(); }

}  // namespace

FUZZ_TARGET_OF(changes, "change bodies: decode, judge, log, fold, mirror",
               (FrameShape{kChangesMax, &MessageOf})) {
  Node node(1);
  std::vector<sync::Submission> group;
  for (const std::string& record : Records()) group.emplace_back().body = record;
  node.Ingest(group);
  group.clear();

  bool all_accepted = true;
  std::vector<sync::Submission> everything;
  std::vector<bool> accepted;
  const auto flush = [&] {
    if (group.empty()) return;
    const sync::Outcome outcome = node.Ingest(group);
    for (size_t i = 0; i < group.size(); ++i) {
      const bool taken = outcome.results[i].verdict == v1::VERDICT_ACCEPTED;
      all_accepted = all_accepted && taken;
      everything.push_back(group[i]);
      accepted.push_back(taken);
    }
    group.clear();
  };
  bool any = false;
  for (const Frame& frame : ReadFrames(bytes, kChangesMax)) {
    // What the heads are is known when the changes before are in.
    if (frame.tag & kAtHeads) flush();
    if (frame.tag & kDeadline) {
      flush();
      node.RunTimers(node.now_ms + kHalfYearMs);
    }
    sync::Submission submission;
    submission.body = Repaired(node, frame);
    any = CheckBody(submission.body) || any;
    if (frame.tag & kSlowClock) submission.clock_offset_ms = kHourMs;
    v1::ChangeBody body;
    if ((frame.tag & kOwnSession) != 0 && body.ParseFromString(submission.body)) {
      submission.actor = body.actor();
    }
    group.push_back(submission);
    if (frame.tag & kTwice) group.push_back(submission);
    if (frame.tag & kEndsGroup) flush();
  }
  flush();
  node.CheckWhatIsStored();

  // A phone that heard no answer sends everything again.
  const std::string before = node.StateBytes();
  const sync::Outcome again = node.Ingest(everything);
  bool second_thoughts = false;
  for (size_t i = 0; i < everything.size(); ++i) {
    const bool taken = again.results[i].verdict == v1::VERDICT_ACCEPTED;
    PROMISE(!accepted[i] || (taken && again.results[i].duplicate),
            "what was accepted is a duplicate when it comes again");
    second_thoughts = second_thoughts || (taken && !accepted[i]);
  }
  const std::string state = node.StateBytes();
  // What was refused may be right by now: it is judged again.
  if (!second_thoughts) PROMISE(state == before, "a retry changes nothing");

  Node mirror(2, /*knows_forms=*/true, /*is_home=*/false);
  mirror.PullFrom(node);
  // What waits for a definition that nobody here has is not handed on.
  std::vector<v1::Entry> log = node.LogReversed();
  if (mirror.LogReversed().size() == log.size()) {
    PROMISE(mirror.StateBytes() == state, "a mirror has the same bytes");
  }
  Node late(3, /*knows_forms=*/false, /*is_home=*/false);
  for (v1::Entry& entry : log) {
    const absl::StatusOr<sync::Outcome> received = late.Receive({std::move(entry)});
    PROMISE(received.ok(), "no entry that one node holds is refused by another");
  }
  late.AddDefinition(NextForm()->bytes());
  late.AddDefinition(Form()->bytes());
  PROMISE(late.StateBytes() == state, "the order of entries and definitions does not matter");

  node.Restart();
  PROMISE(node.StateBytes() == state, "a restart changes nothing");
  return any && all_accepted;
}

}  // namespace tikar::fuzz
