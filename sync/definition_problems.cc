#include "sync/definition_problems.h"

#include <re2/re2.h>

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <utility>

#include "sync/definition.h"
#include "sync/definition_problem_finder.h"
#include "sync/limits.h"
#include "sync/names.h"

namespace tikar::sync {
namespace {

constexpr size_t kPatternBytesMax = 500;
// A pattern that needs more than this to run is a mistake of its author, not a format of anything.
constexpr int64_t kPatternMemoryBytesMax = 1 << 20;
// Even if every code point took one byte it would not fit the byte limit of a text.
constexpr size_t kTextCodePointsMax = kTextBytesMax;

// In every app, and texts there.
constexpr std::string_view kCommonCollections[] = {"attachments", "comments", "tags"};

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// [a-z0-9_]+
bool IsChoiceKey(std::string_view key) {
  return !key.empty() && key.size() <= kKeyBytesMax &&
         std::all_of(key.begin(), key.end(),
                     [](char c) { return (c >= 'a' && c <= 'z') || IsDigit(c) || c == '_'; });
}

// "32" or "32.73".
bool IsPublisherCode(std::string_view code) {
  if (code.size() != 2 && code.size() != 5) return false;
  for (size_t i = 0; i < code.size(); ++i) {
    if (i == 2 ? code[i] != '.' : !IsDigit(code[i])) return false;
  }
  return true;
}

bool IsElementType(v1::FieldType type) {
  return IsTextType(type) || IsBoundedType(type) || type == v1::FIELD_TYPE_DATE ||
         type == v1::FIELD_TYPE_PLACE;
}

// Types whose values have an order that means something to a person.
bool IsOrdered(v1::FieldType type) {
  return type == v1::FIELD_TYPE_INTEGER || type == v1::FIELD_TYPE_MONEY ||
         type == v1::FIELD_TYPE_DECIMAL || type == v1::FIELD_TYPE_DATE ||
         type == v1::FIELD_TYPE_TIME;
}

// Empty: the policy makes sense for the type. Else why not.
std::string PolicyProblem(v1::Policy policy, v1::FieldType type) {
  switch (policy) {
    case v1::POLICY_LATEST:
    case v1::POLICY_REVIEW:
      return "";
    case v1::POLICY_HIGHEST:
    case v1::POLICY_LOWEST:
      return IsOrdered(type) ? "" : "policies highest and lowest need a number, a date or a time";
    case v1::POLICY_UNION:
      return type == v1::FIELD_TYPE_CHOICES ? "" : "policy union needs type CHOICES";
    case v1::POLICY_TEXT:
      return IsTextType(type) ? "" : "policy text needs type TEXT or LONG_TEXT";
    case v1::POLICY_WORKFLOW:
      return "policy workflow is for the status alone";
    case v1::POLICY_UNSPECIFIED:
    default:
      return "has no policy that merge version 1 knows";
  }
}

}  // namespace

std::vector<std::string> ProblemFinder::Run() && {
  CheckHead();
  CheckRoles();
  CheckFields();
  CheckStates();
  CheckEdges();
  CheckServiceLevels();
  CheckCollections();
  CheckDuplicates();
  CheckReports();
  CheckProvenance();
  return std::move(problems_);
}

void ProblemFinder::CheckLabel(const std::string& what, bool present,
                               const v1::LocalizedText& label) {
  if (!present || label.id().empty() || label.en().empty()) {
    Problem(what, ": needs a text in Indonesian and in English");
  }
}

void ProblemFinder::CheckOptionalLabel(const std::string& what, bool present,
                                       const v1::LocalizedText& label) {
  if (present) CheckLabel(what, present, label);
}

void ProblemFinder::CheckUnique(const std::string& what, const std::string& key, Keys& seen) {
  if (!seen.insert(key).second) Problem(what, ": appears twice");
}

void ProblemFinder::CheckHead() {
  if (!IsServiceKey(definition_.service())) {
    Problem("service \"", definition_.service(), "\": must be [a-z][a-z0-9-]*, at most ",
            kKeyBytesMax, " characters");
  }
  if (definition_.version() < 1) Problem("version: counts from 1");
  if (!IsPublisherCode(definition_.publisher())) {
    Problem("publisher \"", definition_.publisher(), "\": must be an area code such as 32.73");
  }
  if (definition_.merge_version() < 1) Problem("merge_version: counts from 1");
  CheckLabel("title", definition_.has_title(), definition_.title());
  CheckOptionalLabel("description", definition_.has_description(), definition_.description());
}

void ProblemFinder::CheckRoles() {
  bool somebody_creates = false;
  for (const v1::Role& role : definition_.roles()) {
    const std::string what = absl::StrCat("role \"", role.key(), "\"");
    if (!IsKey(role.key())) Problem(what, ": key must be [a-z][a-z0-9_]*, at most ", kKeyBytesMax);
    CheckUnique(what, role.key(), roles_);
    CheckLabel(absl::StrCat(what, ".label"), role.has_label(), role.label());
    somebody_creates |= role.creates();
  }
  if (!somebody_creates) Problem("roles: no role may create requests");
  // The status and @retracted can always come under review, and only a settlement ends that.
  if (definition_.settler_roles().empty()) Problem("settler_roles: nobody could end a review");
  CheckRolesKnown("settler_roles", definition_.settler_roles());
}

void ProblemFinder::CheckFields() {
  for (const v1::Field& field : definition_.fields()) CheckField(field);
  const auto title = std::find_if(
      definition_.fields().begin(), definition_.fields().end(),
      [this](const v1::Field& field) { return field.key() == definition_.title_field(); });
  if (title == definition_.fields().end()) {
    Problem("title_field: unknown field \"", definition_.title_field(), "\"");
  } else if (!IsTextType(title->type())) {
    Problem("title_field \"", definition_.title_field(), "\": must be of type TEXT or LONG_TEXT");
  }
}

void ProblemFinder::CheckField(const v1::Field& field) {
  const std::string what = absl::StrCat("field \"", field.key(), "\"");
  if (!IsKey(field.key())) {
    Problem(what, ": key must be [a-z][a-z0-9_]*, at most ", kKeyBytesMax, " characters");
  }
  if (IsBuiltInField(field.key()) || field.key() == kStatusPath) {
    Problem(what, ": every request has a built-in field of this name");
  }
  if (!fields_.emplace(field.key(), &field).second) Problem(what, ": appears twice");
  CheckLabel(absl::StrCat(what, ".label"), field.has_label(), field.label());
  CheckOptionalLabel(absl::StrCat(what, ".help"), field.has_help(), field.help());
  CheckRolesKnown(absl::StrCat(what, ".writer_roles"), field.writer_roles());
  CheckRolesKnown(absl::StrCat(what, ".settler_roles"), field.settler_roles());
  if (field.personal() && field.is_public()) Problem(what, ": personal data cannot be public");
  if (field.type() == v1::FIELD_TYPE_UNSPECIFIED || !v1::FieldType_IsValid(field.type())) {
    Problem(what, ": has no type that merge version 1 knows");
    return;  // What follows depends on the type.
  }
  if (std::string problem = PolicyProblem(field.policy(), field.type()); !problem.empty()) {
    Problem(what, ": ", problem);
  }
  CheckChoices(what, field);
  CheckBounds(what, field);
  CheckPattern(what, field);
}

void ProblemFinder::CheckChoices(const std::string& what, const v1::Field& field) {
  if (!HasChoices(field.type())) {
    if (!field.choices().empty()) Problem(what, ": only CHOICE and CHOICES have choices");
    return;
  }
  if (field.choices().empty()) Problem(what, ": has no choices");
  Keys seen;
  for (const v1::Choice& choice : field.choices()) {
    const std::string which = absl::StrCat(what, ", choice \"", choice.key(), "\"");
    if (!IsChoiceKey(choice.key())) {
      Problem(which, ": key must be [a-z0-9_]+, at most ", kKeyBytesMax, " characters");
    }
    CheckUnique(which, choice.key(), seen);
    CheckLabel(absl::StrCat(which, ".label"), choice.has_label(), choice.label());
  }
}

void ProblemFinder::CheckBounds(const std::string& what, const v1::Field& field) {
  const bool bounded = field.minimum() != 0 || field.maximum() != 0;
  if (bounded && !IsBoundedType(field.type())) {
    Problem(what, ": only INTEGER and MONEY have a minimum and a maximum");
  }
  if (field.minimum() > field.maximum()) Problem(what, ": minimum is above maximum");
  if (field.type() == v1::FIELD_TYPE_MONEY && field.minimum() < 0) {
    Problem(what, ": money is never negative");
  }
  if (field.length_max() != 0 && !IsTextType(field.type())) {
    Problem(what, ": only TEXT and LONG_TEXT have a length_max");
  }
  if (field.length_max() > kTextCodePointsMax) {
    Problem(what, ": length_max is above ", kTextCodePointsMax);
  }
}

void ProblemFinder::CheckPattern(const std::string& what, const v1::Field& field) {
  if (field.pattern().empty()) {
    if (field.has_pattern_message()) Problem(what, ": pattern_message without a pattern");
    return;
  }
  if (!IsTextType(field.type())) Problem(what, ": only TEXT and LONG_TEXT have a pattern");
  CheckLabel(absl::StrCat(what, ".pattern_message"), field.has_pattern_message(),
             field.pattern_message());
  if (field.pattern().size() > kPatternBytesMax) {
    Problem(what, ": pattern is longer than ", kPatternBytesMax, " bytes");
    return;
  }
  if (const auto pattern = CompilePattern(field.pattern()); !pattern->ok()) {
    Problem(what, ": pattern does not compile: ", pattern->error());
  }
}

void ProblemFinder::CheckCollections() {
  Keys seen;
  for (const v1::Collection& collection : definition_.collections()) {
    const std::string what = absl::StrCat("collection \"", collection.key(), "\"");
    if (!IsKey(collection.key())) {
      Problem(what, ": key must be [a-z][a-z0-9_]*, at most ", kKeyBytesMax, " characters");
    }
    if (IsBuiltInField(collection.key()) || collection.key() == kStatusPath) {
      Problem(what, ": every request has a built-in field of this name");
    }
    CheckUnique(what, collection.key(), seen);
    // "comments/<id>" would otherwise be a path that two things answer to.
    if (fields_.contains(collection.key())) Problem(what, ": a field has the same name");
    CheckLabel(absl::StrCat(what, ".label"), collection.has_label(), collection.label());
    CheckElementType(what, collection);
    if (collection.elements_max() > kElementsPerCollectionMax) {
      Problem(what, ": elements_max is above ", kElementsPerCollectionMax);
    }
  }
}

void ProblemFinder::CheckElementType(const std::string& what, const v1::Collection& collection) {
  const v1::FieldType type = collection.type() == v1::FIELD_TYPE_UNSPECIFIED
                                 ? v1::FIELD_TYPE_LONG_TEXT
                                 : collection.type();
  if (!IsElementType(type)) {
    Problem(what, ": elements must be LONG_TEXT, TEXT, INTEGER, MONEY, DATE or PLACE");
  } else if (!IsTextType(type)) {
    if (collection.length_max() != 0) Problem(what, ": only texts have a length_max");
  } else if (collection.length_max() < 1 || collection.length_max() > kTextCodePointsMax) {
    Problem(what, ": length_max must be 1 to ", kTextCodePointsMax);
  }
  if (ContainsKey(kCommonCollections, collection.key()) && !IsTextType(type)) {
    Problem(what, ": every app takes its elements for texts");
  }
}

const v1::Field* ProblemFinder::FindField(std::string_view key) const {
  const auto found = fields_.find(key);
  return found == fields_.end() ? nullptr : found->second;
}

void ProblemFinder::CheckProvenance() {
  for (const v1::Provenance& provenance : definition_.provenance()) {
    if (provenance.definition_hash().size() != DefinitionHash::kSize) {
      Problem("provenance: definition_hash must be ", DefinitionHash::kSize, " bytes");
    }
  }
}

std::vector<std::string> FindDefinitionProblems(const v1::Definition& definition) {
  return ProblemFinder(definition).Run();
}

std::unique_ptr<re2::RE2> CompilePattern(const std::string& pattern) {
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kPatternMemoryBytesMax);
  return std::make_unique<RE2>(pattern, options);
}

}  // namespace tikar::sync
