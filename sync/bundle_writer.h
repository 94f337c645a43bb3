// BundleWriter: makes the parts of a bundle (bundle.h) out of records, as they come.
//
//   ASSIGN_OR_RETURN(auto writer, BundleWriter::Make(std::move(options)));
//   RETURN_IF_ERROR(writer->Add(record)); …
//   for (BundlePiece& piece : writer->Take()) …      // now and then: append to that part's payload
//   RETURN_IF_ERROR(writer->Finish());
//   for (uint32_t part = 1; part <= writer->parts(); ++part) writer->Head(part);   // stands before
//   it
//
// How many parts there are is in each head, so heads are made at the end.
#ifndef TIKAR_SYNC_BUNDLE_WRITER_H_
#define TIKAR_SYNC_BUNDLE_WRITER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "sync/bundle.h"
#include "sync/ed25519.h"

namespace tikar::sync {

struct BundleWriterOptions {
  BundleKind kind = BundleKind::kNode;
  std::string sender;
  SigningKey sender_key;
  std::string receiver;
  PublicKey receiver_key;
  // Of every part.
  v1::BundleManifest manifest;
  // Of a whole file, head included.
  uint64_t part_bytes_max = kBundlePartBytesMax;
  // That many bytes, from a source that is fit for keys.
  std::function<std::string(size_t)> random;
};

// Bytes of the payload of a part, behind those of it that were taken before.
struct BundlePiece {
  uint32_t part = 1;
  std::string bytes;
};

// Thread safety: none. Needs some 20 MiB, whatever is written, and 32 bytes for each
// kBundleBlockBytes of it.
class BundleWriter {
 public:
  // InvalidArgument: a name that is none, a size that is out of bounds, or a receiver's key that
  // nothing can be sealed to.
  static absl::StatusOr<std::unique_ptr<BundleWriter>> Make(BundleWriterOptions options);
  ~BundleWriter();

  // Begins another part where the record does not fit. InvalidArgument: it is too large, or cannot
  // stand here. ResourceExhausted: there are kBundlePartsMax parts.
  absl::Status Add(const v1::BundleRecord& record);
  // Once, last.
  absl::Status Finish();

  // What is ready, and was not taken.
  std::vector<BundlePiece> Take();

  const BundleId& id() const { return id_; }
  // After Finish, as all below.
  uint32_t parts() const;
  std::string Head(uint32_t part) const;
  uint64_t PayloadBytes(uint32_t part) const;

 private:
  struct Part;
  struct Finished {
    uint64_t sealed_bytes = 0;
    uint64_t unpacked_bytes = 0;
    std::vector<Hash> blocks;
  };
  explicit BundleWriter(BundleWriterOptions options, const AgreementKey& receiver_key);

  absl::Status BeginPart();
  absl::Status EndPart();
  // Whether a record of this size, and an end, still fit.
  bool Fits(size_t record_bytes, bool begins_range);
  absl::Status Write(const v1::BundleRecord& record);

  const BundleWriterOptions options_;
  const AgreementKey receiver_key_;
  BundleId id_;
  std::unique_ptr<Part> part_;  // the one that is being written
  std::vector<Finished> finished_;
  std::vector<BundlePiece> pieces_;
};

// A whole bundle that is small, in one part: an acknowledgement, a phone's. As Add and Finish.
absl::StatusOr<std::string> MakeSmallBundle(BundleWriterOptions options,
                                            const std::vector<v1::BundleRecord>& records);

}  // namespace tikar::sync

#endif  // TIKAR_SYNC_BUNDLE_WRITER_H_
