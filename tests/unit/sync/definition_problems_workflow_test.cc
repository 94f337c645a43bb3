// Conditions of edges, automatic states, duplicates and reports: what a definition may say of them.

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <functional>
#include <ostream>
#include <string>
#include <vector>

#include "sync/definition_problems.h"

namespace tikar::sync {
namespace {

using ::testing::Contains;
using ::testing::IsEmpty;
using ::testing::StartsWith;

// Small loans, sound in every respect.
constexpr char kLoans[] = R"pb(
  service: "pinjaman"
  version: 1
  publisher: "15.01"
  title { id: "Pinjaman" en: "Loans" }
  merge_version: 1
  title_field: "usaha"
  fields {
    key: "usaha"
    type: FIELD_TYPE_TEXT
    label { id: "Usaha" en: "Business" }
    policy: POLICY_LATEST
  }
  fields {
    key: "nama"
    type: FIELD_TYPE_TEXT
    label { id: "Nama" en: "Name" }
    policy: POLICY_REVIEW
    personal: true
  }
  fields {
    key: "nilai"
    type: FIELD_TYPE_MONEY
    label { id: "Nilai" en: "Amount" }
    policy: POLICY_REVIEW
    minimum: 100
    maximum: 900
  }
  fields {
    key: "layak"
    type: FIELD_TYPE_FLAG
    label { id: "Layak" en: "Suitable" }
    policy: POLICY_REVIEW
  }
  fields {
    key: "akad"
    type: FIELD_TYPE_CHOICE
    label { id: "Akad" en: "Contract" }
    policy: POLICY_REVIEW
    choices {
      key: "qardh"
      label { id: "Qardh" en: "Benevolent" }
    }
    choices {
      key: "jual_beli"
      label { id: "Jual beli" en: "Resale" }
    }
  }
  fields {
    key: "lokasi"
    type: FIELD_TYPE_PLACE
    label { id: "Lokasi" en: "Place" }
    policy: POLICY_LATEST
  }
  workflow {
    states {
      key: "baru"
      label { id: "Baru" en: "New" }
    }
    states {
      key: "batal"
      label { id: "Batal" en: "Cancelled" }
      terminal: true
    }
    states {
      key: "cair"
      label { id: "Cair" en: "Paid" }
      terminal: true
    }
    edges {
      from: "baru"
      to: "cair"
      label { id: "Cairkan" en: "Pay" }
      roles: "petugas"
      irreversible: true
      conditions { field: "nilai" minimum: 200 maximum: 900 }
      conditions { field: "layak" flag: true }
      conditions { field: "akad" choices: "qardh" }
      condition_message { id: "Hanya qardh." en: "Benevolent loans only." }
    }
    edges {
      from: "baru"
      to: "batal"
      label { id: "Batalkan" en: "Cancel" }
      roles: "petugas"
    }
  }
  roles {
    key: "petugas"
    label { id: "Petugas" en: "Officer" }
    creates: true
  }
  settler_roles: "petugas"
  service_levels {
    key: "pencairan"
    label { id: "Pencairan" en: "Payment" }
    from_state: "baru"
    until_states: "cair"
    until_states: "batal"
    working_days: 30
    automatic_state: "batal"
  }
  collections {
    key: "angsuran"
    label { id: "Angsuran" en: "Instalments" }
    type: FIELD_TYPE_MONEY
  }
  duplicates { place_field: "lokasi" distance_metres: 75 days: 14 equal_fields: "akad" }
  reports {
    key: "loans"
    title { id: "Pinjaman" en: "Loans" }
    columns: "ref"
    columns: "akad"
    columns: "nilai"
    columns: "status"
    sums: "nilai"
    group_by: "akad"
  }
)pb";

using D = v1::Definition;

D Loans() {
  D definition;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(kLoans, &definition));
  return definition;
}

v1::WorkflowEdge& Pay(D& d) { return *d.mutable_workflow()->mutable_edges(0); }
v1::WorkflowEdge& Cancel(D& d) { return *d.mutable_workflow()->mutable_edges(1); }
v1::EdgeCondition& OnAmount(D& d) { return *Pay(d).mutable_conditions(0); }
v1::EdgeCondition& OnFlag(D& d) { return *Pay(d).mutable_conditions(1); }
v1::EdgeCondition& OnContract(D& d) { return *Pay(d).mutable_conditions(2); }
v1::ServiceLevel& Payment(D& d) { return *d.mutable_service_levels(0); }
v1::DuplicateRule& Duplicates(D& d) { return *d.mutable_duplicates(); }
v1::Report& Report(D& d) { return *d.mutable_reports(0); }

TEST(WorkflowProblemsTest, ASoundDefinitionHasNone) {
  EXPECT_THAT(FindDefinitionProblems(Loans()), IsEmpty());
}

