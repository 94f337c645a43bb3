// Making a bundle for another node: what is here and that node lacks, as far as it told.
//
// Blocks on the disk: on a thread of its own.
#ifndef TIKAR_SERVER_BUNDLE_EXPORT_H_
#define TIKAR_SERVER_BUNDLE_EXPORT_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/bundle_files.h"
#include "server/engine/engine.h"
#include "server/identity.h"
#include "sync/bundle_writer.h"
#include "tikar/v1/bundle_service.pb.h"

namespace tikar::server {

struct ExportedPart {
  std::string head;
  uint64_t payload_offset = 0;  // in the spool
  uint64_t payload_bytes = 0;
};
struct ExportedBundle {
  std::unique_ptr<SpoolFile> spool;
  std::vector<ExportedPart> parts;
  v1::ExportSummary summary;
};

// Called now and then; an error ends the export with it.
using ExportWatch = std::function<absl::Status(const v1::ExportProgress&)>;

// Everything is of versions that were durable when they were read; entries that come meanwhile are
// for the next bundle. Errors as of BundleService.ExportBundle.
absl::StatusOr<ExportedBundle> MakeNodeBundle(Engine& engine, const Identity& identity,
                                              BundleFiles& files,
                                              const v1::ExportBundleRequest& request,
                                              const ExportWatch& watch);

}  // namespace tikar::server

#endif  // TIKAR_SERVER_BUNDLE_EXPORT_H_
