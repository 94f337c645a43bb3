// Deciding a field: from candidates to a value, by the field's policy. README.md, "The value".
#ifndef TIKAR_SYNC_POLICY_H_
#define TIKAR_SYNC_POLICY_H_

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "sync/definition.h"
#include "sync/state.h"

namespace tikar::sync {

// What decides between two writes that did not know of each other. Ordered: among several
// candidates the largest of the pairs' resolutions decides.
enum class Resolution : uint8_t {
  kUnreachable = 0,  // two writes of these kinds never meet under this policy
  kLatest,
  kHighest,
  kLowest,
  kUnion,
  kText,
  kEditBeatsRemove,
  kWorkflow,
  kReview,
};

// How paths are decided: the policies of definitions, and the rule for elements, which no
// definition names.
enum class FieldRule : uint8_t {
  kLatest,
  kWorkflow,
  kHighest,
  kLowest,
  kUnion,
  kText,
  kReview,
  kElement,
};

// Total: a pair without an entry does not compile. Symmetric.
Resolution ResolutionOf(FieldRule rule, WriteKind a, WriteKind b);

// The rule for a path. `definition` may be null (then everything is decided by latest).
FieldRule FieldRuleOf(std::string_view path, const Definition* definition);

// Whether this rule can put a field under review.
inline bool IsReviewable(FieldRule rule) {
  return rule == FieldRule::kReview || rule == FieldRule::kWorkflow;
}

// Whether two values, written without knowing of each other, are for a person to decide.
bool Clash(FieldRule rule, const Definition* definition, const std::optional<Value>& a,
           const std::optional<Value>& b);
// Whether two of the candidates clash.
bool AnyClash(FieldRule rule, const Definition* definition, const FieldState& field);

// The value of the base of a text merge. Called only when a text merge happens.
using TextBase = std::function<absl::StatusOr<std::optional<Value>>()>;

// Sets value and rule from candidates and under_review. Candidates are not empty. An error is one
// of `base`.
absl::Status Decide(FieldRule rule, const Definition* definition, const TextBase& base,
                    FieldState* field);

// What decided against a candidate, in the words of the API. `field` was decided.
bool IsWinner(const FieldState& field, const Candidate& candidate);
// Largest (effective time, change id); nullptr only without candidates.
const Candidate* LatestOf(const FieldState& field);

}  // namespace tikar::sync

#endif  // TIKAR_SYNC_POLICY_H_
