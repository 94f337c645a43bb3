// A server in this process or a real tikard, and callers that talk gRPC to it.
#ifndef TIKAR_TESTS_INTEGRATION_SERVER_FIXTURE_H_
#define TIKAR_TESTS_INTEGRATION_SERVER_FIXTURE_H_

#include <fcntl.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <iterator>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "server/catalog.h"
#include "server/process.h"
#include "server/server.h"
#include "storage/rocksdb_store.h"
#include "sync/change.h"
#include "sync/definition.h"
#include "sync/status_macros.h"
#include "tikar/v1/catalog_service.grpc.pb.h"
#include "tikar/v1/conflict_service.grpc.pb.h"
#include "tikar/v1/inbox_service.grpc.pb.h"
#include "tikar/v1/report_service.grpc.pb.h"
#include "tikar/v1/request_service.grpc.pb.h"
#include "tikar/v1/status_service.grpc.pb.h"
#include "tikar/v1/sync_service.grpc.pb.h"

namespace tikar::server {

inline constexpr std::chrono::seconds kPatience{30};
inline const std::string kCatalogDirectory = TIKAR_SOURCE_DIR "/catalog";
inline const std::string kKerinci = "regions/15.01";

class TempDirectory {
 public:
  TempDirectory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "tikar_server_XXXXXX").string();
    EXPECT_NE(mkdtemp(pattern.data()), nullptr);
    path_ = pattern;
  }
  ~TempDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::string& path() const { return path_; }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

// What a gRPC status says for programs.
struct Details {
  std::string reason;
  int64_t retry_ms = -1;
  // Of LocalizedMessage, by locale.
  std::map<std::string, std::string> messages;
  // Field and reason of each violation.
  std::set<std::pair<std::string, std::string>> violations;
};
inline Details DetailsOf(const grpc::Status& status) {
  Details details;
  google::rpc::Status rpc;
  EXPECT_TRUE(rpc.ParseFromString(status.error_details()));
  EXPECT_EQ(rpc.code(), static_cast<int>(status.error_code()));
  for (const auto& any : rpc.details()) {
    google::rpc::ErrorInfo info;
    google::rpc::RetryInfo retry;
    google::rpc::LocalizedMessage message;
    google::rpc::BadRequest bad;
    if (any.UnpackTo(&info)) details.reason = info.reason();
    if (any.UnpackTo(&retry)) {
      details.retry_ms =
          retry.retry_delay().seconds() * 1000 + retry.retry_delay().nanos() / 1'000'000;
    }
    if (any.UnpackTo(&message)) details.messages[message.locale()] = message.message();
    if (any.UnpackTo(&bad)) {
      for (const auto& violation : bad.field_violations()) {
        EXPECT_FALSE(violation.localized_message().message().empty());
        details.violations.insert({violation.field(), violation.reason()});
      }
    }
  }
  return details;
}

// A channel of its own: equal ones would share a connection.
inline std::shared_ptr<grpc::Channel> Connect(const std::string& address) {
  static std::atomic<int> number{0};
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt("tikar.test.channel", number++);
  return grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
}

// Calls a method of which this program has no stub: sends one message, returns all that come.
inline std::vector<std::string> CallRaw(const std::shared_ptr<grpc::Channel>& channel,
                                        const std::string& method, const std::string& request,
                                        grpc::Status* status) {
  grpc::GenericStub stub(channel);
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kPatience);
  grpc::CompletionQueue queue;
  const auto wait = [&queue] {
    void* tag = nullptr;
    bool ok = false;
    return queue.Next(&tag, &ok) && ok;
  };
  auto call = stub.PrepareCall(&context, method, &queue);
  call->StartCall(nullptr);
  wait();
  grpc::Slice slice(request);
  call->WriteLast(grpc::ByteBuffer(&slice, 1), {}, nullptr);
  wait();
  std::vector<std::string> responses;
  while (true) {
    grpc::ByteBuffer buffer;
    call->Read(&buffer, nullptr);
    if (!wait()) break;
    std::vector<grpc::Slice> slices;
    EXPECT_TRUE(buffer.Dump(&slices).ok());
    std::string response;
    for (const grpc::Slice& part : slices) {
      response.append(reinterpret_cast<const char*>(part.begin()), part.size());
    }
    responses.push_back(std::move(response));
  }
  call->Finish(status, nullptr);
  wait();
  return responses;
}

