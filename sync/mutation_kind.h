// What kinds of mutations are called where a program reads them: in histories and in JSON.
#ifndef TIKAR_SYNC_MUTATION_KIND_H_
#define TIKAR_SYNC_MUTATION_KIND_H_

#include <string_view>

#include "tikar/v1/change.pb.h"

namespace tikar::sync {

// "create", "set", …, "rebase"; "newer": one that this build does not know. Scripts depend on them:
// add, never rename. Pure, safe from any thread.
std::string_view MutationKindName(const v1::Mutation& mutation);

}  // namespace tikar::sync

#endif  // TIKAR_SYNC_MUTATION_KIND_H_
