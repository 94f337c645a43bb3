#include "sync/definition_diff.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <ostream>
#include <string>
#include <vector>

#include "catalog_services.h"

namespace tikar::sync {

// Found by GoogleTest where the structs live.
void PrintTo(const DefinitionDifference& difference, std::ostream* out) {
  *out << difference.path << ": " << difference.before.value_or("–") << " → "
       << difference.after.value_or("–");
}
void PrintTo(const DefinitionMergeStep& step, std::ostream* out) {
  *out << step.path << ": " << step.base.value_or("–") << ", ours " << step.ours.value_or("–")
       << ", theirs " << step.theirs.value_or("–");
}

namespace {

using google::protobuf::util::MessageDifferencer;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

// A permit as Bandung published it.
v1::Definition Permit() {
  v1::Definition definition;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(
      R"pb(
        service: "izin"
        version: 3
        publisher: "32.73"
        title { id: "Izin" en: "Permit" }
        merge_version: 1
        title_field: "usaha"
        fields {
          key: "usaha"
          type: FIELD_TYPE_TEXT
          label { id: "Usaha" en: "Business" }
          policy: POLICY_LATEST
        }
        fields {
          key: "modal"
          type: FIELD_TYPE_MONEY
          label { id: "Modal" en: "Capital" }
          policy: POLICY_REVIEW
          maximum: 100
        }
        fields {
          key: "alamat"
          type: FIELD_TYPE_TEXT
          label { id: "Alamat" en: "Address" }
          policy: POLICY_LATEST
        }
        workflow {
          states { key: "diajukan" }
          states { key: "disetujui" terminal: true }
          edges { from: "diajukan" to: "disetujui" roles: "petugas" }
        }
        roles { key: "petugas" creates: true }
        service_levels {
          key: "putus"
          from_state: "diajukan"
          until_states: "disetujui"
          working_days: 5
        }
      )pb",
      &definition));
  return definition;
}

v1::Definition Fork() {
  v1::Definition fork = Permit();
  fork.set_publisher("15.01");
  fork.set_version(1);
  fork.add_provenance()->set_publisher("32.73");
  return fork;
}

v1::Field* FieldOf(v1::Definition& definition, const std::string& key) {
  for (v1::Field& field : *definition.mutable_fields()) {
    if (field.key() == key) return &field;
  }
  ADD_FAILURE() << "no field " << key;
  return nullptr;
}

std::vector<std::string> FieldKeys(const v1::Definition& definition) {
  std::vector<std::string> keys;
  for (const v1::Field& field : definition.fields()) keys.push_back(field.key());
  return keys;
}

TEST(DefinitionDiffTest, WhoPublishedItIsNoDifference) {
  EXPECT_THAT(DiffDefinitions(Permit(), Fork()), IsEmpty());
}

TEST(DefinitionDiffTest, EachPartIsNamedByItsKeys) {
  v1::Definition after = Permit();
  after.mutable_title()->set_en("Licence");
  FieldOf(after, "modal")->set_maximum(500);
  FieldOf(after, "usaha")->set_required(true);
  FieldOf(after, "usaha")->mutable_help()->set_id("Nama pada papan");
  after.mutable_workflow()->mutable_edges(0)->add_roles("penyelia");
  EXPECT_THAT(DiffDefinitions(Permit(), after),
              ElementsAre(DefinitionDifference{"title/en", "\"Permit\"", "\"Licence\""},
                          DefinitionDifference{"fields/usaha/help", {}, "id: \"Nama pada papan\""},
                          DefinitionDifference{"fields/usaha/required", "false", "true"},
                          DefinitionDifference{"fields/modal/maximum", "100", "500"},
                          DefinitionDifference{"workflow/edges/diajukan-disetujui/roles",
                                               "[\"petugas\"]", "[\"petugas\", \"penyelia\"]"}));
}

TEST(DefinitionDiffTest, AnElementThatCameOrWentIsOneDifference) {
  v1::Definition after = Permit();
  after.mutable_fields()->DeleteSubrange(1, 1);
  v1::Field& phone = *after.add_fields();
  phone.set_key("telepon");
  phone.set_type(v1::FIELD_TYPE_PHONE);
  const std::vector<DefinitionDifference> found = DiffDefinitions(Permit(), after);
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].path, "fields/modal");
  EXPECT_EQ(found[0].after, std::nullopt);
  EXPECT_EQ(found[1].path, "fields/telepon");
  EXPECT_EQ(found[1].before, std::nullopt);
  EXPECT_EQ(found[1].after, "key: \"telepon\" type: FIELD_TYPE_PHONE");
}

TEST(DefinitionDiffTest, ItsPlaceInTheListMattersOnlyAmongWhatBothHave) {
  v1::Definition moved = Permit();
  moved.mutable_workflow()->mutable_states()->SwapElements(0, 1);
  EXPECT_THAT(DiffDefinitions(Permit(), moved),
              ElementsAre(DefinitionDifference{"workflow/states/@order", "[diajukan, disetujui]",
                                               "[disetujui, diajukan]"}));
  v1::Definition shorter = Permit();
  shorter.mutable_fields()->DeleteSubrange(0, 1);
  const std::vector<DefinitionDifference> found = DiffDefinitions(Permit(), shorter);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].path, "fields/usaha");
}

