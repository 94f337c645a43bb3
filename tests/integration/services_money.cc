// Walks of where money moves: grants, loans, support.
#include "services_walk.h"

namespace tikar::server {
namespace {

using client::ChoiceSet;
using client::Integer;
using client::Move;
using client::Set;
using client::Text;

// Two amounts for one grant: no clock chooses, and only the head settles it.
Walk Grant() {
  return {
      .name = "sabilulungan",
      .service = "sabilulungan",
      .filed_by = "warga",
      .form = {{"judul", Text("Atap Masjid Raya Siulak")},
               {"jenis", Text("hibah_uang")},
               {"bidang", Text("keagamaan")},
               {"penerima", Text("Pengurus Masjid Raya Siulak")},
               {"penanggung_jawab", Text("H. Zainal")},
               {"penanggung_jawab_nik", Text("1501061205680003")},
               {"tujuan", Text("Mengganti atap yang bocor.")},
               {"nilai_usulan", Integer(150'000'000)}},
      .spoilt = {{"nilai_usulan", Integer(0), "OUT_OF_RANGE"},
                 {"rekening", Text("12-34-56"), "PATTERN"},
                 {"penanggung_jawab", Text("  "), "REQUIRED"},
                 // The treasury's, not the proposer's.
                 {"nilai_dicairkan", Integer(150'000'000), "ROLE_MAY_NOT_WRITE"}},
      .stages = {
          Step{"diverifikasi",
               "petugas",
               {Set("dokumen", ChoiceSet({"proposal", "rab", "foto"})),
                Set("hasil_verifikasi", Text("Atap seluas 200 meter persegi lapuk."))},
               ""},
          Step{
              "direkomendasikan", "penyelia", {Set("nilai_rekomendasi", Integer(120'000'000))}, ""},
          Dispute{.path = "nilai_disetujui",
                  .one = {"penyelia", {Set("nilai_disetujui", Integer(120'000'000))}},
                  .other = {"kepala", {Set("nilai_disetujui", Integer(100'000'000))}},
                  .rule = v1::RULE_REVIEW,
                  .decided = std::nullopt},
          Refused{"kepala",
                  {Set("nilai_disetujui", Integer(110'000'000))},
                  "nilai_disetujui",
                  "UNDER_REVIEW"},
          Settlement{.path = "nilai_disetujui",
                     .may_not = "penyelia",
                     .role = "kepala",
                     .value = Integer(100'000'000)},
          Refused{"penyelia",
                  {Set("nomor_sk", Text("900/17/2026")), Move("direkomendasikan", "ditetapkan")},
                  "status",
                  "ROLE_MAY_NOT_TAKE_STEP"},
          Step{"ditetapkan", "kepala", {Set("nomor_sk", Text("900/17/2026"))}, ""},
          // A grant needs its agreement first.
          Refused{
              "bendahara",
              {Set("rekening", Text("0012345678")), Set("nilai_dicairkan", Integer(100'000'000)),
               Set("tanggal_cair", Day(2026, 6, 2)), Move("ditetapkan", "dicairkan")},
              "jenis",
              "CONDITION_NOT_MET"},
          Step{"perjanjian", "penyelia", {Set("nomor_nphd", Text("NPHD/9/2026"))}, ""},
          Step{"dicairkan",
               "bendahara",
               {Set("rekening", Text("0012345678")), Set("nilai_dicairkan", Integer(100'000'000)),
                Set("tanggal_cair", Day(2026, 6, 2))},
               ""},
          Refused{"warga", {Move("dicairkan", "dilaporkan")}, "laporan", "NEEDED_FOR_TRANSITION"},
          Step{"dilaporkan",
               "warga",
               {Set("laporan", Text("Atap sudah diganti.")),
                Set("nilai_digunakan", Integer(98'500'000))},
               ""},
          Step{"selesai", "penyelia", {}, ""}}};
}

// What a family earns is counted with care: the lowest figure stands.
Walk Loan() {
  return {
      .name = "pusyar",
      .service = "pusyar",
      .filed_by = "petugas",
      .form = {{"nama_usaha", Text("Batik Incung Murni")},
               {"nasabah_nama", Text("Bu Murni")},
               {"nasabah_nik", Text("1501064107800001")},
               {"bidang", Text("batik_busana")},
               {"alamat_usaha", Text("Jl. Raya Kayu Aro 1")},
               {"akad", Text("murabahah")},
               {"nilai_diajukan", Integer(10'000'000)},
               {"jangka_waktu", Integer(12)}},
      .spoilt = {{"nilai_diajukan", Integer(499'999), "OUT_OF_RANGE"},
                 {"jangka_waktu", Integer(37), "OUT_OF_RANGE"},
                 {"nasabah_nik", Text("1501064107800000"), "NIK_SERIAL"},
                 {"akad", std::nullopt, "REQUIRED"}},
      .stages = {
          Refused{"bank",
                  {Set("lokasi", GunungKerinci()), Set("hasil_survei", Text("Usaha berjalan.")),
                   Move("diajukan", "disurvei")},
                  "kelayakan",
                  "NEEDED_FOR_TRANSITION"},
          Step{"disurvei",
               "bank",
               {Set("lokasi", GunungKerinci()), Set("hasil_survei", Text("Usaha berjalan.")),
                Set("kelayakan", Text("layak_sebagian"))},
               ""},
          Dispute{.path = "pendapatan",
                  .one = {"bank", {Set("pendapatan", Integer(3'200'000))}},
                  .other = {"petugas", {Set("pendapatan", Integer(14'500'000))}},
                  .rule = v1::RULE_LOWEST,
                  .decided = Integer(3'200'000)},
          Step{"disetujui", "penyelia", {Set("nilai_disetujui", Integer(9'000'000))}, ""},
          Refused{"penyelia", {Move("disetujui", "dicairkan")}, "status", "ROLE_MAY_NOT_TAKE_STEP"},
          Step{"dicairkan",
               "bank",
               {Set("nomor_akad", Text("MRB/12/2026")), Set("rekening", Text("7001234567")),
                Set("margin", Integer(900'000)), Set("tanggal_cair", Day(2026, 3, 2)),
                Set("sisa", Integer(9'900'000))},
               ""},
          Refused{"bank", {Add("angsuran", Text("lunas"))}, "angsuran", "WRONG_TYPE"},
          Refused{"bank", {Move("dicairkan", "lunas")}, "sisa", "CONDITION_NOT_MET"},
          Step{"lunas",
               "bank",
               {Add("angsuran", Integer(9'900'000)), Set("sisa", Integer(0))},
               ""}}};
}

// Each adds what he saw missing.
Walk Support() {
  return {
      .name = "ekonomi_rakyat",
      .service = "ekonomi-rakyat",
      .filed_by = "petugas",
      .form = {{"nama_usaha", Text("Koperasi Kopi Kerinci")},
               {"bentuk", Text("koperasi")},
               {"pemilik_nama", Text("Pak Suryadi")},
               {"pemilik_nik", Text("1501061708700004")},
               {"bidang", Text("tani")},
               {"alamat_usaha", Text("Desa Siulak Tenang")},
               {"kebutuhan", ChoiceSet({"pelatihan"})},
               {"anggota", Integer(64)}},
      .spoilt = {{"kebutuhan", ChoiceSet({"emas"}), "UNKNOWN_CHOICE"},
                 {"nik_koperasi", Text("123"), "PATTERN"},
                 {"pemilik_nik", std::nullopt, "REQUIRED"}},
      .stages = {
          Dispute{.path = "kebutuhan",
                  .one = {"petugas", {Set("kebutuhan", ChoiceSet({"alat", "pelatihan"}))}},
                  .other = {"operator", {Set("kebutuhan", ChoiceSet({"halal", "pelatihan"}))}},
                  .rule = v1::RULE_UNION,
                  .decided = ChoiceSet({"alat", "halal", "pelatihan"})},
          Step{"diverifikasi",
               "petugas",
               {Set("lokasi", GunungKerinci()),
                Set("hasil_verifikasi", Text("Mesin kupas rusak, anggota aktif."))},
               ""},
          Refused{"penyelia",
                  {Set("nilai_dukungan", Integer(15'000'000)), Move("diverifikasi", "disetujui")},
                  "dukungan",
                  "NEEDED_FOR_TRANSITION"},
          Refused{"penyelia",
                  {Set("bentuk", Text("menengah")), Set("dukungan", Text("alat")),
                   Set("nilai_dukungan", Integer(15'000'000)), Move("diverifikasi", "disetujui")},
                  "bentuk",
                  "CONDITION_NOT_MET"},
          Step{"disetujui",
               "penyelia",
               {Set("dukungan", Text("alat")), Set("nilai_dukungan", Integer(15'000'000))},
               ""},
          Refused{"petugas",
                  {Move("disetujui", "disalurkan")},
                  "nomor_berita_acara",
                  "NEEDED_FOR_TRANSITION"},
          Step{"disalurkan",
               "operator",
               {Set("nomor_berita_acara", Text("BA/31/2026")),
                Set("tanggal_serah", Day(2026, 4, 21))},
               ""},
          Step{"selesai", "petugas", {Add("omzet_bulanan", Integer(27'500'000))}, ""}}};
}

}  // namespace

std::vector<Walk> WalksOfMoney() { return {Grant(), Loan(), Support()}; }

}  // namespace tikar::server
