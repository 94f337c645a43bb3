// Faults on purpose: AddressSanitizer, LeakSanitizer and UBSan must name each, also in a handler of
// a gRPC server, or every clean run means nothing. With "none" the same program without a fault:
// then they must be silent.
#include <grpcpp/grpcpp.h>

#include <cstdio>
#include <cstring>
#include <limits>
#include <memory>
#include <string>
#include <string_view>

#include "tikar/v1/status_service.grpc.pb.h"

namespace {

// The compiler must not see through what follows.
template <typename T>
T Opaque(T value) {
  asm volatile("" : "+r"(value));
  return value;
}

int ReadBehindTheEnd() {
  const std::unique_ptr<char[]> body(new char[64]);
  std::memset(body.get(), 1, 64);
  return body[static_cast<size_t>(Opaque(64))];
}

int ReadWhatIsGone() {
  auto* body = new int(7);
  int* kept = Opaque(body);
  delete body;
  return *kept;
}

int LoseMemory() {
  auto* lost = Opaque(new int[16]);
  lost[0] = 1;
  const int sum = lost[0];
  lost = Opaque<int*>(nullptr);
  return sum;
}

int OverflowASequence() { return Opaque(std::numeric_limits<int>::max()) + Opaque(1); }

class FaultyService final : public tikar::v1::StatusService::CallbackService {
 public:
  explicit FaultyService(bool faulty) : faulty_(faulty) {}

  grpc::ServerUnaryReactor* GetStatus(grpc::CallbackServerContext* context,
                                      const tikar::v1::GetStatusRequest* /*request*/,
                                      tikar::v1::GetStatusResponse* /*response*/) override {
    if (faulty_) std::printf("%d\n", ReadWhatIsGone());
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }

 private:
  const bool faulty_;
};

int CallAHandler(bool faulty) {
  FaultyService service(faulty);
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&service);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  const auto stub = tikar::v1::StatusService::NewStub(
      grpc::CreateChannel("127.0.0.1:" + std::to_string(port), grpc::InsecureChannelCredentials()));
  grpc::ClientContext context;
  tikar::v1::GetStatusResponse status;
  const grpc::Status called = stub->GetStatus(&context, {}, &status);
  server->Shutdown();
  return called.ok() ? 0 : 3;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view fault = argc > 1 ? argv[1] : "";
  if (fault == "none") return CallAHandler(false);
  int result = 0;
  if (fault == "overflow") {
    result = ReadBehindTheEnd();
  } else if (fault == "use_after_free") {
    result = ReadWhatIsGone();
  } else if (fault == "leak") {
    result = LoseMemory();
  } else if (fault == "undefined") {
    result = OverflowASequence();
  } else if (fault == "grpc_handler") {
    result = CallAHandler(true);
  } else {
    std::printf("say which: none, overflow, use_after_free, leak, undefined, grpc_handler\n");
    return 2;
  }
  std::printf("nobody noticed: %d\n", result);
  return 0;
}
