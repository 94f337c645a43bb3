// Seeded randomness that gives the same numbers with every standard library, so that a seed printed
// by one machine replays on another.
#ifndef TIKAR_TESTS_PROPERTY_RANDOM_H_
#define TIKAR_TESTS_PROPERTY_RANDOM_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace tikar::property {

// SplitMix64 (Steele, Lea, Flood 2014). Not safe for threads.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}

  uint64_t Next() {
    uint64_t z = (state_ += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  // 0 to n - 1; n is not zero. The bias of the remainder does not matter here.
  uint64_t Below(uint64_t n) { return Next() % n; }
  // Both ends included.
  int64_t Between(int64_t low, int64_t high) {
    return low + static_cast<int64_t>(Below(static_cast<uint64_t>(high - low) + 1));
  }
  bool Percent(uint64_t percent) { return Below(100) < percent; }
  bool PerMille(uint64_t per_mille) { return Below(1000) < per_mille; }

  template <typename T>
  const T& Pick(const std::vector<T>& items) {
    return items[Below(items.size())];
  }
  // Index by weight; the sum is not zero.
  size_t Weighted(const std::vector<uint64_t>& weights) {
    uint64_t sum = 0;
    for (const uint64_t weight : weights) sum += weight;
    uint64_t at = Below(sum);
    size_t i = 0;
    while (at >= weights[i]) at -= weights[i++];
    return i;
  }
  template <typename T>
  void Shuffle(std::vector<T>& items) {
    for (size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[Below(i)]);
  }
  std::string Bytes(size_t count) {
    std::string bytes;
    while (bytes.size() < count) bytes.push_back(static_cast<char>(Below(256)));
    return bytes;
  }

 private:
  uint64_t state_;
};

}  // namespace tikar::property

#endif  // TIKAR_TESTS_PROPERTY_RANDOM_H_
