#include "sync/fold.h"

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "sync/status_macros.h"

namespace tikar::sync {
namespace {

// A change by its place in causal order: parents come before children.
using Index = uint32_t;

// Which changes are in whose past.
class Ancestry {
 public:
  // `parents[i]` are smaller than i.
  explicit Ancestry(const std::vector<std::vector<Index>>& parents)
      : words_((parents.size() + 63) / 64), bits_(parents.size() * words_) {
    for (Index i = 0; i < parents.size(); ++i) {
      for (const Index parent : parents[i]) {
        for (size_t w = 0; w < words_; ++w) bits_[i * words_ + w] |= bits_[parent * words_ + w];
        bits_[i * words_ + parent / 64] |= uint64_t{1} << (parent % 64);
      }
    }
  }
  // Whether `a` is in the past of `b`.
  bool IsPast(Index a, Index b) const { return bits_[b * words_ + a / 64] >> (a % 64) & 1; }
  bool Concurrent(Index a, Index b) const { return a != b && !IsPast(a, b) && !IsPast(b, a); }

 private:
  size_t words_;
  std::vector<uint64_t> bits_;
};

// One write to the path that is evaluated.
struct PathWrite {
  Index change;
  const Write* write;
  Candidate candidate = {};
  std::vector<size_t> supersedes = {};  // places in the path's list
};

class Folder {
 public:
  Folder(const RequestKey& key, const std::vector<FoldChange>& changes,
         const DefinitionSource& definitions, const FoldCapability& capability)
      : definitions_(definitions), capability_(capability) {
    fold_.state.key = key;
    Order(changes);
  }

  Fold Run() {
    FoldHeads();
    FindMoot();
    CollectWrites();
    FoldStanding();
    if (fold_.state.availability == v1::AVAILABILITY_READY) {
      for (auto& [path, writes] : writes_) FoldPath(path, writes);
      FoldCover();
    }
    return std::move(fold_);
  }

 private:
  // Sorts by generation, then id; finds missing parents.
  void Order(const std::vector<FoldChange>& changes) {
    absl::flat_hash_map<ChangeId, const FoldChange*> by_id;
    for (const FoldChange& change : changes) {
      const bool fresh = by_id.emplace(change.id, &change).second;
      CHECK(fresh);
    }
    std::set<ChangeId> missing;
    // Children wait for the last of their parents (Kahn 1962). Hashes cannot form a circle; a
    // stub's word can: then the stubs on it are taken to have no parents.
    absl::flat_hash_map<ChangeId, std::vector<const FoldChange*>> children;
    absl::flat_hash_map<ChangeId, size_t> waiting;
    std::vector<const FoldChange*> ready;
    for (const FoldChange& change : changes) {
      size_t known = 0;
      for (const ChangeId& parent : change.parents) {
        if (by_id.contains(parent)) {
          ++known;
          children[parent].push_back(&change);
        } else {
          missing.insert(parent);
        }
      }
      if (known == 0) ready.push_back(&change);
      waiting[change.id] = known;
      fold_.generations[change.id] = 1;
    }
    absl::flat_hash_set<ChangeId> placed, circular;
    while (ordered_.size() < changes.size()) {
      if (ready.empty()) {
        for (const FoldChange& change : changes) {
          if (!change.stub || !IsInOwnPast(change, by_id, placed)) continue;
          circular.insert(change.id);
          fold_.generations[change.id] = 1;
          ready.push_back(&change);
        }
        CHECK(!ready.empty());
      }
      const FoldChange* change = ready.back();
      ready.pop_back();
      ordered_.push_back(change);
      placed.insert(change->id);
      const uint32_t next = fold_.generations[change->id] + 1;
      for (const FoldChange* child : children[change->id]) {
        if (circular.contains(child->id)) continue;
        uint32_t& generation = fold_.generations[child->id];
        generation = std::max(generation, next);
        if (--waiting[child->id] == 0) ready.push_back(child);
      }
    }
    fold_.circular.assign(circular.begin(), circular.end());
    std::sort(fold_.circular.begin(), fold_.circular.end());
    fold_.missing.assign(missing.begin(), missing.end());

    absl::flat_hash_map<ChangeId, Index> index;
    for (Index i = 0; i < ordered_.size(); ++i) index[ordered_[i]->id] = i;
    std::vector<std::vector<Index>> parents(ordered_.size());
    is_parent_.assign(ordered_.size(), false);
    for (Index i = 0; i < ordered_.size(); ++i) {
      if (circular.contains(ordered_[i]->id)) continue;
      for (const ChangeId& parent : ordered_[i]->parents) {
        const auto at = index.find(parent);
        if (at == index.end()) continue;
        parents[i].push_back(at->second);
        is_parent_[at->second] = true;
      }
    }
    ancestry_ = std::make_unique<Ancestry>(parents);
  }

