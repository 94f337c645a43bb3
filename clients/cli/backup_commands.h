// tikar backup: copies of what a server keeps, made by the server while it serves.
#ifndef TIKAR_CLIENTS_CLI_BACKUP_COMMANDS_H_
#define TIKAR_CLIENTS_CLI_BACKUP_COMMANDS_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "clients/cli/session.h"

namespace tikar::cli {

struct BackupOptions {
  // Of `create`; 0: all.
  uint32_t keep = 0;
  // "3" or "backups/3". Of `verify`: the newest if empty.
  std::string backup;
};

// Waits until it is made. If this process ends before, nothing of it remains.
absl::Status BackupCreate(Session& session, const BackupOptions& options);
absl::Status BackupList(Session& session);
// Fails if anything is damaged.
absl::Status BackupVerify(Session& session, const BackupOptions& options);
absl::Status BackupDelete(Session& session, const BackupOptions& options);

// "3.2 MiB".
std::string SizeText(uint64_t bytes);

}  // namespace tikar::cli

#endif  // TIKAR_CLIENTS_CLI_BACKUP_COMMANDS_H_
