#include "server/listen_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <optional>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "sync/status_macros.h"
#include "sync/types.h"

namespace tikar::server {
namespace {

constexpr int kPortMax = 65'535;

struct Address {
  // As it stands before the port: "127.0.0.1", "[::1]".
  std::string host;
  int port = 0;
  bool is_v6 = false;
  in_addr v4 = {};
  in6_addr v6 = {};
};

// nullopt: no IP address (or "localhost") and port.
std::optional<Address> Parse(const std::string& text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string::npos) return std::nullopt;
  Address address;
  address.host = text.substr(0, colon);
  if (!absl::SimpleAtoi(text.substr(colon + 1), &address.port) || address.port < 0 ||
      address.port > kPortMax) {
    return std::nullopt;
  }
  if (address.host == "localhost") address.host = "127.0.0.1";
  address.is_v6 = absl::StartsWith(address.host, "[") && absl::EndsWith(address.host, "]");
  if (address.is_v6) {
    const std::string bare = address.host.substr(1, address.host.size() - 2);
    if (inet_pton(AF_INET6, bare.c_str(), &address.v6) != 1) return std::nullopt;
  } else if (inet_pton(AF_INET, address.host.c_str(), &address.v4) != 1) {
    return std::nullopt;
  }
  return address;
}

bool IsLoopback(const Address& address) {
  return address.is_v6 ? std::memcmp(&address.v6, &in6addr_loopback, sizeof(in6_addr)) == 0
                       : ntohl(address.v4.s_addr) >> 24 == 127;
}

std::string Format(const Address& address) { return absl::StrCat(address.host, ":", address.port); }

}  // namespace

absl::StatusOr<std::string> LoopbackAddress(const std::string& listen) {
  const std::optional<Address> address = Parse(listen);
  if (address.has_value() && IsLoopback(*address)) return Format(*address);
  return absl::InvalidArgumentError(absl::StrCat(
      "cannot listen on \"", listen,
      "\": give a loopback address and a port, such as 127.0.0.1:50151 or [::1]:0",
      address.has_value() ? ". Without TLS and enrolled devices, which come in a later version, "
                            "anybody who reaches the port could read and write everything"
                          : ""));
}

absl::StatusOr<std::string> MirrorAddress(const std::string& listen) {
  const std::optional<Address> address = Parse(listen);
  if (address.has_value()) return Format(*address);
  return absl::InvalidArgumentError(
      absl::StrCat("cannot listen for other nodes on \"", listen,
                   "\": give an IP address of this machine and a port, such as 10.15.1.2:50152, or "
                   "0.0.0.0:50152 for all of its addresses"));
}

absl::Status CheckPortIsFree(const std::string& text, std::string_view flag) {
  const std::optional<Address> address = Parse(text);
  CHECK(address.has_value());
  if (address->port == 0) return absl::OkStatus();
  sockaddr_in v4 = {};
  v4.sin_family = AF_INET;
  v4.sin_port = htons(static_cast<uint16_t>(address->port));
  v4.sin_addr = address->v4;
  sockaddr_in6 v6 = {};
  v6.sin6_family = AF_INET6;
  v6.sin6_port = v4.sin_port;
  v6.sin6_addr = address->v6;
  const int probe = socket(address->is_v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  // As gRPC does it: connections that ended a moment ago are in nobody's way.
  const int reuse = 1;
  int error = 0;
  if (probe < 0 || setsockopt(probe, SOL_SOCKET, SO_REUSEADDR, &reuse, sizeof(reuse)) != 0 ||
      (address->is_v6 ? bind(probe, reinterpret_cast<const sockaddr*>(&v6), sizeof(v6))
                      : bind(probe, reinterpret_cast<const sockaddr*>(&v4), sizeof(v4))) != 0) {
    error = errno;
  }
  if (probe >= 0) close(probe);
  if (error == 0) return absl::OkStatus();
  if (error == EADDRINUSE) {
    return absl::UnavailableError(absl::StrCat("port ", address->port,
                                               " is in use by another program; give another with ",
                                               sync::AbslView(flag)));
  }
  return absl::UnavailableError(
      absl::StrCat("cannot listen on ", text, ": ", std::strerror(error)));
}

}  // namespace tikar::server
