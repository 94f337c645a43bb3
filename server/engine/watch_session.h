// WatchSession: one WatchRequests stream, without gRPC: requests of a region as they change.
//
// It reads the feed from where it ended when the watch began, or from the caller's resume token, as
// a phone does with a cursor. So a request that changes faster than the caller reads stands once in
// the feed, in its newest state, and none is left out; a caller that reads slowly costs one page
// and no commit. The resume token is the cursor: the first response tells where the watch began,
// the last one of each page where the next page begins.
//
// Invariants: (1) one Write, one read of the feed at a time, and never one beside the other; (2)
// nothing is read before the transport is ready, and the watch has begun when it is; (3) memory:
// one page of kBatchBytesDefault, counted in the engine's feed_budget. Calls of the transport are
// made without the mutex; Finish waits until no thread is on its way to one.
#ifndef TIKAR_SERVER_ENGINE_WATCH_SESSION_H_
#define TIKAR_SERVER_ENGINE_WATCH_SESSION_H_

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "server/engine/feed_stream.h"
#include "server/engine/published.h"
#include "tikar/v1/request_service.pb.h"

namespace tikar::server {

class Engine;

// The stream below. Calls return at once; Begin and Write complete by WatchSession::OnWritten.
class WatchTransport {
 public:
  virtual ~WatchTransport() = default;
  // Tells the caller that the watch has begun.
  virtual void Begin() = 0;
  // `response` stays until it is written.
  virtual void Write(const v1::WatchRequestsResponse& response) = 0;
  // The last call.
  virtual void Finish(const absl::Status& status) = 0;
  // Makes what is outstanding complete soon, in failure. Finish is still due.
  virtual void Cancel() = 0;
};

// Thread safety: all methods from any thread.
class WatchSession final : public FeedStream {
 public:
  // `engine` outlives the session, `transport` its Finish. `scope`: area-code prefixes, 1 to
  // kScopePrefixesMax. `resume_token`: of an earlier watch of the same scope; empty: from now on.
  WatchSession(Engine* engine, WatchTransport* transport, std::vector<std::string> scope,
               v1::RequestFilter filter, std::string resume_token = "");

  // Once, first.
  void Start();

  void OnWritten(bool ok);
  // The caller hung up.
  void OnCancel();
  void OnTick(int64_t now_ms) override;
  void Stop() override;

 private:
  Call NextCall() override ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // The first time where the watch begins, then what came since.
  void ReadNow() override;
  absl::Status FindBeginning(const Published& published,
                             std::deque<v1::WatchRequestsResponse>* page);
  // The next page's requests that pass the filter. Whether there is more to read.
  absl::StatusOr<bool> ReadPage(const Published& published,
                                std::deque<v1::WatchRequestsResponse>* page);

  WatchTransport& transport_;
  const v1::RequestFilter filter_;
  const std::string folded_text_;

  bool begun_ ABSL_GUARDED_BY(mutex_) = false;
  bool begin_due_ ABSL_GUARDED_BY(mutex_) = false;
  bool reading_ ABSL_GUARDED_BY(mutex_) = false;  // the feed
  std::deque<v1::WatchRequestsResponse> page_ ABSL_GUARDED_BY(mutex_);
  // What is being written; touched by the transport while writing_.
  v1::WatchRequestsResponse outgoing_;
};

}  // namespace tikar::server

#endif  // TIKAR_SERVER_ENGINE_WATCH_SESSION_H_
