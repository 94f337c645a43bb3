// A file that takes its place whole or not at all.
#ifndef TIKAR_CLIENTS_CLI_REPLACED_FILE_H_
#define TIKAR_CLIENTS_CLI_REPLACED_FILE_H_

#include <sys/types.h>

#include <fstream>
#include <memory>
#include <ostream>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace tikar::cli {

// What is written goes to a file beside it; without Commit that one is removed and what was there
// stays as it was. Not thread-safe.
class ReplacedFile {
 public:
  // A usage error when the file beside `path` cannot be made. `mode`: as of open(2), lessened by
  // the umask.
  static absl::StatusOr<std::unique_ptr<ReplacedFile>> Open(const std::string& path, mode_t mode);
  ReplacedFile(const ReplacedFile&) = delete;
  ReplacedFile& operator=(const ReplacedFile&) = delete;
  ~ReplacedFile();

  std::ostream& stream() { return stream_; }

  // Once all was written: brings it to the disk and puts it in the place of `path`. Fails, as does
  // everything that was written to the stream before, when the disk is full.
  absl::Status Commit();

 private:
  ReplacedFile(std::string path, std::string unfinished);

  const std::string path_;
  const std::string unfinished_;
  std::ofstream stream_;
  bool committed_ = false;
};

}  // namespace tikar::cli

#endif  // TIKAR_CLIENTS_CLI_REPLACED_FILE_H_
