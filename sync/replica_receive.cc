// Replica::Receive: entries that other nodes logged, checked for holding together, and folded in.
// Everything is checked before anything happens.
#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "sync/keys.h"
#include "sync/replica.h"
#include "sync/replica_group.h"
#include "sync/status_macros.h"

namespace tikar::sync {
namespace {

// An entry that holds together.
struct Checked {
  std::string region;
  LogPosition position;
  EntryRecord record;
  Hash leaf;
  std::optional<ParsedChange> change;
};

absl::StatusOr<Checked> Check(const v1::Entry& entry, const FoldCapability& capability) {
  Checked c;
  const auto refuse = [&](absl::string_view what) {
    return absl::InvalidArgumentError(
        absl::StrCat("entry ", entry.region(), "/", entry.origin(), "/", entry.seq(), ": ", what));
  };
  const std::optional<Hash> hash = Hash::FromBytes(entry.change_hash());
  if (!IsRegion(entry.region())) return refuse("region is not of the form NN.NN");
  if (entry.origin() == 0 || entry.seq() == 0) return refuse("origin and seq must not be zero");
  if (!hash) return refuse("change_hash is not 32 bytes");
  if (!v1::Verdict_IsValid(entry.stamp().verdict()) ||
      entry.stamp().verdict() == v1::VERDICT_UNSPECIFIED) {
    return refuse("the stamp has no verdict");
  }
  if (entry.stamp().reason() < 0 || entry.stamp().reason() > 0xff) {
    return refuse("the stamp's reason is out of range");
  }
  c.region = entry.region();
  c.position = {Origin{entry.origin()}, entry.seq()};
  c.record.stamp = Stamp::FromProto(entry.stamp());
  c.record.change_hash = *hash;
  c.record.sealed_body = entry.sealed_body();
  c.record.salvaged_from = {Origin{entry.salvaged_from_origin()}, entry.salvaged_from_seq()};
  c.leaf = LeafHash(c.region, c.position.origin, c.position.seq, c.record.stamp, *hash);
  if (!entry.leaf_hash().empty() && entry.leaf_hash() != c.leaf.view()) {
    return refuse("leaf_hash does not match");
  }
  if (entry.body().empty()) {
    const std::optional<RequestId> id = RequestId::FromBytes(entry.stub_request_id());
    if (!id) return refuse("a stub needs stub_request_id");
    c.record.request_id = *id;
    for (const std::string& parent : entry.stub_parents()) {
      const std::optional<ChangeId> parent_id = ChangeId::FromBytes(parent);
      if (!parent_id) return refuse("a stub's parent is not 16 bytes");
      c.record.stub_parents.push_back(*parent_id);
    }
    std::sort(c.record.stub_parents.begin(), c.record.stub_parents.end());
    return c;
  }
  ASSIGN_OR_RETURN(c.change, ParseChange(entry.body(), capability));
  if (c.change->hash != *hash) return refuse("the body is not the one that change_hash names");
  if (c.change->body.region() != c.region) return refuse("the body belongs to another region");
  c.record.body = entry.body();
  c.record.request_id = c.change->request_id;
  return c;
}

// Those that are not here, each once, with their bytes for the log. InvalidArgument: another one is
// here under its number.
absl::StatusOr<std::vector<std::pair<Checked*, std::string>>> FindFresh(
    std::vector<Checked>& checked, const Reader& reader) {
  // By key of the log: what is here or came before in this call.
  std::map<std::string, std::string> held;
  std::vector<std::pair<Checked*, std::string>> fresh;
  for (Checked& c : checked) {
    const std::string key = keys::Log(c.region, c.position.origin, c.position.seq);
    std::string bytes = EncodeEntry(c.record);
    auto at = held.find(key);
    if (at == held.end()) {
      ASSIGN_OR_RETURN(std::optional<std::string> stored, reader.Get(Family::kLog, key));
      if (stored) at = held.emplace(key, *std::move(stored)).first;
    }
    if (at == held.end()) {
      fresh.emplace_back(&c, bytes);
      held.emplace(key, std::move(bytes));
    } else if (at->second != bytes) {
      return absl::InvalidArgumentError(
          absl::StrCat("entry ", c.region, "/", Raw(c.position.origin), "/", c.position.seq,
                       " differs from the one that is here: the log of that origin has forked"));
    }
  }
  return fresh;
}

}  // namespace

absl::StatusOr<Outcome> Replica::Receive(absl::Span<const v1::Entry> entries, int64_t now_ms) {
  std::vector<Checked> checked;
  checked.reserve(entries.size());
  for (const v1::Entry& entry : entries) {
    ASSIGN_OR_RETURN(Checked c, Check(entry, options_.capability));
    checked.push_back(std::move(c));
  }
  ASSIGN_OR_RETURN(auto fresh, FindFresh(checked, reader_));

  Group group(*this, now_ms);
  bool shows_lost_entries = false;
  std::set<std::pair<std::string, Origin>> origins;
  for (auto& [entry, bytes] : fresh) {
    Checked& c = *entry;
    if (c.position.origin == node_.origin) shows_lost_entries = true;
    group.batch().Put(Family::kLog, keys::Log(c.region, c.position.origin, c.position.seq),
                      std::move(bytes));
    group.Note(c.region, c.position.origin, c.position.seq,
               {.pinned = c.change ? PinnedBy(c.change->body) : std::vector<DefinitionHash>(),
                .leaf = c.leaf});
    origins.insert({c.region, c.position.origin});
    ASSIGN_OR_RETURN(RequestEditor * editor, group.Edit({c.region, c.record.request_id}));
    Incoming incoming{.id = ChangeIdOf(c.record.change_hash),
                      .parents = c.change ? c.change->parents : c.record.stub_parents,
                      .change = std::move(c.change),
                      .stamp = c.record.stamp,
                      .position = c.position};
    RETURN_IF_ERROR(group.Add(editor, std::move(incoming)));
  }
  for (const auto& [region, origin] : origins) {
    RETURN_IF_ERROR(group.AdvanceOverHeld(region, origin));
  }
  // Somebody holds entries of this very origin that are not here: this store was restored or
  // copied. What was lost is taken back; no sequence of that origin is ever given out again.
  if (shows_lost_entries) RETURN_IF_ERROR(BeginOrigin(&group.batch()));
  return group.Finish();
}

}  // namespace tikar::sync
