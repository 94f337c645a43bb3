#include "server/engine/sequencer.h"

#include <algorithm>
#include <iterator>
#include <unordered_set>
#include <utility>

#include "server/engine/failure.h"
#include "server/engine/log.h"
#include "server/engine/unreadable_log.h"
#include "sync/status_macros.h"

namespace tikar::server {
namespace {

// Lines of the log for requests that cannot be read: with more, the first ones tell enough.
constexpr size_t kUnreadableToldMax = 1'000;

// A command's way to say that nothing was done.
bool IsRefusal(const absl::Status& status) {
  return absl::IsInvalidArgument(status) || absl::IsNotFound(status) ||
         absl::IsAlreadyExists(status);
}

}  // namespace

Sequencer::Sequencer(SequencerOptions options, WorkerPool* completions, FanOut* fan_out)
    : options_(std::move(options)), completions_(*completions), fan_out_(*fan_out) {}

Sequencer::~Sequencer() { Stop().IgnoreError(); }

absl::Status Sequencer::Start() {
  RETURN_IF_ERROR(OpenAll());
  if (!options_.threads) return absl::OkStatus();
  syncer_ = std::thread([this] { RunSyncer(); });
  thread_ = std::thread([this] { RunSequencer(); });
  return absl::OkStatus();
}

absl::Status Sequencer::Submit(std::vector<sync::Submission> submissions, TaskDone done) {
  Task task;
  task.changes = submissions.size();
  for (const sync::Submission& submission : submissions) task.bytes += submission.body.size();
  task.what = Changes{std::move(submissions)};
  task.done = std::move(done);
  return Enqueue(std::move(task));
}

absl::Status Sequencer::Author(AuthoredChange change, TaskDone done) {
  Task task;
  task.bytes = change.body.ByteSizeLong();
  task.what = std::move(change);
  task.done = std::move(done);
  return Enqueue(std::move(task));
}

absl::Status Sequencer::Run(Command command, size_t bytes, TaskDone done) {
  Task task;
  task.bytes = bytes;
  task.what = std::move(command);
  task.done = std::move(done);
  return Enqueue(std::move(task));
}

absl::Status Sequencer::AddDefinition(std::string bytes, TaskDone done) {
  const size_t size = bytes.size();
  return Run(
      [bytes = std::move(bytes)](sync::Replica& replica, int64_t now_ms) {
        return replica.AddDefinition(bytes, now_ms);
      },
      size, std::move(done));
}

absl::Status Sequencer::Receive(std::vector<v1::Entry> entries, TaskDone done) {
  Task task;
  task.changes = entries.size();
  for (const v1::Entry& entry : entries) task.bytes += entry.ByteSizeLong();
  task.what = [entries = std::move(entries)](sync::Replica& replica, int64_t now_ms) {
    return replica.Receive(entries, now_ms);
  };
  task.done = std::move(done);
  return Enqueue(std::move(task));
}

absl::Status Sequencer::Enqueue(Task task) {
  std::lock_guard lock(mutex_);
  if (stopping_) return Stopping(options_.jitter_ms(kRetryStoppingMs));
  if (!failed_.ok()) {
    return Refusing(failed_);
  }
  if (status_.queue_changes + task.changes > options_.queue_changes_max ||
      status_.queue_bytes + task.bytes > options_.queue_bytes_max) {
    return Overloaded("changes waiting to be stored", options_.jitter_ms(kRetryOverloadedMs));
  }
  status_.queue_changes += task.changes;
  status_.queue_bytes += task.bytes;
  queue_.push_back(std::move(task));
  wake_.notify_one();
  return absl::OkStatus();
}

std::vector<Sequencer::Task> Sequencer::TakeGroup() {
  std::vector<Task> group;
  std::unordered_set<std::string> keys;
  size_t changes = 0, bytes = 0;
  while (!queue_.empty()) {
    Task& next = queue_.front();
    const bool alone = std::holds_alternative<Command>(next.what);
    if (!group.empty()) {
      if (alone || changes + next.changes > kGroupChangesMax ||
          bytes + next.bytes > kGroupBytesMax) {
        break;
      }
    }
    // A retry must find what the first call made, so it goes into the next group.
    if (const auto* authored = std::get_if<AuthoredChange>(&next.what);
        authored != nullptr && !authored->idempotency_key.empty() &&
        !keys.insert(authored->idempotency_key).second) {
      break;
    }
    changes += next.changes;
    bytes += next.bytes;
    status_.queue_changes -= next.changes;
    status_.queue_bytes -= next.bytes;
    group.push_back(std::move(next));
    queue_.pop_front();
    if (alone) break;
  }
  return group;
}

void Sequencer::RunSequencer() {
  while (true) {
    const bool upgrading = Upgrading();
    bool failed = false;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
        return !failed_.ok() || HasWork(upgrading) || (stopping_ && queue_.empty());
      });
      failed = !failed_.ok();
      // What is left of an upgrade is done at the next start.
      if (!failed && stopping_ && queue_.empty()) return;
    }
    if (failed) {
      Recover();
      std::lock_guard lock(mutex_);
      if (!failed_.ok()) return;  // Stopped before it succeeded.
    } else {
      StepSequencer();
    }
  }
}

