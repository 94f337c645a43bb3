#include <map>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "checkers/checkers.h"
#include "checkers/evidence.h"
#include "checkers/phone_holdings.h"
#include "sync/query.h"

namespace tikar::simulation {
namespace {

// Promise (guarantees 3 and 12): nodes that have exchanged all entries hold byte-identical states,
// and phones of one scope show the same.
//
// Judged at the end, when faults have been off for as long as coming together may take: all nodes
// have the same version vectors, the same entries byte for byte, the same states byte for byte and
// the same elements. Every phone in use holds just the requests that its scope and its actor cover,
// each as the node that it last spoke with has it (all that goes over the wire, but for the place
// in that node's feed).
//
// Excused: an older build that still runs keeps requests with what it does not understand as
// NEEDS_NEWER_SERVER; their entries must be the same all the same. A phone that never spoke with a
// node. What a phone has by another node and its own cannot show (KeptFromElsewhere). An entry that
// stands at one node behind a hole that restores made, since no vector covers it, and the states
// that it counts in (Stranded).
class Converged : public Checker {
 public:
  std::string_view name() const override { return "Converged"; }

  void OnHelloSent(const HelloSent& hello) override {
    last_node_[hello.phone] = hello.node;
    holdings_.OnHelloSent(hello);
  }
  void OnBatchStored(const BatchStored& stored) override {
    holdings_.OnBatchStored(stored, sight());
  }
  void OnPhoneChanged(const PhoneChanged& changed) override {
    holdings_.OnPhoneChanged(changed, sight());
  }
  void OnNodeChanged(const NodeChanged& changed) override {
    holdings_.OnNodeChanged(changed, sight());
  }
  void OnEntryDurable(const EntryDurable& entry) override {
    durable_[entry.region][PlaceOf(entry.position)] = entry.record.request_id;
  }

  void OnEnd(bool) override {
    if (sight().node_count() == 0) return;
    for (const std::string& region : sight().regions()) {
      const std::shared_ptr<const sync::Reader> first = sight().NodeDurable(0);
      for (NodeIndex node = 1; node < sight().node_count(); ++node) {
        if (!CompareLogs(region, *first, node) || !CompareStates(region, *first, node)) return;
      }
    }
    for (const auto& [phone, node] : last_node_) {
      if (sight().PhoneIsUsed(phone) && !ComparePhone(phone, node)) return;
    }
  }

 private:
  bool CompareLogs(const std::string& region, const sync::Reader& first, NodeIndex node) {
    const std::shared_ptr<const sync::Reader> other = sight().NodeDurable(node);
    const auto vector = sync::LoadVersionVector(first, region);
    const auto others = sync::LoadVersionVector(*other, region);
    if (!vector.ok() || !others.ok() || *vector != *others) {
      Fail(absl::StrCat(NodeName(node), " and node 0 hold other entries of ", region,
                        ": their version vectors differ in the end"));
      return false;
    }
    const Entries mine = LoadEntries(first, region);
    const Entries theirs = LoadEntries(*other, region);
    for (const auto& [place, entry] : mine) {
      const auto at = theirs.find(place);
      if (at == theirs.end()) {
        if (Stranded(region, entry, *vector)) continue;
      } else if (sync::EncodeEntry(at->second.record) == sync::EncodeEntry(entry.record)) {
        continue;
      }
      Fail(absl::StrCat("entry ", region, " ", Name(entry.position),
                        at == theirs.end() ? " is not" : " is another one", " at ",
                        NodeName(node)));
      return false;
    }
    for (const auto& [place, entry] : theirs) {
      if (mine.contains(place) || Stranded(region, entry, *vector)) continue;
      Fail(absl::StrCat("entry ", region, " ", Name(entry.position), " is at ", NodeName(node),
                        " and not at node 0"));
      return false;
    }
    return true;
  }

  using Place = std::pair<sync::Origin, uint64_t>;
  using Entries = std::map<Place, LoggedEntry>;

  static Place PlaceOf(const sync::LogPosition& position) {
    return {position.origin, position.seq};
  }

  static Entries LoadEntries(const sync::Reader& reader, const std::string& region) {
    Entries entries;
    for (LoggedEntry& entry : EntriesOf(reader, region)) {
      entries.emplace(PlaceOf(entry.position), std::move(entry));
    }
    return entries;
  }

  // Whether an entry that only some nodes hold stands behind a hole that nobody can fill: all of
  // them end before it, by `vector`, and what follows there was durable and was taken back by a
  // restore. Known gap of what ships (seed 302145: both nodes were restored, and what one had sent
  // before came late at the other): nodes tell each other what follows their vectors, and what no
  // vector can cover travels no further. Remembers the request.
  bool Stranded(const std::string& region, const LoggedEntry& entry,
                const sync::VersionVector& vector) {
    const uint64_t end = vector.Get(entry.position.origin);
    const auto hole = durable_[region].find({entry.position.origin, end + 1});
    const bool stranded = entry.position.seq > end + 1 && hole != durable_[region].end() &&
                          sight().LostByRestore({region, hole->second});
    if (stranded) stranded_.insert({region, entry.record.request_id});
    return stranded;
  }

