// An engine over a store in memory whose disk the test holds in its hand, and phones that write.
#ifndef TIKAR_TESTS_UNIT_SERVER_ENGINE_FIXTURE_H_
#define TIKAR_TESTS_UNIT_SERVER_ENGINE_FIXTURE_H_

#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "google/rpc/error_details.pb.h"
#include "server/engine/engine.h"
#include "server/engine/failure.h"
#include "storage/memory_store.h"
#include "sync/change.h"
#include "sync/query.h"
#include "tikar/v1/definition.pb.h"

namespace tikar::server {

// Nothing here takes this long; a test that waits so long has failed.
inline constexpr std::chrono::seconds kPatience{20};

// The disk of the test: can hold fsyncs back, fail, and forget what was not synced.
class Disk {
 public:
  // Holds every fsync until Release.
  void Hold() {
    std::lock_guard lock(mutex_);
    held_ = true;
  }
  void Release() {
    std::lock_guard lock(mutex_);
    held_ = false;
    changed_.notify_all();
  }
  // The next fsync (or write) fails, and the store is ill from then on.
  void FailNextSync() {
    std::lock_guard lock(mutex_);
    fail_sync_ = true;
  }
  void FailNextWrite() {
    std::lock_guard lock(mutex_);
    fail_write_ = true;
  }
  // Whether the disk takes bytes again, for a failed store.
  void SetUsable(bool usable) {
    std::lock_guard lock(mutex_);
    usable_ = usable;
  }
  // A row that reads back as rubbish from now on. While nothing is written.
  void Damage(sync::Family family, std::string key) {
    std::lock_guard lock(mutex_);
    sync::WriteBatch batch;
    batch.Put(family, std::move(key), "rubbish");
    EXPECT_TRUE(memory_->Write(batch).ok());
  }
  // From now on rows of requests whose keys begin so cannot be looked for. While no engine runs.
  void FailScansOf(std::string prefix) {
    std::lock_guard lock(mutex_);
    unscannable_ = std::move(prefix);
  }
  // Until `count` fsyncs have begun since the start.
  bool WaitForSyncs(int count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kPatience, [&] { return syncs_begun_ >= count; });
  }
  bool WaitForProbes(int count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kPatience, [&] { return probes_ >= count; });
  }
  int syncs() const {
    std::lock_guard lock(mutex_);
    return syncs_begun_;
  }
  int opens() const {
    std::lock_guard lock(mutex_);
    return opens_;
  }

  absl::Status Probe() {
    std::lock_guard lock(mutex_);
    ++probes_;
    changed_.notify_all();
    return usable_ ? absl::OkStatus() : absl::ResourceExhaustedError("disk full");
  }

  absl::StatusOr<std::unique_ptr<storage::Store>> Open() {
    std::lock_guard lock(mutex_);
    ++opens_;
    // As a process that died: what was not synced is gone.
    memory_->LoseUnsynced();
    return std::unique_ptr<storage::Store>(new Handle(*this));
  }

 private:
  // What was written last, but for what cannot be looked for.
  class LatestRows : public sync::Reader {
   public:
    explicit LatestRows(const Disk& disk) : disk_(disk), reader_(disk.memory_->Latest()) {}
    absl::StatusOr<std::optional<std::string>> Get(sync::Family family,
                                                   std::string_view key) const override {
      return reader_.Get(family, key);
    }
    absl::StatusOr<std::vector<std::optional<std::string>>> MultiGet(
        sync::Family family, const std::vector<std::string>& keys) const override {
      return reader_.MultiGet(family, keys);
    }
    absl::Status Scan(sync::Family family, std::string_view begin, std::string_view end,
                      const Visitor& visit) const override {
      {
        std::lock_guard lock(disk_.mutex_);
        if (family == sync::Family::kRequests && !disk_.unscannable_.empty() &&
            begin.starts_with(disk_.unscannable_)) {
          return absl::DataLossError("a block of the disk is damaged");
        }
      }
      return reader_.Scan(family, begin, end, visit);
    }
    absl::Status ScanReverse(sync::Family family, std::string_view begin, std::string_view end,
                             const Visitor& visit) const override {
      return reader_.ScanReverse(family, begin, end, visit);
    }

   private:
    const Disk& disk_;
    const sync::Reader& reader_;
  };

  class Handle : public storage::Store {
   public:
    explicit Handle(Disk& disk) : disk_(disk) {}

    absl::Status Write(const sync::WriteBatch& batch) override {
      std::lock_guard lock(disk_.mutex_);
      if (std::exchange(disk_.fail_write_, false)) {
        illness_ = absl::ResourceExhaustedError("disk full at write");
      }
      if (!illness_.ok()) return illness_;
      return disk_.memory_->Write(batch);
    }
    absl::Status Sync() override {
      std::unique_lock lock(disk_.mutex_);
      ++disk_.syncs_begun_;
      disk_.changed_.notify_all();
      disk_.changed_.wait(lock, [this] { return !disk_.held_; });
      if (std::exchange(disk_.fail_sync_, false)) {
        illness_ = absl::UnavailableError("input/output error at fsync");
      }
      if (!illness_.ok()) return illness_;
      return disk_.memory_->Sync();
    }
    const sync::Reader& Latest() const override { return latest_; }
    std::shared_ptr<const sync::Reader> Snapshot() const override {
      return disk_.memory_->Snapshot();
    }
    absl::Status Close() override { return disk_.memory_->Close(); }
    absl::Status health() const override {
      std::lock_guard lock(disk_.mutex_);
      return illness_;
    }
    storage::StoreStats stats() const override { return disk_.memory_->stats(); }

   private:
    Disk& disk_;
    absl::Status illness_;
    const LatestRows latest_{disk_};
  };

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::unique_ptr<storage::MemoryStore> memory_ = std::make_unique<storage::MemoryStore>();
  bool held_ = false;
  bool fail_sync_ = false;
  bool fail_write_ = false;
  bool usable_ = true;
  std::string unscannable_;
  int syncs_begun_ = 0;
  int probes_ = 0;
  int opens_ = 0;
};

