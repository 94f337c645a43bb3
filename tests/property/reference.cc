#include "reference.h"

#include <algorithm>
#include <set>
#include <utility>

#include "reference_map.h"
#include "reference_policies.h"
#include "reference_values.h"
#include "reference_writes.h"

namespace tikar::reference {
namespace {

using ::tikar::v1::Mutation;

// Changes by their place in the order of ids.
using Index = size_t;
using Subset = std::vector<bool>;

class Rule {
 public:
  Rule(const KnownMap& known, const Definitions& definitions, const TextMerge& merge_text)
      : definitions_(definitions), merge_text_(merge_text) {
    for (const auto& [id, change] : known) {
      ids_.push_back(id);
      changes_.push_back(&change);
      parents_.push_back(change.parents);
    }
    everything_.assign(ids_.size(), true);
    CloseAncestry();
    // A stub whose word would make a circle has no parents.
    for (Index i = 0; i < ids_.size(); ++i) {
      if (!changes_[i]->body && past_[i][i]) parents_[i].clear();
    }
    CloseAncestry();
    for (Index i = 0; i < ids_.size(); ++i) {
      writes_.emplace_back();
      if (IsLive(i) && !IsMoot(i)) writes_[i] = WritesOf(ids_[i], *changes_[i]->body);
    }
  }

  State Evaluate() {
    State state;
    state.change_count = static_cast<uint32_t>(ids_.size());
    std::set<std::string> parents;
    for (const std::vector<std::string>& of_one : parents_) {
      parents.insert(of_one.begin(), of_one.end());
    }
    for (const std::string& id : ids_) {
      if (!parents.contains(id)) state.heads.push_back(id);
    }
    for (Index i = 0; i < ids_.size(); ++i) {
      if (IsTimerChange(i)) ++state.timer_changes;
      if (IsMoot(i)) ++state.moot_changes;
    }
    state.availability = ComputeAvailability(state);
    if (state.availability != v1::AVAILABILITY_READY) return state;
    state.definition_hash = definition_hash_;

    std::set<std::string> paths;
    for (const auto& writes : writes_) {
      for (const auto& [path, write] : writes) paths.insert(path);
    }
    for (const std::string& path : paths) state.fields[path] = FieldOf(path);
    state.entered = Entered();
    const auto text_of = [&state](const std::string& path) {
      const auto it = state.fields.find(path);
      v1::Value value;
      if (it != state.fields.end() && it->second.value) value.ParseFromString(*it->second.value);
      return value.text();
    };
    state.area = text_of(kAreaPath);
    state.status = text_of(kStatusPath);
    if (const auto it = state.fields.find(kRetractedPath); it != state.fields.end()) {
      state.retracted = it->second.value == FlagValue(true).SerializeAsString();
    }
    for (Index i = 0; i < ids_.size(); ++i) {
      if (!IsLive(i)) continue;
      if (!IsMoot(i)) state.update_time = std::max(state.update_time, TimeOf(i));
      if (!IsCreate(i)) continue;
      const v1::Create& create = changes_[i]->body->mutations(0).create();
      state.service = create.service();
      state.version = create.version();
      state.create_time = changes_[i]->body->hlc();
    }
    return state;
  }

 private:
  bool IsLive(Index i) const {
    return changes_[i]->body && changes_[i]->stamp.verdict() == v1::VERDICT_ACCEPTED;
  }
  bool IsCreate(Index i) const {
    const v1::ChangeBody& body = *changes_[i]->body;
    return body.mutations_size() > 0 && body.mutations(0).has_create();
  }
  bool IsTimerChange(Index i) const {
    return IsLive(i) && changes_[i]->body->actor() == "timer" && !IsCreate(i);
  }
  // A timer gives way to whatever anybody did beside it.
  bool IsMoot(Index t) const {
    if (!IsTimerChange(t)) return false;
    for (Index d = 0; d < ids_.size(); ++d) {
      if (Concurrent(t, d) && IsLive(d) && !IsTimerChange(d) &&
          changes_[d]->body->mutations_size() > 0) {
        return true;
      }
    }
    return false;
  }
  uint64_t TimeOf(Index i) const {
    return EffectiveTime(changes_[i]->body->hlc(), changes_[i]->stamp);
  }
  bool Concurrent(Index a, Index b) const { return a != b && !past_[a][b] && !past_[b][a]; }

  // past_[y][x]: x is in the past of y. Warshall's closure.
  void CloseAncestry() {
    const size_t count = ids_.size();
    past_.assign(count, Subset(count, false));
    for (Index y = 0; y < count; ++y) {
      for (const std::string& parent : parents_[y]) {
        const auto it = std::find(ids_.begin(), ids_.end(), parent);
        if (it != ids_.end()) past_[y][static_cast<Index>(it - ids_.begin())] = true;
      }
    }
    for (Index via = 0; via < count; ++via) {
      for (Index y = 0; y < count; ++y) {
        if (!past_[y][via]) continue;
        for (Index x = 0; x < count; ++x) past_[y][x] = past_[y][x] || past_[via][x];
      }
    }
  }

