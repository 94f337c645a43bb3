#include "sync/ed25519.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>

#include "absl/strings/escaping.h"
#include "sync/signed_note.h"

namespace tikar::sync {
namespace {

struct Vector {
  const char* seed;
  const char* public_key;
  const char* message;
  const char* signature;
};

// RFC 8032, section 7.1, tests 1, 2, 3 and SHA(abc).
constexpr Vector kRfc8032[] = {
    {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b"
     "4"
     "6bd25bf5f0595bbe24655141438e7a100b"},
    {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11"
     "d"
     "8c387b2eaeb4302aeeb00d291612bb0c00"},
    {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
     "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc"
     "6"
     "594a7c15e9716ed28dc027beceea1ec40a"},
    {"833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
     "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
     "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3fee"
     "b"
     "bd454d4423643ce80e2a9ac94fa54ca49f",
     "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e"
     "0"
     "303dca179c138ac17ad9bef1177331a704"},
};

TEST(Ed25519Test, TheVectorsOfTheRfc) {
  for (const Vector& vector : kRfc8032) {
    const auto key = SigningKey::FromSeed(absl::HexStringToBytes(vector.seed));
    ASSERT_TRUE(key.has_value());
    EXPECT_EQ(key->public_key().hex(), vector.public_key);
    const std::string message = absl::HexStringToBytes(vector.message);
    const Signature signature = key->Sign(message);
    EXPECT_EQ(signature.hex(), vector.signature);
    EXPECT_TRUE(Verify(key->public_key(), message, signature));
  }
}

TEST(Ed25519Test, AnyOtherBitIsNotSigned) {
  const auto kerinci = SigningKey::FromSeed(std::string(32, 'k'));
  const auto nias = SigningKey::FromSeed(std::string(32, 'n'));
  ASSERT_TRUE(kerinci.has_value() && nias.has_value());
  const std::string message = "tikar/15.01/0123456789abcdef\n12\n";
  const Signature signature = kerinci->Sign(message);
  ASSERT_TRUE(Verify(kerinci->public_key(), message, signature));
  EXPECT_FALSE(Verify(nias->public_key(), message, signature));
  EXPECT_FALSE(Verify(kerinci->public_key(), message + " ", signature));
  for (size_t bit = 0; bit < 8 * Signature::kSize; ++bit) {
    Signature wrong = signature;
    wrong[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
    EXPECT_FALSE(Verify(kerinci->public_key(), message, wrong)) << "bit " << bit;
  }
  for (size_t at = 0; at < message.size(); ++at) {
    std::string wrong = message;
    wrong[at] = static_cast<char>(wrong[at] ^ 1);
    EXPECT_FALSE(Verify(kerinci->public_key(), wrong, signature)) << "byte " << at;
  }
}

TEST(Ed25519Test, WhatIsNoKeyHasSignedNothing) {
  EXPECT_FALSE(SigningKey::FromSeed(std::string(31, 'k')).has_value());
  EXPECT_FALSE(SigningKey::FromSeed(std::string(33, 'k')).has_value());
  EXPECT_FALSE(SigningKey::FromSeed("").has_value());
  const Signature signature = SigningKey::FromSeed(std::string(32, 'k'))->Sign("pengaduan");
  std::mt19937_64 random(15);
  for (int round = 0; round < 200; ++round) {
    PublicKey key;
    for (size_t i = 0; i < PublicKey::kSize; ++i) key[i] = static_cast<uint8_t>(random());
    EXPECT_FALSE(Verify(key, "pengaduan", signature));
  }
}

// The example of C2SP signed-note and of Go's golang.org/x/mod/sumdb/note.
TEST(Ed25519Test, TheKeyIdIsTheOneOfSignedNotes) {
  std::string decoded;
  ASSERT_TRUE(absl::Base64Unescape("ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", &decoded));
  ASSERT_EQ(decoded[0], '\x01');
  const auto key = PublicKey::FromBytes(std::string_view(decoded).substr(1));
  ASSERT_TRUE(key.has_value());
  EXPECT_EQ(NoteKeyId("PeterNeumann", NoteSignatureType::kEd25519, *key), 0xc74f20a3u);
}

TEST(Ed25519Test, AFingerprintIsShortEnoughToReadAloud) {
  const auto key = SigningKey::FromSeed(std::string(32, 'k'));
  EXPECT_THAT(Fingerprint(key->public_key()),
              ::testing::MatchesRegex("[0-9a-f]{4}(-[0-9a-f]{4}){3}"));
  EXPECT_NE(Fingerprint(key->public_key()),
            Fingerprint(SigningKey::FromSeed(std::string(32, 'n'))->public_key()));
}

}  // namespace
}  // namespace tikar::sync