  // Whether the parents of a change lead back to it, by way of changes that have no place yet.
  static bool IsInOwnPast(const FoldChange& change,
                          const absl::flat_hash_map<ChangeId, const FoldChange*>& by_id,
                          const absl::flat_hash_set<ChangeId>& placed) {
    std::vector<const FoldChange*> open = {&change};
    absl::flat_hash_set<ChangeId> met;
    while (!open.empty()) {
      const FoldChange* next = open.back();
      open.pop_back();
      for (const ChangeId& parent : next->parents) {
        if (parent == change.id) return true;
        const auto at = by_id.find(parent);
        if (at == by_id.end() || placed.contains(parent) || !met.insert(parent).second) continue;
        open.push_back(at->second);
      }
    }
    return false;
  }

  void FoldHeads() {
    std::vector<std::pair<ChangeId, Index>> heads;
    for (Index i = 0; i < ordered_.size(); ++i) {
      if (!is_parent_[i]) heads.emplace_back(ordered_[i]->id, i);
    }
    std::sort(heads.begin(), heads.end());
    for (const auto& [id, index] : heads) {
      fold_.state.heads.push_back(id);
      head_indexes_.push_back(index);
    }
    fold_.state.change_count = static_cast<uint32_t>(ordered_.size());
  }

  // Timer changes that give way to what somebody did meanwhile.
  void FindMoot() {
    is_moot_.assign(ordered_.size(), false);
    for (Index t = 0; t < ordered_.size(); ++t) {
      if (!IsTimerChange(t)) continue;
      fold_.has_timer_change = true;
      for (Index d = 0; d < ordered_.size() && !is_moot_[t]; ++d) {
        is_moot_[t] = ordered_[d]->live() && !IsTimerChange(d) &&
                      !ordered_[d]->change->body.mutations().empty() && ancestry_->Concurrent(t, d);
      }
    }
  }

  bool IsTimerChange(Index i) const {
    return ordered_[i]->live() && IsByTimer(ordered_[i]->change->body);
  }

  void CollectWrites() {
    for (Index i = 0; i < ordered_.size(); ++i) {
      const FoldChange& change = *ordered_[i];
      if (!change.live()) continue;
      newer_kind_ = newer_kind_ || change.change->newer_kind;
      if (is_moot_[i]) continue;
      fold_.state.update_time = std::max(fold_.state.update_time,
                                         EffectiveTimeOf(change.change->body.hlc(), change.stamp));
      for (const Write& write : change.change->writes) {
        writes_[write.path].push_back({.change = i, .write = &write});
      }
      if (IsCreate(change.change->body)) create_ = change.change;
    }
  }

  void FoldStanding() {
    State& state = fold_.state;
    if (create_ != nullptr) {
      SetCreated(*create_, &state);
      state.definition =
          EffectiveDefinition(Evaluate(std::string(kDefinitionPath), FieldRule::kLatest,
                                       writes_[std::string(kDefinitionPath)])
                                  .value);
    }
    Standing standing =
        StandingOf(newer_kind_, create_ != nullptr, state.definition, definitions_, capability_);
    state.availability = standing.availability;
    definition_ = std::move(standing.definition);
  }

