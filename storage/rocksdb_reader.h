// Rows of an open RocksDB as the core reads them. Private to storage.
#ifndef TIKAR_STORAGE_ROCKSDB_READER_H_
#define TIKAR_STORAGE_ROCKSDB_READER_H_

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rocksdb/db.h"
#include "sync/store.h"

namespace tikar::storage {

// No such key; as against no such file.
bool IsAbsent(const rocksdb::Status& status);

// In RocksDB's own "default" family, and alone there: the number of batches ever written. Each
// batch raises it, so it tells exactly which batches are in the files. (RocksDB's sequence numbers
// do not: they fall back at a restart when the last rows written were removed again.)
inline constexpr char kBatchesKey[] = "batches";
// Zero where nothing was ever written. `path` is for messages.
absl::StatusOr<uint64_t> ReadBatches(rocksdb::DB& database, const std::string& path);

// Releases the handles of all families of `database`.
void CloseHandles(rocksdb::DB& database, const std::vector<rocksdb::ColumnFamilyHandle*>& handles);

// Thread safety as sync::Reader.
class RocksdbReader : public sync::Reader {
 public:
  // Reads a snapshot taken now, or the latest state if not `frozen`. `handles` are those of
  // FamilyDescriptors, in that order. `owner` keeps `rocks` and them open. `path` is for messages.
  RocksdbReader(std::shared_ptr<const void> owner, rocksdb::DB* rocks,
                const std::vector<rocksdb::ColumnFamilyHandle*>& handles, std::string path,
                bool frozen);
  ~RocksdbReader() override;
  RocksdbReader(const RocksdbReader&) = delete;
  RocksdbReader& operator=(const RocksdbReader&) = delete;

  absl::StatusOr<std::optional<std::string>> Get(sync::Family family,
                                                 std::string_view key) const override;
  absl::StatusOr<std::vector<std::optional<std::string>>> MultiGet(
      sync::Family family, const std::vector<std::string>& keys) const override;
  absl::Status Scan(sync::Family family, std::string_view begin, std::string_view end,
                    const Visitor& visit) const override;
  absl::Status ScanReverse(sync::Family family, std::string_view begin, std::string_view end,
                           const Visitor& visit) const override;

 private:
  rocksdb::ColumnFamilyHandle* Handle(sync::Family family) const {
    return families_[static_cast<size_t>(family)];
  }
  rocksdb::ReadOptions ReadOptions() const;
  absl::Status Walk(sync::Family family, std::string_view begin, std::string_view end, bool reverse,
                    const Visitor& visit) const;

  const std::shared_ptr<const void> owner_;
  rocksdb::DB& rocks_;
  std::array<rocksdb::ColumnFamilyHandle*, sync::kFamilies> families_;
  const std::string path_;
  const rocksdb::Snapshot* const snapshot_;
};

}  // namespace tikar::storage

#endif  // TIKAR_STORAGE_ROCKSDB_READER_H_
