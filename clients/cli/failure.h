// Failures as absl::Status, from the server's answer to what the person reads and the exit code.
//
// A status carries, as payloads, what does not fit in a code and a message: the server's google.rpc
// details as they came, whether it was the command line that was wrong, and what to do next.
#ifndef TIKAR_CLIENTS_CLI_FAILURE_H_
#define TIKAR_CLIENTS_CLI_FAILURE_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "clients/cli/language.h"

namespace tikar::cli {

// Documented in docs/cli.md; scripts depend on them.
enum class ExitCode {
  kOk = 0,
  // The server refused it, or it failed half-way.
  kFailed = 1,
  // The command line is wrong; nothing was sent.
  kUsage = 2,
  kNotFound = 3,
  // No server there, or it did not answer in time.
  kUnreachable = 4,
};

// What a person is told, in one language.
struct FailureText {
  std::string message;
  // One for each thing that is wrong, "nik: …".
  std::vector<std::string> violations;
  // What to do next; may be empty.
  std::string advice;
};

// The command line asks for what cannot be. Exit code 2.
absl::Status UsageError(std::string_view message);
absl::Status UsageError(std::string_view indonesian, std::string_view english);

// `status` taken for a mistake in the command line (or in a file that it names). OK stays OK.
absl::Status AsUsageError(absl::Status status);

// `status`, whose message is English, with the same in Indonesian. OK stays OK.
absl::Status WithIndonesian(absl::Status status, std::string_view indonesian);

// `status` with what to do next. OK stays OK.
absl::Status WithAdvice(absl::Status status, std::string_view advice);

// `code` is a gRPC code (they are absl's), `details` the serialized google.rpc.Status that came in
// the trailer, possibly empty. OK if the code is.
absl::Status StatusOfServer(int code, std::string_view message, std::string_view details);

// What the server said about when to come back (google.rpc.RetryInfo), if it did.
std::optional<absl::Duration> RetryDelayOf(const absl::Status& status);

ExitCode ExitCodeOf(const absl::Status& status);

// The server's own words in `language` where it gave them (LocalizedMessage, BadRequest), else the
// message. `server` is the address, for the advice when it cannot be reached.
FailureText Explain(const absl::Status& status, Language language, std::string_view server);

// What stands behind "Failed: ", harmless for a terminal, with '\n' at the end. Message and advice
// share a line where nothing is wrong but that nobody answers: there is one thing to do.
std::string FailureLines(const absl::Status& status, const FailureText& text);

}  // namespace tikar::cli

#endif  // TIKAR_CLIENTS_CLI_FAILURE_H_
