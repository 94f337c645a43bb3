// Nodes without threads, and wires between them that carry a message when the test says so.
#ifndef TIKAR_TESTS_UNIT_SERVER_ENGINE_MIRRORS_H_
#define TIKAR_TESTS_UNIT_SERVER_ENGINE_MIRRORS_H_

#include <gtest/gtest.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "engine_fixture.h"
#include "server/engine/mirror_session.h"
#include "sync/offers.h"
#include "sync/query.h"

namespace tikar::server {

struct MirrorNodeOptions {
  std::vector<std::string> regions = {"*"};
  // Of the origin: nodes with equal ones begin in the same log, as copies do.
  uint64_t origin_seed = 0;
  int64_t clock_ahead_ms = 0;
  // Of two nodes of one name.
  uint64_t process_seed = 0;
};

class MirrorNode {
 public:
  explicit MirrorNode(std::string name, MirrorNodeOptions options = {})
      : name_(std::move(name)),
        options_(std::move(options)),
        random_(std::hash<std::string>()(name_) + options_.process_seed) {
    Start();
  }

  void Start() {
    EngineOptions engine;
    engine.threads = false;
    engine.version = "test";
    engine.random = [this] { return random_() | 1; };
    engine.sequencer.open_store = [this] { return disk_.Open(); };
    engine.sequencer.now_ms = [this] { return now_ms_ + options_.clock_ahead_ms; };
    engine.sequencer.replica.random =
        [generator = std::make_shared<std::mt19937_64>(
             options_.origin_seed != 0 ? options_.origin_seed : random_())] {
          return (*generator)() | 1;
        };
    auto started = Engine::Start(std::move(engine));
    EXPECT_TRUE(started.ok()) << started.status();
    engine_ = *std::move(started);
  }
  // As after a power cut.
  void Restart() {
    engine_ = nullptr;
    Start();
  }

  Engine& engine() { return *engine_; }
  Disk& disk() { return disk_; }
  const std::string& name() const { return name_; }
  const std::vector<std::string>& regions() const { return options_.regions; }

  bool Step() {
    return engine_->Step(Engine::Work::kSequencer) || engine_->Step(Engine::Work::kSyncer) ||
           engine_->Step(Engine::Work::kCompletion) || engine_->Step(Engine::Work::kRead);
  }
  void Settle() {
    while (Step()) {
    }
  }
  void AddForm(uint32_t version = 1) {
    EXPECT_TRUE(
        engine_->sequencer()
            .AddDefinition(ComplaintFormBytes(version),
                           [](const TaskResult& result) { EXPECT_TRUE(result.status.ok()); })
            .ok());
    Settle();
  }
  // Hands it over; nothing is done with it yet.
  void Submit(const std::string& body) {
    EXPECT_TRUE(engine_->sequencer()
                    .Submit({By(ActorOf(body), body)},
                            [](const TaskResult& result) { EXPECT_TRUE(result.status.ok()); })
                    .ok());
  }
  void File(int number, const std::string& region = "15.01", size_t padding = 0) {
    Submit(Complaint("petugas-" + name_, number, padding, region));
    Settle();
  }
  void Adopt(uint32_t version, const std::string& region = "15.01") {
    const sync::DefinitionHash hash = sync::Sha256(ComplaintFormBytes(version));
    EXPECT_TRUE(engine_->sequencer()
                    .Run(
                        [&, hash](sync::Replica& replica, int64_t now_ms) {
                          auto outcome = replica.Adopt(region, hash, "kantor-" + name_, now_ms);
                          if (outcome.ok()) outcome->regions_touched = {region};
                          return outcome;
                        },
                        0, [](const TaskResult& result) { EXPECT_TRUE(result.status.ok()); })
                    .ok());
    Settle();
  }

