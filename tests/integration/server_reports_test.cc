// ReportService: tables over all requests of a region.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_join.h"
#include "server_services.h"

namespace tikar::server {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::Pair;
using ::testing::SizeIs;

constexpr int64_t kLongMs = int64_t{30} * 24 * 60 * 60 * 1000;

class ReportsTest : public ServicesTest {
 protected:
  struct Table {
    grpc::Status status;
    std::vector<std::string> columns;
    std::vector<std::string> rows, sums;  // cells with commas
    std::set<std::string> english;        // words of definitions in the rows
    int messages = 0;
    bool columns_once = true;
  };
  Table Run(const v1::RunReportRequest& call) {
    Table table;
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + kPatience);
    const auto reader = reports_->RunReport(&context, call);
    v1::RunReportResponse response;
    while (reader->Read(&response)) {
      if (table.messages++ > 0 && !response.columns().empty()) table.columns_once = false;
      for (const v1::ReportColumn& column : response.columns()) {
        EXPECT_FALSE(column.label().id().empty());
        EXPECT_FALSE(column.label().en().empty());
        table.columns.push_back(column.key());
      }
      for (const v1::ReportRow& row : response.rows()) {
        table.rows.push_back(Cells(row));
        for (const v1::ReportCell& cell : row.cells()) {
          if (cell.has_words()) table.english.insert(cell.words().en());
        }
      }
      for (const v1::ReportRow& row : response.sums()) table.sums.push_back(Cells(row));
    }
    table.status = reader->Finish();
    return table;
  }
  static std::string Cells(const v1::ReportRow& row) {
    std::vector<std::string> cells;
    for (const v1::ReportCell& cell : row.cells()) {
      EXPECT_TRUE(!cell.has_words() || cell.words().id() == cell.value().text());
      const v1::Value& value = cell.value();
      cells.push_back(value.has_text()      ? value.text()
                      : value.has_integer() ? absl::StrCat(value.integer())
                      : value.has_decimal() ? value.decimal()
                      : value.has_time_ms() ? "time"
                                            : "");
    }
    return absl::StrJoin(cells, ",");
  }
  static v1::RunReportRequest Report(v1::ReportKind kind, const std::string& service = "") {
    v1::RunReportRequest call;
    call.set_parent(kKerinci);
    call.set_kind(kind);
    call.set_service(service);
    return call;
  }
  v1::CreateRequestRequest Grant(const std::string& title, const std::string& kind,
                                 int64_t amount) {
    v1::CreateRequestRequest call = Bridge();
    call.set_service("sabilulungan");
    call.clear_fields();
    Set(call, "judul", title);
    Set(call, "jenis", kind);
    Set(call, "bidang", "pendidikan");
    Set(call, "penerima", "Sanggar Seni Siulak");
    Set(call, "penanggung_jawab", "Bu Murni");
    Set(call, "penanggung_jawab_nik", "1501064107800001");
    v1::FieldValue& money = *call.add_fields();
    money.set_path("nilai_usulan");
    money.mutable_value()->set_integer(amount);
    return call;
  }
};

TEST_F(ReportsTest, ServiceLevelsAreCountedByHowTheyStand) {
  const v1::Request in_time = Create(Bridge()), missed = Create(Bridge("Lampu padam"));
  Create(Bridge("Pohon tumbang"));
  Update(Move(in_time, "diverifikasi", "operator"));
  ahead_ms_ = kLongMs;
  Update(Move(missed, "diverifikasi", "operator"));
  Create(Bridge("Baru"));
  const Table table = Run(Report(v1::REPORT_KIND_SERVICE_LEVELS, "pengaduan"));
  ASSERT_TRUE(table.status.ok()) << table.status.error_message();
  EXPECT_THAT(table.columns, ElementsAre("region", "service", "level", "label", "running", "met",
                                         "missed", "late", "median_days"));
  ASSERT_THAT(table.rows, SizeIs(2));
  EXPECT_THAT(table.rows[0], HasSubstr("15.01,pengaduan,jawaban,"));
  EXPECT_THAT(table.rows[0], HasSubstr(",2,0,0,1,")) << "the one verified first is late now";
  EXPECT_THAT(table.rows[1], HasSubstr("15.01,pengaduan,verifikasi,"));
  EXPECT_THAT(table.rows[1], HasSubstr(",2,1,1,1,"));
  EXPECT_THAT(table.english, SizeIs(2)) << "the levels are named in both languages";
  EXPECT_THAT(table.sums, IsEmpty());
}

