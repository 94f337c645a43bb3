#include "storage/rocksdb_reader.h"

#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "storage/rocksdb_status.h"

namespace tikar::storage {

namespace {

rocksdb::Slice ToSlice(std::string_view bytes) { return {bytes.data(), bytes.size()}; }
std::string_view ToView(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }

}  // namespace

bool IsAbsent(const rocksdb::Status& status) {
  return status.IsNotFound() && !status.IsPathNotFound();
}

absl::StatusOr<uint64_t> ReadBatches(rocksdb::DB& database, const std::string& path) {
  std::string text;
  const rocksdb::Status status =
      database.Get(rocksdb::ReadOptions(), database.DefaultColumnFamily(), kBatchesKey, &text);
  if (IsAbsent(status)) return 0;
  if (!status.ok()) return FromRocksdb(status, path);
  uint64_t batches = 0;
  if (!absl::SimpleAtoi(text, &batches)) {
    return DamagedStore(path, absl::StrCat("the number of batches is \"", text, "\""));
  }
  return batches;
}

void CloseHandles(rocksdb::DB& database, const std::vector<rocksdb::ColumnFamilyHandle*>& handles) {
  for (rocksdb::ColumnFamilyHandle* handle : handles) {
    // Fails only for the default family of a database that is gone.
    database.DestroyColumnFamilyHandle(handle).PermitUncheckedError();
  }
}

RocksdbReader::RocksdbReader(std::shared_ptr<const void> owner, rocksdb::DB* rocks,
                             const std::vector<rocksdb::ColumnFamilyHandle*>& handles,
                             std::string path, bool frozen)
    : owner_(std::move(owner)),
      rocks_(*rocks),
      path_(std::move(path)),
      snapshot_(frozen ? rocks->GetSnapshot() : nullptr) {
  // The default family is the first.
  for (size_t i = 0; i < families_.size(); ++i) families_[i] = handles[i + 1];
}

RocksdbReader::~RocksdbReader() {
  if (snapshot_ != nullptr) rocks_.ReleaseSnapshot(snapshot_);
}

absl::StatusOr<std::optional<std::string>> RocksdbReader::Get(sync::Family family,
                                                              std::string_view key) const {
  std::string value;
  const rocksdb::Status status = rocks_.Get(ReadOptions(), Handle(family), ToSlice(key), &value);
  if (IsAbsent(status)) return std::nullopt;
  if (!status.ok()) return FromRocksdb(status, path_);
  return value;
}

absl::StatusOr<std::vector<std::optional<std::string>>> RocksdbReader::MultiGet(
    sync::Family family, const std::vector<std::string>& keys) const {
  std::vector<rocksdb::Slice> slices(keys.begin(), keys.end());
  std::vector<rocksdb::PinnableSlice> found(keys.size());
  std::vector<rocksdb::Status> statuses(keys.size());
  rocks_.MultiGet(ReadOptions(), Handle(family), slices.size(), slices.data(), found.data(),
                  statuses.data());
  std::vector<std::optional<std::string>> values(keys.size());
  for (size_t i = 0; i < keys.size(); ++i) {
    if (IsAbsent(statuses[i])) continue;
    if (!statuses[i].ok()) return FromRocksdb(statuses[i], path_);
    values[i] = found[i].ToString();
  }
  return values;
}

absl::Status RocksdbReader::Scan(sync::Family family, std::string_view begin, std::string_view end,
                                 const Visitor& visit) const {
  return Walk(family, begin, end, /*reverse=*/false, visit);
}

absl::Status RocksdbReader::ScanReverse(sync::Family family, std::string_view begin,
                                        std::string_view end, const Visitor& visit) const {
  return Walk(family, begin, end, /*reverse=*/true, visit);
}

rocksdb::ReadOptions RocksdbReader::ReadOptions() const {
  rocksdb::ReadOptions options;
  options.snapshot = snapshot_;
  options.verify_checksums = true;
  // A reader that ends last does not stop to delete files.
  options.background_purge_on_iterator_cleanup = true;
  return options;
}

absl::Status RocksdbReader::Walk(sync::Family family, std::string_view begin, std::string_view end,
                                 bool reverse, const Visitor& visit) const {
  if (!end.empty() && begin >= end) return absl::OkStatus();
  // Tight bounds keep the iterator off the rows removed on either side, of which the feed has
  // many. RocksDB reads ahead by itself once a scan proves to be long.
  const rocksdb::Slice lower = ToSlice(begin), upper = ToSlice(end);
  rocksdb::ReadOptions options = ReadOptions();
  options.iterate_lower_bound = &lower;
  if (!end.empty()) options.iterate_upper_bound = &upper;
  const std::unique_ptr<rocksdb::Iterator> rows(rocks_.NewIterator(options, Handle(family)));
  for (reverse ? rows->SeekToLast() : rows->SeekToFirst(); rows->Valid();
       reverse ? rows->Prev() : rows->Next()) {
    if (!visit(ToView(rows->key()), ToView(rows->value()))) return absl::OkStatus();
  }
  return FromRocksdb(rows->status(), path_);
}

}  // namespace tikar::storage
