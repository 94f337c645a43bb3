#include "server/identity.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "server/identity_files.h"
#include "sync/status_macros.h"

namespace tikar::server {
namespace {

// A file that is there, and wrong.
absl::Status Wrong(const std::string& path, const absl::Status& why) {
  return absl::FailedPreconditionError(
      absl::StrCat(path, " ", std::string(why.message()),
                   ". Put the right file in its place; if there is none, move the directory away "
                   "and make a new identity with tikard init"));
}

template <typename T>
absl::StatusOr<T> At(const std::string& path, absl::StatusOr<T> read) {
  if (!read.ok()) return Wrong(path, read.status());
  return read;
}

}  // namespace

std::string IdentityDirectory(const std::string& data_directory) {
  return absl::StrCat(data_directory, "/identity");
}

IdentityPaths::IdentityPaths(const std::string& directory)
    : directory(directory),
      key(directory + "/node.key"),
      certificate(directory + "/node.crt"),
      authority(directory + "/ca.crt"),
      authority_key(directory + "/ca.key"),
      issued(directory + "/issued") {}

absl::StatusOr<PeerIdentity> PeerIdentity::FromCertificate(const std::string& certificate_pem) {
  ASSIGN_OR_RETURN(NodeCertificate certificate, ParseCertificate(certificate_pem));
  PeerIdentity peer;
  peer.name = std::move(certificate.name);
  peer.regions = std::move(certificate.regions);
  peer.key = certificate.key;
  peer.not_after_s = certificate.not_after_s;
  return peer;
}

absl::StatusOr<std::shared_ptr<const Identity>> Identity::Load(const std::string& directory) {
  IdentityPaths paths(directory);
  const absl::StatusOr<std::string> key_pem = ReadPrivateFile(paths.key);
  if (absl::IsNotFound(key_pem.status())) {
    return absl::NotFoundError(
        absl::StrCat("there is no identity in ", directory,
                     ". Make one: tikard init --name NAME --regions CODES on the first node of a "
                     "network, tikard init --name NAME --request FILE on each further one"));
  }
  RETURN_IF_ERROR(key_pem.status());
  const absl::StatusOr<std::string> certificate_pem = ReadIdentityFile(paths.certificate);
  if (absl::IsNotFound(certificate_pem.status())) {
    return absl::NotFoundError(
        absl::StrCat(directory,
                     " has a key and no certificate yet. Have the request signed on the machine of "
                     "the CA with tikard sign, then: tikard init --install FILE"));
  }
  RETURN_IF_ERROR(certificate_pem.status());
  ASSIGN_OR_RETURN(std::string authority_pem, ReadIdentityFile(paths.authority));

  ASSIGN_OR_RETURN(sync::SigningKey key, At(paths.key, KeyFromPem(*key_pem)));
  std::shared_ptr<Identity> identity(new Identity(paths, std::move(key)));
  ASSIGN_OR_RETURN(identity->certificate_,
                   At(paths.certificate, ParseCertificate(*certificate_pem)));
  ASSIGN_OR_RETURN(identity->authority_, At(paths.authority, ParseAuthority(authority_pem)));
  if (identity->certificate_.key != identity->public_key()) {
    return Wrong(paths.certificate,
                 absl::InvalidArgumentError("is for another key than node.key beside it"));
  }
  const absl::Status signed_by = CheckSignedBy(*certificate_pem, authority_pem);
  if (!signed_by.ok()) {
    return Wrong(paths.certificate,
                 absl::InvalidArgumentError("is signed by another CA than ca.crt beside it"));
  }
  identity->certificate_pem_ = *certificate_pem;
  identity->authority_pem_ = std::move(authority_pem);
  return identity;
}

std::optional<Identity::DatesProblem> Identity::CheckDates(int64_t now_s) const {
  DatesProblem problem;
  const int64_t begins_s = std::max(certificate_.not_before_s, authority_.not_before_s);
  const int64_t ends_s = std::min(certificate_.not_after_s, authority_.not_after_s);
  if (now_s < begins_s) {
    problem.text = absl::StrCat("the node's certificate begins on ", DateText(begins_s),
                                ", and this machine's clock says ", DateText(now_s),
                                ". Set the clock; until then no other node is reached");
    return problem;
  }
  if (now_s >= ends_s) {
    problem.text = absl::StrCat("the node's certificate ended on ", DateText(ends_s),
                                ": other nodes refuse this one. Renew it with tikard renew");
    return problem;
  }
  if (now_s >= ends_s - kRenewalDays * kDaySeconds) {
    problem.valid = true;
    problem.text =
        absl::StrCat("the node's certificate ends on ", DateText(ends_s), ", in ",
                     (ends_s - now_s) / kDaySeconds, " days. Renew it with tikard renew");
    return problem;
  }
  return std::nullopt;
}

std::string DateText(int64_t seconds) {
  return absl::FormatTime("%Y-%m-%d", absl::FromUnixSeconds(seconds), absl::UTCTimeZone());
}

std::string RegionsText(const std::vector<std::string>& regions) {
  if (std::find(regions.begin(), regions.end(), kEveryRegion) != regions.end()) return "all";
  return absl::StrJoin(regions, ",");
}

}  // namespace tikar::server
