// A process that a test starts, waits for by what it does, and kills: nothing here sleeps.
//
// A test that is killed takes its children with it: the kernel ends them with the thread that
// started them, so that has to be one that lives as long as they shall.
//
// The child's descriptor 3 is a pipe to the test. Its end tells that the child is gone; a child
// that is a part of the test may tell by it, byte by byte, how far it is.
#ifndef TIKAR_TESTS_UNIT_CLIENTS_CHILD_PROCESS_H_
#define TIKAR_TESTS_UNIT_CLIENTS_CHILD_PROCESS_H_

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "sync/status_macros.h"

namespace tikar::client {

// In the child.
inline constexpr int kTellingPipe = 3;
inline void TellParent() {
  const char byte = '.';
  CHECK(write(kTellingPipe, &byte, 1) == 1);
}

class ChildProcess {
 public:
  // Runs `program`; what it prints goes to the end of the file `log`.
  ChildProcess(const std::string& program, std::vector<std::string> arguments,
               const std::string& log) {
    int pipe_ends[2];
    CHECK(pipe2(pipe_ends, O_CLOEXEC) == 0);
    telling_ = pipe_ends[0];
    std::vector<char*> argv;
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    const pid_t parent = getpid();
    process_ = fork();
    CHECK(process_ >= 0);
    // In a copy of a process with threads: system calls only.
    if (process_ == 0) {
      const bool bound = prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == parent;
      const int output = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
      if (bound && output >= 0 && dup2(output, STDOUT_FILENO) >= 0 &&
          dup2(output, STDERR_FILENO) >= 0 && InheritAs(pipe_ends[1], kTellingPipe)) {
        execve(program.c_str(), argv.data(), environ);
      }
      _exit(127);
    }
    close(pipe_ends[1]);
  }
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;
  ~ChildProcess() {
    Signal(SIGKILL);
    Wait();
    close(telling_);
  }

  void Signal(int signal) {
    if (!status_) kill(process_, signal);
  }
  // Until it has ended; how it did, as waitpid says.
  int Wait() {
    if (!status_) {
      int status = 0;
      CHECK(waitpid(process_, &status, 0) == process_);
      status_ = status;
    }
    return *status_;
  }

  // Whether it has ended by now.
  bool Ended() {
    if (status_) return true;
    int status = 0;
    const pid_t ended = waitpid(process_, &status, WNOHANG);
    CHECK(ended >= 0);
    if (ended == process_) status_ = status;
    return status_.has_value();
  }

  // Until the child told so many bytes. False: it ended before that.
  bool AwaitTold(int bytes) {
    for (char byte; bytes > 0; --bytes) {
      if (read(telling_, &byte, 1) != 1) return false;
    }
    return true;
  }

  // Until the file has a line, which it returns. Empty: the child ended before that, or a minute
  // passed.
  std::string AwaitLine(const std::string& path) {
    const int watch = inotify_init1(IN_CLOEXEC);
    CHECK(watch >= 0);
    const std::string folder = std::filesystem::path(path).parent_path().string();
    CHECK(inotify_add_watch(watch, folder.c_str(), IN_CLOSE_WRITE | IN_MOVED_TO) >= 0);
    const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    std::string line;
    // The watch stands before the first look: what comes between the two wakes the poll.
    while (!ReadLine(path, &line)) {
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
          end - std::chrono::steady_clock::now());
      pollfd events[] = {{watch, POLLIN, 0}, {telling_, POLLIN, 0}};
      if (left.count() <= 0 || poll(events, 2, static_cast<int>(left.count())) <= 0) break;
      if (events[1].revents != 0) break;
      alignas(inotify_event) char news[4096];
      CHECK(read(watch, news, sizeof news) > 0);
    }
    close(watch);
    return line;
  }

 private:
  // dup2 leaves a descriptor that is in its place already as it is: closed by exec.
  static bool InheritAs(int descriptor, int wanted) {
    return descriptor == wanted ? fcntl(descriptor, F_SETFD, 0) == 0
                                : dup2(descriptor, wanted) >= 0;
  }

  static bool ReadLine(const std::string& path, std::string* line) {
    std::ifstream file(path);
    return std::getline(file, *line) && !line->empty();
  }

  pid_t process_ = 0;
  int telling_ = -1;
  std::optional<int> status_;
};

}  // namespace tikar::client

#endif  // TIKAR_TESTS_UNIT_CLIENTS_CHILD_PROCESS_H_
