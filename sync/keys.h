// Keys of the store. Big-endian and of fixed size where order matters, so that the order of bytes
// is the order of things. docs/formats.md shows them as a table; a golden test freezes them.
#ifndef TIKAR_SYNC_KEYS_H_
#define TIKAR_SYNC_KEYS_H_

#include <string>
#include <string_view>

#include "sync/canonical.h"
#include "sync/types.h"

namespace tikar::sync::keys {

inline std::string BigEndian64(uint64_t value) {
  CanonicalWriter writer;
  writer.Fixed64(value);
  return writer.Take();
}

// log: region (5), origin (8), seq (8)
inline std::string LogPrefix(std::string_view region, Origin origin) {
  return std::string(region) + BigEndian64(Raw(origin));
}
inline std::string Log(std::string_view region, Origin origin, uint64_t seq) {
  return LogPrefix(region, origin) + BigEndian64(seq);
}

// history: region (5), request id (16), change id (16)
inline std::string HistoryPrefix(const RequestKey& key) { return key.region + key.id.bytes(); }
inline std::string History(const RequestKey& key, const ChangeId& change) {
  return HistoryPrefix(key) + change.bytes();
}

// requests: one letter says what it is.
//   'r' region (5), request id (16)                -> record
//   'e' region (5), request id (16), path          -> element
//   'c' region (5), since (8), request id (16), path -> open conflict
//   'x' ref (10 characters), region (5), request id (16) -> empty
//   'w' definition hash (32), region (5), request id (16) -> empty: waits for the definition
inline constexpr size_t kRegionSize = 5;
inline std::string RecordPrefix(std::string_view region) { return "r" + std::string(region); }
inline std::string Record(const RequestKey& key) {
  return RecordPrefix(key.region) + key.id.bytes();
}
inline std::string ElementPrefix(const RequestKey& key) {
  return "e" + key.region + key.id.bytes();
}
inline std::string Element(const RequestKey& key, std::string_view path) {
  return ElementPrefix(key) + std::string(path);
}
inline std::string ConflictPrefix(std::string_view region) { return "c" + std::string(region); }
inline std::string Conflict(const RequestKey& key, uint64_t since, std::string_view path) {
  return ConflictPrefix(key.region) + BigEndian64(since) + key.id.bytes() + std::string(path);
}
inline std::string RefPrefix(std::string_view ref) { return "x" + std::string(ref.substr(0, 10)); }
inline std::string Ref(std::string_view ref, const RequestKey& key) {
  return RefPrefix(ref) + key.region + key.id.bytes();
}
inline std::string WaitPrefix(const DefinitionHash& definition) { return "w" + definition.bytes(); }
inline std::string Wait(const DefinitionHash& definition, const RequestKey& key) {
  return WaitPrefix(definition) + key.region + key.id.bytes();
}

// feed: region (5), bucket, 0x00, position (8) -> 'R' or 'L', request id (16). A bucket holds no
// 0x00.
inline std::string FeedPrefix(std::string_view region, std::string_view bucket) {
  std::string key = std::string(region) + std::string(bucket);
  key.push_back('\0');
  return key;
}
inline std::string Feed(std::string_view region, std::string_view bucket, uint64_t position) {
  return FeedPrefix(region, bucket) + BigEndian64(position);
}

// meta
inline constexpr std::string_view kNode = "node";
inline constexpr std::string_view kRegionPrefix = "region/";
inline std::string Region(std::string_view region) {
  return std::string(kRegionPrefix) + std::string(region);
}
//   "vv/" region (5), origin (8) -> highest contiguous seq
inline std::string PositionPrefix(std::string_view region) { return "vv/" + std::string(region); }
inline std::string Position(std::string_view region, Origin origin) {
  return PositionPrefix(region) + BigEndian64(Raw(origin));
}
inline constexpr std::string_view kDefinitionPrefix = "definition/";
inline std::string Definition(const DefinitionHash& hash) {
  return std::string(kDefinitionPrefix) + hash.bytes();
}
//   "idempotent/" key -> record;  "idempotent-age/" time (8), key -> empty, for forgetting
inline std::string Idempotent(std::string_view key) { return "idempotent/" + std::string(key); }
inline constexpr std::string_view kIdempotentAgePrefix = "idempotent-age/";
inline std::string IdempotentAge(uint64_t time_ms, std::string_view key) {
  return std::string(kIdempotentAgePrefix) + BigEndian64(time_ms) + std::string(key);
}

}  // namespace tikar::sync::keys

#endif  // TIKAR_SYNC_KEYS_H_
