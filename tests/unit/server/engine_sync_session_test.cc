#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <thread>

#include "engine_fixture.h"
#include "server/engine/sync_session.h"

namespace tikar::server {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

// The other end of a stream, as a phone would be. What it is told to send waits until the session
// reads.
class Phone : public SyncTransport {
 public:
  // With `takes_writes` false the stream's window is full: no write ever completes until Take is
  // called.
  explicit Phone(Engine* engine, bool takes_writes = true)
      : engine_(*engine),
        takes_writes_(takes_writes),
        session_(std::make_shared<SyncSession>(engine, this)) {
    EXPECT_TRUE(engine_.sessions().Add(session_));
    session_->Start();
  }
  ~Phone() override {
    session_->OnCancel();
    CompleteWrite();
    EXPECT_TRUE(WaitFor([this] { return finished_; })) << "the stream was not finished";
    engine_.sessions().Remove(session_);
  }

  void Send(v1::SyncRequest message) {
    {
      std::unique_lock lock(mutex_);
      ASSERT_TRUE(changed_.wait_for(lock, kPatience, [this] { return reading_ || finished_; }));
      if (finished_) return;
      reading_ = false;
    }
    session_->OnRead(true, message);
  }
  void Say(
      const std::string& actor, const std::string& cursor = "",
      std::vector<std::string> scope = {"15.01"},
      std::function<void(v1::Hello&)> change = [](v1::Hello&) {}) {
    v1::SyncRequest message;
    v1::Hello& hello = *message.mutable_hello();
    hello.set_protocol_version(1);
    hello.set_actor(actor);
    hello.set_device_time_ms(engine_.now_ms());
    for (std::string& prefix : scope) hello.add_scope(std::move(prefix));
    hello.set_cursor(cursor);
    change(hello);
    Send(std::move(message));
  }
  void Push(const std::vector<std::string>& bodies) {
    v1::SyncRequest message;
    message.mutable_push();
    for (const std::string& body : bodies) message.mutable_push()->add_changes()->set_body(body);
    Send(std::move(message));
  }
  void Confirm(uint64_t batch_number) {
    v1::SyncRequest message;
    message.mutable_received()->set_batch_number(batch_number);
    Send(std::move(message));
  }
  void HalfClose() {
    {
      std::unique_lock lock(mutex_);
      ASSERT_TRUE(changed_.wait_for(lock, kPatience, [this] { return reading_ || finished_; }));
      if (finished_) return;
      reading_ = false;
    }
    session_->OnRead(false, {});
  }