  // W: the writes to `path` among `subset`.
  std::vector<Index> WritesTo(const std::string& path, const Subset& subset) const {
    std::vector<Index> writers;
    for (Index i = 0; i < ids_.size(); ++i) {
      if (subset[i] && writes_[i].contains(path)) writers.push_back(i);
    }
    return writers;
  }

  const std::set<Index>& SupersededBy(Index w, const std::string& path) {
    const auto key = std::make_pair(w, path);
    if (const auto it = superseded_.find(key); it != superseded_.end()) return it->second;
    const Write& write = writes_[w].at(path);
    std::set<Index> superseded;
    if (write.settles || !IsUnderReview(path, past_[w])) {
      for (const Index earlier : WritesTo(path, past_[w])) {
        if (!write.settles || write.named.contains(ids_[earlier])) superseded.insert(earlier);
      }
    }
    return superseded_.emplace(key, std::move(superseded)).first->second;
  }

  // C: by id.
  std::vector<Index> CandidatesOf(const std::string& path, const Subset& subset) {
    const std::vector<Index> writers = WritesTo(path, subset);
    std::set<Index> superseded;
    for (const Index w : writers) {
      const std::set<Index>& by_w = SupersededBy(w, path);
      superseded.insert(by_w.begin(), by_w.end());
    }
    std::vector<Index> candidates;
    for (const Index w : writers) {
      if (!superseded.contains(w)) candidates.push_back(w);
    }
    return candidates;
  }

  // Finds the effective definition.
  v1::Availability ComputeAvailability(State& state) {
    bool created = false;
    for (Index i = 0; i < ids_.size(); ++i) {
      if (!IsLive(i)) continue;
      const Later later = LaterIn(*changes_[i]->body);
      state.has_later_mutation = state.has_later_mutation || later == Later::kMutation;
      state.has_later_value = state.has_later_value || later == Later::kValue;
      created = created || IsCreate(i);
    }
    if (state.has_later_mutation || state.has_later_value) {
      return v1::AVAILABILITY_NEEDS_NEWER_SERVER;
    }
    if (!created) return v1::AVAILABILITY_NEEDS_CREATE;
    const std::vector<Index> candidates = CandidatesOf(kDefinitionPath, everything_);
    if (candidates.empty()) return v1::AVAILABILITY_NEEDS_DEFINITION;
    std::vector<Claim> claims;
    for (const Index c : candidates) {
      claims.push_back({ids_[c], TimeOf(c), writes_[c].at(kDefinitionPath).value});
    }
    const MaybeValue pinned = LatestOf(claims);
    for (const auto& [hash, definition] : definitions_) {
      if (!pinned || Hex(hash) != pinned->text()) continue;
      definition_ = &definition;
      definition_hash_ = hash;
    }
    if (definition_ == nullptr) return v1::AVAILABILITY_NEEDS_DEFINITION;
    if (definition_->merge_version() > kMergeVersion) return v1::AVAILABILITY_NEEDS_NEWER_SERVER;
    return v1::AVAILABILITY_READY;
  }

  MaybeValue ValueOf(Index w, const std::string& path) const {
    const Write& write = writes_[w].at(path);
    if (write.is_first_state) return TextValue(definition_->workflow().states(0).key());
    return write.value;
  }

  // w is in the past of a settling write to `path` among `writers`.
  bool IsSettled(Index w, const std::string& path, const std::vector<Index>& writers) const {
    for (const Index s : writers) {
      if (writes_[s].at(path).settles && past_[s][w]) return true;
    }
    return false;
  }

  // By the policies of the effective definition, also where `subset` is the past of a write that
  // knew another definition or none: a Rebase decides anew what was under review.
  bool IsUnderReview(const std::string& path, const Subset& subset) {
    // What can never be under review is left out first: so the question for "@definition" ends
    // here, which is asked before the effective definition is known.
    if (IsElement(path) || path == kDefinitionPath) return false;
    const auto key = std::make_pair(path, subset);
    if (const auto it = under_review_.find(key); it != under_review_.end()) return it->second;
    const bool answer = ComputeUnderReview(path, subset);
    return under_review_[key] = answer;
  }

  bool ComputeUnderReview(const std::string& path, const Subset& subset) {
    const v1::Policy policy = PolicyOf(path, *definition_);
    if (policy != v1::POLICY_REVIEW && policy != v1::POLICY_WORKFLOW) return false;

    const std::vector<Index> candidates = CandidatesOf(path, subset);
    for (const Index a : candidates) {
      for (const Index b : candidates) {
        if (Clash(ValueOf(a, path), ValueOf(b, path), policy, *definition_)) return true;
      }
    }
    const std::vector<Index> writers = WritesTo(path, subset);
    if (path == kRetractedPath) return HasUnseenEdit(writers, subset);
    for (const Index a : writers) {
      for (const Index b : writers) {
        if (Concurrent(a, b) && !IsSettled(a, path, writers) && !IsSettled(b, path, writers) &&
            Clash(ValueOf(a, path), ValueOf(b, path), policy, *definition_)) {
          return true;
        }
      }
    }
    return false;
  }

