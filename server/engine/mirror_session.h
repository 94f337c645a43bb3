// MirrorSession: one Replicate call, from its hellos to its end, without gRPC: messages and events
// in, calls of a MirrorTransport out. Both ends run the same: who dialled and who was called.
//
// What is sent follows from three vectors per region: `own`, what is on this disk (never more: all
// reads are of published versions); `peer has`, the join of what the peer told, what this session
// sent it, and what it sent; and `told`, what the peer was told that is here. What `own` has and
// `peer has` lacks goes out, in the order of each log; what `own` has and `told` lacks is told. So
// nothing that came from the peer goes back to it, rings and diamonds end, and a call that breaks
// at any point goes on where the vectors of the next one say.
//
// What happens at once on a stream is put in order as in feed_stream.h: every event takes the
// mutex, notes what happened, and runs Pump, which asks NextCall for the next call that is
// possible. Calls are made without the mutex.
//
// Invariants: (1) one Read, one Write, one read of the store at a time; (2) at most
// kMirrorBatchesInFlightMax batches in each direction that are not on the receiver's disk; (3) a
// received message is only followed by another Read when all of it is in the sequencer's queue; (4)
// memory: one batch being written and one ready, one received, and what the queue admitted; the
// vectors; (5) definitions are handed to the sequencer before the offers and entries that came with
// or after them; (6) a log whose entries are refused (it has forked) stops nothing but itself.
#ifndef TIKAR_SERVER_ENGINE_MIRROR_SESSION_H_
#define TIKAR_SERVER_ENGINE_MIRROR_SESSION_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/engine/fan_out.h"
#include "server/engine/live_stream.h"
#include "server/engine/mirror_outbox.h"
#include "server/engine/mirror_table.h"
#include "server/engine/sequencer.h"
#include "tikar/v1/mirror_service.pb.h"

namespace tikar::server {

class Engine;

// The stream below. Calls return at once; each completes by the event named.
class MirrorTransport {
 public:
  virtual ~MirrorTransport() = default;
  // MirrorSession::OnRead.
  virtual void Read() = 0;
  // MirrorSession::OnWritten.
  virtual void Write(v1::MirrorMessage message) = 0;
  // The last call. Outstanding ones may still complete.
  virtual void Finish(const absl::Status& status) = 0;
  // Makes outstanding calls complete soon, in failure. Finish is still due.
  virtual void Cancel() = 0;
};

struct MirrorSessionOptions {
  // This node's name.
  std::string node;
  // What it mirrors in this call; IsMirrorPrefix each.
  std::vector<std::string> regions = {"*"};
  bool dialled_here = false;
  // The name that the other node must have; empty: any.
  std::string peer;
};

// Thread safety: all methods from any thread, but OnRead and OnWritten answer one call each.
class MirrorSession final : public LiveStream, public std::enable_shared_from_this<MirrorSession> {
 public:
  // `engine` outlives the session, `transport` its Finish.
  MirrorSession(Engine* engine, MirrorTransport* transport, MirrorSessionOptions options);
  ~MirrorSession() override;

  // Says hello, and begins to read.
  void Start();

  // `ok` false: the other side ended the call, or the stream broke.
  void OnRead(bool ok, v1::MirrorMessage message);
  void OnWritten(bool ok);
  // The call is over.
  void OnCancel();
  void OnTick(int64_t now_ms) override;
  // Ends with UNAVAILABLE.
  void Stop() override;

  // Null until the hellos were exchanged.
  std::shared_ptr<const MirrorLink> link() const;
  // Why the session ended it; nullopt while it has not.
  std::optional<absl::Status> end() const;

 private:
  using Lock = std::unique_lock<std::mutex>;
  using Call = std::function<void()>;

  // A part of a received batch that is a task of the sequencer.
  struct Step {
    uint64_t batch_number;
    std::variant<std::string, std::vector<sync::OfferRecord>, std::vector<v1::Entry>> what;
  };
  // Of what is published of one prefix.
  struct Watched {
    std::string prefix;
    std::shared_ptr<Subscription> subscription;
    bool arm_wanted = false;
  };

