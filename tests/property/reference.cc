#include "reference.h"

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

#include "reference_map.h"
#include "reference_values.h"

namespace tikar::reference {
namespace {

using ::tikar::v1::Mutation;

const std::string kDefinitionPath = "@definition";
const std::string kRetractedPath = "@retracted";
const std::string kStatusPath = "status";
const std::string kAreaPath = "area";

std::string Hex(std::string_view bytes) {
  std::string hex;
  for (const unsigned char byte : bytes) {
    hex += "0123456789abcdef"[byte / 16];
    hex += "0123456789abcdef"[byte % 16];
  }
  return hex;
}

// "<collection>/<change id hex>.<mutation index>".
bool IsElement(const std::string& path) {
  const size_t slash = path.find('/');
  if (slash == std::string::npos || slash == 0) return false;
  const size_t point = path.find('.', slash);
  if (point == std::string::npos || point - slash != 1 + 2 * 16 || point + 1 == path.size()) {
    return false;
  }
  const std::string index = path.substr(point + 1);
  return path.find_first_not_of("0123456789abcdef", slash + 1) == point &&
         index.find_first_not_of("0123456789") == std::string::npos &&
         (index == "0" || index[0] != '0');
}

// Changes by their place in the order of ids.
using Index = size_t;
using Subset = std::vector<bool>;

struct Write {
  uint32_t mutation_index = 0;
  Mutation::KindCase kind = Mutation::KIND_NOT_SET;
  MaybeValue value;
  bool is_first_state = false;  // the value is the first state of the effective definition
  bool settles = false;
  std::set<std::string> named;  // of a settling write: change ids
};

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
      unknown_kind_.push_back(false);
      if (IsLive(i)) CollectWrites(i);
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
    state.availability = ComputeAvailability();
    if (state.availability != v1::AVAILABILITY_READY) return state;
    state.definition_hash = definition_hash_;

    std::set<std::string> paths;
    for (const auto& writes : writes_) {
      for (const auto& [path, write] : writes) paths.insert(path);
    }
    for (const std::string& path : paths) state.fields[path] = FieldOf(path);
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
      state.update_time = std::max(state.update_time, TimeOf(i));
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

  // Overwrites: within one change the last write to a path counts.
  void Put(Index i, uint32_t mutation_index, Mutation::KindCase kind, const std::string& path,
           MaybeValue value) {
    if (path.empty()) return;
    Write write;
    write.mutation_index = mutation_index;
    write.kind = kind;
    write.value = std::move(value);
    writes_[i][path] = std::move(write);
  }

  void PutDefinition(Index i, uint32_t mutation_index, Mutation::KindCase kind,
                     const std::string& hash) {
    if (hash.size() != 32) return;
    Put(i, mutation_index, kind, kDefinitionPath, TextValue(Hex(hash)));
  }

  static bool MayBeSet(const std::string& path) {
    return path != kStatusPath && path.substr(0, 1) != "@";
  }

  void CollectWrites(Index i) {
    for (int m = 0; m < changes_[i]->body->mutations_size(); ++m) {
      CollectWrite(i, static_cast<uint32_t>(m), changes_[i]->body->mutations(m));
    }
  }

  void CollectWrite(Index i, uint32_t index, const Mutation& mutation) {
    const Mutation::KindCase kind = mutation.kind_case();
    switch (kind) {
      case Mutation::kCreate:
        if (index != 0) return;  // a Create stands first, or is none
        PutDefinition(i, index, kind, mutation.create().definition_hash());
        if (const auto area = NormalValue(TextValue(mutation.create().area()))) {
          Put(i, index, kind, kAreaPath, *area);
        }
        Put(i, index, kind, kStatusPath, std::nullopt);
        writes_[i][kStatusPath].is_first_state = true;
        return;
      case Mutation::kSetField: {
        const std::optional<v1::Value> value = NormalValue(mutation.set_field().value());
        if (!value || !MayBeSet(mutation.set_field().path())) return;
        Put(i, index, kind, mutation.set_field().path(), *value);
        return;
      }
      case Mutation::kClearField:
        if (!MayBeSet(mutation.clear_field().path())) return;
        Put(i, index, kind, mutation.clear_field().path(), std::nullopt);
        return;
      case Mutation::kTransition:
        if (const auto to = NormalValue(TextValue(mutation.transition().to()))) {
          Put(i, index, kind, kStatusPath, *to);
        }
        return;
      case Mutation::kAddElement: {
        const std::optional<v1::Value> value = NormalValue(mutation.add_element().value());
        if (!value || mutation.add_element().collection().empty()) return;
        Put(i, index, kind,
            mutation.add_element().collection() + "/" + Hex(ids_[i]) + "." + std::to_string(index),
            *value);
        return;
      }
      case Mutation::kRemoveElement:
        if (!IsElement(mutation.remove_element().path())) return;
        Put(i, index, kind, mutation.remove_element().path(), std::nullopt);
        return;
      case Mutation::kRetract:
        Put(i, index, kind, kRetractedPath, FlagValue(true));
        return;
      case Mutation::kRestore:
        Put(i, index, kind, kRetractedPath, FlagValue(false));
        return;
      case Mutation::kSettle: {
        const v1::Settle& settle = mutation.settle();
        if (settle.path().empty() || settle.path() == kDefinitionPath || IsElement(settle.path())) {
          return;
        }
        MaybeValue value;
        if (settle.has_value()) {
          value = NormalValue(settle.value());
          if (!value) return;
        }
        Put(i, index, kind, settle.path(), value);
        Write& write = writes_[i][settle.path()];
        write.settles = true;
        write.named.insert(settle.candidates().begin(), settle.candidates().end());
        return;
      }
      case Mutation::kRebase:
        PutDefinition(i, index, kind, mutation.rebase().definition_hash());
        return;
      case Mutation::KIND_NOT_SET:
        unknown_kind_[i] = true;
        return;
    }
  }

