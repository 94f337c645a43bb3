#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "cli_sample.h"
#include "clients/cli/next_steps.h"

namespace tikar::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

v1::Request RequestIn(const std::string& status) {
  v1::Request request;
  request.set_ref("7ZK4QX9M2HP");
  request.set_availability(v1::AVAILABILITY_READY);
  request.set_status(status);
  return request;
}

std::vector<std::string> Targets(const std::vector<NextStep>& steps) {
  std::vector<std::string> targets;
  for (const NextStep& step : steps) targets.push_back(step.edge->to());
  return targets;
}

TEST(NextStepsTest, AreTheEdgesFromTheStateWithTheCommandInARoleThatMay) {
  const DefinitionView pengaduan = CatalogView("pengaduan");
  const std::vector<NextStep> steps = NextStepsOf(RequestIn("diterima"), pengaduan, "petugas");
  EXPECT_THAT(Targets(steps), ElementsAre("diverifikasi", "ditolak", "dilimpahkan"));
  EXPECT_EQ(steps[0].command,
            "tikar requests edit 7ZK4Q-X9M2H-P --status diverifikasi --role petugas");
  // A field officer may not reject: the command names the first role that may.
  EXPECT_EQ(steps[1].command,
            "tikar requests edit 7ZK4Q-X9M2H-P --status ditolak --reason \"…\" --role operator");
}

// A licence whose approval needs nothing but whose payment needs an amount and cannot be undone.
DefinitionView Licence() {
  return DefinitionView(std::make_shared<const v1::Definition>(Parse<v1::Definition>(R"(
    service: "izin" version: 1
    fields { key: "bantuan" type: FIELD_TYPE_MONEY label { id: "Bantuan" en: "Aid" } }
    workflow {
      states { key: "disetujui" label { id: "Disetujui" en: "Approved" } }
      states { key: "dicairkan" label { id: "Dicairkan" en: "Paid out" } terminal: true }
      edges { from: "disetujui" to: "dicairkan" label { id: "Cairkan" en: "Pay out" } roles: "kepala"
              irreversible: true required_fields: "bantuan"
              conditions { field: "bantuan" maximum: 5000000 } } }
    roles { key: "kepala" label { id: "Kepala" en: "Head" } }
  )")));
}

TEST(NextStepsTest, NameTheRequiredFieldsThatAreStillEmpty) {
  const DefinitionView licence = Licence();
  v1::Request request = RequestIn("disetujui");
  std::vector<NextStep> steps = NextStepsOf(request, licence, "operator");
  ASSERT_EQ(steps.size(), 1u);
  EXPECT_THAT(steps[0].missing_fields, ElementsAre("bantuan"));
  EXPECT_EQ(steps[0].command,
            "tikar requests edit 7ZK4Q-X9M2H-P --status dicairkan --set bantuan=… --role kepala");
  const std::string text = NextStepsText(request, licence, "operator", {});
  EXPECT_THAT(text, HasSubstr("Pay out → Paid out: Head; needs Aid, Aid at most Rp5.000.000, "
                              "cannot be undone\n"));

  v1::FieldState& field = *request.add_fields();
  field.set_path("bantuan");
  field.mutable_value()->set_integer(1);
  steps = NextStepsOf(request, licence, "operator");
  EXPECT_THAT(steps[0].missing_fields, IsEmpty());
  EXPECT_THAT(NextStepsText(request, licence, "operator", {}), HasSubstr("needs Aid (filled in)"));
}

TEST(NextStepsTest, AnIrreversibleStepIsHeldWhileTheStatusIsUnderReview) {
  const DefinitionView licence = Licence();
  v1::Request request = RequestIn("disetujui");
  EXPECT_FALSE(NextStepsOf(request, licence, "kepala")[0].held);
  request.add_reviews("status");
  EXPECT_TRUE(NextStepsOf(request, licence, "kepala")[0].held);
  EXPECT_THAT(NextStepsText(request, licence, "kepala",
                            {.terminal = {}, .language = Language::kIndonesian}),
              HasSubstr("tidak dapat dibatalkan, tertahan sampai status diputuskan"));
}

TEST(NextStepsTest, AnEndStateSaysSoAndWhatWaitsSaysNothing) {
  const DefinitionView licence = Licence();
  EXPECT_EQ(NextStepsText(RequestIn("dicairkan"), licence, "kepala", {}),
            "\nAt its end: no step follows.\n");
  v1::Request request = RequestIn("disetujui");
  request.set_retracted(true);
  EXPECT_EQ(NextStepsText(request, licence, "kepala", {}), "");
  request.set_retracted(false);
  request.set_availability(v1::AVAILABILITY_NEEDS_DEFINITION);
  EXPECT_THAT(NextStepsOf(request, licence, "kepala"), IsEmpty());
}

TEST(NextStepsTest, FieldNamesInJsonAreAPromise) {
  const Json steps = NextStepsJson(RequestIn("disetujui"), Licence(), "kepala");
  ASSERT_EQ(steps.size(), 1u);
  for (const char* name : {"to", "id", "en", "roles", "reason_required", "irreversible",
                           "required_fields", "missing_fields", "held", "command"}) {
    EXPECT_TRUE(steps[0].contains(name)) << name;
  }
  EXPECT_EQ(steps[0].size(), 10u);
  EXPECT_EQ(steps[0]["missing_fields"], Json::array({"bantuan"}));
}

TEST(NextStepsTest, FitTheTerminal) {
  for (const size_t width : {40, 80}) {
    const std::string text = NextStepsText(RequestIn("diterima"), CatalogView("pengaduan"),
                                           "operator", {.terminal = {.width = width}});
    EXPECT_GT(WidestLine(text), 0u);
    EXPECT_LE(WidestLine(text), width) << text;
  }
}

}  // namespace
}  // namespace tikar::cli
