// Records: what stands behind the keys of keys.h, and its canonical bytes. Each begins with a
// version byte; a larger one than this build knows is DataLoss with the advice to upgrade.
// docs/formats.md describes each; golden tests freeze the bytes.
#ifndef TIKAR_SYNC_RECORDS_H_
#define TIKAR_SYNC_RECORDS_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "sync/fold_capability.h"
#include "sync/stamp.h"
#include "sync/state.h"
#include "sync/types.h"

namespace tikar::sync {

struct LogPosition {
  Origin origin = Origin::kNone;
  uint64_t seq = 0;
  friend bool operator==(const LogPosition&, const LogPosition&) = default;
};

// log: one entry. `leaf` is not stored: it follows from the rest.
struct EntryRecord {
  Stamp stamp;
  Hash change_hash;
  std::string body;  // empty in a stub
  RequestId request_id;
  std::vector<ChangeId> stub_parents;  // only without body
  std::string sealed_body;             // reserved
  LogPosition salvaged_from;
  friend bool operator==(const EntryRecord&, const EntryRecord&) = default;
};
std::string EncodeEntry(const EntryRecord& entry);
absl::StatusOr<EntryRecord> DecodeEntry(std::string_view bytes);

// Leaf of the verifiable log, after RFC 9162 section 2.1.1: SHA-256 of 0x00 and the canonical bytes
// of (region, origin, seq, full change hash, received_at, verdict, signature id). Never of the
// body, so that erasure leaves the tree as it is.
Hash LeafHash(std::string_view region, Origin origin, uint64_t seq, const Stamp& stamp,
              const Hash& change_hash);

// history: what a merge needs to know of a change without its body.
struct Header {
  std::vector<ChangeId> parents = {};   // sorted
  uint32_t generation = 1;              // 1 + the largest of its known parents'
  Stamp stamp = {};                     // joined
  std::vector<std::string> paths = {};  // it writes, sorted; of the body, whatever the verdict
  bool has_body = false;
  bool is_create = false;
  bool newer_kind = false;
  bool contests_retract = false;
  bool circular = false;  // a stub whose word about its parents cannot be true: see Ancestors
  std::vector<LogPosition> positions =
      {};  // every entry of it; the first one has the body, if any has

  bool live() const { return has_body && stamp.verdict == v1::VERDICT_ACCEPTED; }
  bool Touches(std::string_view path) const;
  // The parents that count.
  const std::vector<ChangeId>& Ancestors() const;
  friend bool operator==(const Header&, const Header&) = default;
};
std::string EncodeHeader(const Header& header);
absl::StatusOr<Header> DecodeHeader(std::string_view bytes);

// One row of the feed that a request owns.
struct FeedRow {
  std::string bucket;
  uint64_t position = 0;
  bool left = false;
  friend bool operator==(const FeedRow&, const FeedRow&) = default;
};

// What a node remembers of a request beside its state. Never part of the digest.
struct RequestLocal {
  std::vector<ChangeId> missing;  // parents that are not here, sorted
  // There are rival writes or a settlement: merges on these paths look at all of the field's
  // history.
  std::vector<std::string> disputed;  // sorted
  // There is a write of true to "@retracted" that no settlement covers.
  bool retract_open = false;
  // There is a live change by a timer: whoever did not see all heads may make it moot.
  bool has_timer_change = false;
  // Cover masks, parallel to the candidates of the state's fields; empty with more than 64 heads.
  std::vector<std::vector<uint64_t>> cover;
  ElementSum element_sum;
  // Live elements per collection, sorted by collection.
  std::vector<std::pair<std::string, uint32_t>> element_counts;
  uint64_t element_bytes = 0;
  std::vector<FeedRow> feed_rows;
  // Changes of it that are void; the state's change_count counts them, too.
  uint32_t refused_count = 0;
  friend bool operator==(const RequestLocal&, const RequestLocal&) = default;

