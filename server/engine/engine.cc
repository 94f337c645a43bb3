#include "server/engine/engine.h"

#include <utility>

#include "sync/status_macros.h"

namespace tikar::server {
namespace {

int64_t Jitter(const std::function<uint64_t()>& random, int64_t ms) {
  return ms / 2 + static_cast<int64_t>(random() % static_cast<uint64_t>(ms + 1));
}

SequencerOptions ForSequencer(const EngineOptions& options) {
  SequencerOptions sequencer = options.sequencer;
  sequencer.threads = options.threads;
  sequencer.jitter_ms = [random = options.random](int64_t ms) { return Jitter(random, ms); };
  return sequencer;
}

}  // namespace

Engine::Engine(EngineOptions options)
    : options_(std::move(options)),
      instance_(options_.random()),
      started_at_ms_(options_.sequencer.now_ms()),
      feed_budget_(options_.feed_bytes_in_flight_max),
      readers_(options_.threads ? options_.read_threads : 0, options_.reads_queued_max),
      // One thread, so that answers keep their order.
      completions_(options_.threads ? 1 : 0, 0),
      sequencer_(ForSequencer(options_), &completions_, &fan_out_),
      sessions_(options_.streams_max, options_.sequencer.now_ms, options_.threads) {}

absl::StatusOr<std::unique_ptr<Engine>> Engine::Start(EngineOptions options) {
  std::unique_ptr<Engine> engine(new Engine(std::move(options)));
  RETURN_IF_ERROR(engine->sequencer_.Start());
  if (engine->options_.threads && engine->options_.timers_interval_ms > 0) {
    engine->timers_ = std::make_unique<Timers>(&engine->sequencer_, &engine->options_.calendar,
                                               engine->options_.timers_interval_ms);
  }
  return engine;
}

Engine::~Engine() { Stop().IgnoreError(); }

void Engine::BeginStop() {
  calls_.Stop();
  sessions_.StopAll();
}

absl::Status Engine::Stop() {
  BeginStop();
  if (timers_ != nullptr) timers_->Stop();
  const absl::Status stopped = sequencer_.Stop();
  completions_.Stop();
  readers_.Stop();
  return stopped;
}

bool Engine::Step(Work work) {
  CHECK(!options_.threads);
  switch (work) {
    case Work::kSequencer:
      return sequencer_.StepSequencer();
    case Work::kSyncer:
      return sequencer_.StepSyncer();
    case Work::kCompletion:
      return completions_.RunOne();
    case Work::kRead:
      return readers_.RunOne();
    case Work::kRecovery:
      return sequencer_.StepRecovery();
  }
  return false;
}

int64_t Engine::jitter_ms(int64_t ms) const { return Jitter(options_.random, ms); }

sync::Origin Engine::origin() const {
  const std::shared_ptr<const Published> published = sequencer_.Current();
  return published == nullptr ? sync::Origin::kNone : published->origin;
}

}  // namespace tikar::server
