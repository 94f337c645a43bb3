// Walks of what citizens bring: complaints, permits, licences, listings.
#include "services_walk.h"

namespace tikar::server {
namespace {

using client::ChoiceSet;
using client::Flag;
using client::Integer;
using client::Move;
using client::Set;
using client::Text;

// Closed by the officer while the office takes it up again: the end stands later in the workflow.
Walk Complaint() {
  return {
      .name = "pengaduan",
      .service = "pengaduan",
      .filed_by = "petugas",
      .form = {{"judul", Text("Jembatan gantung putus")},
               {"kategori", Text("jalan_jembatan")},
               {"deskripsi", Text("Tali sebelah hulu putus, anak sekolah memutar lima kilometer.")},
               {"lokasi", GunungKerinci()},
               {"tanggal_kejadian", Day(2026, 2, 3)},
               {"terdampak", ChoiceSet({"anak_sekolah", "petani_nelayan"})},
               {"pelapor_nama", Text("Pak Amir")},
               {"pelapor_telepon", Text("081374001122")}},
      .spoilt = {{"judul", std::nullopt, "REQUIRED"},
                 {"kategori", Text("naga"), "UNKNOWN_CHOICE"},
                 {"pelapor_telepon", Text("12"), "PHONE_FORMAT"},
                 // Born on the 32nd of February.
                 {"pelapor_nik", Text("1501063202800001"), "NIK_BIRTH_DATE"}},
      .stages = {
          Refused{"warga", {Move("diterima", "diverifikasi")}, "status", "ROLE_MAY_NOT_TAKE_STEP"},
          Refused{"warga", {Set("prioritas", Integer(4))}, "prioritas", "ROLE_MAY_NOT_WRITE"},
          Refused{"operator", {Move("diterima", "ditolak")}, "status", "REASON_REQUIRED"},
          Refused{"petugas", {Move("diterima", "selesai")}, "status", "NO_SUCH_TRANSITION"},
          Step{"diverifikasi", "petugas", {Set("prioritas", Integer(3))}, ""},
          Step{"ditangani", "operator", {Set("perangkat_daerah", Text("Dinas PUPR"))}, ""},
          Step{"dijawab", "petugas", {Set("jawaban", Text("Tali diganti, jembatan aman."))}, ""},
          Dispute{.path = "status",
                  .one = {"petugas", {Move("dijawab", "selesai")}},
                  .other = {"operator", {Move("dijawab", "ditangani", "tali longgar lagi")}},
                  .rule = v1::RULE_WORKFLOW,
                  .decided = Text("selesai")}}};
}

// The largest area measured must stand, also where it is smaller as a text.
Walk BuildingPermit() {
  return {
      .name = "hayu_imb",
      .service = "hayu",
      .filed_by = "petugas",
      .form = {{"jenis_izin", Text("imb")},
               {"sifat", Text("baru")},
               {"nama_usaha", Text("Penginapan Kayu Aro")},
               {"pemohon_nama", Text("Bu Murni")},
               {"pemohon_nik", Text("1501064107800001")},
               {"modal", Integer(750'000'000)},
               {"alamat", Text("Jl. Raya Kayu Aro 1")},
               {"lokasi", GunungKerinci()},
               {"luas", Decimal("90")}},
      .spoilt = {{"pemohon_nik", Text("15010641"), "NIK_DIGITS"},
                 {"nib", Text("123"), "NIB_FORMAT"},
                 {"modal", Integer(-1), "OUT_OF_RANGE"},
                 {"luas", Text("90"), "WRONG_TYPE"}},
      .stages = {
          // From Rp500 million on a report does not do.
          Refused{"petugas", {Move("diajukan", "terdaftar")}, "modal", "CONDITION_NOT_MET"},
          Refused{
              "operator", {Move("diajukan", "diverifikasi")}, "dokumen", "NEEDED_FOR_TRANSITION"},
          Step{"diverifikasi",
               "operator",
               {Set("dokumen", ChoiceSet({"ktp", "gambar", "bukti_tanah"}))},
               ""},
          Dispute{.path = "luas",
                  .one = {"teknis", {Set("luas", Decimal("102.25"))}},
                  .other = {"petugas", {Set("luas", Decimal("96.5"))}},
                  .rule = v1::RULE_HIGHEST,
                  .decided = Decimal("102.25")},
          Step{"ditinjau", "teknis", {Set("hasil_tinjauan", Text("Garis sempadan dipatuhi."))}, ""},
          Refused{"kepala", {Move("ditinjau", "disetujui")}, "rekomendasi", "CONDITION_NOT_MET"},
          Refused{
              "petugas", {Set("rekomendasi", Text("layak"))}, "rekomendasi", "ROLE_MAY_NOT_WRITE"},
          Step{"disetujui", "penyelia", {Set("rekomendasi", Text("layak_bersyarat"))}, ""},
          Refused{"operator",
                  {Set("lunas", Flag(false)), Set("nomor_izin", Text("000123/IMB/DPMPTSP/2026")),
                   Move("disetujui", "terbit")},
                  "lunas",
                  "CONDITION_NOT_MET"},
          Refused{"operator", {Set("nomor_izin", Text("123"))}, "nomor_izin", "PATTERN"},
          Step{"terbit",
               "operator",
               {Set("retribusi", Integer(1'250'000)), Set("lunas", Flag(true)),
                Set("nomor_izin", Text("000123/IMB/DPMPTSP/2026")),
                Set("berlaku_sampai", Day(2031, 2, 3))},
               ""}}};
}

// Capital under Rp500 million only reports: one step, which nobody takes back.
Walk TradeReport() {
  return {
      .name = "hayu_siup",
      .service = "hayu",
      .filed_by = "warga",
      .form = {{"jenis_izin", Text("siup")},
               {"nama_usaha", Text("Toko Semurup")},
               {"pemohon_nama", Text("Pak Amir")},
               {"pemohon_nik", Text("1501060302750002")},
               {"modal", Integer(499'999'999)},
               {"alamat", Text("Pasar Semurup 12")}},
      .spoilt = {{"jenis_izin", Text("paspor"), "UNKNOWN_CHOICE"}},
      .stages = {
          Refused{"petugas", {Move("diajukan", "terdaftar")}, "lokasi", "NEEDED_FOR_TRANSITION"},
          Refused{"petugas",
                  {Set("lokasi", GunungKerinci()), Set("modal", Integer(500'000'000)),
                   Move("diajukan", "terdaftar")},
                  "modal",
                  "CONDITION_NOT_MET"},
          Dispute{.path = "dokumen",
                  .one = {"petugas", {Set("dokumen", ChoiceSet({"npwp"}))}},
                  .other = {"operator", {Set("dokumen", ChoiceSet({"foto", "ktp"}))}},
                  .rule = v1::RULE_UNION,
                  .decided = ChoiceSet({"foto", "ktp", "npwp"})},
          Step{"terdaftar", "petugas", {Set("lokasi", GunungKerinci())}, ""}}};
}

// Approved at the door, rejected in the office: nothing is paid until a person has settled it.
Walk MicroLicence() {
  return {
      .name = "gampil",
      .service = "gampil",
      .filed_by = "petugas",
      .form = {{"nama_usaha", Text("Warung Kopi Kayu Aro")},
               {"pemilik_nama", Text("Bu Murni")},
               {"nik", Text("1501064107800001")},
               {"jenis_usaha", Text("warung")},
               {"alamat_usaha", Text("Jl. Raya Kayu Aro 1")},
               {"mulai_usaha", Day(2024, 8, 17)},
               {"modal", Integer(5'000'000)}},
      .spoilt = {{"nik", Text("9901064107800001"), "NIK_AREA"},
                 {"kbli", Text("56A"), "PATTERN"},
                 {"tenaga_kerja", Integer(100), "OUT_OF_RANGE"}},
      .stages = {
          Refused{"petugas", {Move("diajukan", "diverifikasi")}, "lokasi", "NEEDED_FOR_TRANSITION"},
          Step{"diverifikasi", "petugas", {Set("lokasi", GunungKerinci())}, ""},
          Dispute{.path = "status",
                  .one = {"petugas", {Move("diverifikasi", "disetujui")}},
                  .other = {"penyelia", {Move("diverifikasi", "ditolak", "alamat tidak ada")}},
                  .rule = v1::RULE_REVIEW,
                  .decided = Text("ditolak")},
          Refused{"kepala",
                  {Set("nomor_izin", Text("000123/IUM/2026")), Move("disetujui", "terbit")},
                  "status",
                  "IRREVERSIBLE_UNDER_REVIEW"},
          Refused{"penyelia", {Move("ditolak", "diajukan", "ulang")}, "status", "UNDER_REVIEW"},
          Settlement{.path = "status",
                     .may_not = "petugas",
                     .role = "penyelia",
                     .value = Text("disetujui")},
          Refused{"operator",
                  {Set("rekening", Text("1234567890")), Move("disetujui", "dicairkan")},
                  "status",
                  "ROLE_MAY_NOT_TAKE_STEP"},
          Step{"dicairkan",
               "penyelia",
               {Set("bantuan_modal", Integer(2'000'000)), Set("rekening", Text("1234567890"))},
               ""},
          Step{"terbit", "operator", {Set("nomor_izin", Text("000123/IUM/2026"))}, ""}}};
}

// Opening hours are what was heard last.
Walk Listing() {
  return {
      .name = "promosi",
      .service = "promosi",
      .filed_by = "warga",
      .form = {{"nama", Text("Air Terjun Telun Berasap")},
               {"jenis", Text("alam")},
               {"deskripsi", Text("Air terjun setinggi lima puluh meter di kaki Gunung Kerinci.")},
               {"pengelola_nama", Text("Pokdarwis Letter W")},
               {"harga_tiket", Integer(10'000)}},
      .spoilt = {{"deskripsi", std::nullopt, "REQUIRED"},
                 {"tautan", Text("http://telun"), "PATTERN"},
                 {"nama", Text("Air\nTerjun"), "LINE_BREAK"}},
      .stages = {
          Refused{"operator", {Move("diusulkan", "dikurasi")}, "lokasi", "NEEDED_FOR_TRANSITION"},
          Step{"diperbaiki", "petugas", {}, "titik lokasi belum ada"},
          Step{"diusulkan", "warga", {Set("lokasi", GunungKerinci())}, ""},
          Step{"dikurasi", "operator", {}, ""},
          Dispute{.path = "jam_buka",
                  .one = {"petugas", {Set("jam_buka", Text("08.00-17.00"))}},
                  .other = {"operator", {Set("jam_buka", Text("07.30-18.00"))}},
                  .rule = v1::RULE_LATEST,
                  .decided = std::nullopt},
          Refused{"penyelia",
                  {Set("deskripsi_en", Text("A waterfall.")), Set("izin_tayang", Flag(false)),
                   Move("dikurasi", "tayang")},
                  "izin_tayang",
                  "CONDITION_NOT_MET"},
          Step{"tayang",
               "penyelia",
               {Set("deskripsi_en", Text("A waterfall of fifty metres below Mount Kerinci.")),
                Set("izin_tayang", Flag(true))},
               ""},
          Step{"diturunkan", "kepala", {}, "ditutup karena longsor"}}};
}

}  // namespace

std::vector<Walk> WalksOfPeople() {
  return {Complaint(), BuildingPermit(), TradeReport(), MicroLicence(), Listing()};
}

}  // namespace tikar::server
