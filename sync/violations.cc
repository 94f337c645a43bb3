#include "sync/violations.h"

#include <array>

#include "absl/strings/substitute.h"

namespace tikar::sync {
namespace {

using enum ViolationCode;

constexpr v1::RefusalReason kMalformed = v1::REFUSAL_REASON_MALFORMED;
constexpr v1::RefusalReason kLimit = v1::REFUSAL_REASON_LIMIT;
constexpr v1::RefusalReason kInvalid = v1::REFUSAL_REASON_INVALID_VALUE;
constexpr v1::RefusalReason kTransition = v1::REFUSAL_REASON_NO_SUCH_TRANSITION;
constexpr v1::RefusalReason kRole = v1::REFUSAL_REASON_ROLE;
constexpr v1::RefusalReason kReview = v1::REFUSAL_REASON_UNDER_REVIEW;

constexpr std::array<ViolationText, kViolationCodes> kTexts = {{
    {kRegionFormat, "region_format", kMalformed,
     "Kode wilayah \"$0\" bukan kode kabupaten atau kota seperti 15.01. Perbarui aplikasi, lalu "
     "kirim ulang.",
     "Region \"$0\" is not the code of a regency or city such as 15.01. Update the app, then "
     "send again."},
    {kRequestIdFormat, "request_id_format", kMalformed,
     "Nomor permohonan harus 16 bita. Perbarui aplikasi, lalu kirim ulang.",
     "The request id must be 16 bytes. Update the app, then send again."},
    {kRequestIdOnCreate, "request_id_on_create", kMalformed,
     "Permohonan baru tidak boleh membawa nomor; nomor itu dihitung dari isinya. Perbarui "
     "aplikasi, lalu kirim ulang.",
     "A new request must not bring an id; it follows from the content. Update the app, then send "
     "again."},
    {kActorFormat, "actor_format", kMalformed,
     "Nama pelaku harus 1 sampai $0 karakter dari a-z, 0-9, titik, garis bawah, garis dan garis "
     "miring. Daftarkan perangkat dengan nama yang benar.",
     "The actor must be 1 to $0 characters of a-z, 0-9, dot, underscore, hyphen and slash. Enrol "
     "the device under a proper name."},
    {kHlcMissing, "hlc_missing", kMalformed,
     "Perubahan tidak membawa waktu. Perbarui aplikasi, lalu kirim ulang.",
     "The change carries no time. Update the app, then send again."},
    {kNonceFormat, "nonce_format", kMalformed,
     "Nonce harus $0 bita acak. Perbarui aplikasi, lalu kirim ulang.",
     "The nonce must be $0 random bytes. Update the app, then send again."},
    {kParentsFormat, "parents_format", kMalformed,
     "Setiap induk perubahan harus 16 bita. Perbarui aplikasi, lalu kirim ulang.",
     "Each parent must be 16 bytes. Update the app, then send again."},
    {kParentsOrder, "parents_order", kMalformed,
     "Induk perubahan harus berurutan dan tidak berulang. Perbarui aplikasi, lalu kirim ulang.",
     "Parents must be sorted and unique. Update the app, then send again."},
    {kParentsOnCreate, "parents_on_create", kMalformed,
     "Permohonan baru tidak boleh memiliki induk perubahan. Perbarui aplikasi, lalu kirim ulang.",
     "A new request must not have parents. Update the app, then send again."},
    {kParentsMissing, "parents_missing", kMalformed,
     "Perubahan tidak menyebut keadaan permohonan yang dilihat penulisnya. Muat ulang "
     "permohonan, lalu ubah lagi.",
     "The change does not name the state of the request that its author saw. Reload the request, "
     "then edit it again."},
    {kRoleMissing, "role_missing", kMalformed,
     "Perubahan tidak menyebut peran pelakunya. Pilih peran Anda, lalu kirim ulang.",
     "The change does not name the role of its actor. Choose your role, then send again."},
    {kRoleFormat, "role_format", kMalformed,
     "Peran \"$0\" bukan nama peran. Pilih peran dari daftar layanan ini.",
     "Role \"$0\" is not the key of a role. Choose a role from this service's list."},
    {kMutationEmpty, "mutation_empty", kMalformed,
     "Langkah ke-$0 dalam perubahan kosong. Perbarui aplikasi, lalu kirim ulang.",
     "Step $0 of the change is empty. Update the app, then send again."},
    {kCreateNotFirst, "create_not_first", kMalformed,
     "Pembuatan permohonan harus menjadi langkah pertama dan hanya satu kali. Perbarui aplikasi, "
     "lalu kirim ulang.",
     "Creating a request must be the first step, and only once. Update the app, then send again."},
    {kCreateIncomplete, "create_incomplete", kMalformed,
     "Permohonan baru harus menyebut layanan, versi, dan sidik definisinya (32 bita). Perbarui "
     "daftar layanan, lalu buat lagi.",
     "A new request must name its service, the version and the definition's hash (32 bytes). "
     "Refresh the list of services, then create it again."},
    {kRebaseIncomplete, "rebase_incomplete", kMalformed,
     "Pemindahan definisi harus menyebut versi dan sidik definisi (32 bita). Perbarui aplikasi, "
     "lalu kirim ulang.",
     "A rebase must name the version and the definition's hash (32 bytes). Update the app, then "
     "send again."},
    {kTransitionIncomplete, "transition_incomplete", kMalformed,
     "Perpindahan status harus menyebut status asal dan status tujuan. Pilih langkah dari "
     "daftar, lalu kirim ulang.",
     "A transition must name the state it leaves and the state it enters. Choose a step from the "
     "list, then send again."},
    {kSettleCandidates, "settle_candidates", kMalformed,
     "Keputusan harus menyebut perubahan yang diputuskan: 16 bita masing-masing, berurutan, "
     "tidak berulang. Muat ulang permohonan, lalu putuskan lagi.",
     "A settlement must name the changes it decides: 16 bytes each, sorted, unique. Reload the "
     "request, then settle again."},
    {kPathFormat, "path_format", kMalformed,
     "\"$0\" bukan nama isian atau unsur. Perbarui aplikasi, lalu kirim ulang.",
     "\"$0\" is not the path of a field or an element. Update the app, then send again."},
    {kPathTwice, "path_twice", kMalformed,
     "\"$0\" ditulis dua kali dalam satu perubahan. Kirim setiap tulisan sebagai perubahan "
     "tersendiri.",
     "\"$0\" is written twice in one change. Send each write as a change of its own."},
    {kPathReserved, "path_reserved", kMalformed,
     "\"$0\" tidak dapat ditulis langsung. Gunakan langkah status, penarikan, atau keputusan "
     "untuk itu.",
     "\"$0\" cannot be written directly. Use a transition, a retraction or a settlement for it."},
    {kValueMalformed, "value_malformed", kMalformed,
     "Nilai $0 rusak atau di luar yang mungkin. Isi ulang, lalu kirim lagi.",
     "The value of $0 is malformed or out of what is possible. Enter it anew, then send again."},
    {kBodyTooLarge, "body_too_large", kLimit,
     "Perubahan berukuran $0 bita, paling besar $1. Bagi menjadi beberapa perubahan; foto "
     "dikirim sebagai lampiran.",
     "The change has $0 bytes, at most $1 are allowed. Split it into several; send photos as "
     "attachments."},
    {kTooManyMutations, "too_many_mutations", kLimit,
     "Perubahan berisi $0 langkah, paling banyak $1. Bagi menjadi beberapa perubahan.",
     "The change has $0 steps, at most $1 are allowed. Split it into several changes."},
    {kTooManyParents, "too_many_parents", kLimit,
     "Perubahan menyebut $0 induk, paling banyak $1. Sinkronkan dahulu, lalu ubah lagi.",
     "The change names $0 parents, at most $1 are allowed. Sync first, then edit again."},
    {kValueTooLarge, "value_too_large", kLimit,
     "Nilai $0 terlalu besar: paling besar 16 KiB dan paling banyak 64 pilihan. Ringkas isinya.",
     "The value of $0 is too large: at most 16 KiB and 64 choices are allowed. Shorten it."},
    {kReasonTooLong, "reason_too_long", kLimit,
     "Alasan sepanjang $0 karakter, paling panjang $1. Ringkas alasannya.",
     "The reason has $0 characters, at most $1 are allowed. Shorten it."},
    {kTooManyElements, "too_many_elements", kLimit,
     "$0 sudah penuh: paling banyak $1 buah. Hapus yang tidak perlu sebelum menambah.",
     "$0 is full: at most $1 are allowed. Remove what is not needed before adding."},
    {kAreaFormat, "area_format", kInvalid,
     "\"$0\" bukan kode kecamatan atau desa/kelurahan di dalam wilayah $1. Pilih lokasi dari "
     "daftar wilayah.",
     "\"$0\" is not the code of a district or village within $1. Choose the place from the list "
     "of areas."},
    {kAreaRequired, "area_required", kInvalid,
     "Lokasi permohonan tidak boleh dikosongkan. Pilih kecamatan atau desa yang benar sebagai "
     "gantinya.",
     "The area of a request cannot be emptied. Choose the right district or village instead."},
    {kUnknownArea, "unknown_area", kInvalid,
     "Tidak ada kecamatan atau desa/kelurahan dengan kode \"$0\" di daftar wilayah server. Pilih "
     "lokasi dari daftar wilayah, lalu kirim ulang.",
     "The server's list of areas has no district or village with the code \"$0\". Choose the place "
     "from the list of areas, then send again."},
    {kAssigneeFormat, "assignee_format", kInvalid,
     "\"$0\" bukan nama petugas yang terdaftar. Pilih petugas dari daftar.",
     "\"$0\" cannot be the name of an enrolled officer. Choose an officer from the list."},
    {kDuplicateOfFormat, "duplicate_of_format", kInvalid,
     "\"$0\" bukan nomor permohonan (32 angka heksadesimal huruf kecil). Pilih permohonan asli "
     "dari daftar.",
     "\"$0\" is not a request id (32 lower-case hex digits). Choose the original request from "
     "the list."},
    {kDuplicateOfItself, "duplicate_of_itself", kInvalid,
     "Permohonan tidak dapat menjadi duplikat dirinya sendiri. Pilih permohonan asli yang lain.",
     "A request cannot be a duplicate of itself. Choose another original."},
    {kTransferredFromFormat, "transferred_from_format", kInvalid,
     "Asal pelimpahan harus teks 1 sampai $0 bita tanpa baris baru. Salin nama permohonan asal "
     "apa adanya.",
     "The origin of a transfer must be a text of 1 to $0 bytes without line breaks. Copy the "
     "name of the original request as it is."},
    {kDefinitionMismatch, "definition_mismatch", kInvalid,
     "Layanan \"$0\" versi $1 tidak cocok dengan sidik definisinya. Perbarui daftar layanan, "
     "lalu buat lagi.",
     "Service \"$0\", version $1, does not fit the hash of its definition. Refresh the list of "
     "services, then create it again."},
    {kUnknownField, "unknown_field", kInvalid,
     "Layanan ini tidak memiliki isian \"$0\". Perbarui daftar layanan, lalu isi formulir yang "
     "baru.",
     "This service has no field \"$0\". Refresh the list of services, then use the new form."},
    {kUnknownCollection, "unknown_collection", kInvalid,
     "Layanan ini tidak memiliki kumpulan \"$0\". Perbarui daftar layanan, lalu tambahkan lagi.",
     "This service has no collection \"$0\". Refresh the list of services, then add it again."},
    {kUnknownState, "unknown_state", kInvalid,
     "Layanan ini tidak memiliki status \"$0\". Pilih salah satu status: $1.",
     "This service has no state \"$0\". Choose one of: $1."},
    {kRequired, "required", kInvalid, "$0 wajib diisi. Lengkapi isian ini.",
     "$0 is required. Fill in this field."},
    {kWrongType, "wrong_type", kInvalid, "$0 harus berupa $1. Isi ulang dengan jenis nilai itu.",
     "$0 must be $1. Enter that kind of value."},
    {kTooLong, "too_long", kInvalid, "$0 sepanjang $1 karakter, paling panjang $2. Ringkas isinya.",
     "$0 has $1 characters, at most $2 are allowed. Shorten it."},
    {kLineBreak, "line_break", kInvalid, "$0 harus satu baris. Hapus baris barunya.",
     "$0 must be one line. Remove the line breaks."},
    {kPattern, "pattern", kInvalid, "$0 tidak sesuai bentuknya. $1",
     "$0 does not have the right form. $1"},
    {kOutOfRange, "out_of_range", kInvalid, "$0 harus antara $1 dan $2. Perbaiki angkanya.",
     "$0 must be between $1 and $2. Correct the number."},
    {kNegativeMoney, "negative_money", kInvalid,
     "$0 tidak boleh kurang dari nol. Perbaiki jumlah rupiahnya.",
     "$0 must not be less than zero. Correct the amount in rupiah."},
    {kDateOutOfRange, "date_out_of_range", kInvalid,
     "$0 bukan tanggal antara tahun 1 dan 9999. Perbaiki tanggalnya.",
     "$0 is not a date between the years 1 and 9999. Correct the date."},
    {kUnknownChoice, "unknown_choice", kInvalid,
     "\"$1\" bukan pilihan untuk $0. Pilih salah satu: $2.",
     "\"$1\" is not a choice of $0. Choose from: $2."},
    {kNikDigits, "nik_digits", kInvalid,
     "$0 harus 16 angka tanpa spasi. Salin NIK dari KTP elektronik.",
     "$0 must be 16 digits without spaces. Copy the NIK from the identity card."},
    {kNikArea, "nik_area", kInvalid,
     "Enam angka pertama $0 bukan kode wilayah. Periksa kembali NIK pada KTP elektronik.",
     "The first six digits of $0 are no area code. Check the NIK on the identity card."},
    {kNikBirthDate, "nik_birth_date", kInvalid,
     "Angka ke-7 sampai ke-12 $0 bukan tanggal lahir (untuk perempuan tanggal ditambah 40). "
     "Periksa kembali NIK pada KTP elektronik.",
     "Digits 7 to 12 of $0 are no birth date (for women the day has 40 added). Check the NIK on "
     "the identity card."},
    {kNikSerial, "nik_serial", kInvalid,
     "Empat angka terakhir $0 tidak boleh 0000. Periksa kembali NIK pada KTP elektronik.",
     "The last four digits of $0 cannot be 0000. Check the NIK on the identity card."},
    {kNibFormat, "nib_format", kInvalid,
     "$0 harus 13 angka tanpa spasi. Salin NIB dari lembar perizinan OSS.",
     "$0 must be 13 digits without spaces. Copy the NIB from the OSS licence."},
    {kPhoneFormat, "phone_format", kInvalid,
     "$0 harus dimulai dengan +62 atau 0, lalu 8 sampai 13 angka, tanpa spasi atau garis. Tulis "
     "ulang, misalnya 081234567890.",
     "$0 must begin with +62 or 0, then have 8 to 13 digits, without spaces or hyphens. Write it "
     "as in 081234567890."},
    {kElementEmpty, "element_empty", kInvalid,
     "$0 tidak boleh kosong. Tulis isinya atau batalkan penambahan.",
     "$0 must not be empty. Write something or do not add it."},
    {kReasonRequired, "reason_required", kInvalid,
     "Langkah \"$0\" memerlukan alasan. Tulis alasannya untuk warga.",
     "The step \"$0\" needs a reason. Write the reason for the citizen."},
    {kNeededForTransition, "needed_for_transition", kInvalid,
     "$0 harus terisi sebelum langkah \"$1\". Lengkapi isian ini, lalu ulangi langkahnya.",
     "$0 must be filled in before the step \"$1\". Fill in this field, then take the step again."},
    // The second sentence is the form's own, or says what the field must hold.
    {kConditionNotMet, "condition_not_met", kInvalid, "Langkah \"$0\" belum dapat diambil. $1",
     "The step \"$0\" cannot be taken. $1"},
    {kNoSuchTransition, "no_such_transition", kTransition,
     "Alur kerja tidak memiliki langkah dari \"$0\" ke \"$1\". Pilih langkah dari daftar pada "
     "permohonan.",
     "The workflow has no step from \"$0\" to \"$1\". Choose a step from the list at the request."},
    {kActorReserved, "actor_reserved", kRole,
     "Nama \"$0\" milik server sendiri. Daftarkan perangkat dengan nama lain.",
     "The name \"$0\" is the servers' own. Enrol the device under another one."},
    {kUnknownRole, "unknown_role", kRole,
     "Layanan ini tidak mengenal peran \"$0\". Pilih salah satu peran: $1.",
     "This service has no role \"$0\". Choose one of: $1."},
    {kRoleMayNotCreate, "role_may_not_create", kRole,
     "Peran $0 tidak boleh membuat permohonan. Mintalah peran lain untuk membuatnya.",
     "Role $0 may not create requests. Ask another role to create it."},
    {kRoleMayNotWrite, "role_may_not_write", kRole,
     "Peran $1 tidak boleh mengisi $0. Mintalah salah satu peran ini: $2.",
     "Role $1 may not write $0. Ask one of these roles: $2."},
    {kRoleMayNotRetract, "role_may_not_retract", kRole,
     "Peran $0 tidak boleh menarik atau memulihkan permohonan. Mintalah atasan untuk "
     "melakukannya.",
     "Role $0 may not retract or restore requests. Ask a supervisor to do it."},
    {kRoleMayNotAssign, "role_may_not_assign", kRole,
     "Peran $0 tidak boleh menugaskan petugas. Mintalah atasan untuk menugaskannya.",
     "Role $0 may not assign officers. Ask a supervisor to assign it."},
    {kRoleMayNotTakeStep, "role_may_not_take_step", kRole,
     "Peran $0 tidak boleh mengambil langkah \"$1\". Mintalah salah satu peran ini: $2.",
     "Role $0 may not take the step \"$1\". Ask one of these roles: $2."},
    {kRoleMayNotSettle, "role_may_not_settle", kRole,
     "Peran $1 tidak boleh memutuskan $0. Mintalah salah satu peran ini: $2.",
     "Role $1 may not settle $0. Ask one of these roles: $2."},
    {kRoleMayNotRebase, "role_may_not_rebase", kRole,
     "Peran $0 tidak boleh memindahkan permohonan ke definisi lain. Mintalah salah satu peran "
     "ini: $1.",
     "Role $0 may not move requests to another definition. Ask one of these roles: $1."},
    {kUnderReview, "under_review", kReview,
     "$0 sedang menunggu keputusan karena ada nilai yang bertentangan. Putuskan dahulu, lalu "
     "ubah.",
     "$0 is under review because values contradict each other. Settle it first, then edit."},
    {kIrreversibleUnderReview, "irreversible_under_review", kReview,
     "Langkah \"$0\" tidak dapat dibatalkan, dan status (sementara \"$1\") sedang menunggu "
     "keputusan. Tunggu sampai status diputuskan.",
     "The step \"$0\" cannot be undone, and the status (\"$1\" for now) is under review. Wait "
     "until the status is settled."},
    {kIrreversibleFieldUnderReview, "irreversible_field_under_review", kReview,
     "Langkah \"$0\" tidak dapat dibatalkan, dan $1 sedang menunggu keputusan karena ada nilai "
     "yang "
     "bertentangan. Tunggu sampai diputuskan.",
     "The step \"$0\" cannot be undone, and $1, on which it depends, is under review because "
     "values contradict each other. Wait until it is settled."},
}};

// A row that is missing, or in another place than its code, does not build.
constexpr bool InOrder() {
  for (size_t i = 0; i < kTexts.size(); ++i) {
    if (static_cast<size_t>(kTexts[i].violation) != i || kTexts[i].message_id == nullptr ||
        kTexts[i].message_en == nullptr) {
      return false;
    }
  }
  return true;
}
static_assert(InOrder());

}  // namespace

const ViolationText& TextOf(ViolationCode code) { return kTexts[static_cast<size_t>(code)]; }

void Judgement::Add(ViolationCode code, std::string_view field, const Words& about,
                    const Words& detail, const Words& second_detail) {
  const ViolationText& text = TextOf(code);
  ok = false;
  if (reason == v1::REFUSAL_REASON_UNSPECIFIED || text.reason < reason) reason = text.reason;
  violations.push_back({std::string(field), std::string(text.code),
                        absl::Substitute(text.message_id, about.id, detail.id, second_detail.id),
                        absl::Substitute(text.message_en, about.en, detail.en, second_detail.en)});
}

}  // namespace tikar::sync
