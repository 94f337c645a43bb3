#include "link_emulator.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "sync/status_macros.h"

namespace tikar::network {
namespace {

std::optional<Packet> ReadPacket(int tun) {
  std::array<uint8_t, 65536> bytes;
  const ssize_t got = read(tun, bytes.data(), bytes.size());
  if (got <= 0) return std::nullopt;
  return Packet(bytes.begin(), bytes.begin() + got);
}

// A device that takes no more has lost the packet, as any network would.
void WritePacket(int tun, const Packet& packet) {
  [[maybe_unused]] const ssize_t written = write(tun, packet.data(), packet.size());
}

void Note(const TcpSegment& segment, Arrivals* arrivals) {
  if (segment.syn) {
    arrivals->Begin(segment.sequence + 1);
  } else if (segment.payload_bytes > 0) {
    arrivals->Add(segment.sequence, segment.payload_bytes);
  }
}

}  // namespace

const char* Name(CutKind kind) {
  switch (kind) {
    case CutKind::kHole:
      return "hole";
    case CutKind::kReset:
      return "reset";
    case CutKind::kForgotten:
      return "forgotten";
  }
  return "";
}

LinkEmulator::LinkEmulator(int phone_tun, int server_tun, uint32_t seed)
    : phone_tun_(phone_tun),
      server_tun_(server_tun),
      wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      up_(kOffice, seed),
      down_(kOffice, seed + 1) {
  CHECK(wake_ >= 0);
  thread_ = std::thread([this] { Carry(); });
}

LinkEmulator::~LinkEmulator() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stop_ = true;
  }
  Wake();
  thread_.join();
  close(wake_);
}

void LinkEmulator::Wake() {
  const uint64_t one = 1;
  CHECK(write(wake_, &one, sizeof one) == sizeof one);
}

void LinkEmulator::SetSettings(const LinkSettings& settings) {
  const std::lock_guard<std::mutex> lock(mutex_);
  up_.SetSettings(settings);
  down_.SetSettings(settings);
}

void LinkEmulator::StartCuts(CutPlan plan, std::function<void(CutKind, const LinkCount&)> on_cut) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    CHECK(!plan.kinds.empty());
    plan_ = std::move(plan);
    on_cut_ = std::move(on_cut);
    next_cut_ = std::chrono::steady_clock::now() + plan_.first_after;
  }
  Wake();
}

void LinkEmulator::StopCuts() {
  const std::lock_guard<std::mutex> lock(mutex_);
  next_cut_ = Time::max();
  is_cut_ = false;
  up_.SetCut(false);
  down_.SetCut(false);
}

LinkCount LinkEmulator::count() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return Count();
}

LinkCount LinkEmulator::Count() const {
  LinkCount count = {up_.count(), down_.count(), gone_, connections_made_};
  for (const auto& [port, connection] : connections_) {
    count.payload.up += connection.up.in_order();
    count.payload.down += connection.down.in_order();
    if (!connection.forgotten) count.payload.down_ahead += connection.down.ahead();
  }
  return count;
}

Time LinkEmulator::NextEvent() const {
  return std::min({up_.next_due(), down_.next_due(), next_cut_});
}

void LinkEmulator::Carry() {
  // Else the kernel may wake it late, to save power.
  prctl(PR_SET_TIMERSLACK, 1);
  std::unique_lock<std::mutex> lock(mutex_);
  while (!stop_) {
    const Time next = NextEvent();
    timespec wait = {};
    if (next != Time::max()) {
      const auto left = std::max<std::chrono::nanoseconds>(std::chrono::nanoseconds(0),
                                                           next - std::chrono::steady_clock::now());
      wait.tv_sec = left.count() / 1'000'000'000;
      wait.tv_nsec = left.count() % 1'000'000'000;
    }
    lock.unlock();
    pollfd events[] = {{phone_tun_, POLLIN, 0}, {server_tun_, POLLIN, 0}, {wake_, POLLIN, 0}};
    ppoll(events, 3, next == Time::max() ? nullptr : &wait, nullptr);
    uint64_t wakes = 0;
    [[maybe_unused]] const ssize_t got = read(wake_, &wakes, sizeof wakes);
    lock.lock();
    const Time now = std::chrono::steady_clock::now();
    CutIfDue(now);
    while (std::optional<Packet> packet = ReadPacket(phone_tun_)) {
      TakeFromPhone(*std::move(packet), now);
    }
    while (std::optional<Packet> packet = ReadPacket(server_tun_)) {
      TakeFromServer(*std::move(packet), now);
    }
    Deliver(now);
  }
}

void LinkEmulator::TakeFromPhone(Packet packet, Time now) {
  if (!IsIpv4(packet)) return;
  if (const std::optional<TcpSegment> segment = ParseTcp(packet)) {
    if (segment->syn && !segment->ack) {
      // A new connection, or the same request for one again.
      auto [at, added] = connections_.try_emplace(segment->source_port);
      Connection& before = at->second;
      if (!added && (before.forgotten || before.down.in_order() > 0)) {
        // The phone uses the port of an old one.
        gone_.up += before.up.in_order();
        gone_.down += before.down.in_order();
        before = Connection();
        added = true;
      }
      if (added) ++connections_made_;
    }
    Connection& connection = connections_[segment->source_port];
    connection.last_up = *segment;
    if (connection.forgotten) {
      if (connection.how == CutKind::kReset && !is_cut_ && !segment->reset) {
        WritePacket(phone_tun_, MakeReset(*segment));
      }
      return;
    }
  }
  up_.Offer(std::move(packet), now);
}

void LinkEmulator::TakeFromServer(Packet packet, Time now) {
  if (!IsIpv4(packet)) return;
  if (const std::optional<TcpSegment> segment = ParseTcp(packet)) {
    if (connections_[segment->destination_port].forgotten) return;
  }
  down_.Offer(std::move(packet), now);
}

void LinkEmulator::Deliver(Time now) {
  while (std::optional<Packet> packet = up_.Take(now)) {
    if (const std::optional<TcpSegment> segment = ParseTcp(*packet)) {
      Note(*segment, &connections_[segment->source_port].up);
    }
    WritePacket(server_tun_, *packet);
  }
  while (std::optional<Packet> packet = down_.Take(now)) {
    if (const std::optional<TcpSegment> segment = ParseTcp(*packet)) {
      Note(*segment, &connections_[segment->destination_port].down);
    }
    WritePacket(phone_tun_, *packet);
  }
}

void LinkEmulator::CutIfDue(Time now) {
  if (now < next_cut_) return;
  if (is_cut_) {
    EndCut();
    next_cut_ += plan_.every - plan_.length;
  } else {
    is_cut_ = true;
    up_.SetCut(true);
    down_.SetCut(true);
    next_cut_ += plan_.length;
  }
}

void LinkEmulator::EndCut() {
  const CutKind kind = plan_.kinds[cuts_++ % plan_.kinds.size()];
  if (on_cut_) on_cut_(kind, Count());
  is_cut_ = false;
  up_.SetCut(false);
  down_.SetCut(false);
  if (kind == CutKind::kHole) return;
  for (auto& [port, connection] : connections_) {
    if (connection.forgotten) continue;
    connection.forgotten = true;
    connection.how = kind;
    if (kind == CutKind::kReset) WritePacket(phone_tun_, MakeReset(connection.last_up));
  }
}

}  // namespace tikar::network
