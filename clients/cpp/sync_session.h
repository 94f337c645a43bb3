// One Sync call as seen by the phone: a state machine from messages to messages and durable
// effects.
//
//   SyncSession session(&store, &clock, &random, options);
//   step = session.Start();                  // send step.send, in order
//   step = session.Receive(response);        // for each message that comes
//   ended = session.End(status, retry_delay);  // once, when the call is over; says what to do next
//
// It knows no gRPC, no threads and no time but the injected clock; the runner of sync_runner.h
// drives it over a real call, the simulator over a simulated one. Kill the process between any two
// calls: the store is whole, and a new session goes on from it.
//
// What it does: pushes the outbox in order, in batches, a few in flight; stores each result; stores
// each batch of states with its cursor in one transaction; measures the clock; watches for batches
// that spoil the exchange (batch_suspicion.h).
//
// Thread safety: none. `store`, `clock` and `random` must outlive it.
#ifndef TIKAR_CLIENTS_CPP_SYNC_SESSION_H_
#define TIKAR_CLIENTS_CPP_SYNC_SESSION_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "clients/cpp/backoff.h"
#include "clients/cpp/environment.h"
#include "clients/cpp/local_store.h"
#include "tikar/v1/sync_service.pb.h"

namespace tikar::client {

enum class SyncMode {
  // Sends all, takes all, ends.
  kShort,
  // Stays, and goes on sending and taking, until Leave.
  kLive,
};

struct SessionOptions {
  SyncMode mode = SyncMode::kShort;
  std::string client_version;
  BackoffLimits backoff;
};

class SyncSession {
 public:
  // What to do now: send these in order; then, perhaps, half-close, or give the call up.
  struct Step {
    std::vector<v1::SyncRequest> send;
    bool half_close = false;
    bool cancel = false;
  };

  enum class Next {
    // All was sent and taken.
    kDone,
    // Go on at once with a new session: there is more, and nothing is wrong.
    kAgain,
    // Try again after `wait_ms`.
    kWait,
  };
  struct Ended {
    Next next = Next::kDone;
    int64_t wait_ms = 0;
    // OK unless kWait.
    absl::Status status;
  };

  SyncSession(LocalStore* store, Clock* clock, Random* random, SessionOptions options);

  // An error from any of these is the store's, or the server broke the protocol: give the call up
  // and pass the error to End.
  absl::StatusOr<Step> Start();
  absl::StatusOr<Step> Receive(const v1::SyncResponse& response);
  // Something was queued, or the scope changed.
  absl::StatusOr<Step> Wake();
  // Ends a live session in order: sends what is queued, then half-closes.
  absl::StatusOr<Step> Leave();

  // The call is over. `retry_delay_ms`: the server's RetryInfo. Never fails: what cannot be stored
  // shows in `status`.
  Ended End(const absl::Status& status, std::optional<int64_t> retry_delay_ms);

  // Whether the server owes a message: a runner that waits in vain for long gives the call up.
  bool expects_message() const;

 private:
  struct Batch {
    std::vector<int64_t> positions;
    std::vector<sync::ChangeId> ids;
  };

  // Remembers that an error is of our own making.
  absl::StatusOr<Step> Own(absl::StatusOr<Step> step);

  absl::StatusOr<Step> DoStart();
  absl::StatusOr<Step> DoReceive(const v1::SyncResponse& response);
  absl::Status Welcome(const v1::Welcome& welcome);
  absl::Status TakeResults(const v1::PushResult& result);
  absl::Status TakeBatch(const v1::Batch& batch, Step* step);
  // Fills the window with pushes and half-closes when that is due.
  absl::Status Continue(Step* step);
  absl::StatusOr<Batch> PickBatch(v1::Push* push);
  absl::StatusOr<std::optional<sync::ChangeId>> FirstToSend();
  // The officer changed the scope, or dropped the cursor by changing it to and fro.
  absl::StatusOr<bool> ScopeChanged();

  absl::StatusOr<Ended> DoEnd(const absl::Status& status, std::optional<int64_t> retry_delay_ms);
  absl::StatusOr<Ended> EndWell(SyncState state);
  absl::StatusOr<Ended> EndBadly(const absl::Status& status, std::optional<int64_t> retry_delay_ms,
                                 SyncState state);

  LocalStore* const store_;
  Clock* const clock_;
  Random* const random_;
  const SessionOptions options_;

  bool wary_ = false;  // see batch_suspicion.h
  std::vector<std::string> scope_;
  std::string cursor_;        // as this session sent or stored it last
  bool begins_pass_ = false;  // the hello had no cursor, and no batch has come since
  uint64_t stream_ = 0;
  uint64_t origin_ = 0;
  int64_t started_at_ms_ = 0;
  std::deque<Batch> in_flight_;
  std::set<int64_t> positions_in_flight_;
  bool welcomed_ = false;
  bool leaving_ = false;
  bool half_closed_ = false;
  bool progress_ = false;       // the server said something that brought us forward
  bool scope_changed_ = false;  // the call was given up for that
  bool own_error_ = false;
};

}  // namespace tikar::client

#endif  // TIKAR_CLIENTS_CPP_SYNC_SESSION_H_
