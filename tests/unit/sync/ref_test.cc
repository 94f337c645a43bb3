#include "sync/ref.h"

#include <gtest/gtest.h>

#include <cctype>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tikar::sync {
namespace {

constexpr std::string_view kAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

RequestId Id(std::string_view hex) {
  const std::optional<RequestId> id = RequestId::FromHex(hex);
  EXPECT_TRUE(id.has_value()) << hex;
  return id.value_or(RequestId());
}

std::vector<std::string> SampleRefs() {
  constexpr uint32_t kSeed = 7;
  std::mt19937 random(kSeed);
  std::vector<std::string> refs = {MakeRef(RequestId()),
                                   MakeRef(Id("ffffffffffffffffffffffffffffffff"))};
  for (int i = 0; i < 20; ++i) {
    RequestId id;
    for (size_t at = 0; at < RequestId::kSize; ++at) id[at] = static_cast<uint8_t>(random());
    refs.push_back(MakeRef(id));
  }
  return refs;
}

TEST(MakeRefTest, WritesTheLast50BitsInBase32) {
  EXPECT_EQ(MakeRef(Id("00000000000000000000000000000000")), "00000000000");
  EXPECT_EQ(MakeRef(Id("00000000000000000000000000000001")).substr(0, 10), "0000000001");
  EXPECT_EQ(MakeRef(Id("0000000000000000000000000000001f")).substr(0, 10), "000000000Z");
  EXPECT_EQ(MakeRef(Id("00000000000000000000000000000020")).substr(0, 10), "0000000010");
  EXPECT_EQ(MakeRef(Id("0000000000000000000200000000000f")).substr(0, 10), "G00000000F");
  EXPECT_EQ(MakeRef(Id("ffffffffffffffffffffffffffffffff")).substr(0, 10), "ZZZZZZZZZZ");
}

TEST(MakeRefTest, LeavesOutTheTimeAndTheVariant) {
  EXPECT_EQ(MakeRef(Id("0190f5c2a7b07c3e8d1f2a3b4c5d6e7f")),
            MakeRef(Id("000000000000000000032a3b4c5d6e7f")));
  EXPECT_NE(MakeRef(Id("0190f5c2a7b07c3e8d1f2a3b4c5d6e7f")),
            MakeRef(Id("000000000000000000012a3b4c5d6e7f")));
}

// Worked out by hand: 1 doubled is 2, so the check makes 32; 16 doubled is 32, whose digits in base
// 32 sum to 1.
TEST(MakeRefTest, AppendsTheCheckOfLuhnMod32) {
  EXPECT_EQ(MakeRef(Id("00000000000000000000000000000001")), "0000000001Y");
  EXPECT_EQ(MakeRef(Id("00000000000000000000000000000010")), "000000000GZ");
  EXPECT_EQ(MakeRef(Id("00000000000000000000000000000020")), "0000000010Z");
}

// Refs are printed on receipts: they must never come out differently.
TEST(MakeRefTest, GoldenRef) {
  EXPECT_EQ(MakeRef(Id("0190f5c2a7b07c3e8d1f2a3b4c5d6e7f")), "SA7D65TVKZZ");
}

TEST(ParseRefTest, AcceptsWhatItMade) {
  for (const std::string& ref : SampleRefs()) EXPECT_EQ(ParseRef(ref), ref);
}

TEST(ParseRefTest, AcceptsHowPeopleType) {
  const std::string ref = MakeRef(Id("0000000000000000000000110f5a0020"));
  for (std::string typed :
       {FormatRef(ref), " " + ref + " ", ref.substr(0, 3) + " - " + ref.substr(3)}) {
    EXPECT_EQ(ParseRef(typed), ref) << typed;
    for (char& c : typed) c = static_cast<char>(std::tolower(c));
    EXPECT_EQ(ParseRef(typed), ref) << typed;
  }
}

TEST(ParseRefTest, ReadsLettersThatLookLikeDigits) {
  ASSERT_EQ(MakeRef(Id("00000000000000000000000000000020")), "0000000010Z");
  for (const std::string_view typed :
       {"OOOOOOOOIOZ", "oooooooolOz", "0000o000Loz", "00000000i0Z"}) {
    EXPECT_EQ(ParseRef(typed), "0000000010Z") << typed;
  }
}

TEST(ParseRefTest, RefusesOtherLengthsAndCharacters) {
  const std::string ref = SampleRefs().back();
  for (const std::string& typed :
       {std::string(), std::string("-"), ref.substr(1), ref.substr(0, 10), ref + "0", "0" + ref,
        ref + ref, "U" + ref.substr(1), "*" + ref.substr(1),
        ref.substr(0, 5) + "\t" + ref.substr(6), ref.substr(0, 10) + "\xc3\xa9", ref + '\0'}) {
    EXPECT_EQ(ParseRef(typed), std::nullopt) << typed;
  }
}

TEST(ParseRefTest, FindsEveryWrongCharacter) {
  for (const std::string& ref : SampleRefs()) {
    for (size_t at = 0; at < ref.size(); ++at) {
      for (const char wrong : kAlphabet) {
        std::string typed = ref;
        typed[at] = wrong;
        if (typed == ref) continue;
        EXPECT_EQ(ParseRef(typed), std::nullopt) << ref << " as " << typed;
      }
    }
  }
}

// All pairs of characters at all places, on refs made for the purpose.
TEST(ParseRefTest, FindsEverySwapOfNeighboursBut0AndZ) {
  int swaps = 0;
  for (size_t at = 0; at + 1 < 10; ++at) {
    for (uint64_t left = 0; left < 32; ++left) {
      for (uint64_t right = 0; right < 32; ++right) {
        if (left == right) continue;
        const uint64_t low = left << 5 * (9 - at) | right << 5 * (8 - at);
        RequestId id;
        for (size_t i = 0; i < 8; ++i) id[15 - i] = static_cast<uint8_t>(low >> 8 * i);
        const std::string ref = MakeRef(id);
        ASSERT_EQ(ref[at], kAlphabet[left]);
        std::string typed = ref;
        std::swap(typed[at], typed[at + 1]);
        const bool is_blind_spot = left + right == 31 && (left == 0 || right == 0);
        EXPECT_EQ(ParseRef(typed).has_value(), is_blind_spot) << ref << " as " << typed;
        ++swaps;
      }
    }
  }
  EXPECT_EQ(swaps, 9 * 32 * 31);
}

TEST(ParseRefTest, FindsASwapWithTheCheckCharacter) {
  int swaps = 0;
  for (const std::string& ref : SampleRefs()) {
    const std::string_view last_two = std::string_view(ref).substr(9);
    if (last_two[0] == last_two[1] || last_two == "0Z" || last_two == "Z0") continue;
    std::string typed = ref;
    std::swap(typed[9], typed[10]);
    EXPECT_EQ(ParseRef(typed), std::nullopt) << ref << " as " << typed;
    ++swaps;
  }
  EXPECT_GT(swaps, 10);
}

TEST(FormatRefTest, GroupsForReadingAloud) { EXPECT_EQ(FormatRef("7ZK4QX9M2HP"), "7ZK4Q-X9M2H-P"); }

}  // namespace
}  // namespace tikar::sync
