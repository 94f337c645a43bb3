#include "storage/backup.h"

#include <sys/stat.h>

#include <atomic>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "data_directory.h"
#include "faulty_disk.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "numbered_batches.h"
#include "storage/store_directory.h"

namespace tikar::storage {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
namespace fs = std::filesystem;

constexpr int64_t kBeganMs = 1'795'343'400'000;  // 2026-11-22 10:30:00 UTC

absl::Status GoOn(const BackupProgress&) { return absl::OkStatus(); }

absl::StatusOr<std::string> CountOf(const sync::Reader& reader) {
  return Get(reader, sync::Family::kMeta, "count").value_or("nothing");
}

// Takes so many bytes, then says that it is full.
class SmallDisk : public rocksdb::FileSystemWrapper {
 public:
  explicit SmallDisk(int64_t bytes) : FileSystemWrapper(rocksdb::FileSystem::Default()) {
    left_ = bytes;
  }
  const char* Name() const override { return "SmallDisk"; }

  rocksdb::IOStatus NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* file,
                                    rocksdb::IODebugContext* context) override {
    const rocksdb::IOStatus status = target()->NewWritableFile(path, options, file, context);
    if (status.ok()) *file = std::make_unique<File>(std::move(*file), left_);
    return status;
  }

 private:
  class File : public rocksdb::FSWritableFileOwnerWrapper {
   public:
    File(std::unique_ptr<rocksdb::FSWritableFile>&& file, std::atomic<int64_t>& left)
        : FSWritableFileOwnerWrapper(std::move(file)), left_(left) {}
    using FSWritableFileOwnerWrapper::Append;
    rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                             rocksdb::IODebugContext* context) override {
      left_ -= static_cast<int64_t>(data.size());
      if (left_ < 0) return rocksdb::IOStatus::NoSpace("no space left on this device");
      return FSWritableFileOwnerWrapper::Append(data, options, context);
    }

   private:
    std::atomic<int64_t>& left_;
  };

  std::atomic<int64_t> left_;
};

class BackupTest : public testing::Test {
 protected:
  BackupTest() { OpenStore(nullptr); }

  void OpenStore(rocksdb::Env* env) {
    store_ = nullptr;
    RocksdbStoreOptions options = SmallOptions(data_);
    options.env = env;
    auto store = RocksdbStore::Open(options);
    ASSERT_TRUE(store.ok()) << store.status();
    store_ = *std::move(store);
  }

  // Batches up to number `last`, durable.
  void FillTo(int last) {
    for (; written_ < last; ++written_) {
      ASSERT_TRUE(store_->Write(NumberedBatch(written_ + 1)).ok());
    }
    ASSERT_TRUE(store_->Sync().ok());
  }

  BackupDirectory Backups(rocksdb::Env* env = nullptr, uint64_t spare_bytes = 0) {
    return BackupDirectory({.path = path_,
                            .made_by = "test",
                            .now_ms = [this] { return now_ms_ += 1000; },
                            .spare_bytes = spare_bytes,
                            .env = env});
  }
  BackupRecord Create() {
    auto record = Backups().Create(*store_->backup_source(), CountOf, GoOn);
    EXPECT_TRUE(record.ok()) << record.status();
    return record.ok() ? *record : BackupRecord();
  }
  std::vector<BackupFault> Verify(uint32_t number) {
    auto faults = Backups().Verify(number, GoOn);
    EXPECT_TRUE(faults.ok()) << faults.status();
    return faults.ok() ? *faults : std::vector<BackupFault>();
  }
  std::vector<uint32_t> Numbers() {
    const auto list = Backups().List();
    EXPECT_TRUE(list.ok()) << list.status();
    std::vector<uint32_t> numbers;
    for (const BackupListing& listing : *list) numbers.push_back(listing.number);
    return numbers;
  }
  // What a store that is restored from it holds.
  Found Restored(uint32_t number) {
    const std::string to = directory_.path(absl::StrCat("restored", restores_++));
    const auto record = RestoreBackup(path_, number, to, GoOn);
    EXPECT_TRUE(record.ok()) << record.status();
    auto store = RocksdbStore::Open(SmallOptions(to));
    EXPECT_TRUE(store.ok()) << store.status();
    return store.ok() ? FoundIn(**store) : Found();
  }
  // Regular files below the directory of backups but for the lock, which says nothing.
  std::vector<std::string> Files() {
    std::vector<std::string> files;
    for (const auto& entry : fs::recursive_directory_iterator(path_)) {
      if (!entry.is_regular_file() || entry.path().filename() == "LOCK") continue;
      files.push_back(fs::relative(entry.path(), path_).string());
    }
    std::sort(files.begin(), files.end());
    return files;
  }

