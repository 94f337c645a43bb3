// CheckTree: a log and its tree, read again from the first entry on.
#include <algorithm>
#include <optional>

#include "absl/strings/str_cat.h"
#include "sync/keys.h"
#include "sync/merkle_log.h"
#include "sync/merkle_rows.h"
#include "sync/status_macros.h"

namespace tikar::sync {
namespace {

// Faults that one page tells at most: what is wrong everywhere needs no list of it all.
constexpr size_t kFaultsPerPageMax = 100;

Hash RootOfTile(const std::vector<Hash>& hashes) {
  MerkleFrontier tile;
  for (const Hash& hash : hashes) tile.Append(0, hash);
  return tile.Root();
}

// The root over `size` entries, out of the last tile of each level.
absl::StatusOr<Hash> RootOfRows(const Reader& reader, std::string_view region, Origin origin,
                                uint64_t size) {
  MerkleFrontier whole;
  for (int level = 64 / kTileHeight - 1; level >= 0; --level) {
    const uint64_t filled = size >> (level * kTileHeight);
    const size_t width = filled % kTileWidth;
    if (width == 0) continue;
    std::vector<Hash> hashes;
    if (level == 0) {
      ASSIGN_OR_RETURN(hashes, ReadLeaves(reader, region, origin, filled - width + 1, width));
    } else {
      ASSIGN_OR_RETURN(hashes, ReadTile(reader, region, origin, level, filled / kTileWidth, width));
    }
    for (const Hash& hash : hashes) whole.Append(level * kTileHeight, hash);
  }
  return whole.Root();
}

class TreeChecker {
 public:
  TreeChecker(const Reader& reader, std::string_view region, Origin origin, uint64_t size)
      : reader_(reader), region_(region), origin_(origin), size_(size) {}

  // The entries of tile (0, index): with each other, with the tile, and with those above it.
  absl::Status CheckTile(uint64_t index) {
    const uint64_t first = index * kTileWidth + 1;
    const size_t width = static_cast<size_t>(std::min<uint64_t>(kTileWidth, size_ - first + 1));
    ASSIGN_OR_RETURN(const std::optional<std::vector<Hash>> leaves, ReadEntries(first, width));
    if (!leaves || width < kTileWidth) return absl::OkStatus();
    // From here upwards as long as the tile is the last one of the tile above it.
    std::vector<Hash> hashes = *leaves;
    for (int level = 0;; ++level, index /= kTileWidth) {
      absl::StatusOr<std::vector<Hash>> stored =
          ReadTile(reader_, region_, origin_, level, index, kTileWidth);
      if (!stored.ok()) return Tell(first, stored.status());
      if (level > 0) {
        hashes = *std::move(stored);
      } else if (*stored != hashes) {
        const auto differs = std::mismatch(hashes.begin(), hashes.end(), stored->begin());
        Tell(first + static_cast<uint64_t>(differs.first - hashes.begin()),
             "the entry is not the one of which the tree has the hash");
        hashes = *std::move(stored);
      }
      const size_t place = index % kTileWidth;
      absl::StatusOr<std::vector<Hash>> above =
          ReadTile(reader_, region_, origin_, level + 1, index / kTileWidth, place + 1);
      if (!above.ok()) return Tell(first, above.status());
      if (above->back() != RootOfTile(hashes)) {
        Tell(first, absl::StrCat("tile ", level, "/", index, " is not the one below tile ",
                                 level + 1, "/", index / kTileWidth));
        return absl::OkStatus();
      }
      if (place + 1 < kTileWidth) return absl::OkStatus();
    }
  }

  absl::Status CheckRoot(const Hash& root) {
    const absl::StatusOr<Hash> made = RootOfRows(reader_, region_, origin_, size_);
    if (!made.ok()) return Tell(size_, made.status());
    if (*made != root) Tell(size_, "the root is not that of the tiles and the last entries");
    return absl::OkStatus();
  }

  TreeCheckPage page;

 private:
  void Tell(uint64_t seq, std::string what) { page.faults.push_back({seq, std::move(what)}); }
  // Damage is a fault, everything else the store's.
  absl::Status Tell(uint64_t seq, const absl::Status& status) {
    if (!absl::IsDataLoss(status)) return status;
    Tell(seq, std::string(status.message()));
    return absl::OkStatus();
  }

