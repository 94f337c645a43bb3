// What a server is told about mirroring.
#ifndef TIKAR_SERVER_MIRROR_OPTIONS_H_
#define TIKAR_SERVER_MIRROR_OPTIONS_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "server/identity.h"
#include "sync/peers.h"

namespace tikar::server {

struct MirrorOptions {
  // This node's name; empty: it mirrors with nobody.
  std::string node;
  // What it mirrors; IsMirrorPrefix each.
  std::vector<std::string> regions = {"*"};
  // Of the command line.
  std::vector<sync::PeerRecord> peers;
  // Who it is to others. Null: links are without TLS, and only with nodes on this machine.
  std::shared_ptr<const Identity> identity;
};

// Whether a node with these regions mirrors all that `prefix` stands for.
bool IsMirrored(const std::vector<std::string>& regions, const std::string& prefix);
// "NAME=HOST:PORT" of --peer. InvalidArgument says what is wrong with it.
absl::StatusOr<sync::PeerRecord> ParsePeer(const std::string& text);
// InvalidArgument unless `address` is HOST:PORT with a port from 1 to 65535 (an IPv6 address in
// brackets).
absl::Status CheckPeerAddress(const std::string& address);
// Whether it is on this machine.
bool IsLoopbackPeer(const std::string& address);
// "15.01,12.04" or "*" of --mirror-regions: what is wrong with it; empty: nothing.
std::string MirrorRegionsMistake(const std::string& text);

}  // namespace tikar::server

#endif  // TIKAR_SERVER_MIRROR_OPTIONS_H_
