// A change that breaks the server's end of the exchange, through a real gRPC server in between: it
// forwards every message to tikard and fails where the test says. No tikard fails so, hence the one
// in between.
#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <atomic>
#include <limits>
#include <set>
#include <thread>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "sdk_tikard.h"
#include "tikar/v1/catalog_service.grpc.pb.h"
#include "tikar/v1/sync_service.grpc.pb.h"

namespace tikar::client {
namespace {

using ::testing::IsEmpty;

class FailingProxy final : public v1::SyncService::Service {
 public:
  explicit FailingProxy(const std::string& backend)
      : stub_(v1::SyncService::NewStub(MakeChannel(backend))) {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port_);
    builder.RegisterService(this);
    server_ = builder.BuildAndStart();
  }
  ~FailingProxy() override { server_->Shutdown(std::chrono::system_clock::now()); }

  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

  // Set before the exchange begins.
  std::set<std::string> poison;
  grpc::Status end = grpc::Status(grpc::StatusCode::INTERNAL, "handler failed");
  // So many calls are turned away first.
  std::atomic<int> turned_away_left = 0;
  grpc::Status turned_away_with;
  std::atomic<int> calls = 0;
  std::atomic<size_t> changes_max = 0;  // in one push that failed

  grpc::Status Sync(grpc::ServerContext*,
                    grpc::ServerReaderWriter<v1::SyncResponse, v1::SyncRequest>* phone) override {
    ++calls;
    if (turned_away_left > 0) {
      --turned_away_left;
      return turned_away_with;
    }
    grpc::ClientContext context;
    auto backend = stub_->Sync(&context);
    std::thread down([&] {
      v1::SyncResponse response;
      while (backend->Read(&response)) phone->Write(response);
    });
    v1::SyncRequest request;
    bool poisoned = false;
    while (!poisoned && phone->Read(&request)) {
      poisoned = IsPoisoned(request.push());
      if (!poisoned) backend->Write(request);
    }
    if (poisoned) {
      // What was in order before it gets its answers: the poison ends the stream, nothing else.
      backend->WritesDone();
      down.join();
      backend->Finish();
      return end;
    }
    backend->WritesDone();
    down.join();
    return backend->Finish();
  }

 private:
  bool IsPoisoned(const v1::Push& push) {
    for (const v1::Change& change : push.changes()) {
      if (!poison.contains(sync::ChangeIdOf(sync::Sha256(change.body())).bytes())) continue;
      changes_max = std::max(changes_max.load(), static_cast<size_t>(push.changes_size()));
      return true;
    }
    return false;
  }

  std::unique_ptr<v1::SyncService::Stub> stub_;
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

class SdkPoisonTest : public ::testing::Test {
 protected:
  void SetUp() override {
    tikard.Start();
    proxy = std::make_unique<FailingProxy>(tikard.address());
    ani.options.backoff = {1, 5};
    ani.Open();
  }

  std::vector<std::string> Make(int count) {
    std::vector<std::string> ids;
    for (int i = 0; i < count; ++i) {
      ids.push_back(ani.Create("Laporan " + std::to_string(i)).change_id.bytes());
    }
    return ids;
  }
  std::set<std::string> Parked() {
    std::set<std::string> ids;
    const auto items = ani.app->NeedsAttention();
    CHECK(items.ok());
    for (const AttentionItem& item : *items) {
      EXPECT_EQ(item.fate, ChangeFate::kParked);
      EXPECT_THAT(item.error, ::testing::HasSubstr("handler failed"));
      EXPECT_EQ(item.body.mutations(0).create().service(), "pengaduan");
      ids.insert(item.change_id.bytes());
    }
    return ids;
  }
  size_t OnServer() {
    RealPhone budi(directory.File("budi.sqlite"), "kerinci/petugas-budi", 2);
    budi.Open();
    budi.Sync(tikard.address());
    return budi.All().size();
  }

