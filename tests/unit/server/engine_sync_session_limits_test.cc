// What one stream may take of the server, and what happens to one that takes more.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <memory>
#include <thread>
#include <vector>

#include "engine_phone.h"

namespace tikar::server {
namespace {

using ::testing::SizeIs;

TEST_F(SyncSessionTest, ASlowReaderHoldsUpNobodyAndGetsTheLatest) {
  Phone slow(engine_.get(), /*takes_writes=*/false);
  slow.Say("petugas-2");
  ASSERT_TRUE(slow.WaitForHeldWrite());  // the Welcome
  constexpr int kOthers = 100;
  for (int i = 0; i < kOthers; ++i) ShortSync("petugas-1", {Complaint("petugas-1", i)});
  EXPECT_EQ(slow.waiting_messages(), 1u);
  slow.TakeEverything();
  while (slow.requests.size() < kOthers) slow.CatchUp();
  EXPECT_LE(slow.batches_received, 2);
  EXPECT_EQ(slow.requests_received, kOthers);
}

TEST_F(SyncSessionTest, AFifthPushIsNotReadBeforeAResult) {
  Phone phone(engine_.get());
  phone.Say("petugas-1", "", {}, [](v1::Hello& hello) { hello.set_push_only(true); });
  const int syncs_before = disk_.syncs();
  disk_.Hold();
  for (int push = 0; push < 4; ++push) phone.Push({Complaint("petugas-1", push)});
  ASSERT_TRUE(disk_.WaitForSyncs(syncs_before + 1));
  EXPECT_FALSE(phone.reading());
  disk_.Release();
  for (int push = 4; push < 40; ++push) phone.Push({Complaint("petugas-1", push)});
  phone.HalfClose();
  EXPECT_TRUE(phone.End().ok());
  EXPECT_EQ(phone.results_, 40);
}

TEST_F(SyncSessionTest, WithoutConfirmationALiveStreamStopsAfterEightBatches) {
  // About 1 KB each as a request: at least ten batches of 16 KiB.
  constexpr int kComplaints = 400;
  std::vector<std::string> bodies;
  for (int i = 0; i < kComplaints; ++i) bodies.push_back(Complaint("petugas-1", i, 400));
  ShortSync("petugas-1", bodies);
  Phone live(engine_.get());
  live.knows_form = true;
  live.Say("petugas-2", "", {"15.01"}, [](v1::Hello& hello) {
    hello.set_batch_bytes_max(kBatchBytesMin);
    hello.add_definition_hashes(sync::Sha256(ComplaintFormBytes()).bytes());
  });
  ASSERT_TRUE(live.Next().has_welcome());
  std::map<std::string, int> names;
  v1::Batch last;
  const auto take = [&] {
    last = live.Next().batch();
    for (const v1::Request& request : last.requests()) ++names[request.name()];
  };
  while (last.batch_number() < kBatchesUnconfirmedMax) {
    take();
    ASSERT_FALSE(last.caught_up());
  }
  // Nothing is read for it any more: its bytes are given back, and none are taken.
  EXPECT_EQ(live.waiting_messages(), 0u);
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (engine_->feed_budget().used() > 0 && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::yield();
  }
  EXPECT_EQ(engine_->feed_budget().used(), 0u);
  live.Confirm(1);
  take();
  EXPECT_EQ(last.batch_number(), kBatchesUnconfirmedMax + 1);
  EXPECT_EQ(live.waiting_messages(), 0u);
  while (!last.caught_up()) {
    live.Confirm(last.batch_number());
    take();
  }
  EXPECT_THAT(names, SizeIs(kComplaints));
  for (const auto& [name, times] : names) EXPECT_EQ(times, 1) << name;
}

TEST_F(SyncSessionTest, WhatIsWrongWithAStreamIsSaid) {
  const auto refused = [this](const std::function<void(Phone&)>& act) {
    Phone phone(engine_.get());
    act(phone);
    const absl::Status status = phone.End();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    return ReasonOf(status);
  };
  EXPECT_EQ(refused([](Phone& phone) { phone.Push({Complaint("petugas-1", 1)}); }), "HELLO_FIRST");
  EXPECT_EQ(refused([](Phone& phone) { phone.HalfClose(); }), "HELLO_FIRST");
  EXPECT_EQ(refused([](Phone& phone) {
              phone.Say("petugas-1");
              phone.Say("petugas-1");
            }),
            "HELLO_FIRST");
  EXPECT_EQ(refused([](Phone& phone) { phone.Send({}); }), "KIND_UNKNOWN");
  EXPECT_EQ(refused([](Phone& phone) { phone.Say("Petugas Satu"); }), "ACTOR_FORMAT");
  EXPECT_EQ(refused([](Phone& phone) { phone.Say("petugas-1", "", {}); }), "SCOPE_MISSING");
  EXPECT_EQ(refused([](Phone& phone) { phone.Say("petugas-1", "", {"kerinci"}); }), "SCOPE_FORMAT");
  EXPECT_EQ(refused([](Phone& phone) {
              phone.Say("petugas-1", "", std::vector<std::string>(65, "15.01"));
            }),
            "SCOPE_TOO_LONG");
  EXPECT_EQ(refused([](Phone& phone) {
              phone.Say("petugas-1", "", {"15.01"},
                        [](v1::Hello& hello) { hello.add_definition_hashes("short"); });
            }),
            "DEFINITION_HASH_FORMAT");
  EXPECT_EQ(refused([](Phone& phone) {
              phone.Say("petugas-1");
              phone.Push(std::vector<std::string>(1001, "x"));
            }),
            "PUSH_TOO_LONG");
  EXPECT_EQ(refused([](Phone& phone) {
              phone.Say("petugas-1");
              phone.Push({std::string(kPushBytesMax + 1, 'x')});
            }),
            "PUSH_TOO_LARGE");
  Phone phone(engine_.get());
  phone.Say("petugas-1", "not a cursor of any server");
  EXPECT_EQ(phone.End().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(SyncSessionTest, WhoSaysNothingIsSentAway) {
  Phone silent(engine_.get());
  silent.session().OnTick(now_ms_ + kHelloWaitMs - 1);
  EXPECT_TRUE(silent.reading());
  silent.session().OnTick(now_ms_ + kHelloWaitMs + 1);
  EXPECT_EQ(ReasonOf(silent.End()), "HELLO_FIRST");
}

TEST_F(SyncSessionTest, AStalledWriteIsCancelled) {
  Phone stalled(engine_.get(), /*takes_writes=*/false);
  stalled.Say("petugas-1");
  ASSERT_TRUE(stalled.WaitForHeldWrite());
  stalled.session().OnTick(now_ms_ + kWriteStalledMsMax);
  EXPECT_FALSE(stalled.cancelled());
  stalled.session().OnTick(now_ms_ + kWriteStalledMsMax + 1);
  EXPECT_TRUE(stalled.cancelled());
  EXPECT_EQ(ReasonOf(stalled.End()), "READS_TOO_SLOWLY");
}

TEST_F(SyncSessionTest, ASmallBatchHoldsOnlyItsOwnBytes) {
  engine_ = nullptr;
  // Two of the largest at a time.
  StartEngine(
      [](EngineOptions& options) { options.feed_bytes_in_flight_max = 2 * kBatchBytesDefault; });
  ShortSync("petugas-1", {Complaint("petugas-1", 1)});
  std::vector<std::unique_ptr<Phone>> stalled;
  for (int i = 0; i < 10; ++i) {
    stalled.push_back(std::make_unique<Phone>(engine_.get(), /*takes_writes=*/false));
    stalled.back()->Say("petugas-stalled");
    ASSERT_TRUE(stalled.back()->WaitForHeldWrite());
    ASSERT_TRUE(stalled.back()->Next().has_welcome());
    stalled.back()->CompleteWrite();
    ASSERT_TRUE(stalled.back()->WaitForHeldWrite()) << "no room for batch " << i;
    ASSERT_TRUE(stalled.back()->Next().has_batch());
  }
  const size_t held = engine_->feed_budget().used();
  EXPECT_GT(held, 0u);
  EXPECT_LT(held, kBatchBytesDefault);
  for (const auto& phone : stalled) phone->CompleteWrite();
  EXPECT_EQ(engine_->feed_budget().used(), 0u);
}

TEST_F(SyncSessionTest, WhenBatchesAreUsedUpPhonesWaitInLine) {
  engine_ = nullptr;
  StartEngine(
      [](EngineOptions& options) { options.feed_bytes_in_flight_max = kBatchBytesDefault; });
  ShortSync("petugas-1", {Complaint("petugas-1", 1)});
  // Takes the welcome, not the batch.
  Phone stalled(engine_.get(), /*takes_writes=*/false);
  stalled.Say("petugas-2");
  ASSERT_TRUE(stalled.WaitForHeldWrite());
  ASSERT_TRUE(stalled.Next().has_welcome());
  stalled.CompleteWrite();
  ASSERT_TRUE(stalled.WaitForHeldWrite());
  EXPECT_GT(engine_->feed_budget().used(), 0u) << "so another whole batch does not fit";
  Phone second(engine_.get());
  second.Say("petugas-3");
  ASSERT_TRUE(second.Next().has_welcome());
  second.Push({Complaint("petugas-3", 2)});
  EXPECT_THAT(second.NextResult().results(), SizeIs(1)) << "pushes need no batch";
  EXPECT_EQ(second.batches_received, 0);
  stalled.session().OnCancel();
  stalled.CompleteWrite();
  second.CatchUp();
  EXPECT_THAT(second.requests, SizeIs(2));
}

TEST_F(SyncSessionTest, TooManyStreamsAreRefused) {
  engine_ = nullptr;
  StartEngine([](EngineOptions& options) { options.streams_max = 2; });
  Phone first(engine_.get()), second(engine_.get());
  struct Nowhere : SyncTransport {
    void Read() override {}
    void Write(const v1::SyncResponse&) override {}
    void Finish(const absl::Status&) override {}
    void Cancel() override {}
  } nowhere;
  EXPECT_FALSE(engine_->sessions().Add(std::make_shared<SyncSession>(engine_.get(), &nowhere)));
  EXPECT_EQ(engine_->sessions().size(), 2u);
}

}  // namespace
}  // namespace tikar::server
