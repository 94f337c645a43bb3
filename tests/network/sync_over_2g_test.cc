// A phone with a day's work syncs with the real tikard over a link as villages have it: slow, far
// away, lossy, and cut twice a minute. See README.md.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "clients/cpp/limits.h"
#include "clients/cpp/sync_runner.h"
#include "link_emulator.h"
#include "network_namespace.h"
#include "sdk_tikard.h"
#include "stream_tally.h"

namespace tikar::network {
namespace {

using client::RealPhone;
using std::chrono::milliseconds;
using std::chrono::seconds;

// For the dice of the link; everything else is the machine's own.
constexpr uint32_t kSeed = 20261122;

constexpr char kPhoneAddress[] = "10.231.2.1";
constexpr char kServerAddress[] = "10.231.2.2";
// Where tikard listens, and it listens nowhere else.
constexpr char kLoopbackAddress[] = "127.0.0.1";

constexpr int kIncomingRequests = 1'000;
constexpr int kPendingChanges = 200;

// This process is the phone's side; tikard lives on `server`'s.
struct World {
  std::unique_ptr<NetworkNamespace> server;
  std::unique_ptr<LinkEmulator> link;
  std::string congestion_control;
};
World* world = nullptr;

absl::StatusOr<std::unique_ptr<World>> MakeWorld() {
  RETURN_IF_ERROR(BecomeNetworkAdministrator());
  auto made = std::make_unique<World>();
  // Before this process has other threads: gRPC's must be born on the phone's side.
  RETURN_IF_ERROR(EnterNewNetwork());
  // The phone's side has no loopback of its own, so that 127.0.0.1 is the far end.
  ASSIGN_OR_RETURN(const int phone_tun, OpenTun(kPhoneAddress, kLoopbackAddress));
  made->congestion_control = SetCongestionControl("reno");
  ASSIGN_OR_RETURN(made->server, NetworkNamespace::Make());
  absl::StatusOr<int> server_tun;
  made->server->Run([&] {
    const absl::Status up = BringUpLoopback();
    server_tun = up.ok() ? OpenTun(kServerAddress, kPhoneAddress) : up;
    SetCongestionControl("reno");
  });
  RETURN_IF_ERROR(server_tun.status());
  // Both devices live as long as the process.
  made->link = std::make_unique<LinkEmulator>(phone_tun, *server_tun, kSeed);
  return made;
}

// What one cut cost.
struct CutCost {
  CutKind kind = CutKind::kHole;
  double at_seconds = 0;
  // What had come down and died with its connection: of a batch that was not whole, and behind a
  // packet that TCP still owed.
  uint64_t batch_lost_bytes = 0;
  uint64_t ahead_lost_bytes = 0;
  // Of changes and of requests, all that had been sent again before.
  StreamCount before;
};

class SyncOver2GTest : public testing::Test {
 protected:
  void SetUp() override {
    world->link->SetSettings(kOffice);
    world->server->Run([&] { tikard_.Start(); });
    for (RealPhone* phone : {&office_, &officer_}) {
      phone->options.backoff = client::BackoffLimits();
      phone->Open();
    }
  }
  void TearDown() override {
    world->link->StopCuts();
    world->server->Run([&] { tikard_.Kill(); });
  }

  void FileAtTheOffice(int requests) {
    for (int i = 0; i < requests; ++i) office_.Create("Jembatan putus " + std::to_string(i));
    office_.Sync(tikard_.address());
  }
  // Four changes for each request: filed, and three times remarked upon.
  void WriteADaysWork() {
    for (int i = 0; i < kPendingChanges / 4; ++i) {
      const sync::RequestKey key =
          officer_.Create("Lampu jalan padam " + std::to_string(i)).request;
      for (int visit = 1; visit < 4; ++visit) {
        officer_.Edit(key, {client::Comment("Kunjungan " + std::to_string(visit) +
                                            ": kabel masih terputus, suku cadang dipesan")});
      }
    }
  }

