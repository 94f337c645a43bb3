// Golden keys: what is on disks must be found again. A failure here means a new format, never a new
// literal.
#include "sync/keys.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/escaping.h"
#include "sync/store.h"

namespace tikar::sync {
namespace {

const RequestKey kRequest{"15.01", *RequestId::FromHex("019e807aec007c1a9a677d2499cfbd8a")};
const ChangeId kChange = *ChangeId::FromHex("293110f58020cc1a1a677d2499cfbd8a");
const DefinitionHash kDefinition =
    *DefinitionHash::FromHex("202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f");

std::string Hex(const std::string& key) { return absl::BytesToHexString(key); }

TEST(KeysTest, OfTheLogAreFrozen) {
  EXPECT_EQ(Hex(keys::Log("15.01", Origin{0x0102030405060708}, 258)),
            "31352e303101020304050607080000000000000102");
}

TEST(KeysTest, OfTheHistoryAreFrozen) {
  EXPECT_EQ(Hex(keys::History(kRequest, kChange)),
            "31352e3031019e807aec007c1a9a677d2499cfbd8a293110f58020cc1a1a677d2499cfbd8a");
}

TEST(KeysTest, OfRequestsAreFrozen) {
  EXPECT_EQ(Hex(keys::Record(kRequest)), "7231352e3031019e807aec007c1a9a677d2499cfbd8a");
  EXPECT_EQ(Hex(keys::Element(kRequest, "comments/x.0")),
            "6531352e3031019e807aec007c1a9a677d2499cfbd8a636f6d6d656e74732f782e30");
  EXPECT_EQ(Hex(keys::Conflict(kRequest, 0x0102030405060708, "status")),
            "6331352e30310102030405060708019e807aec007c1a9a677d2499cfbd8a737461747573");
  EXPECT_EQ(Hex(keys::Ref("VX4JCWZFCAZ", kRequest)),
            "785658344a43575a46434131352e3031019e807aec007c1a9a677d2499cfbd8a");
  EXPECT_EQ(Hex(keys::Wait(kDefinition, kRequest)),
            "77202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f"
            "31352e3031019e807aec007c1a9a677d2499cfbd8a");
  EXPECT_EQ(Hex(keys::Newer(kRequest)), "6e31352e3031019e807aec007c1a9a677d2499cfbd8a");
}

TEST(KeysTest, OfIndexRowsAreFrozen) {
  EXPECT_EQ(Hex(keys::Unavailable(kRequest, 3)), "6f31352e303103019e807aec007c1a9a677d2499cfbd8a");
  EXPECT_EQ(Hex(keys::Clock(keys::kRunning, kRequest, 10, 0x0102030405060708, "jawab")),
            "6431352e30310000000a0102030405060708019e807aec007c1a9a677d2499cfbd8a6a61776162");
  EXPECT_EQ(Hex(keys::Clock(keys::kSilent, kRequest, 258, 1, "tutup")),
            "7431352e3031000001020000000000000001019e807aec007c1a9a677d2499cfbd8a7475747570");
  EXPECT_EQ(Hex(keys::Place(kRequest, "pengaduan", 7, 258, 1)),
            "6731352e303170656e67616475616e00070000010200000001019e807aec007c1a9a677d2499cfbd8a");
  EXPECT_EQ(Hex(keys::Placed(kRequest)), "7131352e3031019e807aec007c1a9a677d2499cfbd8a");
  EXPECT_EQ(Hex(keys::Joined(kRequest, *RequestId::FromHex("019e807aec007c1a9a677d2499cfbd8b"))),
            "6a31352e3031019e807aec007c1a9a677d2499cfbd8a019e807aec007c1a9a677d2499cfbd8b");
  EXPECT_EQ(Hex(keys::Refused(kRequest, 258, kChange)),
            "7631352e30310000000000000102019e807aec007c1a9a677d2499cfbd8a"
            "293110f58020cc1a1a677d2499cfbd8a");
}

TEST(KeysTest, OfTheFeedAreFrozen) {
  EXPECT_EQ(Hex(keys::Feed("15.01", "15.01.06", 258)),
            "31352e303131352e30312e3036000000000000000102");
  EXPECT_EQ(Hex(keys::Feed("15.01", "@hp-siti", 1)),
            "31352e30314068702d73697469000000000000000001");
}

TEST(KeysTest, OfMetaAreFrozen) {
  EXPECT_EQ(keys::kNode, "node");
  EXPECT_EQ(keys::kCapability, "capability");
  EXPECT_EQ(keys::Region("15.01"), "region/15.01");
  EXPECT_EQ(Hex(keys::Position("15.01", Origin{0x0102030405060708})),
            "76762f31352e30310102030405060708");
  EXPECT_EQ(Hex(keys::Definition(kDefinition)),
            "646566696e6974696f6e2f"
            "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f");
  EXPECT_EQ(keys::Offer("15.01", "pengaduan"), "offer/15.01pengaduan");
  EXPECT_EQ(keys::Peer("nias"), "peer/nias");
  EXPECT_EQ(Hex(keys::Tree("15.01", Origin{0x0102030405060708})),
            "747265652f31352e30310102030405060708");
  EXPECT_EQ(Hex(keys::Tile("15.01", Origin{0x0102030405060708}, 1, 258)),
            "74696c652f31352e30310102030405060708010000000000000102");
  EXPECT_EQ(keys::Idempotent("abc"), "idempotent/abc");
  EXPECT_EQ(Hex(keys::IdempotentAge(258, "abc")),
            "6964656d706f74656e742d6167652f0000000000000102616263");
  EXPECT_EQ(Hex(keys::Left("15.01", 258, "15.01.06")),
            "6c6566742f31352e3031000000000000010231352e30312e3036");
  EXPECT_EQ(keys::LeftForgotten("15.01"), "left-forgotten/15.01");
}

TEST(KeysTest, OrderOfBytesIsOrderOfThings) {
  EXPECT_LT(keys::Log("15.01", Origin{1}, 255), keys::Log("15.01", Origin{1}, 256));
  EXPECT_LT(keys::Log("15.01", Origin{1}, UINT64_MAX), keys::Log("15.01", Origin{2}, 1));
  EXPECT_LT(keys::Feed("15.01", "15.01.06", 255), keys::Feed("15.01", "15.01.06", 256));
  EXPECT_LT(keys::Conflict(kRequest, 255, "z"), keys::Conflict(kRequest, 256, "a"));
  EXPECT_LT(keys::Clock(keys::kRunning, kRequest, 3, 255, "z"),
            keys::Clock(keys::kRunning, kRequest, 3, 256, "a"));
  EXPECT_LT(keys::Clock(keys::kRunning, kRequest, 3, INT64_MAX, "z"),
            keys::Clock(keys::kRunning, kRequest, 10, 0, "a"));
  EXPECT_LT(keys::Refused(kRequest, 255, kChange), keys::Refused(kRequest, 256, kChange));
}

// What a foreign stamp says of when it was received.
TEST(KeysTest, ARefusalKeepsItsPlaceInTimeWhateverItsStampSays) {
  EXPECT_EQ(keys::Refused(kRequest, -1, kChange), keys::Refused(kRequest, 0, kChange));
  EXPECT_EQ(keys::Refused(kRequest, INT64_MIN, kChange), keys::Refused(kRequest, 0, kChange));
  EXPECT_EQ(keys::Refused(kRequest, INT64_MAX, kChange),
            keys::Refused(kRequest, kHlcMsMax, kChange));
  EXPECT_LT(keys::Refused(kRequest, -1, kChange), keys::Refused(kRequest, 1, kChange));
}

TEST(KeysTest, APrefixHoldsItsOwnAndNothingElse) {
  const std::string prefix = keys::FeedPrefix("15.01", "15.01.06");
  EXPECT_TRUE(keys::Feed("15.01", "15.01.06", 1).starts_with(prefix));
  EXPECT_LT(keys::Feed("15.01", "15.01.06", UINT64_MAX), PrefixEnd(prefix));
  EXPECT_FALSE(keys::Feed("15.01", "15.01.060", 1).starts_with(prefix));
  // An actor whose name another's begins with.
  EXPECT_FALSE(
      keys::Feed("15.01", "@hp-siti2", 1).starts_with(keys::FeedPrefix("15.01", "@hp-siti")));
}

}  // namespace
}  // namespace tikar::sync
