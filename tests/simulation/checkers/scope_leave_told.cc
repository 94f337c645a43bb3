#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "checkers/checkers.h"
#include "checkers/evidence.h"
#include "checkers/phone_holdings.h"
#include "checkers/stream_views.h"

namespace tikar::simulation {
namespace {

// Promise (guarantee 6): leaving a scope is told. A request that moved out of a phone's scope, or
// out of which the phone moved, leaves the phone; changes to it that are not sent yet are kept.
//
// Judged in three ways. Whenever a phone stores a batch that says "caught up": of what it holds
// nothing is outside its scope by a state that its node held when the stream began and holds still.
// Whenever a scope is changed: the phone's file holds nothing outside the new one, and the outbox
// is what it was before. At the end: each phone's file holds nothing that its node does not count
// into its scope.
//
// Excused: a node that was restored since the hello; a state with changes that this node does not
// have yet (it learns of the leaving together with them); until the end, a request that this node
// cannot show, and beyond the end one that the phone has by another node
// (PhoneHoldings::KeptFromElsewhere); what the phone had from a log that a restore took back
// (PhoneHoldings::FromLostLog).
class ScopeLeaveTold : public Checker {
 public:
  std::string_view name() const override { return "ScopeLeaveTold"; }

  void OnChangeMade(const ChangeMade& made) override {
    made_[made.phone].emplace(made.change.id, sight().step());
  }

  void OnHelloSent(const HelloSent& hello) override {
    holdings_.OnHelloSent(hello);
    streams_.OnHelloSent(hello, sight().NodeDurable(hello.node));
  }

  void OnBatchStored(const BatchStored& stored) override {
    holdings_.OnBatchStored(stored, sight());
    if (!stored.batch.caught_up()) return;
    const StreamView* stream = streams_.Find(stored.phone, stored.stream);
    if (stream != nullptr) CheckCaughtUp(stored.phone, *stream);
  }

  void OnPhoneChanged(const PhoneChanged& changed) override {
    holdings_.OnPhoneChanged(changed, sight());
    if (changed.what == PhoneChange::kRestored || changed.what == PhoneChange::kCloned) {
      const PhoneIndex source =
          changed.what == PhoneChange::kCloned ? changed.source : changed.phone;
      std::map<sync::ChangeId, uint64_t> kept = made_[source];
      std::erase_if(kept, [&](const auto& made) { return made.second > changed.backup_step; });
      made_[changed.phone] = std::move(kept);
    } else if (changed.what == PhoneChange::kScopeChanged) {
      CheckScopeChanged(changed.phone, changed.scope);
    }
  }

  void OnNodeChanged(const NodeChanged& changed) override { streams_.OnNodeChanged(changed); }

  void OnEnd(bool) override {
    for (const auto& [phone, stream] : streams_.newest()) {
      if (!sight().PhoneIsUsed(phone)) continue;
      const std::shared_ptr<const sync::Reader> disk = sight().NodeDurable(stream.node);
      const PhoneContents contents = sight().ReadPhone(phone);
      std::map<std::string, std::map<sync::RequestKey, std::string>> records;
      for (const std::string& region : sight().regions())
        records[region] = RecordsOf(*disk, region);
      for (const auto& [key, held] : contents.requests) {
        const auto at = records[key.region].find(key);
        const bool known = at != records[key.region].end();
        if (known &&
            BelongsOnPhone(contents.scope, contents.actor, states_.Of(key, at->second).state)) {
          continue;
        }
        const PhoneHoldings::Word* word = holdings_.Find(phone, key);
        if (sight().LostByRestore(key)) continue;
        if (word != nullptr && holdings_.FromLostLog(*word)) continue;
        if (word != nullptr && known &&
            PhoneHoldings::KeptFromElsewhere(*word, stream.node,
                                             states_.Of(key, at->second).state)) {
          continue;
        }
        Fail(absl::StrCat(PhoneName(phone), " still holds ", Name(key), " in ", held.request.area(),
                          ", which ", NodeName(stream.node),
                          known ? " does not count into its scope: " : " does not know",
                          known ? Describe(states_.Of(key, at->second).state) : ""));
        return;
      }
    }
  }

 private:
  static std::string Describe(const sync::State& state) {
    return absl::StrCat(v1::Availability_Name(state.availability), " ", std::string(state.area()));
  }

  void CheckCaughtUp(PhoneIndex phone, const StreamView& stream) {
    const std::shared_ptr<const sync::Reader> now = sight().NodeDurable(stream.node);
    for (const auto& [key, record] : Untouched(stream, *now, sight().regions())) {
      const PhoneHoldings::Word* word = holdings_.Find(phone, key);
      // What was read from a file may be of a pass that is to be forgotten at the end of this one.
      if (word == nullptr || !word->held || !word->node) continue;
      // What another node said may rest on an entry that is not here: when that comes, or the phone
      // is there again, it is told. At the end it must have been.
      if (word->node != stream.node) continue;
      if (sight().LostByRestore(key) || holdings_.FromLostLog(*word)) continue;
      const sync::State& state = states_.Of(key, record).state;
      // What a node cannot show it says nothing about.
      if (state.availability != v1::AVAILABILITY_READY) continue;
      if (BelongsOnPhone(stream.scope, stream.actor, state)) continue;
      if (LacksHead(*now, key, word->heads)) continue;
      Fail(absl::StrCat(PhoneName(phone), " was told by ", NodeName(stream.node),
                        " that it has everything, and not that ", Name(key),
                        " left its scope (it is in ", std::string(state.area()), ")"));
      return;
    }
  }

  void CheckScopeChanged(PhoneIndex phone, const std::vector<std::string>& scope) {
    const PhoneContents contents = sight().ReadPhone(phone);
    for (const auto& [key, held] : contents.requests) {
      std::string assignee;
      for (const v1::FieldState& field : held.request.fields()) {
        if (field.path() == "assignee") assignee = field.value().text();
      }
      if (BelongsOnPhone(scope, contents.actor, key, held.request.area(), assignee)) continue;
      Fail(absl::StrCat(PhoneName(phone), " still holds ", Name(key), " in ", held.request.area(),
                        " after its scope no longer covers it"));
      return;
    }
    std::set<sync::ChangeId> kept;
    for (const PhoneContents::OutboxRow& row : contents.outbox) kept.insert(row.change);
    for (const auto& [change, step] : made_[phone]) {
      if (kept.contains(change)) continue;
      Fail(absl::StrCat(PhoneName(phone), " lost change ", Name(change),
                        " from its outbox when its scope was changed"));
      return;
    }
  }

  PhoneHoldings holdings_;
  StreamViews streams_;
  std::map<PhoneIndex, std::map<sync::ChangeId, uint64_t>> made_;  // at which step
  StateCache states_;
};

}  // namespace

std::unique_ptr<Checker> MakeScopeLeaveTold() { return std::make_unique<ScopeLeaveTold>(); }

}  // namespace tikar::simulation
