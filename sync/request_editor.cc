#include "sync/request_editor.h"

#include <algorithm>
#include <utility>

#include "sync/feed.h"
#include "sync/keys.h"
#include "sync/names.h"
#include "sync/status_macros.h"

namespace tikar::sync {
namespace {

constexpr size_t kMaskHeadsMax = 64;

bool Contains(const std::vector<ChangeId>& sorted, const ChangeId& id) {
  return std::binary_search(sorted.begin(), sorted.end(), id);
}

void InsertSorted(std::vector<ChangeId>& sorted, const ChangeId& id) {
  const auto at = std::lower_bound(sorted.begin(), sorted.end(), id);
  if (at == sorted.end() || *at != id) sorted.insert(at, id);
}

bool IsTrue(const std::optional<Value>& value) { return value && value->flag().value_or(false); }

}  // namespace

RequestEditor::RequestEditor(const Reader& reader, const RequestKey& key,
                             const DefinitionSource& definitions, HistoryCounters* counters)
    : reader_(reader),
      definitions_(definitions),
      counters_(*counters),
      history_(reader, key, counters) {
  state_.key = key;
}

absl::StatusOr<std::unique_ptr<RequestEditor>> RequestEditor::Load(
    const Reader& reader, const RequestKey& key, const DefinitionSource& definitions,
    HistoryCounters* counters) {
  std::unique_ptr<RequestEditor> editor(new RequestEditor(reader, key, definitions, counters));
  ASSIGN_OR_RETURN(std::optional<std::string> bytes,
                   reader.Get(Family::kRequests, keys::Record(key)));
  if (!bytes) return editor;
  ASSIGN_OR_RETURN(RecordParts parts, DecodeRecord(*bytes));
  ASSIGN_OR_RETURN(editor->state_, DecodeState(key, parts.state_bytes));
  editor->stored_state_bytes_ = parts.state_bytes.size();
  editor->local_ = std::move(parts.local);
  editor->is_new_ = false;
  editor->was_waiting_ = editor->state_.availability != v1::AVAILABILITY_READY;
  editor->conflicts_before_ = editor->local_.conflict_rows.size();
  if (editor->state_.availability == v1::AVAILABILITY_READY) {
    editor->definition_ = definitions.Find(editor->state_.definition);
    // The store holds the definition of every READY request.
    CHECK(editor->definition_ != nullptr);
  }
  return editor;
}

absl::Status RequestEditor::Add(Incoming incoming) {
  ASSIGN_OR_RETURN(const Header* known, history_.Find(incoming.id));
  return known != nullptr ? AddStamp(*known, std::move(incoming)) : AddNew(std::move(incoming));
}

absl::Status RequestEditor::AddStamp(const Header& known, Incoming incoming) {
  Header header = known;
  header.stamp = Join(known.stamp, incoming.stamp);
  const bool brings_body = !known.has_body && incoming.change.has_value();
  if (brings_body) {
    // The first position is where the body is read from.
    header.positions.insert(header.positions.begin(), incoming.position);
    header.has_body = true;
    // Whoever logged the stub may have been wrong about them.
    header.parents = incoming.parents;
    header.is_create = IsCreate(incoming.change->body);
    header.newer_kind = incoming.change->newer_kind;
    header.contests_retract = incoming.change->contests_retract;
    for (const Write& write : incoming.change->writes) header.paths.push_back(write.path);
    history_.PutChange(*std::move(incoming.change));
  } else {
    header.positions.push_back(incoming.position);
    if (!known.has_body && !incoming.change) {
      for (const ChangeId& parent : incoming.parents) InsertSorted(header.parents, parent);
    }
  }
  const bool changes_state =
      brings_body || header.stamp != known.stamp || header.parents != known.parents;
  history_.Put(incoming.id, std::move(header));
  if (!changes_state) return absl::OkStatus();
  return Refold();
}

absl::Status RequestEditor::AddNew(Incoming incoming) {
  Header header{.parents = incoming.parents,
                .stamp = incoming.stamp,
                .has_body = incoming.change.has_value(),
                .positions = {incoming.position}};
  for (const ChangeId& parent : incoming.parents) {
    ASSIGN_OR_RETURN(const Header* known, history_.Find(parent));
    if (known != nullptr) {
      header.generation = std::max(header.generation, known->generation + 1);
    } else {
      InsertSorted(local_.missing, parent);
    }
  }
  if (incoming.change) {
    added_bytes_ += incoming.change->bytes.size();
    for (const Write& write : incoming.change->writes) {
      // An edit may come before the element that it edits.
      const bool may_add = write.kind == WriteKind::kAdd || write.kind == WriteKind::kSet;
      if (!may_add || !header.live() || !IsElementPath(write.path)) continue;
      ASSIGN_OR_RETURN(const FieldState* element, FindElement(write.path));
      if (element == nullptr) ++added_elements_[std::string(CollectionOf(write.path))];
    }
    header.is_create = IsCreate(incoming.change->body);
    header.newer_kind = incoming.change->newer_kind;
    header.contests_retract = incoming.change->contests_retract;
    for (const Write& write : incoming.change->writes) header.paths.push_back(write.path);
  }
  const bool was_missing = Contains(local_.missing, incoming.id);
  const ChangeId id = incoming.id;
  history_.Put(id, header);
  const bool has_body = incoming.change.has_value();
  if (has_body) history_.PutChange(*std::move(incoming.change));

  touched_ = record_dirty_ = true;
  const bool rebases = header.live() && (header.is_create || header.Touches(kDefinitionPath));
  if (state_.change_count == 0 || was_missing || rebases || (header.live() && header.newer_kind)) {
    return Refold();
  }
  const ParsedChange* change = nullptr;
  if (has_body) {
    ASSIGN_OR_RETURN(change, history_.FindChange(id));
  }
  ASSIGN_OR_RETURN(const Step step, Advance(id, header, change));
  return step == Step::kRefold ? Refold() : absl::OkStatus();
}

absl::StatusOr<RequestEditor::Step> RequestEditor::Advance(const ChangeId& id, const Header& header,
                                                           const ParsedChange* change) {
  const bool sees_all = header.parents == state_.heads;
  const bool writes = header.live() && definition_ != nullptr && !header.paths.empty();
  if (header.live()) {
    state_.update_time =
        std::max(state_.update_time, EffectiveTimeOf(change->body.hlc(), header.stamp));
  }
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

absl::Status RequestEditor::Refold() {
  ++counters_.refolds;
  touched_ = record_dirty_ = true;
  std::vector<ChangeId> ids;
  if (is_new_) {
    ids.assign(history_.changed().begin(), history_.changed().end());
    std::sort(ids.begin(), ids.end());
  } else {
    ASSIGN_OR_RETURN(ids, history_.LoadAll());
  }
  std::vector<FoldChange> changes;
  changes.reserve(ids.size());
  for (const ChangeId& id : ids) {
    ASSIGN_OR_RETURN(const Header* header, history_.Find(id));
    FoldChange change{
        .id = id, .stamp = header->stamp, .parents = header->parents, .stub = !header->has_body};
    if (header->live()) {
      ASSIGN_OR_RETURN(change.change, history_.FindChange(id));
    }
    changes.push_back(std::move(change));
  }
  RETURN_IF_ERROR(LoadAllElements());
  Fold fold = FoldRequest(state_.key, changes, definitions_);
  for (const ChangeId& id : ids) {
    ASSIGN_OR_RETURN(const Header* header, history_.Find(id));
    const bool circular = Contains(fold.circular, id);
    if (header->generation == fold.generations[id] && header->circular == circular) continue;
    Header corrected = *header;
    corrected.generation = fold.generations[id];
    corrected.circular = circular;
    history_.Put(id, std::move(corrected));
  }
  state_ = std::move(fold.state);
  local_.missing = std::move(fold.missing);
  local_.disputed = std::move(fold.disputed);
  local_.retract_open = fold.retract_open;
  local_.cover = std::move(fold.cover);
  definition_ = state_.availability == v1::AVAILABILITY_READY ? definitions_.Find(state_.definition)
                                                              : nullptr;
  for (auto& [path, slot] : elements_) {
    slot.field.reset();
    slot.dirty = true;
  }
  for (auto& [path, element] : fold.elements) {
    ElementSlot& slot = elements_[path];
    slot.field = std::move(element);
    slot.dirty = true;
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<ChangeId>> RequestEditor::SeenCandidates(
    const std::vector<ChangeId>& parents, std::string_view path) {
  std::vector<ChangeId> seen;
  const FieldState* field = state_.Find(path);
  if (field == nullptr) return seen;
  ASSIGN_OR_RETURN(const HistoryReader::Ids unseen, history_.Unseen(state_.heads, parents));
  for (const Candidate& candidate : field->candidates) {
    if (!unseen.contains(candidate.change)) seen.push_back(candidate.change);
  }
  return seen;
}

absl::StatusOr<bool> RequestEditor::ContainConflict(const std::vector<ChangeId>& parents,
                                                    std::string_view path) {
  const FieldState* field = state_.Find(path);
  if (field == nullptr || !field->under_review) return false;
  if (parents == state_.heads) return true;
  ASSIGN_OR_RETURN(const std::vector<ChangeId> seen, SeenCandidates(parents, path));
  FieldState known{.path = field->path};
  for (const Candidate& candidate : field->candidates) {
    if (Contains(seen, candidate.change)) known.candidates.push_back(candidate);
  }
  return AnyClash(FieldRuleOf(path, definition_.get()), definition_.get(), known);
}

absl::StatusOr<const FieldState*> RequestEditor::FindElement(std::string_view path) {
  ASSIGN_OR_RETURN(const ElementSlot* slot, LoadElement(path));
  return slot->field ? &*slot->field : nullptr;
}

absl::StatusOr<RequestEditor::ElementSlot*> RequestEditor::LoadElement(std::string_view path) {
  if (const auto at = elements_.find(path); at != elements_.end()) return &at->second;
  ElementSlot slot;
  if (!is_new_ && !all_elements_loaded_) {
    ASSIGN_OR_RETURN(std::optional<std::string> row,
                     reader_.Get(Family::kRequests, keys::Element(state_.key, path)));
    if (row) {
      ASSIGN_OR_RETURN(slot.field, DecodeField(*row));
      slot.stored_row = *std::move(row);
    }
  }
  return &(elements_[std::string(path)] = std::move(slot));
}

absl::Status RequestEditor::LoadAllElements() {
  if (is_new_ || all_elements_loaded_) return absl::OkStatus();
  const std::string prefix = keys::ElementPrefix(state_.key);
  RETURN_IF_ERROR(reader_.Scan(Family::kRequests, prefix, PrefixEnd(prefix),
                               [&](std::string_view key, std::string_view row) {
                                 ElementSlot slot;
                                 slot.stored_row = std::string(row);
                                 elements_.try_emplace(std::string(key.substr(prefix.size())),
                                                       std::move(slot));
                                 return true;
                               }));
  all_elements_loaded_ = true;
  return absl::OkStatus();
}

void RequestEditor::SetDisputed(std::string_view path) {
  const auto at = std::lower_bound(local_.disputed.begin(), local_.disputed.end(), path);
  if (at == local_.disputed.end() || *at != path) local_.disputed.insert(at, std::string(path));
}

bool RequestEditor::IsDisputed(std::string_view path) const {
  return std::binary_search(local_.disputed.begin(), local_.disputed.end(), path);
}

size_t RequestEditor::StateBytes() const {
  return stored_state_bytes_ + local_.element_bytes + added_bytes_;
}

size_t RequestEditor::AddedElements(std::string_view collection) const {
  const auto at = added_elements_.find(collection);
  return at != added_elements_.end() ? at->second : 0;
}

void RequestEditor::TouchFeed(uint64_t position, WriteBatch* batch) {
  std::vector<std::string> buckets;
  if (state_.availability == v1::AVAILABILITY_READY) {
    // Another node's first judgement is not repeated here, but a key must hold together.
    if (IsAreaPrefix(state_.area())) buckets.push_back(BucketOfArea(state_.area()));
    if (IsActorName(state_.assignee())) buckets.push_back("@" + std::string(state_.assignee()));
  }
  const auto value = [&](char kind) { return std::string(1, kind) + state_.key.id.bytes(); };
  std::vector<FeedRow> rows;
  for (FeedRow& row : local_.feed_rows) {
    const bool stays = std::find(buckets.begin(), buckets.end(), row.bucket) != buckets.end();
    if (row.left && !stays) {
      rows.push_back(std::move(row));
      continue;
    }
    batch->SingleDelete(Family::kFeed, keys::Feed(state_.key.region, row.bucket, row.position));
    if (!stays) {
      batch->Put(Family::kFeed, keys::Feed(state_.key.region, row.bucket, position), value('L'));
      rows.push_back({.bucket = std::move(row.bucket), .position = position, .left = true});
    }
  }
  for (std::string& bucket : buckets) {
    batch->Put(Family::kFeed, keys::Feed(state_.key.region, bucket, position), value('R'));
    rows.push_back({.bucket = std::move(bucket), .position = position, .left = false});
  }
  local_.feed_rows = std::move(rows);
}

void RequestEditor::Flush(WriteBatch* batch) {
  for (const ChangeId& id : history_.changed()) {
    batch->Put(Family::kHistory, keys::History(state_.key, id),
               EncodeHeader(*history_.Find(id).value()));
  }
  if (!record_dirty_) return;

  const auto count = [&](const std::string& path, int difference) {
    const std::string_view collection = CollectionOf(path);
    auto at = std::lower_bound(
        local_.element_counts.begin(), local_.element_counts.end(), collection,
        [](const auto& entry, std::string_view name) { return entry.first < name; });
    if (at == local_.element_counts.end() || at->first != collection) {
      at = local_.element_counts.insert(at, {std::string(collection), 0});
    }
    at->second += difference;
  };
  for (auto& [path, slot] : elements_) {
    if (!slot.dirty) continue;
    const std::string row = slot.field ? EncodeField(*slot.field) : std::string();
    if (row == slot.stored_row) continue;
    if (!slot.stored_row.empty()) {
      local_.element_sum.Subtract(path, slot.stored_row);
      local_.element_bytes -= slot.stored_row.size();
      const absl::StatusOr<FieldState> stored = DecodeField(slot.stored_row);
      if (stored.ok() && stored->value) count(path, -1);
    }
    if (row.empty()) {
      batch->Delete(Family::kRequests, keys::Element(state_.key, path));
      continue;
    }
    local_.element_sum.Add(path, row);
    local_.element_bytes += row.size();
    if (slot.field->value) count(path, +1);
    batch->Put(Family::kRequests, keys::Element(state_.key, path), row);
  }

  std::vector<std::pair<uint64_t, std::string>> conflicts;
  for (const FieldState& field : state_.fields) {
    if (field.under_review) conflicts.emplace_back(LatestOf(field)->effective_time, field.path);
  }
  for (const auto& [since, path] : local_.conflict_rows) {
    if (std::find(conflicts.begin(), conflicts.end(), std::pair(since, path)) == conflicts.end()) {
      batch->Delete(Family::kRequests, keys::Conflict(state_.key, since, path));
    }
  }
  for (const auto& [since, path] : conflicts) {
    batch->Put(Family::kRequests, keys::Conflict(state_.key, since, path), "");
  }
  local_.conflict_rows = std::move(conflicts);

  const bool waits = state_.availability == v1::AVAILABILITY_NEEDS_DEFINITION;
  if (waits) batch->Put(Family::kRequests, keys::Wait(state_.definition, state_.key), "");
  local_.waits = waits;

  batch->Put(Family::kRequests, keys::Record(state_.key),
             EncodeRecord(EncodeState(state_), local_));
}

}  // namespace tikar::sync