  void FoldPath(const std::string& path, std::vector<PathWrite>& writes) {
    const FieldRule rule = FieldRuleOf(path, definition_.get());
    FieldState field = Evaluate(path, rule, writes);
    if (path == kStatusPath) {
      for (const PathWrite& write : writes) Enter(write.candidate, *definition_, &fold_.state);
    }
    if (rule == FieldRule::kElement) {
      fold_.elements[path] = std::move(field);
      return;
    }
    if (disputed_) fold_.disputed.push_back(path);
    fold_.state.fields.push_back(std::move(field));
  }

  // From all writes of a path to its field. Sets disputed_.
  FieldState Evaluate(const std::string& path, FieldRule rule, std::vector<PathWrite>& writes) {
    FieldState field{.path = path};
    disputed_ = false;
    if (writes.empty()) return field;
    for (PathWrite& write : writes) {
      const FoldChange& change = *ordered_[write.change];
      write.candidate =
          MakeCandidate(*write.write, *change.change, change.stamp, definition_.get());
      write.supersedes.clear();
    }
    rule_ = rule;
    reviewable_ = IsReviewable(rule);
    FindRivals(path, writes);
    Supersede(path, writes);
    std::vector<size_t> everything(writes.size());
    for (size_t i = 0; i < writes.size(); ++i) everything[i] = i;
    for (const size_t i : CandidatesAmong(writes, everything)) {
      field.candidates.push_back(writes[i].candidate);
    }
    field.under_review = reviewable_ && UnderReview(path, writes, everything, std::nullopt);
    std::sort(field.candidates.begin(), field.candidates.end(),
              [](const Candidate& a, const Candidate& b) { return a.change < b.change; });
    const auto base = [&]() -> absl::StatusOr<std::optional<Value>> {
      return TextBaseOf(writes, field.candidates);
    };
    CHECK(Decide(rule, definition_.get(), base, &field).ok());
    return field;
  }

  // Pairs of writes that did not know of each other and clash.
  void FindRivals(const std::string& path, const std::vector<PathWrite>& writes) {
    rivals_.clear();
    retract_rivals_.clear();
    if (!reviewable_) return;
    for (size_t a = 0; a < writes.size(); ++a) {
      if (writes[a].write->settles()) disputed_ = true;
      for (size_t b = a + 1; b < writes.size(); ++b) {
        if (path != kRetractedPath && ancestry_->Concurrent(writes[a].change, writes[b].change) &&
            Clash(rule_, definition_.get(), writes[a].candidate.value, writes[b].candidate.value)) {
          rivals_.emplace_back(a, b);
        }
      }
    }
    if (path == kRetractedPath) FindRetractRivals(writes);
    if (!rivals_.empty() || !retract_rivals_.empty()) disputed_ = true;
  }

  // A retraction and any change that it had not seen.
  void FindRetractRivals(const std::vector<PathWrite>& writes) {
    for (size_t r = 0; r < writes.size(); ++r) {
      if (!IsTrue(writes[r].candidate)) continue;
      for (Index d = 0; d < ordered_.size(); ++d) {
        if (ordered_[d]->live() && !is_moot_[d] && ordered_[d]->change->contests_retract &&
            ancestry_->Concurrent(writes[r].change, d)) {
          retract_rivals_.emplace_back(r, d);
        }
      }
      if (!SettledAmong(writes, r, std::nullopt)) fold_.retract_open = true;
    }
  }

  static bool IsTrue(const Candidate& candidate) {
    return candidate.value && candidate.value->flag().value_or(false);
  }

  // Whether the change is in the past of `limit`; everything is, without one.
  bool Within(Index change, std::optional<Index> limit) const {
    return !limit || ancestry_->IsPast(change, *limit);
  }

