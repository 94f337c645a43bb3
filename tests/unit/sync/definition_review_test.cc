#include "sync/definition_review.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <functional>
#include <ostream>
#include <string>
#include <vector>

#include "sync/definition.h"

namespace tikar::sync {

// Found by GoogleTest where Finding lives.
void PrintTo(const Finding& finding, std::ostream* out) {
  *out << SeverityName(finding.severity) << ": " << finding.where << ": " << finding.message;
}

namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Start-up aid, sound and wise.
constexpr char kAid[] = R"pb(
  service: "bantuan"
  version: 1
  publisher: "15.01"
  title { id: "Bantuan" en: "Aid" }
  merge_version: 1
  title_field: "usaha"
  is_public: true
  fields {
    key: "usaha"
    type: FIELD_TYPE_TEXT
    label { id: "Usaha" en: "Business" }
    policy: POLICY_LATEST
    required: true
    is_public: true
  }
  fields {
    key: "nik"
    type: FIELD_TYPE_NIK
    label { id: "NIK" en: "NIK" }
    policy: POLICY_REVIEW
    personal: true
  }
  fields {
    key: "nilai"
    type: FIELD_TYPE_MONEY
    label { id: "Nilai" en: "Amount" }
    policy: POLICY_REVIEW
  }
  fields {
    key: "bidang"
    type: FIELD_TYPE_CHOICE
    label { id: "Bidang" en: "Sector" }
    policy: POLICY_LATEST
    choices {
      key: "dagang"
      label { id: "Dagang" en: "Trade" }
    }
    choices {
      key: "jasa"
      label { id: "Jasa" en: "Services" }
    }
  }
  workflow {
    states {
      key: "baru"
      label { id: "Baru" en: "New" }
    }
    states {
      key: "diperiksa"
      label { id: "Diperiksa" en: "Examined" }
    }
    states {
      key: "ditolak"
      label { id: "Ditolak" en: "Rejected" }
      terminal: true
    }
    states {
      key: "cair"
      label { id: "Cair" en: "Paid" }
      terminal: true
    }
    edges {
      from: "baru"
      to: "diperiksa"
      label { id: "Periksa" en: "Examine" }
      roles: "petugas"
    }
    edges {
      from: "diperiksa"
      to: "ditolak"
      label { id: "Tolak" en: "Reject" }
      roles: "petugas"
    }
    edges {
      from: "diperiksa"
      to: "cair"
      label { id: "Cairkan" en: "Pay" }
      roles: "kepala"
      irreversible: true
    }
  }
  roles {
    key: "petugas"
    label { id: "Petugas" en: "Officer" }
    creates: true
  }
  roles {
    key: "warga"
    label { id: "Warga" en: "Citizen" }
    creates: true
  }
  roles {
    key: "kepala"
    label { id: "Kepala" en: "Head" }
  }
  settler_roles: "kepala"
  service_levels {
    key: "periksa"
    label { id: "Pemeriksaan" en: "Examination" }
    from_state: "baru"
    until_states: "diperiksa"
    working_days: 3
  }
)pb";

using D = v1::Definition;

D Aid() {
  D definition;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(kAid, &definition));
  return definition;
}

v1::Workflow& Flow(D& d) { return *d.mutable_workflow(); }

v1::State& AddState(D& d, const std::string& key) {
  v1::State& state = *Flow(d).add_states();
  state.set_key(key);
  state.mutable_label()->set_id(key + " id");
  state.mutable_label()->set_en(key + " en");
  return state;
}

void AddEdge(D& d, const std::string& from, const std::string& to) {
  v1::WorkflowEdge& edge = *Flow(d).add_edges();
  edge.set_from(from);
  edge.set_to(to);
  edge.mutable_label()->set_id(from + " ke " + to);
  edge.mutable_label()->set_en(from + " to " + to);
  edge.add_roles("petugas");
}

Finding Error(const std::string& where, const std::string& message) {
  return {Severity::kError, where, message};
}
Finding Warning(const std::string& where, const std::string& message) {
  return {Severity::kWarning, where, message};
}

TEST(DefinitionReviewTest, ASoundDefinitionHasNoFindings) {
  EXPECT_THAT(ReviewDefinition(Aid()), IsEmpty());
}

TEST(DefinitionReviewTest, NamesItsSeverities) {
  EXPECT_EQ(SeverityName(Severity::kError), "error");
  EXPECT_EQ(SeverityName(Severity::kWarning), "warning");
}

TEST(DefinitionReviewTest, TakesOverEveryProblemWithItsPlace) {
  D d = Aid();
  d.mutable_fields(2)->clear_policy();
  d.mutable_fields(1)->set_is_public(true);
  Flow(d).mutable_edges(0)->clear_roles();
  d.mutable_title()->clear_en();
  EXPECT_FALSE(Definition::Parse(d.SerializeAsString()).ok());
  EXPECT_THAT(ReviewDefinition(d),
              ElementsAre(Error("title", "needs a text in Indonesian and in English"),
                          Error("field \"nik\"", "personal data cannot be public"),
                          Error("field \"nilai\"", "has no policy that merge version 1 knows"),
                          Error("edge \"baru\" -> \"diperiksa\"", "no role may take it")));
}

