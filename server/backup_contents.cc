#include "server/backup_contents.h"

#include <algorithm>
#include <optional>
#include <set>

#include "sync/canonical.h"
#include "sync/keys.h"
#include "sync/query.h"
#include "sync/records.h"
#include "sync/status_macros.h"
#include "sync/version_vector.h"

namespace tikar::server {
namespace {

constexpr uint8_t kContentsVersion = 1;
// Of a region in the encoding, at least: a length and four numbers.
constexpr size_t kRegionBytesMin = 5;

}  // namespace

absl::StatusOr<BackupContents> ContentsOf(const sync::Reader& reader) {
  BackupContents contents;
  ASSIGN_OR_RETURN(const std::optional<std::string> bytes,
                   reader.Get(sync::Family::kMeta, sync::keys::kNode));
  if (bytes) {
    ASSIGN_OR_RETURN(const sync::NodeRecord node, sync::DecodeNode(*bytes));
    contents.origin = node.origin;
    contents.past_origins = node.past_origins;
  }
  ASSIGN_OR_RETURN(const auto statuses, sync::LoadRegionStatuses(reader));
  for (const v1::RegionStatus& status : statuses) {
    BackupContents::Region region;
    region.region = status.region();
    region.requests = status.requests();
    region.changes = status.changes();
    ASSIGN_OR_RETURN(const sync::VersionVector vector,
                     sync::LoadVersionVector(reader, status.region()));
    for (const auto& position : vector.positions()) region.entries += position.seq;
    region.last_seq = vector.Get(contents.origin);
    contents.regions.push_back(std::move(region));
  }
  return contents;
}

std::string EncodeContents(const BackupContents& contents) {
  sync::CanonicalWriter writer;
  writer.Byte(kContentsVersion);
  writer.Fixed64(sync::Raw(contents.origin));
  writer.Varint(contents.past_origins.size());
  for (const sync::Origin origin : contents.past_origins) writer.Fixed64(sync::Raw(origin));
  writer.Varint(contents.regions.size());
  for (const BackupContents::Region& region : contents.regions) {
    writer.Bytes(region.region);
    writer.Varint(region.requests);
    writer.Varint(region.changes);
    writer.Varint(region.entries);
    writer.Varint(region.last_seq);
  }
  return writer.Take();
}

absl::StatusOr<BackupContents> DecodeContents(std::string_view bytes) {
  sync::CanonicalReader reader(bytes);
  const uint8_t version = reader.Byte();
  BackupContents contents;
  contents.origin = sync::Origin{reader.Fixed64()};
  contents.past_origins.resize(reader.Count(8));
  for (sync::Origin& origin : contents.past_origins) origin = sync::Origin{reader.Fixed64()};
  contents.regions.resize(reader.Count(kRegionBytesMin));
  for (BackupContents::Region& region : contents.regions) {
    region.region = std::string(reader.Bytes());
    region.requests = reader.Varint();
    region.changes = reader.Varint();
    region.entries = reader.Varint();
    region.last_seq = reader.Varint();
  }
  if (version != kContentsVersion || !reader.done()) {
    return absl::DataLossError("what the backup says of its contents cannot be read");
  }
  return contents;
}

bool OfOneStore(const BackupContents& earlier, const BackupContents& contents) {
  std::set<sync::Origin> known(contents.past_origins.begin(), contents.past_origins.end());
  known.insert(contents.origin);
  return known.count(earlier.origin) != 0 ||
         std::any_of(earlier.past_origins.begin(), earlier.past_origins.end(),
                     [&](sync::Origin origin) { return known.count(origin) != 0; });
}

}  // namespace tikar::server
