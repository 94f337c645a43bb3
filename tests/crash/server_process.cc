#include "server_process.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "sync/status_macros.h"

namespace tikar::crash {
namespace {

constexpr size_t kLogTailBytes = 2000;

std::string TailOf(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  return text.size() > kLogTailBytes ? text.substr(text.size() - kLogTailBytes) : text;
}

}  // namespace

ReservedPort::ReservedPort() : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  CHECK(socket_ >= 0);
  // tikard asks for the same, and nobody listens here: then the kernel lets both have it.
  const int reuse = 1;
  CHECK(setsockopt(socket_, SOL_SOCKET, SO_REUSEADDR, &reuse, sizeof(reuse)) == 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  CHECK(bind(socket_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0);
  socklen_t size = sizeof(address);
  CHECK(getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  number_ = ntohs(address.sin_port);
}

ReservedPort::~ReservedPort() { close(socket_); }

ServerProcess::ServerProcess(ServerFiles files, int port) : files_(std::move(files)), port_(port) {}

std::string ServerProcess::address() const { return absl::StrCat("127.0.0.1:", port_); }

void ServerProcess::Begin() {
  std::filesystem::remove(files_.folder + "/port");
  // A small buffer, so that kills meet flushes and compactions, too.
  process_ = std::make_unique<client::ChildProcess>(
      files_.tikard,
      std::vector<std::string>{files_.tikard, "--listen", address(), "--port-file",
                               files_.folder + "/port", "--data-dir", data_directory(), "--catalog",
                               files_.catalog, "--write-buffer-mb", "4", "--drain-seconds", "2"},
      files_.folder + "/tikard.log");
}

absl::Status ServerProcess::AwaitListening() {
  if (!process_->AwaitLine(files_.folder + "/port").empty()) return absl::OkStatus();
  process_->Signal(SIGKILL);
  return Died("did not come up", process_->Wait());
}

bool ServerProcess::listens() const { return std::filesystem::exists(files_.folder + "/port"); }

absl::Status ServerProcess::StillThere() {
  if (!process_->Ended()) return absl::OkStatus();
  return Died("ended by itself", process_->Wait());
}

void ServerProcess::Kill() { process_.reset(); }

absl::Status ServerProcess::Stop() {
  process_->Signal(SIGTERM);
  const int status = process_->Wait();
  process_.reset();
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return absl::OkStatus();
  return Died("did not stop well", status);
}

absl::Status ServerProcess::Check() {
  const std::string log = files_.folder + "/check.log";
  client::ChildProcess check(files_.tikard,
                             {files_.tikard, "--check", "--data-dir", data_directory()}, log);
  const int status = check.Wait();
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat("tikard --check found damage: ", TailOf(log)));
}

absl::Status ServerProcess::Died(const std::string& what, int status) const {
  return absl::InternalError(absl::StrCat("tikard ", what, " (wait status ", status,
                                          "): ", TailOf(files_.folder + "/tikard.log")));
}

}  // namespace tikar::crash
