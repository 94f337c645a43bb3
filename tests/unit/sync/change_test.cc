#include "sync/change.h"

#include <gmock/gmock.h>
#include <google/protobuf/stubs/logging.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "kerinci.h"
#include "sync/ref.h"

namespace tikar::sync {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::string FromHex(absl::string_view hex) { return absl::HexStringToBytes(hex); }

std::vector<std::string> Paths(const ParsedChange& change) {
  std::vector<std::string> paths;
  for (const Write& write : change.writes) paths.push_back(write.path);
  return paths;
}

// A Create as a phone sends it, byte for byte: region, actor, hlc, nonce, two mutations, role.
constexpr char kCreateHex[] =
    "0a0531352e30311a0768702d7369746921050000ec7a809e01320831323334353637383a400a3e0a20"
    "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f120970656e67616475"
    "616e1801220d31352e30312e30362e323031303a1b12190a056a7564756c12100a0e4a656d626174616e"
    "207075747573420770657475676173";

TEST(ChangeTest, IdsAndRefOfACreateFollowFromItsBytesAndNeverChange) {
  const absl::StatusOr<ParsedChange> change = ParseChange(FromHex(kCreateHex));
  ASSERT_TRUE(change.ok()) << change.status();
  EXPECT_EQ(change->hash.hex(), "293110f58020cc1a1a677d2499cfbd8a29decf286da927aa85379a69b5d45567");
  EXPECT_EQ(change->id.hex(), "293110f58020cc1a1a677d2499cfbd8a");
  EXPECT_EQ(change->request_id.hex(), "019e807aec007c1a9a677d2499cfbd8a");
  EXPECT_EQ(MakeRef(change->request_id), "VX4JCWZFCAZ");
  EXPECT_EQ(change->bytes, FromHex(kCreateHex));
}

TEST(ChangeTest, ARequestIdIsAUuidOfVersionSevenWithTheTimeOfTheCreate) {
  Officer siti("hp-siti");
  const ParsedChange change = siti.Create().Finish().Parse();
  EXPECT_EQ(change.request_id[6] >> 4, 7);
  EXPECT_EQ(change.request_id[8] >> 6, 2);
  uint64_t ms = 0;
  for (int i = 0; i < 6; ++i) ms = ms << 8 | change.request_id[i];
  EXPECT_EQ(static_cast<int64_t>(ms), HlcMs(change.body.hlc()));
}

TEST(ChangeTest, TwoPhonesThatFileTheSameComplaintAtTheSameMomentMakeTwoRequests) {
  Officer siti("hp-siti"), budi("hp-budi");
  EXPECT_NE(siti.Create().Finish().key.id, budi.Create().Finish().key.id);
}

TEST(ChangeTest, ACreateThatNamesARequestIdBelongsToNoRequest) {
  Draft draft = Officer("hp-siti").Create();
  draft.body().set_request_id(std::string(16, 'r'));
  EXPECT_EQ(ParseChange(draft.body().SerializeAsString()).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(ChangeTest, AnEditWithoutASoundRequestIdBelongsToNoRequest) {
  Officer siti("hp-siti");
  Draft draft = siti.After(siti.Create().Finish());
  for (const std::string& id : {std::string(), std::string(15, 'r'), std::string(17, 'r')}) {
    draft.body().set_request_id(id);
    EXPECT_EQ(ParseChange(draft.body().SerializeAsString()).status().code(),
              absl::StatusCode::kInvalidArgument)
        << id.size();
  }
}

TEST(ChangeTest, ARegionMustBeARegency) {
  for (const char* region : {"", "15", "15.1", "15.01.06", "15-01", "1a.01", "15.0\xc3"}) {
    EXPECT_FALSE(IsRegion(region)) << region;
  }
  EXPECT_TRUE(IsRegion("15.01"));
  Draft draft = Officer("hp-siti").Create();
  draft.body().set_region("15.1");
  EXPECT_FALSE(ParseChange(draft.body().SerializeAsString()).ok());
}

TEST(ChangeTest, ACreateWritesDefinitionAreaAndTheFirstState) {
  const ParsedChange change = Officer("hp-siti").Create().Finish().Parse();
  EXPECT_THAT(Paths(change), ElementsAre("@definition", "area", "status"));
  EXPECT_EQ(change.FindWrite("@definition")->value, Value::Text(Complaint()->hash().hex()));
  EXPECT_EQ(change.FindWrite("area")->value, Value::Text(kSungaibetungHilir));
  EXPECT_TRUE(change.FindWrite("status")->initial_state);
  EXPECT_EQ(change.FindWrite("status")->value, std::nullopt);
}

TEST(ChangeTest, EachKindOfMutationMakesItsWrite) {
  Officer siti("hp-siti");
  const Written created = siti.Create();
  const std::string comment = ElementPath("comments", created.id, 1);
  const ParsedChange change = siti.After(created)
                                  .Set("judul", "Jembatan putus")
                                  .Clear("tenggat")
                                  .Go("diterima", "diperiksa")
                                  .Comment("Bawa tali")
                                  .Remove(comment)
                                  .Retract()
                                  .Settle("biaya", {created.id}, Value::Integer(5))
                                  .Rebase(*NewerComplaint())
                                  .Finish()
                                  .Parse();
  EXPECT_THAT(Paths(change), testing::UnorderedElementsAre("@definition", "@retracted", "biaya",
                                                           ElementPath("comments", change.id, 3),
                                                           comment, "judul", "status", "tenggat"));
  EXPECT_EQ(change.FindWrite("judul")->kind, WriteKind::kSet);
  EXPECT_EQ(change.FindWrite("tenggat")->kind, WriteKind::kClear);
  EXPECT_EQ(change.FindWrite("tenggat")->value, std::nullopt);
  EXPECT_EQ(change.FindWrite("status")->value, Value::Text("diperiksa"));
  EXPECT_EQ(change.FindWrite(comment)->kind, WriteKind::kRemove);
  EXPECT_EQ(change.FindWrite("@retracted")->value, Value::Flag(true));
  EXPECT_EQ(change.FindWrite("@definition")->kind, WriteKind::kRebase);
  const Write& settle = *change.FindWrite("biaya");
  EXPECT_TRUE(settle.settles());
  EXPECT_THAT(settle.settled, ElementsAre(created.id));
  EXPECT_FALSE(change.newer_kind);
  EXPECT_TRUE(std::is_sorted(change.writes.begin(), change.writes.end(),
                             [](const Write& a, const Write& b) { return a.path < b.path; }));
}

TEST(ChangeTest, TheLastWriteToAPathCountsWithinOneChange) {
  Officer siti("hp-siti");
  const ParsedChange change = siti.After(siti.Create().Finish())
                                  .Settle("judul", {}, Value::Text("satu"))
                                  .Set("judul", "dua")
                                  .Finish()
                                  .Parse();
  ASSERT_THAT(Paths(change), ElementsAre("judul"));
  EXPECT_EQ(change.writes[0].value, Value::Text("dua"));
  EXPECT_EQ(change.writes[0].mutation_index, 1u);
  EXPECT_FALSE(change.writes[0].settles());
}

TEST(ChangeTest, WhatTheFirstNodeRefusesWritesNothingOnAMirror) {
  Officer siti("hp-siti");
  const Written created = siti.Create();
  Draft draft = siti.After(created);
  draft.Set("status", "dibayar")
      .Set("@retracted", Value::Flag(true))
      .Set("", "kosong")
      .Clear("status")
      .Clear("@definition")
      .Remove("judul")
      .Settle("@definition", {created.id}, Value::Text("x"))
      .Settle(ElementPath("comments", created.id, 0), {created.id}, std::nullopt)
      .Settle("", {created.id}, std::nullopt);
  v1::SetField& malformed = *draft.body().add_mutations()->mutable_set_field();
  malformed.set_path("judul");
  malformed.mutable_value();  // no kind
  const ParsedChange change = draft.Finish().Parse();
  EXPECT_THAT(Paths(change), IsEmpty());
  EXPECT_TRUE(change.contests_retract);
}

TEST(ChangeTest, OnlyAFirstMutationCreates) {
  Officer siti("hp-siti");
  Draft draft = siti.After(siti.Create().Finish());
  draft.Set("judul", "Jembatan");
  draft.body().add_mutations()->mutable_create()->set_area(kTamiai);
  const ParsedChange change = draft.Finish().Parse();
  EXPECT_FALSE(IsCreate(change.body));
  EXPECT_THAT(Paths(change), ElementsAre("judul"));
}

TEST(ChangeTest, AMutationOfANewerAppIsNoticed) {
  Officer siti("hp-siti");
  const ParsedChange change =
      siti.After(siti.Create().Finish()).Set("judul", "Jembatan").AddNewerKind().Finish().Parse();
  EXPECT_TRUE(change.newer_kind);
  EXPECT_THAT(Paths(change), ElementsAre("judul"));
}

// A mutation with a value of a kind that only a later version of the API has.
v1::Mutation NewerValue(v1::Mutation::KindCase kind, const std::string& path) {
  v1::Mutation mutation;
  v1::Value* value = nullptr;
  if (kind == v1::Mutation::kSetField) {
    mutation.mutable_set_field()->set_path(path);
    value = mutation.mutable_set_field()->mutable_value();
  } else if (kind == v1::Mutation::kAddElement) {
    mutation.mutable_add_element()->set_collection(path);
    value = mutation.mutable_add_element()->mutable_value();
  } else {
    mutation.mutable_settle()->set_path(path);
    value = mutation.mutable_settle()->mutable_value();
  }
  EXPECT_TRUE(value->ParseFromString("\xfa\x07\x01x"));  // field 127
  return mutation;
}

TEST(ChangeTest, AValueOfANewerAppIsNoticedWhereverItStands) {
  Officer siti("hp-siti");
  const Written created = siti.Create();
  for (const auto kind :
       {v1::Mutation::kSetField, v1::Mutation::kAddElement, v1::Mutation::kSettle}) {
    for (const char* path : {"judul", "@definition", ""}) {
      Draft draft = siti.After(created).Set("deskripsi", "putus");
      *draft.body().add_mutations() = NewerValue(kind, path);
      const ParsedChange change = draft.Finish().Parse();
      EXPECT_TRUE(change.newer_kind);
      EXPECT_THAT(Paths(change), ElementsAre("deskripsi"));
    }
  }
}

TEST(ChangeTest, WhatHasNeitherAKindNorUnknownFieldsIsOfNoLaterVersion) {
  Officer siti("hp-siti");
  Draft draft = siti.After(siti.Create().Finish());
  draft.body().add_mutations();
  draft.body().add_mutations()->mutable_set_field()->set_path("judul");
  draft.body().add_mutations()->mutable_add_element()->set_collection("comments");
  v1::Settle& settle = *draft.body().add_mutations()->mutable_settle();
  settle.set_path("biaya");
  settle.mutable_value();
  const ParsedChange change = draft.Finish().Parse();
  EXPECT_FALSE(change.newer_kind);
  EXPECT_THAT(Paths(change), IsEmpty());
  EXPECT_TRUE(change.contests_retract);
}

TEST(ChangeTest, AKnownKindOfValueIsReadWhateverStandsBesideIt) {
  Officer siti("hp-siti");
  Draft draft = siti.After(siti.Create().Finish()).Set("judul", "Jembatan");
  v1::Value& value = *draft.body().mutable_mutations(0)->mutable_set_field()->mutable_value();
  EXPECT_TRUE(value.MergeFromString("\xfa\x07\x01x"));
  const ParsedChange change = draft.Finish().Parse();
  EXPECT_FALSE(change.newer_kind);
  EXPECT_EQ(change.FindWrite("judul")->value, Value::Text("Jembatan"));
}

TEST(ChangeTest, WhatIsBeyondTheCapabilityIsOfALaterVersion) {
  Officer siti("hp-siti");
  const Written written = siti.After(siti.Create().Finish())
                              .Set("judul", "Jembatan")
                              .Set("prioritas", Value::Integer(5))
                              .Comment("Bawa tali");
  FoldCapability capability = kFoldCapability;
  capability.value_kind = v1::Value::kTextFieldNumber;
  const ParsedChange texts = *ParseChange(written.body, capability);
  EXPECT_TRUE(texts.newer_kind);
  EXPECT_THAT(Paths(texts), ElementsAre(ElementPath("comments", written.id, 2), "judul"));
  capability = kFoldCapability;
  capability.mutation_kind = v1::Mutation::kTransitionFieldNumber;
  const ParsedChange fields = *ParseChange(written.body, capability);
  EXPECT_TRUE(fields.newer_kind);
  EXPECT_THAT(Paths(fields), ElementsAre("judul", "prioritas"));
}

TEST(ChangeTest, OnlyWhatIsNoRetractionContestsOne) {
  Officer siti("hp-siti");
  const Written created = siti.Create();
  EXPECT_FALSE(siti.After(created).Retract().Finish().Parse().contests_retract);
  EXPECT_TRUE(siti.After(created).Retract().Comment("tetap").Finish().Parse().contests_retract);
  EXPECT_TRUE(siti.After(created).Restore().Finish().Parse().contests_retract);
  EXPECT_FALSE(siti.After(created).Finish().Parse().contests_retract) << "a joining change";
}

TEST(ChangeTest, ParentsComeOutSortedOnceAndWithoutWhatIsNoId) {
  Officer siti("hp-siti");
  Draft draft = siti.After(siti.Create().Finish());
  draft.body().clear_parents();
  for (const char c : {'c', 'a', 'c', 'b'}) draft.body().add_parents(std::string(16, c));
  draft.body().add_parents("short");
  EXPECT_THAT(draft.Finish().Parse().parents,
              ElementsAre(*ChangeId::FromBytes(std::string(16, 'a')),
                          *ChangeId::FromBytes(std::string(16, 'b')),
                          *ChangeId::FromBytes(std::string(16, 'c'))));
}

TEST(ChangeTest, ElementPathsNameTheirCollectionAndNothingElseDoes) {
  const ChangeId id = *ChangeId::FromHex("00112233445566778899aabbccddeeff");
  const std::string path = ElementPath("comments", id, 12);
  EXPECT_EQ(path, "comments/00112233445566778899aabbccddeeff.12");
  EXPECT_TRUE(IsElementPath(path));
  EXPECT_EQ(CollectionOf(path), "comments");
  for (const char* other :
       {"", "comments", "comments/", "/00112233445566778899aabbccddeeff.0",
        "comments/00112233445566778899aabbccddeeff.", "comments/00112233445566778899aabbccddeeff",
        "comments/00112233445566778899aabbccddeeff.01",
        "comments/00112233445566778899aabbccddeeff.x",
        "comments/00112233445566778899AABBCCDDEEFF.0"}) {
    EXPECT_FALSE(IsElementPath(other)) << other;
  }
}

TEST(ChangeTest, DamagedBytesAreRefusedOrReadAndNeverCrash) {
  const google::protobuf::LogSilencer silencer;  // it tells of every text that is no UTF-8
  const std::string body = FromHex(kCreateHex);
  for (size_t size = 0; size < body.size(); ++size) {
    if (const auto change = ParseChange(body.substr(0, size)); change.ok()) {
      EXPECT_EQ(change->bytes.size(), size);
    }
  }
  std::mt19937_64 random(1501);
  for (int round = 0; round < 20'000; ++round) {
    std::string damaged = body;
    for (uint64_t flips = 1 + random() % 3; flips > 0; --flips) {
      damaged[random() % damaged.size()] ^= static_cast<char>(1 << random() % 8);
    }
    const absl::StatusOr<ParsedChange> change = ParseChange(damaged);
    if (!change.ok()) {
      EXPECT_EQ(change.status().code(), absl::StatusCode::kInvalidArgument);
    } else if (damaged != body) {
      EXPECT_NE(change->id.hex(), "293110f58020cc1a1a677d2499cfbd8a");
    }
  }
}

}  // namespace
}  // namespace tikar::sync
