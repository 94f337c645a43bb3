#include "sync/merkle_tree.h"

#include <array>
#include <bit>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "sync/status_macros.h"

namespace tikar::sync {
namespace {

// The largest power of two below `size`, which is at least 2.
uint64_t Split(uint64_t size) { return std::bit_floor(size - 1); }

// The root over the leaves [begin, end). `begin` is a multiple of the smallest power of two that is
// not below their number, as it is for every subtree of a tree.
absl::StatusOr<Hash> RootOf(uint64_t begin, uint64_t end, const MerkleNodes& nodes) {
  const uint64_t size = end - begin;
  if (std::has_single_bit(size)) {
    const int height = std::countr_zero(size);
    return nodes(height, begin >> height);
  }
  const uint64_t middle = begin + Split(size);
  ASSIGN_OR_RETURN(const Hash left, RootOf(begin, middle, nodes));
  ASSIGN_OR_RETURN(const Hash right, RootOf(middle, end, nodes));
  return MerkleNodeHash(left, right);
}

// SUBPROOF of RFC 9162 section 2.1.4.1 over the leaves [begin, end), of which the old tree has
// those below `old_end`. `known`: whoever verifies has the root of what the old tree has here.
absl::Status AddConsistency(uint64_t begin, uint64_t end, uint64_t old_end, bool known,
                            const MerkleNodes& nodes, std::vector<Hash>* proof) {
  if (old_end == end) {
    if (known) return absl::OkStatus();
    ASSIGN_OR_RETURN(const Hash root, RootOf(begin, end, nodes));
    proof->push_back(root);
    return absl::OkStatus();
  }
  const uint64_t middle = begin + Split(end - begin);
  if (old_end <= middle) {
    RETURN_IF_ERROR(AddConsistency(begin, middle, old_end, known, nodes, proof));
    ASSIGN_OR_RETURN(const Hash right, RootOf(middle, end, nodes));
    proof->push_back(right);
  } else {
    RETURN_IF_ERROR(AddConsistency(middle, end, old_end, false, nodes, proof));
    ASSIGN_OR_RETURN(const Hash left, RootOf(begin, middle, nodes));
    proof->push_back(left);
  }
  return absl::OkStatus();
}

// Where a path stands on its way up: the node's index on its level, and that of the last node.
struct Climb {
  uint64_t node;
  uint64_t last;

