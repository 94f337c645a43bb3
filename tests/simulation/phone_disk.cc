#include "phone_disk.h"

#include <sqlite3.h>

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

#include "schedule.h"
#include "sync/status_macros.h"

namespace tikar::simulation {
namespace {

std::map<std::string, PhoneDisk*>& Disks() {
  static std::map<std::string, PhoneDisk*> disks;
  return disks;
}

// What SQLite holds of an open file.
struct Handle {
  sqlite3_file base;
  PhoneDisk* disk;
  std::shared_ptr<PhoneDisk::File>* file;  // owned
};

Handle* Of(sqlite3_file* file) { return reinterpret_cast<Handle*>(file); }

// "disk/file" taken apart; null: there is no such disk.
PhoneDisk* DiskOf(const char* path, std::string* file) {
  const std::string_view whole(path);
  const size_t slash = whole.rfind('/');
  const auto disk = Disks().find(std::string(whole.substr(0, slash)));
  if (slash == std::string_view::npos || disk == Disks().end()) return nullptr;
  *file = std::string(whole.substr(slash + 1));
  return disk->second;
}

int Close(sqlite3_file* file) {
  delete Of(file)->file;
  Of(file)->file = nullptr;
  return SQLITE_OK;
}

int Read(sqlite3_file* file, void* out, int size, sqlite3_int64 offset) {
  if (!Of(file)->disk->powered()) return SQLITE_IOERR_READ;
  const std::string& bytes = (*Of(file)->file)->bytes;
  const auto from = std::min(static_cast<size_t>(offset), bytes.size());
  const auto count = std::min(static_cast<size_t>(size), bytes.size() - from);
  std::memcpy(out, bytes.data() + from, count);
  if (count == static_cast<size_t>(size)) return SQLITE_OK;
  std::memset(static_cast<char*>(out) + count, 0, static_cast<size_t>(size) - count);
  return SQLITE_IOERR_SHORT_READ;
}

int Write(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 offset) {
  return Of(file)->disk->Write(
      Of(file)->file->get(), static_cast<size_t>(offset),
      std::string_view(static_cast<const char*>(bytes), static_cast<size_t>(size)));
}

int Truncate(sqlite3_file* file, sqlite3_int64 size) {
  return Of(file)->disk->Truncate(Of(file)->file->get(), static_cast<size_t>(size));
}

int Sync(sqlite3_file* file, int /*flags*/) { return Of(file)->disk->Sync(Of(file)->file->get()); }

int FileSize(sqlite3_file* file, sqlite3_int64* size) {
  *size = static_cast<sqlite3_int64>((*Of(file)->file)->bytes.size());
  return SQLITE_OK;
}

// One process at a time is the world's to keep.
int Lock(sqlite3_file*, int) { return SQLITE_OK; }
int Unlock(sqlite3_file*, int) { return SQLITE_OK; }
int CheckReservedLock(sqlite3_file*, int* held) {
  *held = 0;
  return SQLITE_OK;
}
int FileControl(sqlite3_file*, int, void*) { return SQLITE_NOTFOUND; }
int SectorSize(sqlite3_file*) { return 512; }
int DeviceCharacteristics(sqlite3_file*) { return SQLITE_IOCAP_POWERSAFE_OVERWRITE; }

constexpr sqlite3_io_methods kMethods = {
    .iVersion = 1,
    .xClose = Close,
    .xRead = Read,
    .xWrite = Write,
    .xTruncate = Truncate,
    .xSync = Sync,
    .xFileSize = FileSize,
    .xLock = Lock,
    .xUnlock = Unlock,
    .xCheckReservedLock = CheckReservedLock,
    .xFileControl = FileControl,
    .xSectorSize = SectorSize,
    .xDeviceCharacteristics = DeviceCharacteristics,
    .xShmMap = nullptr,
    .xShmLock = nullptr,
    .xShmBarrier = nullptr,
    .xShmUnmap = nullptr,
    .xFetch = nullptr,
    .xUnfetch = nullptr,
};

int OpenFile(sqlite3_vfs*, const char* path, sqlite3_file* file, int flags, int* flags_out) {
  file->pMethods = nullptr;
  std::string name;
  // Files without a name would be temporary ones; the product has none.
  PhoneDisk* disk = path == nullptr ? nullptr : DiskOf(path, &name);
  if (disk == nullptr || !disk->powered()) return SQLITE_CANTOPEN;
  if ((flags & SQLITE_OPEN_CREATE) == 0 && !disk->Exists(name)) return SQLITE_CANTOPEN;
  Of(file)->disk = disk;
  Of(file)->file = new std::shared_ptr<PhoneDisk::File>(disk->Open(name));
  file->pMethods = &kMethods;
  if (flags_out != nullptr) *flags_out = flags;
  return SQLITE_OK;
}

int DeleteFile(sqlite3_vfs*, const char* path, int /*sync*/) {
  std::string name;
  PhoneDisk* disk = DiskOf(path, &name);
  if (disk == nullptr || !disk->powered()) return SQLITE_IOERR_DELETE;
  if (!disk->Exists(name)) return SQLITE_IOERR_DELETE_NOENT;
  disk->Delete(name);
  return SQLITE_OK;
}

int Access(sqlite3_vfs*, const char* path, int /*flags*/, int* result) {
  std::string name;
  const PhoneDisk* disk = DiskOf(path, &name);
  *result = disk != nullptr && disk->Exists(name) ? 1 : 0;
  return SQLITE_OK;
}

int FullPathname(sqlite3_vfs*, const char* path, int size, char* out) {
  sqlite3_snprintf(size, out, "%s", path);
  return SQLITE_OK;
}

// SQLite names temporary files with it and salts its log: nothing that a run shows.
int Randomness(sqlite3_vfs*, int size, char* out) {
  std::memset(out, 7, static_cast<size_t>(size));
  return size;
}
int Sleep(sqlite3_vfs*, int microseconds) { return microseconds; }
int CurrentTime(sqlite3_vfs*, double* days) {
  // The julian day of the epoch.
  *days = 2440587.5 + static_cast<double>(kBeginMs) / 86'400'000;
  return SQLITE_OK;
}
int GetLastError(sqlite3_vfs*, int, char*) { return 0; }

void Register() {
  static sqlite3_vfs vfs = [] {
    sqlite3_vfs made{};
    made.iVersion = 1;
    made.szOsFile = sizeof(Handle);
    made.mxPathname = 512;
    made.zName = PhoneDisk::kVfs;
    made.xOpen = OpenFile;
    made.xDelete = DeleteFile;
    made.xAccess = Access;
    made.xFullPathname = FullPathname;
    made.xRandomness = Randomness;
    made.xSleep = Sleep;
    made.xCurrentTime = CurrentTime;
    made.xGetLastError = GetLastError;
    return made;
  }();
  static const int registered = sqlite3_vfs_register(&vfs, 0);
  CHECK(registered == SQLITE_OK);
}

}  // namespace

PhoneDisk::PhoneDisk(std::string name) : name_(std::move(name)) {
  Register();
  CHECK(Disks().emplace(name_, this).second);
}

PhoneDisk::~PhoneDisk() { Disks().erase(name_); }

std::string PhoneDisk::Path(std::string_view file) const { return name_ + "/" + std::string(file); }

std::shared_ptr<PhoneDisk::File> PhoneDisk::Open(const std::string& file) {
  std::shared_ptr<File>& slot = files_[file];
  if (slot == nullptr) slot = std::make_shared<File>();
  return slot;
}

bool PhoneDisk::Draw() {
  if (powered_ && writes_until_cut_ > 0 && --writes_until_cut_ == 0) powered_ = false;
  return powered_;
}

int PhoneDisk::Write(File* file, size_t offset, std::string_view bytes) {
  if (!powered_) return SQLITE_IOERR_WRITE;
  if (full_) return SQLITE_FULL;
  // The write at which the power goes may have begun.
  const bool powered = Draw();
  const size_t size_before = file->bytes.size();
  const size_t overlap = offset < size_before ? std::min(bytes.size(), size_before - offset) : 0;
  file->unsynced.push_back({offset, bytes.size(),
                            file->bytes.substr(std::min(offset, size_before), overlap),
                            size_before});
  if (offset + bytes.size() > size_before) file->bytes.resize(offset + bytes.size());
  file->bytes.replace(offset, bytes.size(), bytes);
  return powered ? SQLITE_OK : SQLITE_IOERR_WRITE;
}

int PhoneDisk::Truncate(File* file, size_t size) {
  if (!Draw()) return SQLITE_IOERR_TRUNCATE;
  if (size >= file->bytes.size()) return SQLITE_OK;
  file->unsynced.push_back({size, 0, file->bytes.substr(size), file->bytes.size()});
  file->bytes.resize(size);
  return SQLITE_OK;
}

int PhoneDisk::Sync(File* file) {
  if (!Draw()) return SQLITE_IOERR_FSYNC;
  file->unsynced.clear();
  return SQLITE_OK;
}

void PhoneDisk::Restart(property::Random* random) {
  for (auto& [name, file] : files_) {
    std::vector<File::Undo>& undo = file->unsynced;
    const size_t kept = static_cast<size_t>(random->Below(undo.size() + 1));
    while (undo.size() > kept) {
      File::Undo& last = undo.back();
      // The first write that did not make it whole is torn: its beginning is there.
      const bool torn = undo.size() == kept + 1 && last.written > 0 && random->Percent(50);
      const auto there = torn ? static_cast<size_t>(random->Below(last.written)) : 0;
      file->bytes.resize(std::max(last.size_before, there > 0 ? last.offset + there : 0));
      if (there < last.before.size()) {
        file->bytes.replace(last.offset + there, last.before.size() - there,
                            std::string_view(last.before).substr(there));
      }
      undo.pop_back();
    }
    undo.clear();
  }
  powered_ = true;
  writes_until_cut_ = 0;
}

PhoneDisk::Image PhoneDisk::Read() const {
  Image image;
  for (const auto& [name, file] : files_) image[name] = file->bytes;
  return image;
}

void PhoneDisk::Replace(Image image) {
  files_.clear();
  for (auto& [name, bytes] : image) {
    auto file = std::make_shared<File>();
    file->bytes = std::move(bytes);
    files_.emplace(name, std::move(file));
  }
}

}  // namespace tikar::simulation
