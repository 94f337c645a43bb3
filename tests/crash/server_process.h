// One tikard after another, on one data directory and one port.
#ifndef TIKAR_TESTS_CRASH_SERVER_PROCESS_H_
#define TIKAR_TESTS_CRASH_SERVER_PROCESS_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "child_process.h"

namespace tikar::crash {

// A loopback port that is ours as long as this lives: between a kill and the next start nobody
// else's program takes it, and no phone talks to a stranger.
class ReservedPort {
 public:
  ReservedPort();
  ~ReservedPort();
  ReservedPort(const ReservedPort&) = delete;
  ReservedPort& operator=(const ReservedPort&) = delete;
  int number() const { return number_; }

 private:
  int socket_ = -1;
  int number_ = 0;
};

struct ServerFiles {
  std::string tikard;   // the program
  std::string catalog;  // its catalogue
  std::string folder;   // of this run; "data", "port" and "tikard.log" are in it
};

// Thread safety: none.
class ServerProcess {
 public:
  ServerProcess(ServerFiles files, int port);

  std::string address() const;
  std::string data_directory() const { return files_.folder + "/data"; }

  // Starts it, and returns at once.
  void Begin();
  // Until it listens. An error: it ended instead, with what it said.
  absl::Status AwaitListening();
  // Whether it has said so by now.
  bool listens() const;
  // An error: it has ended by itself.
  absl::Status StillThere();
  // SIGKILL, as the kernel does when memory runs out; returns when it is gone.
  void Kill();
  // SIGTERM. An error: it did not end with 0.
  absl::Status Stop();
  // `tikard --check` on the data directory. An error: it found something, with what it said.
  absl::Status Check();

 private:
  absl::Status Died(const std::string& what, int status) const;

  const ServerFiles files_;
  const int port_;
  std::unique_ptr<client::ChildProcess> process_;
};

}  // namespace tikar::crash

#endif  // TIKAR_TESTS_CRASH_SERVER_PROCESS_H_
