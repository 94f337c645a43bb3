#include "server/decimal_sum.h"

#include <gtest/gtest.h>

#include <limits>
#include <random>
#include <string>

#include "absl/strings/str_cat.h"

namespace tikar::server {
namespace {

std::string SumOf(std::initializer_list<const char*> numbers) {
  DecimalSum sum;
  for (const char* number : numbers) EXPECT_TRUE(sum.Add(number)) << number;
  return sum.ToText();
}

TEST(DecimalSumTest, CarriesAndBorrows) {
  EXPECT_EQ(SumOf({}), "0");
  EXPECT_EQ(SumOf({"0"}), "0");
  EXPECT_EQ(SumOf({"9", "1"}), "10");
  EXPECT_EQ(SumOf({"0.9", "0.1"}), "1");
  EXPECT_EQ(SumOf({"1", "-0.25"}), "0.75");
  EXPECT_EQ(SumOf({"0.25", "-1"}), "-0.75");
  EXPECT_EQ(SumOf({"-1000", "0.001"}), "-999.999");
  EXPECT_EQ(SumOf({"5", "-5"}), "0");
  EXPECT_EQ(SumOf({"-100", "-900"}), "-1000");
}

TEST(DecimalSumTest, HoldsMoreThanAnInteger) {
  const std::string largest = std::to_string(std::numeric_limits<int64_t>::max());
  DecimalSum sum;
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(sum.Add(largest));
  EXPECT_EQ(sum.ToText(), largest + "0");
  EXPECT_EQ(sum.ToValue().decimal(), largest + "0");
  DecimalSum whole;
  ASSERT_TRUE(whole.Add("1.5"));
  ASSERT_TRUE(whole.Add("1.5"));
  EXPECT_EQ(whole.ToValue().integer(), 3);
  EXPECT_EQ(SumOf({"0.0000000000000000000000000000000000001", "1"}),
            "1.0000000000000000000000000000000000001");
}

TEST(DecimalSumTest, WhatIsNoNumberIsNotAdded) {
  DecimalSum sum;
  for (const char* text : {"", "-", ".", "1.", ".5", "1e3", "1.2.3", " 1", "+1", "--1"}) {
    EXPECT_FALSE(sum.Add(text)) << text;
  }
  EXPECT_FALSE(sum.Add(std::string(200, '9')));
  EXPECT_EQ(sum.ToText(), "0");
}

TEST(DecimalSumTest, AgreesWithIntegers) {
  std::mt19937_64 random(20260131);
  for (int round = 0; round < 200; ++round) {
    DecimalSum sum;
    int64_t thousandths = 0;
    for (int i = 0; i < 50; ++i) {
      const int64_t number = static_cast<int64_t>(random() % 2'000'000) - 1'000'000;
      thousandths += number;
      const int64_t size = std::abs(number);
      std::string part = std::to_string(size % 1000);
      part.insert(0, 3 - part.size(), '0');
      ASSERT_TRUE(sum.Add(absl::StrCat(number < 0 ? "-" : "", size / 1000, ".", part)));
    }
    std::string part = std::to_string(std::abs(thousandths) % 1000);
    part.insert(0, 3 - part.size(), '0');
    while (!part.empty() && part.back() == '0') part.pop_back();
    EXPECT_EQ(sum.ToText(), absl::StrCat(thousandths < 0 ? "-" : "", std::abs(thousandths) / 1000,
                                         part.empty() ? "" : ".", part));
  }
}

}  // namespace
}  // namespace tikar::server
