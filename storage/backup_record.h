// What is kept of each backup beside RocksDB's own files: when and by whom it was made, what is in
// it, and a digest of every file, so that a single byte that differs is found and its file named.
#ifndef TIKAR_STORAGE_BACKUP_RECORD_H_
#define TIKAR_STORAGE_BACKUP_RECORD_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "sync/types.h"

namespace tikar::storage {

struct BackupFile {
  std::string path;  // below the directory of backups
  uint64_t bytes = 0;
  sync::Hash digest;  // see DigestOfFile
  friend bool operator==(const BackupFile&, const BackupFile&) = default;
};

struct BackupRecord {
  uint32_t number = 0;  // from 1, ascending
  int64_t began_ms = 0;
  int64_t ended_ms = 0;
  std::string made_by;        // version of the program
  uint64_t store_format = 0;  // see kStoreFormat
  uint64_t batches = 0;       // ever written to the store, at the moment of the backup
  uint64_t bytes = 0;         // of all files
  uint64_t bytes_new = 0;     // of those that no earlier backup had
  std::string contents;       // for whoever knows what the rows mean
  std::vector<BackupFile> files;
  friend bool operator==(const BackupRecord&, const BackupRecord&) = default;
};

// The bytes end in a checksum of all before.
std::string EncodeBackupRecord(const BackupRecord& record);
//   kDataLoss            damaged
//   kFailedPrecondition  made by a newer tikard
absl::StatusOr<BackupRecord> DecodeBackupRecord(std::string_view bytes);

// SHA-256 of the SHA-256 of each MiB of the file. Errors as FromErrno.
absl::StatusOr<sync::Hash> DigestOfFile(const std::string& path);

}  // namespace tikar::storage

#endif  // TIKAR_STORAGE_BACKUP_RECORD_H_
