// Signed notes against the notes and keys that others published.
#include "sync/signed_note.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "note_keys.h"

namespace tikar::sync {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

PublicKey KeyOf(const char* text) { return ParseNamedKey(text)->key; }
SignedNote Parsed(const std::string& bytes) {
  absl::StatusOr<SignedNote> note = ParseSignedNote(bytes);
  EXPECT_TRUE(note.ok()) << note.status();
  return note.ok() ? *std::move(note) : SignedNote();
}
SignatureFinding Finding(const SignedNote& note, size_t which, const PublicKey& key) {
  return CheckSignature(note, note.signatures.at(which), key).finding;
}
const std::string kPeterNote = absl::StrCat(kPeterText, "\n", kPeterLine);

TEST(SignedNoteTest, PublishedNotesAreReadWrittenAndVerified) {
  const SignedNote both = Parsed(kPeterNote + kEnochLine);
  EXPECT_EQ(both.text, kPeterText);
  ASSERT_THAT(both.signatures, SizeIs(2));
  EXPECT_EQ(both.signatures[0].name, "PeterNeumann");
  EXPECT_EQ(both.signatures[0].key_id, 0xc74f20a3u);
  EXPECT_EQ(FormatSignedNote(both), kPeterNote + kEnochLine);
  EXPECT_EQ(Finding(both, 0, KeyOf(kPeterKey)), SignatureFinding::kValid);
  EXPECT_EQ(Finding(both, 1, KeyOf(kPeterKey)), SignatureFinding::kUnrelated);
  EXPECT_EQ(Finding(both, 1, KeyOf(kEnochKey)), SignatureFinding::kValid);

  const SignedNote example = Parsed(kExampleNote);
  EXPECT_EQ(Finding(example, 0, KeyOf(kExampleKey)), SignatureFinding::kValid);
}

TEST(SignedNoteTest, ThePublishedKeySignsThePublishedSignature) {
  EXPECT_EQ(FormatNamedKey({"PeterNeumann", Peter().public_key()}), kPeterKey);
  SignedNote note{.text = kPeterText, .signatures = {}};
  SignNote("PeterNeumann", Peter(), &note);
  EXPECT_EQ(FormatSignedNote(note), kPeterNote);
  // A bad one by the same key is replaced, others stay.
  note.signatures[0].bytes = "bad";
  note.signatures.push_back(Parsed(kPeterNote + kEnochLine).signatures[1]);
  SignNote("PeterNeumann", Peter(), &note);
  EXPECT_EQ(FormatSignedNote(note), absl::StrCat(kPeterText, "\n", kEnochLine, kPeterLine));
}

// Of transparency-dev/formats, note/note_cosigv1_test.go: of a witness, type 4.
TEST(SignedNoteTest, ThePublishedIdOfAWitnessesKey) {
  std::string bytes;
  ASSERT_TRUE(absl::Base64Unescape("BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2", &bytes));
  ASSERT_EQ(bytes[0], 4);
  EXPECT_EQ(NoteKeyId("remora.n621.de", NoteSignatureType::kWitness,
                      *PublicKey::FromBytes(bytes.substr(1))),
            0xda77ade7u);
}

TEST(SignedNoteTest, AWitnessSignsTheTimeToo) {
  // The message and the time of C2SP tlog-cosignature.
  SignedNote note = Parsed(kBehindTheSofa);
  ASSERT_THAT(note.signatures, SizeIs(2));
  EXPECT_EQ(note.signatures[1].key_id, 0x8d66cf3fu);
  EXPECT_THAT(note.signatures[1].bytes, SizeIs(8 + 64));
  EXPECT_EQ(note.signatures[1].bytes.substr(0, 8), absl::HexStringToBytes("00000000641850cb"));
  note.signatures.clear();
  CosignNote("witness.example.com/w1", Peter(), 1679315147, &note);
  ASSERT_THAT(note.signatures, SizeIs(1));
  EXPECT_EQ(note.signatures[0].bytes.substr(0, 8), absl::HexStringToBytes("00000000641850cb"));
  EXPECT_TRUE(Verify(Peter().public_key(),
                     "cosignature/v1\n"
                     "time 1679315147\n"
                     "example.com/behind-the-sofa\n"
                     "20852163\n"
                     "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
                     *Signature::FromBytes(note.signatures[0].bytes.substr(8))));
  const CheckedSignature checked = CheckSignature(note, note.signatures[0], Peter().public_key());
  EXPECT_EQ(checked.finding, SignatureFinding::kValid);
  EXPECT_EQ(checked.time_s, 1679315147u);
  // The time is signed, the name is part of the key's id, and a later statement takes its place.
  SignedNote altered = note;
  altered.signatures[0].bytes[7] ^= 1;
  EXPECT_EQ(Finding(altered, 0, Peter().public_key()), SignatureFinding::kForged);
  altered = note;
  altered.signatures[0].bytes[0] = '\x80';
  EXPECT_EQ(Finding(altered, 0, Peter().public_key()), SignatureFinding::kForged);
  altered = note;
  altered.signatures[0].name = "witness.example.com/w2";
  EXPECT_EQ(Finding(altered, 0, Peter().public_key()), SignatureFinding::kUnrelated);
  CosignNote("witness.example.com/w1", Peter(), 1679315148, &note);
  EXPECT_THAT(note.signatures, SizeIs(1));
}

TEST(SignedNoteTest, WhatWasAlteredIsForged) {
  const PublicKey peter = KeyOf(kPeterKey);
  SignedNote note = Parsed(kPeterNote);
  note.text[0] ^= 1;
  EXPECT_EQ(Finding(note, 0, peter), SignatureFinding::kForged);
  for (size_t i = 0; i < 64; ++i) {
    SignedNote spoilt = Parsed(kPeterNote);
    spoilt.signatures[0].bytes[i] ^= 1;
    EXPECT_EQ(Finding(spoilt, 0, peter), SignatureFinding::kForged) << i;
  }
  SignedNote longer = Parsed(kPeterNote);
  longer.signatures[0].bytes += "x";
  EXPECT_EQ(Finding(longer, 0, peter), SignatureFinding::kForged);
}

TEST(SignedNoteTest, OneSpellingOnly) {
  const std::string text = absl::StrCat(kPeterText, "\n"), line = kPeterLine;
  std::string many = text;
  for (size_t i = 0; i < kNoteSignaturesMax; ++i) many += line;
  EXPECT_TRUE(ParseSignedNote(many).ok());
  struct Bad {
    std::string bytes;
    const char* why;
  };
  const std::string name = "\u2014 PeterNeumann ";
  for (const Bad& bad : std::vector<Bad>{
           {"", "no signatures"},
           {kPeterText, "no signatures"},
           {text, "no signatures"},
           {text + line.substr(0, line.size() - 1), "last line does not end"},
           {"\x01" + text + line, "control characters"},
           {"\xff" + text + line, "not UTF-8"},
           {"a\rb\n" + text + line, "control characters"},
           {text + "\u2014 Bad Name x08g\n", "no base64"},
           {text + "\u2014  x08gx08g\n", "name of a key"},
           {text + "\u2014 a+b x08gx08g\n", "name of a key"},
           {text + "\u2014 a\u00a0b x08gx08g\n", "name of a key"},
           {text + "\u2014 Peter\n", "no signature"},
           {text + "- Peter x08gx08g\n", "is no signature"},
           {text + line + "Unexpected line.\n", "is no signature"},
           {text + name + "x08g\n", "no base64"},
           {text + name + "x08gow==\n", "no base64"},
           {text + name + "x08go/8\n", "no base64"},
           {text + name + "x08go/9=\n", "no base64"},
           {text + name + "x08g o/ZJ\n", "no base64"},
           {many + line, "more than 64"},
           {std::string(kNoteBytesMax, 'a') + "\n\n" + line, "bytes, at most"},
       }) {
    const absl::Status status = ParseSignedNote(bad.bytes).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << bad.bytes;
    EXPECT_THAT(std::string(status.message()), HasSubstr(bad.why)) << bad.bytes;
  }
  // A text may have empty lines; the last one ends it.
  EXPECT_EQ(Parsed("a\n\nb\n\n" + line).text, "a\n\nb\n");
}

TEST(SignedNoteTest, AKeyIsTakenWholeOrNotAtAll) {
  const std::string key = kPeterKey;
  EXPECT_EQ(ParseNamedKey(key)->name, "PeterNeumann");
  EXPECT_EQ(FormatNamedKey(*ParseNamedKey(kEnochKey)), kEnochKey);
  for (size_t begin = 0; begin <= key.size(); ++begin) {
    for (size_t end = begin + 1; end <= key.size(); ++end) {
      if (begin == 0 && end == key.size()) continue;
      EXPECT_FALSE(ParseNamedKey(key.substr(begin, end - begin)).ok()) << begin << " " << end;
    }
  }
  for (size_t i = 0; i < key.size(); ++i) {
    std::string other = key;
    ++other[i];
    EXPECT_FALSE(ParseNamedKey(other).ok()) << other;
  }
  // Wrong length and unknown algorithm, with the key's id made right.
  EXPECT_FALSE(
      ParseNamedKey("PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==")
          .ok());
  EXPECT_FALSE(
      ParseNamedKey("PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW").ok());
}

}  // namespace
}  // namespace tikar::sync