  // Whether a settling write within the past of `limit` has write `i` in its past.
  bool SettledAmong(const std::vector<PathWrite>& writes, size_t i,
                    std::optional<Index> limit) const {
    for (const PathWrite& s : writes) {
      if (s.write->settles() && Within(s.change, limit) &&
          ancestry_->IsPast(writes[i].change, s.change)) {
        return true;
      }
    }
    return false;
  }

  // Whether the path is under review when only the past of `limit` is known.
  bool UnderReview(const std::string& path, const std::vector<PathWrite>& writes,
                   const std::vector<size_t>& known, std::optional<Index> limit) const {
    for (const auto& [a, b] : rivals_) {
      if (Within(writes[a].change, limit) && Within(writes[b].change, limit) &&
          !SettledAmong(writes, a, limit) && !SettledAmong(writes, b, limit)) {
        return true;
      }
    }
    if (path == kRetractedPath) {
      for (const auto& [r, d] : retract_rivals_) {
        if (Within(writes[r].change, limit) && Within(d, limit) &&
            !SettledAmong(writes, r, limit)) {
          return true;
        }
      }
    }
    const std::vector<size_t> candidates = CandidatesAmong(writes, known);
    for (size_t i = 0; i < candidates.size(); ++i) {
      for (size_t j = i + 1; j < candidates.size(); ++j) {
        if (Clash(rule_, definition_.get(), writes[candidates[i]].candidate.value,
                  writes[candidates[j]].candidate.value)) {
          return true;
        }
      }
    }
    return false;
  }

  // What each write replaces follows from its own past alone. In causal order, so that the pasts of
  // later writes are complete.
  void Supersede(const std::string& path, std::vector<PathWrite>& writes) {
    for (size_t i = 0; i < writes.size(); ++i) {
      PathWrite& write = writes[i];
      std::vector<size_t> past;
      for (size_t j = 0; j < i; ++j) {
        if (ancestry_->IsPast(writes[j].change, write.change)) past.push_back(j);
      }
      if (write.write->settles()) {
        for (const size_t j : past) {
          if (std::binary_search(write.write->settled.begin(), write.write->settled.end(),
                                 writes[j].candidate.change)) {
            write.supersedes.push_back(j);
          }
        }
      } else if (!(disputed_ && UnderReview(path, writes, past, write.change))) {
        write.supersedes = std::move(past);
      }
    }
  }

  // Of the writes `known`, those that none of them supersedes.
  static std::vector<size_t> CandidatesAmong(const std::vector<PathWrite>& writes,
                                             const std::vector<size_t>& known) {
    std::vector<bool> superseded(writes.size());
    for (const size_t i : known) {
      for (const size_t j : writes[i].supersedes) superseded[j] = true;
    }
    std::vector<size_t> candidates;
    for (const size_t i : known) {
      if (!superseded[i]) candidates.push_back(i);
    }
    return candidates;
  }

  std::optional<Value> TextBaseOf(const std::vector<PathWrite>& writes,
                                  const std::vector<Candidate>& candidates) const {
    std::vector<Index> tips;
    for (const PathWrite& write : writes) {
      for (const Candidate& candidate : candidates) {
        if (candidate.change == write.candidate.change) tips.push_back(write.change);
      }
    }
    std::vector<const PathWrite*> common;
    for (const PathWrite& write : writes) {
      if (std::all_of(tips.begin(), tips.end(),
                      [&](Index tip) { return ancestry_->IsPast(write.change, tip); })) {
        common.push_back(&write);
      }
    }
    const PathWrite* base = nullptr;
    for (const PathWrite* a : common) {
      const bool covered = std::any_of(common.begin(), common.end(), [&](const PathWrite* b) {
        return ancestry_->IsPast(a->change, b->change);
      });
      if (!covered && (base == nullptr || a->candidate.change < base->candidate.change)) base = a;
    }
    return base != nullptr ? base->candidate.value : std::nullopt;
  }

