// CheckAgainstDefinition: fields, workflow, roles and reviews as the pinned definition has them.
#include "sync/validation.h"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "sync/change.h"
#include "sync/validation_values.h"
#include "sync/validation_words.h"
#include "sync/value.h"

namespace tikar::sync {
namespace {

using enum ViolationCode;

class DefinitionChecker {
 public:
  DefinitionChecker(const v1::ChangeBody& body, const Definition& definition,
                    const RequestView* view)
      : body_(body), definition_(definition), view_(view) {}

  Judgement Run() && {
    // A joining change only ties heads together.
    if (body_.mutations().empty()) return std::move(judgement_);
    if (definition_.FindRole(body_.role()) == nullptr) {
      std::vector<Words> roles;
      for (const v1::Role& role : definition_.proto().roles()) roles.push_back(role.key());
      judgement_.Add(kUnknownRole, "", Quoted(body_.role()), JoinWords(roles));
      // Every step would be refused for the same reason.
      return std::move(judgement_);
    }
    CollectWrites();
    for (const v1::Mutation& mutation : body_.mutations()) CheckMutation(mutation);
    CheckElementCounts();
    return std::move(judgement_);
  }

 private:
  Words RoleLabel() const { return Label(definition_.FindRole(body_.role())->label()); }

  template <typename Keys>
  Words RoleLabels(const Keys& keys) const {
    std::vector<Words> labels;
    for (const std::string& key : keys) {
      if (const v1::Role* role = definition_.FindRole(key)) labels.push_back(Label(role->label()));
    }
    return JoinWords(labels);
  }

  Words StateLabel(std::string_view key) const {
    const v1::State* state = definition_.FindState(key);
    return state == nullptr ? Words(Quoted(key)) : Label(state->label());
  }

  // What this change itself leaves in each field, for the checks that look at the whole.
  void CollectWrites() {
    for (const v1::Mutation& mutation : body_.mutations()) {
      if (mutation.has_set_field()) {
        written_[mutation.set_field().path()] = &mutation.set_field().value();
      } else if (mutation.has_clear_field()) {
        written_[mutation.clear_field().path()] = nullptr;
      } else if (mutation.has_settle()) {
        written_[mutation.settle().path()] =
            mutation.settle().has_value() ? &mutation.settle().value() : nullptr;
      }
    }
  }

  void CheckMutation(const v1::Mutation& mutation) {
    switch (mutation.kind_case()) {
      case v1::Mutation::kCreate:
        return CheckCreate(mutation.create());
      case v1::Mutation::kSetField:
        return CheckSetField(mutation.set_field());
      case v1::Mutation::kClearField:
        return CheckClearField(mutation.clear_field());
      case v1::Mutation::kTransition:
        return CheckTransition(mutation.transition());
      case v1::Mutation::kAddElement:
        if (CheckElement(mutation.add_element().collection(), mutation.add_element().collection(),
                         mutation.add_element().value())) {
          ++added_[mutation.add_element().collection()];
        }
        return;
      case v1::Mutation::kRemoveElement:
        CheckCollectionOf(mutation.remove_element().path());
        return;
      case v1::Mutation::kRetract:
      case v1::Mutation::kRestore:
        if (!definition_.MayRetract(body_.role())) {
          judgement_.Add(kRoleMayNotRetract, kRetractedPath, RoleLabel());
        }
        return CheckNotUnderReview(kRetractedPath);
      case v1::Mutation::kSettle:
        return CheckSettle(mutation.settle());
      case v1::Mutation::kRebase:
        if (!definition_.IsSettler(body_.role())) {
          judgement_.Add(kRoleMayNotRebase, kDefinitionPath, RoleLabel(),
                         RoleLabels(definition_.proto().settler_roles()));
        }
        return;
      case v1::Mutation::KIND_NOT_SET:  // a kind of a newer version
        return;
    }
  }

  void CheckCreate(const v1::Create& create) {
    if (create.definition_hash() != definition_.hash().view() ||
        create.service() != definition_.proto().service() ||
        create.version() != definition_.proto().version()) {
      judgement_.Add(kDefinitionMismatch, kDefinitionPath, Quoted(create.service()),
                     absl::StrCat(create.version()));
    }
    if (!definition_.MayCreate(body_.role())) {
      judgement_.Add(kRoleMayNotCreate, "", RoleLabel());
    }
    for (const v1::Field& field : definition_.proto().fields()) {
      // One that is set, but blank, is found where it is set.
      if (field.required() && !written_.contains(field.key())) {
        judgement_.Add(kRequired, field.key(), Label(field.label()));
      }
    }
  }

