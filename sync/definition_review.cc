#include "sync/definition_review.h"

#include <algorithm>
#include <cstddef>
#include <functional>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "sync/definition_problems.h"

namespace tikar::sync {
namespace {

// Shorter ones are names and numbers, which are the same in every language: "NIK", "Instagram".
constexpr size_t kSameTextBytesMax = 24;

bool IsIdentity(v1::FieldType type) {
  return type == v1::FIELD_TYPE_NIK || type == v1::FIELD_TYPE_NIB;
}

// Policies under which the time of a write means nothing.
bool IgnoresClock(v1::Policy policy) {
  return policy == v1::POLICY_REVIEW || policy == v1::POLICY_HIGHEST || policy == v1::POLICY_LOWEST;
}

template <typename Items>
bool Contains(const Items& items, std::string_view item) {
  return std::find(items.begin(), items.end(), item) != items.end();
}

std::string StateName(const std::string& key) { return absl::StrCat("state \"", key, "\""); }
std::string FieldName(const std::string& key) { return absl::StrCat("field \"", key, "\""); }
std::string EdgeName(const v1::WorkflowEdge& edge) {
  return absl::StrCat("edge \"", edge.from(), "\" -> \"", edge.to(), "\"");
}

class Reviewer {
 public:
  explicit Reviewer(const v1::Definition& definition) : definition_(definition) {}

  std::vector<Finding> Run() && {
    AddProblems();
    FindWays();
    ReviewStates();
    ReviewEdges();
    ReviewServiceLevels();
    ReviewRequiredFields();
    ReviewPrecedence();
    ReviewTies();
    ReviewTexts(definition_, "definition");
    ReviewFields();
    ReviewRoles();
    ReviewPublicTitle();
    return std::move(findings_);
  }

 private:
  using States = std::set<std::string_view>;

  template <typename... Parts>
  void Error(std::string where, const Parts&... message) {
    findings_.push_back({Severity::kError, std::move(where), absl::StrCat(message...)});
  }
  template <typename... Parts>
  void Warn(std::string where, const Parts&... message) {
    findings_.push_back({Severity::kWarning, std::move(where), absl::StrCat(message...)});
  }

  const auto& states() const { return definition_.workflow().states(); }
  const auto& edges() const { return definition_.workflow().edges(); }

  void AddProblems() {
    for (const std::string& problem : FindDefinitionProblems(definition_)) {
      const size_t colon = problem.find(": ");
      if (colon == std::string::npos) {
        Error("definition", problem);
      } else {
        Error(problem.substr(0, colon), problem.substr(colon + 2));
      }
    }
  }

  // For every state, the states that some way along the edges leads to. A state leads to itself
  // only by a circle.
  void FindWays() {
    for (const v1::State& state : states()) {
      States& ways = ways_[state.key()];
      std::vector<std::string_view> open = {state.key()};
      while (!open.empty()) {
        const std::string_view from = open.back();
        open.pop_back();
        for (const v1::WorkflowEdge& edge : edges()) {
          if (edge.from() == from && ways.insert(edge.to()).second) open.push_back(edge.to());
        }
      }
    }
  }

  bool Leads(std::string_view from, std::string_view to) const {
    const auto found = ways_.find(from);
    return found != ways_.end() && found->second.contains(to);
  }
  bool IsReached(std::string_view state) const {
    return !states().empty() && (FirstState() == state || Leads(FirstState(), state));
  }
  const std::string& FirstState() const { return states().at(0).key(); }

  static bool IsDecision(const v1::State& state) { return state.terminal() || state.decision(); }
  const v1::State* FindState(std::string_view key) const {
    for (const v1::State& state : states()) {
      if (state.key() == key) return &state;
    }
    return nullptr;
  }

  void ReviewStates() {
    for (const v1::State& state : states()) {
      const std::string where = StateName(state.key());
      if (!IsReached(state.key())) {
        Error(where, "cannot be reached from \"", FirstState(), "\"");
        continue;
      }
      if (state.terminal()) continue;
      const bool has_exit =
          std::any_of(edges().begin(), edges().end(),
                      [&](const v1::WorkflowEdge& edge) { return edge.from() == state.key(); });
      const bool ends = std::any_of(states().begin(), states().end(), [&](const v1::State& end) {
        return end.terminal() && Leads(state.key(), end.key());
      });
      if (!has_exit) {
        Error(where, "nothing leads out of it, and it is not terminal");
      } else if (!ends) {
        Error(where, "no terminal state can be reached from it");
      }
    }
  }

