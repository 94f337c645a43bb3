#include <gtest/gtest.h>

#include "clients/cpp/batch_suspicion.h"

namespace tikar::client {
namespace {

sync::ChangeId Id(int number) {
  sync::ChangeId id;
  id[0] = 1;  // zero means no suspicion
  id[14] = static_cast<uint8_t>(number >> 8);
  id[15] = static_cast<uint8_t>(number);
  return id;
}

TEST(Evidence, ServerThatChokedAccusesStrongly) {
  for (const absl::Status& end :
       {absl::InternalError(""), absl::UnknownError(""), absl::InvalidArgumentError(""),
        absl::DataLossError(""), absl::OutOfRangeError(""), absl::ResourceExhaustedError("")}) {
    EXPECT_EQ(EvidenceOf(end, false), Evidence::kStrong) << end;
  }
}

TEST(Evidence, LinkThatBrokeAccusesWeakly) {
  for (const absl::Status& end : {absl::UnavailableError(""), absl::DeadlineExceededError(""),
                                  absl::CancelledError(""), absl::AbortedError("")}) {
    EXPECT_EQ(EvidenceOf(end, false), Evidence::kWeak) << end;
  }
}

TEST(Evidence, ServerThatAskedToWaitOrMeansTheDeviceAccusesNobody) {
  EXPECT_EQ(EvidenceOf(absl::ResourceExhaustedError(""), true), Evidence::kNone);
  EXPECT_EQ(EvidenceOf(absl::InternalError(""), true), Evidence::kNone);
  for (const absl::Status& end :
       {absl::OkStatus(), absl::UnauthenticatedError(""), absl::PermissionDeniedError(""),
        absl::FailedPreconditionError(""), absl::UnimplementedError("")}) {
    EXPECT_EQ(EvidenceOf(end, false), Evidence::kNone) << end;
  }
}

TEST(Suspicion, OneStrongEndOnlyMakesTheNextStreamWary) {
  Suspicion suspicion;
  EXPECT_EQ(Accuse(Id(1), 50, Evidence::kStrong, true, &suspicion), Consequence::kNone);
  EXPECT_TRUE(suspicion.wary);
  EXPECT_EQ(suspicion.limit, 50);
}

TEST(Suspicion, SecondStrongEndHalves) {
  Suspicion suspicion;
  Accuse(Id(1), 50, Evidence::kStrong, true, &suspicion);
  EXPECT_EQ(Accuse(Id(1), 50, Evidence::kStrong, true, &suspicion), Consequence::kHalved);
  EXPECT_EQ(suspicion.limit, 25);
  EXPECT_EQ(suspicion.changes, 50);
}

TEST(Suspicion, ChangeAloneIsParkedOnlyAfterItsSecondEnd) {
  Suspicion suspicion;
  EXPECT_EQ(Accuse(Id(1), 1, Evidence::kStrong, true, &suspicion), Consequence::kNone);
  EXPECT_EQ(Accuse(Id(1), 1, Evidence::kStrong, true, &suspicion), Consequence::kPark);
  EXPECT_FALSE(suspicion.active());
}

TEST(Suspicion, EndBeforeTheWelcomeIsNoStrike) {
  Suspicion suspicion;
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(Accuse(Id(1), 1, Evidence::kStrong, false, &suspicion), Consequence::kNone);
  }
  EXPECT_EQ(suspicion.strong_strikes, 0);
  EXPECT_TRUE(suspicion.wary);
}

TEST(Suspicion, AnotherBatchBeginsAnew) {
  Suspicion suspicion;
  Accuse(Id(1), 50, Evidence::kStrong, true, &suspicion);
  EXPECT_EQ(Accuse(Id(2), 50, Evidence::kStrong, true, &suspicion), Consequence::kNone);
  EXPECT_EQ(suspicion.first, Id(2));
  EXPECT_EQ(suspicion.strong_strikes, 1);
}

TEST(Suspicion, BrokenLinksHalveOnTheThirdTimeAndNeverPark) {
  Suspicion suspicion;
  for (int i = 1; i <= 2; ++i) {
    EXPECT_EQ(Accuse(Id(1), 2, Evidence::kWeak, true, &suspicion), Consequence::kNone);
    EXPECT_FALSE(suspicion.wary);
  }
  EXPECT_EQ(Accuse(Id(1), 2, Evidence::kWeak, true, &suspicion), Consequence::kHalved);
  EXPECT_EQ(suspicion.limit, 1);
  for (int i = 1; i <= 2; ++i) {
    EXPECT_EQ(Accuse(Id(1), 1, Evidence::kWeak, true, &suspicion), Consequence::kNone);
  }
  EXPECT_EQ(Accuse(Id(1), 1, Evidence::kWeak, true, &suspicion), Consequence::kDefer);
  EXPECT_FALSE(suspicion.active());
}

TEST(Suspicion, HalfThatPassedIsAcquittedAndTheOtherIsSearched) {
  Suspicion suspicion;
  Accuse(Id(1), 50, Evidence::kStrong, true, &suspicion);
  Accuse(Id(1), 50, Evidence::kStrong, true, &suspicion);
  Acquit(Id(1), 25, Id(26), &suspicion);
  EXPECT_EQ(suspicion.first, Id(26));
  EXPECT_EQ(suspicion.changes, 25);
  EXPECT_EQ(suspicion.limit, 13);
  EXPECT_TRUE(suspicion.wary);
}

TEST(Suspicion, BatchThatPassedWholeClearsIt) {
  Suspicion suspicion;
  Accuse(Id(1), 50, Evidence::kStrong, true, &suspicion);
  Acquit(Id(1), 50, Id(51), &suspicion);
  EXPECT_FALSE(suspicion.active());
}

TEST(Suspicion, ResultOfAnotherBatchChangesNothing) {
  Suspicion suspicion;
  Accuse(Id(1), 50, Evidence::kStrong, true, &suspicion);
  const Suspicion before = suspicion;
  Acquit(Id(200), 10, Id(1), &suspicion);
  EXPECT_EQ(suspicion, before);
}

// Every size of batch and every place of the culprit: it is found in a logarithmic number of
// streams.
TEST(Suspicion, FindsTheCulpritWhereverItIs) {
  for (int size = 1; size <= 70; ++size) {
    for (int culprit = 0; culprit < size; ++culprit) {
      Suspicion suspicion;
      int first = 0, streams = 0;
      while (true) {
        ASSERT_LT(++streams, 30) << size << "/" << culprit;
        const int batch = suspicion.active() ? suspicion.limit : size;
        ASSERT_GT(batch, 0);
        if (first + batch <= culprit) {
          Acquit(Id(first), batch, Id(first + batch), &suspicion);
          first += batch;
          continue;
        }
        ASSERT_GE(culprit, first) << "the culprit was let through";
        const Consequence consequence =
            Accuse(Id(first), batch, Evidence::kStrong, true, &suspicion);
        if (consequence != Consequence::kPark) continue;
        EXPECT_EQ(first, culprit);
        break;
      }
    }
  }
}

}  // namespace
}  // namespace tikar::client
