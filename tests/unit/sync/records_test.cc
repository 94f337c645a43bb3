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
  local.waits = true;
  local.cover = {{1, 0x8000000000000001}, {}};
  local.element_sum =
      ElementSum::FromBytes(absl::HexStringToBytes("000102030405060708090a0b0c0d0e0f"));
  local.element_counts = {{"comments", 2}};
  local.element_bytes = 345;
  local.feed_rows = {{.bucket = "15.01.06", .position = 7, .left = false},
                     {.bucket = "@hp-siti", .position = 6, .left = true}};
  local.conflict_rows = {{0x0011223344556677, "biaya"}};
  return local;
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
      "0105737461746501aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa01056269617961030202018180808080"
      "808080800100000102030405060708090a0b0c0d0e0f0108636f6d6d656e747302d902020831352e"
      "30312e30360700084068702d736974690601010011223344556677056269617961");
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
    bytes[0] = 2;
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
