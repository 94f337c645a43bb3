#include "sync/identity_numbers.h"

#include <gtest/gtest.h>

#include <string>

namespace tikar::sync {
namespace {

// Kerinci 15.01.06, born 17 August 1985, serial 3.
constexpr char kMan[] = "1501061708850003";
// The same day, a woman: 17 + 40.
constexpr char kWoman[] = "1501065708850003";

std::string With(std::string nik, size_t at, const std::string& digits) {
  return nik.replace(at, digits.size(), digits);
}

TEST(NikTest, TakesMenAndWomen) {
  EXPECT_EQ(CheckNik(kMan), NikProblem::kNone);
  EXPECT_EQ(CheckNik(kWoman), NikProblem::kNone);
}

TEST(NikTest, NeedsSixteenDigits) {
  for (const char* nik : {"", "150106170885000", "15010617088500030", "15010617088500O3",
                          " 501061708850003", "15.01.06.1708850", "-501061708850003"}) {
    EXPECT_EQ(CheckNik(nik), NikProblem::kDigits) << nik;
  }
}

TEST(NikTest, KnowsTheProvincesFrom11To97) {
  EXPECT_EQ(CheckNik(With(kMan, 0, "10")), NikProblem::kArea);
  EXPECT_EQ(CheckNik(With(kMan, 0, "11")), NikProblem::kNone);
  EXPECT_EQ(CheckNik(With(kMan, 0, "97")), NikProblem::kNone);
  EXPECT_EQ(CheckNik(With(kMan, 0, "98")), NikProblem::kArea);
  EXPECT_EQ(CheckNik(With(kMan, 2, "00")), NikProblem::kArea);
  EXPECT_EQ(CheckNik(With(kMan, 4, "00")), NikProblem::kArea);
}

TEST(NikTest, NeedsADayThatExists) {
  EXPECT_EQ(CheckNik(With(kMan, 6, "000885")), NikProblem::kBirthDate);
  EXPECT_EQ(CheckNik(With(kMan, 6, "320885")), NikProblem::kBirthDate);
  EXPECT_EQ(CheckNik(With(kMan, 6, "310485")), NikProblem::kBirthDate);
  EXPECT_EQ(CheckNik(With(kMan, 6, "170085")), NikProblem::kBirthDate);
  EXPECT_EQ(CheckNik(With(kMan, 6, "171385")), NikProblem::kBirthDate);
  // 40 alone is nobody's day; 41 is a woman's first and 71 her last, 72 is past the month.
  EXPECT_EQ(CheckNik(With(kMan, 6, "400885")), NikProblem::kBirthDate);
  EXPECT_EQ(CheckNik(With(kMan, 6, "410885")), NikProblem::kNone);
  EXPECT_EQ(CheckNik(With(kMan, 6, "710885")), NikProblem::kNone);
  EXPECT_EQ(CheckNik(With(kMan, 6, "720885")), NikProblem::kBirthDate);
}

TEST(NikTest, TakesALeapDayThatEitherCenturyHad) {
  EXPECT_EQ(CheckNik(With(kMan, 6, "290284")), NikProblem::kNone);
  EXPECT_EQ(CheckNik(With(kMan, 6, "290200")), NikProblem::kNone);  // 2000
  EXPECT_EQ(CheckNik(With(kMan, 6, "290285")), NikProblem::kBirthDate);
  EXPECT_EQ(CheckNik(With(kMan, 6, "690284")), NikProblem::kNone);
  EXPECT_EQ(CheckNik(With(kMan, 6, "300284")), NikProblem::kBirthDate);
}

TEST(NikTest, NeedsASerial) {
  EXPECT_EQ(CheckNik(With(kMan, 12, "0000")), NikProblem::kSerial);
  EXPECT_EQ(CheckNik(With(kMan, 12, "0001")), NikProblem::kNone);
}

TEST(NikTest, NamesTheFirstProblemFromTheLeft) {
  EXPECT_EQ(CheckNik("0001069999990000"), NikProblem::kArea);
  EXPECT_EQ(CheckNik("1501069999990000"), NikProblem::kBirthDate);
}

TEST(NibTest, IsThirteenDigits) {
  EXPECT_TRUE(IsNib("9120001234567"));
  EXPECT_TRUE(IsNib("0220001234567"));
  EXPECT_FALSE(IsNib(""));
  EXPECT_FALSE(IsNib("912000123456"));
  EXPECT_FALSE(IsNib("91200012345678"));
  EXPECT_FALSE(IsNib("91200012345a7"));
  EXPECT_FALSE(IsNib("0000000000000"));
}

TEST(PhoneTest, TakesMobileAndLandLines) {
  EXPECT_TRUE(IsIndonesianPhone("081234567890"));
  EXPECT_TRUE(IsIndonesianPhone("+6281234567890"));
  EXPECT_TRUE(IsIndonesianPhone("074821234"));  // Sungai Penuh 0748
}

TEST(PhoneTest, CountsTheDigitsAfterThePrefix) {
  EXPECT_FALSE(IsIndonesianPhone("01234567"));
  EXPECT_TRUE(IsIndonesianPhone("012345678"));
  EXPECT_TRUE(IsIndonesianPhone("01234567890123"));
  EXPECT_FALSE(IsIndonesianPhone("012345678901234"));
  EXPECT_FALSE(IsIndonesianPhone("+621234567"));
  EXPECT_TRUE(IsIndonesianPhone("+6212345678"));
}

TEST(PhoneTest, RefusesOtherCountriesAndWhatPeopleTypeBetweenDigits) {
  for (const char* phone :
       {"", "0", "+62", "81234567890", "6281234567890", "+1 212 555 0100", "0812-3456-7890",
        "0812 3456 7890", "+62081234567890", "0081234567", "08123456789x"}) {
    EXPECT_FALSE(IsIndonesianPhone(phone)) << phone;
  }
}

}  // namespace
}  // namespace tikar::sync
