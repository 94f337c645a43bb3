// The X.509 certificates of nodes, and the small CA that signs them.
//
// A node has an Ed25519 key. Its certificate says what the node is called, for which regions it may
// write logs, and by which hosts it is reached:
//
//   DNS kerinci.tikar.internal   for whoever dials: is this the node that I meant?
//   DNS or IP ...                the hosts
//   URI tikar://node/kerinci     the name
//   URI tikar://region/15.01     one for each region or province; tikar://region/* is all
//
// Keys, certificates and requests are passed as PEM, as they lie on disk. Pure but for random
// serial numbers and new keys; the time comes in as seconds since the epoch.
//
// Thread safety: all functions from any thread.
#ifndef TIKAR_SERVER_CERTIFICATE_H_
#define TIKAR_SERVER_CERTIFICATE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/node_names.h"
#include "sync/ed25519.h"

namespace tikar::server {

inline constexpr int64_t kDaySeconds = 86'400;
// The CA outlives the machines; a certificate the people who could have copied its key.
inline constexpr int64_t kAuthorityDays = 3'650;
inline constexpr int64_t kCertificateDays = 730;
// From here on the node asks to be renewed: two months, for where the post goes by boat.
inline constexpr int64_t kRenewalDays = 60;
// How far ahead the clock of the signer may be of the clock of whoever checks.
inline constexpr int64_t kCertificateBackdatedSeconds = kDaySeconds;
// Of one certificate. There are some 510 regencies and cities; who holds more than a few dozens
// takes provinces, or all.
inline constexpr size_t kCertificateRegionsMax = 128;
inline constexpr size_t kCertificateHostsMax = 16;
// Of what a peer or a file may bring as PEM.
inline constexpr size_t kPemBytesMax = 64 << 10;

// InvalidArgument: sync::IsNodeName or IsHost says no; the message says what a good one is.
absl::Status CheckNameAndHosts(std::string_view name, const std::vector<std::string>& hosts);

// What a node asks to have signed.
struct NodeRequest {
  std::string name;
  std::vector<std::string> hosts;
  sync::PublicKey key;
};

struct NodeCertificate {
  std::string name;
  std::vector<std::string> regions;  // as sync::IsMirrorPrefix
  std::vector<std::string> hosts;
  sync::PublicKey key;
  int64_t not_before_s = 0;
  int64_t not_after_s = 0;
  std::string serial;  // hex
};

struct AuthorityCertificate {
  sync::PublicKey key;
  int64_t not_before_s = 0;
  int64_t not_after_s = 0;
};

// A new private key, PKCS #8.
std::string NewKeyPem();
// InvalidArgument: no PEM, encrypted, or no Ed25519 key.
absl::StatusOr<sync::SigningKey> KeyFromPem(const std::string& key_pem);

// A certificate of a new CA for its key, signed by itself. InvalidArgument: no key.
absl::StatusOr<std::string> MakeAuthority(const std::string& key_pem, int64_t now_s);
// InvalidArgument: none, or it may sign nothing, or its own signature is wrong.
absl::StatusOr<AuthorityCertificate> ParseAuthority(const std::string& authority_pem);

// A PKCS #10 request, signed by the key. InvalidArgument: no key, or a bad name or host.
absl::StatusOr<std::string> MakeRequest(const std::string& key_pem, std::string_view name,
                                        const std::vector<std::string>& hosts);
// InvalidArgument: none, for no Ed25519 key, not signed by its own key, or without a proper name.
absl::StatusOr<NodeRequest> ParseRequest(const std::string& request_pem);

// Signs. The certificate ends with the CA's own at the latest.
//   kInvalidArgument     a bad grant, none, or too many; or no such CA
//   kFailedPrecondition  the CA's key is not of its certificate, or the CA has expired
absl::StatusOr<std::string> IssueCertificate(const std::string& authority_pem,
                                             const std::string& authority_key_pem,
                                             const NodeRequest& request,
                                             const std::vector<std::string>& regions,
                                             int64_t now_s);

// Reads the first certificate of `pem`; checks its form and nothing else, no signature and no date.
// InvalidArgument: none, no Ed25519 key, or without a proper name or region.
absl::StatusOr<NodeCertificate> ParseCertificate(const std::string& pem);
// The certificates of a file, each as PEM of its own, without anything between them.
// InvalidArgument: something else is in it, or it is too large.
absl::StatusOr<std::vector<std::string>> SplitCertificates(const std::string& pem);
// Whether the CA signed the certificate, whatever the date. InvalidArgument: not.
absl::Status CheckSignedBy(const std::string& certificate_pem, const std::string& authority_pem);

}  // namespace tikar::server

#endif  // TIKAR_SERVER_CERTIFICATE_H_
