// The data in catalog/: every service is sound and speaks both languages, every area lies in a
// known one.

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "sync/definition.h"
#include "sync/validation.h"

namespace tikar::sync {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;

std::filesystem::path Catalog() { return std::filesystem::path(TIKAR_SOURCE_DIR) / "catalog"; }

std::string ReadFile(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file) << path;
  std::stringstream content;
  content << file.rdbuf();
  return content.str();
}

std::vector<std::filesystem::path> ServiceFiles() {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(Catalog() / "services")) {
    files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

v1::Definition ReadDefinition(const std::filesystem::path& path) {
  v1::Definition proto;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(ReadFile(path), &proto)) << path;
  return proto;
}

std::shared_ptr<const Definition> Service(const std::string& key) {
  auto definition = Definition::Parse(
      ReadDefinition(Catalog() / "services" / (key + ".textproto")).SerializeAsString());
  EXPECT_TRUE(definition.ok()) << definition.status();
  return *definition;
}

// Calls `visit` for every LocalizedText below `message`.
void VisitTexts(const google::protobuf::Message& message, const std::string& path,
                const std::function<void(const std::string&, const v1::LocalizedText&)>& visit) {
  if (message.GetDescriptor() == v1::LocalizedText::descriptor()) {
    visit(path, static_cast<const v1::LocalizedText&>(message));
    return;
  }
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const google::protobuf::FieldDescriptor* field : fields) {
    if (field->cpp_type() != google::protobuf::FieldDescriptor::CPPTYPE_MESSAGE) continue;
    const std::string below = path + "." + field->name();
    if (!field->is_repeated()) {
      VisitTexts(reflection.GetMessage(message, field), below, visit);
      continue;
    }
    for (int i = 0; i < reflection.FieldSize(message, field); ++i) {
      VisitTexts(reflection.GetRepeatedMessage(message, field, i),
                 below + "[" + std::to_string(i) + "]", visit);
    }
  }
}

v1::Value Text(const std::string& text) {
  v1::Value value;
  value.set_text(text);
  return value;
}

v1::Value Integer(int64_t integer) {
  v1::Value value;
  value.set_integer(integer);
  return value;
}

v1::ChangeBody NewRequest(const Definition& definition, const std::string& role,
                          const std::map<std::string, v1::Value>& fields) {
  v1::ChangeBody body;
  body.set_region("15.01");
  body.set_actor("hp-siti");
  body.set_hlc(uint64_t{1'780'000'000'000} << 16);
  body.set_nonce("12345678");
  body.set_role(role);
  v1::Create* create = body.add_mutations()->mutable_create();
  create->set_definition_hash(definition.hash().bytes());
  create->set_service(definition.proto().service());
  create->set_version(definition.proto().version());
  create->set_area("15.01.06.2010");
  for (const auto& [path, value] : fields) {
    v1::SetField* set = body.add_mutations()->mutable_set_field();
    set->set_path(path);
    *set->mutable_value() = value;
  }
  return body;
}

std::vector<std::string> Judge(const Definition& definition, const v1::ChangeBody& body) {
  Judgement judgement = CheckShape(body, body.ByteSizeLong());
  if (judgement.ok) judgement = CheckAgainstDefinition(body, definition, nullptr);
  std::vector<std::string> found;
  for (const Violation& violation : judgement.violations) {
    found.push_back(violation.field + ": " + violation.code);
  }
  return found;
}

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

TEST(ServicesTest, AreAllTextprotosThatParseAndSayWhatTheyAre) {
  const std::vector<std::filesystem::path> files = ServiceFiles();
  std::vector<std::string> names;
  for (const std::filesystem::path& file : files) {
    SCOPED_TRACE(file.string());
    ASSERT_EQ(file.extension(), ".textproto");
    names.push_back(file.stem());
    EXPECT_TRUE(
        ReadFile(file).starts_with("# proto-file: tikar/v1/definition.proto\n"
                                   "# proto-message: tikar.v1.Definition\n"));
    const v1::Definition proto = ReadDefinition(file);
    EXPECT_EQ(proto.service(), file.stem()) << "the file is named after its service";
    const auto definition = Definition::Parse(proto.SerializeAsString());
    ASSERT_TRUE(definition.ok()) << definition.status();
    EXPECT_TRUE((*definition)->supported());
  }
  EXPECT_THAT(names, IsSupersetOf({"gampil", "pengaduan"}));
}

