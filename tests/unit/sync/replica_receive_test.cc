// Taking what other nodes logged: convergence, version vectors, restores, forks.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "replica_fixture.h"
#include "sync/replica.h"

namespace tikar::sync {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

using ReplicaReceiveTest = ReplicaTest;

TEST_F(ReplicaReceiveTest, TwoNodesThatExchangedEverythingHoldTheSameBytes) {
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

TEST_F(ReplicaReceiveTest, ReceivingAgainChangesNothing) {
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

TEST_F(ReplicaReceiveTest, EntriesInAnyOrderEndInTheSameState) {
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

TEST_F(ReplicaReceiveTest, TheVersionVectorWaitsBeforeAGap) {
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

TEST_F(ReplicaReceiveTest, TheVersionVectorWaitsForADefinitionThatIsMissing) {
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

TEST_F(ReplicaReceiveTest, ALogWhoseFirstEntryWaitsGoesOnWhenTheDefinitionComes) {
  node_.AddDefinition(*NewerComplaint());
  const Written pinned = node_.Take(siti_.Create(kTamiai, *NewerComplaint()).Set("judul", "Lampu"));
  node_.Take(siti_.After(pinned).Set("judul", "Lampu padam"));
  Node mirror(2);
  mirror.PullFrom(node_);
  EXPECT_EQ(mirror.Vector().Get(node_.origin()), 0u);
  mirror.AddDefinition(*NewerComplaint());
  EXPECT_EQ(mirror.Vector().Get(node_.origin()), 2u);
  EXPECT_EQ(mirror.EntriesAfter({}).size(), 2u) << "what is held whole is passed on";
}

TEST_F(ReplicaReceiveTest, ARequestWaitsForItsDefinitionAcrossARestart) {
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

TEST_F(ReplicaReceiveTest, AMirrorNeverJudgesTheContent) {
  // Taken by a node that knows no definition; no other would have.
  Node lenient(2, "", /*knows_definition=*/false);
  const Written created = lenient.Take(siti_.Create());
  const Written odd = lenient.Take(siti_.After(created).Set("tidak_ada", "x"));
  node_.PullFrom(lenient);
  EXPECT_EQ(node_.FieldText(created.key, "tidak_ada"), "x");
  EXPECT_EQ(node_.Heads(created.key), Ids({odd}));
}

TEST_F(ReplicaReceiveTest, OneNodesAcceptanceOutweighsAnothersRefusal) {
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

TEST_F(ReplicaReceiveTest, ASecondStampTouchesTheFeedOnlyWhenItImprovesTheFirst) {
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

TEST_F(ReplicaReceiveTest, EntriesComeInPagesOfAnySizeWithoutGaps) {
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

TEST_F(ReplicaReceiveTest, WhatAMirrorPassesOnIsWhatTheFirstNodeWrote) {
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

TEST_F(ReplicaReceiveTest, RegionsDoNotMix) {
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

TEST_F(ReplicaReceiveTest, ARestoredNodeTakesBackItsLostEntriesUnderANewOrigin) {
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

TEST_F(ReplicaReceiveTest, TwoCopiesThatBothWroteAreAForkThatNobodyTakesOver) {
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

TEST_F(ReplicaReceiveTest, AForkWithinOneCallIsAForkToo) {
  Node left(5), right(5), mirror(2);
  left.Take(siti_.Create());
  right.Take(budi_.Create());
  const absl::Status status =
      mirror.ReceiveStatus({left.EntriesAfter({})[0], right.EntriesAfter({})[0]});
  EXPECT_THAT(std::string(status.message()), HasSubstr("forked"));
}

TEST_F(ReplicaReceiveTest, EntriesThatContradictThemselvesAreRefusedWhole) {
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

TEST_F(ReplicaReceiveTest, AnEditThatIsNoMoreThanItsIdFindsItsBodyLater) {
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

}  // namespace
}  // namespace tikar::sync
