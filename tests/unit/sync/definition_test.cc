#include "sync/definition.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <ostream>
#include <string>

#include "sync/limits.h"

namespace tikar::sync {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

// A small service for broken bridges, sound in every respect.
constexpr char kBridges[] = R"pb(
  service: "jembatan"
  version: 2
  publisher: "15.01"
  title { id: "Jembatan" en: "Bridges" }
  merge_version: 1
  title_field: "nama"
  fields {
    key: "nama"
    type: FIELD_TYPE_TEXT
    label { id: "Nama" en: "Name" }
    policy: POLICY_LATEST
    length_max: 20
    pattern: "[A-Z].*"
    pattern_message { id: "Mulai dengan huruf besar." en: "Begin with a capital." }
  }
  fields {
    key: "catatan"
    type: FIELD_TYPE_LONG_TEXT
    label { id: "Catatan" en: "Notes" }
    policy: POLICY_TEXT
  }
  fields {
    key: "biaya"
    type: FIELD_TYPE_MONEY
    label { id: "Biaya" en: "Cost" }
    policy: POLICY_REVIEW
    writer_roles: "kepala"
    settler_roles: "kepala"
  }
  fields {
    key: "bahan"
    type: FIELD_TYPE_CHOICES
    label { id: "Bahan" en: "Material" }
    policy: POLICY_UNION
    choices {
      key: "kayu"
      label { id: "Kayu" en: "Wood" }
    }
  }
  workflow {
    states {
      key: "baru"
      label { id: "Baru" en: "New" }
    }
    states {
      key: "disetujui"
      label { id: "Disetujui" en: "Approved" }
      decision: true
    }
    states {
      key: "selesai"
      label { id: "Selesai" en: "Done" }
      terminal: true
    }
    edges {
      from: "baru"
      to: "disetujui"
      label { id: "Setujui" en: "Approve" }
      roles: "kepala"
      required_fields: "biaya"
    }
    edges {
      from: "disetujui"
      to: "selesai"
      label { id: "Selesaikan" en: "Finish" }
      roles: "petugas"
    }
  }
  roles {
    key: "petugas"
    label { id: "Petugas" en: "Officer" }
    creates: true
  }
  roles {
    key: "kepala"
    label { id: "Kepala" en: "Head" }
    retracts: true
    assigns: true
  }
  settler_roles: "kepala"
  settler_roles: "petugas"
  service_levels {
    key: "putusan"
    label { id: "Putusan" en: "Decision" }
    from_state: "baru"
    until_states: "disetujui"
    working_days: 3
  }
  collections {
    key: "comments"
    label { id: "Komentar" en: "Comments" }
    length_max: 100
  }
)pb";

v1::Definition Bridges() {
  v1::Definition definition;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(kBridges, &definition));
  return definition;
}

std::shared_ptr<const Definition> ParseOrDie(const v1::Definition& proto) {
  auto definition = Definition::Parse(proto.SerializeAsString());
  EXPECT_TRUE(definition.ok()) << definition.status();
  return *definition;
}

TEST(DefinitionTest, IsNamedByTheHashOfTheBytesAsPublished) {
  const std::string bytes = Bridges().SerializeAsString();
  const auto definition = Definition::Parse(bytes);
  ASSERT_TRUE(definition.ok()) << definition.status();
  EXPECT_EQ((*definition)->hash(), Sha256(bytes));
  EXPECT_EQ((*definition)->bytes(), bytes);
  EXPECT_EQ((*definition)->proto().version(), 2);
  EXPECT_TRUE((*definition)->supported());
}

TEST(DefinitionTest, KnowsThePolicyOfEveryPath) {
  const auto definition = ParseOrDie(Bridges());
  EXPECT_EQ(definition->PolicyOf("nama"), v1::POLICY_LATEST);
  EXPECT_EQ(definition->PolicyOf("catatan"), v1::POLICY_TEXT);
  EXPECT_EQ(definition->PolicyOf("biaya"), v1::POLICY_REVIEW);
  EXPECT_EQ(definition->PolicyOf("bahan"), v1::POLICY_UNION);
  EXPECT_EQ(definition->PolicyOf("status"), v1::POLICY_WORKFLOW);
  EXPECT_EQ(definition->PolicyOf("@retracted"), v1::POLICY_REVIEW);
  for (const char* path : {"@definition", "area", "assignee", "duplicate_of", "transferred_from",
                           "tidak_dikenal", "", "comments/00"}) {
    EXPECT_EQ(definition->PolicyOf(path), v1::POLICY_LATEST) << path;
  }
}

