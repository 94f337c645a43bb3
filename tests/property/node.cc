#include "node.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "history_definitions.h"
#include "random.h"
#include "sync/change.h"
#include "sync/keys.h"
#include "sync/stamp.h"
#include "sync/status_macros.h"

namespace tikar::property {
namespace {

// After every stamp of every history; the replica must not need it.
constexpr int64_t kNowMs = 1'900'000'000'000;
// Logs that the observations come from.
constexpr size_t kOrigins = 4;

}  // namespace

Node::Node(const History* history)
    : history_(*history),
      key_{kRegion, *sync::RequestId::FromBytes(history->request_id)},
      arrived_(history->observations.size()),
      definitions_arrived_(AllDefinitions().bytes.size()) {
  sync::Replica::Options options;
  options.now_ms = kNowMs;
  options.random = [random = std::make_shared<Random>(history->seed)] { return random->Next(); };
  // Joining changes of its own would make the map another one.
  options.is_home = [](std::string_view) { return false; };
  absl::StatusOr<sync::Replica::Opened> opened =
      sync::Replica::Open(store_.Latest(), std::move(options));
  CHECK(opened.ok());
  CHECK(store_.Write(opened->batch).ok());
  replica_ = std::move(opened->replica);
}

v1::Entry Node::EntryOf(size_t index, size_t first_origin) const {
  const reference::Observation& observation = history_.observations[index];
  v1::Entry entry;
  entry.set_region(key_.region);
  entry.set_origin(first_origin + index % kOrigins);
  entry.set_seq(1 + index / kOrigins);
  *entry.mutable_stamp() = observation.stamp;
  if (observation.body.empty()) {
    // Of the whole hash only the id is known to the reference; the rest means nothing to the merge.
    entry.set_change_hash(observation.stub_id + std::string(16, '\0'));
    entry.set_stub_request_id(observation.stub_request_id);
    for (const std::string& parent : observation.stub_parents) entry.add_stub_parents(parent);
  } else {
    entry.set_change_hash(reference::Sha256(observation.body));
    entry.set_body(observation.body);
  }
  entry.set_leaf_hash(sync::LeafHash(key_.region, sync::Origin{entry.origin()}, entry.seq(),
                                     sync::Stamp::FromProto(entry.stamp()),
                                     *sync::Hash::FromBytes(entry.change_hash()))
                          .bytes());
  return entry;
}

absl::Status Node::Commit(const sync::Outcome& outcome) {
  touched_ = touched_ || !outcome.regions_touched.empty();
  return store_.Write(outcome.batch);
}

absl::Status Node::DeliverFromOtherLogs(const std::vector<Arrival>& group) {
  touched_ = false;
  std::vector<v1::Entry> entries;
  std::set<size_t> taken;
  for (const Arrival& arrival : group) {
    if (arrival.kind != Arrival::Kind::kEntry || !taken.insert(arrival.index).second) continue;
    entries.push_back(EntryOf(arrival.index, 1 + kOrigins));
  }
  ASSIGN_OR_RETURN(const sync::Outcome outcome, replica_->Receive(entries, kNowMs));
  return Commit(outcome);
}

absl::Status Node::Deliver(const std::vector<Arrival>& group) {
  touched_ = false;
  std::vector<v1::Entry> entries;
  for (const Arrival& arrival : group) {
    if (arrival.kind == Arrival::Kind::kEntry) {
      entries.push_back(EntryOf(arrival.index, 1));
      arrived_[arrival.index] = true;
      continue;
    }
    ASSIGN_OR_RETURN(const sync::Outcome outcome,
                     replica_->AddDefinition(AllDefinitions().bytes[arrival.index], kNowMs));
    RETURN_IF_ERROR(Commit(outcome));
    definitions_arrived_[arrival.index] = true;
  }
  if (entries.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const sync::Outcome outcome, replica_->Receive(entries, kNowMs));
  return Commit(outcome);
}

absl::StatusOr<Held> Node::Load() const {
  const sync::Reader& reader = store_.Latest();
  ASSIGN_OR_RETURN(const std::optional<std::string> record,
                   reader.Get(sync::Family::kRequests, sync::keys::Record(key_)));
  if (!record) return absl::NotFoundError("no change of the request is here");
  Held held;
  ASSIGN_OR_RETURN(sync::RecordParts parts, sync::DecodeRecord(*record));
  held.local = std::move(parts.local);
  ASSIGN_OR_RETURN(held.state, sync::DecodeState(key_, parts.state_bytes));
  held.bytes = std::string(parts.state_bytes);
  absl::Status status;
  const std::string prefix = sync::keys::ElementPrefix(key_);
  RETURN_IF_ERROR(reader.Scan(sync::Family::kRequests, prefix, sync::PrefixEnd(prefix),
                              [&](std::string_view key, std::string_view value) {
                                const std::string path(key.substr(prefix.size()));
                                absl::StatusOr<sync::FieldState> element = sync::DecodeField(value);
                                if (!element.ok()) {
                                  status = element.status();
                                  return false;
                                }
                                held.elements[path] = *std::move(element);
                                held.bytes += path;
                                held.bytes += value;
                                return true;
                              }));
  RETURN_IF_ERROR(status);
  const std::string history = sync::keys::HistoryPrefix(key_);
  RETURN_IF_ERROR(reader.Scan(
      sync::Family::kHistory, history, sync::PrefixEnd(history),
      [&](std::string_view key, std::string_view value) {
        absl::StatusOr<sync::Header> header = sync::DecodeHeader(value);
        if (!header.ok()) {
          status = header.status();
          return false;
        }
        held.stamps[*sync::ChangeId::FromBytes(key.substr(history.size()))] = header->stamp;
        return true;
      }));
  RETURN_IF_ERROR(status);
  return held;
}

sync::Fold Node::FoldAll() const {
  std::map<sync::ChangeId, sync::FoldChange> changes;
  std::map<sync::ChangeId, sync::ParsedChange> parsed;
  for (size_t i = 0; i < arrived_.size(); ++i) {
    if (!arrived_[i]) continue;
    const reference::Observation& observation = history_.observations[i];
    const sync::ChangeId id = *sync::ChangeId::FromBytes(reference::ChangeIdOf(observation));
    const sync::Stamp stamp = sync::Stamp::FromProto(observation.stamp);
    const auto [it, is_new] = changes.try_emplace(id);
    sync::FoldChange& change = it->second;
    change.id = id;
    change.stamp = is_new ? stamp : sync::Join(change.stamp, stamp);
    if (!observation.body.empty() && change.change == nullptr) {
      absl::StatusOr<sync::ParsedChange> body = sync::ParseChange(observation.body);
      CHECK(body.ok());
      const sync::ParsedChange& kept = parsed.emplace(id, *std::move(body)).first->second;
      change.change = &kept;
      change.parents = kept.parents;
    } else if (change.change == nullptr) {
      for (const std::string& parent : observation.stub_parents) {
        change.parents.push_back(*sync::ChangeId::FromBytes(parent));
      }
      std::sort(change.parents.begin(), change.parents.end());
      change.parents.erase(std::unique(change.parents.begin(), change.parents.end()),
                           change.parents.end());
    }
    change.stub = change.change == nullptr;
  }
  std::vector<sync::FoldChange> all;
  for (const auto& [id, change] : changes) all.push_back(change);
  return sync::FoldRequest(key_, all, *replica_->definitions());
}

std::vector<reference::Observation> Node::Observations() const {
  std::vector<reference::Observation> observations;
  for (size_t i = 0; i < arrived_.size(); ++i) {
    if (arrived_[i]) observations.push_back(history_.observations[i]);
  }
  return observations;
}

reference::Definitions Node::Definitions() const {
  reference::Definitions definitions;
  for (size_t i = 0; i < definitions_arrived_.size(); ++i) {
    if (!definitions_arrived_[i]) continue;
    const std::string hash = reference::Sha256(AllDefinitions().bytes[i]);
    definitions[hash] = AllDefinitions().by_hash.at(hash);
  }
  return definitions;
}

}  // namespace tikar::property
