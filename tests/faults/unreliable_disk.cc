#include "unreliable_disk.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "absl/strings/str_cat.h"

namespace tikar::faults {
namespace {

namespace fs = std::filesystem;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;

std::string ParentOf(const std::string& path) { return fs::path(path).parent_path().string(); }

}  // namespace

class UnreliableDisk::File : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  File(std::unique_ptr<rocksdb::FSWritableFile>&& file, std::string path, UnreliableDisk& disk)
      : FSWritableFileOwnerWrapper(std::move(file)), path_(std::move(path)), disk_(disk) {}

  IOStatus Append(const Slice& data, const IOOptions& options, IODebugContext* context) override {
    const IOStatus fault = disk_.NextChange(/*needs_room=*/true);
    const Slice taken(data.data(), fault.ok() ? data.size() : data.size() / 2);
    // Without power nothing is written; with a full disk as much as fits.
    if (!fault.ok() && disk_.fault_ == Fault::kPowerLoss) return fault;
    const IOStatus status = FSWritableFileOwnerWrapper::Append(taken, options, context);
    if (status.ok()) Wrote(taken.size());
    return fault.ok() ? status : fault;
  }
  IOStatus Append(const Slice& data, const IOOptions& options, const rocksdb::DataVerificationInfo&,
                  IODebugContext* context) override {
    return Append(data, options, context);
  }
  IOStatus Sync(const IOOptions& options, IODebugContext* context) override {
    return Synced([&] { return FSWritableFileOwnerWrapper::Sync(options, context); });
  }
  IOStatus Fsync(const IOOptions& options, IODebugContext* context) override {
    return Synced([&] { return FSWritableFileOwnerWrapper::Fsync(options, context); });
  }
  // Promises nothing about a power failure.
  IOStatus RangeSync(uint64_t, uint64_t, const IOOptions&, IODebugContext*) override {
    return IOStatus::OK();
  }
  IOStatus Truncate(uint64_t size, const IOOptions& options, IODebugContext* context) override {
    const IOStatus fault = disk_.NextChange(/*needs_room=*/false);
    if (!fault.ok()) return fault;
    const IOStatus status = FSWritableFileOwnerWrapper::Truncate(size, options, context);
    std::lock_guard lock(disk_.mutex_);
    Content& content = disk_.contents_[path_];
    content.written = std::min(content.written, size);
    content.synced = std::min(content.synced, size);
    return status;
  }

 private:
  void Wrote(size_t bytes) {
    std::lock_guard lock(disk_.mutex_);
    disk_.contents_[path_].written += bytes;
  }
  template <typename Work>
  IOStatus Synced(const Work& work) {
    // Room is needed for what the kernel had only promised room.
    const IOStatus fault = disk_.NextChange(/*needs_room=*/true);
    uint64_t written = 0;
    {
      std::lock_guard lock(disk_.mutex_);
      Content& content = disk_.contents_[path_];
      if (!fault.ok()) content.lost_a_sync = true;
      written = content.written;
    }
    if (!fault.ok()) return fault;
    const IOStatus status = work();
    std::lock_guard lock(disk_.mutex_);
    Content& content = disk_.contents_[path_];
    if (status.ok() && !content.lost_a_sync) content.synced = std::max(content.synced, written);
    return status;
  }

  const std::string path_;
  UnreliableDisk& disk_;
};

class UnreliableDisk::Reads : public rocksdb::FSRandomAccessFileOwnerWrapper {
 public:
  Reads(std::unique_ptr<rocksdb::FSRandomAccessFile>&& file, UnreliableDisk& disk)
      : FSRandomAccessFileOwnerWrapper(std::move(file)), disk_(disk) {}

  IOStatus Read(uint64_t offset, size_t size, const IOOptions& options, Slice* result,
                char* scratch, IODebugContext* context) const override {
    if (disk_.NextReadIsShort()) size /= 2;
    return FSRandomAccessFileOwnerWrapper::Read(offset, size, options, result, scratch, context);
  }
  IOStatus MultiRead(rocksdb::FSReadRequest* requests, size_t count, const IOOptions& options,
                     IODebugContext* context) override {
    const IOStatus status =
        FSRandomAccessFileOwnerWrapper::MultiRead(requests, count, options, context);
    for (size_t i = 0; i < count && status.ok(); ++i) {
      Slice& result = requests[i].result;
      if (disk_.NextReadIsShort()) result = Slice(result.data(), result.size() / 2);
    }
    return status;
  }

