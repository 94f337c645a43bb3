#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_join.h"
#include "cli_sample.h"
#include "clients/cli/csv.h"
#include "clients/cli/export_rows.h"
#include "clients/cli/spreadsheet.h"
#include "sync/hlc.h"

namespace tikar::cli {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr int64_t kJanuary2026Ms = 1'767'225'600'000;  // 2026-01-01T00:00:00Z

// A complaint at a place, with the telephone of whoever complained.
v1::Request Complaint() {
  v1::Request request = Parse<v1::Request>(R"text(
    name: "regions/15.01/requests/0190f5c2a7b07c3e8d1f2a3b4c5d6e7f"
    ref: "7ZK4QX9M2HP" availability: AVAILABILITY_READY service: "pengaduan" definition_version: 1
    area: "15.01.06" status: "diterima" change_count: 1
    fields { path: "assignee" value { text: "hp-ani" } }
    fields { path: "judul" value { text: "=HYPERLINK(\"http://jahat\")" } }
    fields { path: "lokasi" value { place { latitude_e7: -18113000 longitude_e7: 1012951000 } } }
    fields { path: "pelapor_nama" value { text: "Siti Aminah" } }
    fields { path: "terdampak" value { choices { items: "lansia" items: "pedagang" } } }
    fields { path: "bekas" value { text: "no field of this form" } }
    elements { path: "comments/01.0" value { text: "Telepon Bu Siti 0812" } }
  )text");
  request.set_create_time(sync::PackHlc(kJanuary2026Ms, 0));
  request.set_update_time(sync::PackHlc(kJanuary2026Ms + 1'000, 0));
  return request;
}

std::vector<v1::DefinitionSummary> Definitions(const std::vector<std::string>& services) {
  std::vector<v1::DefinitionSummary> summaries;
  for (const std::string& service : services) {
    *summaries.emplace_back().mutable_definition() = CatalogView(service).proto();
  }
  return summaries;
}

std::vector<std::string> Keys(const std::vector<FieldColumn>& columns) {
  std::vector<std::string> keys;
  for (const FieldColumn& column : columns) keys.push_back(column.key);
  return keys;
}

// The cell under `name`.
std::string CellOf(const v1::Request& request, const DefinitionView& definition,
                   const std::string& name, const ExportStyle& style = {}) {
  const std::vector<FieldColumn> columns = FieldColumnsOf(Definitions({"pengaduan"}), "", style);
  const std::vector<std::string> head = ExportHead(columns);
  const std::vector<std::string> row =
      ExportRow(request, definition, "Gunung Kerinci", columns, style);
  EXPECT_EQ(head.size(), row.size());
  for (size_t i = 0; i < head.size(); ++i) {
    if (head[i] == name) return row[i];
  }
  return "no such column";
}

TEST(ExportRowsTest, ARowHasWhatAllHaveAndTheFieldsOfItsForm) {
  const DefinitionView form = CatalogView("pengaduan");
  EXPECT_EQ(CellOf(Complaint(), form, "ref"), "7ZK4QX9M2HP");
  EXPECT_EQ(CellOf(Complaint(), form, "area_name"), "Gunung Kerinci");
  EXPECT_EQ(CellOf(Complaint(), form, "status"), "diterima");
  EXPECT_EQ(CellOf(Complaint(), form, "status_label"), "Received");
  EXPECT_EQ(CellOf(Complaint(), form, "status_label", {false, Language::kIndonesian}), "Diterima");
  EXPECT_EQ(CellOf(Complaint(), form, "assignee"), "hp-ani");
  EXPECT_EQ(CellOf(Complaint(), form, "retracted"), "false");
  EXPECT_EQ(CellOf(Complaint(), form, "create_time"), "2026-01-01T00:00:00.000Z");
  EXPECT_EQ(CellOf(Complaint(), form, "update_time"), "2026-01-01T00:00:01.000Z");
  EXPECT_EQ(CellOf(Complaint(), form, "terdampak"), "lansia,pedagang");
  EXPECT_EQ(CellOf(Complaint(), form, "lokasi.latitude"), "-1.8113");
  EXPECT_EQ(CellOf(Complaint(), form, "lokasi.longitude"), "101.2951");
  EXPECT_EQ(CellOf(Complaint(), form, "alamat"), "");
}

TEST(ExportRowsTest, WhatIsPersonalLeavesOnlyWhereAskedFor) {
  const DefinitionView form = CatalogView("pengaduan");
  ASSERT_TRUE(form.FindField("pelapor_nama")->personal());
  EXPECT_EQ(CellOf(Complaint(), form, "pelapor_nama"), "no such column");
  EXPECT_EQ(CellOf(Complaint(), form, "pelapor_nama", {.personal = true}), "Siti Aminah");
  EXPECT_THAT(ExportFeature(Complaint(), form, "", {}).dump(), Not(HasSubstr("Siti")));
  const Json feature = ExportFeature(Complaint(), form, "", {.personal = true});
  EXPECT_EQ(feature["properties"]["pelapor_nama"], "Siti Aminah");
  EXPECT_THAT(feature.dump(), Not(HasSubstr("0812"))) << "comments are in no export";
  EXPECT_THAT(feature.dump(), Not(HasSubstr("bekas"))) << "nor what the form does not have";
}

// A field that one form calls personal and another does not: each request by its own.
TEST(ExportRowsTest, EachRequestIsJudgedByTheFormThatItPins) {
  v1::Definition open = CatalogView("pengaduan").proto();
  for (v1::Field& field : *open.mutable_fields()) field.set_personal(false);
  std::vector<v1::DefinitionSummary> both = Definitions({"pengaduan"});
  *both.emplace_back().mutable_definition() = open;
  const std::vector<FieldColumn> columns = FieldColumnsOf(both, "", {});
  ASSERT_THAT(Keys(columns), Contains("pelapor_nama"));
  const auto row = [&](const DefinitionView& form) {
    return absl::StrJoin(ExportRow(Complaint(), form, "", columns, {}), "|");
  };
  EXPECT_THAT(row(CatalogView("pengaduan")), Not(HasSubstr("Siti")));
  EXPECT_THAT(row(DefinitionView(std::make_shared<const v1::Definition>(open))), HasSubstr("Siti"));
}

TEST(ExportRowsTest, AnUnknownFormLeavesAllItsFieldsOut) {
  const DefinitionView unknown(std::make_shared<const v1::Definition>());
  EXPECT_FALSE(ShowsFields(unknown));
  EXPECT_TRUE(ShowsFields(CatalogView("pengaduan")));
  for (const bool personal : {false, true}) {
    const ExportStyle style{personal, Language::kEnglish};
    const Json feature = ExportFeature(Complaint(), unknown, "", style);
    EXPECT_TRUE(feature["geometry"].is_null());
    EXPECT_FALSE(feature["properties"].contains("judul"));
    EXPECT_EQ(feature["properties"]["ref"], "7ZK4QX9M2HP");
    EXPECT_EQ(CellOf(Complaint(), unknown, "lokasi.latitude", style), "");
  }
}

TEST(ExportRowsTest, AFeatureIsWhatRfc7946Says) {
  const Json feature = ExportFeature(Complaint(), CatalogView("pengaduan"), "Gunung Kerinci", {});
  EXPECT_EQ(feature["type"], "Feature");
  EXPECT_EQ(feature["id"], "7ZK4QX9M2HP");
  EXPECT_EQ(feature["geometry"]["type"], "Point");
  EXPECT_EQ(feature["geometry"]["coordinates"].dump(), "[101.2951,-1.8113]") << "longitude first";
  EXPECT_EQ(feature["properties"]["judul"], "=HYPERLINK(\"http://jahat\")")
      << "no spreadsheet here";
  EXPECT_EQ(feature["properties"]["terdampak"].dump(), R"(["lansia","pedagang"])");

  v1::Request nowhere = Complaint();
  nowhere.mutable_fields(2)->clear_value();
  EXPECT_TRUE(ExportFeature(nowhere, CatalogView("pengaduan"), "", {})["geometry"].is_null());
}

TEST(ExportRowsTest, APersonalPlaceIsNoGeometry) {
  v1::Definition form = CatalogView("pengaduan").proto();
  for (v1::Field& field : *form.mutable_fields()) field.set_personal(true);
  const DefinitionView view(std::make_shared<const v1::Definition>(form));
  EXPECT_TRUE(ExportFeature(Complaint(), view, "", {})["geometry"].is_null());
  EXPECT_FALSE(ExportFeature(Complaint(), view, "", {.personal = true})["geometry"].is_null());
}

TEST(ExportRowsTest, DegreesAreExactToTheLastDigit) {
  v1::Request request = Complaint();
  v1::Place& place = *request.mutable_fields(2)->mutable_value()->mutable_place();
  for (const auto& [e7, text] : std::vector<std::pair<int32_t, std::string>>{
           {-1, "-0.0000001"}, {0, "0"}, {899'999'999, "89.9999999"}, {-900'000'000, "-90"}}) {
    place.set_latitude_e7(e7);
    EXPECT_EQ(CellOf(request, CatalogView("pengaduan"), "lokasi.latitude"), text);
    const Json feature = ExportFeature(request, CatalogView("pengaduan"), "", {});
    EXPECT_EQ(feature["geometry"]["coordinates"][1].get<double>(), std::stod(text));
  }
}

TEST(ExportRowsTest, ColumnsOfSeveralServicesStandOnceEach) {
  const std::vector<FieldColumn> all =
      FieldColumnsOf(Definitions({"pengaduan", "gampil", "pengaduan"}), "", {});
  std::vector<std::string> keys = Keys(all);
  EXPECT_THAT(keys, Contains("judul").Times(1));
  EXPECT_THAT(keys, Contains("nama_usaha").Times(1));
  EXPECT_THAT(Keys(FieldColumnsOf(Definitions({"pengaduan", "gampil"}), "gampil", {})),
              Not(Contains("judul")));
}

TEST(ExportRowsTest, AFieldThatIsCalledLikeACommonColumnHasANameOfItsOwn) {
  v1::Definition form = CatalogView("pengaduan").proto();
  form.mutable_fields(0)->set_key("late");
  std::vector<v1::DefinitionSummary> one(1);
  *one[0].mutable_definition() = form;
  const std::vector<std::string> head = ExportHead(FieldColumnsOf(one, "", {}));
  EXPECT_THAT(head, Contains("late").Times(1));
  EXPECT_THAT(head, Contains("field.late").Times(1));
}

TEST(ExportRowsTest, NoCellIsAFormula) {
  EXPECT_EQ(CellOf(Complaint(), CatalogView("pengaduan"), "judul"),
            "'=HYPERLINK(\"http://jahat\")");
  for (const std::string text : {"=1+1", "+62", "-1", "@SUM(A1)", "\tx", "\rx"}) {
    EXPECT_EQ(SpreadsheetText(text), "'" + text);
  }
  EXPECT_EQ(SpreadsheetText("Jalan = rusak"), "Jalan = rusak");
  v1::Value value;
  value.set_decimal("-1.50");
  EXPECT_EQ(SpreadsheetCell(&value), "-1.50") << "a number stays one";
  value.set_integer(-3);
  EXPECT_EQ(SpreadsheetCell(&value), "-3");
  value.mutable_choices()->add_items("=1");
  EXPECT_EQ(SpreadsheetCell(&value), "'=1");
  EXPECT_EQ(SpreadsheetCell(nullptr), "");
}

// What is written can be read again, line ends and quotes included.
TEST(ExportRowsTest, ARecordComesBackAsItWas) {
  v1::Request request = Complaint();
  request.mutable_fields(1)->mutable_value()->set_text("Satu, \"dua\"\r\ntiga");
  const std::vector<FieldColumn> columns = FieldColumnsOf(Definitions({"pengaduan"}), "", {});
  const std::vector<std::string> row =
      ExportRow(request, CatalogView("pengaduan"), "Gunung Kerinci", columns, {});
  std::stringstream file;
  WriteCsvRecord(file, ExportHead(columns));
  WriteCsvRecord(file, row);
  CsvReader reader(file);
  ASSERT_EQ(reader.Next().value()->cells, ExportHead(columns));
  const CsvRecord record = *reader.Next().value();
  EXPECT_EQ(record.cells, row);
  EXPECT_EQ(record.problem, "");
  EXPECT_THAT(record.cells, Contains("Satu, \"dua\"\r\ntiga"));
}

}  // namespace
}  // namespace tikar::cli
