// The trees of the logs: they grow with them, on every node in the same way, and find what was
// altered.
#include "sync/merkle_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "kerinci_node.h"
#include "merkle_vectors.h"
#include "replica_fixture.h"
#include "sync/keys.h"
#include "sync/limits.h"

namespace tikar::sync {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr Origin kOrigin{0x0102030405060708};

EntryRecord EntryNumber(uint64_t seq) {
  EntryRecord entry;
  entry.stamp.received_at_ms = kMorningMs + static_cast<int64_t>(seq);
  entry.stamp.verdict = v1::VERDICT_ACCEPTED;
  entry.body = absl::StrCat("entry ", seq);
  entry.change_hash = Sha256(entry.body);
  return entry;
}
Hash LeafNumber(uint64_t seq) {
  const EntryRecord entry = EntryNumber(seq);
  return LeafHash(kKerinci, kOrigin, seq, entry.stamp, entry.change_hash);
}

// A store with one log and its tree, without requests.
class LogOnly {
 public:
  // In groups of `group` entries; `restarts`: with a new LogTrees for each.
  void Grow(uint64_t to, uint64_t group, bool restarts = false) {
    while (size_ < to) {
      if (!trees_ || restarts) Restart();
      WriteBatch batch;
      for (uint64_t i = 0; i < group && size_ < to; ++i) {
        ++size_;
        batch.Put(Family::kLog, keys::Log(kKerinci, kOrigin, size_),
                  EncodeEntry(EntryNumber(size_)));
        leaves_.push_back(LeafNumber(size_));
        ASSERT_TRUE(trees_->Append(kKerinci, kOrigin, size_, leaves_.back(), &batch).ok());
      }
      batch.Put(Family::kMeta, keys::Position(kKerinci, kOrigin), EncodePosition(size_));
      trees_->Flush(&batch);
      for (const WriteBatch::Write& write : batch.writes()) {
        if (write.key.starts_with(keys::kTreePrefix) || write.key.starts_with(keys::kTilePrefix)) {
          tree_bytes_ += write.key.size() + write.value.size();
        }
      }
      ASSERT_TRUE(store_.Write(batch).ok());
    }
  }
  void Restart() {
    trees_ = std::make_unique<LogTrees>(store_.Latest());
    ASSERT_TRUE(trees_->FindBehind().ok());
    EXPECT_FALSE(trees_->behind());
  }
  void Put(Family family, std::string key, std::string value) {
    WriteBatch batch;
    batch.Put(family, std::move(key), std::move(value));
    ASSERT_TRUE(store_.Write(batch).ok());
  }
  void Remove(Family family, std::string key) {
    WriteBatch batch;
    batch.Delete(family, std::move(key));
    ASSERT_TRUE(store_.Write(batch).ok());
  }

  const Reader& reader() const { return store_.Latest(); }
  LogTree Tree() const {
    absl::StatusOr<LogTree> tree = LogTree::Load(reader(), kKerinci, kOrigin);
    EXPECT_TRUE(tree.ok()) << tree.status();
    return *std::move(tree);
  }
  const std::vector<Hash>& leaves() const { return leaves_; }
  // Written for the tree so far, keys and values.
  size_t tree_bytes() const { return tree_bytes_; }
  std::vector<TreeFault> Check(size_t entries_max = 1'000, size_t* pages = nullptr) const {
    std::vector<TreeFault> faults;
    uint64_t seq = 1, entries = 0;
    while (seq != 0) {
      const auto page = CheckTree(reader(), kKerinci, kOrigin, seq, entries_max);
      EXPECT_TRUE(page.ok()) << page.status();
      if (!page.ok()) break;
      faults.insert(faults.end(), page->faults.begin(), page->faults.end());
      entries += page->entries;
      seq = page->next_seq;
      if (pages != nullptr) ++*pages;
    }
    return faults;
  }

