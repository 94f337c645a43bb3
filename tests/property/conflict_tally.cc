#include "conflict_tally.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_format.h"
#include "tikar/v1/value.pb.h"

namespace tikar::property {
namespace {

using ::tikar::v1::Mutation;

// The issue asks for this many of each in 10,000 histories.
constexpr uint64_t kHitsMin = 200;

std::string KindName(Mutation::KindCase kind) {
  switch (kind) {
    case Mutation::kCreate:
      return "create";
    case Mutation::kSetField:
      return "set";
    case Mutation::kClearField:
      return "clear";
    case Mutation::kTransition:
      return "transition";
    case Mutation::kAddElement:
      return "add";
    case Mutation::kRemoveElement:
      return "remove";
    case Mutation::kRetract:
      return "retract";
    case Mutation::kRestore:
      return "restore";
    case Mutation::kSettle:
      return "settle";
    case Mutation::kRebase:
      return "rebase";
    case Mutation::KIND_NOT_SET:
      break;
  }
  return "none";
}

std::string PolicyName(const std::string& path, v1::Policy policy) {
  if (path == "@definition") return "definition";
  if (path == "@retracted") return "retracted";
  switch (policy) {
    case v1::POLICY_LATEST:
      return "latest";
    case v1::POLICY_WORKFLOW:
      return "workflow";
    case v1::POLICY_HIGHEST:
      return "highest";
    case v1::POLICY_LOWEST:
      return "lowest";
    case v1::POLICY_UNION:
      return "union";
    case v1::POLICY_TEXT:
      return "text";
    case v1::POLICY_REVIEW:
      return "review";
    default:
      return "element";
  }
}

std::string RuleName(v1::Rule rule) { return v1::Rule_Name(rule).substr(5); }

// Then only their number or size can have kept them from being joined.
bool AllAreSets(const reference::Field& field) {
  return std::all_of(
      field.candidates.begin(), field.candidates.end(), [](const reference::Candidate& candidate) {
        v1::Value value;
        return !candidate.value || (value.ParseFromString(*candidate.value) && value.has_choices());
      });
}

void Collect(const reference::State& state, std::set<std::string>& met) {
  met.insert("state: " + v1::Availability_Name(state.availability).substr(13));
  if (state.has_later_mutation) met.insert("newer: a kind of mutation");
  if (state.has_later_value) met.insert("newer: a kind of value");
  if (state.availability == v1::AVAILABILITY_NEEDS_NEWER_SERVER && !state.has_later_mutation &&
      !state.has_later_value) {
    met.insert("newer: the merge rules");
  }
  const uint32_t standing_timers = state.timer_changes - state.moot_changes;
  if (state.availability == v1::AVAILABILITY_READY) {
    if (state.moot_changes > 0) met.insert("timer: gives way");
    if (standing_timers > 0) met.insert("timer: stands");
    if (state.moot_changes > 0 && standing_timers > 0)
      met.insert("timer: one gives way, one stands");
  }
  for (const auto& [path, field] : state.fields) {
    const std::string policy = PolicyName(path, field.policy);
    met.insert(policy + ": decided by " + RuleName(field.rule));
    if (policy == "union" && field.rule == v1::RULE_LATEST && AllAreSets(field)) {
      met.insert("union: decided by LATEST, all are sets");
    }
    const bool one_value = std::all_of(field.candidates.begin(), field.candidates.end(),
                                       [&field](const reference::Candidate& candidate) {
                                         return candidate.value == field.candidates[0].value;
                                       });
    if (one_value && field.under_review) met.insert(policy + ": one value, under review");
    const auto is_by_timer = [](const reference::Candidate& candidate) {
      return candidate.actor == "timer";
    };
    if (policy == "workflow" &&
        std::any_of(field.candidates.begin(), field.candidates.end(), is_by_timer)) {
      met.insert("timer: in the status");
      if (std::count_if(field.candidates.begin(), field.candidates.end(), is_by_timer) > 1) {
        met.insert("timer: two of them, in the status");
      }
    }
    for (size_t a = 0; a < field.candidates.size(); ++a) {
      for (size_t b = a + 1; b < field.candidates.size(); ++b) {
        if (field.candidates[a].value == field.candidates[b].value) continue;
        std::string first = KindName(field.candidates[a].kind);
        std::string second = KindName(field.candidates[b].kind);
        if (second < first) std::swap(first, second);
        std::string name = policy + ": " + first + " / " + second;
        if (policy == "workflow") name += field.under_review ? ", clash" : ", no clash";
        met.insert(std::move(name));
      }
    }
  }
}

}  // namespace

void ConflictTally::Count(const std::vector<reference::State>& states) {
  std::set<std::string> met;
  for (const reference::State& state : states) Collect(state, met);
  for (const std::string& name : met) ++counts_[name];
}

void ConflictTally::Add(const ConflictTally& other) {
  for (const auto& [name, count] : other.counts_) counts_[name] += count;
}

const std::vector<ConflictTally::Required>& ConflictTally::RequiredCases() {
  static const auto* const cases = [] {
    auto* const made = new std::vector<Required>;
    for (const char* const policy : {"latest", "highest", "lowest", "union", "text", "review"}) {
      for (const char* const pair :
           {"set / set", "clear / set", "set / settle", "clear / settle", "settle / settle"}) {
        made->push_back({std::string(policy) + ": " + pair, kHitsMin});
      }
    }
    for (const char* const name : {"workflow: transition / transition, clash",
                                   "workflow: transition / transition, no clash",
                                   "workflow: settle / transition, clash",
                                   "workflow: settle / transition, no clash",
                                   "workflow: settle / settle, clash",
                                   "workflow: settle / settle, no clash",
                                   "workflow: create / transition, no clash",
                                   "workflow: create / settle, no clash",
                                   "workflow: one value, under review",
                                   "retracted: one value, under review",
                                   "retracted: restore / retract",
                                   "retracted: retract / settle",
                                   "retracted: restore / settle",
                                   "retracted: settle / settle",
                                   "review: one value, under review",
                                   "element: add / remove",
                                   "element: add / set",
                                   "element: remove / set",
                                   "element: set / set",
                                   "definition: create / rebase",
                                   "definition: rebase / rebase",
                                   "latest: create / set",
                                   "latest: create / settle",
                                   "latest: decided by LATEST",
                                   "text: decided by TEXT",
                                   "text: decided by LATEST",
                                   "text: decided by TEXT_LATEST",
                                   "union: decided by UNION",
                                   "union: decided by LATEST",
                                   "union: decided by LATEST, all are sets",
                                   "timer: gives way",
                                   "timer: stands",
                                   "timer: one gives way, one stands",
                                   "timer: in the status",
                                   "timer: two of them, in the status",
                                   "state: NEEDS_CREATE",
                                   "state: NEEDS_DEFINITION",
                                   "newer: a kind of mutation",
                                   "newer: a kind of value",
                                   "newer: the merge rules"}) {
      made->push_back({name, kHitsMin});
    }
    return made;
  }();
  return *cases;
}

std::vector<std::string> ConflictTally::Missing(uint64_t histories) const {
  std::vector<std::string> missing;
  for (const Required& required : RequiredCases()) {
    const auto it = counts_.find(required.name);
    const uint64_t count = it == counts_.end() ? 0 : it->second;
    // More histories ask for no more: 200 are 200.
    if (count * 10'000 < required.per_10000 * std::min<uint64_t>(histories, 10'000)) {
      missing.push_back(required.name);
    }
  }
  return missing;
}

std::string ConflictTally::Rarest() const {
  std::string rarest;
  uint64_t least = UINT64_MAX;
  for (const Required& required : RequiredCases()) {
    const auto it = counts_.find(required.name);
    const uint64_t count = it == counts_.end() ? 0 : it->second;
    if (count >= least) continue;
    least = count;
    rarest = absl::StrFormat("%s (%d)", required.name, count);
  }
  return rarest;
}

std::string ConflictTally::Table(uint64_t histories) const {
  std::string table = absl::StrFormat("%-48s %10s %10s\n", "case met", "histories", "required");
  std::map<std::string, uint64_t> others = counts_;
  for (const Required& required : RequiredCases()) {
    const uint64_t asked = required.per_10000 * std::min<uint64_t>(histories, 10'000) / 10'000;
    table += absl::StrFormat("%-48s %10d %10d\n", required.name, others[required.name], asked);
    others.erase(required.name);
  }
  for (const auto& [name, count] : others) table += absl::StrFormat("%-48s %10d\n", name, count);
  return table;
}

}  // namespace tikar::property
