// One server of the tests: the production Replica over the store in memory.
#ifndef TIKAR_TESTS_UNIT_SYNC_KERINCI_NODE_H_
#define TIKAR_TESTS_UNIT_SYNC_KERINCI_NODE_H_

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kerinci.h"
#include "storage/memory_store.h"
#include "sync/query.h"
#include "sync/replica.h"

namespace tikar::sync {

// A change as a phone's session brings it.
inline Submission Sent(const Written& change, int64_t clock_offset_ms = 0) {
  Submission submission;
  submission.body = change.body;
  submission.clock_offset_ms = clock_offset_ms;
  return submission;
}

// Every batch is written and synced before the next call, as the engine does it. Not safe for
// threads.
class Node {
 public:
  // Knows the complaint's definition from the start, unless told otherwise.
  explicit Node(uint64_t seed, std::string machine_id = "", bool knows_definition = true,
                const FoldCapability& folds = kFoldCapability)
      : capability(folds), random_(seed), machine_id_(std::move(machine_id)) {
    Start();
    if (knows_definition) AddDefinition(*Complaint());
  }

  // Stops without a word and starts again over what is in the store.
  void Start() {
    Replica::Options options;
    options.now_ms = now_ms;
    options.build_time_ms = build_time_ms;
    options.machine_id = machine_id_;
    options.why_moved = why_moved;
    options.random = [this] { return random_(); };
    options.is_home = [this](std::string_view) { return is_home; };
    options.capability = capability;
    absl::StatusOr<Replica::Opened> opened = Replica::Open(store_.Latest(), options);
    ASSERT_TRUE(opened.ok()) << opened.status();
    Commit(opened->batch);
    replica_ = std::move(opened->replica);
    clock_warning = opened->clock_warning;
    new_origin_reason = opened->new_origin_reason;
    definition_warnings = opened->definition_warnings;
    while (finishes_upgrades && replica_->upgrading()) Upgrade();
  }
  // One group of what an older build left.
  void Upgrade() {
    const absl::StatusOr<Outcome> outcome = replica_->Upgrade(now_ms);
    ASSERT_TRUE(outcome.ok()) << outcome.status();
    Commit(outcome->batch);
  }
  void MoveToMachine(std::string machine_id) {
    machine_id_ = std::move(machine_id);
    Start();
  }

  // One group. Time stands still unless a test moves it.
  Outcome Ingest(const std::vector<Submission>& submissions) {
    absl::StatusOr<Outcome> outcome = replica_->Ingest(submissions, now_ms);
    EXPECT_TRUE(outcome.ok()) << outcome.status();
    if (!outcome.ok()) return {};
    Commit(outcome->batch);
    return *std::move(outcome);
  }
  SubmissionResult Push(const Written& change, int64_t clock_offset_ms = 0) {
    const Outcome outcome = Ingest({Sent(change, clock_offset_ms)});
    return outcome.results.empty() ? SubmissionResult() : outcome.results.front();
  }
  // Push of what must be taken.
  Written Take(const Written& change, int64_t clock_offset_ms = 0) {
    const SubmissionResult result = Push(change, clock_offset_ms);
    EXPECT_EQ(result.verdict, v1::VERDICT_ACCEPTED)
        << (result.violations.empty() ? "" : result.violations.front().message_en);
    return change;
  }

  Outcome Receive(const std::vector<v1::Entry>& entries) {
    absl::StatusOr<Outcome> outcome = replica_->Receive(entries, now_ms);
    EXPECT_TRUE(outcome.ok()) << outcome.status();
    if (!outcome.ok()) return {};
    Commit(outcome->batch);
    return *std::move(outcome);
  }
  // What the region's home node logged, as a mirror gets it: changes by the timer, which no session
  // may send.
  Written TakeFromHome(const Written& change) {
    v1::Entry entry;
    entry.set_region(change.key.region);
    entry.set_origin(4711);
    entry.set_seq(++taken_from_home_);
    entry.mutable_stamp()->set_received_at_ms(now_ms);
    entry.mutable_stamp()->set_verdict(v1::VERDICT_ACCEPTED);
    entry.set_body(change.body);
    entry.set_change_hash(Sha256(change.body).bytes());
    Receive({entry});
    return change;
  }
  // For what must be refused.
  absl::Status ReceiveStatus(const std::vector<v1::Entry>& entries) {
    return replica_->Receive(entries, now_ms).status();
  }
  Outcome AddDefinition(const Definition& definition) {
    absl::StatusOr<Outcome> outcome = replica_->AddDefinition(definition.bytes(), now_ms);
    EXPECT_TRUE(outcome.ok()) << outcome.status();
    if (!outcome.ok()) return {};
    Commit(outcome->batch);
    return *std::move(outcome);
  }

