#include "sync/feed_cursor.h"

#include <algorithm>
#include <optional>

#include "sync/canonical.h"
#include "sync/change.h"

namespace tikar::sync {
namespace {

constexpr uint8_t kCursorVersion = 2;
constexpr size_t kCursorBytesMax = 256 << 10;
// No log gets so long; beyond it, arithmetic with what a phone made up would leave its range.
constexpr uint64_t kSeqMax = uint64_t{1} << 48;
// A cursor ends with this much of the SHA-256 of what stands before: a phone whose storage lost a
// bit starts over instead of skipping what it never got. It guards against accidents, not against
// phones.
constexpr size_t kCursorCheckBytes = 8;

void Put(CanonicalWriter& writer, const VersionVector& vector) {
  writer.Varint(vector.positions().size());
  for (const VersionVector::Position& position : vector.positions()) {
    writer.Fixed64(Raw(position.origin));
    writer.Varint(position.seq);
  }
}
VersionVector GetVector(CanonicalReader& reader) {
  VersionVector vector;
  const size_t count = reader.Count(9);
  for (size_t i = 0; i < count; ++i) {
    const Origin origin{reader.Fixed64()};
    const uint64_t seq = reader.Varint();
    // Ascending, as it was written: what somebody else wrote shall not cost a sort.
    const bool ascends = vector.empty() || vector.positions().back().origin < origin;
    if (origin != Origin::kNone && ascends) vector.Advance(origin, seq);
  }
  return vector;
}
void Put(CanonicalWriter& writer, const std::vector<EntryRange>& ranges) {
  writer.Varint(ranges.size());
  for (const EntryRange& range : ranges) {
    writer.Fixed64(Raw(range.origin));
    writer.Varint(range.after);
    writer.Varint(range.end - range.after);
  }
}
// False: no ranges that a server wrote.
bool GetRanges(CanonicalReader& reader, std::vector<EntryRange>* ranges) {
  ranges->resize(reader.Count(10));
  for (EntryRange& range : *ranges) {
    range.origin = Origin{reader.Fixed64()};
    range.after = reader.Varint();
    const uint64_t size = reader.Varint();
    if (size == 0 || size > kSeqMax || range.after > kSeqMax) return false;
    range.end = range.after + size;
  }
  return true;
}
std::vector<std::string> GetTexts(CanonicalReader& reader) {
  std::vector<std::string> texts(reader.Count());
  for (std::string& text : texts) text = std::string(reader.Bytes());
  return texts;
}

}  // namespace

VersionVector Beyond(const VersionVector& vector, const VersionVector& base) {
  VersionVector beyond;
  for (const VersionVector::Position& position : vector.positions()) {
    if (base.Get(position.origin) < position.seq) beyond.Advance(position.origin, position.seq);
  }
  return beyond;
}
void Put(CanonicalWriter& writer, const std::vector<std::string>& texts) {
  writer.Varint(texts.size());
  for (const std::string& text : texts) writer.Bytes(text);
}

VersionVector Common(const VersionVector& a, const VersionVector& b) {
  VersionVector common;
  for (const VersionVector::Position& position : a.positions()) {
    const uint64_t seq = std::min(position.seq, b.Get(position.origin));
    if (seq > 0) common.Advance(position.origin, seq);
  }
  return common;
}

std::string EncodeCursor(const std::vector<RegionCursor>& cursors) {
  CanonicalWriter writer;
  writer.Byte(kCursorVersion);
  writer.Varint(cursors.size());
  for (const RegionCursor& cursor : cursors) {
    writer.Bytes(cursor.region);
    writer.Fixed64(Raw(cursor.feed));
    writer.Varint(cursor.from);
    Put(writer, cursor.known);
    Put(writer, Beyond(cursor.seen, cursor.known));
    writer.Varint(cursor.unchecked.size());
    for (const RegionCursor::Unchecked& unchecked : cursor.unchecked) {
      writer.Fixed64(Raw(unchecked.origin));
      writer.Varint(unchecked.checked);
      writer.Varint(unchecked.end);
    }
    Put(writer, cursor.withheld);
    Put(writer, cursor.damaged);
    Put(writer, cursor.filled);
    writer.Byte(static_cast<uint8_t>(cursor.pass));
    if (cursor.pass == RegionCursor::Pass::kNone) continue;
    writer.Varint(cursor.to);
    Put(writer, cursor.known_at_to);
    Put(writer, cursor.damaged_in_pass);
    Put(writer, cursor.filling);
    writer.Bytes(cursor.bucket);
    writer.Varint(cursor.position);
    Put(writer, cursor.walked);
    writer.Varint(cursor.sent);
  }
  std::string bytes = writer.Take();
  bytes += Sha256(bytes).view().substr(0, kCursorCheckBytes);
  return bytes;
}

absl::StatusOr<std::vector<RegionCursor>> DecodeCursor(std::string_view bytes) {
  std::vector<RegionCursor> cursors;
  if (bytes.empty()) return cursors;
  const auto bad = [] {
    return absl::InvalidArgumentError(
        "the cursor is not one that a Tikar server gave out; send an empty one to start over");
  };
  if (bytes.size() > kCursorBytesMax || bytes.size() < kCursorCheckBytes) return bad();
  const std::string_view content = bytes.substr(0, bytes.size() - kCursorCheckBytes);
  if (!bytes.ends_with(Sha256(content).view().substr(0, kCursorCheckBytes))) return bad();
  CanonicalReader reader(content);
  if (reader.Byte() != kCursorVersion) return bad();
  cursors.resize(reader.Count(16));
  for (RegionCursor& cursor : cursors) {
    cursor.region = std::string(reader.Bytes());
    cursor.feed = FeedId{reader.Fixed64()};
    cursor.from = reader.Varint();
    cursor.known = GetVector(reader);
    cursor.seen = GetVector(reader);
    cursor.seen.Join(cursor.known);
    cursor.unchecked.resize(reader.Count(10));
    for (RegionCursor::Unchecked& unchecked : cursor.unchecked) {
      unchecked.origin = Origin{reader.Fixed64()};
      unchecked.checked = reader.Varint();
      unchecked.end = reader.Varint();
    }
    if (!GetRanges(reader, &cursor.withheld) || !GetRanges(reader, &cursor.damaged)) return bad();
    cursor.filled = GetTexts(reader);
    const uint8_t pass = reader.Byte();
    if (pass > static_cast<uint8_t>(RegionCursor::Pass::kRoam)) return bad();
    cursor.pass = static_cast<RegionCursor::Pass>(pass);
    if (!IsRegion(cursor.region)) return bad();
    if (cursor.pass == RegionCursor::Pass::kNone) continue;
    cursor.to = reader.Varint();
    cursor.known_at_to = GetVector(reader);
    if (!GetRanges(reader, &cursor.damaged_in_pass)) return bad();
    cursor.filling = GetTexts(reader);
    cursor.bucket = std::string(reader.Bytes());
    cursor.position = reader.Varint();
    cursor.walked = GetVector(reader);
    cursor.sent = reader.Varint();
  }
  if (!reader.done()) return bad();
  return cursors;
}

}  // namespace tikar::sync