TEST_F(ReportsTest, PerformanceIsWhatTheLogSaysOfEachOfficer) {
  const v1::Request made = Create(Bridge());
  v1::UpdateRequestRequest step = Move(made, "diverifikasi", "petugas");
  step.set_actor("dinas-pu/budi");
  const v1::Request verified = Update(step);
  ahead_ms_ = kLongMs;
  for (const char* to : {"ditangani", "dijawab"}) {
    v1::Request now;
    ASSERT_TRUE(Get(made.name(), &now).ok());
    v1::UpdateRequestRequest call = Move(now, to, "petugas");
    call.set_actor("dinas-pu/ani");
    Update(call);
  }
  const Table table = Run(Report(v1::REPORT_KIND_PERFORMANCE));
  ASSERT_TRUE(table.status.ok()) << table.status.error_message();
  EXPECT_THAT(table.rows,
              ElementsAre("admin,admin/sari,1,1,0,0,0", "dinas-pu,dinas-pu/ani,1,2,2,0,1",
                          "dinas-pu,dinas-pu/budi,1,1,1,1,0"));
  EXPECT_THAT(table.sums, ElementsAre("admin,,1,1,0,0,0", "dinas-pu,,2,3,3,1,1", ",,3,4,3,1,1"));
  v1::RunReportRequest before = Report(v1::REPORT_KIND_PERFORMANCE);
  before.set_to_ms(WallClockMs() + kLongMs / 2);
  EXPECT_THAT(Run(before).rows,
              ElementsAre("admin,admin/sari,1,1,0,0,0", "dinas-pu,dinas-pu/budi,1,1,1,1,0"));
}

TEST_F(ReportsTest, GrantsAreSummedByKindWithoutPersonalData) {
  Create(Grant("Gedung belajar", "hibah_uang", 50'000'000));
  Create(Grant("Buku", "hibah_barang", 7'500'000));
  Create(Grant("Alat musik", "hibah_uang", 20'000'000));
  Create(Bridge());
  v1::RunReportRequest call = Report(v1::REPORT_KIND_DEFINED);
  call.set_report("grants");
  const Table table = Run(call);
  ASSERT_TRUE(table.status.ok()) << table.status.error_message();
  EXPECT_EQ(table.columns[0], "ref");
  EXPECT_THAT(table.columns, Contains("nilai_usulan"));
  ASSERT_THAT(table.rows, SizeIs(3)) << "in the order of the group";
  EXPECT_THAT(table.rows[0], HasSubstr(",Buku,hibah_barang,"));
  EXPECT_THAT(table.rows[1], HasSubstr(",hibah_uang,"));
  ASSERT_THAT(table.sums, SizeIs(3));
  EXPECT_THAT(table.sums[0], HasSubstr("hibah_barang"));
  EXPECT_THAT(table.sums[0], HasSubstr(",7500000,"));
  EXPECT_THAT(table.sums[1], HasSubstr(",70000000,"));
  EXPECT_THAT(table.sums[2], HasSubstr(",77500000,"));
  for (const std::string& row : table.rows) {
    EXPECT_THAT(row, Not(HasSubstr("Murni")));
    EXPECT_THAT(row, Not(HasSubstr("1501064107800001")));
  }
}

TEST_F(ReportsTest, AFieldThatAForkMadePersonalIsNotShownOfItsRequests) {
  v1::GetDefinitionRequest find;
  find.set_service("sabilulungan");
  v1::GetDefinitionResponse shipped;
  ASSERT_TRUE(Call(*catalog_, &v1::CatalogService::Stub::GetDefinition, find, &shipped).ok());
  v1::Definition fork = shipped.definition();
  fork.set_publisher("15.01");
  for (v1::Field& field : *fork.mutable_fields()) {
    if (field.key() != "penerima") continue;
    field.set_personal(true);
    field.set_is_public(false);
  }
  for (v1::Report& report : *fork.mutable_reports()) {
    auto& columns = *report.mutable_columns();
    columns.erase(std::remove(columns.begin(), columns.end(), "penerima"), columns.end());
  }
  v1::PublishDefinitionRequest publish;
  publish.mutable_definition_bytes()->set_body(fork.SerializeAsString());
  v1::PublishDefinitionResponse published;
  const grpc::Status status =
      Call(*catalog_, &v1::CatalogService::Stub::PublishDefinition, publish, &published);
  ASSERT_TRUE(status.ok()) << status.error_message();
  v1::AdoptDefinitionRequest adopt;
  adopt.set_region("15.01");
  adopt.set_actor("admin/sari");
  adopt.set_definition_hash(published.definition_hash());
  v1::AdoptDefinitionResponse adopted;
  ASSERT_TRUE(Call(*catalog_, &v1::CatalogService::Stub::AdoptDefinition, adopt, &adopted).ok());
  Create(Grant("Gedung belajar", "hibah_uang", 1));
  adopt.set_definition_hash(shipped.definition_hash());
  ASSERT_TRUE(Call(*catalog_, &v1::CatalogService::Stub::AdoptDefinition, adopt, &adopted).ok());
  v1::RunReportRequest call = Report(v1::REPORT_KIND_DEFINED, "sabilulungan");
  call.set_report("grants");
  const Table table = Run(call);
  ASSERT_THAT(table.rows, SizeIs(1));
  EXPECT_THAT(table.columns, Contains("penerima"));
  EXPECT_THAT(table.rows[0], Not(HasSubstr("Sanggar")));
}

