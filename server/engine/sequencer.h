// Sequencer: the one writer. It turns what all streams and calls bring into groups, and each group
// into one WriteBatch and (at most) one fsync.
//
// Problem: an fsync costs as much as a hundred changes, and a gRPC callback thread must wait for
// none. So submissions go into a bounded queue; the *sequencer thread* takes as many as fit a
// group, runs the Replica on them, writes the batch (visible to the Replica, not durable) and
// freezes a snapshot; the *syncer thread* makes all waiting groups durable with one fsync,
// publishes the newest snapshot, and hands the answers to the completion pool. While it waits for
// the disk the sequencer prepares the next group.
//
// Invariants: (1) no answer, no snapshot and no notification of a group leaves before a Sync that
// began after its Write returned OK; (2) answers of one submitter come in the order of its
// submissions; (3) every admitted task is answered exactly once, whatever fails.
//
// When Write or Sync fails, nobody knows what is on disk. Everything that waits is answered
// UNAVAILABLE, further writes are refused with the reason, readers keep the last published version,
// and the sequencer thread tries, with backoff, to open the store anew. Phones send again; what had
// reached the disk is then a duplicate.
#ifndef TIKAR_SERVER_ENGINE_SEQUENCER_H_
#define TIKAR_SERVER_ENGINE_SEQUENCER_H_

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/engine/fan_out.h"
#include "server/engine/limits.h"
#include "server/engine/published.h"
#include "server/engine/worker_pool.h"
#include "storage/store.h"
#include "sync/replica.h"
#include "tikar/v1/change.pb.h"
#include "tikar/v1/entry.pb.h"

namespace tikar::server {

// A change that the server makes on a caller's behalf. The sequencer adds the hlc, so that two of
// them never carry the same one, and looks up the key, so that two racing retries make one change.
struct AuthoredChange {
  v1::ChangeBody body;
  std::string idempotency_key;
};

// What became of one task. With an error status nothing else is set.
struct TaskResult {
  absl::Status status;
  // Of a command: changes that were new here.
  uint64_t changes_new = 0;
  // One per submission, in order; one for an AuthoredChange.
  std::vector<sync::SubmissionResult> results;
  // The key of an AuthoredChange had made `earlier` before; `results` is empty then.
  bool made_earlier = false;
  sync::IdempotencyRecord earlier;
  // A version that contains the result.
  std::shared_ptr<const Published> published;
};
// Something that the Replica is told to do, alone in its group. Runs on the sequencer thread, so
// what it finds in the Replica holds until it is done. Called once. InvalidArgument, NotFound and
// AlreadyExists say that nothing was done.
using Command =
    std::function<absl::StatusOr<sync::Outcome>(sync::Replica& replica, int64_t now_ms)>;
// Runs on the completion pool, in order.
using TaskDone = std::function<void(TaskResult)>;

struct SequencerStatus {
  uint64_t queue_changes = 0;
  uint64_t queue_bytes = 0;
  uint64_t groups_committed = 0;
  uint64_t changes_committed = 0;
  uint64_t syncs = 0;
  std::string refusing_writes;  // why; empty: it takes them
  std::string clock_warning;
};

struct SequencerOptions {
  // False: there are no threads; whoever owns it calls the Step methods, and all others, from one.
  bool threads = true;
  // Opens the store; called again after a failure, when the one before is destroyed.
  std::function<absl::StatusOr<std::unique_ptr<storage::Store>>()> open_store;
  // Whether it is worth while to open a failed store again; null: always. So readers keep the last
  // version while the disk is still full.
  std::function<absl::Status()> probe_store;
  // Where the store that was just opened is, for replica.machine_id; null: that stays as it is.
  std::function<absl::StatusOr<std::string>()> place;
  // Called when the log in which the node writes is durable, after each opening; null: nobody asks.
  std::function<absl::Status()> opened;
  // now_ms is filled in by the sequencer.
  sync::Replica::Options replica;
  // Milliseconds since the epoch. Any thread.
  std::function<int64_t()> now_ms;
  // A random delay around its argument. Any thread.
  std::function<int64_t(int64_t)> jitter_ms;
  size_t queue_changes_max = kQueueChangesMax;
  size_t queue_bytes_max = kQueueBytesMax;
  int64_t recovery_backoff_ms_min = kRecoveryBackoffMsMin;
  int64_t recovery_backoff_ms_max = kRecoveryBackoffMsMax;
};

// Thread safety: all methods from any thread; Start once, before any other.
class Sequencer {
 public:
  // `completions` must have one thread, so that answers keep their order; it and `fan_out` must
  // outlive this, and the pool may only be stopped after Stop.
  Sequencer(SequencerOptions options, WorkerPool* completions, FanOut* fan_out);
  ~Sequencer();  // Stop()

  // Opens the store and publishes it. The error of an open that failed is for the log of the
  // operator.
  absl::Status Start();

