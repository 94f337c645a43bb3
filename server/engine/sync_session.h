// SyncSession: one Sync stream, from its hello to its end, without gRPC: messages and events in,
// calls of a SyncTransport out. So ThreadSanitizer and tests see all of it.
//
// Problem: six things happen at once on a stream (messages come, writes complete, pushes become
// durable, the feed is read on another thread, something is published, the server stops), while
// gRPC allows one read, one write and one Finish at a time and must never be called after Finish.
//
// So: every event takes the mutex, notes what happened, and runs Pump, which looks at the state
// alone and does the next thing that is possible, until there is none. Calls of the transport are
// made without the mutex (they may call back at once); `outside_` counts the threads that are on
// their way to one, and Finish waits for none.
//
// Invariants: (1) one Read, one Write, one read of the feed at a time; (2) results in the order of
// pushes, each after it is durable; (3) when the stream ends for any reason but a broken
// connection, all results that are due are sent before; (4) with at most kPushesInFlightMax pushes
// unanswered nothing more is read, with kBatchesUnconfirmedMax batches unconfirmed none is sent on
// an open stream; (5) memory: one message read, one batch of the size that the hello asks for (and
// the definitions it needs), results of four pushes.
#ifndef TIKAR_SERVER_ENGINE_SYNC_SESSION_H_
#define TIKAR_SERVER_ENGINE_SYNC_SESSION_H_

#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "server/engine/fan_out.h"
#include "server/engine/live_stream.h"
#include "server/engine/sequencer.h"
#include "sync/feed.h"
#include "tikar/v1/sync_service.pb.h"

namespace tikar::server {

class Engine;

// The stream below. Calls return at once; each completes by the event named.
class SyncTransport {
 public:
  virtual ~SyncTransport() = default;
  // SyncSession::OnRead.
  virtual void Read() = 0;
  // SyncSession::OnWritten; `response` stays until then.
  virtual void Write(const v1::SyncResponse& response) = 0;
  // The last call.
  virtual void Finish(const absl::Status& status) = 0;
  // Makes outstanding calls complete soon, in failure. Finish is still due.
  virtual void Cancel() = 0;
};

// Thread safety: all methods from any thread, but OnRead and OnWritten answer one call each.
class SyncSession final : public LiveStream, public std::enable_shared_from_this<SyncSession> {
 public:
  // `engine` outlives the session, `transport` its Finish.
  SyncSession(Engine* engine, SyncTransport* transport);
  ~SyncSession() override;

  // Begins to read.
  void Start();

  // `ok` false: the phone half-closed, or the stream broke.
  void OnRead(bool ok, const v1::SyncRequest& request);
  void OnWritten(bool ok);
  // The phone is gone.
  void OnCancel();
  void OnTick(int64_t now_ms) override;
  // The server stops: sends the results that are due, then ends with UNAVAILABLE.
  void Stop() override;

 private:
  // A push whose result was not sent yet.
  struct PendingPush {
    bool done = false;
    v1::PushResult result;
  };
  enum class Feed {
    kIdle,    // nothing is under way
    kQueued,  // in line for bytes or for a thread, or being read
    kReady,   // `batches_` are to be sent
  };
  enum class Action { kNone, kRead, kWrite, kReadFeed, kArm, kCancel, kFinish };
  using Lock = std::unique_lock<std::mutex>;

  void Pump(Lock& lock) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Action NextAction() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool PickResponse() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void DecideEnd() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void End(absl::Status status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void DropBatches() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool PushesFirst() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  void OnHello(const v1::Hello& hello);
  void OnPush(const v1::Push& push);
  void OnPushDone(const std::shared_ptr<PendingPush>& push, TaskResult result);
  void OnWake();
  void BeginReadFeed();
  void ReadFeedNow();
  void ReleaseBytes(size_t bytes);
  // The page as responses, with the definitions that the phone lacks.
  std::deque<v1::SyncResponse> MakeBatches(sync::FeedPage page, const Published& published,
                                           std::vector<v1::Offer> offers);
  // What the scope's regions offer, where that was not told on this stream.
  absl::StatusOr<std::vector<v1::Offer>> NewOffers(const Published& published);

  Engine& engine_;
  SyncTransport& transport_;
  const int64_t opened_ms_;

  std::mutex mutex_;  // never held while another lock of the engine is taken, but for queues
  int outside_ ABSL_GUARDED_BY(mutex_) = 0;

  // The transport.
  bool reading_ ABSL_GUARDED_BY(mutex_) = false;
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  bool half_closed_ ABSL_GUARDED_BY(mutex_) = false;
  bool broken_ ABSL_GUARDED_BY(mutex_) = false;
  bool cancel_wanted_ ABSL_GUARDED_BY(mutex_) = false;
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;
  std::optional<absl::Status> end_ ABSL_GUARDED_BY(mutex_);
  int64_t write_began_ms_ ABSL_GUARDED_BY(mutex_) = 0;
  // What is being written; touched by the transport while writing_.
  v1::SyncResponse outgoing_;
  size_t outgoing_batch_bytes_ ABSL_GUARDED_BY(mutex_) = 0;

  // The hello. Written once, before hello_seen_; read by the feed's thread after.
  bool hello_seen_ ABSL_GUARDED_BY(mutex_) = false;
  bool welcome_due_ ABSL_GUARDED_BY(mutex_) = false;
  std::string actor_;
  int64_t clock_offset_ms_ = 0;
  bool push_only_ = false;
  uint32_t protocol_version_ = 0;
  bool too_old_ = false;
  std::shared_ptr<Subscription> subscription_ ABSL_GUARDED_BY(mutex_);

  // Pushes.
  std::deque<std::shared_ptr<PendingPush>> pushes_ ABSL_GUARDED_BY(mutex_);
  uint64_t pushes_since_feed_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t last_push_ms_ ABSL_GUARDED_BY(mutex_) = 0;

  // The feed. query_, known_ and offers_told_ belong to the one who reads it.
  Feed feed_ ABSL_GUARDED_BY(mutex_) = Feed::kIdle;
  sync::FeedQuery query_;
  std::set<sync::DefinitionHash> known_;
  std::string offers_told_;  // of its scope, as they were sent on this stream
  std::deque<v1::SyncResponse> batches_ ABSL_GUARDED_BY(mutex_);
  size_t bytes_held_ ABSL_GUARDED_BY(mutex_) = 0;
  bool read_wanted_ ABSL_GUARDED_BY(mutex_) = false;
  bool arm_wanted_ ABSL_GUARDED_BY(mutex_) = false;
  uint64_t number_seen_ ABSL_GUARDED_BY(mutex_) = 0;
  // The last batch that was handed out said so.
  bool caught_up_told_ ABSL_GUARDED_BY(mutex_) = false;
  uint64_t batch_number_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t batch_confirmed_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace tikar::server

#endif  // TIKAR_SERVER_ENGINE_SYNC_SESSION_H_
