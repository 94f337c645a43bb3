#include "sync/history.h"

#include <algorithm>
#include <queue>
#include <tuple>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "sync/keys.h"
#include "sync/status_macros.h"

namespace tikar::sync {
namespace {

// Visits changes newest generation first: when one comes out, every known change that has it in its
// past has come out before, so what its children passed on to it is complete.
struct Visit {
  uint32_t generation;
  ChangeId id;
  friend bool operator<(const Visit& a, const Visit& b) {
    return std::tie(a.generation, a.id) < std::tie(b.generation, b.id);
  }
};

}  // namespace

HistoryReader::HistoryReader(const Reader& reader, RequestKey key, HistoryCounters* counters,
                             const FoldCapability& capability)
    : reader_(reader), key_(std::move(key)), counters_(*counters), capability_(capability) {}

absl::StatusOr<const Header*> HistoryReader::Find(const ChangeId& id) {
  if (const auto at = headers_.find(id); at != headers_.end()) {
    return at->second ? &*at->second : nullptr;
  }
  if (nothing_stored_) return nullptr;
  ++counters_.headers_read;
  ASSIGN_OR_RETURN(std::optional<std::string> bytes,
                   reader_.Get(Family::kHistory, keys::History(key_, id)));
  std::optional<Header>& slot = headers_[id];
  if (!bytes) return nullptr;
  ASSIGN_OR_RETURN(slot, DecodeHeader(*bytes));
  return &*slot;
}

absl::Status HistoryReader::LoadStored() {
  const std::string prefix = keys::HistoryPrefix(key_);
  absl::Status status;
  RETURN_IF_ERROR(reader_.Scan(Family::kHistory, prefix, PrefixEnd(prefix),
                               [&](std::string_view key, std::string_view value) {
                                 const std::optional<ChangeId> id =
                                     ChangeId::FromBytes(key.substr(prefix.size()));
                                 if (!id) {
                                   status = absl::DataLossError(absl::StrCat(
                                       "history of ", key_.id.hex(), " has a bad key"));
                                   return false;
                                 }
                                 if (headers_.contains(*id) && headers_[*id]) return true;
                                 ++counters_.headers_read;
                                 absl::StatusOr<Header> header = DecodeHeader(value);
                                 if (!header.ok()) {
                                   status = header.status();
                                   return false;
                                 }
                                 headers_[*id] = *std::move(header);
                                 return true;
                               }));
  return status;
}

absl::StatusOr<std::vector<ChangeId>> HistoryReader::LoadAll() {
  if (!nothing_stored_) RETURN_IF_ERROR(LoadStored());
  std::vector<ChangeId> ids;
  ids.reserve(headers_.size());
  for (const auto& [id, header] : headers_) {
    if (header) ids.push_back(id);
  }
  std::sort(ids.begin(), ids.end());
  return ids;
}

absl::StatusOr<const ParsedChange*> HistoryReader::FindChange(const ChangeId& id) {
  if (const auto at = changes_.find(id); at != changes_.end()) {
    return at->second ? &*at->second : nullptr;
  }
  ASSIGN_OR_RETURN(const Header* header, Find(id));
  if (header == nullptr || !header->has_body || header->positions.empty()) return nullptr;
  const LogPosition at = header->positions.front();
  ++counters_.bodies_read;
  ASSIGN_OR_RETURN(std::optional<std::string> bytes,
                   reader_.Get(Family::kLog, keys::Log(key_.region, at.origin, at.seq)));
  if (!bytes) {
    return absl::DataLossError(absl::StrCat("change ", id.hex(), " is in the history of request ",
                                            key_.id.hex(), " but not in the log"));
  }
  ASSIGN_OR_RETURN(EntryRecord entry, DecodeEntry(*bytes));
  ASSIGN_OR_RETURN(ParsedChange change, ParseChange(std::move(entry.body), capability_));
  if (change.id != id) {
    return absl::DataLossError(
        absl::StrCat("the log holds other bytes for change ", id.hex(), " than its id says"));
  }
  std::optional<ParsedChange>& slot = changes_[id];
  slot = std::move(change);
  return &*slot;
}

void HistoryReader::Put(const ChangeId& id, Header header) {
  headers_[id] = std::move(header);
  changed_.insert(id);
}

void HistoryReader::PutChange(ParsedChange change) {
  const ChangeId id = change.id;
  changes_[id] = std::move(change);
}

absl::StatusOr<HistoryReader::Ids> HistoryReader::Unseen(const std::vector<ChangeId>& heads,
                                                         const std::vector<ChangeId>& parents) {
  Ids unseen;
  absl::flat_hash_map<ChangeId, bool> seen;  // queued ones: whether the parents have seen it
  std::priority_queue<Visit> queue;
  size_t unseen_queued = 0;
  const auto push = [&](const ChangeId& id, bool is_seen) -> absl::Status {
    const auto [at, fresh] = seen.try_emplace(id, is_seen);
    if (!fresh) {
      if (is_seen && !at->second) {
        at->second = true;
        --unseen_queued;
      }
      return absl::OkStatus();
    }
    ASSIGN_OR_RETURN(const Header* header, Find(id));
    if (header == nullptr) {
      seen.erase(id);
      return absl::OkStatus();
    }
    queue.push({header->generation, id});
    if (!is_seen) ++unseen_queued;
    return absl::OkStatus();
  };
  for (const ChangeId& id : heads) RETURN_IF_ERROR(push(id, false));
  for (const ChangeId& id : parents) RETURN_IF_ERROR(push(id, true));
  while (unseen_queued > 0) {
    const ChangeId id = queue.top().id;
    queue.pop();
    const bool is_seen = seen[id];
    if (!is_seen) {
      --unseen_queued;
      unseen.insert(id);
    }
    ASSIGN_OR_RETURN(const Header* header, Find(id));
    for (const ChangeId& parent : header->Ancestors()) RETURN_IF_ERROR(push(parent, is_seen));
  }
  return unseen;
}

absl::StatusOr<std::optional<ChangeId>> HistoryReader::CommonWrite(
    const std::vector<ChangeId>& tips, std::string_view path) {
  CHECK(tips.size() <= kTipsMax);
  struct Paint {
    uint64_t tips = 0;     // which have it in their past
    bool covered = false;  // a base that was found has it in its past
  };
  const uint64_t all = tips.size() == 64 ? ~uint64_t{0} : (uint64_t{1} << tips.size()) - 1;
  absl::flat_hash_map<ChangeId, Paint> paints;
  std::priority_queue<Visit> queue;
  size_t open = 0;  // queued and not covered
  const auto push = [&](const ChangeId& id, uint64_t bits, bool covered) -> absl::Status {
    const auto [at, fresh] = paints.try_emplace(id, Paint{bits, covered});
    if (!fresh) {
      at->second.tips |= bits;
      if (covered && !at->second.covered) {
        at->second.covered = true;
        --open;
      }
      return absl::OkStatus();
    }
    ASSIGN_OR_RETURN(const Header* header, Find(id));
    if (header == nullptr) {
      paints.erase(id);
      return absl::OkStatus();
    }
    queue.push({header->generation, id});
    if (!covered) ++open;
    return absl::OkStatus();
  };
  for (size_t i = 0; i < tips.size(); ++i) {
    ASSIGN_OR_RETURN(const Header* tip, Find(tips[i]));
    if (tip == nullptr) continue;
    const std::vector<ChangeId> parents = tip->Ancestors();
    for (const ChangeId& parent : parents) RETURN_IF_ERROR(push(parent, uint64_t{1} << i, false));
  }
  std::optional<ChangeId> base;
  while (open > 0) {
    const ChangeId id = queue.top().id;
    queue.pop();
    const Paint paint = paints[id];
    if (!paint.covered) --open;
    ASSIGN_OR_RETURN(const Header* header, Find(id));
    bool covers = paint.covered;
    if (!covers && paint.tips == all && header->live() && header->Touches(path)) {
      if (!base || id < *base) base = id;
      covers = true;
    }
    for (const ChangeId& parent : header->Ancestors()) {
      RETURN_IF_ERROR(push(parent, paint.tips, covers));
    }
  }
  return base;
}

}  // namespace tikar::sync
