// Files and directories, in a few durable steps. Private to storage.
//
// Errors as FromErrno. Thread safety: any thread; who writes the same file at the same time is for
// the caller to see to.
#ifndef TIKAR_STORAGE_FILES_H_
#define TIKAR_STORAGE_FILES_H_

#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace tikar::storage {

// A file descriptor that closes itself.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return number_; }
  int release() { return std::exchange(number_, -1); }

 private:
  int number_;
};

// "directory/name".
std::string Join(const std::string& directory, std::string_view name);

// Makes durable which names are in the directory `path`.
absl::Status SyncDirectory(const std::string& path);

// Makes `path` and its missing parents, each for the owner alone, and durable in its parent.
absl::Status MakeDirectories(const std::string& path);

// The names in it, without "." and "..".
absl::StatusOr<std::set<std::string>> ListDirectory(const std::string& path);

// The first 4 KiB of a file, which is more than any of the small files of a store.
absl::StatusOr<std::string> ReadSmallFile(const std::string& path);

// Calls `take` with one piece after the other, of 1 MiB but for the last; stops at its first error.
absl::Status ReadInPieces(const std::string& path,
                          const std::function<absl::Status(std::string_view)>& take);

// Writes `bytes` at the beginning of an open file. `path` is for messages.
absl::Status WriteAt(int file, std::string_view bytes, const std::string& path);

// Afterwards the file has exactly these bytes on disk. Not atomic.
absl::Status WriteSmallFile(const std::string& path, std::string_view bytes);

// The same so that others see all of the new bytes or what was before; its name is durable.
absl::Status ReplaceFile(const std::string& path, std::string_view bytes);

absl::Status Rename(const std::string& from, const std::string& to);

// With everything below it. Not an error when it is not there.
absl::Status RemoveTree(const std::string& path);

// Takes the lock of the file `path`, made if it is not there; the descriptor holds it. It belongs
// to the open file, not to the process: it also keeps out a second user in this process, and
// reading the file elsewhere in the process does not drop it.
//   kAborted  somebody else has it
absl::StatusOr<int> LockFile(const std::string& path);

}  // namespace tikar::storage

#endif  // TIKAR_STORAGE_FILES_H_
