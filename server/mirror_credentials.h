// Mutual TLS between nodes: both sides show a certificate of their common CA, or there is no link.
//
//   MirrorCredentials credentials(*identity);
//   builder.AddListeningPort("0.0.0.0:50152", credentials.server(), &port);       // who is called
//
//   grpc::ChannelArguments arguments;
//   MirrorCredentials::ExpectPeer("kerinci", arguments);                           // who calls
//   auto channel = grpc::CreateCustomChannel("10.15.1.2:50152", credentials.channel(), arguments);
//
//   ASSIGN_OR_RETURN(PeerIdentity peer, PeerOf(*context->auth_context()));         // both, in a
//   call
//
// What is checked, and by whom: gRPC and OpenSSL check that the peer's certificate is signed by the
// CA of this node, is for this use and valid today, and that the peer has its key; whoever calls,
// also that the name in it is the one that it meant. So an address that belongs to somebody else by
// now reaches nobody. For which regions the peer may speak is PeerOf's answer, and the caller's to
// ask.
//
// A refused peer hears no reason: its calls fail with UNAVAILABLE. The reasons are few, and
// ExplainLink has words for them.
#ifndef TIKAR_SERVER_MIRROR_CREDENTIALS_H_
#define TIKAR_SERVER_MIRROR_CREDENTIALS_H_

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "server/identity.h"

namespace grpc::experimental {
class CertificateProviderInterface;
}  // namespace grpc::experimental

namespace tikar::server {

// How long a renewed certificate may lie on disk before new links use it, seconds.
inline constexpr unsigned kCertificateReloadSeconds = 30;

// Thread safety: immutable. Credentials that it gave out outlive it.
class MirrorCredentials {
 public:
  // Follows the files of the identity: links that begin after a renewal use the new certificate,
  // without a restart. Links that are open stay so.
  explicit MirrorCredentials(const Identity& identity,
                             unsigned reload_seconds = kCertificateReloadSeconds);

  // For a listener. A caller without a certificate of this CA gets no connection.
  std::shared_ptr<grpc::ServerCredentials> server() const;
  // For a channel whose arguments ExpectPeer has seen.
  std::shared_ptr<grpc::ChannelCredentials> channel() const;
  // Whoever answers must be the node called `name` and nobody else, at whatever address.
  static void ExpectPeer(std::string_view name, grpc::ChannelArguments& arguments);

 private:
  std::shared_ptr<grpc::experimental::CertificateProviderInterface> files_;
};

// Who is at the other end: of a call that is served (ServerContext), or of one that was made and
// has got an answer (ClientContext). Unauthenticated: it showed no certificate, as on the listener
// for phones, or one that is not a node's.
absl::StatusOr<PeerIdentity> PeerOf(const grpc::AuthContext& context);

// Why no link to the node called `peer` came up, for an operator. `message`: of the UNAVAILABLE of
// a call on channel(). What is no matter of certificates is returned as it is.
std::string ExplainLink(std::string_view peer, std::string_view message);

}  // namespace tikar::server

#endif  // TIKAR_SERVER_MIRROR_CREDENTIALS_H_