  // The officer's phone syncs, while the link is cut as planned.
  void SyncOverCuts(CutPlan plan, int64_t patience_ms) {
    LinkEmulator& link = *world->link;
    const auto tally = std::make_shared<StreamTally>();
    link.SetSettings(k2G);
    from_ = link.count();
    const auto start = std::chrono::steady_clock::now();
    const auto seconds_since_start = [start] {
      return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    };
    uint64_t lost_before = 0;
    link.StartCuts(std::move(plan), [&](CutKind kind, const LinkCount& now) {
      CutCost cost;
      cost.kind = kind;
      cost.at_seconds = seconds_since_start();
      cost.before = tally->count();
      if (kind != CutKind::kHole) {
        // All that came down is a message that was taken, or was lost with an earlier connection,
        // or is lost now.
        cost.batch_lost_bytes =
            now.payload.down - from_.payload.down - cost.before.bytes_down - lost_before;
        cost.ahead_lost_bytes = now.payload.down_ahead;
        lost_before += cost.batch_lost_bytes;
      }
      cuts_.push_back(cost);
    });
    client::SyncRunner runner(officer_.app.get(), {.make_channel = [&] {
                                return MakeTalliedChannel(tikard_.address(), tally);
                              }});
    const absl::Status status = runner.SyncUntilDone(patience_ms);
    link.StopCuts();
    took_seconds_ = seconds_since_start();
    to_ = link.count();
    total_ = tally->count();
    PrintFigures();
    EXPECT_TRUE(status.ok()) << status;
    EXPECT_TRUE(officer_.Status().synced);
    EXPECT_EQ(officer_.Status().unsent, 0u);
    link.SetSettings(kOffice);
  }

  // What each cut may cost, and that what was stored never comes again.
  void ExpectOneBatchACut() const {
    EXPECT_EQ(total_.requests_again_bytes, 0u) << "what was stored came again";
    // Frames and headers of HTTP/2 beside the messages.
    const uint64_t framing = 4'096 + total_.bytes_down / 100;
    for (size_t i = 0; i < cuts_.size(); ++i) {
      if (cuts_[i].kind == CutKind::kHole) {
        EXPECT_EQ(ChangesAgain(i), 0u) << "a hole is TCP's to bridge";
        continue;
      }
      EXPECT_LE(ChangesAgain(i), client::kPushesInFlightMax * client::kPushBytesMax);
      EXPECT_LE(cuts_[i].batch_lost_bytes, client::kBatchBytesWanted + framing);
      // What is on its way when a link breaks is the link's size, whatever a batch is.
      EXPECT_LE(cuts_[i].ahead_lost_bytes, 2 * k2G.queue_bytes_max);
    }
  }

  void PrintFigures() const {
    using Number = unsigned long long;
    std::printf("2G: 120 kbit/s, 600 ms, 2 %% loss, TCP %s; each cut 4 s long; seed %u\n",
                world->congestion_control.c_str(), kSeed);
    std::printf(
        "synced in %.1f s; %zu cuts, %llu connections, %llu streams, %llu pushes, %llu batches\n",
        took_seconds_, cuts_.size(), static_cast<Number>(to_.connections - from_.connections),
        static_cast<Number>(total_.streams), static_cast<Number>(total_.pushes),
        static_cast<Number>(total_.batches));
    std::printf("           IP bytes   packets  lost  cut     messages\n");
    for (const bool up : {true, false}) {
      const DirectionCount& begun = up ? from_.up : from_.down;
      const DirectionCount& ended = up ? to_.up : to_.down;
      std::printf(
          "  %-6s %10llu %9llu %5llu %4llu %12llu\n", up ? "up" : "down",
          static_cast<Number>(ended.bytes - begun.bytes),
          static_cast<Number>(ended.packets - begun.packets),
          static_cast<Number>(ended.lost + ended.overflowed - begun.lost - begun.overflowed),
          static_cast<Number>(ended.cut - begun.cut),
          static_cast<Number>(up ? total_.bytes_up : total_.bytes_down));
    }
    std::printf("  cut     at  kind       changes again  batch lost  ahead\n");
    for (size_t i = 0; i < cuts_.size(); ++i) {
      std::printf("  %3zu %5.0f s  %-9s %14llu %11llu %6llu\n", i + 1, cuts_[i].at_seconds,
                  Name(cuts_[i].kind), static_cast<Number>(ChangesAgain(i)),
                  static_cast<Number>(cuts_[i].batch_lost_bytes),
                  static_cast<Number>(cuts_[i].ahead_lost_bytes));
    }
    std::fflush(stdout);
  }

