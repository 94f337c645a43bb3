// Everybody at once, on many threads, while the disk fails: phones that push and take, live ones,
// watches, tools, timers, commands, and a server that stops in the midst of it. Nothing that was
// acknowledged may be missing. Under ThreadSanitizer this is what covers the engine's threads.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "engine_fixture.h"
#include "server/engine/sync_session.h"
#include "server/engine/watch_session.h"

namespace tikar::server {
namespace {

constexpr int kWriters = 4;
constexpr int kChangesPerPush = 5;

// The far end of a stream, whose calls complete on other threads, as gRPC's do.
class Wire {
 public:
  explicit Wire(WorkerPool* threads) : threads_(*threads) {}

  // Something of the stream, later, on another thread.
  void Later(std::function<void()> action) {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      ++under_way_;
    }
    threads_.Post([this, action = std::move(action)] {
      action();
      const std::lock_guard<std::mutex> lock(mutex_);
      --under_way_;
      changed_.notify_all();
    });
  }
  void Finished(const absl::Status& status) {
    const std::lock_guard<std::mutex> lock(mutex_);
    EXPECT_FALSE(end_.has_value()) << "finished twice";
    end_ = status;
    changed_.notify_all();
  }
  bool finished() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return end_.has_value();
  }
  // How the stream ended, when nothing of it is under way any more.
  absl::Status AwaitEnd() {
    std::unique_lock<std::mutex> lock(mutex_);
    const bool ended =
        changed_.wait_for(lock, kPatience, [this] { return end_.has_value() && under_way_ == 0; });
    EXPECT_TRUE(ended) << "the stream did not end";
    return ended ? *end_ : absl::UnknownError("it did not end");
  }

 private:
  WorkerPool& threads_;
  std::mutex mutex_;
  std::condition_variable changed_;
  int under_way_ = 0;
  std::optional<absl::Status> end_;
};

// Says `messages`, then half-closes, or with `live` stays and confirms what comes until it hangs
// up.
class StreamingPhone : public SyncTransport {
 public:
  StreamingPhone(Engine* engine, WorkerPool* threads, std::deque<v1::SyncRequest> messages,
                 bool live)
      : engine_(*engine),
        wire_(threads),
        live_(live),
        messages_(std::move(messages)),
        session_(std::make_shared<SyncSession>(engine, this)) {
    admitted_ = engine_.sessions().Add(session_);
    if (admitted_) session_->Start();
  }
  ~StreamingPhone() override {
    if (!admitted_) return;
    HangUp();
    wire_.AwaitEnd().IgnoreError();
    engine_.sessions().Remove(session_);
  }

  // Unavailable: the server takes no more streams.
  absl::Status AwaitEnd() {
    return admitted_ ? wire_.AwaitEnd() : absl::UnavailableError("not admitted");
  }
  // As a connection that is lost.
  void HangUp() {
    session_->OnCancel();
    CompleteRead();
  }
  std::vector<v1::PushResult> results() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return results_;
  }
  // Until so many batches have come, the stream has ended, or somebody says stop.
  void WaitForBatches(int count, const std::atomic<bool>& stop) {
    std::unique_lock<std::mutex> lock(mutex_);
    while (batches_ < count && !wire_.finished() && !stop) {
      // Looks again now and then: who says stop tells nobody.
      changed_.wait_for(lock, std::chrono::milliseconds(20));
    }
  }

 private:
  void CompleteRead() {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (!std::exchange(read_held_, false)) return;
    }
    wire_.Later([this] { session_->OnRead(false, {}); });
  }

  void Read() override {
    std::optional<v1::SyncRequest> message;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (messages_.empty() && live_) {
        read_held_ = true;
        return;
      }
      if (!messages_.empty()) {
        message = std::move(messages_.front());
        messages_.pop_front();
      }
    }
    wire_.Later([this, message] {
      session_->OnRead(message.has_value(), message.value_or(v1::SyncRequest()));
    });
  }
  void Write(const v1::SyncResponse& response) override {
    wire_.Later([this, &response] {
      bool confirm = false;
      {
        const std::lock_guard<std::mutex> lock(mutex_);
        if (response.has_push_result()) results_.push_back(response.push_result());
        if (response.has_batch()) {
          ++batches_;
          changed_.notify_all();
        }
        confirm = response.has_batch() && std::exchange(read_held_, false);
      }
      if (confirm) {
        v1::SyncRequest received;
        received.mutable_received()->set_batch_number(response.batch().batch_number());
        wire_.Later([this, received] { session_->OnRead(true, received); });
      }
      session_->OnWritten(true);
    });
  }
  void Finish(const absl::Status& status) override {
    // Who waits for the end may destroy this at once, but not while something is under way.
    wire_.Later([this, status] {
      wire_.Finished(status);
      const std::lock_guard<std::mutex> lock(mutex_);
      changed_.notify_all();
    });
  }
  void Cancel() override { CompleteRead(); }

  Engine& engine_;
  Wire wire_;
  const bool live_;
  bool admitted_ = false;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<v1::SyncRequest> messages_;
  bool read_held_ = false;
  int batches_ = 0;
  std::vector<v1::PushResult> results_;
  const std::shared_ptr<SyncSession> session_;
};

