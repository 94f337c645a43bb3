// What a node knows of one region: for each origin the highest sequence up to which it holds all.
#ifndef TIKAR_SYNC_VERSION_VECTOR_H_
#define TIKAR_SYNC_VERSION_VECTOR_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "sync/types.h"
#include "tikar/v1/entry.pb.h"

namespace tikar::sync {

// How one vector stands to another. A partial order needs four answers.
enum class CausalOrder {
  kEqual,
  // The left one lacks something and has nothing more.
  kBefore,
  kAfter,
  kConcurrent,
};

// A value; as safe for threads as a std::vector.
//
// Invariants: (1) strictly ascending by origin, (2) no origin kNone, (3) no sequence 0, for that
// says as much as an absent origin. So equal knowledge is equal in memory and on the wire.
class VersionVector {
 public:
  struct Position {
    Origin origin;
    uint64_t seq;
    friend bool operator==(const Position&, const Position&) = default;
  };

  // InvalidArgument for what breaks an invariant: such bytes were not made by a node.
  static absl::StatusOr<VersionVector> FromProto(const v1::VersionVector& proto);
  v1::VersionVector ToProto() const;

  // 0 when nothing of `origin` is held.
  uint64_t Get(Origin origin) const;

  // All up to `seq` is held now. A sequence at or below the present one has no effect. That there
  // is no gap below `seq` is the caller's to know. `origin` must not be kNone.
  void Advance(Origin origin, uint64_t seq);

  // The least vector that knows all that both know. Commutative, associative, idempotent.
  void Join(const VersionVector& other);

  // Ascending by origin.
  const std::vector<Position>& positions() const { return positions_; }
  bool empty() const { return positions_.empty(); }

  friend bool operator==(const VersionVector&, const VersionVector&) = default;

 private:
  std::vector<Position> positions_;
};

CausalOrder Compare(const VersionVector& a, const VersionVector& b);

}  // namespace tikar::sync

#endif  // TIKAR_SYNC_VERSION_VECTOR_H_
