// The reference is an oracle only if it is right by itself: each paragraph of sync/README.md by
// name.
#include "reference.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "reference_values.h"

namespace tikar::reference {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

constexpr int64_t kNoonMs = 1'760'000'000'000;

v1::Definition Complaints() {
  v1::Definition definition;
  definition.set_merge_version(1);
  const std::vector<std::pair<std::string, v1::Policy>> fields = {
      {"judul", v1::POLICY_LATEST},      {"deskripsi", v1::POLICY_TEXT},
      {"prioritas", v1::POLICY_HIGHEST}, {"tenggat", v1::POLICY_LOWEST},
      {"kategori", v1::POLICY_UNION},    {"bantuan", v1::POLICY_REVIEW}};
  for (const auto& [key, policy] : fields) {
    v1::Field* const field = definition.add_fields();
    field->set_key(key);
    field->set_policy(policy);
  }
  for (const char* const key : {"diterima", "ditangani", "disetujui", "ditolak", "selesai"}) {
    definition.mutable_workflow()->add_states()->set_key(key);
  }
  definition.mutable_workflow()->mutable_states(2)->set_decision(true);
  definition.mutable_workflow()->mutable_states(3)->set_decision(true);
  definition.mutable_workflow()->mutable_states(4)->set_terminal(true);
  return definition;
}

// A request in Kerinci as it grows, change by change.
class ReferenceTest : public ::testing::Test {
 protected:
  ReferenceTest() {
    definitions_[Sha256("complaints")] = Complaints();
    v1::ChangeBody body;
    v1::Create* const create = body.add_mutations()->mutable_create();
    create->set_definition_hash(Sha256("complaints"));
    create->set_service("pengaduan");
    create->set_version(1);
    create->set_area("15.01.06");
    create_ = Write(body, {});
  }

