// Receipts and checkpoints in files, and public keys as people give them.
#ifndef TIKAR_CLIENTS_CLI_RECEIPT_FILES_H_
#define TIKAR_CLIENTS_CLI_RECEIPT_FILES_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "sync/signed_note.h"
#include "tikar/v1/log_service.pb.h"

namespace tikar::cli {

// As protobuf's JSON with the names of the proto, so that any program reads it. Takes the place of
// a file of that name, whole or not at all.
absl::Status WriteReceiptFile(const std::string& path, const v1::Receipt& receipt);
// A usage error for what is none. Does not judge what it says.
absl::StatusOr<v1::Receipt> ReadReceiptFile(const std::string& path);

// A usage error when it cannot be read.
absl::StatusOr<std::string> ReadCheckpointFile(const std::string& path);

// Of each: the key itself, or the file that holds keys, one a line. A usage error for what is
// neither.
absl::StatusOr<std::vector<sync::NamedKey>> ReadKeys(const std::vector<std::string>& typed);

}  // namespace tikar::cli

#endif  // TIKAR_CLIENTS_CLI_RECEIPT_FILES_H_
