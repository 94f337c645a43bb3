// The peer of the service: gRPC carrying bytes, with nobody who reads them. And a client that
// carries bytes, for both sides alike.
#ifndef TIKAR_TESTS_BENCHMARKS_RAW_GRPC_H_
#define TIKAR_TESTS_BENCHMARKS_RAW_GRPC_H_

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"

namespace tikar::benchmarks {

grpc::ByteBuffer ToBuffer(const std::string& bytes);
std::string ToBytes(const grpc::ByteBuffer& buffer);

// What the raw server sends in each call.
struct RawScript {
  // One answer to each message: the last one answers all that come after it too. Empty: no answers.
  std::vector<grpc::ByteBuffer> answers;
  // After the client's half-close, one by one.
  std::vector<grpc::ByteBuffer> at_end;
};

// A server of one bidirectional method that follows the script.
class RawServer {
 public:
  // On a free port of loopback, with the limits that tikard sets.
  explicit RawServer(RawScript script);
  ~RawServer();
  const std::string& address() const { return address_; }

 private:
  class Call;
  class Service;
  const RawScript script_;
  std::unique_ptr<Service> service_;
  std::unique_ptr<grpc::Server> server_;
  std::string address_;
};
inline constexpr char kRawMethod[] = "/raw.Stream/Stream";
inline constexpr char kSyncMethod[] = "/tikar.v1.SyncService/Sync";

// A channel with a connection of its own, as each phone has one.
std::shared_ptr<grpc::Channel> OwnChannel(const std::string& address);

// One phone's exchange: sends its messages, never more than `unanswered_max` ahead of the answers,
// half-closes, and takes what comes until the server ends the call.
class ByteCall : private grpc::ClientBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
 public:
  // `messages` outlives the call.
  ByteCall(std::shared_ptr<grpc::Channel> channel, const std::string& method,
           const std::vector<grpc::ByteBuffer>& messages, size_t unanswered_max);
  ~ByteCall() override;

  void Start();
  // Until the call ended. Internal: not with OK.
  absl::Status Wait();
  // What came, in order. After Wait.
  const std::vector<grpc::ByteBuffer>& received() const { return received_; }

 private:
  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnDone(const grpc::Status& status) override;
  // Writes the next message if it may.
  void WriteNext();

  struct State;
  grpc::GenericStub stub_;
  grpc::ClientContext context_;
  const std::vector<grpc::ByteBuffer>& messages_;
  const size_t unanswered_max_;
  grpc::ByteBuffer incoming_;
  std::vector<grpc::ByteBuffer> received_;
  std::unique_ptr<State> state_;
};

}  // namespace tikar::benchmarks

#endif  // TIKAR_TESTS_BENCHMARKS_RAW_GRPC_H_