// A server in this process, with the real catalogue and a store on disk.
class ServerInProcess {
 public:
  explicit ServerInProcess(std::string data_directory,
                           const std::function<void(ServerOptions&)>& change = nullptr) {
    ServerOptions options;
    options.listen = "127.0.0.1:0";
    options.data_directory = data_directory;
    options.engine.version = "test";
    options.engine.random = RandomBits;
    SequencerOptions& sequencer = options.engine.sequencer;
    sequencer.open_store = [data_directory]() -> absl::StatusOr<std::unique_ptr<storage::Store>> {
      storage::RocksdbStoreOptions store;
      store.path = data_directory;
      ASSIGN_OR_RETURN(std::unique_ptr<storage::Store> opened, storage::RocksdbStore::Open(store));
      return opened;
    };
    sequencer.now_ms = WallClockMs;
    sequencer.replica.random = RandomBits;
    auto catalog = LoadCatalog(kCatalogDirectory);
    EXPECT_TRUE(catalog.ok()) << catalog.status();
    if (catalog.ok()) options.catalog = *std::move(catalog);
    if (change != nullptr) change(options);
    auto server = Server::Start(std::move(options));
    EXPECT_TRUE(server.ok()) << server.status();
    if (server.ok()) server_ = *std::move(server);
  }
  Server& operator*() { return *server_; }
  Server* operator->() { return server_.get(); }
  std::shared_ptr<grpc::Channel> channel() { return Connect(server_->address()); }

 private:
  std::unique_ptr<Server> server_;
};

// A real tikard.
class Tikard {
 public:
  explicit Tikard(std::vector<std::string> arguments) {
    int pipe_ends[2];
    EXPECT_EQ(pipe2(pipe_ends, O_CLOEXEC), 0);
    arguments.insert(arguments.begin(), TIKAR_TIKARD);
    std::vector<char*> argv;
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    const pid_t parent = getpid();
    pid_ = fork();
    EXPECT_GE(pid_, 0);
    if (pid_ == 0) {
      // A test that is killed leaves no server behind.
      if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent) _exit(127);
      dup2(pipe_ends[1], STDERR_FILENO);
      dup2(pipe_ends[1], STDOUT_FILENO);
      execv(argv[0], argv.data());
      _exit(127);
    }
    close(pipe_ends[1]);
    output_ = pipe_ends[0];
    // Until it listens or is gone.
    std::string line;
    while (ReadLine(&line)) {
      text_ += line + "\n";
      constexpr char kSign[] = " listening address=";
      const size_t at = line.find(kSign);
      if (at == std::string::npos) continue;
      address_ = line.substr(at + sizeof(kSign) - 1);
      address_ = address_.substr(0, address_.find(' '));
      break;
    }
    if (address_.empty()) return;
    reader_ = std::thread([this] {
      std::string rest;
      while (ReadLine(&rest)) {
        std::lock_guard lock(mutex_);
        text_ += rest + "\n";
      }
    });
  }
  ~Tikard() {
    if (pid_ > 0) Kill(SIGKILL);
    close(output_);
  }

  // Sends the signal and returns what waitpid says.
  int Kill(int signal_number) {
    ::kill(pid_, signal_number);
    return Wait();
  }
  int Wait() {
    int status = 0;
    EXPECT_EQ(waitpid(pid_, &status, 0), pid_);
    pid_ = -1;
    if (reader_.joinable()) reader_.join();
    return status;
  }
  // "127.0.0.1:port"; empty: it did not come up.
  const std::string& address() const { return address_; }
  // All it said; complete after Wait.
  std::string text() {
    std::lock_guard lock(mutex_);
    return text_;
  }

 private:
  bool ReadLine(std::string* line) {
    line->clear();
    char c = 0;
    while (read(output_, &c, 1) == 1) {
      if (c == '\n') return true;
      line->push_back(c);
    }
    return !line->empty();
  }

  pid_t pid_ = -1;
  int output_ = -1;
  std::string address_;
  std::mutex mutex_;
  std::string text_;
  std::thread reader_;
};

// How many definitions the real catalogue has, by its files.
inline uint64_t DefinitionsInCatalogue() {
  const std::filesystem::directory_iterator services(kCatalogDirectory + "/services");
  return static_cast<uint64_t>(std::distance(begin(services), end(services)));
}

inline std::string ComplaintDefinitionHash() {
  static const std::string hash = [] {
    auto catalog = LoadCatalog(kCatalogDirectory);
    EXPECT_TRUE(catalog.ok()) << catalog.status();
    for (const std::string& bytes : catalog->definitions) {
      v1::Definition definition;
      EXPECT_TRUE(definition.ParseFromString(bytes));
      if (definition.service() == "pengaduan") return sync::Sha256(bytes).bytes();
    }
    ADD_FAILURE() << "no pengaduan in the catalogue";
    return std::string();
  }();
  return hash;
}

