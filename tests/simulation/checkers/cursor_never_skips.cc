#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "checkers/checkers.h"
#include "checkers/evidence.h"
#include "checkers/phone_holdings.h"
#include "checkers/stream_views.h"
#include "sync/query.h"
#include "sync/version_vector.h"

namespace tikar::simulation {
namespace {

// Promise (guarantee 4, first half; "sync complete after the first batch of 50 of 5,000"): a cursor
// never skips. A phone that stores a batch that says "caught up" holds everything of its scope that
// its node had when the stream began.
//
// Judged whenever such a batch is stored, without looking into cursors: of the requests that the
// node held durably when the hello was sent and that nothing has touched since, the phone holds
// each that belongs to it, in just that state.
//
// Excused: a node that was restored since the hello. What the phone may know better, since another
// node that it spoke with had entries that this one lacks: that the request left, or never was the
// phone's; a state with changes or stamps that are not here yet. What a restore took back
// (Sight::LostByRestore).
class CursorNeverSkips : public Checker {
 public:
  std::string_view name() const override { return "CursorNeverSkips"; }

  void OnHelloSent(const HelloSent& hello) override {
    holdings_.OnHelloSent(hello);
    streams_.OnHelloSent(hello, sight().NodeDurable(hello.node));
  }

  void OnBatchStored(const BatchStored& stored) override {
    holdings_.OnBatchStored(stored, sight());
    for (const std::string& region : sight().regions()) {
      seen_[stored.phone][region][stored.node].Join(Vector(stored.node, region));
    }
    if (!stored.batch.caught_up()) return;
    const StreamView* stream = streams_.Find(stored.phone, stored.stream);
    if (stream != nullptr) CheckCaughtUp(stored.phone, *stream);
  }

  void OnPhoneChanged(const PhoneChanged& changed) override {
    holdings_.OnPhoneChanged(changed, sight());
    if (changed.what == PhoneChange::kCloned) seen_[changed.phone] = seen_[changed.source];
  }

  void OnNodeChanged(const NodeChanged& changed) override { streams_.OnNodeChanged(changed); }

 private:
  void CheckCaughtUp(PhoneIndex phone, const StreamView& stream) {
    const std::shared_ptr<const sync::Reader> now = sight().NodeDurable(stream.node);
    for (const auto& [key, record] : Untouched(stream, *now, sight().regions())) {
      const StateCache::Known& known = states_.Of(key, record);
      if (!BelongsOnPhone(stream.scope, stream.actor, known.state)) continue;
      const PhoneHoldings::Word* word = holdings_.Find(phone, key);
      if (KnowsBetter(phone, stream.node, key.region)) continue;
      if (sight().LostByRestore(key)) continue;
      if (word != nullptr && holdings_.FromLostLog(*word)) continue;
      const bool holds = word != nullptr && word->held;
      if (holds && word->digest == known.digest.view()) continue;
      if (holds && LacksHead(*now, key, word->heads)) continue;
      if (word != nullptr && word->node != stream.node &&
          (!word->held || HeadsOf(known.state) == word->heads)) {
        continue;
      }
      Fail(absl::StrCat(PhoneName(phone), " was told by ", NodeName(stream.node),
                        " that it has everything, and ", holds ? "has an old state of " : "lacks ",
                        Name(key)));
      return;
    }
  }

  sync::VersionVector Vector(NodeIndex node, const std::string& region) const {
    const auto vector = sync::LoadVersionVector(*sight().NodeDurable(node), region);
    return vector.ok() ? *vector : sync::VersionVector();
  }

  // Whether another node that the phone spoke with had entries that this one lacks: it may have
  // kept a request from the phone, or shown a later state of it, for what they say.
  bool KnowsBetter(PhoneIndex phone, NodeIndex node, const std::string& region) {
    const sync::VersionVector here = Vector(node, region);
    for (const auto& [other, seen] : seen_[phone][region]) {
      const sync::CausalOrder order = sync::Compare(here, seen);
      const bool has_all = order == sync::CausalOrder::kEqual || order == sync::CausalOrder::kAfter;
      if (other != node && !has_all) return true;
    }
    return false;
  }

  static std::vector<std::string> HeadsOf(const sync::State& state) {
    std::vector<std::string> heads;
    for (const sync::ChangeId& head : state.heads) heads.push_back(head.bytes());
    return heads;
  }

  PhoneHoldings holdings_;
  StreamViews streams_;
  StateCache states_;
  // What the nodes that a phone spoke with held then, by region.
  using Seen = std::map<std::string, std::map<NodeIndex, sync::VersionVector>>;
  std::map<PhoneIndex, Seen> seen_;
};

}  // namespace

std::unique_ptr<Checker> MakeCursorNeverSkips() { return std::make_unique<CursorNeverSkips>(); }

}  // namespace tikar::simulation
