// How the slow reference decides between candidates that differ, and which values clash: the table
// of policies of sync/README.md.
#ifndef TIKAR_TESTS_PROPERTY_REFERENCE_POLICIES_H_
#define TIKAR_TESTS_PROPERTY_REFERENCE_POLICIES_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "reference.h"
#include "reference_values.h"
#include "tikar/v1/definition.pb.h"

namespace tikar::reference {

// A candidate, as far as deciding goes.
struct Claim {
  std::string change_id;
  uint64_t time = 0;  // effective
  MaybeValue value;
};

struct Decision {
  MaybeValue value;
  v1::Rule rule = v1::RULE_UNSPECIFIED;
};

// `path` is no element.
v1::Policy PolicyOf(const std::string& path, const v1::Definition& definition);

// Whether two values of a reviewable path put it under review.
bool Clash(const MaybeValue& a, const MaybeValue& b, v1::Policy policy,
           const v1::Definition& definition);

// Of the largest (effective time, change id).
MaybeValue LatestOf(const std::vector<Claim>& claims);

// `claims` are sorted by change id and say more than one thing; `base` is asked only for texts.
Decision Decide(v1::Policy policy, const std::vector<Claim>& claims,
                const v1::Definition& definition, const std::function<std::string()>& base,
                const TextMerge& merge_text);
// The same for an element.
Decision DecideElement(const std::vector<Claim>& claims);

}  // namespace tikar::reference

#endif  // TIKAR_TESTS_PROPERTY_REFERENCE_POLICIES_H_