  void Pump(Lock& lock) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Call NextCall() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Call NextInput() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Call NextOutput() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Call Finishing() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool PickMessage() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void EndWith(absl::Status status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  // Each returns why the call must end.
  absl::Status OnHello(const v1::MirrorHello& hello);
  absl::Status OnHeld(const v1::MirrorHeld& held);
  absl::Status OnBatch(v1::MirrorBatch batch);

  // The hellos: mirror_session_hello.cc.
  absl::Status CheckHello(const v1::MirrorHello& hello) const;
  v1::MirrorHello MakeHello(const Published& published) const;
  void LeaveSharedOrigin(const v1::MirrorHello& hello);
  void WatchAll(const std::vector<std::string>& prefixes);
  void OnWake(size_t watch);

  // Received steps: mirror_session_steps.cc.
  void SubmitStep(std::shared_ptr<Step> step);
  void OnStepDone(const std::shared_ptr<Step>& step, const TaskResult& result);
  // Puts a refused step's entries back log by log. False: they were of one log.
  bool SplitRefused(const std::shared_ptr<Step>& step) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void StepsDone(uint64_t batch_number) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  bool MayBatch() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void ReadStore(const MirrorOutbox::Wanted& wanted);
  // Notes whether the peer told of what is not here.
  void NoteBehind();

  Engine& engine_;
  MirrorTransport& transport_;
  const MirrorSessionOptions options_;
  const int64_t opened_ms_;

  // Never held while another lock of the engine is taken, but for queues and the link.
  mutable std::mutex mutex_;
  int outside_ ABSL_GUARDED_BY(mutex_) = 0;
  bool reading_ ABSL_GUARDED_BY(mutex_) = false;
  // A message is being taken in.
  bool taking_in_ ABSL_GUARDED_BY(mutex_) = false;
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  int64_t write_began_ms_ ABSL_GUARDED_BY(mutex_) = 0;
  bool broken_ ABSL_GUARDED_BY(mutex_) = false;
  bool cancel_wanted_ ABSL_GUARDED_BY(mutex_) = false;
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;
  std::optional<absl::Status> end_ ABSL_GUARDED_BY(mutex_);
  v1::MirrorMessage outgoing_ ABSL_GUARDED_BY(mutex_);

  // What goes out first: the hello, then what is held.
  std::deque<v1::MirrorMessage> control_ ABSL_GUARDED_BY(mutex_);
  std::optional<v1::MirrorBatch> batch_ ABSL_GUARDED_BY(mutex_);
  uint64_t batches_sent_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t batches_confirmed_ ABSL_GUARDED_BY(mutex_) = 0;

  // The peer. link_ is set once, by its hello.
  std::shared_ptr<MirrorLink> link_ ABSL_GUARDED_BY(mutex_);
  bool peer_complete_ ABSL_GUARDED_BY(mutex_) = false;
  RegionVectors peer_has_ ABSL_GUARDED_BY(mutex_);
  std::vector<Watched> watches_ ABSL_GUARDED_BY(mutex_);

  // Reading the store. Prefixes in which something was published and not yet looked at.
  std::set<std::string> dirty_ ABSL_GUARDED_BY(mutex_);
  // There may be more to send than the last read found room for, or found at all.
  bool read_wanted_ ABSL_GUARDED_BY(mutex_) = false;
  // Came from the peer and need not go back.
  std::vector<sync::DefinitionHash> definitions_got_ ABSL_GUARDED_BY(mutex_);
  std::vector<sync::OfferRecord> offers_got_ ABSL_GUARDED_BY(mutex_);
  bool store_being_read_ ABSL_GUARDED_BY(mutex_) = false;
  // The store is being opened: until the next tick.
  bool store_away_ ABSL_GUARDED_BY(mutex_) = false;
  uint64_t number_seen_ ABSL_GUARDED_BY(mutex_) = 0;
  // The publication at which all prefixes were looked at last.
  uint64_t number_swept_ ABSL_GUARDED_BY(mutex_) = 0;
  // Of the one who reads.
  std::unique_ptr<MirrorOutbox> outbox_;

  // Received batches.
  uint64_t batches_got_ ABSL_GUARDED_BY(mutex_) = 0;
  std::deque<std::shared_ptr<Step>> steps_ ABSL_GUARDED_BY(mutex_);
  // One is being handed to the sequencer: never two, so that they keep their order.
  bool submitting_ ABSL_GUARDED_BY(mutex_) = false;
  size_t steps_queued_ ABSL_GUARDED_BY(mutex_) = 0;
  // The queue was full: until the next tick.
  bool steps_held_back_ ABSL_GUARDED_BY(mutex_) = false;
  // Steps that are not done, by batch.
  std::map<uint64_t, size_t> steps_left_ ABSL_GUARDED_BY(mutex_);
  // All batches up to this one are on this disk; the same as the peer was told.
  uint64_t batches_stored_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t batches_told_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace tikar::server

#endif  // TIKAR_SERVER_ENGINE_MIRROR_SESSION_H_
