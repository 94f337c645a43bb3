// tikar bundle: what mirrors exchange, in files that a boat can carry.
#ifndef TIKAR_CLIENTS_CLI_BUNDLE_COMMANDS_H_
#define TIKAR_CLIENTS_CLI_BUNDLE_COMMANDS_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "clients/cli/session.h"
#include "sync/bundle.h"

namespace tikar::cli {

struct BundleOptions {
  // Of export: where to write; empty: "for-NODE.tikar" in the directory at hand.
  std::string out;
  std::vector<std::string> regions;
  std::string receiver;
  std::string certificate_path;
  bool since_peer = false;
  bool all = false;
  // "20MB"; empty: do not split.
  std::string split;
  // Of import and inspect.
  std::vector<std::string> files;
  std::string acknowledgement_path;
  bool dry_run = false;
  // Of key.
  std::string certificate_out;
};

absl::Status BundleExport(Session& session, const BundleOptions& options);
// Asks no server.
absl::Status BundleInspect(Session& session, const BundleOptions& options);
absl::Status BundleImport(Session& session, const BundleOptions& options);
absl::Status BundleKey(Session& session, const BundleOptions& options);

// "20MB", "1.5 GiB", "1048576". InvalidArgument: no size, or none that a part may have.
absl::StatusOr<uint64_t> ParsePartSize(std::string_view text);
// "nias.tikar" of a bundle of one part, else "nias.2-of-3.tikar".
std::string PartPath(const std::string& path, uint32_t part, uint32_t parts);
// "bundle of a node", of "node", "phone" or "acknowledgement".
std::string BundleKindText(Session& session, std::string_view key);
// A usage error.
absl::Status CannotReadFile(const std::string& path);
// Looks at every byte of a file. Errors as ParseBundleHead, BundleCheck, CannotReadFile.
absl::StatusOr<sync::BundleHead> CheckBundleFile(const std::string& path);

}  // namespace tikar::cli

#endif  // TIKAR_CLIENTS_CLI_BUNDLE_COMMANDS_H_
