// Golden records: bytes on disk and in the verifiable log. The literals were computed by
// hand-written Python after docs/formats.md, not by this code. A failure here means a new version
// of the format, never a new literal.
#include "sync/records.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/escaping.h"
#include "kerinci.h"
#include "sync/keys.h"

namespace tikar::sync {
namespace {

using ::testing::HasSubstr;

const Hash kHash =
    *Hash::FromHex("202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f");
const RequestId kRequest = *RequestId::FromHex("404142434445464748494a4b4c4d4e4f");
const ChangeId kA = *ChangeId::FromHex("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
const ChangeId kB = *ChangeId::FromHex("bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb");

Stamp SignedStamp() {
  return {.received_at_ms = kMorningMs,
          .clock_offset_ms = -90'000,
          .verdict = v1::VERDICT_ACCEPTED,
          .signature_id = "sig"};
}

EntryRecord EntryWithBody() {
  return {.stamp = SignedStamp(),
          .change_hash = kHash,
          .body = "body",
          .request_id = kRequest,
          .stub_parents = {},
          .sealed_body = "",
          .salvaged_from = {}};
}

EntryRecord Stub() {
  return {.stamp = {.received_at_ms = kMorningMs,
                    .verdict = v1::VERDICT_VOID,
                    .reason = v1::REFUSAL_REASON_LIMIT},
          .change_hash = kHash,
          .body = "",
          .request_id = kRequest,
          .stub_parents = {kA, kB},
          .sealed_body = "",
          .salvaged_from = {Origin{0x0102030405060708}, 9}};
}

Header TwiceLogged() {
  return {.parents = {kA, kB},
          .generation = 300,
          .stamp = SignedStamp(),
          .paths = {"judul", "status"},
          .has_body = true,
          .contests_retract = true,
          .positions = {{Origin{1}, 7}, {Origin{2}, 8}}};
}

RequestLocal EverythingLocal() {
  RequestLocal local;
  local.missing = {kA};
  local.disputed = {"biaya"};
  local.retract_open = true;
  local.has_timer_change = true;
  local.cover = {{1, 0x8000000000000001}, {}};
  local.element_sum =
      ElementSum::FromBytes(absl::HexStringToBytes("000102030405060708090a0b0c0d0e0f"));
  local.element_counts = {{"comments", 2}};
  local.element_bytes = 345;
  local.feed_rows = {{.bucket = "15.01.06", .position = 7, .left = false},
                     {.bucket = "@hp-siti", .position = 6, .left = true}};
  local.refused_count = 300;
  return local;
}

OfferRecord Offered() {
  return {.region = "15.01",
          .service = "pengaduan",
          .definition = kHash,
          .actor = "hp-bud",
          .time_ms = kMorningMs};
}

NodeRecord MovedNode() {
  return {.origin = Origin{0x0102030405060708},
          .machine_id = "machine",
          .past_origins = {Origin{1}, Origin{2}},
          .last_received_at_ms = kMorningMs};
}

RegionRecord BusyRegion() {
  return {.feed_id = FeedId{0x1112131415161718},
          .feed_position = 300,
          .last_seq = 2,
          .requests = 3,
          .changes = 4,
          .conflicts = 5,
          .waiting = 6,
          .last_hlc = 0x0011223344556677};
}

IdempotencyRecord MadeOnce() {
  return {.request = {"15.01", kRequest},
          .change = kA,
          .verdict = v1::VERDICT_ACCEPTED,
          .time_ms = kMorningMs};
}

TEST(RecordsTest, AnEntryIsFrozen) {
  const std::string bytes = absl::HexStringToBytes(
      "0180b0d787d0679ffe0a030003736967"
      "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f"
      "404142434445464748494a4b4c4d4e4f00000000000000000000"
      "0004626f6479");
  EXPECT_EQ(absl::BytesToHexString(EncodeEntry(EntryWithBody())), absl::BytesToHexString(bytes));
  EXPECT_EQ(*DecodeEntry(bytes), EntryWithBody());
}

TEST(RecordsTest, AStubIsFrozen) {
  const std::string bytes = absl::HexStringToBytes(
      "0180b0d787d067000102"
      "00202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f"
      "404142434445464748494a4b4c4d4e4f02aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
      "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb0102030405060708090000");
  EXPECT_EQ(absl::BytesToHexString(EncodeEntry(Stub())), absl::BytesToHexString(bytes));
  EXPECT_EQ(*DecodeEntry(bytes), Stub());
}

TEST(RecordsTest, ALeafIsFrozen) {
  EXPECT_EQ(LeafHash("15.01", Origin{0x0102030405060708}, 9, SignedStamp(), kHash).hex(),
            "f6d6eae0a6e35c8f350660c73f7523848ac379f85d7124fadcfeb684f007e8f5");
}

TEST(RecordsTest, ALeafCommitsToEveryPartOfAnEntrysIdentity) {
  const Hash leaf = LeafHash("15.01", Origin{1}, 9, SignedStamp(), kHash);
  EXPECT_NE(LeafHash("12.04", Origin{1}, 9, SignedStamp(), kHash), leaf);
  EXPECT_NE(LeafHash("15.01", Origin{2}, 9, SignedStamp(), kHash), leaf);
  EXPECT_NE(LeafHash("15.01", Origin{1}, 10, SignedStamp(), kHash), leaf);
  EXPECT_NE(LeafHash("15.01", Origin{1}, 9, SignedStamp(), Hash()), leaf);
  Stamp stamp = SignedStamp();
  stamp.received_at_ms += 1;
  EXPECT_NE(LeafHash("15.01", Origin{1}, 9, stamp, kHash), leaf);
  stamp = SignedStamp();
  stamp.verdict = v1::VERDICT_VOID;
  EXPECT_NE(LeafHash("15.01", Origin{1}, 9, stamp, kHash), leaf);
  stamp = SignedStamp();
  stamp.signature_id = "gis";
  EXPECT_NE(LeafHash("15.01", Origin{1}, 9, stamp, kHash), leaf);
}

TEST(RecordsTest, AHeaderIsFrozen) {
  const std::string bytes = absl::HexStringToBytes(
      "0102aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
      "ac0280b0d787d0679ffe0a03000373696702056a7564756c067374617475730902"
      "000000000000000107000000000000000208");
  EXPECT_EQ(absl::BytesToHexString(EncodeHeader(TwiceLogged())), absl::BytesToHexString(bytes));
  EXPECT_EQ(*DecodeHeader(bytes), TwiceLogged());
}

TEST(RecordsTest, ARequestsRecordIsFrozen) {
  const std::string bytes = absl::HexStringToBytes(
      "0305737461746501aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa01056269617961050202018180808080"
      "808080800100000102030405060708090a0b0c0d0e0f0108636f6d6d656e747302d902020831352e"
      "30312e30360700084068702d7369746906"
      "01ac02");
  EXPECT_EQ(absl::BytesToHexString(EncodeRecord("state", EverythingLocal())),
            absl::BytesToHexString(bytes));
  const absl::StatusOr<RecordParts> parts = DecodeRecord(bytes);
  ASSERT_TRUE(parts.ok());
  EXPECT_EQ(parts->state_bytes, "state");
  EXPECT_EQ(parts->local, EverythingLocal());
  EXPECT_EQ(parts->local.feed_position(), 7u);
  EXPECT_EQ(parts->local.ElementCount("comments"), 2u);
  EXPECT_EQ(parts->local.ElementCount("tags"), 0u);
}

TEST(RecordsTest, ARequestsRecordOfAnEarlierVersionIsRefusedAndSaysSo) {
  for (const char version : {1, 2}) {
    std::string bytes = EncodeRecord("state", EverythingLocal());
    bytes.front() = version;
    const absl::Status status = DecodeRecord(bytes).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
    EXPECT_THAT(std::string(status.message()), HasSubstr("before service clocks"));
  }
}

TEST(RecordsTest, ARefusedRecordIsFrozen) {
  const RefusedRecord refused{.reason = v1::REFUSAL_REASON_ROLE, .actor = "hp-siti"};
  const std::string bytes =
      "\x01" + std::string(1, char{v1::REFUSAL_REASON_ROLE}) + std::string("\x07hp-siti");
  EXPECT_EQ(EncodeRefused(refused), bytes);
  EXPECT_EQ(*DecodeRefused(bytes), refused);
}

TEST(RecordsTest, AnOfferIsFrozen) {
  const std::string bytes = absl::HexStringToBytes(
      "01202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f"
      "0668702d62756480b0d787d067");
  OfferRecord offer = Offered();
  EXPECT_EQ(absl::BytesToHexString(EncodeOffer(offer)), absl::BytesToHexString(bytes));
  EXPECT_EQ(*DecodeOffer("15.01", "pengaduan", bytes), offer);
}

TEST(RecordsTest, ATreeIsFrozen) {
  const TreeRecord tree{.size = 300, .root = Sha256("")};
  const std::string bytes = absl::HexStringToBytes(
      "01ac02e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(absl::BytesToHexString(EncodeTree(tree)), absl::BytesToHexString(bytes));
  EXPECT_EQ(*DecodeTree(bytes), tree);
}

TEST(RecordsTest, AFoldCapabilityIsFrozen) {
  const FoldCapability capability{.mutation_kind = 10, .value_kind = 8, .merge_version = 300};
  EXPECT_EQ(absl::BytesToHexString(EncodeCapability(capability)), "010a08ac02");
  EXPECT_EQ(*DecodeCapability(absl::HexStringToBytes("010a08ac02")), capability);
}

TEST(RecordsTest, APositionIsFrozenAndADamagedOneIsNamed) {
  EXPECT_EQ(absl::BytesToHexString(EncodePosition(300)), "ac02");
  const Origin origin{0x0102030405060708};
  EXPECT_EQ(*DecodePosition("15.01", origin, absl::HexStringToBytes("ac02")), 300u);
  // Cut short, longer, and a number that no log has.
  for (const char* damaged : {"", "ac", "ac0200", "00", "8000"}) {
    const absl::Status status =
        DecodePosition("15.01", origin, absl::HexStringToBytes(damaged)).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << damaged;
    EXPECT_THAT(std::string(status.message()), HasSubstr("vv/15.01/0102030405060708")) << damaged;
  }
  EXPECT_EQ(*OriginOfPosition("15.01", keys::Position("15.01", origin)), origin);
  for (const char* damaged : {"vv/15.01", "vv/15.011234567", "vv/15.01123456789"}) {
    EXPECT_EQ(OriginOfPosition("15.01", damaged).status().code(), absl::StatusCode::kDataLoss);
  }
}

TEST(RecordsTest, ANodesRecordIsFrozen) {
  const std::string bytes = absl::HexStringToBytes(
      "010102030405060708076d616368696e65020000000000000001000000000000000280b0d787d067");
  EXPECT_EQ(absl::BytesToHexString(EncodeNode(MovedNode())), absl::BytesToHexString(bytes));
  EXPECT_EQ(*DecodeNode(bytes), MovedNode());
}

TEST(RecordsTest, ARegionsRecordIsFrozen) {
  const std::string bytes =
      absl::HexStringToBytes("011112131415161718ac0202030405060011223344556677");
  EXPECT_EQ(absl::BytesToHexString(EncodeRegion(BusyRegion())), absl::BytesToHexString(bytes));
  EXPECT_EQ(*DecodeRegion(bytes), BusyRegion());
}

TEST(RecordsTest, AnIdempotencyRecordIsFrozen) {
  const std::string bytes = absl::HexStringToBytes(
      "010531352e3031404142434445464748494a4b4c4d4e4f"
      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa0380b0d787d067");
  EXPECT_EQ(absl::BytesToHexString(EncodeIdempotency(MadeOnce())), absl::BytesToHexString(bytes));
  EXPECT_EQ(*DecodeIdempotency(bytes), MadeOnce());
}

// A record, and how to read it and write it again.
struct Format {
  std::string_view name;
  std::string bytes;
  std::function<absl::StatusOr<std::string>(std::string_view)> rewrite;
};

template <typename Decode, typename Encode>
auto Rewrite(Decode decode, Encode encode) {
  return [=](std::string_view bytes) -> absl::StatusOr<std::string> {
    auto record = decode(bytes);
    if (!record.ok()) return record.status();
    return encode(*record);
  };
}

std::vector<Format> AllFormats() {
  return {
      {"log entry", EncodeEntry(EntryWithBody()), Rewrite(DecodeEntry, EncodeEntry)},
      {"stub", EncodeEntry(Stub()), Rewrite(DecodeEntry, EncodeEntry)},
      {"history header", EncodeHeader(TwiceLogged()), Rewrite(DecodeHeader, EncodeHeader)},
      {"request record", EncodeRecord("state", EverythingLocal()),
       Rewrite(DecodeRecord,
               [](const RecordParts& p) { return EncodeRecord(p.state_bytes, p.local); })},
      {"node record", EncodeNode(MovedNode()), Rewrite(DecodeNode, EncodeNode)},
      {"region record", EncodeRegion(BusyRegion()), Rewrite(DecodeRegion, EncodeRegion)},
      {"idempotency record", EncodeIdempotency(MadeOnce()),
       Rewrite(DecodeIdempotency, EncodeIdempotency)},
      {"refused record", EncodeRefused({.reason = v1::REFUSAL_REASON_ROLE, .actor = "hp-siti"}),
       Rewrite(DecodeRefused, EncodeRefused)},
      {"offer", EncodeOffer(Offered()),
       Rewrite([](std::string_view bytes) { return DecodeOffer("15.01", "pengaduan", bytes); },
               EncodeOffer)},
      {"Merkle tree", EncodeTree({.size = 300, .root = Sha256("")}),
       Rewrite(DecodeTree, EncodeTree)},
      {"fold capability", EncodeCapability(kFoldCapability),
       Rewrite(DecodeCapability, EncodeCapability)},
  };
}

TEST(RecordsTest, ARecordThatWasCutShortOrGrewIsDamaged) {
  for (const Format& format : AllFormats()) {
    for (size_t size = 0; size < format.bytes.size(); ++size) {
      EXPECT_EQ(format.rewrite(format.bytes.substr(0, size)).status().code(),
                absl::StatusCode::kDataLoss)
          << format.name << " cut to " << size;
    }
    EXPECT_EQ(format.rewrite(format.bytes + '\0').status().code(), absl::StatusCode::kDataLoss)
        << format.name;
  }
}

// Every record has one encoding: what is read from any bytes is written as the same bytes, so a
// flipped bit is found or is another record, and never one record under two spellings.
TEST(RecordsTest, AFlippedBitIsDamageOrAnotherRecordAndNeverACrash) {
  for (const Format& format : AllFormats()) {
    size_t damaged = 0;
    for (size_t at = 0; at < format.bytes.size(); ++at) {
      for (int bit = 0; bit < 8; ++bit) {
        std::string bytes = format.bytes;
        bytes[at] ^= static_cast<char>(1 << bit);
        const absl::StatusOr<std::string> rewritten = format.rewrite(bytes);
        if (rewritten.ok()) {
          EXPECT_EQ(absl::BytesToHexString(*rewritten), absl::BytesToHexString(bytes))
              << format.name << ", bit " << bit << " of byte " << at;
        } else {
          EXPECT_EQ(rewritten.status().code(), absl::StatusCode::kDataLoss) << format.name;
          ++damaged;
        }
      }
    }
    EXPECT_GT(damaged, 8u) << format.name;
  }
}

TEST(RecordsTest, ARecordOfANewerBuildSaysToUpgrade) {
  for (const Format& format : AllFormats()) {
    std::string bytes = format.bytes;
    bytes[0] = static_cast<char>(bytes[0] + 1);
    const absl::Status status = format.rewrite(bytes).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << format.name;
    EXPECT_THAT(std::string(status.message()), HasSubstr("upgrade tikard")) << format.name;
    bytes[0] = 0;
    EXPECT_THAT(std::string(format.rewrite(bytes).status().message()), HasSubstr("damaged"));
  }
}

TEST(HeaderTest, OnlyAnAcceptedChangeWithItsBodyIsLive) {
  Header header = TwiceLogged();
  EXPECT_TRUE(header.live());
  header.has_body = false;
  EXPECT_FALSE(header.live());
  header.has_body = true;
  for (const v1::Verdict verdict : {v1::VERDICT_VOID, v1::VERDICT_QUARANTINED}) {
    header.stamp.verdict = verdict;
    EXPECT_FALSE(header.live());
  }
  EXPECT_TRUE(header.Touches("status"));
  EXPECT_FALSE(header.Touches("statu"));
}

}  // namespace
}  // namespace tikar::sync
