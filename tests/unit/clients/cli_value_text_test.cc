#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "clients/cli/value_text.h"

namespace tikar::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

v1::Field FieldOf(v1::FieldType type) {
  v1::Field field;
  field.set_key("isian");
  field.set_type(type);
  for (const char* key : {"jalan_jembatan", "sampah"}) {
    v1::Choice& choice = *field.add_choices();
    choice.set_key(key);
    choice.mutable_label()->set_id(std::string("Label ") + key);
    choice.mutable_label()->set_en(std::string("Name ") + key);
  }
  return field;
}

absl::StatusOr<v1::Value> Parse(v1::FieldType type, const std::string& text) {
  const v1::Field field = FieldOf(type);
  return ParseValue(&field, text, Language::kEnglish);
}

TEST(ParseValueTest, MoneyAsItIsWrittenInTheOffice) {
  for (const char* text :
       {"1500000", "1.500.000", "Rp1.500.000", "Rp 1.500.000,00", "rp.1.500.000,-"}) {
    const auto value = Parse(v1::FIELD_TYPE_MONEY, text);
    ASSERT_TRUE(value.ok()) << text << value.status();
    EXPECT_EQ(value->integer(), 1500000) << text;
  }
}

TEST(ParseValueTest, MoneyThatCouldMeanTwoThingsIsRefused) {
  for (const char* text :
       {"1.5", "1,500", "1.50.000", "1500,50", "Rp", "1e6", "99999999999999999999"}) {
    EXPECT_FALSE(Parse(v1::FIELD_TYPE_MONEY, text).ok()) << text;
  }
}

TEST(ParseValueTest, NumbersAndFlags) {
  EXPECT_EQ(Parse(v1::FIELD_TYPE_INTEGER, "-12")->integer(), -12);
  EXPECT_EQ(Parse(v1::FIELD_TYPE_INTEGER, "1.200")->integer(), 1200);
  EXPECT_FALSE(Parse(v1::FIELD_TYPE_INTEGER, "12a").ok());
  EXPECT_EQ(Parse(v1::FIELD_TYPE_DECIMAL, "3,5")->decimal(), "3.5");
  EXPECT_FALSE(Parse(v1::FIELD_TYPE_DECIMAL, "1.2.3").ok());
  EXPECT_FALSE(Parse(v1::FIELD_TYPE_DECIMAL, ".").ok());
  EXPECT_TRUE(Parse(v1::FIELD_TYPE_FLAG, "Ya")->flag());
  EXPECT_TRUE(Parse(v1::FIELD_TYPE_FLAG, "yes")->flag());
  EXPECT_FALSE(Parse(v1::FIELD_TYPE_FLAG, "tidak")->flag());
  // "t" is "tidak" to one and "true" to another.
  EXPECT_FALSE(Parse(v1::FIELD_TYPE_FLAG, "t").ok());
}

TEST(ParseValueTest, DatesMustExist) {
  EXPECT_EQ(Parse(v1::FIELD_TYPE_DATE, "1970-01-02")->date_days(), 1);
  EXPECT_EQ(Parse(v1::FIELD_TYPE_DATE, "2024-02-29")->date_days(), 19782);
  EXPECT_FALSE(Parse(v1::FIELD_TYPE_DATE, "2026-02-29").ok());
  EXPECT_FALSE(Parse(v1::FIELD_TYPE_DATE, "31-01-2026").ok());
  EXPECT_EQ(Parse(v1::FIELD_TYPE_TIME, "1970-01-01T07:00:01+07:00")->time_ms(), 1000);
}

TEST(ParseValueTest, PlacesAreExact) {
  const auto value = Parse(v1::FIELD_TYPE_PLACE, "-2.0645123, 101.39125");
  ASSERT_TRUE(value.ok()) << value.status();
  EXPECT_EQ(value->place().latitude_e7(), -20645123);
  EXPECT_EQ(value->place().longitude_e7(), 1013912500);
  EXPECT_FALSE(Parse(v1::FIELD_TYPE_PLACE, "-90.0000001,0").ok());
  EXPECT_FALSE(Parse(v1::FIELD_TYPE_PLACE, "1;2").ok());
}

TEST(ParseDegreesTest, RoundsHalfAwayFromZero) {
  EXPECT_EQ(ParseDegreesE7("40.72079513587571", 90), 407207951);
  EXPECT_EQ(ParseDegreesE7("-73.96122575795515", 180), -739612258);
  EXPECT_EQ(ParseDegreesE7("90", 90), 900000000);
  EXPECT_EQ(ParseDegreesE7("", 90), std::nullopt);
  EXPECT_EQ(ParseDegreesE7("1.", 90), std::nullopt);
  EXPECT_EQ(ParseDegreesE7("nan", 90), std::nullopt);
}