  TemporaryDirectory directory;
  Tikard tikard{directory};
  std::unique_ptr<FailingProxy> proxy;
  RealPhone ani{directory.File("ani.sqlite"), "kerinci/petugas-ani", 1};
};

class SdkPoisonPlaceTest : public SdkPoisonTest, public ::testing::WithParamInterface<int> {};

TEST_P(SdkPoisonPlaceTest, LetsTheOtherFortyNineThroughAndIsParked) {
  const std::vector<std::string> ids = Make(50);
  proxy->poison = {ids[GetParam() - 1]};
  SyncRunner runner(ani.app.get(), {.server = proxy->address()});
  ASSERT_TRUE(runner.SyncUntilDone(kPatienceMs).ok());
  EXPECT_EQ(Parked(), proxy->poison);
  EXPECT_EQ(ani.Status().unsent, 0u);
  EXPECT_EQ(OnServer(), 49u);
  EXPECT_EQ(proxy->changes_max, 50u) << "the whole batch was never tried";
  EXPECT_LT(proxy->calls, 20);
}

INSTANTIATE_TEST_SUITE_P(Places, SdkPoisonPlaceTest, ::testing::Values(1, 25, 50));

TEST_F(SdkPoisonTest, SearchGoesOnInAnAppThatIsKilledAfterEachAttempt) {
  const std::vector<std::string> ids = Make(50);
  proxy->poison = {ids[24]};
  for (int attempts = 0; ani.Status().unsent > 0; ++attempts) {
    ASSERT_LT(attempts, 20);
    {
      SyncRunner runner(ani.app.get(), {.server = proxy->address()});
      runner.SyncOnce().IgnoreError();
    }
    ani.Reopen();
  }
  EXPECT_EQ(Parked(), proxy->poison);
  EXPECT_EQ(OnServer(), 49u);
}

TEST_F(SdkPoisonTest, ParkedChangeIsSentByHandOnceTheServerIsMended) {
  const std::vector<std::string> ids = Make(3);
  proxy->poison = {ids[1]};
  SyncRunner runner(ani.app.get(), {.server = proxy->address()});
  ASSERT_TRUE(runner.SyncUntilDone(kPatienceMs).ok());
  ASSERT_EQ(Parked(), proxy->poison);
  proxy->poison.clear();
  ASSERT_TRUE(ani.app->Retry(*sync::ChangeId::FromBytes(ids[1])).ok());
  ASSERT_TRUE(runner.SyncUntilDone(kPatienceMs).ok());
  EXPECT_THAT(Parked(), IsEmpty());
  EXPECT_TRUE(ani.Status().synced);
  EXPECT_EQ(OnServer(), 3u);
}

// What a server answers that wants to be left alone for a while.
grpc::Status ComeBackIn(grpc::StatusCode code, int64_t seconds, int32_t nanos) {
  google::rpc::RetryInfo retry;
  retry.mutable_retry_delay()->set_seconds(seconds);
  retry.mutable_retry_delay()->set_nanos(nanos);
  google::rpc::Status details;
  details.set_code(code);
  details.add_details()->PackFrom(retry);
  return grpc::Status(code, "busy", details.SerializeAsString());
}

TEST_F(SdkPoisonTest, ServerThatAsksToWaitIsObeyedAndAccusesNobody) {
  Make(3);
  proxy->turned_away_with = ComeBackIn(grpc::StatusCode::RESOURCE_EXHAUSTED, 0, 150'000'000);
  proxy->turned_away_left = 4;
  const auto begin = std::chrono::steady_clock::now();
  SyncRunner runner(ani.app.get(), {.server = proxy->address()});
  ASSERT_TRUE(runner.SyncUntilDone(kPatienceMs).ok());
  EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(4 * 150));
  EXPECT_EQ(proxy->calls, 5);
  EXPECT_TRUE(ani.Status().synced);
}

// The connection of the last visit is good: what ends the call is a server that speaks, and no
// reason to dial anew at once.
TEST_F(SdkPoisonTest, ServerThatIsThereAndAsksToWaitIsNotCalledTwice) {
  constexpr int64_t kWaitMs = 20'000;
  SyncRunner runner(ani.app.get(), {.server = proxy->address()});
  ASSERT_TRUE(runner.SyncOnce().ok());
  Make(1);
  proxy->calls = 0;
  proxy->turned_away_with = ComeBackIn(grpc::StatusCode::UNAVAILABLE, kWaitMs / 1000, 0);
  proxy->turned_away_left = 1;
  const int64_t before_ms = SystemClock().NowMs();
  EXPECT_EQ(runner.SyncOnce().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(proxy->calls, 1);
  EXPECT_EQ(ani.Status().unsent, 1u);
  EXPECT_GE(ani.Status().next_attempt_at_ms, before_ms + kWaitMs);
  EXPECT_LE(ani.Status().next_attempt_at_ms, SystemClock().NowMs() + kWaitMs * 11 / 10);
}

TEST_F(SdkPoisonTest, WaitThatAServerAsksForIsBounded) {
  constexpr int64_t kForEver = std::numeric_limits<int64_t>::max();
  SyncRunner runner(ani.app.get(), {.server = proxy->address()});
  ASSERT_TRUE(runner.SyncOnce().ok());
  proxy->turned_away_with = ComeBackIn(grpc::StatusCode::UNAVAILABLE, kForEver, 0);
  proxy->turned_away_left = 1;
  const int64_t before_ms = SystemClock().NowMs();
  EXPECT_EQ(runner.SyncOnce().code(), absl::StatusCode::kUnavailable);
  EXPECT_GE(ani.Status().next_attempt_at_ms, before_ms + kRetryDelayMsMax);
  EXPECT_LE(ani.Status().next_attempt_at_ms, SystemClock().NowMs() + kRetryDelayMsMax * 11 / 10);
  // A past that it names is no reason to hammer it either.
  proxy->turned_away_with = ComeBackIn(grpc::StatusCode::UNAVAILABLE, -kForEver, -1);
  proxy->turned_away_left = 1;
  EXPECT_EQ(runner.SyncOnce().code(), absl::StatusCode::kUnavailable);
  EXPECT_GT(ani.Status().next_attempt_at_ms, 0);
  EXPECT_LE(ani.Status().next_attempt_at_ms,
            SystemClock().NowMs() + ani.options.backoff.longest_ms);
}

TEST_F(SdkPoisonTest, ServerThatFailsEveryCallForAWhileParksNobody) {
  Make(3);
  proxy->turned_away_with = grpc::Status(grpc::StatusCode::INTERNAL, "starting");
  proxy->turned_away_left = 15;
  SyncRunner runner(ani.app.get(), {.server = proxy->address()});
  ASSERT_TRUE(runner.SyncUntilDone(kPatienceMs).ok());
  EXPECT_THAT(Parked(), IsEmpty());
  EXPECT_EQ(OnServer(), 3u);
}

}  // namespace
}  // namespace tikar::client
