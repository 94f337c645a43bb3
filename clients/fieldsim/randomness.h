// Randomness from a seed, so that a run can be played again with the same content.
//
// What a phone writes with its n-th change follows from (seed, phone, n) alone: whatever one phone
// needed more or less of does not shift what the others write.
#ifndef TIKAR_CLIENTS_FIELDSIM_RANDOMNESS_H_
#define TIKAR_CLIENTS_FIELDSIM_RANDOMNESS_H_

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <utility>
#include <vector>

#include "clients/cpp/environment.h"

namespace tikar::fieldsim {

// SplitMix64 (Steele, Lea, Flood 2014). Not thread-safe.
class Dice {
 public:
  // The same keys give the same rolls.
  explicit Dice(std::initializer_list<uint64_t> keys);

  uint64_t Next();
  // 0 to n - 1; n > 0. The bias is below n / 2^64.
  uint64_t Below(uint64_t n) { return Next() % n; }
  // From low to high, both included.
  int64_t Between(int64_t low, int64_t high) {
    return low + static_cast<int64_t>(Below(static_cast<uint64_t>(high - low) + 1));
  }
  // True in `percent` of 100 cases.
  bool Percent(uint64_t percent) { return Below(100) < percent; }
  template <typename List>
  const auto& Pick(const List& list) {
    return list[Below(std::size(list))];
  }
  template <typename T>
  void Shuffle(std::vector<T>* list) {
    for (size_t i = list->size(); i > 1; --i) std::swap((*list)[i - 1], (*list)[Below(i)]);
  }

 private:
  uint64_t state_ = 0;
};

// For the SDK: nonces and waits.
class SeededRandom : public client::Random {
 public:
  explicit SeededRandom(Dice dice) : dice_(dice) {}
  void Fill(uint8_t* bytes, size_t size) override;

 private:
  Dice dice_;
};

// A phone's clock: the machine's, off by so much.
class DeviceClock : public client::Clock {
 public:
  explicit DeviceClock(int64_t offset_ms) : offset_ms_(offset_ms) {}
  int64_t NowMs() override { return client::SystemClock().NowMs() + offset_ms_; }

 private:
  const int64_t offset_ms_;
};

}  // namespace tikar::fieldsim

#endif  // TIKAR_CLIENTS_FIELDSIM_RANDOMNESS_H_