// Something that arrives on another thread.
template <typename T>
class Mailbox {
 public:
  void Put(T value) {
    std::lock_guard lock(mutex_);
    values_.push_back(std::move(value));
    changed_.notify_all();
  }
  // nullopt: it did not come.
  std::optional<T> Take() {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, kPatience, [this] { return !values_.empty(); })) return {};
    T value = std::move(values_.front());
    values_.pop_front();
    return value;
  }
  bool empty() const {
    std::lock_guard lock(mutex_);
    return values_.empty();
  }
  size_t size() const {
    std::lock_guard lock(mutex_);
    return values_.size();
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<T> values_;
};

inline constexpr char kComplaintForm[] = R"pb(
  service: "pengaduan"
  version: 1
  publisher: "32.73"
  title { id: "Pengaduan" en: "Complaint" }
  merge_version: 1
  fields {
    key: "judul"
    type: FIELD_TYPE_TEXT
    label { id: "Judul" en: "Title" }
    policy: POLICY_LATEST
    required: true
  }
  workflow {
    states {
      key: "diterima"
      label { id: "Diterima" en: "Received" }
    }
    states {
      key: "selesai"
      label { id: "Selesai" en: "Done" }
      terminal: true
    }
    edges {
      from: "diterima"
      to: "selesai"
      label { id: "Selesaikan" en: "Close" }
      roles: "petugas"
    }
  }
  roles {
    key: "petugas"
    label { id: "Petugas" en: "Officer" }
    creates: true
  }
  settler_roles: "petugas"
  title_field: "judul"
)pb";

inline std::string ComplaintFormBytes(uint32_t version = 1) {
  v1::Definition definition;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(kComplaintForm, &definition));
  definition.set_version(version);
  return definition.SerializeAsString();
}

inline constexpr int64_t kMorning = 1'769'900'000'000;  // 2026-01-31

