// The data directory around RocksDB: what it is, whose it is, and how far it was synced.
//
//   FORMAT     what this directory is and in which version; written once, when everything else is
//              there
//   LOCK       locked while a process has the store open; holds that process's number
//   SYNCED     how far writes were acknowledged as durable
//   RESTORED   where a store that was restored comes from; goes when it has a log of its own
//   db/        RocksDB
//   rocksdb.log, rocksdb.log.old  what RocksDB says of its work (info_log.h)
//
// Why SYNCED: a write-ahead log whose end is missing looks the same whether power failed before the
// last fsync (then it is right to go on without) or the disk lost what was synced long ago (then it
// is not, and neither RocksDB nor a checksum can tell). The same for a MANIFEST that is cut short.
// So each fsync notes here, without an fsync of its own, the number of the batch up to which
// everything is durable; opening compares. The note may lag after a power failure (the kernel
// writes it back within half a minute), and never leads: it errs only towards opening.
//
// Invariants:
// 1. FORMAT exists only if db/, or db.new/ on its way to that name, is complete. So a directory
// with
//    FORMAT and without a readable db/ is damaged, never half made.
// 2. The number in SYNCED never goes down.
// 3. Check and a failed Open change nothing in a directory that was not empty.
#ifndef TIKAR_STORAGE_STORE_DIRECTORY_H_
#define TIKAR_STORAGE_STORE_DIRECTORY_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace tikar::storage {

// The version of everything below the data directory that is written in FORMAT. To be raised when
// an older tikard must not open the store, or this one cannot read what an older one wrote.
//   1  request records 1 and 2, states 1
//   2  request records 3, states 2
inline constexpr uint64_t kStoreFormat = 2;
// The oldest that this tikard reads.
inline constexpr uint64_t kStoreFormatOldest = 2;
static_assert(kStoreFormatOldest <= kStoreFormat);

// The whole content of the file FORMAT, for version `format`.
std::string FormatFile(uint64_t format);
// The whole content of the file SYNCED.
std::string SyncedFile(uint64_t batches);

// Holds the lock of a data directory until it is destroyed. Thread safety: NoteSynced and
// FlushSynced may run at the same time, each by one thread.
class StoreDirectory {
 public:
  // Makes an empty RocksDB in the directory `path`, which exists, and closes it.
  using Creator = std::function<absl::Status(const std::string& path)>;

  // What a store that is made begins with.
  struct Contents {
    uint64_t format = kStoreFormat;
    uint64_t batches = 0;  // of what the Creator makes: that must not be less
    // Empty: it is a new one. Else what RESTORED is to say.
    std::string restored;
  };

  // Locks the data directory `path`. Makes it (mode 0700, and missing parents) and everything in it
  // when it does not exist or is empty; finishes what a crash interrupted.
  //   kFailedPrecondition  of a newer format, or an older one than is read; or not empty and no
  //                        Tikar store; or in use
  //   kDataLoss            FORMAT, SYNCED or db/ is missing or damaged
  //   other codes          as FromErrno
  static absl::StatusOr<std::unique_ptr<StoreDirectory>> Open(const std::string& path,
                                                              const Creator& create);
  // The same for a directory that is to be looked at: nothing is made or finished.
  //   kNotFound  there is no store, or one whose creation was interrupted
  static absl::StatusOr<std::unique_ptr<StoreDirectory>> OpenExisting(const std::string& path);
  // Makes a store in `path`, out of what `create` puts there. A crash half-way leaves what
  // CheckVacant takes for empty.
  //   as CheckVacant; what `create` returns
  static absl::Status Restore(const std::string& path, const Contents& contents,
                              const Creator& create);
  // OK: there is nothing, so that a store may be restored to `path`.
  //   kFailedPrecondition  it holds a store, or something else
  static absl::Status CheckVacant(const std::string& path);
  // What RESTORED says; empty: it is not there.
  static absl::StatusOr<std::string> RestoredNote(const std::string& path);
  static absl::Status ForgetRestored(const std::string& path);
  ~StoreDirectory();
  StoreDirectory(const StoreDirectory&) = delete;
  StoreDirectory& operator=(const StoreDirectory&) = delete;

  const std::string& path() const { return path_; }
  std::string database_path() const { return path_ + "/db"; }
  std::string info_log_path() const { return path_ + "/rocksdb.log"; }

  // What SYNCED said at Open.
  uint64_t synced_at_open() const { return synced_at_open_; }

  // Writes into LOCK whose process has the store open. Apart from Open, because a store that turns
  // out to be damaged is left as it is.
  absl::Status NoteHolder();

  // Everything up to batch number `batches` is durable. Written at once, not synced.
  absl::Status NoteSynced(uint64_t batches);
  // Makes the note itself durable.
  absl::Status FlushSynced();

 private:
  StoreDirectory(std::string path, int lock) : path_(std::move(path)), lock_(lock) {}

  absl::Status Create(const Contents& contents, const Creator& create);
  absl::Status FinishCreation();
  absl::Status OpenSynced();

  const std::string path_;
  const int lock_;
  int synced_ = -1;
  uint64_t synced_at_open_ = 0;
};

}  // namespace tikar::storage

#endif  // TIKAR_STORAGE_STORE_DIRECTORY_H_