  bool is_right_child() const { return (node & 1) != 0; }
  // On this level the node has a sibling on its left, or will have one where it next has any.
  bool takes_left() const { return is_right_child() || node == last; }
  void Up() {
    node >>= 1;
    last >>= 1;
  }
  // Past the levels on which the last node has no sibling.
  void SkipAlone() {
    while (!is_right_child() && node != 0) Up();
  }
};

}  // namespace

Hash MerkleLeafHash(std::string_view data) {
  std::string bytes(1, '\x00');
  bytes += data;
  return Sha256(bytes);
}

Hash MerkleNodeHash(const Hash& left, const Hash& right) {
  std::array<char, 1 + 2 * Hash::kSize> bytes;
  bytes[0] = 0x01;
  std::memcpy(bytes.data() + 1, left.view().data(), Hash::kSize);
  std::memcpy(bytes.data() + 1 + Hash::kSize, right.view().data(), Hash::kSize);
  return Sha256({bytes.data(), bytes.size()});
}

Hash MerkleEmptyRoot() { return Sha256(""); }

void MerkleFrontier::Append(int height, const Hash& hash, std::vector<Hash>* completed) {
  CHECK(size_ % (uint64_t{1} << height) == 0);
  Hash node = hash;
  // Where the number of such subtrees is odd, the last one and this one are siblings.
  for (uint64_t count = size_ >> height; (count & 1) != 0; count >>= 1) {
    node = MerkleNodeHash(subtrees_.back(), node);
    subtrees_.pop_back();
    if (completed != nullptr) completed->push_back(node);
  }
  subtrees_.push_back(node);
  size_ += uint64_t{1} << height;
}

Hash MerkleFrontier::Root() const {
  if (subtrees_.empty()) return MerkleEmptyRoot();
  Hash root = subtrees_.back();
  for (size_t i = subtrees_.size() - 1; i > 0; --i) root = MerkleNodeHash(subtrees_[i - 1], root);
  return root;
}

absl::StatusOr<Hash> MerkleRoot(uint64_t size, const MerkleNodes& nodes) {
  if (size == 0) return MerkleEmptyRoot();
  return RootOf(0, size, nodes);
}

absl::StatusOr<std::vector<Hash>> MerkleInclusionProof(uint64_t index, uint64_t size,
                                                       const MerkleNodes& nodes) {
  CHECK(index < size);
  std::vector<Hash> from_top;
  uint64_t begin = 0, end = size;
  while (end - begin > 1) {
    const uint64_t middle = begin + Split(end - begin);
    const bool is_left = index < middle;
    ASSIGN_OR_RETURN(const Hash sibling,
                     is_left ? RootOf(middle, end, nodes) : RootOf(begin, middle, nodes));
    from_top.push_back(sibling);
    (is_left ? end : begin) = middle;
  }
  return std::vector<Hash>(from_top.rbegin(), from_top.rend());
}

absl::StatusOr<std::vector<Hash>> MerkleConsistencyProof(uint64_t size_from, uint64_t size_to,
                                                         const MerkleNodes& nodes) {
  CHECK(size_from <= size_to);
  std::vector<Hash> proof;
  if (size_from == 0) return proof;
  RETURN_IF_ERROR(AddConsistency(0, size_to, size_from, true, nodes, &proof));
  return proof;
}

absl::Status VerifyInclusion(uint64_t index, uint64_t size, const Hash& leaf,
                             absl::Span<const Hash> proof, const Hash& root) {
  if (index >= size) {
    return absl::InvalidArgumentError(
        absl::StrCat("a tree of ", size, " leaves has no leaf ", index));
  }
  Climb at{index, size - 1};
  Hash node = leaf;
  for (const Hash& sibling : proof) {
    if (at.last == 0) return absl::InvalidArgumentError("the inclusion proof is too long");
    if (at.takes_left()) {
      node = MerkleNodeHash(sibling, node);
      at.SkipAlone();
    } else {
      node = MerkleNodeHash(node, sibling);
    }
    at.Up();
  }
  if (at.last != 0) return absl::InvalidArgumentError("the inclusion proof is too short");
  if (node != root) {
    return absl::InvalidArgumentError(
        "the inclusion proof leads to another root: the leaf is not in that tree");
  }
  return absl::OkStatus();
}

absl::Status VerifyConsistency(uint64_t size_from, const Hash& root_from, uint64_t size_to,
                               const Hash& root_to, absl::Span<const Hash> proof) {
  if (size_from > size_to) {
    return absl::InvalidArgumentError(
        absl::StrCat("a tree of ", size_from, " leaves is not the beginning of one of ", size_to));
  }
  if (size_from == size_to || size_from == 0) {
    if (!proof.empty()) return absl::InvalidArgumentError("the consistency proof is too long");
    if (size_from == size_to && root_from != root_to) {
      return absl::InvalidArgumentError(
          absl::StrCat("two trees of ", size_to, " leaves have different roots"));
    }
    return absl::OkStatus();
  }
  if (proof.empty()) return absl::InvalidArgumentError("the consistency proof is too short");
  // A complete old tree is a node of the new one: the proof leaves it out.
  const bool is_complete = std::has_single_bit(size_from);
  Climb at{size_from - 1, size_to - 1};
  while (at.is_right_child()) at.Up();
  Hash node_from = is_complete ? root_from : proof.front();
  Hash node_to = node_from;
  for (const Hash& sibling : proof.subspan(is_complete ? 0 : 1)) {
    if (at.last == 0) return absl::InvalidArgumentError("the consistency proof is too long");
    if (at.takes_left()) {
      node_from = MerkleNodeHash(sibling, node_from);
      node_to = MerkleNodeHash(sibling, node_to);
      at.SkipAlone();
    } else {
      node_to = MerkleNodeHash(node_to, sibling);
    }
    at.Up();
  }
  if (at.last != 0) return absl::InvalidArgumentError("the consistency proof is too short");
  if (node_from != root_from) {
    return absl::InvalidArgumentError("the consistency proof is not about the smaller tree");
  }
  if (node_to != root_to) {
    return absl::InvalidArgumentError(
        "the consistency proof leads to another root: the smaller tree is not its beginning");
  }
  return absl::OkStatus();
}

}  // namespace tikar::sync
