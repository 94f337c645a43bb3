// What the reference makes of a stamp and of a value, by itself.
#include "reference_values.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "reference_map.h"

namespace tikar::reference {
namespace {

constexpr int64_t kNoonMs = 1'760'000'000'000;

TEST(ReferenceStampTest, JoinTakesEarliestTripleAndLargestVerdict) {
  v1::Stamp a, b;
  a.set_received_at_ms(5);
  a.set_clock_offset_ms(9);
  a.set_verdict(v1::VERDICT_VOID);
  a.set_reason(v1::REFUSAL_REASON_ROLE);
  b.set_received_at_ms(6);
  b.set_clock_offset_ms(1);
  b.set_verdict(v1::VERDICT_QUARANTINED);
  b.set_reason(v1::REFUSAL_REASON_SCOPE);
  for (const v1::Stamp& joined : {Join(a, b), Join(b, a)}) {
    EXPECT_EQ(joined.received_at_ms(), 5);
    EXPECT_EQ(joined.clock_offset_ms(), 9);
    EXPECT_EQ(joined.verdict(), v1::VERDICT_QUARANTINED);
    EXPECT_EQ(joined.reason(), v1::REFUSAL_REASON_SCOPE);
  }
}

TEST(ReferenceStampTest, EffectiveTimeIsCorrectedBeyondFiveMinutesAndNeverAfterReceipt) {
  const auto effective = [](int64_t ms, int64_t offset_ms, int64_t received_ms) {
    v1::Stamp stamp;
    stamp.set_clock_offset_ms(offset_ms);
    stamp.set_received_at_ms(received_ms);
    return EffectiveTime(static_cast<uint64_t>(ms) << 16 | 7, stamp);
  };
  EXPECT_EQ(effective(kNoonMs, 300'000, 2 * kNoonMs), static_cast<uint64_t>(kNoonMs) << 16 | 7);
  EXPECT_EQ(effective(kNoonMs, -300'001, 2 * kNoonMs),
            static_cast<uint64_t>(kNoonMs - 300'001) << 16 | 7);
  EXPECT_EQ(effective(kNoonMs, 0, kNoonMs - 5), static_cast<uint64_t>(kNoonMs - 5) << 16 | 0xffff);
}

TEST(ReferenceValueTest, NormalFormIsOne) {
  const auto decimal = [](const std::string& text) {
    v1::Value value;
    value.set_decimal(text);
    return NormalValue(value);
  };
  EXPECT_EQ(decimal("007.10")->decimal(), "7.1");
  EXPECT_EQ(decimal("-0.0")->decimal(), "0");
  for (const char* const bad : {"", "-", "1.", ".5", "1e5", "1 "})
    EXPECT_FALSE(decimal(bad)) << bad;
  EXPECT_LT(CompareValues(*decimal("-12.3"), *decimal("-2.3")), 0);
  EXPECT_GT(CompareValues(*decimal("10"), *decimal("9.9")), 0);
  EXPECT_EQ(NormalValue(TextValue("cafe\xcc\x81"))->text(), "caf\xc3\xa9");
}

}  // namespace
}  // namespace tikar::reference
