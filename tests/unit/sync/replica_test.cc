#include "sync/replica.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "kerinci_node.h"
#include "sync/keys.h"
#include "sync/limits.h"

namespace tikar::sync {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr int64_t kMinuteMs = 60'000;
constexpr int64_t kDayMs = 24 * 60 * kMinuteMs;

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

// Taking changes.

TEST_F(ReplicaTest, ACreateIsTakenLoggedAndShown) {
  const Written created = siti_.Create().Set("judul", "Jembatan putus");
  const SubmissionResult result = node_.Push(created);
  EXPECT_EQ(result.verdict, v1::VERDICT_ACCEPTED);
  EXPECT_EQ(result.change_id, created.id);
  EXPECT_EQ(result.request_id, created.key.id);
  EXPECT_EQ(result.region, kKerinci);
  EXPECT_EQ(result.origin, node_.origin());
  EXPECT_EQ(result.seq, 1u);
  EXPECT_FALSE(result.duplicate);
  EXPECT_EQ(result.feed_id, FeedId{node_.Region().feed_id()});
  EXPECT_EQ(result.feed_position, 1u);
  const State state = node_.StateOf(created.key);
  EXPECT_EQ(state.availability, v1::AVAILABILITY_READY);
  EXPECT_EQ(state.Text("judul"), "Jembatan putus");
  EXPECT_EQ(node_.Region().requests(), 1u);
  EXPECT_EQ(node_.Region().changes(), 1u);
  EXPECT_EQ(node_.Region().waiting(), 0u);
}

TEST_F(ReplicaTest, AChainOfOfflineEditsIsTakenInOneGroupAndTouchesTheFeedOnce) {
  const Written created = siti_.Create();
  const Written first = siti_.After(created).Set("judul", "satu");
  const Written second = siti_.After(first).Set("judul", "dua");
  const Outcome outcome = node_.Ingest({Sent(created), Sent(first), Sent(second)});
  ASSERT_EQ(outcome.results.size(), 3u);
  for (uint64_t i = 0; i < 3; ++i) {
    EXPECT_EQ(outcome.results[i].seq, i + 1);
    EXPECT_EQ(outcome.results[i].feed_position, 1u);
  }
  EXPECT_EQ(outcome.changes_new, 3u);
  EXPECT_THAT(outcome.regions_touched, ElementsAre(kKerinci));
  EXPECT_EQ(node_.FieldText(created.key, "judul"), "dua");
  EXPECT_EQ(node_.Rows(Family::kFeed).size(), 1u);
}

TEST_F(ReplicaTest, ARetryIsToldWhatTheFirstTimeWasToldAndTouchesNothing) {
  const Written created = siti_.Create();
  const SubmissionResult first = node_.Push(created);
  const Outcome retry = node_.Ingest({Sent(created), Sent(created)});
  for (const SubmissionResult& result : retry.results) {
    EXPECT_TRUE(result.duplicate);
    EXPECT_EQ(result.verdict, v1::VERDICT_ACCEPTED);
    EXPECT_EQ(result.origin, first.origin);
    EXPECT_EQ(result.seq, first.seq);
    EXPECT_EQ(result.feed_id, first.feed_id);
    EXPECT_EQ(result.feed_position, first.feed_position);
  }
  EXPECT_THAT(retry.regions_touched, IsEmpty());
  EXPECT_EQ(retry.changes_new, 0u);
  EXPECT_EQ(node_.Region().feed_position(), 1u);
  EXPECT_EQ(node_.Rows(Family::kLog).size(), 1u);
}

TEST_F(ReplicaTest, BytesThatAreNoChangeAreToldAndNotLogged) {
  Submission rubbish;
  rubbish.body = "\xff\xff\xff";
  const Outcome outcome = node_.Ingest({rubbish, Sent(siti_.Create())});
  EXPECT_EQ(outcome.results[0].verdict, v1::VERDICT_VOID);
  EXPECT_EQ(outcome.results[0].reason, v1::REFUSAL_REASON_MALFORMED);
  EXPECT_EQ(outcome.results[0].seq, 0u);
  EXPECT_EQ(outcome.results[0].change_id, ChangeIdOf(Sha256(rubbish.body)));
  ASSERT_EQ(outcome.results[0].violations.size(), 1u);
  EXPECT_FALSE(outcome.results[0].violations[0].message_id.empty());
  EXPECT_FALSE(outcome.results[0].violations[0].message_en.empty());
  EXPECT_EQ(outcome.results[1].verdict, v1::VERDICT_ACCEPTED) << "the one behind it is taken";
  EXPECT_EQ(node_.Rows(Family::kLog).size(), 1u);
}

TEST_F(ReplicaTest, ADeviceSendsOnlyWhatItWroteItself) {
  Submission foreign = Sent(siti_.Create());
  foreign.actor = "hp-budi";
  const SubmissionResult result = node_.Ingest({foreign}).results[0];
  EXPECT_EQ(result.verdict, v1::VERDICT_VOID);
  EXPECT_EQ(CodeOf(result), "actor_mismatch");
  EXPECT_EQ(result.seq, 0u);
  EXPECT_TRUE(node_.Rows(Family::kLog).empty());
  foreign.actor = "hp-siti";
  EXPECT_EQ(node_.Ingest({foreign}).results[0].verdict, v1::VERDICT_ACCEPTED);
}

TEST_F(ReplicaTest, ARefusedChangeIsKeptAsVoidAndItsChildrenKeepTheirAncestry) {
  const Written created = node_.Take(siti_.Create().Set("judul", "satu"));
  const Written refused =
      Officer("hp-siti").After(created).Set("tidak_ada", "x").Set("judul", "dua");
  const SubmissionResult result = node_.Push(refused);
  EXPECT_EQ(result.verdict, v1::VERDICT_VOID);
  EXPECT_EQ(result.reason, v1::REFUSAL_REASON_INVALID_VALUE);
  EXPECT_EQ(result.seq, 2u);
  EXPECT_EQ(node_.FieldText(created.key, "judul"), "satu");
  EXPECT_EQ(node_.Heads(created.key), Ids({refused}));
  const Written child = node_.Take(siti_.After(refused).Set("judul", "tiga"));
  EXPECT_EQ(node_.FieldText(created.key, "judul"), "tiga");
  EXPECT_EQ(node_.StateOf(created.key).Find("judul")->rule, v1::RULE_ONLY);
  EXPECT_EQ(node_.Heads(created.key), Ids({child}));
  EXPECT_EQ(node_.StateOf(created.key).change_count, 3u);
}

TEST_F(ReplicaTest, ARefusedChangeThatIsSentAgainStaysRefusedAndIsLoggedOnce) {
  const Written created = node_.Take(siti_.Create());
  const Written refused = siti_.After(created).Set("tidak_ada", "x");
  const SubmissionResult first = node_.Push(refused);
  const SubmissionResult again = node_.Push(refused);
  EXPECT_EQ(again.verdict, v1::VERDICT_VOID);
  EXPECT_EQ(CodeOf(again), CodeOf(first)) << "the officer can still read what is wrong";
  EXPECT_TRUE(again.duplicate);
  EXPECT_EQ(again.seq, first.seq);
  EXPECT_EQ(node_.Rows(Family::kLog).size(), 2u);
}

TEST_F(ReplicaTest, AChangeOverTheSizeLimitLeavesAStubWithItsAncestry) {
  const Written created = node_.Take(siti_.Create());
  Draft draft = siti_.After(created);
  for (int i = 0; i < 5; ++i) draft.Comment(std::string(kTextBytesMax, 'x'));
  const Written large = draft;
  ASSERT_GT(large.body.size(), kChangeBodyBytesMax);
  const SubmissionResult result = node_.Push(large);
  EXPECT_EQ(result.verdict, v1::VERDICT_VOID);
  EXPECT_EQ(result.reason, v1::REFUSAL_REASON_LIMIT);
  EXPECT_EQ(result.seq, 2u);
  const std::vector<v1::Entry> entries = node_.EntriesAfter({});
  ASSERT_EQ(entries.size(), 2u);
  EXPECT_TRUE(entries[1].body().empty());
  EXPECT_EQ(entries[1].stub_request_id(), created.key.id.bytes());
  EXPECT_THAT(entries[1].stub_parents(), ElementsAre(created.id.bytes()));
  // A mirror takes the stub, and children of it find their place there too.
  const Written child = node_.Take(siti_.After(large).Set("judul", "kecil"));
  Node mirror(2);
  mirror.PullFrom(node_);
  EXPECT_EQ(mirror.Heads(created.key), Ids({child}));
  EXPECT_EQ(mirror.Bytes(created.key), node_.Bytes(created.key));
  EXPECT_EQ(node_.Push(large).seq, 2u) << "sent again it is not logged again";
}

TEST_F(ReplicaTest, AnEditBeforeItsCreateIsKeptAndShowsWhenTheCreateComes) {
  const Written created = siti_.Create().Set("judul", "satu");
  const Written edited = siti_.After(created).Set("judul", "dua");
  node_.Take(edited);
  EXPECT_EQ(node_.StateOf(created.key).availability, v1::AVAILABILITY_NEEDS_CREATE);
  EXPECT_EQ(node_.Region().waiting(), 1u);
  EXPECT_TRUE(node_.Rows(Family::kFeed).empty()) << "no phone can show it";
  node_.Take(created);
  EXPECT_EQ(node_.StateOf(created.key).availability, v1::AVAILABILITY_READY);
  EXPECT_EQ(node_.FieldText(created.key, "judul"), "dua");
  EXPECT_EQ(node_.Heads(created.key), Ids({edited}));
  EXPECT_EQ(node_.Region().waiting(), 0u);
  EXPECT_EQ(node_.Rows(Family::kFeed).size(), 1u);
}

TEST_F(ReplicaTest, AMutationOfANewerAppIsKeptAndAskedToUpgradeFor) {
  const Written created = node_.Take(siti_.Create().Set("judul", "satu"));
  node_.Take(siti_.After(created).Set("judul", "dua").AddNewerKind());
  const State state = node_.StateOf(created.key);
  EXPECT_EQ(state.availability, v1::AVAILABILITY_NEEDS_NEWER_SERVER);
  EXPECT_EQ(state.change_count, 2u);
  EXPECT_THAT(state.fields, IsEmpty());
  EXPECT_EQ(node_.Region().waiting(), 1u);
  EXPECT_EQ(node_.EntriesAfter({}).size(), 2u) << "and forwarded";
}

TEST_F(ReplicaTest, ARequestOfItsOwnGroupIsNotMixedUpWithAnothers) {
  const Written bridge = siti_.Create().Set("judul", "Jembatan");
  const Written lamp = budi_.Create(kTamiai).Set("judul", "Lampu");
  const Outcome outcome = node_.Ingest({Sent(bridge), Sent(lamp)});
  EXPECT_NE(outcome.results[0].feed_position, outcome.results[1].feed_position);
  EXPECT_EQ(node_.FieldText(bridge.key, "judul"), "Jembatan");
  EXPECT_EQ(node_.FieldText(lamp.key, "judul"), "Lampu");
}

// Calls that must not be done twice.

TEST_F(ReplicaTest, ACallThatIsRepeatedMakesItsChangeOnce) {
  Submission call = Sent(siti_.Create());
  call.idempotency_key = "panggilan-1";
  const SubmissionResult first = node_.Ingest({call}).results[0];
  Submission repeated = Sent(siti_.Create());  // made anew: other bytes
  repeated.idempotency_key = "panggilan-1";
  const SubmissionResult again = node_.Ingest({repeated}).results[0];
  EXPECT_TRUE(again.duplicate);
  EXPECT_EQ(again.change_id, first.change_id);
  EXPECT_EQ(again.request_id, first.request_id);
  EXPECT_EQ(again.verdict, v1::VERDICT_ACCEPTED);
  EXPECT_EQ(node_.Region().requests(), 1u);
  const auto record = FindIdempotent(node_.reader(), "panggilan-1");
  ASSERT_TRUE(record.ok() && record->has_value());
  EXPECT_EQ((*record)->change, first.change_id);
  EXPECT_FALSE(FindIdempotent(node_.reader(), "panggilan-2")->has_value());
}

TEST_F(ReplicaTest, ACallRepeatedWithinOneGroupMakesItsChangeOnce) {
  Submission a = Sent(siti_.Create()), b = Sent(siti_.Create());
  a.idempotency_key = b.idempotency_key = "panggilan-1";
  const Outcome outcome = node_.Ingest({a, b});
  EXPECT_EQ(outcome.results[0].change_id, outcome.results[1].change_id);
  EXPECT_TRUE(outcome.results[1].duplicate);
  EXPECT_EQ(node_.Region().requests(), 1u);
}

TEST_F(ReplicaTest, ACallThatWasRefusedMayBeRepeatedCorrected) {
  const Written created = node_.Take(siti_.Create());
  Submission wrong = Sent(siti_.After(created).Set("tidak_ada", "x"));
  Submission right = Sent(siti_.After(created).Set("judul", "x"));
  wrong.idempotency_key = right.idempotency_key = "panggilan-1";
  EXPECT_EQ(node_.Ingest({wrong}).results[0].verdict, v1::VERDICT_VOID);
  EXPECT_EQ(node_.Ingest({right}).results[0].verdict, v1::VERDICT_ACCEPTED);
  EXPECT_EQ(node_.FieldText(created.key, "judul"), "x");
}

TEST_F(ReplicaTest, KeysOfCallsAreForgottenAfterADay) {
  const auto call = [&](const std::string& key) {
    Submission submission = Sent(siti_.Create());
    submission.idempotency_key = key;
    node_.Ingest({submission});
  };
  call("lama");
  node_.now_ms += kDayMs - 1;
  call("hampir");
  EXPECT_TRUE(FindIdempotent(node_.reader(), "lama")->has_value());
  node_.now_ms += 2;
  call("baru");
  EXPECT_FALSE(FindIdempotent(node_.reader(), "lama")->has_value());
  EXPECT_TRUE(FindIdempotent(node_.reader(), "hampir")->has_value());
  EXPECT_EQ(node_.Rows(Family::kMeta, keys::kIdempotentAgePrefix).size(), 2u);
}

// Reviews.

TEST_F(ReplicaTest, WhoeverSawTheConflictMustSettleItInsteadOfWritingOver) {
  const Dispute d = DisputeTheCost();
  const SubmissionResult seen =
      node_.Push(siti_.Edit(d.created.key, Ids({d.five, d.six})).Set("biaya", Value::Integer(7)));
  EXPECT_EQ(seen.verdict, v1::VERDICT_VOID);
  EXPECT_EQ(seen.reason, v1::REFUSAL_REASON_UNDER_REVIEW);
  // Siti offline knows only of her own.
  node_.Take(siti_.After(d.five).Set("biaya", Value::Integer(8)));
  EXPECT_TRUE(node_.StateOf(d.created.key).UnderReview("biaya"));
}

TEST_F(ReplicaTest, ASettlementEndsAReviewAndTheInboxForgetsIt) {
  const Dispute d = DisputeTheCost();
  EXPECT_EQ(node_.Region().conflicts(), 1u);
  EXPECT_EQ(node_.Rows(Family::kRequests, keys::ConflictPrefix(kKerinci)).size(), 1u);
  node_.Take(head_.Edit(d.created.key, Ids({d.five, d.six}))
                 .Settle("biaya", Ids({d.five, d.six}), Value::Integer(6)));
  EXPECT_FALSE(node_.StateOf(d.created.key).UnderReview("biaya"));
  EXPECT_EQ(node_.StateOf(d.created.key).Find("biaya")->value, Value::Integer(6));
  EXPECT_EQ(node_.Region().conflicts(), 0u);
  EXPECT_TRUE(node_.Rows(Family::kRequests, keys::ConflictPrefix(kKerinci)).empty());
}

TEST_F(ReplicaTest, OnlyTheRolesThatTheDefinitionNamesSettle) {
  const Dispute d = DisputeTheCost();
  const SubmissionResult result =
      node_.Push(siti_.Edit(d.created.key, Ids({d.five, d.six}))
                     .Settle("biaya", Ids({d.five, d.six}), Value::Integer(6)));
  EXPECT_EQ(result.reason, v1::REFUSAL_REASON_ROLE);
  EXPECT_TRUE(node_.StateOf(d.created.key).UnderReview("biaya"));
}

TEST_F(ReplicaTest, ASettlementNamesEveryCandidateThatItsAuthorSaw) {
  const Dispute d = DisputeTheCost();
  const SubmissionResult result = node_.Push(head_.Edit(d.created.key, Ids({d.five, d.six}))
                                                 .Settle("biaya", {d.five.id}, Value::Integer(5)));
  EXPECT_EQ(result.verdict, v1::VERDICT_VOID);
  EXPECT_EQ(CodeOf(result), "settle_incomplete");
  EXPECT_EQ(result.violations[0].field, "biaya");
}

TEST_F(ReplicaTest, TwoRacingSettlementsAreANewReviewThatCanBeSettled) {
  const Dispute d = DisputeTheCost();
  const std::vector<ChangeId> both = Ids({d.five, d.six});
  Officer deputy("wakil", "kepala");
  const Written a =
      node_.Take(head_.Edit(d.created.key, both).Settle("biaya", both, Value::Integer(5)));
  const Written b =
      node_.Take(deputy.Edit(d.created.key, both).Settle("biaya", both, Value::Integer(6)));
  EXPECT_TRUE(node_.StateOf(d.created.key).UnderReview("biaya"));
  EXPECT_EQ(node_.Region().conflicts(), 1u);
  node_.Take(
      head_.Edit(d.created.key, Ids({a, b})).Settle("biaya", Ids({a, b}), Value::Integer(6)));
  EXPECT_FALSE(node_.StateOf(d.created.key).UnderReview("biaya"));
  EXPECT_EQ(node_.Region().conflicts(), 0u);
}

TEST_F(ReplicaTest, ACandidateThatComesLateReopensTheReview) {
  const Dispute d = DisputeTheCost();
  node_.Take(head_.Edit(d.created.key, Ids({d.five, d.six}))
                 .Settle("biaya", Ids({d.five, d.six}), Value::Integer(6)));
  node_.Take(Officer("hp-ani").After(d.created).Set("biaya", Value::Integer(9)));
  const State state = node_.StateOf(d.created.key);
  EXPECT_TRUE(state.UnderReview("biaya"));
  EXPECT_EQ(state.Find("biaya")->candidates.size(), 2u);
}

TEST_F(ReplicaTest, NobodyPaysOutWhileTheStatusIsUnderReview) {
  const Written created = node_.Take(siti_.Create());
  const Written approved = node_.Take(siti_.After(created).Go("diterima", "disetujui"));
  const Written rejected = node_.Take(budi_.After(created).Go("diterima", "ditolak"));
  // Not even somebody who knows nothing of the rejection.
  const Written paid = head_.After(approved).Go("disetujui", "dibayar");
  const SubmissionResult refused = node_.Push(paid);
  EXPECT_EQ(refused.verdict, v1::VERDICT_VOID);
  EXPECT_EQ(refused.reason, v1::REFUSAL_REASON_UNDER_REVIEW);
  EXPECT_EQ(node_.StateOf(created.key).change_count, 4u);
  const Written settled =
      node_.Take(head_.Edit(created.key, node_.Heads(created.key))
                     .Settle("status", Ids({approved, rejected}), Value::Text("disetujui")));
  EXPECT_EQ(node_.FieldText(created.key, "status"), "disetujui");
  node_.Take(head_.After(settled).Go("disetujui", "dibayar"));
  EXPECT_EQ(node_.FieldText(created.key, "status"), "dibayar");
  EXPECT_FALSE(node_.StateOf(created.key).UnderReview("status"));
}

TEST_F(ReplicaTest, WhatWasRefusedUnderReviewIsJudgedAnewWhenSentAfterTheSettlement) {
  const Dispute d = DisputeTheCost();
  const Written over =
      siti_.Edit(d.created.key, Ids({d.five, d.six})).Set("biaya", Value::Integer(7));
  const SubmissionResult refused = node_.Push(over);
  ASSERT_EQ(refused.verdict, v1::VERDICT_VOID);
  node_.Take(head_.Edit(d.created.key, Ids({d.five, d.six}))
                 .Settle("biaya", Ids({d.five, d.six}), Value::Integer(6)));
  const SubmissionResult again = node_.Push(over);
  EXPECT_EQ(again.verdict, v1::VERDICT_ACCEPTED);
  EXPECT_FALSE(again.duplicate);
  EXPECT_GT(again.seq, refused.seq);
  // The settlement did not know of it: a person looks once more.
  EXPECT_TRUE(node_.StateOf(d.created.key).UnderReview("biaya"));
  Node mirror(2);
  mirror.PullFrom(node_);
  EXPECT_EQ(mirror.Bytes(d.created.key), node_.Bytes(d.created.key));
}

// Many heads.

TEST_F(ReplicaTest, MoreHeadsThanPeopleCanMeanAreJoinedTheSameWayByEveryNode) {
  Node other(2);
  const Written created = siti_.Create();
  std::vector<Written> edits;
  for (size_t i = 0; i <= kHeadsBeforeJoin; ++i) {
    edits.push_back(Officer("hp-" + std::to_string(i)).After(created).Comment("saya juga"));
  }
  node_.Take(created);
  other.Take(created);
  for (const Written& edit : edits) {
    EXPECT_LE(node_.Heads(created.key).size(), kHeadsBeforeJoin);
    node_.Take(edit);
  }
  std::reverse(edits.begin(), edits.end());
  for (const Written& edit : edits) other.Take(edit);
  ASSERT_EQ(node_.Heads(created.key).size(), 1u);
  EXPECT_EQ(node_.StateOf(created.key).change_count, 19u);
  EXPECT_EQ(other.Bytes(created.key), node_.Bytes(created.key));
}

TEST_F(ReplicaTest, OnlyTheHomeNodeJoinsHeads) {
  node_.is_home = false;
  const Written created = node_.Take(siti_.Create());
  for (int i = 0; i < 20; ++i) {
    node_.Take(Officer("hp-" + std::to_string(i)).After(created).Comment("saya juga"));
  }
  EXPECT_EQ(node_.Heads(created.key).size(), 20u);
  Node home(2);
  home.PullFrom(node_);
  EXPECT_EQ(home.Heads(created.key).size(), 1u);
}

TEST_F(ReplicaTest, MoreHeadsThanAChangeMayHaveParentsAreJoinedInSteps) {
  node_.is_home = false;
  const Written created = node_.Take(siti_.Create());
  std::vector<Submission> group;
  for (int i = 0; i < 150; ++i) {
    group.push_back(Sent(Officer("hp-" + std::to_string(i)).After(created).Set("judul", "j")));
  }
  node_.Ingest(group);
  EXPECT_EQ(node_.Heads(created.key).size(), 150u);
  Node home(2);
  home.PullFrom(node_);
  EXPECT_LE(home.Heads(created.key).size(), kHeadsBeforeJoin);
  node_.PullFrom(home);
  EXPECT_EQ(node_.Bytes(created.key), home.Bytes(created.key));
}

// Clocks.

TEST_F(ReplicaTest, AClockThatWasSetBackStampsOnWithTheLargerTimeAndSaysSo) {
  node_.Take(siti_.Create());
  EXPECT_EQ(node_.clock_warning, "");
  const int64_t before_ms = node_.now_ms;
  node_.now_ms -= 3 * kDayMs;
  node_.Start();
  EXPECT_THAT(node_.clock_warning, HasSubstr("259200 s behind"));
  EXPECT_EQ(node_.new_origin_reason, "");
  node_.Take(siti_.Create());
  EXPECT_GE(node_.EntriesAfter({}).back().stamp().received_at_ms(), before_ms);
  EXPECT_GE(HlcMs(node_.replica().NextHlc(node_.now_ms)), before_ms);
}

TEST_F(ReplicaTest, AClockThatWasResetAtBootIsNoticedByTheBuildDate) {
  Node fresh(3);
  fresh.now_ms = 0;
  fresh.build_time_ms = kMorningMs;
  fresh.Start();
  EXPECT_THAT(fresh.clock_warning, HasSubstr("behind"));
  fresh.Take(siti_.Create());
  EXPECT_EQ(fresh.EntriesAfter({}).back().stamp().received_at_ms(), kMorningMs);
}

TEST_F(ReplicaTest, TheNodesOwnTimesNeverRepeatAcrossARestart) {
  const Written created = node_.Take(siti_.Create());
  const uint64_t before = node_.replica().NextHlc(node_.now_ms);
  node_.Take(siti_.After(created).Set("judul", "satu"));
  node_.Start();
  EXPECT_GT(node_.replica().NextHlc(node_.now_ms), before);
}

// Origins.

TEST_F(ReplicaTest, TheFirstStartBeginsAnOriginAndARestartGoesOnWithIt) {
  EXPECT_THAT(node_.new_origin_reason, HasSubstr("first start"));
  const Origin origin = node_.origin();
  const uint64_t feed_id = (node_.Take(siti_.Create()), node_.Region().feed_id());
  node_.Start();
  EXPECT_EQ(node_.new_origin_reason, "");
  EXPECT_EQ(node_.origin(), origin);
  EXPECT_EQ(node_.Push(siti_.Create()).seq, 2u);
  EXPECT_EQ(node_.Region().feed_id(), feed_id);
}

TEST_F(ReplicaTest, AStoreOnAnotherMachineBeginsANewOriginAndANewFeed) {
  Node node(7, "mesin-lama");
  const SubmissionResult before = node.Push(siti_.Create());
  node.MoveToMachine("mesin-baru");
  EXPECT_THAT(node.new_origin_reason, HasSubstr("another machine"));
  EXPECT_NE(node.origin(), before.origin);
  const SubmissionResult after = node.Push(siti_.Create());
  EXPECT_EQ(after.origin, node.origin());
  EXPECT_EQ(after.seq, 1u);
  EXPECT_NE(after.feed_id, before.feed_id);
  EXPECT_GT(after.feed_position, before.feed_position);
  EXPECT_EQ(node.Vector().Get(before.origin), 1u);
  EXPECT_EQ(node.Vector().Get(after.origin), 1u);
  node.Start();
  EXPECT_EQ(node.origin(), after.origin) << "it knows the machine now";
}

// Receiving.

TEST_F(ReplicaTest, TwoNodesThatExchangedEverythingHoldTheSameBytes) {
  Node district(2), hub(3);
  const Written bridge = siti_.Create().Set("deskripsi", "jembatan putus").Comment("satu");
  const Written lamp = budi_.Create(kTamiai);
  district.Take(bridge);
  hub.Take(lamp);
  EXPECT_EQ(hub.PullFrom(district), 1u);
  EXPECT_EQ(district.PullFrom(hub), 1u);
  // Both go on, unaware of each other.
  district.Take(
      siti_.After(bridge).Set("deskripsi", "jembatan kayu putus").Set("biaya", Value::Integer(5)));
  district.Take(siti_.After(lamp).Go("diterima", "disetujui").Comment("dua"));
  hub.Take(
      budi_.After(bridge).Set("deskripsi", "jembatan putus total").Set("biaya", Value::Integer(6)));
  hub.Take(budi_.After(lamp).Go("diterima", "ditolak").Retract());
  hub.PullFrom(district);
  district.PullFrom(hub);
  for (const RequestKey& key : {bridge.key, lamp.key}) {
    EXPECT_EQ(district.Bytes(key), hub.Bytes(key));
    EXPECT_EQ(district.Digest(key), hub.Digest(key));
  }
  EXPECT_EQ(district.FieldText(bridge.key, "deskripsi"), "jembatan kayu putus total");
  EXPECT_TRUE(hub.StateOf(lamp.key).UnderReview("status"));
  EXPECT_TRUE(hub.StateOf(lamp.key).UnderReview("@retracted"));
  EXPECT_EQ(district.Vector(), hub.Vector());
  EXPECT_EQ(district.Region().conflicts(), hub.Region().conflicts());
  EXPECT_EQ(district.Region().changes(), hub.Region().changes());
}

TEST_F(ReplicaTest, ReceivingAgainChangesNothing) {
  const Written created = node_.Take(siti_.Create().Comment("satu"));
  node_.Take(siti_.After(created).Retract());
  Node mirror(2);
  const std::vector<v1::Entry> entries = node_.EntriesAfter({});
  EXPECT_THAT(mirror.Receive(entries).regions_touched, ElementsAre(kKerinci));
  const Outcome again = mirror.Receive(entries);
  EXPECT_TRUE(again.batch.empty());
  EXPECT_THAT(again.regions_touched, IsEmpty());
  EXPECT_EQ(again.changes_new, 0u);
  // Twice in one call.
  Node third(3);
  std::vector<v1::Entry> twice = entries;
  twice.insert(twice.end(), entries.begin(), entries.end());
  third.Receive(twice);
  EXPECT_EQ(third.Bytes(created.key), node_.Bytes(created.key));
  EXPECT_EQ(third.Region().changes(), 2u);
}

TEST_F(ReplicaTest, EntriesInAnyOrderEndInTheSameState) {
  const Written created = node_.Take(siti_.Create().Set("deskripsi", "jembatan putus"));
  const Written a = node_.Take(siti_.After(created).Set("deskripsi", "jembatan kayu putus"));
  node_.Take(budi_.After(created).Set("deskripsi", "jembatan putus total").Comment("satu"));
  node_.Take(siti_.After(a).Retract());
  node_.Push(siti_.After(a).Set("tidak_ada", "x"));
  std::vector<v1::Entry> entries = node_.EntriesAfter({});
  std::sort(entries.begin(), entries.end(),
            [](const v1::Entry& x, const v1::Entry& y) { return x.seq() < y.seq(); });
  std::mt19937_64 random(15);
  for (int round = 0; round < 60; ++round) {
    std::shuffle(entries.begin(), entries.end(), random);
    Node mirror(2);
    for (const v1::Entry& entry : entries) mirror.Receive({entry});
    ASSERT_EQ(mirror.Bytes(created.key), node_.Bytes(created.key)) << "round " << round;
    ASSERT_EQ(mirror.Vector(), node_.Vector());
  }
}

TEST_F(ReplicaTest, TheVersionVectorWaitsBeforeAGap) {
  const Written created = node_.Take(siti_.Create());
  node_.Take(siti_.After(created).Set("judul", "satu"));
  node_.Take(siti_.Create());
  const std::vector<v1::Entry> entries = node_.EntriesAfter({});
  Node mirror(2);
  mirror.Receive({entries[2], entries[0]});
  EXPECT_EQ(mirror.Vector().Get(node_.origin()), 1u);
  EXPECT_EQ(mirror.EntriesAfter({}).size(), 1u) << "what is beyond a gap is not passed on";
  mirror.Receive({entries[1]});
  EXPECT_EQ(mirror.Vector().Get(node_.origin()), 3u);
  EXPECT_EQ(mirror.EntriesAfter({}).size(), 3u);
}

TEST_F(ReplicaTest, TheVersionVectorWaitsForADefinitionThatIsMissing) {
  const Written first = node_.Take(siti_.Create());
  node_.AddDefinition(*NewerComplaint());
  const Written pinned = node_.Take(budi_.Create(kTamiai, *NewerComplaint()).Set("judul", "Lampu"));
  node_.Take(siti_.After(first).Set("judul", "satu"));
  Node mirror(2);
  mirror.PullFrom(node_);
  EXPECT_EQ(mirror.Vector().Get(node_.origin()), 1u);
  EXPECT_EQ(mirror.StateOf(pinned.key).availability, v1::AVAILABILITY_NEEDS_DEFINITION);
  EXPECT_EQ(mirror.FieldText(first.key, "judul"), "satu") << "others do not wait";
  const uint64_t position = mirror.Region().feed_position();
  const Outcome outcome = mirror.AddDefinition(*NewerComplaint());
  EXPECT_THAT(outcome.regions_touched, ElementsAre(kKerinci));
  EXPECT_EQ(mirror.Vector().Get(node_.origin()), 3u);
  EXPECT_EQ(mirror.StateOf(pinned.key).availability, v1::AVAILABILITY_READY);
  EXPECT_EQ(mirror.Bytes(pinned.key), node_.Bytes(pinned.key));
  EXPECT_EQ(mirror.Region().feed_position(), position + 1);
  EXPECT_EQ(mirror.Region().waiting(), 0u);
  EXPECT_TRUE(mirror.Rows(Family::kRequests, "w").empty());
  EXPECT_TRUE(mirror.AddDefinition(*NewerComplaint()).batch.empty()) << "known already";
}

TEST_F(ReplicaTest, ARequestWaitsForItsDefinitionAcrossARestart) {
  Node node(2, "", /*knows_definition=*/false);
  const Written created = node.Take(siti_.Create().Set("judul", "satu"));
  node.Take(siti_.After(created).Set("judul", "dua"));
  EXPECT_EQ(node.StateOf(created.key).availability, v1::AVAILABILITY_NEEDS_DEFINITION);
  node.Start();
  node.AddDefinition(*Complaint());
  EXPECT_EQ(node.FieldText(created.key, "judul"), "dua");
  node.Start();
  EXPECT_NE(node.replica().definitions()->Find(Complaint()->hash()), nullptr);
  node.Take(siti_.After(created).Set("judul", "tiga"));
}

TEST_F(ReplicaTest, AMirrorNeverJudgesTheContent) {
  // Taken by a node that knows no definition; no other would have.
  Node lenient(2, "", /*knows_definition=*/false);
  const Written created = lenient.Take(siti_.Create());
  const Written odd = lenient.Take(siti_.After(created).Set("tidak_ada", "x"));
  node_.PullFrom(lenient);
  EXPECT_EQ(node_.FieldText(created.key, "tidak_ada"), "x");
  EXPECT_EQ(node_.Heads(created.key), Ids({odd}));
}

TEST_F(ReplicaTest, OneNodesAcceptanceOutweighsAnothersRefusal) {
  const Written created = siti_.Create();
  const Written approved = siti_.After(created).Go("diterima", "disetujui");
  const Written rejected = budi_.After(created).Go("diterima", "ditolak");
  const Written paid = head_.After(approved).Go("disetujui", "dibayar");
  Node island(2);
  for (const Written& change : {created, approved}) node_.Take(change), island.Take(change);
  node_.Take(rejected);
  EXPECT_EQ(node_.Push(paid).verdict, v1::VERDICT_VOID);
  EXPECT_EQ(island.Push(paid).verdict, v1::VERDICT_ACCEPTED) << "cut off, it knows no rejection";
  node_.PullFrom(island);
  island.PullFrom(node_);
  EXPECT_EQ(node_.Bytes(created.key), island.Bytes(created.key));
  EXPECT_TRUE(node_.StateOf(created.key).UnderReview("status"));
}

TEST_F(ReplicaTest, ASecondStampTouchesTheFeedOnlyWhenItImprovesTheFirst) {
  Node early(2), late(3);
  late.now_ms = early.now_ms + kMinuteMs;
  const Written created = siti_.Create();
  early.Take(created);
  late.Take(created);
  EXPECT_THAT(early.Receive(late.EntriesAfter({})).regions_touched, IsEmpty());
  EXPECT_THAT(late.Receive(early.EntriesAfter({})).regions_touched, ElementsAre(kKerinci));
  EXPECT_EQ(early.Bytes(created.key), late.Bytes(created.key));
  EXPECT_EQ(early.Region().changes(), 1u);
}

TEST_F(ReplicaTest, EntriesComeInPagesOfAnySizeWithoutGaps) {
  std::vector<Submission> group;
  for (int i = 0; i < 40; ++i) group.push_back(Sent(siti_.Create()));
  node_.Ingest(group);
  EXPECT_EQ(node_.EntriesAfter({}, kKerinci, 1).size(), 1u)
      << "at least one, however small the page";
  for (const size_t bytes_max : {size_t{1}, size_t{700}, size_t{1} << 20}) {
    Node mirror(2);
    EXPECT_EQ(mirror.PullFrom(node_, kKerinci, bytes_max), 40u);
    EXPECT_EQ(mirror.Vector(), node_.Vector());
    EXPECT_EQ(mirror.Region().requests(), 40u);
  }
  EXPECT_TRUE(node_.EntriesAfter(node_.Vector()).empty());
}

TEST_F(ReplicaTest, WhatAMirrorPassesOnIsWhatTheFirstNodeWrote) {
  const Written created = node_.Take(siti_.Create());
  node_.Push(siti_.After(created).Set("tidak_ada", "x"));
  Node mirror(2), third(3);
  mirror.PullFrom(node_);
  third.PullFrom(mirror);
  const std::vector<v1::Entry> original = node_.EntriesAfter({}),
                               passed_on = third.EntriesAfter({});
  ASSERT_EQ(passed_on.size(), original.size());
  for (size_t i = 0; i < original.size(); ++i) {
    EXPECT_EQ(passed_on[i].SerializeAsString(), original[i].SerializeAsString());
  }
}

TEST_F(ReplicaTest, RegionsDoNotMix) {
  const Written kerinci = node_.Take(siti_.Create());
  const Written nias = node_.Take(budi_.Create("12.04.01"));
  EXPECT_EQ(node_.Region(kNias).requests(), 1u);
  EXPECT_EQ(node_.Region(kKerinci).requests(), 1u);
  Node mirror(2);
  EXPECT_EQ(mirror.PullFrom(node_, kNias), 1u);
  EXPECT_TRUE(mirror.Has(nias.key));
  EXPECT_FALSE(mirror.Has(kerinci.key));
}

// Restores, copies and forks.

TEST_F(ReplicaTest, ARestoredNodeTakesBackItsLostEntriesUnderANewOrigin) {
  Node lost(5), mirror(2);
  const Written created = lost.Take(siti_.Create());
  Node restored(5);  // from a backup made now: the same origin, and one entry
  restored.Take(created);
  ASSERT_EQ(restored.origin(), lost.origin());
  const Written edited = lost.Take(siti_.After(created).Set("judul", "setelah cadangan"));
  mirror.PullFrom(lost);

  const Origin old_origin = restored.origin();
  const uint64_t old_feed = restored.Region().feed_id();
  restored.PullFrom(mirror);
  EXPECT_EQ(restored.FieldText(created.key, "judul"), "setelah cadangan");
  EXPECT_NE(restored.origin(), old_origin);
  EXPECT_NE(restored.Region().feed_id(), old_feed);
  EXPECT_EQ(restored.Vector().Get(old_origin), 2u);
  const SubmissionResult next = restored.Push(siti_.After(edited).Set("judul", "lanjut"));
  EXPECT_EQ(next.origin, restored.origin());
  EXPECT_EQ(next.seq, 1u);
  mirror.PullFrom(restored);
  EXPECT_EQ(mirror.Bytes(created.key), restored.Bytes(created.key));
  // No number was given out twice.
  std::set<std::pair<uint64_t, uint64_t>> numbers;
  for (const v1::Entry& entry : mirror.EntriesAfter({})) {
    EXPECT_TRUE(numbers.insert({entry.origin(), entry.seq()}).second);
  }
  EXPECT_EQ(numbers.size(), 3u);
  const Origin origin = restored.origin();
  restored.Start();
  EXPECT_EQ(restored.origin(), origin);
}

TEST_F(ReplicaTest, TwoCopiesThatBothWroteAreAForkThatNobodyTakesOver) {
  Node left(5), right(5), mirror(2);
  const Written a = left.Take(siti_.Create());
  const Written b = right.Take(budi_.Create());
  mirror.PullFrom(left);
  // Something sound before it in the same call must not be half taken.
  const Written sound = node_.Take(siti_.Create());
  std::vector<v1::Entry> entries = node_.EntriesAfter({});
  for (const v1::Entry& entry : right.EntriesAfter({})) entries.push_back(entry);
  const absl::Status status = mirror.ReceiveStatus(entries);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("forked"));
  EXPECT_TRUE(mirror.Has(a.key));
  EXPECT_FALSE(mirror.Has(b.key));
  EXPECT_FALSE(mirror.Has(sound.key));
  mirror.Take(siti_.After(a).Set("judul", "lanjut"));
  EXPECT_EQ(mirror.Region().changes(), 2u);
  EXPECT_EQ(mirror.Region().requests(), 1u);
}

