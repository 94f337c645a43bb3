// LoadHistory: every change of one request, and what became of each write.
#include <algorithm>
#include <map>
#include <queue>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "sync/fold.h"
#include "sync/history.h"
#include "sync/keys.h"
#include "sync/query.h"
#include "sync/status_macros.h"

namespace tikar::sync {
namespace {

std::string_view KindName(const v1::Mutation& mutation) {
  switch (mutation.kind_case()) {
    case v1::Mutation::kCreate:
      return "create";
    case v1::Mutation::kSetField:
      return "set";
    case v1::Mutation::kClearField:
      return "clear";
    case v1::Mutation::kTransition:
      return "transition";
    case v1::Mutation::kAddElement:
      return "add";
    case v1::Mutation::kRemoveElement:
      return "remove";
    case v1::Mutation::kRetract:
      return "retract";
    case v1::Mutation::kRestore:
      return "restore";
    case v1::Mutation::kSettle:
      return "settle";
    case v1::Mutation::kRebase:
      return "rebase";
    case v1::Mutation::KIND_NOT_SET:
      return "newer";
  }
  return "newer";
}

std::string_view ReasonOf(const v1::Mutation& mutation) {
  if (mutation.has_transition()) return mutation.transition().reason();
  if (mutation.has_retract()) return mutation.retract().reason();
  if (mutation.has_restore()) return mutation.restore().reason();
  if (mutation.has_settle()) return mutation.settle().reason();
  return {};
}

struct Item {
  ChangeId id;
  const Header* header = nullptr;
  const ParsedChange* change = nullptr;  // null: a stub
  uint64_t effective_time = 0;
  std::vector<uint64_t> past;  // bit i: items_[i] is in it
};

class HistoryLoader {
 public:
  HistoryLoader(const Reader& reader, const RequestKey& key, const DefinitionSource& definitions)
      : definitions_(definitions), history_(reader, key, &counters_) {}

  absl::StatusOr<v1::GetRequestHistoryResponse> Run(const StoredRequest& request) {
    definition_ = definitions_.Find(request.state.definition);
    RETURN_IF_ERROR(LoadItems());
    v1::GetRequestHistoryResponse response;
    for (const Item& item : items_) {
      v1::HistoryItem& proto = *response.add_items();
      Describe(item, &proto);
      if (item.change == nullptr || !item.header->live()) continue;
      for (const Write& write : item.change->writes) {
        DescribeWrite(item, write, request, &proto);
      }
    }
    *response.mutable_request() = ToProto(request);
    return response;
  }

 private:
  // Parents first; of those that are ready, the earliest by effective time, then id.
  absl::Status LoadItems() {
    ASSIGN_OR_RETURN(const std::vector<ChangeId> ids, history_.LoadAll());
    std::map<ChangeId, Item> by_id;
    std::map<ChangeId, std::vector<ChangeId>> children;
    std::map<ChangeId, size_t> waiting;
    for (const ChangeId& id : ids) {
      Item& item = by_id[id];
      item.id = id;
      ASSIGN_OR_RETURN(item.header, history_.Find(id));
      ASSIGN_OR_RETURN(item.change, history_.FindChange(id));
      if (item.change != nullptr) {
        item.effective_time = EffectiveTimeOf(item.change->body.hlc(), item.header->stamp);
      }
    }
    using Ready = std::pair<uint64_t, ChangeId>;
    std::priority_queue<Ready, std::vector<Ready>, std::greater<Ready>> ready;
    for (const auto& [id, item] : by_id) {
      size_t known = 0;
      for (const ChangeId& parent : item.header->Ancestors()) {
        if (!by_id.contains(parent)) continue;
        children[parent].push_back(id);
        ++known;
      }
      waiting[id] = known;
      if (known == 0) ready.emplace(item.effective_time, id);
    }
    while (!ready.empty()) {
      const ChangeId id = ready.top().second;
      ready.pop();
      Item& item = by_id[id];
      item.past.assign(items_.size() / 64 + 1, 0);
      for (const ChangeId& parent : item.header->Ancestors()) {
        const auto at = place_.find(parent);
        if (at == place_.end()) continue;
        item.past[at->second / 64] |= uint64_t{1} << (at->second % 64);
        const std::vector<uint64_t>& further = items_[at->second].past;
        for (size_t w = 0; w < further.size(); ++w) item.past[w] |= further[w];
      }
      place_[id] = items_.size();
      items_.push_back(std::move(item));
      for (const ChangeId& child : children[id]) {
        if (--waiting[child] == 0) ready.emplace(by_id[child].effective_time, child);
      }
    }
    return absl::OkStatus();
  }

  // Whether `a` is in the past of `b`.
  bool IsPast(const Item& a, const Item& b) const {
    const size_t place = place_.at(a.id);
    return place / 64 < b.past.size() && (b.past[place / 64] >> (place % 64) & 1) != 0;
  }

