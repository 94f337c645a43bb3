// Engine: everything of the server that is not gRPC, put together.
//
//   ASSIGN_OR_RETURN(std::unique_ptr<Engine> engine, Engine::Start(options));
//   …                                   // services use its parts
//   engine->BeginStop();                // streams end, after their outstanding results
//   …                                   // gRPC server is shut down
//   RETURN_IF_ERROR(engine->Stop());    // queue drained, store closed
//
// Lock order: a session's mutex, then one of the others; none of the others with another.
// Callbacks (TaskDone, wake, granted) run without any.
#ifndef TIKAR_SERVER_ENGINE_ENGINE_H_
#define TIKAR_SERVER_ENGINE_ENGINE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "server/engine/byte_budget.h"
#include "server/engine/call_gauge.h"
#include "server/engine/fan_out.h"
#include "server/engine/limits.h"
#include "server/engine/mirror_table.h"
#include "server/engine/offers.h"
#include "server/engine/sequencer.h"
#include "server/engine/sessions.h"
#include "server/engine/timers.h"
#include "server/engine/worker_pool.h"
#include "sync/working_days.h"

namespace tikar::server {

struct EngineOptions {
  // False: nothing runs by itself. One thread then calls everything, Step too: a simulator.
  bool threads = true;
  // jitter_ms is filled in by the engine.
  SequencerOptions sequencer;
  // 64 random bits per call. Any thread.
  std::function<uint64_t()> random;
  size_t read_threads = 2;
  size_t reads_queued_max = kReadsQueuedMax;
  size_t streams_max = kStreamsMax;
  size_t feed_bytes_in_flight_max = kFeedBytesInFlightMax;
  // What a hello may ask for at least; simulators want passes of many pages.
  size_t batch_bytes_min = kBatchBytesMin;
  std::string version;
  // Of the node's own catalogue.
  CatalogueOffers catalogue_offers;
  sync::WorkingCalendar calendar;
  // From one run of the timers to the next, milliseconds; 0: they do not run.
  int64_t timers_interval_ms = 0;
};

// Thread safety: all methods from any thread; Stop after the gRPC server is gone.
class Engine {
 public:
  // Opens the store.
  static absl::StatusOr<std::unique_ptr<Engine>> Start(EngineOptions options);
  ~Engine();  // Stop()

  // No call begins any more; streams end.
  void BeginStop();
  absl::Status Stop();

  Sequencer& sequencer() { return sequencer_; }
  FanOut& fan_out() { return fan_out_; }
  // For reads of the store.
  WorkerPool& readers() { return readers_; }
  // For batches that are read or being written.
  ByteBudget& feed_budget() { return feed_budget_; }
  Sessions& sessions() { return sessions_; }
  // The nodes that this one is connected with.
  MirrorTable& mirrors() { return mirrors_; }
  // Every call of a service, streams too.
  CallGauge& calls() { return calls_; }

  // What threads do, where there are threads.
  enum class Work {
    kSequencer,   // judges and writes the next group
    kSyncer,      // makes written groups durable and publishes them
    kCompletion,  // gives the next answers to those who asked
    kRead,        // reads for the next stream or call
    kRecovery,    // tries once to open a store that failed
  };
  // Without threads: does the next piece of it. False: there is nothing to do.
  bool Step(Work work);

  int64_t now_ms() const { return options_.sequencer.now_ms(); }
  // A random delay between half and one and a half of `ms`.
  int64_t jitter_ms(int64_t ms) const;
  // Random with each start.
  uint64_t instance() const { return instance_; }
  int64_t started_at_ms() const { return started_at_ms_; }
  size_t batch_bytes_min() const { return options_.batch_bytes_min; }
  const std::string& version() const { return options_.version; }
  const CatalogueOffers& catalogue_offers() const { return options_.catalogue_offers; }
  const sync::WorkingCalendar& calendar() const { return options_.calendar; }
  // In whose log this node writes; kNone while the store is being opened again.
  sync::Origin origin() const;

 private:
  explicit Engine(EngineOptions options);

  const EngineOptions options_;
  const uint64_t instance_;
  const int64_t started_at_ms_;
  // Destroyed from the bottom: first who calls, last who is called.
  CallGauge calls_;
  FanOut fan_out_;
  ByteBudget feed_budget_;
  MirrorTable mirrors_;
  WorkerPool readers_;
  WorkerPool completions_;
  Sequencer sequencer_;
  Sessions sessions_;
  std::unique_ptr<Timers> timers_;
};

}  // namespace tikar::server

#endif  // TIKAR_SERVER_ENGINE_ENGINE_H_
