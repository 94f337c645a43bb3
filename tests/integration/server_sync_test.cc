// The Sync call over real gRPC and a store on disk.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/engine/limits.h"
#include "server_fixture.h"

namespace tikar::server {
namespace {

using ::testing::SizeIs;

class SyncTest : public ::testing::Test {
 protected:
  void ShortSync(ServerInProcess& server, const std::string& actor,
                 const std::vector<std::string>& bodies) {
    SyncCall call(server.channel());
    // One round trip: all of it leaves before anything is read.
    ASSERT_TRUE(call.Say(actor));
    ASSERT_TRUE(call.Push(bodies));
    call.HalfClose();
    const grpc::Status status = call.End();
    EXPECT_TRUE(status.ok()) << status.error_message();
    ASSERT_THAT(call.results, SizeIs(bodies.size()));
    for (const v1::ChangeResult& result : call.results) {
      EXPECT_EQ(result.verdict(), v1::VERDICT_ACCEPTED) << result.ShortDebugString();
    }
  }
  TempDirectory directory_;
};

TEST_F(SyncTest, TwoPhonesSeeEachOtherAndACursorSendsNothingTwice) {
  ServerInProcess server(directory_ / "data");
  ShortSync(server, "petugas-1", {Complaint("petugas-1", 1), Complaint("petugas-1", 2)});
  SyncCall second(server.channel());
  ASSERT_TRUE(second.Say("petugas-2"));
  ASSERT_TRUE(second.Push({Complaint("petugas-2", 3)}));
  second.HalfClose();
  ASSERT_TRUE(second.End().ok());
  EXPECT_THAT(second.requests, SizeIs(3));
  SyncCall again(server.channel());
  ASSERT_TRUE(again.Say("petugas-2", second.cursor));
  again.HalfClose();
  ASSERT_TRUE(again.End().ok());
  EXPECT_THAT(again.requests, SizeIs(0));
  EXPECT_EQ(again.batches, 1);
}

TEST_F(SyncTest, ALivePhoneHearsWithinASecond) {
  ServerInProcess server(directory_ / "data");
  SyncCall live(server.channel());
  ASSERT_TRUE(live.Say("petugas-live"));
  ASSERT_TRUE(live.CatchUp());
  for (int i = 0; i < 5; ++i) {
    const auto began = std::chrono::steady_clock::now();
    ShortSync(server, "petugas-1", {Complaint("petugas-1", i)});
    ASSERT_TRUE(live.CatchUp());
    EXPECT_THAT(live.requests, SizeIs(i + 1));
    EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(1));
  }
  live.HalfClose();
  EXPECT_TRUE(live.End().ok()) << "a live stream that half-closes ends well";
}

TEST_F(SyncTest, PhonesThatDoNotReadHoldUpNobody) {
  ServerInProcess server(directory_ / "data");
  std::vector<std::string> bodies;
  for (int i = 0; i < 500; ++i) bodies.push_back(Complaint("petugas-1", i));
  ShortSync(server, "petugas-1", bodies);
  std::vector<std::unique_ptr<SyncCall>> deaf;
  for (int i = 0; i < 20; ++i) {
    deaf.push_back(std::make_unique<SyncCall>(server.channel()));
    ASSERT_TRUE(deaf.back()->Say("petugas-deaf"));
  }
  const auto began = std::chrono::steady_clock::now();
  for (int i = 500; i < 510; ++i) ShortSync(server, "petugas-1", {Complaint("petugas-1", i)});
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(10));
  SyncCall reader(server.channel());
  ASSERT_TRUE(reader.Say("petugas-2"));
  reader.HalfClose();
  EXPECT_TRUE(reader.End().ok());
  EXPECT_THAT(reader.requests, SizeIs(510));
  for (const auto& call : deaf) call->Cancel();
}

TEST_F(SyncTest, OneStreamTooManyIsToldToComeBack) {
  ServerInProcess server(directory_ / "data",
                         [](ServerOptions& options) { options.engine.streams_max = 1; });
  SyncCall first(server.channel());
  ASSERT_TRUE(first.Say("petugas-1"));
  ASSERT_TRUE(first.CatchUp());
  SyncCall second(server.channel());
  second.Say("petugas-2");
  const grpc::Status status = second.End();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  const Details details = DetailsOf(status);
  EXPECT_GE(details.retry_ms, kRetryOverloadedMs / 2);
  EXPECT_LE(details.retry_ms, kRetryOverloadedMs * 3 / 2);
  first.HalfClose();
  EXPECT_TRUE(first.End().ok());
}