class Watch : public WatchTransport {
 public:
  Watch(Engine* engine, WorkerPool* threads)
      : engine_(*engine),
        wire_(threads),
        session_(std::make_shared<WatchSession>(engine, this, std::vector<std::string>{"15.01"},
                                                v1::RequestFilter())) {
    EXPECT_TRUE(engine_.sessions().Add(session_));
    session_->Start();
  }
  ~Watch() override {
    session_->OnCancel();
    wire_.AwaitEnd().IgnoreError();
    engine_.sessions().Remove(session_);
  }
  int seen() const { return seen_; }

 private:
  void Begin() override {
    wire_.Later([this] { session_->OnWritten(true); });
  }
  void Write(const v1::WatchRequestsResponse& response) override {
    wire_.Later([this, &response] {
      if (response.has_request()) ++seen_;
      session_->OnWritten(true);
    });
  }
  void Finish(const absl::Status& status) override {
    wire_.Later([this, status] { wire_.Finished(status); });
  }
  void Cancel() override {}

  Engine& engine_;
  Wire wire_;
  std::atomic<int> seen_{0};
  const std::shared_ptr<WatchSession> session_;
};

class EngineStressTest : public EngineTest {
 protected:
  // Limits so small that everything is shed and waited for now and then.
  void StartSmallEngine() {
    StartEngine([](EngineOptions& options) {
      options.read_threads = 3;
      options.reads_queued_max = 8;
      options.feed_bytes_in_flight_max = 300 << 10;
      options.timers_interval_ms = 1;
      options.sequencer.queue_changes_max = 12;
    });
    AddForm();
  }

  v1::SyncRequest Hello(const std::string& actor) {
    v1::SyncRequest message;
    v1::Hello& hello = *message.mutable_hello();
    hello.set_protocol_version(1);
    hello.set_actor(actor);
    hello.set_device_time_ms(engine_->now_ms());
    hello.add_scope("15.01");
    return message;
  }

  // One short sync; whether all of `bodies` were acknowledged.
  bool Push(const std::string& actor, const std::vector<std::string>& bodies) {
    std::deque<v1::SyncRequest> messages = {Hello(actor), v1::SyncRequest()};
    for (const std::string& body : bodies) {
      messages.back().mutable_push()->add_changes()->set_body(body);
    }
    StreamingPhone phone(engine_.get(), &threads_, std::move(messages), false);
    const absl::Status end = phone.AwaitEnd();
    const std::vector<v1::PushResult> results = phone.results();
    if (end.ok()) {
      EXPECT_EQ(results.size(), 1u) << "ended well without a result";
    }
    for (const v1::PushResult& result : results) {
      EXPECT_EQ(static_cast<size_t>(result.results_size()), bodies.size());
      for (const v1::ChangeResult& one : result.results()) {
        EXPECT_EQ(one.verdict(), v1::VERDICT_ACCEPTED) << one.ShortDebugString();
      }
    }
    return !results.empty();
  }

  // Writes until told to stop; each push is repeated until it is acknowledged or the time is over.
  void Write(int writer) {
    const std::string actor = "kerinci/petugas-" + std::to_string(writer);
    for (int round = 0; !stop_; ++round) {
      std::vector<std::string> bodies;
      for (int i = 0; i < kChangesPerPush; ++i) {
        bodies.push_back(Complaint(actor, round * kChangesPerPush + i));
      }
      bool acknowledged = false;
      while (!acknowledged && !stop_) acknowledged = Push(actor, bodies);
      if (!acknowledged) return;
      const std::lock_guard<std::mutex> lock(acknowledged_mutex_);
      acknowledged_.insert(acknowledged_.end(), bodies.begin(), bodies.end());
    }
  }

