// FeedStream: what the streams that read the feed have in common, Sync (sync_session.h) and Watch
// (watch_session.h): one mutex, one thing after another, and a subscription to what is published.
//
// Problem: several things happen at once on a stream (writes complete, the feed is read on another
// thread, something is published, the server stops), while gRPC allows one write and one Finish at
// a time and must never be called after Finish.
//
// So: every event takes the mutex, notes what happened, and runs Pump, which asks NextCall, a
// function of the state alone, for the next thing that is possible, until there is none. Calls are
// made without the mutex (they may call back at once); `outside_` counts the threads that are on
// their way to one, and Finish waits for none.
#ifndef TIKAR_SERVER_ENGINE_FEED_STREAM_H_
#define TIKAR_SERVER_ENGINE_FEED_STREAM_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "server/engine/fan_out.h"
#include "server/engine/live_stream.h"
#include "sync/feed.h"

namespace tikar::server {

class Engine;

class FeedStream : public LiveStream, public std::enable_shared_from_this<FeedStream> {
 protected:
  using Lock = std::unique_lock<std::mutex>;
  using Call = std::function<void()>;

  // `engine` outlives the stream.
  explicit FeedStream(Engine* engine) : engine_(*engine) {}

  // The next call that is possible, noted as made; null: none.
  virtual Call NextCall() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) = 0;
  // Reads the feed, on a thread for reads, with query_.bytes_max of the engine's feed_budget held.
  virtual void ReadNow() = 0;

  void Pump(Lock& lock) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  // Calls for NextCall to give.
  Call Reading();
  Call Arming() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Of `finish`, the transport's, with how the stream ended; after that nothing wakes it.
  Call Finishing(std::function<void(const absl::Status&)> finish)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  // To what is published of query_.scope, from when the subscription is armed. Without the mutex.
  std::shared_ptr<Subscription> Subscribe();

  // Notes how the stream ends; what was noted before stays.
  void EndWith(absl::Status status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // When the write under way takes too long: breaks the stream off, as one whose caller reads too
  // slowly. Whether it did.
  bool BreakOffStalled(int64_t now_ms) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  // Whoever is next in line for bytes is called from here: not under the mutex.
  void ReleaseBytes(size_t bytes);
  // On another thread, so that the mutex may be held.
  void ReleaseBytesLater(size_t bytes);

  Engine& engine_;
  // Of whoever reads the feed, and before the first read of whoever sets it up.
  sync::FeedQuery query_;

  std::mutex mutex_;  // never held while another lock of the engine is taken, but for queues
  int outside_ ABSL_GUARDED_BY(mutex_) = 0;
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  int64_t write_began_ms_ ABSL_GUARDED_BY(mutex_) = 0;
  bool broken_ ABSL_GUARDED_BY(mutex_) = false;
  bool cancel_wanted_ ABSL_GUARDED_BY(mutex_) = false;
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;
  std::optional<absl::Status> end_ ABSL_GUARDED_BY(mutex_);
  // The feed is to be read; the subscription is to be armed.
  bool read_wanted_ ABSL_GUARDED_BY(mutex_) = false;
  bool arm_wanted_ ABSL_GUARDED_BY(mutex_) = false;
  std::shared_ptr<Subscription> subscription_ ABSL_GUARDED_BY(mutex_);
  // Of the version that was read last.
  uint64_t number_seen_ ABSL_GUARDED_BY(mutex_) = 0;
  // Of the feed_budget, by what was read and not yet written.
  size_t bytes_held_ ABSL_GUARDED_BY(mutex_) = 0;

 private:
  // Something was published.
  void OnWake();
  void BeginRead();
};

}  // namespace tikar::server

#endif  // TIKAR_SERVER_ENGINE_FEED_STREAM_H_
