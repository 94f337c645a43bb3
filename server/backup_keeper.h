// The backups of one server: makes, lists, verifies and deletes them, one thing at a time.
#ifndef TIKAR_SERVER_BACKUP_KEEPER_H_
#define TIKAR_SERVER_BACKUP_KEEPER_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/backup.h"
#include "tikar/v1/backup_service.pb.h"

namespace tikar::server {

struct BackupOptions {
  // Empty: this server makes none.
  std::string directory;
  // The store that is open now; may say null.
  std::function<std::shared_ptr<const storage::BackupSource>()> source;
  std::string data_directory;
  std::string version;
  // Milliseconds since the epoch. Any thread.
  std::function<int64_t()> now_ms;
};

// Whether two paths, of which neither need be there yet, are on one disk.
bool OnOneDisk(const std::string& a, const std::string& b);

// "backups/3" is 3. InvalidArgument: it is no name of a backup.
absl::StatusOr<uint32_t> ParseBackupName(std::string_view name);

// Thread safety: all methods from any thread. All may take long. What goes wrong is told in words
// for whoever runs the server (ForOperator).
class BackupKeeper {
 public:
  explicit BackupKeeper(BackupOptions options);

  // The last message of the answer. `keep`: see CreateBackupRequest.
  absl::StatusOr<v1::CreateBackupResponse> Create(uint32_t keep,
                                                  const storage::BackupWatch& watch) const;
  absl::StatusOr<v1::ListBackupsResponse> List() const;
  // The last message of the answer.
  absl::StatusOr<v1::VerifyBackupResponse> Verify(uint32_t number,
                                                  const storage::BackupWatch& watch) const;
  absl::Status Delete(uint32_t number) const;

 private:
  // Null status: this server makes backups.
  absl::Status Enabled() const;
  storage::BackupDirectory Directory() const;
  // What a new backup holds. FailedPrecondition: the directory has those of another store.
  absl::StatusOr<std::string> Describe(const sync::Reader& reader) const;

  const BackupOptions options_;
};

}  // namespace tikar::server

#endif  // TIKAR_SERVER_BACKUP_KEEPER_H_