  // What services do beside the streams: read published versions, write for a caller, ask how it
  // goes.
  void UseTools() {
    for (uint32_t round = 0; !stop_; ++round) {
      const auto published = sequencer().Current();
      if (published != nullptr) {
        engine_->readers().TryPost([published] {
          const auto found = sync::LoadRequest(*published->reader, KeyOf(Complaint("nobody", 1)));
          EXPECT_TRUE(found.ok() && !found->has_value());
        });
      }
      Mailbox<TaskResult> answers;
      const absl::Status taken = sequencer().Run(
          [](sync::Replica& replica, int64_t now_ms) {
            return replica.AddDefinition(ComplaintFormBytes(1), now_ms);
          },
          0, [&](TaskResult result) { answers.Put(std::move(result)); });
      if (taken.ok()) {
        EXPECT_TRUE(answers.Take().has_value()) << "a command without an answer";
      }
      engine_->fan_out().subscriptions();
      engine_->sessions().size();
      engine_->sessions().stopping();
      engine_->readers().queued();
      sequencer().status();
      engine_->origin();
      now_ms_ += 1;
    }
  }

  // Phones that stay, take some, and lose their connection.
  void LiveOn(int number) {
    while (!stop_) {
      StreamingPhone phone(engine_.get(), &threads_,
                           {Hello("kerinci/kantor-" + std::to_string(number))}, true);
      phone.WaitForBatches(3, stop_);
    }
  }

  void StartEverybody() {
    for (int writer = 0; writer < kWriters; ++writer) {
      everybody_.emplace_back([this, writer] { Write(writer); });
    }
    for (int number = 0; number < 2; ++number) {
      everybody_.emplace_back([this, number] { LiveOn(number); });
    }
    everybody_.emplace_back([this] { UseTools(); });
  }
  void StopEverybody() {
    stop_ = true;
    for (std::thread& one : everybody_) one.join();
    everybody_.clear();
  }

  size_t acknowledged() {
    const std::lock_guard<std::mutex> lock(acknowledged_mutex_);
    return acknowledged_.size();
  }

  WorkerPool threads_{3, 1'000};  // gRPC's
  std::atomic<bool> stop_{false};
  std::mutex acknowledged_mutex_;
  std::vector<std::string> acknowledged_;  // guarded by acknowledged_mutex_
  std::vector<std::thread> everybody_;
};

TEST_F(EngineStressTest, NothingAcknowledgedIsLostWhileTheDiskFails) {
  StartSmallEngine();
  constexpr int kFailures = 20;
  {
    Watch watch(engine_.get(), &threads_);
    StartEverybody();
    for (int failure = 0; failure < kFailures; ++failure) {
      ASSERT_TRUE(disk_.WaitForSyncs(disk_.syncs() + 25)) << "nobody writes any more";
      failure % 2 == 0 ? disk_.FailNextSync() : disk_.FailNextWrite();
    }
    ASSERT_TRUE(disk_.WaitForSyncs(disk_.syncs() + 10)) << "it did not come back";
    StopEverybody();
    EXPECT_GT(watch.seen(), 0);
  }
  EXPECT_GE(disk_.opens(), 1 + kFailures);
  EXPECT_GT(acknowledged(), 50u);
  for (const std::string& body : acknowledged_) EXPECT_TRUE(IsPublished(body));
}

TEST_F(EngineStressTest, AStopInTheMidstLosesNothingAcknowledged) {
  for (int round = 0; round < 5; ++round) {
    stop_ = false;
    StartSmallEngine();
    StartEverybody();
    ASSERT_TRUE(disk_.WaitForSyncs(disk_.syncs() + 10 + 20 * round));
    engine_->BeginStop();
    StopEverybody();
    ASSERT_TRUE(engine_->Stop().ok());
    for (const std::string& body : acknowledged_) EXPECT_TRUE(IsPublished(body));
    EXPECT_GT(acknowledged(), 0u);
    engine_ = nullptr;
  }
}

}  // namespace
}  // namespace tikar::server
