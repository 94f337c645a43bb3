// Server: the engine behind gRPC. One per process, or several in a test.
//
//   ASSIGN_OR_RETURN(std::unique_ptr<Server> server, Server::Start(std::move(options)));
//   …                     // until somebody wants it to stop
//   server->Stop();
#ifndef TIKAR_SERVER_SERVER_H_
#define TIKAR_SERVER_SERVER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "server/catalog.h"
#include "server/engine/engine.h"
#include "storage/rocksdb_store.h"

namespace grpc {
class Server;
class Service;
}  // namespace grpc

namespace tikar::server {

struct ServerOptions {
  // Loopback "host:port"; port 0 takes any that is free.
  std::string listen = "127.0.0.1:50151";
  // How long streams and calls may take to end.
  int64_t drain_ms = 10'000;
  // For StatusService.
  std::string data_directory;
  // The files of the store that is open now; null, or null called: rows only are checked.
  std::function<std::shared_ptr<const storage::TableFiles>()> table_files;
  Catalog catalog;
  EngineOptions engine;
};

// Thread safety: Start and Stop from one thread.
class Server {
 public:
  // Opens the store, publishes the catalogue's definitions, listens. InvalidArgument: the address
  // is not loopback, or a definition is refused; Unavailable: the port is taken, and then nothing
  // was made or opened.
  static absl::StatusOr<std::unique_ptr<Server>> Start(ServerOptions options);
  ~Server();  // Stop()

  // Tells health checks, ends streams after their outstanding results, waits at most drain_ms for
  // calls, drains the queue, closes the store.
  absl::Status Stop();

  int port() const { return port_; }
  // "127.0.0.1:50151" with the port that was taken.
  const std::string& address() const { return address_; }
  Engine& engine() { return *engine_; }
  const Catalog& catalog() const { return options_.catalog; }

 private:
  explicit Server(ServerOptions options);
  absl::Status PublishDefinitions();
  absl::Status Listen();

  ServerOptions options_;
  std::unique_ptr<Engine> engine_;
  // Destroyed before the engine.
  std::vector<std::unique_ptr<grpc::Service>> services_;
  std::unique_ptr<grpc::Server> grpc_;
  int port_ = 0;
  std::string address_;
  bool stopped_ = false;
};

// "127.0.0.1:50151", "localhost:0" or "[::1]:50151" as gRPC takes it. InvalidArgument for anything
// but loopback: until devices are enrolled and TLS is there, nobody else may be let in.
absl::StatusOr<std::string> LoopbackAddress(const std::string& listen);

}  // namespace tikar::server

#endif  // TIKAR_SERVER_SERVER_H_
