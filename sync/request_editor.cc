#include "sync/request_editor.h"

#include <algorithm>
#include <utility>

#include "sync/feed.h"
#include "sync/keys.h"
#include "sync/names.h"
#include "sync/sorted_ids.h"
#include "sync/status_macros.h"

namespace tikar::sync {
namespace {

// What the header tells of the body.
void Describe(const ParsedChange& change, Header* header) {
  header->is_create = IsCreate(change.body);
  header->newer_kind = change.newer_kind;
  header->contests_retract = change.contests_retract;
  header->paths.clear();
  for (const Write& write : change.writes) header->paths.push_back(write.path);
}

// Whether nothing but each write by itself decides the state that this change begins.
bool BeginsAState(const Header& header, const ParsedChange& change) {
  return header.live() && header.is_create && !header.newer_kind && header.parents.empty() &&
         !header.Touches(kRetractedPath) &&
         std::none_of(change.writes.begin(), change.writes.end(),
                      [](const Write& write) { return write.settles(); });
}

}  // namespace

RequestEditor::RequestEditor(const Reader& reader, const RequestKey& key,
                             const DefinitionSource& definitions, const FoldCapability& capability,
                             HistoryCounters* counters)
    : reader_(reader),
      definitions_(definitions),
      capability_(capability),
      counters_(*counters),
      history_(reader, key, counters, capability) {
  state_.key = key;
}

absl::StatusOr<std::unique_ptr<RequestEditor>> RequestEditor::Load(
    const Reader& reader, const RequestKey& key, const DefinitionSource& definitions,
    const FoldCapability& capability, HistoryCounters* counters) {
  std::unique_ptr<RequestEditor> editor(
      new RequestEditor(reader, key, definitions, capability, counters));
  ASSIGN_OR_RETURN(std::optional<std::string> bytes,
                   reader.Get(Family::kRequests, keys::Record(key)));
  if (!bytes) {
    // The record is written with the first header.
    editor->history_.StartEmpty();
    return editor;
  }
  ASSIGN_OR_RETURN(RecordParts parts, DecodeRecord(*bytes));
  ASSIGN_OR_RETURN(editor->state_, DecodeState(key, parts.state_bytes));
  editor->stored_state_bytes_ = parts.state_bytes.size();
  editor->local_ = std::move(parts.local);
  editor->is_new_ = false;
  editor->was_waiting_ = editor->state_.availability != v1::AVAILABILITY_READY;
  editor->was_newer_ = editor->state_.availability == v1::AVAILABILITY_NEEDS_NEWER_SERVER;
  editor->conflicts_before_ = editor->conflicts();
  const DefinitionSource& source = editor->definitions_;
  const std::shared_ptr<const Definition> definition = source.Find(editor->state_.definition);
  const bool ready = editor->state_.availability == v1::AVAILABILITY_READY;
  if (ready) editor->definition_ = definition;
  if (ready && definition == nullptr) {
    ASSIGN_OR_RETURN(editor->stored_rows_, StoredRowsWithoutDefinition(reader, editor->state_));
  } else {
    editor->stored_rows_ = IndexRowsOf(editor->state_, editor->definition_.get());
  }
  const bool arrived =
      editor->state_.availability == v1::AVAILABILITY_NEEDS_DEFINITION && definition != nullptr;
  // Its definition came since, or is one that this build cannot read any more.
  if (arrived || (ready && definition == nullptr)) RETURN_IF_ERROR(editor->Refold());
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
    Describe(*incoming.change, &header);
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
  if (header.stamp.verdict == v1::VERDICT_VOID) ++local_.refused_count;
  if (incoming.change) {
    // What does not write makes no state larger.
    if (header.live()) added_bytes_ += incoming.change->bytes.size();
    for (const Write& write : incoming.change->writes) {
      // An edit may come before the element that it edits.
      const bool may_add = write.kind == WriteKind::kAdd || write.kind == WriteKind::kSet;
      if (!may_add || !header.live() || !IsElementPath(write.path)) continue;
      ASSIGN_OR_RETURN(const FieldState* element, FindElement(write.path));
      if (element == nullptr) ++added_elements_[std::string(CollectionOf(write.path))];
    }
    Describe(*incoming.change, &header);
  }
  const bool was_missing = Contains(local_.missing, incoming.id);
  const ChangeId id = incoming.id;
  history_.Put(id, header);
  const bool has_body = incoming.change.has_value();
  const bool begins =
      has_body && is_new_ && state_.change_count == 0 && BeginsAState(header, *incoming.change);
  if (has_body) history_.PutChange(*std::move(incoming.change));

  touched_ = record_dirty_ = true;
  const bool rebases = header.live() && (header.is_create || header.Touches(kDefinitionPath));
  const ParsedChange* change = nullptr;
  if (has_body) {
    ASSIGN_OR_RETURN(change, history_.FindChange(id));
  }
  if (header.live() && IsByTimer(change->body)) local_.has_timer_change = true;
  if (begins) {
    Begin(*change, header.stamp);
    return absl::OkStatus();
  }
  if (state_.change_count == 0 || was_missing || rebases || (header.live() && header.newer_kind)) {
    return Refold();
  }
  ASSIGN_OR_RETURN(const Step step, Advance(id, header, change));
  return step == Step::kRefold ? Refold() : absl::OkStatus();
}

absl::StatusOr<std::vector<ChangeId>> RequestEditor::AllIds() {
  if (!is_new_) return history_.LoadAll();
  std::vector<ChangeId> ids(history_.changed().begin(), history_.changed().end());
  std::sort(ids.begin(), ids.end());
  return ids;
}

absl::StatusOr<std::vector<FoldChange>> RequestEditor::FoldChanges(
    const std::vector<ChangeId>& ids) {
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
  return changes;
}

absl::Status RequestEditor::Refold() {
  ++counters_.refolds;
  touched_ = record_dirty_ = folded_ = true;
  ASSIGN_OR_RETURN(const std::vector<ChangeId> ids, AllIds());
  ASSIGN_OR_RETURN(const std::vector<FoldChange> changes, FoldChanges(ids));
  RETURN_IF_ERROR(LoadAllElements());
  Fold fold = FoldRequest(state_.key, changes, definitions_, capability_);
  local_.refused_count = 0;
  for (const FoldChange& change : changes) {
    ASSIGN_OR_RETURN(const Header* header, history_.Find(change.id));
    if (header->stamp.verdict == v1::VERDICT_VOID) ++local_.refused_count;
    if (was_waiting_ && change.change != nullptr) NoteBuckets(*change.change);
    Header corrected = *header;
    corrected.generation = fold.generations[change.id];
    corrected.circular = Contains(fold.circular, change.id);
    // A build that knew less may have written the header: what it could not read has paths now.
    if (header->newer_kind && change.change != nullptr) Describe(*change.change, &corrected);
    if (corrected != *header) history_.Put(change.id, std::move(corrected));
  }
  state_ = std::move(fold.state);
  local_.missing = std::move(fold.missing);
  local_.disputed = std::move(fold.disputed);
  local_.retract_open = fold.retract_open;
  local_.has_timer_change = fold.has_timer_change;
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

absl::StatusOr<State> RequestEditor::StateSeen(const std::vector<ChangeId>& parents) {
  ASSIGN_OR_RETURN(const HistoryReader::Ids unseen, history_.Unseen(state_.heads, parents));
  ASSIGN_OR_RETURN(std::vector<ChangeId> ids, AllIds());
  std::erase_if(ids, [&unseen](const ChangeId& id) { return unseen.contains(id); });
  ASSIGN_OR_RETURN(const std::vector<FoldChange> changes, FoldChanges(ids));
  return FoldRequest(state_.key, changes, definitions_, capability_).state;
}

absl::StatusOr<bool> RequestEditor::KnowsPast(const std::vector<ChangeId>& parents) {
  const auto is_missing = [this](const ChangeId& id) { return Contains(local_.missing, id); };
  for (const ChangeId& parent : parents) {
    ASSIGN_OR_RETURN(const Header* header, history_.Find(parent));
    if (header == nullptr) return false;
  }
  if (local_.missing.empty()) return true;
  ASSIGN_OR_RETURN(const HistoryReader::Ids unseen, history_.Unseen(state_.heads, parents));
  ASSIGN_OR_RETURN(const std::vector<ChangeId> ids, AllIds());
  for (const ChangeId& id : ids) {
    if (unseen.contains(id)) continue;
    ASSIGN_OR_RETURN(const Header* header, history_.Find(id));
    const std::vector<ChangeId>& ancestors = header->Ancestors();
    if (std::any_of(ancestors.begin(), ancestors.end(), is_missing)) return false;
  }
  return true;
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
  if (!is_new_ && !all_elements_loaded_ && local_.element_bytes != 0) {
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
  if (is_new_ || all_elements_loaded_ || local_.element_bytes == 0) return absl::OkStatus();
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

size_t RequestEditor::StateBytes() const {
  return stored_state_bytes_ + local_.element_bytes + added_bytes_;
}

size_t RequestEditor::conflicts() const {
  return static_cast<size_t>(std::count_if(state_.fields.begin(), state_.fields.end(),
                                           [](const FieldState& f) { return f.under_review; }));
}

size_t RequestEditor::AddedElements(std::string_view collection) const {
  const auto at = added_elements_.find(collection);
  return at != added_elements_.end() ? at->second : 0;
}

void RequestEditor::NoteBuckets(const ParsedChange& change) {
  for (const Write& write : change.writes) {
    const bool is_area = write.path == kAreaPath;
    if (!write.value || (!is_area && write.path != kAssigneePath)) continue;
    const std::optional<std::string_view> name = write.value->text();
    if (name && is_area && IsAreaPrefix(*name)) named_buckets_.insert(BucketOfArea(*name));
    if (name && !is_area && IsActorName(*name)) named_buckets_.insert(BucketOfActor(*name));
  }
}

void RequestEditor::TouchFeed(uint64_t position, int64_t now_ms, WriteBatch* batch) {
  std::vector<std::string> buckets;
  const bool ready = state_.availability == v1::AVAILABILITY_READY;
  if (ready) {
    // Another node's first judgement is not repeated here, but a key must hold together.
    if (IsAreaPrefix(state_.area())) buckets.push_back(BucketOfArea(state_.area()));
    if (IsActorName(state_.assignee())) buckets.push_back(BucketOfActor(state_.assignee()));
  }
  MoveFeedRows(state_.key, buckets, ready ? named_buckets_ : std::set<std::string>(), position,
               now_ms, &local_.feed_rows, batch);
}

void RequestEditor::ForgetLeft(const LeftRow& row, WriteBatch* batch) {
  if (ForgetLeftRow(row, &local_.feed_rows, batch)) record_dirty_ = true;
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

  WriteDifference(stored_rows_, IndexRowsOf(state_, definition_.get()), batch);

  // The row tells what the request was folded with, so only a fold writes it anew.
  const bool newer = state_.availability == v1::AVAILABILITY_NEEDS_NEWER_SERVER;
  if (newer && folded_) {
    batch->Put(Family::kRequests, keys::Newer(state_.key), EncodeCapability(capability_));
  } else if (!newer && was_newer_) {
    batch->Delete(Family::kRequests, keys::Newer(state_.key));
  }

  batch->Put(Family::kRequests, keys::Record(state_.key),
             EncodeRecord(EncodeState(state_), local_));
}

}  // namespace tikar::sync
