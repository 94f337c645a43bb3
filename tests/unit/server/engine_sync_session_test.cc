// What passes over a stream, and how it ends.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <thread>

#include "engine_phone.h"
#include "sync/keys.h"

namespace tikar::server {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

TEST_F(SyncSessionTest, TwoPhonesSeeEachOther) {
  const std::string bridge = Complaint("petugas-1", 1), road = Complaint("petugas-2", 2);
  ShortSync("petugas-1", {bridge});

  Phone second(engine_.get());
  second.Say("petugas-2");
  const v1::SyncResponse first_message = second.Next();
  ASSERT_TRUE(first_message.has_welcome());
  EXPECT_EQ(first_message.welcome().instance(), engine_->instance());
  EXPECT_NE(first_message.welcome().origin(), 0u);
  second.Push({road});
  const v1::PushResult results = second.NextResult();
  ASSERT_THAT(results.results(), SizeIs(1));
  EXPECT_EQ(results.results(0).request_id(), KeyOf(road).id.bytes());
  second.HalfClose();
  EXPECT_TRUE(second.End().ok());
  EXPECT_EQ(second.requests, (std::map<std::string, std::string>{{NameOf(bridge), "Jembatan 1"},
                                                                 {NameOf(road), "Jembatan 2"}}));
  EXPECT_THAT(second.definitions, SizeIs(1));

  // From the cursor only what is new, and no definition that it has.
  const std::string school = Complaint("petugas-1", 3);
  ShortSync("petugas-1", {school});
  Phone again(engine_.get());
  again.knows_form = true;
  again.Say("petugas-2", second.cursor, {"15.01"}, [](v1::Hello& hello) {
    hello.add_definition_hashes(sync::Sha256(ComplaintFormBytes()).bytes());
  });
  again.HalfClose();
  EXPECT_TRUE(again.End().ok());
  EXPECT_EQ(again.requests, (std::map<std::string, std::string>{{NameOf(school), "Jembatan 3"}}));
  EXPECT_THAT(again.definitions, SizeIs(0));
}

// It used to end every phone's stream, for ever.
TEST_F(SyncSessionTest, ADamagedRequestKeepsNoPhoneFromTheOthers) {
  const std::string damaged = Complaint("petugas-1", 1), whole = Complaint("petugas-1", 2);
  ShortSync("petugas-1", {damaged});
  disk_.Damage(sync::Family::kRequests, sync::keys::Record(KeyOf(damaged)));
  ShortSync("petugas-1", {whole});
  Phone phone(engine_.get());
  phone.Say("petugas-2");
  phone.HalfClose();
  EXPECT_TRUE(phone.End().ok());
  EXPECT_EQ(phone.requests, (std::map<std::string, std::string>{{NameOf(whole), "Jembatan 2"}}));
}

TEST_F(SyncSessionTest, AnEmptyServerSaysThatThePhoneIsCaughtUp) {
  Phone phone(engine_.get());
  phone.Say("petugas-1");
  phone.HalfClose();
  EXPECT_TRUE(phone.End().ok());
  EXPECT_EQ(phone.batches_received, 1);
}

TEST_F(SyncSessionTest, AResultIsTheFirstTickAndComesAfterTheFsync) {
  Phone phone(engine_.get());
  phone.Say("petugas-1", "", {}, [](v1::Hello& hello) { hello.set_push_only(true); });
  ASSERT_TRUE(phone.Next().has_welcome());
  const int syncs_before = disk_.syncs();
  disk_.Hold();
  phone.Push({Complaint("petugas-1", 1)});
  ASSERT_TRUE(disk_.WaitForSyncs(syncs_before + 1));
  EXPECT_EQ(phone.waiting_messages(), 0u);
  disk_.Release();
  EXPECT_THAT(phone.NextResult().results(), SizeIs(1));
  phone.HalfClose();
  EXPECT_TRUE(phone.End().ok());
  EXPECT_EQ(phone.batches_received, 0) << "push_only";
}

TEST_F(SyncSessionTest, ALivePhoneIsToldOfWhatOthersWrite) {
  Phone live(engine_.get());
  live.Say("petugas-2");
  live.CatchUp();
  EXPECT_THAT(live.requests, SizeIs(0));
  const std::string bridge = Complaint("petugas-1", 1);
  ShortSync("petugas-1", {bridge});
  live.CatchUp();
  EXPECT_EQ(live.requests[NameOf(bridge)], "Jembatan 1");
  // Another region is none of its business.
  ShortSync("petugas-3", {Complaint("petugas-3", 2, 0, "12.04")});
  const std::string road = Complaint("petugas-1", 3);
  ShortSync("petugas-1", {road});
  live.CatchUp();
  EXPECT_THAT(live.requests, SizeIs(2));
  EXPECT_EQ(live.requests[NameOf(road)], "Jembatan 3");
}

TEST_F(SyncSessionTest, OneStreamsPushesComeBackInItsOwnFeed) {
  Phone phone(engine_.get());
  phone.Say("petugas-1");
  phone.CatchUp();
  const std::string bridge = Complaint("petugas-1", 1);
  phone.Push({bridge});
  const v1::PushResult results = phone.NextResult();
  ASSERT_THAT(results.results(), SizeIs(1));
  if (!phone.requests.contains(NameOf(bridge))) phone.CatchUp();
  EXPECT_TRUE(phone.requests.contains(NameOf(bridge)));
}

TEST_F(SyncSessionTest, AnAppThatIsTooOldIsDrainedFirst) {
  Phone phone(engine_.get());
  phone.Say("petugas-1", "", {"15.01"}, [](v1::Hello& hello) { hello.set_protocol_version(0); });
  phone.Push({Complaint("petugas-1", 1)});
  EXPECT_EQ(phone.NextResult().results(0).verdict(), v1::VERDICT_ACCEPTED);
  phone.HalfClose();
  const absl::Status status = phone.End();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(ReasonOf(status), "APP_TOO_OLD");
  EXPECT_TRUE(IsPublished(Complaint("petugas-1", 1)));

  Phone open(engine_.get());
  open.Say("petugas-1", "", {"15.01"}, [](v1::Hello& hello) { hello.set_protocol_version(0); });
  ASSERT_TRUE(open.Next().has_welcome());
  now_ms_ += kTooOldIdleMs + 1;
  open.session().OnTick(now_ms_);
  EXPECT_EQ(open.End().code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(SyncSessionTest, AStoppingServerSendsTheResultsThatAreDue) {
  Phone phone(engine_.get());
  phone.Say("petugas-1", "", {}, [](v1::Hello& hello) { hello.set_push_only(true); });
  const int syncs_before = disk_.syncs();
  disk_.Hold();
  phone.Push({Complaint("petugas-1", 1)});
  ASSERT_TRUE(disk_.WaitForSyncs(syncs_before + 1));
  engine_->BeginStop();
  disk_.Release();
  const absl::Status status = phone.End();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(ReasonOf(status), "STOPPING");
  EXPECT_EQ(phone.results_, 1);
}

TEST_F(SyncSessionTest, AFailedStoreEndsTheStreamButNotBeforeEarlierResults) {
  Phone phone(engine_.get());
  phone.Say("petugas-1", "", {}, [](v1::Hello& hello) { hello.set_push_only(true); });
  phone.Push({Complaint("petugas-1", 1)});
  EXPECT_THAT(phone.NextResult().results(), SizeIs(1));
  disk_.SetUsable(false);
  disk_.FailNextSync();
  phone.Push({Complaint("petugas-1", 2)});
  const absl::Status status = phone.End();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(ReasonOf(status), "REFUSING_WRITES");
  EXPECT_THAT(std::string(status.message()), HasSubstr("its disk gave an error"));
  EXPECT_GT(RetryMsOf(status), 0);
  EXPECT_EQ(phone.results_, 0);
}

// For ThreadSanitizer: everything at once, and all must end.
TEST_F(SyncSessionTest, ManyPhonesComeAndGo) {
  constexpr int kThreads = 6, kRounds = 12;
  std::atomic<int> accepted{0};
  Phone live(engine_.get());
  live.Say("petugas-live");
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      std::mt19937 random(static_cast<unsigned>(thread));
      const std::string actor = "petugas-" + std::to_string(thread);
      for (int round = 0; round < kRounds; ++round) {
        Phone phone(engine_.get());
        phone.Say(actor);
        const int pushes = static_cast<int>(random() % 4);
        for (int push = 0; push < pushes; ++push) {
          phone.Push({Complaint(actor, thread * 10000 + round * 100 + push)});
        }
        switch (random() % 3) {
          case 0:
            phone.session().OnCancel();  // the connection broke
            break;
          case 1:
            for (int push = 0; push < pushes; ++push) accepted += phone.NextResult().results_size();
            break;
          default:
            phone.HalfClose();
            EXPECT_TRUE(phone.End().ok());
            accepted += pushes;
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  Phone last(engine_.get());
  last.Say("petugas-last");
  last.HalfClose();
  EXPECT_TRUE(last.End().ok());
  EXPECT_GE(static_cast<int>(last.requests.size()), accepted.load());
  while (live.requests.size() < last.requests.size()) live.CatchUp();
  EXPECT_EQ(live.requests, last.requests);
}

}  // namespace
}  // namespace tikar::server