  const TemporaryDirectory directory_{MemoryDisk()};
  const std::string data_ = directory_.path("data");
  const std::string path_ = directory_.path("backups");
  std::unique_ptr<RocksdbStore> store_;
  int written_ = 0;
  int restores_ = 0;
  int64_t now_ms_ = kBeganMs - 1000;
};

TEST_F(BackupTest, EverythingThatWasSyncedComesBackAndTheRecordSaysWhatIsInIt) {
  FillTo(3000);
  const BackupRecord record = Create();
  EXPECT_EQ(record.number, 1u);
  EXPECT_EQ(record.began_ms, kBeganMs);
  EXPECT_EQ(record.ended_ms, kBeganMs + 1000);
  EXPECT_EQ(record.made_by, "test");
  EXPECT_EQ(record.store_format, kStoreFormat);
  EXPECT_EQ(record.batches, 3000u);
  EXPECT_EQ(record.contents, "3000");
  EXPECT_EQ(record.bytes_new, record.bytes);
  uint64_t bytes = 0;
  for (const BackupFile& file : record.files) {
    EXPECT_EQ(fs::file_size(path_ + "/" + file.path), file.bytes) << file.path;
    bytes += file.bytes;
  }
  EXPECT_EQ(record.bytes, bytes);

  const Found found = Restored(1);
  EXPECT_EQ(found.batches, 3000);
  EXPECT_THAT(found.damage, IsEmpty());
  const auto list = Backups().List();
  ASSERT_TRUE(list.ok());
  ASSERT_THAT(*list, SizeIs(1));
  EXPECT_EQ(*list->front().record, record);
}

