// The Sync call over real gRPC and a store on disk.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "server/engine/limits.h"
#include "server_fixture.h"

namespace tikar::server {
namespace {

using ::testing::HasSubstr;
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

// A complaint in another place than it was made for.
std::string ComplaintIn(const std::string& area, int number) {
  v1::ChangeBody body;
  EXPECT_TRUE(body.ParseFromString(Complaint("petugas-1", number)));
  body.mutable_mutations(0)->mutable_create()->set_area(area);
  return body.SerializeAsString();
}

TEST_F(SyncTest, AnAreaThatDoesNotExistIsRefusedByTheFirstNode) {
  ServerInProcess server(directory_ / "data");
  const std::string bridge = Complaint("petugas-1", 1);
  v1::ChangeBody move;
  move.set_region("15.01");
  v1::ChangeBody bridge_body;
  ASSERT_TRUE(bridge_body.ParseFromString(bridge));
  move.set_request_id(sync::RequestIdOf(bridge_body, bridge)->bytes());
  move.set_actor("petugas-1");
  move.set_role("petugas");
  move.set_hlc(uint64_t{1'769'900'001'000} << 16);
  move.set_nonce("00000001");
  move.add_parents(sync::ChangeIdOf(sync::Sha256(bridge)).bytes());
  v1::SetField& set = *move.add_mutations()->mutable_set_field();
  set.set_path("area");
  set.mutable_value()->set_text("15.01.99");
  SyncCall call(server.channel());
  ASSERT_TRUE(call.Say("petugas-1"));
  ASSERT_TRUE(call.Push({bridge, ComplaintIn("15.01.99", 2), ComplaintIn("15.01.06.9999", 3),
                         ComplaintIn("15.01.06.2010", 4), move.SerializeAsString()}));
  call.HalfClose();
  ASSERT_TRUE(call.End().ok());
  ASSERT_THAT(call.results, SizeIs(5));
  EXPECT_EQ(call.results[0].verdict(), v1::VERDICT_ACCEPTED);
  EXPECT_EQ(call.results[3].verdict(), v1::VERDICT_ACCEPTED);
  for (const int refused : {1, 2, 4}) {
    const v1::ChangeResult& result = call.results[static_cast<size_t>(refused)];
    EXPECT_EQ(result.verdict(), v1::VERDICT_VOID);
    EXPECT_EQ(result.reason(), v1::REFUSAL_REASON_INVALID_VALUE);
    ASSERT_THAT(result.violations(), SizeIs(1));
    EXPECT_EQ(result.violations(0).field(), "area");
    EXPECT_EQ(result.violations(0).code(), "unknown_area");
    EXPECT_THAT(result.violations(0).message_id(), HasSubstr("Pilih lokasi dari daftar wilayah"));
    EXPECT_THAT(result.violations(0).message_en(), HasSubstr("Choose the place from the list"));
  }
  EXPECT_THAT(call.requests, SizeIs(2));
}

TEST_F(SyncTest, AnAreaThatWasSplitOrThatTheServerCannotKnowIsTaken) {
  std::filesystem::create_directories(directory_ / "areas");
  for (const char* file : {"provinces.csv", "regencies.csv", "districts.csv", "villages.csv"}) {
    std::filesystem::copy(kCatalogDirectory + "/areas/" + file, directory_ / "areas");
  }
  std::ofstream(directory_ / "areas/aliases.csv") << "code,area_code\n15.01.99,15.01.06\n";
  {
    ServerInProcess server(directory_ / "split", [this](ServerOptions& options) {
      auto areas = AreaTable::Load(directory_ / "areas");
      ASSERT_TRUE(areas.ok()) << areas.status();
      options.catalog.areas = *std::move(areas);
    });
    ShortSync(server, "petugas-1", {ComplaintIn("15.01.99", 1)});
  }
  ServerInProcess server(directory_ / "without",
                         [](ServerOptions& options) { options.catalog.areas = AreaTable(); });
  ShortSync(server, "petugas-1", {ComplaintIn("15.01.98", 1)});
  SyncCall call(server.channel());
  ASSERT_TRUE(call.Say("petugas-1", "", /*push_only=*/true));
  ASSERT_TRUE(call.Push({ComplaintIn("15.01.9", 2)}));
  ASSERT_TRUE(call.NextResult());
  ASSERT_THAT(call.results[0].violations(), SizeIs(1));
  EXPECT_EQ(call.results[0].violations(0).code(), "area_format") << "its shape is checked";
}

}  // namespace
}  // namespace tikar::server
