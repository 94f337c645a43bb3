#include "server/library_logs.h"

#include <google/protobuf/stubs/logging.h>
#include <grpc/support/log.h>

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

void OnGrpc(gpr_log_func_args* args) {
  Log(args->severity == GPR_LOG_SEVERITY_ERROR ? Level::kWarning : Level::kDebug, "grpc",
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
