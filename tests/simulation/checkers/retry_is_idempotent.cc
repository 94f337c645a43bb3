#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "checkers/checkers.h"
#include "checkers/evidence.h"

namespace tikar::simulation {
namespace {

// Promise (section 3, "a retry is idempotent for free"; section 7, duplicates): a change that is
// pushed again, because its result was lost or because the phone met another node, is one change; a
// call of the office that is repeated with its key makes nothing new.
//
// Judged: an origin logs a change once; a second time only to judge it better than before (a change
// that was refused for want of its definition is taken when it comes again). Two answers with one
// key name the same change of the same request. In every state the number of changes is that of the
// headers that are there.
//
// Excused: a key, on a node that was restored or whose clock went on by more than the day for which
// it is kept.
class RetryIsIdempotent : public Checker {
 public:
  std::string_view name() const override { return "RetryIsIdempotent"; }

  void OnEntryDurable(const EntryDurable& entry) override {
    ObserveClock(entry.node);
    const auto place = std::make_tuple(entry.region, entry.position.origin, entry.position.seq);
    if (!places_.insert(place).second) return;  // the same entry, at another node
    const sync::ChangeId change = sync::ChangeIdOf(entry.record.change_hash);
    const v1::Verdict verdict = entry.record.stamp.verdict;
    const auto [at, fresh] = logged_.try_emplace({entry.region, entry.position.origin, change},
                                                 entry.position.seq, verdict);
    if (fresh) return;
    auto& [seq, best] = at->second;
    // They may become durable in any order at a third node.
    const bool better = entry.position.seq > seq ? verdict > best : verdict < best;
    if (!better) {
      Fail(absl::StrCat("change ", Name(change), " is logged twice by one node: at ",
                        Name(entry.position), " as ", Name(verdict), ", and under number ", seq,
                        " as ", Name(best)));
      return;
    }
    seq = std::max(seq, entry.position.seq);
    best = std::max(best, verdict);
  }

  void OnOfficeAnswered(const OfficeAnswered& answered) override {
    ObserveClock(answered.node);
    const auto [at, fresh] =
        calls_.try_emplace({answered.node, answered.key},
                           Call{answered.change, answered.request, clocks_[answered.node]});
    if (fresh) return;
    const Call& first = at->second;
    if (clocks_[answered.node] - first.clock_ms >= kKeyKeptMs) return;
    if (first.change != answered.change || first.request != answered.request) {
      Fail(absl::StrCat(NodeName(answered.node), " answered a call with change ",
                        Name(first.change), ", and when it was repeated with change ",
                        Name(answered.change)));
    }
  }

  void OnNodeChanged(const NodeChanged& changed) override {
    if (changed.what != NodeChange::kRestored) return;
    std::erase_if(calls_, [&](const auto& call) { return call.first.first == changed.node; });
  }

  void OnEnd(bool) override {
    for (NodeIndex node = 0; node < sight().node_count(); ++node) {
      const std::shared_ptr<const sync::Reader> disk = sight().NodeDurable(node);
      for (const std::string& region : sight().regions()) {
        for (const auto& [key, record] : RecordsOf(*disk, region)) {
          const uint32_t counted = states_.Of(key, record).state.change_count;
          const size_t there = HeadersOf(*disk, key).size();
          if (counted == there) continue;
          Fail(absl::StrCat(NodeName(node), " counts ", counted, " changes of ", Name(key),
                            " and holds ", there));
          return;
        }
      }
    }
  }

 private:
  struct Call {
    sync::ChangeId change;
    sync::RequestKey request;
    int64_t clock_ms = 0;
  };

  static constexpr int64_t kKeyKeptMs = 24 * 60 * 60 * 1000;

  // The latest that a node's clock has shown: what is old by then may be forgotten, even if the
  // clock is set back afterwards.
  void ObserveClock(NodeIndex node) {
    int64_t& latest = clocks_[node];
    latest = std::max(latest, sight().NodeClockMs(node));
  }

  std::set<std::tuple<std::string, sync::Origin, uint64_t>> places_;
  std::map<std::tuple<std::string, sync::Origin, sync::ChangeId>, std::pair<uint64_t, v1::Verdict>>
      logged_;  // last number and best verdict
  std::map<std::pair<NodeIndex, std::string>, Call> calls_;
  std::map<NodeIndex, int64_t> clocks_;
  StateCache states_;
};

}  // namespace

std::unique_ptr<Checker> MakeRetryIsIdempotent() { return std::make_unique<RetryIsIdempotent>(); }

}  // namespace tikar::simulation