TEST_F(ReplicaTest, AForkWithinOneCallIsAForkToo) {
  Node left(5), right(5), mirror(2);
  left.Take(siti_.Create());
  right.Take(budi_.Create());
  const absl::Status status =
      mirror.ReceiveStatus({left.EntriesAfter({})[0], right.EntriesAfter({})[0]});
  EXPECT_THAT(std::string(status.message()), HasSubstr("forked"));
}

TEST_F(ReplicaTest, EntriesThatContradictThemselvesAreRefusedWhole) {
  const Written created = node_.Take(siti_.Create());
  node_.Take(siti_.After(created).Set("judul", "satu"));
  const std::vector<v1::Entry> sound = node_.EntriesAfter({});
  const auto broken = [&](auto breaks) {
    std::vector<v1::Entry> entries = sound;
    entries[1].clear_leaf_hash();
    breaks(entries[1]);
    Node mirror(2);
    const absl::Status status = mirror.ReceiveStatus(entries);
    EXPECT_FALSE(mirror.Has(created.key)) << "the sound one before it";
    return status.code();
  };
  constexpr absl::StatusCode kRefused = absl::StatusCode::kInvalidArgument;
  EXPECT_EQ(broken([](v1::Entry& e) { e.set_leaf_hash(std::string(32, 'x')); }), kRefused);
  EXPECT_EQ(broken([](v1::Entry& e) { e.set_region("15.1"); }), kRefused);
  EXPECT_EQ(broken([](v1::Entry& e) { e.set_region("12.04"); }), kRefused);
  EXPECT_EQ(broken([](v1::Entry& e) { e.set_origin(0); }), kRefused);
  EXPECT_EQ(broken([](v1::Entry& e) { e.set_seq(0); }), kRefused);
  EXPECT_EQ(broken([](v1::Entry& e) { e.set_change_hash("short"); }), kRefused);
  EXPECT_EQ(broken([](v1::Entry& e) { e.set_change_hash(std::string(32, 'x')); }), kRefused);
  EXPECT_EQ(broken([](v1::Entry& e) { e.mutable_stamp()->clear_verdict(); }), kRefused);
  EXPECT_EQ(broken([](v1::Entry& e) {
              e.mutable_stamp()->set_reason(static_cast<v1::RefusalReason>(300));
            }),
            kRefused);
  EXPECT_EQ(broken([](v1::Entry& e) { e.set_body("\xff"); }), kRefused);
  EXPECT_EQ(broken([](v1::Entry& e) { e.clear_body(); }), kRefused) << "a stub of no request";
  EXPECT_EQ(broken([](v1::Entry& e) {
              e.clear_body();
              e.set_stub_request_id(std::string(16, 'r'));
              e.add_stub_parents("short");
            }),
            kRefused);
}