  // The next message; fails the test if none comes.
  v1::SyncResponse Next() {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(changed_.wait_for(lock, kPatience, [this] { return !received_.empty(); }));
    if (received_.empty()) return {};
    v1::SyncResponse message = std::move(received_.front());
    received_.pop_front();
    return message;
  }
  v1::PushResult NextResult() {
    while (true) {
      v1::SyncResponse message = Next();
      if (message.has_push_result()) return message.push_result();
      if (message.has_batch()) Keep(message.batch());
      if (message.kind_case() == v1::SyncResponse::KIND_NOT_SET) return {};
    }
  }
  // Takes and confirms batches until one is caught up.
  void CatchUp() {
    while (true) {
      const v1::SyncResponse message = Next();
      if (message.kind_case() == v1::SyncResponse::KIND_NOT_SET) return;
      if (!message.has_batch()) continue;
      Keep(message.batch());
      Confirm(message.batch().batch_number());
      if (message.batch().caught_up()) return;
    }
  }
  // Until the stream ended; keeps what came.
  absl::Status End() {
    EXPECT_TRUE(WaitFor([this] { return finished_; }));
    std::lock_guard lock(mutex_);
    while (!received_.empty()) {
      if (received_.front().has_batch()) Keep(received_.front().batch());
      if (received_.front().has_push_result()) ++results_;
      received_.pop_front();
    }
    return finish_status_;
  }
  // The slow phone takes one message.
  void CompleteWrite() {
    {
      std::lock_guard lock(mutex_);
      if (!write_held_) return;
      write_held_ = false;
    }
    session_->OnWritten(true);
  }
  void TakeEverything() {
    {
      std::lock_guard lock(mutex_);
      takes_writes_ = true;
    }
    CompleteWrite();
  }
  bool WaitFor(const std::function<bool()>& condition) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kPatience, condition);
  }
  bool WaitForHeldWrite() {
    return WaitFor([this] { return write_held_; });
  }

  bool reading() {
    std::lock_guard lock(mutex_);
    return reading_;
  }
  size_t waiting_messages() {
    std::lock_guard lock(mutex_);
    return received_.size();
  }
  bool cancelled() {
    std::lock_guard lock(mutex_);
    return cancelled_;
  }
  SyncSession& session() { return *session_; }

  // What a phone keeps. Titles by request id.
  std::map<std::string, std::string> requests;
  std::set<std::string> definitions;
  std::string cursor;
  int requests_received = 0;
  int batches_received = 0;
  int results_ = 0;

 private:
  void Keep(const v1::Batch& batch) {
    ++batches_received;
    EXPECT_EQ(batch.batch_number(), static_cast<uint64_t>(batches_received));
    for (const v1::DefinitionBytes& definition : batch.definitions()) {
      definitions.insert(sync::Sha256(definition.body()).bytes());
    }
    for (const v1::Request& request : batch.requests()) {
      ++requests_received;
      EXPECT_TRUE(definitions.contains(request.definition_hash()) || knows_form)
          << "the definition must come first";
      for (const v1::FieldState& field : request.fields()) {
        if (field.path() == "judul") requests[request.name()] = field.value().text();
      }
    }
    cursor = batch.cursor();
  }

  // SyncTransport:
  void Read() override {
    std::lock_guard lock(mutex_);
    EXPECT_FALSE(reading_) << "two reads at a time";
    EXPECT_FALSE(finished_) << "a read after the end";
    reading_ = true;
    changed_.notify_all();
  }
  void Write(const v1::SyncResponse& response) override {
    {
      std::lock_guard lock(mutex_);
      EXPECT_FALSE(write_held_) << "two writes at a time";
      EXPECT_FALSE(finished_) << "a write after the end";
      received_.push_back(response);
      write_held_ = !takes_writes_;
      changed_.notify_all();
      if (write_held_) return;
    }
    session_->OnWritten(true);
  }
  void Finish(const absl::Status& status) override {
    std::lock_guard lock(mutex_);
    EXPECT_FALSE(finished_) << "finished twice";
    EXPECT_FALSE(write_held_) << "finished during a write";
    finished_ = true;
    finish_status_ = status;
    changed_.notify_all();
  }
  void Cancel() override {
    bool held = false;
    {
      std::lock_guard lock(mutex_);
      EXPECT_FALSE(finished_);
      cancelled_ = true;
      held = std::exchange(write_held_, false);
      changed_.notify_all();
    }
    if (held) session_->OnWritten(false);
  }

 public:
  bool knows_form = false;

 private:
  Engine& engine_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool takes_writes_;
  bool reading_ = false;
  bool write_held_ = false;
  bool finished_ = false;
  bool cancelled_ = false;
  absl::Status finish_status_;
  std::deque<v1::SyncResponse> received_;
  const std::shared_ptr<SyncSession> session_;
};

class SyncSessionTest : public EngineTest {
 protected:
  void SetUp() override {
    StartEngine();
    AddForm();
  }

  // One short sync that pushes `bodies`; all must be accepted.
  void ShortSync(const std::string& actor, const std::vector<std::string>& bodies) {
    Phone phone(engine_.get());
    phone.Say(actor);
    phone.Push(bodies);
    const v1::PushResult results = phone.NextResult();
    ASSERT_THAT(results.results(), SizeIs(static_cast<int>(bodies.size())));
    for (const v1::ChangeResult& result : results.results()) {
      EXPECT_EQ(result.verdict(), v1::VERDICT_ACCEPTED) << result.ShortDebugString();
    }
    phone.HalfClose();
    const absl::Status end = phone.End();
    EXPECT_TRUE(end.ok()) << end;
  }

  std::string NameOf(const std::string& body) { return sync::RequestName(KeyOf(body)); }
};

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
  EXPECT_EQ(engine_->feed_budget().used(), kBatchBytesDefault);
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