  void FoldCover() {
    if (head_indexes_.size() > 64) return;
    absl::flat_hash_map<ChangeId, Index> index;
    for (Index i = 0; i < ordered_.size(); ++i) index[ordered_[i]->id] = i;
    for (const FieldState& field : fold_.state.fields) {
      std::vector<uint64_t>& masks = fold_.cover.emplace_back();
      for (const Candidate& candidate : field.candidates) {
        const Index at = index[candidate.change];
        uint64_t mask = 0;
        for (size_t h = 0; h < head_indexes_.size(); ++h) {
          if (at == head_indexes_[h] || ancestry_->IsPast(at, head_indexes_[h])) {
            mask |= uint64_t{1} << h;
          }
        }
        masks.push_back(mask);
      }
    }
  }

  const DefinitionSource& definitions_;
  const FoldCapability& capability_;
  Fold fold_;
  std::vector<const FoldChange*> ordered_;
  std::vector<bool> is_parent_;
  std::vector<bool> is_moot_;
  std::vector<Index> head_indexes_;
  std::unique_ptr<Ancestry> ancestry_;
  std::map<std::string, std::vector<PathWrite>> writes_;  // in causal order
  const ParsedChange* create_ = nullptr;
  bool newer_kind_ = false;
  std::shared_ptr<const Definition> definition_;

  // Of the path that is evaluated.
  FieldRule rule_ = FieldRule::kLatest;
  bool reviewable_ = false;
  bool disputed_ = false;
  std::vector<std::pair<size_t, size_t>> rivals_;
  std::vector<std::pair<size_t, Index>> retract_rivals_;
};

}  // namespace

Fold FoldRequest(const RequestKey& key, const std::vector<FoldChange>& changes,
                 const DefinitionSource& definitions, const FoldCapability& capability) {
  return Folder(key, changes, definitions, capability).Run();
}

Candidate MakeCandidate(const Write& write, const ParsedChange& change, const Stamp& stamp,
                        const Definition* definition) {
  Candidate candidate{.change = change.id,
                      .mutation_index = write.mutation_index,
                      .kind = write.kind,
                      .value = write.value,
                      .actor = change.body.actor(),
                      .role = change.body.role(),
                      .effective_time = EffectiveTimeOf(change.body.hlc(), stamp)};
  if (write.initial_state && definition != nullptr) {
    candidate.value = Value::Text(definition->initial_state());
  }
  return candidate;
}

Standing StandingOf(bool newer_kind, bool has_create, const DefinitionHash& definition,
                    const DefinitionSource& definitions, const FoldCapability& capability) {
  if (newer_kind) return {v1::AVAILABILITY_NEEDS_NEWER_SERVER, nullptr};
  if (!has_create) return {v1::AVAILABILITY_NEEDS_CREATE, nullptr};
  std::shared_ptr<const Definition> found = definitions.Find(definition);
  if (found == nullptr) return {v1::AVAILABILITY_NEEDS_DEFINITION, nullptr};
  if (found->proto().merge_version() > capability.merge_version) {
    return {v1::AVAILABILITY_NEEDS_NEWER_SERVER, nullptr};
  }
  return {v1::AVAILABILITY_READY, std::move(found)};
}

void Enter(const Candidate& write, const Definition& definition, State* state) {
  if (!write.value || !write.value->is_text()) return;
  const std::string_view entered = *write.value->text();
  if (definition.StateRank(entered) >= 0) state->Enter(entered, write.effective_time);
}

void SetCreated(const ParsedChange& create, State* state) {
  const v1::Create& created = create.body.mutations(0).create();
  state->service = created.service();
  state->definition_version = created.version();
  state->create_time = create.body.hlc();
}

DefinitionHash EffectiveDefinition(const std::optional<Value>& value) {
  if (!value || !value->is_text()) return {};
  return DefinitionHash::FromHex(*value->text()).value_or(DefinitionHash());
}

}  // namespace tikar::sync
