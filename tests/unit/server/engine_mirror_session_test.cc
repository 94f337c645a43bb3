// Nodes that mirror each other: what goes over the wire, and what they hold afterwards.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "engine_mirrors.h"
#include "server/engine/limits.h"
#include "server/engine/mirror_session.h"
#include "sync/change.h"

namespace tikar::server {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(MirrorSessionTest, TwoNodesEndWithTheSame) {
  MirrorNode kerinci("kerinci"), hub("hub");
  kerinci.AddForm();
  for (int i = 0; i < 20; ++i) kerinci.File(i);
  hub.AddForm();
  for (int i = 0; i < 30; ++i) hub.File(i);
  MirrorWire wire(&kerinci, &hub, "hub");
  ASSERT_TRUE(SettleAll({&kerinci, &hub}, {&wire}));
  EXPECT_EQ(kerinci.Entries(), 50u);
  EXPECT_EQ(kerinci.Vector(), hub.Vector());
  EXPECT_EQ(kerinci.States(), hub.States());
  EXPECT_EQ(wire.entries(0), 20u) << "each entry goes once, and none goes back";
  EXPECT_EQ(wire.entries(1), 30u);
}

TEST(MirrorSessionTest, WhatIsWrittenWhileConnectedArrivesBothWays) {
  MirrorNode kerinci("kerinci"), hub("hub");
  kerinci.AddForm();
  MirrorWire wire(&kerinci, &hub);
  ASSERT_TRUE(SettleAll({&kerinci, &hub}, {&wire}));
  kerinci.Submit(Complaint("petugas-1", 1));
  hub.Submit(Complaint("petugas-2", 2));
  ASSERT_TRUE(SettleAll({&kerinci, &hub}, {&wire}));
  EXPECT_EQ(hub.Entries(), 2u);
  EXPECT_EQ(kerinci.States(), hub.States());
  EXPECT_EQ(wire.entries(0), 1u);
  EXPECT_EQ(wire.entries(1), 1u);
}

TEST(MirrorSessionTest, OnlyWhatBothMirrorTravels) {
  MirrorNode kerinci("kerinci", {.regions = {"15.01", "15.02"}});
  MirrorNode hub("hub", {.regions = {"*"}});
  hub.AddForm();
  hub.File(1, "15.01");
  hub.File(2, "12.04");
  hub.File(3, "15.02");
  hub.Adopt(1, "12.04");
  MirrorWire wire(&kerinci, &hub);
  ASSERT_TRUE(SettleAll({&kerinci, &hub}, {&wire}));
  EXPECT_EQ(kerinci.Entries("15.01"), 1u);
  EXPECT_EQ(kerinci.Entries("15.02"), 1u);
  EXPECT_EQ(kerinci.Entries("12.04"), 0u);
  EXPECT_FALSE(kerinci.Offer("12.04").has_value());
}

TEST(MirrorSessionTest, ARegionThatIsNewIsMirroredAtOnce) {
  MirrorNode hub("hub"), second_hub("hub-2");
  hub.AddForm();
  MirrorWire wire(&hub, &second_hub);
  ASSERT_TRUE(SettleAll({&hub, &second_hub}, {&wire}));
  hub.Submit(Complaint("petugas-1", 1, 0, "91.03"));
  ASSERT_TRUE(SettleAll({&hub, &second_hub}, {&wire}));
  EXPECT_EQ(second_hub.Entries("91.03"), 1u);
}

TEST(MirrorSessionTest, NothingLeavesBeforeItsFsync) {
  MirrorNode kerinci("kerinci"), hub("hub");
  kerinci.AddForm();
  MirrorWire wire(&kerinci, &hub);
  ASSERT_TRUE(SettleAll({&kerinci, &hub}, {&wire}));
  kerinci.Submit(Complaint("petugas-1", 1));
  ASSERT_TRUE(kerinci.engine().Step(Engine::Work::kSequencer));
  kerinci.now_ms_ += kTickMs;
  wire.session(0).OnTick(kerinci.now_ms_);
  while (kerinci.engine().Step(Engine::Work::kRead) || wire.Step() || hub.Step()) {
  }
  EXPECT_EQ(wire.entries(0), 0u) << "written, not synced";
  ASSERT_TRUE(SettleAll({&kerinci, &hub}, {&wire}));
  EXPECT_EQ(wire.entries(0), 1u);
  EXPECT_EQ(hub.Entries(), 1u);
}

// What the peer is told is held is on disk, and the table knows it of the peer.
TEST(MirrorSessionTest, ThePeerIsCountedOnOnlyForWhatIsOnItsDisk) {
  MirrorNode kerinci("kerinci"), hub("hub");
  kerinci.AddForm();
  MirrorWire wire(&kerinci, &hub);
  ASSERT_TRUE(SettleAll({&kerinci, &hub}, {&wire}));
  kerinci.File(1);
  const auto link = kerinci.engine().mirrors().Find("hub");
  ASSERT_NE(link, nullptr);
  // All but the fsync of the hub.
  while (kerinci.Step() || wire.Step() || hub.engine().Step(Engine::Work::kRead) ||
         hub.engine().Step(Engine::Work::kSequencer)) {
  }
  EXPECT_EQ(wire.entries(0), 1u);
  EXPECT_TRUE(link->DurableAt("15.01").empty());
  ASSERT_TRUE(SettleAll({&kerinci, &hub}, {&wire}));
  EXPECT_EQ(link->DurableAt("15.01"), kerinci.Vector());
  v1::PeerStatus status;
  ASSERT_TRUE(link->Describe(kerinci.Current(), kerinci.now_ms_, &status).ok());
  EXPECT_EQ(status.outgoing().lag_entries(), 0u);
  EXPECT_EQ(status.outgoing().entries(), 1u);
}

TEST(MirrorSessionTest, ALinkThatBreaksInTheMiddleGoesOnWhereItWas) {
  MirrorNode kerinci("kerinci"), hub("hub");
  kerinci.AddForm();
  constexpr uint64_t kRequests = 200;
  for (uint64_t i = 0; i < kRequests; ++i) kerinci.File(static_cast<int>(i), "15.01", 8'000);
  uint64_t at_hub = 0;
  {
    MirrorWire wire(&kerinci, &hub);
    while (hub.Entries() == 0) {
      ASSERT_TRUE(kerinci.Step() || wire.Step() || hub.Step());
    }
    wire.Cut();
    hub.Settle();
    at_hub = hub.Entries();
    EXPECT_GT(at_hub, 0u);
    EXPECT_LT(at_hub, kRequests);
  }
  MirrorWire wire(&kerinci, &hub);
  ASSERT_TRUE(SettleAll({&kerinci, &hub}, {&wire}));
  EXPECT_EQ(hub.Entries(), kRequests);
  EXPECT_EQ(wire.entries(0), kRequests - at_hub);
  EXPECT_EQ(kerinci.States(), hub.States());
}

TEST(MirrorSessionTest, ANodeThatLostPowerGetsWhatItHadNotSynced) {
  MirrorNode kerinci("kerinci"), hub("hub");
  kerinci.AddForm();
  for (int i = 0; i < 50; ++i) kerinci.File(i, "15.01", 8'000);
  {
    MirrorWire wire(&kerinci, &hub);
    // The last group is written and not synced.
    while (kerinci.Step() || wire.Step() || hub.engine().Step(Engine::Work::kRead) ||
           hub.engine().Step(Engine::Work::kSequencer)) {
    }
    EXPECT_EQ(hub.Entries(), 0u);
    wire.Cut();
  }
  hub.Restart();
  MirrorWire wire(&kerinci, &hub);
  ASSERT_TRUE(SettleAll({&kerinci, &hub}, {&wire}));
  EXPECT_EQ(hub.Entries(), 50u);
  EXPECT_EQ(kerinci.States(), hub.States());
}

TEST(MirrorSessionTest, InARingEverybodyGetsEverythingAndThenThereIsQuiet) {
  MirrorNode kerinci("kerinci"), nias("nias"), hub("hub");
  kerinci.AddForm();
  MirrorWire a(&kerinci, &nias), b(&nias, &hub), c(&hub, &kerinci);
  const std::vector<MirrorNode*> nodes = {&kerinci, &nias, &hub};
  const std::vector<MirrorWire*> wires = {&a, &b, &c};
  ASSERT_TRUE(SettleAll(nodes, wires));
  for (int i = 0; i < 30; ++i) {
    nodes[static_cast<size_t>(i % 3)]->Submit(Complaint("petugas-1", i));
    ASSERT_TRUE(SettleAll(nodes, wires)) << "messages go round for ever";
  }
  for (const MirrorNode* node : nodes) {
    EXPECT_EQ(node->Entries(), 30u) << node->name();
    EXPECT_EQ(node->States(), hub.States()) << node->name();
  }
  // Cut at one place, a ring is a chain.
  b.Cut();
  nias.Submit(Complaint("petugas-1", 100));
  ASSERT_TRUE(SettleAll(nodes, {&a, &c}));
  EXPECT_EQ(hub.Entries(), 31u);
}

// The same change, sent to two nodes by a phone that retried, is one change and two entries.
TEST(MirrorSessionTest, AChangeThatTwoNodesTookIsOne) {
  MirrorNode kerinci("kerinci"), hub("hub");
  kerinci.AddForm();
  hub.AddForm();
  const std::string body = Complaint("petugas-1", 1);
  kerinci.Submit(body);
  hub.Submit(body);
  kerinci.Settle();
  hub.Settle();
  MirrorWire wire(&kerinci, &hub);
  ASSERT_TRUE(SettleAll({&kerinci, &hub}, {&wire}));
  EXPECT_EQ(kerinci.Vector(), hub.Vector());
  EXPECT_EQ(kerinci.Entries(), 2u);
  EXPECT_EQ(kerinci.States(), hub.States());
}

// Such an entry touches no feed, so no commit wakes the next link of a chain: the tick does.
TEST(MirrorSessionTest, ALogThatGrowsWithoutItsFeedIsPassedOnByTheTick) {
  MirrorNode kerinci("kerinci"), hub("hub"), archive("archive");
  for (MirrorNode* node : {&kerinci, &hub, &archive}) node->AddForm();
  const std::string body = Complaint("petugas-1", 1);
  hub.Submit(body);
  hub.Settle();
  MirrorWire chain(&hub, &archive);
  ASSERT_TRUE(SettleAll({&hub, &archive}, {&chain}));
  kerinci.now_ms_ += 1'000;  // Stamps later, so that nothing of it improves the joined stamp.
  kerinci.Submit(body);
  kerinci.Settle();
  MirrorWire wire(&kerinci, &hub);
  ASSERT_TRUE(SettleAll({&kerinci, &hub, &archive}, {&wire, &chain}));
  chain.session(0).OnTick(hub.now_ms_);
  ASSERT_TRUE(SettleAll({&kerinci, &hub, &archive}, {&wire, &chain}));
  EXPECT_EQ(archive.Entries(), 2u);
}

TEST(MirrorSessionTest, ADefinitionComesBeforeWhatPinsIt) {
  MirrorNode kerinci("kerinci"), hub("hub");
  kerinci.AddForm();
  kerinci.File(1);
  MirrorWire wire(&kerinci, &hub);
  ASSERT_TRUE(SettleAll({&kerinci, &hub}, {&wire}));
  EXPECT_EQ(hub.Entries(), 1u) << "held, for the definition is here";
  EXPECT_EQ(kerinci.States(), hub.States());
  // One that is published while connected, and pinned by nothing yet.
  kerinci.AddForm(2);
  wire.session(0).OnTick(kerinci.now_ms_);
  ASSERT_TRUE(SettleAll({&kerinci, &hub}, {&wire}));
  EXPECT_NE(hub.Current().definitions->Find(sync::Sha256(ComplaintFormBytes(2))), nullptr);
  // It does not come back.
  const uint64_t batches = wire.batches(1);
  wire.session(1).OnTick(hub.now_ms_);
  ASSERT_TRUE(SettleAll({&kerinci, &hub}, {&wire}));
  EXPECT_EQ(wire.batches(1), batches);
}

TEST(MirrorSessionTest, WhatRegionsAdoptedEndsTheSameOnAllMirrors) {
  // The hub's clock is a day ahead.
  MirrorNode kerinci("kerinci"), hub("hub", {.clock_ahead_ms = 86'400'000});
  kerinci.AddForm(1);
  kerinci.AddForm(2);
  kerinci.AddForm(3);
  MirrorWire wire(&kerinci, &hub);
  ASSERT_TRUE(SettleAll({&kerinci, &hub}, {&wire}));
  kerinci.Adopt(1);
  hub.Adopt(2);
  ASSERT_TRUE(SettleAll({&kerinci, &hub}, {&wire}));
  ASSERT_TRUE(kerinci.Offer().has_value());
  EXPECT_EQ(kerinci.Offer(), hub.Offer());
  EXPECT_EQ(kerinci.Offer()->actor, "kantor-hub") << "the later one";
  // Kerinci adopts after it has seen that: its clock does not make it the earlier one.
  kerinci.Adopt(3);
  ASSERT_TRUE(SettleAll({&kerinci, &hub}, {&wire}));
  EXPECT_EQ(kerinci.Offer()->definition, sync::Sha256(ComplaintFormBytes(3)));
  EXPECT_EQ(kerinci.Offer(), hub.Offer());
}

TEST(MirrorSessionTest, APeerThatStoresNothingHoldsNobodyUp) {
  MirrorNode kerinci("kerinci"), stuck("stuck"), hub("hub");
  kerinci.AddForm();
  constexpr int kRequests = 600;
  for (int i = 0; i < kRequests; ++i) kerinci.File(i, "15.01", 12'000);
  MirrorWire slow(&kerinci, &stuck), good(&kerinci, &hub);
  // The other node takes its hello, and then its disk hangs.
  while (kerinci.Step() || slow.Step() || good.Step() || hub.Step() ||
         stuck.engine().Step(Engine::Work::kRead)) {
  }
  EXPECT_EQ(slow.batches(0), kMirrorBatchesInFlightMax) << "credit is all that it gets";
  EXPECT_EQ(hub.Entries(), uint64_t{kRequests});
  // It wakes up, and gets the rest.
  ASSERT_TRUE(SettleAll({&kerinci, &stuck, &hub}, {&slow, &good}));
  EXPECT_EQ(stuck.Entries(), uint64_t{kRequests});
}

TEST(MirrorSessionTest, APeerThatDoesNotReadIsEndedInTime) {
  MirrorNode kerinci("kerinci"), hub("hub");
  kerinci.AddForm();
  auto wire = std::make_unique<MirrorWire>(&kerinci, &hub);
  kerinci.Settle();
  // The hello is being written, and never taken.
  kerinci.now_ms_ += kWriteStalledMsMax + 1;
  wire->session(0).OnTick(kerinci.now_ms_);
  ASSERT_TRUE(SettleAll({&kerinci}, {}));
  EXPECT_TRUE(wire->finished(0));
  EXPECT_EQ(wire->status(0).code(), absl::StatusCode::kInvalidArgument) << wire->status(0);
}

// One log has forked; the others must not suffer.
TEST(MirrorSessionTest, ALogThatForkedIsRefusedAndAllElseGoesOn) {
  MirrorNode kerinci("kerinci", {.origin_seed = 7}), copy("copy", {.origin_seed = 7});
  MirrorNode hub("hub"), other("other");
  for (MirrorNode* node : {&kerinci, &copy, &hub, &other}) node->AddForm();
  MirrorWire from_other(&other, &copy), first(&kerinci, &hub), second(&copy, &hub);
  const std::vector<MirrorNode*> nodes = {&kerinci, &copy, &hub, &other};
  ASSERT_TRUE(SettleAll(nodes, {&from_other, &first, &second}));
  // Both leave before the hub has told either of the other's.
  kerinci.File(1);
  copy.File(2);
  other.File(3, "12.04");
  ASSERT_TRUE(SettleAll({&other, &copy}, {&from_other}));
  ASSERT_TRUE(SettleAll(nodes, {&from_other, &first, &second}));
  EXPECT_EQ(hub.Entries("12.04"), 1u);
  EXPECT_EQ(hub.Entries("15.01"), 1u);
  EXPECT_FALSE(second.finished(1));
  v1::PeerStatus status;
  const auto link = hub.engine().mirrors().Find("copy");
  ASSERT_NE(link, nullptr);
  ASSERT_TRUE(link->Describe(hub.Current(), hub.now_ms_, &status).ok());
  EXPECT_EQ(status.entries_refused(), 1u);
  EXPECT_THAT(status.last_error(), HasSubstr("forked"));
}

TEST(MirrorSessionTest, OfTwoLiveNodesInOneLogOneBeginsANewOne) {
  MirrorNode kerinci("kerinci", {.origin_seed = 7}), copy("copy", {.origin_seed = 7});
  ASSERT_EQ(kerinci.engine().origin(), copy.engine().origin());
  const sync::Origin shared = kerinci.engine().origin();
  MirrorWire wire(&kerinci, &copy);
  ASSERT_TRUE(SettleAll({&kerinci, &copy}, {&wire}));
  EXPECT_NE(kerinci.engine().origin(), copy.engine().origin());
  const bool kerinci_is_larger = kerinci.engine().instance() > copy.engine().instance();
  EXPECT_EQ((kerinci_is_larger ? copy : kerinci).engine().origin(), shared) << "one of them stays";
  for (MirrorNode* node : {&kerinci, &copy}) {
    node->AddForm();
    node->File(1);
  }
  ASSERT_TRUE(SettleAll({&kerinci, &copy}, {&wire}));
  EXPECT_EQ(kerinci.Vector().positions().size(), 2u);
  EXPECT_EQ(kerinci.Vector(), copy.Vector());
  EXPECT_EQ(kerinci.States(), copy.States());
}

TEST(MirrorSessionTest, NodesThatDialEachOtherKeepOneConnection) {
  MirrorNode kerinci("kerinci"), hub("hub");
  MirrorWire there(&kerinci, &hub), back(&hub, &kerinci);
  ASSERT_TRUE(SettleAll({&kerinci, &hub}, {&there, &back}));
  EXPECT_NE(there.finished(0), back.finished(0)) << "one stays";
  EXPECT_EQ(there.finished(0), there.finished(1)) << "and both sides keep the same";
  EXPECT_EQ(back.finished(0), back.finished(1));
  EXPECT_NE(kerinci.engine().mirrors().Find("hub"), nullptr);
  EXPECT_NE(hub.engine().mirrors().Find("kerinci"), nullptr);
}

TEST(MirrorSessionTest, ANodeThatDialsAnewReplacesItsOldConnection) {
  MirrorNode kerinci("kerinci"), hub("hub");
  MirrorWire old(&kerinci, &hub);
  ASSERT_TRUE(SettleAll({&kerinci, &hub}, {&old}));
  MirrorWire anew(&kerinci, &hub);
  ASSERT_TRUE(SettleAll({&kerinci, &hub}, {&old, &anew}));
  EXPECT_TRUE(old.finished(1));
  EXPECT_FALSE(anew.finished(1));
  EXPECT_EQ(hub.engine().mirrors().Find("kerinci"), anew.session(1).link());
}

TEST(MirrorSessionTest, WhoIsNotTheOneToMirrorWithIsToldWhy) {
  MirrorNode kerinci("kerinci", {.regions = {"15.01"}}), hub("hub");
  MirrorNode namesake("kerinci", {.process_seed = 1}), nias("nias", {.regions = {"12.04"}});
  const auto why = [](MirrorNode* dialler, MirrorNode* called, const std::string& expected) {
    MirrorWire wire(dialler, called, expected);
    EXPECT_TRUE(SettleAll({dialler, called}, {&wire}));
    EXPECT_TRUE(wire.finished(0));
    EXPECT_EQ(wire.status(0).code(), absl::StatusCode::kFailedPrecondition);
    return std::string(wire.status(0).message());
  };
  EXPECT_THAT(why(&kerinci, &hub, "nias"),
              HasSubstr("the node at this address is hub and not nias"));
  EXPECT_THAT(why(&kerinci, &namesake, ""), HasSubstr("both nodes are named kerinci"));
  EXPECT_THAT(why(&kerinci, &kerinci, ""), HasSubstr("reached itself"));
  EXPECT_THAT(why(&kerinci, &nias, ""), HasSubstr("no region in common"));
  EXPECT_THAT(hub.engine().mirrors().links(), IsEmpty());
}

TEST(MirrorSessionTest, WhoBreaksTheProtocolIsSentAway) {
  MirrorNode kerinci("kerinci", {.regions = {"15.01"}}), hub("hub");
  const auto after = [&](const std::vector<v1::MirrorMessage>& messages) {
    MirrorWire wire(&kerinci, &hub);
    wire.SetDeaf(0, true);
    for (const v1::MirrorMessage& message : messages) wire.session(0).OnRead(true, message);
    kerinci.Settle();
    while (wire.Step() || kerinci.Step()) {
    }
    EXPECT_TRUE(wire.finished(0));
    EXPECT_EQ(wire.status(0).code(), absl::StatusCode::kInvalidArgument);
    return std::string(wire.status(0).message());
  };
  v1::MirrorMessage hello, held, batch;
  hello.mutable_hello()->set_protocol_version(1);
  hello.mutable_hello()->set_node("hub");
  hello.mutable_hello()->set_instance(1);
  hello.mutable_hello()->add_regions("*");
  held.mutable_held();
  batch.mutable_batch()->set_number(1);
  EXPECT_THAT(after({held}), HasSubstr("no hello first"));
  EXPECT_THAT(after({hello, hello}), HasSubstr("a second hello"));
  v1::MirrorMessage nameless = hello;
  nameless.mutable_hello()->set_node("No Name");
  EXPECT_THAT(after({nameless}), HasSubstr("its name is none"));
  v1::MirrorMessage confirms = held;
  confirms.mutable_held()->set_batch_number(9);
  EXPECT_THAT(after({hello, confirms}), HasSubstr("confirms what was not sent"));
  v1::MirrorMessage skips = batch;
  skips.mutable_batch()->set_number(2);
  EXPECT_THAT(after({hello, skips}), HasSubstr("number is not the next"));
  v1::MirrorMessage foreign = batch;
  v1::Entry& entry = *foreign.mutable_batch()->add_entries();
  entry.set_region("12.04");
  entry.set_origin(1);
  entry.set_seq(1);
  EXPECT_THAT(after({hello, foreign}), HasSubstr("entry of region 12.04"));
}

}  // namespace
}  // namespace tikar::server
