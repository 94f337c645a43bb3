#include "sync/pending.h"

#include <algorithm>
#include <utility>

#include "sync/fold.h"
#include "sync/stamp.h"

namespace tikar::sync {
namespace {

void Overwrite(const Write& write, const ParsedChange& change, const Definition* definition,
               FieldState* field) {
  // The author's own clock is all there is to know of the time.
  const Stamp stamp{.received_at_ms = HlcMs(change.body.hlc())};
  Candidate candidate = MakeCandidate(write, change, stamp, definition);
  candidate.effective_time = change.body.hlc();
  // A review goes on: an ordinary write only adds to it.
  if (field->under_review && !write.settles()) {
    field->candidates.push_back(std::move(candidate));
    return;
  }
  field->value = candidate.value;
  field->rule = v1::RULE_ONLY;
  field->under_review = false;
  field->candidates = {std::move(candidate)};
}

}  // namespace

void ApplyPending(const ParsedChange& change, const Definition* definition, LocalView* view) {
  State& state = view->state;
  if (IsCreate(change.body)) {
    const v1::Create& create = change.body.mutations(0).create();
    state.key = {change.body.region(), change.request_id};
    state.service = create.service();
    state.definition_version = create.version();
    if (const auto hash = DefinitionHash::FromBytes(create.definition_hash())) {
      state.definition = *hash;
    }
    state.create_time = change.body.hlc();
    state.availability =
        definition != nullptr ? v1::AVAILABILITY_READY : v1::AVAILABILITY_NEEDS_DEFINITION;
  }
  for (const Write& write : change.writes) {
    if (IsElementPath(write.path)) {
      FieldState& element = view->elements[write.path];
      element.path = write.path;
      Overwrite(write, change, definition, &element);
      continue;
    }
    FieldState& field = state.FindOrAdd(write.path);
    Overwrite(write, change, definition, &field);
    if (write.path != kStatusPath || definition == nullptr) continue;
    const auto own = std::find_if(field.candidates.begin(), field.candidates.end(),
                                  [&](const Candidate& c) { return c.change == change.id; });
    Enter(*own, *definition, &state);
  }
  state.update_time = std::max<uint64_t>(state.update_time, change.body.hlc());
  ++state.change_count;
  // Heads that this change has as parents are behind it now.
  std::erase_if(state.heads, [&](const ChangeId& head) {
    return std::binary_search(change.parents.begin(), change.parents.end(), head);
  });
  const auto at = std::lower_bound(state.heads.begin(), state.heads.end(), change.id);
  if (at == state.heads.end() || *at != change.id) state.heads.insert(at, change.id);
}

std::optional<v1::Value> LocalRequestView::FieldValue(std::string_view path) const {
  const FieldState* field = view_->state.Find(path);
  if (field == nullptr || !field->value) return std::nullopt;
  return field->value->ToProto();
}

bool LocalRequestView::UnderReview(std::string_view path) const {
  return view_->state.UnderReview(path);
}

bool LocalRequestView::ParentsContainConflict(std::string_view path) const {
  return view_->state.UnderReview(path);
}

std::string LocalRequestView::Status() const { return std::string(view_->state.status()); }

size_t LocalRequestView::ElementCount(std::string_view collection) const {
  size_t count = 0;
  for (const auto& [path, element] : view_->elements) {
    if (element.value && CollectionOf(path) == collection) ++count;
  }
  return count;
}

}  // namespace tikar::sync
