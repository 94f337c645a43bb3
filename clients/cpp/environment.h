// What the SDK takes from the world: time and randomness. Injected, so that a simulator can run the
// same code with a clock that lies and a seed that replays.
#ifndef TIKAR_CLIENTS_CPP_ENVIRONMENT_H_
#define TIKAR_CLIENTS_CPP_ENVIRONMENT_H_

#include <cstddef>
#include <cstdint>

namespace tikar::client {

class Clock {
 public:
  virtual ~Clock() = default;
  // The device's clock, milliseconds since the epoch. May be wrong, stand still or run back.
  virtual int64_t NowMs() = 0;
};

class Random {
 public:
  virtual ~Random() = default;
  virtual void Fill(uint8_t* bytes, size_t size) = 0;
  // Uniform over all 64-bit numbers.
  uint64_t Next();
};

// The operating system's. Safe from any thread; live for the whole process.
Clock& SystemClock();
Random& SystemRandom();

}  // namespace tikar::client

#endif  // TIKAR_CLIENTS_CPP_ENVIRONMENT_H_
