#include "storage/memory_store.h"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "sync/status_macros.h"

namespace tikar::storage {

using sync::Family;
using Kind = sync::WriteBatch::Kind;

namespace {

const PersistentMap& MapOf(const std::array<PersistentMap, sync::kFamilies>& families,
                           Family family) {
  return families[static_cast<size_t>(family)];
}

std::optional<std::string> Value(const PersistentMap& map, std::string_view key) {
  const PersistentMap::Entry* entry = map.Find(key);
  if (entry == nullptr) return std::nullopt;
  return entry->value;
}

std::vector<std::optional<std::string>> Values(const PersistentMap& map,
                                               const std::vector<std::string>& keys) {
  std::vector<std::optional<std::string>> values;
  values.reserve(keys.size());
  for (const std::string& key : keys) values.push_back(Value(map, key));
  return values;
}

PersistentMap::Visitor EntryVisitor(const sync::Reader::Visitor& visit) {
  return [&visit](const PersistentMap::Entry& entry) { return visit(entry.key, entry.value); };
}

}  // namespace

class MemoryStore::SnapshotReader : public sync::Reader {
 public:
  explicit SnapshotReader(Families families) : families_(std::move(families)) {}

  absl::StatusOr<std::optional<std::string>> Get(Family family,
                                                 std::string_view key) const override {
    return Value(MapOf(families_, family), key);
  }
  absl::StatusOr<std::vector<std::optional<std::string>>> MultiGet(
      Family family, const std::vector<std::string>& keys) const override {
    return Values(MapOf(families_, family), keys);
  }
  absl::Status Scan(Family family, std::string_view begin, std::string_view end,
                    const Visitor& visit) const override {
    MapOf(families_, family).Scan(begin, end, EntryVisitor(visit));
    return absl::OkStatus();
  }
  absl::Status ScanReverse(Family family, std::string_view begin, std::string_view end,
                           const Visitor& visit) const override {
    MapOf(families_, family).ScanReverse(begin, end, EntryVisitor(visit));
    return absl::OkStatus();
  }

 private:
  const Families families_;
};

// Gets under the lock, scans a copy: so a visitor may write.
class MemoryStore::LatestReader : public sync::Reader {
 public:
  explicit LatestReader(const MemoryStore& store) : store_(store) {}

  absl::StatusOr<std::optional<std::string>> Get(Family family,
                                                 std::string_view key) const override {
    std::lock_guard lock(store_.mutex_);
    return Value(MapOf(store_.current_, family), key);
  }
  absl::StatusOr<std::vector<std::optional<std::string>>> MultiGet(
      Family family, const std::vector<std::string>& keys) const override {
    std::lock_guard lock(store_.mutex_);
    return Values(MapOf(store_.current_, family), keys);
  }
  absl::Status Scan(Family family, std::string_view begin, std::string_view end,
                    const Visitor& visit) const override {
    Copy(family).Scan(begin, end, EntryVisitor(visit));
    return absl::OkStatus();
  }
  absl::Status ScanReverse(Family family, std::string_view begin, std::string_view end,
                           const Visitor& visit) const override {
    Copy(family).ScanReverse(begin, end, EntryVisitor(visit));
    return absl::OkStatus();
  }

 private:
  PersistentMap Copy(Family family) const {
    std::lock_guard lock(store_.mutex_);
    return MapOf(store_.current_, family);
  }

  const MemoryStore& store_;
};

MemoryStore::MemoryStore() : latest_(std::make_unique<LatestReader>(*this)) {}
MemoryStore::~MemoryStore() = default;

absl::Status MemoryStore::CheckSingleDeletes(const sync::WriteBatch& batch) const {
  // Puts of each feed row that the batch touches, as the writes before would leave it.
  std::map<std::string_view, uint32_t> puts;
  const PersistentMap& feed = MapOf(current_, Family::kFeed);
  for (const sync::WriteBatch::Write& write : batch.writes()) {
    if (write.family != Family::kFeed) continue;
    auto [row, inserted] = puts.try_emplace(write.key, 0);
    if (inserted) {
      if (const PersistentMap::Entry* entry = feed.Find(write.key)) row->second = entry->puts;
    }
    if (write.kind == Kind::kPut) {
      ++row->second;
    } else if (row->second == 1) {
      row->second = 0;
    } else {
      return absl::InvalidArgumentError(
          absl::StrCat("SingleDelete of feed row ", absl::BytesToHexString(write.key),
                       ", which was put ", row->second, " times since it was last removed"));
    }
  }
  return absl::OkStatus();
}

absl::Status MemoryStore::Write(const sync::WriteBatch& batch) {
  RETURN_IF_ERROR(CheckBatch(batch));
  std::lock_guard lock(mutex_);
  if (closed_) return absl::FailedPreconditionError("the store is closed");
  RETURN_IF_ERROR(CheckSingleDeletes(batch));
  for (const sync::WriteBatch::Write& write : batch.writes()) {
    PersistentMap& map = current_[static_cast<size_t>(write.family)];
    if (write.kind == Kind::kPut) {
      map.Put(write.key, write.value);
    } else {
      map.Erase(write.key);
    }
  }
  dirty_ = dirty_ || !batch.empty();
  ++stats_.writes;
  stats_.written_bytes += batch.bytes();
  return absl::OkStatus();
}

absl::Status MemoryStore::Sync() {
  std::lock_guard lock(mutex_);
  if (closed_) return absl::FailedPreconditionError("the store is closed");
  if (!dirty_) return absl::OkStatus();
  synced_ = current_;
  dirty_ = false;
  ++stats_.syncs;
  return absl::OkStatus();
}

const sync::Reader& MemoryStore::Latest() const { return *latest_; }

MemoryStore::Families MemoryStore::Copy() const {
  std::lock_guard lock(mutex_);
  return current_;
}

std::shared_ptr<const sync::Reader> MemoryStore::Snapshot() const {
  return std::make_shared<const SnapshotReader>(Copy());
}

absl::Status MemoryStore::Close() {
  std::lock_guard lock(mutex_);
  if (closed_) return absl::OkStatus();
  synced_ = current_;
  dirty_ = false;
  closed_ = true;
  return absl::OkStatus();
}

absl::Status MemoryStore::health() const {
  std::lock_guard lock(mutex_);
  return closed_ ? absl::FailedPreconditionError("the store is closed") : absl::OkStatus();
}

StoreStats MemoryStore::stats() const {
  std::lock_guard lock(mutex_);
  return stats_;
}

void MemoryStore::LoseUnsynced() {
  std::lock_guard lock(mutex_);
  current_ = synced_;
  dirty_ = false;
  closed_ = false;
}

}  // namespace tikar::storage
