// A service with a field of every type, and changes of its requests: what the tests of validation
// share.
#ifndef TIKAR_TESTS_UNIT_SYNC_VALIDATION_FORM_H_
#define TIKAR_TESTS_UNIT_SYNC_VALIDATION_FORM_H_

#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "sync/definition.h"
#include "sync/validation.h"

namespace tikar::sync {

// A form with a field of every type, so that every check can be reached.
inline constexpr char kForm[] = R"(
  service: "formulir"
  version: 3
  publisher: "15.01"
  title { id: "Formulir" en: "Form" }
  merge_version: 1
  title_field: "judul"
  fields { key: "judul" type: FIELD_TYPE_TEXT policy: POLICY_LATEST required: true length_max: 10
           label { id: "Judul" en: "Title" } }
  fields { key: "kode" type: FIELD_TYPE_TEXT policy: POLICY_LATEST pattern: "[0-9]{5}"
           pattern_message { id: "Tulis 5 angka." en: "Write 5 digits." }
           label { id: "Kode" en: "Code" } }
  fields { key: "catatan" type: FIELD_TYPE_LONG_TEXT policy: POLICY_TEXT
           label { id: "Catatan" en: "Notes" } }
  fields { key: "jumlah" type: FIELD_TYPE_INTEGER policy: POLICY_HIGHEST minimum: 1 maximum: 4
           label { id: "Jumlah" en: "Number" } }
  fields { key: "selisih" type: FIELD_TYPE_INTEGER policy: POLICY_LATEST
           label { id: "Selisih" en: "Difference" } }
  fields { key: "biaya" type: FIELD_TYPE_MONEY policy: POLICY_REVIEW writer_roles: "kepala"
           settler_roles: "kepala" label { id: "Biaya" en: "Cost" } }
  fields { key: "luas" type: FIELD_TYPE_DECIMAL policy: POLICY_LATEST
           label { id: "Luas" en: "Surface" } }
  fields { key: "darurat" type: FIELD_TYPE_FLAG policy: POLICY_LATEST
           label { id: "Darurat" en: "Emergency" } }
  fields { key: "tanggal" type: FIELD_TYPE_DATE policy: POLICY_LATEST
           label { id: "Tanggal" en: "Date" } }
  fields { key: "pukul" type: FIELD_TYPE_TIME policy: POLICY_LATEST
           label { id: "Pukul" en: "Time" } }
  fields { key: "lokasi" type: FIELD_TYPE_PLACE policy: POLICY_LATEST
           label { id: "Lokasi" en: "Place" } }
  fields { key: "jenis" type: FIELD_TYPE_CHOICE policy: POLICY_REVIEW required: true
           label { id: "Jenis" en: "Kind" }
           choices { key: "kayu" label { id: "Kayu" en: "Wood" } }
           choices { key: "besi" label { id: "Besi" en: "Iron" } } }
  fields { key: "bahan" type: FIELD_TYPE_CHOICES policy: POLICY_UNION
           label { id: "Bahan" en: "Material" }
           choices { key: "kayu" label { id: "Kayu" en: "Wood" } }
           choices { key: "besi" label { id: "Besi" en: "Iron" } } }
  fields { key: "nik" type: FIELD_TYPE_NIK policy: POLICY_REVIEW label { id: "NIK" en: "NIK" } }
  fields { key: "nib" type: FIELD_TYPE_NIB policy: POLICY_LATEST label { id: "NIB" en: "NIB" } }
  fields { key: "telepon" type: FIELD_TYPE_PHONE policy: POLICY_LATEST
           label { id: "Telepon" en: "Telephone" } }
  workflow {
    states { key: "baru" label { id: "Baru" en: "New" } }
    states { key: "disetujui" decision: true label { id: "Disetujui" en: "Approved" } }
    states { key: "ditolak" decision: true label { id: "Ditolak" en: "Rejected" } }
    states { key: "dibayar" terminal: true label { id: "Dibayar" en: "Paid" } }
    edges { from: "baru" to: "disetujui" roles: "petugas" required_fields: "lokasi"
            label { id: "Setujui" en: "Approve" } }
    edges { from: "baru" to: "ditolak" roles: "petugas" reason_required: true
            label { id: "Tolak" en: "Reject" } }
    edges { from: "disetujui" to: "dibayar" roles: "kepala" irreversible: true
            label { id: "Bayar" en: "Pay" } }
    edges { from: "ditolak" to: "dibayar" roles: "kepala" irreversible: true
            required_fields: "biaya"
            label { id: "Bayar juga" en: "Pay all the same" } }
    edges { from: "ditolak" to: "baru" roles: "petugas"
            label { id: "Buka lagi" en: "Reopen" }
            conditions { field: "jumlah" minimum: 2 maximum: 3 }
            conditions { field: "darurat" flag: true }
            conditions { field: "bahan" choices: "besi" } }
    edges { from: "ditolak" to: "disetujui" roles: "kepala"
            label { id: "Batalkan penolakan" en: "Undo the rejection" }
            conditions { field: "biaya" maximum: 500 }
            conditions { field: "jenis" choices: "kayu" }
            condition_message { id: "Hanya kayu sampai Rp500." en: "Only wood up to Rp500." } }
  }
  roles { key: "petugas" creates: true label { id: "Petugas" en: "Officer" } }
  roles { key: "kepala" retracts: true assigns: true label { id: "Kepala" en: "Head" } }
  settler_roles: "kepala"
  collections { key: "comments" length_max: 20 elements_max: 3
                label { id: "Komentar" en: "Comments" } }
  collections { key: "baris" type: FIELD_TYPE_TEXT length_max: 10
                label { id: "Baris" en: "Lines" } }
  collections { key: "angsuran" type: FIELD_TYPE_MONEY label { id: "Angsuran" en: "Instalments" } }
  collections { key: "ketinggian" type: FIELD_TYPE_INTEGER label { id: "Ketinggian" en: "Levels" } }
  collections { key: "kunjungan" type: FIELD_TYPE_DATE label { id: "Kunjungan" en: "Visits" } }
  collections { key: "titik" type: FIELD_TYPE_PLACE label { id: "Titik" en: "Places" } }
)";

