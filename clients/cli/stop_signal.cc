#include "clients/cli/stop_signal.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <utility>

#include "absl/time/clock.h"
#include "sync/status_macros.h"

namespace tikar::cli {
namespace {

constexpr absl::Duration kPollLongest = absl::Hours(1);
constexpr char kStop = 's';
constexpr char kQuit = 'q';

// A handler may do little more than write(2). -1: nobody listens.
std::atomic<int> wake_writer{-1};
struct sigaction interrupt_before, terminate_before;

extern "C" void OnSignal(int) {
  const int saved = errno;
  [[maybe_unused]] const ssize_t written = write(wake_writer.load(), &kStop, 1);
  errno = saved;
}

}  // namespace

StopSignal::StopSignal(absl::Duration within) {
  int ends[2];
  CHECK(pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0);
  wake_reader_ = ends[0];
  CHECK(wake_writer.exchange(ends[1]) == -1);
  listener_ = std::thread([this, end = absl::Now() + within] { Listen(end); });
  struct sigaction action = {};
  action.sa_handler = OnSignal;
  // The second one does what it always does: nobody shall have to look for `kill`.
  action.sa_flags = static_cast<int>(SA_RESETHAND | SA_RESTART);
  sigaction(SIGINT, &action, &interrupt_before);
  sigaction(SIGTERM, &action, &terminate_before);
}

StopSignal::~StopSignal() {
  sigaction(SIGINT, &interrupt_before, nullptr);
  sigaction(SIGTERM, &terminate_before, nullptr);
  [[maybe_unused]] const ssize_t written = write(wake_writer.load(), &kQuit, 1);
  listener_.join();
  close(wake_writer.exchange(-1));
  close(wake_reader_);
}

void StopSignal::Listen(absl::Time end) {
  bool quit = false;
  while (!quit) {
    const absl::Duration left =
        stopped() ? kPollLongest
                  : std::clamp(end - absl::Now(), absl::ZeroDuration(), kPollLongest);
    pollfd wake = {wake_reader_, POLLIN, 0};
    // Rounded up, so that it does not look again and again in the last millisecond.
    const int woken = poll(&wake, 1, static_cast<int>(absl::ToInt64Milliseconds(left)) + 1);
    bool stop = absl::Now() >= end;
    if (woken > 0) {
      char byte = 0;
      while (read(wake_reader_, &byte, 1) == 1) {
        quit = quit || byte == kQuit;
        stop = stop || byte == kStop;
      }
    }
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!stop || stopped_) continue;
    stopped_ = true;
    if (cancel_ != nullptr) cancel_();
    changed_.notify_all();
  }
}

bool StopSignal::stopped() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return stopped_;
}

void StopSignal::OnStop(std::function<void()> cancel) {
  const std::lock_guard<std::mutex> lock(mutex_);
  cancel_ = std::move(cancel);
  if (stopped_ && cancel_ != nullptr) cancel_();
}

bool StopSignal::Wait(absl::Duration duration) const {
  std::unique_lock<std::mutex> lock(mutex_);
  return !changed_.wait_for(lock, absl::ToChronoNanoseconds(duration), [this] { return stopped_; });
}

}  // namespace tikar::cli
