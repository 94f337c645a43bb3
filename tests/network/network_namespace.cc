#include "network_namespace.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <linux/route.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "sync/status_macros.h"

namespace tikar::network {
namespace {

constexpr char kDevice[] = "tikar0";
// Of a cellular network with its tunnels.
constexpr int kMtuBytes = 1400;

absl::Status Denied(const std::string& what) {
  return absl::PermissionDeniedError(absl::StrCat(what, ": ", std::strerror(errno)));
}

bool WriteFile(const std::string& path, const std::string& text) {
  std::ofstream file(path);
  file << text << std::flush;
  return file.good();
}

ifreq Named(const char* device) {
  ifreq request = {};
  std::strncpy(request.ifr_name, device, IFNAMSIZ - 1);
  return request;
}

sockaddr Address(const std::string& text) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  CHECK(inet_pton(AF_INET, text.c_str(), &address.sin_addr) == 1);
  sockaddr plain;
  std::memcpy(&plain, &address, sizeof plain);
  return plain;
}

// Closes itself.
class Socket {
 public:
  Socket() : descriptor_(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {}
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  ~Socket() {
    if (descriptor_ >= 0) close(descriptor_);
  }
  bool Set(unsigned long what, void* argument) const {
    return ioctl(descriptor_, what, argument) == 0;
  }

 private:
  const int descriptor_;
};

bool BringUp(const Socket& socket, const char* device) {
  ifreq request = Named(device);
  if (!socket.Set(SIOCGIFFLAGS, &request)) return false;
  request.ifr_flags |= IFF_UP;
  return socket.Set(SIOCSIFFLAGS, &request);
}

}  // namespace

absl::Status BecomeNetworkAdministrator() {
  const uid_t user = geteuid();
  const gid_t group = getegid();
  if (user == 0) return absl::OkStatus();
  if (unshare(CLONE_NEWUSER) != 0) return Denied("not root, and no user namespace");
  if (!WriteFile("/proc/self/setgroups", "deny") ||
      !WriteFile("/proc/self/uid_map", absl::StrCat("0 ", user, " 1")) ||
      !WriteFile("/proc/self/gid_map", absl::StrCat("0 ", group, " 1"))) {
    return Denied("not root, and the user namespace takes no map");
  }
  return absl::OkStatus();
}

absl::Status EnterNewNetwork() {
  if (unshare(CLONE_NEWNET) != 0) return Denied("no network namespace");
  return absl::OkStatus();
}

absl::StatusOr<int> OpenTun(const std::string& own, const std::string& peer) {
  const int tun = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (tun < 0) return Denied("/dev/net/tun");
  ifreq request = Named(kDevice);
  request.ifr_flags = IFF_TUN | IFF_NO_PI;
  if (ioctl(tun, TUNSETIFF, &request) != 0) {
    const absl::Status denied = Denied("no TUN device");
    close(tun);
    return denied;
  }
  const Socket socket;
  const std::string settings = absl::StrCat("/proc/sys/net/ipv4/conf/", kDevice, "/");
  bool done = WriteFile(settings + "route_localnet", "1") &&
              WriteFile(settings + "rp_filter", "0") &&
              WriteFile("/proc/sys/net/ipv4/conf/all/rp_filter", "0");
  request = Named(kDevice);
  request.ifr_addr = Address(own);
  done = done && socket.Set(SIOCSIFADDR, &request);
  request.ifr_netmask = Address("255.255.255.255");
  done = done && socket.Set(SIOCSIFNETMASK, &request);
  request.ifr_mtu = kMtuBytes;
  done = done && socket.Set(SIOCSIFMTU, &request) && BringUp(socket, kDevice);
  rtentry route = {};
  std::string device = kDevice;
  route.rt_dst = Address(peer);
  route.rt_genmask = Address("255.255.255.255");
  route.rt_flags = RTF_UP | RTF_HOST;
  route.rt_dev = device.data();
  done = done && socket.Set(SIOCADDRT, &route);
  if (!done) {
    const absl::Status denied = Denied(absl::StrCat("cannot set up ", kDevice));
    close(tun);
    return denied;
  }
  return tun;
}

absl::Status BringUpLoopback() {
  return BringUp(Socket(), "lo") ? absl::OkStatus() : Denied("cannot bring up lo");
}

std::string SetCongestionControl(const std::string& wanted) {
  const std::string path = "/proc/sys/net/ipv4/tcp_congestion_control";
  WriteFile(path, wanted);
  std::string is;
  std::ifstream(path) >> is;
  return is;
}

absl::StatusOr<std::unique_ptr<NetworkNamespace>> NetworkNamespace::Make() {
  std::unique_ptr<NetworkNamespace> made(new NetworkNamespace);
  made->thread_ = std::thread([&made = *made] { made.Serve(); });
  absl::Status entered;
  made->Run([&] { entered = EnterNewNetwork(); });
  if (!entered.ok()) return entered;
  return made;
}

NetworkNamespace::~NetworkNamespace() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stop_ = true;
    changed_.notify_all();
  }
  thread_.join();
}

void NetworkNamespace::Run(std::function<void()> action) {
  std::unique_lock<std::mutex> lock(mutex_);
  action_ = std::move(action);
  changed_.notify_all();
  changed_.wait(lock, [&] { return action_ == nullptr; });
}

void NetworkNamespace::Serve() {
  std::unique_lock<std::mutex> lock(mutex_);
  while (true) {
    changed_.wait(lock, [&] { return stop_ || action_ != nullptr; });
    if (stop_) return;
    action_();
    action_ = nullptr;
    changed_.notify_all();
  }
}

}  // namespace tikar::network