inline std::shared_ptr<const Definition> Form() {
  static const std::shared_ptr<const Definition> form = [] {
    v1::Definition proto;
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(kForm, &proto));
    auto definition = Definition::Parse(proto.SerializeAsString());
    EXPECT_TRUE(definition.ok()) << definition.status();
    return *definition;
  }();
  return form;
}

inline v1::Value Text(const std::string& text) {
  v1::Value value;
  value.set_text(text);
  return value;
}

inline v1::Value Integer(int64_t integer) {
  v1::Value value;
  value.set_integer(integer);
  return value;
}

inline v1::Value Flag(bool flag) {
  v1::Value value;
  value.set_flag(flag);
  return value;
}

inline v1::Value Choices(const std::vector<std::string>& items) {
  v1::Value value;
  value.mutable_choices();
  for (const std::string& item : items) value.mutable_choices()->add_items(item);
  return value;
}

inline v1::Value Place() {
  v1::Value value;
  value.mutable_place()->set_latitude_e7(-19'500'000);
  value.mutable_place()->set_longitude_e7(1'012'600'000);
  return value;
}

inline void Set(v1::ChangeBody& body, const std::string& path, const v1::Value& value) {
  v1::SetField* set = body.add_mutations()->mutable_set_field();
  set->set_path(path);
  *set->mutable_value() = value;
}

inline void Go(v1::ChangeBody& body, const std::string& from, const std::string& to,
               const std::string& reason = "") {
  v1::Transition* transition = body.add_mutations()->mutable_transition();
  transition->set_from(from);
  transition->set_to(to);
  transition->set_reason(reason);
}

inline void Add(v1::ChangeBody& body, const std::string& collection, const v1::Value& value) {
  v1::AddElement* add = body.add_mutations()->mutable_add_element();
  add->set_collection(collection);
  *add->mutable_value() = value;
}

inline v1::Settle* Settle(v1::ChangeBody& body, const std::string& path) {
  v1::Settle* settle = body.add_mutations()->mutable_settle();
  settle->set_path(path);
  settle->add_candidates(std::string(16, 'a'));
  settle->add_candidates(std::string(16, 'b'));
  return settle;
}

inline std::string Element(const std::string& collection) {
  return collection + "/00112233445566778899aabbccddeeff.0";
}

// What every change has.
inline v1::ChangeBody Head(const std::string& role) {
  v1::ChangeBody body;
  body.set_region("15.01");
  body.set_actor("hp-siti");
  body.set_hlc(uint64_t{1'780'000'000'000} << 16);
  body.set_nonce("12345678");
  body.set_role(role);
  return body;
}

// An officer in Gunung Kerinci files a request that has nothing wrong with it.
inline v1::ChangeBody NewRequest() {
  v1::ChangeBody body = Head("petugas");
  v1::Create* create = body.add_mutations()->mutable_create();
  create->set_definition_hash(Form()->hash().bytes());
  create->set_service("formulir");
  create->set_version(3);
  create->set_area("15.01.06.2010");
  Set(body, "judul", Text("Jembatan"));
  Set(body, "jenis", Text("kayu"));
  return body;
}

// Somebody who saw the request edits it.
inline v1::ChangeBody Edit(const std::string& role) {
  v1::ChangeBody body = Head(role);
  body.set_request_id(std::string(16, 'r'));
  body.add_parents(std::string(16, 'p'));
  return body;
}

// A request as the test says it is.
class StatedRequest : public RequestView {
 public:
  std::optional<v1::Value> FieldValue(std::string_view path) const override {
    const auto found = values.find(std::string(path));
    if (found == values.end()) return std::nullopt;
    return found->second;
  }
  bool KnowsPast() const override { return knows_past; }
  bool UnderReview(std::string_view path) const override {
    return reviews.contains(std::string(path));
  }
  bool ParentsContainConflict(std::string_view path) const override {
    return seen.contains(std::string(path));
  }
  std::string Status() const override { return status; }
  size_t ElementCount(std::string_view) const override { return elements; }

  std::map<std::string, v1::Value> values;
  std::set<std::string> reviews;
  std::set<std::string> seen;
  std::string status = "baru";
  bool knows_past = true;
  size_t elements = 0;
};

inline Judgement JudgeShape(const v1::ChangeBody& body) {
  return CheckShape(body, body.ByteSizeLong());
}

// As the first node does it.
inline Judgement Judge(const v1::ChangeBody& body, const RequestView* view) {
  Judgement judgement = JudgeShape(body);
  if (judgement.ok) {
    judgement = CheckAreas(body, [](std::string_view code) { return code != "15.01.99"; });
  }
  if (!judgement.ok) return judgement;
  return CheckAgainstDefinition(body, *Form(), view);
}

inline std::vector<std::string> Codes(const Judgement& judgement) {
  std::vector<std::string> codes;
  for (const Violation& violation : judgement.violations) codes.push_back(violation.code);
  return codes;
}

}  // namespace tikar::sync

#endif  // TIKAR_TESTS_UNIT_SYNC_VALIDATION_FORM_H_
