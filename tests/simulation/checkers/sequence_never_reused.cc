#include <map>
#include <set>
#include <string>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "checkers/checkers.h"
#include "checkers/evidence.h"

namespace tikar::simulation {
namespace {

// Promise (guarantee 5): no sequence of an origin is ever reused: not after a crash, not by a store
// that was restored or copied. Whoever knows an entry by (region, origin, sequence) knows it for
// good. And an origin's log has no gaps: its first sequence is 1, each next one is one more.
//
// Judged: for each place in a log, what was there first on anybody's disk, or was told to a phone
// or sent to a node, must be all that is ever there: the same change with the same stamp. (What a
// crash took back before it was durable and before anybody heard of it was never given out.) A node
// that was restored must write under an origin under which nobody has written, from its first entry
// on. In what is durable of one node's own log no sequence is left out.
//
// Excused: nothing.
class SequenceNeverReused : public Checker {
 public:
  std::string_view name() const override { return "SequenceNeverReused"; }

  void OnEntryDurable(const EntryDurable& entry) override {
    const std::string bytes = sync::EncodeEntry(entry.record);
    Take({entry.region, entry.position.origin, entry.position.seq}, bytes,
         sync::ChangeIdOf(entry.record.change_hash), NodeName(entry.node));
    const sync::Origin own = sight().NodeOrigin(entry.node);
    owned_[entry.node] = own;
    if (entry.position.origin != own || entry.position.seq == 1) return;
    const sync::LogPosition before{own, entry.position.seq - 1};
    if (!FindEntry(*sight().NodeDurable(entry.node), entry.region, before)) {
      Fail(absl::StrCat(NodeName(entry.node), " wrote ", entry.region, " ", Name(entry.position),
                        " and nothing under the number before"));
    }
  }

  void OnResponseSent(const ResponseSent& sent) override {
    if (!sent.response.has_push_result()) return;
    for (const v1::ChangeResult& result : sent.response.push_result().results()) {
      const auto change = sync::ChangeId::FromBytes(result.change_id());
      if (!change || result.seq() == 0) continue;
      Told({result.region(), sync::Origin{result.origin()}, result.seq()}, *change,
           NodeName(sent.node));
    }
  }

  void OnEntriesSent(const EntriesSent& sent) override {
    for (const v1::Entry& entry : sent.entries) {
      const auto hash = sync::Hash::FromBytes(entry.change_hash());
      if (!hash) continue;
      Told({entry.region(), sync::Origin{entry.origin()}, entry.seq()}, sync::ChangeIdOf(*hash),
           NodeName(sent.from));
    }
  }

  void OnEntryWritten(const EntryWritten& entry) override {
    if (!restored_.contains(entry.node)) return;
    // Its own log and not what others send: it wrote there before the restore.
    const Place place{entry.region, entry.position.origin, entry.position.seq};
    const auto known = durable_.find(place);
    if (known == durable_.end() && retired_.contains(entry.position.origin)) {
      Fail(absl::StrCat(NodeName(entry.node),
                        " was restored and goes on with the log of before at ", entry.region, " ",
                        Name(entry.position)));
    }
  }

  void OnNodeChanged(const NodeChanged& changed) override {
    const sync::Origin own = sight().NodeOrigin(changed.node);
    if (changed.what == NodeChange::kStarted && own != sync::Origin::kNone) {
      owned_[changed.node] = own;
    }
    if (changed.what == NodeChange::kRestored) {
      // The one that it wrote under until now, and the one that its backup names.
      if (const auto at = owned_.find(changed.node); at != owned_.end())
        retired_.insert(at->second);
      restored_.insert(changed.node);
    }
  }

 private:
  using Place = std::tuple<std::string, sync::Origin, uint64_t>;

  static std::string Show(const Place& place) {
    return absl::StrCat(std::get<0>(place), " ",
                        Name(sync::LogPosition{std::get<1>(place), std::get<2>(place)}));
  }

  void Take(const Place& place, const std::string& bytes, const sync::ChangeId& change,
            const std::string& where) {
    Told(place, change, where);
    const auto [at, fresh] = durable_.try_emplace(place, bytes);
    if (!fresh && at->second != bytes) {
      Fail(absl::StrCat("entry ", Show(place), " is another one at ", where,
                        " than where it was first"));
    }
  }

  void Told(const Place& place, const sync::ChangeId& change, const std::string& who) {
    const auto [at, fresh] = told_.try_emplace(place, change);
    if (!fresh && at->second != change) {
      Fail(absl::StrCat(who, " has change ", Name(change), " at ", Show(place), ", where change ",
                        Name(at->second), " was before"));
    }
  }

  std::map<Place, sync::ChangeId> told_;  // durable somewhere, or known to somebody
  std::map<Place, std::string> durable_;
  std::map<NodeIndex, sync::Origin> owned_;
  std::set<NodeIndex> restored_;
  std::set<sync::Origin> retired_;
};

}  // namespace

std::unique_ptr<Checker> MakeSequenceNeverReused() {
  return std::make_unique<SequenceNeverReused>();
}

}  // namespace tikar::simulation
