// Peers: the nodes that this one was told to dial (`tikar peers add`), as the store keeps them.
//
// They are in the store and not in a file beside it: what is restored from a backup then knows whom
// to ask for the entries that it lost, and a name that was answered is durable.
//
// Functions of a Reader, for any thread over a snapshot.
#ifndef TIKAR_SYNC_PEERS_H_
#define TIKAR_SYNC_PEERS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "sync/store.h"

namespace tikar::sync {

// Peers of one node. A hub of every regency has 514, and those dial it, not it them.
inline constexpr size_t kPeersMax = 1'024;
inline constexpr size_t kPeerAddressBytesMax = 255;
// Prefixes of what is mirrored with one peer.
inline constexpr size_t kMirrorPrefixesMax = 1'024;

struct PeerRecord {
  std::string name;
  // "HOST:PORT".
  std::string address;
  // Provinces and regions to mirror with it, of those that this node mirrors; empty: all of those.
  std::vector<std::string> regions;
  int64_t created_at_ms = 0;
  friend bool operator==(const PeerRecord&, const PeerRecord&) = default;
};
std::string EncodePeer(const PeerRecord& record);
absl::StatusOr<PeerRecord> DecodePeer(std::string_view name, std::string_view bytes);

absl::StatusOr<std::optional<PeerRecord>> FindPeer(const Reader& reader, std::string_view name);
// Sorted by name.
absl::StatusOr<std::vector<PeerRecord>> ListPeers(const Reader& reader);

// A node's name is a DNS label, so that it can stand in a certificate: [a-z0-9] and, within, "-"; 1
// to 63 characters.
bool IsNodeName(std::string_view name);
// "*" (everything), a province "15" or a region "15.01".
bool IsMirrorPrefix(std::string_view prefix);
// Whether what the prefix stands for holds the region.
bool MirrorPrefixHolds(std::string_view prefix, std::string_view region);

}  // namespace tikar::sync

#endif  // TIKAR_SYNC_PEERS_H_
