#include "sync/mutation_kind.h"

namespace tikar::sync {

std::string_view MutationKindName(const v1::Mutation& mutation) {
  switch (mutation.kind_case()) {
    case v1::Mutation::kCreate:
      return "create";
    case v1::Mutation::kSetField:
      return "set";
    case v1::Mutation::kClearField:
      return "clear";
    case v1::Mutation::kTransition:
      return "transition";
    case v1::Mutation::kAddElement:
      return "add";
    case v1::Mutation::kRemoveElement:
      return "remove";
    case v1::Mutation::kRetract:
      return "retract";
    case v1::Mutation::kRestore:
      return "restore";
    case v1::Mutation::kSettle:
      return "settle";
    case v1::Mutation::kRebase:
      return "rebase";
    case v1::Mutation::KIND_NOT_SET:
      return "newer";
  }
  return "newer";
}

}  // namespace tikar::sync
