// Stored records: what a disk that lies, or a newer build, leaves in the store. Each decoder
// refuses or understands; what it understood has one encoding.
//
// The first byte says which record; the rest is its bytes.
#include "sync/records.h"
#include "sync/state.h"
#include "target.h"
#include "world.h"

namespace tikar::fuzz {
namespace {

template <typename Record>
bool Check(const absl::StatusOr<Record>& record, std::string_view bytes,
           std::string (*encode)(const Record&)) {
  if (!record.ok()) {
    PROMISE(absl::IsDataLoss(record.status()) || absl::IsInvalidArgument(record.status()) ||
                absl::IsFailedPrecondition(record.status()),
            "damaged bytes are told as such: " + record.status().ToString());
    return false;
  }
  const std::string written = encode(*record);
  // What an older build wrote is read, and written as this one writes.
  PROMISE(written == bytes || written[0] != bytes[0], "what is understood is canonical");
  return true;
}

}  // namespace

FUZZ_TARGET(records, "stored records: decode, encode") {
  if (bytes.empty()) return false;
  const std::string_view rest = bytes.substr(1);
  switch (bytes[0]) {
    case 'e':
      return Check(sync::DecodeEntry(rest), rest, &sync::EncodeEntry);
    case 'h':
      return Check(sync::DecodeHeader(rest), rest, &sync::EncodeHeader);
    case 'f':
      return Check(sync::DecodeField(rest), rest, &sync::EncodeField);
    case 'n':
      return Check(sync::DecodeNode(rest), rest, &sync::EncodeNode);
    case 'g':
      return Check(sync::DecodeRegion(rest), rest, &sync::EncodeRegion);
    case 'v':
      return Check(sync::DecodeRefused(rest), rest, &sync::EncodeRefused);
    case 'i':
      return Check(sync::DecodeIdempotency(rest), rest, &sync::EncodeIdempotency);
    case 'c':
      return Check(sync::DecodeCapability(rest), rest, &sync::EncodeCapability);
    case 't':
      return Check(sync::DecodeTree(rest), rest, &sync::EncodeTree);
    case 's': {
      const sync::RequestKey key = KeyOf(Records()[0]);
      return Check(sync::DecodeState(key, rest), rest, &sync::EncodeState);
    }
    case 'r': {
      const absl::StatusOr<sync::RecordParts> parts = sync::DecodeRecord(rest);
      if (!parts.ok()) return false;
      const std::string written = sync::EncodeRecord(parts->state_bytes, parts->local);
      PROMISE(written == rest || written[0] != rest[0], "what is understood is canonical");
      return sync::DecodeState(KeyOf(Records()[0]), parts->state_bytes).ok();
    }
    default:
      return false;
  }
}

}  // namespace tikar::fuzz
