// The Merkle tree of RFC 9162 (the hashing of RFC 6962) over SHA-256: its hashing, its growth, its
// proofs, and how they are verified. Nothing here knows of logs or stores.
//
// A leaf hash is SHA-256 of 0x00 and the leaf's data, an inner node SHA-256 of 0x01 and its two
// children. A tree of n leaves has on its left the largest complete tree (2^k leaves, 2^k < n), on
// its right the tree of the rest. So a tree of any size is a row of complete subtrees, largest
// first, as the bits of n say; whoever keeps that row (MerkleFrontier) can grow the tree without
// any other hash.
//
// What appending costs: one hash for the leaf, which its caller makes, and one for an inner node on
// average (n leaves have n - 1 inner nodes).
//
// Thread safety: pure functions and a value.
#ifndef TIKAR_SYNC_MERKLE_TREE_H_
#define TIKAR_SYNC_MERKLE_TREE_H_

#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "sync/types.h"

namespace tikar::sync {

// SHA-256 of 0x00 and `data`. LeafHash of records.h says what a log's leaves are.
Hash MerkleLeafHash(std::string_view data);
// SHA-256 of 0x01 and both children.
Hash MerkleNodeHash(const Hash& left, const Hash& right);
// The root of the tree of no leaves: SHA-256 of nothing.
Hash MerkleEmptyRoot();

// The row of complete subtrees of a tree that grows.
class MerkleFrontier {
 public:
  uint64_t size() const { return size_; }
  // Adds the complete subtree of 2^height leaves whose root is `hash`; a leaf is one of height 0.
  // size() must be a multiple of 2^height. Roots of the larger complete subtrees that this
  // completes, of heights height + 1, height + 2 and so on, are appended to `completed` unless that
  // is null.
  void Append(int height, const Hash& hash, std::vector<Hash>* completed = nullptr);
  Hash Root() const;

 private:
  uint64_t size_ = 0;
  std::vector<Hash> subtrees_;  // largest first
};

// The root of the complete subtree over the leaves [index << height, (index + 1) << height).
// Asked only for subtrees that lie within the size at hand.
using MerkleNodes = std::function<absl::StatusOr<Hash>(int height, uint64_t index)>;

// The root of the first `size` leaves. Errors are those of `nodes`, here and below.
absl::StatusOr<Hash> MerkleRoot(uint64_t size, const MerkleNodes& nodes);
// RFC 9162 section 2.1.3.1: that leaf `index` (from 0) is in the tree of `size` leaves. `index`
// must be below `size`.
absl::StatusOr<std::vector<Hash>> MerkleInclusionProof(uint64_t index, uint64_t size,
                                                       const MerkleNodes& nodes);
// RFC 9162 section 2.1.4.1: that the tree of `size_from` leaves is the beginning of the tree of
// `size_to` leaves. `size_from` must not be above `size_to`; empty where they are equal and where
// `size_from` is 0.
absl::StatusOr<std::vector<Hash>> MerkleConsistencyProof(uint64_t size_from, uint64_t size_to,
                                                         const MerkleNodes& nodes);

// RFC 9162 section 2.1.3.2. InvalidArgument: the proof does not show that.
absl::Status VerifyInclusion(uint64_t index, uint64_t size, const Hash& leaf,
                             absl::Span<const Hash> proof, const Hash& root);
// RFC 9162 section 2.1.4.2. InvalidArgument: the proof does not show that. That trees of one size
// with different roots differ needs no proof; that anything goes on from an empty tree neither.
absl::Status VerifyConsistency(uint64_t size_from, const Hash& root_from, uint64_t size_to,
                               const Hash& root_to, absl::Span<const Hash> proof);

}  // namespace tikar::sync

#endif  // TIKAR_SYNC_MERKLE_TREE_H_
