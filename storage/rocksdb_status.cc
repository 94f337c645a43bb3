#include "storage/rocksdb_status.h"

#include <cerrno>
#include <cstring>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "sync/types.h"

namespace tikar::storage {

using sync::AbslView;

namespace {

// What to do next is for the caller to say: a server that runs waits for room by itself.
constexpr char kFullAdvice[] = "; nothing that was acknowledged is lost";

}  // namespace

absl::Status DamagedStore(std::string_view path, std::string_view what) {
  // RocksDB ends some of its lines itself, and the advice would be lost behind that.
  const std::string line = absl::StrReplaceAll(AbslView(what), {{"\n", " "}});
  return absl::DataLossError(absl::StrCat(
      "damaged store: ", AbslView(path), ": ", absl::StripTrailingAsciiWhitespace(line),
      "; nothing was changed. Check the disk, then restore a backup, or move the data "
      "directory away and start with an empty one: mirrors and phones send again what "
      "they hold"));
}

absl::Status FromErrno(int error, std::string_view what, std::string_view path) {
  const std::string message =
      absl::StrCat("cannot ", AbslView(what), " ", AbslView(path), ": ", std::strerror(error));
  switch (error) {
    case ENOSPC:
    case EDQUOT:
      return absl::ResourceExhaustedError(
          absl::StrCat("disk full at ", AbslView(path), ": ", message, kFullAdvice));
    case EACCES:
    case EPERM:
    case EROFS:
      return absl::PermissionDeniedError(message);
    case ENOENT:
      return absl::NotFoundError(message);
    default:
      return absl::UnavailableError(message);
  }
}

absl::Status FromRocksdb(const rocksdb::Status& status, std::string_view path) {
  if (status.ok()) return absl::OkStatus();
  // RocksDB looks for a missing table file under LevelDB's name last, and complains about that.
  const std::string text = absl::StrReplaceAll(status.ToString(), {{".ldb", ".sst"}});
  if (status.IsNoSpace() || status.subcode() == rocksdb::Status::kSpaceLimit) {
    return absl::ResourceExhaustedError(
        absl::StrCat("disk full at ", AbslView(path), ": ", text, kFullAdvice));
  }
  if (status.IsCorruption() || status.IsPathNotFound()) return DamagedStore(path, text);
  const std::string message = absl::StrCat(AbslView(path), ": ", text);
  if (status.IsIOError()) return absl::UnavailableError(absl::StrCat("disk error at ", message));
  if (status.IsShutdownInProgress() || status.IsAborted() || status.IsBusy() ||
      status.IsTimedOut()) {
    return absl::UnavailableError(message);
  }
  if (status.IsInvalidArgument() || status.IsNotSupported()) {
    return absl::FailedPreconditionError(message);
  }
  return absl::InternalError(message);
}

}  // namespace tikar::storage
