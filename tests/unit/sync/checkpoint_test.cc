#include "sync/checkpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "merkle_vectors.h"
#include "note_keys.h"

namespace tikar::sync {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

constexpr Origin kOrigin{0x0123456789abcdef};

Checkpoint OfVectors(uint64_t size) {
  return {.log = LogLine("15.01", kOrigin), .size = size, .root = HashOf(kVectorRoots[size])};
}
SignedCheckpoint Signed(const Checkpoint& checkpoint, const SigningKey& signer) {
  return {.checkpoint = checkpoint, .note = SignCheckpoint(checkpoint, signer)};
}

TEST(CheckpointTest, ThePublishedExample) {
  const absl::StatusOr<SignedCheckpoint> parsed = ParseCheckpoint(kBehindTheSofa);
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(parsed->checkpoint.log, "example.com/behind-the-sofa");
  EXPECT_EQ(parsed->checkpoint.size, 20852163u);
  EXPECT_EQ(parsed->checkpoint.root.hex(),
            "0ac5186a91863e8e1d90c808014aa89bf5da8e3ee1d9f07630f0378f68f1ab62");
  EXPECT_EQ(CheckpointText(parsed->checkpoint), parsed->note.text);
  EXPECT_EQ(FormatSignedNote(parsed->note), kBehindTheSofa);
  EXPECT_FALSE(ParseLogLine(parsed->checkpoint.log).has_value());
}

TEST(CheckpointTest, LogsAreNamedInOneWay) {
  EXPECT_EQ(LogLine("15.01", kOrigin), "tikar/15.01/0123456789abcdef");
  EXPECT_EQ(ParseLogLine("tikar/15.01/0123456789abcdef"), (LogId{"15.01", kOrigin}));
  for (const char* line : {"tikar/15.01/0123456789ABCDEF", "tikar/15.01/123456789abcdef",
                           "tikar/15.01/0000000000000000", "tikar/1501/0123456789abcdef0",
                           "other/15.01/0123456789abcdef", "tikar/15.01-0123456789abcdef",
                           "tikar/15.01/0x23456789abcdef", "tikar/15.01/ 123456789abcdef", ""}) {
    EXPECT_FALSE(ParseLogLine(line).has_value()) << line;
  }
}

TEST(CheckpointTest, OneSpellingOnly) {
  const std::string root = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=";
  EXPECT_TRUE(ParseCheckpointText("a\n0\n" + root + "\n").ok());
  EXPECT_TRUE(ParseCheckpointText("a\n18446744073709551615\n" + root + "\n").ok());
  for (const std::string& text :
       {"a\n5\n" + root, std::string("a\n5\n"), std::string(), "\n5\n" + root + "\n",
        "a\n05\n" + root + "\n", "a\n+5\n" + root + "\n", "a\n 5\n" + root + "\n",
        "a\n-5\n" + root + "\n", "a\n5 \n" + root + "\n", "a\n\n" + root + "\n",
        "a\n18446744073709551616\n" + root + "\n", "a\n5\n" + root + "\nmore\n",
        "a\n5\n" + root.substr(0, 43) + "\n", "a\n5\n" + root.substr(0, 40) + "\n",
        "a\n5\n" + root.substr(0, 42) + "J=\n", "a\n5\n " + root + "\n",
        "a\n5\n" + root + "\n\n"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(ParseCheckpointText(text).status())) << text;
  }
}

TEST(CheckpointTest, TheLogAndItsWitnessesSign) {
  SignedCheckpoint checkpoint = Signed(OfVectors(8), SignerOf('k'));
  CosignNote(NodeKeyName("hub"), SignerOf('h'), 1'780'272'000, &checkpoint.note);
  const absl::StatusOr<SignedCheckpoint> parsed =
      ParseCheckpoint(FormatSignedNote(checkpoint.note));
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(*parsed, checkpoint);
  const std::vector<PublicKey> keys = {SignerOf('x').public_key(), SignerOf('h').public_key(),
                                       SignerOf('k').public_key()};
  const auto signers = VerifyCheckpoint(*parsed, keys);
  ASSERT_TRUE(signers.ok()) << signers.status();
  ASSERT_THAT(*signers, SizeIs(2));
  EXPECT_EQ((*signers)[0].key, 2u);
  EXPECT_TRUE((*signers)[0].is_log);
  EXPECT_EQ((*signers)[1].key, 1u);
  EXPECT_FALSE((*signers)[1].is_log);
  EXPECT_EQ((*signers)[1].name, "tikar/node/hub");
  EXPECT_EQ((*signers)[1].time_s, 1'780'272'000u);

  const PublicKey stranger = SignerOf('x').public_key();
  EXPECT_THAT(std::string(VerifyCheckpoint(*parsed, {&stranger, 1}).status().message()),
              HasSubstr("none of the given keys"));
  SignedCheckpoint altered = *parsed;
  altered.note.text[altered.note.text.size() - 5] ^= 1;
  EXPECT_THAT(std::string(VerifyCheckpoint(altered, keys).status().message()), HasSubstr("forged"));
}

TEST(CheckpointTest, ASignatureUnderAnotherNameSaysNothingOfTheLog) {
  SignedNote note{.text = CheckpointText(OfVectors(8)), .signatures = {}};
  SignNote("tikar/15.01/fedcba9876543210", SignerOf('k'), &note);
  const PublicKey key = SignerOf('k').public_key();
  EXPECT_FALSE(VerifyCheckpoint({OfVectors(8), note}, {&key, 1}).ok());
}

TEST(CheckpointTest, OneGoesOnFromTheOther) {
  for (const ConsistencyVector& vector : ConsistencyVectors()) {
    EXPECT_TRUE(VerifyConsistency(OfVectors(vector.size_from), OfVectors(vector.size_to),
                                  HashesOf(vector.proof))
                    .ok());
  }
  Checkpoint other = OfVectors(8);
  other.root = HashOf(kVectorRoots[7]);
  EXPECT_THAT(
      std::string(VerifyConsistency(OfVectors(6), other, HashesOf(ConsistencyVectors()[2].proof))
                      .message()),
      HasSubstr("over 8 entries does not go on from the one over 6"));
  other.log = LogLine("12.04", kOrigin);
  EXPECT_THAT(std::string(VerifyConsistency(OfVectors(8), other, {}).message()),
              HasSubstr("two logs"));
}

TEST(CheckpointTest, TwoHistoriesOfOneSizeAreAFork) {
  const SigningKey signer = SignerOf('k');
  Checkpoint other = OfVectors(8);
  other.root = HashOf(kVectorRoots[7]);
  const std::string first = FormatSignedNote(SignCheckpoint(OfVectors(8), signer));
  const std::string second = FormatSignedNote(SignCheckpoint(other, signer));
  const auto fork = FindFork(first, second, signer.public_key());
  ASSERT_TRUE(fork.ok()) << fork.status();
  ASSERT_TRUE(fork->has_value());
  EXPECT_EQ((*fork)->first, first);
  EXPECT_EQ((*fork)->second, second);
  EXPECT_THAT((*fork)->what, HasSubstr("tikar/15.01/0123456789abcdef has two histories of 8"));

  EXPECT_FALSE(FindFork(first, first, signer.public_key())->has_value());
  const std::string smaller = FormatSignedNote(SignCheckpoint(OfVectors(7), signer));
  EXPECT_FALSE(FindFork(first, smaller, signer.public_key())->has_value());
  // Nobody else can blame a log.
  const std::string blame = FormatSignedNote(SignCheckpoint(other, SignerOf('x')));
  EXPECT_FALSE(FindFork(first, blame, signer.public_key()).ok());
  SignedNote witnessed{.text = CheckpointText(other), .signatures = {}};
  CosignNote(NodeKeyName("kerinci"), signer, 1, &witnessed);
  EXPECT_THAT(
      std::string(
          FindFork(first, FormatSignedNote(witnessed), signer.public_key()).status().message()),
      HasSubstr("not signed by its log"));
}

}  // namespace
}  // namespace tikar::sync
