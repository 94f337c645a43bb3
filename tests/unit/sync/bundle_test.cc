#include "sync/bundle.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sodium.h>
#include <zstd.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "bundle_sample.h"
#include "sync/bundle_seal.h"
#include "sync/canonical.h"
#include "sync/merkle_tree.h"

namespace tikar::sync {
namespace {

using testing::AnyOf;
using testing::HasSubstr;

std::string SmallFile() {
  return MakeParts(FromNias(), {DefinitionRecord("form"), EntryRecord("12.04", 77, 1, "jembatan"),
                                EntryRecord("12.04", 77, 2, "putus")})
      ->front();
}

// A file that is signed and sealed as it should be around bytes that no writer would make.
struct Forgery {
  BundleKind kind = BundleKind::kNode;
  std::string plain = {};                            // what is packed in it
  std::optional<std::string> packed = std::nullopt;  // instead
  std::optional<uint64_t> unpacked_bytes = std::nullopt;
  std::optional<SigningKey> sealed_by = std::nullopt;  // somebody else
};
std::string Forge(const Forgery& forgery) {
  const SigningKey key = KeyOf('n');
  BundleHeader header;
  header.kind = forgery.kind;
  header.id[0] = 1;
  header.sender = "nias";
  header.sender_key = forgery.sealed_by.value_or(key).public_key();
  header.receiver = "hub";
  const AgreementKey receiver = *AgreementKeyOf(KeyOf('h').public_key());
  header.receiver_key = KeyIdOf(receiver);
  Sealer sealer(receiver, RandomOf(3)(kSealRandomBytes), SealBinding(header));
  header.sender_key = key.public_key();
  std::string packed(ZSTD_compressBound(forgery.plain.size()), '\0');
  packed.resize(
      ZSTD_compress(packed.data(), packed.size(), forgery.plain.data(), forgery.plain.size(), 3));
  sealer.Add(forgery.packed.value_or(packed));
  sealer.Finish();
  const std::string sealed = sealer.Take();
  header.sealed_bytes = sealed.size();
  header.unpacked_bytes = forgery.unpacked_bytes.value_or(forgery.plain.size());
  std::vector<Hash> leaves;
  for (size_t at = 0; at < sealed.size(); at += kBundleBlockBytes) {
    leaves.push_back(MerkleLeafHash(std::string_view(sealed).substr(at, kBundleBlockBytes)));
  }
  header.blocks = JoinBundleBlocks(std::move(leaves)).hashes;
  return FormatBundleHead(header, key) + sealed;
}

std::string Framed(const std::vector<v1::BundleRecord>& records) {
  CanonicalWriter writer;
  for (const v1::BundleRecord& record : records) writer.Bytes(record.SerializeAsString());
  return writer.Take();
}

v1::BundleRecord Manifest() {
  v1::BundleRecord record;
  record.mutable_manifest()->set_made_at_ms(5);
  return record;
}

v1::BundleRecord EndOf(uint64_t records) {
  v1::BundleRecord record;
  record.mutable_end()->set_records(records);
  return record;
}

TEST(BundleTest, TheReceiverReadsWhatWasWritten) {
  const std::vector<v1::BundleRecord> written = {
      DefinitionRecord("form"), EntryRecord("12.04", 77, 1, "jembatan"),
      EntryRecord("12.04", 77, 2, "putus"), EntryRecord("12.04", 99, 41, "lain")};
  const auto files = MakeParts(FromNias(), written);
  ASSERT_TRUE(files.ok()) << files.status();
  ASSERT_EQ(files->size(), 1u);
  for (const size_t piece : {size_t{1}, size_t{17}, size_t{1} << 20}) {
    const auto records = ReadPart(files->front(), KeyOf('h'), piece);
    ASSERT_TRUE(records.ok()) << records.status();
    ASSERT_EQ(records->size(), written.size() + 2);
    EXPECT_EQ(records->front().manifest().regions(0), "12.04");
    for (size_t i = 0; i < written.size(); ++i) {
      EXPECT_EQ((*records)[i + 1].SerializeAsString(), written[i].SerializeAsString());
    }
    const v1::BundleEnd& end = records->back().end();
    EXPECT_EQ(end.records(), 5u);
    ASSERT_EQ(end.ranges_size(), 2);
    EXPECT_EQ(end.ranges(0).after(), 0u);
    EXPECT_EQ(end.ranges(0).end(), 2u);
    EXPECT_EQ(end.ranges(1).after(), 40u);
    EXPECT_EQ(end.ranges(1).end(), 41u);
  }
}

TEST(BundleTest, TheHeadSaysWhoseItIsWithoutAnyKey) {
  const std::string file = SmallFile();
  const auto head = ParseBundleHead(file);
  ASSERT_TRUE(head.ok()) << head.status();
  EXPECT_EQ(head->header.kind, BundleKind::kNode);
  EXPECT_EQ(head->header.sender, "nias");
  EXPECT_EQ(head->header.sender_key, KeyOf('n').public_key());
  EXPECT_EQ(head->header.receiver, "hub");
  EXPECT_EQ(head->bytes + head->header.sealed_bytes, file.size());
  // Nothing of what is in it shows.
  EXPECT_EQ(file.find("jembatan"), std::string::npos);
}

TEST(BundleTest, TheSameRandomnessMakesTheSameBytes) { EXPECT_EQ(SmallFile(), SmallFile()); }

TEST(BundleTest, LibsodiumItselfOpensTheSeal) {
  const std::string file = SmallFile();
  const std::string payload = file.substr(ParseBundleHead(file)->bytes);
  const auto* bytes = reinterpret_cast<const unsigned char*>(payload.data());
  unsigned char public_key[32], secret_key[64], box_public[32], box_secret[32], key[32];
  const std::string seed(32, 'h');
  ASSERT_GE(sodium_init(), 0);
  crypto_sign_seed_keypair(public_key, secret_key,
                           reinterpret_cast<const unsigned char*>(seed.data()));
  ASSERT_EQ(crypto_sign_ed25519_pk_to_curve25519(box_public, public_key), 0);
  ASSERT_EQ(crypto_sign_ed25519_sk_to_curve25519(box_secret, secret_key), 0);
  EXPECT_EQ(std::string(reinterpret_cast<char*>(box_secret), 32), KeyOf('h').AgreementSecret());
  EXPECT_EQ(crypto_box_seal_open(key, bytes, 80, box_public, box_secret), 0);
}

TEST(BundleTest, OneByteThatIsOffAnywhereRefusesTheWhole) {
  const std::string file = SmallFile();
  for (size_t at = 0; at < file.size(); ++at) {
    for (const char flip : {'\x01', '\x80'}) {
      std::string damaged = file;
      damaged[at] = static_cast<char>(damaged[at] ^ flip);
      // Before anything is unpacked: the first pass says so.
      const auto head = ParseBundleHead(damaged);
      absl::Status status = head.status();
      if (head.ok()) {
        BundleCheck check(*head);
        status = check.Add(std::string_view(damaged).substr(head->bytes));
        if (status.ok()) status = check.Finish();
      }
      EXPECT_FALSE(status.ok()) << "byte " << at;
      EXPECT_FALSE(ReadPart(damaged, KeyOf('h')).ok()) << "byte " << at;
    }
  }
}

TEST(BundleTest, AFileThatIsCutOffOrContinuedIsRefused) {
  const std::string file = SmallFile();
  for (size_t size = 0; size < file.size(); ++size) {
    const absl::Status status = ReadPart(file.substr(0, size), KeyOf('h')).status();
    EXPECT_THAT(status.code(),
                AnyOf(absl::StatusCode::kDataLoss, absl::StatusCode::kInvalidArgument))
        << size << ": " << status;
  }
  const absl::Status longer = ReadPart(file + "x", KeyOf('h')).status();
  EXPECT_EQ(longer.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(longer.message()), HasSubstr("longer"));
}

TEST(BundleTest, DamageIsToldWhereItIs) {
  // 40 MiB: blocks of two.
  const auto files = MakeParts(FromNias(), Entries(700, 60'000));
  ASSERT_TRUE(files.ok()) << files.status();
  std::string file = files->front();
  const auto head = ParseBundleHead(file);
  ASSERT_TRUE(head.ok());
  EXPECT_LE(head->header.blocks.size(), kBundleBlocksMax);
  const size_t at = head->bytes + 23'456'789;
  file[at] = static_cast<char>(file[at] ^ 4);
  const absl::Status status = ReadPart(file, KeyOf('h'), 1 << 20).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  const size_t block = size_t{23'456'789} / (256 << 10) * (256 << 10) + head->bytes;
  EXPECT_THAT(
      std::string(status.message()),
      HasSubstr(absl::StrCat("between byte ", block, " and byte ", block + (256 << 10) - 1)));
}

TEST(BundleTest, NobodyElseOpensIt) {
  const absl::Status status = ReadPart(SmallFile(), KeyOf('k')).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("sealed to hub"));
}

TEST(BundleTest, AHeadSignedByAnotherKeyIsRefused) {
  const std::string file = SmallFile();
  const BundleHead head = *ParseBundleHead(file);
  BundleHeader header = head.header;
  header.sender_key = KeyOf('x').public_key();
  std::string forged = FormatBundleHead(header, KeyOf('x'));
  // Its own key is fine, but what it signs for is not what the sealed part is bound to.
  EXPECT_TRUE(ParseBundleHead(forged).ok());
  EXPECT_EQ(ReadPart(forged + file.substr(head.bytes), KeyOf('h')).status().code(),
            absl::StatusCode::kDataLoss);
  // The victim's name and key under the forger's signature.
  std::string claimed = FormatBundleHead(head.header, KeyOf('n'));
  claimed.replace(claimed.size() - Signature::kSize, Signature::kSize,
                  forged.substr(forged.size() - Signature::kSize));
  EXPECT_EQ(ParseBundleHead(claimed).status().code(), absl::StatusCode::kDataLoss);
}

TEST(BundleTest, WhatAnotherSealedCannotBePassedOnAsOnesOwn) {
  const std::string stolen =
      Forge({.plain = Framed({Manifest(), EndOf(1)}), .sealed_by = KeyOf('z')});
  EXPECT_EQ(ReadPart(stolen, KeyOf('h')).status().code(), absl::StatusCode::kDataLoss);
  EXPECT_TRUE(ReadPart(Forge({.plain = Framed({Manifest(), EndOf(1)})}), KeyOf('h')).ok());
}

TEST(BundleTest, ABombIsRefusedBeforeItGoesOff) {
  // 64 MiB of nothing in some kilobytes, under a head that says little.
  const std::string nothing(size_t{64} << 20, '\0');
  const absl::Status lies =
      ReadPart(Forge({.plain = nothing, .unpacked_bytes = 1'000}), KeyOf('h')).status();
  EXPECT_EQ(lies.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(lies.message()), HasSubstr("1000 bytes"));
  // One that is honest about it: no record is that large.
  CanonicalWriter writer;
  writer.Varint(nothing.size());
  const absl::Status honest =
      ReadPart(Forge({.plain = writer.Take() + nothing}), KeyOf('h')).status();
  EXPECT_EQ(honest.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(honest.message()), HasSubstr("too large"));
  // And more than any part may hold is not even opened.
  BundleHeader header = ParseBundleHead(SmallFile())->header;
  header.unpacked_bytes = kBundlePartUnpackedBytesMax;
  EXPECT_TRUE(ParseBundleHead(FormatBundleHead(header, KeyOf('n'))).ok());
  header.unpacked_bytes = kBundlePartUnpackedBytesMax + 1;
  EXPECT_DEATH(FormatBundleHead(header, KeyOf('n')), "CheckHeader");
}

TEST(BundleTest, AWindowThatIsTooLargeIsRefused) {
  // zstd would keep 128 MiB for it.
  std::string plain = Framed({Manifest(), EndOf(1)});
  ZSTD_CCtx* context = ZSTD_createCCtx();
  ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, 27);
  std::string packed(4'096, '\0');
  ZSTD_inBuffer in{plain.data(), plain.size(), 0};
  ZSTD_outBuffer out{packed.data(), packed.size(), 0};
  ZSTD_compressStream2(context, &out, &in, ZSTD_e_flush);
  ASSERT_EQ(ZSTD_compressStream2(context, &out, &in, ZSTD_e_end), 0u);
  packed.resize(out.pos);
  ZSTD_freeCCtx(context);
  EXPECT_EQ(ReadPart(Forge({.plain = plain, .packed = packed}), KeyOf('h')).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(BundleTest, RecordsThatDoNotBelongThereAreRefused) {
  const v1::BundleRecord one = EntryRecord("12.04", 77, 1, "a"),
                         three = EntryRecord("12.04", 77, 3, "c"),
                         other = EntryRecord("12.04", 78, 1, "d"), form = DefinitionRecord("f");
  v1::BundleRecord change;
  change.mutable_change()->set_body("b");
  v1::BundleRecord end_of_one = EndOf(2);
  v1::BundleRange& range = *end_of_one.mutable_end()->add_ranges();
  range.set_region("12.04");
  range.set_origin(77);
  range.set_end(1);
  const struct {
    const char* why;
    std::vector<v1::BundleRecord> records;
    bool good = false;
  } cases[] = {
      {"whole", {Manifest(), one, end_of_one}, true},
      {"nothing at all", {}},
      {"no manifest", {one, end_of_one}},
      {"two manifests", {Manifest(), Manifest(), EndOf(2)}},
      {"no end", {Manifest(), one}},
      {"an end that lies", {Manifest(), one, EndOf(2)}},
      {"something behind the end", {Manifest(), one, end_of_one, other}},
      {"a gap", {Manifest(), one, three, end_of_one}},
      {"a log in two places", {Manifest(), one, other, EntryRecord("12.04", 77, 2, "b"), EndOf(4)}},
      {"a definition behind an entry", {Manifest(), one, form, end_of_one}},
      {"a phone's change", {Manifest(), change, EndOf(2)}},
      {"an empty record", {Manifest(), v1::BundleRecord(), EndOf(2)}},
  };
  for (const auto& c : cases) {
    const absl::Status status = ReadPart(Forge({.plain = Framed(c.records)}), KeyOf('h')).status();
    EXPECT_EQ(status.code(), c.good ? absl::StatusCode::kOk : absl::StatusCode::kInvalidArgument)
        << c.why << ": " << status;
  }
  // Bytes that are no records, and less or more than the head says.
  const std::string whole = Framed({Manifest(), one, end_of_one});
  for (const Forgery& forgery :
       {Forgery{.plain = whole + "\x7f"}, Forgery{.plain = std::string("\x03\xff\xff\xff", 4)},
        Forgery{.plain = whole, .unpacked_bytes = whole.size() + 1},
        Forgery{.plain = whole, .unpacked_bytes = whole.size() - 1},
        Forgery{.plain = whole, .packed = "no frame"}}) {
    EXPECT_EQ(ReadPart(Forge(forgery), KeyOf('h')).status().code(),
              absl::StatusCode::kInvalidArgument);
  }
}

TEST(BundleTest, AFormatThatIsNotKnownIsToldAsSuch) {
  std::string file = SmallFile();
  file[8] = 2;
  const absl::Status status = ParseBundleHead(file).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("upgrade"));
  EXPECT_EQ(ParseBundleHead("PK\x03\x04 something else").status().code(),
            absl::StatusCode::kInvalidArgument);
}

// The bytes of the format: docs/formats.md. A change here is a new version of it.
TEST(BundleTest, TheBytesAreFrozen) {
  const std::string file = SmallFile();
  EXPECT_EQ(file.substr(0, 9), std::string("TIKARBDL\x01"));
  const BundleHead head = *ParseBundleHead(file);
  EXPECT_EQ(FormatBundleHead(head.header, KeyOf('n')), file.substr(0, head.bytes));
  EXPECT_EQ(Sha256(FormatBundleHead(
                       [] {
                         BundleHeader header;
                         header.sender = "nias";
                         header.sender_key = KeyOf('n').public_key();
                         header.receiver = "hub";
                         header.sealed_bytes = 5;
                         header.unpacked_bytes = 7;
                         header.blocks = {Sha256("block")};
                         return header;
                       }(),
                       KeyOf('n')))
                .hex(),
            "860c722e7fec0d96695f6a74b679be33eed4eacb9b7c2b567f292e2aa49ccd9d");
}

}  // namespace
}  // namespace tikar::sync