TEST(DefinitionTest, RanksStatesByTheirPlace) {
  const auto definition = ParseOrDie(Bridges());
  EXPECT_EQ(definition->initial_state(), "baru");
  EXPECT_EQ(definition->StateRank("baru"), 0);
  EXPECT_EQ(definition->StateRank("selesai"), 2);
  EXPECT_EQ(definition->StateRank("ditolak"), -1);
  EXPECT_EQ(definition->FindState("selesai")->label().en(), "Done");
  EXPECT_EQ(definition->FindState("ditolak"), nullptr);
}

TEST(DefinitionTest, CallsTerminalStatesAndMarkedOnesDecisions) {
  const auto definition = ParseOrDie(Bridges());
  EXPECT_FALSE(definition->IsDecision("baru"));
  EXPECT_TRUE(definition->IsDecision("disetujui"));
  EXPECT_TRUE(definition->IsDecision("selesai"));
  EXPECT_FALSE(definition->IsDecision("ditolak"));
}

TEST(DefinitionTest, FindsEdgesInTheirDirectionOnly) {
  const auto definition = ParseOrDie(Bridges());
  ASSERT_NE(definition->FindEdge("baru", "disetujui"), nullptr);
  EXPECT_EQ(definition->FindEdge("baru", "disetujui")->label().en(), "Approve");
  EXPECT_EQ(definition->FindEdge("disetujui", "baru"), nullptr);
  EXPECT_EQ(definition->FindEdge("baru", "selesai"), nullptr);
}

TEST(DefinitionTest, KnowsWhoMaySettle) {
  const auto definition = ParseOrDie(Bridges());
  EXPECT_TRUE(definition->MaySettle("petugas", "status"));
  EXPECT_TRUE(definition->MaySettle("petugas", "@retracted"));
  EXPECT_TRUE(definition->MaySettle("petugas", "nama"));
  EXPECT_FALSE(definition->MaySettle("petugas", "biaya")) << "it names settlers of its own";
  EXPECT_TRUE(definition->MaySettle("kepala", "biaya"));
  EXPECT_FALSE(definition->MaySettle("warga", "status"));
  EXPECT_FALSE(definition->MaySettle("kepala", "area"));
  EXPECT_FALSE(definition->MaySettle("kepala", "tidak_dikenal"));
  EXPECT_FALSE(definition->MaySettle("kepala", "comments/00"));
}

TEST(DefinitionTest, KnowsWhatRolesMayDo) {
  const auto definition = ParseOrDie(Bridges());
  EXPECT_TRUE(definition->MayCreate("petugas"));
  EXPECT_FALSE(definition->MayCreate("kepala"));
  EXPECT_FALSE(definition->MayCreate("warga"));
  EXPECT_TRUE(definition->MayRetract("kepala"));
  EXPECT_FALSE(definition->MayRetract("petugas"));
  EXPECT_TRUE(definition->MayAssign("kepala"));
  EXPECT_FALSE(definition->MayAssign("petugas"));
  EXPECT_TRUE(definition->MayWrite("petugas", "nama"));
  EXPECT_FALSE(definition->MayWrite("petugas", "biaya"));
  EXPECT_TRUE(definition->MayWrite("kepala", "biaya"));
  EXPECT_FALSE(definition->MayWrite("warga", "nama"));
  EXPECT_FALSE(definition->MayWrite("petugas", "area"));
}

TEST(DefinitionTest, MatchesPatternsWhole) {
  const auto definition = ParseOrDie(Bridges());
  EXPECT_TRUE(definition->MatchesPattern("nama", "Batang Merao"));
  EXPECT_FALSE(definition->MatchesPattern("nama", "batang Merao"));
  EXPECT_FALSE(definition->MatchesPattern("nama", " Batang"));
  EXPECT_TRUE(definition->MatchesPattern("catatan", "apa saja"));
}