TEST_F(ReplicaTest, AnEditThatIsNoMoreThanItsIdFindsItsBodyLater) {
  // One node has only the stub, another the change itself.
  const Written created = node_.Take(siti_.Create());
  const Written edited = siti_.After(created).Set("judul", "satu");
  v1::Entry stub;
  stub.set_region(kKerinci);
  stub.set_origin(4711);
  stub.set_seq(1);
  stub.mutable_stamp()->set_received_at_ms(node_.now_ms);
  stub.mutable_stamp()->set_verdict(v1::VERDICT_VOID);
  stub.mutable_stamp()->set_reason(v1::REFUSAL_REASON_LIMIT);
  stub.set_change_hash(Sha256(edited.body).bytes());
  stub.set_stub_request_id(created.key.id.bytes());
  stub.add_stub_parents(created.id.bytes());
  node_.Receive({stub});
  EXPECT_EQ(node_.Heads(created.key), Ids({edited}));
  EXPECT_EQ(node_.FieldText(created.key, "judul"), "");
  node_.Take(edited);
  EXPECT_EQ(node_.FieldText(created.key, "judul"), "satu");
  // And it is read from where the body is.
  node_.Take(siti_.After(created).Retract());
  EXPECT_EQ(node_.FieldText(created.key, "judul"), "satu");
}

