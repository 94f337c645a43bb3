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
#include "sync/query.h"
#include "sync/status_macros.h"
#include "sync/types.h"

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
// Excused: a node that was restored since the hello. A request of which another node that the phone
// spoke with had an entry that this one lacks (seed 57): for what it says that one may have removed
// the request, kept it from the phone, or shown a state with a change or a stamp that is not here.
// What a restore took back (Sight::LostByRestore; seeds 66, 101).
class CursorNeverSkips : public Checker {
 public:
  std::string_view name() const override { return "CursorNeverSkips"; }

  void OnHelloSent(const HelloSent& hello) override {
    holdings_.OnHelloSent(hello);
    streams_.OnHelloSent(hello, sight().NodeDurable(hello.node));
  }

  void OnBatchStored(const BatchStored& stored) override {
    holdings_.OnBatchStored(stored, sight());
    for (const auto& [region, entries] : entries_[stored.node]) {
      seen_[stored.phone][region][stored.node] = entries.size();
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

  void OnEntryDurable(const EntryDurable& entry) override {
    entries_[entry.node][entry.region].push_back({entry.position, entry.record.request_id});
  }

 private:
  void CheckCaughtUp(PhoneIndex phone, const StreamView& stream) {
    const std::shared_ptr<const sync::Reader> now = sight().NodeDurable(stream.node);
    const std::set<sync::RequestKey> better_known = BetterKnown(phone, stream.node, *now);
    for (const auto& [key, record] : Untouched(stream, *now, sight().regions())) {
      const StateCache::Known& known = states_.Of(key, record);
      if (!BelongsOnPhone(stream.scope, stream.actor, known.state)) continue;
      const PhoneHoldings::Word* word = holdings_.Find(phone, key);
      const bool holds = word != nullptr && word->held;
      if (holds && word->digest == known.digest.view()) continue;
      if (better_known.contains(key) || sight().LostByRestore(key)) continue;
      Fail(absl::StrCat(PhoneName(phone), " was told by ", NodeName(stream.node),
                        " that it has everything, and ", holds ? "has an old state of " : "lacks ",
                        Name(key)));
      return;
    }
  }

  // The requests of which another node that the phone spoke with had an entry then that this one
  // lacks.
  std::set<sync::RequestKey> BetterKnown(PhoneIndex phone, NodeIndex node,
                                         const sync::Reader& here) {
    std::set<sync::RequestKey> requests;
    for (const auto& [region, seen] : seen_[phone]) {
      const auto vector = sync::LoadVersionVector(here, region);
      CHECK(vector.ok());
      for (const auto& [other, count] : seen) {
        if (other == node) continue;
        const std::vector<Entry>& entries = entries_[other][region];
        for (size_t i = 0; i < count; ++i) {
          const auto& [position, request] = entries[i];
          if (position.seq <= vector->Get(position.origin)) continue;
          if (!FindEntry(here, region, position)) requests.insert({region, request});
        }
      }
    }
    return requests;
  }

  PhoneHoldings holdings_;
  StreamViews streams_;
  StateCache states_;
  // What was ever durable at a node, by region, in that order; and how many of these there were
  // when a phone spoke with it last.
  struct Entry {
    sync::LogPosition position;
    sync::RequestId request;
  };
  std::map<NodeIndex, std::map<std::string, std::vector<Entry>>> entries_;
  std::map<PhoneIndex, std::map<std::string, std::map<NodeIndex, size_t>>> seen_;
};

}  // namespace

std::unique_ptr<Checker> MakeCursorNeverSkips() { return std::make_unique<CursorNeverSkips>(); }

}  // namespace tikar::simulation
