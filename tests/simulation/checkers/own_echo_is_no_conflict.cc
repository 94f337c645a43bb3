#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "checkers/checkers.h"
#include "checkers/evidence.h"

namespace tikar::simulation {
namespace {

// Promise (section 7, own pushes echoed back as conflicts or duplicates; guarantee 12, the gate):
// what an officer writes follows what the same phone wrote before, whatever has been acknowledged,
// echoed, lost or held back meanwhile. So an officer is never in conflict with himself. And when
// all is said, the phone shows what the server has and nothing of its own beside or on top of it.
//
// Judged: when a phone makes a change, the one it made before on the same request is in its past,
// worked out from the parents that the bodies name. At the end, of what a phone holds and has
// changed, it shows just what it holds: no path still pending, no element twice.
//
// Excused: changes that a server refused or that are poison (the phone does not show them any
// more); what the phone made after the backup from which it was restored or cloned; what died with
// an app before its officer was told. At the end, requests with changes that still wait for a
// person, and a state that came from another node's feed than the one that acknowledged the change
// last (local_view.h: it counts as without the change until that node has acknowledged it, too).
class OwnEchoIsNoConflict : public Checker {
 public:
  std::string_view name() const override { return "OwnEchoIsNoConflict"; }

  void OnChangeMade(const ChangeMade& made) override {
    parents_[made.change.id] = made.change.parents;
    const sync::RequestKey key{made.change.body.region(), made.change.request_id};
    std::vector<Made>& chain = made_[made.phone][key];
    const auto before = std::find_if(chain.rbegin(), chain.rend(), [&](const Made& earlier) {
      return !refused_.contains(earlier.change) && !poison_.contains(earlier.change);
    });
    if (before != chain.rend() && !IsPast(before->change, made.change.parents)) {
      Fail(absl::StrCat(PhoneName(made.phone), " wrote change ", Name(made.change.id), " on ",
                        Name(key), " as if its own change ", Name(before->change),
                        " were somebody else's"));
    }
    chain.push_back({made.change.id, sight().step()});
    if (made.poison) poison_.insert(made.change.id);
  }

  void OnEntryWritten(const EntryWritten& entry) override {
    const sync::ChangeId change = sync::ChangeIdOf(entry.record.change_hash);
    if (entry.record.body.empty() || parents_.contains(change)) return;
    v1::ChangeBody body;
    if (!body.ParseFromString(entry.record.body)) return;
    std::vector<sync::ChangeId>& parents = parents_[change];
    for (const std::string& bytes : body.parents()) {
      if (const auto parent = sync::ChangeId::FromBytes(bytes)) parents.push_back(*parent);
    }
  }

  void OnResultStored(const ResultStored& stored) override {
    if (stored.result.verdict() != v1::VERDICT_VOID) return;
    if (const auto id = sync::ChangeId::FromBytes(stored.result.change_id())) refused_.insert(*id);
  }

  void OnPhoneChanged(const PhoneChanged& changed) override {
    if (changed.what != PhoneChange::kRestored && changed.what != PhoneChange::kCloned) return;
    const PhoneIndex source = changed.what == PhoneChange::kCloned ? changed.source : changed.phone;
    std::map<sync::RequestKey, std::vector<Made>> kept = made_[source];
    for (auto& [key, chain] : kept) {
      std::erase_if(chain, [&](const Made& made) { return made.step > changed.backup_step; });
    }
    made_[changed.phone] = std::move(kept);
  }

  void OnEnd(bool in_time) override {
    if (!in_time) return;
    for (PhoneIndex phone = 0; phone < sight().phone_count(); ++phone) {
      if (sight().PhoneIsUsed(phone) && !CheckShown(phone)) return;
    }
  }

 private:
  struct Made {
    sync::ChangeId change;
    uint64_t step = 0;
  };

  // Whether `change` is one of `from` or in the past of one of them. What nobody has been told of
  // (a change that an app committed just before it died) may have it there.
  bool IsPast(const sync::ChangeId& change, const std::vector<sync::ChangeId>& from) const {
    std::set<sync::ChangeId> seen(from.begin(), from.end());
    std::vector<sync::ChangeId> left(from);
    while (!left.empty()) {
      const sync::ChangeId next = left.back();
      left.pop_back();
      if (next == change) return true;
      const auto at = parents_.find(next);
      if (at == parents_.end()) return true;
      for (const sync::ChangeId& parent : at->second) {
        if (seen.insert(parent).second) left.push_back(parent);
      }
    }
    return false;
  }

  bool CheckShown(PhoneIndex phone) {
    const PhoneContents contents = sight().ReadPhone(phone);
    std::set<sync::RequestKey> changed, excused;
    for (const PhoneContents::OutboxRow& row : contents.outbox) {
      const auto held = contents.requests.find(row.request);
      if (held == contents.requests.end()) continue;  // it left
      const bool comparable = row.fate == client::ChangeFate::kAcknowledged &&
                              row.answer.feed_id() == sync::Raw(held->second.feed);
      (comparable ? changed : excused).insert(row.request);
    }
    for (const sync::RequestKey& key : excused) changed.erase(key);
    std::erase_if(changed, [&](const auto& key) { return sight().LostByRestore(key); });
    for (const sync::RequestKey& key : changed) {
      const auto held = contents.requests.find(key);
      const auto shown = sight().PhoneShows(phone, key);
      if (!shown) {
        Fail(absl::StrCat(PhoneName(phone), " holds ", Name(key), " and does not show it"));
        return false;
      }
      if (shown->pending() || Fields(shown->request) != Fields(held->second.request)) {
        Fail(absl::StrCat(
            PhoneName(phone), " shows its own changes on top of ", Name(key), " (",
            shown->pending_paths.empty() ? "nothing pending" : shown->pending_paths.front(),
            "), which the server's state has taken in"));
        return false;
      }
    }
    return true;
  }

  // Path, value and place of all that is shown.
  static std::vector<std::string> Fields(const v1::Request& request) {
    std::vector<std::string> fields;
    for (const v1::FieldState& field : request.fields()) {
      fields.push_back(absl::StrCat(field.path(), "=", field.value().SerializeAsString()));
    }
    for (const v1::FieldState& element : request.elements()) {
      fields.push_back(absl::StrCat(element.path(), "=", element.value().SerializeAsString()));
    }
    return fields;
  }

  std::map<sync::ChangeId, std::vector<sync::ChangeId>> parents_;
  std::map<PhoneIndex, std::map<sync::RequestKey, std::vector<Made>>> made_;
  std::set<sync::ChangeId> refused_;
  std::set<sync::ChangeId> poison_;
};

}  // namespace

std::unique_ptr<Checker> MakeOwnEchoIsNoConflict() {
  return std::make_unique<OwnEchoIsNoConflict>();
}

}  // namespace tikar::simulation
