#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "checkers/checkers.h"
#include "checkers/evidence.h"
#include "sync/query.h"
#include "sync/value.h"

namespace tikar::simulation {
namespace {

// Promise (section 3, law 6): no write is lost. Every value that somebody wrote is in the request's
// history: who wrote it, and whether it counts or by which rule, and against whose, it lost.
//
// Judged at the end, on each node, for each request that is READY: the accepted changes of its log
// are read again, mutation by mutation. Each has an item in the history with its author; each write
// of a value has an outcome with that value and a rule, and a rule by which it lost names a change
// that is there and is not the loser itself. A field with several candidates has among them only
// changes that wrote it.
//
// Excused: nothing.
class LosingValueKept : public Checker {
 public:
  std::string_view name() const override { return "LosingValueKept"; }

  void OnEnd(bool) override {
    for (NodeIndex node = 0; node < sight().node_count(); ++node) {
      const std::shared_ptr<const sync::Reader> disk = sight().NodeDurable(node);
      for (const std::string& region : sight().regions()) {
        const std::map<sync::RequestKey, Bodies> bodies = AcceptedIn(*disk, region);
        for (const auto& [key, record] : RecordsOf(*disk, region)) {
          if (states_.Of(key, record).state.availability != v1::AVAILABILITY_READY) continue;
          const auto at = bodies.find(key);
          if (at != bodies.end() && !CheckRequest(node, *disk, key, at->second)) return;
        }
      }
    }
  }

 private:
  using Bodies = std::map<sync::ChangeId, v1::ChangeBody>;

  // What an officer wrote where; nullopt: it was emptied.
  struct Written {
    std::string path;
    std::optional<v1::Value> value;
  };

  static std::map<sync::RequestKey, Bodies> AcceptedIn(const sync::Reader& disk,
                                                       const std::string& region) {
    std::map<sync::RequestKey, Bodies> accepted;
    for (const LoggedEntry& entry : EntriesOf(disk, region)) {
      v1::ChangeBody body;
      if (entry.record.stamp.verdict != v1::VERDICT_ACCEPTED || entry.record.body.empty() ||
          !body.ParseFromString(entry.record.body)) {
        continue;
      }
      accepted[{region, entry.record.request_id}].emplace(
          sync::ChangeIdOf(entry.record.change_hash), std::move(body));
    }
    return accepted;
  }

  static std::vector<Written> WritesOf(const sync::ChangeId& change, const v1::ChangeBody& body) {
    std::vector<Written> writes;
    for (int index = 0; index < body.mutations_size(); ++index) {
      const v1::Mutation& mutation = body.mutations(index);
      v1::Value text;
      if (mutation.has_create()) {
        text.set_text(mutation.create().area());
        writes.push_back({"area", text});
      } else if (mutation.has_set_field()) {
        writes.push_back({mutation.set_field().path(), mutation.set_field().value()});
      } else if (mutation.has_clear_field()) {
        writes.push_back({mutation.clear_field().path(), std::nullopt});
      } else if (mutation.has_transition()) {
        text.set_text(mutation.transition().to());
        writes.push_back({"status", text});
      } else if (mutation.has_add_element()) {
        writes.push_back(
            {absl::StrCat(mutation.add_element().collection(), "/", change.hex(), ".", index),
             mutation.add_element().value()});
      } else if (mutation.has_remove_element()) {
        writes.push_back({mutation.remove_element().path(), std::nullopt});
      } else if (mutation.has_settle()) {
        writes.push_back(
            {mutation.settle().path(), mutation.settle().has_value()
                                           ? std::optional<v1::Value>(mutation.settle().value())
                                           : std::nullopt});
      }
    }
    return writes;
  }

  // Texts and numbers as they are stored: in one normal form.
  static std::string Canonical(const std::optional<v1::Value>& value) {
    if (!value) return "";
    const auto read = sync::Value::FromProto(*value);
    return read.ok() ? std::string(read->canonical()) : "";
  }

  bool CheckRequest(NodeIndex node, const sync::Reader& disk, const sync::RequestKey& key,
                    const Bodies& bodies) {
    const auto history = sync::LoadHistory(disk, key, sight().definitions());
    if (!history.ok()) {
      Fail(absl::StrCat(NodeName(node), " cannot tell the history of ", Name(key), ": ",
                        history.status().message()));
      return false;
    }
    std::map<std::string, const v1::HistoryItem*> items;
    for (const v1::HistoryItem& item : history->items()) items[item.change_id()] = &item;
    for (const auto& [change, body] : bodies) {
      const auto at = items.find(change.bytes());
      if (at == items.end() || at->second->actor() != body.actor()) {
        Fail(absl::StrCat(NodeName(node), " does not tell in the history of ", Name(key), " that ",
                          body.actor(), " made change ", Name(change)));
        return false;
      }
      for (const Written& written : WritesOf(change, body)) {
        if (!CheckWrite(node, key, change, written, *at->second, items)) return false;
      }
    }
    return CheckCandidates(node, key, bodies, history->request());
  }

  bool CheckWrite(NodeIndex node, const sync::RequestKey& key, const sync::ChangeId& change,
                  const Written& written, const v1::HistoryItem& item,
                  const std::map<std::string, const v1::HistoryItem*>& items) {
    const std::string wanted = Canonical(written.value);
    for (const v1::WriteOutcome& outcome : item.writes()) {
      if (outcome.path() != written.path) continue;
      const std::string shown =
          outcome.has_value() ? Canonical(std::optional<v1::Value>(outcome.value())) : "";
      if (shown != wanted || outcome.rule() == v1::RULE_UNSPECIFIED) break;
      if (outcome.by_change_id().empty()) return true;
      if (items.contains(outcome.by_change_id()) && outcome.by_change_id() != change.view())
        return true;
      break;
    }
    Fail(absl::StrCat(NodeName(node), " does not tell what became of ", written.path, " in ",
                      Name(key), ", which change ", Name(change), " wrote"));
    return false;
  }

  bool CheckCandidates(NodeIndex node, const sync::RequestKey& key, const Bodies& bodies,
                       const v1::Request& request) {
    for (const v1::FieldState& field : request.fields()) {
      if (field.candidates_size() < 2) continue;
      std::set<std::string> named;
      for (const v1::Candidate& candidate : field.candidates()) {
        const auto id = sync::ChangeId::FromBytes(candidate.change_id());
        const auto at = id ? bodies.find(*id) : bodies.end();
        if (at == bodies.end() || at->second.actor() != candidate.actor() ||
            !named.insert(candidate.change_id()).second) {
          Fail(absl::StrCat(NodeName(node), " has a candidate for ", field.path(), " in ",
                            Name(key), " that nobody wrote"));
          return false;
        }
      }
    }
    return true;
  }

  StateCache states_;
};

}  // namespace

std::unique_ptr<Checker> MakeLosingValueKept() { return std::make_unique<LosingValueKept>(); }

}  // namespace tikar::simulation