  void ReviewEdges() {
    for (const v1::WorkflowEdge& edge : edges()) {
      const v1::State* to = FindState(edge.to());
      if (FindState(edge.from()) != nullptr && !IsReached(edge.from())) {
        Error(EdgeName(edge), "no request is ever in \"", edge.from(), "\"");
      }
      if (edge.irreversible() && to != nullptr && !IsDecision(*to)) {
        Warn(EdgeName(edge), "is irreversible, but \"", edge.to(),
             "\" is no decision: a rival state set concurrently is dropped without asking anybody");
      }
    }
  }

  void ReviewServiceLevels() {
    for (const v1::ServiceLevel& level : definition_.service_levels()) {
      const v1::State* from = FindState(level.from_state());
      if (from == nullptr) continue;
      const std::string where = absl::StrCat("service level \"", level.key(), "\"");
      if (!IsReached(level.from_state())) {
        Error(where, "its clock never starts: \"", level.from_state(), "\" cannot be reached");
      } else if (from->terminal()) {
        Error(where, "its clock never stops: \"", level.from_state(), "\" is terminal");
      } else {
        for (const std::string& until : level.until_states()) {
          if (FindState(until) != nullptr && !Leads(level.from_state(), until)) {
            Warn(where, "no way leads from \"", level.from_state(), "\" to \"", until, "\"");
          }
        }
        if (CanPassBy(level)) {
          Warn(where, "a request can come to its end without stopping the clock");
        }
      }
    }
  }

  // Whether a terminal state can be reached from where the clock starts by a way that touches none
  // of the states that stop it.
  bool CanPassBy(const v1::ServiceLevel& level) const {
    States seen = {level.from_state()};
    std::vector<std::string_view> open = {level.from_state()};
    while (!open.empty()) {
      const std::string_view from = open.back();
      open.pop_back();
      for (const v1::WorkflowEdge& edge : edges()) {
        if (edge.from() != from || Contains(level.until_states(), edge.to())) continue;
        const v1::State* to = FindState(edge.to());
        if (to == nullptr || !seen.insert(edge.to()).second) continue;
        if (to->terminal()) return true;
        open.push_back(edge.to());
      }
    }
    return false;
  }

  void ReviewRequiredFields() {
    for (const v1::Field& field : definition_.fields()) {
      if (!field.required() || field.writer_roles().empty()) continue;
      std::vector<std::string> barred;
      size_t creating = 0;
      for (const v1::Role& role : definition_.roles()) {
        if (!role.creates()) continue;
        ++creating;
        if (!Contains(field.writer_roles(), role.key())) barred.push_back(role.key());
      }
      if (creating > 0 && barred.size() == creating) {
        Error(FieldName(field.key()),
              "a Create must carry it, and no role that creates may write it");
        continue;
      }
      for (const std::string& role : barred) {
        Warn(FieldName(field.key()), "a Create must carry it, so role \"", role,
             "\" can create nothing");
      }
    }
  }

  // Of two states set concurrently the later in the list wins, unless both are decisions. That one
  // must not be a state which the loser has behind it for good.
  void ReviewPrecedence() {
    for (int early = 0; early < states().size(); ++early) {
      for (int late = early + 1; late < states().size(); ++late) {
        const v1::State& winner = states().at(late);
        const v1::State& loser = states().at(early);
        if (!Leads(winner.key(), loser.key()) || Leads(loser.key(), winner.key())) continue;
        if (IsDecision(winner) && IsDecision(loser)) continue;
        Warn(StateName(loser.key()), "comes after \"", winner.key(),
             "\" in the workflow but stands before it: set concurrently, \"", winner.key(),
             "\" would win");
      }
    }
  }

  // Things of one kind that a person must tell apart by their labels.
  template <typename Items, typename Name>
  void ReviewLabels(const Items& items, const Name& name) {
    std::map<std::string_view, std::string> by_id, by_en;
    for (const auto& item : items) {
      const v1::LocalizedText& label = item.label();
      if (label.id().empty() || label.en().empty()) continue;
      const auto [id, fresh_id] = by_id.try_emplace(label.id(), name(item));
      const auto [en, fresh_en] = by_en.try_emplace(label.en(), name(item));
      if (!fresh_id) {
        Warn(name(item), "reads \"", label.id(), "\" in Indonesian, as does ", id->second);
      } else if (!fresh_en) {
        Warn(name(item), "reads \"", label.en(), "\" in English, as does ", en->second);
      }
    }
  }