// A change that files a complaint in Gunung Kerinci (15.01.06), or in another region's first
// kecamatan.
inline std::string Complaint(const std::string& actor, int number, size_t padding = 0,
                             const std::string& region = "15.01") {
  v1::ChangeBody body;
  body.set_region(region);
  body.set_actor(actor);
  body.set_role("petugas");
  body.set_hlc(static_cast<uint64_t>(kMorning + number) << 16);
  std::string nonce(8, '\0');
  for (int i = 0; i < 4; ++i) nonce[static_cast<size_t>(i)] = static_cast<char>(number >> (8 * i));
  body.set_nonce(nonce);
  v1::Create& create = *body.add_mutations()->mutable_create();
  create.set_definition_hash(sync::Sha256(ComplaintFormBytes()).bytes());
  create.set_service("pengaduan");
  create.set_version(1);
  create.set_area(region + ".06");
  v1::SetField& title = *body.add_mutations()->mutable_set_field();
  title.set_path("judul");
  title.mutable_value()->set_text("Jembatan " + std::to_string(number) + std::string(padding, 'x'));
  return body.SerializeAsString();
}

inline sync::RequestKey KeyOf(const std::string& body_bytes) {
  v1::ChangeBody body;
  EXPECT_TRUE(body.ParseFromString(body_bytes));
  return {body.region(), *sync::RequestIdOf(body, std::string_view(body_bytes))};
}

inline sync::Submission By(const std::string& actor, std::string body) {
  sync::Submission submission;
  submission.actor = actor;
  submission.body = std::move(body);
  return submission;
}

// The reason and the delay that a status carries for programs.
inline std::string ReasonOf(const absl::Status& status) {
  const google::rpc::Status details = DetailsOf(status);
  for (const auto& detail : details.details()) {
    google::rpc::ErrorInfo info;
    if (detail.UnpackTo(&info)) return info.reason();
  }
  return "";
}
inline int64_t RetryMsOf(const absl::Status& status) {
  const google::rpc::Status details = DetailsOf(status);
  for (const auto& detail : details.details()) {
    google::rpc::RetryInfo info;
    if (detail.UnpackTo(&info)) {
      return info.retry_delay().seconds() * 1000 + info.retry_delay().nanos() / 1'000'000;
    }
  }
  return 0;
}

class EngineTest : public ::testing::Test {
 protected:
  void StartEngine(std::function<void(EngineOptions&)> change = [](EngineOptions&) {}) {
    EngineOptions options;
    options.version = "test";
    options.random = [this] {
      std::lock_guard lock(random_mutex_);
      return random_() | 1;
    };
    SequencerOptions& sequencer = options.sequencer;
    sequencer.open_store = [this] { return disk_.Open(); };
    sequencer.probe_store = [this] { return disk_.Probe(); };
    sequencer.now_ms = [this] { return now_ms_.load(); };
    sequencer.replica.random = options.random;
    sequencer.recovery_backoff_ms_min = 1;
    sequencer.recovery_backoff_ms_max = 5;
    change(options);
    auto engine = Engine::Start(std::move(options));
    ASSERT_TRUE(engine.ok()) << engine.status();
    engine_ = *std::move(engine);
  }

  // Before the members of a test that answers are put into.
  void TearDown() override {
    disk_.Release();
    disk_.SetUsable(true);
    engine_ = nullptr;
  }

  void AddForm() {
    Mailbox<TaskResult> answers;
    ASSERT_TRUE(sequencer()
                    .AddDefinition(ComplaintFormBytes(),
                                   [&](TaskResult result) { answers.Put(std::move(result)); })
                    .ok());
    const auto answer = answers.Take();
    ASSERT_TRUE(answer.has_value());
    ASSERT_TRUE(answer->status.ok()) << answer->status;
  }

  Sequencer& sequencer() { return engine_->sequencer(); }

  // Whether what is published has the request.
  bool IsPublished(const std::string& body) {
    const auto published = sequencer().Current();
    if (published == nullptr) return false;
    const auto stored = sync::LoadRequest(*published->reader, KeyOf(body));
    EXPECT_TRUE(stored.ok()) << stored.status();
    return stored.ok() && stored->has_value();
  }

  absl::Status Submit(std::vector<sync::Submission> submissions, Mailbox<TaskResult>* answers) {
    return sequencer().Submit(std::move(submissions),
                              [answers](TaskResult result) { answers->Put(std::move(result)); });
  }

  Disk disk_;
  std::atomic<int64_t> now_ms_{kMorning + 1'000'000};
  std::mutex random_mutex_;
  std::mt19937_64 random_{20260131};
  std::unique_ptr<Engine> engine_;
};

}  // namespace tikar::server

#endif  // TIKAR_TESTS_UNIT_SERVER_ENGINE_FIXTURE_H_
