#include "sync/index_rows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "absl/strings/escaping.h"
#include "office_fixture.h"
#include "sync/keys.h"

namespace tikar::sync {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class IndexRowsTest : public OfficeTest {
 protected:
  // Every index row of the node, as it lies in the store.
  static std::map<std::string, std::string> Stored(const Node& node) {
    std::map<std::string, std::string> rows;
    for (const char letter : std::string("cwodtgqj")) {
      rows.merge(node.Rows(Family::kRequests, std::string(1, letter)));
    }
    return rows;
  }
  // What should lie there.
  static std::map<std::string, std::string> Wanted(Node& node) {
    std::map<std::string, std::string> rows;
    for (const auto& [key, record] : node.Rows(Family::kRequests, keys::RecordPrefix(kKerinci))) {
      const RequestKey request{kKerinci, *RequestId::FromBytes(key.substr(6))};
      const State state = node.StateOf(request);
      rows.merge(IndexRowsOf(state, node.replica().definitions()->Find(state.definition).get()));
    }
    return rows;
  }
};

TEST_F(IndexRowsTest, InTheStoreAreThoseThatFollowFromTheStates) {
  node_.now_ms = kMorningMs + 30 * 24 * kHourMs;
  const Value bridge = PlaceAt(-19'500'000, 1'012'500'000);
  const Written one = node_.Take(File().Set("lokasi", bridge));
  const auto check = [&](const char* what) {
    EXPECT_EQ(Stored(node_), Wanted(node_)) << what;
    return Stored(node_);
  };
  EXPECT_THAT(check("filed"), SizeIs(3));  // a clock and the place, twice
  const Written examined = node_.Take(siti_.After(one).Go("diterima", "diperiksa"));
  EXPECT_THAT(check("examined"), SizeIs(4));  // a silence too
  node_.Take(siti_.After(examined).Comment("sudah dilihat"));
  EXPECT_THAT(check("commented"), SizeIs(4));
  node_.Take(budi_.After(examined).Set("lokasi", PlaceAt(-19'600'000, 1'012'500'000)));
  EXPECT_THAT(check("moved"), SizeIs(4));
  const Written other = node_.Take(File());
  node_.Take(siti_.Edit(one.key, node_.Heads(one.key)).Set("duplicate_of", other.key.id.hex()));
  check("joined");
  const Written five = node_.Take(siti_.After(other).Set("biaya", Value::Integer(5)));
  node_.Take(budi_.After(other).Set("biaya", Value::Integer(6)));
  check("disputed");
  node_.Take(siti_.After(five).Go("diterima", "ditolak"));
  check("decided");
  node_.Take(siti_.Edit(other.key, node_.Heads(other.key)).Retract());
  check("retracted");
  // Its Create does not come.
  const Written unseen = File();
  node_.Take(siti_.After(unseen).Set("judul", "satu"));
  EXPECT_EQ(
      node_
          .Rows(Family::kRequests, keys::UnavailablePrefix(kKerinci, v1::AVAILABILITY_NEEDS_CREATE))
          .size(),
      1u);
  check("without a Create");
  node_.Take(unseen);
  EXPECT_THAT(node_.Rows(Family::kRequests, "o"), IsEmpty());
  check("with it");
}

TEST_F(IndexRowsTest, ADifferenceWritesNothingThatIsThere) {
  WriteBatch batch;
  WriteDifference({{"a", "1"}, {"b", "2"}, {"c", "3"}}, {{"a", "1"}, {"b", "9"}, {"d", "4"}},
                  &batch);
  ASSERT_THAT(batch.writes(), SizeIs(3));
  EXPECT_EQ(batch.writes()[0].key, "c");
  EXPECT_EQ(batch.writes()[0].kind, WriteBatch::Kind::kDelete);
  EXPECT_EQ(batch.writes()[1].key, "b");
  EXPECT_EQ(batch.writes()[1].value, "9");
  EXPECT_EQ(batch.writes()[2].key, "d");
}

TEST_F(IndexRowsTest, AClocksKeyIsReadBack) {
  const Written created = node_.Take(File());
  const auto rows = node_.Rows(Family::kRequests, keys::ClockPrefix(keys::kRunning, kKerinci));
  ASSERT_THAT(rows, SizeIs(1));
  const absl::StatusOr<ClockRow> row = ParseClockRow(rows.begin()->first);
  ASSERT_TRUE(row.ok()) << row.status();
  EXPECT_EQ(row->request, created.key);
  EXPECT_EQ(row->working_days, 3u);
  EXPECT_EQ(row->at_ms, kMorningMs + 60'000);
  EXPECT_EQ(row->level, "verifikasi");
  EXPECT_EQ(ParseClockRow("d15.01").status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(ParseClockRow("").status().code(), absl::StatusCode::kDataLoss);
}

TEST_F(IndexRowsTest, TheNumbersOfWorkingDaysAreFoundWithoutReadingEveryRow) {
  for (int i = 0; i < 3; ++i) Examined();
  node_.Take(File());
  EXPECT_THAT(*WorkingDaysOf(node_.reader(), keys::kRunning, kKerinci), ElementsAre(3, 10));
  EXPECT_THAT(*WorkingDaysOf(node_.reader(), keys::kSilent, kKerinci), ElementsAre(10));
  EXPECT_THAT(*WorkingDaysOf(node_.reader(), keys::kRunning, kNias), IsEmpty());
}

PlaceRow Bridge() {
  return {.service = "pengaduan",
          .latitude_e7 = -19'500'000,
          .longitude_e7 = 1'012'500'000,
          .created_at_ms = kMorningMs,
          .distance_metres = 100,
          .days = 7,
          .equal_fields = {{"jenis", "\x01jalan"}}};
}

TEST(PlaceRowTest, IsFrozen) {
  const std::string bytes =
      absl::HexStringToBytes("01bfafcc12c098ccc50780b0d787d067640701056a656e697306016a616c616e");
  EXPECT_EQ(absl::BytesToHexString(EncodePlaceRow(Bridge())), absl::BytesToHexString(bytes));
  PlaceRow without_service = Bridge();
  without_service.service.clear();
  EXPECT_EQ(*DecodePlaceRow(bytes), without_service);
  EXPECT_EQ(absl::BytesToHexString(EncodePlacedRow(Bridge())),
            "0970656e67616475616e" + absl::BytesToHexString(bytes));
  EXPECT_EQ(*DecodePlacedRow(EncodePlacedRow(Bridge())), Bridge());
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_EQ(DecodePlaceRow(bytes.substr(0, size)).status().code(), absl::StatusCode::kDataLoss);
  }
}

TEST(CellTest, AnEdgeIsTheSmallestPowerOfTwoMetresThatIsNotBelowTheDistance) {
  EXPECT_EQ(CellLevelOf(1), 0);
  EXPECT_EQ(CellLevelOf(2), 1);
  EXPECT_EQ(CellLevelOf(100), 7);
  EXPECT_EQ(CellLevelOf(128), 7);
  EXPECT_EQ(CellLevelOf(129), 8);
  EXPECT_EQ(CellLevelOf(10'000), 14);
  // 1 m is 89.93 units of 1e-7 degrees.
  EXPECT_EQ(CellEdgeE7(0), 90);
  EXPECT_EQ(CellEdgeE7(7), 11'512);
}

TEST(CellTest, CellsAreCountedFromTheSouthPoleAndTheMeridianOf180Degrees) {
  EXPECT_EQ(CellRowOf(0, -900'000'000), 0u);
  EXPECT_EQ(CellRowOf(0, -900'000'000 + 89), 0u);
  EXPECT_EQ(CellRowOf(0, -900'000'000 + 90), 1u);
  EXPECT_EQ(CellRowOf(0, -900'000'090), 0u) << "off the map";
  EXPECT_EQ(CellColumnOf(0, 1'800'000'000), 40'000'000u);
}

}  // namespace
}  // namespace tikar::sync