  // A retraction that no settlement has seen, beside a change that is more than a retraction.
  bool HasUnseenEdit(const std::vector<Index>& writers, const Subset& subset) const {
    for (const Index r : writers) {
      if (!Same(writes_[r].at(kRetractedPath).value, FlagValue(true))) continue;
      if (IsSettled(r, kRetractedPath, writers)) continue;
      for (Index d = 0; d < ids_.size(); ++d) {
        if (!subset[d] || !IsLive(d) || IsMoot(d) || !Concurrent(r, d)) continue;
        for (const Mutation& mutation : changes_[d]->body->mutations()) {
          if (!mutation.has_retract()) return true;
        }
      }
    }
    return false;
  }

  // When each state of the workflow was written last.
  std::map<std::string, uint64_t> Entered() const {
    std::map<std::string, uint64_t> entered;
    for (const Index w : WritesTo(kStatusPath, everything_)) {
      const MaybeValue value = ValueOf(w, kStatusPath);
      for (const v1::State& state : definition_->workflow().states()) {
        if (!Same(value, TextValue(state.key()))) continue;
        entered[state.key()] = std::max(entered[state.key()], TimeOf(w));
      }
    }
    return entered;
  }

  Field FieldOf(const std::string& path) {
    const std::vector<Index> candidates = CandidatesOf(path, everything_);
    Field field;
    field.policy = IsElement(path) ? v1::POLICY_UNSPECIFIED : PolicyOf(path, *definition_);
    field.under_review = IsUnderReview(path, everything_);
    std::vector<Claim> claims;
    std::set<std::optional<std::string>> distinct;
    for (const Index c : candidates) {
      claims.push_back({ids_[c], TimeOf(c), ValueOf(c, path)});
      distinct.insert(Bytes(claims.back().value));
      const Write& write = writes_[c].at(path);
      field.candidates.push_back({.change_id = ids_[c],
                                  .mutation_index = write.mutation_index,
                                  .value = Bytes(claims.back().value),
                                  .actor = changes_[c]->body->actor(),
                                  .role = changes_[c]->body->role(),
                                  .effective_time = TimeOf(c),
                                  .kind = write.kind});
    }
    Decision decision{claims.front().value, v1::RULE_ONLY};
    if (distinct.size() > 1 && IsElement(path)) {
      decision = DecideElement(claims);
    } else if (distinct.size() > 1) {
      const auto base = [&] { return BaseOf(path, candidates); };
      decision = Decide(field.policy, claims, *definition_, base, merge_text_);
    }
    if (field.under_review) {
      decision.rule = v1::RULE_REVIEW;
      if (path == kRetractedPath) decision.value = FlagValue(false);
    }
    field.rule = decision.rule;
    field.value = Bytes(decision.value);
    return field;
  }

  std::string BaseOf(const std::string& path, const std::vector<Index>& candidates) const {
    std::vector<Index> common;
    for (const Index w : WritesTo(path, everything_)) {
      const bool in_all = std::all_of(candidates.begin(), candidates.end(),
                                      [this, w](Index c) { return past_[c][w]; });
      if (in_all) common.push_back(w);
    }
    for (const Index w : common) {  // in the order of ids
      const bool maximal = std::none_of(common.begin(), common.end(),
                                        [this, w](Index other) { return past_[other][w]; });
      if (!maximal) continue;
      const MaybeValue& value = writes_[w].at(path).value;
      return value ? value->text() : std::string();
    }
    return std::string();
  }

  const Definitions& definitions_;
  const TextMerge& merge_text_;
  std::vector<std::string> ids_;  // sorted, so that an Index orders as its id does
  std::vector<const Known*> changes_;
  std::vector<std::vector<std::string>> parents_;
  std::vector<Subset> past_;
  std::vector<std::map<std::string, Write>> writes_;  // live ones, by path
  Subset everything_;
  const v1::Definition* definition_ = nullptr;  // the effective one
  std::string definition_hash_;
  // Answers already found; the rule is pure.
  std::map<std::pair<Index, std::string>, std::set<Index>> superseded_;
  std::map<std::pair<std::string, Subset>, bool> under_review_;
};

}  // namespace

State Fold(const std::vector<Observation>& observations, const Definitions& definitions,
           const TextMerge& merge_text) {
  const KnownMap known = JoinAll(observations);
  return Rule(known, definitions, merge_text).Evaluate();
}

}  // namespace tikar::reference
