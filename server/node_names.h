// How nodes and hosts are called in certificates. (The bare name of a node is sync/peers.h's.)
//
// Thread safety: all functions from any thread.
#ifndef TIKAR_SERVER_NODE_NAMES_H_
#define TIKAR_SERVER_NODE_NAMES_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/string_view.h"

namespace tikar::server {

// Every region, in a certificate's list.
inline constexpr std::string_view kEveryRegion = "*";

// Under which each node has a name that no other has, whatever hosts it is reached by.
inline constexpr absl::string_view kNodeDomain = ".tikar.internal";
// "kerinci.tikar.internal": who dials the node called kerinci expects a certificate for this.
std::string NodeDnsName(std::string_view name);
// A DNS name or an IP address, without port. Names under tikar.internal are not given away.
bool IsHost(std::string_view text);
// As inet_pton(3) takes it.
bool IsIpAddress(const std::string& text);
// Whether one of the grants, each as sync::IsMirrorPrefix, is for the region.
bool GrantsRegion(const std::vector<std::string>& grants, std::string_view region);

}  // namespace tikar::server

#endif  // TIKAR_SERVER_NODE_NAMES_H_