  // Its id.
  std::string Write(v1::ChangeBody body, const std::vector<std::string>& parents) {
    ++minutes_;
    body.set_hlc(static_cast<uint64_t>(kNoonMs + minutes_ * 60'000) << 16);
    for (const std::string& parent : parents) body.add_parents(parent);
    body.set_nonce(std::to_string(minutes_));
    Observation observation;
    observation.body = body.SerializeAsString();
    observation.stamp.set_received_at_ms(kNoonMs + minutes_ * 60'000);
    observation.stamp.set_verdict(v1::VERDICT_ACCEPTED);
    observations_.push_back(observation);
    return ChangeIdOf(observation);
  }
  std::string Set(const std::string& path, const v1::Value& value,
                  const std::vector<std::string>& parents) {
    v1::ChangeBody body;
    body.add_mutations()->mutable_set_field()->set_path(path);
    *body.mutable_mutations(0)->mutable_set_field()->mutable_value() = value;
    return Write(body, parents);
  }
  std::string SetText(const std::string& path, const std::string& text,
                      const std::vector<std::string>& parents) {
    return Set(path, TextValue(text), parents);
  }
  std::string MoveByTimer(const std::string& to, const std::vector<std::string>& parents) {
    v1::ChangeBody body;
    body.set_actor("timer");
    body.add_mutations()->mutable_transition()->set_to(to);
    return Write(body, parents);
  }
  std::string Clear(const std::string& path, const std::vector<std::string>& parents) {
    v1::ChangeBody body;
    body.add_mutations()->mutable_clear_field()->set_path(path);
    return Write(body, parents);
  }
  std::string Move(const std::string& to, const std::vector<std::string>& parents) {
    v1::ChangeBody body;
    body.add_mutations()->mutable_transition()->set_to(to);
    return Write(body, parents);
  }
  std::string Settle(const std::string& path, const std::vector<std::string>& candidates,
                     const v1::Value& value, const std::vector<std::string>& parents) {
    v1::ChangeBody body;
    v1::Settle* const settle = body.add_mutations()->mutable_settle();
    settle->set_path(path);
    for (const std::string& candidate : candidates) settle->add_candidates(candidate);
    *settle->mutable_value() = value;
    return Write(body, parents);
  }
  std::string Retract(const std::vector<std::string>& parents) {
    v1::ChangeBody body;
    body.add_mutations()->mutable_retract();
    return Write(body, parents);
  }

  State Now() const {
    return Fold(observations_, definitions_,
                [](std::string_view base, std::string_view ours, std::string_view theirs) {
                  return std::optional<std::string>("(" + std::string(base) + "|" +
                                                    std::string(ours) + "|" + std::string(theirs) +
                                                    ")");
                });
  }

  static std::vector<std::string> CandidateIds(const Field& field) {
    std::vector<std::string> ids;
    for (const Candidate& candidate : field.candidates) ids.push_back(candidate.change_id);
    return ids;
  }
  static std::optional<std::string> Text(const std::string& text) { return Bytes(TextValue(text)); }
  static v1::Value Integer(int64_t integer) {
    v1::Value value;
    value.set_integer(integer);
    return value;
  }
  static v1::Value Choices(const std::vector<std::string>& items) {
    v1::Value value;
    value.mutable_choices();
    for (const std::string& item : items) value.mutable_choices()->add_items(item);
    return value;
  }

  Definitions definitions_;
  std::vector<Observation> observations_;
  std::string create_;
  int64_t minutes_ = 0;
};

TEST_F(ReferenceTest, CreateGivesFirstStateAreaAndHead) {
  const State state = Now();
  EXPECT_EQ(state.availability, v1::AVAILABILITY_READY);
  EXPECT_EQ(state.status, "diterima");
  EXPECT_EQ(state.area, "15.01.06");
  EXPECT_EQ(state.service, "pengaduan");
  EXPECT_EQ(state.definition_hash, Sha256("complaints"));
  EXPECT_THAT(state.heads, ElementsAre(create_));
  EXPECT_EQ(state.change_count, 1u);
  EXPECT_EQ(state.fields.at("status").rule, v1::RULE_ONLY);
}

TEST_F(ReferenceTest, AWriteThatSawTheOtherReplacesIt) {
  const std::string first = SetText("judul", "Jalan", {create_});
  const std::string second = SetText("judul", "Jembatan", {first});
  const State state = Now();
  EXPECT_EQ(state.fields.at("judul").value, Text("Jembatan"));
  EXPECT_THAT(CandidateIds(state.fields.at("judul")), ElementsAre(second));
  EXPECT_THAT(state.heads, ElementsAre(second));
}

TEST_F(ReferenceTest, LatestOfConcurrentWritesWins) {
  SetText("judul", "Jalan", {create_});
  SetText("judul", "Jembatan", {create_});
  const Field field = Now().fields.at("judul");
  EXPECT_EQ(field.value, Text("Jembatan"));
  EXPECT_EQ(field.rule, v1::RULE_LATEST);
  EXPECT_THAT(field.candidates, SizeIs(2));
  EXPECT_FALSE(field.under_review);
}

TEST_F(ReferenceTest, HighestAndLowestRankEmptyBelowAll) {
  Set("prioritas", Integer(-3), {create_});
  Clear("prioritas", {create_});
  Set("tenggat", Integer(7), {create_});
  Set("tenggat", Integer(9), {create_});
  Clear("tenggat", {create_});
  const State state = Now();
  EXPECT_EQ(state.fields.at("prioritas").value, Bytes(Integer(-3)));
  EXPECT_EQ(state.fields.at("prioritas").rule, v1::RULE_HIGHEST);
  EXPECT_EQ(state.fields.at("tenggat").value, Bytes(Integer(7)));
  EXPECT_EQ(state.fields.at("tenggat").rule, v1::RULE_LOWEST);
}

TEST_F(ReferenceTest, UnionTakesAllItems) {
  Set("kategori", Choices({"jalan", "air"}), {create_});
  Set("kategori", Choices({"lampu", "air"}), {create_});
  const Field field = Now().fields.at("kategori");
  EXPECT_EQ(field.value, Bytes(Choices({"air", "jalan", "lampu"})));
  EXPECT_EQ(field.rule, v1::RULE_UNION);
}

TEST_F(ReferenceTest, UnionWithWhatIsNoSetIsDecidedByTime) {
  Set("kategori", Choices({"jalan"}), {create_});
  SetText("kategori", "lampu", {create_});
  const Field field = Now().fields.at("kategori");
  EXPECT_EQ(field.value, Text("lampu"));
  EXPECT_EQ(field.rule, v1::RULE_LATEST);
}

TEST_F(ReferenceTest, MoreItemsThanASetHoldsAreDecidedByTime) {
  v1::Value low, high;
  for (int i = 0; i < 40; ++i) {
    low.mutable_choices()->add_items(std::to_string(100 + i));
    high.mutable_choices()->add_items(std::to_string(125 + i));
  }
  Set("kategori", low, {create_});
  Set("kategori", high, {create_});
  const Field field = Now().fields.at("kategori");
  EXPECT_EQ(field.value, Bytes(high));
  EXPECT_EQ(field.rule, v1::RULE_LATEST);
}

TEST_F(ReferenceTest, TextFoldsInIdOrderOverTheLastCommonWrite) {
  const std::string base = SetText("deskripsi", "b", {create_});
  std::map<std::string, std::string> by_id;
  for (const char* const text : {"x", "y", "z"}) by_id[SetText("deskripsi", text, {base})] = text;
  std::string expected;
  for (const auto& [id, text] : by_id) {
    expected = expected.empty() ? text : "(b|" + expected + "|" + text + ")";
  }
  const Field field = Now().fields.at("deskripsi");
  EXPECT_EQ(field.value, Text(expected));
  EXPECT_EQ(field.rule, v1::RULE_TEXT);
}

TEST_F(ReferenceTest, DifferentDecisionsGoUnderReviewOthersDoNot) {
  Move("ditangani", {create_});
  Move("disetujui", {create_});
  State state = Now();
  EXPECT_EQ(state.status, "disetujui");
  EXPECT_FALSE(state.fields.at("status").under_review);
  EXPECT_EQ(state.fields.at("status").rule, v1::RULE_WORKFLOW);
  Move("ditolak", {create_});
  state = Now();
  EXPECT_EQ(state.status, "ditolak");
  EXPECT_TRUE(state.fields.at("status").under_review);
  EXPECT_EQ(state.fields.at("status").rule, v1::RULE_REVIEW);
}

TEST_F(ReferenceTest, AnOrdinaryWriteOnAReviewAddsACandidate) {
  const std::string a = Set("bantuan", Integer(1), {create_});
  const std::string b = Set("bantuan", Integer(2), {create_});
  const std::string c = Set("bantuan", Integer(3), {a, b});
  const Field field = Now().fields.at("bantuan");
  EXPECT_TRUE(field.under_review);
  EXPECT_THAT(CandidateIds(field), UnorderedElementsAre(a, b, c));
  EXPECT_EQ(field.value, Bytes(Integer(3)));
}

TEST_F(ReferenceTest, SettleEndsTheReviewOfWhatItNamesAndSaw) {
  const std::string a = Set("bantuan", Integer(1), {create_});
  const std::string b = Set("bantuan", Integer(2), {create_});
  const std::string s = Settle("bantuan", {a, b}, Integer(2), {a, b});
  Field field = Now().fields.at("bantuan");
  EXPECT_FALSE(field.under_review);
  EXPECT_THAT(CandidateIds(field), ElementsAre(s));
  EXPECT_EQ(field.rule, v1::RULE_ONLY);
  const std::string late = Set("bantuan", Integer(9), {create_});
  field = Now().fields.at("bantuan");
  EXPECT_TRUE(field.under_review);
  EXPECT_THAT(CandidateIds(field), UnorderedElementsAre(s, late));
}

TEST_F(ReferenceTest, RacingSettlesOfDifferentValuesAreANewReview) {
  const std::string a = Set("bantuan", Integer(1), {create_});
  const std::string b = Set("bantuan", Integer(2), {create_});
  const std::string s = Settle("bantuan", {a, b}, Integer(1), {a, b});
  const std::string t = Settle("bantuan", {a, b}, Integer(2), {a, b});
  Field field = Now().fields.at("bantuan");
  EXPECT_TRUE(field.under_review);
  EXPECT_THAT(CandidateIds(field), UnorderedElementsAre(s, t));
  Settle("bantuan", {s, t}, Integer(2), {s, t});
  field = Now().fields.at("bantuan");
  EXPECT_FALSE(field.under_review);
}

TEST_F(ReferenceTest, AReviewDoesNotVanishBecauseOneSideWritesOn) {
  const std::string a = Set("bantuan", Integer(1), {create_});
  Set("bantuan", Integer(2), {create_});
  Set("bantuan", Integer(2), {a});  // had not seen the other 2
  const Field field = Now().fields.at("bantuan");
  EXPECT_EQ(field.value, Bytes(Integer(2)));
  EXPECT_TRUE(field.under_review);
  EXPECT_EQ(field.rule, v1::RULE_REVIEW);
}

TEST_F(ReferenceTest, ARetractionBesideAnEditStaysVisible) {
  const std::string r = Retract({create_});
  EXPECT_TRUE(Now().retracted);
  SetText("judul", "Jalan", {create_});
  State state = Now();
  EXPECT_FALSE(state.retracted);
  EXPECT_TRUE(state.fields.at("@retracted").under_review);
  Settle("@retracted", {r}, FlagValue(true), state.heads);
  state = Now();
  EXPECT_TRUE(state.retracted);
  EXPECT_FALSE(state.fields.at("@retracted").under_review);
}

TEST_F(ReferenceTest, TwoRetractionsAreOne) {
  Retract({create_});
  Retract({create_});
  const State state = Now();
  EXPECT_TRUE(state.retracted);
  EXPECT_FALSE(state.fields.at("@retracted").under_review);
}

TEST_F(ReferenceTest, AnEditOfAnElementBeatsItsRemoval) {
  v1::ChangeBody body;
  body.add_mutations()->mutable_add_element()->set_collection("comments");
  body.mutable_mutations(0)->mutable_add_element()->mutable_value()->set_text("Baik");
  const std::string added = Write(body, {create_});
  State state = Now();
  std::string path;
  for (const auto& [key, field] : state.fields) {
    if (key.starts_with("comments/")) path = key;
  }
  ASSERT_FALSE(path.empty());
  SetText(path, "Baik sekali", {added});
  body.Clear();
  body.add_mutations()->mutable_remove_element()->set_path(path);
  const std::string removed = Write(body, {added});
  state = Now();
  EXPECT_EQ(state.fields.at(path).value, Text("Baik sekali"));
  EXPECT_EQ(state.fields.at(path).rule, v1::RULE_EDIT_BEATS_REMOVE);
}

TEST_F(ReferenceTest, VoidChangesKeepAncestryAndWriteNothing) {
  const std::string a = SetText("judul", "Jalan", {create_});
  const std::string refused = SetText("judul", "x", {a});
  observations_.back().stamp.set_verdict(v1::VERDICT_VOID);
  const std::string c = SetText("judul", "Jembatan", {refused});
  const State state = Now();
  EXPECT_THAT(CandidateIds(state.fields.at("judul")), ElementsAre(c));
  EXPECT_THAT(state.heads, ElementsAre(c));
  EXPECT_EQ(state.change_count, 4u);
}

TEST_F(ReferenceTest, AMissingParentEndsTheChain) {
  const std::string a = SetText("judul", "Jalan", {create_});
  const std::string b = SetText("judul", "Jembatan", {a});
  SetText("judul", "Lampu", {b});
  const Observation middle = observations_[2];
  observations_.erase(observations_.begin() + 2);
  EXPECT_THAT(Now().fields.at("judul").candidates, SizeIs(2));
  observations_.push_back(middle);
  EXPECT_THAT(Now().fields.at("judul").candidates, SizeIs(1));
}

TEST_F(ReferenceTest, AvailabilityNamesWhatIsMissing) {
  const Observation create = observations_[0];
  SetText("judul", "Jalan", {create_});
  observations_.erase(observations_.begin());
  EXPECT_EQ(Now().availability, v1::AVAILABILITY_NEEDS_CREATE);
  EXPECT_THAT(Now().fields, IsEmpty());
  EXPECT_EQ(Now().change_count, 1u);
  observations_.push_back(create);
  const Definitions all = definitions_;
  definitions_.clear();
  EXPECT_EQ(Now().availability, v1::AVAILABILITY_NEEDS_DEFINITION);
  definitions_ = all;
  definitions_.begin()->second.set_merge_version(2);
  EXPECT_EQ(Now().availability, v1::AVAILABILITY_NEEDS_NEWER_SERVER);
  definitions_ = all;
  v1::ChangeBody body;
  v1::Mutation* const newer = body.add_mutations();
  newer->GetReflection()->MutableUnknownFields(newer)->AddVarint(900, 1);
  Write(body, {});
  EXPECT_EQ(Now().availability, v1::AVAILABILITY_NEEDS_NEWER_SERVER);
}

TEST_F(ReferenceTest, AValueOfALaterVersionNeedsANewerServerWhereverItStands) {
  const std::vector<Observation> before = observations_;
  const auto later = [](v1::Value* value) {
    value->GetReflection()->MutableUnknownFields(value)->AddVarint(900, 1);
  };
  v1::ChangeBody set, add, settle;
  set.add_mutations()->mutable_set_field()->set_path("status");
  later(set.mutable_mutations(0)->mutable_set_field()->mutable_value());
  add.add_mutations()->mutable_add_element();
  later(add.mutable_mutations(0)->mutable_add_element()->mutable_value());
  settle.add_mutations()->mutable_settle()->set_path("@definition");
  later(settle.mutable_mutations(0)->mutable_settle()->mutable_value());
  for (const v1::ChangeBody& body : {set, add, settle}) {
    observations_ = before;
    Write(body, {create_});
    EXPECT_EQ(Now().availability, v1::AVAILABILITY_NEEDS_NEWER_SERVER) << body.DebugString();
    observations_.back().stamp.set_verdict(v1::VERDICT_VOID);
    EXPECT_EQ(Now().availability, v1::AVAILABILITY_READY) << body.DebugString();
  }
}

TEST_F(ReferenceTest, AKnownValueIsReadWhateverStandsBesideIt) {
  v1::Value value = Integer(4);
  value.GetReflection()->MutableUnknownFields(&value)->AddVarint(900, 1);
  Set("prioritas", value, {create_});
  EXPECT_EQ(Now().fields.at("prioritas").value, Bytes(Integer(4)));
}

TEST_F(ReferenceTest, WhatHasNoKindAtAllWritesNothing) {
  v1::ChangeBody body;
  body.add_mutations();
  body.add_mutations()->mutable_set_field()->set_path("judul");
  body.mutable_mutations(1)->mutable_set_field()->mutable_value();
  Write(body, {create_});
  const State state = Now();
  EXPECT_EQ(state.availability, v1::AVAILABILITY_READY);
  EXPECT_FALSE(state.fields.contains("judul"));
}

TEST_F(ReferenceTest, ACreateWithoutAHashWaitsForARebase) {
  const std::string hash = definitions_.begin()->first;
  v1::ChangeBody body;
  body.ParseFromString(observations_[0].body);
  body.mutable_mutations(0)->mutable_create()->set_definition_hash("x");
  observations_.clear();
  const std::string create = Write(body, {});
  EXPECT_EQ(Now().availability, v1::AVAILABILITY_NEEDS_DEFINITION);
  v1::ChangeBody rebase;
  rebase.add_mutations()->mutable_rebase()->set_definition_hash(hash);
  Write(rebase, {create});
  const State state = Now();
  EXPECT_EQ(state.availability, v1::AVAILABILITY_READY);
  EXPECT_EQ(state.definition_hash, hash);
}

TEST_F(ReferenceTest, TheLastWriteOfAChangeToAPathCounts) {
  v1::ChangeBody body;
  for (const char* const text : {"Jalan", "Jembatan"}) {
    v1::SetField* const set = body.add_mutations()->mutable_set_field();
    set->set_path("judul");
    set->mutable_value()->set_text(text);
  }
  body.add_mutations()->mutable_set_field()->set_path("judul");  // malformed: writes nothing
  Write(body, {create_});
  const Field field = Now().fields.at("judul");
  EXPECT_EQ(field.value, Text("Jembatan"));
  ASSERT_THAT(field.candidates, SizeIs(1));
  EXPECT_EQ(field.candidates[0].mutation_index, 1u);
}

TEST_F(ReferenceTest, ATimerGivesWayToWhatAPersonDidBesideIt) {
  const std::string closed = MoveByTimer("selesai", {create_});
  EXPECT_EQ(Now().status, "selesai");
  EXPECT_EQ(Now().moot_changes, 0u);
  SetText("judul", "Jembatan", {closed});
  EXPECT_EQ(Now().status, "selesai") << "who saw it is not beside it";
  SetText("judul", "Jembatan kayu", {create_});
  const State state = Now();
  EXPECT_EQ(state.status, "diterima");
  EXPECT_EQ(state.moot_changes, 1u);
  EXPECT_EQ(state.change_count, 4u);
  EXPECT_FALSE(state.entered.contains("selesai"));
}

TEST_F(ReferenceTest, ATimerGivesWayNeitherToATimerNorToAChangeThatOnlyJoins) {
  MoveByTimer("selesai", {create_});
  MoveByTimer("ditolak", {create_});
  Write({}, {create_});
  EXPECT_EQ(Now().timer_changes, 2u);
  EXPECT_EQ(Now().moot_changes, 0u);
  EXPECT_TRUE(Now().fields.at("status").under_review);
}

TEST_F(ReferenceTest, AMootChangeIsInThePastOfALaterWriteButReplacesAndContestsNothing) {
  const std::string closed = MoveByTimer("selesai", {create_});
  v1::ChangeBody retract;
  retract.add_mutations()->mutable_retract();
  Write(retract, {create_});
  EXPECT_TRUE(Now().retracted);
  EXPECT_FALSE(Now().fields.at("@retracted").under_review);
  Move("ditolak", {closed});
  EXPECT_THAT(Now().fields.at("status").candidates, SizeIs(1));
  EXPECT_EQ(Now().status, "ditolak");
}

TEST_F(ReferenceTest, TellsWhenEachStateOfTheWorkflowWasWrittenLast) {
  const std::string first = Move("ditangani", {create_});
  const std::string again = Move("ditangani", {first});
  Move("hilang", {again});
  const auto minute = [](int64_t m) { return static_cast<uint64_t>(kNoonMs + m * 60'000) << 16; };
  EXPECT_THAT(Now().entered,
              ElementsAre(std::pair("ditangani", minute(3)), std::pair("diterima", minute(1))));
}

}  // namespace
}  // namespace tikar::reference