  // W: the live writes to `path` among `subset`.
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

  Index LatestOf(const std::vector<Index>& candidates) const {
    return *std::max_element(candidates.begin(), candidates.end(), [this](Index a, Index b) {
      return std::make_pair(TimeOf(a), ids_[a]) < std::make_pair(TimeOf(b), ids_[b]);
    });
  }

  // Finds the effective definition.
  v1::Availability ComputeAvailability() {
    bool created = false;
    for (Index i = 0; i < ids_.size(); ++i) {
      if (!IsLive(i)) continue;
      if (unknown_kind_[i]) return v1::AVAILABILITY_NEEDS_NEWER_SERVER;
      created = created || IsCreate(i);
    }
    if (!created) return v1::AVAILABILITY_NEEDS_CREATE;
    const std::vector<Index> candidates = CandidatesOf(kDefinitionPath, everything_);
    if (candidates.empty()) return v1::AVAILABILITY_NEEDS_DEFINITION;
    const MaybeValue& pinned = writes_[LatestOf(candidates)].at(kDefinitionPath).value;
    for (const auto& [hash, definition] : definitions_) {
      if (!pinned || Hex(hash) != pinned->text()) continue;
      definition_ = &definition;
      definition_hash_ = hash;
    }
    if (definition_ == nullptr) return v1::AVAILABILITY_NEEDS_DEFINITION;
    if (definition_->merge_version() > kMergeVersion) return v1::AVAILABILITY_NEEDS_NEWER_SERVER;
    return v1::AVAILABILITY_READY;
  }

  v1::Policy PolicyOf(const std::string& path) const {
    if (path == kStatusPath) return v1::POLICY_WORKFLOW;
    if (path == kRetractedPath) return v1::POLICY_REVIEW;
    for (const v1::Field& field : definition_->fields()) {
      if (field.key() == path) return field.policy();
    }
    return v1::POLICY_LATEST;  // built-in and unknown paths
  }

  MaybeValue ValueOf(Index w, const std::string& path) const {
    const Write& write = writes_[w].at(path);
    if (write.is_first_state) return TextValue(definition_->workflow().states(0).key());
    return write.value;
  }

  // Place in the workflow's order; -1 for what is no state.
  int RankOf(const MaybeValue& value) const {
    for (int rank = 0; rank < definition_->workflow().states_size(); ++rank) {
      if (value && Same(value, TextValue(definition_->workflow().states(rank).key()))) return rank;
    }
    return -1;
  }

  bool IsDecision(const MaybeValue& value) const {
    const int rank = RankOf(value);
    if (rank < 0) return false;
    const v1::State& state = definition_->workflow().states(rank);
    return state.terminal() || state.decision();
  }

