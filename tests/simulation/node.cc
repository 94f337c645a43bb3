#include "node.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/str_cat.h"
#include "sync/keys.h"
#include "sync/records.h"
#include "sync/state.h"
#include "sync/status_macros.h"

namespace tikar::simulation {
namespace {

using server::Engine;

constexpr int64_t kTickMs = 5'000;
constexpr int64_t kRecoveryMs = 1'000;

// The region, origin and sequence of a row of the log.
struct LogKey {
  std::string region;
  sync::LogPosition position;
};

uint64_t BigEndian(std::string_view bytes) {
  uint64_t number = 0;
  for (const char c : bytes) number = number << 8 | static_cast<uint8_t>(c);
  return number;
}

LogKey DecodeLogKey(std::string_view key) {
  constexpr size_t kNumber = 8;
  CHECK(key.size() == sync::keys::kRegionSize + 2 * kNumber);
  return {std::string(key.substr(0, sync::keys::kRegionSize)),
          {sync::Origin{BigEndian(key.substr(sync::keys::kRegionSize, kNumber))},
           BigEndian(key.substr(sync::keys::kRegionSize + kNumber))}};
}

std::optional<sync::State> StateOf(const sync::RequestKey& key, std::string_view record) {
  const absl::StatusOr<sync::RecordParts> parts = sync::DecodeRecord(record);
  if (!parts.ok()) return std::nullopt;
  absl::StatusOr<sync::State> state = sync::DecodeState(key, parts->state_bytes);
  if (!state.ok()) return std::nullopt;
  return *std::move(state);
}

}  // namespace

Node::Node(Stage* stage, NodeIndex index, bool old, bool has_forms)
    : stage_(*stage),
      index_(index),
      old_(old),
      has_forms_(has_forms),
      clock_(&stage->schedule),
      disk_(&stage->random,
            {.on_write = [this](const sync::Reader& before,
                                const sync::WriteBatch& batch) { OnWrite(before, batch); },
             .on_durable = [this](const sync::WriteBatch& batch) { OnDurable(batch); }}) {}

Node::~Node() { DropEngine(); }

std::shared_ptr<const server::Published> Node::published() const {
  return engine_ == nullptr ? nullptr : engine_->sequencer().Current();
}

void Node::Changed(NodeChange what, uint64_t backup_step) {
  stage_.trace.Note("node", {index_, static_cast<uint64_t>(what), backup_step});
  stage_.Tell(&Checker::OnNodeChanged, NodeChanged{index_, what, backup_step});
}

void Node::Start() {
  wanted_ = true;
  if (engine_ == nullptr) OpenEngine();
}

void Node::OpenEngine() {
  server::EngineOptions options;
  options.threads = false;
  options.version = "simulation";
  options.batch_bytes_min = 1;
  options.random = [this] { return stage_.random.Next() | 1; };
  for (const auto& definition : stage_.services.all()) {
    // New requests pin the first version.
    options.catalogue_offers.try_emplace(definition->proto().service(), definition->hash());
  }
  server::SequencerOptions& sequencer = options.sequencer;
  sequencer.open_store = [this] { return disk_.Open(); };
  sequencer.probe_store = [this] { return disk_.Probe(); };
  sequencer.now_ms = [this] { return clock_.Read(); };
  sequencer.replica.random = options.random;
  sequencer.replica.machine_id = absl::StrCat("machine ", index_, ".", machine_);
  sequencer.replica.is_home = [this](std::string_view region) {
    return static_cast<size_t>(region.back() - '0') % stage_.options.nodes == index_;
  };
  if (old_) {
    // Before settlements and moves to another definition were known.
    sequencer.replica.capability.mutation_kind = v1::Mutation::kRestoreFieldNumber;
  }
  absl::StatusOr<std::unique_ptr<Engine>> engine = Engine::Start(std::move(options));
  if (!engine.ok()) {
    const bool expected =
        absl::IsResourceExhausted(engine.status()) || absl::IsUnavailable(engine.status());
    if (!expected) {
      stage_.FailWorld(
          absl::StrCat("node ", index_, " does not open its store: ", engine.status().ToString()));
      return;
    }
    stage_.schedule.After(kRecoveryMs, [this] {
      if (wanted_ && engine_ == nullptr) OpenEngine();
    });
    return;
  }
  engine_ = *std::move(engine);
  ++process_;
  recovering_ = false;
  Changed(NodeChange::kStarted);
  if (has_forms_) AddForms();
  PlanTick();
  Kick();
}

void Node::AddForms() {
  for (const auto& definition : stage_.services.all()) {
    const absl::Status taken =
        engine_->sequencer().AddDefinition(definition->bytes(), [](server::TaskResult) {});
    CHECK(taken.ok());
  }
}

void Node::DropEngine() {
  if (engine_ == nullptr) return;
  for (const std::shared_ptr<Stream>& stream : std::exchange(streams_, {})) stream->NodeDies();
  // Whatever the dying process does meanwhile has no effect: its disk is another one's already, or
  // it stops in order.
  ++process_;
  kicked_ = false;
  engine_->Stop().IgnoreError();
  engine_ = nullptr;
}

void Node::Stop() {
  wanted_ = false;
  if (engine_ == nullptr) return;
  for (const std::shared_ptr<Stream>& stream : std::exchange(streams_, {})) stream->NodeDies();
  DropEngine();
  Changed(NodeChange::kStopped);
}

void Node::Crash() {
  wanted_ = false;
  disk_.Crash();
  DropEngine();
  Changed(NodeChange::kCrashed);
}

void Node::Upgrade() {
  CHECK(engine_ == nullptr);
  old_ = false;
  Changed(NodeChange::kUpgraded);
}

void Node::Restore(const sync::Reader& backup, uint64_t backup_step) {
  CHECK(engine_ == nullptr);
  NoteLost(backup);
  disk_.Restore(backup);
  ++machine_;
  Changed(NodeChange::kRestored, backup_step);
}

void Node::NoteLost(const sync::Reader& backup) {
  const absl::Status scanned = disk_.durable()->Scan(
      sync::Family::kLog, "", "", [&](std::string_view key, std::string_view value) {
        const auto kept = backup.Get(sync::Family::kLog, key);
        CHECK(kept.ok());
        if (kept->has_value()) return true;
        const absl::StatusOr<sync::EntryRecord> record = sync::DecodeEntry(value);
        CHECK(record.ok());
        stage_.lost_by_restore.insert({DecodeLogKey(key).region, record->request_id});
        return true;
      });
  CHECK(scanned.ok());
}

void Node::SetFull(bool full) {
  disk_.SetFull(full);
  Changed(full ? NodeChange::kDiskFull : NodeChange::kDiskFreed);
}

void Node::Kick() {
  if (engine_ == nullptr || kicked_) return;
  kicked_ = true;
  // Mostly at once; now and then the machine is busy, or the disk slow.
  const int64_t delay_ms =
      stage_.random.Percent(80) ? stage_.random.Between(0, 3) : stage_.random.Between(5, 60);
  stage_.schedule.After(delay_ms, [this, process = process_] {
    if (process != process_) return;
    kicked_ = false;
    Work();
  });
}

// One piece, whichever thread comes first.
void Node::Work() {
  std::vector<Engine::Work> order = {Engine::Work::kSequencer, Engine::Work::kSyncer,
                                     Engine::Work::kCompletion, Engine::Work::kRead};
  stage_.random.Shuffle(order);
  for (const Engine::Work work : order) {
    if (!engine_->Step(work)) continue;
    Kick();
    break;
  }
  if (!engine_->sequencer().status().refusing_writes.empty()) PlanRecovery();
}

void Node::PlanRecovery() {
  if (std::exchange(recovering_, true)) return;
  stage_.trace.Note("node refuses writes", {index_});
  stage_.schedule.After(kRecoveryMs, [this, process = process_] {
    if (process != process_) return;
    recovering_ = false;
    engine_->Step(Engine::Work::kRecovery);
    if (!engine_->sequencer().status().refusing_writes.empty()) {
      PlanRecovery();
    } else if (has_forms_) {
      // What was lost with the failed store may have been these.
      AddForms();
    }
    Kick();
  });
}

void Node::PlanTick() {
  stage_.schedule.After(kTickMs, [this, process = process_] {
    if (process != process_) return;
    const std::vector<std::shared_ptr<Stream>> streams = streams_;
    for (const std::shared_ptr<Stream>& stream : streams) stream->Tick(clock_.Read());
    if (!streams.empty()) Kick();
    PlanTick();
  });
}

void Node::Add(std::shared_ptr<Stream> stream) { streams_.push_back(std::move(stream)); }

void Node::Remove(Stream* stream) {
  std::erase_if(streams_, [&](const auto& one) { return one.get() == stream; });
}

void Node::OnWrite(const sync::Reader& before, const sync::WriteBatch& batch) {
  if (!batch.empty()) last_write_ms_ = stage_.schedule.now_ms();
  using Kind = sync::WriteBatch::Kind;
  for (const sync::WriteBatch::Write& write : batch.writes()) {
    if (write.kind != Kind::kPut || write.family != sync::Family::kLog) continue;
    const LogKey key = DecodeLogKey(write.key);
    const absl::StatusOr<sync::EntryRecord> record = sync::DecodeEntry(write.value);
    CHECK(record.ok());
    stage_.Tell(&Checker::OnEntryWritten, EntryWritten{index_, key.region, key.position, *record});
  }
  for (const sync::WriteBatch::Write& write : batch.writes()) {
    if (write.kind != Kind::kPut) continue;
    if (write.family == sync::Family::kRequests && write.key.front() == 'r') {
      const std::string_view rest = std::string_view(write.key).substr(1);
      const sync::RequestKey key{std::string(rest.substr(0, sync::keys::kRegionSize)),
                                 *sync::RequestId::FromBytes(rest.substr(sync::keys::kRegionSize))};
      const std::optional<sync::State> after = StateOf(key, write.value);
      CHECK(after.has_value());
      const absl::StatusOr<std::optional<std::string>> record =
          before.Get(sync::Family::kRequests, write.key);
      std::optional<sync::State> state_before;
      if (record.ok() && record->has_value()) state_before = StateOf(key, **record);
      stage_.Tell(&Checker::OnStateWritten,
                  StateWritten{index_, key, state_before ? &*state_before : nullptr, *after});
    }
  }
}

void Node::OnDurable(const sync::WriteBatch& batch) {
  for (const sync::WriteBatch::Write& write : batch.writes()) {
    if (write.kind != sync::WriteBatch::Kind::kPut || write.family != sync::Family::kLog) continue;
    const LogKey key = DecodeLogKey(write.key);
    const absl::StatusOr<sync::EntryRecord> record = sync::DecodeEntry(write.value);
    CHECK(record.ok());
    stage_.trace.Note("entry durable", {index_, sync::Raw(key.position.origin), key.position.seq},
                      record->change_hash.view());
    stage_.Tell(&Checker::OnEntryDurable, EntryDurable{index_, key.region, key.position, *record});
  }
}

}  // namespace tikar::simulation