  // The leaves; nullopt: one cannot be made, which was told.
  absl::StatusOr<std::optional<std::vector<Hash>>> ReadEntries(uint64_t first, size_t count) {
    std::vector<Hash> leaves;
    bool whole = true;
    uint64_t next = first;
    const absl::Status scanned = reader_.Scan(
        Family::kLog, keys::Log(region_, origin_, first),
        keys::Log(region_, origin_, first + count),
        [&](std::string_view key, std::string_view value) {
          for (; next < first + count && key != keys::Log(region_, origin_, next); ++next) {
            Tell(next, "the entry is missing");
            whole = false;
          }
          const absl::StatusOr<EntryRecord> entry = DecodeEntry(value);
          ++page.entries;
          if (!entry.ok()) {
            Tell(next, std::string(entry.status().message()));
            whole = false;
          } else {
            if (!entry->body.empty() && Sha256(entry->body) != entry->change_hash) {
              Tell(next, "the body is not the one that change_hash names");
            }
            leaves.push_back(LeafHash(region_, origin_, next, entry->stamp, entry->change_hash));
          }
          ++next;
          return true;
        });
    if (!scanned.ok()) {
      RETURN_IF_ERROR(Tell(next, scanned));
      return std::nullopt;
    }
    for (; next < first + count; ++next) {
      Tell(next, "the entry is missing");
      whole = false;
    }
    if (!whole) return std::nullopt;
    return leaves;
  }

  const Reader& reader_;
  const std::string region_;
  const Origin origin_;
  const uint64_t size_;
};

}  // namespace

absl::StatusOr<TreeCheckPage> CheckTree(const Reader& reader, std::string_view region,
                                        Origin origin, uint64_t from_seq, size_t entries_max) {
  if (from_seq % kTileWidth != 1) {
    return absl::InvalidArgumentError(absl::StrCat(
        "a log is checked from entry 1 or from where a page ended, not from ", from_seq));
  }
  const absl::StatusOr<TreeRecord> tree = ReadTreeRecord(reader, region, origin);
  if (absl::IsDataLoss(tree.status())) {
    TreeCheckPage page;
    page.faults.push_back({1, std::string(tree.status().message())});
    return page;
  }
  RETURN_IF_ERROR(tree.status());
  TreeChecker checker(reader, region, origin, tree->size);
  uint64_t seq = from_seq;
  for (; seq <= tree->size; seq += kTileWidth) {
    if (checker.page.entries >= entries_max || checker.page.faults.size() >= kFaultsPerPageMax) {
      checker.page.next_seq = seq;
      return std::move(checker.page);
    }
    RETURN_IF_ERROR(checker.CheckTile((seq - 1) / kTileWidth));
  }
  RETURN_IF_ERROR(checker.CheckRoot(tree->root));
  return std::move(checker.page);
}

absl::Status CheckTreeRow(const Reader& reader, std::string_view region, Origin origin) {
  ASSIGN_OR_RETURN(const TreeRecord tree, ReadTreeRecord(reader, region, origin));
  ASSIGN_OR_RETURN(const std::optional<std::string> position,
                   reader.Get(Family::kMeta, keys::Position(region, origin)));
  uint64_t held = 0;
  if (position) {
    ASSIGN_OR_RETURN(held, DecodePosition(region, origin, *position));
  }
  // It may be behind: an upgrade brings it up.
  if (tree.size > held) {
    return DamagedTree(region, origin, "it is larger than the log that is held");
  }
  ASSIGN_OR_RETURN(const Hash root, RootOfRows(reader, region, origin, tree.size));
  if (root == tree.root) return absl::OkStatus();
  return DamagedTree(region, origin, "its root is not that of its tiles and last entries");
}

absl::Status CheckTileRow(const Reader& reader, std::string_view region, Origin origin, int level,
                          uint64_t index, std::string_view value) {
  const auto damaged = [&](absl::string_view what) {
    return DamagedTree(region, origin, absl::StrCat("tile ", level, "/", index, " ", what));
  };
  ASSIGN_OR_RETURN(const TreeRecord tree, ReadTreeRecord(reader, region, origin));
  const uint64_t filled = level < 64 / kTileHeight ? tree.size >> (level * kTileHeight) : 0;
  // Those of entries are there when they are full.
  const uint64_t first = index * kTileWidth;
  if (index > filled / kTileWidth || first >= filled ||
      (level == 0 && filled - first < kTileWidth)) {
    return damaged("is beyond the tree");
  }
  const size_t width = static_cast<size_t>(std::min<uint64_t>(kTileWidth, filled - first));
  if (value.size() != width * Hash::kSize) return damaged("has not its size");
  std::vector<Hash> made;
  if (level == 0) {
    ASSIGN_OR_RETURN(made, ReadLeaves(reader, region, origin, first + 1, width));
  } else {
    for (uint64_t below = first; below < first + width; ++below) {
      ASSIGN_OR_RETURN(const std::vector<Hash> tile,
                       ReadTile(reader, region, origin, level - 1, below, kTileWidth));
      made.push_back(RootOfTile(tile));
    }
  }
  if (EncodeTile(made) == value) return absl::OkStatus();
  return damaged("does not have the hashes of what it covers");
}

}  // namespace tikar::sync
