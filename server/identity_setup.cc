#include "server/identity_setup.h"

#include <algorithm>
#include <fstream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "server/certificate.h"
#include "server/identity_files.h"
#include "sync/peers.h"
#include "sync/status_macros.h"

namespace tikar::server {
namespace {

bool Exists(const std::string& path) { return std::ifstream(path).good(); }

std::vector<std::string> Sorted(std::vector<std::string> values) {
  std::sort(values.begin(), values.end());
  return values;
}

// "kerinci, for 15.01, reached by kerinci.example.go.id"
std::string Description(std::string_view name, const std::vector<std::string>& regions,
                        const std::vector<std::string>& hosts) {
  return absl::StrCat(sync::AbslView(name), ", for ", RegionsText(regions),
                      hosts.empty() ? "" : ", reached by ", absl::StrJoin(hosts, ", "));
}

// The key of `path`, as PEM; made if it is not there.
absl::StatusOr<std::string> KeyIn(const std::string& path) {
  absl::StatusOr<std::string> key = ReadPrivateFile(path);
  if (!absl::IsNotFound(key.status())) return key;
  const absl::Status written = WriteNewPrivateFile(path, NewKeyPem());
  // Whoever was faster made the key that counts.
  if (!written.ok() && !absl::IsAlreadyExists(written)) return written;
  return ReadPrivateFile(path);
}

absl::Status BadRegion(const std::string& region) {
  return absl::InvalidArgumentError(
      absl::StrCat("\"", region, "\" is no province or region such as 15 or 15.01, nor all"));
}

// One line of `issued`: who got which certificate. Columns never hold a space.
struct IssuedLine {
  std::string name;
  std::string key;  // hex
};

absl::StatusOr<std::vector<IssuedLine>> ReadIssued(const std::string& path) {
  constexpr size_t kColumns = 6, kName = 1, kKey = 3;
  std::vector<IssuedLine> lines;
  std::ifstream file(path);
  std::string text;
  for (int number = 1; std::getline(file, text); ++number) {
    const std::vector<std::string> columns = absl::StrSplit(text, ' ');
    if (columns.size() != kColumns) {
      return absl::FailedPreconditionError(
          absl::StrCat(path, ":", number, ": expected TIME NAME REGIONS KEY SERIAL END"));
    }
    lines.push_back({columns[kName], columns[kKey]});
  }
  return lines;
}

std::string FormatIssued(const NodeCertificate& certificate, int64_t now_s) {
  return absl::StrCat(
      absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", absl::FromUnixSeconds(now_s), absl::UTCTimeZone()),
      " ", certificate.name, " ", RegionsText(certificate.regions), " ", certificate.key.hex(), " ",
      certificate.serial, " ", DateText(certificate.not_after_s), "\n");
}

// The last word about a name and about a key counts.
absl::Status CheckNotTaken(const std::vector<IssuedLine>& issued, const NodeRequest& request) {
  const std::string key = request.key.hex();
  for (auto line = issued.rbegin(); line != issued.rend(); ++line) {
    if (line->name == request.name && line->key == key) return absl::OkStatus();
    if (line->name == request.name) {
      return absl::FailedPreconditionError(absl::StrCat(
          "the name ", request.name,
          " was given to a node with another key. Two nodes of one name would be taken for one: "
          "choose another name. If the other is gone for good, say --replace"));
    }
    if (line->key == key) {
      return absl::FailedPreconditionError(absl::StrCat(
          "this key was signed as ", line->name,
          " before. If that node gets a new name, and no other has its key, say --replace"));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> ReadAuthorityFile(const std::string& path, bool is_private) {
  absl::StatusOr<std::string> text = is_private ? ReadPrivateFile(path) : ReadIdentityFile(path);
  if (absl::IsNotFound(text.status())) {
    return absl::NotFoundError(
        absl::StrCat("the CA is not here: ", path,
                     " is missing. It is where the first node was made with tikard init; if it was "
                     "moved, say where with --ca DIRECTORY"));
  }
  return text;
}

absl::StatusOr<Signed> Sign(const std::string& authority_directory, const NodeRequest& request,
                            const std::vector<std::string>& regions, bool replace, int64_t now_s) {
  const IdentityPaths paths(authority_directory);
  ASSIGN_OR_RETURN(const std::string key_pem, ReadAuthorityFile(paths.authority_key, true));
  ASSIGN_OR_RETURN(const std::string authority_pem, ReadAuthorityFile(paths.authority, false));
  ASSIGN_OR_RETURN(const std::vector<IssuedLine> issued, ReadIssued(paths.issued));
  if (!replace) RETURN_IF_ERROR(CheckNotTaken(issued, request));
  ASSIGN_OR_RETURN(const std::string certificate_pem,
                   IssueCertificate(authority_pem, key_pem, request, regions, now_s));
  Signed result;
  ASSIGN_OR_RETURN(result.certificate, ParseCertificate(certificate_pem));
  RETURN_IF_ERROR(AppendToPrivateFile(paths.issued, FormatIssued(result.certificate, now_s)));
  result.answer_pem = absl::StrCat(certificate_pem, authority_pem);
  return result;
}

// The CA of the directory; made if it is not there, or finished if that was interrupted.
absl::Status MakeAuthorityIn(const IdentityPaths& paths, int64_t now_s) {
  if (Exists(paths.authority) && !Exists(paths.authority_key)) {
    return absl::FailedPreconditionError(
        absl::StrCat(paths.directory,
                     " belongs to a network whose CA is on another machine: use "
                     "tikard init --request FILE"));
  }
  if (Exists(paths.authority)) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::string key_pem, KeyIn(paths.authority_key));
  ASSIGN_OR_RETURN(const std::string authority_pem, MakeAuthority(key_pem, now_s));
  return ReplacePublicFile(paths.authority, authority_pem);
}

NodeRequest RequestOf(const Identity& identity, const std::vector<std::string>& hosts) {
  NodeRequest request;
  request.name = identity.name();
  request.hosts = hosts.empty() ? identity.hosts() : hosts;
  request.key = identity.public_key();
  return request;
}

absl::StatusOr<Requested> MakeRequestIn(const IdentityPaths& paths, std::string_view name,
                                        const std::vector<std::string>& hosts) {
  ASSIGN_OR_RETURN(const std::string key_pem, KeyIn(paths.key));
  Requested requested;
  ASSIGN_OR_RETURN(requested.request_pem, MakeRequest(key_pem, name, hosts));
  ASSIGN_OR_RETURN(const sync::SigningKey key, KeyFromPem(key_pem));
  requested.key = key.public_key();
  return requested;
}

}  // namespace

absl::StatusOr<SetUp> SetUpFirstNode(const std::string& directory, std::string_view name,
                                     const std::vector<std::string>& regions,
                                     const std::vector<std::string>& hosts, int64_t now_s) {
  // Before anything is made.
  RETURN_IF_ERROR(CheckNameAndHosts(name, hosts));
  for (const std::string& region : regions) {
    if (!sync::IsMirrorPrefix(region)) return BadRegion(region);
  }
  const IdentityPaths paths(directory);
  SetUp result;
  if (Exists(paths.certificate)) {
    ASSIGN_OR_RETURN(result.identity, Identity::Load(directory));
    const Identity& there = *result.identity;
    if (there.name() != name || Sorted(there.regions()) != Sorted(regions) ||
        Sorted(there.hosts()) != Sorted(hosts)) {
      return absl::FailedPreconditionError(absl::StrCat(
          directory, " is the identity of ",
          Description(there.name(), there.regions(), there.hosts()),
          "; nothing was changed. Other regions or hosts: tikard renew. Another name: make another "
          "node in another data directory"));
    }
    result.unchanged = true;
    return result;
  }
  RETURN_IF_ERROR(MakePrivateDirectory(directory));
  RETURN_IF_ERROR(MakeAuthorityIn(paths, now_s));
  ASSIGN_OR_RETURN(const std::string key_pem, KeyIn(paths.key));
  ASSIGN_OR_RETURN(const sync::SigningKey key, KeyFromPem(key_pem));
  NodeRequest request;
  request.name = std::string(name);
  request.hosts = hosts;
  request.key = key.public_key();
  ASSIGN_OR_RETURN(const Signed done, Sign(directory, request, regions, /*replace=*/false, now_s));
  ASSIGN_OR_RETURN(const std::vector<std::string> parts, SplitCertificates(done.answer_pem));
  RETURN_IF_ERROR(ReplacePublicFile(paths.certificate, parts.front()));
  ASSIGN_OR_RETURN(result.identity, Identity::Load(directory));
  return result;
}

absl::StatusOr<Requested> RequestIdentity(const std::string& directory, std::string_view name,
                                          const std::vector<std::string>& hosts) {
  RETURN_IF_ERROR(CheckNameAndHosts(name, hosts));
  const IdentityPaths paths(directory);
  if (Exists(paths.certificate)) {
    return absl::FailedPreconditionError(
        absl::StrCat(directory,
                     " has a certificate already; nothing was changed. To ask for a new "
                     "one: tikard renew --request FILE"));
  }
  RETURN_IF_ERROR(MakePrivateDirectory(directory));
  return MakeRequestIn(paths, name, hosts);
}

absl::StatusOr<Requested> RequestRenewal(const std::string& directory,
                                         const std::vector<std::string>& hosts) {
  ASSIGN_OR_RETURN(const auto identity, Identity::Load(directory));
  const NodeRequest request = RequestOf(*identity, hosts);
  return MakeRequestIn(identity->paths(), request.name, request.hosts);
}

absl::StatusOr<Signed> SignRequest(const std::string& authority_directory,
                                   const std::string& request_pem,
                                   const std::vector<std::string>& regions, bool replace,
                                   int64_t now_s) {
  for (const std::string& region : regions) {
    if (!sync::IsMirrorPrefix(region)) return BadRegion(region);
  }
  ASSIGN_OR_RETURN(const NodeRequest request, ParseRequest(request_pem));
  return Sign(authority_directory, request, regions, replace, now_s);
}

absl::StatusOr<SetUp> InstallIdentity(const std::string& directory, const std::string& answer_pem,
                                      int64_t now_s) {
  ASSIGN_OR_RETURN(const std::vector<std::string> parts, SplitCertificates(answer_pem));
  if (parts.size() != 2) {
    return absl::InvalidArgumentError(
        "is not what tikard sign writes: a node's certificate and the CA's");
  }
  const std::string& certificate_pem = parts[0];
  const std::string& authority_pem = parts[1];
  ASSIGN_OR_RETURN(const NodeCertificate certificate, ParseCertificate(certificate_pem));
  ASSIGN_OR_RETURN(const AuthorityCertificate authority, ParseAuthority(authority_pem));
  RETURN_IF_ERROR(CheckSignedBy(certificate_pem, authority_pem));
  if (std::min(certificate.not_after_s, authority.not_after_s) <= now_s) {
    return absl::FailedPreconditionError(absl::StrCat(
        "ended on ", DateText(std::min(certificate.not_after_s, authority.not_after_s)),
        "; have it signed anew"));
  }

  const IdentityPaths paths(directory);
  const absl::StatusOr<std::string> key_pem = ReadPrivateFile(paths.key);
  if (absl::IsNotFound(key_pem.status())) {
    return absl::NotFoundError(
        absl::StrCat("is for a node whose key is not in ", directory,
                     ". Install it where tikard init --request was run, with the same --data-dir"));
  }
  RETURN_IF_ERROR(key_pem.status());
  ASSIGN_OR_RETURN(const sync::SigningKey key, KeyFromPem(*key_pem));
  if (key.public_key() != certificate.key) {
    return absl::FailedPreconditionError(absl::StrCat(
        "is for the key ", sync::Fingerprint(certificate.key), ", and the key in ", directory,
        " is ", sync::Fingerprint(key.public_key()), ". Install it on the node that asked for it"));
  }
  const absl::StatusOr<std::string> authority_here = ReadIdentityFile(paths.authority);
  if (!authority_here.ok() && !absl::IsNotFound(authority_here.status())) {
    return authority_here.status();
  }
  if (authority_here.ok()) {
    ASSIGN_OR_RETURN(const AuthorityCertificate here, ParseAuthority(*authority_here));
    if (here.key != authority.key) {
      return absl::FailedPreconditionError(absl::StrCat(
          "comes from another CA than ", paths.authority,
          ". If this node is to change the network, move ca.crt, node.crt and, if they are there, "
          "ca.key and issued out of ",
          directory, ", then install again"));
    }
  }
  SetUp result;
  const absl::StatusOr<std::string> certificate_here = ReadIdentityFile(paths.certificate);
  if (certificate_here.ok()) {
    ASSIGN_OR_RETURN(const NodeCertificate here, ParseCertificate(*certificate_here));
    if (here.name != certificate.name) {
      return absl::FailedPreconditionError(
          absl::StrCat("is for ", certificate.name, ", and this node is called ", here.name));
    }
    if (here.not_before_s > certificate.not_before_s) {
      return absl::FailedPreconditionError(
          absl::StrCat("is older than the certificate that is installed, which ends on ",
                       DateText(here.not_after_s)));
    }
    result.unchanged = here.serial == certificate.serial;
  }
  RETURN_IF_ERROR(ReplacePublicFile(paths.authority, authority_pem));
  RETURN_IF_ERROR(ReplacePublicFile(paths.certificate, certificate_pem));
  ASSIGN_OR_RETURN(result.identity, Identity::Load(directory));
  return result;
}

absl::StatusOr<SetUp> RenewHere(const std::string& directory,
                                const std::string& authority_directory,
                                const std::vector<std::string>& regions,
                                const std::vector<std::string>& hosts, int64_t now_s) {
  ASSIGN_OR_RETURN(const auto identity, Identity::Load(directory));
  for (const std::string& region : regions) {
    if (!sync::IsMirrorPrefix(region)) return BadRegion(region);
  }
  const NodeRequest request = RequestOf(*identity, hosts);
  ASSIGN_OR_RETURN(const Signed done,
                   Sign(authority_directory, request,
                        regions.empty() ? identity->regions() : regions, /*replace=*/false, now_s));
  return InstallIdentity(directory, done.answer_pem, now_s);
}

}  // namespace tikar::server