  // Bytes of changes that were sent again between this cut and the next.
  uint64_t ChangesAgain(size_t cut) const {
    const StreamCount& next = cut + 1 < cuts_.size() ? cuts_[cut + 1].before : total_;
    return next.changes_again_bytes - cuts_[cut].before.changes_again_bytes;
  }

  client::TemporaryDirectory directory_;
  client::Tikard tikard_{directory_};
  RealPhone office_{directory_.File("kantor.sqlite"), "kerinci/kantor", 1};
  RealPhone officer_{directory_.File("petugas.sqlite"), "kerinci/petugas-ani", 2};
  std::vector<CutCost> cuts_;
  double took_seconds_ = 0;
  LinkCount from_, to_;  // when the sync began and when it ended
  StreamCount total_;
};

TEST_F(SyncOver2GTest, CutsCostNoMoreThanOneBatchEach) {
  // In the morning, at the office.
  office_.Sync(tikard_.address());
  officer_.Sync(tikard_.address());
  FileAtTheOffice(kIncomingRequests);
  WriteADaysWork();
  ASSERT_EQ(officer_.Status().unsent, static_cast<uint64_t>(kPendingChanges));

  // The first cut falls into the pushes, those after it into what comes down.
  SyncOverCuts({.first_after = seconds(6),
                .every = seconds(30),
                .length = seconds(4),
                .kinds = {CutKind::kReset, CutKind::kHole}},
               300'000);

  // The link was what it says.
  EXPECT_GT(took_seconds_,
            static_cast<double>(to_.payload.down - from_.payload.down) / k2G.bytes_per_second);
  EXPECT_GT(to_.up.lost + to_.down.lost, 0u);
  ASSERT_GE(cuts_.size(), 3u) << "too little data to meet a cut of each kind";
  EXPECT_GT(ChangesAgain(0), 0u) << "the first cut was to fall into the pushes";
  EXPECT_GT(cuts_[2].batch_lost_bytes, 0u) << "the third was to fall into a batch";
  ExpectOneBatchACut();

  office_.Sync(tikard_.address());
  ExpectConverged(office_, officer_);
  const std::vector<client::RequestOnPhone> all = officer_.All();
  EXPECT_EQ(all.size(), static_cast<size_t>(kIncomingRequests + kPendingChanges / 4));
  uint64_t changes = 0;
  for (const client::RequestOnPhone& request : all) changes += request.request.change_count();
  EXPECT_EQ(changes, static_cast<uint64_t>(kIncomingRequests + kPendingChanges));
}

// Worse than a reset: the phone waits for what comes down, and nothing will, and nobody says so.
TEST_F(SyncOver2GTest, AConnectionThatDiesInSilenceIsGivenUpAndCostsOneBatch) {
  office_.Sync(tikard_.address());
  officer_.Sync(tikard_.address());
  FileAtTheOffice(kIncomingRequests / 4);
  SyncOverCuts({.first_after = seconds(8),
                .every = std::chrono::hours(1),
                .length = seconds(4),
                .kinds = {CutKind::kForgotten}},
               300'000);
  ASSERT_EQ(cuts_.size(), 1u) << "too little data to meet the cut";
  EXPECT_GT(cuts_[0].batch_lost_bytes, 0u);
  ExpectOneBatchACut();
  EXPECT_EQ(to_.connections - from_.connections, 2u);
  ExpectConverged(office_, officer_);
  EXPECT_EQ(officer_.All().size(), static_cast<size_t>(kIncomingRequests / 4));
}

}  // namespace
}  // namespace tikar::network

int main(int argc, char** argv) {
  auto made = tikar::network::MakeWorld();
  if (absl::IsPermissionDenied(made.status())) {
    std::printf("SKIPPED: needs root, or user namespaces, and /dev/net/tun: %s\n",
                std::string(made.status().message()).c_str());
    return 77;
  }
  if (!made.ok()) {
    std::printf("the network cannot be made: %s\n", made.status().ToString().c_str());
    return 1;
  }
  tikar::network::world = made->get();
  testing::InitGoogleMock(&argc, argv);
  return RUN_ALL_TESTS();
}
