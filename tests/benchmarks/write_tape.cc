#include "write_tape.h"

#include <cstring>
#include <utility>

#include "sync/status_macros.h"

namespace tikar::benchmarks {
namespace {

// One mark on the tape. Key and value follow a write.
struct Mark {
  enum class Kind : uint8_t { kWrite, kEndOfBatch, kSync };
  Kind kind;
  sync::WriteBatch::Kind write = sync::WriteBatch::Kind::kPut;
  sync::Family family = sync::Family::kMeta;
  uint32_t key_bytes = 0;
  uint32_t value_bytes = 0;
};

void AppendMark(std::string& bytes, const Mark& mark) {
  bytes.append(reinterpret_cast<const char*>(&mark), sizeof(mark));
}

class RecordedStore : public storage::Store {
 public:
  RecordedStore(std::unique_ptr<storage::Store> store, WriteTape* tape)
      : store_(std::move(store)), tape_(*tape) {}

  absl::Status Write(const sync::WriteBatch& batch) override {
    tape_.Append(batch);
    return store_->Write(batch);
  }
  absl::Status Sync() override {
    tape_.AppendSync();
    return store_->Sync();
  }
  const sync::Reader& Latest() const override { return store_->Latest(); }
  std::shared_ptr<const sync::Reader> Snapshot() const override { return store_->Snapshot(); }
  absl::Status Close() override { return store_->Close(); }
  absl::Status health() const override { return store_->health(); }
  storage::StoreStats stats() const override { return store_->stats(); }

 private:
  const std::unique_ptr<storage::Store> store_;
  WriteTape& tape_;
};

}  // namespace

WriteTape::WriteTape(size_t bytes_expected) {
  bytes_.assign(bytes_expected, '\0');
  bytes_.clear();
}

void WriteTape::Append(const sync::WriteBatch& batch) {
  std::lock_guard lock(mutex_);
  for (const sync::WriteBatch::Write& write : batch.writes()) {
    AppendMark(bytes_, {Mark::Kind::kWrite, write.kind, write.family,
                        static_cast<uint32_t>(write.key.size()),
                        static_cast<uint32_t>(write.value.size())});
    bytes_ += write.key;
    bytes_ += write.value;
  }
  AppendMark(bytes_, {Mark::Kind::kEndOfBatch});
  ++totals_.batches;
  totals_.writes += batch.writes().size();
  totals_.bytes += batch.bytes();
  to_sync_ = true;
}

void WriteTape::AppendSync() {
  std::lock_guard lock(mutex_);
  // With nothing to make durable, a store does not touch the disk either.
  if (!std::exchange(to_sync_, false)) return;
  AppendMark(bytes_, {Mark::Kind::kSync});
  ++totals_.syncs;
}

void WriteTape::BeginMeasured() {
  std::lock_guard lock(mutex_);
  measured_from_ = bytes_.size();
  totals_ = {};
}

WriteTape::Totals WriteTape::totals() const {
  std::lock_guard lock(mutex_);
  return totals_;
}

void WriteTape::Play(bool measured, const Player& player) const {
  std::lock_guard lock(mutex_);
  size_t at = measured ? measured_from_ : 0;
  const size_t end = measured ? bytes_.size() : measured_from_;
  while (at < end) {
    Mark mark;
    std::memcpy(&mark, bytes_.data() + at, sizeof(mark));
    at += sizeof(mark);
    switch (mark.kind) {
      case Mark::Kind::kWrite: {
        const std::string_view key(bytes_.data() + at, mark.key_bytes);
        const std::string_view value(bytes_.data() + at + mark.key_bytes, mark.value_bytes);
        at += mark.key_bytes + mark.value_bytes;
        player.write(mark.write, mark.family, key, value);
        break;
      }
      case Mark::Kind::kEndOfBatch:
        player.end_of_batch();
        break;
      case Mark::Kind::kSync:
        player.sync();
        break;
    }
  }
}

std::unique_ptr<storage::Store> Recorded(std::unique_ptr<storage::Store> store, WriteTape* tape) {
  return std::make_unique<RecordedStore>(std::move(store), tape);
}

}  // namespace tikar::benchmarks
