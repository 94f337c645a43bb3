#include "sync/text_merge.h"

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <random>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "sync/limits.h"
#include "sync/unicode.h"

namespace tikar::sync {
namespace {

struct Example {
  std::string_view what;
  std::string_view base, ours, theirs, merged;
};

// The merge rules as stored states depend on them: a result that changes here changes states.
TEST(MergeTextTest, GoldenVectors) {
  const std::vector<Example> examples = {
      {"edits in different places", "Jalan rusak di Kayu Aro", "Jalan rusak parah di Kayu Aro",
       "Jalan rusak di Desa Kayu Aro", "Jalan rusak parah di Desa Kayu Aro"},
      {"two replacements of one word", "Jalan rusak", "Jalan berlubang", "Jalan hancur",
       "Jalan berlubang hancur"},
      {"two additions at the end", "Jalan rusak", "Jalan rusak, berlubang",
       "Jalan rusak di depan pasar", "Jalan rusak, berlubang di depan pasar"},
      {"two additions that begin alike", "Lampu mati", "Lampu mati sejak Senin",
       "Lampu mati sejak malam", "Lampu mati sejak Senin malam"},
      {"two additions that end alike", "Lampu mati", "Lampu jalan mati", "Lampu gang mati",
       "Lampu jalan gang mati"},
      {"the same edit twice", "Jembatan putus", "Jembatan bambu putus", "Jembatan bambu putus",
       "Jembatan bambu putus"},
      {"two deletions", "satu dua tiga empat", "satu tiga empat", "satu dua tiga", "satu tiga"},
      {"a deletion around an insertion", "air keruh sejak banjir kemarin sore", "air keruh",
       "air keruh sejak banjir bandang kemarin sore", "air keruh bandang "},
      {"replacements that overlap", "a b c d", "a X d", "a b Y", "a X Y"},
      {"two first texts", "", "Listrik padam", "Air mati", "Listrik padam Air mati"},
      {"all replaced by both", "x", "Listrik", "Air", "Listrik Air"},
      {"everything deleted by one", "Jalan rusak", "", "Jalan rusak parah", " parah"},
      {"a sentence after a sentence", "", "Jalan rusak.", "Tolong diperbaiki.",
       "Jalan rusak. Tolong diperbaiki."},
      {"punctuation needs no space", "Jalan rusak", "Jalan rusak parah", "Jalan rusak!",
       "Jalan rusak parah!"},
      {"words that would grow together", "(a)", "(a", "(a)b", "(a b"},
      {"numbers that would grow together", "Rp 100", "Rp 200", "Rp 300", "Rp 200 300"},
      {"a number after a comma", "3!", "3,", "3!5", "3, 5"},
      {"two numbers that would become one", "3!", "3", "3!.5", "3 .5"},
      {"two lines at one place", "a\n", "a\nb\n", "a\nc\n", "a\nb\nc\n"},
      {"two last lines without an end", "a", "a\nb", "a\nc", "a\nb\nc"},
      {"a word after a parenthesis", "(!", "(", "(!b", "(b"},
      {"a full stop that both added", "Air keruh", "Air keruh.", "Air keruh. Tolong.",
       "Air keruh. Tolong."},
      {"marks stay with their letters", "kafe", "kafe q\u0323", "kafe caf\u00e9",
       "kafe q\u0323 caf\u00e9"},
      {"emoji are tokens", "jalan 🚧", "jalan rusak 🚧", "jalan 🚧🛶", "jalan rusak 🚧🛶"},
      {"a family is one token", "👨\u200d👩\u200d👧", "👨\u200d👩\u200d👧 ikut", "👨\u200d👩\u200d👧\u200d👦",
       "👨\u200d👩\u200d👧\u200d👦 ikut"},
      {"lines", "satu\ndua\n", "satu\ndua\ntiga\n", "nol\nsatu\ndua\n", "nol\nsatu\ndua\ntiga\n"},
      {"the first half of a reduplicated word", "rumah-rumah", "gedung-rumah", "rumah-toko",
       "gedung-toko"},
  };
  for (const Example& example : examples) {
    EXPECT_EQ(MergeText(example.base, example.ours, example.theirs), example.merged)
        << example.what;
  }
}

TEST(MergeTextTest, OrdersBothSidesByTheirArguments) {
  EXPECT_EQ(MergeText("Jalan rusak", "Jalan putus", "Jalan hancur"), "Jalan putus hancur");
  EXPECT_EQ(MergeText("Jalan rusak", "Jalan hancur", "Jalan putus"), "Jalan hancur putus");
}

TEST(MergeTextTest, KeepsALoneMarkApart) {
  // A lone mark at the start of a text is a token, and comes to stand behind the other side's
  // letter.
  const std::optional<std::string> merged = MergeText("", "e", "\u0301");
  ASSERT_TRUE(merged.has_value());
  EXPECT_TRUE(IsNfc(*merged));
  EXPECT_EQ(*merged, "e \u0301");
}

TEST(MergeTextTest, FallsBackWhenATextIsTooLong) {
  const std::string longest(kTextMergeBytesMax, 'a');
  EXPECT_EQ(MergeText(longest, longest, longest), longest);
  EXPECT_EQ(MergeText("", longest, ""), longest);
  const std::string over(kTextMergeBytesMax + 1, 'a');
  EXPECT_EQ(MergeText(over, "", ""), std::nullopt);
  EXPECT_EQ(MergeText("", over, ""), std::nullopt);
  EXPECT_EQ(MergeText("", "", over), std::nullopt);
}

TEST(MergeTextTest, FallsBackWhenTheResultIsTooLong) {
  const std::string half(kTextMergeBytesMax / 2, 'a');
  const std::string other_half(kTextMergeBytesMax / 2 - 1, 'b');
  EXPECT_EQ(MergeText("", half, other_half), half + " " + other_half);
  EXPECT_EQ(MergeText("", half, other_half + "b"), std::nullopt);
}

TEST(MergeTextTest, FallsBackWhenThereAreTooManyEdits) {
  std::string most;
  for (size_t i = 0; i < kTextMergeEditsMax; ++i) most += '!';
  EXPECT_EQ(MergeText("", most, ""), most);
  EXPECT_EQ(MergeText(most, "", most), "");
  EXPECT_EQ(MergeText("", most + "!", ""), std::nullopt);
  EXPECT_EQ(MergeText("", "", most + "!"), std::nullopt);
  EXPECT_EQ(MergeText(most + "!", "", most + "!"), std::nullopt);
}

// Deletions and insertions that alternate, so that the limit is found by the search and not by
// length.
TEST(MergeTextTest, CountsDeletionsAndInsertionsTogether) {
  const auto alternating = [](size_t pairs, std::string_view changed) {
    std::string text;
    for (size_t i = 0; i < pairs; ++i) (text += changed) += '.';
    return text;
  };
  constexpr size_t kPairs = kTextMergeEditsMax / 2;
  EXPECT_EQ(MergeText(alternating(kPairs, "!"), alternating(kPairs, "?"), alternating(kPairs, "!")),
            alternating(kPairs, "?"));
  EXPECT_EQ(MergeText(alternating(kPairs + 1, "!"), alternating(kPairs + 1, "?"),
                      alternating(kPairs + 1, "!")),
            std::nullopt);
  // An odd number of edits: the middle is found from the other end.
  EXPECT_EQ(MergeText(alternating(kPairs - 1, "!") + ",", alternating(kPairs - 1, "?"),
                      alternating(kPairs - 1, "!") + ","),
            alternating(kPairs - 1, "?"));
  EXPECT_EQ(MergeText("," + alternating(kPairs, "!"), alternating(kPairs, "?"),
                      "," + alternating(kPairs, "!")),
            std::nullopt);
}

// Words that only stand alone, so that splitting at spaces finds each of them again.
const std::vector<std::string>& Words() {
  static const std::vector<std::string> words = {"jalan",
                                                 "rusak",
                                                 "berlubang",
                                                 "tolong",
                                                 "segera",
                                                 "diperbaiki",
                                                 "jembatan",
                                                 "caf\u00e9",
                                                 "q\u0323",
                                                 "ꦗꦮ",
                                                 "2026",
                                                 "RT-05",
                                                 "🚧",
                                                 "👨\u200d👩\u200d👧",
                                                 "Kayu",
                                                 "Aro",
                                                 "\u00c5ngstr\u00f6m",
                                                 "x",
                                                 "y",
                                                 "z"};
  return words;
}

std::vector<std::string> SplitAtSpaces(std::string_view text) {
  std::istringstream stream{std::string(text)};
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

std::string JoinWithSpaces(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) (text += text.empty() ? "" : " ") += word;
  return text;
}

std::map<std::string, int> Counts(std::string_view text) {
  std::map<std::string, int> counts;
  for (const std::string& word : SplitAtSpaces(text)) ++counts[word];
  return counts;
}

std::string RandomText(std::mt19937& random) {
  std::vector<std::string> words(random() % 12);
  for (std::string& word : words) word = Words()[random() % Words().size()];
  return JoinWithSpaces(words);
}

// Inserts, deletes and replaces words.
std::string RandomWordEdit(std::string_view text, std::mt19937& random) {
  std::vector<std::string> words = SplitAtSpaces(text);
  for (uint32_t edits = random() % 5; edits > 0; --edits) {
    const auto at = words.begin() + static_cast<std::ptrdiff_t>(random() % (words.size() + 1));
    const std::string& word = Words()[random() % Words().size()];
    switch (random() % 3) {
      case 0:
        words.insert(at, word);
        break;
      case 1:
        if (at != words.end()) words.erase(at);
        break;
      case 2:
        if (at != words.end()) *at = word;
        break;
    }
  }
  return JoinWithSpaces(words);
}

// Writes anything anywhere between code points: broken words, lone marks, joiners, half flags.
std::string RandomRoughEdit(std::string_view text, std::mt19937& random) {
  static const std::vector<std::string> pieces = {
      "a",  "e", "\u0301", "\u0323", "\u200d", "👩",      "🇮",      "🇩",     " ",
      "\n", ".", ",",      "'",      "\"",     "1",      "5",      "-",     "(",
      ")",  "ꦏ", "ꦺ",      "ไทย",    "中",     "\u1100", "\u1161", "\u00a0"};
  std::string result(text);
  for (uint32_t edits = random() % 6; edits > 0; --edits) {
    size_t at = random() % (result.size() + 1);
    const auto is_inside = [&](size_t i) {
      return i < result.size() && (static_cast<unsigned char>(result[i]) & 0xc0) == 0x80;
    };
    while (is_inside(at)) ++at;
    size_t end = at;
    if (random() % 2 == 0 && end < result.size()) {
      ++end;
      while (is_inside(end)) ++end;
    }
    result.replace(at, end - at, random() % 4 == 0 ? "" : pieces[random() % pieces.size()]);
  }
  return ToNfc(result);
}

TEST(MergeTextPropertyTest, KeepsItsLawsOnWordEdits) {
  constexpr uint32_t kSeed = 16384;
  SCOPED_TRACE(testing::Message() << "seed " << kSeed);
  std::mt19937 random(kSeed);
  int both_edited = 0;
  for (int round = 0; round < 5000; ++round) {
    const std::string base = RandomText(random);
    const std::string ours = RandomWordEdit(base, random);
    const std::string theirs = RandomWordEdit(base, random);
    SCOPED_TRACE(testing::Message() << "round " << round << "\nbase:   " << base
                                    << "\nours:   " << ours << "\ntheirs: " << theirs);
    ASSERT_EQ(MergeText(base, ours, base), ours);
    ASSERT_EQ(MergeText(base, base, theirs), theirs);
    ASSERT_EQ(MergeText(base, ours, ours), ours);
    const std::optional<std::string> merged = MergeText(base, ours, theirs);
    ASSERT_TRUE(merged.has_value());
    ASSERT_EQ(MergeText(base, ours, theirs), merged);
    ASSERT_TRUE(IsValidUtf8(*merged) && IsNfc(*merged)) << *merged;

    // Counted by splitting at spaces, which knows nothing of ICU: what a side has more of than the
    // base it inserted, and what it has less of it deleted.
    const std::map<std::string, int> in_base = Counts(base), in_ours = Counts(ours),
                                     in_theirs = Counts(theirs), in_merged = Counts(*merged);
    const auto count = [](const std::map<std::string, int>& counts, const std::string& word) {
      const auto found = counts.find(word);
      return found == counts.end() ? 0 : found->second;
    };
    for (const std::string& word : Words()) {
      const int base_count = count(in_base, word);
      ASSERT_GE(count(in_merged, word), count(in_ours, word) - base_count) << word << *merged;
      ASSERT_GE(count(in_merged, word), count(in_theirs, word) - base_count) << word << *merged;
    }
    for (const auto& [word, merged_count] : in_merged) {
      ASSERT_TRUE(in_base.contains(word) || in_ours.contains(word) || in_theirs.contains(word))
          << "'" << word << "' was written by nobody: " << *merged;
    }
    both_edited += ours != base && theirs != base && ours != theirs;
  }
  EXPECT_GT(both_edited, 2000);
}

TEST(MergeTextPropertyTest, KeepsItsLawsOnRoughEdits) {
  constexpr uint32_t kSeed = 4096;
  SCOPED_TRACE(testing::Message() << "seed " << kSeed);
  std::mt19937 random(kSeed);
  for (int round = 0; round < 5000; ++round) {
    const std::string base = RandomRoughEdit(RandomText(random), random);
    const std::string ours = RandomRoughEdit(base, random);
    const std::string theirs = RandomRoughEdit(base, random);
    SCOPED_TRACE(testing::Message() << "round " << round << "\nbase:   " << base
                                    << "\nours:   " << ours << "\ntheirs: " << theirs);
    ASSERT_EQ(MergeText(base, ours, base), ours);
    ASSERT_EQ(MergeText(base, base, theirs), theirs);
    ASSERT_EQ(MergeText(base, ours, ours), ours);
    const std::optional<std::string> merged = MergeText(base, ours, theirs);
    ASSERT_TRUE(merged.has_value());
    ASSERT_EQ(MergeText(base, ours, theirs), merged);
    ASSERT_TRUE(IsValidUtf8(*merged) && IsNfc(*merged)) << *merged;
  }
}

// Texts of few different tokens, where most of the search is: the laws hold only if the edit
// scripts are right.
TEST(MergeTextPropertyTest, KeepsItsLawsOnRepetitiveTexts) {
  constexpr uint32_t kSeed = 1986;
  SCOPED_TRACE(testing::Message() << "seed " << kSeed);
  std::mt19937 random(kSeed);
  const auto noise = [&random](size_t size_max) {
    std::string text(random() % size_max, ' ');
    for (char& c : text) c = "!?;"[random() % 3];
    return text;
  };
  for (int round = 0; round < 2000; ++round) {
    const size_t size_max = round % 100 == 0 ? 1500 : 40;
    const std::string base = noise(size_max), ours = noise(size_max), theirs = noise(size_max);
    SCOPED_TRACE(testing::Message() << base << "\n" << ours << "\n" << theirs);
    ASSERT_EQ(MergeText(base, ours, base), ours);
    ASSERT_EQ(MergeText(base, base, theirs), theirs);
    ASSERT_EQ(MergeText(base, ours, ours), ours);
    ASSERT_TRUE(MergeText(base, ours, theirs).has_value());
  }
}

TEST(MergeTextTest, GivesTheSameOnAllThreads) {
  const std::string base = "Jalan rusak di Kayu Aro", ours = "Jalan rusak parah di Kayu Aro",
                    theirs = "Jalan rusak di Desa Kayu Aro";
  std::vector<int> failures(4);
  std::vector<std::thread> threads;
  for (int& failed : failures) {
    threads.emplace_back([&] {
      for (int i = 0; i < 500; ++i) {
        failed += MergeText(base, ours, theirs) != "Jalan rusak parah di Desa Kayu Aro";
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(failures, std::vector<int>(4));
}

}  // namespace
}  // namespace tikar::sync
