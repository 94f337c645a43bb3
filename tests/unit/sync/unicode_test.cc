#include "sync/unicode.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tikar::sync {
namespace {

TEST(IsValidUtf8Test, AcceptsEveryLengthOfSequence) {
  for (const std::string_view text :
       {std::string_view(""), std::string_view("Kerinci"), std::string_view("\0", 1),
        std::string_view("é"), std::string_view("ꦏ"), std::string_view("🛶"),
        std::string_view("\xf4\x8f\xbf\xbf")}) {
    EXPECT_TRUE(IsValidUtf8(text)) << text;
  }
}

TEST(IsValidUtf8Test, RefusesWhatTheStandardForbids) {
  for (const std::string_view bytes : {
           std::string_view("\x80"),              // continuation without a start
           std::string_view("\xc3"),              // cut short
           std::string_view("a\xe2\x82"),         // cut short at the end
           std::string_view("\xe2\x82z"),         // cut short in the middle
           std::string_view("\xc0\xaf"),          // overlong
           std::string_view("\xe0\x80\xaf"),      // overlong
           std::string_view("\xed\xa0\x80"),      // surrogate
           std::string_view("\xf4\x90\x80\x80"),  // above U+10FFFF
           std::string_view("\xff"),
       }) {
    EXPECT_FALSE(IsValidUtf8(bytes));
  }
}

TEST(NfcTest, ComposesAndOrdersMarks) {
  const std::vector<std::pair<std::string, std::string>> forms = {
      {"", ""},
      {"jalan rusak", "jalan rusak"},
      {"cafe\u0301", "caf\u00e9"},
      {"q\u0323\u0307", "q\u0323\u0307"},        // nothing to compose with
      {"q\u0307\u0323", "q\u0323\u0307"},        // canonical order of marks
      {"\u1100\u1161\u11a8", "\uac01"},          // Hangul
      {"\u212b", "\u00c5"},                      // Angstrom sign
      {"\ufb01", "\ufb01"},                      // compatibility forms stay
      {"\U0001f6f6\u200d", "\U0001f6f6\u200d"},  // emoji
  };
  for (const auto& [text, nfc] : forms) {
    EXPECT_EQ(ToNfc(text), nfc) << text;
    EXPECT_EQ(IsNfc(text), text == nfc) << text;
    EXPECT_TRUE(IsNfc(nfc)) << nfc;
  }
}

TEST(NfcTest, CopiesWhatUnicode15DidNotAssign) {
  // U+105D2 U+0307 composes to U+105C9 since Unicode 16.
  const std::string text = "\U000105d2\u0307";
  EXPECT_TRUE(IsNfc(text));
  EXPECT_EQ(ToNfc(text), text);
}

TEST(CodePointsTest, CountsMarksAndEmojiAsOneEach) {
  EXPECT_EQ(CodePoints(""), 0u);
  EXPECT_EQ(CodePoints("Nias"), 4u);
  EXPECT_EQ(CodePoints("caf\u00e9"), 4u);
  EXPECT_EQ(CodePoints("cafe\u0301"), 5u);
  EXPECT_EQ(CodePoints("🛶🛶"), 2u);
}

}  // namespace
}  // namespace tikar::sync
