// Backups of a store that goes on taking writes.
//
//   BackupDirectory backups({.path = "/mnt/usb/tikar", .made_by = "0.5", .now_ms = WallClockMs});
//   ASSIGN_OR_RETURN(BackupRecord made, backups.Create(*store.backup_source(), describe, watch));
//   ASSIGN_OR_RETURN(std::vector<BackupFault> faults, backups.Verify(made.number, watch));
//   …
//   ASSIGN_OR_RETURN(BackupRecord record, RestoreBackup("/mnt/usb/tikar", 3, "/var/lib/tikar", …));
//
// A directory of backups:
//
//   FORMAT     what this directory is and in which version
//   LOCK       locked while a backup is made or deleted
//   records/N  a BackupRecord; written last, so a backup without one is none
//   rocksdb/   of RocksDB's BackupEngine: table files are shared by all backups that have them, so
//              a backup copies only what is new
//
// Only what is durable is in a backup. RocksDB copies what was written, which may be ahead of the
// last fsync of the log. If power then failed, the store would give the numbers of what it lost to
// something else, and the backup, once restored, would contradict it. So the log is synced after
// the files were copied and before the backup is declared one.
//
// In it is what the store keeps, and no more: not the node's private key, not logs of the program.
// A store that is restored is another incarnation: see StoreDirectory::RestoredNote.
//
// Thread safety: several objects, processes too, may work in one directory; who comes second when
// one makes or deletes a backup is told kAborted. Not to be deleted by anybody while it is verified
// or restored.
#ifndef TIKAR_STORAGE_BACKUP_H_
#define TIKAR_STORAGE_BACKUP_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/backup_record.h"
#include "storage/backup_source.h"
#include "sync/store.h"

namespace tikar::storage {

// From the directory's FORMAT. To be raised when an older tikard must not write there.
inline constexpr uint64_t kBackupsFormat = 1;

struct BackupProgress {
  uint64_t bytes_done = 0;
  uint64_t bytes_total = 0;  // at most; what an earlier backup has is not copied
};
// Called now and then, from any thread, one call at a time. An error ends the work, which returns
// it.
using BackupWatch = std::function<absl::Status(const BackupProgress&)>;

// Reads what is in a backup that was just made, for its record: BackupRecord::contents.
using BackupDescribe = std::function<absl::StatusOr<std::string>(const sync::Reader&)>;

struct BackupFault {
  std::string path;  // below the directory of backups
  std::string what;
  friend bool operator==(const BackupFault&, const BackupFault&) = default;
};

struct BackupListing {
  uint32_t number = 0;
  absl::StatusOr<BackupRecord> record;  // an error: its record is damaged, or of a newer tikard
};

class BackupDirectory {
 public:
  struct Options {
    // Made when the first backup is.
    std::string path;
    std::string made_by;
    // Milliseconds since the epoch. Any thread.
    std::function<int64_t()> now_ms;
    // What is left for the store where both are on one disk: with less room no backup goes on.
    uint64_t spare_bytes = 0;
    // So that the store's fsyncs do not wait behind a whole file; 0: as fast as the disk is.
    uint64_t bytes_per_second = 0;
    // Backups are written through this; the real files when null. Must outlive this.
    rocksdb::Env* env = nullptr;
  };

  explicit BackupDirectory(Options options);

  // Copies what the store shows now, and what is durable of it, as a backup with the next number.
  // What an interrupted backup left is removed first. On an error nothing of this one remains, and
  // the store goes on.
  //   kResourceExhausted   the disk of the backups is full, or would be
  //   kUnavailable         a disk gave an error, or the store is closed
  //   kFailedPrecondition  the directory is none for backups
  //   kAborted             another backup is being made or deleted there
  //   what `describe` and `watch` return
  absl::StatusOr<BackupRecord> Create(const BackupSource& source, const BackupDescribe& describe,
                                      const BackupWatch& watch) const;

  // All backups, ascending by number. Empty when there is no directory.
  absl::StatusOr<std::vector<BackupListing>> List() const;

  // Reads every file of one. Empty: it is whole.
  //   kNotFound  there is no such backup; the message says which there are
  absl::StatusOr<std::vector<BackupFault>> Verify(uint32_t number, const BackupWatch& watch) const;

  // Removes one, and the files that no other has. kNotFound as Verify, kAborted as Create.
  absl::Status Delete(uint32_t number) const;

 private:
  absl::StatusOr<BackupRecord> CreateFrom(const BackupSource::Rows& rows,
                                          const BackupDescribe& describe,
                                          const BackupWatch& watch) const;
  absl::StatusOr<std::vector<uint32_t>> Numbers() const;
  absl::Status CheckFormat() const;
  absl::Status CheckRoom() const;

  const Options options_;
};

// Makes a store of backup `number` (the newest if none) in `data_directory`, which holds none,
// after reading every file of the backup. What it is then called is `RestoredNote`.
//   kNotFound            no such backup; the message says which there are
//   kFailedPrecondition  the directory holds a store or something else; or the store in the backup
//                        has a format that this tikard does not read. Nothing was changed
//   kDataLoss            the backup is damaged; the message names the file. Nothing was changed
//   other codes          as FromErrno; the directory is as good as empty then
absl::StatusOr<BackupRecord> RestoreBackup(const std::string& path, std::optional<uint32_t> number,
                                           const std::string& data_directory,
                                           const BackupWatch& watch);

}  // namespace tikar::storage

#endif  // TIKAR_STORAGE_BACKUP_H_