TEST_F(ReportsTest, ALongTableComesInSmallMessages) {
  SyncCall importer(channel_);
  ASSERT_TRUE(importer.Say("impor", "", true));
  constexpr int kRequests = 1'500;
  std::vector<std::string> bodies;
  for (int i = 0; i < kRequests; ++i) {
    v1::ChangeBody body;
    ASSERT_TRUE(body.ParseFromString(Complaint("impor", i)));
    body.mutable_mutations(1)->mutable_set_field()->mutable_value()->set_text(
        absl::StrCat("Laporan ", i, std::string(180, 'x')));
    bodies.push_back(body.SerializeAsString());
    if (bodies.size() == 500) {
      ASSERT_TRUE(importer.Push(bodies));
      bodies.clear();
      ASSERT_TRUE(importer.NextResult());
    }
  }
  importer.HalfClose();
  ASSERT_TRUE(importer.End().ok());

  // A service may declare a table of whatever is not personal.
  v1::GetDefinitionRequest find;
  find.set_service("pengaduan");
  v1::GetDefinitionResponse shipped;
  ASSERT_TRUE(Call(*catalog_, &v1::CatalogService::Stub::GetDefinition, find, &shipped).ok());
  v1::Definition own = shipped.definition();
  own.set_publisher("15.01");
  own.set_version(2);
  v1::Report& report = *own.add_reports();
  report.set_key("daftar");
  report.mutable_title()->set_id("Daftar laporan");
  report.mutable_title()->set_en("List of reports");
  for (const char* column : {"ref", "created", "judul", "kategori", "status", "area"}) {
    report.add_columns(column);
  }
  v1::PublishDefinitionRequest publish;
  publish.mutable_definition_bytes()->set_body(own.SerializeAsString());
  v1::PublishDefinitionResponse published;
  const grpc::Status status =
      Call(*catalog_, &v1::CatalogService::Stub::PublishDefinition, publish, &published);
  ASSERT_TRUE(status.ok()) << status.error_message();
  v1::RunReportRequest call = Report(v1::REPORT_KIND_DEFINED, "pengaduan");
  call.set_parent("regions/-");
  call.set_report("daftar");
  const Table table = Run(call);
  ASSERT_TRUE(table.status.ok()) << table.status.error_message();
  EXPECT_THAT(table.rows, SizeIs(kRequests));
  EXPECT_THAT(table.rows[0], HasSubstr(",time,Laporan 0x"));
  EXPECT_THAT(table.rows[0], HasSubstr(",jalan_jembatan,diterima,15.01.06"));
  EXPECT_TRUE(table.columns_once);
}

TEST_F(ReportsTest, WhatIsUnknownIsNamed) {
  const auto violations = [this](const v1::RunReportRequest& call) {
    const Table table = Run(call);
    EXPECT_EQ(table.status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
    return DetailsOf(table.status).violations;
  };
  EXPECT_THAT(violations(Report(v1::REPORT_KIND_UNSPECIFIED)),
              Contains(Pair("kind", "REPORT_KIND")));
  EXPECT_THAT(violations(Report(v1::REPORT_KIND_PERFORMANCE, "tidak-ada")),
              Contains(Pair("service", "UNKNOWN_SERVICE")));
  EXPECT_THAT(violations(Report(v1::REPORT_KIND_DEFINED)),
              Contains(Pair("report", "UNKNOWN_REPORT")));
  v1::RunReportRequest nowhere = Report(v1::REPORT_KIND_PERFORMANCE);
  nowhere.set_parent("Kerinci");
  EXPECT_THAT(violations(nowhere), Contains(Pair("parent", "PARENT_FORMAT")));
  v1::RunReportRequest backwards = Report(v1::REPORT_KIND_PERFORMANCE);
  backwards.set_from_ms(2);
  backwards.set_to_ms(1);
  EXPECT_THAT(violations(backwards), Contains(Pair("to_ms", "INTERVAL")));
}

}  // namespace
}  // namespace tikar::server