 private:
  UnreliableDisk& disk_;
};

class UnreliableDisk::SequentialReads : public rocksdb::FSSequentialFileOwnerWrapper {
 public:
  SequentialReads(std::unique_ptr<rocksdb::FSSequentialFile>&& file, UnreliableDisk& disk)
      : FSSequentialFileOwnerWrapper(std::move(file)), disk_(disk) {}

  // The rest comes with the next read: POSIX allows that, and a file's end is a read of nothing.
  IOStatus Read(size_t size, const IOOptions& options, Slice* result, char* scratch,
                IODebugContext* context) override {
    if (disk_.NextReadIsShort()) size = (size + 1) / 2;
    return FSSequentialFileOwnerWrapper::Read(size, options, result, scratch, context);
  }

 private:
  UnreliableDisk& disk_;
};

class UnreliableDisk::Directory : public rocksdb::FSDirectoryWrapper {
 public:
  Directory(std::unique_ptr<rocksdb::FSDirectory>&& directory, std::string path,
            UnreliableDisk& disk)
      : FSDirectoryWrapper(std::move(directory)), path_(std::move(path)), disk_(disk) {}

  IOStatus Fsync(const IOOptions&, IODebugContext*) override { return Synced(); }
  IOStatus FsyncWithDirOptions(const IOOptions&, IODebugContext*,
                               const rocksdb::DirFsyncOptions&) override {
    return Synced();
  }

 private:
  IOStatus Synced() {
    const IOStatus fault = disk_.NextChange(/*needs_room=*/true);
    if (fault.ok()) disk_.SyncNames(path_);
    return fault;
  }

  const std::string path_;
  UnreliableDisk& disk_;
};

UnreliableDisk::UnreliableDisk(Fault fault, uint64_t call, uint64_t seed, std::string graveyard)
    : FileSystemWrapper(rocksdb::FileSystem::Default()),
      fault_(fault),
      call_(call),
      graveyard_(std::move(graveyard)),
      random_(seed) {
  fs::create_directories(graveyard_);
}

uint64_t UnreliableDisk::calls() const {
  std::lock_guard lock(mutex_);
  return calls_;
}

bool UnreliableDisk::failed() const {
  std::lock_guard lock(mutex_);
  return failed_;
}

bool UnreliableDisk::full() const {
  std::lock_guard lock(mutex_);
  return fault_ == Fault::kNoSpace && failed_ && !mended_;
}

void UnreliableDisk::Mend() {
  std::lock_guard lock(mutex_);
  mended_ = true;
}

IOStatus UnreliableDisk::NextChange(bool needs_room) {
  std::lock_guard lock(mutex_);
  if (fault_ == Fault::kShortRead) return IOStatus::OK();
  ++calls_;
  if (mended_ || calls_ < call_ || fault_ == Fault::kNone) return IOStatus::OK();
  switch (fault_) {
    case Fault::kNoSpace:
      failed_ = true;
      return needs_room ? IOStatus::NoSpace("No space left on device") : IOStatus::OK();
    case Fault::kError:
      if (std::exchange(failed_, true)) return IOStatus::OK();
      return IOStatus::IOError("Input/output error");
    case Fault::kPowerLoss:
      failed_ = true;
      return IOStatus::IOError("the power is off");
    default:
      return IOStatus::OK();
  }
}

bool UnreliableDisk::NextReadIsShort() {
  std::lock_guard lock(mutex_);
  if (fault_ != Fault::kShortRead) return false;
  if (++calls_ != call_ || mended_) return false;
  failed_ = true;
  return true;
}

std::string UnreliableDisk::Bury(const std::string& path) {
  const std::string grave = absl::StrCat(graveyard_, "/", ++buried_);
  std::error_code error;
  fs::rename(path, grave, error);
  return error ? "" : grave;
}

void UnreliableDisk::SyncNames(const std::string& directory) {
  std::lock_guard lock(mutex_);
  std::erase_if(names_, [&](const NameChange& change) { return change.directory == directory; });
}

