// Taking one part of a bundle, or an acknowledgement, that lies whole in a spool.
//
// Three passes over it. The first looks at every byte: signature, hashes. The second opens and
// reads everything: who may speak for what, and that it is made as bundles are. Only then the third
// takes what is in it, a group after the other, each durable before the next. So nothing of a part
// is taken of which a byte is off, and what was taken until a crash is found again, and is no harm.
//
// Blocks, on the disk and for the sequencer: on a thread of its own.
#ifndef TIKAR_SERVER_BUNDLE_IMPORT_H_
#define TIKAR_SERVER_BUNDLE_IMPORT_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/bundle_files.h"
#include "server/engine/engine.h"
#include "server/identity.h"
#include "sync/bundle.h"
#include "tikar/v1/bundle_service.pb.h"

namespace tikar::server {

class BundleImport {
 public:
  // Waits about that many milliseconds. An error: the call is over, and the import ends with it.
  using Wait = std::function<absl::Status(int64_t ms)>;

  // All must outlive it.
  BundleImport(Engine* engine, const Identity* identity, BundleFiles* files, const SpoolFile* spool,
               Wait wait);

  // Errors as of BundleService.ImportBundle.
  absl::StatusOr<v1::ImportBundleResponse> Run(bool validate_only);

 private:
  using Log = std::pair<std::string, uint64_t>;  // region, origin

  absl::Status Check();
  // Calls `take` for every record.
  absl::Status EachRecord(const std::function<absl::Status(v1::BundleRecord)>& take);
  absl::Status Look(const v1::BundleRecord& record);
  absl::Status LookAtManifest(const v1::BundleManifest& manifest);
  absl::Status CheckMayLog(const std::string& region) const;

  absl::Status Take(v1::BundleRecord record);
  absl::Status TakeDefinition(const std::string& bytes);
  absl::Status TakeOffer(const v1::MirroredOffer& offer);
  absl::Status TakeChange(std::string body);
  absl::Status FlushOffers();
  absl::Status FlushEntries();
  absl::Status FlushChanges();
  absl::Status ReceiveLog(const Log& log, std::vector<v1::Entry> entries);
  // Hands something to the sequencer until it takes it, and waits until it is durable.
  absl::StatusOr<TaskResult> Await(const std::function<absl::Status(TaskDone)>& hand_over);
  absl::StatusOr<std::shared_ptr<const Published>> Current();

  absl::Status KeepAcknowledgement();
  absl::StatusOr<std::string> MakeAcknowledgement();

  Engine& engine_;
  const Identity& identity_;
  BundleFiles& files_;
  const SpoolFile& spool_;
  const Wait wait_;

  sync::BundleHead head_;
  v1::BundleManifest manifest_;
  std::vector<std::string> grants_;  // of the sender's certificate
  v1::ImportBundleResponse response_;

  std::vector<v1::MirroredOffer> offers_;
  std::vector<v1::Entry> entries_;
  size_t entries_bytes_ = 0;
  std::vector<std::string> changes_;
  size_t changes_bytes_ = 0;
  std::set<Log> refused_;
  std::vector<v1::ChangeResult> results_;
  size_t results_bytes_ = 0;
};

}  // namespace tikar::server

#endif  // TIKAR_SERVER_BUNDLE_IMPORT_H_
