#include <map>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "checkers/checkers.h"
#include "checkers/evidence.h"

namespace tikar::simulation {
namespace {

// Promise (guarantee 3, "across versions that overlap"; section 3, Definitions; section 7, old app
// versions against new schemas): what a newer app or a newer node wrote passes through an older one
// unharmed. Nobody re-encodes a body. A build that does not understand a mutation keeps it, says
// NEEDS_NEWER_SERVER and shows nothing half-folded; once upgraded it folds what waited to the bytes
// that others have had all along.
//
// Judged: whenever an entry of a change that a phone made becomes durable anywhere, it has the
// author's bytes. When faults end and at the end, no request is READY on a node whose log has an
// accepted change of it with a mutation that no build of the run knows. At the end, a request that
// an older build has held is in the same state, byte for byte, wherever it is not waiting for a
// newer build.
//
// Excused: nothing.
class OldAndNewVersionsConverge : public Checker {
 public:
  std::string_view name() const override { return "OldAndNewVersionsConverge"; }

  void OnChangeMade(const ChangeMade& made) override {
    bodies_[made.change.id] = made.change.bytes;
    if (made.change.newer_kind) {
      beyond_[{made.change.body.region(), made.change.request_id}].insert(made.change.id);
    }
  }

  void OnEntryDurable(const EntryDurable& entry) override {
    const sync::ChangeId change = sync::ChangeIdOf(entry.record.change_hash);
    const auto made = bodies_.find(change);
    // A refused change over the limits leaves a stub.
    if (made == bodies_.end() || entry.record.body.empty()) return;
    if (entry.record.body != made->second) {
      Fail(absl::StrCat(NodeName(entry.node), " holds change ", Name(change),
                        " in other bytes than its author's"));
    }
  }

  void OnStateWritten(const StateWritten& written) override {
    if (sight().NodeIsOld(written.node)) was_old_.insert(written.key);
  }

  void OnHealed() override { CheckBeyond(); }

  void OnEnd(bool) override {
    CheckBeyond();
    std::map<sync::RequestKey, std::pair<NodeIndex, std::string>> first;
    for (NodeIndex node = 0; node < sight().node_count(); ++node) {
      const std::shared_ptr<const sync::Reader> disk = sight().NodeDurable(node);
      for (const std::string& region : sight().regions()) {
        for (const auto& [key, record] : RecordsOf(*disk, region)) {
          if (!was_old_.contains(key)) continue;
          const StateCache::Known& known = states_.Of(key, record);
          const bool waits = known.state.availability == v1::AVAILABILITY_NEEDS_NEWER_SERVER;
          if (waits && sight().NodeIsOld(node)) continue;
          const auto [at, fresh] = first.try_emplace(key, node, known.digest.bytes());
          if (fresh || at->second.second == known.digest.view()) continue;
          Fail(absl::StrCat(NodeName(node), " and ", NodeName(at->second.first), " hold ",
                            Name(key), " in different states; an older build had held it"));
          return;
        }
      }
    }
  }

 private:
  void CheckBeyond() {
    for (NodeIndex node = 0; node < sight().node_count(); ++node) {
      const std::shared_ptr<const sync::Reader> disk = sight().NodeDurable(node);
      for (const std::string& region : sight().regions()) {
        for (const auto& [key, record] : RecordsOf(*disk, region)) {
          const auto beyond = beyond_.find(key);
          const bool ready = states_.Of(key, record).state.availability == v1::AVAILABILITY_READY;
          if (beyond == beyond_.end() || !ready) continue;
          for (const sync::ChangeId& change : beyond->second) {
            const auto header = FindHeader(*disk, key, change);
            if (!header || header->stamp.verdict != v1::VERDICT_ACCEPTED) continue;
            Fail(absl::StrCat(NodeName(node), " shows ", Name(key), " as if it understood change ",
                              Name(change), ", which is of a later version"));
            return;
          }
        }
      }
    }
  }

  std::map<sync::ChangeId, std::string> bodies_;
  // Changes with mutations that this build does not know, by request.
  std::map<sync::RequestKey, std::set<sync::ChangeId>> beyond_;
  std::set<sync::RequestKey> was_old_;
  StateCache states_;
};

}  // namespace

std::unique_ptr<Checker> MakeOldAndNewVersionsConverge() {
  return std::make_unique<OldAndNewVersionsConverge>();
}

}  // namespace tikar::simulation