// A change that files a complaint in kecamatan Gunung Kerinci. Equal arguments, equal bytes.
inline std::string Complaint(const std::string& actor, int number) {
  v1::ChangeBody body;
  body.set_region("15.01");
  body.set_actor(actor);
  body.set_role("petugas");
  body.set_hlc(static_cast<uint64_t>(1'769'900'000'000 + number) << 16);
  body.set_nonce(absl::StrFormat("%08d", number));
  v1::Create& create = *body.add_mutations()->mutable_create();
  create.set_definition_hash(ComplaintDefinitionHash());
  create.set_service("pengaduan");
  create.set_version(1);
  create.set_area("15.01.06");
  v1::SetField& title = *body.add_mutations()->mutable_set_field();
  title.set_path("judul");
  title.mutable_value()->set_text(absl::StrCat("Jembatan ", number, " rusak"));
  v1::SetField& kind = *body.add_mutations()->mutable_set_field();
  kind.set_path("kategori");
  kind.mutable_value()->set_text("jalan_jembatan");
  return body.SerializeAsString();
}

// A Sync stream, driven by hand.
class SyncCall {
 public:
  explicit SyncCall(const std::shared_ptr<grpc::Channel>& channel)
      : stub_(v1::SyncService::NewStub(channel)) {
    context_.set_deadline(std::chrono::system_clock::now() + kPatience);
    stream_ = stub_->Sync(&context_);
  }

  bool Say(const std::string& actor, const std::string& cursor = "", bool push_only = false) {
    v1::SyncRequest message;
    v1::Hello& hello = *message.mutable_hello();
    hello.set_protocol_version(1);
    hello.set_actor(actor);
    hello.set_device_time_ms(WallClockMs());
    hello.add_scope("15.01");
    hello.set_cursor(cursor);
    hello.set_push_only(push_only);
    hello.set_client_version("test");
    return stream_->Write(message);
  }
  bool Push(const std::vector<std::string>& bodies) {
    v1::SyncRequest message;
    message.mutable_push();
    for (const std::string& body : bodies) message.mutable_push()->add_changes()->set_body(body);
    return stream_->Write(message);
  }
  void HalfClose() { stream_->WritesDone(); }
  // False: the stream is over.
  bool Next(v1::SyncResponse* message) {
    if (!stream_->Read(message)) return false;
    if (message->has_batch()) {
      for (const v1::Request& request : message->batch().requests()) {
        requests[request.name()] = request;
      }
      for (const v1::DefinitionBytes& definition : message->batch().definitions()) {
        definitions.insert(sync::Sha256(definition.body()).bytes());
      }
      if (!message->batch().offers().empty()) {
        offers.clear();
        for (const v1::Offer& offer : message->batch().offers()) {
          offers[{offer.region(), offer.service()}] = offer.definition_hash();
        }
      }
      cursor = message->batch().cursor();
      ++batches;
    }
    for (const v1::ChangeResult& result : message->push_result().results()) {
      results.push_back(result);
    }
    return true;
  }
  bool NextResult() {
    const size_t before = results.size();
    v1::SyncResponse message;
    while (results.size() == before) {
      if (!Next(&message)) return false;
    }
    return true;
  }
  bool CatchUp() {
    v1::SyncResponse message;
    while (Next(&message)) {
      if (message.has_batch() && message.batch().caught_up()) {
        v1::SyncRequest received;
        received.mutable_received()->set_batch_number(message.batch().batch_number());
        stream_->Write(received);
        return true;
      }
    }
    return false;
  }
  grpc::Status End() {
    v1::SyncResponse message;
    while (Next(&message)) {
    }
    return stream_->Finish();
  }
  void Cancel() { context_.TryCancel(); }

  std::map<std::string, v1::Request> requests;
  std::set<std::string> definitions;  // hashes
  // By region and service.
  std::map<std::pair<std::string, std::string>, std::string> offers;
  std::vector<v1::ChangeResult> results;
  std::string cursor;
  int batches = 0;

 private:
  std::unique_ptr<v1::SyncService::Stub> stub_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderWriter<v1::SyncRequest, v1::SyncResponse>> stream_;
};

// A unary call with a deadline.
template <typename Stub, typename Request, typename Response>
grpc::Status Call(Stub& stub,
                  grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                  const Request& request, Response* response) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kPatience);
  return (stub.*method)(&context, request, response);
}

// A UUID of which only the number differs.
inline std::string Uuid(int number) {
  return absl::StrFormat("00000000-0000-4000-8000-%012d", number);
}

}  // namespace tikar::server

#endif  // TIKAR_TESTS_INTEGRATION_SERVER_FIXTURE_H_