bool Sequencer::HasWork(bool upgrading) const {
  return (!queue_.empty() || upgrading) && in_flight_ < kGroupsInFlightMax;
}

bool Sequencer::StepSequencer() {
  std::vector<Task> group;
  {
    std::lock_guard lock(mutex_);
    // While it has failed there may be no Replica.
    if (!failed_.ok() || !HasWork(Upgrading())) return false;
    if (!queue_.empty() && !(Upgrading() && upgrade_next_)) group = TakeGroup();
  }
  upgrade_next_ = !group.empty();
  if (group.empty()) {
    ProcessUpgrade();
  } else {
    Process(std::move(group));
  }
  return true;
}

void Sequencer::AwaitSyncer(std::unique_lock<std::mutex>& lock,
                            const std::function<bool()>& condition) {
  if (options_.threads) return wake_.wait(lock, condition);
  while (!condition()) {
    lock.unlock();
    CHECK(StepSyncer());
    lock.lock();
  }
}

void Sequencer::ProcessUpgrade() {
  absl::StatusOr<sync::Outcome> outcome = replica_->Upgrade(options_.now_ms());
  if (outcome.ok()) return Commit(*std::move(outcome), {});
  Log(Level::kError, "requests that waited could not be folded",
      {{"reason", outcome.status().ToString()},
       {"advice",
        "they wait on, everything else goes on; check the disk, then start tikard again"}});
  upgrade_given_up_ = true;
  // Half-way, as in Process.
  if (const absl::Status opened = OpenReplica().status(); !opened.ok()) SetFailed(opened);
}

void Sequencer::TellUnreadable(const std::vector<sync::UnreadableRequest>& unreadable) {
  for (const sync::UnreadableRequest& one : unreadable) {
    if (unreadable_told_.size() >= kUnreadableToldMax) return;
    if (!unreadable_told_.insert(one.request).second) continue;
    LogUnreadable(one);
  }
}

absl::Status Sequencer::Prepare(std::vector<Task>& tasks,
                                std::vector<sync::Submission>* submissions,
                                std::vector<Answer>* answers, int64_t now_ms) {
  for (Task& task : tasks) {
    TaskResult result;
    size_t count = 0;
    if (auto* changes = std::get_if<Changes>(&task.what)) {
      count = changes->submissions.size();
      std::move(changes->submissions.begin(), changes->submissions.end(),
                std::back_inserter(*submissions));
    } else {
      auto& authored = std::get<AuthoredChange>(task.what);
      if (!authored.idempotency_key.empty()) {
        ASSIGN_OR_RETURN(const auto earlier,
                         sync::FindIdempotent(store_->Latest(), authored.idempotency_key));
        result.made_earlier = earlier.has_value();
        if (earlier.has_value()) result.earlier = *earlier;
      }
      if (!result.made_earlier) {
        authored.body.set_hlc(replica_->NextHlc(now_ms));
        sync::Submission submission;
        submission.body = authored.body.SerializeAsString();
        submission.actor = authored.body.actor();
        submission.idempotency_key = authored.idempotency_key;
        submissions->push_back(std::move(submission));
        count = 1;
      }
    }
    result.results.resize(count);
    answers->push_back({task.done, std::move(result)});
  }
  return absl::OkStatus();
}

