// One Sync call over gRPC, as events that one thread takes in order.
//
// gRPC's own threads only hand over what came; they never wait for the app, its lock or its disk.
// One message is read ahead at most: the next is asked for when the last was taken, so that a slow
// phone slows the server down instead of filling its own memory.
#ifndef TIKAR_CLIENTS_CPP_SYNC_CALL_H_
#define TIKAR_CLIENTS_CPP_SYNC_CALL_H_

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <vector>

#include "tikar/v1/sync_service.grpc.pb.h"

namespace tikar::client {

// What a syncing thread waits for. Thread-safe.
class SyncEvents {
 public:
  enum class Kind { kMessage, kReadsDone, kWritten, kWake, kTimeout, kEnded };
  struct Event {
    Kind kind = Kind::kTimeout;
    v1::SyncResponse message;  // of kMessage
    grpc::Status status;       // of kEnded
  };

  void Push(Event event);
  // The app has something new, or wants to stop. Several become one.
  void Wake();
  // The next event; kTimeout when there is none until then.
  Event Next(std::chrono::steady_clock::time_point until);
  // Waits for Wake, or until then. False: nobody woke it.
  bool WaitForWake(std::chrono::steady_clock::time_point until);

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Event> events_;  // guarded by mutex_, as is the rest
  bool woken_ = false;
};

// Used by one thread. Destroy it only after kEnded came.
class SyncCall : private grpc::ClientBidiReactor<v1::SyncRequest, v1::SyncResponse> {
 public:
  SyncCall(v1::SyncService::Stub* stub, std::shared_ptr<SyncEvents> events);

  // Sent in order, one at a time.
  void Send(std::vector<v1::SyncRequest> messages);
  // After everything that Send was given.
  void HalfClose();
  void Cancel() { context_.TryCancel(); }
  // Call after each kMessage was dealt with: asks for the next.
  void TakeNext();
  // Call after each kWritten.
  void Written();
  // Call after kReadsDone: nothing will be sent any more; kEnded follows.
  void Finish();

 private:
  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnWritesDoneDone(bool ok) override;
  void OnDone(const grpc::Status& status) override;
  void WriteNext();

  grpc::ClientContext context_;
  const std::shared_ptr<SyncEvents> events_;
  v1::SyncResponse message_;
  std::deque<v1::SyncRequest> outgoing_;
  bool writing_ = false;
  bool half_close_ = false;
  bool finished_ = false;
};

}  // namespace tikar::client

#endif  // TIKAR_CLIENTS_CPP_SYNC_CALL_H_
