#include "clients/fieldsim/phrases.h"

#include <array>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "sync/types.h"

namespace tikar::fieldsim {
namespace {

using sync::AbslView;

constexpr std::array kStories = {
    Story{"jalan_jembatan", "Jembatan kayu di {tempat} lapuk",
          "Papan jembatan lapuk di tiga tempat sejak hujan minggu lalu. Anak sekolah dan warga "
          "yang ke kebun harus memutar."},
    Story{"jalan_jembatan", "Jalan menuju {tempat} longsor separuh",
          "Bahu jalan longsor sepanjang kira-kira sepuluh meter. Truk sayur tidak bisa lewat, "
          "sepeda motor masih bisa."},
    Story{"jalan_jembatan", "Lubang besar di depan pasar {tempat}",
          "Lubang sedalam lutut dan tergenang air. Sudah dua pengendara jatuh pada malam hari."},
    Story{"penerangan_jalan", "Lampu jalan padam di {tempat}",
          "Enam lampu dari simpang sampai masjid padam sejak awal bulan. Warga takut pulang "
          "malam."},
    Story{"penerangan_jalan", "Tiang lampu miring di {tempat}",
          "Tiang lampu miring ke arah jalan sesudah tertabrak. Kabelnya menyentuh dahan."},
    Story{"air_drainase", "Air bersih tidak mengalir di {tempat}",
          "Pipa dari bak penampung pecah. Warga mengambil air dari sungai untuk memasak."},
    Story{"air_drainase", "Selokan tersumbat di {tempat}",
          "Selokan penuh lumpur dan sampah. Setiap hujan air masuk ke rumah di sisi bawah."},
    Story{"sampah_kebersihan", "Sampah menumpuk di {tempat}",
          "Sampah tidak diangkut dua minggu. Bau sampai ke puskesmas pembantu dan banyak lalat."},
    Story{"kesehatan", "Puskesmas pembantu {tempat} tutup",
          "Sudah lima hari tidak ada petugas. Dua ibu hamil terpaksa ke kota untuk periksa."},
    Story{"pendidikan", "Atap ruang kelas SD di {tempat} bocor",
          "Kelas tiga dan empat bergantian memakai satu ruang karena atap bocor dan plafon jatuh."},
    Story{"bantuan_sosial", "Bantuan beras belum sampai di {tempat}",
          "Tiga belas keluarga dalam daftar belum menerima jatah bulan ini. Daftarnya dibawa "
          "kepala dusun."},
    Story{"pohon_taman", "Pohon tumbang menutup jalan di {tempat}",
          "Pohon tumbang semalam dan menimpa kabel listrik. Jalan hanya bisa dilewati pejalan "
          "kaki."},
    Story{"lingkungan", "Air sungai keruh dan berbau di {tempat}",
          "Air berubah warna sejak ada galian di hulu. Ikan di keramba mati."},
    Story{"hewan", "Anjing liar di sekitar sekolah {tempat}",
          "Kawanan anjing liar mengejar anak pada pagi hari. Satu anak digigit dan sudah dibawa "
          "ke puskesmas."},
    Story{"administrasi", "Akta kelahiran terlambat terbit, {tempat}",
          "Berkas sudah lengkap sejak dua bulan lalu. Anak tidak bisa didaftarkan ke sekolah."},
    Story{"parkir_lalu_lintas", "Truk parkir di tikungan {tempat}",
          "Truk pasir berhenti berjam-jam di tikungan. Kendaraan dari arah atas tidak terlihat."},
    Story{"transportasi", "Angkutan pedesaan ke {tempat} berhenti",
          "Tidak ada angkutan sejak tarif naik. Warga yang ke pasar menumpang truk bak terbuka."},
    Story{"kebisingan", "Mesin penggilingan bekerja malam di {tempat}",
          "Mesin bekerja sampai lewat tengah malam. Bayi dan orang sakit tidak bisa tidur."},
};

constexpr std::array<std::string_view, 20> kFirstNames = {
    "Siti", "Budi",    "Dewi", "Agus",  "Rina",  "Yohanes", "Nurul", "Made", "Hasan",   "Fatimah",
    "Eko",  "Lestari", "Rudi", "Maria", "Ahmad", "Wayan",   "Ratna", "Dedi", "Yuliana", "Irwan"};
constexpr std::array<std::string_view, 16> kLastNames = {
    "Rahmawati", "Santoso", "Lubis", "Hidayat",  "Zebua",   "Telaumbanua", "Siregar", "Putra",
    "Wulandari", "Saputra", "Gulo",  "Nasution", "Permana", "Halawa",      "Suryani", "Kurniawan"};
constexpr std::array<std::string_view, 10> kStreets = {
    "Jl. Depati Parbo", "Jl. Pelita",   "Jl. Merdeka",     "Jl. Pasar Lama", "Jl. Kayu Aro",
    "Jl. Diponegoro",   "Jl. Sudirman", "Jl. Mesjid Raya", "Jl. Pendidikan", "Jl. Muradi"};
constexpr std::array<std::string_view, 8> kBusinesses = {
    "Warung",      "Kedai Kopi", "Bengkel",        "Toko Kelontong", "Kerajinan Anyaman",
    "Rumah Makan", "Jahit",      "Keripik Kentang"};
constexpr std::array<std::string_view, 14> kRemarks = {
    "Sudah dicek di lapangan, keadaan masih sama.",
    "Warga memasang papan sementara.",
    "Kepala desa minta dikabari sebelum petugas datang.",
    "Foto menyusul kalau ada sinyal.",
    "Perlu alat berat, tidak bisa dikerjakan gotong royong.",
    "Sudah dibicarakan dalam musyawarah dusun.",
    "Hujan tadi malam membuatnya lebih parah.",
    "Pelapor bisa ditemui setelah asar.",
    "Ada tiga rumah lain yang terdampak.",
    "Bahan bisa dibeli di toko setempat.",
    "Pernah dilaporkan lewat surat tahun lalu.",
    "Jalan ke lokasi hanya bisa dengan sepeda motor.",
    "Petugas dinas sudah datang, menunggu keputusan.",
    "Sekolah libur sementara karena ini."};
constexpr std::array<std::string_view, 6> kReasons = {"Sudah diperiksa bersama perangkat desa.",
                                                      "Data kurang lengkap.",
                                                      "Pelapor menyampaikan keterangan baru.",
                                                      "Sudah dikerjakan warga.",
                                                      "Bukan kewenangan kecamatan.",
                                                      "Menunggu anggaran perubahan."};
constexpr std::array<std::string_view, 8> kTags = {
    "mendesak", "musim hujan", "sekolah", "pasar", "gotong royong", "ulang", "foto", "dana desa"};

std::string Joined(Dice* dice, const auto& first, const auto& second) {
  // One after the other: the order of evaluation of arguments is not fixed.
  const std::string_view a = dice->Pick(first);
  return absl::StrCat(AbslView(a), " ", AbslView(dice->Pick(second)));
}

}  // namespace

std::span<const Story> Stories() { return kStories; }

std::string InPlace(std::string_view text, std::string_view place) {
  constexpr std::string_view kMark = "{tempat}";
  std::string result(text);
  for (size_t at = result.find(kMark); at != std::string::npos; at = result.find(kMark, at)) {
    result.replace(at, kMark.size(), place);
    at += place.size();
  }
  return result;
}

std::string PersonName(Dice* dice) { return Joined(dice, kFirstNames, kLastNames); }

std::string BusinessName(Dice* dice) { return Joined(dice, kBusinesses, kFirstNames); }

std::string Address(std::string_view place, Dice* dice) {
  const std::string_view street = dice->Pick(kStreets);
  const int64_t house = dice->Between(1, 120), rt = dice->Between(1, 12), rw = dice->Between(1, 6);
  return absl::StrFormat("%s No. %d, RT %02d/RW %02d, %s", AbslView(street), house, rt, rw,
                         AbslView(place));
}

std::string PhoneNumber(Dice* dice) { return absl::StrCat("0812", Digits(8, dice)); }

std::string Nik(std::string_view district_code, Dice* dice) {
  std::string area;
  for (const char c : district_code.substr(0, 8)) {
    if (c != '.') area += c;
  }
  const int64_t woman = dice->Percent(50) ? 40 : 0;
  const int64_t day = dice->Between(1, 28) + woman, month = dice->Between(1, 12);
  const int64_t year = dice->Between(55, 99), serial = dice->Between(1, 40);
  return absl::StrFormat("%s%02d%02d%02d%04d", area, day, month, year, serial);
}

std::string Digits(size_t count, Dice* dice) {
  std::string digits;
  for (size_t i = 0; i < count; ++i) digits += static_cast<char>('0' + dice->Below(10));
  // Not all zero.
  if (!digits.empty()) digits.back() = static_cast<char>('1' + dice->Below(9));
  return digits;
}

std::string Remark(Dice* dice) { return std::string(dice->Pick(kRemarks)); }
std::string Reason(Dice* dice) { return std::string(dice->Pick(kReasons)); }
std::string TagWord(Dice* dice) { return std::string(dice->Pick(kTags)); }

}  // namespace tikar::fieldsim
