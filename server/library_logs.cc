#include "server/library_logs.h"

#include <google/protobuf/stubs/logging.h>
#include <grpc/support/log.h>

#include <atomic>
#include <chrono>
#include <cstring>
#include <string>

#include "absl/strings/str_cat.h"
#include "server/engine/log.h"

namespace tikar::server {
namespace {

std::string Place(const char* path, int line) {
  const char* slash = std::strrchr(path, '/');
  return absl::StrCat(slash == nullptr ? path : slash + 1, ":", line);
}

// Most errors of gRPC are what strangers do to a port that the network reaches: scans, callers
// without a certificate. An operator should see that there are some; they must not fill the disk.
// So one in this time is a warning, and the rest is for who debugs.
constexpr std::chrono::seconds kBetweenGrpcWarnings{10};

bool GrpcWarningIsDue() {
  using Clock = std::chrono::steady_clock;
  static std::atomic<Clock::rep> next{Clock::time_point::min().time_since_epoch().count()};
  const Clock::rep now = Clock::now().time_since_epoch().count();
  Clock::rep due = next.load();
  return now >= due &&
         next.compare_exchange_strong(
             due, now + std::chrono::duration_cast<Clock::duration>(kBetweenGrpcWarnings).count());
}

void OnGrpc(gpr_log_func_args* args) {
  const bool warn = args->severity == GPR_LOG_SEVERITY_ERROR && GrpcWarningIsDue();
  Log(warn ? Level::kWarning : Level::kDebug, "grpc",
      {{"place", Place(args->file, args->line)}, {"message", args->message}});
}

void OnProtobuf(google::protobuf::LogLevel level, const char* path, int line,
                const std::string& message) {
  // After a fatal one it ends the process.
  Log(level == google::protobuf::LOGLEVEL_FATAL ? Level::kError : Level::kDebug, "protobuf",
      {{"place", Place(path, line)}, {"message", message}});
}

}  // namespace

void TakeInLibraryLogs() {
  gpr_set_log_function(OnGrpc);
  google::protobuf::SetLogHandler(OnProtobuf);
}

}  // namespace tikar::server
