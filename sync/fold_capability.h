// What a build can fold. A request that holds more is served as NEEDS_NEWER_SERVER, keeps its log,
// and is folded again by the first build that knows all of it (Replica::Upgrade).
#ifndef TIKAR_SYNC_FOLD_CAPABILITY_H_
#define TIKAR_SYNC_FOLD_CAPABILITY_H_

#include <cstdint>

#include "sync/definition.h"
#include "tikar/v1/change.pb.h"
#include "tikar/v1/value.pb.h"

namespace tikar::sync {

// Numbers only grow from build to build: kinds are field numbers of the API, which are given out in
// order and never reused.
struct FoldCapability {
  uint32_t mutation_kind = 0;  // largest known field number of v1::Mutation
  uint32_t value_kind = 0;     // largest known field number of v1::Value
  uint32_t merge_version = 0;  // largest known v1::Definition.merge_version

  // Whether whoever has this folds all that `other` folds.
  bool Covers(const FoldCapability& other) const {
    return mutation_kind >= other.mutation_kind && value_kind >= other.value_kind &&
           merge_version >= other.merge_version;
  }
  friend bool operator==(const FoldCapability&, const FoldCapability&) = default;
};

// Of this build.
inline constexpr FoldCapability kFoldCapability = {
    .mutation_kind = v1::Mutation::kRebaseFieldNumber,
    .value_kind = v1::Value::kChoicesFieldNumber,
    .merge_version = kMergeVersionNewest,
};

}  // namespace tikar::sync

#endif  // TIKAR_SYNC_FOLD_CAPABILITY_H_
