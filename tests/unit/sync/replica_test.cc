// Starting over a store: clocks, origins, upgrades, damage.
#include "sync/replica.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "replica_fixture.h"
#include "sync/keys.h"
#include "sync/limits.h"

namespace tikar::sync {
namespace {

using ::testing::HasSubstr;

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

TEST_F(ReplicaTest, WhoKnowsMoreOfThePlaceDecidesWhetherTheStoreMoved) {
  Node node(7, "mesin");
  const Origin origin = node.origin();
  std::string asked;
  node.why_moved = [&asked](std::string_view stored, std::string_view now) {
    asked = std::string(stored) + " -> " + std::string(now);
    return now == "mesin, salinan" ? "the directory is a copy" : "";
  };
  node.MoveToMachine("mesin, direktori");
  EXPECT_EQ(asked, "mesin -> mesin, direktori");
  EXPECT_EQ(node.new_origin_reason, "");
  EXPECT_EQ(node.origin(), origin);
  node.Start();
  EXPECT_EQ(asked, "mesin, direktori -> mesin, direktori") << "what is known now was noted";
  node.MoveToMachine("mesin, salinan");
  EXPECT_EQ(node.new_origin_reason, "the directory is a copy");
  EXPECT_NE(node.origin(), origin);
}

TEST_F(ReplicaTest, AStoreThatNeverKnewItsPlaceIsAskedAboutToo) {
  Node node(7);
  const Origin origin = node.origin();
  node.why_moved = [](std::string_view, std::string_view) { return "restored from backup 3"; };
  node.MoveToMachine("mesin");
  EXPECT_EQ(node.new_origin_reason, "restored from backup 3");
  EXPECT_NE(node.origin(), origin);
}

// Upgrades.

// An older build: it knows nothing beyond Create, SetField, ClearField and Transition.
constexpr FoldCapability kBeforeElements = {.mutation_kind = v1::Mutation::kTransitionFieldNumber,
                                            .value_kind = kFoldCapability.value_kind,
                                            .merge_version = kFoldCapability.merge_version};
// One that knows a Create and nothing else: of an edit it knows not even which fields it writes.
constexpr FoldCapability kCreatesOnly = {.mutation_kind = v1::Mutation::kCreateFieldNumber,
                                         .value_kind = kFoldCapability.value_kind,
                                         .merge_version = kFoldCapability.merge_version};

class UpgradeTest : public ReplicaTest {
 protected:
  static Node OlderNode(const FoldCapability& capability) {
    return Node(2, "", /*knows_definition=*/true, capability);
  }
  static void Upgrade(Node& node) {
    node.capability = kFoldCapability;
    node.Start();
  }
};

TEST_F(UpgradeTest, ARequestThatWaitedForANewerServerIsFoldedAgainByIt) {
  Node node = OlderNode(kBeforeElements);
  const Written created = siti_.Create().Set("judul", "satu");
  const Written commented = siti_.After(created).Set("judul", "dua").Comment("Bawa tali");
  for (const Written& change : {created, commented}) node.Take(change), node_.Take(change);
  EXPECT_EQ(node.StateOf(created.key).availability, v1::AVAILABILITY_NEEDS_NEWER_SERVER);
  EXPECT_EQ(node.Region().waiting(), 1u);
  EXPECT_EQ(node.Rows(Family::kRequests, keys::kNewerPrefix).size(), 1u);
  const uint64_t position = node.Region().feed_position();

  Upgrade(node);
  EXPECT_EQ(node.StateOf(created.key).availability, v1::AVAILABILITY_READY);
  EXPECT_EQ(node.Bytes(created.key), node_.Bytes(created.key));
  EXPECT_EQ(node.Region().waiting(), 0u);
  EXPECT_EQ(node.Region().feed_position(), position + 1) << "phones are told";
  EXPECT_TRUE(node.Rows(Family::kRequests, keys::kNewerPrefix).empty());
}

TEST_F(UpgradeTest, WhatAnOlderBuildCouldNotReadIsMergedWithAfterwards) {
  Node node = OlderNode(kCreatesOnly);
  const Written created = siti_.Create();
  const Written five = siti_.After(created).Set("biaya", Value::Integer(5)).Set("deskripsi", "a b");
  const Written later = siti_.After(five).Set("deskripsi", "a b c").Comment("Bawa tali");
  for (const Written& change : {created, five, later}) node.Take(change), node_.Take(change);
  Upgrade(node);
  const Written six = budi_.After(created).Set("biaya", Value::Integer(6));
  const Written text = budi_.After(five).Set("deskripsi", "x a b");
  for (const Written& change : {six, text}) node.Take(change), node_.Take(change);
  EXPECT_TRUE(node.StateOf(created.key).UnderReview("biaya"));
  EXPECT_EQ(node.FieldText(created.key, "deskripsi"), "x a b c");
  EXPECT_EQ(node.Bytes(created.key), node_.Bytes(created.key));
}

TEST_F(UpgradeTest, AKindOfValueAndAMergeVersionAreWaitedForLikeAKindOfMutation) {
  FoldCapability texts_only = kFoldCapability, no_merge = kFoldCapability;
  texts_only.value_kind = v1::Value::kTextFieldNumber;
  no_merge.merge_version = 0;
  for (const FoldCapability& capability : {texts_only, no_merge}) {
    Node node = OlderNode(capability), always(3);
    const Written created = siti_.Create();
    const Written edited = siti_.After(created).Set("prioritas", Value::Integer(5));
    for (const Written& change : {created, edited}) node.Take(change), always.Take(change);
    EXPECT_EQ(node.StateOf(created.key).availability, v1::AVAILABILITY_NEEDS_NEWER_SERVER);
    Upgrade(node);
    EXPECT_EQ(node.Bytes(created.key), always.Bytes(created.key));
  }
}

TEST_F(UpgradeTest, ARefusalThatAnOlderBuildCouldNotReadIsReadWhenItTurnsIntoAnAcceptance) {
  Node node = OlderNode(kCreatesOnly), lenient(3, "", /*knows_definition=*/false);
  const Written created = siti_.Create();
  node.Take(created), lenient.Take(created), node_.Take(created);
  const Written odd = Officer("hp-ani", "tamu").After(created).Set("biaya", Value::Integer(5));
  EXPECT_EQ(node.Push(odd).verdict, v1::VERDICT_VOID);
  EXPECT_EQ(node.StateOf(created.key).availability, v1::AVAILABILITY_READY);
  lenient.Take(odd);
  Upgrade(node);
  for (Node* taking : {&node, &node_}) {
    taking->PullFrom(lenient);
    taking->Take(budi_.After(created).Set("judul", "lain"));
  }
  const Written six = siti_.After(created).Set("biaya", Value::Integer(6));
  node.Take(six), node_.Take(six);
  EXPECT_TRUE(node.StateOf(created.key).UnderReview("biaya"));
  EXPECT_EQ(node.StateOf(created.key).Find("biaya")->candidates,
            node_.StateOf(created.key).Find("biaya")->candidates);
}

TEST_F(UpgradeTest, WhatIsBeyondTheNewerBuildTooWaitsOnAndIsNotFoldedAtEachStart) {
  Node node = OlderNode(kBeforeElements);
  const Written created = node.Take(siti_.Create());
  node.Take(siti_.After(created).AddNewerKind());
  Upgrade(node);
  EXPECT_EQ(node.replica().counters().refolds, 1u);
  EXPECT_EQ(node.StateOf(created.key).availability, v1::AVAILABILITY_NEEDS_NEWER_SERVER);
  EXPECT_EQ(node.Region().waiting(), 1u);
  node.Start();
  EXPECT_EQ(node.replica().counters().refolds, 0u);
}

TEST_F(UpgradeTest, AnUpgradeGoesInGroupsAndGoesOnWhereItWasInterrupted) {
  Node node = OlderNode(kBeforeElements);
  const size_t requests = kUpgradesPerGroupMax + 40;
  std::vector<Submission> group;
  std::vector<RequestKey> keys;
  for (size_t i = 0; i < requests; ++i) {
    const Written created = siti_.Create().Comment("Bawa tali");
    keys.push_back(created.key);
    group.push_back(Sent(created));
  }
  node.Ingest(group);
  ASSERT_EQ(node.Region().waiting(), requests);
  node.finishes_upgrades = false;
  Upgrade(node);
  ASSERT_TRUE(node.replica().upgrading());
  // Work goes on meanwhile, and what it touches is still folded in its turn.
  const Written edited = siti_.Edit(keys.back(), node.Heads(keys.back())).Set("judul", "satu");
  node.Take(edited);
  node.Upgrade();
  EXPECT_TRUE(node.replica().upgrading());
  EXPECT_EQ(node.Region().waiting(), 40u);

  node.Start();  // it was killed
  ASSERT_TRUE(node.replica().upgrading());
  node.Upgrade();
  EXPECT_FALSE(node.replica().upgrading());
  EXPECT_EQ(node.replica().counters().refolds, 40u) << "only what was left";
  EXPECT_EQ(node.Region().waiting(), 0u);
  EXPECT_EQ(node.FieldText(keys.back(), "judul"), "satu");
}

TEST_F(UpgradeTest, AnOlderBuildDoesNotOpenWhatANewerOneFolded) {
  Node node = OlderNode(kFoldCapability);
  node.Take(siti_.Create());
  Replica::Options options;
  options.random = [] { return uint64_t{1}; };
  options.capability = kBeforeElements;
  const absl::Status status = Replica::Open(node.reader(), options).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("upgrade tikard"));
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

TEST_F(ReplicaTest, ADamagedRowOfTheVersionVectorIsNamedAndNotTakenForNothing) {
  const Written created = node_.Take(siti_.Create());
  for (const std::string& damaged :
       {std::string("\x80"), std::string("\x01x"), std::string(1, 0)}) {
    Node mirror(2);
    mirror.PullFrom(node_);
    WriteBatch batch;
    batch.Put(Family::kMeta, keys::Position(kKerinci, node_.origin()), damaged);
    ASSERT_TRUE(mirror.store().Write(batch).ok());
    const absl::Status listed = LoadVersionVector(mirror.reader(), kKerinci).status();
    EXPECT_EQ(listed.code(), absl::StatusCode::kDataLoss);
    EXPECT_THAT(std::string(listed.message()), HasSubstr("vv/15.01/"));
    mirror.Start();
    node_.Take(siti_.After(created).Set("judul", "satu"));
    std::vector<v1::Entry> entries = node_.EntriesAfter({});
    EXPECT_EQ(mirror.ReceiveStatus({entries.back()}).code(), absl::StatusCode::kDataLoss);
  }
}

}  // namespace
}  // namespace tikar::sync
