#include "sync/merkle_rows.h"

#include <optional>

#include "absl/strings/str_cat.h"
#include "sync/keys.h"
#include "sync/merkle_log.h"
#include "sync/merkle_tree.h"
#include "sync/status_macros.h"

namespace tikar::sync {

absl::Status DamagedTree(std::string_view region, Origin origin, absl::string_view what) {
  return absl::DataLossError(
      absl::StrCat("the Merkle tree of log ", LogTreeName(region, origin), " is damaged: ", what,
                   "; run `tikar check`, and restore this node from a backup or a mirror"));
}

absl::StatusOr<TreeRecord> ReadTreeRecord(const Reader& reader, std::string_view region,
                                          Origin origin) {
  ASSIGN_OR_RETURN(const std::optional<std::string> bytes,
                   reader.Get(Family::kMeta, keys::Tree(region, origin)));
  if (!bytes) return TreeRecord{.size = 0, .root = MerkleEmptyRoot()};
  absl::StatusOr<TreeRecord> record = DecodeTree(*bytes);
  if (!record.ok()) return DamagedTree(region, origin, record.status().message());
  return record;
}

absl::StatusOr<std::vector<Hash>> ReadLeaves(const Reader& reader, std::string_view region,
                                             Origin origin, uint64_t seq, size_t count) {
  std::vector<Hash> leaves;
  leaves.reserve(count);
  absl::Status status;
  RETURN_IF_ERROR(reader.Scan(
      Family::kLog, keys::Log(region, origin, seq), keys::Log(region, origin, seq + count),
      [&](std::string_view key, std::string_view value) {
        const uint64_t next = seq + leaves.size();
        const absl::StatusOr<EntryRecord> entry = DecodeEntry(value);
        if (key != keys::Log(region, origin, next)) {
          status = DamagedTree(region, origin, absl::StrCat("entry ", next, " is missing"));
        } else if (!entry.ok()) {
          status = DamagedTree(region, origin,
                               absl::StrCat("entry ", next, ": ", entry.status().message()));
        } else {
          leaves.push_back(LeafHash(region, origin, next, entry->stamp, entry->change_hash));
        }
        return status.ok();
      }));
  RETURN_IF_ERROR(status);
  if (leaves.size() < count) {
    return DamagedTree(region, origin, absl::StrCat("entry ", seq + leaves.size(), " is missing"));
  }
  return leaves;
}

absl::StatusOr<std::vector<Hash>> ReadTile(const Reader& reader, std::string_view region,
                                           Origin origin, int level, uint64_t index, size_t width) {
  ASSIGN_OR_RETURN(
      const std::optional<std::string> bytes,
      reader.Get(Family::kMeta, keys::Tile(region, origin, static_cast<uint8_t>(level), index)));
  if (!bytes || bytes->size() < width * Hash::kSize || bytes->size() % Hash::kSize != 0) {
    return DamagedTree(
        region, origin,
        absl::StrCat("tile ", level, "/", index, bytes ? " has not its size" : " is missing"));
  }
  std::vector<Hash> hashes;
  hashes.reserve(width);
  for (size_t i = 0; i < width; ++i) {
    hashes.push_back(
        *Hash::FromBytes(std::string_view(*bytes).substr(i * Hash::kSize, Hash::kSize)));
  }
  return hashes;
}

std::string EncodeTile(const std::vector<Hash>& hashes) {
  std::string bytes;
  bytes.reserve(hashes.size() * Hash::kSize);
  for (const Hash& hash : hashes) bytes += hash.view();
  return bytes;
}

}  // namespace tikar::sync
