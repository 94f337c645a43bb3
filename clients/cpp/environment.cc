#include "clients/cpp/environment.h"

#include <sys/random.h>

#include <array>
#include <cerrno>
#include <chrono>

#include "sync/status_macros.h"

namespace tikar::client {
namespace {

class OperatingSystemClock : public Clock {
 public:
  int64_t NowMs() override {
    return std::chrono::duration_cast<std::chrono::milliseconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
  }
};

class OperatingSystemRandom : public Random {
 public:
  void Fill(uint8_t* bytes, size_t size) override {
    while (size > 0) {
      const ssize_t got = getrandom(bytes, size, 0);
      if (got < 0 && errno == EINTR) continue;
      CHECK(got > 0);
      bytes += got;
      size -= static_cast<size_t>(got);
    }
  }
};

}  // namespace

uint64_t Random::Next() {
  std::array<uint8_t, 8> bytes;
  Fill(bytes.data(), bytes.size());
  uint64_t number = 0;
  for (uint8_t byte : bytes) number = number << 8 | byte;
  return number;
}

Clock& SystemClock() {
  static OperatingSystemClock clock;
  return clock;
}

Random& SystemRandom() {
  static OperatingSystemRandom random;
  return random;
}

}  // namespace tikar::client