  static void Describe(const Item& item, v1::HistoryItem* proto) {
    proto->set_change_id(item.id.bytes());
    for (const ChangeId& parent : item.header->parents) proto->add_parents(parent.bytes());
    *proto->mutable_stamp() = item.header->stamp.ToProto();
    proto->set_generation(item.header->generation);
    if (item.change == nullptr) return;
    const v1::ChangeBody& body = item.change->body;
    proto->set_actor(body.actor());
    proto->set_role(body.role());
    proto->set_hlc(body.hlc());
    proto->set_effective_time(item.effective_time);
    std::string reasons;
    std::set<std::string_view> kinds;
    for (const v1::Mutation& mutation : body.mutations()) {
      if (kinds.insert(KindName(mutation)).second) {
        proto->add_kinds(std::string(KindName(mutation)));
      }
      if (const std::string_view reason = ReasonOf(mutation); !reason.empty()) {
        if (!reasons.empty()) reasons += '\n';
        reasons += reason;
      }
    }
    proto->set_reason(reasons);
  }

  void DescribeWrite(const Item& item, const Write& write, const StoredRequest& request,
                     v1::HistoryItem* proto) const {
    v1::WriteOutcome& outcome = *proto->add_writes();
    outcome.set_path(write.path);
    const Candidate self =
        MakeCandidate(write, *item.change, item.header->stamp, definition_.get());
    if (self.value) *outcome.mutable_value() = self.value->ToProto();
    const FieldState* field = request.state.Find(write.path);
    if (const auto element = request.elements.find(write.path); element != request.elements.end()) {
      field = &element->second;
    }
    if (field == nullptr) {
      outcome.set_rule(v1::RULE_UNSPECIFIED);
      return;
    }
    const auto current =
        std::find_if(field->candidates.begin(), field->candidates.end(),
                     [&](const Candidate& candidate) { return candidate.change == item.id; });
    if (current != field->candidates.end()) {
      if (field->under_review) {
        outcome.set_rule(v1::RULE_REVIEW);
      } else if (IsWinner(*field, *current)) {
        outcome.set_rule(field->rule == v1::RULE_UNION || field->rule == v1::RULE_TEXT
                             ? field->rule
                             : v1::RULE_ONLY);
      } else {
        Lose(*field, field->rule, &outcome);
      }
      return;
    }
    DescribeReplaced(item, write, self, &outcome);
  }

  void Lose(const FieldState& field, v1::Rule rule, v1::WriteOutcome* outcome) const {
    outcome->set_rule(rule);
    for (const Candidate& candidate : field.candidates) {
      if (candidate.value == field.value) outcome->set_by_change_id(candidate.change.bytes());
    }
  }

  // A write that another replaced: settled, or lost against one it did not know of, or simply
  // followed.
  void DescribeReplaced(const Item& item, const Write& write, const Candidate& self,
                        v1::WriteOutcome* outcome) const {
    FieldState contest{.path = write.path, .candidates = {self}};
    const Item* first_after = nullptr;
    for (const Item& other : items_) {
      if (other.change == nullptr || !other.header->live() || other.id == item.id) continue;
      const Write* theirs = other.change->FindWrite(write.path);
      if (theirs == nullptr) continue;
      if (IsPast(item, other)) {
        if (theirs->settles() &&
            std::binary_search(theirs->settled.begin(), theirs->settled.end(), item.id)) {
          outcome->set_rule(theirs->value == self.value ? v1::RULE_SUPERSEDED : v1::RULE_SETTLED);
          outcome->set_by_change_id(other.id.bytes());
          return;
        }
        if (first_after == nullptr) first_after = &other;
      } else if (!IsPast(other, item)) {
        contest.candidates.push_back(
            MakeCandidate(*theirs, *other.change, other.header->stamp, definition_.get()));
      }
    }
    outcome->set_rule(v1::RULE_SUPERSEDED);
    if (first_after != nullptr) outcome->set_by_change_id(first_after->id.bytes());
    if (contest.candidates.size() < 2) return;
    const FieldRule rule = FieldRuleOf(write.path, definition_.get());
    // Only who won matters here, not the text that a merge made of it.
    if (rule == FieldRule::kText || rule == FieldRule::kUnion) return;
    const auto no_base = []() -> absl::StatusOr<std::optional<Value>> { return std::nullopt; };
    if (!Decide(rule, definition_.get(), no_base, &contest).ok()) return;
    if (!IsWinner(contest, self)) Lose(contest, contest.rule, outcome);
  }

  const DefinitionSource& definitions_;
  HistoryCounters counters_;
  HistoryReader history_;
  std::shared_ptr<const Definition> definition_;
  std::vector<Item> items_;
  std::map<ChangeId, size_t> place_;
};

}  // namespace

absl::StatusOr<v1::GetRequestHistoryResponse> LoadHistory(const Reader& reader,
                                                          const RequestKey& key,
                                                          const DefinitionSource& definitions) {
  ASSIGN_OR_RETURN(std::optional<StoredRequest> request, LoadRequest(reader, key));
  if (!request) return absl::NotFoundError(absl::StrCat("no request ", RequestName(key)));
  return HistoryLoader(reader, key, definitions).Run(*request);
}

}  // namespace tikar::sync
