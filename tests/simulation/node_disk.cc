#include "node_disk.h"

#include <string>
#include <utility>

#include "sync/status_macros.h"

namespace tikar::simulation {

// The Store of one process.
class NodeDisk::Handle : public storage::Store {
 public:
  Handle(NodeDisk* disk, uint64_t process)
      : disk_(*disk), process_(process), memory_(disk->memory_) {}

  absl::Status Write(const sync::WriteBatch& batch) override {
    if (!illness_.ok()) return illness_;
    return Remember(disk_.Write(process_, batch));
  }
  absl::Status Sync() override {
    if (!illness_.ok()) return illness_;
    return Remember(disk_.Sync(process_));
  }
  const sync::Reader& Latest() const override { return memory_->Latest(); }
  std::shared_ptr<const sync::Reader> Snapshot() const override { return memory_->Snapshot(); }
  absl::Status Close() override { return illness_.ok() ? Sync() : illness_; }
  absl::Status health() const override { return illness_; }
  storage::StoreStats stats() const override { return memory_->stats(); }

 private:
  absl::Status Remember(absl::Status status) {
    // A batch that breaks the rules was not written, and the store is well.
    if (!absl::IsInvalidArgument(status)) illness_.Update(status);
    return status;
  }

  NodeDisk& disk_;
  const uint64_t process_;
  // A process that died goes on reading what it had.
  const std::shared_ptr<storage::MemoryStore> memory_;
  absl::Status illness_;
};

namespace {

// Every row of `reader`, as one batch.
sync::WriteBatch CopyOf(const sync::Reader& reader) {
  sync::WriteBatch batch;
  for (int i = 0; i < sync::kFamilies; ++i) {
    const auto family = static_cast<sync::Family>(i);
    const absl::Status scanned =
        reader.Scan(family, "", "", [&](std::string_view key, std::string_view value) {
          batch.Put(family, std::string(key), std::string(value));
          return true;
        });
    CHECK(scanned.ok());
  }
  return batch;
}

std::shared_ptr<storage::MemoryStore> StoreWith(const sync::Reader& reader) {
  auto memory = std::make_shared<storage::MemoryStore>();
  CHECK(memory->Write(CopyOf(reader)).ok());
  CHECK(memory->Sync().ok());
  return memory;
}

}  // namespace

NodeDisk::NodeDisk(property::Random* random, Listener listener)
    : random_(*random),
      listener_(std::move(listener)),
      memory_(std::make_shared<storage::MemoryStore>()),
      durable_(memory_->Snapshot()) {}

NodeDisk::~NodeDisk() = default;

absl::Status NodeDisk::Probe() const {
  return full_ ? absl::ResourceExhaustedError("no space left on the simulated disk")
               : absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<storage::Store>> NodeDisk::Open() {
  const uint64_t process = ++process_;
  // What a process did not sync before its store was closed by an error is not to be trusted: a new
  // one reads what is on the disk.
  if (!unsynced_.empty()) LoseUnsynced();
  auto handle = std::make_unique<Handle>(this, process);
  // Recovery: what had reached the disk of the log is written and synced before anything else.
  for (const sync::WriteBatch& batch : std::exchange(survivors_, {})) {
    RETURN_IF_ERROR(Write(process, batch));
  }
  RETURN_IF_ERROR(Sync(process));
  return handle;
}

absl::Status NodeDisk::Draw(uint64_t process) {
  if (process != process_) return absl::UnavailableError("the simulated process is dead");
  if (full_) return absl::ResourceExhaustedError("no space left on the simulated disk");
  if (calls_until_error_ > 0 && --calls_until_error_ == 0) {
    return absl::UnavailableError("input/output error of the simulated disk");
  }
  return absl::OkStatus();
}

absl::Status NodeDisk::Write(uint64_t process, const sync::WriteBatch& batch) {
  RETURN_IF_ERROR(Draw(process));
  listener_.on_write(memory_->Latest(), batch);
  RETURN_IF_ERROR(memory_->Write(batch));
  unsynced_.push_back(batch);
  return absl::OkStatus();
}

absl::Status NodeDisk::Sync(uint64_t process) {
  RETURN_IF_ERROR(Draw(process));
  RETURN_IF_ERROR(memory_->Sync());
  durable_ = memory_->Snapshot();
  for (const sync::WriteBatch& batch : std::exchange(unsynced_, {})) listener_.on_durable(batch);
  return absl::OkStatus();
}

void NodeDisk::LoseUnsynced() {
  unsynced_.resize(random_.Below(unsynced_.size() + 1));
  survivors_ = std::exchange(unsynced_, {});
  memory_ = StoreWith(*durable_);
}

void NodeDisk::Crash() {
  ++process_;
  LoseUnsynced();
  full_ = false;
  calls_until_error_ = 0;
}

void NodeDisk::Restore(const sync::Reader& backup) {
  survivors_.clear();
  unsynced_.clear();
  memory_ = StoreWith(backup);
  durable_ = memory_->Snapshot();
}

}  // namespace tikar::simulation
