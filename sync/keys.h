// Keys of the store. Big-endian and of fixed size where order matters, so that the order of bytes
// is the order of things. docs/formats.md shows them as a table; a golden test freezes them.
#ifndef TIKAR_SYNC_KEYS_H_
#define TIKAR_SYNC_KEYS_H_

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "sync/canonical.h"
#include "sync/hlc.h"
#include "sync/types.h"

namespace tikar::sync::keys {

inline std::string BigEndian64(uint64_t value) {
  CanonicalWriter writer;
  writer.Fixed64(value);
  return writer.Take();
}

inline std::string BigEndian32(uint32_t value) { return BigEndian64(value).substr(4); }

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
//   'n' region (5), request id (16)                -> fold capability: waits for a newer server
//   'o' region (5), availability (1), request id (16) -> empty: cannot be shown, and why
//   'd' region (5), working days (4), start ms (8), request id (16), service level -> empty: a
//       clock that runs
//   't' region (5), working days (4), since ms (8), request id (16), service level -> empty: the
//       home node acts when nobody writes for so long
//   'g' region (5), service, 0x00, level (1), row (4), column (4), request id (16) -> place record
//   'q' region (5), request id (16)                -> service, place record: the same by age
//   'j' region (5), main id (16), request id (16)  -> empty: says that it is the same as the main
//   'v' region (5), received ms (8), request id (16), change id (16) -> refused record
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

inline std::string UnavailablePrefix(std::string_view region, uint8_t availability) {
  std::string key = "o" + std::string(region);
  key.push_back(static_cast<char>(availability));
  return key;
}
inline std::string Unavailable(const RequestKey& key, uint8_t availability) {
  return UnavailablePrefix(key.region, availability) + key.id.bytes();
}

// Of 'd' and 't'. In order of time within one region and number of working days, so that what is
// due is a prefix.
inline std::string ClockPrefix(char family, std::string_view region) {
  return std::string(1, family) + std::string(region);
}
inline std::string ClockPrefix(char family, std::string_view region, uint32_t working_days) {
  return ClockPrefix(family, region) + BigEndian32(working_days);
}
inline std::string ClockFrom(char family, std::string_view region, uint32_t working_days,
                             int64_t at_ms) {
  return ClockPrefix(family, region, working_days) + BigEndian64(static_cast<uint64_t>(at_ms));
}
inline constexpr char kRunning = 'd';
inline constexpr char kSilent = 't';
inline std::string Clock(char family, const RequestKey& key, uint32_t working_days, int64_t at_ms,
                         std::string_view level) {
  return ClockFrom(family, key.region, working_days, at_ms) + key.id.bytes() + std::string(level);
}

inline std::string PlacePrefix(std::string_view region, std::string_view service) {
  std::string key = "g" + std::string(region) + std::string(service);
  key.push_back('\0');
  return key;
}
inline std::string PlaceFrom(std::string_view region, std::string_view service, uint8_t level,
                             uint32_t row, uint32_t column) {
  std::string key = PlacePrefix(region, service);
  key.push_back(static_cast<char>(level));
  return key + BigEndian32(row) + BigEndian32(column);
}
inline std::string Place(const RequestKey& key, std::string_view service, uint8_t level,
                         uint32_t row, uint32_t column) {
  return PlaceFrom(key.region, service, level, row, column) + key.id.bytes();
}
inline std::string PlacedPrefix(std::string_view region) { return "q" + std::string(region); }
inline std::string Placed(const RequestKey& key) {
  return PlacedPrefix(key.region) + key.id.bytes();
}

inline std::string JoinedPrefix(const RequestKey& main) {
  return "j" + main.region + main.id.bytes();
}
inline std::string Joined(const RequestKey& main, const RequestId& joined) {
  return JoinedPrefix(main) + joined.bytes();
}

inline std::string RefusedPrefix(std::string_view region) { return "v" + std::string(region); }
// A foreign stamp may say anything; here it must keep its place in order of time. What is said to
// be from before 1970 is the oldest, what no hlc can hold the newest.
inline std::string RefusedFrom(std::string_view region, int64_t received_at_ms) {
  return RefusedPrefix(region) +
         BigEndian64(static_cast<uint64_t>(std::clamp<int64_t>(received_at_ms, 0, kHlcMsMax)));
}
inline std::string Refused(const RequestKey& key, int64_t received_at_ms, const ChangeId& change) {
  return RefusedFrom(key.region, received_at_ms) + key.id.bytes() + change.bytes();
}

inline constexpr std::string_view kNewerPrefix = "n";
inline std::string NewerPrefix(std::string_view region) {
  return std::string(kNewerPrefix) + std::string(region);
}
inline std::string Newer(const RequestKey& key) {
  return std::string(kNewerPrefix) + key.region + key.id.bytes();
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
//   what the newest build that opened the store can fold
inline constexpr std::string_view kCapability = "capability";
inline constexpr std::string_view kRegionPrefix = "region/";
inline std::string Region(std::string_view region) {
  return std::string(kRegionPrefix) + std::string(region);
}
//   "vv/" region (5), origin (8) -> highest contiguous seq
inline constexpr std::string_view kPositionPrefix = "vv/";
inline std::string PositionPrefix(std::string_view region) {
  return std::string(kPositionPrefix) + std::string(region);
}
inline std::string Position(std::string_view region, Origin origin) {
  return PositionPrefix(region) + BigEndian64(Raw(origin));
}
inline constexpr std::string_view kDefinitionPrefix = "definition/";
inline std::string Definition(const DefinitionHash& hash) {
  return std::string(kDefinitionPrefix) + hash.bytes();
}
//   "offer/" region (5), service -> offer record: what new requests of the service pin
inline constexpr std::string_view kOfferPrefix = "offer/";
inline std::string OfferPrefix(std::string_view region) {
  return std::string(kOfferPrefix) + std::string(region);
}
inline std::string Offer(std::string_view region, std::string_view service) {
  return OfferPrefix(region) + std::string(service);
}
//   "idempotent/" key -> record;  "idempotent-age/" time (8), key -> empty, for forgetting
inline std::string Idempotent(std::string_view key) { return "idempotent/" + std::string(key); }
inline constexpr std::string_view kIdempotentAgePrefix = "idempotent-age/";
inline std::string IdempotentAge(uint64_t time_ms, std::string_view key) {
  return std::string(kIdempotentAgePrefix) + BigEndian64(time_ms) + std::string(key);
}
//   "left/" region (5), position (8), bucket -> time (8), request id (16): a LEFT row of the feed
inline std::string LeftPrefix(std::string_view region) { return "left/" + std::string(region); }
inline std::string Left(std::string_view region, uint64_t position, std::string_view bucket) {
  return LeftPrefix(region) + BigEndian64(position) + std::string(bucket);
}
//   "left-forgotten/" region (5) -> the largest position of a LEFT row that was forgotten
inline std::string LeftForgotten(std::string_view region) {
  return "left-forgotten/" + std::string(region);
}
//   "peer/" name -> peer record: a node that this one dials, peers.h
inline constexpr std::string_view kPeerPrefix = "peer/";
inline std::string Peer(std::string_view name) {
  return std::string(kPeerPrefix) + std::string(name);
}
//   "tree/" region (5), origin (8) -> tree record: the Merkle tree of that log, merkle_log.h
inline constexpr std::string_view kTreePrefix = "tree/";
inline std::string Tree(std::string_view region, Origin origin) {
  return std::string(kTreePrefix) + LogPrefix(region, origin);
}
//   "tile/" region (5), origin (8), level (1), index (8) -> 1 to 256 hashes of that tree
inline constexpr std::string_view kTilePrefix = "tile/";
inline std::string TilePrefix(std::string_view region, Origin origin, uint8_t level) {
  std::string key = std::string(kTilePrefix) + LogPrefix(region, origin);
  key.push_back(static_cast<char>(level));
  return key;
}
inline std::string Tile(std::string_view region, Origin origin, uint8_t level, uint64_t index) {
  return TilePrefix(region, origin, level) + BigEndian64(index);
}

}  // namespace tikar::sync::keys

#endif  // TIKAR_SYNC_KEYS_H_
