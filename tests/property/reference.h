// The slow reference: the rule of sync/README.md, written a second time.
//
// It shares nothing with sync/ but the protos (the text merge is passed in), reads nothing but that
// page, and prefers the obvious to the fast: ancestry is a transitive closure over all pairs, and
// whether a path was under review in the past of a write is found by evaluating the rule on that
// past. Hundreds of changes are its limit. When it and sync/ disagree, one of three is wrong:
// sync/, the page, or this file.
//
// Pure functions, safe from any thread.
#ifndef TIKAR_TESTS_PROPERTY_REFERENCE_H_
#define TIKAR_TESTS_PROPERTY_REFERENCE_H_

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tikar/v1/change.pb.h"
#include "tikar/v1/definition.pb.h"
#include "tikar/v1/entry.pb.h"
#include "tikar/v1/request.pb.h"

namespace tikar::reference {

// One entry of one log, as far as the rule looks at it. The same change may be observed many times.
struct Observation {
  std::string body;  // a serialized ChangeBody; empty in a stub
  // Of a stub only: 16 bytes each.
  std::string stub_id;
  std::string stub_request_id;
  std::vector<std::string> stub_parents;
  v1::Stamp stamp;
};

// First 16 bytes of the SHA-256 of the body, or the stub's id.
std::string ChangeIdOf(const Observation& observation);
// 32 bytes.
std::string Sha256(std::string_view bytes);

struct Candidate {
  std::string change_id;
  uint32_t mutation_index = 0;
  std::optional<std::string> value;  // serialized v1::Value; absent: empties the field
  std::string actor;
  std::string role;
  uint64_t effective_time = 0;
  // Which mutation made it. Not part of the state: for counting which conflicts were met.
  v1::Mutation::KindCase kind = v1::Mutation::KIND_NOT_SET;
};

struct Field {
  std::optional<std::string> value;  // serialized v1::Value; absent: empty
  v1::Rule rule = v1::RULE_UNSPECIFIED;
  bool under_review = false;
  std::vector<Candidate> candidates;  // by change id
  // Not part of the state, like Candidate::kind. UNSPECIFIED for an element.
  v1::Policy policy = v1::POLICY_UNSPECIFIED;
};

struct State {
  v1::Availability availability = v1::AVAILABILITY_UNSPECIFIED;
  std::vector<std::string> heads;  // sorted
  uint32_t change_count = 0;

  // The rest only when READY.
  std::string definition_hash;  // 32 bytes; the effective definition
  std::string service;          // as the Create has it
  uint32_t version = 0;         // likewise
  std::string area;
  std::string status;
  bool retracted = false;
  uint64_t create_time = 0;
  uint64_t update_time = 0;
  std::map<std::string, Field> fields;  // by path; every path that was ever written, elements too
  std::map<std::string, uint64_t> entered;  // states of the workflow, with when

  // Not part of the state: why a newer server is needed, when it is not for the merge version.
  bool has_later_mutation = false;
  bool has_later_value = false;
  // Nor these: what became of changes by timers.
  uint32_t timer_changes = 0;
  uint32_t moot_changes = 0;
};

// base, ours, theirs; nullopt: too large to merge.
using TextMerge =
    std::function<std::optional<std::string>(std::string_view, std::string_view, std::string_view)>;
// By the 32 bytes of their hash. Only well-formed ones; the merge version may be unsupported.
using Definitions = std::map<std::string, v1::Definition>;

State Fold(const std::vector<Observation>& observations, const Definitions& definitions,
           const TextMerge& merge_text);

// Largest merge version that the page describes.
inline constexpr uint32_t kMergeVersion = 1;

}  // namespace tikar::reference

#endif  // TIKAR_TESTS_PROPERTY_REFERENCE_H_
