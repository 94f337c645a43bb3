#include "comparison.h"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tikar/v1/value.pb.h"

namespace tikar::property {
namespace {

std::string Show(const std::string& text) { return text; }
std::string Show(uint64_t number) { return std::to_string(number); }
std::string Show(const std::optional<std::string>& value) {
  if (!value) return "(empty)";
  v1::Value proto;
  proto.ParseFromString(*value);
  return proto.ShortDebugString().substr(0, 200);
}

std::string Hex(std::string_view bytes) {
  std::string hex;
  for (const unsigned char byte : bytes) {
    hex += "0123456789abcdef"[byte / 16];
    hex += "0123456789abcdef"[byte % 16];
  }
  return hex;
}

std::optional<std::string> BytesOf(const std::optional<sync::Value>& value) {
  if (!value) return std::nullopt;
  return value->ToProto().SerializeAsString();
}

// Collects lines "what: expected …, is …".
class Report {
 public:
  template <typename T>
  void Compare(const std::string& what, const T& expected, const T& actual) {
    if (expected == actual) return;
    lines_ += "  " + what + ": the rule says " + Show(expected) + ", is " + Show(actual) + "\n";
  }
  std::string Take() { return std::move(lines_); }

 private:
  std::string lines_;
};

// One line each, so that what differs shows.
std::string Describe(const reference::Candidate& candidate) {
  return "\n    " + Hex(candidate.change_id).substr(0, 8) + "." +
         std::to_string(candidate.mutation_index) + " kind " +
         std::to_string(static_cast<int>(candidate.kind)) + " = " + Show(candidate.value) + " by " +
         candidate.actor + "/" + candidate.role + " at " + std::to_string(candidate.effective_time);
}

// sync::WriteKind in the numbers of v1::Mutation.
v1::Mutation::KindCase KindOf(sync::WriteKind kind) {
  switch (kind) {
    case sync::WriteKind::kCreate:
      return v1::Mutation::kCreate;
    case sync::WriteKind::kSet:
      return v1::Mutation::kSetField;
    case sync::WriteKind::kClear:
      return v1::Mutation::kClearField;
    case sync::WriteKind::kTransition:
      return v1::Mutation::kTransition;
    case sync::WriteKind::kAdd:
      return v1::Mutation::kAddElement;
    case sync::WriteKind::kRemove:
      return v1::Mutation::kRemoveElement;
    case sync::WriteKind::kRetract:
      return v1::Mutation::kRetract;
    case sync::WriteKind::kRestore:
      return v1::Mutation::kRestore;
    case sync::WriteKind::kSettle:
      return v1::Mutation::kSettle;
    case sync::WriteKind::kRebase:
      return v1::Mutation::kRebase;
  }
  return v1::Mutation::KIND_NOT_SET;
}

void CompareField(const std::string& path, const reference::Field& expected,
                  const sync::FieldState& actual, Report& report) {
  report.Compare(path + " path", path, actual.path);
  report.Compare(path + " value", expected.value, BytesOf(actual.value));
  report.Compare(path + " rule", v1::Rule_Name(expected.rule), v1::Rule_Name(actual.rule));
  report.Compare<uint64_t>(path + " under review", expected.under_review, actual.under_review);
  std::string expected_candidates, actual_candidates;
  for (const reference::Candidate& candidate : expected.candidates) {
    expected_candidates += Describe(candidate);
  }
  for (const sync::Candidate& candidate : actual.candidates) {
    actual_candidates += Describe({.change_id = candidate.change.bytes(),
                                   .mutation_index = candidate.mutation_index,
                                   .value = BytesOf(candidate.value),
                                   .actor = candidate.actor,
                                   .role = candidate.role,
                                   .effective_time = candidate.effective_time,
                                   .kind = KindOf(candidate.kind)});
  }
  report.Compare(path + " candidates", expected_candidates, actual_candidates);
}

}  // namespace

std::string Differences(const reference::State& expected, const sync::State& state,
                        const sync::Elements& elements) {
  Report report;
  report.Compare("availability", v1::Availability_Name(expected.availability),
                 v1::Availability_Name(state.availability));
  report.Compare<uint64_t>("change count", expected.change_count, state.change_count);
  std::string expected_heads, heads;
  for (const std::string& head : expected.heads) expected_heads += Hex(head).substr(0, 8) + " ";
  for (const sync::ChangeId& head : state.heads) heads += head.hex().substr(0, 8) + " ";
  report.Compare("heads", expected_heads, heads);

  std::map<std::string, const sync::FieldState*> fields;
  for (const sync::FieldState& field : state.fields) fields[field.path] = &field;
  for (const auto& [path, element] : elements) fields[path] = &element;
  std::string expected_paths, paths;
  for (const auto& [path, field] : expected.fields) expected_paths += path + " ";
  for (const auto& [path, field] : fields) paths += path + " ";
  report.Compare("paths", expected_paths, paths);
  report.Compare<uint64_t>("number of fields and elements", expected.fields.size(),
                           state.fields.size() + elements.size());
  if (expected.availability != v1::AVAILABILITY_READY) return report.Take();

  report.Compare("definition", Hex(expected.definition_hash), state.definition.hex());
  report.Compare("service", expected.service, state.service);
  report.Compare<uint64_t>("version", expected.version, state.definition_version);
  report.Compare("area", expected.area, std::string(state.area()));
  report.Compare("status", expected.status, std::string(state.status()));
  report.Compare<uint64_t>("retracted", expected.retracted, state.retracted());
  report.Compare("create time", expected.create_time, state.create_time);
  report.Compare("update time", expected.update_time, state.update_time);
  std::string expected_entered, entered;
  for (const auto& [key, time] : expected.entered) {
    expected_entered += key + " at " + std::to_string(time) + " ";
  }
  for (const sync::EnteredState& one : state.entered) {
    entered += one.state + " at " + std::to_string(one.effective_time) + " ";
  }
  report.Compare("states entered", expected_entered, entered);
  for (const auto& [path, field] : expected.fields) {
    const auto it = fields.find(path);
    if (it != fields.end()) CompareField(path, field, *it->second, report);
  }
  return report.Take();
}

}  // namespace tikar::property
