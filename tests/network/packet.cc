#include "packet.h"

namespace tikar::network {
namespace {

constexpr size_t kIpHeaderBytes = 20;
constexpr size_t kTcpHeaderBytes = 20;
constexpr uint8_t kTcpProtocol = 6;
constexpr uint8_t kSyn = 0x02, kReset = 0x04, kAck = 0x10;

uint16_t Read16(const uint8_t* at) { return static_cast<uint16_t>(at[0] << 8 | at[1]); }
uint32_t Read32(const uint8_t* at) {
  return static_cast<uint32_t>(Read16(at)) << 16 | Read16(at + 2);
}
void Write16(uint8_t* at, uint16_t value) {
  at[0] = static_cast<uint8_t>(value >> 8);
  at[1] = static_cast<uint8_t>(value);
}
void Write32(uint8_t* at, uint32_t value) {
  Write16(at, static_cast<uint16_t>(value >> 16));
  Write16(at + 2, static_cast<uint16_t>(value));
}

}  // namespace

uint32_t ChecksumPart(const uint8_t* bytes, size_t size, uint32_t sum) {
  for (size_t i = 0; i + 1 < size; i += 2) sum += Read16(bytes + i);
  if (size % 2 != 0) sum += static_cast<uint32_t>(bytes[size - 1]) << 8;
  return sum;
}

uint16_t ChecksumFold(uint32_t sum) {
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<uint16_t>(~sum);
}

bool IsIpv4(const Packet& packet) { return packet.size() >= kIpHeaderBytes && packet[0] >> 4 == 4; }

std::optional<TcpSegment> ParseTcp(const Packet& packet) {
  if (!IsIpv4(packet) || packet[9] != kTcpProtocol) return std::nullopt;
  const size_t ip_header = static_cast<size_t>(packet[0] & 0x0f) * 4;
  const size_t length = Read16(&packet[2]);
  if (length > packet.size() || ip_header + kTcpHeaderBytes > length) return std::nullopt;
  const uint8_t* tcp = &packet[ip_header];
  const size_t tcp_header = static_cast<size_t>(tcp[12] >> 4) * 4;
  if (ip_header + tcp_header > length) return std::nullopt;
  TcpSegment segment;
  segment.source = Read32(&packet[12]);
  segment.destination = Read32(&packet[16]);
  segment.source_port = Read16(tcp);
  segment.destination_port = Read16(tcp + 2);
  segment.sequence = Read32(tcp + 4);
  segment.acknowledgement = Read32(tcp + 8);
  segment.syn = (tcp[13] & kSyn) != 0;
  segment.ack = (tcp[13] & kAck) != 0;
  segment.reset = (tcp[13] & kReset) != 0;
  segment.payload_bytes = length - ip_header - tcp_header;
  return segment;
}

Packet MakeReset(const TcpSegment& segment) {
  Packet packet(kIpHeaderBytes + kTcpHeaderBytes, 0);
  uint8_t* ip = packet.data();
  ip[0] = 4 << 4 | kIpHeaderBytes / 4;
  Write16(ip + 2, static_cast<uint16_t>(packet.size()));
  ip[8] = 64;  // hops
  ip[9] = kTcpProtocol;
  Write32(ip + 12, segment.destination);
  Write32(ip + 16, segment.source);
  Write16(ip + 10, ChecksumFold(ChecksumPart(ip, kIpHeaderBytes, 0)));

  uint8_t* tcp = ip + kIpHeaderBytes;
  Write16(tcp, segment.destination_port);
  Write16(tcp + 2, segment.source_port);
  Write32(tcp + 4, segment.acknowledgement);
  tcp[12] = static_cast<uint8_t>(kTcpHeaderBytes / 4 << 4);
  tcp[13] = kReset;
  // TCP's sum also covers the addresses, the protocol and the length (RFC 9293, section 3.1).
  const uint32_t around =
      ChecksumPart(ip + 12, 8, 0) + kTcpProtocol + static_cast<uint32_t>(kTcpHeaderBytes);
  Write16(tcp + 16, ChecksumFold(ChecksumPart(tcp, kTcpHeaderBytes, around)));
  return packet;
}

}  // namespace tikar::network