TEST_F(SyncTest, AFullQueueIsToldToComeBackAndLosesNothing) {
  ServerInProcess server(directory_ / "data", [](ServerOptions& options) {
    options.engine.sequencer.queue_changes_max = 10;
  });
  SyncCall phone(server.channel());
  ASSERT_TRUE(phone.Say("petugas-1", "", /*push_only=*/true));
  ASSERT_TRUE(phone.Push({Complaint("petugas-1", 1)}));
  ASSERT_TRUE(phone.NextResult());
  std::vector<std::string> bodies;
  for (int i = 2; i < 20; ++i) bodies.push_back(Complaint("petugas-1", i));
  phone.Push(bodies);
  const grpc::Status status = phone.End();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_GT(DetailsOf(status).retry_ms, 0);
  ASSERT_THAT(phone.results, SizeIs(1));
  ShortSync(server, "petugas-1", {Complaint("petugas-1", 1), Complaint("petugas-1", 2)});
}

TEST_F(SyncTest, AMessageThatIsTooLargeEndsOnlyItsStream) {
  ServerInProcess server(directory_ / "data");
  SyncCall phone(server.channel());
  ASSERT_TRUE(phone.Say("petugas-1", "", /*push_only=*/true));
  phone.Push({std::string(2 << 20, 'x')});
  EXPECT_EQ(phone.End().error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  ShortSync(server, "petugas-1", {Complaint("petugas-1", 1)});
}

TEST_F(SyncTest, AStoppingServerSaysSoToLivePhones) {
  ServerInProcess server(directory_ / "data");
  SyncCall live(server.channel());
  ASSERT_TRUE(live.Say("petugas-live"));
  ASSERT_TRUE(live.CatchUp());
  const auto began = std::chrono::steady_clock::now();
  std::thread stopper([&] { EXPECT_TRUE(server->Stop().ok()); });
  const grpc::Status status = live.End();
  stopper.join();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(DetailsOf(status).reason, "STOPPING");
  EXPECT_GT(DetailsOf(status).retry_ms, 0);
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(5));
}

TEST_F(SyncTest, WhatWasAcknowledgedIsThereAfterARestart) {
  std::string cursor;
  {
    ServerInProcess server(directory_ / "data");
    ShortSync(server, "petugas-1", {Complaint("petugas-1", 1)});
    SyncCall phone(server.channel());
    ASSERT_TRUE(phone.Say("petugas-2"));
    phone.HalfClose();
    ASSERT_TRUE(phone.End().ok());
    cursor = phone.cursor;
    EXPECT_TRUE(server->Stop().ok());
  }
  ServerInProcess server(directory_ / "data");
  ShortSync(server, "petugas-1", {Complaint("petugas-1", 2)});
  SyncCall phone(server.channel());
  ASSERT_TRUE(phone.Say("petugas-2", cursor));
  phone.HalfClose();
  ASSERT_TRUE(phone.End().ok());
  EXPECT_THAT(phone.requests, SizeIs(1)) << "the cursor survives a restart";
}

TEST_F(SyncTest, ManyPhonesAtOnceConverge) {
  ServerInProcess server(directory_ / "data");
  constexpr int kPhones = 16, kRounds = 5;
  std::vector<std::thread> threads;
  for (int phone = 0; phone < kPhones; ++phone) {
    threads.emplace_back([&, phone] {
      const std::string actor = absl::StrCat("petugas-", phone);
      for (int round = 0; round < kRounds; ++round) {
        ShortSync(server, actor, {Complaint(actor, phone * 1000 + round)});
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  SyncCall last(server.channel());
  ASSERT_TRUE(last.Say("petugas-last"));
  last.HalfClose();
  ASSERT_TRUE(last.End().ok());
  EXPECT_THAT(last.requests, SizeIs(kPhones * kRounds));
}

}  // namespace
}  // namespace tikar::server
