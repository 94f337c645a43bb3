// What taking a change costs: counted in reads of the history, never in seconds. That the three
// ways give the same bytes is what tests/property proves; here each is taken when README.md says
// so, and reads no more.
#include "sync/request_editor.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "kerinci_node.h"

namespace tikar::sync {
namespace {

// A request that an office has written to a thousand times, one edit after the other.
class LongRequestTest : public testing::Test {
 protected:
  static constexpr int kChanges = 1000;

  LongRequestTest() {
    chain_.push_back(office_.Create().Set("judul", "Jembatan").Set("deskripsi", "putus"));
    std::vector<Submission> submissions{Sent(chain_.back())};
    for (int i = 1; i < kChanges; ++i) {
      chain_.push_back(office_.After(chain_.back()).Set("prioritas", Value::Integer(i)));
      submissions.push_back(Sent(chain_.back()));
    }
    node_.Ingest(submissions);
    EXPECT_EQ(node_.StateOf(chain_[0].key).change_count, static_cast<uint32_t>(kChanges));
    before_ = node_.replica().counters();
  }

  // Reads since the last call, or since the thousand were taken.
  HistoryCounters Spent() {
    const HistoryCounters now = node_.replica().counters();
    const HistoryCounters spent{.headers_read = now.headers_read - before_.headers_read,
                                .bodies_read = now.bodies_read - before_.bodies_read,
                                .fast_forwards = now.fast_forwards - before_.fast_forwards,
                                .merges = now.merges - before_.merges,
                                .refolds = now.refolds - before_.refolds};
    before_ = now;
    return spent;
  }
  // The change that is `behind` changes behind the head.
  const Written& Behind(int behind) const { return chain_[kChanges - 1 - behind]; }

  // A mirror that gets the definition last folds everything at once.
  void ExpectStateOfAFullFold() {
    Node fresh(77, "", /*knows_definition=*/false);
    fresh.PullFrom(node_);
    fresh.AddDefinition(*Complaint());
    EXPECT_EQ(fresh.Bytes(chain_[0].key), node_.Bytes(chain_[0].key));
  }