TEST(DefinitionTest, GivesLengthsWithDefaults) {
  const auto definition = ParseOrDie(Bridges());
  EXPECT_EQ(definition->TextCodePointsMax("nama"), 20);
  EXPECT_EQ(definition->TextCodePointsMax("catatan"), 8000);
  EXPECT_EQ(definition->TextCodePointsMax("biaya"), 0);
  v1::Definition proto = Bridges();
  proto.mutable_fields(0)->clear_length_max();
  EXPECT_EQ(ParseOrDie(proto)->TextCodePointsMax("nama"), 500);
  EXPECT_EQ(definition->ElementCodePointsMax("comments"), 100);
  EXPECT_EQ(definition->ElementsMax("comments"), kElementsPerCollectionMax);
  EXPECT_EQ(definition->ElementsMax("tags"), 0);
}

TEST(DefinitionTest, KnowsWhatTheElementsOfACollectionAre) {
  v1::Definition proto = Bridges();
  v1::Collection& instalments = *proto.add_collections();
  instalments.set_key("angsuran");
  instalments.set_type(v1::FIELD_TYPE_MONEY);
  instalments.mutable_label()->set_id("Angsuran");
  instalments.mutable_label()->set_en("Instalments");
  const auto definition = ParseOrDie(proto);
  EXPECT_EQ(definition->ElementTypeOf("angsuran"), v1::FIELD_TYPE_MONEY);
  EXPECT_EQ(definition->ElementCodePointsMax("angsuran"), 0);
  EXPECT_EQ(definition->ElementTypeOf("comments"), v1::FIELD_TYPE_LONG_TEXT);
  EXPECT_EQ(definition->ElementTypeOf("tags"), v1::FIELD_TYPE_UNSPECIFIED);
}

TEST(DefinitionTest, NewerMergeRulesAreKeptUncheckedAndSaidToBeUnsupported) {
  v1::Definition proto = Bridges();
  proto.set_merge_version(kMergeVersionNewest + 1);
  proto.mutable_fields(2)->set_policy(static_cast<v1::Policy>(99));
  proto.mutable_fields(3)->set_key("status");
  proto.clear_workflow();
  const auto definition = ParseOrDie(proto);
  EXPECT_FALSE(definition->supported());
  EXPECT_EQ(definition->initial_state(), "");
  EXPECT_EQ(definition->PolicyOf("status"), v1::POLICY_WORKFLOW);
  EXPECT_EQ(definition->bytes(), proto.SerializeAsString());
}

TEST(DefinitionTest, RefusesBytesThatAreNoDefinition) {
  EXPECT_EQ(Definition::Parse("\xff\xff not a proto").status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Definition::Parse("").status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(DefinitionTest, RefusesMoreBytesThanTheLimit) {
  v1::Definition proto = Bridges();
  proto.mutable_description()->set_en("x");
  proto.mutable_description()->set_id("x");
  ParseOrDie(proto);
  proto.mutable_description()->set_id(std::string(kDefinitionBytesMax, 'x'));
  const absl::Status status = Definition::Parse(proto.SerializeAsString()).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr(std::to_string(kDefinitionBytesMax)));
}

struct Mistake {
  const char* name;
  std::function<void(v1::Definition&)> make;
  // What the message must contain.
  const char* names;
};

void PrintTo(const Mistake& mistake, std::ostream* out) { *out << mistake.name; }

class MistakeTest : public ::testing::TestWithParam<Mistake> {};

TEST_P(MistakeTest, IsNamed) {
  v1::Definition proto = Bridges();
  GetParam().make(proto);
  const absl::Status status = Definition::Parse(proto.SerializeAsString()).status();
  ASSERT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr(GetParam().names));
}

using D = v1::Definition;

v1::Field& Nama(D& d) { return *d.mutable_fields(0); }
v1::Field& Catatan(D& d) { return *d.mutable_fields(1); }
v1::Field& Biaya(D& d) { return *d.mutable_fields(2); }
v1::Field& Bahan(D& d) { return *d.mutable_fields(3); }
v1::WorkflowEdge& Approve(D& d) { return *d.mutable_workflow()->mutable_edges(0); }

