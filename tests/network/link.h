// One direction of a slow, lossy link, as a value: packets in, packets out when their time has
// come. Knows no clock: time is an argument.
//
// The model: a packet is lost by a throw of the dice; else it waits until those before it have left
// at the link's rate (if more than `queue_bytes_max` waits, it is dropped as a modem does), and
// comes out `delay` later. Packets never overtake each other.
#ifndef TIKAR_TESTS_NETWORK_LINK_H_
#define TIKAR_TESTS_NETWORK_LINK_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <random>

#include "packet.h"

namespace tikar::network {

using Time = std::chrono::steady_clock::time_point;

struct LinkSettings {
  // One way.
  std::chrono::microseconds delay{0};
  // Of whole IP packets.
  double bytes_per_second = 1e9;
  double loss_percent = 0;
  size_t queue_bytes_max = 1 << 20;
};

// GPRS/EDGE where it is weak: 120 kbit/s, 600 ms there and back, every fiftieth packet lost, two
// seconds of queue.
inline constexpr LinkSettings k2G = {std::chrono::milliseconds(300), 15'000, 2, 30'000};
// Next door.
inline constexpr LinkSettings kOffice = {};

struct DirectionCount {
  uint64_t packets = 0;  // that were sent
  uint64_t bytes = 0;    // of them, with the headers of TCP and IP
  uint64_t lost = 0;     // packets, by the dice
  uint64_t overflowed = 0;
  uint64_t cut = 0;  // packets that met a cut
};

class Direction {
 public:
  Direction(LinkSettings settings, uint32_t seed) : settings_(settings), dice_(seed) {}

  void SetSettings(LinkSettings settings) { settings_ = settings; }
  void Offer(Packet packet, Time now);
  // The next packet whose time has come.
  std::optional<Packet> Take(Time now);
  // When the next one is due; Time::max(): none is on its way.
  Time next_due() const { return queue_.empty() ? Time::max() : queue_.front().due; }
  // From here on nothing passes, and what is on its way is lost; or again everything.
  void SetCut(bool cut);

  const DirectionCount& count() const { return count_; }

 private:
  struct Travelling {
    Time due;
    Packet packet;
  };
  LinkSettings settings_;
  std::mt19937 dice_;
  std::deque<Travelling> queue_;
  Time free_at_{};  // when the last one in line has left
  bool cut_ = false;
  DirectionCount count_;
};

}  // namespace tikar::network

#endif  // TIKAR_TESTS_NETWORK_LINK_H_
