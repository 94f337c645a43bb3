#include "link.h"

#include <algorithm>
#include <utility>

namespace tikar::network {

void Direction::Offer(Packet packet, Time now) {
  const auto size = static_cast<double>(packet.size());
  ++count_.packets;
  count_.bytes += packet.size();
  if (cut_) {
    ++count_.cut;
    return;
  }
  if (std::uniform_real_distribution<>(0, 100)(dice_) < settings_.loss_percent) {
    ++count_.lost;
    return;
  }
  free_at_ = std::max(free_at_, now);
  const double waiting =
      std::chrono::duration<double>(free_at_ - now).count() * settings_.bytes_per_second;
  if (waiting + size > static_cast<double>(settings_.queue_bytes_max)) {
    ++count_.overflowed;
    return;
  }
  free_at_ += std::chrono::duration_cast<Time::duration>(
      std::chrono::duration<double>(size / settings_.bytes_per_second));
  Time due = free_at_ + settings_.delay;
  if (!queue_.empty()) due = std::max(due, queue_.back().due);
  queue_.push_back({due, std::move(packet)});
}

std::optional<Packet> Direction::Take(Time now) {
  if (queue_.empty() || queue_.front().due > now) return std::nullopt;
  Packet packet = std::move(queue_.front().packet);
  queue_.pop_front();
  return packet;
}

void Direction::SetCut(bool cut) {
  cut_ = cut;
  if (!cut) return;
  count_.cut += queue_.size();
  queue_.clear();
  free_at_ = Time();
}

}  // namespace tikar::network
