// RequestEditor: the ways to a new state that do not read the whole history.
#include <algorithm>
#include <optional>
#include <utility>

#include "sync/request_editor.h"
#include "sync/sorted_ids.h"
#include "sync/status_macros.h"

namespace tikar::sync {
namespace {

constexpr size_t kMaskHeadsMax = 64;

bool IsTrue(const std::optional<Value>& value) { return value && value->flag().value_or(false); }

}  // namespace

void RequestEditor::Begin(const ParsedChange& create, const Stamp& stamp) {
  folded_ = true;
  SetCreated(create, &state_);
  state_.update_time = EffectiveTimeOf(create.body.hlc(), stamp);
  state_.change_count = 1;
  state_.heads = {create.id};
  if (const Write* pinned = create.FindWrite(kDefinitionPath)) {
    state_.definition = EffectiveDefinition(pinned->value);
  }
  Standing standing = StandingOf(/*newer_kind=*/false, /*has_create=*/true, state_.definition,
                                 definitions_, capability_);
  state_.availability = standing.availability;
  definition_ = std::move(standing.definition);
  if (definition_ == nullptr) return;
  for (const Write& write : create.writes) {
    FieldState field{.path = write.path,
                     .candidates = {MakeCandidate(write, create, stamp, definition_.get())}};
    field.value = field.candidates.front().value;
    if (write.path == kStatusPath) Enter(field.candidates.front(), *definition_, &state_);
    if (IsElementPath(write.path)) {
      elements_[write.path] = {.stored_row = {}, .field = std::move(field), .dirty = true};
    } else {
      state_.fields.push_back(std::move(field));
      local_.cover.push_back({1});  // by the one head
    }
  }
}

absl::StatusOr<RequestEditor::Step> RequestEditor::Advance(const ChangeId& id, const Header& header,
                                                           const ParsedChange* change) {
  const bool sees_all = header.parents == state_.heads;
  const bool writes = header.live() && definition_ != nullptr && !header.paths.empty();
  if (header.live()) {
    state_.update_time =
        std::max(state_.update_time, EffectiveTimeOf(change->body.hlc(), header.stamp));
  }
  // A timer and somebody who did not know of it: what it wrote may have to be taken back, and be it
  // the definition.
  if (header.live() && !sees_all && local_.has_timer_change) return Step::kRefold;
  if (header.live() && definition_ != nullptr && !sees_all) {
    // A retraction and something that had not seen it, or was not seen by it.
    if (header.Touches(kRetractedPath)) return Step::kRefold;
    if (local_.retract_open && header.contests_retract) return Step::kRefold;
  }

  // What every candidate of the written paths looks like from this change.
  const bool parents_are_heads = std::includes(state_.heads.begin(), state_.heads.end(),
                                               header.parents.begin(), header.parents.end());
  std::optional<HistoryReader::Ids> unseen;
  std::vector<std::pair<FieldState*, std::vector<bool>>> targets;
  if (writes) {
    bool masks_suffice = true;
    for (const Write& write : change->writes) {
      FieldState* field = nullptr;
      std::vector<bool> seen;
      if (IsElementPath(write.path)) {
        ASSIGN_OR_RETURN(ElementSlot * slot, LoadElement(write.path));
        if (!slot->field) slot->field = FieldState{.path = write.path};
        slot->dirty = true;
        field = &*slot->field;
        seen.assign(field->candidates.size(), sees_all);
      } else if (state_.Find(write.path) != nullptr) {
        const size_t at = state_.Find(write.path) - state_.fields.data();
        field = &state_.fields[at];
        seen = sees_all            ? std::vector<bool>(field->candidates.size(), true)
               : parents_are_heads ? SeenByMasks(at, header.parents)
                                   : std::vector<bool>(field->candidates.size(), false);
      }
      if (std::find(seen.begin(), seen.end(), false) != seen.end()) masks_suffice = false;
      targets.emplace_back(field, std::move(seen));
    }
    if (masks_suffice) {
      ++counters_.fast_forwards;
    } else {
      ++counters_.merges;
      ASSIGN_OR_RETURN(unseen, history_.Unseen(state_.heads, header.parents));
      for (auto& [field, seen] : targets) {
        for (size_t i = 0; i < seen.size(); ++i) {
          seen[i] = !unseen->contains(field->candidates[i].change);
        }
      }
    }
  }

  // The heads move first, so that masks of the candidates that this change replaces are not
  // computed anew.
  AdvanceHeads(id, header.parents, sees_all, unseen ? &*unseen : nullptr);
  ++state_.change_count;
  if (!writes) return Step::kDone;

  static const HistoryReader::Ids kNothingUnseen;
  for (size_t i = 0; i < change->writes.size(); ++i) {
    const Write& write = change->writes[i];
    const FieldRule rule = FieldRuleOf(write.path, definition_.get());
    // A path that is new here may have moved the others: find it again.
    FieldState* field =
        IsElementPath(write.path) ? targets[i].first : &state_.FindOrAdd(write.path);
    const size_t at = IsElementPath(write.path) ? 0 : field - state_.fields.data();
    if (!IsElementPath(write.path) && targets[i].first == nullptr &&
        state_.fields.size() != local_.cover.size()) {
      local_.cover.insert(local_.cover.begin() + at, std::vector<uint64_t>());
    }
    std::vector<std::pair<ChangeId, uint64_t>> masks;
    if (!IsElementPath(write.path)) {
      for (size_t c = 0; c < field->candidates.size(); ++c) {
        masks.emplace_back(field->candidates[c].change,
                           c < local_.cover[at].size() ? local_.cover[at][c] : 0);
      }
    }
    ASSIGN_OR_RETURN(const Step step,
                     ApplyWrite(write, *change, header.stamp, rule, targets[i].second,
                                unseen ? *unseen : kNothingUnseen, field));
    if (step == Step::kRefold) return step;
    if (IsElementPath(write.path)) continue;
    // Candidates that stayed keep their masks; this change is covered by its own head alone.
    std::vector<uint64_t>& cover = local_.cover[at];
    cover.clear();
    for (const Candidate& candidate : field->candidates) {
      uint64_t mask = 0;
      if (candidate.change == id) {
        const auto head = std::lower_bound(state_.heads.begin(), state_.heads.end(), id);
        const size_t place = head - state_.heads.begin();
        if (place < kMaskHeadsMax) mask = uint64_t{1} << place;
      }
      for (const auto& [change_id, old] : masks) {
        if (change_id == candidate.change) mask = old;
      }
      cover.push_back(mask);
    }
    if (write.path == kRetractedPath) {
      if (write.settles()) local_.retract_open = IsTrue(write.value);
      if (write.kind == WriteKind::kRetract) local_.retract_open = true;
    }
  }
  return Step::kDone;
}

absl::StatusOr<RequestEditor::Step> RequestEditor::ApplyWrite(
    const Write& write, const ParsedChange& change, const Stamp& stamp, FieldRule rule,
    const std::vector<bool>& seen, const HistoryReader::Ids& unseen, FieldState* field) {
  const Candidate candidate = MakeCandidate(write, change, stamp, definition_.get());
  const bool all_seen = std::find(seen.begin(), seen.end(), false) == seen.end();
  const bool reviewable = IsReviewable(rule);
  // Whether the author saw a review depends on more of the past than the candidates tell.
  if (reviewable && !all_seen && (write.settles() || IsDisputed(write.path))) return Step::kRefold;

  std::vector<Candidate> kept;
  const bool supersedes_none = !write.settles() && reviewable && field->under_review;
  for (size_t i = 0; i < field->candidates.size(); ++i) {
    const bool replaced =
        seen[i] && !supersedes_none &&
        (!write.settles() || Contains(write.settled, field->candidates[i].change));
    if (!replaced) kept.push_back(std::move(field->candidates[i]));
  }
  kept.insert(
      std::upper_bound(kept.begin(), kept.end(), candidate,
                       [](const Candidate& a, const Candidate& b) { return a.change < b.change; }),
      candidate);
  field->candidates = std::move(kept);
  if (write.path == kStatusPath) Enter(candidate, *definition_, &state_);

  if (reviewable) {
    if (write.settles()) {
      SetDisputed(write.path);
      field->under_review = AnyClash(rule, definition_.get(), *field);
    } else if (!all_seen) {
      ASSIGN_OR_RETURN(const bool clash, AnyUnseenClash(write, candidate, rule, unseen));
      if (clash) {
        SetDisputed(write.path);
        field->under_review = true;
      }
    }
  }
  if (rule == FieldRule::kText && field->candidates.size() > HistoryReader::kTipsMax) {
    return Step::kRefold;
  }
  RETURN_IF_ERROR(DecideField(rule, field));
  return Step::kDone;
}

absl::StatusOr<bool> RequestEditor::AnyUnseenClash(const Write& write, const Candidate& candidate,
                                                   FieldRule rule,
                                                   const HistoryReader::Ids& unseen) {
  for (const ChangeId& id : unseen) {
    ASSIGN_OR_RETURN(const Header* header, history_.Find(id));
    if (!header->live() || !header->Touches(write.path)) continue;
    ASSIGN_OR_RETURN(const ParsedChange* other, history_.FindChange(id));
    const Candidate rival =
        MakeCandidate(*other->FindWrite(write.path), *other, header->stamp, definition_.get());
    if (Clash(rule, definition_.get(), candidate.value, rival.value)) return true;
  }
  return false;
}

absl::Status RequestEditor::DecideField(FieldRule rule, FieldState* field) {
  const auto base = [&]() -> absl::StatusOr<std::optional<Value>> {
    std::vector<ChangeId> tips;
    for (const Candidate& candidate : field->candidates) tips.push_back(candidate.change);
    ASSIGN_OR_RETURN(std::optional<ChangeId> id, history_.CommonWrite(tips, field->path));
    if (!id) return std::nullopt;
    ASSIGN_OR_RETURN(const Header* header, history_.Find(*id));
    ASSIGN_OR_RETURN(const ParsedChange* change, history_.FindChange(*id));
    return MakeCandidate(*change->FindWrite(field->path), *change, header->stamp, definition_.get())
        .value;
  };
  return Decide(rule, definition_.get(), base, field);
}

std::vector<bool> RequestEditor::SeenByMasks(size_t field,
                                             const std::vector<ChangeId>& parents) const {
  const std::vector<Candidate>& candidates = state_.fields[field].candidates;
  std::vector<bool> seen(candidates.size(), false);
  if (field >= local_.cover.size()) return seen;
  uint64_t heads = 0;
  for (size_t h = 0; h < state_.heads.size() && h < kMaskHeadsMax; ++h) {
    if (Contains(parents, state_.heads[h])) heads |= uint64_t{1} << h;
  }
  for (size_t i = 0; i < candidates.size() && i < local_.cover[field].size(); ++i) {
    seen[i] = local_.cover[field][i] & heads;
  }
  return seen;
}

void RequestEditor::AdvanceHeads(const ChangeId& id, const std::vector<ChangeId>& parents,
                                 bool sees_all, const HistoryReader::Ids* unseen) {
  const std::vector<ChangeId> before = std::move(state_.heads);
  std::vector<ChangeId>& after = state_.heads;
  after.clear();
  for (const ChangeId& head : before) {
    if (!Contains(parents, head)) after.push_back(head);
  }
  InsertSorted(after, id);
  const size_t own = std::lower_bound(after.begin(), after.end(), id) - after.begin();

  // Where each old head went, and which of them this change has as parent.
  uint64_t parent_bits = 0;
  std::vector<uint64_t> moved(std::min(before.size(), kMaskHeadsMax), 0);
  for (size_t h = 0; h < moved.size(); ++h) {
    if (Contains(parents, before[h])) {
      parent_bits |= uint64_t{1} << h;
      continue;
    }
    const size_t place = std::lower_bound(after.begin(), after.end(), before[h]) - after.begin();
    if (place < kMaskHeadsMax) moved[h] = uint64_t{1} << place;
  }
  const uint64_t own_bit = own < kMaskHeadsMax ? uint64_t{1} << own : 0;
  local_.cover.resize(state_.fields.size());
  for (size_t f = 0; f < state_.fields.size(); ++f) {
    const std::vector<Candidate>& candidates = state_.fields[f].candidates;
    local_.cover[f].resize(candidates.size(), 0);
    for (size_t c = 0; c < candidates.size(); ++c) {
      uint64_t& mask = local_.cover[f][c];
      const bool seen = sees_all || (mask & parent_bits) != 0 ||
                        (unseen != nullptr && !unseen->contains(candidates[c].change));
      uint64_t next = seen ? own_bit : 0;
      for (size_t h = 0; h < moved.size(); ++h) {
        if (mask >> h & 1) next |= moved[h];
      }
      mask = next;
    }
  }
}

void RequestEditor::SetDisputed(std::string_view path) {
  const auto at = std::lower_bound(local_.disputed.begin(), local_.disputed.end(), path);
  if (at == local_.disputed.end() || *at != path) local_.disputed.insert(at, std::string(path));
}

bool RequestEditor::IsDisputed(std::string_view path) const {
  return std::binary_search(local_.disputed.begin(), local_.disputed.end(), path);
}

}  // namespace tikar::sync