TEST(ParseValueTest, ChoicesByKeyOrLabel) {
  EXPECT_EQ(Parse(v1::FIELD_TYPE_CHOICE, "sampah")->text(), "sampah");
  EXPECT_EQ(Parse(v1::FIELD_TYPE_CHOICE, "label JALAN_jembatan")->text(), "jalan_jembatan");
  const auto wrong = Parse(v1::FIELD_TYPE_CHOICE, "langit");
  ASSERT_FALSE(wrong.ok());
  EXPECT_THAT(std::string(wrong.status().message()), HasSubstr("jalan_jembatan, sampah"));
  EXPECT_THAT(
      Parse(v1::FIELD_TYPE_CHOICES, "sampah, Name jalan_jembatan,sampah")->choices().items(),
      ElementsAre("jalan_jembatan", "sampah"));
}

TEST(ParseValueTest, AnEmptyTextIsNoValueAndSaysHowToClear) {
  const auto value = Parse(v1::FIELD_TYPE_TEXT, " ");
  ASSERT_FALSE(value.ok());
  EXPECT_THAT(std::string(value.status().message()), HasSubstr("--clear isian"));
}

TEST(ParseValueTest, SaysWhatWouldBeRightInBothLanguages) {
  const v1::Field field = FieldOf(v1::FIELD_TYPE_DATE);
  EXPECT_THAT(std::string(ParseValue(&field, "besok", Language::kIndonesian).status().message()),
              HasSubstr("tanggal seperti 2026-01-31"));
  EXPECT_THAT(std::string(ParseValue(&field, "besok", Language::kEnglish).status().message()),
              HasSubstr("a date such as 2026-01-31"));
}

TEST(FormatValueTest, ShowsWhatPeopleRead) {
  v1::Value value;
  const v1::Field money = FieldOf(v1::FIELD_TYPE_MONEY);
  value.set_integer(1500000);
  EXPECT_EQ(FormatValue(&money, &value, Language::kEnglish), "Rp1.500.000");
  value.set_integer(999);
  EXPECT_EQ(FormatValue(&money, &value, Language::kEnglish), "Rp999");
  const v1::Field choice = FieldOf(v1::FIELD_TYPE_CHOICE);
  value.set_text("sampah");
  EXPECT_EQ(FormatValue(&choice, &value, Language::kIndonesian), "Label sampah");
  EXPECT_EQ(FormatValue(nullptr, &value, Language::kIndonesian), "sampah");
  value.set_flag(true);
  EXPECT_EQ(FormatValue(nullptr, &value, Language::kIndonesian), "ya");
  value.mutable_place()->set_latitude_e7(-5);
  value.mutable_place()->set_longitude_e7(1013912500);
  EXPECT_EQ(FormatValue(nullptr, &value, Language::kEnglish), "-0.0000005,101.39125");
  EXPECT_EQ(FormatValue(nullptr, nullptr, Language::kEnglish), "–");
}

// What a table shows can be typed back.
TEST(FormatValueTest, PlacesAndMoneySurviveTheRoundTrip) {
  const v1::Field place = FieldOf(v1::FIELD_TYPE_PLACE);
  const v1::Field money = FieldOf(v1::FIELD_TYPE_MONEY);
  for (const int32_t e7 : {-900000000, -1, 0, 1, 123456789, 900000000}) {
    v1::Value value;
    value.mutable_place()->set_latitude_e7(e7);
    value.mutable_place()->set_longitude_e7(-e7);
    const auto back =
        ParseValue(&place, FormatValue(&place, &value, Language::kEnglish), Language::kEnglish);
    ASSERT_TRUE(back.ok()) << back.status();
    EXPECT_EQ(back->place().latitude_e7(), e7);
    EXPECT_EQ(back->place().longitude_e7(), -e7);
  }
  for (const int64_t rupiah :
       {int64_t{0}, int64_t{7}, int64_t{1000}, int64_t{500000000}, INT64_MAX}) {
    v1::Value value;
    value.set_integer(rupiah);
    const auto back =
        ParseValue(&money, FormatValue(&money, &value, Language::kEnglish), Language::kEnglish);
    ASSERT_TRUE(back.ok()) << back.status();
    EXPECT_EQ(back->integer(), rupiah);
  }
}

}  // namespace
}  // namespace tikar::cli
