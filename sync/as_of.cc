#include "sync/as_of.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "sync/fold.h"
#include "sync/history.h"
#include "sync/keys.h"
#include "sync/query.h"
#include "sync/status_macros.h"

namespace tikar::sync {

absl::StatusOr<std::optional<Header>> HeaderAsOf(const Reader& reader, const std::string& region,
                                                 const Header& header, int64_t as_of_ms) {
  // The joined time is that of the earliest.
  if (header.stamp.received_at_ms > as_of_ms) return std::nullopt;
  if (header.positions.size() == 1) return header;
  Header then = header;
  then.has_body = false;
  std::optional<Stamp> joined;
  for (const LogPosition& position : header.positions) {
    ASSIGN_OR_RETURN(const std::optional<std::string> bytes,
                     reader.Get(Family::kLog, keys::Log(region, position.origin, position.seq)));
    if (!bytes) {
      return absl::DataLossError(
          absl::StrCat("log ", region, "/", Raw(position.origin), " lacks entry ", position.seq));
    }
    ASSIGN_OR_RETURN(const EntryRecord entry, DecodeEntry(*bytes));
    if (entry.stamp.received_at_ms > as_of_ms) continue;
    joined = joined ? Join(*joined, entry.stamp) : entry.stamp;
    then.has_body |= !entry.body.empty();
  }
  if (!joined) return std::nullopt;
  then.stamp = *std::move(joined);
  return then;
}

absl::StatusOr<std::optional<StoredRequest>> LoadRequestAsOf(const Reader& reader,
                                                             const RequestKey& key,
                                                             int64_t as_of_ms,
                                                             const DefinitionSource& definitions) {
  HistoryCounters counters;
  HistoryReader history(reader, key, &counters);
  ASSIGN_OR_RETURN(const std::vector<ChangeId> ids, history.LoadAll());
  std::vector<FoldChange> changes;
  for (const ChangeId& id : ids) {
    ASSIGN_OR_RETURN(const Header* now, history.Find(id));
    ASSIGN_OR_RETURN(const std::optional<Header> then,
                     HeaderAsOf(reader, key.region, *now, as_of_ms));
    if (!then) continue;
    FoldChange change{
        .id = id, .stamp = then->stamp, .parents = then->parents, .stub = !then->has_body};
    if (then->live()) {
      ASSIGN_OR_RETURN(change.change, history.FindChange(id));
    }
    changes.push_back(std::move(change));
  }
  if (changes.empty()) return std::nullopt;
  Fold fold = FoldRequest(key, changes, definitions);
  StoredRequest request;
  request.state = std::move(fold.state);
  request.elements = std::move(fold.elements);
  request.state_bytes = EncodeState(request.state);
  for (const auto& [path, element] : request.elements) {
    const std::string row = EncodeField(element);
    request.local.element_sum.Add(path, row);
    request.local.element_bytes += row.size();
  }
  return request;
}

}  // namespace tikar::sync
