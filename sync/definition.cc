#include "sync/definition.h"

#include <re2/re2.h>

#include <algorithm>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "sync/definition_problems.h"
#include "sync/limits.h"
#include "sync/status_macros.h"

namespace tikar::sync {
namespace {

constexpr size_t kTextCodePointsDefault = 500;
constexpr size_t kLongTextCodePointsDefault = 8000;

bool IsText(v1::FieldType type) {
  return type == v1::FIELD_TYPE_TEXT || type == v1::FIELD_TYPE_LONG_TEXT;
}

template <typename Map>
auto FindPointer(const Map& map, std::string_view key) -> typename Map::mapped_type {
  const auto found = map.find(key);
  return found == map.end() ? nullptr : found->second;
}

bool Contains(const google::protobuf::RepeatedPtrField<std::string>& items, std::string_view item) {
  return std::find(items.begin(), items.end(), item) != items.end();
}

}  // namespace

bool IsBuiltInField(std::string_view path) {
  return path == kAreaPath || path == kAssigneePath || path == kDuplicateOfPath ||
         path == kTransferredFromPath;
}

Definition::Definition() = default;
Definition::~Definition() = default;

absl::StatusOr<std::shared_ptr<const Definition>> Definition::Parse(std::string_view bytes) {
  if (bytes.size() > kDefinitionBytesMax) {
    return absl::InvalidArgumentError(absl::StrCat(
        "definition has ", bytes.size(), " bytes, at most ", kDefinitionBytesMax, " are allowed"));
  }
  ASSIGN_OR_RETURN(const std::shared_ptr<Definition> definition, Decode(bytes));
  if (const std::string problems = definition->Problems(); !problems.empty()) {
    return absl::InvalidArgumentError(absl::StrCat("definition \"", definition->proto_.service(),
                                                   "\" has problems:\n", problems));
  }
  definition->BuildIndexes();
  return std::shared_ptr<const Definition>(definition);
}

absl::StatusOr<std::shared_ptr<const Definition>> Definition::ParseStored(std::string_view bytes,
                                                                          std::string* problems) {
  ASSIGN_OR_RETURN(const std::shared_ptr<Definition> definition, Decode(bytes));
  if (definition->supported() && definition->proto_.workflow().states().empty()) {
    return absl::InvalidArgumentError("its workflow has no states");
  }
  *problems = definition->Problems();
  definition->BuildIndexes();
  return std::shared_ptr<const Definition>(definition);
}

absl::StatusOr<std::shared_ptr<Definition>> Definition::Decode(std::string_view bytes) {
  std::shared_ptr<Definition> definition(new Definition);
  definition->bytes_ = std::string(bytes);
  definition->hash_ = Sha256(bytes);
  if (!definition->proto_.ParseFromString(definition->bytes_)) {
    return absl::InvalidArgumentError("these bytes are not a tikar.v1.Definition");
  }
  return definition;
}

std::string Definition::Problems() const {
  if (!supported()) return "";
  return absl::StrJoin(FindDefinitionProblems(proto_), "\n");
}

void Definition::BuildIndexes() {
  for (const v1::Field& field : proto_.fields()) {
    fields_.emplace(field.key(), &field);
    policies_.emplace(field.key(), field.policy());
    if (!field.pattern().empty()) {
      patterns_.emplace(field.key(), CompilePattern(field.pattern()));
    }
  }
  // Assigned last: in an unchecked newer definition a field of such a name must not shadow them.
  policies_.insert_or_assign(kStatusPath, v1::POLICY_WORKFLOW);
  policies_.insert_or_assign(kRetractedPath, v1::POLICY_REVIEW);
  for (std::string_view path :
       {kDefinitionPath, kAreaPath, kAssigneePath, kDuplicateOfPath, kTransferredFromPath}) {
    policies_.insert_or_assign(path, v1::POLICY_LATEST);
  }
  int rank = 0;
  for (const v1::State& state : proto_.workflow().states()) {
    state_ranks_.emplace(state.key(), rank++);
  }
  for (const v1::WorkflowEdge& edge : proto_.workflow().edges()) {
    edges_.emplace(std::pair<std::string_view, std::string_view>(edge.from(), edge.to()), &edge);
  }
  for (const v1::Role& role : proto_.roles()) roles_.emplace(role.key(), &role);
  for (const v1::Collection& collection : proto_.collections()) {
    collections_.emplace(collection.key(), &collection);
  }
}

v1::Policy Definition::PolicyOf(std::string_view path) const {
  const auto found = policies_.find(path);
  return found == policies_.end() ? v1::POLICY_LATEST : found->second;
}

std::string_view Definition::initial_state() const {
  if (proto_.workflow().states().empty()) return {};
  return proto_.workflow().states(0).key();
}

int Definition::StateRank(std::string_view state) const {
  const auto found = state_ranks_.find(state);
  return found == state_ranks_.end() ? -1 : found->second;
}

bool Definition::IsDecision(std::string_view state) const {
  const v1::State* found = FindState(state);
  return found != nullptr && (found->terminal() || found->decision());
}

const v1::State* Definition::FindState(std::string_view key) const {
  const int rank = StateRank(key);
  return rank < 0 ? nullptr : &proto_.workflow().states(rank);
}

const v1::WorkflowEdge* Definition::FindEdge(std::string_view from, std::string_view to) const {
  const auto found = edges_.find(std::pair(from, to));
  return found == edges_.end() ? nullptr : found->second;
}

const v1::Field* Definition::FindField(std::string_view key) const {
  return FindPointer(fields_, key);
}

const v1::Role* Definition::FindRole(std::string_view key) const {
  return FindPointer(roles_, key);
}

const v1::Collection* Definition::FindCollection(std::string_view key) const {
  return FindPointer(collections_, key);
}

bool Definition::IsSettler(std::string_view role) const {
  return roles_.contains(role) && Contains(proto_.settler_roles(), role);
}

bool Definition::MaySettle(std::string_view role, std::string_view path) const {
  if (path == kStatusPath || path == kRetractedPath) return IsSettler(role);
  const v1::Field* field = FindField(path);
  if (field == nullptr) return false;
  if (field->settler_roles().empty()) return IsSettler(role);
  return roles_.contains(role) && Contains(field->settler_roles(), role);
}

bool Definition::MayWrite(std::string_view role, std::string_view key) const {
  const v1::Field* field = FindField(key);
  if (field == nullptr || !roles_.contains(role)) return false;
  return field->writer_roles().empty() || Contains(field->writer_roles(), role);
}

bool Definition::MayCreate(std::string_view role) const {
  const v1::Role* found = FindRole(role);
  return found != nullptr && found->creates();
}

bool Definition::MayRetract(std::string_view role) const {
  const v1::Role* found = FindRole(role);
  return found != nullptr && found->retracts();
}

bool Definition::MayAssign(std::string_view role) const {
  const v1::Role* found = FindRole(role);
  return found != nullptr && found->assigns();
}

bool Definition::MatchesPattern(std::string_view key, std::string_view text) const {
  const auto found = patterns_.find(key);
  if (found == patterns_.end() || !found->second->ok()) return true;
  return RE2::FullMatch(re2::StringPiece(text.data(), text.size()), *found->second);
}

size_t Definition::TextCodePointsMax(std::string_view key) const {
  const v1::Field* field = FindField(key);
  if (field == nullptr || !IsText(field->type())) return 0;
  if (field->length_max() != 0) return field->length_max();
  return field->type() == v1::FIELD_TYPE_TEXT ? kTextCodePointsDefault : kLongTextCodePointsDefault;
}

v1::FieldType Definition::ElementTypeOf(std::string_view collection) const {
  const v1::Collection* found = FindCollection(collection);
  if (found == nullptr) return v1::FIELD_TYPE_UNSPECIFIED;
  return found->type() == v1::FIELD_TYPE_UNSPECIFIED ? v1::FIELD_TYPE_LONG_TEXT : found->type();
}

size_t Definition::ElementCodePointsMax(std::string_view collection) const {
  const v1::Collection* found = FindCollection(collection);
  return found == nullptr ? 0 : found->length_max();
}

size_t Definition::ElementsMax(std::string_view collection) const {
  const v1::Collection* found = FindCollection(collection);
  if (found == nullptr) return 0;
  return found->elements_max() == 0 ? kElementsPerCollectionMax : found->elements_max();
}

}  // namespace tikar::sync
