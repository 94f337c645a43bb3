// Decisions out of the fuzzer's bytes: each takes some from the front. When none are left the
// answer is always the first choice, so that every input has a meaning and shorter ones mean
// simpler things.
#ifndef TIKAR_TESTS_FUZZ_BYTE_SOURCE_H_
#define TIKAR_TESTS_FUZZ_BYTE_SOURCE_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tikar::fuzz {

// Not safe for threads. The bytes must outlive it.
class ByteSource {
 public:
  explicit ByteSource(std::string_view bytes) : rest_(bytes) {}

  bool empty() const { return rest_.empty(); }
  uint8_t Byte() {
    if (rest_.empty()) return 0;
    const uint8_t byte = static_cast<uint8_t>(rest_.front());
    rest_.remove_prefix(1);
    return byte;
  }
  // 0 to n - 1, of one byte; n is 1 to 256.
  size_t Below(size_t n) { return Byte() % n; }
  bool Flag() { return (Byte() & 1) != 0; }
  uint64_t Number(int bytes) {
    uint64_t number = 0;
    for (int i = 0; i < bytes; ++i) number = number << 8 | Byte();
    return number;
  }
  template <typename T>
  const T& Pick(const std::vector<T>& items) {
    return items[Below(items.size())];
  }
  // As long as the next byte says, or as there are.
  std::string Bytes() { return Take(Byte()); }
  std::string Take(size_t size) {
    std::string taken(rest_.substr(0, size));
    rest_.remove_prefix(taken.size());
    return taken;
  }
  std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
};

}  // namespace tikar::fuzz

#endif  // TIKAR_TESTS_FUZZ_BYTE_SOURCE_H_