  Officer office_{"kantor"}, siti_{"hp-siti"};
  Node node_{1};
  std::vector<Written> chain_;
  HistoryCounters before_;
};

TEST_F(LongRequestTest, AnEditOfTheHeadReadsNoHistory) {
  node_.Take(siti_.After(Behind(0)).Set("judul", "Jembatan putus"));
  const HistoryCounters spent = Spent();
  EXPECT_EQ(spent.fast_forwards, 1u);
  EXPECT_EQ(spent.merges, 0u);
  EXPECT_EQ(spent.refolds, 0u);
  EXPECT_LE(spent.headers_read, 2u) << "whether it is here, and its one parent";
  EXPECT_EQ(spent.bodies_read, 0u);
}

TEST_F(LongRequestTest, ACommentOnAnOldVersionReadsNoHistory) {
  node_.Take(siti_.After(Behind(500)).Comment("Bawa tali"));
  const HistoryCounters spent = Spent();
  EXPECT_EQ(spent.fast_forwards, 1u);
  EXPECT_LE(spent.headers_read, 2u);
  EXPECT_EQ(spent.bodies_read, 0u);
}

TEST_F(LongRequestTest, AMergeReadsAsManyHeadersAsItForksBehind) {
  for (const uint64_t behind : {1, 10, 100}) {
    node_.Take(siti_.After(Behind(static_cast<int>(behind))).Set("judul", "dari belakang"));
    const HistoryCounters spent = Spent();
    EXPECT_EQ(spent.merges, 1u);
    EXPECT_EQ(spent.refolds, 0u);
    EXPECT_LE(spent.headers_read, 2 * behind + 8) << behind << " behind";
    EXPECT_EQ(spent.bodies_read, 0u) << "headers only";
  }
  ExpectStateOfAFullFold();
}

TEST_F(LongRequestTest, AMergeOfMoneyReadsOnlyTheBodiesThatWroteTheSameField) {
  const Written cost = node_.Take(siti_.After(Behind(0)).Set("biaya", Value::Integer(5)));
  Spent();
  node_.Take(Officer("hp-budi").After(Behind(20)).Set("biaya", Value::Integer(6)));
  const HistoryCounters spent = Spent();
  EXPECT_EQ(spent.merges, 1u);
  EXPECT_EQ(spent.refolds, 0u);
  EXPECT_LE(spent.headers_read, 2 * 21u + 8);
  EXPECT_EQ(spent.bodies_read, 1u);
  EXPECT_TRUE(node_.StateOf(cost.key).UnderReview("biaya"));
  ExpectStateOfAFullFold();
}

TEST_F(LongRequestTest, APhonesOfflineChainBesideSomebodyElsesHeadIsFastForwardedButForItsFirst) {
  Written last = siti_.After(Behind(3)).Set("judul", "Jembatan 0").Set("biaya", Value::Integer(0));
  node_.Take(last);
  EXPECT_EQ(Spent().merges, 1u);
  for (int i = 1; i <= 50; ++i) {
    last = siti_.After(last)
               .Set("judul", "Jembatan " + std::to_string(i))
               .Set("biaya", Value::Integer(i))
               .Comment("ke-" + std::to_string(i));
    node_.Take(last);
  }
  const HistoryCounters spent = Spent();
  EXPECT_EQ(spent.fast_forwards, 50u);
  EXPECT_EQ(spent.merges, 0u);
  EXPECT_EQ(spent.refolds, 0u);
  EXPECT_LE(spent.headers_read, 2 * 50u);
  EXPECT_EQ(node_.Heads(last.key).size(), 2u);
  EXPECT_EQ(node_.FieldText(last.key, "judul"), "Jembatan 50");
  ExpectStateOfAFullFold();
}

TEST_F(LongRequestTest, ADuplicateReadsOneHeader) {
  EXPECT_TRUE(node_.Push(Behind(400)).duplicate);
  EXPECT_EQ(Spent().headers_read, 1u);
}

TEST_F(LongRequestTest, ATextMergeReadsBackToTheLastTextThatBothSidesSaw) {
  const Written text = node_.Take(siti_.After(Behind(0)).Set("deskripsi", "jembatan putus"));
  Written head = text;
  for (int i = 0; i < 10; ++i) {
    head = node_.Take(office_.After(head).Set("prioritas", Value::Integer(2000 + i)));
  }
  node_.Take(siti_.After(head).Set("deskripsi", "jembatan kayu putus"));
  Spent();
  node_.Take(Officer("hp-budi").After(head).Set("deskripsi", "jembatan putus total"));
  const HistoryCounters spent = Spent();
  EXPECT_EQ(node_.FieldText(text.key, "deskripsi"), "jembatan kayu putus total");
  EXPECT_EQ(spent.refolds, 0u);
  EXPECT_LE(spent.headers_read, 30u);
  // Both writers' and the base: what this group wrote itself is at hand.
  EXPECT_LE(spent.bodies_read, 2u);
  ExpectStateOfAFullFold();
}

TEST_F(LongRequestTest, WhatComesBeforeItsParentIsFoldedAgainOnceTheParentComes) {
  const Written parent = siti_.After(Behind(0)).Set("judul", "satu");
  const Written child = siti_.After(parent).Set("judul", "dua");
  node_.Take(child);
  EXPECT_EQ(Spent().refolds, 0u);
  node_.Take(parent);
  EXPECT_EQ(Spent().refolds, 1u);
  EXPECT_EQ(node_.FieldText(child.key, "judul"), "dua");
  EXPECT_EQ(node_.Heads(child.key), Ids({child}));
  ExpectStateOfAFullFold();
}

// A refold numbers the generations anew: merges afterwards stay bounded by them.
TEST_F(LongRequestTest, AfterALateParentMergesAreBoundedAsBefore) {
  const Written parent = siti_.After(Behind(0)).Set("judul", "satu");
  Written last = siti_.After(parent).Set("judul", "dua");
  node_.Take(last);
  for (int i = 0; i < 10; ++i) last = node_.Take(siti_.After(last).Set("tenggat", Value::Date(i)));
  node_.Take(parent);
  Spent();
  node_.Take(office_.After(parent).Set("judul", "tiga"));
  EXPECT_LE(Spent().headers_read, 2 * 11u + 8);
  ExpectStateOfAFullFold();
}

// The only way by which most requests come: it must not pay for what others need.
TEST_F(LongRequestTest, BesideATimerEverythingIsFoldedAgainAndAfterItNothing) {
  const Written closed =
      node_.TakeFromHome(Officer("timer", "").After(Behind(0)).Go("diterima", "ditolak"));
  EXPECT_EQ(Spent().refolds, 0u) << "it saw all heads";
  const Written after = node_.Take(siti_.After(closed).Set("judul", "Jembatan kayu"));
  EXPECT_EQ(Spent().fast_forwards, 1u);
  EXPECT_EQ(node_.FieldText(closed.key, "status"), "ditolak");
  node_.Take(Officer("hp-budi").After(Behind(0)).Comment("Belum selesai"));
  EXPECT_EQ(Spent().refolds, 1u);
  EXPECT_EQ(node_.FieldText(closed.key, "status"), "diterima");
  EXPECT_EQ(node_.StateOf(closed.key).EnteredAt("ditolak"), std::nullopt);
  EXPECT_EQ(node_.FieldText(closed.key, "judul"), "Jembatan kayu");
  // A timer that comes beside what is here.
  node_.TakeFromHome(Officer("timer", "").After(after).Go("ditolak", "diperiksa"));
  EXPECT_EQ(Spent().refolds, 1u);
  EXPECT_EQ(node_.FieldText(closed.key, "status"), "diterima");
  ExpectStateOfAFullFold();
}

TEST(TimerTest, ARebaseThatGivesWayWaitsForNoDefinitionAnyMore) {
  Node node(1);
  Officer siti("hp-siti");
  const Written created = node.Take(siti.Create().Set("judul", "satu"));
  node.TakeFromHome(Officer("timer", "").After(created).Rebase(*NewerComplaint()));
  EXPECT_EQ(node.StateOf(created.key).availability, v1::AVAILABILITY_NEEDS_DEFINITION);
  node.Take(siti.After(created).Retract());
  EXPECT_EQ(node.StateOf(created.key).availability, v1::AVAILABILITY_READY);
  EXPECT_EQ(node.StateOf(created.key).definition, Complaint()->hash());
}

TEST(FirstChangeTest, ACreateReadsNoHistoryAndFoldsNothing) {
  Node node(1);
  Officer siti("hp-siti");
  const Written created = node.Take(siti.Create()
                                        .Set("judul", "Jembatan")
                                        .Set("deskripsi", "putus")
                                        .Set("biaya", Value::Integer(5))
                                        .Comment("Bawa tali"));
  const HistoryCounters& spent = node.replica().counters();
  EXPECT_EQ(spent.headers_read, 0u);
  EXPECT_EQ(spent.bodies_read, 0u);
  EXPECT_EQ(spent.refolds, 0u);
  Node folded(2, "", /*knows_definition=*/false);
  folded.PullFrom(node);
  folded.AddDefinition(*Complaint());
  EXPECT_EQ(folded.replica().counters().refolds, 1u);
  EXPECT_EQ(folded.Bytes(created.key), node.Bytes(created.key));
  EXPECT_EQ(folded.Request(created.key).local.cover, node.Request(created.key).local.cover);
}

// What depends on more than each write by itself: those are folded.
TEST(FirstChangeTest, ACreateThatAlsoRetractsOrSettlesBeginsTheSameState) {
  Officer siti("hp-siti"), budi("hp-budi");
  for (const bool settles : {false, true}) {
    // Some other node took it, before it had the definition.
    Node lenient(3, "", /*knows_definition=*/false), direct(1), folded(2, "", false);
    Draft draft = siti.Create().Set("judul", "Jembatan");
    const Written created =
        settles ? draft.Settle("biaya", {ChangeIdOf(Sha256("x"))}, Value::Integer(5))
                : draft.Retract();
    lenient.Take(created);
    lenient.Take(budi.Create());
    direct.PullFrom(lenient);
    folded.PullFrom(lenient);
    folded.AddDefinition(*Complaint());
    EXPECT_EQ(direct.Bytes(created.key), folded.Bytes(created.key));
    EXPECT_EQ(direct.Request(created.key).local.disputed,
              folded.Request(created.key).local.disputed);
    EXPECT_EQ(direct.Request(created.key).local.retract_open, !settles);
  }
}

TEST(ElementCountsTest, FollowWhatIsAddedAndRemoved) {
  Node node(1);
  Officer siti("hp-siti");
  const Written created = node.Take(siti.Create().Comment("satu").Comment("dua"));
  const auto count = [&] { return node.Request(created.key).local.ElementCount("comments"); };
  EXPECT_EQ(count(), 2u);
  const Written removed =
      node.Take(siti.After(created).Remove(ElementPath("comments", created.id, 1)));
  EXPECT_EQ(count(), 1u);
  node.Take(siti.After(removed).Set(ElementPath("comments", created.id, 1), "kembali"));
  EXPECT_EQ(count(), 2u);
}

}  // namespace
}  // namespace tikar::sync