  // Commits what a call of the Replica gave.
  Outcome Commit(absl::StatusOr<Outcome> outcome) {
    EXPECT_TRUE(outcome.ok()) << outcome.status();
    if (!outcome.ok()) return {};
    Commit(outcome->batch);
    return *std::move(outcome);
  }

  // All that `other` has and this one lacks, in pages of about `bytes_max`. Returns how many
  // entries came.
  size_t PullFrom(const Node& other, std::string_view region = kKerinci,
                  size_t bytes_max = 1 << 20) {
    size_t pulled = 0;
    VersionVector known = Vector(region);
    while (true) {
      const std::vector<v1::Entry> entries = other.EntriesAfter(known, region, bytes_max);
      if (entries.empty()) return pulled;
      pulled += entries.size();
      Receive(entries);
      for (const v1::Entry& entry : entries) known.Advance(Origin{entry.origin()}, entry.seq());
    }
  }

  std::vector<v1::Entry> EntriesAfter(const VersionVector& known,
                                      std::string_view region = kKerinci,
                                      size_t bytes_max = 1 << 20) const {
    absl::StatusOr<std::vector<v1::Entry>> entries =
        sync::EntriesAfter(reader(), region, known, bytes_max);
    EXPECT_TRUE(entries.ok()) << entries.status();
    return entries.ok() ? *std::move(entries) : std::vector<v1::Entry>();
  }
  VersionVector Vector(std::string_view region = kKerinci) const {
    absl::StatusOr<VersionVector> vector = LoadVersionVector(reader(), region);
    EXPECT_TRUE(vector.ok()) << vector.status();
    return vector.ok() ? *std::move(vector) : VersionVector();
  }
  bool Has(const RequestKey& key) const { return Load(key).has_value(); }
  StoredRequest Request(const RequestKey& key) const {
    std::optional<StoredRequest> request = Load(key);
    EXPECT_TRUE(request.has_value());
    return request ? *std::move(request) : StoredRequest();
  }
  State StateOf(const RequestKey& key) const { return Request(key).state; }
  std::vector<ChangeId> Heads(const RequestKey& key) const { return StateOf(key).heads; }
  // Everything that must be the same on every node: the state's bytes and each element's.
  std::string Bytes(const RequestKey& key) const {
    const StoredRequest request = Request(key);
    std::string bytes = EncodeState(request.state);
    for (const auto& [path, element] : request.elements) bytes += path + EncodeField(element);
    return bytes;
  }
  std::string Digest(const RequestKey& key) const { return ToProto(Request(key)).state_digest(); }
  std::string FieldText(const RequestKey& key, std::string_view path) const {
    return std::string(StateOf(key).Text(path));
  }
  v1::RegionStatus Region(std::string_view region = kKerinci) const {
    absl::StatusOr<std::vector<v1::RegionStatus>> regions = LoadRegionStatuses(reader());
    EXPECT_TRUE(regions.ok()) << regions.status();
    for (const v1::RegionStatus& status : *regions) {
      if (status.region() == region) return status;
    }
    return {};
  }
  // Rows of a family, as they lie in the store.
  std::map<std::string, std::string> Rows(Family family, std::string_view prefix = "") const {
    std::map<std::string, std::string> rows;
    EXPECT_TRUE(reader()
                    .Scan(family, prefix, PrefixEnd(prefix),
                          [&](std::string_view key, std::string_view value) {
                            rows.emplace(key, value);
                            return true;
                          })
                    .ok());
    return rows;
  }

  const Reader& reader() const { return store_.Latest(); }
  Replica& replica() { return *replica_; }
  Origin origin() const { return replica_->origin(); }
  storage::MemoryStore& store() { return store_; }

  int64_t now_ms = kMorningMs + 24 * 60 * 60 * 1000;
  int64_t build_time_ms = 0;
  bool is_home = true;
  // Of the next start.
  FoldCapability capability;
  bool finishes_upgrades = true;
  // Of the last start.
  std::string clock_warning;
  std::string new_origin_reason;
  // See Replica::Options.
  std::function<std::string(std::string_view stored, std::string_view now)> why_moved;
  std::vector<std::string> definition_warnings;

 private:
  std::optional<StoredRequest> Load(const RequestKey& key) const {
    absl::StatusOr<std::optional<StoredRequest>> request = LoadRequest(reader(), key);
    EXPECT_TRUE(request.ok()) << request.status();
    return request.ok() ? *std::move(request) : std::nullopt;
  }
  void Commit(const WriteBatch& batch) {
    const absl::Status written = store_.Write(batch);
    EXPECT_TRUE(written.ok()) << written;
    EXPECT_TRUE(store_.Sync().ok());
  }

  std::mt19937_64 random_;
  std::string machine_id_;
  uint64_t taken_from_home_ = 0;  // entries of its log
  storage::MemoryStore store_;
  std::unique_ptr<Replica> replica_;
};

}  // namespace tikar::sync

#endif  // TIKAR_TESTS_UNIT_SYNC_KERINCI_NODE_H_
