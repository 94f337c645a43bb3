// Who this node is, and who a peer is.
//
//   ASSIGN_OR_RETURN(auto identity, Identity::Load(IdentityDirectory("/var/lib/tikar")));
//   identity->name();                        // "kerinci"
//   identity->MayLogFor("15.01");
//   identity->Sign(note);                    // with the node's Ed25519 key
//
// A node's identity lies in its data directory, beside the store and never in a backup:
//
//   identity/         mode 0700
//     node.key        the private key, PKCS #8, mode 0600; made once and never written over
//     node.crt        the certificate for it (certificate.h says what is in one)
//     ca.crt          the CA that all nodes of the network trust
//     ca.key, issued  on the CA's machine alone: its private key, mode 0600, and what it signed
//
// All but `issued` are PEM, so that other tools read them: `openssl x509 -in node.crt -text`.
#ifndef TIKAR_SERVER_IDENTITY_H_
#define TIKAR_SERVER_IDENTITY_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "server/certificate.h"
#include "sync/ed25519.h"

namespace tikar::server {

// "/var/lib/tikar/identity"
std::string IdentityDirectory(const std::string& data_directory);

// The paths of its files.
struct IdentityPaths {
  explicit IdentityPaths(const std::string& directory);
  std::string directory;
  std::string key;
  std::string certificate;
  std::string authority;
  std::string authority_key;
  std::string issued;
};

// A node as its certificate names it, once the CA's signature was checked: by TLS for the peer of a
// link, by CheckSignedBy for a certificate that came in another way. Thread safety: a value.
struct PeerIdentity {
  std::string name;
  // As sync::IsMirrorPrefix.
  std::vector<std::string> regions;
  sync::PublicKey key;
  int64_t not_after_s = 0;

  // InvalidArgument: no certificate of a node. Whether it is signed and when it ends is not looked
  // at.
  static absl::StatusOr<PeerIdentity> FromCertificate(const std::string& certificate_pem);

  // Whether its certificate lists the region, or the province, or all.
  bool MayLogFor(std::string_view region) const { return GrantsRegion(regions, region); }
};

// Thread safety: immutable; any number of threads. The certificate is the one of the time of Load;
// links use a newer one as soon as it is on disk (mirror_credentials.h).
class Identity {
 public:
  // Reads DIRECTORY/{node.key,node.crt,ca.crt} and checks that they belong together. Dates are not
  // looked at: see DatesProblem.
  //   kNotFound            there is no identity, or one that waits to be signed
  //   kFailedPrecondition  others may read the key, or a file is not what it should be
  //   kUnavailable         a file cannot be read
  static absl::StatusOr<std::shared_ptr<const Identity>> Load(const std::string& directory);

  const std::string& name() const { return certificate_.name; }
  // As sync::IsMirrorPrefix.
  const std::vector<std::string>& regions() const { return certificate_.regions; }
  const std::vector<std::string>& hosts() const { return certificate_.hosts; }
  const sync::PublicKey& public_key() const { return key_.public_key(); }
  const NodeCertificate& certificate() const { return certificate_; }
  const AuthorityCertificate& authority() const { return authority_; }
  bool MayLogFor(std::string_view region) const { return GrantsRegion(regions(), region); }

  // Signs with the node's key; always the same signature for the same message.
  sync::Signature Sign(std::string_view message) const { return key_.Sign(message); }
  const sync::SigningKey& signing_key() const { return key_; }

  // What is amiss with the certificate's dates, and what to do; nullopt: nothing. `valid` is
  // whether peers take it at that time.
  struct DatesProblem {
    bool valid = false;
    std::string text;
  };
  std::optional<DatesProblem> CheckDates(int64_t now_s) const;

  const IdentityPaths& paths() const { return paths_; }
  // As they were at Load.
  const std::string& certificate_pem() const { return certificate_pem_; }
  const std::string& authority_pem() const { return authority_pem_; }

 private:
  Identity(IdentityPaths paths, sync::SigningKey key)
      : paths_(std::move(paths)), key_(std::move(key)) {}

  const IdentityPaths paths_;
  const sync::SigningKey key_;
  std::string certificate_pem_;
  std::string authority_pem_;
  NodeCertificate certificate_;
  AuthorityCertificate authority_;
};

// "2028-11-21", UTC.
std::string DateText(int64_t seconds);
// "15.01,15.71", or "all".
std::string RegionsText(const std::vector<std::string>& regions);

}  // namespace tikar::server

#endif  // TIKAR_SERVER_IDENTITY_H_
