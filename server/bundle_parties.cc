#include "server/bundle_parties.h"

#include <sodium.h>

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/engine/log.h"
#include "sync/status_macros.h"
#include "sync/version_vector.h"

namespace tikar::server {
namespace {

using sync::AbslView;

absl::Status NoAcknowledgement(std::string_view what) {
  return absl::InvalidArgumentError(
      absl::StrCat("the acknowledgement is not made as they are: ", AbslView(what)));
}

}  // namespace

std::string SecretBytes(size_t size) {
  static const int status = sodium_init();
  CHECK(status >= 0);
  std::string bytes(size, '\0');
  randombytes_buf(bytes.data(), bytes.size());
  return bytes;
}

absl::StatusOr<std::shared_ptr<const Identity>> LoadForBundles(const std::string& data_directory) {
  absl::StatusOr<std::shared_ptr<const Identity>> identity =
      Identity::Load(IdentityDirectory(data_directory));
  if (!absl::IsNotFound(identity.status())) return identity;
  return absl::FailedPreconditionError(
      "this node has no identity, so it can neither sign a bundle nor open one: see "
      "`tikard init --help`");
}

absl::StatusOr<NodeCertificate> CheckedCertificate(const std::string& pem, const Identity& identity,
                                                   int64_t now_ms) {
  // What the CA answered has its own certificate behind the node's.
  ASSIGN_OR_RETURN(const std::vector<std::string> certificates, SplitCertificates(pem));
  if (certificates.empty()) return absl::InvalidArgumentError("there is no certificate");
  const std::string& first = certificates.front();
  ASSIGN_OR_RETURN(NodeCertificate certificate, ParseCertificate(first));
  if (!CheckSignedBy(first, identity.authority_pem()).ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("the certificate of ", certificate.name, " is of another CA than the one of ",
                     identity.name(), ": they are not of one network"));
  }
  const int64_t now_s = now_ms / 1000;
  if (now_s >= certificate.not_after_s) {
    return absl::InvalidArgumentError(absl::StrCat("the certificate of ", certificate.name,
                                                   " ended on ", DateText(certificate.not_after_s),
                                                   ": renew it there (`tikard renew --help`)"));
  }
  if (now_s < certificate.not_before_s) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the certificate of ", certificate.name, " is valid from ",
        DateText(certificate.not_before_s), " on: is the clock of this machine right?"));
  }
  return certificate;
}

absl::Status KeepCertificateOf(const NodeCertificate& certificate, const std::string& pem,
                               BundleFiles& files) {
  if (const auto kept = files.Certificate(certificate.name); kept.ok()) {
    const auto old = ParseCertificate(*kept);
    if (old.ok() && old->key == certificate.key && old->not_before_s >= certificate.not_before_s) {
      return absl::OkStatus();
    }
  }
  return files.KeepCertificate(certificate.name, pem);
}

absl::Status CheckIsReceiver(const sync::BundleHeader& header, const Identity& identity) {
  const auto key = sync::AgreementKeyOf(identity.public_key());
  if (key && sync::KeyIdOf(*key) == header.receiver_key) return absl::OkStatus();
  if (header.receiver == identity.name()) {
    return absl::InvalidArgumentError(
        absl::StrCat("this bundle is sealed to an older key of ", identity.name(),
                     ": give the sender the certificate of today, and let it be made anew"));
  }
  return absl::InvalidArgumentError(absl::StrCat("this bundle is sealed to ", header.receiver,
                                                 ", and this node is ", identity.name(),
                                                 ": take it there"));
}

absl::StatusOr<Acknowledged> ReadAcknowledgement(std::string_view file, const Identity& identity) {
  ASSIGN_OR_RETURN(const sync::BundleHead head, sync::ParseBundleHead(file));
  Acknowledged acknowledged;
  acknowledged.header = head.header;
  if (head.header.kind != sync::BundleKind::kAcknowledgement || head.header.parts != 1) {
    return NoAcknowledgement("it is a bundle of another kind");
  }
  RETURN_IF_ERROR(CheckIsReceiver(head.header, identity));
  sync::BundleCheck check(head);
  RETURN_IF_ERROR(check.Add(file.substr(head.bytes)));
  RETURN_IF_ERROR(check.Finish());
  ASSIGN_OR_RETURN(const auto opener,
                   sync::BundleOpener::Make(head.header, identity.signing_key().AgreementSecret()));
  opener->Feed(file.substr(head.bytes));
  while (true) {
    ASSIGN_OR_RETURN(const std::optional<v1::BundleRecord> record, opener->Next());
    if (!record) break;
    if (record->has_manifest()) acknowledged.manifest = record->manifest();
    if (record->has_held()) {
      ASSIGN_OR_RETURN(sync::VersionVector vector,
                       sync::VersionVector::FromProto(record->held().vector()));
      acknowledged.vectors[record->held().region()].Join(vector);
    }
  }
  if (!opener->done()) return NoAcknowledgement("it has no end");
  for (const std::string& bytes : acknowledged.manifest.definition_hashes()) {
    const auto hash = sync::DefinitionHash::FromBytes(bytes);
    if (!hash) return NoAcknowledgement("a definition's hash is none");
    acknowledged.definitions.insert(*hash);
  }
  return acknowledged;
}

std::optional<Acknowledged> LastAcknowledged(const BundleFiles& files, const Identity& identity,
                                             const sync::PublicKey& node) {
  const absl::StatusOr<std::optional<std::string>> file = files.Acknowledgement(node);
  if (file.ok() && !file->has_value()) return std::nullopt;
  absl::Status status = file.status();
  if (status.ok()) {
    absl::StatusOr<Acknowledged> read = ReadAcknowledgement(**file, identity);
    if (read.ok() && read->header.sender_key == node) return *std::move(read);
    status = read.ok() ? NoAcknowledgement("it is of another node") : read.status();
  }
  // The next bundle is larger than it must be, and the acknowledgement of that one takes its place.
  Log(Level::kWarning, "an acknowledgement of a bundle cannot be read and counts for nothing",
      {{"node_key", node.hex()}, {"reason", status.ToString()}});
  return std::nullopt;
}

}  // namespace tikar::server
