#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "clients/cli/csv.h"

namespace tikar::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<CsvRecord> ReadAll(const std::string& text) {
  std::istringstream stream(text);
  CsvReader reader(stream);
  std::vector<CsvRecord> records;
  while (true) {
    auto record = reader.Next();
    EXPECT_TRUE(record.ok()) << record.status();
    if (!record.ok() || !record->has_value()) break;
    records.push_back(**std::move(record));
  }
  EXPECT_EQ(reader.bytes_read(), text.size());
  return records;
}

TEST(CsvReaderTest, ReadsQuotesCommasAndLineEndsInsideCells) {
  const auto records = ReadAll("a,\"b, \"\"c\"\"\",\"d\ne\"\r\nf,,\n");
  ASSERT_EQ(records.size(), 2u);
  EXPECT_THAT(records[0].cells, ElementsAre("a", "b, \"c\"", "d\ne"));
  EXPECT_THAT(records[1].cells, ElementsAre("f", "", ""));
  EXPECT_EQ(records[0].line, 1u);
  EXPECT_EQ(records[1].line, 3u);
  EXPECT_EQ(records[0].problem, "");
}

TEST(CsvReaderTest, SkipsByteOrderMarkAndEmptyLinesAndNeedsNoLastLineEnd) {
  const auto records = ReadAll("\xEF\xBB\xBFkunci,nama\r\n\r\n\n1,Kerinci");
  ASSERT_EQ(records.size(), 2u);
  EXPECT_THAT(records[0].cells, ElementsAre("kunci", "nama"));
  EXPECT_THAT(records[1].cells, ElementsAre("1", "Kerinci"));
  EXPECT_EQ(records[1].line, 4u);
}

TEST(CsvReaderTest, TakesLoneCarriageReturnsAsLineEnds) {
  const auto records = ReadAll("a,b\rc,d\r");
  ASSERT_EQ(records.size(), 2u);
  EXPECT_THAT(records[1].cells, ElementsAre("c", "d"));
  EXPECT_EQ(records[1].line, 2u);
}

TEST(CsvReaderTest, EmptyFileHasNoRecords) { EXPECT_TRUE(ReadAll("").empty()); }

TEST(CsvReaderTest, AQuoteInsideAnUnquotedCellIsAnOrdinaryCharacter) {
  const auto records = ReadAll("pipa 5\" bocor,x\n");
  ASSERT_EQ(records.size(), 1u);
  EXPECT_THAT(records[0].cells, ElementsAre("pipa 5\" bocor", "x"));
  EXPECT_EQ(records[0].problem, "");
}

TEST(CsvReaderTest, TextAfterAClosingQuoteSpoilsItsRowOnly) {
  const auto records = ReadAll("1,\"a\"b,c\n2,d,e\n");
  ASSERT_EQ(records.size(), 2u);
  EXPECT_THAT(records[0].problem, HasSubstr("line 1"));
  EXPECT_EQ(records[0].cells.size(), 3u);
  EXPECT_EQ(records[1].problem, "");
  EXPECT_THAT(records[1].cells, ElementsAre("2", "d", "e"));
}

TEST(CsvReaderTest, AQuoteThatIsNeverClosedIsToldWithTheLineWhereItsRowBegins) {
  const auto records = ReadAll("1,a\n2,\"b\n3,c\n");
  ASSERT_EQ(records.size(), 2u);
  EXPECT_THAT(records[1].problem, HasSubstr("line 2"));
}

TEST(CsvReaderTest, ARowOverTheLimitIsAnErrorWithItsLine) {
  std::istringstream stream("1,a\n2,\"" + std::string(kCsvRecordBytesMax, 'x') + "\"\n");
  CsvReader reader(stream);
  ASSERT_TRUE(reader.Next().ok());
  const auto record = reader.Next();
  ASSERT_EQ(record.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(record.status().message()), HasSubstr("line 2"));
}

TEST(CsvReaderTest, TooManyCellsAreAnError) {
  std::istringstream stream(std::string(kCsvCellsMax, ',') + "\n");
  CsvReader reader(stream);
  EXPECT_EQ(reader.Next().status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(CsvReaderTest, ReadsWhatIsLongerThanItsBuffer) {
  std::string text;
  for (int i = 0; i < 20000; ++i)
    text += std::to_string(i) + ",\"baris " + std::to_string(i) + "\"\r\n";
  const auto records = ReadAll(text);
  ASSERT_EQ(records.size(), 20000u);
  EXPECT_THAT(records[19999].cells, ElementsAre("19999", "baris 19999"));
  EXPECT_EQ(records[19999].line, 20000u);
}

// Whatever cells hold, they come back as they were written.
TEST(CsvRoundTripTest, RandomCellsSurvive) {
  const unsigned seed = 20261122;
  std::mt19937 random(seed);
  const std::vector<std::string> pieces = {"a", ",", "\"", "\n", "\r\n", " ", "é", "界", ";"};
  for (int round = 0; round < 500; ++round) {
    std::vector<std::vector<std::string>> rows;
    std::ostringstream written;
    for (unsigned r = 0; r < 1 + random() % 4; ++r) {
      // A first cell that is never empty: an empty line is no record.
      std::vector<std::string> cells = {"k"};
      for (unsigned c = 0; c < random() % 4; ++c) {
        std::string cell;
        for (unsigned p = 0; p < random() % 6; ++p) cell += pieces[random() % pieces.size()];
        cells.push_back(cell);
      }
      WriteCsvRecord(written, cells);
      rows.push_back(cells);
    }
    const auto records = ReadAll(written.str());
    ASSERT_EQ(records.size(), rows.size()) << "seed " << seed << " round " << round;
    for (size_t i = 0; i < rows.size(); ++i) {
      ASSERT_EQ(records[i].cells, rows[i]) << "seed " << seed << " round " << round;
      ASSERT_EQ(records[i].problem, "");
    }
  }
}

}  // namespace
}  // namespace tikar::cli
