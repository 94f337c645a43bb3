#include "sync/as_of.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "office_fixture.h"

namespace tikar::sync {
namespace {

class AsOfTest : public OfficeTest {
 protected:
  void At(int64_t hour) { node_.now_ms = kMorningMs + (100 + hour) * kHourMs; }
  static int64_t Hour(int64_t hour) { return kMorningMs + (100 + hour) * kHourMs; }
  std::optional<StoredRequest> Load(const RequestKey& key, int64_t as_of_ms) {
    auto request = LoadRequestAsOf(node_.reader(), key, as_of_ms, Definitions());
    EXPECT_TRUE(request.ok()) << request.status();
    return request.ok() ? *std::move(request) : std::nullopt;
  }
  std::string Bytes(const StoredRequest& request) {
    std::string bytes = EncodeState(request.state);
    for (const auto& [path, element] : request.elements) bytes += path + EncodeField(element);
    return bytes;
  }
};

// Each moment is compared with what the node itself held at that moment.
TEST_F(AsOfTest, ARequestIsAsItWasAtEachMoment) {
  std::vector<std::string> held, digests;
  const auto hold = [&](int64_t hour, const Written& change) {
    At(hour);
    node_.Take(change);
    held.push_back(node_.Bytes(change.key));
    digests.push_back(node_.Digest(change.key));
  };
  const Written created = File();
  hold(0, created);
  const Written five = siti_.After(created).Set("biaya", Value::Integer(5));
  hold(1, five);
  hold(2, siti_.After(five).Comment("mohon dicek"));
  hold(3, budi_.After(created).Set("biaya", Value::Integer(6)));
  hold(4, budi_.After(created).Go("diterima", "diperiksa"));
  EXPECT_FALSE(Load(created.key, Hour(0) - 1).has_value());
  for (int64_t hour = 0; hour < 5; ++hour) {
    for (const int64_t within : {int64_t{0}, kHourMs - 1}) {
      const std::optional<StoredRequest> then = Load(created.key, Hour(hour) + within);
      ASSERT_TRUE(then.has_value());
      EXPECT_EQ(Bytes(*then), held[hour]) << hour;
      EXPECT_EQ(ToProto(*then).state_digest(), digests[hour]) << hour;
    }
  }
  EXPECT_FALSE(Load(created.key, Hour(2))->state.UnderReview("biaya"));
  EXPECT_TRUE(Load(created.key, Hour(3))->state.UnderReview("biaya"));
}

TEST_F(AsOfTest, ARefusedChangeThatWasTakenLaterCountsFromThenOn) {
  At(0);
  const Written created = node_.Take(File());
  // Another node took it after this one had refused it.
  const Written edit = budi_.After(created).Set("judul", "satu");
  const auto entry = [&](uint64_t origin, v1::Verdict verdict, int64_t received_at_ms) {
    v1::Entry made;
    made.set_region(kKerinci);
    made.set_origin(origin);
    made.set_seq(1);
    made.set_change_hash(Sha256(edit.body).bytes());
    made.set_body(edit.body);
    made.mutable_stamp()->set_verdict(verdict);
    made.mutable_stamp()->set_received_at_ms(received_at_ms);
    if (verdict == v1::VERDICT_VOID) made.mutable_stamp()->set_reason(v1::REFUSAL_REASON_ROLE);
    return made;
  };
  node_.Receive({entry(71, v1::VERDICT_VOID, Hour(1)), entry(72, v1::VERDICT_ACCEPTED, Hour(3))});
  EXPECT_EQ(Load(created.key, Hour(0))->state.change_count, 1u);
  EXPECT_EQ(Load(created.key, Hour(1))->state.change_count, 2u);
  EXPECT_EQ(Load(created.key, Hour(2))->state.Text("judul"), "");
  EXPECT_EQ(Load(created.key, Hour(3))->state.Text("judul"), "satu");
  EXPECT_EQ(Bytes(*Load(created.key, Hour(3))), node_.Bytes(created.key));
}

TEST_F(AsOfTest, TheHistoryEndsThen) {
  At(0);
  const Written created = node_.Take(File().Set("judul", "nol"));
  At(1);
  const Written edited = node_.Take(siti_.After(created).Set("judul", "satu"));
  At(2);
  node_.Take(siti_.After(edited).Set("judul", "dua"));
  const auto history = [&](int64_t as_of_ms) {
    return LoadHistoryPageAsOf(node_.reader(), created.key, as_of_ms, Definitions(), {});
  };
  const auto then = history(Hour(1));
  ASSERT_TRUE(then.ok()) << then.status();
  ASSERT_EQ(then->items_size(), 2);
  EXPECT_EQ(then->items(1).change_id(), edited.id.bytes());
  EXPECT_EQ(then->items(1).writes(0).rule(), v1::RULE_ONLY) << "it was the value then";
  EXPECT_EQ(then->request().change_count(), 2u);
  EXPECT_EQ(history(Hour(2))->items_size(), 3);
  EXPECT_EQ(history(Hour(0) - 1).status().code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace tikar::sync
