// PhoneDisk: the flash of one phone, under SQLite as a file system of its own (a VFS).
//
// It knows what was written and what was synced. A power cut keeps what was synced; of what was
// written to a file since, a prefix of any length may have reached the flash, and the last write of
// it may be torn. So the SDK's promise that a committed change survives is put to SQLite's real
// write-ahead log and not to a model of it.
//
//   PhoneDisk disk("phone 3");
//   options.database_path = disk.Path("app.sqlite");
//   options.database_vfs = PhoneDisk::kVfs;
//
// Thread safety: none; all disks of the process belong to one thread.
#ifndef TIKAR_TESTS_SIMULATION_PHONE_DISK_H_
#define TIKAR_TESTS_SIMULATION_PHONE_DISK_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "random.h"

namespace tikar::simulation {

class PhoneDisk {
 public:
  static constexpr char kVfs[] = "tikar-simulation";

  // Files by name. A value.
  using Image = std::map<std::string, std::string>;

  // `name` is unique among the disks that live.
  explicit PhoneDisk(std::string name);
  ~PhoneDisk();
  PhoneDisk(const PhoneDisk&) = delete;
  PhoneDisk& operator=(const PhoneDisk&) = delete;

  // As SQLite is told.
  std::string Path(std::string_view file) const;

  // No writes succeed, no files grow.
  void SetFull(bool full) { full_ = full; }
  // The power goes at the n-th write, truncation or sync from now; 1: the next one.
  void CutPowerAfter(uint64_t writes) { writes_until_cut_ = writes; }
  bool powered() const { return powered_; }
  // Every call fails from now on.
  void CutPower() { powered_ = false; }
  // After the database is closed: what a power cut leaves, and the power is back.
  void Restart(property::Random* random);

  // What is on the files now, as the operating system shows it: what an app that is killed leaves.
  Image Read() const;
  // After the database is closed.
  void Replace(Image image);

  struct File {
    // To take back what was not synced, the last one first.
    struct Undo {
      size_t offset;
      size_t written;      // bytes; 0: it was a truncation
      std::string before;  // what it took the place of
      size_t size_before;
    };
    std::string bytes;
    std::vector<Undo> unsynced;
  };
  // For the file system below SQLite. SQLITE_OK or an error.
  int Write(File* file, size_t offset, std::string_view bytes);
  int Truncate(File* file, size_t size);
  int Sync(File* file);
  bool Exists(const std::string& file) const { return files_.contains(file); }
  std::shared_ptr<File> Open(const std::string& file);
  void Delete(const std::string& file) { files_.erase(file); }

 private:
  // Whether the power lasts for one more.
  bool Draw();

  const std::string name_;
  std::map<std::string, std::shared_ptr<File>> files_;
  bool full_ = false;
  bool powered_ = true;
  uint64_t writes_until_cut_ = 0;
};

}  // namespace tikar::simulation

#endif  // TIKAR_TESTS_SIMULATION_PHONE_DISK_H_
