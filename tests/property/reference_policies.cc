#include "reference_policies.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "reference_writes.h"

namespace tikar::reference {
namespace {

// Place in the workflow's order; -1 for what is no state.
int RankOf(const MaybeValue& value, const v1::Definition& definition) {
  for (int rank = 0; rank < definition.workflow().states_size(); ++rank) {
    if (value && Same(value, TextValue(definition.workflow().states(rank).key()))) return rank;
  }
  return -1;
}

bool IsDecision(const MaybeValue& value, const v1::Definition& definition) {
  const int rank = RankOf(value, definition);
  if (rank < 0) return false;
  const v1::State& state = definition.workflow().states(rank);
  return state.terminal() || state.decision();
}

// Unknown states below all, among them bytewise; empty below those.
Decision DecideWorkflow(const std::vector<Claim>& claims, const v1::Definition& definition) {
  MaybeValue last;
  for (const Claim& claim : claims) {
    const int rank = RankOf(claim.value, definition), rank_last = RankOf(last, definition);
    const bool above = rank != rank_last
                           ? rank > rank_last
                           : claim.value && (!last || CompareValues(*claim.value, *last) > 0);
    if (above) last = claim.value;
  }
  return {last, v1::RULE_WORKFLOW};
}

// `sign` is 1 for the largest, -1 for the smallest; empty ranks below all in both.
MaybeValue Extreme(const std::vector<Claim>& claims, int sign) {
  MaybeValue best;
  for (const Claim& claim : claims) {
    if (claim.value && (!best || sign * CompareValues(*claim.value, *best) > 0)) best = claim.value;
  }
  return best;
}

Decision DecideUnion(const std::vector<Claim>& claims) {
  std::set<std::string> items;
  for (const Claim& claim : claims) {
    if (!claim.value) continue;  // an empty write brings no items
    if (!claim.value->has_choices()) return {LatestOf(claims), v1::RULE_LATEST};
    items.insert(claim.value->choices().items().begin(), claim.value->choices().items().end());
  }
  v1::Value all;
  all.mutable_choices();
  for (const std::string& item : items) all.mutable_choices()->add_items(item);
  if (!NormalValue(all)) return {LatestOf(claims), v1::RULE_LATEST};  // more than a value holds
  return {all, v1::RULE_UNION};
}

Decision DecideText(const std::vector<Claim>& claims, const std::function<std::string()>& base,
                    const TextMerge& merge_text) {
  for (const Claim& claim : claims) {
    if (claim.value && !claim.value->has_text()) return {LatestOf(claims), v1::RULE_LATEST};
  }
  const auto text_of = [](const Claim& claim) {
    return claim.value ? claim.value->text() : std::string();
  };
  const std::string base_text = base();
  std::string merged = text_of(claims.front());
  for (size_t i = 1; i < claims.size(); ++i) {
    const std::optional<std::string> next = merge_text(base_text, merged, text_of(claims[i]));
    if (!next) return {LatestOf(claims), v1::RULE_TEXT_LATEST};
    merged = *next;
  }
  return {TextValue(merged), v1::RULE_TEXT};
}

}  // namespace

v1::Policy PolicyOf(const std::string& path, const v1::Definition& definition) {
  if (path == kStatusPath) return v1::POLICY_WORKFLOW;
  if (path == kRetractedPath) return v1::POLICY_REVIEW;
  for (const v1::Field& field : definition.fields()) {
    if (field.key() == path) return field.policy();
  }
  return v1::POLICY_LATEST;  // built-in and unknown paths
}

bool Clash(const MaybeValue& a, const MaybeValue& b, v1::Policy policy,
           const v1::Definition& definition) {
  if (Same(a, b)) return false;
  if (policy != v1::POLICY_WORKFLOW) return true;
  return IsDecision(a, definition) && IsDecision(b, definition);
}

MaybeValue LatestOf(const std::vector<Claim>& claims) {
  return std::max_element(claims.begin(), claims.end(),
                          [](const Claim& a, const Claim& b) {
                            return std::make_pair(a.time, a.change_id) <
                                   std::make_pair(b.time, b.change_id);
                          })
      ->value;
}

Decision Decide(v1::Policy policy, const std::vector<Claim>& claims,
                const v1::Definition& definition, const std::function<std::string()>& base,
                const TextMerge& merge_text) {
  switch (policy) {
    case v1::POLICY_WORKFLOW:
      return DecideWorkflow(claims, definition);
    case v1::POLICY_HIGHEST:
      return {Extreme(claims, 1), v1::RULE_HIGHEST};
    case v1::POLICY_LOWEST:
      return {Extreme(claims, -1), v1::RULE_LOWEST};
    case v1::POLICY_UNION:
      return DecideUnion(claims);
    case v1::POLICY_TEXT:
      return DecideText(claims, base, merge_text);
    case v1::POLICY_REVIEW:
      return {LatestOf(claims), v1::RULE_REVIEW};
    default:
      return {LatestOf(claims), v1::RULE_LATEST};
  }
}

Decision DecideElement(const std::vector<Claim>& claims) {
  std::vector<Claim> rest;
  for (const Claim& claim : claims) {
    if (claim.value) rest.push_back(claim);
  }
  return {LatestOf(rest), v1::RULE_EDIT_BEATS_REMOVE};
}

}  // namespace tikar::reference
