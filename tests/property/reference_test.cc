// The reference is an oracle only if it is right by itself: each paragraph of sync/README.md by
// name.
#include "reference.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "reference_map.h"
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

TEST(ReferenceStampTest, JoinTakesEarliestTripleAndLargestVerdict) {
  v1::Stamp a, b;
  a.set_received_at_ms(5);
  a.set_clock_offset_ms(9);
  a.set_verdict(v1::VERDICT_VOID);
  a.set_reason(v1::REFUSAL_REASON_ROLE);
  b.set_received_at_ms(6);
  b.set_clock_offset_ms(1);
  b.set_verdict(v1::VERDICT_QUARANTINED);
  b.set_reason(v1::REFUSAL_REASON_SCOPE);
  for (const v1::Stamp& joined : {Join(a, b), Join(b, a)}) {
    EXPECT_EQ(joined.received_at_ms(), 5);
    EXPECT_EQ(joined.clock_offset_ms(), 9);
    EXPECT_EQ(joined.verdict(), v1::VERDICT_QUARANTINED);
    EXPECT_EQ(joined.reason(), v1::REFUSAL_REASON_SCOPE);
  }
}

TEST(ReferenceStampTest, EffectiveTimeIsCorrectedBeyondFiveMinutesAndNeverAfterReceipt) {
  const auto effective = [](int64_t ms, int64_t offset_ms, int64_t received_ms) {
    v1::Stamp stamp;
    stamp.set_clock_offset_ms(offset_ms);
    stamp.set_received_at_ms(received_ms);
    return EffectiveTime(static_cast<uint64_t>(ms) << 16 | 7, stamp);
  };
  EXPECT_EQ(effective(kNoonMs, 300'000, 2 * kNoonMs), static_cast<uint64_t>(kNoonMs) << 16 | 7);
  EXPECT_EQ(effective(kNoonMs, -300'001, 2 * kNoonMs),
            static_cast<uint64_t>(kNoonMs - 300'001) << 16 | 7);
  EXPECT_EQ(effective(kNoonMs, 0, kNoonMs - 5), static_cast<uint64_t>(kNoonMs - 5) << 16 | 0xffff);
}

TEST(ReferenceValueTest, NormalFormIsOne) {
  const auto decimal = [](const std::string& text) {
    v1::Value value;
    value.set_decimal(text);
    return NormalValue(value);
  };
  EXPECT_EQ(decimal("007.10")->decimal(), "7.1");
  EXPECT_EQ(decimal("-0.0")->decimal(), "0");
  for (const char* const bad : {"", "-", "1.", ".5", "1e5", "1 "})
    EXPECT_FALSE(decimal(bad)) << bad;
  EXPECT_LT(CompareValues(*decimal("-12.3"), *decimal("-2.3")), 0);
  EXPECT_GT(CompareValues(*decimal("10"), *decimal("9.9")), 0);
  EXPECT_EQ(NormalValue(TextValue("cafe\xcc\x81"))->text(), "caf\xc3\xa9");
}

}  // namespace
}  // namespace tikar::reference
