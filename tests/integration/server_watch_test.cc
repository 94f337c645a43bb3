// RequestService.WatchRequests: every request that changes, as it changes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <set>
#include <string>

#include "server_services.h"

namespace tikar::server {
namespace {

using ::testing::Contains;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

// A watch that has begun.
class WatchCall {
 public:
  WatchCall(const std::shared_ptr<grpc::Channel>& channel, const std::string& parent,
            const v1::RequestFilter& filter = {}, const std::string& resume_token = "")
      : stub_(v1::RequestService::NewStub(channel)) {
    context_.set_deadline(std::chrono::system_clock::now() + kPatience);
    v1::WatchRequestsRequest call;
    call.set_parent(parent);
    *call.mutable_filter() = filter;
    call.set_resume_token(resume_token);
    reader_ = stub_->WatchRequests(&context_, call);
    reader_->WaitForInitialMetadata();
    v1::WatchRequestsResponse beginning;
    if (!reader_->Read(&beginning)) return;
    EXPECT_FALSE(beginning.has_request());
    EXPECT_FALSE(beginning.resume_token().empty());
    token_ = beginning.resume_token();
  }
  v1::WatchRequestsResponse Next() {
    v1::WatchRequestsResponse response;
    EXPECT_TRUE(Read(&response));
    return response;
  }
  bool Read(v1::WatchRequestsResponse* response) {
    if (!reader_->Read(response)) return false;
    if (!response->resume_token().empty()) token_ = response->resume_token();
    return true;
  }
  // The newest that came.
  const std::string& token() const { return token_; }
  grpc::Status End() {
    v1::WatchRequestsResponse response;
    while (reader_->Read(&response)) {
    }
    return reader_->Finish();
  }
  void Cancel() { context_.TryCancel(); }

 private:
  std::unique_ptr<v1::RequestService::Stub> stub_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReader<v1::WatchRequestsResponse>> reader_;
  std::string token_;
};

class WatchTest : public ServicesTest {};

TEST_F(WatchTest, WhatChangesFromNowOnIsSentWithItsTime) {
  const v1::Request old = Create(Bridge("Sudah lama"));
  WatchCall watch(server_.channel(), kKerinci);
  const v1::Request made = Create(Bridge("Baru"));
  const v1::WatchRequestsResponse first = watch.Next();
  EXPECT_EQ(first.request().name(), made.name()) << "not what was there before";
  EXPECT_EQ(Text(first.request(), "judul"), "Baru");
  EXPECT_GT(first.time_ms(), 0);
  EXPECT_FALSE(first.request().clocks().empty());
  const v1::Request moved = Update(Move(old, "diverifikasi", "operator"));
  const v1::WatchRequestsResponse second = watch.Next();
  EXPECT_EQ(second.request().name(), old.name());
  EXPECT_EQ(second.request().status(), "diverifikasi");
  EXPECT_EQ(second.request().state_digest(), moved.state_digest());
  watch.Cancel();
  EXPECT_EQ(watch.End().error_code(), grpc::StatusCode::CANCELLED);
}

TEST_F(WatchTest, OnlyWhatPassesTheFilterIsSent) {
  v1::RequestFilter verified;
  verified.set_status("diverifikasi");
  WatchCall watch(server_.channel(), "regions/-", verified);
  const v1::Request bridge = Create(Bridge()), road = Create(Bridge("Jalan berlubang"));
  Update(Move(road, "diverifikasi", "operator"));
  const v1::WatchRequestsResponse seen = watch.Next();
  EXPECT_EQ(seen.request().name(), road.name());
  EXPECT_NE(seen.request().name(), bridge.name());
}

TEST_F(WatchTest, ASlowReaderMissesNoRequestAndSeesTheNewestState) {
  WatchCall watch(server_.channel(), kKerinci);
  // More than gRPC and one page hold, all before anything is read.
  constexpr int kRequests = 40;
  std::map<std::string, std::string> newest;
  for (int i = 0; i < kRequests; ++i) {
    v1::CreateRequestRequest call = Bridge(absl::StrCat("Laporan ", i));
    Set(call, "deskripsi", std::string(4'000, 'x'));
    v1::Request request = Create(call);
    request = Update(Move(request, "diverifikasi", "operator"));
    newest[request.name()] = request.state_digest();
  }
  std::map<std::string, std::string> seen;
  while (seen != newest) {
    v1::WatchRequestsResponse response;
    ASSERT_TRUE(watch.Read(&response));
    seen[response.request().name()] = response.request().state_digest();
  }
}

TEST_F(WatchTest, AWatchGoesOnWhereItsTokenSays) {
  std::string before_all, after_first;
  const v1::Request old = Create(Bridge("Sudah lama"));
  v1::Request first;
  {
    WatchCall watch(server_.channel(), kKerinci);
    before_all = watch.token();
    first = Create(Bridge("Pertama"));
    EXPECT_EQ(watch.Next().request().name(), first.name());
    after_first = watch.token();
    EXPECT_NE(after_first, before_all);
    watch.Cancel();
  }
  // While nobody looks.
  const v1::Request second = Create(Bridge("Kedua"));
  WatchCall next(server_.channel(), kKerinci, {}, after_first);
  EXPECT_EQ(next.Next().request().name(), second.name());
  const v1::Request third = Create(Bridge("Ketiga"));
  EXPECT_EQ(next.Next().request().name(), third.name()) << "nothing twice, and it stays live";

  WatchCall anew(server_.channel(), kKerinci, {}, before_all);
  std::set<std::string> seen;
  for (int i = 0; i < 3; ++i) seen.insert(anew.Next().request().name());
  EXPECT_THAT(seen, UnorderedElementsAre(first.name(), second.name(), third.name()))
      << "but not what was there before " << old.name();
}

TEST_F(WatchTest, AWatchEndsWithTheServer) {
  WatchCall watch(server_.channel(), kKerinci);
  EXPECT_EQ(Status().live_streams(), 1u);
  ASSERT_TRUE(server_->Stop().ok());
  const grpc::Status status = watch.End();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_GT(DetailsOf(status).retry_ms, 0);
}

TEST_F(WatchTest, ABadCallIsRefusedAtOnce) {
  WatchCall nowhere(server_.channel(), "regions/Kerinci");
  EXPECT_THAT(DetailsOf(nowhere.End()).violations, Contains(Pair("parent", "PARENT_FORMAT")));
  v1::RequestFilter filter;
  filter.set_area("Kerinci");
  WatchCall bad(server_.channel(), kKerinci, filter);
  EXPECT_THAT(DetailsOf(bad.End()).violations, Contains(Pair("filter.area", "AREA_FORMAT")));
  WatchCall stranger(server_.channel(), kKerinci, {}, "kemarin");
  EXPECT_THAT(DetailsOf(stranger.End()).violations,
              Contains(Pair("resume_token", "RESUME_TOKEN_FORMAT")));
}

}  // namespace
}  // namespace tikar::server
