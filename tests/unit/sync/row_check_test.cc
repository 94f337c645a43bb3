#include "sync/row_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "absl/strings/str_cat.h"
#include "replica_fixture.h"
#include "sync/keys.h"

namespace tikar::sync {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

class RowCheckTest : public ReplicaTest {
 protected:
  // A dispute, a comment, a request on its own, what a mirror logged, and a refused change.
  RowCheckTest() {
    const Dispute dispute = DisputeTheCost();
    key_ = dispute.created.key;
    node_.Take(siti_.After(dispute.five).Comment("Sudah diukur"));
    alone_ = node_.Take(budi_.Create()).key;
    Node mirror(7);
    mirror.Take(siti_.Create());
    node_.PullFrom(mirror);
    mirror.PullFrom(node_);
    node_.PullFrom(mirror);
  }

  RowCheckPage Check(size_t rows_max = 1'000'000) {
    RowCheckPage all;
    std::string from;
    do {
      absl::StatusOr<RowCheckPage> page =
          CheckRows(node_.reader(), *node_.replica().definitions(), from, rows_max);
      EXPECT_TRUE(page.ok()) << page.status();
      if (!page.ok()) return all;
      EXPECT_LE(page->rows, rows_max);
      all.rows += page->rows;
      all.faults.insert(all.faults.end(), page->faults.begin(), page->faults.end());
      from = page->next;
    } while (!from.empty());
    return all;
  }

  // Rows of the feed are written once and removed once.
  void Remove(Family family, const std::string& key) {
    WriteBatch batch;
    if (family == Family::kFeed) {
      batch.SingleDelete(family, key);
    } else {
      batch.Delete(family, key);
    }
    ASSERT_TRUE(node_.store().Write(batch).ok());
  }
  void Put(Family family, const std::string& key, const std::string& value) {
    if (family == Family::kFeed) Remove(family, key);
    WriteBatch batch;
    batch.Put(family, key, value);
    ASSERT_TRUE(node_.store().Write(batch).ok());
  }
  uint64_t RowsOfAll() const {
    uint64_t rows = 0;
    for (int family = 0; family < kFamilies; ++family) {
      rows += node_.Rows(static_cast<Family>(family)).size();
    }
    return rows;
  }
  // Rows that others do without: forgetting one is allowed, or nothing else tells that it was.
  static bool MayBeAbsent(Family family, const std::string& key) {
    if (family == Family::kMeta) return !key.starts_with(keys::kDefinitionPrefix);
    return family == Family::kRequests && key.front() == 'v';
  }

  RequestKey key_, alone_;
};

TEST_F(RowCheckTest, FindsNothingInASoundStoreHoweverItIsCut) {
  const uint64_t rows = RowsOfAll();
  ASSERT_GT(rows, 25u);
  for (const size_t rows_max : {size_t{1}, size_t{3}, size_t{1'000'000}}) {
    const RowCheckPage page = Check(rows_max);
    EXPECT_EQ(page.rows, rows);
    for (const RowFault& fault : page.faults) ADD_FAILURE() << fault.row << ": " << fault.what;
  }
}

TEST_F(RowCheckTest, TilesOfALogAreCheckedAndCountForWhatTheyCover) {
  for (int i = 0; i < 300; ++i) node_.Push(budi_.Create());
  const auto tiles = node_.Rows(Family::kMeta, keys::kTilePrefix);
  ASSERT_EQ(tiles.size(), 2u);
  EXPECT_THAT(Check(300).faults, IsEmpty());
  for (const auto& [key, value] : tiles) {
    std::string flipped = value;
    flipped[5] ^= 1;
    Put(Family::kMeta, key, flipped);
    const RowCheckPage page = Check();
    ASSERT_THAT(page.faults, Not(IsEmpty()));
    EXPECT_THAT(page.faults.front().row, HasSubstr("Merkle tree of log 15.01/"));
    Put(Family::kMeta, key, value);
  }
}

TEST_F(RowCheckTest, EveryRowThatIsMissingIsFound) {
  size_t removed = 0;
  for (int number = 0; number < kFamilies; ++number) {
    const Family family = static_cast<Family>(number);
    for (const auto& [key, value] : node_.Rows(family)) {
      if (MayBeAbsent(family, key)) continue;
      Remove(family, key);
      EXPECT_THAT(Check().faults, Not(IsEmpty()))
          << "family " << number << ", key " << testing::PrintToString(key);
      WriteBatch batch;
      batch.Put(family, key, value);
      ASSERT_TRUE(node_.store().Write(batch).ok());
      ++removed;
    }
  }
  EXPECT_GT(removed, 20u);
  EXPECT_THAT(Check().faults, IsEmpty());
}

TEST_F(RowCheckTest, EveryRowThatIsRubbishIsFound) {
  for (int number = 0; number < kFamilies; ++number) {
    const Family family = static_cast<Family>(number);
    for (const auto& [key, value] : node_.Rows(family)) {
      // Rows that are nothing but their key are read by nobody.
      if (value.empty() || key.starts_with("left")) continue;
      Put(family, key, "rubbish");
      EXPECT_THAT(Check().faults, Not(IsEmpty()))
          << "family " << number << ", key " << testing::PrintToString(key);
      Put(family, key, value);
    }
  }
  EXPECT_THAT(Check().faults, IsEmpty());
}

// Each row reads, and its checksum would fit: only what it says is another's.
TEST_F(RowCheckTest, AStateThatItsHistoryDoesNotFoldToIsFound) {
  const std::string record = node_.Rows(Family::kRequests, keys::Record(key_)).begin()->second;
  Put(Family::kRequests, keys::Record(alone_), record);
  const RowCheckPage page = Check();
  ASSERT_THAT(page.faults, Not(IsEmpty()));
  EXPECT_THAT(page.faults.front().row, HasSubstr("regions/15.01/requests/"));
}

TEST_F(RowCheckTest, AnEntryThatWasSwappedIsFound) {
  const auto log = node_.Rows(Family::kLog);
  ASSERT_GE(log.size(), 2u);
  Put(Family::kLog, log.begin()->first, std::next(log.begin())->second);
  std::string texts;
  for (const RowFault& fault : Check().faults) absl::StrAppend(&texts, fault.row, fault.what, "\n");
  EXPECT_THAT(texts, HasSubstr("does not name it"));
  EXPECT_THAT(texts, HasSubstr("is another change"));
}

TEST_F(RowCheckTest, ARowOfARequestThatIsNotThereIsFound) {
  RequestKey stranger = key_;
  stranger.id[15] = static_cast<uint8_t>(stranger.id[15] ^ 1);
  Put(Family::kRequests, keys::Conflict(stranger, 5, "biaya"), "");
  const RowCheckPage page = Check();
  ASSERT_THAT(page.faults, SizeIs(1));
  EXPECT_THAT(page.faults.front().row, HasSubstr(stranger.id.hex()));
  EXPECT_THAT(page.faults.front().what, HasSubstr("no record"));
}

TEST_F(RowCheckTest, APlaceThatIsNoneIsRefused) {
  const std::string place(1, static_cast<char>(kFamilies));
  EXPECT_EQ(CheckRows(node_.reader(), *node_.replica().definitions(), place, 10).status().code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace tikar::sync
