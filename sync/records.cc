#include "sync/records.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "sync/canonical.h"
#include "sync/keys.h"

namespace tikar::sync {
namespace {

constexpr uint8_t kEntryVersion = 1;
constexpr uint8_t kHeaderVersion = 1;
// 1 and 2 stood around states of a version that is not read any more.
constexpr uint8_t kRecordVersion = 3;
constexpr uint8_t kNodeVersion = 1;
constexpr uint8_t kRegionVersion = 1;
constexpr uint8_t kIdempotencyVersion = 1;
constexpr uint8_t kCapabilityVersion = 1;
constexpr uint8_t kRefusedVersion = 1;
constexpr uint8_t kOfferVersion = 1;
constexpr uint8_t kTreeVersion = 1;

// Bits of a header and of a record. What has another bit set was not written by this version.
constexpr uint8_t kHasBody = 1, kIsCreate = 2, kNewerKind = 4, kContestsRetract = 8, kCircular = 16;
constexpr uint8_t kHeaderFlags = kHasBody | kIsCreate | kNewerKind | kContestsRetract | kCircular;
constexpr uint8_t kRetractOpen = 1, kHasTimerChange = 4;  // 2 was of version 2
constexpr uint8_t kRecordFlags = kRetractOpen | kHasTimerChange;

absl::Status CheckVersion(CanonicalReader& reader, uint8_t newest, absl::string_view what) {
  const uint8_t version = reader.Byte();
  if (!reader.ok() || version == 0) {
    return absl::DataLossError(absl::StrCat("a stored ", what, " is damaged: it has no version"));
  }
  if (version > newest) {
    return absl::DataLossError(absl::StrCat("a stored ", what, " has version ", version,
                                            ", this build knows up to ", newest,
                                            ": upgrade tikard"));
  }
  return absl::OkStatus();
}

absl::Status CheckDone(bool done, absl::string_view what) {
  if (done) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat("a stored ", what, " is damaged"));
}

void Put(CanonicalWriter& writer, const Stamp& stamp) {
  writer.SignedVarint(stamp.received_at_ms);
  writer.SignedVarint(stamp.clock_offset_ms);
  writer.Byte(static_cast<uint8_t>(stamp.verdict));
  writer.Byte(static_cast<uint8_t>(stamp.reason));
  writer.Bytes(stamp.signature_id);
}

Stamp GetStamp(CanonicalReader& reader) {
  Stamp stamp;
  stamp.received_at_ms = reader.SignedVarint();
  stamp.clock_offset_ms = reader.SignedVarint();
  stamp.verdict = static_cast<v1::Verdict>(reader.Byte());
  stamp.reason = static_cast<v1::RefusalReason>(reader.Byte());
  stamp.signature_id = std::string(reader.Bytes());
  return stamp;
}

void Put(CanonicalWriter& writer, const LogPosition& position) {
  writer.Fixed64(Raw(position.origin));
  writer.Varint(position.seq);
}

LogPosition GetLogPosition(CanonicalReader& reader) {
  LogPosition position;
  position.origin = Origin{reader.Fixed64()};
  position.seq = reader.Varint();
  return position;
}

template <typename Id>
Id GetId(CanonicalReader& reader) {
  const std::optional<Id> id = Id::FromBytes(reader.Raw(Id::kSize));
  return id ? *id : Id();
}

void Put(CanonicalWriter& writer, const std::vector<ChangeId>& ids) {
  writer.Varint(ids.size());
  for (const ChangeId& id : ids) writer.Raw(id.view());
}

std::vector<ChangeId> GetIds(CanonicalReader& reader) {
  std::vector<ChangeId> ids(reader.Count(ChangeId::kSize));
  for (ChangeId& id : ids) id = GetId<ChangeId>(reader);
  return ids;
}

void Put(CanonicalWriter& writer, const std::vector<std::string>& texts) {
  writer.Varint(texts.size());
  for (const std::string& text : texts) writer.Bytes(text);
}

std::vector<std::string> GetTexts(CanonicalReader& reader) {
  std::vector<std::string> texts(reader.Count());
  for (std::string& text : texts) text = std::string(reader.Bytes());
  return texts;
}

}  // namespace

std::string EncodeEntry(const EntryRecord& entry) {
  CanonicalWriter writer;
  writer.Byte(kEntryVersion);
  Put(writer, entry.stamp);
  writer.Raw(entry.change_hash.view());
  writer.Raw(entry.request_id.view());
  Put(writer, entry.stub_parents);
  Put(writer, entry.salvaged_from);
  writer.Bytes(entry.sealed_body);
  writer.Bytes(entry.body);
  return writer.Take();
}

