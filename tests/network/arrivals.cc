#include "arrivals.h"

#include <algorithm>
#include <iterator>

namespace tikar::network {

void Arrivals::Begin(uint32_t sequence) {
  // A SYN that is sent again begins nothing new.
  if (sequence == first_ && in_order_ > 0) return;
  *this = Arrivals();
  first_ = sequence;
}

void Arrivals::Add(uint32_t sequence, size_t bytes) {
  // Sequences go round: the difference to what is awaited tells where the segment lies.
  const auto awaited = first_ + static_cast<uint32_t>(in_order_);
  const auto distance = static_cast<int32_t>(sequence - awaited);
  const int64_t from = static_cast<int64_t>(in_order_) + distance;
  if (from + static_cast<int64_t>(bytes) <= static_cast<int64_t>(in_order_)) return;
  uint64_t begin = std::max<uint64_t>(in_order_, from < 0 ? 0 : static_cast<uint64_t>(from));
  uint64_t end = static_cast<uint64_t>(from + static_cast<int64_t>(bytes));
  // Swallow what it touches.
  auto at = ahead_.upper_bound(begin);
  if (at != ahead_.begin() && std::prev(at)->second >= begin) --at;
  while (at != ahead_.end() && at->first <= end) {
    begin = std::min(begin, at->first);
    end = std::max(end, at->second);
    at = ahead_.erase(at);
  }
  if (begin == in_order_) {
    in_order_ = end;
  } else {
    ahead_[begin] = end;
  }
}

uint64_t Arrivals::ahead() const {
  uint64_t bytes = 0;
  for (const auto& [begin, end] : ahead_) bytes += end - begin;
  return bytes;
}

}  // namespace tikar::network
