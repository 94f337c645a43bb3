// The canonical bytes of a state, frozen. The literals were computed by hand-written Python after
// docs/formats.md, not by this code: nodes of different builds compare these bytes.
#include "sync/state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "kerinci.h"
#include "sync/ref.h"

namespace tikar::sync {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const ChangeId kA = *ChangeId::FromHex("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
const ChangeId kB = *ChangeId::FromHex("bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb");
const RequestKey kRequest{"15.01", *RequestId::FromHex("404142434445464748494a4b4c4d4e4f")};

Candidate BySiti(uint32_t mutation_index, WriteKind kind, const Value& value) {
  return {.change = kA,
          .mutation_index = mutation_index,
          .kind = kind,
          .value = value,
          .actor = "hp-siti",
          .role = "petugas",
          .effective_time = 0x1122334455660000};
}

// Siti set the cost, the office emptied it: under review.
State DisputedCost() {
  State state;
  state.key = kRequest;
  state.availability = v1::AVAILABILITY_READY;
  state.service = "pengaduan";
  state.definition =
      *DefinitionHash::FromHex("202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f");
  state.definition_version = 1;
  state.create_time = 0x1122334455640000;
  state.update_time = 0x1122334455660000;
  state.change_count = 3;
  state.heads = {kA, kB};
  FieldState& cost = state.FindOrAdd("biaya");
  cost.value = Value::Integer(50'000);
  cost.rule = v1::RULE_REVIEW;
  cost.under_review = true;
  cost.candidates = {BySiti(1, WriteKind::kSet, Value::Integer(50'000)),
                     {.change = kB,
                      .mutation_index = 0,
                      .kind = WriteKind::kClear,
                      .value = std::nullopt,
                      .actor = "kantor",
                      .role = "kepala",
                      .effective_time = 0x1122334455650000}};
  FieldState& title = state.FindOrAdd("judul");
  title.value = Value::Text("Jembatan");
  title.candidates = {BySiti(2, WriteKind::kSet, Value::Text("Jembatan"))};
  state.Enter("diterima", 0x1122334455640000);
  state.Enter("diperiksa", 0x1122334455650000);
  return state;
}

Elements OneComment() {
  Elements elements;
  const std::string path = ElementPath("comments", kA, 3);
  elements[path] = {.path = path,
                    .value = Value::Text("Rusak"),
                    .candidates = {BySiti(3, WriteKind::kAdd, Value::Text("Rusak"))}};
  return elements;
}

std::string StateHex() {
  return "020531352e3031404142434445464748494a4b4c4d4e4f010970656e67616475616e"
         "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f01"
         "112233445564000011223344556600000302aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
         "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb020562696179610902800000000000c350090102"
         "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa01020902800000000000c350"
         "0768702d73697469077065747567617311223344556600"
         "00bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb000300066b616e746f72066b6570616c61"
         "1122334455650000056a7564756c09014a656d626174616e010001"
         "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa020209014a656d626174616e"
         "0768702d7369746907706574756761731122334455660000"
         "02096469706572696b73611122334455650000"
         "086469746572696d611122334455640000";
}

TEST(StateTest, ItsBytesAreFrozen) {
  EXPECT_EQ(absl::BytesToHexString(EncodeState(DisputedCost())), StateHex());
  const absl::StatusOr<State> state = DecodeState(kRequest, absl::HexStringToBytes(StateHex()));
  ASSERT_TRUE(state.ok()) << state.status();
  EXPECT_EQ(*state, DisputedCost());
}

TEST(StateTest, TheBytesOfAnElementAreFrozen) {
  const std::string hex =
      "012b636f6d6d656e74732f61616161616161616161616161616161616161616161616161616161616161612e33"
      "0601527573616b010001aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa03050601527573616b"
      "0768702d7369746907706574756761731122334455660000";
  const FieldState comment = OneComment().begin()->second;
  EXPECT_EQ(absl::BytesToHexString(EncodeField(comment)), hex);
  EXPECT_EQ(*DecodeField(absl::HexStringToBytes(hex)), comment);
}

TEST(StateTest, ItsDigestIsFrozen) {
  EXPECT_EQ(DigestOf(DisputedCost(), OneComment()).hex(), "9d3eb24caaffef2dea86dd47c42891f4");
  EXPECT_EQ(DigestOf(DisputedCost(), {}).hex(), "44c1dd1efa84530560318624a395459d");
}

TEST(StateTest, CutShortOrGrownItIsDamaged) {
  const std::string state = EncodeState(DisputedCost());
  const std::string element = EncodeField(OneComment().begin()->second);
  for (size_t size = 0; size < state.size(); ++size) {
    EXPECT_EQ(DecodeState(kRequest, state.substr(0, size)).status().code(),
              absl::StatusCode::kDataLoss)
        << size;
  }
  for (size_t size = 0; size < element.size(); ++size) {
    EXPECT_EQ(DecodeField(element.substr(0, size)).status().code(), absl::StatusCode::kDataLoss)
        << size;
  }
  EXPECT_EQ(DecodeState(kRequest, state + '\0').status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(DecodeField(element + '\0').status().code(), absl::StatusCode::kDataLoss);
}

TEST(StateTest, AFlippedBitIsDamageOrAnotherStateAndNeverACrash) {
  const std::string state = EncodeState(DisputedCost());
  const std::string element = EncodeField(OneComment().begin()->second);
  for (size_t bit = 0; bit < 8 * state.size(); ++bit) {
    std::string bytes = state;
    bytes[bit / 8] ^= static_cast<char>(1 << bit % 8);
    if (const absl::StatusOr<State> read = DecodeState(kRequest, bytes); read.ok()) {
      EXPECT_EQ(absl::BytesToHexString(EncodeState(*read)), absl::BytesToHexString(bytes)) << bit;
    } else {
      EXPECT_EQ(read.status().code(), absl::StatusCode::kDataLoss);
    }
  }
  for (size_t bit = 0; bit < 8 * element.size(); ++bit) {
    std::string bytes = element;
    bytes[bit / 8] ^= static_cast<char>(1 << bit % 8);
    if (const absl::StatusOr<FieldState> read = DecodeField(bytes); read.ok()) {
      EXPECT_EQ(absl::BytesToHexString(EncodeField(*read)), absl::BytesToHexString(bytes)) << bit;
    } else {
      EXPECT_EQ(read.status().code(), absl::StatusCode::kDataLoss);
    }
  }
}

TEST(StateTest, OfANewerBuildSaysToUpgrade) {
  std::string state = EncodeState(DisputedCost());
  std::string element = EncodeField(OneComment().begin()->second);
  state[0] = 3;
  element[0] = 2;
  EXPECT_THAT(std::string(DecodeState(kRequest, state).status().message()),
              HasSubstr("upgrade tikard"));
  EXPECT_THAT(std::string(DecodeField(element).status().message()), HasSubstr("upgrade tikard"));
}

TEST(StateTest, BeforeStatesWereEnteredItIsNotReadAndSaysWhatToDo) {
  std::string state = EncodeState(DisputedCost());
  state[0] = 1;
  EXPECT_THAT(std::string(DecodeState(kRequest, state).status().message()),
              HasSubstr("version 1, this build knows from 2: begin with an empty store"));
}

TEST(StateTest, AStateThatIsEnteredAgainKeepsTheLargestTime) {
  State state;
  EXPECT_EQ(state.EnteredAt("diterima"), std::nullopt);
  state.Enter("diterima", 7);
  state.Enter("diperiksa", 5);
  state.Enter("diterima", 9);
  state.Enter("diterima", 8);
  EXPECT_EQ(state.EnteredAt("diterima"), 9u);
  EXPECT_EQ(state.EnteredAt("diperiksa"), 5u);
  EXPECT_EQ(state.EnteredAt("diter"), std::nullopt);
  EXPECT_THAT(state.entered, ElementsAre(EnteredState{"diperiksa", 5}, EnteredState{"diterima", 9}))
      << "sorted, so that equal states have equal bytes";
}

TEST(StateTest, UnderTheKeyOfAnotherRequestIsDamage) {
  RequestKey other = kRequest;
  other.id[0] ^= 1;
  EXPECT_EQ(DecodeState(other, EncodeState(DisputedCost())).status().code(),
            absl::StatusCode::kDataLoss);
}

TEST(ElementSumTest, DoesNotDependOnTheOrderAndForgetsWhatIsTakenOut) {
  ElementSum there, back;
  there.Add("comments/a.0", "satu");
  there.Add("comments/b.0", "dua");
  back.Add("comments/b.0", "dua");
  back.Add("comments/a.0", "satu");
  EXPECT_EQ(there, back);
  EXPECT_EQ(ElementSum::FromBytes(there.bytes()), there);
  there.Subtract("comments/b.0", "dua");
  back.Subtract("comments/a.0", "satu");
  EXPECT_FALSE(there == back);
  there.Subtract("comments/a.0", "satu");
  EXPECT_EQ(there, ElementSum());
}

TEST(ElementSumTest, TellsWhereAPathEndsAndItsRowBegins) {
  ElementSum a, b;
  a.Add("comments/a", "bc");
  b.Add("comments/ab", "c");
  EXPECT_FALSE(a == b);
}

TEST(RequestProtoTest, ShowsTheReviewWithBothSides) {
  const v1::Request proto = RequestToProto(DisputedCost(), OneComment(), StateDigest(), 42);
  EXPECT_EQ(proto.name(), "regions/15.01/requests/404142434445464748494a4b4c4d4e4f");
  EXPECT_EQ(proto.ref(), MakeRef(kRequest.id));
  EXPECT_THAT(proto.reviews(), ElementsAre("biaya"));
  ASSERT_EQ(proto.fields_size(), 2);
  EXPECT_EQ(proto.fields(0).value().integer(), 50'000);
  ASSERT_EQ(proto.fields(0).candidates_size(), 2);
  EXPECT_TRUE(proto.fields(0).candidates(0).contested());
  EXPECT_FALSE(proto.fields(0).candidates(1).has_value());
  EXPECT_FALSE(proto.fields(1).candidates(0).contested());
  EXPECT_EQ(proto.feed_position(), 42u);
  EXPECT_THAT(*HeadsOfEtag(proto.etag()), ElementsAre(kA, kB));
}

TEST(RequestProtoTest, ComesBackFromAPhoneAsTheSameState) {
  State state;
  Elements elements;
  const v1::Request proto = RequestToProto(DisputedCost(), OneComment(), StateDigest(), 42);
  ASSERT_TRUE(RequestFromProto(proto, &state, &elements).ok());
  EXPECT_EQ(state.key, kRequest);
  EXPECT_EQ(state.heads, DisputedCost().heads);
  EXPECT_EQ(state.definition, DisputedCost().definition);
  EXPECT_EQ(state.UnderReview("biaya"), true);
  EXPECT_EQ(state.Text("judul"), "Jembatan");
  EXPECT_EQ(state.entered, DisputedCost().entered);
  ASSERT_EQ(elements.size(), 1u);
  EXPECT_EQ(elements.begin()->second.value, Value::Text("Rusak"));
}

TEST(RequestProtoTest, WhatIsNoRequestIsRefused) {
  const v1::Request sound = RequestToProto(DisputedCost(), OneComment(), StateDigest(), 42);
  State state;
  Elements elements;
  std::vector<v1::Request> broken(6, sound);
  broken[0].set_name("regions/15.01/requests/zz");
  broken[1].set_name("regions/1501x/requests/404142434445464748494a4b4c4d4e4f");
  broken[2].set_definition_hash("short");
  broken[3].add_heads("short");
  broken[4].mutable_elements(0)->set_path("comments");
  broken[5].mutable_fields(0)->mutable_candidates(0)->set_change_id("short");
  for (size_t i = 0; i < broken.size(); ++i) {
    EXPECT_EQ(RequestFromProto(broken[i], &state, &elements).code(),
              absl::StatusCode::kInvalidArgument)
        << i;
  }
}

TEST(EtagTest, IsReadBackOrRefused) {
  EXPECT_THAT(*HeadsOfEtag(EtagOf({kA})), ElementsAre(kA));
  for (const char* etag : {"", "!", "YWJj", "AAAAAAAAAAAAAAAAAAAAAAA"}) {
    EXPECT_FALSE(HeadsOfEtag(etag).has_value()) << etag;
  }
}

}  // namespace
}  // namespace tikar::sync