 private:
  storage::MemoryStore store_;
  std::unique_ptr<LogTrees> trees_;
  uint64_t size_ = 0;
  size_t tree_bytes_ = 0;
  std::vector<Hash> leaves_;
};

TEST(MerkleLogTest, ManySizesHaveTheRootsAndProofsOfTheRfc) {
  LogOnly log;
  std::mt19937_64 random(1);
  for (const uint64_t size : {1, 2, 3, 255, 256, 257, 511, 512, 700, 1'024, 1'999}) {
    log.Grow(size, 1 + random() % 300, /*restarts=*/random() % 2 == 0);
    LogTree tree = log.Tree();
    ASSERT_EQ(tree.size(), size);
    EXPECT_EQ(tree.root(), slow::Mth(log.leaves()));
    for (int probe = 0; probe < 5; ++probe) {
      const uint64_t to = 1 + random() % size, from = random() % (to + 1), seq = 1 + random() % to;
      const std::vector<Hash> part = slow::Part(log.leaves(), 0, to);
      EXPECT_EQ(*tree.RootAt(to), slow::Mth(part));
      EXPECT_EQ(*tree.InclusionProof(seq, to), slow::Path(seq - 1, part));
      if (from > 0) {
        EXPECT_EQ(*tree.ConsistencyProof(from, to), slow::SubProof(from, part, true));
      } else {
        EXPECT_THAT(*tree.ConsistencyProof(from, to), IsEmpty());
      }
    }
  }
  EXPECT_THAT(log.Check(), IsEmpty());
}

TEST(MerkleLogTest, GroupsAndRestartsLeaveTheSameRows) {
  LogOnly one, many, restarted;
  one.Grow(1'100, 1'100);
  many.Grow(1'100, 1);
  restarted.Grow(1'100, 7, /*restarts=*/true);
  const auto rows = [](const LogOnly& log) {
    std::map<std::string, std::string> found;
    EXPECT_TRUE(log.reader()
                    .Scan(Family::kMeta, "", "",
                          [&](std::string_view key, std::string_view value) {
                            found.emplace(key, value);
                            return true;
                          })
                    .ok());
    return found;
  };
  EXPECT_EQ(rows(one), rows(many));
  EXPECT_EQ(rows(one), rows(restarted));
  // Four full tiles, and the one above them as far as it is filled.
  EXPECT_THAT(rows(one), SizeIs(1 + 1 + 5));
}

TEST(MerkleLogTest, AGroupWritesNoMoreThanItAdds) {
  LogOnly log;
  log.Grow(1'000, 1'000);
  const size_t before = log.tree_bytes();
  log.Grow(1'023, 1);
  EXPECT_LT(log.tree_bytes() - before, 23 * 70u) << "a root a group";
  log.Grow(1'024, 1);
  const size_t with_tile = log.tree_bytes() - before;
  EXPECT_GT(with_tile, 256 * Hash::kSize);
  EXPECT_LT(with_tile, 256 * Hash::kSize + 24 * 70u + 6 * Hash::kSize);
}

// 256 full tiles fill the one above them.
TEST(MerkleLogTest, ALogOfThreeLevelsOfTiles) {
  LogOnly log;
  log.Grow(66'000, 5'000);
  LogTree tree = log.Tree();
  EXPECT_EQ(tree.root(), slow::Mth(log.leaves()));
  EXPECT_THAT(*tree.Tile(0, 257), SizeIs(66'000 % 256));
  EXPECT_THAT(*tree.Tile(1, 0), SizeIs(256));
  EXPECT_THAT(*tree.Tile(1, 1), SizeIs(1));
  EXPECT_THAT(*tree.Tile(2, 0), ElementsAre(slow::Mth(slow::Part(log.leaves(), 0, 65'536))));
  EXPECT_TRUE(absl::IsNotFound(tree.Tile(0, 258).status()));
  EXPECT_TRUE(absl::IsNotFound(tree.Tile(3, 0).status()));
  EXPECT_TRUE(absl::IsNotFound(tree.Tile(-1, 0).status()));
  EXPECT_TRUE(absl::IsNotFound(tree.Tile(9, 0).status()));
  for (const uint64_t seq : {1, 256, 257, 65'536, 65'537, 66'000}) {
    const auto proof = tree.InclusionProof(seq, 66'000);
    ASSERT_TRUE(proof.ok()) << proof.status();
    EXPECT_TRUE(VerifyInclusion(seq - 1, 66'000, LeafNumber(seq), *proof, tree.root()).ok()) << seq;
  }
  for (const uint64_t from : {1, 300, 65'535, 65'536, 65'537}) {
    const auto proof = tree.ConsistencyProof(from, 66'000);
    ASSERT_TRUE(proof.ok()) << proof.status();
    EXPECT_TRUE(VerifyConsistency(from, *tree.RootAt(from), 66'000, tree.root(), *proof).ok());
  }
  size_t pages = 0;
  EXPECT_THAT(log.Check(20'000, &pages), IsEmpty());
  EXPECT_EQ(pages, 4u);
  // After a restart it goes on from there.
  log.Grow(66'100, 100, /*restarts=*/true);
  EXPECT_EQ(log.Tree().root(), slow::Mth(log.leaves()));
}

TEST(MerkleLogTest, WhatIsBeyondTheTreeIsOutOfRange) {
  LogOnly log;
  EXPECT_EQ(log.Tree().size(), 0u);
  EXPECT_EQ(log.Tree().root(), MerkleEmptyRoot());
  log.Grow(10, 10);
  LogTree tree = log.Tree();
  EXPECT_EQ(*tree.RootAt(0), MerkleEmptyRoot());
  EXPECT_TRUE(absl::IsOutOfRange(tree.RootAt(11).status()));
  EXPECT_TRUE(absl::IsOutOfRange(tree.InclusionProof(0, 10).status()));
  EXPECT_TRUE(absl::IsOutOfRange(tree.InclusionProof(6, 5).status()));
  EXPECT_TRUE(absl::IsOutOfRange(tree.InclusionProof(5, 11).status()));
  EXPECT_TRUE(absl::IsOutOfRange(tree.ConsistencyProof(6, 5).status()));
  EXPECT_TRUE(absl::IsOutOfRange(tree.ConsistencyProof(5, 11).status()));
}

auto FaultAt(uint64_t seq, const char* what) {
  return AllOf(Field(&TreeFault::seq, seq), Field(&TreeFault::what, HasSubstr(what)));
}

TEST(MerkleLogTest, AnAlteredEntryIsFound) {
  for (const uint64_t altered : {1, 256, 400, 1'023, 1'030}) {
    LogOnly log;
    log.Grow(1'030, 100);
    EntryRecord entry = EntryNumber(altered);
    entry.body = "another body";
    entry.change_hash = Sha256(entry.body);
    log.Put(Family::kLog, keys::Log(kKerinci, kOrigin, altered), EncodeEntry(entry));
    if (altered <= 1'024) {
      EXPECT_THAT(log.Check(), ElementsAre(FaultAt(altered, "not the one of which the tree")));
    } else {
      EXPECT_THAT(log.Check(), ElementsAre(FaultAt(1'030, "the root is not")));
    }
  }
}

TEST(MerkleLogTest, WhoMendsOneTileOnlyIsFoundByTheOneAbove) {
  LogOnly log;
  log.Grow(1'030, 100);
  EntryRecord entry = EntryNumber(300);
  entry.stamp.received_at_ms += 1;
  log.Put(Family::kLog, keys::Log(kKerinci, kOrigin, 300), EncodeEntry(entry));
  std::vector<Hash> tile = *log.Tree().Tile(0, 1);
  tile[300 - 257] = LeafHash(kKerinci, kOrigin, 300, entry.stamp, entry.change_hash);
  std::string bytes;
  for (const Hash& hash : tile) bytes += hash.view();
  log.Put(Family::kMeta, keys::Tile(kKerinci, kOrigin, 0, 1), bytes);
  EXPECT_THAT(log.Check(), ElementsAre(FaultAt(257, "tile 0/1 is not the one below")));
}

TEST(MerkleLogTest, AMissingEntryABodyAndARootAreFound) {
  LogOnly log;
  log.Grow(600, 100);
  log.Remove(Family::kLog, keys::Log(kKerinci, kOrigin, 3));
  EXPECT_THAT(log.Check(), ElementsAre(FaultAt(3, "missing")));
  log.Put(Family::kLog, keys::Log(kKerinci, kOrigin, 3), EncodeEntry(EntryNumber(3)));
  EntryRecord entry = EntryNumber(5);
  entry.body = "another body";
  log.Put(Family::kLog, keys::Log(kKerinci, kOrigin, 5), EncodeEntry(entry));
  EXPECT_THAT(log.Check(), ElementsAre(FaultAt(5, "the body is not")));
  log.Put(Family::kLog, keys::Log(kKerinci, kOrigin, 5), EncodeEntry(EntryNumber(5)));
  log.Put(Family::kMeta, keys::Tree(kKerinci, kOrigin),
          EncodeTree({.size = 600, .root = LeafNumber(1)}));
  EXPECT_THAT(log.Check(), ElementsAre(FaultAt(600, "the root is not")));
  log.Put(Family::kMeta, keys::Tree(kKerinci, kOrigin), "rubbish");
  EXPECT_THAT(log.Check(), ElementsAre(FaultAt(1, "is damaged")));
  EXPECT_TRUE(absl::IsInvalidArgument(CheckTree(log.reader(), kKerinci, kOrigin, 2, 10).status()));
}

TEST(MerkleLogTest, EachRowIsCheckedByItself) {
  LogOnly log;
  log.Grow(66'000, 5'000);
  EXPECT_TRUE(CheckTreeRow(log.reader(), kKerinci, kOrigin).ok());
  const auto check = [&](int level, uint64_t index, size_t width, int flipped = -1) {
    const auto tile = log.Tree().Tile(level, index);
    EXPECT_TRUE(tile.ok()) << tile.status();
    std::string bytes;
    for (const Hash& hash : *tile) bytes += hash.view();
    bytes.resize(width * Hash::kSize);
    if (flipped >= 0) bytes[static_cast<size_t>(flipped)] ^= 1;
    const absl::Status status = CheckTileRow(log.reader(), kKerinci, kOrigin, level, index, bytes);
    EXPECT_TRUE(status.ok() || absl::IsDataLoss(status)) << status;
    return status.ok();
  };
  EXPECT_TRUE(check(0, 3, 256));
  EXPECT_TRUE(check(1, 0, 256));
  EXPECT_TRUE(check(1, 1, 1));
  EXPECT_TRUE(check(2, 0, 1));
  EXPECT_FALSE(check(0, 3, 256, 31));
  EXPECT_FALSE(check(1, 0, 256, 8'000));
  EXPECT_FALSE(check(2, 0, 1, 0));
  EXPECT_FALSE(check(0, 3, 255));
  // Not full: those of entries are not written before.
  EXPECT_FALSE(check(0, 257, 66'000 % 256));
  const std::string one(Hash::kSize, 'x');
  for (const auto& [level, index] : {std::pair(2, 1), {3, 0}, {200, 0}, {1, 2}}) {
    EXPECT_TRUE(absl::IsDataLoss(
        CheckTileRow(log.reader(), kKerinci, kOrigin, level, static_cast<uint64_t>(index), one)));
  }
  log.Put(Family::kMeta, keys::Position(kKerinci, kOrigin), EncodePosition(65'999));
  EXPECT_THAT(std::string(CheckTreeRow(log.reader(), kKerinci, kOrigin).message()),
              HasSubstr("larger than the log"));
  log.Put(Family::kMeta, keys::Position(kKerinci, kOrigin), EncodePosition(66'001));
  EXPECT_TRUE(CheckTreeRow(log.reader(), kKerinci, kOrigin).ok()) << "it may be behind";
}

TEST(MerkleLogTest, HeadsAreCompared) {
  LogOnly log;
  log.Grow(700, 100);
  const auto compare = [&](uint64_t size, const Hash& root) {
    const auto order = CompareHead(log.reader(), {kKerinci, kOrigin, size, root});
    EXPECT_TRUE(order.ok()) << order.status();
    return *order;
  };
  const Hash before = slow::Mth(slow::Part(log.leaves(), 0, 300));
  EXPECT_EQ(compare(700, slow::Mth(log.leaves())), HeadOrder::kSame);
  EXPECT_EQ(compare(300, before), HeadOrder::kBefore);
  EXPECT_EQ(compare(301, before), HeadOrder::kForked);
  EXPECT_EQ(compare(700, before), HeadOrder::kForked);
  EXPECT_EQ(compare(701, before), HeadOrder::kAhead);
  EXPECT_EQ(compare(0, MerkleEmptyRoot()), HeadOrder::kBefore);
}

class MerkleReplicaTest : public ReplicaTest {
 protected:
  // The root over what the node's log holds, made anew.
  static Hash RootOfLog(const Node& node, Origin origin, size_t size) {
    std::vector<Hash> leaves;
    for (uint64_t seq = 1; seq <= size; ++seq) {
      const auto bytes = node.reader().Get(Family::kLog, keys::Log(kKerinci, origin, seq));
      EXPECT_TRUE(bytes.ok() && bytes->has_value()) << seq;
      const EntryRecord entry = *DecodeEntry(**bytes);
      leaves.push_back(LeafHash(kKerinci, origin, seq, entry.stamp, entry.change_hash));
    }
    return slow::Mth(leaves);
  }
  static std::vector<LogHead> Heads(const Node& node) {
    return *LoadLogHeads(node.reader(), kKerinci);
  }
};

TEST_F(MerkleReplicaTest, EveryEntryIsALeafInTheBatchThatBringsIt) {
  EXPECT_THAT(Heads(node_), IsEmpty());
  for (uint64_t size = 1; size <= 20; ++size) {
    node_.Push(siti_.Create());
    const Hash root = RootOfLog(node_, node_.origin(), size);
    EXPECT_THAT(Heads(node_), ElementsAre(LogHead{kKerinci, node_.origin(), size, root}));
    if (size % 7 == 0) node_.Start();
  }
  // One that is refused is logged, and proven, too.
  node_.Push(siti_.Create().Set("tidak_ada", "x"));
  EXPECT_EQ(Heads(node_)[0].size, 21u);
}

TEST_F(MerkleReplicaTest, ACrashTakesEntryAndLeafTogether) {
  node_.Push(siti_.Create());
  const std::vector<LogHead> before = Heads(node_);
  const Submission sent = Sent(siti_.Create());
  const auto outcome = node_.replica().Ingest({&sent, 1}, node_.now_ms);
  ASSERT_TRUE(outcome.ok() && node_.store().Write(outcome->batch).ok());
  EXPECT_EQ(Heads(node_)[0].size, 2u);
  node_.store().LoseUnsynced();
  node_.Start();
  EXPECT_EQ(Heads(node_), before);
  node_.Push(siti_.Create());
  EXPECT_EQ(Heads(node_)[0].root, RootOfLog(node_, node_.origin(), 2));
}

TEST_F(MerkleReplicaTest, MirrorsHaveTheSameTrees) {
  Node hub(2);
  for (int i = 0; i < 300; ++i) node_.Push(siti_.Create());
  hub.Push(budi_.Create());
  hub.PullFrom(node_, kKerinci, 10'000);
  node_.PullFrom(hub);
  EXPECT_THAT(Heads(hub), SizeIs(2));
  EXPECT_EQ(Heads(hub), Heads(node_));
  EXPECT_EQ(hub.Rows(Family::kMeta, keys::kTilePrefix),
            node_.Rows(Family::kMeta, keys::kTilePrefix));
  EXPECT_THAT(hub.Rows(Family::kMeta, keys::kTilePrefix), SizeIs(2));
}

TEST_F(MerkleReplicaTest, WhatLiesBeyondAGapIsNoLeafUntilTheGapIsFilled) {
  for (int i = 0; i < 5; ++i) node_.Push(siti_.Create());
  const std::vector<v1::Entry> entries = node_.EntriesAfter({});
  Node hub(2);
  hub.Receive({entries[3], entries[4]});
  EXPECT_THAT(Heads(hub), IsEmpty());
  hub.Receive({entries[1], entries[0]});
  EXPECT_EQ(Heads(hub)[0],
            (LogHead{kKerinci, node_.origin(), 2, RootOfLog(node_, node_.origin(), 2)}));
  hub.Receive({entries[2]});
  EXPECT_EQ(Heads(hub), Heads(node_));
}

TEST_F(MerkleReplicaTest, AnEntryWhoseDefinitionIsMissingHoldsTheTreeBack) {
  Node hub(2, "", /*knows_definition=*/false);
  for (int i = 0; i < 3; ++i) node_.Push(siti_.Create());
  hub.PullFrom(node_);
  EXPECT_THAT(Heads(hub), IsEmpty());
  hub.AddDefinition(*Complaint());
  EXPECT_EQ(Heads(hub), Heads(node_));
}

TEST_F(MerkleReplicaTest, AStoreWithoutTreesGetsThemAGroupAtATime) {
  std::vector<Submission> many;
  for (size_t i = 0; i < kLeavesPerGroupMax + 10; ++i) many.push_back(Sent(siti_.Create()));
  node_.Ingest(many);
  const std::vector<LogHead> whole = Heads(node_);
  const auto tiles = node_.Rows(Family::kMeta, keys::kTilePrefix);
  WriteBatch without;
  for (const auto prefix : {keys::kTreePrefix, keys::kTilePrefix}) {
    for (const auto& [key, value] : node_.Rows(Family::kMeta, prefix)) {
      without.Delete(Family::kMeta, key);
    }
  }
  ASSERT_TRUE(node_.store().Write(without).ok() && node_.store().Sync().ok());
  node_.finishes_upgrades = false;
  node_.Start();
  EXPECT_TRUE(node_.replica().upgrading());
  EXPECT_THAT(Heads(node_), IsEmpty());
  // What is written meanwhile waits for its turn.
  node_.Push(siti_.Create());
  EXPECT_THAT(Heads(node_), IsEmpty());
  node_.Upgrade();
  EXPECT_EQ(Heads(node_)[0].size, kLeavesPerGroupMax);
  EXPECT_TRUE(node_.replica().upgrading());
  // Killed half-way, it goes on where it was.
  node_.Start();
  EXPECT_TRUE(node_.replica().upgrading());
  node_.Upgrade();
  EXPECT_FALSE(node_.replica().upgrading());
  const size_t size = kLeavesPerGroupMax + 11;
  EXPECT_EQ(Heads(node_)[0],
            (LogHead{kKerinci, node_.origin(), size, RootOfLog(node_, node_.origin(), size)}));
  EXPECT_EQ(*LogTree::Load(node_.reader(), kKerinci, node_.origin())->RootAt(whole[0].size),
            whole[0].root);
  EXPECT_EQ(node_.Rows(Family::kMeta, keys::Tile(kKerinci, node_.origin(), 0, 3)).size(), 1u);
  for (const auto& [key, value] : tiles) {
    EXPECT_EQ(node_.Rows(Family::kMeta, key).at(key).substr(0, value.size()), value);
  }
}

TEST_F(MerkleReplicaTest, ADamagedTreeIsToldAndStopsNobody) {
  for (int i = 0; i < 5; ++i) node_.Push(siti_.Create());
  WriteBatch damage;
  damage.Put(Family::kMeta, keys::Tree(kKerinci, node_.origin()),
             EncodeTree({.size = 5, .root = Sha256("another")}));
  ASSERT_TRUE(node_.store().Write(damage).ok() && node_.store().Sync().ok());
  node_.finishes_upgrades = false;
  node_.Start();
  EXPECT_EQ(node_.Push(siti_.Create()).verdict, v1::VERDICT_ACCEPTED);
  ASSERT_TRUE(node_.replica().upgrading());
  const Outcome outcome = node_.Commit(node_.replica().Upgrade(node_.now_ms));
  ASSERT_THAT(outcome.unreadable, SizeIs(1));
  EXPECT_THAT(outcome.unreadable[0].reason, HasSubstr(LogTreeName(kKerinci, node_.origin())));
  EXPECT_FALSE(node_.replica().upgrading());
  EXPECT_EQ(node_.Push(siti_.Create()).verdict, v1::VERDICT_ACCEPTED);
  EXPECT_EQ(Heads(node_)[0].size, 5u);
}

TEST_F(MerkleReplicaTest, ANewOriginHasATreeOfItsOwn) {
  Node node(7, "machine-a");
  node.Push(siti_.Create());
  const Origin old = node.origin();
  const LogHead old_head = Heads(node)[0];
  node.MoveToMachine("machine-b");
  node.Push(siti_.Create());
  node.Push(siti_.Create());
  ASSERT_NE(node.origin(), old);
  EXPECT_THAT(Heads(node), ::testing::UnorderedElementsAre(
                               old_head, LogHead{kKerinci, node.origin(), 2,
                                                 RootOfLog(node, node.origin(), 2)}));
}

}  // namespace
}  // namespace tikar::sync
