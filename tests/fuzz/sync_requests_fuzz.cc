// A phone's side of the Sync stream, as the engine's session gets it: any messages in any order,
// then the end of the stream, a broken connection, or a server that stops.
//
// Frames: one SyncRequest each; the tag:
//   1     the changes of a push follow what is stored of the second record's request
//   128   the connection breaks before this message
//   64    the server stops before it
#include <condition_variable>
#include <memory>
#include <mutex>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/engine/engine.h"
#include "server/engine/log.h"
#include "server/engine/sync_session.h"
#include "storage/memory_store.h"
#include "sync/status_macros.h"
#include "target.h"
#include "tikar/v1/sync_service.pb.h"
#include "world.h"

namespace tikar::fuzz {
namespace {

constexpr size_t kMessagesMax = 24;
enum Tag : uint8_t { kOfSecond = 1, kStops = 64, kBreaks = 128 };

// The stream below the session; answers every call at once and holds the session to its contract.
class Stream : public server::SyncTransport {
 public:
  void Attach(std::shared_ptr<server::SyncSession> session) { session_ = std::move(session); }

  // Waits until the session reads or has finished. False: it has finished.
  bool AwaitRead() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return reading_ || finished_; });
    if (finished_) return false;
    reading_ = false;
    return true;
  }
  absl::Status AwaitFinish() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return finished_; });
    return status_;
  }
  void ExpectResults(int changes) {
    std::lock_guard lock(mutex_);
    expected_.push_back(changes);
  }
  size_t results() const {
    std::lock_guard lock(mutex_);
    return results_;
  }
  bool caught_up() const {
    std::lock_guard lock(mutex_);
    return caught_up_;
  }

  // SyncTransport:
  void Read() override {
    std::lock_guard lock(mutex_);
    PROMISE(!reading_ && !finished_, "one read at a time, and none after the end");
    reading_ = true;
    changed_.notify_all();
  }
  void Write(const v1::SyncResponse& response) override {
    {
      std::lock_guard lock(mutex_);
      PROMISE(!finished_, "no write after the end");
      switch (response.kind_case()) {
        case v1::SyncResponse::kWelcome:
          PROMISE(!std::exchange(welcomed_, true), "one welcome");
          break;
        case v1::SyncResponse::kPushResult:
          PROMISE(welcomed_ && results_ < expected_.size() &&
                      response.push_result().results_size() == expected_[results_],
                  "each push is answered once, in order, change by change");
          ++results_;
          break;
        case v1::SyncResponse::kBatch:
          PROMISE(welcomed_ && response.batch().batch_number() == ++batches_,
                  "batches are numbered");
          caught_up_ = response.batch().caught_up();
          break;
        case v1::SyncResponse::KIND_NOT_SET:
          PROMISE(false, "no empty message is sent");
      }
    }
    session_->OnWritten(true);
  }
  void Finish(const absl::Status& status) override {
    std::lock_guard lock(mutex_);
    PROMISE(!finished_, "a stream is finished once");
    finished_ = true;
    status_ = status;
    changed_.notify_all();
  }
  void Cancel() override {}

 private:
  std::shared_ptr<server::SyncSession> session_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool reading_ = false;
  bool finished_ = false;
  bool welcomed_ = false;
  bool caught_up_ = false;
  uint64_t batches_ = 0;
  std::vector<int> expected_;
  size_t results_ = 0;
  absl::Status status_;
};

std::unique_ptr<server::Engine> StartEngine() {
  // A stream that breaks is nothing to tell about a million times.
  [[maybe_unused]] static const bool silent = [] {
    server::SetUpLog(server::Level::kNone, /*json=*/false);
    return true;
  }();
  server::EngineOptions options;
  options.version = "fuzz";
  // Answers do not depend on it, so that a finding replays whichever thread asks first.
  options.random = [] { return 0x5eed0001; };
  options.read_threads = 1;
  options.sequencer.open_store = []() -> absl::StatusOr<std::unique_ptr<storage::Store>> {
    return std::make_unique<storage::MemoryStore>();
  };
  options.sequencer.now_ms = [] { return kNowMs; };
  options.sequencer.replica.random = options.random;
  absl::StatusOr<std::unique_ptr<server::Engine>> engine =
      server::Engine::Start(std::move(options));
  CHECK(engine.ok());
  return *std::move(engine);
}

// Waits for the answer to something that the sequencer was told.
class Answer {
 public:
  server::TaskDone Take() {
    return [this](server::TaskResult result) {
      std::lock_guard lock(mutex_);
      result_ = std::move(result);
      done_ = true;
      changed_.notify_all();
    };
  }
  server::TaskResult Await() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return done_; });
    return std::move(result_);
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool done_ = false;
  server::TaskResult result_;
};

void Prepare(server::Engine& engine) {
  Answer forms, records;
  CHECK(engine.sequencer().AddDefinition(Form()->bytes(), forms.Take()).ok());
  CHECK(forms.Await().status.ok());
  std::vector<sync::Submission> submissions;
  for (const std::string& record : Records()) submissions.emplace_back().body = record;
  CHECK(engine.sequencer().Submit(std::move(submissions), records.Take()).ok());
  CHECK(records.Await().status.ok());
}

void Repair(uint8_t tag, v1::SyncRequest* request) {
  if ((tag & kOfSecond) == 0 || !request->has_push()) return;
  for (v1::Change& change : *request->mutable_push()->mutable_changes()) {
    v1::ChangeBody body;
    if (!body.ParseFromString(change.body())) continue;
    const sync::RequestKey key = KeyOf(Records()[4]);
    body.set_region(key.region);
    body.set_request_id(key.id.bytes());
    body.clear_parents();
    body.add_parents(IdOf(Records()[4]).bytes());
    change.set_body(body.SerializeAsString());
  }
}

const google::protobuf::Message* MessageOf(uint8_t) { return &v1::SyncRequest::default_instance(); }

}  // namespace

FUZZ_TARGET_OF(sync_requests, "what a phone sends on the Sync stream, through the engine",
               (FrameShape{kMessagesMax, &MessageOf})) {
  const std::unique_ptr<server::Engine> engine = StartEngine();
  Prepare(*engine);
  Stream stream;
  const auto session = std::make_shared<server::SyncSession>(engine.get(), &stream);
  stream.Attach(session);
  CHECK(engine->sessions().Add(session));
  session->Start();
  bool broken = false;
  for (const Frame& frame : ReadFrames(bytes, kMessagesMax)) {
    v1::SyncRequest request;
    if (!request.ParseFromString(frame.bytes)) break;  // gRPC ends such a stream by itself
    Repair(frame.tag, &request);
    if (frame.tag & kStops) session->Stop();
    if (!stream.AwaitRead()) break;
    if (frame.tag & kBreaks) {
      broken = true;
      session->OnCancel();
      session->OnRead(false, {});
      break;
    }
    if (request.has_push()) stream.ExpectResults(request.push().changes_size());
    session->OnRead(true, request);
  }
  if (!broken && stream.AwaitRead()) session->OnRead(false, {});
  const absl::Status end = stream.AwaitFinish();
  PROMISE(end.ok() || absl::IsInvalidArgument(end) || absl::IsFailedPrecondition(end) ||
              absl::IsUnavailable(end) || absl::IsResourceExhausted(end),
          absl::StrCat("a stream ends for a reason that a phone knows: ", end.ToString()));
  engine->sessions().Remove(session);
  CHECK(engine->Stop().ok());
  return end.ok() && !broken && stream.caught_up();
}

}  // namespace tikar::fuzz
