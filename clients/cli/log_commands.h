// tikar log: the verifiable log, its signed heads, and receipts.
#ifndef TIKAR_CLIENTS_CLI_LOG_COMMANDS_H_
#define TIKAR_CLIENTS_CLI_LOG_COMMANDS_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "clients/cli/session.h"

namespace tikar::cli {

struct LogOptions {
  // Code or name of a regency or city; empty: all, where that has a meaning.
  std::string region;
  // 16 hex digits; empty: of the server's own log.
  std::string origin;
  // A checkpoint that was kept, which the new one must go on from.
  std::string after;
  // Public keys as LogKey prints them, or files that hold such lines.
  std::vector<std::string> keys;
  std::string request;
  bool with_bodies = false;
  // Where the receipt goes; empty: named after the request's number.
  std::string out;
  // The receipt to check.
  std::string receipt;
};

// The heads of the logs that the server holds.
absl::Status LogList(Session& session, const LogOptions& options);
// The server's public key.
absl::Status LogKey(Session& session);
// Prints the signed head of a log, and nothing else, so that it can be kept in a file. Fails if it
// does not go on from the one in `after`.
absl::Status LogCheckpoint(Session& session, const LogOptions& options);
// Has the server read its logs again and make their trees anew. Fails if anything is wrong.
absl::Status LogVerify(Session& session, const LogOptions& options);
// Writes a receipt for a request.
absl::Status LogProve(Session& session, const LogOptions& options);
// Verifies a receipt. Asks no server.
absl::Status LogCheck(Session& session, const LogOptions& options);

}  // namespace tikar::cli

#endif  // TIKAR_CLIENTS_CLI_LOG_COMMANDS_H_