TEST(ServicesTest, SayEverythingInBothLanguages) {
  for (const std::filesystem::path& file : ServiceFiles()) {
    int texts = 0;
    VisitTexts(ReadDefinition(file), file.stem(),
               [&](const std::string& path, const v1::LocalizedText& text) {
                 ++texts;
                 EXPECT_FALSE(text.id().empty()) << path;
                 EXPECT_FALSE(text.en().empty()) << path;
               });
    EXPECT_GT(texts, 50) << file;
  }
}

TEST(ServicesTest, LetNobodyWithoutARoleForItSettleMoneyOrIdentity) {
  for (const std::filesystem::path& file : ServiceFiles()) {
    const auto definition = Service(file.stem());
    for (const v1::Field& field : definition->proto().fields()) {
      if (field.type() == v1::FIELD_TYPE_MONEY || field.type() == v1::FIELD_TYPE_NIK) {
        EXPECT_EQ(field.policy(), v1::POLICY_REVIEW) << field.key();
      }
      EXPECT_FALSE(definition->MaySettle("petugas", field.key())) << field.key();
      EXPECT_FALSE(definition->MaySettle("warga", field.key())) << field.key();
      EXPECT_TRUE(definition->MaySettle("kepala", field.key())) << field.key();
    }
  }
}

TEST(ServicesTest, CanReachEveryStateAndLeaveAllButTheEnds) {
  for (const std::filesystem::path& file : ServiceFiles()) {
    const auto definition = Service(file.stem());
    std::set<std::string> entered = {std::string(definition->initial_state())}, left;
    for (const v1::WorkflowEdge& edge : definition->proto().workflow().edges()) {
      entered.insert(edge.to());
      left.insert(edge.from());
    }
    for (const v1::State& state : definition->proto().workflow().states()) {
      EXPECT_TRUE(entered.contains(state.key())) << state.key() << " cannot be reached";
      EXPECT_NE(left.contains(state.key()), state.terminal()) << state.key();
    }
  }
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

// Codes of a file of areas, sorted as they stand there. Checks that each lies in one of `parents`.
std::set<std::string> Areas(const std::string& name, size_t code_size,
                            const std::set<std::string>* parents) {
  std::set<std::string> codes;
  std::istringstream lines(ReadFile(Catalog() / "areas" / name));
  std::string line, previous;
  std::getline(lines, line);
  EXPECT_TRUE(line.starts_with("code,")) << name;
  while (std::getline(lines, line)) {
    const std::string code = line.substr(0, line.find(','));
    EXPECT_EQ(code.size(), code_size) << line;
    EXPECT_LT(previous, code) << name << " is sorted and without duplicates";
    if (parents != nullptr) {
      const std::string parent = code.substr(0, code.rfind('.'));
      EXPECT_TRUE(parents->contains(parent)) << line;
      EXPECT_TRUE(line.starts_with(code + "," + parent + ",")) << line;
    }
    EXPECT_GT(line.size(), line.rfind(',') + 1) << "without a name: " << line;
    codes.insert(code);
    previous = code;
  }
  return codes;
}

TEST(AreasTest, LieInOneAnotherFromProvinceToVillage) {
  const std::set<std::string> provinces = Areas("provinces.csv", 2, nullptr);
  const std::set<std::string> regencies = Areas("regencies.csv", 5, &provinces);
  const std::set<std::string> districts = Areas("districts.csv", 8, &regencies);
  const std::set<std::string> villages = Areas("villages.csv", 13, &districts);
  EXPECT_EQ(provinces.size(), 38);
  EXPECT_EQ(regencies.size(), 514);
  EXPECT_EQ(districts.size(), 7'285);
  EXPECT_EQ(villages.size(), 83'762);
  EXPECT_TRUE(districts.contains("15.01.06")) << "Gunung Kerinci";
}

TEST(AreasTest, KeepTheirLicenceAndAttribution) {
  EXPECT_THAT(ReadFile(Catalog() / "areas" / "LICENSE-ODbL.md"),
              ::testing::HasSubstr("Open Database License (ODbL)"));
  EXPECT_THAT(ReadFile(Catalog() / "areas" / "README.md"),
              AllOf(::testing::HasSubstr("idn-area-data"), ::testing::HasSubstr("ODbL")));
}

}  // namespace
}  // namespace tikar::sync
