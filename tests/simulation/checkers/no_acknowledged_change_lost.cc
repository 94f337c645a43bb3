#include <map>
#include <set>
#include <vector>

#include "absl/strings/str_cat.h"
#include "checkers/checkers.h"
#include "checkers/evidence.h"

namespace tikar::simulation {
namespace {

// Promise (guarantees 1, 2 and 5): an acknowledged change is durable. Crashes, torn writes and full
// disks lose none; a node that was restored gets back what its backup lacked, from the other nodes
// and from the phones, which keep and offer again what they made.
//
// Judged: every acceptance that leaves a node is noted. Whenever that node starts, and at the end,
// its disk must hold the change: header, log entry and the author's bytes. At the end every change
// that anybody ever acknowledged, or that is in the outbox of a phone in use as acknowledged, must
// be on some node.
//
// Excused: on a node that was restored, what it acknowledged after the backup, until the end; in
// the end, what was nowhere but on nodes that were restored to before it and on phones that are not
// used any more or were restored to before it too.
class NoAcknowledgedChangeLost : public Checker {
 public:
  std::string_view name() const override { return "NoAcknowledgedChangeLost"; }

  void OnResponseSent(const ResponseSent& sent) override {
    if (!sent.response.has_push_result()) return;
    for (const v1::ChangeResult& result : sent.response.push_result().results()) {
      if (result.verdict() != v1::VERDICT_ACCEPTED) continue;
      const auto change = sync::ChangeId::FromBytes(result.change_id());
      const auto request = sync::RequestId::FromBytes(result.request_id());
      if (!change || !request) {
        Fail(absl::StrCat(NodeName(sent.node), " acknowledged a change without naming it"));
        return;
      }
      Promise(sent.node, *change, {result.region(), *request});
    }
  }

  void OnOfficeAnswered(const OfficeAnswered& answered) override {
    if (answered.verdict != v1::VERDICT_ACCEPTED) return;
    Promise(answered.node, answered.change, answered.request);
  }

  void OnNodeChanged(const NodeChanged& changed) override {
    if (changed.what == NodeChange::kRestored) {
      std::erase_if(At(changed.node),
                    [&](const auto& promise) { return promise.second.step > changed.backup_step; });
    } else if (changed.what == NodeChange::kStarted) {
      CheckNode(changed.node, "after a start");
    }
  }

  void OnEnd(bool) override {
    for (NodeIndex node = 0; node < sight().node_count(); ++node) CheckNode(node, "in the end");
    std::map<sync::ChangeId, sync::RequestKey> must_be_somewhere;
    for (const auto& promises : promises_) {
      for (const auto& [change, promise] : promises) {
        must_be_somewhere.emplace(change, promise.request);
      }
    }
    // What an outbox holds is offered again to a node that lost it.
    for (PhoneIndex phone = 0; phone < sight().phone_count(); ++phone) {
      if (!sight().PhoneIsUsed(phone)) continue;
      for (const PhoneContents::OutboxRow& row : sight().ReadPhone(phone).outbox) {
        if (row.fate == client::ChangeFate::kAcknowledged || acknowledged_.contains(row.change)) {
          must_be_somewhere.emplace(row.change, row.request);
        }
      }
    }
    std::vector<std::shared_ptr<const sync::Reader>> disks;
    for (NodeIndex node = 0; node < sight().node_count(); ++node) {
      disks.push_back(sight().NodeDurable(node));
    }
    for (const auto& [change, request] : must_be_somewhere) {
      bool found = false;
      for (const auto& disk : disks) found = found || HoldsChange(*disk, request, change);
      if (!found) {
        Fail(absl::StrCat("change ", Name(change), " of ", Name(request),
                          " was acknowledged and is on no node in the end"));
        return;
      }
    }
  }

 private:
  struct Given {
    sync::RequestKey request;
    uint64_t step = 0;
  };

  std::map<sync::ChangeId, Given>& At(NodeIndex node) {
    if (node >= promises_.size()) promises_.resize(node + 1);
    return promises_[node];
  }

  void Promise(NodeIndex node, const sync::ChangeId& change, const sync::RequestKey& request) {
    acknowledged_.insert(change);
    At(node).emplace(change, Given{request, sight().step()});
  }

  void CheckNode(NodeIndex node, absl::string_view when) {
    const auto& promises = At(node);
    if (promises.empty()) return;
    const std::shared_ptr<const sync::Reader> disk = sight().NodeDurable(node);
    for (const auto& [change, promise] : promises) {
      if (HoldsChange(*disk, promise.request, change)) continue;
      Fail(absl::StrCat(NodeName(node), " acknowledged change ", Name(change), " of ",
                        Name(promise.request), " at step ", promise.step, " and does not hold it ",
                        when));
      return;
    }
  }

  std::vector<std::map<sync::ChangeId, Given>> promises_;  // by node
  std::set<sync::ChangeId> acknowledged_;                  // by any node, ever
};

}  // namespace

std::unique_ptr<Checker> MakeNoAcknowledgedChangeLost() {
  return std::make_unique<NoAcknowledgedChangeLost>();
}

}  // namespace tikar::simulation