  bool Clash(const MaybeValue& a, const MaybeValue& b, v1::Policy policy) const {
    if (Same(a, b)) return false;
    if (policy != v1::POLICY_WORKFLOW) return true;
    return IsDecision(a) && IsDecision(b);
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
    const v1::Policy policy = PolicyOf(path);
    if (policy != v1::POLICY_REVIEW && policy != v1::POLICY_WORKFLOW) return false;

    const std::vector<Index> candidates = CandidatesOf(path, subset);
    for (const Index a : candidates) {
      for (const Index b : candidates) {
        if (Clash(ValueOf(a, path), ValueOf(b, path), policy)) return true;
      }
    }
    const std::vector<Index> writers = WritesTo(path, subset);
    if (path == kRetractedPath) return HasUnseenEdit(writers, subset);
    for (const Index a : writers) {
      for (const Index b : writers) {
        if (Concurrent(a, b) && !IsSettled(a, path, writers) && !IsSettled(b, path, writers) &&
            Clash(ValueOf(a, path), ValueOf(b, path), policy)) {
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
        if (!subset[d] || !IsLive(d) || !Concurrent(r, d)) continue;
        for (const Mutation& mutation : changes_[d]->body->mutations()) {
          if (!mutation.has_retract()) return true;
        }
      }
    }
    return false;
  }

  Field FieldOf(const std::string& path) {
    const std::vector<Index> candidates = CandidatesOf(path, everything_);
    Field field;
    field.policy = IsElement(path) ? v1::POLICY_UNSPECIFIED : PolicyOf(path);
    field.under_review = IsUnderReview(path, everything_);
    std::map<Index, MaybeValue> values;
    std::set<std::optional<std::string>> distinct;
    for (const Index c : candidates) {
      values[c] = ValueOf(c, path);
      distinct.insert(Bytes(values[c]));
      const Write& write = writes_[c].at(path);
      field.candidates.push_back({.change_id = ids_[c],
                                  .mutation_index = write.mutation_index,
                                  .value = Bytes(values[c]),
                                  .actor = changes_[c]->body->actor(),
                                  .role = changes_[c]->body->role(),
                                  .effective_time = TimeOf(c),
                                  .kind = write.kind});
    }
    MaybeValue value;
    if (distinct.size() == 1) {
      value = values[candidates.front()];
      field.rule = v1::RULE_ONLY;
    } else {
      std::tie(value, field.rule) = Decide(path, candidates, values, field.policy);
    }
    if (field.under_review) {
      field.rule = v1::RULE_REVIEW;
      if (path == kRetractedPath) value = FlagValue(false);
    }
    field.value = Bytes(value);
    return field;
  }

  // Of several distinct values, by the path's policy.
  std::pair<MaybeValue, v1::Rule> Decide(const std::string& path,
                                         const std::vector<Index>& candidates,
                                         const std::map<Index, MaybeValue>& values,
                                         v1::Policy policy) const {
    const MaybeValue latest = values.at(LatestOf(candidates));
    if (IsElement(path)) {
      std::vector<Index> rest;
      for (const Index c : candidates) {
        if (values.at(c)) rest.push_back(c);
      }
      return {values.at(LatestOf(rest)), v1::RULE_EDIT_BEATS_REMOVE};
    }
    switch (policy) {
      case v1::POLICY_WORKFLOW: {
        // Unknown states below all, among them bytewise; empty below those.
        MaybeValue last;
        for (const auto& [c, value] : values) {
          const int rank = RankOf(value), rank_last = RankOf(last);
          const bool above = rank != rank_last
                                 ? rank > rank_last
                                 : value && (!last || CompareValues(*value, *last) > 0);
          if (above) last = value;
        }
        return {last, v1::RULE_WORKFLOW};
      }
      case v1::POLICY_HIGHEST:
      case v1::POLICY_LOWEST: {
        const int sign = policy == v1::POLICY_HIGHEST ? 1 : -1;
        MaybeValue best;
        for (const auto& [c, value] : values) {
          if (value && (!best || sign * CompareValues(*value, *best) > 0)) best = value;
        }
        return {best, policy == v1::POLICY_HIGHEST ? v1::RULE_HIGHEST : v1::RULE_LOWEST};
      }
      case v1::POLICY_UNION: {
        std::set<std::string> items;
        for (const auto& [c, value] : values) {
          if (!value) continue;  // an empty write brings no items
          if (!value->has_choices()) return {latest, v1::RULE_LATEST};
          items.insert(value->choices().items().begin(), value->choices().items().end());
        }
        v1::Value all;
        all.mutable_choices();
        for (const std::string& item : items) all.mutable_choices()->add_items(item);
        return {all, v1::RULE_UNION};
      }
      case v1::POLICY_TEXT: {
        for (const auto& [c, value] : values) {
          if (value && !value->has_text()) return {latest, v1::RULE_LATEST};
        }
        const std::string base = BaseOf(path, candidates);
        const auto text_of = [](const MaybeValue& value) {
          return value ? value->text() : std::string();
        };
        std::string merged = text_of(values.at(candidates.front()));
        for (size_t c = 1; c < candidates.size(); ++c) {
          const std::optional<std::string> next =
              merge_text_(base, merged, text_of(values.at(candidates[c])));
          if (!next) return {latest, v1::RULE_TEXT_LATEST};
          merged = *next;
        }
        return {TextValue(merged), v1::RULE_TEXT};
      }
      case v1::POLICY_REVIEW:
        return {latest, v1::RULE_REVIEW};
      default:
        return {latest, v1::RULE_LATEST};
    }
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
  std::vector<bool> unknown_kind_;
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
