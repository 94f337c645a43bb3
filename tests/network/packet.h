// IPv4 and TCP as the link emulator needs them: whose segment is this, how much does it carry, and
// the reset by which somebody on the way ends a connection.
#ifndef TIKAR_TESTS_NETWORK_PACKET_H_
#define TIKAR_TESTS_NETWORK_PACKET_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace tikar::network {

using Packet = std::vector<uint8_t>;

// In host byte order.
struct TcpSegment {
  uint32_t source = 0;
  uint32_t destination = 0;
  uint16_t source_port = 0;
  uint16_t destination_port = 0;
  uint32_t sequence = 0;
  uint32_t acknowledgement = 0;
  bool syn = false;
  bool ack = false;
  bool reset = false;
  size_t payload_bytes = 0;
};

// Else it is IPv6: a machine that wakes up looks for routers.
bool IsIpv4(const Packet& packet);
// nullopt: not a whole TCP segment.
std::optional<TcpSegment> ParseTcp(const Packet& packet);

// To the sender of `segment`, as if from its peer. Exactly at the sequence that the sender waits
// for, or it would only be asked whether it is meant (RFC 5961, section 3).
Packet MakeReset(const TcpSegment& segment);

// Of the Internet (RFC 1071): over these bytes, continued from `sum`, not yet folded.
uint32_t ChecksumPart(const uint8_t* bytes, size_t size, uint32_t sum);
uint16_t ChecksumFold(uint32_t sum);

}  // namespace tikar::network

#endif  // TIKAR_TESTS_NETWORK_PACKET_H_
