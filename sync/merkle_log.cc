#include "sync/merkle_log.h"

#include <algorithm>
#include <optional>

#include "absl/strings/str_cat.h"
#include "sync/canonical.h"
#include "sync/keys.h"
#include "sync/merkle_rows.h"
#include "sync/status_macros.h"

namespace tikar::sync {
namespace {

// Region and origin of a key of meta that ends with both.
std::optional<LogTrees::Log> LogOfKey(std::string_view prefix, std::string_view key) {
  const std::string_view rest = key.substr(prefix.size());
  if (rest.size() != keys::kRegionSize + 8) return std::nullopt;
  CanonicalReader reader(rest.substr(keys::kRegionSize));
  return LogTrees::Log{std::string(rest.substr(0, keys::kRegionSize)), Origin{reader.Fixed64()}};
}

absl::StatusOr<uint64_t> PositionOf(const Reader& reader, const LogTrees::Log& log) {
  ASSIGN_OR_RETURN(const std::optional<std::string> bytes,
                   reader.Get(Family::kMeta, keys::Position(log.first, log.second)));
  if (!bytes) return 0;
  return DecodePosition(log.first, log.second, *bytes);
}

}  // namespace

std::string LogTreeName(std::string_view region, Origin origin) {
  return absl::StrCat(AbslView(region), "/", absl::Hex(Raw(origin), absl::kZeroPad16));
}

absl::Status LogTrees::FindBehind() {
  // What cannot be read here is told by whoever needs it: a damaged row of one log must not keep
  // the others from opening.
  std::map<Log, uint64_t> sizes;
  RETURN_IF_ERROR(reader_.Scan(Family::kMeta, keys::kTreePrefix, PrefixEnd(keys::kTreePrefix),
                               [&](std::string_view key, std::string_view value) {
                                 const auto log = LogOfKey(keys::kTreePrefix, key);
                                 const absl::StatusOr<TreeRecord> record = DecodeTree(value);
                                 if (log && record.ok()) sizes[*log] = record->size;
                                 return true;
                               }));
  return reader_.Scan(Family::kMeta, keys::kPositionPrefix, PrefixEnd(keys::kPositionPrefix),
                      [&](std::string_view key, std::string_view value) {
                        const auto log = LogOfKey(keys::kPositionPrefix, key);
                        if (!log) return true;
                        const absl::StatusOr<uint64_t> position =
                            DecodePosition(log->first, log->second, value);
                        const auto size = sizes.find(*log);
                        if (position.ok() && (size == sizes.end() || size->second != *position)) {
                          behind_.insert(*log);
                        }
                        return true;
                      });
}

absl::StatusOr<LogTrees::Tree*> LogTrees::Find(const Log& log) {
  if (const auto at = trees_.find(log); at != trees_.end()) return &at->second;
  const auto& [region, origin] = log;
  ASSIGN_OR_RETURN(const TreeRecord record, ReadTreeRecord(reader_, region, origin));
  Tree tree;
  for (int level = 0; (record.size >> (level * kTileHeight)) != 0; ++level) {
    const uint64_t filled = record.size >> (level * kTileHeight);
    std::vector<Hash>& tile = tree.tiles.emplace_back();
    const size_t width = filled % kTileWidth;
    if (width == 0) continue;
    if (level == 0) {
      ASSIGN_OR_RETURN(tile, ReadLeaves(reader_, region, origin, filled - width + 1, width));
    } else {
      ASSIGN_OR_RETURN(tile, ReadTile(reader_, region, origin, level, filled / kTileWidth, width));
    }
  }
  for (size_t level = tree.tiles.size(); level > 0; --level) {
    for (const Hash& hash : tree.tiles[level - 1]) {
      tree.frontier.Append(static_cast<int>(level - 1) * kTileHeight, hash);
    }
  }
  if (record.size != 0 && tree.frontier.Root() != record.root) {
    return DamagedTree(region, origin, "its root is not that of its tiles and last entries");
  }
  return &trees_.emplace(log, std::move(tree)).first->second;
}

void LogTrees::Add(const Log& log, const Hash& leaf, Tree* tree, WriteBatch* batch) {
  const auto& [region, origin] = log;
  std::vector<Hash> completed;
  tree->frontier.Append(0, leaf, &completed);
  const uint64_t size = tree->frontier.size();
  Hash hash = leaf;
  for (size_t level = 0;; ++level) {
    if (tree->tiles.size() == level) tree->tiles.emplace_back();
    std::vector<Hash>& tile = tree->tiles[level];
    tile.push_back(hash);
    tree->grown |= uint32_t{1} << level;
    if (tile.size() < kTileWidth) break;
    const uint64_t filled = size >> (level * kTileHeight);
    batch->Put(Family::kMeta,
               keys::Tile(region, origin, static_cast<uint8_t>(level), filled / kTileWidth - 1),
               EncodeTile(tile));
    tile.clear();
    hash = completed[(level + 1) * kTileHeight - 1];
  }
  changed_.insert(log);
}

absl::Status LogTrees::Append(const std::string& region, Origin origin, uint64_t seq,
                              const Hash& leaf, WriteBatch* batch) {
  const Log log{region, origin};
  if (behind_.contains(log) || damaged_.contains(log)) return absl::OkStatus();
  const absl::StatusOr<Tree*> tree = Find(log);
  if (absl::IsDataLoss(tree.status())) {
    behind_.insert(log);
    return absl::OkStatus();
  }
  RETURN_IF_ERROR(tree.status());
  CHECK((*tree)->frontier.size() + 1 == seq);
  Add(log, leaf, *tree, batch);
  return absl::OkStatus();
}

void LogTrees::Flush(WriteBatch* batch) {
  for (const Log& log : changed_) {
    const auto& [region, origin] = log;
    Tree& tree = trees_.at(log);
    const uint64_t size = tree.frontier.size();
    for (size_t level = 1; level < tree.tiles.size(); ++level) {
      // Full ones were written when they became so.
      if (tree.tiles[level].empty() || (tree.grown >> level & 1) == 0) continue;
      batch->Put(Family::kMeta,
                 keys::Tile(region, origin, static_cast<uint8_t>(level),
                            (size >> (level * kTileHeight)) / kTileWidth),
                 EncodeTile(tree.tiles[level]));
    }
    batch->Put(Family::kMeta, keys::Tree(region, origin),
               EncodeTree({.size = size, .root = tree.frontier.Root()}));
    tree.grown = 0;
  }
  changed_.clear();
}

absl::Status LogTrees::CatchUp(size_t leaves_max, WriteBatch* batch,
                               std::vector<absl::Status>* damaged) {
  size_t room = leaves_max;
  while (!behind_.empty() && room > 0) {
    const Log log = *behind_.begin();
    const std::string& region = log.first;
    const Origin origin = log.second;
    const auto catch_up = [&]() -> absl::Status {
      ASSIGN_OR_RETURN(const uint64_t position, PositionOf(reader_, log));
      ASSIGN_OR_RETURN(Tree * tree, Find(log));
      const uint64_t size = tree->frontier.size();
      if (size > position) {
        return DamagedTree(region, origin, "it is larger than the log that is held");
      }
      const size_t count = static_cast<size_t>(std::min<uint64_t>(position - size, room));
      ASSIGN_OR_RETURN(const std::vector<Hash> leaves,
                       ReadLeaves(reader_, region, origin, size + 1, count));
      for (const Hash& leaf : leaves) Add(log, leaf, tree, batch);
      room -= count;
      if (size + count == position) behind_.erase(log);
      return absl::OkStatus();
    };
    // One that has only just been found damaged has used up no room, but is gone from behind_.
    if (const absl::Status status = catch_up(); !status.ok()) {
      if (!absl::IsDataLoss(status)) return status;
      damaged->push_back(status);
      behind_.erase(log);
      damaged_.insert(log);
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<LogTree> LogTree::Load(const Reader& reader, std::string_view region,
                                      Origin origin) {
  ASSIGN_OR_RETURN(const TreeRecord record, ReadTreeRecord(reader, region, origin));
  return LogTree(reader, region, origin, record);
}

absl::Status LogTree::CheckSize(uint64_t size) const {
  if (size <= record_.size) return absl::OkStatus();
  return absl::OutOfRangeError(absl::StrCat("the log ", LogTreeName(region_, origin_), " has ",
                                            record_.size, " entries here, not ", size));
}

absl::StatusOr<const std::vector<Hash>*> LogTree::FindTile(int level, uint64_t index) {
  const auto at = tiles_.find({level, index});
  if (at != tiles_.end()) return &at->second;
  const uint64_t filled = record_.size >> (level * kTileHeight);
  const size_t width =
      static_cast<size_t>(std::min<uint64_t>(kTileWidth, filled - index * kTileWidth));
  std::vector<Hash> tile;
  if (level == 0 && width < kTileWidth) {
    ASSIGN_OR_RETURN(tile, ReadLeaves(*reader_, region_, origin_, index * kTileWidth + 1, width));
  } else {
    ASSIGN_OR_RETURN(tile, ReadTile(*reader_, region_, origin_, level, index, width));
  }
  return &tiles_.emplace(std::pair(level, index), std::move(tile)).first->second;
}

MerkleNodes LogTree::Nodes() {
  return [this](int height, uint64_t index) -> absl::StatusOr<Hash> {
    const int level = height / kTileHeight;
    const int above = height % kTileHeight;  // levels of the tree above the tile's hashes
    const uint64_t first = index << above;
    ASSIGN_OR_RETURN(const std::vector<Hash>* tile, FindTile(level, first / kTileWidth));
    MerkleFrontier subtree;
    for (size_t i = 0; i < size_t{1} << above; ++i) {
      subtree.Append(0, (*tile)[first % kTileWidth + i]);
    }
    return subtree.Root();
  };
}

absl::StatusOr<Hash> LogTree::RootAt(uint64_t size) {
  RETURN_IF_ERROR(CheckSize(size));
  if (size == record_.size && size != 0) return record_.root;
  return MerkleRoot(size, Nodes());
}

absl::StatusOr<std::vector<Hash>> LogTree::InclusionProof(uint64_t seq, uint64_t size) {
  RETURN_IF_ERROR(CheckSize(size));
  if (seq == 0 || seq > size) {
    return absl::OutOfRangeError(absl::StrCat("a tree of ", size, " entries has no entry ", seq));
  }
  return MerkleInclusionProof(seq - 1, size, Nodes());
}

absl::StatusOr<std::vector<Hash>> LogTree::ConsistencyProof(uint64_t size_from, uint64_t size_to) {
  RETURN_IF_ERROR(CheckSize(size_to));
  if (size_from > size_to) {
    return absl::OutOfRangeError(
        absl::StrCat("a tree of ", size_from, " entries is no beginning of one of ", size_to));
  }
  return MerkleConsistencyProof(size_from, size_to, Nodes());
}

absl::StatusOr<std::vector<Hash>> LogTree::Tile(int level, uint64_t index) {
  constexpr int kLevels = 64 / kTileHeight;
  const uint64_t filled = level >= 0 && level < kLevels ? record_.size >> (level * kTileHeight) : 0;
  if (filled == 0 || index > (filled - 1) / kTileWidth) {
    return absl::NotFoundError(absl::StrCat("the tree of log ", LogTreeName(region_, origin_),
                                            " has no tile ", level, "/", index));
  }
  ASSIGN_OR_RETURN(const std::vector<Hash>* tile, FindTile(level, index));
  return *tile;
}

absl::StatusOr<std::vector<LogHead>> LoadLogHeads(const Reader& reader, std::string_view region) {
  const std::string prefix = std::string(keys::kTreePrefix) + std::string(region);
  std::vector<LogHead> heads;
  absl::Status status;
  RETURN_IF_ERROR(reader.Scan(
      Family::kMeta, prefix, PrefixEnd(prefix), [&](std::string_view key, std::string_view value) {
        const auto log = LogOfKey(keys::kTreePrefix, key);
        const absl::StatusOr<TreeRecord> record = DecodeTree(value);
        status = log ? record.status() : absl::DataLossError("a key of a tree is damaged");
        if (!status.ok()) return false;
        heads.push_back({log->first, log->second, record->size, record->root});
        return true;
      }));
  RETURN_IF_ERROR(status);
  return heads;
}

absl::StatusOr<HeadOrder> CompareHead(const Reader& reader, const LogHead& other) {
  ASSIGN_OR_RETURN(LogTree tree, LogTree::Load(reader, other.region, other.origin));
  if (other.size > tree.size()) return HeadOrder::kAhead;
  ASSIGN_OR_RETURN(const Hash root, tree.RootAt(other.size));
  if (root != other.root) return HeadOrder::kForked;
  return other.size == tree.size() ? HeadOrder::kSame : HeadOrder::kBefore;
}

}  // namespace tikar::sync
