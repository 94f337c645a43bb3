// The checks behind FindDefinitionProblems (definition_problems.h), in two files: what is asked,
// the head, roles, fields and collections, in definition_problems.cc; what happens with it, the
// workflow, its clocks, duplicates and reports, in definition_problems_workflow.cc.
//
// Not thread-safe. The definition must outlive the finder.
#ifndef TIKAR_SYNC_DEFINITION_PROBLEM_FINDER_H_
#define TIKAR_SYNC_DEFINITION_PROBLEM_FINDER_H_

#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "tikar/v1/definition.pb.h"

namespace tikar::sync {

// Collects everything that is wrong, so that a publisher mends it in one go.
class ProblemFinder {
 public:
  explicit ProblemFinder(const v1::Definition& definition) : definition_(definition) {}

  std::vector<std::string> Run() &&;

 private:
  using Keys = absl::flat_hash_set<std::string_view>;

  template <typename... Parts>
  void Problem(const Parts&... parts) {
    problems_.push_back(absl::StrCat(parts...));
  }

  void CheckLabel(const std::string& what, bool present, const v1::LocalizedText& label);
  // Absent, or in both languages.
  void CheckOptionalLabel(const std::string& what, bool present, const v1::LocalizedText& label);
  void CheckUnique(const std::string& what, const std::string& key, Keys& seen);
  template <typename Strings>
  void CheckRolesKnown(const std::string& what, const Strings& roles) {
    for (const std::string& role : roles) {
      if (!roles_.contains(role)) Problem(what, ": unknown role \"", role, "\"");
    }
  }

  void CheckHead();
  void CheckRoles();
  void CheckFields();
  void CheckField(const v1::Field& field);
  void CheckChoices(const std::string& what, const v1::Field& field);
  void CheckBounds(const std::string& what, const v1::Field& field);
  void CheckPattern(const std::string& what, const v1::Field& field);
  void CheckCollections();
  void CheckElementType(const std::string& what, const v1::Collection& collection);
  void CheckProvenance();

  void CheckStates();
  void CheckEdges();
  // A condition speaks of what the type has, of nothing else, and something can meet it.
  void CheckCondition(const std::string& what, const v1::EdgeCondition& condition);
  void CheckServiceLevels();
  // A timer has nothing to say and nothing to fill in, and gives nothing away.
  void CheckAutomaticState(const std::string& service_level, const v1::ServiceLevel& level);
  void CheckDuplicates();
  void CheckReports();
  void CheckColumn(const std::string& what, const std::string& key, Keys& columns);

  // nullptr: no such field.
  const v1::Field* FindField(std::string_view key) const;

  const v1::Definition& definition_;
  std::vector<std::string> problems_;
  Keys roles_, states_, terminal_states_;
  absl::flat_hash_map<std::string_view, const v1::Field*> fields_;
};

// What both halves ask of types.
inline bool IsTextType(v1::FieldType type) {
  return type == v1::FIELD_TYPE_TEXT || type == v1::FIELD_TYPE_LONG_TEXT;
}
inline bool IsBoundedType(v1::FieldType type) {
  return type == v1::FIELD_TYPE_INTEGER || type == v1::FIELD_TYPE_MONEY;
}
inline bool HasChoices(v1::FieldType type) {
  return type == v1::FIELD_TYPE_CHOICE || type == v1::FIELD_TYPE_CHOICES;
}

template <typename Items>
bool ContainsKey(const Items& items, std::string_view item) {
  return std::find(std::begin(items), std::end(items), item) != std::end(items);
}

}  // namespace tikar::sync

#endif  // TIKAR_SYNC_DEFINITION_PROBLEM_FINDER_H_
