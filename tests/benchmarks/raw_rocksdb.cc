#include "raw_rocksdb.h"

#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "rocksdb/cache.h"
#include "rocksdb/write_batch.h"
#include "storage/info_log.h"
#include "storage/rocksdb_options.h"
#include "sync/status_macros.h"
#include "sync/types.h"

namespace tikar::benchmarks {
namespace {

rocksdb::Slice ToSlice(std::string_view bytes) { return {bytes.data(), bytes.size()}; }

absl::Status FromRocksdb(const rocksdb::Status& status) {
  return status.ok() ? absl::OkStatus()
                     : absl::InternalError(absl::StrCat("raw RocksDB: ", status.ToString()));
}

}  // namespace

void Contents::Add(sync::Family family, std::string_view key, std::string_view value) {
  std::string row = absl::StrCat(static_cast<int>(family), " ", key.size(), " ");
  row += key;
  row += value;
  uint64_t hash = 0;
  std::memcpy(&hash, sync::Sha256(row).view().data(), sizeof(hash));
  ++rows;
  sum += hash;
}

absl::StatusOr<Contents> ContentsOf(const sync::Reader& reader) {
  Contents contents;
  for (int i = 0; i < sync::kFamilies; ++i) {
    const auto family = static_cast<sync::Family>(i);
    RETURN_IF_ERROR(reader.Scan(family, "", "", [&](std::string_view key, std::string_view value) {
      contents.Add(family, key, value);
      return true;
    }));
  }
  return contents;
}

absl::StatusOr<std::unique_ptr<RawRocksdb>> RawRocksdb::Create(const std::string& path) {
  storage::RocksdbStoreOptions options;
  options.path = path;
  rocksdb::DBOptions database_options = storage::DatabaseOptions(
      options, std::make_shared<storage::InfoLog>(absl::StrCat(path, ".log")));
  database_options.create_if_missing = true;
  database_options.create_missing_column_families = true;
  std::unique_ptr<RawRocksdb> raw(new RawRocksdb);
  rocksdb::DB* database = nullptr;
  RETURN_IF_ERROR(FromRocksdb(rocksdb::DB::Open(
      database_options, path,
      storage::FamilyDescriptors(options, rocksdb::NewLRUCache(options.block_cache_bytes)),
      &raw->families_, &database)));
  raw->database_.reset(database);
  return raw;
}

RawRocksdb::~RawRocksdb() {
  if (database_ == nullptr) return;
  for (rocksdb::ColumnFamilyHandle* family : families_) {
    database_->DestroyColumnFamilyHandle(family).PermitUncheckedError();
  }
  database_->Close().PermitUncheckedError();
}

absl::Status RawRocksdb::Commit(const WriteTape& tape, bool measured) {
  rocksdb::WriteBatch batch;
  rocksdb::Status failed;
  const auto note = [&failed](const rocksdb::Status& status) {
    if (!status.ok() && failed.ok()) failed = status;
  };
  WriteTape::Player player;
  player.write = [&](sync::WriteBatch::Kind kind, sync::Family family, std::string_view key,
                     std::string_view value) {
    rocksdb::ColumnFamilyHandle* column = families_[static_cast<size_t>(family) + 1];
    switch (kind) {
      case sync::WriteBatch::Kind::kPut:
        note(batch.Put(column, ToSlice(key), ToSlice(value)));
        break;
      case sync::WriteBatch::Kind::kDelete:
        note(batch.Delete(column, ToSlice(key)));
        break;
      case sync::WriteBatch::Kind::kSingleDelete:
        note(batch.SingleDelete(column, ToSlice(key)));
        break;
    }
  };
  player.end_of_batch = [&] {
    note(database_->Write(rocksdb::WriteOptions(), &batch));
    batch.Clear();
  };
  player.sync = [&] { note(database_->SyncWAL()); };
  tape.Play(measured, player);
  return FromRocksdb(failed);
}

absl::StatusOr<Contents> RawRocksdb::contents() const {
  Contents contents;
  for (int i = 0; i < sync::kFamilies; ++i) {
    const std::unique_ptr<rocksdb::Iterator> rows(
        database_->NewIterator(rocksdb::ReadOptions(), families_[static_cast<size_t>(i) + 1]));
    for (rows->SeekToFirst(); rows->Valid(); rows->Next()) {
      contents.Add(static_cast<sync::Family>(i), rows->key().ToStringView(),
                   rows->value().ToStringView());
    }
    RETURN_IF_ERROR(FromRocksdb(rows->status()));
  }
  return contents;
}

}  // namespace tikar::benchmarks
