#include "sync/policy.h"

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

#include "sync/limits.h"
#include "sync/status_macros.h"
#include "sync/text_merge.h"

namespace tikar::sync {
namespace {

constexpr std::array kAllRules = {FieldRule::kLatest, FieldRule::kWorkflow, FieldRule::kHighest,
                                  FieldRule::kLowest, FieldRule::kUnion,    FieldRule::kText,
                                  FieldRule::kReview, FieldRule::kElement};

constexpr Resolution PairResolution(FieldRule rule, WriteKind a, WriteKind b) {
  switch (rule) {
    // CONFLICT: one side added or edited an element, the other removed it.
    // RESOLUTION: who removed it had not seen the edit; the edit stays. Of two edits the later.
    case FieldRule::kElement:
      // A review is only ever of a field, so a settlement never meets an element.
      return a == WriteKind::kSettle || b == WriteKind::kSettle ? Resolution::kLatest
                                                                : Resolution::kEditBeatsRemove;
    // CONFLICT: two values for one field.
    // RESOLUTION: as the definition says. The kind of write matters only where it carries no value:
    // an emptied field (kClear) takes part as "empty", ranked by the policy itself.
    case FieldRule::kLatest:
      return Resolution::kLatest;
    case FieldRule::kHighest:
      return Resolution::kHighest;
    case FieldRule::kLowest:
      return Resolution::kLowest;
    case FieldRule::kUnion:
      return Resolution::kUnion;
    case FieldRule::kText:
      return Resolution::kText;
    // CONFLICT: two moves in the workflow.
    // RESOLUTION: the state that stands last; if both are decisions, Clash puts them under review.
    case FieldRule::kWorkflow:
      return Resolution::kWorkflow;
    case FieldRule::kReview:
      return Resolution::kReview;
  }
  return Resolution::kUnreachable;  // left only if a rule is missing above; see the assertion below
}

constexpr size_t kRules = kAllRules.size();
using Table = std::array<std::array<std::array<Resolution, kWriteKinds>, kWriteKinds>, kRules>;

constexpr Table MakeTable() {
  Table table{};
  for (size_t rule = 0; rule < kRules; ++rule) {
    for (int a = 1; a < kWriteKinds; ++a) {
      for (int b = 1; b < kWriteKinds; ++b) {
        table[rule][a][b] =
            PairResolution(kAllRules[rule], static_cast<WriteKind>(a), static_cast<WriteKind>(b));
      }
    }
  }
  return table;
}
constexpr Table kTable = MakeTable();

constexpr bool IsTotalAndSymmetric(const Table& table) {
  for (size_t rule = 0; rule < kRules; ++rule) {
    if (static_cast<size_t>(kAllRules[rule]) != rule) return false;
    for (int a = 1; a < kWriteKinds; ++a) {
      for (int b = 1; b < kWriteKinds; ++b) {
        if (table[rule][a][b] == Resolution::kUnreachable) return false;
        if (table[rule][a][b] != table[rule][b][a]) return false;
      }
    }
  }
  return true;
}
static_assert(IsTotalAndSymmetric(kTable), "every policy needs a rule for every pair of writes");

bool IsLater(const Candidate& a, const Candidate& b) {
  return std::tie(a.effective_time, a.change) > std::tie(b.effective_time, b.change);
}

const Candidate& Latest(const std::vector<Candidate>& candidates) {
  const Candidate* latest = &candidates.front();
  for (const Candidate& candidate : candidates) {
    if (IsLater(candidate, *latest)) latest = &candidate;
  }
  return *latest;
}

bool OneValue(const std::vector<Candidate>& candidates) {
  return std::all_of(candidates.begin(), candidates.end(), [&](const Candidate& candidate) {
    return candidate.value == candidates.front().value;
  });
}

Resolution Strongest(FieldRule rule, const std::vector<Candidate>& candidates) {
  Resolution strongest = Resolution::kUnreachable;
  for (size_t i = 0; i < candidates.size(); ++i) {
    for (size_t j = i + 1; j < candidates.size(); ++j) {
      strongest = std::max(strongest, ResolutionOf(rule, candidates[i].kind, candidates[j].kind));
    }
  }
  return strongest;
}

void DecideExtreme(bool highest, FieldState* field) {
  field->value.reset();
  for (const Candidate& candidate : field->candidates) {
    if (!candidate.value) continue;  // empty ranks below all, in both
    if (!field->value) {
      field->value = candidate.value;
      continue;
    }
    const std::strong_ordering order = CompareByValue(*candidate.value, *field->value);
    if (highest ? order > 0 : order < 0) field->value = candidate.value;
  }
  field->rule = highest ? v1::RULE_HIGHEST : v1::RULE_LOWEST;
}

void DecideLatest(v1::Rule rule, FieldState* field) {
  field->value = Latest(field->candidates).value;
  field->rule = rule;
}

void DecideUnion(FieldState* field) {
  std::vector<std::string> items;
  for (const Candidate& candidate : field->candidates) {
    if (!candidate.value) continue;
    std::optional<std::vector<std::string>> choices = candidate.value->choices();
    if (!choices) return DecideLatest(v1::RULE_LATEST, field);
    items.insert(items.end(), choices->begin(), choices->end());
  }
  std::sort(items.begin(), items.end());
  items.erase(std::unique(items.begin(), items.end()), items.end());
  v1::Value joined;
  joined.mutable_choices();  // a set of choices also when there is none in it
  for (std::string& item : items) joined.mutable_choices()->add_items(std::move(item));
  absl::StatusOr<Value> value = Value::FromProto(joined);
  // More items than a value may hold: the later one rather than a part of both.
  if (!value.ok()) return DecideLatest(v1::RULE_LATEST, field);
  field->value = *std::move(value);
  field->rule = v1::RULE_UNION;
}

absl::Status DecideText(const TextBase& base, FieldState* field) {
  for (const Candidate& candidate : field->candidates) {
    if (candidate.value && !candidate.value->is_text()) {
      DecideLatest(v1::RULE_LATEST, field);
      return absl::OkStatus();
    }
  }
  ASSIGN_OR_RETURN(std::optional<Value> base_value, base());
  std::string base_text;
  if (base_value) base_text = std::string(base_value->text().value_or(std::string_view()));
  const auto text_of = [](const Candidate& candidate) {
    return candidate.value ? *candidate.value->text() : std::string_view();
  };
  std::string merged(text_of(field->candidates.front()));
  for (size_t i = 1; i < field->candidates.size(); ++i) {
    std::optional<std::string> next = MergeText(base_text, merged, text_of(field->candidates[i]));
    if (!next || next->size() > kTextBytesMax) {
      DecideLatest(v1::RULE_TEXT_LATEST, field);
      return absl::OkStatus();
    }
    merged = *std::move(next);
  }
  field->value = Value::Text(merged);
  field->rule = v1::RULE_TEXT;
  return absl::OkStatus();
}

void DecideWorkflow(const Definition* definition, FieldState* field) {
  const auto key = [&](const Candidate& candidate) {
    const std::string_view state =
        candidate.value ? candidate.value->text().value_or(std::string_view()) : std::string_view();
    return std::make_pair(definition != nullptr ? definition->StateRank(state) : -1, state);
  };
  const Candidate* best = &field->candidates.front();
  for (const Candidate& candidate : field->candidates) {
    if (key(candidate) > key(*best)) best = &candidate;
  }
  field->value = best->value;
  field->rule = v1::RULE_WORKFLOW;
}

void DecideEdit(FieldState* field) {
  const Candidate* best = nullptr;
  for (const Candidate& candidate : field->candidates) {
    if (!candidate.value) continue;
    if (best == nullptr || IsLater(candidate, *best)) best = &candidate;
  }
  field->value = best != nullptr ? best->value : std::nullopt;
  field->rule = v1::RULE_EDIT_BEATS_REMOVE;
}

}  // namespace

Resolution ResolutionOf(FieldRule rule, WriteKind a, WriteKind b) {
  return kTable[static_cast<size_t>(rule)][static_cast<size_t>(a)][static_cast<size_t>(b)];
}

FieldRule FieldRuleOf(std::string_view path, const Definition* definition) {
  if (IsElementPath(path)) return FieldRule::kElement;
  if (definition == nullptr) return FieldRule::kLatest;
  switch (definition->PolicyOf(path)) {
    case v1::POLICY_WORKFLOW:
      return FieldRule::kWorkflow;
    case v1::POLICY_HIGHEST:
      return FieldRule::kHighest;
    case v1::POLICY_LOWEST:
      return FieldRule::kLowest;
    case v1::POLICY_UNION:
      return FieldRule::kUnion;
    case v1::POLICY_TEXT:
      return FieldRule::kText;
    case v1::POLICY_REVIEW:
      return FieldRule::kReview;
    case v1::POLICY_LATEST:
    case v1::POLICY_UNSPECIFIED:
    default:
      return FieldRule::kLatest;
  }
}

bool Clash(FieldRule rule, const Definition* definition, const std::optional<Value>& a,
           const std::optional<Value>& b) {
  if (a == b) return false;
  if (rule == FieldRule::kReview) return true;
  if (rule != FieldRule::kWorkflow || definition == nullptr) return false;
  const auto is_decision = [&](const std::optional<Value>& value) {
    return value && value->is_text() && definition->IsDecision(*value->text());
  };
  return is_decision(a) && is_decision(b);
}

bool AnyClash(FieldRule rule, const Definition* definition, const FieldState& field) {
  for (size_t i = 0; i < field.candidates.size(); ++i) {
    for (size_t j = i + 1; j < field.candidates.size(); ++j) {
      if (Clash(rule, definition, field.candidates[i].value, field.candidates[j].value))
        return true;
    }
  }
  return false;
}

absl::Status Decide(FieldRule rule, const Definition* definition, const TextBase& base,
                    FieldState* field) {
  CHECK(!field->candidates.empty());
  const v1::Rule reviewed = field->under_review ? v1::RULE_REVIEW : v1::RULE_ONLY;
  if (field->path == kRetractedPath && field->under_review) {
    // Under review the request stays visible, whatever was written.
    field->value = Value::Flag(false);
    field->rule = v1::RULE_REVIEW;
    return absl::OkStatus();
  }
  if (OneValue(field->candidates)) {
    field->value = field->candidates.front().value;
    field->rule = reviewed;
    return absl::OkStatus();
  }
  switch (Strongest(rule, field->candidates)) {
    case Resolution::kUnreachable:
    case Resolution::kLatest:
      DecideLatest(v1::RULE_LATEST, field);
      break;
    case Resolution::kHighest:
      DecideExtreme(/*highest=*/true, field);
      break;
    case Resolution::kLowest:
      DecideExtreme(/*highest=*/false, field);
      break;
    case Resolution::kUnion:
      DecideUnion(field);
      break;
    case Resolution::kText:
      RETURN_IF_ERROR(DecideText(base, field));
      break;
    case Resolution::kEditBeatsRemove:
      DecideEdit(field);
      break;
    case Resolution::kWorkflow:
      DecideWorkflow(definition, field);
      break;
    case Resolution::kReview:
      DecideLatest(v1::RULE_REVIEW, field);
      break;
  }
  if (field->under_review) field->rule = v1::RULE_REVIEW;
  return absl::OkStatus();
}

bool IsWinner(const FieldState& field, const Candidate& candidate) {
  if (field.rule == v1::RULE_UNION || field.rule == v1::RULE_TEXT) return true;
  return candidate.value == field.value;
}

const Candidate* LatestOf(const FieldState& field) {
  return field.candidates.empty() ? nullptr : &Latest(field.candidates);
}

}  // namespace tikar::sync
