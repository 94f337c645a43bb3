#include "clients/fieldsim/randomness.h"

namespace tikar::fieldsim {
namespace {

uint64_t Mix(uint64_t z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

constexpr uint64_t kGolden = 0x9e3779b97f4a7c15;

}  // namespace

Dice::Dice(std::initializer_list<uint64_t> keys) {
  for (const uint64_t key : keys) state_ = Mix(state_ + kGolden) ^ Mix(key + kGolden);
}

uint64_t Dice::Next() { return Mix(state_ += kGolden); }

void SeededRandom::Fill(uint8_t* bytes, size_t size) {
  for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<uint8_t>(dice_.Next());
}

}  // namespace tikar::fieldsim
