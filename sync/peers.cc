#include "sync/peers.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "sync/canonical.h"
#include "sync/feed_scope.h"
#include "sync/keys.h"
#include "sync/status_macros.h"
#include "sync/types.h"

namespace tikar::sync {
namespace {

constexpr uint8_t kPeerVersion = 1;
constexpr size_t kNodeNameBytesMax = 63;

bool IsLowerOrDigit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

}  // namespace

std::string EncodePeer(const PeerRecord& record) {
  CanonicalWriter writer;
  writer.Byte(kPeerVersion);
  writer.Bytes(record.address);
  writer.Varint(record.regions.size());
  for (const std::string& region : record.regions) writer.Bytes(region);
  writer.SignedVarint(record.created_at_ms);
  return writer.Take();
}

absl::StatusOr<PeerRecord> DecodePeer(std::string_view name, std::string_view bytes) {
  CanonicalReader reader(bytes);
  if (const uint8_t version = reader.Byte(); reader.ok() && version > kPeerVersion) {
    return absl::DataLossError(absl::StrCat("a stored peer has version ", version,
                                            ", this build knows up to ", kPeerVersion,
                                            ": upgrade tikard"));
  }
  PeerRecord record;
  record.name = std::string(name);
  record.address = std::string(reader.Bytes());
  const uint64_t regions = reader.Varint();
  for (uint64_t i = 0; i < regions && reader.ok(); ++i) {
    record.regions.emplace_back(reader.Bytes());
  }
  record.created_at_ms = reader.SignedVarint();
  if (!reader.done() || !IsNodeName(name)) {
    return absl::DataLossError(absl::StrCat("the stored peer ", AbslView(name), " is damaged"));
  }
  return record;
}

absl::StatusOr<std::optional<PeerRecord>> FindPeer(const Reader& reader, std::string_view name) {
  ASSIGN_OR_RETURN(const std::optional<std::string> bytes,
                   reader.Get(Family::kMeta, keys::Peer(name)));
  if (!bytes) return std::nullopt;
  ASSIGN_OR_RETURN(PeerRecord peer, DecodePeer(name, *bytes));
  return peer;
}

absl::StatusOr<std::vector<PeerRecord>> ListPeers(const Reader& reader) {
  std::vector<PeerRecord> peers;
  absl::Status status;
  RETURN_IF_ERROR(reader.Scan(Family::kMeta, keys::kPeerPrefix, PrefixEnd(keys::kPeerPrefix),
                              [&](std::string_view key, std::string_view value) {
                                absl::StatusOr<PeerRecord> peer =
                                    DecodePeer(key.substr(keys::kPeerPrefix.size()), value);
                                status = peer.status();
                                if (peer.ok()) peers.push_back(*std::move(peer));
                                return status.ok();
                              }));
  RETURN_IF_ERROR(status);
  return peers;
}

bool IsNodeName(std::string_view name) {
  return !name.empty() && name.size() <= kNodeNameBytesMax && name.front() != '-' &&
         name.back() != '-' && std::all_of(name.begin(), name.end(), [](char c) {
           return c == '-' || IsLowerOrDigit(c);
         });
}

bool IsMirrorPrefix(std::string_view prefix) {
  constexpr size_t kRegionLength = 5;
  return prefix == "*" || (prefix.size() <= kRegionLength && IsAreaPrefix(prefix));
}

bool MirrorPrefixHolds(std::string_view prefix, std::string_view region) {
  return prefix == "*" || AreaWithin(region, prefix);
}

}  // namespace tikar::sync