absl::StatusOr<EntryRecord> DecodeEntry(std::string_view bytes) {
  CanonicalReader reader(bytes);
  if (absl::Status s = CheckVersion(reader, kEntryVersion, "log entry"); !s.ok()) return s;
  EntryRecord entry;
  entry.stamp = GetStamp(reader);
  entry.change_hash = GetId<Hash>(reader);
  entry.request_id = GetId<RequestId>(reader);
  entry.stub_parents = GetIds(reader);
  entry.salvaged_from = GetLogPosition(reader);
  entry.sealed_body = std::string(reader.Bytes());
  entry.body = std::string(reader.Bytes());
  if (absl::Status s = CheckDone(reader.done(), "log entry"); !s.ok()) return s;
  return entry;
}

Hash LeafHash(std::string_view region, Origin origin, uint64_t seq, const Stamp& stamp,
              const Hash& change_hash) {
  CanonicalWriter writer;
  writer.Byte(0);  // RFC 9162: leaves and inner nodes hash with different first bytes
  writer.Bytes(region);
  writer.Fixed64(Raw(origin));
  writer.Fixed64(seq);
  writer.Raw(change_hash.view());
  writer.SignedVarint(stamp.received_at_ms);
  writer.Byte(static_cast<uint8_t>(stamp.verdict));
  writer.Bytes(stamp.signature_id);
  return Sha256(writer.view());
}

bool Header::Touches(std::string_view path) const {
  return std::binary_search(paths.begin(), paths.end(), path);
}

const std::vector<ChangeId>& Header::Ancestors() const {
  static const std::vector<ChangeId>* const kNone = new std::vector<ChangeId>();
  return circular ? *kNone : parents;
}

std::string EncodeHeader(const Header& header) {
  CanonicalWriter writer;
  writer.Byte(kHeaderVersion);
  Put(writer, header.parents);
  writer.Varint(header.generation);
  Put(writer, header.stamp);
  Put(writer, header.paths);
  writer.Byte(static_cast<uint8_t>(
      (header.has_body ? kHasBody : 0) | (header.is_create ? kIsCreate : 0) |
      (header.newer_kind ? kNewerKind : 0) | (header.contests_retract ? kContestsRetract : 0) |
      (header.circular ? kCircular : 0)));
  writer.Varint(header.positions.size());
  for (const LogPosition& position : header.positions) Put(writer, position);
  return writer.Take();
}

absl::StatusOr<Header> DecodeHeader(std::string_view bytes) {
  CanonicalReader reader(bytes);
  if (absl::Status s = CheckVersion(reader, kHeaderVersion, "history header"); !s.ok()) return s;
  Header header;
  header.parents = GetIds(reader);
  header.generation = reader.Varint32();
  header.stamp = GetStamp(reader);
  header.paths = GetTexts(reader);
  const uint8_t flags = reader.Byte();
  header.has_body = flags & kHasBody;
  header.is_create = flags & kIsCreate;
  header.newer_kind = flags & kNewerKind;
  header.contests_retract = flags & kContestsRetract;
  header.circular = flags & kCircular;
  header.positions.resize(reader.Count(9));
  for (LogPosition& position : header.positions) position = GetLogPosition(reader);
  if (absl::Status s = CheckDone(reader.done() && flags <= kHeaderFlags, "history header"); !s.ok())
    return s;
  return header;
}

uint64_t RequestLocal::feed_position() const {
  uint64_t position = 0;
  for (const FeedRow& row : feed_rows) position = std::max(position, row.position);
  return position;
}

uint32_t RequestLocal::ElementCount(std::string_view collection) const {
  for (const auto& [name, count] : element_counts) {
    if (name == collection) return count;
  }
  return 0;
}

std::string EncodeRecord(std::string_view state_bytes, const RequestLocal& local) {
  CanonicalWriter writer;
  writer.Byte(kRecordVersion);
  writer.Bytes(state_bytes);
  Put(writer, local.missing);
  Put(writer, local.disputed);
  writer.Byte(static_cast<uint8_t>((local.retract_open ? kRetractOpen : 0) |
                                   (local.has_timer_change ? kHasTimerChange : 0)));
  writer.Varint(local.cover.size());
  for (const std::vector<uint64_t>& masks : local.cover) {
    writer.Varint(masks.size());
    for (const uint64_t mask : masks) writer.Varint(mask);
  }
  writer.Raw(local.element_sum.bytes());
  writer.Varint(local.element_counts.size());
  for (const auto& [collection, count] : local.element_counts) {
    writer.Bytes(collection);
    writer.Varint(count);
  }
  writer.Varint(local.element_bytes);
  writer.Varint(local.feed_rows.size());
  for (const FeedRow& row : local.feed_rows) {
    writer.Bytes(row.bucket);
    writer.Varint(row.position);
    writer.Flag(row.left);
  }
  writer.Varint(local.refused_count);
  return writer.Take();
}

