// Taking what phones and calls bring: logging, retries, idempotency, joining of heads.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "replica_fixture.h"
#include "sync/keys.h"
#include "sync/limits.h"
#include "sync/replica.h"

namespace tikar::sync {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

using ReplicaIngestTest = ReplicaTest;

TEST_F(ReplicaIngestTest, ACreateIsTakenLoggedAndShown) {
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

TEST_F(ReplicaIngestTest, AChainOfOfflineEditsIsTakenInOneGroupAndTouchesTheFeedOnce) {
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

TEST_F(ReplicaIngestTest, ARetryIsToldWhatTheFirstTimeWasToldAndTouchesNothing) {
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

TEST_F(ReplicaIngestTest, BytesThatAreNoChangeAreToldAndNotLogged) {
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

TEST_F(ReplicaIngestTest, ADeviceSendsOnlyWhatItWroteItself) {
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

TEST_F(ReplicaIngestTest, ARefusedChangeIsKeptAsVoidAndItsChildrenKeepTheirAncestry) {
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

TEST_F(ReplicaIngestTest, ARefusedChangeThatIsSentAgainStaysRefusedAndIsLoggedOnce) {
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

TEST_F(ReplicaIngestTest, AChangeOverTheSizeLimitLeavesAStubWithItsAncestry) {
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

TEST_F(ReplicaIngestTest, AnEditBeforeItsCreateIsKeptAndShowsWhenTheCreateComes) {
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

TEST_F(ReplicaIngestTest, AMutationOfANewerAppIsKeptAndAskedToUpgradeFor) {
  const Written created = node_.Take(siti_.Create().Set("judul", "satu"));
  node_.Take(siti_.After(created).Set("judul", "dua").AddNewerKind());
  const State state = node_.StateOf(created.key);
  EXPECT_EQ(state.availability, v1::AVAILABILITY_NEEDS_NEWER_SERVER);
  EXPECT_EQ(state.change_count, 2u);
  EXPECT_THAT(state.fields, IsEmpty());
  EXPECT_EQ(node_.Region().waiting(), 1u);
  EXPECT_EQ(node_.EntriesAfter({}).size(), 2u) << "and forwarded";
}

TEST_F(ReplicaIngestTest, AValueOfANewerAppIsKeptAndAskedToUpgradeFor) {
  // Under a definition that is not here: one that is says which kinds its fields take.
  Node node(2, "", /*knows_definition=*/false);
  const Written created = node.Take(siti_.Create().Set("judul", "satu"));
  node.Take(siti_.After(created).SetNewerValue("tanda_tangan"));
  EXPECT_EQ(node.StateOf(created.key).availability, v1::AVAILABILITY_NEEDS_NEWER_SERVER);
  node.AddDefinition(*Complaint());
  EXPECT_EQ(node.StateOf(created.key).availability, v1::AVAILABILITY_NEEDS_NEWER_SERVER);
  EXPECT_EQ(node_.Push(created).verdict, v1::VERDICT_ACCEPTED);
  EXPECT_EQ(node_.Push(siti_.After(created).SetNewerValue("judul")).reason,
            v1::REFUSAL_REASON_INVALID_VALUE)
      << "the definition knows better";
}

TEST_F(ReplicaIngestTest, ARequestOfItsOwnGroupIsNotMixedUpWithAnothers) {
  const Written bridge = siti_.Create().Set("judul", "Jembatan");
  const Written lamp = budi_.Create(kTamiai).Set("judul", "Lampu");
  const Outcome outcome = node_.Ingest({Sent(bridge), Sent(lamp)});
  EXPECT_NE(outcome.results[0].feed_position, outcome.results[1].feed_position);
  EXPECT_EQ(node_.FieldText(bridge.key, "judul"), "Jembatan");
  EXPECT_EQ(node_.FieldText(lamp.key, "judul"), "Lampu");
}

// Calls that must not be done twice.

TEST_F(ReplicaIngestTest, ACallThatIsRepeatedMakesItsChangeOnce) {
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

TEST_F(ReplicaIngestTest, ACallRepeatedWithinOneGroupMakesItsChangeOnce) {
  Submission a = Sent(siti_.Create()), b = Sent(siti_.Create());
  a.idempotency_key = b.idempotency_key = "panggilan-1";
  const Outcome outcome = node_.Ingest({a, b});
  EXPECT_EQ(outcome.results[0].change_id, outcome.results[1].change_id);
  EXPECT_TRUE(outcome.results[1].duplicate);
  EXPECT_EQ(node_.Region().requests(), 1u);
}

TEST_F(ReplicaIngestTest, ACallThatWasRefusedMayBeRepeatedCorrected) {
  const Written created = node_.Take(siti_.Create());
  Submission wrong = Sent(siti_.After(created).Set("tidak_ada", "x"));
  Submission right = Sent(siti_.After(created).Set("judul", "x"));
  wrong.idempotency_key = right.idempotency_key = "panggilan-1";
  EXPECT_EQ(node_.Ingest({wrong}).results[0].verdict, v1::VERDICT_VOID);
  EXPECT_EQ(node_.Ingest({right}).results[0].verdict, v1::VERDICT_ACCEPTED);
  EXPECT_EQ(node_.FieldText(created.key, "judul"), "x");
}

TEST_F(ReplicaIngestTest, KeysOfCallsAreForgottenAfterADay) {
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

// Many heads.

TEST_F(ReplicaIngestTest, MoreHeadsThanPeopleCanMeanAreJoinedTheSameWayByEveryNode) {
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

TEST_F(ReplicaIngestTest, OnlyTheHomeNodeJoinsHeads) {
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

TEST_F(ReplicaIngestTest, MoreHeadsThanAChangeMayHaveParentsAreJoinedInSteps) {
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

}  // namespace
}  // namespace tikar::sync
