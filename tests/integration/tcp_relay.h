// TcpRelay: a cable between two programs, for a test to cut and to mend.
#ifndef TIKAR_TESTS_INTEGRATION_TCP_RELAY_H_
#define TIKAR_TESTS_INTEGRATION_TCP_RELAY_H_

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace tikar::server {

// Listens on a port of its own and carries bytes to a target on 127.0.0.1 and back. One thread.
class TcpRelay {
 public:
  TcpRelay() {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = Loopback(0);
    EXPECT_EQ(bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    EXPECT_EQ(listen(listener_, 16), 0);
    socklen_t size = sizeof(address);
    EXPECT_EQ(getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { Run(); });
  }
  ~TcpRelay() {
    ending_ = true;
    thread_.join();
    close(listener_);
  }
  TcpRelay(const TcpRelay&) = delete;

  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  // "127.0.0.1:port"; of connections that begin from now on.
  void SetTarget(const std::string& address) {
    target_ = static_cast<uint16_t>(std::stoi(address.substr(address.rfind(':') + 1)));
  }
  // Every connection breaks, and none is made, until Mend. When it returns, nothing is carried.
  void Cut() {
    cut_ = true;
    const uint64_t rounds = rounds_;
    while (rounds_ < rounds + 2) std::this_thread::yield();
  }
  void Mend() { cut_ = false; }
  uint64_t bytes_carried() const { return bytes_; }

 private:
  static sockaddr_in Loopback(uint16_t port) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    return address;
  }

  void Run() {
    // Each end, and the other one.
    std::map<int, int> ends;
    const auto hang_up = [&](int end) {
      const int other = ends.at(end);
      ends.erase(end);
      ends.erase(other);
      close(end);
      close(other);
    };
    while (!ending_) {
      if (cut_) {
        while (!ends.empty()) hang_up(ends.begin()->first);
      }
      ++rounds_;
      std::vector<pollfd> polled = {{listener_, POLLIN, 0}};
      for (const auto& [end, other] : ends) polled.push_back({end, POLLIN, 0});
      constexpr int kPollMs = 5;
      if (poll(polled.data(), polled.size(), kPollMs) <= 0) continue;
      if (polled[0].revents != 0) Accept(&ends);
      for (size_t i = 1; i < polled.size(); ++i) {
        const int from = polled[i].fd;
        if (polled[i].revents == 0 || !ends.contains(from)) continue;
        if (!Carry(from, ends.at(from))) hang_up(from);
      }
    }
    while (!ends.empty()) hang_up(ends.begin()->first);
  }

  void Accept(std::map<int, int>* ends) {
    const int from = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (from < 0) return;
    const int to = cut_ ? -1 : socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = Loopback(target_);
    if (to < 0 || connect(to, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) {
      close(from);
      if (to >= 0) close(to);
      return;
    }
    (*ends)[from] = to;
    (*ends)[to] = from;
  }

  bool Carry(int from, int to) {
    char buffer[64 << 10];
    const ssize_t got = read(from, buffer, sizeof(buffer));
    if (got <= 0) return false;
    bytes_ += static_cast<uint64_t>(got);
    for (ssize_t sent = 0; sent < got;) {
      const ssize_t written =
          send(to, buffer + sent, static_cast<size_t>(got - sent), MSG_NOSIGNAL);
      if (written <= 0) return false;
      sent += written;
    }
    return true;
  }

  int listener_ = -1;
  uint16_t port_ = 0;
  std::atomic<uint16_t> target_{0};
  std::atomic<bool> cut_{false};
  std::atomic<bool> ending_{false};
  std::atomic<uint64_t> rounds_{0};
  std::atomic<uint64_t> bytes_{0};
  std::thread thread_;
};

}  // namespace tikar::server

#endif  // TIKAR_TESTS_INTEGRATION_TCP_RELAY_H_
