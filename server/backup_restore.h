// tikard --restore-from: a data directory out of a backup.
#ifndef TIKAR_SERVER_BACKUP_RESTORE_H_
#define TIKAR_SERVER_BACKUP_RESTORE_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"

namespace tikar::server {

// What stands behind --restore-from: "/mnt/usb/tikar" is the newest backup there,
// "/mnt/usb/tikar@3" backup 3. A directory of exactly that name goes before.
struct BackupPlace {
  std::string directory;
  std::optional<uint32_t> number;
};
BackupPlace ParseBackupPlace(const std::string& text);

// Reads every byte of the backup, then makes the store. Progress goes to the log. Errors as
// storage::RestoreBackup.
absl::Status RestoreDataDirectory(const std::string& restore_from,
                                  const std::string& data_directory);

}  // namespace tikar::server

#endif  // TIKAR_SERVER_BACKUP_RESTORE_H_
