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
#include "server/backup_keeper.h"
#include "server/catalog.h"
#include "server/engine/engine.h"
#include "server/identity.h"
#include "server/listen_address.h"
#include "server/mirror_dialler.h"
#include "server/mirror_listener.h"
#include "server/mirror_options.h"
#include "storage/rocksdb_store.h"

namespace grpc {
class Server;
class Service;
}  // namespace grpc

namespace tikar::server {

struct ServerOptions {
  // Loopback "host:port"; port 0 takes any that is free.
  std::string listen = "127.0.0.1:50151";
  // "host:port" of any address of this machine, for other nodes; empty: none is let in.
  std::string mirror_listen;
  // Who this node is; null: it has no identity.
  std::shared_ptr<const Identity> identity;
  // With whom it mirrors; the identity is filled in by the server. With a node's name and no
  // identity other nodes are let in on the address above, without TLS.
  MirrorOptions mirrors;
  // How long streams and calls may take to end.
  int64_t drain_ms = 10'000;
  // For StatusService.
  std::string data_directory;
  // The files of the store that is open now; null, or null called: rows only are checked.
  std::function<std::shared_ptr<const storage::TableFiles>()> table_files;
  // Version, data directory and clock are filled in by the server.
  BackupOptions backups;
  Catalog catalog;
  EngineOptions engine;
};

// Thread safety: Start and Stop from one thread.
class Server {
 public:
  // Opens the store, publishes the catalogue's definitions, listens. InvalidArgument: the address
  // is not loopback, or a definition is refused; FailedPrecondition: other nodes are to be let in,
  // and there is no identity; Unavailable: a port is taken. Then nothing was made or opened, but
  // for a definition.
  static absl::StatusOr<std::unique_ptr<Server>> Start(ServerOptions options);
  ~Server();  // Stop()

  // Tells health checks, ends streams after their outstanding results, waits at most drain_ms for
  // calls, drains the queue, closes the store.
  absl::Status Stop();

  int port() const { return port_; }
  // "127.0.0.1:50151" with the port that was taken.
  const std::string& address() const { return address_; }
  // Where other nodes are let in; empty: nowhere.
  std::string mirror_address() const { return mirrors_ == nullptr ? "" : mirrors_->address(); }
  Engine& engine() { return *engine_; }
  const Catalog& catalog() const { return options_.catalog; }

 private:
  explicit Server(ServerOptions options);
  absl::Status PublishDefinitions();
  absl::Status Listen();
  absl::Status ListenForMirrors();

  ServerOptions options_;
  std::unique_ptr<Engine> engine_;
  // Destroyed before the engine.
  std::vector<std::unique_ptr<grpc::Service>> services_;
  std::unique_ptr<grpc::Server> grpc_;
  std::unique_ptr<MirrorListener> mirrors_;
  std::unique_ptr<MirrorDialler> dialler_;
  int port_ = 0;
  std::string address_;
  bool stopped_ = false;
};

}  // namespace tikar::server

#endif  // TIKAR_SERVER_SERVER_H_
