// Two nodes with all their threads, phones that write to both, and a connection that breaks again
// and again: for ThreadSanitizer, and for what only threads bring about.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "engine_fixture.h"
#include "server/engine/mirror_session.h"

namespace tikar::server {
namespace {

class StressNode {
 public:
  StressNode(std::string name, uint64_t seed) : name_(std::move(name)), random_(seed) {
    EngineOptions options;
    options.version = "test";
    options.random = [this] {
      std::lock_guard lock(mutex_);
      return random_() | 1;
    };
    options.sequencer.open_store = [this] { return disk_.Open(); };
    options.sequencer.now_ms = [this] { return now_ms_.fetch_add(1); };
    options.sequencer.replica.random = options.random;
    auto engine = Engine::Start(std::move(options));
    EXPECT_TRUE(engine.ok()) << engine.status();
    engine_ = *std::move(engine);
    Mailbox<TaskResult> answers;
    EXPECT_TRUE(engine_->sequencer()
                    .AddDefinition(ComplaintFormBytes(),
                                   [&](TaskResult result) { answers.Put(std::move(result)); })
                    .ok());
    EXPECT_TRUE(answers.Take().has_value());
  }

  Engine& engine() { return *engine_; }
  const std::string& name() const { return name_; }
  sync::VersionVector Vector() const {
    const auto published = engine_->sequencer().Current();
    return *sync::LoadVersionVector(*published->reader, "15.01");
  }

 private:
  const std::string name_;
  std::mutex mutex_;
  std::mt19937_64 random_;
  std::atomic<int64_t> now_ms_{kMorning + 1'000'000};
  Disk disk_;
  std::unique_ptr<Engine> engine_;
};

// A connection with a thread for what goes each way.
class ThreadedWire {
 public:
  ThreadedWire(StressNode* dialler, StressNode* called) : ends_{End(dialler), End(called)} {
    for (size_t side : {0, 1}) {
      End& end = ends_[side];
      end.session = std::make_shared<MirrorSession>(
          &end.node->engine(), &end,
          MirrorSessionOptions{
              .node = end.node->name(), .regions = {"*"}, .dialled_here = side == 0, .peer = ""});
      EXPECT_TRUE(end.node->engine().sessions().Add(end.session));
    }
    for (size_t side : {0, 1}) {
      threads_[side] = std::thread([this, side] { Carry(&ends_[side], &ends_[1 - side]); });
    }
    for (End& end : ends_) end.session->Start();
  }
  // Breaks it.
  ~ThreadedWire() {
    for (End& end : ends_) {
      end.session->OnCancel();
      std::lock_guard lock(end.mutex);
      end.cut = true;
      end.changed.notify_all();
    }
    for (std::thread& thread : threads_) thread.join();
    for (End& end : ends_) {
      {
        std::unique_lock lock(end.mutex);
        EXPECT_TRUE(end.changed.wait_for(lock, kPatience, [&] { return end.finished; }));
      }
      end.node->engine().sessions().Remove(end.session);
    }
  }

 private:
  struct End : MirrorTransport {
    explicit End(StressNode* n) : node(n) {}
    End(End&& other) noexcept : node(other.node) {}
    void Read() override {
      std::lock_guard lock(mutex);
      reading = true;
      changed.notify_all();
    }
    void Write(v1::MirrorMessage message) override {
      std::lock_guard lock(mutex);
      writing = std::move(message);
      changed.notify_all();
    }
    void Finish(const absl::Status&) override {
      std::lock_guard lock(mutex);
      finished = true;
      changed.notify_all();
    }
    void Cancel() override {}

    StressNode* node;
    std::shared_ptr<MirrorSession> session;
    std::mutex mutex;
    std::condition_variable changed;
    bool reading = false, cut = false, finished = false;
    std::optional<v1::MirrorMessage> writing;
  };

  static void Carry(End* from, End* to) {
    while (true) {
      std::optional<v1::MirrorMessage> message;
      {
        std::unique_lock lock(from->mutex);
        from->changed.wait(lock, [&] { return from->cut || from->writing.has_value(); });
        message = std::exchange(from->writing, std::nullopt);
      }
      if (!message.has_value()) break;
      bool reads = false;  // else its other thread has told it of the cut
      {
        std::unique_lock lock(to->mutex);
        to->changed.wait(lock, [&] { return to->cut || to->reading; });
        reads = std::exchange(to->reading, false);
      }
      from->session->OnWritten(true);
      if (reads) to->session->OnRead(true, *std::move(message));
    }
    // What is asked for after the cut fails, as gRPC lets it, until the session has finished.
    while (true) {
      bool reading = false, writing = false;
      {
        std::unique_lock lock(from->mutex);
        from->changed.wait(
            lock, [&] { return from->reading || from->writing.has_value() || from->finished; });
        reading = std::exchange(from->reading, false);
        writing = std::exchange(from->writing, std::nullopt).has_value();
        if (!reading && !writing) return;
      }
      if (writing) from->session->OnWritten(false);
      if (reading) from->session->OnRead(false, {});
    }
  }

  std::array<End, 2> ends_;
  std::array<std::thread, 2> threads_;
};

TEST(MirrorStressTest, WritersOnBothSidesAndALinkThatBreaks) {
  constexpr int kPhones = 2, kChanges = 150, kCuts = 12;
  StressNode kerinci("kerinci", 1), hub("hub", 2);
  std::atomic<int> acknowledged{0};
  std::vector<std::thread> phones;
  for (int phone = 0; phone < 2 * kPhones; ++phone) {
    phones.emplace_back([&, phone] {
      Sequencer& sequencer = (phone % 2 == 0 ? kerinci : hub).engine().sequencer();
      const std::string actor = "petugas-" + std::to_string(phone);
      for (int i = 0; i < kChanges; ++i) {
        Mailbox<TaskResult> answers;
        EXPECT_TRUE(sequencer
                        .Submit({By(actor, Complaint(actor, phone * 10'000 + i))},
                                [&](TaskResult result) { answers.Put(std::move(result)); })
                        .ok());
        const auto answer = answers.Take();
        ASSERT_TRUE(answer.has_value() && answer->status.ok());
        ++acknowledged;
      }
    });
  }
  // Cut in the middle of the work, each time a little later.
  for (int cut = 1; cut <= kCuts; ++cut) {
    const ThreadedWire wire(&kerinci, &hub);
    while (acknowledged < 2 * kPhones * kChanges * cut / (kCuts + 1)) std::this_thread::yield();
  }
  for (std::thread& phone : phones) phone.join();
  {
    const ThreadedWire wire(&kerinci, &hub);
    const auto end = std::chrono::steady_clock::now() + kPatience;
    while (kerinci.Vector() != hub.Vector() && std::chrono::steady_clock::now() < end) {
      std::this_thread::yield();
    }
  }
  EXPECT_EQ(kerinci.Vector(), hub.Vector());
  uint64_t entries = 0;
  const sync::VersionVector vector = hub.Vector();
  for (const auto& position : vector.positions()) entries += position.seq;
  EXPECT_EQ(entries, uint64_t{2} * kPhones * kChanges);
}

}  // namespace
}  // namespace tikar::server
