// Addresses to listen on, checked before anything is made or opened.
//
// Thread safety: all functions from any thread.
#ifndef TIKAR_SERVER_LISTEN_ADDRESS_H_
#define TIKAR_SERVER_LISTEN_ADDRESS_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace tikar::server {

// "127.0.0.1:50151", "localhost:0" or "[::1]:50151" as gRPC takes it. InvalidArgument for anything
// but loopback: until devices are enrolled and TLS is there, nobody else may be let in.
absl::StatusOr<std::string> LoopbackAddress(const std::string& listen);

// The same for any address of this machine: "10.15.1.2:50152", "0.0.0.0:50152" and "[::]:50152" for
// all of them. For a listener that lets in only who shows a certificate.
absl::StatusOr<std::string> MirrorAddress(const std::string& listen);

// Unavailable when somebody has the port of `address`, which is as the functions above give it; the
// message names `flag`. gRPC finds that out too, but only once the store is open, and does not say
// why.
absl::Status CheckPortIsFree(const std::string& address, std::string_view flag);

}  // namespace tikar::server

#endif  // TIKAR_SERVER_LISTEN_ADDRESS_H_
