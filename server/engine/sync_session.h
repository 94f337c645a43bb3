// SyncSession: one Sync stream, from its hello to its end, without gRPC: messages and events in,
// calls of a SyncTransport out. So ThreadSanitizer and tests see all of it.
//
// feed_stream.h says how what happens at once on a stream is put in order. Here messages come, too,
// and pushes become durable.
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
#include <set>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "server/engine/feed_stream.h"
#include "server/engine/published.h"
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
class SyncSession final : public FeedStream {
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

  Call NextCall() override ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool PickResponse() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void DecideEnd() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void End(absl::Status status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void DropBatches() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool PushesFirst() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  void OnHello(const v1::Hello& hello);
  void OnPush(const v1::Push& push);
  void OnPushDone(const std::shared_ptr<PendingPush>& push, TaskResult result);

  // The feed: sync_session_feed.cc.
  void ReadNow() override;
  // Notes that the feed is not being read any more, and why there is nothing to send.
  void EndRead(size_t bytes, absl::Status status);
  // The page as responses, with the definitions that the phone lacks.
  std::deque<v1::SyncResponse> MakeBatches(sync::FeedPage page, const Published& published,
                                           std::vector<v1::Offer> offers);
  // What the scope's regions offer, where that was not told on this stream.
  absl::StatusOr<std::vector<v1::Offer>> NewOffers(const Published& published);

  SyncTransport& transport_;
  const int64_t opened_ms_;

  // The transport.
  bool reading_ ABSL_GUARDED_BY(mutex_) = false;
  bool half_closed_ ABSL_GUARDED_BY(mutex_) = false;
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

  // Pushes.
  std::deque<std::shared_ptr<PendingPush>> pushes_ ABSL_GUARDED_BY(mutex_);
  uint64_t pushes_since_feed_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t last_push_ms_ ABSL_GUARDED_BY(mutex_) = 0;

  // The feed. known_ and offers_told_ belong to the one who reads it.
  Feed feed_ ABSL_GUARDED_BY(mutex_) = Feed::kIdle;
  std::set<sync::DefinitionHash> known_;
  std::string offers_told_;  // of its scope, as they were sent on this stream
  std::deque<v1::SyncResponse> batches_ ABSL_GUARDED_BY(mutex_);
  // The last batch that was handed out said so.
  bool caught_up_told_ ABSL_GUARDED_BY(mutex_) = false;
  uint64_t batch_number_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t batch_confirmed_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace tikar::server

#endif  // TIKAR_SERVER_ENGINE_SYNC_SESSION_H_
