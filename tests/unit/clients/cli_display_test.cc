#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "clients/cli/display.h"

namespace tikar::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(DisplayWidthTest, CountsColumnsAndNotBytes) {
  EXPECT_EQ(DisplayWidth("Kerinci"), 7u);
  EXPECT_EQ(DisplayWidth("é"), 1u);
  EXPECT_EQ(DisplayWidth("e\xCC\x81"), 1u);  // e and a combining acute
  EXPECT_EQ(DisplayWidth("県庁"), 4u);
  EXPECT_EQ(DisplayWidth("🚧"), 2u);
  EXPECT_EQ(DisplayWidth("\xFF\xFE"), 2u);
}

TEST(CutToWidthTest, LeavesWhatFitsAndMarksWhatDoesNot) {
  EXPECT_EQ(CutToWidth("Jembatan", 8), "Jembatan");
  EXPECT_EQ(CutToWidth("Jembatan putus", 8), "Jembata…");
  EXPECT_EQ(CutToWidth("Jembatan putus", 10), "Jembatan…");
  EXPECT_EQ(CutToWidth("x", 0), "");
  EXPECT_EQ(CutToWidth("xy", 1), "…");
}

TEST(CutToWidthTest, NeverCutsAWideCharacterInTwoNorPartsAMarkFromItsLetter) {
  EXPECT_EQ(CutToWidth("県庁所在地", 4), "県…");
  EXPECT_EQ(CutToWidth("ae\xCC\x81xyz", 3), "ae\xCC\x81…");
  for (size_t columns = 1; columns < 12; ++columns) {
    EXPECT_LE(DisplayWidth(CutToWidth("県a庁🚧e\xCC\x81 jalan", columns)), columns);
  }
}

TEST(PadToWidthTest, PadsByColumns) {
  EXPECT_EQ(PadToWidth("県", 4), "県  ");
  EXPECT_EQ(PadToWidth("7", 3, true), "  7");
  EXPECT_EQ(PadToWidth("panjang", 3), "panjang");
}

// A title that a citizen sent must not drive the admin's terminal.
TEST(OneLineTest, TakesTheTeethOutOfEscapeSequences) {
  EXPECT_EQ(OneLine("a\x1b[31mb"), "a\xEF\xBF\xBD[31mb");
  EXPECT_EQ(OneLine("a\x1b]0;title\x07"), "a\xEF\xBF\xBD]0;title\xEF\xBF\xBD");
  EXPECT_EQ(OneLine("a\xC2\x9B"
                    "2J"),
            "a\xEF\xBF\xBD"
            "2J");  // C1 CSI
  EXPECT_EQ(OneLine("\xE2\x80\xAE"
                    "kalot"),
            "\xEF\xBF\xBD"
            "kalot");  // right-to-left override
  EXPECT_EQ(OneLine("rusak\xFF"), "rusak\xEF\xBF\xBD");
}

TEST(OneLineTest, LineEndsAndTabsBecomeASpace) {
  EXPECT_EQ(OneLine("a\nb\r\nc\td"), "a b c d");
  EXPECT_EQ(OneLine("Gunung Kerinci – “puncak”"), "Gunung Kerinci – “puncak”");
}

TEST(LinesTest, KeepsLineEndsAndWrapsAtSpaces) {
  EXPECT_THAT(Lines("satu\ndua\r\ntiga", 0), ElementsAre("satu", "dua", "tiga"));
  EXPECT_THAT(Lines("jalan rusak parah", 11), ElementsAre("jalan rusak", "parah"));
  EXPECT_THAT(Lines("", 10), ElementsAre(""));
}

TEST(LinesTest, BreaksAWordThatIsWiderThanTheLine) {
  EXPECT_THAT(Lines("abcdefghij", 4), ElementsAre("abcd", "efgh", "ij"));
  EXPECT_THAT(Lines("県庁所在地", 4), ElementsAre("県庁", "所在", "地"));
}

TEST(LinesTest, NoLineIsWiderThanAskedFor) {
  const std::string text =
      "Jembatan gantung di Siulak Mukai putus sejak Senin; anak sekolah 県庁 memutar.";
  for (size_t columns = 2; columns < 40; ++columns) {
    std::string joined;
    for (const std::string& line : Lines(text, columns)) {
      EXPECT_LE(DisplayWidth(line), columns);
      EXPECT_THAT(line, Not(HasSubstr("\n")));
      joined += line;
    }
    // Nothing but spaces is lost.
    std::string expected = text;
    std::erase(expected, ' ');
    std::erase(joined, ' ');
    EXPECT_EQ(joined, expected);
  }
}

}  // namespace
}  // namespace tikar::cli
