#include "server/process.h"

#include <fcntl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "sync/status_macros.h"
#include "sync/types.h"

namespace tikar::server {
namespace {

absl::Status FromErrno(const std::string& what) {
  const int error = errno;
  const std::string text = absl::StrCat(what, ": ", std::generic_category().message(error));
  if (error == ENOSPC || error == EDQUOT) return absl::ResourceExhaustedError(text);
  return absl::UnavailableError(text);
}

absl::Status WriteSynced(const std::string& path, const std::string& text) {
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (file < 0) return FromErrno(path);
  absl::Status status;
  for (size_t done = 0; status.ok() && done < text.size();) {
    const ssize_t count = write(file, text.data() + done, text.size() - done);
    if (count < 0 && errno != EINTR) status = FromErrno(path);
    if (count > 0) done += static_cast<size_t>(count);
  }
  if (status.ok() && fsync(file) != 0) status = FromErrno(path);
  close(file);
  return status;
}

}  // namespace

int64_t WallClockMs() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

uint64_t RandomBits() {
  uint64_t bits = 0;
  while (bits == 0) {
    // 8 bytes are never cut short, but the very first call after boot may be interrupted.
    CHECK(getrandom(&bits, sizeof(bits), 0) == sizeof(bits) || errno == EINTR);
  }
  return bits;
}

std::string MachineId() {
  std::ifstream file("/etc/machine-id");
  const std::string id{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  // systemd leaves it empty or says "uninitialized" on a machine that has none yet.
  if (id.size() < 32) return "";
  return sync::Sha256("tikar machine\n" + id).hex();
}

std::string PathFromProgram(const std::string& relative) {
  std::error_code error;
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", error);
  return (program.parent_path() / relative).lexically_normal().string();
}

uint64_t RaiseOpenFilesLimit() {
  rlimit limit = {};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  if (limit.rlim_cur < limit.rlim_max) {
    const rlimit raised = {limit.rlim_max, limit.rlim_max};
    if (setrlimit(RLIMIT_NOFILE, &raised) == 0) limit = raised;
  }
  return limit.rlim_cur;
}

absl::Status WriteFileWhole(const std::string& path, const std::string& text) {
  const std::string part = path + ".part";
  RETURN_IF_ERROR(WriteSynced(part, text));
  if (rename(part.c_str(), path.c_str()) != 0) return FromErrno(path);
  return absl::OkStatus();
}

absl::Status ProbeDisk(const std::string& directory) {
  const std::string path = directory + "/probe.part";
  const absl::Status status = WriteSynced(path, std::string(4 << 20, 'p'));
  unlink(path.c_str());
  return status;
}

}  // namespace tikar::server