absl::StatusOr<RecordParts> DecodeRecord(std::string_view bytes) {
  CanonicalReader reader(bytes);
  if (absl::Status s = CheckVersion(reader, kRecordVersion, "request record"); !s.ok()) return s;
  if (bytes.front() != kRecordVersion) {
    return absl::DataLossError(
        "a stored request record was written by a tikard from before service clocks; this build "
        "does not read its states");
  }
  RecordParts parts;
  parts.state_bytes = reader.Bytes();
  RequestLocal& local = parts.local;
  local.missing = GetIds(reader);
  local.disputed = GetTexts(reader);
  const uint8_t flags = reader.Byte();
  local.retract_open = flags & kRetractOpen;
  local.has_timer_change = flags & kHasTimerChange;
  local.cover.resize(reader.Count());
  for (std::vector<uint64_t>& masks : local.cover) {
    masks.resize(reader.Count());
    for (uint64_t& mask : masks) mask = reader.Varint();
  }
  local.element_sum = ElementSum::FromBytes(reader.Raw(16));
  local.element_counts.resize(reader.Count(2));
  for (auto& [collection, count] : local.element_counts) {
    collection = std::string(reader.Bytes());
    count = reader.Varint32();
  }
  local.element_bytes = reader.Varint();
  local.feed_rows.resize(reader.Count(3));
  for (FeedRow& row : local.feed_rows) {
    row.bucket = std::string(reader.Bytes());
    row.position = reader.Varint();
    row.left = reader.Flag();
  }
  local.refused_count = reader.Varint32();
  const bool known_flags = (flags & ~kRecordFlags) == 0;
  if (absl::Status s = CheckDone(reader.done() && known_flags, "request record"); !s.ok()) return s;
  return parts;
}

std::string EncodePosition(uint64_t seq) {
  CanonicalWriter writer;
  writer.Varint(seq);
  return writer.Take();
}

absl::StatusOr<uint64_t> DecodePosition(std::string_view region, Origin origin,
                                        std::string_view bytes) {
  CanonicalReader reader(bytes);
  const uint64_t seq = reader.Varint();
  if (reader.done() && seq != 0) return seq;
  return absl::DataLossError(absl::StrCat("row vv/", AbslView(region), "/",
                                          absl::Hex(Raw(origin), absl::kZeroPad16),
                                          " of the version vector is damaged"));
}

absl::StatusOr<Origin> OriginOfPosition(std::string_view region, std::string_view key) {
  CanonicalReader reader(key.substr(keys::PositionPrefix(region).size()));
  const Origin origin{reader.Fixed64()};
  if (reader.done() && origin != Origin::kNone) return origin;
  return absl::DataLossError(absl::StrCat("a key vv/", AbslView(region),
                                          " of the version vector is damaged: it names no origin"));
}

std::string EncodeTree(const TreeRecord& tree) {
  CanonicalWriter writer;
  writer.Byte(kTreeVersion);
  writer.Varint(tree.size);
  writer.Raw(tree.root.view());
  return writer.Take();
}

absl::StatusOr<TreeRecord> DecodeTree(std::string_view bytes) {
  CanonicalReader reader(bytes);
  if (absl::Status s = CheckVersion(reader, kTreeVersion, "Merkle tree"); !s.ok()) return s;
  TreeRecord tree;
  tree.size = reader.Varint();
  tree.root = GetId<Hash>(reader);
  if (absl::Status s = CheckDone(reader.done() && tree.size != 0, "Merkle tree"); !s.ok()) return s;
  return tree;
}

std::string EncodeCapability(const FoldCapability& capability) {
  CanonicalWriter writer;
  writer.Byte(kCapabilityVersion);
  writer.Varint(capability.mutation_kind);
  writer.Varint(capability.value_kind);
  writer.Varint(capability.merge_version);
  return writer.Take();
}

absl::StatusOr<FoldCapability> DecodeCapability(std::string_view bytes) {
  CanonicalReader reader(bytes);
  if (absl::Status s = CheckVersion(reader, kCapabilityVersion, "fold capability"); !s.ok()) {
    return s;
  }
  FoldCapability capability;
  capability.mutation_kind = reader.Varint32();
  capability.value_kind = reader.Varint32();
  capability.merge_version = reader.Varint32();
  if (absl::Status s = CheckDone(reader.done(), "fold capability"); !s.ok()) return s;
  return capability;
}

std::string EncodeNode(const NodeRecord& node) {
  CanonicalWriter writer;
  writer.Byte(kNodeVersion);
  writer.Fixed64(Raw(node.origin));
  writer.Bytes(node.machine_id);
  writer.Varint(node.past_origins.size());
  for (const Origin origin : node.past_origins) writer.Fixed64(Raw(origin));
  writer.SignedVarint(node.last_received_at_ms);
  return writer.Take();
}

