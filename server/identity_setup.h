// How a node gets its identity, step by step: what `tikard init`, `sign`, `renew` and `identity` do
// to files.
//
//   hub$  SetUpFirstNode            its key, a CA, its certificate
//   nias$ RequestIdentity           its key; the request goes to the CA by whatever way
//   hub$  SignRequest               says for which regions; the answer goes back
//   nias$ InstallIdentity
//   hub$  RenewHere                 and on nias: RequestRenewal, SignRequest, InstallIdentity
//
// No private key ever leaves its machine, and none is ever written over. Every step may be done
// again, also after it was interrupted; one that would change what somebody relies on is refused.
// Requests and answers are no secrets, but whoever signs must know that the key in the request is
// the node's: the fingerprint is for that.
//
// `directory` is a node's identity directory (identity.h), `authority_directory` where ca.key,
// ca.crt and issued lie; on the CA's machine they are one. Errors:
//
//   kInvalidArgument     what was given is wrong
//   kFailedPrecondition  what is there does not allow it; nothing was changed
//   kNotFound            what must be there is not
//   kUnavailable, kResourceExhausted   of the file system
//
// Thread safety: any thread; one person at a time.
#ifndef TIKAR_SERVER_IDENTITY_SETUP_H_
#define TIKAR_SERVER_IDENTITY_SETUP_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "server/identity.h"

namespace tikar::server {

struct SetUp {
  std::shared_ptr<const Identity> identity;
  // Everything was there already, just as it was asked for.
  bool unchanged = false;
};
// kFailedPrecondition: the directory has an identity of another name, other regions or hosts, or
// belongs to a network whose CA is elsewhere.
absl::StatusOr<SetUp> SetUpFirstNode(const std::string& directory, std::string_view name,
                                     const std::vector<std::string>& regions,
                                     const std::vector<std::string>& hosts, int64_t now_s);

struct Requested {
  std::string request_pem;
  sync::PublicKey key;
};
// Makes the key if it is not there. kFailedPrecondition: the directory has a certificate; see
// RequestRenewal.
absl::StatusOr<Requested> RequestIdentity(const std::string& directory, std::string_view name,
                                          const std::vector<std::string>& hosts);
// For the same name and key; the same hosts too, unless others are given.
absl::StatusOr<Requested> RequestRenewal(const std::string& directory,
                                         const std::vector<std::string>& hosts);

struct Signed {
  // The certificate and the CA's: what InstallIdentity takes.
  std::string answer_pem;
  NodeCertificate certificate;
};
// Notes it in `issued` before it returns. kFailedPrecondition: the name was given to another key or
// the key has another name, unless `replace`; or the CA has ended.
absl::StatusOr<Signed> SignRequest(const std::string& authority_directory,
                                   const std::string& request_pem,
                                   const std::vector<std::string>& regions, bool replace,
                                   int64_t now_s);

// kFailedPrecondition: for another key than the one here, another node or CA than until now, older
// than what is installed, or past its end.
absl::StatusOr<SetUp> InstallIdentity(const std::string& directory, const std::string& answer_pem,
                                      int64_t now_s);

// On the CA's machine: a new certificate for the node that is there; the same regions and hosts,
// unless others are given.
absl::StatusOr<SetUp> RenewHere(const std::string& directory,
                                const std::string& authority_directory,
                                const std::vector<std::string>& regions,
                                const std::vector<std::string>& hosts, int64_t now_s);

}  // namespace tikar::server

#endif  // TIKAR_SERVER_IDENTITY_SETUP_H_
