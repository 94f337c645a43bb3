#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "checkers/checkers.h"
#include "checkers/evidence.h"

namespace tikar::simulation {
namespace {

// Promise (sync/README.md, "Joining stamps"): of all stamps that a change got, wherever it was
// logged, the earliest receipt counts, the larger verdict, and of that verdict the smaller reason;
// whatever the order in which they came.
//
// Judged at each start of a node, when faults end, and at the end: for every change the stamp in
// the header is the join of the stamps of all entries of it in that node's log. The join is written
// here again. (That all nodes have the same entries in the end is Converged's to say.)
//
// Excused: nothing.
class VerdictsJoin : public Checker {
 public:
  std::string_view name() const override { return "VerdictsJoin"; }

  void OnNodeChanged(const NodeChanged& changed) override {
    if (changed.what == NodeChange::kStarted) CheckNode(changed.node);
  }

  void OnHealed() override { CheckAll(); }
  void OnEnd(bool) override { CheckAll(); }

 private:
  struct Joined {
    sync::RequestKey request;
    std::tuple<int64_t, int64_t, std::string> earliest;
    v1::Verdict verdict = v1::VERDICT_UNSPECIFIED;
    v1::RefusalReason reason = v1::REFUSAL_REASON_UNSPECIFIED;
    size_t stamps = 0;
  };

  void CheckAll() {
    for (NodeIndex node = 0; node < sight().node_count(); ++node) CheckNode(node);
  }

  void CheckNode(NodeIndex node) {
    const std::shared_ptr<const sync::Reader> disk = sight().NodeDurable(node);
    for (const std::string& region : sight().regions()) {
      std::map<sync::ChangeId, Joined> joined;
      for (const LoggedEntry& entry : EntriesOf(*disk, region)) {
        Join(entry, region, &joined[sync::ChangeIdOf(entry.record.change_hash)]);
      }
      for (const auto& [change, expected] : joined) {
        const auto header = FindHeader(*disk, expected.request, change);
        if (!header) {
          Fail(absl::StrCat(NodeName(node), " has change ", Name(change),
                            " in its log and not in the "
                            "history of ",
                            Name(expected.request)));
          return;
        }
        const auto receipt = std::tie(header->stamp.received_at_ms, header->stamp.clock_offset_ms,
                                      header->stamp.signature_id);
        if (receipt != expected.earliest || header->stamp.verdict != expected.verdict ||
            header->stamp.reason != expected.reason) {
          Fail(absl::StrCat(NodeName(node), " counts change ", Name(change), " of ",
                            Name(expected.request), " by ", Name(header->stamp.verdict),
                            " received at ", header->stamp.received_at_ms, "; its ",
                            expected.stamps, " stamps join to ", Name(expected.verdict),
                            " received at ", std::get<0>(expected.earliest)));
          return;
        }
      }
    }
  }

  static void Join(const LoggedEntry& entry, const std::string& region, Joined* joined) {
    const sync::Stamp& stamp = entry.record.stamp;
    const std::tuple<int64_t, int64_t, std::string> receipt{
        stamp.received_at_ms, stamp.clock_offset_ms, stamp.signature_id};
    if (joined->stamps++ == 0) {
      *joined = {{region, entry.record.request_id}, receipt, stamp.verdict, stamp.reason, 1};
      return;
    }
    joined->earliest = std::min(joined->earliest, receipt);
    if (stamp.verdict > joined->verdict) {
      joined->verdict = stamp.verdict;
      joined->reason = stamp.reason;
    } else if (stamp.verdict == joined->verdict) {
      joined->reason = std::min(joined->reason, stamp.reason);
    }
  }
};

}  // namespace

std::unique_ptr<Checker> MakeVerdictsJoin() { return std::make_unique<VerdictsJoin>(); }

}  // namespace tikar::simulation