void Sequencer::GiveBack(std::vector<sync::Submission> submissions,
                         const std::vector<Answer>& answers, std::vector<Task>* tasks) {
  auto next = submissions.begin();
  for (size_t i = 0; i < answers.size(); ++i) {
    const auto end = next + static_cast<ptrdiff_t>(answers[i].result.results.size());
    // What the server authors itself is made anew from its body.
    if (auto* changes = std::get_if<Changes>(&(*tasks)[i].what)) {
      std::move(next, end, changes->submissions.begin());
    }
    next = end;
  }
}

void Sequencer::Process(std::vector<Task> tasks) {
  const int64_t now_ms = options_.now_ms();
  std::vector<sync::Submission> submissions;
  std::vector<Answer> answers;
  absl::StatusOr<sync::Outcome> outcome = sync::Outcome{};
  if (auto* command = std::get_if<Command>(&tasks.front().what)) {
    answers.push_back({tasks.front().done, {}});
    outcome = (*command)(*replica_, now_ms);
    if (outcome.ok()) answers.front().result.changes_new = outcome->changes_new;
  } else {
    const absl::Status prepared = Prepare(tasks, &submissions, &answers, now_ms);
    if (!prepared.ok()) {
      outcome = prepared;
    } else if (!submissions.empty()) {
      outcome = replica_->Ingest(submissions, now_ms);
    }
  }
  if (!outcome.ok()) {
    {
      // Those that were taken before are answered first.
      std::unique_lock lock(mutex_);
      AwaitSyncer(lock, [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return in_flight_ == 0; });
    }
    // Something could not be read, half-way: what the Replica counts in memory is ahead of what was
    // written. One over the same store knows only what was. A command that refuses does so before
    // anything was counted.
    const bool refused =
        std::holds_alternative<Command>(tasks.front().what) && IsRefusal(outcome.status());
    if (!refused) {
      if (const absl::Status opened = OpenReplica().status(); !opened.ok()) {
        SetFailed(opened);
        Fail(std::move(answers), Refusing(opened));
        return;
      }
    }
    // Only those whose request it is should suffer.
    if (tasks.size() > 1) {
      GiveBack(std::move(submissions), answers, &tasks);
      for (Task& task : tasks) {
        std::vector<Task> alone;
        alone.push_back(std::move(task));
        Process(std::move(alone));
      }
      return;
    }
    if (!IsRefusal(outcome.status())) {
      Log(Level::kError, "changes could not be folded in",
          {{"reason", outcome.status().ToString()}});
    }
    Fail(std::move(answers), outcome.status());
    return;
  }
  size_t next = 0;
  for (Answer& answer : answers) {
    for (sync::SubmissionResult& result : answer.result.results) {
      result = std::move(outcome->results[next++]);
    }
  }
  Commit(*std::move(outcome), std::move(answers));
}

void Sequencer::Commit(sync::Outcome outcome, std::vector<Answer> answers) {
  TellUnreadable(outcome.unreadable);
  {
    // While a group is processed piece by piece there may be more than the loop let begin.
    std::unique_lock lock(mutex_);
    AwaitSyncer(lock, [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return !failed_.ok() || in_flight_ < kGroupsInFlightMax;
    });
    if (!failed_.ok()) {
      const absl::Status refusing = Refusing(failed_);
      lock.unlock();
      Fail(std::move(answers), refusing);
      return;
    }
  }
  if (const absl::Status written = store_->Write(outcome.batch); !written.ok()) {
    SetFailed(written);
    Fail(std::move(answers), Refusing(written));
    return;
  }
  Group group;
  group.answers = std::move(answers);
  group.published.reader = store_->Snapshot();
  group.published.definitions = replica_->definitions();
  group.published.origin = replica_->origin();
  group.regions_touched = std::move(outcome.regions_touched);
  group.changes_new = outcome.changes_new;
  std::lock_guard lock(mutex_);
  to_sync_.push_back(std::move(group));
  ++in_flight_;
  wake_sync_.notify_one();
}

