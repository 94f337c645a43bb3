// What can be wrong with a change, and how it is said to the officer in Indonesian and in English.
//
// Codes are part of the API: apps may show texts of their own for them. Never reuse or rename one.
//
// Values and constants only; safe from any thread.
#ifndef TIKAR_SYNC_VIOLATIONS_H_
#define TIKAR_SYNC_VIOLATIONS_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "tikar/v1/entry.pb.h"

namespace tikar::sync {

// One per row of the table in violations.cc, in its order.
enum class ViolationCode {
  // Malformed: no form makes these, an app does.
  kRegionFormat,
  kRequestIdFormat,
  kRequestIdOnCreate,
  kActorFormat,
  kHlcMissing,
  kNonceFormat,
  kParentsFormat,
  kParentsOrder,
  kParentsOnCreate,
  kParentsMissing,
  kRoleMissing,
  kRoleFormat,
  kMutationEmpty,
  kCreateNotFirst,
  kCreateIncomplete,
  kRebaseIncomplete,
  kTransitionIncomplete,
  kSettleCandidates,
  kPathFormat,
  kPathTwice,
  kPathReserved,
  kValueMalformed,
  // Over a limit of the core.
  kBodyTooLarge,
  kTooManyMutations,
  kTooManyParents,
  kValueTooLarge,
  kReasonTooLong,
  kTooManyElements,
  // A value that is not allowed.
  kAreaFormat,
  kAreaRequired,
  kUnknownArea,
  kAssigneeFormat,
  kDuplicateOfFormat,
  kDuplicateOfItself,
  kTransferredFromFormat,
  kDefinitionMismatch,
  kUnknownField,
  kUnknownCollection,
  kUnknownState,
  kRequired,
  kWrongType,
  kTooLong,
  kLineBreak,
  kPattern,
  kOutOfRange,
  kNegativeMoney,
  kDateOutOfRange,
  kUnknownChoice,
  kNikDigits,
  kNikArea,
  kNikBirthDate,
  kNikSerial,
  kNibFormat,
  kPhoneFormat,
  kElementEmpty,
  kReasonRequired,
  kNeededForTransition,
  kConditionNotMet,
  // Workflow.
  kNoSuchTransition,
  // Roles.
  kActorReserved,
  kUnknownRole,
  kRoleMayNotCreate,
  kRoleMayNotWrite,
  kRoleMayNotRetract,
  kRoleMayNotAssign,
  kRoleMayNotTakeStep,
  kRoleMayNotSettle,
  kRoleMayNotRebase,
  // Reviews.
  kUnderReview,
  kIrreversibleUnderReview,
  kIrreversibleFieldUnderReview,
};
inline constexpr size_t kViolationCodes =
    static_cast<size_t>(ViolationCode::kIrreversibleFieldUnderReview) + 1;

// A row of the table. In the texts $0 is what it is about (a label), $1 and $2 are details.
struct ViolationText {
  ViolationCode violation;
  // Machine-readable, as in v1::Violation.code.
  std::string_view code;
  v1::RefusalReason reason;
  // What is wrong. What to do.
  const char* message_id;
  const char* message_en;
};
const ViolationText& TextOf(ViolationCode code);

// A word or number that a message quotes, in both languages.
struct Words {
  Words() = default;
  // The same in both languages: a key, a number.
  Words(std::string both) : id(both), en(std::move(both)) {}  // NOLINT: reads as a word
  Words(std::string_view both) : id(both), en(both) {}        // NOLINT
  Words(const char* both) : id(both), en(both) {}             // NOLINT
  Words(std::string_view id, std::string_view en) : id(id), en(en) {}
  std::string id, en;
};

// One thing wrong with a change; v1::Violation as the core knows it.
struct Violation {
  // Path of the field, or empty when it concerns the whole change.
  std::string field;
  std::string code;
  std::string message_id;
  std::string message_en;
};

// What the first node, or the SDK before it, thinks of a change.
struct Judgement {
  bool ok = true;
  // The gravest (smallest number) of the violations' reasons; UNSPECIFIED when ok.
  v1::RefusalReason reason = v1::REFUSAL_REASON_UNSPECIFIED;
  // All that is wrong, in the order of the mutations.
  std::vector<Violation> violations;

  void Add(ViolationCode code, std::string_view field, const Words& about = {},
           const Words& detail = {}, const Words& second_detail = {});
};

}  // namespace tikar::sync

#endif  // TIKAR_SYNC_VIOLATIONS_H_
