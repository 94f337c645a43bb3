#include "server/mirror_options.h"

#include <algorithm>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "server/listen_address.h"

namespace tikar::server {

absl::Status CheckPeerAddress(const std::string& address) {
  const size_t colon = address.rfind(':');
  const std::string host = colon == std::string::npos ? "" : address.substr(0, colon);
  int port = 0;
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  const auto plain = [](char c) { return c != ':' && c != '[' && c != ']' && c > ' ' && c != '/'; };
  if (host.empty() || address.size() > sync::kPeerAddressBytesMax ||
      !(bracketed || std::all_of(host.begin(), host.end(), plain)) ||
      !absl::SimpleAtoi(address.substr(colon + 1), &port) || port < 1 || port > 65'535) {
    return absl::InvalidArgumentError(absl::StrCat(
        "\"", address, "\" is no address of a node: give HOST:PORT, such as 10.12.4.1:50152"));
  }
  return absl::OkStatus();
}

bool IsMirrored(const std::vector<std::string>& regions, const std::string& prefix) {
  return std::any_of(regions.begin(), regions.end(), [&](const std::string& own) {
    return own == "*" || (prefix != "*" && sync::MirrorPrefixHolds(own, prefix));
  });
}

bool IsLoopbackPeer(const std::string& address) { return LoopbackAddress(address).ok(); }

absl::StatusOr<sync::PeerRecord> ParsePeer(const std::string& text) {
  const size_t equals = text.find('=');
  if (equals == std::string::npos || !sync::IsNodeName(text.substr(0, equals))) {
    return absl::InvalidArgumentError(absl::StrCat(
        "\"", text, "\" is no peer: give NAME=HOST:PORT, such as nias=10.12.4.1:50152"));
  }
  sync::PeerRecord peer;
  peer.name = text.substr(0, equals);
  peer.address = text.substr(equals + 1);
  if (const absl::Status checked = CheckPeerAddress(peer.address); !checked.ok()) return checked;
  return peer;
}

std::string MirrorRegionsMistake(const std::string& text) {
  for (const std::string& prefix : std::vector<std::string>(absl::StrSplit(text, ','))) {
    if (!sync::IsMirrorPrefix(prefix)) {
      return absl::StrCat("\"", prefix, "\" is no province or region such as 15 or 15.01, nor *");
    }
  }
  return "";
}

}  // namespace tikar::server