// Damage.

TEST_F(ReplicaTest, AStoreThatCannotBeReadSaysSoAtOnce) {
  node_.Take(siti_.Create());
  for (const std::string& key :
       {std::string(keys::kNode), keys::Region(kKerinci), keys::Definition(Complaint()->hash())}) {
    Node node(2);
    node.Take(siti_.Create());
    WriteBatch batch;
    batch.Put(Family::kMeta, key, "\x01");
    ASSERT_TRUE(node.store().Write(batch).ok());
    Replica::Options options;
    options.random = [] { return uint64_t{1}; };
    EXPECT_EQ(Replica::Open(node.reader(), options).status().code(), absl::StatusCode::kDataLoss)
        << key;
  }
}

TEST_F(ReplicaTest, WhatWasNotSyncedIsGoneAfterACrashAndTakenAgain) {
  const Written created = node_.Take(siti_.Create());
  const Written edited = siti_.After(created).Set("judul", "satu");
  const absl::StatusOr<Outcome> outcome = node_.replica().Ingest({{Sent(edited)}}, node_.now_ms);
  ASSERT_TRUE(outcome.ok());
  ASSERT_TRUE(node_.store().Write(outcome->batch).ok());
  node_.store().LoseUnsynced();
  node_.Start();
  EXPECT_EQ(node_.FieldText(created.key, "judul"), "");
  const SubmissionResult again = node_.Push(edited);
  EXPECT_FALSE(again.duplicate);
  EXPECT_EQ(again.seq, 2u);
  EXPECT_EQ(node_.FieldText(created.key, "judul"), "satu");
}

}  // namespace
}  // namespace tikar::sync