  void CheckSetField(const v1::SetField& set) {
    const std::string& path = set.path();
    if (IsElementPath(path)) {
      CheckElement(CollectionOf(path), path, set.value());
      return;
    }
    if (!CheckMayWrite(path)) return;
    if (const v1::Field* field = definition_.FindField(path)) {
      CheckFieldValue(definition_, *field, set.value(), &judgement_);
    }
    CheckNotUnderReview(path);
  }

  void CheckClearField(const v1::ClearField& clear) {
    const std::string& path = clear.path();
    if (IsElementPath(path)) {
      CheckCollectionOf(path);
      return;
    }
    if (!CheckMayWrite(path)) return;
    const v1::Field* field = definition_.FindField(path);
    if (field != nullptr && field->required()) {
      judgement_.Add(kRequired, path, Label(field->label()));
    }
    CheckNotUnderReview(path);
  }

  // False, and said so, for a field that is unknown: then nothing more can be said about it.
  bool CheckMayWrite(const std::string& path) {
    if (IsBuiltInField(path)) {
      if (path == kAssigneePath && !definition_.MayAssign(body_.role())) {
        judgement_.Add(kRoleMayNotAssign, path, RoleLabel());
      }
      return true;
    }
    const v1::Field* field = definition_.FindField(path);
    if (field == nullptr) {
      judgement_.Add(kUnknownField, path, Quoted(path));
      return false;
    }
    if (!definition_.MayWrite(body_.role(), path)) {
      judgement_.Add(kRoleMayNotWrite, path, Label(field->label()), RoleLabel(),
                     RoleLabels(field->writer_roles()));
    }
    return true;
  }

  // A person who saw the conflict must settle it instead of adding one more candidate to it.
  void CheckNotUnderReview(std::string_view path) {
    const v1::Policy policy = definition_.PolicyOf(path);
    if (policy != v1::POLICY_REVIEW && policy != v1::POLICY_WORKFLOW) return;
    if (view_ != nullptr && view_->ParentsContainConflict(path)) {
      judgement_.Add(kUnderReview, path, LabelOf(definition_, path));
    }
  }

  void CheckTransition(const v1::Transition& transition) {
    const v1::WorkflowEdge* edge = definition_.FindEdge(transition.from(), transition.to());
    if (edge == nullptr) {
      judgement_.Add(kNoSuchTransition, kStatusPath, StateLabel(transition.from()),
                     StateLabel(transition.to()));
    } else {
      CheckEdge(*edge, transition);
    }
    // Whoever saw the conflict settles it; then the step is taken from what was settled.
    CheckNotUnderReview(kStatusPath);
  }

  void CheckEdge(const v1::WorkflowEdge& edge, const v1::Transition& transition) {
    const Words step = Label(edge.label());
    if (std::find(edge.roles().begin(), edge.roles().end(), body_.role()) == edge.roles().end()) {
      judgement_.Add(kRoleMayNotTakeStep, kStatusPath, RoleLabel(), step, RoleLabels(edge.roles()));
    }
    if (edge.reason_required() && IsBlank(transition.reason())) {
      judgement_.Add(kReasonRequired, kStatusPath, step);
    }
    for (const std::string& path : edge.required_fields()) {
      if (!Holds(path, [](const v1::Value& value) { return !IsBlank(value); })) {
        judgement_.Add(kNeededForTransition, path, LabelOf(definition_, path), step);
      }
    }
    for (const v1::EdgeCondition& condition : edge.conditions()) {
      if (!Holds(condition.field(),
                 [&](const v1::Value& value) { return Meets(condition, value); })) {
        judgement_.Add(kConditionNotMet, condition.field(), step,
                       edge.has_condition_message() ? Label(edge.condition_message())
                                                    : ConditionWords(definition_, condition));
      }
    }
    if (edge.irreversible() && view_ != nullptr) CheckIrreversible(edge, step);
  }

