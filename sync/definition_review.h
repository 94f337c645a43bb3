// What an author of a definition should hear before publishing it: what FindDefinitionProblems
// refuses, and what is allowed but will hurt the people who work with it.
//
//   for (const Finding& finding : ReviewDefinition(definition)) {
//     // error: state "macet": nothing leads out of it, and it is not terminal
//   }
//
// Pure functions, safe from any thread.
#ifndef TIKAR_SYNC_DEFINITION_REVIEW_H_
#define TIKAR_SYNC_DEFINITION_REVIEW_H_

#include <string>
#include <string_view>
#include <vector>

#include "tikar/v1/definition.pb.h"

namespace tikar::sync {

enum class Severity {
  // Cannot be published, or requests get stuck in it.
  kError,
  // Works, and somebody will regret it.
  kWarning,
};

struct Finding {
  Severity severity = Severity::kError;
  // The part of the definition: 'state "macet"', 'field "nik".help'.
  std::string where;
  // One sentence without a full stop.
  std::string message;

  friend bool operator==(const Finding&, const Finding&) = default;
};

// Errors:
//   - every problem that Definition::Parse would refuse, texts missing in a language and fields
//     without policy among them
//   - a state that cannot be reached, that is a dead end without being terminal, or from which no
//     terminal state can be reached
//   - an edge out of a state that cannot be reached; a service level that begins in one, or in a
//     terminal state
//   - a field that a Create must carry and that no role that creates may write
// Warnings:
//   - a tie: states, choices of one field, fields, or edges out of one state that read alike, so
//     that whoever must decide between them cannot
//   - precedence against the workflow: of two states set concurrently the one would win that the
//     other comes after
//   - an irreversible edge into a state that is no decision: a rival state set concurrently would
//     be dropped without asking anybody
//   - a long text that is the same in both languages
//   - money and identity numbers whose policy lets a clock decide; identity numbers that are not
//     marked personal
//   - a role that can do nothing; a creating role that may not write what a Create must carry
//   - a service level whose clock no way through the workflow stops
//   - a public service whose requests the public sees without a title
// In the order of the definition within each of these. Judges by merge version 1.
std::vector<Finding> ReviewDefinition(const v1::Definition& definition);

// "error" or "warning".
std::string_view SeverityName(Severity severity);

}  // namespace tikar::sync

#endif  // TIKAR_SYNC_DEFINITION_REVIEW_H_