INSTANTIATE_TEST_SUITE_P(
    All, MistakeTest,
    ::testing::Values(
        Mistake{"service", [](D& d) { d.set_service("Jembatan"); }, "service \"Jembatan\""},
        Mistake{"version", [](D& d) { d.set_version(0); }, "version: counts from 1"},
        Mistake{"publisher", [](D& d) { d.set_publisher("Kerinci"); }, "publisher \"Kerinci\""},
        Mistake{"merge_version", [](D& d) { d.set_merge_version(0); }, "merge_version: counts"},
        Mistake{"title_language", [](D& d) { d.mutable_title()->clear_en(); }, "title: needs"},
        Mistake{"half_description", [](D& d) { d.mutable_description()->set_id("x"); },
                "description: needs"},
        Mistake{"no_creator", [](D& d) { d.mutable_roles(0)->set_creates(false); },
                "no role may create"},
        Mistake{"role_twice", [](D& d) { d.mutable_roles(1)->set_key("petugas"); },
                "role \"petugas\": appears twice"},
        Mistake{"role_key", [](D& d) { d.add_roles()->set_key("a b"); }, "role \"a b\": key must"},
        Mistake{"role_label", [](D& d) { d.mutable_roles(0)->clear_label(); },
                "role \"petugas\".label: needs"},
        Mistake{"no_settlers", [](D& d) { d.clear_settler_roles(); }, "nobody could end a review"},
        Mistake{"unknown_settler", [](D& d) { d.add_settler_roles("camat"); },
                "settler_roles: unknown role \"camat\""},
        Mistake{"title_field", [](D& d) { d.set_title_field("judul"); },
                "title_field: unknown field \"judul\""},
        Mistake{"title_type", [](D& d) { d.set_title_field("biaya"); }, "title_field \"biaya\""},
        Mistake{"field_key", [](D& d) { Nama(d).set_key("Nama"); }, "field \"Nama\": key must"},
        Mistake{"field_key_at", [](D& d) { Nama(d).set_key("@nama"); }, "field \"@nama\": key"},
        Mistake{"field_key_slash", [](D& d) { Nama(d).set_key("a/b"); }, "field \"a/b\": key"},
        Mistake{"field_key_long", [](D& d) { Nama(d).set_key(std::string(41, 'a')); }, "key must"},
        Mistake{"field_built_in", [](D& d) { Nama(d).set_key("assignee"); },
                "field \"assignee\": every request has"},
        Mistake{"field_status", [](D& d) { Nama(d).set_key("status"); },
                "field \"status\": every request has"},
        Mistake{"field_twice", [](D& d) { Catatan(d).set_key("nama"); },
                "field \"nama\": appears twice"},
        Mistake{"field_label", [](D& d) { Nama(d).mutable_label()->clear_id(); },
                "field \"nama\".label: needs"},
        Mistake{"field_help", [](D& d) { Nama(d).mutable_help()->set_id("x"); },
                "field \"nama\".help: needs"},
        Mistake{"field_type", [](D& d) { Nama(d).set_type(v1::FIELD_TYPE_UNSPECIFIED); },
                "field \"nama\": has no type"},
        Mistake{"unknown_type", [](D& d) { Nama(d).set_type(static_cast<v1::FieldType>(77)); },
                "field \"nama\": has no type"},
        Mistake{"no_policy", [](D& d) { Nama(d).clear_policy(); }, "field \"nama\": has no policy"},
        Mistake{"unknown_policy", [](D& d) { Nama(d).set_policy(static_cast<v1::Policy>(99)); },
                "field \"nama\": has no policy"},
        Mistake{"workflow_policy", [](D& d) { Nama(d).set_policy(v1::POLICY_WORKFLOW); },
                "field \"nama\": policy workflow"},
        Mistake{"text_policy", [](D& d) { Biaya(d).set_policy(v1::POLICY_TEXT); },
                "field \"biaya\": policy text"},
        Mistake{"union_policy", [](D& d) { Biaya(d).set_policy(v1::POLICY_UNION); },
                "field \"biaya\": policy union"},
        Mistake{"highest_policy", [](D& d) { Nama(d).set_policy(v1::POLICY_HIGHEST); },
                "field \"nama\": policies highest"},
        Mistake{"lowest_policy", [](D& d) { Bahan(d).set_policy(v1::POLICY_LOWEST); },
                "field \"bahan\": policies highest"},
        Mistake{"writer", [](D& d) { Nama(d).add_writer_roles("camat"); },
                "field \"nama\".writer_roles: unknown role \"camat\""},
        Mistake{"settler", [](D& d) { Nama(d).add_settler_roles("camat"); },
                "field \"nama\".settler_roles: unknown role \"camat\""},
        Mistake{"public_personal",
                [](D& d) {
                  Nama(d).set_personal(true);
                  Nama(d).set_is_public(true);
                },
                "field \"nama\": personal data cannot be public"},
        Mistake{"no_choices", [](D& d) { Bahan(d).clear_choices(); },
                "field \"bahan\": has no choices"},
        Mistake{"stray_choices", [](D& d) { *Nama(d).add_choices() = Bahan(d).choices(0); },
                "field \"nama\": only CHOICE"},
        Mistake{"choice_twice", [](D& d) { *Bahan(d).add_choices() = Bahan(d).choices(0); },
                "choice \"kayu\": appears twice"},
        Mistake{"choice_key", [](D& d) { Bahan(d).mutable_choices(0)->set_key("Kayu"); },
                "choice \"Kayu\": key must"},
        Mistake{"choice_label", [](D& d) { Bahan(d).mutable_choices(0)->clear_label(); },
                "choice \"kayu\".label: needs"},
        Mistake{"stray_bounds", [](D& d) { Nama(d).set_maximum(5); },
                "field \"nama\": only INTEGER and MONEY"},
        Mistake{"bounds_order", [](D& d) { Biaya(d).set_minimum(5); }, "minimum is above maximum"},
        Mistake{"negative_money", [](D& d) { Biaya(d).set_minimum(-5); },
                "money is never negative"},
        Mistake{"stray_length", [](D& d) { Biaya(d).set_length_max(5); },
                "field \"biaya\": only TEXT"},
        Mistake{"length", [](D& d) { Nama(d).set_length_max(kTextBytesMax + 1); },
                "field \"nama\": length_max"},
        Mistake{"pattern", [](D& d) { Nama(d).set_pattern("("); }, "pattern does not compile"},
        Mistake{"pattern_long", [](D& d) { Nama(d).set_pattern(std::string(501, 'a')); },
                "pattern is longer"},
        Mistake{"pattern_message", [](D& d) { Nama(d).clear_pattern_message(); },
                "field \"nama\".pattern_message: needs"},
        Mistake{"stray_pattern_message", [](D& d) { Nama(d).clear_pattern(); },
                "pattern_message without a pattern"},
        Mistake{"stray_pattern", [](D& d) { Biaya(d).set_pattern("x"); },
                "field \"biaya\": only TEXT and LONG_TEXT have a pattern"},
        Mistake{"no_states", [](D& d) { d.clear_workflow(); }, "workflow: has no states"},
        Mistake{"state_key", [](D& d) { d.mutable_workflow()->mutable_states(1)->set_key("1x"); },
                "state \"1x\": key must"},
        Mistake{"state_twice",
                [](D& d) { d.mutable_workflow()->mutable_states(1)->set_key("baru"); },
                "state \"baru\": appears twice"},
        Mistake{"state_label",
                [](D& d) { d.mutable_workflow()->mutable_states(0)->clear_label(); },
                "state \"baru\".label: needs"},
        Mistake{"edge_from", [](D& d) { Approve(d).set_from("lama"); }, "unknown state \"lama\""},
        Mistake{"edge_to", [](D& d) { Approve(d).set_to("lama"); }, "unknown state \"lama\""},
        Mistake{"edge_loop", [](D& d) { Approve(d).set_to("baru"); }, "leads nowhere"},
        Mistake{"edge_twice",
                [](D& d) { *d.mutable_workflow()->add_edges() = d.workflow().edges(0); },
                "edge \"baru\" -> \"disetujui\": appears twice"},
        Mistake{"edge_from_terminal",
                [](D& d) {
                  Approve(d).set_from("selesai");
                  Approve(d).set_to("baru");
                },
                "edge \"selesai\" -> \"baru\": nothing may follow"},
        Mistake{"edge_label", [](D& d) { Approve(d).clear_label(); },
                "edge \"baru\" -> \"disetujui\".label: needs"},
        Mistake{"edge_no_role", [](D& d) { Approve(d).clear_roles(); }, "no role may take it"},
        Mistake{"edge_role", [](D& d) { Approve(d).add_roles("camat"); },
                "edge \"baru\" -> \"disetujui\": unknown role \"camat\""},
        Mistake{"edge_field", [](D& d) { Approve(d).add_required_fields("judul"); },
                ".required_fields: unknown field \"judul\""},
        Mistake{"level_key", [](D& d) { d.mutable_service_levels(0)->set_key("3"); },
                "service level \"3\": key must"},
        Mistake{"level_twice", [](D& d) { *d.add_service_levels() = d.service_levels(0); },
                "service level \"putusan\": appears twice"},
        Mistake{"level_from", [](D& d) { d.mutable_service_levels(0)->set_from_state("lama"); },
                "service level \"putusan\": unknown state \"lama\""},
        Mistake{"level_until", [](D& d) { d.mutable_service_levels(0)->add_until_states("lama"); },
                "service level \"putusan\": unknown state \"lama\""},
        Mistake{"level_endless", [](D& d) { d.mutable_service_levels(0)->clear_until_states(); },
                "its clock never stops"},
        Mistake{"level_days", [](D& d) { d.mutable_service_levels(0)->set_working_days(0); },
                "working_days counts from 1"},
        Mistake{"level_label", [](D& d) { d.mutable_service_levels(0)->clear_label(); },
                "service level \"putusan\".label: needs"},
        Mistake{"collection", [](D& d) { d.mutable_collections(0)->set_key("Catatan"); },
                "collection \"Catatan\": key must"},
        Mistake{"collection_built_in", [](D& d) { d.mutable_collections(0)->set_key("area"); },
                "collection \"area\": every request has"},
        Mistake{"collection_type",
                [](D& d) { d.mutable_collections(0)->set_type(v1::FIELD_TYPE_NIK); },
                "collection \"comments\": elements must be"},
        Mistake{"collection_numbers",
                [](D& d) {
                  d.mutable_collections(0)->set_type(v1::FIELD_TYPE_MONEY);
                  d.mutable_collections(0)->clear_length_max();
                },
                "collection \"comments\": every app takes its elements for texts"},
        Mistake{"collection_stray_length",
                [](D& d) {
                  d.mutable_collections(0)->set_key("angsuran");
                  d.mutable_collections(0)->set_type(v1::FIELD_TYPE_MONEY);
                },
                "collection \"angsuran\": only texts have a length_max"},
        Mistake{"collection_twice", [](D& d) { *d.add_collections() = d.collections(0); },
                "collection \"comments\": appears twice"},
        Mistake{"collection_is_field", [](D& d) { Nama(d).set_key("comments"); },
                "collection \"comments\": a field has the same name"},
        Mistake{"collection_label", [](D& d) { d.mutable_collections(0)->clear_label(); },
                "collection \"comments\".label: needs"},
        Mistake{"collection_length", [](D& d) { d.mutable_collections(0)->clear_length_max(); },
                "collection \"comments\": length_max"},
        Mistake{"collection_elements",
                [](D& d) { d.mutable_collections(0)->set_elements_max(501); },
                "collection \"comments\": elements_max"},
        Mistake{"provenance", [](D& d) { d.add_provenance()->set_definition_hash("x"); },
                "provenance: definition_hash must be 32 bytes"}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(DefinitionTest, ListsEveryProblemAtOnce) {
  v1::Definition proto = Bridges();
  proto.set_version(0);
  Nama(proto).clear_policy();
  Approve(proto).set_to("lama");
  const absl::Status status = Definition::Parse(proto.SerializeAsString()).status();
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("version: counts"), HasSubstr("field \"nama\": has no policy"),
                    HasSubstr("unknown state \"lama\"")));
}

TEST(DefinitionTest, TakesHighestAndLowestForEveryOrderedType) {
  for (const v1::FieldType type :
       {v1::FIELD_TYPE_INTEGER, v1::FIELD_TYPE_MONEY, v1::FIELD_TYPE_DECIMAL, v1::FIELD_TYPE_DATE,
        v1::FIELD_TYPE_TIME}) {
    for (const v1::Policy policy : {v1::POLICY_HIGHEST, v1::POLICY_LOWEST}) {
      v1::Definition proto = Bridges();
      Biaya(proto).set_type(type);
      Biaya(proto).set_policy(policy);
      EXPECT_TRUE(Definition::Parse(proto.SerializeAsString()).ok()) << type << " " << policy;
    }
  }
}

}  // namespace
}  // namespace tikar::sync
