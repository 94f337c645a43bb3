// How many changes a second become durable, beside raw RocksDB committing the same keys and values
// in the same groups with as many fsyncs.
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "node.h"
#include "raw_rocksdb.h"
#include "settings.h"
#include "storage/memory_store.h"
#include "sync/replica.h"
#include "sync/status_macros.h"
#include "workload.h"
#include "write_tape.h"

namespace tikar::benchmarks {
namespace {

// Keys and values of one change, generously.
constexpr size_t kTapeBytesPerChange = 8 << 10;
// Phones that push at the same time, and what each brings at once.
constexpr size_t kPhones = 64;
constexpr size_t kPushChanges = 10;

using Changes = absl::Span<const PhoneChange>;

// Phones that push as fast as they are answered, so that groups form by themselves.
class Phones {
 public:
  Phones(server::Sequencer* sequencer, Changes changes) : sequencer_(*sequencer) {
    for (size_t at = 0; at < changes.size(); at += kPushChanges) {
      pushes_.push_back(Submissions(changes.subspan(at, kPushChanges)));
    }
  }

  // Until everything was answered. The pushes go out in the workload's order, so no parent is late.
  absl::Status Run() {
    for (size_t i = 0; i < kPhones; ++i) PushNext();
    std::unique_lock lock(mutex_);
    answered_.wait(lock, [this] { return next_ == pushes_.size() && unanswered_ == 0; });
    return status_;
  }

 private:
  void PushNext() {
    // Submitted under the lock, or two phones could change places.
    std::lock_guard lock(mutex_);
    if (next_ == pushes_.size()) return;
    const absl::Status taken =
        sequencer_.Submit(std::move(pushes_[next_++]),
                          [this](server::TaskResult result) { OnAnswer(std::move(result)); });
    if (taken.ok()) {
      ++unanswered_;
    } else {
      GiveUp(taken);
    }
  }

  void OnAnswer(server::TaskResult result) {
    PushNext();
    absl::Status status = result.status;
    if (status.ok()) status = CheckAccepted(result.results);
    std::lock_guard lock(mutex_);
    --unanswered_;
    if (!status.ok()) GiveUp(status);
    answered_.notify_all();
  }

  void GiveUp(const absl::Status& status) {
    if (status_.ok()) status_ = status;
    next_ = pushes_.size();
  }