  // OK: `done` will be called. An error (Overloaded, RefusingWrites, Stopping): it will not.
  absl::Status Submit(std::vector<sync::Submission> submissions, TaskDone done);
  absl::Status Author(AuthoredChange change, TaskDone done);
  // `bytes` is what the command holds in memory.
  absl::Status Run(Command command, size_t bytes, TaskDone done);
  absl::Status AddDefinition(std::string bytes, TaskDone done);
  absl::Status Receive(std::vector<v1::Entry> entries, TaskDone done);

  // The newest durable version; nullptr for the moment in which a failed store is opened again.
  std::shared_ptr<const Published> Current() const;
  SequencerStatus status() const;

  // Takes no more, finishes what was admitted, closes the store. The last version stays readable.
  absl::Status Stop();

  // Without threads: each does the next piece of what the thread would. False: it would wait.
  bool StepSequencer();
  bool StepSyncer();
  // One attempt to open a store that failed. False: none failed.
  bool StepRecovery();

 private:
  struct Changes {
    std::vector<sync::Submission> submissions;
  };
  struct Task {
    std::variant<Changes, AuthoredChange, Command> what;
    size_t changes = 1;
    size_t bytes = 0;
    TaskDone done;
  };
  struct Answer {
    TaskDone done;
    TaskResult result;
  };
  // Written, not yet durable.
  struct Group {
    std::vector<Answer> answers;
    Published published;
    std::vector<std::string> regions_touched;
    uint64_t changes_new = 0;
  };

  absl::Status Enqueue(Task task);
  std::vector<Task> TakeGroup() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  // The sequencer thread.
  void RunSequencer();
  bool HasWork(bool upgrading) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Waits for what the syncer brings about.
  void AwaitSyncer(std::unique_lock<std::mutex>& lock, const std::function<bool()>& condition);
  void Process(std::vector<Task> tasks);
  bool Upgrading() const { return replica_->upgrading() && !upgrade_given_up_; }
  // The next piece of what waits to be folded again, in a group of its own.
  void ProcessUpgrade();
  // Logs what could not be read, each request once while the store is open.
  void TellUnreadable(const std::vector<sync::UnreadableRequest>& unreadable);
  // Moves the submissions of `tasks` into one list, and into `answers` what was made before: one
  // answer for each task, with room for its results.
  absl::Status Prepare(std::vector<Task>& tasks, std::vector<sync::Submission>* submissions,
                       std::vector<Answer>* answers, int64_t now_ms);
  // Undoes Prepare, which may have stopped half-way: the tasks are as they were.
  static void GiveBack(std::vector<sync::Submission> submissions,
                       const std::vector<Answer>& answers, std::vector<Task>* tasks);
  void Commit(sync::Outcome outcome, std::vector<Answer> answers);
  void Recover();
  // Answers everything that waits, and lets go of what was derived from the store.
  void BeginRecovery();
  // OK: it takes writes again.
  absl::Status TryRecovery();
  // Without threads: what the threads would do before they end.
  void FinishQueue();
  // A Replica over what was written so far; what it answers tells what an operator should know.
  absl::StatusOr<sync::Replica::Opened> OpenReplica();
  absl::Status OpenAll();
  void Publish(Published published) ABSL_LOCKS_EXCLUDED(published_mutex_);
  // Answers all with `status`.
  void Fail(std::vector<Answer> answers, const absl::Status& status);
  void FailTasks(std::vector<Task> tasks, const absl::Status& status);
  // What is answered while writes are refused for this reason.
  absl::Status Refusing(const absl::Status& failure) const;
  void SetFailed(const absl::Status& status);

  // The syncer thread.
  void RunSyncer();

  const SequencerOptions options_;
  WorkerPool& completions_;
  FanOut& fan_out_;

  // Used by the sequencer thread; by the syncer only for Sync while a group is in flight.
  std::unique_ptr<storage::Store> store_;
  std::unique_ptr<sync::Replica> replica_;
  // Pieces of an upgrade and groups of the queue take turns. Of the sequencer thread.
  bool upgrade_next_ = false;
  // What waits could not be looked for. It waits until the store is opened anew: a node that takes
  // no changes would be worse.
  bool upgrade_given_up_ = false;
  std::set<sync::RequestKey> unreadable_told_;

  mutable std::mutex mutex_;
  std::condition_variable wake_;       // the sequencer
  std::condition_variable wake_sync_;  // the syncer
  std::deque<Task> queue_ ABSL_GUARDED_BY(mutex_);
  std::deque<Group> to_sync_ ABSL_GUARDED_BY(mutex_);
  size_t in_flight_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::Status failed_ ABSL_GUARDED_BY(mutex_);  // until recovered
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  bool syncer_stopping_ ABSL_GUARDED_BY(mutex_) = false;
  SequencerStatus status_ ABSL_GUARDED_BY(mutex_);

  mutable std::mutex published_mutex_;
  std::shared_ptr<const Published> published_ ABSL_GUARDED_BY(published_mutex_);
  uint64_t publications_ ABSL_GUARDED_BY(published_mutex_) = 0;

  std::mutex stop_mutex_;  // taken before all others: one Stop at a time
  std::thread thread_;
  std::thread syncer_;
};

}  // namespace tikar::server

#endif  // TIKAR_SERVER_ENGINE_SEQUENCER_H_
