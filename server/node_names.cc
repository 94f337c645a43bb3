#include "server/node_names.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cstdint>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "sync/peers.h"
#include "sync/types.h"

namespace tikar::server {

bool IsIpAddress(const std::string& text) {
  std::array<uint8_t, sizeof(in6_addr)> bytes;
  return inet_pton(AF_INET, text.c_str(), bytes.data()) == 1 ||
         inet_pton(AF_INET6, text.c_str(), bytes.data()) == 1;
}

std::string NodeDnsName(std::string_view name) {
  return absl::StrCat(sync::AbslView(name), kNodeDomain);
}

bool IsHost(std::string_view text) {
  constexpr size_t kBytesMax = 253, kLabelBytesMax = 63;
  const std::string host(text);
  if (host.empty() || host.size() > kBytesMax || absl::EndsWithIgnoreCase(host, kNodeDomain)) {
    return false;
  }
  if (IsIpAddress(host)) return true;
  const std::vector<std::string> labels = absl::StrSplit(host, '.');
  // Whose last label is a number looks like an address, and is a wrong one.
  if (labels.back().find_first_not_of("0123456789") == std::string::npos) return false;
  return std::all_of(labels.begin(), labels.end(), [](const std::string& label) {
    return !label.empty() && label.size() <= kLabelBytesMax && label.front() != '-' &&
           label.back() != '-' && std::all_of(label.begin(), label.end(), [](char c) {
             return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                    c == '-';
           });
  });
}

bool GrantsRegion(const std::vector<std::string>& grants, std::string_view region) {
  return std::any_of(grants.begin(), grants.end(), [region](const std::string& grant) {
    return sync::MirrorPrefixHolds(grant, region);
  });
}

}  // namespace tikar::server