absl::StatusOr<NodeRecord> DecodeNode(std::string_view bytes) {
  CanonicalReader reader(bytes);
  if (absl::Status s = CheckVersion(reader, kNodeVersion, "node record"); !s.ok()) return s;
  NodeRecord node;
  node.origin = Origin{reader.Fixed64()};
  node.machine_id = std::string(reader.Bytes());
  node.past_origins.resize(reader.Count(8));
  for (Origin& origin : node.past_origins) origin = Origin{reader.Fixed64()};
  node.last_received_at_ms = reader.SignedVarint();
  if (absl::Status s = CheckDone(reader.done(), "node record"); !s.ok()) return s;
  return node;
}

std::string EncodeRegion(const RegionRecord& region) {
  CanonicalWriter writer;
  writer.Byte(kRegionVersion);
  writer.Fixed64(Raw(region.feed_id));
  writer.Varint(region.feed_position);
  writer.Varint(region.last_seq);
  writer.Varint(region.requests);
  writer.Varint(region.changes);
  writer.Varint(region.conflicts);
  writer.Varint(region.waiting);
  writer.Fixed64(region.last_hlc);
  return writer.Take();
}

absl::StatusOr<RegionRecord> DecodeRegion(std::string_view bytes) {
  CanonicalReader reader(bytes);
  if (absl::Status s = CheckVersion(reader, kRegionVersion, "region record"); !s.ok()) return s;
  RegionRecord region;
  region.feed_id = FeedId{reader.Fixed64()};
  region.feed_position = reader.Varint();
  region.last_seq = reader.Varint();
  region.requests = reader.Varint();
  region.changes = reader.Varint();
  region.conflicts = reader.Varint();
  region.waiting = reader.Varint();
  region.last_hlc = reader.Fixed64();
  if (absl::Status s = CheckDone(reader.done(), "region record"); !s.ok()) return s;
  return region;
}

std::string EncodeRefused(const RefusedRecord& record) {
  CanonicalWriter writer;
  writer.Byte(kRefusedVersion);
  writer.Byte(static_cast<uint8_t>(record.reason));
  writer.Bytes(record.actor);
  return writer.Take();
}

absl::StatusOr<RefusedRecord> DecodeRefused(std::string_view bytes) {
  CanonicalReader reader(bytes);
  if (absl::Status s = CheckVersion(reader, kRefusedVersion, "refused record"); !s.ok()) return s;
  RefusedRecord record;
  record.reason = static_cast<v1::RefusalReason>(reader.Byte());
  record.actor = std::string(reader.Bytes());
  if (absl::Status s = CheckDone(reader.done(), "refused record"); !s.ok()) return s;
  return record;
}

std::string EncodeOffer(const OfferRecord& record) {
  CanonicalWriter writer;
  writer.Byte(kOfferVersion);
  writer.Raw(record.definition.view());
  writer.Bytes(record.actor);
  writer.SignedVarint(record.time_ms);
  return writer.Take();
}

absl::StatusOr<OfferRecord> DecodeOffer(std::string_view region, std::string_view service,
                                        std::string_view bytes) {
  CanonicalReader reader(bytes);
  if (absl::Status s = CheckVersion(reader, kOfferVersion, "offer"); !s.ok()) return s;
  OfferRecord record;
  record.region = std::string(region);
  record.service = std::string(service);
  record.definition = GetId<DefinitionHash>(reader);
  record.actor = std::string(reader.Bytes());
  record.time_ms = reader.SignedVarint();
  if (absl::Status s = CheckDone(reader.done(), "offer"); !s.ok()) return s;
  return record;
}

std::string EncodeIdempotency(const IdempotencyRecord& record) {
  CanonicalWriter writer;
  writer.Byte(kIdempotencyVersion);
  writer.Bytes(record.request.region);
  writer.Raw(record.request.id.view());
  writer.Raw(record.change.view());
  writer.Byte(static_cast<uint8_t>(record.verdict));
  writer.SignedVarint(record.time_ms);
  return writer.Take();
}

absl::StatusOr<IdempotencyRecord> DecodeIdempotency(std::string_view bytes) {
  CanonicalReader reader(bytes);
  if (absl::Status s = CheckVersion(reader, kIdempotencyVersion, "idempotency record"); !s.ok()) {
    return s;
  }
  IdempotencyRecord record;
  record.request.region = std::string(reader.Bytes());
  record.request.id = GetId<RequestId>(reader);
  record.change = GetId<ChangeId>(reader);
  record.verdict = static_cast<v1::Verdict>(reader.Byte());
  record.time_ms = reader.SignedVarint();
  if (absl::Status s = CheckDone(reader.done(), "idempotency record"); !s.ok()) return s;
  return record;
}

}  // namespace tikar::sync
