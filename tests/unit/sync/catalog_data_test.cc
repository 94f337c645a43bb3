// The data in catalog/: every service is sound and speaks both languages, every area lies in a
// known one.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "catalog_services.h"
#include "sync/definition.h"
#include "sync/definition_review.h"

namespace tikar::sync {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;

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
  EXPECT_THAT(names, ElementsAre("ekonomi-rakyat", "erk", "gampil", "hayu", "pengaduan", "promosi",
                                 "pusyar", "rencana", "sabilulungan"));
}

TEST(ServicesTest, GiveTheirReviewerNothingToSay) {
  for (const std::filesystem::path& file : ServiceFiles()) {
    const std::vector<Finding> findings = ReviewDefinition(ReadDefinition(file));
    EXPECT_EQ(findings.size(), 0u) << file.stem();
    for (const Finding& finding : findings) {
      ADD_FAILURE() << file.stem() << ": " << SeverityName(finding.severity) << ": "
                    << finding.where << ": " << finding.message;
    }
  }
}

// Above each field stands one comment, and it begins with the name of the policy.
TEST(ServicesTest, GiveAReasonForThePolicyOfEveryField) {
  for (const std::filesystem::path& file : ServiceFiles()) {
    const v1::Definition proto = ReadDefinition(file);
    std::istringstream lines(ReadFile(file));
    std::vector<std::string> reasons;
    std::string line, comment;
    while (std::getline(lines, line)) {
      if (line == "fields {") reasons.push_back(comment);
      if (!line.starts_with("# "))
        comment.clear();
      else if (comment.empty())
        comment = line.substr(2);
    }
    ASSERT_EQ(reasons.size(), static_cast<size_t>(proto.fields_size())) << file;
    for (int i = 0; i < proto.fields_size(); ++i) {
      std::string policy = v1::Policy_Name(proto.fields(i).policy()).substr(7);  // "POLICY_"
      std::transform(policy.begin() + 1, policy.end(), policy.begin() + 1,
                     [](char c) { return static_cast<char>(c - 'A' + 'a'); });
      EXPECT_TRUE(reasons[i].starts_with(policy + ": "))
          << file.stem() << ", " << proto.fields(i).key() << ": " << reasons[i];
    }
  }
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
      if (field.type() == v1::FIELD_TYPE_NIK) {
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