  bool CompareStates(const std::string& region, const sync::Reader& first, NodeIndex node) {
    const std::shared_ptr<const sync::Reader> other = sight().NodeDurable(node);
    const auto mine = RecordsOf(first, region);
    const auto theirs = RecordsOf(*other, region);
    for (const auto& [key, record] : mine) {
      if (stranded_.contains(key)) continue;
      if (!theirs.contains(key)) {
        Fail(absl::StrCat("request ", Name(key), " is not at ", NodeName(node)));
        return false;
      }
      const auto a = sync::LoadRequest(first, key);
      const auto b = sync::LoadRequest(*other, key);
      if (!a.ok() || !b.ok() || !*a || !*b) {
        Fail(absl::StrCat("request ", Name(key), " cannot be read at ", NodeName(node),
                          " or node 0"));
        return false;
      }
      if (Waits(0, (*a)->state) || Waits(node, (*b)->state)) continue;
      if ((*a)->state_bytes != (*b)->state_bytes || (*a)->elements != (*b)->elements) {
        Fail(absl::StrCat("request ", Name(key), " is in another state at ", NodeName(node),
                          " than at node 0: ", Difference((*a)->state, (*b)->state)));
        return false;
      }
    }
    for (const auto& [key, record] : theirs) {
      if (mine.contains(key) || stranded_.contains(key)) continue;
      Fail(absl::StrCat("request ", Name(key), " is at ", NodeName(node), " and not at node 0"));
      return false;
    }
    return true;
  }

  bool Waits(NodeIndex node, const sync::State& state) const {
    return sight().NodeIsOld(node) && state.availability == v1::AVAILABILITY_NEEDS_NEWER_SERVER;
  }

  static std::string Difference(const sync::State& a, const sync::State& b) {
    if (a.availability != b.availability) return "availability";
    if (a.heads != b.heads) return "heads";
    for (const sync::FieldState& field : a.fields) {
      const sync::FieldState* other = b.Find(field.path);
      if (other == nullptr || !(*other == field)) return field.path;
    }
    return "the rest";
  }

  bool ComparePhone(PhoneIndex phone, NodeIndex node) {
    const std::shared_ptr<const sync::Reader> disk = sight().NodeDurable(node);
    const PhoneContents contents = sight().ReadPhone(phone);
    std::set<sync::RequestKey> wanted;
    for (const std::string& region : sight().regions()) {
      for (const auto& [key, record] : RecordsOf(*disk, region)) {
        if (!BelongsOnPhone(contents.scope, contents.actor, states_.Of(key, record).state))
          continue;
        wanted.insert(key);
        if (IsLost(phone, key)) continue;
        const auto held = contents.requests.find(key);
        if (held == contents.requests.end()) {
          Fail(absl::StrCat(PhoneName(phone), " lacks ", Name(key), ", which its scope covers at ",
                            NodeName(node)));
          return false;
        }
        const auto stored = sync::LoadRequest(*disk, key);
        if (!stored.ok() || !*stored) {
          Fail(absl::StrCat("request ", Name(key), " cannot be read at ", NodeName(node)));
          return false;
        }
        if (Shown(held->second.request) != Shown(sync::ToProto(**stored))) {
          Fail(absl::StrCat(PhoneName(phone), " shows ", Name(key), " in another state than ",
                            NodeName(node)));
          return false;
        }
      }
    }
    for (const auto& [key, held] : contents.requests) {
      if (wanted.contains(key) || IsLost(phone, key)) continue;
      const PhoneHoldings::Word* word = holdings_.Find(phone, key);
      const auto here = sync::LoadRequest(*disk, key);
      if (word != nullptr && here.ok() && *here &&
          PhoneHoldings::KeptFromElsewhere(*word, node, (*here)->state)) {
        continue;
      }
      Fail(absl::StrCat(PhoneName(phone), " holds ", Name(key), " in ", held.request.area(),
                        ", which its scope does not cover at ", NodeName(node)));
      return false;
    }
    return true;
  }

  bool IsLost(PhoneIndex phone, const sync::RequestKey& key) const {
    const PhoneHoldings::Word* word = holdings_.Find(phone, key);
    return sight().LostByRestore(key) || (word != nullptr && holdings_.FromLostLog(*word));
  }

  // Without what counts on one node only.
  static std::string Shown(v1::Request request) {
    request.clear_feed_position();
    return request.SerializeAsString();
  }

  std::map<PhoneIndex, NodeIndex> last_node_;
  PhoneHoldings holdings_;
  StateCache states_;
  // Of which request each entry is that was ever durable anywhere, by region.
  std::map<std::string, std::map<Place, sync::RequestId>> durable_;
  std::set<sync::RequestKey> stranded_;  // requests with entries that are
};

}  // namespace

std::unique_ptr<Checker> MakeConverged() { return std::make_unique<Converged>(); }

}  // namespace tikar::simulation
