// The Merkle tree of each log (region, origin): where it lies in the store, how it grows with the
// log, and what is read from it. merkle_tree.h has the tree itself.
//
// Leaf i (from 0) is LeafHash of entry i + 1. The tree covers exactly what the version vector
// covers: all entries from the first one up to the position, and none beyond a gap or beyond an
// entry whose definition is not here. So `size` is the position, two nodes with the same position
// of an origin compare their roots, and the tree never shrinks.
//
// Rows, all in Family::kMeta (docs/formats.md):
//   tree/  size and root of the whole tree; overwritten by each group that adds to it
//   tile/  256 hashes, as C2SP tlog-tiles lays them out: tile (level, index) holds the roots of the
//          complete subtrees of height 8 * level from number 256 * index on. Tiles of level 0 are
//          written once, when they are full: their beginnings are in the log. Those of higher
//          levels, which the log does not have, are overwritten as they grow, until they are full.
//
// What it costs a writer, per entry: the hash of the leaf and one more on average (together about
// 1.5 µs), and 48 bytes of tiles: one of 8 KiB every 256 entries, and with it the one above, which
// is half as large on average. Per group and log: 55 bytes, and as many hashes as `size` has bits.
// Nothing is read but once: the last 255 entries of a log, when its first entry since Open is
// added. Memory: at most 8 KiB a level and log.
//
// The rows follow from the log alone, so they are made where they are missing: a store that an
// older build wrote to has trees that are behind, which Replica::Upgrade brings up, a group at a
// time. Until then such a tree is smaller than its log, and right for its size.
#ifndef TIKAR_SYNC_MERKLE_LOG_H_
#define TIKAR_SYNC_MERKLE_LOG_H_

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "sync/merkle_tree.h"
#include "sync/records.h"
#include "sync/store.h"
#include "sync/types.h"

namespace tikar::sync {

// Hashes of a full tile, and the levels of the tree that one tile spans.
inline constexpr size_t kTileWidth = 256;
inline constexpr int kTileHeight = 8;

// The trees that a Replica adds to. What it adds counts at once, before any batch is written: after
// an error drop it, and with it the Replica.
//
// Thread safety: none.
class LogTrees {
 public:
  using Log = std::pair<std::string, Origin>;  // region and origin

  // `reader` as for Replica::Open.
  explicit LogTrees(const Reader& reader) : reader_(reader) {}

  // Finds the trees that are behind their logs. Call once, before anything else.
  absl::Status FindBehind();
  // Whether CatchUp has something to do.
  bool behind() const { return !behind_.empty(); }

  // The log's position moves on by one, to `seq`, whose leaf is `leaf`. A tree that is behind
  // stays behind; one whose rows are damaged becomes so. Other errors are the store's.
  absl::Status Append(const std::string& region, Origin origin, uint64_t seq, const Hash& leaf,
                      WriteBatch* batch);
  // Writes the rows of what grew since the last time.
  void Flush(WriteBatch* batch);

  // Adds at most `leaves_max` leaves to trees that are behind, up to the positions in the store. A
  // tree that cannot go on (damage) is told in `damaged` and left as it is until the next Open.
  absl::Status CatchUp(size_t leaves_max, WriteBatch* batch, std::vector<absl::Status>* damaged);

 private:
  struct Tree {
    MerkleFrontier frontier;
    // The hashes of the last tile of each level, as far as it is filled.
    std::vector<std::vector<Hash>> tiles;
    // Of each level above the lowest, whether that tile grew since the last Flush.
    uint32_t grown = 0;
  };

  // The tree as it is in the store. kDataLoss: its rows do not fit each other.
  absl::StatusOr<Tree*> Find(const Log& log);
  void Add(const Log& log, const Hash& leaf, Tree* tree, WriteBatch* batch);

  const Reader& reader_;
  std::map<Log, Tree> trees_;  // that were added to since Open
  std::set<Log> changed_;      // since the last Flush
  std::set<Log> behind_;
  std::set<Log> damaged_;
};

// One tree as a Reader shows it. Reads tiles as they are asked for and keeps them, so one is for
// one answer. What is missing or damaged is kDataLoss with the name of the log.
//
// Thread safety: none.
class LogTree {
 public:
  // `reader` must outlive it. A log without a tree has one of size 0.
  static absl::StatusOr<LogTree> Load(const Reader& reader, std::string_view region, Origin origin);