TEST(DefinitionDiffTest, AListWithAKeyTwiceIsComparedWhole) {
  v1::Definition twice = Permit();
  *twice.add_fields() = twice.fields(0);
  const std::vector<DefinitionDifference> found = DiffDefinitions(Permit(), twice);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].path, "fields");
}

TEST(DefinitionDiffTest, EveryDefinitionOfTheCatalogueTakesOverEveryOther) {
  std::vector<v1::Definition> all;
  for (const std::filesystem::path& file : ServiceFiles()) all.push_back(ReadDefinition(file));
  ASSERT_GE(all.size(), 9u);
  for (const v1::Definition& before : all) {
    EXPECT_THAT(DiffDefinitions(before, before), IsEmpty());
    for (const v1::Definition& after : all) {
      v1::Definition merged = MergeDefinitions(before, before, after).merged;
      EXPECT_EQ(merged.service(), before.service());
      merged.set_service(after.service());
      merged.set_version(after.version());
      merged.set_publisher(after.publisher());
      *merged.mutable_provenance() = after.provenance();
      EXPECT_TRUE(MessageDifferencer::Equals(merged, after))
          << before.service() << " → " << after.service();
    }
  }
}

TEST(DefinitionMergeTest, WhatWeLeftAloneFollowsUpstreamAndOursStays) {
  v1::Definition ours = Fork(), theirs = Permit();
  FieldOf(ours, "modal")->set_maximum(500);
  ours.mutable_service_levels(0)->set_working_days(3);
  theirs.set_version(4);
  FieldOf(theirs, "usaha")->set_length_max(80);
  theirs.mutable_title()->set_en("Business permit");
  const DefinitionMerge merge = MergeDefinitions(Permit(), ours, theirs);
  EXPECT_THAT(merge.conflicts, IsEmpty());
  EXPECT_THAT(merge.taken,
              ElementsAre(DefinitionMergeStep{"title/en", "\"Permit\"", "\"Permit\"",
                                              "\"Business permit\""},
                          DefinitionMergeStep{"fields/usaha/length_max", {}, {}, "80"}));
  v1::Definition expected = ours;
  FieldOf(expected, "usaha")->set_length_max(80);
  expected.mutable_title()->set_en("Business permit");
  EXPECT_TRUE(MessageDifferencer::Equals(merge.merged, expected))
      << merge.merged.DebugString() << expected.DebugString();
}

TEST(DefinitionMergeTest, TheSameChangeOnBothSidesIsNoConflict) {
  v1::Definition ours = Fork(), theirs = Permit();
  FieldOf(ours, "modal")->set_maximum(500);
  FieldOf(theirs, "modal")->set_maximum(500);
  const DefinitionMerge merge = MergeDefinitions(Permit(), ours, theirs);
  EXPECT_THAT(merge.conflicts, IsEmpty());
  EXPECT_THAT(merge.taken, IsEmpty());
  EXPECT_TRUE(MessageDifferencer::Equals(merge.merged, ours));
}

TEST(DefinitionMergeTest, WhatBothChangedWaitsForAChoice) {
  v1::Definition ours = Fork(), theirs = Permit();
  FieldOf(ours, "modal")->set_maximum(500);
  FieldOf(theirs, "modal")->set_maximum(900);
  const DefinitionMergeStep step{"fields/modal/maximum", "100", "500", "900"};
  DefinitionMerge merge = MergeDefinitions(Permit(), ours, theirs);
  EXPECT_THAT(merge.conflicts, ElementsAre(step));
  EXPECT_EQ(FieldOf(merge.merged, "modal")->maximum(), 500);

  merge =
      MergeDefinitions(Permit(), ours, theirs, {{"fields/modal/maximum", DefinitionSide::kTheirs}});
  EXPECT_THAT(merge.conflicts, IsEmpty());
  EXPECT_THAT(merge.taken, ElementsAre(step));
  EXPECT_EQ(FieldOf(merge.merged, "modal")->maximum(), 900);

  merge =
      MergeDefinitions(Permit(), ours, theirs, {{"fields/modal/maximum", DefinitionSide::kOurs}});
  EXPECT_THAT(merge.kept, ElementsAre(step));
  EXPECT_THAT(merge.conflicts, IsEmpty());
  EXPECT_EQ(FieldOf(merge.merged, "modal")->maximum(), 500);
}

TEST(DefinitionMergeTest, AChoiceCoversWhatLiesBelowItAndALongerOneCounts) {
  v1::Definition ours = Fork(), theirs = Permit();
  FieldOf(ours, "modal")->set_maximum(500);
  FieldOf(theirs, "modal")->set_maximum(900);
  FieldOf(ours, "usaha")->mutable_label()->set_id("Toko");
  FieldOf(theirs, "usaha")->mutable_label()->set_id("Perusahaan");
  DefinitionMerge merge = MergeDefinitions(
      Permit(), ours, theirs,
      {{"fields", DefinitionSide::kTheirs}, {"fields/usaha", DefinitionSide::kOurs}});
  EXPECT_THAT(merge.conflicts, IsEmpty());
  EXPECT_THAT(merge.choices_unused, IsEmpty());
  EXPECT_EQ(FieldOf(merge.merged, "modal")->maximum(), 900);
  EXPECT_EQ(FieldOf(merge.merged, "usaha")->label().id(), "Toko");
}

