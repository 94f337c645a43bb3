// What the first node refuses, and what of it stays.
#include "sync/judge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "replica_fixture.h"
#include "sync/keys.h"
#include "sync/limits.h"
#include "sync/replica.h"

namespace tikar::sync {
namespace {

using JudgeTest = ReplicaTest;

// Actors.

TEST_F(JudgeTest, NobodyTakesTheNameOfTheTimer) {
  const Written created = node_.Take(siti_.Create());
  Officer timer("timer");
  for (const Written& change :
       {timer.Create().Finish(), timer.After(created).Go("diterima", "ditolak").Finish()}) {
    const SubmissionResult refused = node_.Push(change);
    EXPECT_EQ(refused.verdict, v1::VERDICT_VOID);
    EXPECT_EQ(refused.reason, v1::REFUSAL_REASON_ROLE);
    EXPECT_EQ(CodeOf(refused), "actor_reserved");
  }
  EXPECT_EQ(node_.StateOf(created.key).status(), "diterima");
  node_.Take(Officer("timer-2").After(created).Go("diterima", "ditolak"));
}

// Reviews.

TEST_F(JudgeTest, WhoeverSawTheConflictMustSettleItInsteadOfWritingOver) {
  const Dispute d = DisputeTheCost();
  const SubmissionResult seen =
      node_.Push(siti_.Edit(d.created.key, Ids({d.five, d.six})).Set("biaya", Value::Integer(7)));
  EXPECT_EQ(seen.verdict, v1::VERDICT_VOID);
  EXPECT_EQ(seen.reason, v1::REFUSAL_REASON_UNDER_REVIEW);
  // Siti offline knows only of her own.
  node_.Take(siti_.After(d.five).Set("biaya", Value::Integer(8)));
  EXPECT_TRUE(node_.StateOf(d.created.key).UnderReview("biaya"));
}

TEST_F(JudgeTest, ASettlementEndsAReviewAndTheInboxForgetsIt) {
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

TEST_F(JudgeTest, OnlyTheRolesThatTheDefinitionNamesSettle) {
  const Dispute d = DisputeTheCost();
  const SubmissionResult result =
      node_.Push(siti_.Edit(d.created.key, Ids({d.five, d.six}))
                     .Settle("biaya", Ids({d.five, d.six}), Value::Integer(6)));
  EXPECT_EQ(result.reason, v1::REFUSAL_REASON_ROLE);
  EXPECT_TRUE(node_.StateOf(d.created.key).UnderReview("biaya"));
}

TEST_F(JudgeTest, ASettlementNamesEveryCandidateThatItsAuthorSaw) {
  const Dispute d = DisputeTheCost();
  const SubmissionResult result = node_.Push(head_.Edit(d.created.key, Ids({d.five, d.six}))
                                                 .Settle("biaya", {d.five.id}, Value::Integer(5)));
  EXPECT_EQ(result.verdict, v1::VERDICT_VOID);
  EXPECT_EQ(CodeOf(result), "settle_incomplete");
  EXPECT_EQ(result.violations[0].field, "biaya");
}

TEST_F(JudgeTest, TwoRacingSettlementsAreANewReviewThatCanBeSettled) {
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

TEST_F(JudgeTest, ACandidateThatComesLateReopensTheReview) {
  const Dispute d = DisputeTheCost();
  node_.Take(head_.Edit(d.created.key, Ids({d.five, d.six}))
                 .Settle("biaya", Ids({d.five, d.six}), Value::Integer(6)));
  node_.Take(Officer("hp-ani").After(d.created).Set("biaya", Value::Integer(9)));
  const State state = node_.StateOf(d.created.key);
  EXPECT_TRUE(state.UnderReview("biaya"));
  EXPECT_EQ(state.Find("biaya")->candidates.size(), 2u);
}

TEST_F(JudgeTest, NobodyPaysOutWhileTheStatusIsUnderReview) {
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

TEST_F(JudgeTest, WhatWasRefusedUnderReviewIsJudgedAnewWhenSentAfterTheSettlement) {
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

// What is refused and the room of what is taken.

TEST_F(JudgeTest, RefusalsLeaveStubsUpToTheirOwnLimitAndAreToldBeyondIt) {
  node_.is_home = false;  // no joining changes between
  const Written created = node_.Take(siti_.Create());
  std::vector<Submission> rubbish;
  for (size_t i = 0; i <= kRefusedChangesPerRequestMax; ++i) {
    rubbish.push_back(Sent(budi_.After(created).Set("tidak_ada", "x")));
  }
  const Outcome outcome = node_.Ingest(rubbish);
  for (const SubmissionResult& result : outcome.results) {
    ASSERT_EQ(result.verdict, v1::VERDICT_VOID);
    ASSERT_EQ(CodeOf(result), CodeOf(outcome.results.front()));
  }
  EXPECT_EQ(outcome.results[kRefusedChangesPerRequestMax - 1].seq,
            kRefusedChangesPerRequestMax + 1);
  EXPECT_EQ(outcome.results[kRefusedChangesPerRequestMax].seq, 0u) << "told, and not logged";
  EXPECT_EQ(node_.Request(created.key).local.refused_count, kRefusedChangesPerRequestMax);
  EXPECT_EQ(node_.Rows(Family::kLog).size(), kRefusedChangesPerRequestMax + 1);
  // Across a restart, too.
  node_.Start();
  EXPECT_EQ(node_.Push(budi_.After(created).Set("tidak_ada", "x")).seq, 0u);
  node_.Take(siti_.After(created).Set("judul", "tetap bisa"));
  EXPECT_EQ(node_.FieldText(created.key, "judul"), "tetap bisa");
}

TEST_F(JudgeTest, RefusedChangesDoNotCountAmongThoseThatARequestMayHave) {
  node_.is_home = false;
  const Written created = siti_.Create();
  std::vector<Submission> group{Sent(created)};
  Written last = created;
  for (size_t taken = 1; taken < kChangesPerRequestMax - 1; ++taken) {
    last = siti_.After(last).Set("prioritas", Value::Integer(1));
    group.push_back(Sent(last));
    // In groups: what one brings counts in full until it is written.
    if (group.size() == 1000) node_.Ingest(std::exchange(group, {}));
  }
  node_.Ingest(group);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(node_.Push(budi_.After(created).Set("tidak_ada", "x")).verdict, v1::VERDICT_VOID);
  }
  ASSERT_EQ(node_.StateOf(created.key).change_count, kChangesPerRequestMax + 2);
  last = node_.Take(siti_.After(last).Set("judul", "yang terakhir"));
  const SubmissionResult over = node_.Push(siti_.After(last).Set("judul", "satu terlalu banyak"));
  EXPECT_EQ(over.reason, v1::REFUSAL_REASON_LIMIT);
  EXPECT_EQ(CodeOf(over), "request_full");
  EXPECT_EQ(node_.FieldText(created.key, "judul"), "yang terakhir");
}

TEST_F(JudgeTest, ParentsThatNobodyHasDoNotCloseARequestWhenTheyCameWithRefusals) {
  const Written created = node_.Take(siti_.Create());
  uint64_t made_up = 0;
  std::vector<Submission> rubbish;
  while (made_up < 2 * kMissingParentsMax) {
    std::vector<ChangeId> parents;
    while (parents.size() < kParentsPerChangeMax) {
      parents.push_back(ChangeIdOf(Sha256(std::to_string(++made_up))));
    }
    rubbish.push_back(Sent(budi_.Edit(created.key, parents).Set("tidak_ada", "x")));
  }
  const Outcome outcome = node_.Ingest(rubbish);
  EXPECT_GT(outcome.results.front().seq, 0u);
  EXPECT_EQ(outcome.results.back().verdict, v1::VERDICT_VOID);
  EXPECT_EQ(outcome.results.back().seq, 0u);
  EXPECT_EQ(node_.Request(created.key).local.missing.size(), kMissingParentsBesideRefusedMax);
  node_.Take(siti_.After(created).Set("judul", "tetap bisa"));
}

TEST_F(JudgeTest, ARefusalThatTurnsIntoAnAcceptanceIsNoRefusalAnyMore) {
  const Dispute d = DisputeTheCost();
  const std::vector<ChangeId> both = Ids({d.five, d.six});
  const Written over = siti_.Edit(d.created.key, both).Set("biaya", Value::Integer(7));
  ASSERT_EQ(node_.Push(over).verdict, v1::VERDICT_VOID);
  EXPECT_EQ(node_.Request(d.created.key).local.refused_count, 1u);
  node_.Take(head_.Edit(d.created.key, both).Settle("biaya", both, Value::Integer(6)));
  node_.Take(over);
  EXPECT_EQ(node_.Request(d.created.key).local.refused_count, 0u);
}

}  // namespace
}  // namespace tikar::sync
