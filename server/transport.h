// What every gRPC listener of tikard has in common below the services: sizes, keepalive, memory.
#ifndef TIKAR_SERVER_TRANSPORT_H_
#define TIKAR_SERVER_TRANSPORT_H_

#include <grpcpp/grpcpp.h>

#include <cstdint>

namespace tikar::server {

// Keepalive, milliseconds. A phone pings every 120 s at most: more often wakes its radio for
// nothing. Both ends must agree, or gRPC takes pings for abuse and hangs up.
inline constexpr int kPingMs = 120'000;
inline constexpr int kPingTimeoutMs = 60'000;
inline constexpr int kPingIntervalMsMin = 60'000;
// From the last answer to the end of connections, milliseconds.
inline constexpr int64_t kFlushMs = 500;
// Streams of one connection; a phone has one, a gateway for many has hundreds.
inline constexpr int kStreamsPerConnectionMax = 1'000;
// What gRPC itself may hold for messages on their way, bytes, of one listener.
inline constexpr size_t kTransportBytesMax = 512 << 20;

void SetUpTransport(grpc::ServerBuilder& builder);

}  // namespace tikar::server

#endif  // TIKAR_SERVER_TRANSPORT_H_
