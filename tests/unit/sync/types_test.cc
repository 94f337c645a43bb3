#include "sync/types.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_set.h"

namespace tikar::sync {
namespace {

constexpr std::string_view kHex = "0190f5c2a7b07c3e8d1f2a3b4c5d6e7f";

TEST(FixedBytesTest, ReadsAndWritesHex) {
  const std::optional<RequestId> id = RequestId::FromHex(kHex);
  ASSERT_TRUE(id.has_value());
  EXPECT_EQ(id->hex(), kHex);
  EXPECT_EQ((*id)[0], 0x01);
  EXPECT_EQ((*id)[15], 0x7f);
  EXPECT_EQ(RequestId::FromHex("0190F5C2A7B07C3E8D1F2A3B4C5D6E7F"), id);
}

TEST(FixedBytesTest, RefusesWhatIsNoHex) {
  EXPECT_EQ(RequestId::FromHex(""), std::nullopt);
  EXPECT_EQ(RequestId::FromHex(kHex.substr(1)), std::nullopt);
  EXPECT_EQ(RequestId::FromHex(std::string(kHex) + "00"), std::nullopt);
  for (const char wrong : {'g', 'G', '/', ':', '@', '`', ' ', '\0'}) {
    std::string hex(kHex);
    hex[31] = wrong;
    EXPECT_EQ(RequestId::FromHex(hex), std::nullopt) << wrong;
    hex = kHex;
    hex[0] = wrong;
    EXPECT_EQ(RequestId::FromHex(hex), std::nullopt) << wrong;
  }
}

TEST(FixedBytesTest, TakesExactlyItsLengthOfBytes) {
  const std::string bytes("0123456789abcdef");
  const std::optional<ChangeId> id = ChangeId::FromBytes(bytes);
  ASSERT_TRUE(id.has_value());
  EXPECT_EQ(id->view(), bytes);
  EXPECT_EQ(id->bytes(), bytes);
  EXPECT_EQ(ChangeId::FromBytes(std::string_view(bytes).substr(1)), std::nullopt);
  EXPECT_EQ(ChangeId::FromBytes(bytes + "0"), std::nullopt);
  EXPECT_EQ(ChangeId::FromBytes(""), std::nullopt);
}

TEST(FixedBytesTest, OrdersAsUnsignedBytes) {
  ChangeId low, high;
  low[0] = 0x7f;
  low[15] = 0xff;
  high[0] = 0x80;
  EXPECT_LT(low, high);
  EXPECT_LT(low.view(), high.view());
  EXPECT_EQ(low <=> low, std::strong_ordering::equal);
  EXPECT_EQ((std::set<ChangeId>{high, low, ChangeId()}.begin())->hex(), std::string(32, '0'));
}

TEST(FixedBytesTest, IsZeroOnlyWhenAllBytesAre) {
  EXPECT_TRUE(ChangeId().is_zero());
  for (size_t i = 0; i < ChangeId::kSize; ++i) {
    ChangeId id;
    id[i] = 1;
    EXPECT_FALSE(id.is_zero()) << i;
  }
}

TEST(FixedBytesTest, HashesByItsBytes) {
  absl::flat_hash_set<ChangeId> ids;
  for (int i = 0; i < 256; ++i) {
    ChangeId id;
    id[15] = static_cast<uint8_t>(i);
    EXPECT_TRUE(ids.insert(id).second);
    EXPECT_FALSE(ids.insert(id).second);
  }
  EXPECT_EQ(ids.size(), 256u);
}

// The two-block and empty examples of NIST FIPS 180.
TEST(Sha256Test, GivesTheStandardsExamples) {
  EXPECT_EQ(Sha256("").hex(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(Sha256("abc").hex(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(Sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq").hex(),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

TEST(RequestKeyTest, OrdersByRegionThenId) {
  const RequestId low, high = *RequestId::FromHex(kHex);
  EXPECT_LT((RequestKey{"12.04", high}), (RequestKey{"15.01", low}));
  EXPECT_LT((RequestKey{"15.01", low}), (RequestKey{"15.01", high}));
  EXPECT_EQ((RequestKey{"15.01", high}), (RequestKey{"15.01", high}));
  absl::flat_hash_set<RequestKey> keys = {{"15.01", low}, {"15.01", high}, {"12.04", low}};
  EXPECT_EQ(keys.size(), 3u);
  EXPECT_TRUE(keys.contains(RequestKey{"12.04", low}));
  EXPECT_FALSE(keys.contains(RequestKey{"12.04", high}));
}

}  // namespace
}  // namespace tikar::sync
