// What the fleet writes is what the SDK and the server take: judged by the same rules, on every
// service of the catalogue.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "clients/fieldsim/writer.h"
#include "sdk_phone.h"
#include "sync/identity_numbers.h"

namespace tikar::fieldsim {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::SizeIs;

const District kGunungKerinci = {
    "15.01.06", "Gunung Kerinci", "15.01", {{"15.01.06.2010", "Desa Siulak Tenang"}}};

Writer WriterOf(const std::vector<std::string>& services) {
  Definitions definitions;
  for (const std::string& service : services) {
    auto definition = sync::Definition::Parse(client::CatalogDefinition(service).body());
    CHECK(definition.ok());
    definitions.push_back(*std::move(definition));
  }
  absl::StatusOr<Writer> writer = Writer::Make({{"15.01", std::move(definitions)}});
  CHECK(writer.ok());
  return *std::move(writer);
}

std::vector<std::string> CatalogServices() {
  std::vector<std::string> services;
  for (const auto& file :
       std::filesystem::directory_iterator(TIKAR_SOURCE_DIR "/catalog/services")) {
    services.push_back(file.path().stem().string());
  }
  std::sort(services.begin(), services.end());
  return services;
}

class WriterTest : public testing::TestWithParam<std::string> {
 protected:
  WriterTest() : writer_(WriterOf({GetParam()})), phone_(directory_.File("phone.sqlite")) {
    phone_.options.role = writer_.role();
    phone_.services = {GetParam()};
    phone_.Open();
  }

  client::TemporaryDirectory directory_;
  const Writer writer_;
  client::Phone phone_;
};

TEST_P(WriterTest, ThePhoneTakesEveryFormAndMostEdits) {
  constexpr int kRequests = 40, kEditsOfEach = 5;
  std::set<std::string> kinds;
  int refused = 0;
  for (uint64_t i = 0; i < kRequests; ++i) {
    Dice dice{1, i};
    const absl::StatusOr<client::EditOutcome> created =
        phone_.app->Create(writer_.NewRequest(kGunungKerinci, client::kMondayMorningMs, &dice));
    ASSERT_TRUE(created.ok()) << created.status();
    ASSERT_TRUE(created->queued()) << created->refusal.violations[0].field << ": "
                                   << created->refusal.violations[0].message_en;
    for (int edit = 0; edit < kEditsOfEach; ++edit) {
      const absl::StatusOr<client::RequestOnPhone> shown = phone_.app->Get(created->request);
      ASSERT_TRUE(shown.ok()) << shown.status();
      const std::vector<v1::Mutation> mutations =
          writer_.Edit(shown->request, client::kMondayMorningMs, &dice);
      ASSERT_THAT(mutations, SizeIs(1));
      const absl::StatusOr<client::EditOutcome> edited =
          phone_.app->Edit(created->request, mutations);
      ASSERT_TRUE(edited.ok()) << edited.status();
      if (edited->queued()) {
        kinds.insert(std::to_string(mutations[0].kind_case()));
      } else {
        ++refused;
      }
    }
  }
  // Fields, steps of the workflow, elements.
  EXPECT_GE(kinds.size(), 2u);
  EXPECT_LT(refused, kRequests * kEditsOfEach / 20);
}

INSTANTIATE_TEST_SUITE_P(Catalog, WriterTest, testing::ValuesIn(CatalogServices()),
                         [](const auto& info) {
                           std::string name = info.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

TEST(WriterTextTest, AComplaintTellsAStoryOfItsVillage) {
  const Writer writer = WriterOf({"pengaduan"});
  EXPECT_EQ(writer.role(), "petugas");
  Dice dice{1};
  const client::NewRequest request =
      writer.NewRequest(kGunungKerinci, client::kMondayMorningMs, &dice);
  EXPECT_EQ(request.area, "15.01.06.2010");
  std::string title;
  for (const auto& [path, value] : request.fields) {
    if (path == "judul") title = value.text();
  }
  EXPECT_THAT(title, HasSubstr("Desa Siulak Tenang"));
}

TEST(WriterTextTest, AFormIsTheOneThatTheRegionOffers) {
  const District pasar_jambi = {
      "15.71.01", "Pasar Jambi", "15.71", {{"15.71.01.1001", "Kelurahan Orang Kayo Hitam"}}};
  const auto complaints = sync::Definition::Parse(client::CatalogDefinition("pengaduan").body());
  v1::Definition fork = client::CatalogForm("pengaduan");
  fork.set_publisher("15.01");
  v1::Field& number = *fork.add_fields();
  number.set_key("nomor_kk");
  number.set_type(v1::FIELD_TYPE_TEXT);
  number.set_policy(v1::POLICY_LATEST);
  number.set_length_max(16);
  number.set_required(true);
  number.mutable_label()->set_id("Nomor kartu keluarga");
  number.mutable_label()->set_en("Number of the family card");
  const auto forked = sync::Definition::Parse(fork.SerializeAsString());
  ASSERT_TRUE(complaints.ok()) << complaints.status();
  ASSERT_TRUE(forked.ok()) << forked.status();
  const absl::StatusOr<Writer> writer =
      Writer::Make({{"15.01", {*forked}}, {"15.71", {*complaints}}});
  ASSERT_TRUE(writer.ok()) << writer.status();
  const auto fills_in = [&](const District& district) {
    Dice dice{1};
    const client::NewRequest request =
        writer->NewRequest(district, client::kMondayMorningMs, &dice);
    return std::any_of(request.fields.begin(), request.fields.end(),
                       [](const auto& field) { return field.first == "nomor_kk"; });
  };
  EXPECT_TRUE(fills_in(kGunungKerinci));
  EXPECT_FALSE(fills_in(pasar_jambi));
}

TEST(WriterTextTest, TheSameDiceWriteTheSame) {
  const Writer writer = WriterOf({"pengaduan", "gampil"});
  const auto written = [&](uint64_t seed) {
    Dice dice{seed, 3};
    const client::NewRequest request =
        writer.NewRequest(kGunungKerinci, client::kMondayMorningMs, &dice);
    std::string text = request.service;
    for (const auto& [path, value] : request.fields) text += path + value.SerializeAsString();
    return text;
  };
  EXPECT_EQ(written(1), written(1));
  EXPECT_NE(written(1), written(2));
}

TEST(PhrasesTest, NumbersPassTheChecksOfTheForm) {
  for (uint64_t i = 0; i < 1'000; ++i) {
    Dice dice{i};
    EXPECT_EQ(sync::CheckNik(Nik("15.01.06", &dice)), sync::NikProblem::kNone);
    EXPECT_TRUE(sync::IsIndonesianPhone(PhoneNumber(&dice)));
    EXPECT_TRUE(sync::IsNib(Digits(13, &dice)));
  }
}

TEST(PlacesTest, ReportsOfOneVillageAreNeighbours) {
  Dice dice{1};
  const v1::Place first = SpotIn("15.01.06.2010", &dice);
  for (int i = 0; i < 100; ++i) {
    const v1::Place other = SpotIn("15.01.06.2010", &dice);
    // Within 1 km: 0.009 degrees.
    EXPECT_LT(std::abs(first.latitude_e7() - other.latitude_e7()), 90'000);
    EXPECT_LT(std::abs(first.longitude_e7() - other.longitude_e7()), 90'000);
  }
  // In Kerinci, between Sungai Penuh and Kayu Aro.
  EXPECT_NEAR(first.latitude_e7() / 1e7, -2.0, 0.06);
  EXPECT_NEAR(first.longitude_e7() / 1e7, 101.4, 0.06);
}

}  // namespace
}  // namespace tikar::fieldsim