IOStatus UnreliableDisk::NewWritableFile(const std::string& path,
                                         const rocksdb::FileOptions& options,
                                         std::unique_ptr<rocksdb::FSWritableFile>* file,
                                         IODebugContext* context) {
  if (const IOStatus fault = NextChange(/*needs_room=*/true); !fault.ok()) return fault;
  {
    std::lock_guard lock(mutex_);
    NameChange change{.directory = ParentOf(path), .path = path};
    change.buried = Bury(path);
    if (!change.buried.empty()) change.gone = path;
    names_.push_back(std::move(change));
    contents_[path] = Content();
  }
  const IOStatus status = target()->NewWritableFile(path, options, file, context);
  if (status.ok()) *file = std::make_unique<File>(std::move(*file), path, *this);
  return status;
}

IOStatus UnreliableDisk::NewRandomAccessFile(const std::string& path,
                                             const rocksdb::FileOptions& options,
                                             std::unique_ptr<rocksdb::FSRandomAccessFile>* file,
                                             IODebugContext* context) {
  const IOStatus status = target()->NewRandomAccessFile(path, options, file, context);
  if (status.ok()) *file = std::make_unique<Reads>(std::move(*file), *this);
  return status;
}

IOStatus UnreliableDisk::NewSequentialFile(const std::string& path,
                                           const rocksdb::FileOptions& options,
                                           std::unique_ptr<rocksdb::FSSequentialFile>* file,
                                           IODebugContext* context) {
  const IOStatus status = target()->NewSequentialFile(path, options, file, context);
  if (status.ok()) *file = std::make_unique<SequentialReads>(std::move(*file), *this);
  return status;
}

IOStatus UnreliableDisk::NewDirectory(const std::string& path, const IOOptions& options,
                                      std::unique_ptr<rocksdb::FSDirectory>* directory,
                                      IODebugContext* context) {
  const IOStatus status = target()->NewDirectory(path, options, directory, context);
  if (status.ok()) *directory = std::make_unique<Directory>(std::move(*directory), path, *this);
  return status;
}

IOStatus UnreliableDisk::DeleteFile(const std::string& path, const IOOptions& options,
                                    IODebugContext* context) {
  if (const IOStatus fault = NextChange(/*needs_room=*/false); !fault.ok()) return fault;
  {
    std::lock_guard lock(mutex_);
    NameChange change{.directory = ParentOf(path), .buried = Bury(path), .gone = path};
    if (!change.buried.empty()) {
      names_.push_back(std::move(change));
      return IOStatus::OK();
    }
  }
  return target()->DeleteFile(path, options, context);  // tells that there is no such file
}

IOStatus UnreliableDisk::RenameFile(const std::string& from, const std::string& to,
                                    const IOOptions& options, IODebugContext* context) {
  if (const IOStatus fault = NextChange(/*needs_room=*/true); !fault.ok()) return fault;
  std::lock_guard lock(mutex_);
  NameChange change{.directory = ParentOf(to), .path = to, .from = from};
  change.buried = Bury(to);
  if (!change.buried.empty()) change.gone = to;
  const IOStatus status = target()->RenameFile(from, to, options, context);
  if (status.ok()) {
    contents_[to] = contents_[from];
    contents_.erase(from);
    names_.push_back(std::move(change));
  }
  return status;
}

void UnreliableDisk::LosePower() {
  std::lock_guard lock(mutex_);
  // Names: the kernel writes them back in order, so what survives is a beginning.
  const size_t kept = names_.empty() ? 0 : random_() % (names_.size() + 1);
  while (names_.size() > kept) {
    const NameChange change = std::move(names_.back());
    names_.pop_back();
    std::error_code error;
    if (!change.path.empty() && change.from.empty()) {
      fs::remove(change.path, error);
      contents_.erase(change.path);
    } else if (!change.path.empty()) {
      fs::rename(change.path, change.from, error);
      contents_[change.from] = contents_[change.path];
      contents_.erase(change.path);
    }
    if (!change.buried.empty()) fs::rename(change.buried, change.gone, error);
  }
  names_.clear();
  for (const auto& [path, content] : contents_) {
    std::error_code error;
    if (content.written <= content.synced || !fs::exists(path, error)) continue;
    const uint64_t survived = content.synced + random_() % (content.written - content.synced + 1);
    fs::resize_file(path, survived, error);
    // Zeros; see the head of the header.
    if (path.ends_with(".log") && random_() % 3 == 0) fs::resize_file(path, content.written, error);
  }
  contents_.clear();
}

}  // namespace tikar::faults