void Sequencer::RunSyncer() {
  while (true) {
    {
      std::unique_lock lock(mutex_);
      wake_sync_.wait(lock, [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
        return !to_sync_.empty() || syncer_stopping_;
      });
      if (to_sync_.empty()) return;
    }
    StepSyncer();
  }
}

bool Sequencer::StepSyncer() {
  std::unique_lock lock(mutex_);
  if (to_sync_.empty()) return false;
  auto groups = std::make_shared<std::deque<Group>>();
  groups->swap(to_sync_);
  const size_t count = groups->size();
  uint64_t changes_new = 0;
  for (const Group& group : *groups) changes_new += group.changes_new;
  lock.unlock();

  const absl::Status synced = store_->Sync();
  if (synced.ok()) {
    Publish(groups->back().published);
    {
      // Before the answers: who was answered finds itself counted.
      std::lock_guard count_lock(mutex_);
      ++status_.syncs;
      status_.groups_committed += count;
      status_.changes_committed += changes_new;
    }
    const std::shared_ptr<const Published> published = Current();
    completions_.Post([this, groups, published] {
      std::vector<std::string> regions;
      for (Group& group : *groups) {
        for (Answer& answer : group.answers) {
          answer.result.published = published;
          answer.done(std::move(answer.result));
        }
        regions.insert(regions.end(), group.regions_touched.begin(), group.regions_touched.end());
      }
      std::sort(regions.begin(), regions.end());
      regions.erase(std::unique(regions.begin(), regions.end()), regions.end());
      fan_out_.Notify(published->number, regions);
    });
  } else {
    SetFailed(synced);
    const absl::Status refusing = Refusing(synced);
    // Their snapshots show what may not be on disk, and go with them.
    for (Group& group : *groups) Fail(std::move(group.answers), refusing);
  }
  groups = nullptr;

  lock.lock();
  in_flight_ -= count;
  wake_.notify_all();
  return true;
}

void Sequencer::Publish(Published published) {
  std::shared_ptr<const Published> before;  // Released without the lock.
  std::lock_guard lock(published_mutex_);
  published.number = ++publications_;
  published.durable_at_ms = options_.now_ms();
  before = std::exchange(published_, std::make_shared<const Published>(std::move(published)));
}

std::shared_ptr<const Published> Sequencer::Current() const {
  std::lock_guard lock(published_mutex_);
  return published_;
}

SequencerStatus Sequencer::status() const {
  std::lock_guard lock(mutex_);
  return status_;
}

void Sequencer::Fail(std::vector<Answer> answers, const absl::Status& status) {
  auto shared = std::make_shared<std::vector<Answer>>(std::move(answers));
  completions_.Post([shared, status] {
    for (Answer& answer : *shared) {
      TaskResult result;
      result.status = status;
      answer.done(std::move(result));
    }
  });
}

void Sequencer::FailTasks(std::vector<Task> tasks, const absl::Status& status) {
  std::vector<Answer> answers;
  for (Task& task : tasks) answers.push_back({std::move(task.done), {}});
  if (!answers.empty()) Fail(std::move(answers), status);
}

void Sequencer::FinishQueue() {
  while (true) {
    bool failed = false;
    {
      std::lock_guard lock(mutex_);
      failed = !failed_.ok();
      if (!failed && queue_.empty() && to_sync_.empty()) return;
    }
    if (failed) return BeginRecovery();
    if (!StepSyncer()) StepSequencer();
  }
}

absl::Status Sequencer::Stop() {
  std::lock_guard stop_lock(stop_mutex_);
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
    wake_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
  if (!options_.threads) FinishQueue();
  {
    std::lock_guard lock(mutex_);
    syncer_stopping_ = true;
    wake_sync_.notify_all();
  }
  if (syncer_.joinable()) syncer_.join();
  replica_ = nullptr;
  if (store_ == nullptr) return absl::OkStatus();
  const absl::Status closed = store_->Close();
  store_ = nullptr;
  return closed;
}

}  // namespace tikar::server