TEST(DefinitionMergeTest, AChoiceOfNothingThatUpstreamChangedIsSaid) {
  v1::Definition theirs = Permit();
  FieldOf(theirs, "modal")->set_maximum(900);
  const DefinitionMerge merge = MergeDefinitions(
      Permit(), Fork(), theirs,
      {{"fields/moda", DefinitionSide::kTheirs}, {"title", DefinitionSide::kOurs}});
  EXPECT_THAT(merge.choices_unused, ElementsAre("fields/moda", "title"));
}

TEST(DefinitionMergeTest, RemovingWhatTheOtherChangedIsAConflict) {
  v1::Definition ours = Fork(), theirs = Permit();
  ours.mutable_fields()->DeleteSubrange(1, 1);
  FieldOf(theirs, "modal")->set_maximum(900);
  DefinitionMerge merge = MergeDefinitions(Permit(), ours, theirs);
  ASSERT_EQ(merge.conflicts.size(), 1u);
  EXPECT_EQ(merge.conflicts[0].path, "fields/modal");
  EXPECT_EQ(merge.conflicts[0].ours, std::nullopt);
  EXPECT_THAT(FieldKeys(merge.merged), ElementsAre("usaha", "alamat"));

  merge = MergeDefinitions(Permit(), ours, theirs, {{"fields/modal", DefinitionSide::kTheirs}});
  EXPECT_THAT(FieldKeys(merge.merged), ElementsAre("usaha", "modal", "alamat"));
  EXPECT_EQ(FieldOf(merge.merged, "modal")->maximum(), 900);
}

TEST(DefinitionMergeTest, RemovingWhatTheOtherLeftAloneRemovesIt) {
  v1::Definition ours = Fork(), theirs = Permit();
  ours.mutable_fields()->DeleteSubrange(2, 1);
  theirs.mutable_fields()->DeleteSubrange(1, 1);
  const DefinitionMerge merge = MergeDefinitions(Permit(), ours, theirs);
  EXPECT_THAT(merge.conflicts, IsEmpty());
  EXPECT_THAT(FieldKeys(merge.merged), ElementsAre("usaha"));
}

TEST(DefinitionMergeTest, NewElementsStandWhereTheirAuthorPutThem) {
  v1::Definition ours = Fork(), theirs = Permit();
  ours.add_fields()->set_key("telepon");
  v1::Field& number = *theirs.add_fields();
  number.set_key("nib");
  number.set_type(v1::FIELD_TYPE_NIB);
  theirs.mutable_fields()->SwapElements(2, 3);  // usaha, modal, nib, alamat
  const DefinitionMerge merge = MergeDefinitions(Permit(), ours, theirs);
  EXPECT_THAT(merge.conflicts, IsEmpty());
  EXPECT_THAT(FieldKeys(merge.merged), ElementsAre("usaha", "modal", "nib", "alamat", "telepon"));
}

// The order of states is their precedence: it is never merged behind anybody's back.
TEST(DefinitionMergeTest, TwoNewOrdersOfStatesAreAConflict) {
  v1::Definition base = Permit();
  base.mutable_workflow()->add_states()->set_key("ditolak");
  v1::Definition ours = base, theirs = base;
  ours.mutable_workflow()->mutable_states()->SwapElements(1, 2);
  theirs.mutable_workflow()->mutable_states()->SwapElements(0, 1);
  const DefinitionMerge merge = MergeDefinitions(base, ours, theirs);
  EXPECT_THAT(merge.conflicts,
              ElementsAre(DefinitionMergeStep{
                  "workflow/states/@order", "[diajukan, disetujui, ditolak]",
                  "[diajukan, ditolak, disetujui]", "[disetujui, diajukan, ditolak]"}));
  const DefinitionMerge chosen =
      MergeDefinitions(base, ours, theirs, {{"workflow/states/@order", DefinitionSide::kTheirs}});
  EXPECT_EQ(chosen.merged.workflow().states(0).key(), "disetujui");
}

TEST(DefinitionMergeTest, BothAddingOneKeyDifferentlyIsAConflictOfTheWhole) {
  v1::Definition ours = Fork(), theirs = Permit();
  v1::Field& here = *ours.add_fields();
  here.set_key("telepon");
  here.set_type(v1::FIELD_TYPE_TEXT);
  v1::Field& there = *theirs.add_fields();
  there.set_key("telepon");
  there.set_type(v1::FIELD_TYPE_PHONE);
  const DefinitionMerge merge = MergeDefinitions(Permit(), ours, theirs);
  ASSERT_EQ(merge.conflicts.size(), 1u);
  EXPECT_EQ(merge.conflicts[0].path, "fields/telepon");
  EXPECT_EQ(merge.conflicts[0].base, std::nullopt);
}

}  // namespace
}  // namespace tikar::sync
