// A real tikard for the SDK's tests: a process of its own that can be stopped, frozen and killed.
#ifndef TIKAR_TESTS_INTEGRATION_SDK_TIKARD_H_
#define TIKAR_TESTS_INTEGRATION_SDK_TIKARD_H_

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "child_process.h"
#include "clients/cpp/sync_runner.h"
#include "sdk_phone.h"
#include "tikar/v1/backup_service.grpc.pb.h"
#include "tikar/v1/catalog_service.grpc.pb.h"

namespace tikar::client {

class Tikard {
 public:
  explicit Tikard(const TemporaryDirectory& directory)
      : directory_(directory.File("")),
        data_(directory.File("data")),
        port_file_(directory.File("port")),
        log_(directory.File("tikard.log")) {}

  // Returns when it listens; a second start takes the port of the first. `more`: other flags.
  void Start(const std::vector<std::string>& more = {}) {
    std::filesystem::remove(port_file_);
    std::vector<std::string> arguments = {TIKARD_PATH,
                                          "--listen",
                                          "127.0.0.1:" + std::to_string(port_),
                                          "--port-file",
                                          port_file_,
                                          "--data-dir",
                                          data_,
                                          "--catalog",
                                          TIKAR_SOURCE_DIR "/catalog",
                                          "--drain-seconds",
                                          "1"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    process_ = std::make_unique<ChildProcess>(TIKARD_PATH, arguments, log_);
    const std::string port = process_->AwaitLine(port_file_);
    ASSERT_FALSE(port.empty()) << "tikard does not listen: " << ReadFile(log_);
    port_ = std::stoi(port);
  }
  // As a power cut would.
  void Kill() { process_.reset(); }
  // Backs up what it has, while it runs, to a directory of its own.
  void Backup() {
    const auto stub = v1::BackupService::NewStub(MakeChannel(address()));
    grpc::ClientContext context;
    const auto stream = stub->CreateBackup(&context, v1::CreateBackupRequest());
    v1::CreateBackupResponse response;
    while (stream->Read(&response)) {
    }
    const grpc::Status status = stream->Finish();
    ASSERT_TRUE(status.ok()) << status.error_message();
    backups_ = response.directory();
  }
  // Starts with what the newest backup holds, on another directory, at the same address.
  void StartFromBackup() {
    data_ = directory_ + "restored-" + std::to_string(++restores_);
    Start({"--restore-from", backups_});
  }
  std::string log() const { return ReadFile(log_); }
  void Freeze() { process_->Signal(SIGSTOP); }
  void Thaw() { process_->Signal(SIGCONT); }

  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

 private:
  const std::string directory_;  // with a slash at the end
  std::string data_;
  const std::string port_file_, log_;
  std::string backups_;
  int restores_ = 0;
  std::unique_ptr<ChildProcess> process_;
  int port_ = 0;
};

// Makes a region's own form of what is in the catalogue: published there, and adopted. Its hash.
inline std::string AdoptFork(const Tikard& tikard, const std::string& region, uint32_t version) {
  const std::unique_ptr<v1::CatalogService::Stub> catalog =
      v1::CatalogService::NewStub(MakeChannel(tikard.address()));
  v1::Definition fork = CatalogForm("pengaduan");
  fork.set_publisher(region);
  fork.set_version(version);
  fork.mutable_title()->set_id("Aduan " + region);
  v1::PublishDefinitionRequest publish;
  *publish.mutable_definition_bytes() = BytesOf(fork);
  v1::PublishDefinitionResponse published;
  grpc::ClientContext publishing;
  CHECK(catalog->PublishDefinition(&publishing, publish, &published).ok());
  v1::AdoptDefinitionRequest adopt;
  adopt.set_region(region);
  adopt.set_definition_hash(published.definition_hash());
  adopt.set_actor("kantor/admin");
  v1::AdoptDefinitionResponse adopted;
  grpc::ClientContext adopting;
  CHECK(catalog->AdoptDefinition(&adopting, adopt, &adopted).ok());
  return published.definition_hash();
}

// Lets a test wait for what another thread brings about, without sleeping.
class Change {
 public:
  void Happened() {
    const std::lock_guard<std::mutex> lock(mutex_);
    changed_.notify_all();
  }
  // False: `condition` did not come true within ten seconds.
  bool Wait(const std::function<bool()>& condition) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    std::unique_lock<std::mutex> lock(mutex_);
    while (!condition()) {
      // Looks again now and then: the condition may hang on something that tells nobody.
      changed_.wait_for(lock, std::chrono::milliseconds(50));
      if (std::chrono::steady_clock::now() > end) return condition();
    }
    return true;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
};

inline constexpr int64_t kPatienceMs = 60'000;

// A phone with the real clock that tries again at once.
class RealPhone : public Phone {
 public:
  RealPhone(std::string path, std::string actor, uint64_t seed)
      : Phone(std::move(path), std::move(actor), seed) {
    options.clock = nullptr;
    options.backoff = {20, 200};
  }

  // Until everything is sent and taken.
  void Sync(const std::string& server) {
    SyncRunner runner(app.get(), {.server = server});
    const absl::Status status = runner.SyncUntilDone(kPatienceMs);
    EXPECT_TRUE(status.ok()) << status;
    EXPECT_EQ(Status().unsent, 0u);
  }
  std::vector<RequestOnPhone> All() {
    std::vector<RequestOnPhone> all;
    ListQuery query;
    query.page_size = kListPageMax;
    do {
      absl::StatusOr<ListPage> page = app->List(query);
      CHECK(page.ok());
      for (RequestOnPhone& request : page->requests) all.push_back(std::move(request));
      query.page_token = page->next_page_token;
    } while (!query.page_token.empty());
    return all;
  }
};

// Two phones that have synced show the same, byte for byte.
inline void ExpectConverged(RealPhone& a, RealPhone& b) {
  const std::vector<RequestOnPhone> of_a = a.All(), of_b = b.All();
  ASSERT_EQ(of_a.size(), of_b.size());
  for (size_t i = 0; i < of_a.size(); ++i) {
    EXPECT_EQ(of_a[i].key, of_b[i].key);
    EXPECT_FALSE(of_a[i].pending());
    EXPECT_FALSE(of_b[i].pending());
    EXPECT_FALSE(of_a[i].request.state_digest().empty());
    EXPECT_EQ(of_a[i].request.state_digest(), of_b[i].request.state_digest());
    EXPECT_EQ(of_a[i].request.SerializeAsString(), of_b[i].request.SerializeAsString());
  }
}

}  // namespace tikar::client

#endif  // TIKAR_TESTS_INTEGRATION_SDK_TIKARD_H_
