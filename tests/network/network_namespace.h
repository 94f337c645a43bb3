// Network namespaces and the TUN devices in them, without names, without a trace when the test is
// over. Needs CAP_NET_ADMIN, which a user without it may get in a user namespace where the system
// lets him.
#ifndef TIKAR_TESTS_NETWORK_NETWORK_NAMESPACE_H_
#define TIKAR_TESTS_NETWORK_NETWORK_NAMESPACE_H_

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace tikar::network {

// Lets a process that is not root make namespaces. Call while it has one thread. PermissionDenied:
// the system does not let it.
absl::Status BecomeNetworkAdministrator();

// Gives the calling thread a network of its own, with nothing in it; threads and processes that it
// starts from now on are in it, too. PermissionDenied.
absl::Status EnterNewNetwork();

// A TUN device in the calling thread's network: packets that are routed to it can be read from the
// descriptor, what is written to that comes in at it. `own` and `peer` are IPv4 addresses. `peer`
// may be of 127.0.0.0/8, and packets may come in for such an address: so a server that listens on
// loopback alone can be reached over the device. PermissionDenied, also where there is no TUN.
absl::StatusOr<int> OpenTun(const std::string& own, const std::string& peer);

// Brings up the loopback device of the calling thread's network.
absl::Status BringUpLoopback();

// What TCP does about congestion in the calling thread's network: asks for `wanted`, tells what it
// is. A namespace may not have every algorithm ("reno" it may).
std::string SetCongestionControl(const std::string& wanted);

// A thread in a network of its own.
class NetworkNamespace {
 public:
  static absl::StatusOr<std::unique_ptr<NetworkNamespace>> Make();
  ~NetworkNamespace();

  // Runs `action` on the thread and waits for it. Processes that it starts live in this network.
  // The thread outlives the action, as a parent that a process wants to die with must.
  void Run(std::function<void()> action);

 private:
  NetworkNamespace() = default;
  void Serve();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::function<void()> action_;  // guarded by mutex_, as is stop_; empty: done
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace tikar::network

#endif  // TIKAR_TESTS_NETWORK_NETWORK_NAMESPACE_H_
