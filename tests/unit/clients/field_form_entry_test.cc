#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

#include "clients/cli/failure.h"
#include "clients/field/form_entry.h"

namespace tikar::field {
namespace {

using cli::Language;
using testing::ElementsAre;
using testing::HasSubstr;

cli::DefinitionView Complaint() {
  auto definition = std::make_shared<v1::Definition>();
  definition->set_service("pengaduan");
  v1::Field& title = *definition->add_fields();
  title.set_key("judul");
  title.set_type(v1::FIELD_TYPE_TEXT);
  v1::Field& cost = *definition->add_fields();
  cost.set_key("perkiraan_biaya");
  cost.set_type(v1::FIELD_TYPE_MONEY);
  return cli::DefinitionView(std::move(definition));
}

TEST(FormEntry, ReadsAValueByTheTypeOfItsField) {
  const auto entry = ReadEntry(Complaint(), "perkiraan_biaya=Rp1.500.000", Language::kIndonesian);
  ASSERT_TRUE(entry.ok()) << entry.status();
  EXPECT_EQ(entry->first, "perkiraan_biaya");
  EXPECT_EQ(entry->second.integer(), 1'500'000);
}

TEST(FormEntry, KeepsEqualsSignsOfTheValue) {
  const auto entry = ReadEntry(Complaint(), "judul=2+2=4", Language::kIndonesian);
  ASSERT_TRUE(entry.ok()) << entry.status();
  EXPECT_EQ(entry->second.text(), "2+2=4");
}

TEST(FormEntry, WritesBuiltInFieldsAndElementsAsText) {
  for (const char* path :
       {"assignee", "duplicate_of", "comments/00112233445566778899aabbccddeeff.1"}) {
    const auto entry = ReadEntry(Complaint(), std::string(path) + "=x", Language::kEnglish);
    ASSERT_TRUE(entry.ok()) << entry.status();
    EXPECT_EQ(entry->first, path);
    EXPECT_EQ(entry->second.text(), "x");
  }
}

TEST(FormEntry, NamesTheFieldsThatThereAre) {
  const auto entry = ReadEntry(Complaint(), "warna=merah", Language::kIndonesian);
  EXPECT_EQ(cli::ExitCodeOf(entry.status()), cli::ExitCode::kUsage);
  EXPECT_THAT(std::string(entry.status().message()), HasSubstr("yang ada: judul, perkiraan_biaya"));
}

TEST(FormEntry, WantsAFieldAndAValue) {
  for (const char* typed : {"judul", "=x", ""}) {
    const auto entry = ReadEntry(Complaint(), typed, Language::kEnglish);
    EXPECT_EQ(cli::ExitCodeOf(entry.status()), cli::ExitCode::kUsage) << typed;
    EXPECT_THAT(std::string(entry.status().message()), HasSubstr("field=value")) << typed;
  }
}

TEST(FormEntry, SaysHowAValueIsWritten) {
  const auto entry = ReadEntry(Complaint(), "perkiraan_biaya=banyak", Language::kIndonesian);
  EXPECT_EQ(cli::ExitCodeOf(entry.status()), cli::ExitCode::kUsage);
  EXPECT_THAT(std::string(entry.status().message()), HasSubstr("Rp1.500.000"));
}

TEST(FormEntry, TellsARefusalInTheLanguageOfTheOfficer) {
  sync::Judgement refusal;
  refusal.ok = false;
  refusal.violations.push_back(
      {"nik", "nik_digits", "NIK harus 16 angka.", "NIK must be 16 digits."});
  refusal.violations.push_back({"judul", "required", "Judul wajib diisi.", "Title is required."});

  const cli::FailureText indonesian = cli::Explain(StatusOfRefusal(refusal, Language::kIndonesian),
                                                   Language::kIndonesian, "server");
  EXPECT_THAT(indonesian.violations,
              ElementsAre("nik: NIK harus 16 angka.", "judul: Judul wajib diisi."));
  EXPECT_THAT(indonesian.message, HasSubstr("tidak disimpan"));

  const absl::Status english = StatusOfRefusal(refusal, Language::kEnglish);
  EXPECT_THAT(cli::Explain(english, Language::kEnglish, "server").violations,
              ElementsAre("nik: NIK must be 16 digits.", "judul: Title is required."));
  EXPECT_EQ(cli::ExitCodeOf(english), cli::ExitCode::kFailed);
}

}  // namespace
}  // namespace tikar::field
