// What a node keeps beside its store for bundles, in DATA/bundles:
//
//   nodes/NAME.crt            certificates of nodes that bundles were made for
//   acknowledged/KEY.tikar    the last acknowledgement of each, as it came: a bundle itself (KEY is
//   the
//                             node's Ed25519 key in hex)
//   incoming/ID               of a bundle of several parts: which of them were taken
//   (a file without a name)   a part on its way in or out; gone with the process
//
// None of it is in the store, and no backup has it: an acknowledgement says what another node had,
// and a node that was restored must not believe an old one. Without it the next bundle is larger,
// never wrong.
//
// Errors: kResourceExhausted when the disk is full, else kUnavailable, with the path; or as said.
#ifndef TIKAR_SERVER_BUNDLE_FILES_H_
#define TIKAR_SERVER_BUNDLE_FILES_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "sync/bundle.h"

namespace tikar::server {

// A file that nobody else sees, and that is gone when this is. Thread safety: none.
class SpoolFile {
 public:
  explicit SpoolFile(int number) : number_(number) {}
  ~SpoolFile();
  SpoolFile(const SpoolFile&) = delete;
  SpoolFile& operator=(const SpoolFile&) = delete;

  absl::Status Append(std::string_view bytes);
  // At most `size` bytes; fewer only at the end.
  absl::StatusOr<std::string> Read(uint64_t offset, size_t size) const;
  uint64_t size() const { return size_; }

 private:
  const int number_;
  uint64_t size_ = 0;
};

// Thread safety: all methods from any thread.
class BundleFiles {
 public:
  explicit BundleFiles(const std::string& data_directory);

  absl::StatusOr<std::unique_ptr<SpoolFile>> MakeSpool();

  // `name` is one of a node. NotFound: none was kept.
  absl::StatusOr<std::string> Certificate(std::string_view name) const;
  absl::Status KeepCertificate(std::string_view name, std::string_view pem);
  // Of which certificates are here, sorted.
  std::vector<std::string> Nodes() const;

  // nullopt: none was kept.
  absl::StatusOr<std::optional<std::string>> Acknowledgement(const sync::PublicKey& node) const;
  absl::Status KeepAcknowledgement(const sync::PublicKey& node, std::string_view file);

  // The part was taken. The parts of its bundle that were not, in order.
  absl::StatusOr<std::vector<uint32_t>> NotePart(const sync::BundleHeader& header);

 private:
  std::string IncomingPath(const sync::BundleHeader& header) const;
  absl::Status ForgetOldIncoming() const;

  const std::string directory_;
  std::mutex mutex_;  // one NotePart at a time
};

}  // namespace tikar::server

#endif  // TIKAR_SERVER_BUNDLE_FILES_H_
