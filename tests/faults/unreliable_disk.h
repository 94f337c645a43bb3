// A disk that fails at one chosen call, and that forgets what was not synced when its power goes.
//
// Files of RocksDB go through it to a real directory, which stands for the kernel's cache: what was
// written is there to be read. Which part of it would survive a power failure is noted apart:
//   bytes of a file      after its Sync or Fsync
//   a new name, a rename,
//   a removal            after FsyncDirectory
// LosePower makes the real directory what a disk would hold afterwards. Of what was not synced a
// random part survives, for a kernel writes back when it likes. A log may end in zeros, for its
// size may be written before its bytes. A MANIFEST may not: RocksDB does not open one that does,
// which is known (docs/operations.md, "The file system").
#ifndef TIKAR_TESTS_FAULTS_UNRELIABLE_DISK_H_
#define TIKAR_TESTS_FAULTS_UNRELIABLE_DISK_H_

#include <cstdint>
#include <map>
#include <mutex>
#include <random>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "rocksdb/file_system.h"

namespace tikar::faults {

enum class Fault {
  kNone,
  // From the n-th change of the disk on there is no room, until Mend. Half of what did not fit is
  // written, as a real disk does.
  kNoSpace,
  // The n-th change fails once. A sync that failed has synced nothing, and never will: the kernel
  // forgets.
  kError,
  // From the n-th change on nothing works; then LosePower.
  kPowerLoss,
  // The n-th read gives half of what was asked for.
  kShortRead,
};

// Thread safety: all methods from any thread.
class UnreliableDisk : public rocksdb::FileSystemWrapper {
 public:
  // `graveyard`: a directory on the same file system, for what was removed and could come back.
  UnreliableDisk(Fault fault, uint64_t call, uint64_t seed, std::string graveyard);

  const char* Name() const override { return "UnreliableDisk"; }

  // Calls so far, of the kind that the fault counts.
  uint64_t calls() const;
  // The fault has happened.
  bool failed() const;
  // There is no room at this moment.
  bool full() const;
  // There is room again; nothing fails any more.
  void Mend();
  // Once nobody has the files open.
  void LosePower();

  rocksdb::IOStatus NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* file,
                                    rocksdb::IODebugContext* context) override;
  rocksdb::IOStatus NewRandomAccessFile(const std::string& path,
                                        const rocksdb::FileOptions& options,
                                        std::unique_ptr<rocksdb::FSRandomAccessFile>* file,
                                        rocksdb::IODebugContext* context) override;
  rocksdb::IOStatus NewSequentialFile(const std::string& path, const rocksdb::FileOptions& options,
                                      std::unique_ptr<rocksdb::FSSequentialFile>* file,
                                      rocksdb::IODebugContext* context) override;
  rocksdb::IOStatus NewDirectory(const std::string& path, const rocksdb::IOOptions& options,
                                 std::unique_ptr<rocksdb::FSDirectory>* directory,
                                 rocksdb::IODebugContext* context) override;
  rocksdb::IOStatus DeleteFile(const std::string& path, const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* context) override;
  rocksdb::IOStatus RenameFile(const std::string& from, const std::string& to,
                               const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* context) override;

 private:
  class File;
  class Reads;
  class SequentialReads;
  class Directory;

  // What is known of a file since it was last as durable as it can be.
  struct Content {
    uint64_t written = 0;
    uint64_t synced = 0;
    bool lost_a_sync = false;  // what was written before can no longer be synced
  };
  // A change of names that a power failure may undo, newest last.
  struct NameChange {
    std::string directory = {};
    std::string path = {};    // that appeared; empty: none
    std::string from = {};    // that it was called before; empty: it is new
    std::string buried = {};  // where what disappeared from `gone` lies; empty: nothing did
    std::string gone = {};
  };

  // Of the next change: OK, or what is to be answered instead of doing it.
  rocksdb::IOStatus NextChange(bool needs_room);
  bool NextReadIsShort();
  // Moves `path` into the graveyard; empty: it was not there.
  std::string Bury(const std::string& path) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void SyncNames(const std::string& directory);

  const Fault fault_;
  const uint64_t call_;
  const std::string graveyard_;
  mutable std::mutex mutex_;
  std::mt19937_64 random_ ABSL_GUARDED_BY(mutex_);
  uint64_t calls_ ABSL_GUARDED_BY(mutex_) = 0;
  bool failed_ ABSL_GUARDED_BY(mutex_) = false;
  bool mended_ ABSL_GUARDED_BY(mutex_) = false;
  uint64_t buried_ ABSL_GUARDED_BY(mutex_) = 0;
  std::map<std::string, Content> contents_ ABSL_GUARDED_BY(mutex_);
  std::vector<NameChange> names_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace tikar::faults

#endif  // TIKAR_TESTS_FAULTS_UNRELIABLE_DISK_H_