  uint64_t feed_position() const;
  uint32_t ElementCount(std::string_view collection) const;
};

// requests 'r': the state's canonical bytes and, apart, the local part.
std::string EncodeRecord(std::string_view state_bytes, const RequestLocal& local);
struct RecordParts {
  std::string_view state_bytes;  // into the input
  RequestLocal local;
};
absl::StatusOr<RecordParts> DecodeRecord(std::string_view bytes);

// meta 'vv/': the highest contiguous sequence held of an origin, at least 1. DataLoss names the
// row: a damaged one taken for 0 would fetch and log everything again.
std::string EncodePosition(uint64_t seq);
absl::StatusOr<uint64_t> DecodePosition(std::string_view region, Origin origin,
                                        std::string_view bytes);
// Which origin a key under keys::PositionPrefix(region) is about.
absl::StatusOr<Origin> OriginOfPosition(std::string_view region, std::string_view key);

// meta 'tree/': the Merkle tree over the first `size` entries of a log.
struct TreeRecord {
  uint64_t size = 0;
  Hash root;
  friend bool operator==(const TreeRecord&, const TreeRecord&) = default;
};
std::string EncodeTree(const TreeRecord& tree);
absl::StatusOr<TreeRecord> DecodeTree(std::string_view bytes);

// meta "capability", requests 'n'.
std::string EncodeCapability(const FoldCapability& capability);
absl::StatusOr<FoldCapability> DecodeCapability(std::string_view bytes);

// meta: who this node is.
struct NodeRecord {
  Origin origin = Origin::kNone;
  std::string machine_id;
  std::vector<Origin> past_origins;  // of this store, oldest first
  int64_t last_received_at_ms = 0;   // stamps never go below
  friend bool operator==(const NodeRecord&, const NodeRecord&) = default;
};
std::string EncodeNode(const NodeRecord& node);
absl::StatusOr<NodeRecord> DecodeNode(std::string_view bytes);

// meta: one region on this node.
struct RegionRecord {
  FeedId feed_id = FeedId::kNone;
  uint64_t feed_position = 0;  // last one given out
  uint64_t last_seq = 0;       // of this node's own origin
  uint64_t requests = 0;
  uint64_t changes = 0;
  uint64_t conflicts = 0;
  uint64_t waiting = 0;  // requests that are not READY
  uint64_t last_hlc = 0;
  friend bool operator==(const RegionRecord&, const RegionRecord&) = default;
};
std::string EncodeRegion(const RegionRecord& region);
absl::StatusOr<RegionRecord> DecodeRegion(std::string_view bytes);

// requests 'v': a change that was refused, for whoever helps its author.
struct RefusedRecord {
  v1::RefusalReason reason = v1::REFUSAL_REASON_UNSPECIFIED;
  std::string actor;  // empty: only a stub of it is here
  friend bool operator==(const RefusedRecord&, const RefusedRecord&) = default;
};
std::string EncodeRefused(const RefusedRecord& record);
absl::StatusOr<RefusedRecord> DecodeRefused(std::string_view bytes);

// meta 'offer/': what a region offers. Region and service stand in the key.
struct OfferRecord {
  std::string region;
  std::string service;
  DefinitionHash definition;
  std::string actor;  // who said so
  int64_t time_ms = 0;
  friend bool operator==(const OfferRecord&, const OfferRecord&) = default;
};
std::string EncodeOffer(const OfferRecord& record);
absl::StatusOr<OfferRecord> DecodeOffer(std::string_view region, std::string_view service,
                                        std::string_view bytes);

// meta: what a unary call made.
struct IdempotencyRecord {
  RequestKey request;
  ChangeId change;
  v1::Verdict verdict = v1::VERDICT_UNSPECIFIED;
  int64_t time_ms = 0;
  friend bool operator==(const IdempotencyRecord&, const IdempotencyRecord&) = default;
};
std::string EncodeIdempotency(const IdempotencyRecord& record);
absl::StatusOr<IdempotencyRecord> DecodeIdempotency(std::string_view bytes);

}  // namespace tikar::sync

#endif  // TIKAR_SYNC_RECORDS_H_
