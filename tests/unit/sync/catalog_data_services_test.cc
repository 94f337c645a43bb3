// Each service of the catalogue by what it promises: clocks, conditions, who decides, what is
// public.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "catalog_services.h"
#include "sync/definition.h"
#include "sync/validation.h"

namespace tikar::sync {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;
using ::testing::Not;

std::map<std::string, v1::Value> Complaint() {
  std::map<std::string, v1::Value> fields = {
      {"judul", Text("Jembatan gantung Sungai Batang Merao putus satu sisi")},
      {"deskripsi", Text("Tali penahan sebelah kiri putus sejak hujan Senin malam.\nAnak sekolah "
                         "memutar empat kilometer.")},
      {"kategori", Text("jalan_jembatan")},
      {"kanal", Text("lapangan")},
      {"alamat", Text("Dusun Baru, 200 m dari masjid")},
      {"prioritas", Integer(4)},
      {"pelapor_nama", Text("Yusnidar")},
      {"pelapor_telepon", Text("081274001234")},
      {"pelapor_nik", Text("1501065708850003")},
  };
  fields["lokasi"].mutable_place()->set_latitude_e7(-18'732'000);
  fields["lokasi"].mutable_place()->set_longitude_e7(1'012'871'000);
  fields["terdampak"].mutable_choices()->add_items("anak_sekolah");
  fields["tanggal_kejadian"].set_date_days(20'600);
  return fields;
}

std::map<std::string, v1::Value> Licence() {
  return {
      {"nama_usaha", Text("Warung Kopi Mak Itam")},
      {"pemilik_nama", Text("Itam Zulkarnain")},
      {"nik", Text("1501061708850003")},
      {"jenis_usaha", Text("warung")},
      {"alamat_usaha", Text("Pasar Siulak Deras")},
      {"modal", Integer(12'500'000)},
      {"kbli", Text("56303")},
  };
}

TEST(PengaduanTest, RunsOnTheClockOfSp4nLapor) {
  std::map<std::string, uint32_t> days;
  const auto definition = Service("pengaduan");
  for (const v1::ServiceLevel& level : definition->proto().service_levels()) {
    days[level.from_state()] = level.working_days();
  }
  EXPECT_EQ(days, (std::map<std::string, uint32_t>{
                      {"diterima", 3}, {"diverifikasi", 5}, {"dijawab", 10}}));
}

TEST(PengaduanTest, CanBeWalkedFromReceiptToClosingByTheOffice) {
  const auto definition = Service("pengaduan");
  const char* walk[] = {"diterima", "diverifikasi", "ditangani", "dijawab", "selesai"};
  for (size_t i = 1; i < std::size(walk); ++i) {
    const v1::WorkflowEdge* edge = definition->FindEdge(walk[i - 1], walk[i]);
    ASSERT_NE(edge, nullptr) << walk[i];
    EXPECT_EQ(std::count(edge->roles().begin(), edge->roles().end(), "operator"), 1) << walk[i];
    EXPECT_FALSE(edge->reason_required()) << walk[i];
    EXPECT_TRUE(edge->required_fields().empty()) << walk[i];
  }
}

TEST(PengaduanTest, TakesAComplaintFromTheField) {
  const auto definition = Service("pengaduan");
  EXPECT_THAT(Judge(*definition, NewRequest(*definition, "petugas", Complaint())), IsEmpty());
  // A phone at 2 %: the title and the category are enough.
  EXPECT_THAT(Judge(*definition, NewRequest(*definition, "warga",
                                            {{"judul", Text("Lampu jalan padam")},
                                             {"kategori", Text("penerangan_jalan")}})),
              IsEmpty());
}

TEST(PengaduanTest, SaysWhatIsWrongWithAComplaint) {
  const auto definition = Service("pengaduan");
  std::map<std::string, v1::Value> fields = Complaint();
  fields.erase("judul");
  fields["kategori"] = Text("jalan");
  fields["prioritas"] = Integer(5);
  fields["pelapor_telepon"] = Text("0812 7400 1234");
  fields["pelapor_nik"] = Text("1501067208850003");
  fields["deskripsi"] = Text(std::string(4001, 'x'));
  fields["perkiraan_biaya"] = Text("lima juta");
  EXPECT_THAT(Judge(*definition, NewRequest(*definition, "petugas", fields)),
              ElementsAre("judul: required", "deskripsi: too_long", "kategori: unknown_choice",
                          "pelapor_nik: nik_birth_date", "pelapor_telepon: phone_format",
                          "perkiraan_biaya: wrong_type", "prioritas: out_of_range"));
}

TEST(PengaduanTest, LeavesPriorityAndAnswerToOfficers) {
  const auto definition = Service("pengaduan");
  std::map<std::string, v1::Value> fields = Complaint();
  fields["jawaban"] = Text("Sudah diperbaiki.");
  EXPECT_THAT(Judge(*definition, NewRequest(*definition, "warga", fields)),
              ElementsAre("jawaban: role_may_not_write", "prioritas: role_may_not_write"));
  EXPECT_THAT(Judge(*definition, NewRequest(*definition, "kepala", Complaint())),
              ElementsAre(": role_may_not_create"));
}

TEST(GampilTest, TakesALicenceFromTheField) {
  const auto definition = Service("gampil");
  EXPECT_THAT(Judge(*definition, NewRequest(*definition, "petugas", Licence())), IsEmpty());
}

TEST(GampilTest, SaysWhatIsWrongWithALicence) {
  const auto definition = Service("gampil");
  std::map<std::string, v1::Value> fields = Licence();
  fields["nik"] = Text("1501061708850000");
  fields["kbli"] = Text("5630");
  fields["modal"] = Integer(1'000'000'001);
  fields["bantuan_modal"] = Integer(5'000'000);
  fields["nib"] = Text("91200012345");
  EXPECT_THAT(Judge(*definition, NewRequest(*definition, "petugas", fields)),
              ElementsAre("bantuan_modal: role_may_not_write", "kbli: pattern",
                          "modal: out_of_range", "nib: nib_format", "nik: nik_serial"));
}

TEST(GampilTest, AnOfficerDecidesAndTheOfficeCannotUndoWhatFollows) {
  const auto definition = Service("gampil");
  for (const char* decision : {"disetujui", "ditolak"}) {
    const v1::WorkflowEdge* edge = definition->FindEdge("diverifikasi", decision);
    ASSERT_NE(edge, nullptr);
    EXPECT_EQ(std::count(edge->roles().begin(), edge->roles().end(), "petugas"), 1);
    EXPECT_TRUE(definition->IsDecision(decision));
  }
  int out_of_approval = 0;
  for (const v1::WorkflowEdge& edge : definition->proto().workflow().edges()) {
    if (edge.from() != "disetujui") continue;
    ++out_of_approval;
    EXPECT_TRUE(edge.irreversible()) << edge.to();
    EXPECT_EQ(std::count(edge.roles().begin(), edge.roles().end(), "petugas"), 0) << edge.to();
  }
  EXPECT_EQ(out_of_approval, 2);
}

TEST(PengaduanTest, ClosesItselfTenDaysAfterAnAnswerThatNobodyRepliedTo) {
  const auto definition = Service("pengaduan");
  std::map<std::string, std::string> automatic;
  for (const v1::ServiceLevel& level : definition->proto().service_levels()) {
    if (!level.automatic_state().empty()) automatic[level.key()] = level.automatic_state();
  }
  EXPECT_EQ(automatic, (std::map<std::string, std::string>{{"penutupan", "selesai"}}));
}

TEST(PengaduanTest, LooksForTheSameThingReportedTwice) {
  const auto definition = Service("pengaduan");
  const v1::DuplicateRule& rule = definition->proto().duplicates();
  EXPECT_EQ(rule.place_field(), "lokasi");
  EXPECT_EQ(rule.distance_metres(), 75);
  EXPECT_EQ(rule.days(), 14);
  EXPECT_THAT(rule.equal_fields(), ElementsAre("kategori"));
}

// A request as its author sees it; nothing is under review.
class FiledRequest : public RequestView {
 public:
  FiledRequest(std::string status, std::map<std::string, v1::Value> fields)
      : status_(std::move(status)), fields_(std::move(fields)) {}
  std::optional<v1::Value> FieldValue(std::string_view path) const override {
    const auto found = fields_.find(std::string(path));
    return found == fields_.end() ? std::nullopt : std::optional(found->second);
  }
  bool KnowsPast() const override { return true; }
  bool UnderReview(std::string_view) const override { return false; }
  bool ParentsContainConflict(std::string_view) const override { return false; }
  std::string Status() const override { return status_; }
  size_t ElementCount(std::string_view) const override { return 0; }

 private:
  const std::string status_;
  const std::map<std::string, v1::Value> fields_;
};

// What forbids a role to take a step of a request with these fields.
std::vector<std::string> Step(const Definition& definition, const std::string& role,
                              const std::string& from, const std::string& to,
                              const std::map<std::string, v1::Value>& fields,
                              const std::string& reason = "") {
  v1::ChangeBody body = NewRequest(definition, role, {});
  body.clear_mutations();
  body.set_request_id(std::string(16, 'r'));
  body.add_parents(std::string(16, 'p'));
  v1::Transition* transition = body.add_mutations()->mutable_transition();
  transition->set_from(from);
  transition->set_to(to);
  transition->set_reason(reason);
  const FiledRequest request(from, fields);
  std::vector<std::string> found;
  for (const Violation& violation : CheckAgainstDefinition(body, definition, &request).violations) {
    found.push_back(violation.field + ": " + violation.code);
  }
  return found;
}

v1::Value Flag(bool flag) {
  v1::Value value;
  value.set_flag(flag);
  return value;
}

v1::Value Date(int32_t days) {
  v1::Value value;
  value.set_date_days(days);
  return value;
}

v1::Value Decimal(const std::string& decimal) {
  v1::Value value;
  value.set_decimal(decimal);
  return value;
}

v1::Value Choices(const std::vector<std::string>& items) {
  v1::Value value;
  for (const std::string& item : items) value.mutable_choices()->add_items(item);
  return value;
}

v1::Value InKerinci() {
  v1::Value value;
  value.mutable_place()->set_latitude_e7(-18'732'000);
  value.mutable_place()->set_longitude_e7(1'012'871'000);
  return value;
}

std::map<std::string, v1::Value> Permit() {
  return {{"jenis_izin", Text("siup")},           {"nama_usaha", Text("Toko Tani Makmur")},
          {"pemohon_nama", Text("Yusnidar")},     {"pemohon_nik", Text("1501065708850003")},
          {"alamat", Text("Pasar Siulak Deras")}, {"lokasi", InKerinci()},
          {"modal", Integer(499'999'999)},        {"dokumen", Choices({"ktp", "foto"})}};
}

TEST(HayuTest, TakesAnApplicationOfEveryKind) {
  const auto definition = Service("hayu");
  for (const char* kind : {"reklame", "trayek", "siup", "tdp", "imb", "ho"}) {
    std::map<std::string, v1::Value> fields = Permit();
    fields["jenis_izin"] = Text(kind);
    EXPECT_THAT(Judge(*definition, NewRequest(*definition, "warga", fields)), IsEmpty()) << kind;
  }
}

TEST(HayuTest, CapitalUnderFiveHundredMillionOnlyReports) {
  const auto definition = Service("hayu");
  std::map<std::string, v1::Value> fields = Permit();
  EXPECT_THAT(Step(*definition, "petugas", "diajukan", "terdaftar", fields), IsEmpty());
  fields["modal"] = Integer(500'000'000);
  EXPECT_THAT(Step(*definition, "petugas", "diajukan", "terdaftar", fields),
              ElementsAre("modal: condition_not_met"));
  fields.erase("modal");
  EXPECT_THAT(Step(*definition, "petugas", "diajukan", "terdaftar", fields),
              ElementsAre("modal: condition_not_met"));
  EXPECT_THAT(Step(*definition, "petugas", "diajukan", "diverifikasi", fields), IsEmpty());
}

TEST(HayuTest, ABillboardIsInspectedWhateverTheCapital) {
  const auto definition = Service("hayu");
  for (const char* kind : {"reklame", "trayek", "imb"}) {
    std::map<std::string, v1::Value> fields = Permit();
    fields["jenis_izin"] = Text(kind);
    EXPECT_THAT(Step(*definition, "operator", "diajukan", "terdaftar", fields),
                ElementsAre("jenis_izin: condition_not_met"))
        << kind;
  }
}

TEST(HayuTest, NothingIsIssuedBeforeItIsPaid) {
  const auto definition = Service("hayu");
  std::map<std::string, v1::Value> fields = Permit();
  fields["nomor_izin"] = Text("000123/SIUP/DPMPTSP/2026");
  for (const bool paid : {false, true}) {
    fields["lunas"] = Flag(paid);
    EXPECT_THAT(Step(*definition, "operator", "disetujui", "terbit", fields).empty(), paid);
  }
}

TEST(HayuTest, WhatIsNotSuitableIsNotApproved) {
  const auto definition = Service("hayu");
  std::map<std::string, v1::Value> fields = Permit();
  fields["rekomendasi"] = Text("tidak_layak");
  EXPECT_THAT(Step(*definition, "kepala", "ditinjau", "disetujui", fields),
              ElementsAre("rekomendasi: condition_not_met"));
  EXPECT_THAT(Step(*definition, "kepala", "ditinjau", "ditolak", fields, "Menutup saluran air"),
              IsEmpty());
  fields["rekomendasi"] = Text("layak_bersyarat");
  EXPECT_THAT(Step(*definition, "kepala", "ditinjau", "disetujui", fields), IsEmpty());
}

TEST(SabilulunganTest, IsPublicFromProposalToRecipientButNotWhoSomebodyIs) {
  const auto definition = Service("sabilulungan");
  EXPECT_TRUE(definition->proto().is_public());
  std::set<std::string> shown, personal;
  for (const v1::Field& field : definition->proto().fields()) {
    if (field.is_public()) shown.insert(field.key());
    if (field.personal()) personal.insert(field.key());
  }
  EXPECT_THAT(shown, IsSupersetOf({"judul", "penerima", "tujuan", "nilai_usulan", "nilai_disetujui",
                                   "nomor_sk", "nilai_dicairkan", "tanggal_cair", "nilai_digunakan",
                                   "laporan"}));
  EXPECT_THAT(personal, IsSupersetOf({"penanggung_jawab", "penanggung_jawab_nik", "telepon",
                                      "alamat", "lokasi", "rekening"}));
}

TEST(SabilulunganTest, ReportsTheGrantsWithoutPersonalData) {
  const auto definition = Service("sabilulungan");
  ASSERT_EQ(definition->proto().reports_size(), 1);
  const v1::Report& report = definition->proto().reports(0);
  EXPECT_EQ(report.key(), "grants");
  for (const std::string& column : report.columns()) {
    const v1::Field* field = definition->FindField(column);
    EXPECT_TRUE(field == nullptr || field->is_public()) << column;
  }
  EXPECT_THAT(report.sums(), Contains("nilai_dicairkan"));
}

TEST(SabilulunganTest, AGrantNeedsItsAgreementAndSocialAidDoesNot) {
  const auto definition = Service("sabilulungan");
  std::map<std::string, v1::Value> fields = {{"jenis", Text("hibah_uang")},
                                             {"nomor_nphd", Text("900/12/NPHD/2026")},
                                             {"rekening", Text("0012345678")},
                                             {"nilai_disetujui", Integer(25'000'000)},
                                             {"nilai_dicairkan", Integer(25'000'000)},
                                             {"tanggal_cair", Date(20'700)}};
  EXPECT_THAT(Step(*definition, "bendahara", "ditetapkan", "dicairkan", fields),
              ElementsAre("jenis: condition_not_met"));
  EXPECT_THAT(Step(*definition, "kepala", "ditetapkan", "perjanjian", fields), IsEmpty());
  EXPECT_THAT(Step(*definition, "bendahara", "perjanjian", "dicairkan", fields), IsEmpty());
  fields["jenis"] = Text("bansos_terencana");
  EXPECT_THAT(Step(*definition, "bendahara", "ditetapkan", "dicairkan", fields), IsEmpty());
  EXPECT_THAT(Step(*definition, "kepala", "ditetapkan", "perjanjian", fields),
              ElementsAre("jenis: condition_not_met"));
  fields["nilai_disetujui"] = Integer(0);
  EXPECT_THAT(Step(*definition, "bendahara", "ditetapkan", "dicairkan", fields),
              ElementsAre("nilai_disetujui: condition_not_met"));
}

TEST(ErkTest, TheSuperiorApprovesAndNeverOneself) {
  const auto definition = Service("erk");
  std::map<std::string, v1::Value> fields = {
      {"kegiatan", Text("Meninjau jembatan Sungai Batang Merao")},
      {"jenis", Text("lapangan")},
      {"tanggal", Date(20'600)},
      {"menit", Integer(180)},
      {"nip", Text("198508172010012003")},
      {"perangkat_daerah", Text("Dinas PUPR")}};
  EXPECT_THAT(Judge(*definition, NewRequest(*definition, "petugas", fields)), IsEmpty());
  fields["menit_disetujui"] = Integer(150);
  EXPECT_THAT(Judge(*definition, NewRequest(*definition, "petugas", fields)),
              ElementsAre("menit_disetujui: role_may_not_write"));
  EXPECT_THAT(Step(*definition, "petugas", "diajukan", "disetujui", fields),
              ElementsAre("status: role_may_not_take_step"));
  EXPECT_THAT(Step(*definition, "penyelia", "diajukan", "disetujui", fields), IsEmpty());
  fields["menit_disetujui"] = Integer(0);
  EXPECT_THAT(Step(*definition, "penyelia", "diajukan", "disetujui", fields),
              ElementsAre("menit_disetujui: condition_not_met"));
}

TEST(PusyarTest, EveryInstalmentIsAnElementInRupiah) {
  const auto definition = Service("pusyar");
  EXPECT_EQ(definition->ElementTypeOf("angsuran"), v1::FIELD_TYPE_MONEY);
  v1::ChangeBody body = NewRequest(*definition, "petugas", {});
  body.clear_mutations();
  body.set_request_id(std::string(16, 'r'));
  body.add_parents(std::string(16, 'p'));
  for (const v1::Value& value : {Integer(350'000), Integer(-1), Text("350000")}) {
    v1::AddElement* add = body.add_mutations()->mutable_add_element();
    add->set_collection("angsuran");
    *add->mutable_value() = value;
  }
  EXPECT_THAT(Judge(*definition, body),
              ElementsAre("angsuran: negative_money", "angsuran: wrong_type"));
}

TEST(PusyarTest, ALoanIsRepaidWhenNothingIsOwed) {
  const auto definition = Service("pusyar");
  for (const char* from : {"dicairkan", "dijadwal_ulang", "macet"}) {
    EXPECT_THAT(Step(*definition, "bank", from, "lunas", {{"sisa", Integer(0)}}), IsEmpty());
    EXPECT_THAT(Step(*definition, "bank", from, "lunas", {{"sisa", Integer(1)}}),
                ElementsAre("sisa: condition_not_met"));
    EXPECT_THAT(Step(*definition, "bank", from, "lunas", {}),
                ElementsAre("sisa: condition_not_met"));
  }
}

TEST(EkonomiRakyatTest, SupportsTheSmallAndNotTheMedium) {
  const auto definition = Service("ekonomi-rakyat");
  std::map<std::string, v1::Value> fields = {{"dukungan", Text("alat")},
                                             {"nilai_dukungan", Integer(7'500'000)}};
  for (const char* form : {"mikro", "kecil", "koperasi", "kelompok"}) {
    fields["bentuk"] = Text(form);
    EXPECT_THAT(Step(*definition, "kepala", "diverifikasi", "disetujui", fields), IsEmpty());
  }
  fields["bentuk"] = Text("menengah");
  EXPECT_THAT(Step(*definition, "kepala", "diverifikasi", "disetujui", fields),
              ElementsAre("bentuk: condition_not_met"));
}

TEST(PromosiTest, NothingIsShownWithoutConsentAndATranslation) {
  const auto definition = Service("promosi");
  EXPECT_THAT(Step(*definition, "kepala", "dikurasi", "tayang", {{"izin_tayang", Flag(false)}}),
              ElementsAre("deskripsi_en: needed_for_transition", "izin_tayang: condition_not_met"));
  EXPECT_THAT(Step(*definition, "kepala", "dikurasi", "tayang",
                   {{"izin_tayang", Flag(true)}, {"deskripsi_en", Text("A waterfall")}}),
              IsEmpty());
}

TEST(RencanaTest, HasATargetAndAValueForEachOfFiveYears) {
  const auto definition = Service("rencana");
  ASSERT_EQ(definition->proto().reports_size(), 1);
  EXPECT_EQ(definition->proto().reports(0).key(), "indicators");
  for (int year = 1; year <= 5; ++year) {
    for (const std::string& key :
         {"target_" + std::to_string(year), "nilai_" + std::to_string(year)}) {
      const v1::Field* field = definition->FindField(key);
      ASSERT_NE(field, nullptr) << key;
      EXPECT_EQ(field->type(), v1::FIELD_TYPE_DECIMAL) << key;
      EXPECT_THAT(definition->proto().reports(0).columns(), Contains(key));
    }
    EXPECT_EQ(definition->PolicyOf("target_" + std::to_string(year)), v1::POLICY_REVIEW);
  }
}

TEST(RencanaTest, AProgrammeIsAdoptedWithItsTargetsAndBeginsWithItsBudget) {
  const auto definition = Service("rencana");
  const std::map<std::string, v1::Value> fields = {{"nilai_dasar", Decimal("62.5")},
                                                   {"target_1", Decimal("70")},
                                                   {"target_5", Decimal("90")},
                                                   {"pagu", Integer(0)},
                                                   {"terlibat", Choices({"kominfo", "setda"})}};
  EXPECT_THAT(Step(*definition, "kepala", "ditelaah", "ditetapkan", fields), IsEmpty());
  EXPECT_THAT(Step(*definition, "kepala", "ditelaah", "ditetapkan", {{"pagu", Integer(1)}}),
              ElementsAre("nilai_dasar: needed_for_transition", "target_1: needed_for_transition",
                          "target_5: needed_for_transition", "terlibat: needed_for_transition"));
  EXPECT_THAT(Step(*definition, "petugas", "ditetapkan", "berjalan", fields),
              ElementsAre("pagu: condition_not_met"));
}

// Steps over which money or rights leave the house, and nobody of the field takes alone.
TEST(ServicesTest, MarkWhatCannotBeTakenBack) {
  std::set<std::string> irreversible;
  for (const std::filesystem::path& file : ServiceFiles()) {
    const auto definition = Service(file.stem());
    for (const v1::WorkflowEdge& edge : definition->proto().workflow().edges()) {
      if (!edge.irreversible()) continue;
      irreversible.insert(file.stem().string() + ": " + edge.from() + " -> " + edge.to());
      EXPECT_THAT(edge.roles(), Not(Contains("warga"))) << edge.from() << " " << edge.to();
    }
  }
  EXPECT_THAT(
      irreversible,
      ElementsAre("ekonomi-rakyat: disetujui -> disalurkan", "erk: diajukan -> disetujui",
                  "gampil: dicairkan -> terbit", "gampil: disetujui -> dicairkan",
                  "gampil: disetujui -> terbit", "hayu: diajukan -> terdaftar",
                  "hayu: disetujui -> terbit", "pusyar: dicairkan -> lunas",
                  "pusyar: dijadwal_ulang -> lunas", "pusyar: disetujui -> dicairkan",
                  "pusyar: macet -> dihapusbukukan", "pusyar: macet -> lunas",
                  "rencana: ditelaah -> ditetapkan", "sabilulungan: ditetapkan -> dicairkan",
                  "sabilulungan: perjanjian -> dicairkan"));
}

}  // namespace
}  // namespace tikar::sync