  sync::VersionVector Vector(const std::string& region = "15.01") const {
    const auto vector = sync::LoadVersionVector(*Current().reader, region);
    EXPECT_TRUE(vector.ok()) << vector.status();
    return vector.ok() ? *vector : sync::VersionVector();
  }
  uint64_t Entries(const std::string& region = "15.01") const {
    uint64_t entries = 0;
    const sync::VersionVector vector = Vector(region);
    for (const auto& position : vector.positions()) entries += position.seq;
    return entries;
  }
  // The bytes of all states of the region.
  std::string States(const std::string& region = "15.01") const {
    const auto page = sync::ListRequests(*Current().reader, region, {}, {.size = 100'000});
    EXPECT_TRUE(page.ok()) << page.status();
    std::string bytes;
    if (!page.ok()) return bytes;
    for (v1::Request request : page->requests()) {
      request.clear_feed_position();
      bytes += request.SerializeAsString();
    }
    return bytes;
  }
  std::optional<sync::OfferRecord> Offer(const std::string& region = "15.01") const {
    const auto offer = sync::FindOffer(*Current().reader, region, "pengaduan");
    EXPECT_TRUE(offer.ok()) << offer.status();
    return offer.ok() ? *offer : std::nullopt;
  }
  const Published& Current() const {
    held_ = engine_->sequencer().Current();
    return *held_;
  }

  int64_t now_ms_ = kMorning + 1'000'000;

 private:
  static std::string ActorOf(const std::string& body_bytes) {
    v1::ChangeBody body;
    EXPECT_TRUE(body.ParseFromString(body_bytes));
    return body.actor();
  }

  const std::string name_;
  const MirrorNodeOptions options_;
  std::mt19937_64 random_;
  Disk disk_;
  mutable std::shared_ptr<const Published> held_;
  std::unique_ptr<Engine> engine_;
};

// One Replicate call.
class MirrorWire {
 public:
  // `dialler` calls `called`, and expects `expected` there (empty: anybody).
  MirrorWire(MirrorNode* dialler, MirrorNode* called, std::string expected = "")
      : ends_{End(dialler), End(called)} {
    for (size_t side : {0, 1}) {
      End& end = ends_[side];
      end.session =
          std::make_shared<MirrorSession>(&end.node->engine(), &end,
                                          MirrorSessionOptions{.node = end.node->name(),
                                                               .regions = end.node->regions(),
                                                               .dialled_here = side == 0,
                                                               .peer = side == 0 ? expected : ""});
      EXPECT_TRUE(end.node->engine().sessions().Add(end.session));
    }
    for (End& end : ends_) end.session->Start();
  }
  ~MirrorWire() {
    Cut();
    for (End& end : ends_) {
      end.node->Settle();
      EXPECT_TRUE(end.finished) << end.node->name() << " did not finish";
      end.node->engine().sessions().Remove(end.session);
    }
  }

  // Moves at most one message. Whether anything moved.
  bool Step() {
    for (size_t side : {0, 1}) {
      End& from = ends_[side];
      End& to = ends_[1 - side];
      if (from.writing.has_value() && !from.finished) {
        Count(side, *from.writing);
        to.arrived.push_back(*std::exchange(from.writing, std::nullopt));
        from.session->OnWritten(true);
        return true;
      }
      if (to.reading && !to.arrived.empty() && !to.deaf && !to.finished) {
        to.reading = false;
        v1::MirrorMessage message = std::move(to.arrived.front());
        to.arrived.pop_front();
        to.session->OnRead(true, std::move(message));
        return true;
      }
      // One side ended: the other one notices.
      if (from.finished && !to.finished && to.arrived.empty() && !cut_) {
        Cut();
        return true;
      }
    }
    return false;
  }
  void Cut() {
    cut_ = true;
    for (End& end : ends_) {
      if (end.finished) continue;
      end.session->OnCancel();
      if (std::exchange(end.writing, std::nullopt).has_value()) end.session->OnWritten(false);
      if (std::exchange(end.reading, false)) end.session->OnRead(false, {});
    }
  }
  // What comes to this side stays on the wire.
  void SetDeaf(size_t side, bool deaf) { ends_[side].deaf = deaf; }

  MirrorSession& session(size_t side) { return *ends_[side].session; }
  bool finished(size_t side) const { return ends_[side].finished; }
  const absl::Status& status(size_t side) const { return ends_[side].status; }
  // That left this side.
  uint64_t entries(size_t side) const { return ends_[side].entries; }
  uint64_t batches(size_t side) const { return ends_[side].batches; }
  uint64_t messages(size_t side) const { return ends_[side].messages; }

 private:
  struct End : MirrorTransport {
    explicit End(MirrorNode* n) : node(n) {}
    void Read() override { reading = true; }
    void Write(v1::MirrorMessage message) override { writing = std::move(message); }
    void Finish(const absl::Status& why) override {
      EXPECT_FALSE(finished);
      finished = true;
      status = why;
    }
    void Cancel() override {
      if (std::exchange(writing, std::nullopt).has_value()) session->OnWritten(false);
    }

    MirrorNode* node;
    std::shared_ptr<MirrorSession> session;
    bool reading = false;
    bool deaf = false;
    bool finished = false;
    absl::Status status;
    std::optional<v1::MirrorMessage> writing;
    std::deque<v1::MirrorMessage> arrived;
    uint64_t entries = 0, batches = 0, messages = 0;
  };

  void Count(size_t side, const v1::MirrorMessage& message) {
    End& end = ends_[side];
    ++end.messages;
    if (!message.has_batch()) return;
    ++end.batches;
    end.entries += static_cast<uint64_t>(message.batch().entries_size());
    EXPECT_LE(message.ByteSizeLong(), kMessageBytesMax);
  }

  End ends_[2];
  bool cut_ = false;
};

// Until nothing moves any more. False: it never ends.
inline bool SettleAll(const std::vector<MirrorNode*>& nodes,
                      const std::vector<MirrorWire*>& wires) {
  constexpr int kStepsMax = 1'000'000;
  for (int i = 0; i < kStepsMax; ++i) {
    bool moved = false;
    for (MirrorNode* node : nodes) moved = node->Step() || moved;
    for (MirrorWire* wire : wires) moved = wire->Step() || moved;
    if (!moved) return true;
  }
  return false;
}

}  // namespace tikar::server

#endif  // TIKAR_TESTS_UNIT_SERVER_ENGINE_MIRRORS_H_
