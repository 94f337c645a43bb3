// What of a TCP stream has come out of the link: in order, and ahead of something that was lost.
#ifndef TIKAR_TESTS_NETWORK_ARRIVALS_H_
#define TIKAR_TESTS_NETWORK_ARRIVALS_H_

#include <cstddef>
#include <cstdint>
#include <map>

namespace tikar::network {

// One direction of one connection. A value.
class Arrivals {
 public:
  // `sequence`: of the first byte to come.
  void Begin(uint32_t sequence);
  // A segment came; what had come before counts once.
  void Add(uint32_t sequence, size_t bytes);

  // Bytes that the far end can read.
  uint64_t in_order() const { return in_order_; }
  // Bytes that came and wait for others before them.
  uint64_t ahead() const;

 private:
  uint32_t first_ = 0;
  uint64_t in_order_ = 0;
  std::map<uint64_t, uint64_t> ahead_;  // begin to end, apart from each other
};

}  // namespace tikar::network

#endif  // TIKAR_TESTS_NETWORK_ARRIVALS_H_
