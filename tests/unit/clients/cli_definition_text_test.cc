#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "cli_sample.h"
#include "clients/cli/definition_text.h"

namespace tikar::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const std::string kHash(32, '\xAB');

TEST(DefinitionTextTest, ShowsFormWorkflowRolesAndServiceLevels) {
  const std::string text = DefinitionText(kHash, CatalogView("pengaduan"), "Kabupaten Kerinci", {});
  EXPECT_THAT(text, HasSubstr("pengaduan  Citizen complaint\n"));
  EXPECT_THAT(text, HasSubstr("published by Kabupaten Kerinci ("));
  EXPECT_THAT(text, HasSubstr("abababab"));
  // A field with its type, policy and who may write it.
  EXPECT_THAT(text, ::testing::ContainsRegex(
                        "prioritas +Priority +integer +the highest +petugas, operator, penyelia, "
                        "kepala +1 – 4\n"));
  EXPECT_THAT(text, ::testing::ContainsRegex("pelapor_nik .* a person decides +every role"));
  EXPECT_THAT(text, HasSubstr("jalan_jembatan (Roads and bridges)"));
  EXPECT_THAT(text, ::testing::ContainsRegex("diterima +Received +start\n"));
  EXPECT_THAT(text, ::testing::ContainsRegex("selesai +Closed +end\n"));
  EXPECT_THAT(
      text, ::testing::ContainsRegex("diterima +ditolak +Reject +operator, penyelia +a reason\n"));
  EXPECT_THAT(text,
              ::testing::ContainsRegex("penyelia +Supervisor +create, assign, retract, settle\n"));
  EXPECT_THAT(text, HasSubstr("Verification within 3 working days"));
  EXPECT_THAT(text, ::testing::ContainsRegex("comments +Comments +long text +300\n"));
}

TEST(DefinitionTextTest, SpeaksIndonesian) {
  const std::string text = DefinitionText(kHash, CatalogView("gampil"), "Kota Bandung",
                                          {.terminal = {}, .language = Language::kIndonesian});
  EXPECT_THAT(text, HasSubstr("tidak dapat dibatalkan"));
  EXPECT_THAT(text, HasSubstr("semua peran"));
  for (const char* english : {"every role", "cannot be undone", "working days", "Form\n", "Roles",
                              "published", "required"}) {
    EXPECT_THAT(text, Not(HasSubstr(english)));
  }
}

TEST(DefinitionTextTest, FitsTheTerminal) {
  for (const char* service : {"pengaduan", "gampil"}) {
    for (const size_t width : {60, 80, 120}) {
      const std::string text =
          DefinitionText(kHash, CatalogView(service), "Kerinci", {.terminal = {.width = width}});
      EXPECT_GT(WidestLine(text), 0u);
      EXPECT_LE(WidestLine(text), width == 60 ? 64 : width) << text;  // the hash is never cut
    }
  }
}

TEST(DefinitionTextTest, SaysWhereItComesFromAndWhatAStepDemands) {
  v1::Definition definition = CatalogView("gampil").proto();
  v1::Provenance& origin = *definition.add_provenance();
  origin.set_service("hayu");
  origin.set_version(3);
  origin.set_publisher("32.73");
  origin.set_note("Formulir dipersingkat");
  v1::WorkflowEdge& edge = *definition.mutable_workflow()->mutable_edges(0);
  v1::EdgeCondition& condition = *edge.add_conditions();
  condition.set_field("modal");
  condition.set_minimum(1);
  const DefinitionView view(std::make_shared<const v1::Definition>(definition));
  const std::string text = DefinitionText(kHash, view, "Kerinci", {});
  EXPECT_THAT(text, HasSubstr("Comes from hayu v3 (32.73): Formulir dipersingkat"));
  EXPECT_THAT(text, HasSubstr("at least Rp1"));
}

TEST(DefinitionJsonTest, FieldNamesAreAPromise) {
  const Json json = DefinitionJson(kHash, CatalogView("pengaduan").proto());
  for (const char* name :
       {"service", "version", "publisher", "definition_hash", "title", "description",
        "merge_version", "public", "title_field", "settler_roles", "fields", "states", "edges",
        "roles", "service_levels", "collections", "provenance"}) {
    EXPECT_TRUE(json.contains(name)) << name;
  }
  EXPECT_EQ(json["edges"][1]["to"], "ditolak");
  EXPECT_EQ(json["edges"][1]["reason_required"], true);
  EXPECT_EQ(json["states"][0]["key"], "diterima");
  EXPECT_EQ(json["service_levels"][0]["working_days"], 3);
  EXPECT_EQ(json["service_levels"][0]["automatic_state"], nullptr);
  for (const Json& field : json["fields"]) {
    if (field["key"] != "prioritas") continue;
    EXPECT_EQ(field["policy"], "highest");
    EXPECT_EQ(field["maximum"], 4);
    EXPECT_EQ(field["writer_roles"].size(), 4u);
  }
}

}  // namespace
}  // namespace tikar::cli