  uint64_t size() const { return record_.size; }
  const Hash& root() const { return record_.root; }

  // All sizes are at most size(), else OutOfRange.
  absl::StatusOr<Hash> RootAt(uint64_t size);
  // That entry `seq` (from 1, at most `size`, else OutOfRange) is in the tree of `size` leaves.
  absl::StatusOr<std::vector<Hash>> InclusionProof(uint64_t seq, uint64_t size);
  // That the tree of `size_from` leaves is the beginning of that of `size_to`, which is no smaller.
  absl::StatusOr<std::vector<Hash>> ConsistencyProof(uint64_t size_from, uint64_t size_to);
  // What C2SP tlog-tiles calls tile/<level>/<index>, as far as it is filled: 1 to 256 hashes.
  // NotFound: the tree has none of it.
  absl::StatusOr<std::vector<Hash>> Tile(int level, uint64_t index);

 private:
  LogTree(const Reader& reader, std::string_view region, Origin origin, TreeRecord record)
      : reader_(&reader), region_(region), origin_(origin), record_(record) {}

  absl::Status CheckSize(uint64_t size) const;
  absl::StatusOr<const std::vector<Hash>*> FindTile(int level, uint64_t index);
  MerkleNodes Nodes();

  const Reader* reader_;
  std::string region_;
  Origin origin_;
  TreeRecord record_;
  std::map<std::pair<int, uint64_t>, std::vector<Hash>> tiles_;
};

// How large a log is, and the root over it: what two nodes compare when they meet.
struct LogHead {
  std::string region;
  Origin origin = Origin::kNone;
  uint64_t size = 0;
  Hash root;
  friend bool operator==(const LogHead&, const LogHead&) = default;
};
// Of every origin of a region, or (empty) of all regions. Ascending by region and origin.
absl::StatusOr<std::vector<LogHead>> LoadLogHeads(const Reader& reader, std::string_view region);

// How another node's head of a log stands to what is held here.
enum class HeadOrder {
  kSame,    // the same size and root
  kBefore,  // it is the beginning of what is here
  kAhead,   // it is larger than what is here: nothing can be said before its entries or a
            // consistency proof are here
  kForked,  // it is no beginning of what is here: that log has two histories
};
absl::StatusOr<HeadOrder> CompareHead(const Reader& reader, const LogHead& other);

// "15.01/0123456789abcdef": how a log is named to people.
std::string LogTreeName(std::string_view region, Origin origin);

// What is wrong with a log or its tree, for people.
struct TreeFault {
  uint64_t seq = 0;  // the entry, or the first of the tile, that is wrong
  std::string what;
};
struct TreeCheckPage {
  uint64_t entries = 0;  // that were read
  std::vector<TreeFault> faults;
  uint64_t next_seq = 0;  // where the next page begins; 0: this was the last one
};
// Reads entries again from `from_seq` on, which is 1 or the `next_seq` of a page before; at least
// `entries_max` if there are so many, and no more than a tile beyond that. Makes their leaves anew
// and compares them with the tiles, these with the tiles above them, and at the end all with the
// root: so an entry that was altered, exchanged or removed is found, also where somebody mended
// every checksum of the disk. A body must be the one that its hash names.
//   kInvalidArgument  a page cannot begin there
absl::StatusOr<TreeCheckPage> CheckTree(const Reader& reader, std::string_view region,
                                        Origin origin, uint64_t from_seq, size_t entries_max);

// The same of single rows, for row_check.h. kDataLoss: what the row says is not so.
absl::Status CheckTreeRow(const Reader& reader, std::string_view region, Origin origin);
absl::Status CheckTileRow(const Reader& reader, std::string_view region, Origin origin, int level,
                          uint64_t index, std::string_view value);

}  // namespace tikar::sync

#endif  // TIKAR_SYNC_MERKLE_LOG_H_
