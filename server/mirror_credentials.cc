#include "server/mirror_credentials.h"

#include <grpc/grpc_security_constants.h>
#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_credentials_options.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "sync/types.h"

namespace tikar::server {

MirrorCredentials::MirrorCredentials(const Identity& identity, unsigned reload_seconds)
    : files_(std::make_shared<grpc::experimental::FileWatcherCertificateProvider>(
          identity.paths().key, identity.paths().certificate, identity.paths().authority,
          reload_seconds)) {}

std::shared_ptr<grpc::ServerCredentials> MirrorCredentials::server() const {
  grpc::experimental::TlsServerCredentialsOptions options(files_);
  options.watch_root_certs();
  options.watch_identity_key_cert_pairs();
  options.set_cert_request_type(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  return grpc::experimental::TlsServerCredentials(options);
}

std::shared_ptr<grpc::ChannelCredentials> MirrorCredentials::channel() const {
  grpc::experimental::TlsChannelCredentialsOptions options;
  options.set_certificate_provider(files_);
  options.watch_root_certs();
  options.watch_identity_key_cert_pairs();
  return grpc::experimental::TlsCredentials(options);
}

void MirrorCredentials::ExpectPeer(std::string_view name, grpc::ChannelArguments& arguments) {
  arguments.SetSslTargetNameOverride(NodeDnsName(name));
}

absl::StatusOr<PeerIdentity> PeerOf(const grpc::AuthContext& context) {
  if (!context.IsPeerAuthenticated()) {
    return absl::UnauthenticatedError("the peer showed no certificate");
  }
  const std::vector<grpc::string_ref> certificates =
      context.FindPropertyValues(GRPC_X509_PEM_CERT_PROPERTY_NAME);
  if (certificates.size() != 1) {
    return absl::UnauthenticatedError("the peer showed no certificate");
  }
  absl::StatusOr<PeerIdentity> peer = PeerIdentity::FromCertificate(
      std::string(certificates.front().data(), certificates.front().size()));
  if (!peer.ok()) {
    return absl::UnauthenticatedError(absl::StrCat("the certificate that the peer showed ",
                                                   std::string(peer.status().message())));
  }
  return peer;
}

std::string ExplainLink(std::string_view peer, std::string_view message) {
  const absl::string_view name = sync::AbslView(peer);
  const auto says = [message](std::string_view words) {
    return message.find(words) != std::string_view::npos;
  };
  // As gRPC 1.51 and OpenSSL 3.0 say it.
  if (says("certificate verify failed")) {
    return absl::StrCat("the certificate of ", name,
                        " is of another CA than this node's, or is not valid today by this node's "
                        "clock; compare what tikard identity says on both");
  }
  if (says("Hostname Verification Check failed")) {
    return absl::StrCat("the node that answers there is not called ", name,
                        "; tikard identity says on it what it is called");
  }
  if (says("wrong version number")) {
    return absl::StrCat("what answers there speaks no TLS; give the port of --mirror-listen of ",
                        name);
  }
  if (says("Socket closed")) {
    return absl::StrCat(name,
                        " closed the connection at once: it takes this node's certificate for one "
                        "of another CA, or for one that is not valid today; compare what tikard "
                        "identity says on both. Or the port is not the one of its --mirror-listen");
  }
  return std::string(message);
}

}  // namespace tikar::server
