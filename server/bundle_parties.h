// Who may send a bundle to whom, and about what: certificates, and what a node acknowledged.
//
// Thread safety: functions from any thread.
#ifndef TIKAR_SERVER_BUNDLE_PARTIES_H_
#define TIKAR_SERVER_BUNDLE_PARTIES_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "server/bundle_files.h"
#include "server/certificate.h"
#include "server/engine/mirror_table.h"
#include "server/identity.h"
#include "sync/bundle.h"
#include "sync/definition.h"

namespace tikar::server {

// Files, streams and words of one bundle need some of these.
inline constexpr size_t kBundleChunkBytes = 256 << 10;
// Fits one message with the rest of an answer.
inline constexpr size_t kAcknowledgementBytesMax = 768 << 10;

// That many bytes from the system, fit for keys.
std::string SecretBytes(size_t size);

// As it is on disk now. FailedPrecondition: there is none; the message says how to get one.
absl::StatusOr<std::shared_ptr<const Identity>> LoadForBundles(const std::string& data_directory);

// The certificate in `pem`, if the CA of this node signed it and it is valid today.
// InvalidArgument.
absl::StatusOr<NodeCertificate> CheckedCertificate(const std::string& pem, const Identity& identity,
                                                   int64_t now_ms);

// Keeps what CheckedCertificate passed, unless a newer one of that node is here.
absl::Status KeepCertificateOf(const NodeCertificate& certificate, const std::string& pem,
                               BundleFiles& files);

// What an acknowledgement says.
struct Acknowledged {
  sync::BundleHeader header;
  v1::BundleManifest manifest;
  RegionVectors vectors;
  std::set<sync::DefinitionHash> definitions;
};
// Opens and reads a whole file of kind kAcknowledgement. Errors as of ParseBundleHead, BundleCheck
// and BundleOpener; InvalidArgument too: it is of another kind, or holds what is none.
absl::StatusOr<Acknowledged> ReadAcknowledgement(std::string_view file, const Identity& identity);
// The last one of that node. nullopt: there is none, or it cannot be read any more.
std::optional<Acknowledged> LastAcknowledged(const BundleFiles& files, const Identity& identity,
                                             const sync::PublicKey& node);

// InvalidArgument: the bundle is sealed to somebody else. The message names both.
absl::Status CheckIsReceiver(const sync::BundleHeader& header, const Identity& identity);

}  // namespace tikar::server

#endif  // TIKAR_SERVER_BUNDLE_PARTIES_H_
