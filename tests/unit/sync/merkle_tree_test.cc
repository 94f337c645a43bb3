// The Merkle tree against the vectors that others published, and against the RFC as it is written.
#include "sync/merkle_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "merkle_vectors.h"

namespace tikar::sync {
namespace {

const Hash kSomeHash = HashOf("abacaba000000000000000000000000000000000000000000060061e00123456");

bool Includes(uint64_t index, uint64_t size, const Hash& leaf, const std::vector<Hash>& proof,
              const Hash& root) {
  const absl::Status status = VerifyInclusion(index, size, leaf, proof, root);
  EXPECT_TRUE(status.ok() || absl::IsInvalidArgument(status)) << status;
  return status.ok();
}
bool GoesOn(uint64_t from, const Hash& root_from, uint64_t to, const Hash& root_to,
            const std::vector<Hash>& proof) {
  const absl::Status status = VerifyConsistency(from, root_from, to, root_to, proof);
  EXPECT_TRUE(status.ok() || absl::IsInvalidArgument(status)) << status;
  return status.ok();
}
std::vector<Hash> Before(const Hash& first, std::vector<Hash> proof) {
  proof.insert(proof.begin(), first);
  return proof;
}
std::vector<Hash> Behind(std::vector<Hash> proof, const Hash& last) {
  proof.push_back(last);
  return proof;
}

std::vector<Hash> RandomLeaves(size_t count, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<Hash> leaves;
  for (size_t i = 0; i < count; ++i) leaves.push_back(MerkleLeafHash(std::to_string(random())));
  return leaves;
}

TEST(MerkleTreeTest, PublishedRoots) {
  const std::vector<Hash> leaves = VectorLeaves();
  MerkleFrontier frontier;
  EXPECT_EQ(frontier.Root().hex(), kVectorRoots[0]);
  for (size_t i = 0; i < leaves.size(); ++i) {
    frontier.Append(0, leaves[i]);
    EXPECT_EQ(frontier.size(), i + 1);
    EXPECT_EQ(frontier.Root().hex(), kVectorRoots[i + 1]);
    EXPECT_EQ(MerkleRoot(i + 1, NodesOver(leaves))->hex(), kVectorRoots[i + 1]);
  }
}

TEST(MerkleTreeTest, PublishedInclusionProofsAreMadeAndVerified) {
  const std::vector<Hash> leaves = VectorLeaves();
  for (const InclusionVector& vector : InclusionVectors()) {
    const uint64_t index = vector.leaf - 1;
    const std::vector<Hash> proof = HashesOf(vector.proof);
    EXPECT_EQ(*MerkleInclusionProof(index, vector.size, NodesOver(leaves)), proof);
    EXPECT_TRUE(
        Includes(index, vector.size, leaves[index], proof, HashOf(kVectorRoots[vector.size])));
  }
}

// The same ways to spoil a proof as where the vectors come from.
TEST(MerkleTreeTest, SpoiltInclusionProofsAreRefused) {
  const std::vector<Hash> leaves = VectorLeaves();
  for (const InclusionVector& vector : InclusionVectors()) {
    const uint64_t index = vector.leaf - 1, size = vector.size;
    const std::vector<Hash> proof = HashesOf(vector.proof);
    const Hash root = HashOf(kVectorRoots[size]), leaf = leaves[index];
    EXPECT_FALSE(Includes(index - 1, size, leaf, proof, root));
    EXPECT_FALSE(Includes(index + 1, size, leaf, proof, root));
    EXPECT_FALSE(Includes(index ^ 2, size, leaf, proof, root));
    EXPECT_FALSE(Includes(index, size * 2, leaf, proof, root));
    EXPECT_FALSE(Includes(index, size / 2, leaf, proof, root));
    EXPECT_FALSE(Includes(index, size, kSomeHash, proof, root));
    EXPECT_FALSE(Includes(index, size, leaf, proof, MerkleEmptyRoot()));
    EXPECT_FALSE(Includes(index, size, leaf, proof, kSomeHash));
    EXPECT_FALSE(Includes(index, size, leaf, Behind(proof, root), root));
    EXPECT_FALSE(Includes(index, size, leaf, Before(root, proof), root));
    for (size_t i = 0; i < proof.size(); ++i) {
      std::vector<Hash> other = proof;
      other[i][0] ^= 8;
      EXPECT_FALSE(Includes(index, size, leaf, other, root));
    }
    if (proof.empty()) continue;
    EXPECT_FALSE(Includes(index, size, leaf, {proof.begin(), proof.end() - 1}, root));
    EXPECT_FALSE(Includes(index, size, leaf, {proof.begin() + 1, proof.end()}, root));
  }
  EXPECT_FALSE(Includes(0, 0, kSomeHash, {}, MerkleEmptyRoot()));
  EXPECT_FALSE(Includes(0, 0, kSomeHash, {}, kSomeHash));
}

TEST(MerkleTreeTest, PublishedConsistencyProofsAreMadeAndVerified) {
  const std::vector<Hash> leaves = VectorLeaves();
  for (const ConsistencyVector& vector : ConsistencyVectors()) {
    const std::vector<Hash> proof = HashesOf(vector.proof);
    EXPECT_EQ(*MerkleConsistencyProof(vector.size_from, vector.size_to, NodesOver(leaves)), proof);
    EXPECT_TRUE(GoesOn(vector.size_from, HashOf(kVectorRoots[vector.size_from]), vector.size_to,
                       HashOf(kVectorRoots[vector.size_to]), proof));
  }
}

TEST(MerkleTreeTest, SpoiltConsistencyProofsAreRefused) {
  for (const ConsistencyVector& vector : ConsistencyVectors()) {
    const uint64_t from = vector.size_from, to = vector.size_to;
    const std::vector<Hash> proof = HashesOf(vector.proof);
    if (proof.empty()) continue;
    const Hash old_root = HashOf(kVectorRoots[from]), root = HashOf(kVectorRoots[to]);
    EXPECT_FALSE(GoesOn(from - 1, old_root, to, root, proof));
    EXPECT_FALSE(GoesOn(from + 1, old_root, to, root, proof));
    EXPECT_FALSE(GoesOn(from ^ 2, old_root, to, root, proof));
    EXPECT_FALSE(GoesOn(from, old_root, to * 2, root, proof));
    EXPECT_FALSE(GoesOn(from, old_root, to / 2, root, proof));
    EXPECT_FALSE(GoesOn(from, kSomeHash, to, root, proof));
    EXPECT_FALSE(GoesOn(from, old_root, to, kSomeHash, proof));
    EXPECT_FALSE(GoesOn(from, root, to, old_root, proof));
    EXPECT_FALSE(GoesOn(from, old_root, to, root, {}));
    for (const Hash& garbage : {old_root, root, proof[0]}) {
      EXPECT_FALSE(GoesOn(from, old_root, to, root, Behind(proof, garbage)));
      EXPECT_FALSE(GoesOn(from, old_root, to, root, Before(garbage, proof)));
    }
    EXPECT_FALSE(GoesOn(from, old_root, to, root, {proof.begin(), proof.end() - 1}));
    for (size_t i = 0; i < proof.size(); ++i) {
      std::vector<Hash> other = proof;
      other[i][0] ^= 16;
      EXPECT_FALSE(GoesOn(from, old_root, to, root, other));
    }
  }
}

TEST(MerkleTreeTest, WhatNeedsNoConsistencyProof) {
  const Hash one = HashOf(kVectorRoots[1]), two = HashOf(kVectorRoots[2]);
  EXPECT_TRUE(GoesOn(0, MerkleEmptyRoot(), 0, MerkleEmptyRoot(), {}));
  EXPECT_TRUE(GoesOn(0, MerkleEmptyRoot(), 1, one, {}));
  EXPECT_TRUE(GoesOn(2, two, 2, two, {}));
  EXPECT_FALSE(GoesOn(2, two, 2, one, {}));
  EXPECT_FALSE(GoesOn(2, two, 1, one, {}));
  EXPECT_FALSE(GoesOn(1, one, 2, two, {}));
  EXPECT_FALSE(GoesOn(0, MerkleEmptyRoot(), 1, one, {one}));
  EXPECT_FALSE(GoesOn(2, two, 2, two, {two}));
}

TEST(MerkleTreeTest, EverySmallTreeIsAsTheRfcSays) {
  const std::vector<Hash> leaves = RandomLeaves(40, 1);
  MerkleFrontier frontier;
  for (size_t size = 1; size <= leaves.size(); ++size) {
    frontier.Append(0, leaves[size - 1]);
    const std::vector<Hash> tree = slow::Part(leaves, 0, size);
    const Hash root = slow::Mth(tree);
    EXPECT_EQ(frontier.Root(), root);
    for (size_t index = 0; index < size; ++index) {
      const auto proof = MerkleInclusionProof(index, size, NodesOver(leaves));
      EXPECT_EQ(*proof, slow::Path(index, tree));
      for (size_t other = 0; other < size; ++other) {
        EXPECT_EQ(Includes(other, size, leaves[index], *proof, root), other == index);
      }
    }
    for (size_t from = 1; from <= size; ++from) {
      const auto proof = MerkleConsistencyProof(from, size, NodesOver(leaves));
      EXPECT_EQ(*proof, slow::SubProof(from, tree, true));
      EXPECT_TRUE(GoesOn(from, slow::Mth(slow::Part(leaves, 0, from)), size, root, *proof));
    }
  }
}

TEST(MerkleTreeTest, LargeTreesOfRandomSizesAreAsTheRfcSays) {
  const std::vector<Hash> leaves = RandomLeaves(2'100, 2);
  std::mt19937_64 random(3);
  for (int round = 0; round < 30; ++round) {
    const size_t size = 1 + random() % leaves.size();
    const std::vector<Hash> tree = slow::Part(leaves, 0, size);
    const Hash root = slow::Mth(tree);
    MerkleFrontier frontier;
    for (const Hash& leaf : tree) frontier.Append(0, leaf);
    EXPECT_EQ(frontier.Root(), root);
    const size_t index = random() % size, from = 1 + random() % size;
    const auto path = MerkleInclusionProof(index, size, NodesOver(leaves));
    EXPECT_EQ(*path, slow::Path(index, tree));
    EXPECT_TRUE(Includes(index, size, leaves[index], *path, root));
    const auto proof = MerkleConsistencyProof(from, size, NodesOver(leaves));
    EXPECT_EQ(*proof, slow::SubProof(from, tree, true));
    const Hash old_root = slow::Mth(slow::Part(leaves, 0, from));
    EXPECT_TRUE(GoesOn(from, old_root, size, root, *proof));
    // One entry was exchanged in the meantime.
    std::vector<Hash> forked = tree;
    forked[random() % from] = kSomeHash;
    EXPECT_FALSE(
        GoesOn(from, old_root, size, slow::Mth(forked), slow::SubProof(from, forked, true)));
  }
}

TEST(MerkleTreeTest, AFrontierGrowsBySubtreesToo) {
  const std::vector<Hash> leaves = RandomLeaves(300, 4);
  MerkleFrontier frontier;
  frontier.Append(8, slow::Mth(slow::Part(leaves, 0, 256)));
  frontier.Append(5, slow::Mth(slow::Part(leaves, 256, 288)));
  for (size_t i = 288; i < 300; ++i) frontier.Append(0, leaves[i]);
  EXPECT_EQ(frontier.size(), 300u);
  EXPECT_EQ(frontier.Root(), slow::Mth(leaves));
}

TEST(MerkleTreeTest, AFrontierTellsWhatItCompletes) {
  const std::vector<Hash> leaves = RandomLeaves(8, 5);
  MerkleFrontier frontier;
  for (size_t i = 0; i < 8; ++i) {
    std::vector<Hash> completed;
    frontier.Append(0, leaves[i], &completed);
    ASSERT_EQ(completed.size(), i == 7 ? 3u : i == 3 ? 2u : i % 2);
    for (size_t k = 0; k < completed.size(); ++k) {
      const size_t width = size_t{2} << k;
      EXPECT_EQ(completed[k], slow::Mth(slow::Part(leaves, i + 1 - width, i + 1)));
    }
  }
}

}  // namespace
}  // namespace tikar::sync
