#include "sync/stamp.h"

#include <gtest/gtest.h>

#include <vector>

#include "kerinci.h"
#include "sync/hlc.h"

namespace tikar::sync {
namespace {

Stamp Accepted(int64_t received_at_ms) {
  return {.received_at_ms = received_at_ms, .verdict = v1::VERDICT_ACCEPTED};
}
Stamp Refused(int64_t received_at_ms, v1::RefusalReason reason) {
  return {.received_at_ms = received_at_ms, .verdict = v1::VERDICT_VOID, .reason = reason};
}

TEST(StampTest, TheEarlierReceiptBringsItsClockOffsetAndSignature) {
  const Stamp early{.received_at_ms = 1000,
                    .clock_offset_ms = 50,
                    .verdict = v1::VERDICT_ACCEPTED,
                    .signature_id = "early"};
  const Stamp late{.received_at_ms = 2000,
                   .clock_offset_ms = -50,
                   .verdict = v1::VERDICT_ACCEPTED,
                   .signature_id = "a"};
  EXPECT_EQ(Join(early, late), early);
}

TEST(StampTest, OneNodeThatAcceptedIsEnough) {
  const Stamp joined = Join(Refused(1000, v1::REFUSAL_REASON_ROLE), Accepted(2000));
  EXPECT_EQ(joined.verdict, v1::VERDICT_ACCEPTED);
  EXPECT_EQ(joined.reason, v1::REFUSAL_REASON_UNSPECIFIED);
  EXPECT_EQ(joined.received_at_ms, 1000);
}

TEST(StampTest, QuarantineIsMoreThanRefusal) {
  const Stamp held{
      .received_at_ms = 5, .verdict = v1::VERDICT_QUARANTINED, .reason = v1::REFUSAL_REASON_SCOPE};
  EXPECT_EQ(Join(Refused(1, v1::REFUSAL_REASON_ROLE), held).verdict, v1::VERDICT_QUARANTINED);
  EXPECT_EQ(Join(held, Accepted(9)).verdict, v1::VERDICT_ACCEPTED);
}

TEST(StampTest, OfTwoRefusalsTheGraverReasonStays) {
  EXPECT_EQ(Join(Refused(1, v1::REFUSAL_REASON_ROLE), Refused(2, v1::REFUSAL_REASON_LIMIT)).reason,
            v1::REFUSAL_REASON_LIMIT);
}

TEST(StampTest, JoiningIsCommutativeAssociativeAndIdempotent) {
  std::vector<Stamp> stamps;
  for (const int64_t received : {1, 2}) {
    for (const int64_t offset : {-1, 1}) {
      for (const char* signature : {"", "s"}) {
        stamps.push_back({received, offset, v1::VERDICT_ACCEPTED, {}, signature});
        stamps.push_back({received, offset, v1::VERDICT_VOID, v1::REFUSAL_REASON_ROLE, signature});
        stamps.push_back({received, offset, v1::VERDICT_VOID, v1::REFUSAL_REASON_LIMIT, signature});
        stamps.push_back(
            {received, offset, v1::VERDICT_QUARANTINED, v1::REFUSAL_REASON_SCOPE, signature});
      }
    }
  }
  for (const Stamp& a : stamps) {
    EXPECT_EQ(Join(a, a), a);
    for (const Stamp& b : stamps) {
      EXPECT_EQ(Join(a, b), Join(b, a));
      for (const Stamp& c : stamps) EXPECT_EQ(Join(Join(a, b), c), Join(a, Join(b, c)));
    }
  }
}

TEST(StampTest, TravelsAsItIs) {
  const Stamp stamp{.received_at_ms = kMorningMs,
                    .clock_offset_ms = -90'000,
                    .verdict = v1::VERDICT_VOID,
                    .reason = v1::REFUSAL_REASON_UNDER_REVIEW,
                    .signature_id = "signature"};
  EXPECT_EQ(Stamp::FromProto(stamp.ToProto()), stamp);
}

TEST(StampTest, APhoneWhoseClockIsAYearAheadIsPutBackToWhereItWas) {
  constexpr int64_t kYearMs = 365LL * 24 * 60 * 60 * 1000;
  Stamp stamp = Accepted(kMorningMs + 60'000);
  stamp.clock_offset_ms = -kYearMs;
  EXPECT_EQ(EffectiveTimeOf(PackHlc(kMorningMs + kYearMs, 3), stamp), PackHlc(kMorningMs, 3));
}

TEST(StampTest, NoWriteRanksLaterThanItWasReceived) {
  EXPECT_EQ(EffectiveTimeOf(PackHlc(kMorningMs + 240'000, 0), Accepted(kMorningMs)),
            PackHlc(kMorningMs, 0xffff));
}

}  // namespace
}  // namespace tikar::sync
