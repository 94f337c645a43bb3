// Changes: from bytes to what they say, and to the writes they make.
#ifndef TIKAR_SYNC_CHANGE_H_
#define TIKAR_SYNC_CHANGE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "sync/fold_capability.h"
#include "sync/types.h"
#include "sync/value.h"
#include "tikar/v1/change.pb.h"

namespace tikar::sync {

// First 16 bytes of the hash of a body.
inline ChangeId ChangeIdOf(const Hash& hash) {
  return *ChangeId::FromBytes(hash.view().substr(0, ChangeId::kSize));
}

// The request that a body belongs to: what it says, or for a Create a UUIDv7 whose time is the
// body's hlc and whose random bits are those of the body's hash. nullopt when it says something
// that is no id.
std::optional<RequestId> RequestIdOf(const v1::ChangeBody& body, const Hash& hash);
// The same from the serialized bytes.
std::optional<RequestId> RequestIdOf(const v1::ChangeBody& body, std::string_view body_bytes);

// Whether the first mutation is a Create.
bool IsCreate(const v1::ChangeBody& body);
// Whether it gives way to what a person did meanwhile, as far as its body tells (README.md).
bool IsByTimer(const v1::ChangeBody& body);

// What kind of mutation made a write. Stored in candidates; never renumber.
enum class WriteKind : uint8_t {
  kCreate = 1,
  kSet = 2,
  kClear = 3,
  kTransition = 4,
  kAdd = 5,
  kRemove = 6,
  kRetract = 7,
  kRestore = 8,
  kSettle = 9,
  kRebase = 10,
};
inline constexpr int kWriteKinds = 11;  // one past the largest

// One write of a change, as README.md lists them. At most one per path and change.
struct Write {
  std::string path;
  uint32_t mutation_index = 0;
  WriteKind kind = WriteKind::kSet;
  std::optional<Value> value = std::nullopt;  // nullopt: empties the path
  // The definition's first state stands in for `value` (Create's write to status).
  bool initial_state = false;
  std::vector<ChangeId> settled = {};  // what a Settle names, sorted

  bool settles() const { return kind == WriteKind::kSettle; }
};

// Whether an element of a collection is meant: "comments/<32 hex>.<index>".
bool IsElementPath(std::string_view path);
std::string ElementPath(std::string_view collection, const ChangeId& change, uint32_t index);
// "comments" of "comments/…".
std::string_view CollectionOf(std::string_view element_path);

// A body that was parsed. A value; owns its bytes.
struct ParsedChange {
  std::string bytes;
  Hash hash;
  ChangeId id;
  v1::ChangeBody body;
  RequestId request_id;
  std::vector<ChangeId> parents;  // sorted, unique; what is no id is left out
  bool newer_kind = false;        // holds a mutation of a later version (README.md)
  bool contests_retract = false;  // has a mutation that is not a Retract
  std::vector<Write> writes;      // sorted by path

  const Write* FindWrite(std::string_view path) const;
};

// InvalidArgument when the bytes are no ChangeBody, have no request id or a region that is not
// "NN.NN": then there is no request to put the change to. Everything else is accepted here: whether
// it is allowed is for validation.h, and a mirror must take what another node took.
// `capability`: what is beyond it is of a later version.
absl::StatusOr<ParsedChange> ParseChange(std::string bytes,
                                         const FoldCapability& capability = kFoldCapability);

// "15.01".
bool IsRegion(std::string_view text);

}  // namespace tikar::sync

#endif  // TIKAR_SYNC_CHANGE_H_