  server::Sequencer& sequencer_;
  std::vector<std::vector<sync::Submission>> pushes_;
  std::mutex mutex_;
  std::condition_variable answered_;
  size_t next_ = 0;
  size_t unanswered_ = 0;
  absl::Status status_;
};

// One round of both sides. `group` zero: groups as they form.
absl::Status RunRound(const std::string& definition, Changes changes, size_t group,
                      bool compare_contents, Directory& directory, Case* what) {
  WriteTape tape(changes.size() * kTapeBytesPerChange);
  Contents subject_contents;
  {
    ASSIGN_OR_RETURN(const std::unique_ptr<server::Engine> engine,
                     server::Engine::Start(EngineOptionsFor(directory.Fresh(), &tape)));
    RETURN_IF_ERROR(Publish(engine->sequencer(), definition));
    tape.BeginMeasured();
    if (group == 0) {
      Phones phones(&engine->sequencer(), changes);
      const Stopwatch stopwatch;
      RETURN_IF_ERROR(phones.Run());
      what->subject.push_back(stopwatch.Read());
    } else {
      const Stopwatch stopwatch;
      RETURN_IF_ERROR(IngestInGroups(engine->sequencer(), changes, group));
      what->subject.push_back(stopwatch.Read());
    }
    if (compare_contents) {
      ASSIGN_OR_RETURN(subject_contents, ContentsOf(*engine->sequencer().Current()->reader));
    }
    RETURN_IF_ERROR(engine->Stop());
  }

  ASSIGN_OR_RETURN(const std::unique_ptr<RawRocksdb> raw, RawRocksdb::Create(directory.Fresh()));
  RETURN_IF_ERROR(raw->Commit(tape, /*measured=*/false));
  const Stopwatch stopwatch;
  RETURN_IF_ERROR(raw->Commit(tape, /*measured=*/true));
  what->peers.front().samples.push_back(stopwatch.Read());

  const auto changes_count = static_cast<double>(changes.size());
  const WriteTape::Totals totals = tape.totals();
  what->bytes = totals.bytes;
  what->facts = {
      {"keys per change", static_cast<double>(totals.writes) / changes_count},
      {"bytes of keys and values a change", static_cast<double>(totals.bytes) / changes_count},
      {"changes per group", changes_count / static_cast<double>(totals.batches)},
      {"changes per fsync", changes_count / static_cast<double>(totals.syncs)}};
  if (!compare_contents) return absl::OkStatus();
  ASSIGN_OR_RETURN(const Contents raw_contents, raw->contents());
  if (subject_contents == raw_contents && raw_contents.rows > changes.size()) {
    return absl::OkStatus();
  }
  return absl::InternalError(absl::StrCat("raw RocksDB holds other rows: ", raw_contents.rows,
                                          ", the store ", subject_contents.rows));
}

absl::Status MeasureEngine(const Settings& settings, const std::string& definition,
                           const std::vector<PhoneChange>& all, size_t group, size_t count,
                           Directory& directory, const Tell& tell) {
  Case what;
  what.name = group == 0 ? "groups as they form" : absl::StrCat("groups of ", group);
  what.unit = "changes";
  what.peers.push_back({"raw RocksDB, same groups", {}});
  const Changes changes = absl::MakeConstSpan(all).subspan(0, count);
  what.count = changes.size();
  for (size_t round = 0; round < settings.rounds; ++round) {
    const bool last = round + 1 == settings.rounds;
    RETURN_IF_ERROR(RunRound(definition, changes, group, last, directory, &what));
  }
  tell(std::move(what));
  return absl::OkStatus();
}

// The Replica alone, over memory: what judging, merging and encoding costs.
absl::Status MeasureReplica(const Settings& settings, const std::string& definition,
                            const std::vector<PhoneChange>& changes, const Tell& tell) {
  constexpr size_t kGroup = 100;
  Case what;
  what.name = "Replica alone, in memory";
  what.unit = "changes";
  what.count = changes.size();
  for (size_t round = 0; round < settings.rounds; ++round) {
    storage::MemoryStore store;
    sync::Replica::Options options;
    options.now_ms = NowMs();
    options.random = [random = uint64_t{0}]() mutable { return ++random; };
    ASSIGN_OR_RETURN(sync::Replica::Opened opened, sync::Replica::Open(store.Latest(), options));
    RETURN_IF_ERROR(store.Write(opened.batch));
    ASSIGN_OR_RETURN(const sync::Outcome added, opened.replica->AddDefinition(definition, NowMs()));
    RETURN_IF_ERROR(store.Write(added.batch));
    std::vector<std::vector<sync::Submission>> groups;
    for (size_t at = 0; at < changes.size(); at += kGroup) {
      groups.push_back(Submissions(absl::MakeConstSpan(changes).subspan(at, kGroup)));
    }
    Sample ingest;
    for (const std::vector<sync::Submission>& group : groups) {
      const Stopwatch stopwatch;
      ASSIGN_OR_RETURN(const sync::Outcome outcome, opened.replica->Ingest(group, NowMs()));
      const Sample passed = stopwatch.Read();
      ingest.seconds += passed.seconds;
      ingest.cpu_seconds += passed.cpu_seconds;
      RETURN_IF_ERROR(CheckAccepted(outcome.results));
      RETURN_IF_ERROR(store.Write(outcome.batch));
    }
    what.subject.push_back(ingest);
  }
  tell(std::move(what));
  return absl::OkStatus();
}

absl::Status Run(const Settings& settings, Directory& directory, const Tell& tell) {
  ASSIGN_OR_RETURN(const std::string definition, ComplaintDefinition());
  WorkloadOptions options;
  options.changes = settings.Count(20'000, 600);
  ASSIGN_OR_RETURN(const std::vector<PhoneChange> changes, MakeWorkload(definition, options));

  // With one fsync for each, fewer changes take as long.
  RETURN_IF_ERROR(
      MeasureEngine(settings, definition, changes, 1, settings.Count(2'000, 100), directory, tell));
  RETURN_IF_ERROR(MeasureEngine(settings, definition, changes, 10, settings.Count(10'000, 300),
                                directory, tell));
  for (const size_t group : {100, 1000}) {
    RETURN_IF_ERROR(
        MeasureEngine(settings, definition, changes, group, changes.size(), directory, tell));
  }
  RETURN_IF_ERROR(MeasureEngine(settings, definition, changes, 0, changes.size(), directory, tell));
  return MeasureReplica(settings, definition, changes, tell);
}

}  // namespace
}  // namespace tikar::benchmarks

int main(int argc, char** argv) {
  return tikar::benchmarks::Main(argc, argv, "bench_ingest", tikar::benchmarks::Run);
}
