// Entries as mirrors send them: whatever one node took, another must take in any order and end up
// with the same bytes.
//
// Frames, one entry each; the tag:
//   1     its hashes are made right first
//   2     its region is the body's, its place in the log the next one of one of three origins
//   4     its request is the second record's
//   8     the group ends here
#include <algorithm>
#include <map>

#include "absl/strings/str_cat.h"
#include "sync/records.h"
#include "sync/stamp.h"
#include "target.h"
#include "tikar/v1/entry.pb.h"
#include "world.h"

namespace tikar::fuzz {
namespace {

constexpr size_t kEntriesMax = 40;
constexpr uint64_t kOrigins = 3;
enum Tag : uint8_t { kRightHash = 1, kRightPlace = 2, kOfSecond = 4, kEndsGroup = 8 };

void Repair(uint8_t tag, std::map<uint64_t, uint64_t>* last_seq, v1::Entry* entry) {
  v1::ChangeBody body;
  const bool has_body = !entry->body().empty() && body.ParseFromString(entry->body());
  if (tag & kOfSecond) {
    const sync::RequestKey key = KeyOf(Records()[4]);
    entry->set_region(key.region);
    if (has_body) {
      body.set_region(key.region);
      body.set_request_id(key.id.bytes());
      entry->set_body(body.SerializeAsString());
    } else {
      entry->set_stub_request_id(key.id.bytes());
    }
  }
  if (tag & kRightPlace) {
    if (has_body) entry->set_region(body.region());
    entry->set_origin(1 + entry->origin() % kOrigins);
    entry->set_seq(++(*last_seq)[entry->origin()]);
  }
  if (tag & kRightHash) {
    if (!entry->body().empty()) entry->set_change_hash(sync::Sha256(entry->body()).bytes());
    const auto hash = sync::Hash::FromBytes(entry->change_hash());
    if (hash && !entry->leaf_hash().empty()) {
      entry->set_leaf_hash(sync::LeafHash(entry->region(), sync::Origin{entry->origin()},
                                          entry->seq(), sync::Stamp::FromProto(entry->stamp()),
                                          *hash)
                               .bytes());
    }
  }
}

const google::protobuf::Message* MessageOf(uint8_t) { return &v1::Entry::default_instance(); }

}  // namespace

FUZZ_TARGET_OF(entries, "entries of other nodes' logs: check, log, fold",
               (FrameShape{kEntriesMax, &MessageOf})) {
  Node node(1, /*knows_forms=*/true, /*is_home=*/false);
  std::map<uint64_t, uint64_t> last_seq;
  std::vector<v1::Entry> group, taken;
  bool all_taken = true;
  const auto flush = [&] {
    if (group.empty()) return;
    const std::string before = node.StateBytes();
    if (node.Receive(group).ok()) {
      taken.insert(taken.end(), group.begin(), group.end());
    } else {
      PROMISE(node.StateBytes() == before, "of a group with a malformed entry nothing is taken");
      for (const v1::Entry& entry : group) {
        const bool ok = node.Receive({entry}).ok();
        if (ok) taken.push_back(entry);
        all_taken = all_taken && ok;
      }
    }
    group.clear();
  };
  for (const Frame& frame : ReadFrames(bytes, kEntriesMax)) {
    v1::Entry entry;
    if (!entry.ParseFromString(frame.bytes)) {
      all_taken = false;
      continue;
    }
    Repair(frame.tag, &last_seq, &entry);
    group.push_back(std::move(entry));
    if (frame.tag & kEndsGroup) flush();
  }
  flush();
  node.CheckWhatIsStored();
  const std::string state = node.StateBytes();

  const absl::StatusOr<sync::Outcome> again = node.Receive(taken);
  PROMISE(again.ok(), "what was taken is taken again");
  PROMISE(again->regions_touched.empty() && node.StateBytes() == state,
          "receiving an entry again touches nothing");

  Node late(2, /*knows_forms=*/false, /*is_home=*/false);
  for (auto entry = taken.rbegin(); entry != taken.rend(); ++entry) {
    const absl::StatusOr<sync::Outcome> received = late.Receive({*entry});
    PROMISE(received.ok(), absl::StrCat("no entry that one node took is refused by another: ",
                                        received.ok() ? "" : received.status().ToString()));
  }
  late.AddDefinition(NextForm()->bytes());
  late.AddDefinition(Form()->bytes());
  PROMISE(late.StateBytes() == state, "the order of entries and definitions does not matter");

  // What is held without a gap travels on.
  Node mirror(3, /*knows_forms=*/true, /*is_home=*/false);
  mirror.PullFrom(node);
  mirror.CheckWhatIsStored();

  node.Restart();
  PROMISE(node.StateBytes() == state, "a restart changes nothing");
  return all_taken && !taken.empty();
}

}  // namespace tikar::fuzz