TEST(DefinitionReviewTest, SurvivesWhatIsNoDefinitionAtAll) {
  EXPECT_THAT(ReviewDefinition(D()), Contains(Error("workflow", "has no states")));
  D d = Aid();
  Flow(d).mutable_edges(0)->set_to("hilang");
  d.mutable_service_levels(0)->set_from_state("hilang");
  EXPECT_THAT(ReviewDefinition(d),
              Contains(Error("service level \"periksa\"", "unknown state \"hilang\"")));
}

// One thing that is wrong, alone.
struct Flaw {
  const char* name;
  std::function<void(D&)> make;
  std::vector<Finding> findings;
};

void PrintTo(const Flaw& flaw, std::ostream* out) { *out << flaw.name; }

class FlawTest : public ::testing::TestWithParam<Flaw> {};

TEST_P(FlawTest, IsFoundAlone) {
  D d = Aid();
  GetParam().make(d);
  EXPECT_THAT(ReviewDefinition(d), ::testing::ElementsAreArray(GetParam().findings));
}

const char kStuck[] = "nothing leads out of it, and it is not terminal";

INSTANTIATE_TEST_SUITE_P(
    All, FlawTest,
    ::testing::Values(
        Flaw{"unreachable_end",
             [](D& d) { AddState(d, "arsip").set_terminal(true); },
             {Error("state \"arsip\"", "cannot be reached from \"baru\"")}},
        Flaw{"edge_out_of_nowhere",
             [](D& d) {
               AddState(d, "arsip");
               AddEdge(d, "arsip", "cair");
             },
             {Error("state \"arsip\"", "cannot be reached from \"baru\""),
              Error("edge \"arsip\" -> \"cair\"", "no request is ever in \"arsip\""),
              Warning("state \"cair\"",
                      "comes after \"arsip\" in the workflow but stands before it: set "
                      "concurrently, \"arsip\" would win")}},
        Flaw{"dead_end",
             [](D& d) {
               AddState(d, "macet");
               AddEdge(d, "diperiksa", "macet");
             },
             {Error("state \"macet\"", kStuck)}},
        Flaw{"circle_without_end",
             [](D& d) {
               AddState(d, "macet");
               AddState(d, "tertunda");
               AddEdge(d, "diperiksa", "macet");
               AddEdge(d, "macet", "tertunda");
               AddEdge(d, "tertunda", "macet");
             },
             {Error("state \"macet\"", "no terminal state can be reached from it"),
              Error("state \"tertunda\"", "no terminal state can be reached from it")}},
        Flaw{
            "irreversible_without_decision",
            [](D& d) {
              Flow(d).mutable_states(3)->set_terminal(false);
              AddState(d, "tutup").set_terminal(true);
              AddEdge(d, "cair", "tutup");
            },
            {Warning("edge \"diperiksa\" -> \"cair\"",
                     "is irreversible, but \"cair\" is no decision: a rival state set concurrently "
                     "is dropped without asking anybody")}},
        Flaw{"level_at_the_end",
             [](D& d) {
               d.mutable_service_levels(0)->set_from_state("cair");
               d.mutable_service_levels(0)->set_until_states(0, "ditolak");
             },
             {Error("service level \"periksa\"", "its clock never stops: \"cair\" is terminal")}},
        Flaw{"level_never_stopped_there",
             [](D& d) {
               d.mutable_service_levels(0)->set_from_state("diperiksa");
               d.mutable_service_levels(0)->set_until_states(0, "baru");
               d.mutable_service_levels(0)->add_until_states("ditolak");
               d.mutable_service_levels(0)->add_until_states("cair");
             },
             {Warning("service level \"periksa\"", "no way leads from \"diperiksa\" to \"baru\"")}},
        Flaw{"level_passed_by",
             [](D& d) { AddEdge(d, "baru", "ditolak"); },
             {Warning("service level \"periksa\"",
                      "a request can come to its end without stopping the clock")}},
        Flaw{"required_of_nobody",
             [](D& d) { d.mutable_fields(0)->add_writer_roles("kepala"); },
             {Error("field \"usaha\"",
                    "a Create must carry it, and no role that creates may write it")}},
        Flaw{"required_of_some",
             [](D& d) { d.mutable_fields(0)->add_writer_roles("petugas"); },
             {Warning("field \"usaha\"",
                      "a Create must carry it, so role \"warga\" can create nothing")}},
        Flaw{"precedence",
             [](D& d) {
               AddState(d, "ditinjau");
               AddEdge(d, "baru", "ditinjau");
               AddEdge(d, "ditinjau", "diperiksa");
             },
             {Warning("state \"diperiksa\"",
                      "comes after \"ditinjau\" in the workflow but stands before it: set "
                      "concurrently, \"ditinjau\" would win"),
              Warning("state \"ditolak\"",
                      "comes after \"ditinjau\" in the workflow but stands before it: set "
                      "concurrently, \"ditinjau\" would win"),
              Warning("state \"cair\"",
                      "comes after \"ditinjau\" in the workflow but stands before it: set "
                      "concurrently, \"ditinjau\" would win")}},
        Flaw{"states_alike",
             [](D& d) { Flow(d).mutable_states(3)->mutable_label()->set_id("Ditolak"); },
             {Warning("state \"cair\"",
                      "reads \"Ditolak\" in Indonesian, as does state "
                      "\"ditolak\"")}},
        Flaw{"steps_alike",
             [](D& d) { Flow(d).mutable_edges(2)->mutable_label()->set_en("Reject"); },
             {Warning("edge \"diperiksa\" -> \"cair\"",
                      "reads \"Reject\" in English, as does edge \"diperiksa\" -> \"ditolak\"")}},
        Flaw{"fields_alike",
             [](D& d) { d.mutable_fields(3)->mutable_label()->set_id("Nilai"); },
             {Warning("field \"bidang\"",
                      "reads \"Nilai\" in Indonesian, as does field "
                      "\"nilai\"")}},
        Flaw{
            "choices_alike",
            [](D& d) { d.mutable_fields(3)->mutable_choices(1)->mutable_label()->set_en("Trade"); },
            {Warning("field \"bidang\", choice \"jasa\"",
                     "reads \"Trade\" in English, as does field \"bidang\", choice \"dagang\"")}},
        Flaw{"roles_alike",
             [](D& d) { d.mutable_roles(1)->mutable_label()->set_id("Petugas"); },
             {Warning("role \"warga\"",
                      "reads \"Petugas\" in Indonesian, as does role "
                      "\"petugas\"")}},
        Flaw{"untranslated",
             [](D& d) {
               for (v1::LocalizedText* text :
                    {d.mutable_description(), d.mutable_fields(1)->mutable_help()}) {
                 text->set_id("Enam belas angka pada KTP elektronik.");
                 text->set_en("Enam belas angka pada KTP elektronik.");
               }
             },
             {Warning("definition.description", "is the same in Indonesian and in English"),
              Warning("definition.fields[\"nik\"].help",
                      "is the same in Indonesian and in English")}},
        Flaw{"money_by_the_clock",
             [](D& d) { d.mutable_fields(2)->set_policy(v1::POLICY_LATEST); },
             {Warning("field \"nilai\"",
                      "is money, and a clock decides between two amounts: take "
                      "review, highest or lowest")}},
        Flaw{"identity_by_the_clock",
             [](D& d) { d.mutable_fields(1)->set_policy(v1::POLICY_LATEST); },
             {Warning("field \"nik\"",
                      "is an identity, and a clock decides between two of them: take review")}},
        Flaw{"identity_not_personal",
             [](D& d) { d.mutable_fields(1)->set_personal(false); },
             {Warning("field \"nik\"", "is a person's identity number and not marked personal")}},
        Flaw{"idle_role",
             [](D& d) {
               v1::Role& role = *d.add_roles();
               role.set_key("tamu");
               role.mutable_label()->set_id("Tamu");
               role.mutable_label()->set_en("Guest");
             },
             {Warning("role \"tamu\"", "creates, moves, decides nothing, and no field names it")}},
        Flaw{"hidden_title",
             [](D& d) { d.mutable_fields(0)->set_is_public(false); },
             {Warning("title_field", "the service is public, its title field \"usaha\" is not")}}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(DefinitionReviewTest, AServiceLevelThatCannotBeginIsAnError) {
  D d = Aid();
  AddState(d, "arsip").set_terminal(true);
  d.mutable_service_levels(0)->set_from_state("arsip");
  EXPECT_THAT(ReviewDefinition(d),
              Contains(Error("service level \"periksa\"",
                             "its clock never starts: \"arsip\" cannot be reached")));
}

TEST(DefinitionReviewTest, LargestAndSmallestAmountsNeedNoClock) {
  for (const v1::Policy policy : {v1::POLICY_HIGHEST, v1::POLICY_LOWEST}) {
    D d = Aid();
    d.mutable_fields(2)->set_policy(policy);
    EXPECT_THAT(ReviewDefinition(d), IsEmpty());
  }
}

TEST(DefinitionReviewTest, TwoDecisionsMayStandInAnyOrder) {
  D d = Aid();
  // An appeal leads from the rejection back to the beginning, and so to the payment.
  Flow(d).mutable_states()->SwapElements(2, 3);
  Flow(d).mutable_states(3)->set_terminal(false);
  Flow(d).mutable_states(3)->set_decision(true);
  AddEdge(d, "ditolak", "baru");
  EXPECT_THAT(ReviewDefinition(d), IsEmpty());
}

TEST(DefinitionReviewTest, ShortTextsMayBeTheSameInBothLanguages) {
  D d = Aid();
  d.mutable_fields(1)->mutable_help()->set_id("NIK");
  d.mutable_fields(1)->mutable_help()->set_en("NIK");
  EXPECT_THAT(ReviewDefinition(d), IsEmpty());
}

}  // namespace
}  // namespace tikar::sync
