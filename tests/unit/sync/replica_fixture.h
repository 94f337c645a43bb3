// What the tests of the Replica share: three people and a server.
#ifndef TIKAR_TESTS_UNIT_SYNC_REPLICA_FIXTURE_H_
#define TIKAR_TESTS_UNIT_SYNC_REPLICA_FIXTURE_H_

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "kerinci_node.h"

namespace tikar::sync {

inline constexpr int64_t kMinuteMs = 60'000;
inline constexpr int64_t kDayMs = 24 * 60 * kMinuteMs;

class ReplicaTest : public testing::Test {
 protected:
  // Two who did not know of each other disagree about the money.
  struct Dispute {
    Written created, five, six;
  };
  Dispute DisputeTheCost() {
    Dispute d;
    d.created = node_.Take(siti_.Create());
    d.five = node_.Take(siti_.After(d.created).Set("biaya", Value::Integer(5)));
    d.six = node_.Take(budi_.After(d.created).Set("biaya", Value::Integer(6)));
    EXPECT_TRUE(node_.StateOf(d.created.key).UnderReview("biaya"));
    return d;
  }
  std::string CodeOf(const SubmissionResult& result) const {
    return result.violations.empty() ? "" : result.violations.front().code;
  }

  Officer siti_{"hp-siti"}, budi_{"hp-budi"};
  Officer head_{"kantor", "kepala"};
  Node node_{1};
};

}  // namespace tikar::sync

#endif  // TIKAR_TESTS_UNIT_SYNC_REPLICA_FIXTURE_H_