  void ReviewTies() {
    ReviewLabels(states(), [](const v1::State& state) { return StateName(state.key()); });
    for (const v1::State& state : states()) {
      std::vector<v1::WorkflowEdge> out;
      for (const v1::WorkflowEdge& edge : edges()) {
        if (edge.from() == state.key()) out.push_back(edge);
      }
      ReviewLabels(out, EdgeName);
    }
    ReviewLabels(definition_.fields(),
                 [](const v1::Field& field) { return FieldName(field.key()); });
    for (const v1::Field& field : definition_.fields()) {
      ReviewLabels(field.choices(), [&field](const v1::Choice& choice) {
        return absl::StrCat(FieldName(field.key()), ", choice \"", choice.key(), "\"");
      });
    }
    ReviewLabels(definition_.roles(),
                 [](const v1::Role& role) { return absl::StrCat("role \"", role.key(), "\""); });
  }

  // Every text of the definition, wherever it stands.
  void ReviewTexts(const google::protobuf::Message& message, const std::string& where) {
    if (message.GetDescriptor() == v1::LocalizedText::descriptor()) {
      const auto& text = static_cast<const v1::LocalizedText&>(message);
      if (text.id().size() > kSameTextBytesMax && text.id() == text.en()) {
        Warn(where, "is the same in Indonesian and in English");
      }
      return;
    }
    const google::protobuf::Reflection& reflection = *message.GetReflection();
    std::vector<const google::protobuf::FieldDescriptor*> set;
    reflection.ListFields(message, &set);
    for (const google::protobuf::FieldDescriptor* field : set) {
      if (field->cpp_type() != google::protobuf::FieldDescriptor::CPPTYPE_MESSAGE) continue;
      const std::string below = absl::StrCat(where, ".", field->name());
      if (!field->is_repeated()) {
        ReviewTexts(reflection.GetMessage(message, field), below);
        continue;
      }
      for (int i = 0; i < reflection.FieldSize(message, field); ++i) {
        const google::protobuf::Message& item = reflection.GetRepeatedMessage(message, field, i);
        ReviewTexts(item, absl::StrCat(below, "[", NameOf(item, i), "]"));
      }
    }
  }

  // Its key, or its place where it has none.
  static std::string NameOf(const google::protobuf::Message& item, int index) {
    const google::protobuf::FieldDescriptor* key = item.GetDescriptor()->FindFieldByName("key");
    return key == nullptr ? absl::StrCat(index)
                          : absl::StrCat("\"", item.GetReflection()->GetString(item, key), "\"");
  }

  void ReviewFields() {
    for (const v1::Field& field : definition_.fields()) {
      const std::string where = FieldName(field.key());
      if (field.policy() == v1::POLICY_UNSPECIFIED) continue;  // a problem already
      if (field.type() == v1::FIELD_TYPE_MONEY && !IgnoresClock(field.policy())) {
        Warn(where,
             "is money, and a clock decides between two amounts: take review, highest or lowest");
      }
      if (IsIdentity(field.type()) && field.policy() != v1::POLICY_REVIEW) {
        Warn(where, "is an identity, and a clock decides between two of them: take review");
      }
      if (field.type() == v1::FIELD_TYPE_NIK && !field.personal()) {
        Warn(where, "is a person's identity number and not marked personal");
      }
    }
  }

  void ReviewRoles() {
    for (const v1::Role& role : definition_.roles()) {
      const std::string& key = role.key();
      const bool moves =
          std::any_of(edges().begin(), edges().end(),
                      [&key](const v1::WorkflowEdge& edge) { return Contains(edge.roles(), key); });
      const bool writes = std::any_of(
          definition_.fields().begin(), definition_.fields().end(), [&key](const v1::Field& field) {
            return Contains(field.writer_roles(), key) || Contains(field.settler_roles(), key);
          });
      if (!role.creates() && !role.retracts() && !role.assigns() && !moves && !writes &&
          !Contains(definition_.settler_roles(), key)) {
        Warn(absl::StrCat("role \"", key, "\""),
             "creates, moves, decides nothing, and no field names it");
      }
    }
  }

  void ReviewPublicTitle() {
    if (!definition_.is_public()) return;
    for (const v1::Field& field : definition_.fields()) {
      if (field.key() == definition_.title_field() && !field.is_public()) {
        Warn("title_field", "the service is public, its title field \"", field.key(), "\" is not");
      }
    }
  }

  const v1::Definition& definition_;
  std::vector<Finding> findings_;
  std::map<std::string_view, States> ways_;
};

}  // namespace

std::vector<Finding> ReviewDefinition(const v1::Definition& definition) {
  return Reviewer(definition).Run();
}

std::string_view SeverityName(Severity severity) {
  switch (severity) {
    case Severity::kError:
      return "error";
    case Severity::kWarning:
      return "warning";
  }
  return "error";
}

}  // namespace tikar::sync