TEST(WorkflowProblemsTest, OneBoundIsEnoughAndDuplicatesNeedNoEqualFields) {
  D d = Loans();
  OnAmount(d).clear_maximum();
  Pay(d).clear_condition_message();
  Duplicates(d).clear_equal_fields();
  Report(d).clear_sums();
  Report(d).clear_group_by();
  EXPECT_THAT(FindDefinitionProblems(d), IsEmpty());
  d.clear_duplicates();
  d.clear_reports();
  Payment(d).clear_automatic_state();
  EXPECT_THAT(FindDefinitionProblems(d), IsEmpty());
}

TEST(WorkflowProblemsTest, DuplicatesAndReportsReachToTheirLimits) {
  D d = Loans();
  Duplicates(d).set_distance_metres(10'000);
  Duplicates(d).set_days(90);
  for (const char* column : {"area", "created", "publisher", "lokasi", "layak"}) {
    Report(d).add_columns(column);
  }
  EXPECT_THAT(FindDefinitionProblems(d), IsEmpty());
}

struct Mistake {
  const char* name;
  std::function<void(D&)> make;
  // How one of the problems must begin.
  const char* problem;
};

void PrintTo(const Mistake& mistake, std::ostream* out) { *out << mistake.name; }

class WorkflowMistakeTest : public ::testing::TestWithParam<Mistake> {};

TEST_P(WorkflowMistakeTest, IsNamed) {
  D d = Loans();
  GetParam().make(d);
  EXPECT_THAT(FindDefinitionProblems(d), Contains(StartsWith(GetParam().problem)));
}

INSTANTIATE_TEST_SUITE_P(
    All, WorkflowMistakeTest,
    ::testing::Values(
        Mistake{"condition_field", [](D& d) { OnAmount(d).set_field("harga"); },
                R"(edge "baru" -> "cair", condition on "harga": unknown field)"},
        Mistake{"condition_type", [](D& d) { OnAmount(d).set_field("lokasi"); },
                R"(edge "baru" -> "cair", condition on "lokasi": needs a field of type)"},
        Mistake{"condition_built_in", [](D& d) { OnAmount(d).set_field("area"); },
                R"(edge "baru" -> "cair", condition on "area": unknown field)"},
        Mistake{"condition_no_bound",
                [](D& d) {
                  OnAmount(d).clear_minimum();
                  OnAmount(d).clear_maximum();
                },
                R"(edge "baru" -> "cair", condition on "nilai": has neither)"},
        Mistake{"condition_stray_bound", [](D& d) { OnFlag(d).set_minimum(1); },
                R"(edge "baru" -> "cair", condition on "layak": only INTEGER and MONEY)"},
        Mistake{"condition_bounds_order", [](D& d) { OnAmount(d).set_maximum(199); },
                R"(edge "baru" -> "cair", condition on "nilai": no value)"},
        Mistake{"condition_above_the_field", [](D& d) { OnAmount(d).set_minimum(901); },
                R"(edge "baru" -> "cair", condition on "nilai": no value)"},
        Mistake{"condition_below_the_field",
                [](D& d) {
                  OnAmount(d).clear_minimum();
                  OnAmount(d).set_maximum(99);
                },
                R"(edge "baru" -> "cair", condition on "nilai": no value)"},
        Mistake{"condition_negative_money",
                [](D& d) {
                  d.mutable_fields(2)->clear_minimum();
                  d.mutable_fields(2)->clear_maximum();
                  OnAmount(d).clear_minimum();
                  OnAmount(d).set_maximum(-1);
                },
                R"(edge "baru" -> "cair", condition on "nilai": no value)"},
        Mistake{"condition_no_flag", [](D& d) { OnFlag(d).clear_flag(); },
                R"(edge "baru" -> "cair", condition on "layak": does not say)"},
        Mistake{"condition_stray_flag", [](D& d) { OnContract(d).set_flag(true); },
                R"(edge "baru" -> "cair", condition on "akad": only FLAG)"},
        Mistake{"condition_no_choices", [](D& d) { OnContract(d).clear_choices(); },
                R"(edge "baru" -> "cair", condition on "akad": has no choices)"},
        Mistake{"condition_unknown_choice", [](D& d) { OnContract(d).add_choices("riba"); },
                R"(edge "baru" -> "cair", condition on "akad": unknown choice "riba")"},
        Mistake{"condition_stray_choices", [](D& d) { OnFlag(d).add_choices("qardh"); },
                R"(edge "baru" -> "cair", condition on "layak": only CHOICE)"},
        Mistake{"condition_message_language",
                [](D& d) { Pay(d).mutable_condition_message()->clear_en(); },
                R"(edge "baru" -> "cair".condition_message: needs a text)"},
        Mistake{"condition_message_alone", [](D& d) { Pay(d).clear_conditions(); },
                R"(edge "baru" -> "cair": condition_message without a condition)"},
        Mistake{"automatic_unknown", [](D& d) { Payment(d).set_automatic_state("tutup"); },
                R"(service level "pencairan".automatic_state "tutup": unknown state)"},
        Mistake{"automatic_goes_on", [](D& d) { Payment(d).mutable_until_states()->RemoveLast(); },
                R"(service level "pencairan".automatic_state "batal": does not stop)"},
        Mistake{"automatic_no_edge",
                [](D& d) { d.mutable_workflow()->mutable_edges()->RemoveLast(); },
                R"(service level "pencairan".automatic_state "batal": no edge)"},
        Mistake{"automatic_reason", [](D& d) { Cancel(d).set_reason_required(true); },
                R"(service level "pencairan".automatic_state "batal": its edge needs a reason)"},
        Mistake{"automatic_fields", [](D& d) { Cancel(d).add_required_fields("usaha"); },
                R"(service level "pencairan".automatic_state "batal": its edge needs fields)"},
        Mistake{"automatic_conditions", [](D& d) { *Cancel(d).add_conditions() = OnFlag(d); },
                R"(service level "pencairan".automatic_state "batal": its edge has conditions)"},
        Mistake{"automatic_irreversible", [](D& d) { Cancel(d).set_irreversible(true); },
                R"(service level "pencairan".automatic_state "batal": its edge is irreversible)"},
        Mistake{"duplicates_field", [](D& d) { Duplicates(d).set_place_field("tempat"); },
                R"(duplicates.place_field: unknown field "tempat")"},
        Mistake{"duplicates_type", [](D& d) { Duplicates(d).set_place_field("usaha"); },
                R"(duplicates.place_field "usaha": must be of type PLACE)"},
        Mistake{"duplicates_no_distance", [](D& d) { Duplicates(d).set_distance_metres(0); },
                "duplicates.distance_metres: must be 1 to 10000"},
        Mistake{"duplicates_far", [](D& d) { Duplicates(d).set_distance_metres(10'001); },
                "duplicates.distance_metres: must be 1 to 10000"},
        Mistake{"duplicates_no_days", [](D& d) { Duplicates(d).set_days(0); },
                "duplicates.days: must be 1 to 90"},
        Mistake{"duplicates_days", [](D& d) { Duplicates(d).set_days(91); },
                "duplicates.days: must be 1 to 90"},
        Mistake{"duplicates_equal_unknown", [](D& d) { Duplicates(d).add_equal_fields("jenis"); },
                R"(duplicates.equal_fields "jenis": unknown field)"},
        Mistake{"duplicates_equal_type", [](D& d) { Duplicates(d).add_equal_fields("nilai"); },
                R"(duplicates.equal_fields "nilai": must be of type CHOICE)"},
        Mistake{"duplicates_equal_twice", [](D& d) { Duplicates(d).add_equal_fields("akad"); },
                R"(duplicates.equal_fields "akad": appears twice)"},
        Mistake{"report_key", [](D& d) { Report(d).set_key("Loans"); },
                R"(report "Loans": key must)"},
        Mistake{"report_twice", [](D& d) { *d.add_reports() = d.reports(0); },
                R"(report "loans": appears twice)"},
        Mistake{"report_title", [](D& d) { Report(d).mutable_title()->clear_id(); },
                R"(report "loans".title: needs a text)"},
        Mistake{"report_empty", [](D& d) { Report(d).clear_columns(); },
                R"(report "loans": has no columns)"},
        Mistake{"report_column", [](D& d) { Report(d).add_columns("assignee"); },
                R"(report "loans", column "assignee": unknown field)"},
        Mistake{"report_column_twice", [](D& d) { Report(d).add_columns("ref"); },
                R"(report "loans", column "ref": appears twice)"},
        Mistake{"report_personal", [](D& d) { Report(d).add_columns("nama"); },
                R"(report "loans", column "nama": personal data)"},
        Mistake{"report_ambiguous",
                [](D& d) {
                  d.mutable_fields(0)->set_key("created");
                  d.set_title_field("created");
                  Report(d).add_columns("created");
                },
                R"(report "loans", column "created": is a field and also)"},
        Mistake{"report_sum_type", [](D& d) { Report(d).add_sums("akad"); },
                R"(report "loans", sum "akad": only INTEGER, MONEY and DECIMAL)"},
        Mistake{"report_sum_built_in", [](D& d) { Report(d).add_sums("status"); },
                R"(report "loans", sum "status": only INTEGER, MONEY and DECIMAL)"},
        Mistake{"report_sum_column", [](D& d) { Report(d).add_sums("lokasi"); },
                R"(report "loans", sum "lokasi": is not a column)"},
        Mistake{"report_sum_twice", [](D& d) { Report(d).add_sums("nilai"); },
                R"(report "loans", sum "nilai": appears twice)"},
        Mistake{"report_group", [](D& d) { Report(d).set_group_by("usaha"); },
                R"(report "loans".group_by "usaha": is not a column)"}),
    [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace tikar::sync