TEST_F(BackupTest, ASecondBackupCopiesOnlyWhatIsNewAndTheFirstStaysWhatItWas) {
  FillTo(30'000);
  const BackupRecord first = Create();
  FillTo(30'010);
  const BackupRecord second = Create();
  EXPECT_EQ(second.number, 2u);
  EXPECT_GT(second.bytes, first.bytes / 2);
  EXPECT_LT(second.bytes_new, second.bytes / 4);
  EXPECT_THAT(Verify(1), IsEmpty());
  EXPECT_THAT(Verify(2), IsEmpty());
  EXPECT_EQ(Restored(1).batches, 30'000);
  EXPECT_EQ(Restored(2).batches, 30'010);
}

TEST_F(BackupTest, TheStoreTakesWritesMeanwhileAndEachBackupHoldsWhatWasSyncedBeforeIt) {
  std::atomic<int> synced{0};
  std::atomic<bool> stop{false};
  FillTo(100);
  std::thread writer([&] {
    while (!stop) {
      FillTo(written_ + 10);
      synced = written_;
    }
  });
  struct Made {
    uint32_t number;
    int at_least, at_most;
  };
  std::vector<Made> made;
  for (int i = 0; i < 5; ++i) {
    const int before = synced;
    const BackupRecord record = Create();
    made.push_back({record.number, before, 0});
    made.back().at_most = synced + 10;
    while (synced < made.back().at_most) std::this_thread::yield();
  }
  stop = true;
  writer.join();
  for (const Made& one : made) {
    EXPECT_THAT(Verify(one.number), IsEmpty());
    const Found found = Restored(one.number);
    EXPECT_THAT(found.damage, IsEmpty());
    EXPECT_GE(found.batches, one.at_least);
    EXPECT_LE(found.batches, one.at_most);
  }
}

// The rows of a store whose log can no longer be synced once they were copied.
class LogFailsAtTheEnd : public BackupSource {
 public:
  LogFailsAtTheEnd(std::shared_ptr<const BackupSource> source, std::string copied)
      : source_(std::move(source)), copied_(std::move(copied)) {}

  absl::Status Copy(const std::function<absl::Status(const Rows&)>& copy) const override {
    return source_->Copy([&](const Rows& rows) {
      const auto sync = [this] {
        EXPECT_TRUE(fs::exists(copied_)) << "synced before the files were copied";
        return absl::UnavailableError("the log is lost");
      };
      return copy({rows.database, rows.env, sync, rows.health});
    });
  }

 private:
  const std::shared_ptr<const BackupSource> source_;
  const std::string copied_;
};

TEST_F(BackupTest, WhatTheLogLostIsInNoBackup) {
  FillTo(10);
  Create();
  const std::vector<std::string> files = Files();
  ASSERT_TRUE(store_->Write(NumberedBatch(11)).ok());
  const LogFailsAtTheEnd source(store_->backup_source(), path_ + "/rocksdb/meta/2");
  EXPECT_EQ(Backups().Create(source, CountOf, GoOn).status(),
            absl::UnavailableError("the log is lost"));
  EXPECT_EQ(Files(), files);
}

TEST_F(BackupTest, AStoreThatFailsEndsTheBackup) {
  const auto disk = std::make_shared<FaultyDisk>();
  const std::unique_ptr<rocksdb::Env> env = rocksdb::NewCompositeEnv(disk);
  OpenStore(env.get());
  FillTo(10);
  disk->Fail(FaultyDisk::Work::kLogSync, rocksdb::IOStatus::IOError("the disk is gone"));
  ASSERT_TRUE(store_->Write(NumberedBatch(11)).ok());
  ASSERT_FALSE(store_->Sync().ok());
  const auto record = Backups().Create(*store_->backup_source(), CountOf, GoOn);
  EXPECT_EQ(record.status(), store_->health());
  EXPECT_THAT(Numbers(), IsEmpty());
}

TEST_F(BackupTest, AFlippedByteInAnyFileIsFoundAndTheFileNamed) {
  FillTo(2000);
  Create();
  FillTo(2100);
  Create();
  int files = 0;
  for (const std::string& file : Files()) {
    if (file == "FORMAT") continue;
    SCOPED_TRACE(file);
    const std::string path = path_ + "/" + file;
    const std::string bytes = ReadFile(path);
    for (const size_t offset : {size_t{0}, bytes.size() / 2, bytes.size() - 1}) {
      FlipByte(path, offset);
      std::vector<BackupFault> faults = Verify(1);
      for (BackupFault& fault : Verify(2)) faults.push_back(std::move(fault));
      ASSERT_FALSE(faults.empty()) << "offset " << offset;
      for (const BackupFault& fault : faults) {
        EXPECT_EQ(fault.path, file);
        EXPECT_THAT(fault.what, HasSubstr("checksum does not fit"));
      }
      WriteFile(path, bytes);
    }
    ++files;
  }
  EXPECT_GT(files, 10);
  EXPECT_THAT(Verify(1), IsEmpty());
  EXPECT_THAT(Verify(2), IsEmpty());

  FlipByte(path_ + "/FORMAT", 3);
  const auto list = Backups().List();
  EXPECT_EQ(list.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(Message(list.status()), HasSubstr("FORMAT"));
}

TEST_F(BackupTest, AFileThatIsGoneOrShorterIsNamed) {
  FillTo(2000);
  const BackupRecord record = Create();
  fs::remove(path_ + "/" + record.files.front().path);
  const std::string last = path_ + "/" + record.files.back().path;
  fs::resize_file(last, record.files.back().bytes - 1);
  const std::vector<BackupFault> faults = Verify(1);
  ASSERT_THAT(faults, SizeIs(2));
  EXPECT_EQ(faults[0].path, record.files.front().path);
  EXPECT_THAT(faults[0].what, HasSubstr("missing"));
  EXPECT_EQ(faults[1].path, record.files.back().path);
  EXPECT_THAT(faults[1].what, HasSubstr(absl::StrCat("and had ", record.files.back().bytes)));
}

TEST_F(BackupTest, ADamagedBackupIsNotRestoredAndAnEarlierOneIsNamed) {
  FillTo(100);
  Create();
  FillTo(200);
  const BackupRecord record = Create();
  const auto own = std::find_if(record.files.begin(), record.files.end(), [](const auto& file) {
    return file.path.find("private/2/") != std::string::npos && file.bytes > 0;
  });
  ASSERT_NE(own, record.files.end());
  FlipByte(path_ + "/" + own->path, 0);
  const std::string to = directory_.path("to");
  const auto restored = RestoreBackup(path_, std::nullopt, to, GoOn);
  EXPECT_EQ(restored.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(Message(restored.status()),
              AllOf(HasSubstr(own->path), HasSubstr("--restore-from " + path_ + "@1")));
  EXPECT_FALSE(fs::exists(to));
  EXPECT_EQ(Restored(1).batches, 100);
}

TEST_F(BackupTest, ADirectoryThatHoldsSomethingIsNotRestoredTo) {
  FillTo(100);
  Create();
  const auto before = TreeDigest(data_);
  const auto over = RestoreBackup(path_, 1, data_, GoOn);
  EXPECT_EQ(over.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(Message(over.status()), AllOf(HasSubstr(data_), HasSubstr("holds a store already"),
                                            HasSubstr("give another one")));
  EXPECT_EQ(TreeDigest(data_), before);

  const std::string photos = directory_.path("photos");
  fs::create_directory(photos);
  WriteFile(photos + "/holiday.jpg", "sea");
  const auto beside = RestoreBackup(path_, 1, photos, GoOn);
  EXPECT_EQ(beside.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(Message(beside.status()), HasSubstr("holiday.jpg"));
}

TEST_F(BackupTest, ARestoredStoreKnowsThatItIsOneUntilItIsToldToForget) {
  FillTo(100);
  const BackupRecord record = Create();
  EXPECT_EQ(*StoreDirectory::RestoredNote(data_), "");
  const std::string to = directory_.path("to");
  // A new machine has its keys first.
  fs::create_directories(to + "/identity");
  ASSERT_TRUE(RestoreBackup(path_, std::nullopt, to, GoOn).ok());
  EXPECT_EQ(*StoreDirectory::RestoredNote(to), "restored from backup 1 of 2026-11-22 10:30:00 UTC");
  EXPECT_EQ(ReadFile(to + "/SYNCED"), SyncedFile(record.batches));
  for (int start = 0; start < 2; ++start) {
    auto store = RocksdbStore::Open(SmallOptions(to));
    ASSERT_TRUE(store.ok()) << store.status();
    EXPECT_THAT(*StoreDirectory::RestoredNote(to), HasSubstr("backup 1"));
  }
  ASSERT_TRUE(StoreDirectory::ForgetRestored(to).ok());
  EXPECT_EQ(*StoreDirectory::RestoredNote(to), "");
  EXPECT_TRUE(StoreDirectory::ForgetRestored(to).ok());
}

TEST_F(BackupTest, ARestoreThatWasCutOffIsDoneAgain) {
  FillTo(100);
  Create();
  const std::string to = directory_.path("to");
  fs::create_directories(to + "/db.new");
  WriteFile(to + "/db.new/000007.sst", "half");
  WriteFile(to + "/RESTORED", "restored from ba");
  ASSERT_TRUE(RestoreBackup(path_, 1, to, GoOn).ok());
  EXPECT_THAT(*StoreDirectory::RestoredNote(to), HasSubstr("backup 1"));
  auto store = RocksdbStore::Open(SmallOptions(to));
  ASSERT_TRUE(store.ok()) << store.status();
  EXPECT_EQ(FoundIn(**store).batches, 100);
}

TEST_F(BackupTest, AFullDiskEndsTheBackupAndNothingElse) {
  FillTo(3000);
  const BackupRecord first = Create();
  const std::vector<std::string> files = Files();
  FillTo(6000);
  const std::unique_ptr<rocksdb::Env> small =
      rocksdb::NewCompositeEnv(std::make_shared<SmallDisk>(64 << 10));
  const auto full = Backups(small.get()).Create(*store_->backup_source(), CountOf, GoOn);
  EXPECT_EQ(full.status().code(), absl::StatusCode::kResourceExhausted) << full.status();
  EXPECT_THAT(Message(full.status()), HasSubstr(path_));
  EXPECT_EQ(Files(), files) << "something of it was left";
  EXPECT_THAT(Verify(1), IsEmpty());
  FillTo(6010);
  const BackupRecord second = Create();
  EXPECT_EQ(Restored(second.number).batches, 6010);
}

TEST_F(BackupTest, RoomForTheStoreIsLeftAlone) {
  FillTo(10);
  constexpr uint64_t kMoreThanThereIs = uint64_t{1} << 60;
  const auto record =
      Backups(nullptr, kMoreThanThereIs).Create(*store_->backup_source(), CountOf, GoOn);
  EXPECT_EQ(record.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(Message(record.status()),
              AllOf(HasSubstr("MiB left"), HasSubstr("delete old backups")));
  EXPECT_THAT(Numbers(), IsEmpty());
  EXPECT_TRUE(store_->health().ok());
}

TEST_F(BackupTest, WhoeverWatchesCanEndIt) {
  FillTo(20'000);
  uint64_t done = 0, total = 0;
  const auto stopped =
      Backups().Create(*store_->backup_source(), CountOf, [&](const BackupProgress& progress) {
        EXPECT_GE(progress.bytes_done, done);
        EXPECT_LE(progress.bytes_done, progress.bytes_total);
        done = progress.bytes_done;
        total = progress.bytes_total;
        return done == 0 ? absl::OkStatus() : absl::CancelledError("enough");
      });
  EXPECT_EQ(stopped.status(), absl::CancelledError("enough"));
  EXPECT_GT(done, 0u);
  EXPECT_GT(total, 1u << 20);
  EXPECT_THAT(Numbers(), IsEmpty());
  EXPECT_THAT(Files(), ElementsAre("FORMAT"));
  Create();
  EXPECT_EQ(Restored(1).batches, 20'000);
}

TEST_F(BackupTest, ABackupThatWasCutOffIsNoneAndTheNextOneRemovesIt) {
  FillTo(1000);
  Create();
  FillTo(1500);
  Create();
  // As a kill before the record was there.
  fs::remove(path_ + "/records/2");
  EXPECT_THAT(Numbers(), ElementsAre(1));
  EXPECT_EQ(Backups().Verify(2, GoOn).status().code(), absl::StatusCode::kNotFound);
  FillTo(2000);
  Create();
  EXPECT_THAT(Numbers(), ElementsAre(1, 3)) << "a number stands for one backup";
  EXPECT_FALSE(fs::exists(path_ + "/rocksdb/private/2"));
  EXPECT_EQ(Restored(3).batches, 2000);
  EXPECT_EQ(Restored(1).batches, 1000);
}

TEST_F(BackupTest, ADeletedBackupTakesWithItWhatNoOtherHas) {
  FillTo(5000);
  Create();
  FillTo(5100);
  Create();
  FillTo(5200);
  Create();
  ASSERT_TRUE(Backups().Delete(2).ok());
  EXPECT_THAT(Numbers(), ElementsAre(1, 3));
  EXPECT_FALSE(fs::exists(path_ + "/rocksdb/private/2"));
  EXPECT_THAT(Verify(1), IsEmpty());
  EXPECT_THAT(Verify(3), IsEmpty());
  EXPECT_EQ(Restored(3).batches, 5200);
  const absl::Status again = Backups().Delete(2);
  EXPECT_EQ(again.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(Message(again), HasSubstr("there are 1, 3"));
  ASSERT_TRUE(Backups().Delete(1).ok());
  ASSERT_TRUE(Backups().Delete(3).ok());
  EXPECT_THAT(Files(), ElementsAre("FORMAT"));
}

TEST_F(BackupTest, OneAtATime) {
  FillTo(10);
  const auto record =
      Backups().Create(*store_->backup_source(), CountOf, [&](const BackupProgress&) {
        return Backups().Create(*store_->backup_source(), CountOf, GoOn).status();
      });
  EXPECT_EQ(record.status().code(), absl::StatusCode::kAborted);
  EXPECT_THAT(Message(record.status()), HasSubstr("wait until it has ended"));
}

TEST_F(BackupTest, AnotherDirectoryIsLeftAlone) {
  fs::create_directory(path_);
  WriteFile(path_ + "/thesis.odt", "...");
  const auto record = Backups().Create(*store_->backup_source(), CountOf, GoOn);
  EXPECT_EQ(record.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(Message(record.status()), HasSubstr("thesis.odt"));
  EXPECT_THAT(Files(), ElementsAre("thesis.odt"));
}

TEST_F(BackupTest, WhereThereIsNoneThatIsSaid) {
  EXPECT_THAT(Numbers(), IsEmpty());
  EXPECT_EQ(Backups().Delete(1).code(), absl::StatusCode::kNotFound);
  const auto restored = RestoreBackup(path_, std::nullopt, directory_.path("to"), GoOn);
  EXPECT_EQ(restored.status().code(), absl::StatusCode::kNotFound);
  EXPECT_FALSE(fs::exists(path_));
}

TEST_F(BackupTest, AClosedStoreHasNothingToBackUp) {
  const auto source = store_->backup_source();
  store_ = nullptr;
  EXPECT_EQ(Backups().Create(*source, CountOf, GoOn).status().code(),
            absl::StatusCode::kUnavailable);
}

TEST_F(BackupTest, OthersCannotReadIt) {
  FillTo(10);
  Create();
  struct stat found;
  ASSERT_EQ(stat(path_.c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777, 0700u);
}

// Stored bytes never change.
TEST(BackupRecordTest, GoldenBytes) {
  BackupRecord record;
  record.number = 3;
  record.began_ms = kBeganMs;
  record.ended_ms = kBeganMs + 1500;
  record.made_by = "0.5";
  record.store_format = 2;
  record.batches = 300;
  record.bytes = 70'000;
  record.bytes_new = 7;
  record.contents = "in it";
  record.files.push_back({.path = "rocksdb/meta/3", .bytes = 7, .digest = sync::Sha256("meta")});
  const std::string bytes = EncodeBackupRecord(record);
  EXPECT_EQ(sync::Sha256(bytes).hex(),
            "9891ca051e7149304c79ce6b0ad845f93760dcafa8b5771987695933e54b8223");
  const auto decoded = DecodeBackupRecord(bytes);
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ(*decoded, record);
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_EQ(DecodeBackupRecord(bytes.substr(0, size)).status().code(),
              absl::StatusCode::kDataLoss);
  }
}

}  // namespace
}  // namespace tikar::storage
