// The published vectors of RFC 6962 hashing: eight leaves, the roots of the trees of the first n of
// them, and proofs, as certificate-transparency's implementations in several languages test with
// them (here as in transparency-dev/merkle, proof/verify_test.go).
#ifndef TIKAR_TESTS_UNIT_SYNC_MERKLE_VECTORS_H_
#define TIKAR_TESTS_UNIT_SYNC_MERKLE_VECTORS_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/escaping.h"
#include "sync/merkle_tree.h"
#include "sync/types.h"

namespace tikar::sync {

// In hex.
inline constexpr const char* kVectorLeaves[] = {"",
                                                "00",
                                                "10",
                                                "2021",
                                                "3031",
                                                "40414243",
                                                "5051525354555657",
                                                "606162636465666768696a6b6c6d6e6f"};
// Of no leaf, of the first, and so on.
inline constexpr const char* kVectorRoots[] = {
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};

struct InclusionVector {
  uint64_t leaf;  // from 1, as published
  uint64_t size;
  std::vector<const char*> proof;
};
inline const std::vector<InclusionVector>& InclusionVectors() {
  static const auto* const kVectors = new std::vector<InclusionVector>{
      {1, 1, {}},
      {1,
       8,
       {"96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"}},
      {6,
       8,
       {"bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"}},
      {3, 3, {"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"}},
      {2,
       5,
       {"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"}},
  };
  return *kVectors;
}

struct ConsistencyVector {
  uint64_t size_from;
  uint64_t size_to;
  std::vector<const char*> proof;
};
inline const std::vector<ConsistencyVector>& ConsistencyVectors() {
  static const auto* const kVectors = new std::vector<ConsistencyVector>{
      {1, 1, {}},
      {1,
       8,
       {"96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"}},
      {6,
       8,
       {"0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"}},
      {2,
       5,
       {"5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"}},
      {6,
       7,
       {"0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"}},
  };
  return *kVectors;
}

inline Hash HashOf(const char* hex) { return *Hash::FromHex(hex); }
inline std::vector<Hash> HashesOf(const std::vector<const char*>& hex) {
  std::vector<Hash> hashes;
  for (const char* one : hex) hashes.push_back(HashOf(one));
  return hashes;
}
inline std::vector<Hash> VectorLeaves() {
  std::vector<Hash> leaves;
  for (const char* hex : kVectorLeaves)
    leaves.push_back(MerkleLeafHash(absl::HexStringToBytes(hex)));
  return leaves;
}

// RFC 9162 as it is written, slow and obvious: MTH, PATH and SUBPROOF over a list of leaf hashes.
namespace slow {

inline size_t SplitOf(size_t n) {
  size_t k = 1;
  while (k * 2 < n) k *= 2;
  return k;
}
using Leaves = std::vector<Hash>;
inline Leaves Part(const Leaves& d, size_t begin, size_t end) {
  return {d.begin() + static_cast<ptrdiff_t>(begin), d.begin() + static_cast<ptrdiff_t>(end)};
}
inline Hash Mth(const Leaves& d) {
  if (d.empty()) return Sha256("");
  if (d.size() == 1) return d[0];
  const size_t k = SplitOf(d.size());
  return Sha256("\x01" + Mth(Part(d, 0, k)).bytes() + Mth(Part(d, k, d.size())).bytes());
}
inline Leaves Path(size_t m, const Leaves& d) {
  if (d.size() == 1) return {};
  const size_t k = SplitOf(d.size());
  const Leaves left = Part(d, 0, k), right = Part(d, k, d.size());
  Leaves path = m < k ? Path(m, left) : Path(m - k, right);
  path.push_back(m < k ? Mth(right) : Mth(left));
  return path;
}
inline Leaves SubProof(size_t m, const Leaves& d, bool b) {
  if (m == d.size()) return b ? Leaves() : Leaves{Mth(d)};
  const size_t k = SplitOf(d.size());
  const Leaves left = Part(d, 0, k), right = Part(d, k, d.size());
  Leaves proof = m <= k ? SubProof(m, left, b) : SubProof(m - k, right, false);
  proof.push_back(m <= k ? Mth(right) : Mth(left));
  return proof;
}

}  // namespace slow

// The complete subtrees over these leaves.
inline MerkleNodes NodesOver(const std::vector<Hash>& leaves) {
  return [&leaves](int height, uint64_t index) -> absl::StatusOr<Hash> {
    return slow::Mth(slow::Part(leaves, index << height, (index + 1) << height));
  };
}

}  // namespace tikar::sync

#endif  // TIKAR_TESTS_UNIT_SYNC_MERKLE_VECTORS_H_