  // Whatever such a step depends on must be settled first, whether or not its author could know of
  // the conflict: what a merge decided for the time being must not let money out.
  void CheckIrreversible(const v1::WorkflowEdge& edge, const Words& step) {
    if (view_->UnderReview(kStatusPath)) {
      judgement_.Add(kIrreversibleUnderReview, kStatusPath, step, StateLabel(view_->Status()));
    }
    std::set<std::string_view> paths(edge.required_fields().begin(), edge.required_fields().end());
    for (const v1::EdgeCondition& condition : edge.conditions()) paths.insert(condition.field());
    for (const std::string_view path : paths) {
      if (path == kStatusPath || !view_->UnderReview(path)) continue;
      judgement_.Add(kIrreversibleFieldUnderReview, path, step, LabelOf(definition_, path));
    }
  }

  // Whether the field holds what `wanted` asks for, in what the author saw together with what this
  // change writes. What this node cannot know it takes for so: offline work is not thrown away on a
  // guess.
  template <typename Wanted>
  bool Holds(std::string_view path, const Wanted& wanted) const {
    if (const auto found = written_.find(path); found != written_.end()) {
      return found->second != nullptr && wanted(*found->second);
    }
    if (view_ == nullptr) return true;
    const std::optional<v1::Value> value = view_->FieldValue(path);
    return (value.has_value() && wanted(*value)) || !view_->KnowsPast();
  }

  void CheckSettle(const v1::Settle& settle) {
    const std::string& path = settle.path();
    const v1::Field* field = definition_.FindField(path);
    if (field == nullptr && path != kStatusPath && path != kRetractedPath) {
      judgement_.Add(kUnknownField, path, Quoted(path));
      return;
    }
    if (!definition_.MaySettle(body_.role(), path)) {
      const bool own_settlers = field != nullptr && !field->settler_roles().empty();
      judgement_.Add(
          kRoleMayNotSettle, path, LabelOf(definition_, path), RoleLabel(),
          RoleLabels(own_settlers ? field->settler_roles() : definition_.proto().settler_roles()));
    }
    if (path == kStatusPath) {
      CheckSettledStatus(settle);
    } else if (path == kRetractedPath) {
      if (!settle.value().has_flag()) {
        judgement_.Add(kWrongType, path, BuiltInLabel(path), TypeWords(v1::FIELD_TYPE_FLAG));
      }
    } else if (settle.has_value()) {
      CheckFieldValue(definition_, *field, settle.value(), &judgement_);
    } else if (field->required()) {
      judgement_.Add(kRequired, path, Label(field->label()));
    }
  }

  void CheckSettledStatus(const v1::Settle& settle) {
    const std::string& state = settle.value().text();
    if (settle.value().has_text() && definition_.FindState(state) != nullptr) return;
    std::vector<Words> states;
    for (const v1::State& known : definition_.proto().workflow().states()) {
      states.push_back(known.key());
    }
    judgement_.Add(kUnknownState, kStatusPath, Quoted(state), JoinWords(states));
  }

  // False, and said so, when the definition has no such collection.
  bool CheckCollectionOf(std::string_view path) {
    const std::string_view collection = CollectionOf(path);
    if (definition_.FindCollection(collection) != nullptr) return true;
    judgement_.Add(kUnknownCollection, path, Quoted(collection));
    return false;
  }

  bool CheckElement(std::string_view collection, std::string_view path, const v1::Value& value) {
    if (!CheckCollectionOf(collection)) return false;
    CheckElementValue(definition_, collection, path, value, &judgement_);
    return true;
  }

  // Removals in the same change do not make room: an edit that the author had not seen may keep the
  // element.
  void CheckElementCounts() {
    for (const v1::Collection& collection : definition_.proto().collections()) {
      const auto added = added_.find(collection.key());
      if (added == added_.end()) continue;
      const size_t before = view_ == nullptr ? 0 : view_->ElementCount(collection.key());
      const size_t elements_max = definition_.ElementsMax(collection.key());
      if (before + added->second > elements_max) {
        judgement_.Add(kTooManyElements, collection.key(), Label(collection.label()),
                       absl::StrCat(elements_max));
      }
    }
  }

  const v1::ChangeBody& body_;
  const Definition& definition_;
  const RequestView* view_;
  // Views into body_.
  absl::flat_hash_map<std::string_view, const v1::Value*> written_;  // nullptr: emptied
  absl::flat_hash_map<std::string_view, size_t> added_;
  Judgement judgement_;
};

}  // namespace

Judgement CheckAgainstDefinition(const v1::ChangeBody& body, const Definition& definition,
                                 const RequestView* view) {
  if (!definition.supported()) return {};
  return DefinitionChecker(body, definition, view).Run();
}

}  // namespace tikar::sync
