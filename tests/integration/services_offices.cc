// Walks of what offices keep for themselves: an officer's day, a programme of the master plan.
#include "services_walk.h"

namespace tikar::server {
namespace {

using client::ChoiceSet;
using client::Integer;
using client::Move;
using client::Set;
using client::Text;

// Two officers who were there write one report.
Walk ActivityReport() {
  return {
      .name = "erk",
      .service = "erk",
      .filed_by = "petugas",
      .form = {{"kegiatan", Text("Peninjauan jembatan")},
               {"jenis", Text("lapangan")},
               {"tanggal", Day(2026, 2, 3)},
               {"uraian", Text("Meninjau jembatan di Kayu Aro.")},
               {"menit", Integer(180)},
               {"nip", Text("198001312005011002")},
               {"perangkat_daerah", Text("Dinas PUPR")}},
      .spoilt = {{"menit", Integer(721), "OUT_OF_RANGE"},
                 {"nip", Text("19800131"), "PATTERN"},
                 {"tanggal", Text("3 Februari"), "WRONG_TYPE"},
                 {"menit_disetujui", Integer(180), "ROLE_MAY_NOT_WRITE"}},
      .stages = {
          Dispute{
              .path = "uraian",
              .one = {"petugas", {Set("uraian", Text("Meninjau jembatan gantung di Kayu Aro."))}},
              .other = {"operator",
                        {Set("uraian", Text("Meninjau jembatan di Kayu Aro bersama warga."))}},
              .rule = v1::RULE_TEXT,
              .decided = Text("Meninjau jembatan gantung di Kayu Aro bersama warga.")},
          Step{"diajukan", "petugas", {}, ""},
          Step{"dikembalikan", "penyelia", {}, "jumlah kunjungan belum ada"},
          Step{"diajukan",
               "petugas",
               {Set("volume", Integer(2)), Set("satuan", Text("kunjungan"))},
               ""},
          Refused{"petugas", {Move("diajukan", "disetujui")}, "status", "ROLE_MAY_NOT_TAKE_STEP"},
          Refused{"penyelia",
                  {Move("diajukan", "disetujui")},
                  "menit_disetujui",
                  "NEEDED_FOR_TRANSITION"},
          Refused{"penyelia",
                  {Set("menit_disetujui", Integer(0)), Move("diajukan", "disetujui")},
                  "menit_disetujui",
                  "CONDITION_NOT_MET"},
          Step{"disetujui",
               "penyelia",
               {Set("menit_disetujui", Integer(170)), Set("mutu", Integer(4))},
               ""}}};
}

// Finished by one, stopped by the other: two ends, and a person says which.
Walk Programme() {
  return {
      .name = "rencana",
      .service = "rencana",
      .filed_by = "operator",
      .form = {{"program", Text("Sekolah dengan akses jalan layak")},
               {"bidang", Text("infrastruktur")},
               {"penanggung_jawab", Text("pupr")},
               {"terlibat", ChoiceSet({"pendidikan", "pupr"})},
               {"indikator", Text("Sekolah yang terjangkau jalan sepanjang tahun")},
               {"satuan", Text("persen")},
               {"arah", Text("naik")},
               {"tahun_awal", Integer(2026)},
               {"nilai_dasar", Decimal("61.5")}},
      .spoilt = {{"tahun_awal", Integer(1999), "OUT_OF_RANGE"},
                 {"indikator", std::nullopt, "REQUIRED"},
                 {"terlibat", ChoiceSet({"kerajaan"}), "UNKNOWN_CHOICE"}},
      .stages = {
          Step{"ditelaah", "operator", {}, ""},
          Refused{"penyelia", {Move("ditelaah", "ditetapkan")}, "status", "ROLE_MAY_NOT_TAKE_STEP"},
          Refused{"kepala",
                  {Set("target_1", Decimal("65")), Set("pagu", Integer(4'000'000'000)),
                   Move("ditelaah", "ditetapkan")},
                  "target_5",
                  "NEEDED_FOR_TRANSITION"},
          Step{"ditetapkan",
               "kepala",
               {Set("target_1", Decimal("65")), Set("target_5", Decimal("90.25")),
                Set("pagu", Integer(4'000'000'000))},
               ""},
          Refused{"petugas", {Set("pagu", Integer(1))}, "pagu", "ROLE_MAY_NOT_WRITE"},
          Step{"berjalan", "petugas", {Set("nilai_1", Decimal("64.8"))}, ""},
          Refused{"penyelia", {Move("berjalan", "selesai")}, "evaluasi", "NEEDED_FOR_TRANSITION"},
          Dispute{.path = "status",
                  .one = {"penyelia",
                          {Set("evaluasi", Text("Sasaran tercapai.")),
                           Set("realisasi", Integer(3'900'000'000)), Move("berjalan", "selesai")}},
                  .other = {"kepala", {Move("berjalan", "dihentikan", "anggaran dialihkan")}},
                  .rule = v1::RULE_REVIEW,
                  .decided = Text("selesai")},
          Settlement{.path = "status",
                     .may_not = "operator",
                     .role = "kepala",
                     .value = Text("dihentikan")}}};
}

}  // namespace

std::vector<Walk> WalksOfOffices() { return {ActivityReport(), Programme()}; }

}  // namespace tikar::server
