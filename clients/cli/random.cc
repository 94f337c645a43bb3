#include "clients/cli/random.h"

#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

#include "sync/status_macros.h"

namespace tikar::cli {
namespace {

template <size_t N>
std::array<uint8_t, N> RandomBytes() {
  std::array<uint8_t, N> bytes;
  // Fails only where the operating system has no entropy at all.
  CHECK(RAND_bytes(bytes.data(), static_cast<int>(N)) == 1);
  return bytes;
}

}  // namespace

std::string RandomUuid() {
  std::array<uint8_t, 16> bytes = RandomBytes<16>();
  bytes[6] = static_cast<uint8_t>((bytes[6] & 0x0F) | 0x40);
  bytes[8] = static_cast<uint8_t>((bytes[8] & 0x3F) | 0x80);
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += kDigits[bytes[i] >> 4];
    text += kDigits[bytes[i] & 15];
  }
  return text;
}

absl::Duration BackoffDelay(int attempt, absl::Duration first, absl::Duration longest) {
  absl::Duration most = first;
  for (int i = 1; i < attempt && most < longest; ++i) most *= 2;
  most = std::min(most, longest);
  const std::array<uint8_t, 2> bytes = RandomBytes<2>();
  const int64_t part = bytes[0] << 8 | bytes[1];
  return most / 2 + (most / 2) * part / 65536;
}

}  // namespace tikar::cli
