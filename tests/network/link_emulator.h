// A slow, lossy link between two TUN devices, that is cut now and then: one thread that carries IP
// packets from one to the other.
//
// Problem: what a broken link costs depends on TCP, on HTTP/2 and on gRPC's buffers as much as on
// the app; only real ones tell. The kernel's own emulator (tc netem) is not in every kernel. And a
// relay of TCP streams would answer for the far end what the far end never got.
//
// So packets are carried, and both ends run their own TCP. This side of the link is the phone's.
#ifndef TIKAR_TESTS_NETWORK_LINK_EMULATOR_H_
#define TIKAR_TESTS_NETWORK_LINK_EMULATOR_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

#include "arrivals.h"
#include "link.h"
#include "packet.h"

namespace tikar::network {

// What becomes of the connections when a cut is over.
enum class CutKind {
  // They go on: the phone was behind a hill.
  kHole,
  // The phone's end is reset, the server hears nothing: Android closes the sockets of a network
  // that is gone; the phone comes back with another address.
  kReset,
  // Nobody is told, and nothing of theirs passes ever again: a gateway has forgotten them.
  kForgotten,
};
const char* Name(CutKind kind);

struct CutPlan {
  std::chrono::milliseconds first_after{0};
  // From the beginning of one to the beginning of the next.
  std::chrono::milliseconds every{30'000};
  std::chrono::milliseconds length{4'000};
  // One after the other, and again from the first.
  std::vector<CutKind> kinds;
};

// Bytes of TCP's payload that came out of the link. What came out twice, because TCP sent it again,
// counts once.
struct Payload {
  // Of all connections, in order: what the ends could read.
  uint64_t up = 0;
  uint64_t down = 0;
  // Of the connections that still live: came down, and waits for a lost packet before it.
  uint64_t down_ahead = 0;
};

struct LinkCount {
  DirectionCount up;
  DirectionCount down;
  Payload payload;
  uint64_t connections = 0;
};

// Thread-safe.
class LinkEmulator {
 public:
  // Carries from now on. The descriptors must outlive it.
  LinkEmulator(int phone_tun, int server_tun, uint32_t seed);
  LinkEmulator(const LinkEmulator&) = delete;
  LinkEmulator& operator=(const LinkEmulator&) = delete;
  ~LinkEmulator();

  void SetSettings(const LinkSettings& settings);
  // `on_cut` is called from the emulator's thread when a cut is over, before anybody can notice
  // what became of his connection.
  void StartCuts(CutPlan plan, std::function<void(CutKind, const LinkCount&)> on_cut);
  // What is cut is mended, and nothing is cut any more; connections stay. Afterwards `on_cut` is
  // not called.
  void StopCuts();

  LinkCount count() const;

 private:
  struct Connection {
    bool forgotten = false;
    CutKind how = CutKind::kHole;
    TcpSegment last_up;  // what a reset of the phone's end answers
    Arrivals up;
    Arrivals down;
  };

  void Carry();
  void TakeFromPhone(Packet packet, Time now);
  void TakeFromServer(Packet packet, Time now);
  void Deliver(Time now);
  void CutIfDue(Time now);
  void EndCut();
  void Wake();
  Time NextEvent() const;
  LinkCount Count() const;

  const int phone_tun_;
  const int server_tun_;
  int wake_;  // an eventfd

  mutable std::mutex mutex_;  // held by the thread but when it waits; guards what follows
  bool stop_ = false;
  Direction up_;
  Direction down_;
  std::map<uint16_t, Connection> connections_;  // by the phone's port
  Payload gone_;                                // of connections that are over
  uint64_t connections_made_ = 0;
  CutPlan plan_;
  std::function<void(CutKind, const LinkCount&)> on_cut_;
  size_t cuts_ = 0;
  bool is_cut_ = false;
  Time next_cut_ = Time::max();  // its beginning, or the end of the one that is
  std::thread thread_;
};

}  // namespace tikar::network

#endif  // TIKAR_TESTS_NETWORK_LINK_EMULATOR_H_
