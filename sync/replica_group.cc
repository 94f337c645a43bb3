#include "sync/replica_group.h"

#include <algorithm>

#include "sync/feed_rows.h"
#include "sync/inbox_query.h"
#include "sync/keys.h"
#include "sync/limits.h"
#include "sync/merkle_log.h"
#include "sync/ref.h"
#include "sync/status_macros.h"

namespace tikar::sync {
namespace {

constexpr int64_t kIdempotencyKeptMs = 24 * 60 * 60 * 1000;
// Old keys that one group forgets, so that no group pays for a long pause.
constexpr size_t kIdempotencyForgottenPerGroup = 64;
// The same of refused changes on the inbox.
constexpr size_t kRefusedForgottenPerGroup = 64;

}  // namespace

std::vector<DefinitionHash> PinnedBy(const v1::ChangeBody& body) {
  std::vector<DefinitionHash> pinned;
  for (const v1::Mutation& mutation : body.mutations()) {
    const std::string* bytes = mutation.has_create()   ? &mutation.create().definition_hash()
                               : mutation.has_rebase() ? &mutation.rebase().definition_hash()
                                                       : nullptr;
    if (bytes == nullptr) continue;
    if (const auto hash = DefinitionHash::FromBytes(*bytes)) pinned.push_back(*hash);
  }
  return pinned;
}

absl::StatusOr<RequestEditor*> Replica::Group::Edit(const RequestKey& key) {
  if (const auto at = editors_.find(key); at != editors_.end()) return at->second.get();
  ASSIGN_OR_RETURN(std::unique_ptr<RequestEditor> editor,
                   RequestEditor::Load(replica_.reader_, key, *replica_.definitions_,
                                       replica_.options_.capability, &replica_.counters_));
  keep_alive_ = replica_.definitions_;
  return editors_.emplace(key, std::move(editor)).first->second.get();
}

absl::Status Replica::Group::LeaveUnreadable(const RequestKey& key, const absl::Status& error) {
  if (!absl::IsDataLoss(error)) return error;
  editors_.erase(key);
  outcome_.unreadable.push_back({key, std::string(error.message())});
  return absl::OkStatus();
}

Stamp Replica::Group::MakeStamp(int64_t clock_offset_ms, std::string signature_id) {
  NodeRecord& node = replica_.node_;
  node.last_received_at_ms = std::max(node.last_received_at_ms, now_ms_);
  return {.received_at_ms = node.last_received_at_ms,
          .clock_offset_ms = clock_offset_ms,
          .verdict = v1::VERDICT_ACCEPTED,
          .reason = v1::REFUSAL_REASON_UNSPECIFIED,
          .signature_id = std::move(signature_id)};
}

absl::StatusOr<LogPosition> Replica::Group::Log(RequestEditor* editor, ParsedChange change,
                                                const Stamp& stamp) {
  const std::string region = editor->key().region;
  ASSIGN_OR_RETURN(RegionRecord * record, replica_.Region(region));
  const LogPosition position{replica_.node_.origin, ++record->last_seq};
  EntryRecord entry{.stamp = stamp,
                    .change_hash = change.hash,
                    .body = change.bytes,
                    .request_id = change.request_id,
                    .stub_parents = {},
                    .sealed_body = {},
                    .salvaged_from = {}};
  Incoming incoming{.id = change.id,
                    .parents = change.parents,
                    .change = std::nullopt,
                    .stamp = stamp,
                    .position = position};
  if (change.bytes.size() > kChangeBodyBytesMax) {
    entry.body.clear();
    entry.stub_parents = change.parents;
  } else {
    incoming.change = std::move(change);
  }
  batch().Put(Family::kLog, keys::Log(region, position.origin, position.seq), EncodeEntry(entry));
  RETURN_IF_ERROR(
      Advance(region, position.origin, position.seq,
              LeafHash(region, position.origin, position.seq, stamp, entry.change_hash)));
  RETURN_IF_ERROR(Add(editor, std::move(incoming)));
  return position;
}

absl::Status Replica::Group::Add(RequestEditor* editor, Incoming incoming) {
  const ChangeId id = incoming.id;
  ASSIGN_OR_RETURN(const Header* header, editor->FindHeader(id));
  std::optional<Stamp> before;
  if (header != nullptr) {
    before = header->stamp;
  } else {
    ++outcome_.changes_new;
    ASSIGN_OR_RETURN(RegionRecord * record, replica_.Region(editor->key().region));
    ++record->changes;
  }
  RefusedRecord refused{.reason = v1::REFUSAL_REASON_UNSPECIFIED, .actor = {}};
  if (incoming.change) refused.actor = incoming.change->body.actor();
  RETURN_IF_ERROR(editor->Add(std::move(incoming)));
  ASSIGN_OR_RETURN(header, editor->FindHeader(id));
  refused.reason = header->stamp.reason;
  return MoveRefused(editor->key(), id, before, header->stamp, std::move(refused));
}

absl::Status Replica::Group::MoveRefused(const RequestKey& request, const ChangeId& change,
                                         const std::optional<Stamp>& before, const Stamp& after,
                                         RefusedRecord refused) {
  const bool is_refused = after.verdict == v1::VERDICT_VOID;
  std::string key = keys::Refused(request, after.received_at_ms, change);
  if (!before) {
    if (is_refused) listed_[key] = EncodeRefused(refused);
    return absl::OkStatus();
  }
  if (before->verdict != v1::VERDICT_VOID || (is_refused && *before == after)) {
    return absl::OkStatus();
  }
  std::string old_key = keys::Refused(request, before->received_at_ms, change);
  const auto listed = listed_.find(old_key);
  std::optional<std::string> row;
  if (listed != listed_.end()) {
    row = listed->second;
  } else {
    ASSIGN_OR_RETURN(row, replica_.reader_.Get(Family::kRequests, old_key));
  }
  if (!row) return absl::OkStatus();  // dismissed, or forgotten
  listed_[std::move(old_key)] = std::nullopt;
  if (!is_refused) return absl::OkStatus();
  if (refused.actor.empty()) {
    ASSIGN_OR_RETURN(const RefusedRecord known, DecodeRefused(*row));
    refused.actor = known.actor;
  }
  listed_[std::move(key)] = EncodeRefused(refused);
  return absl::OkStatus();
}

absl::Status Replica::Group::ForgetOldRefused() {
  std::set<std::string> regions;
  for (const auto& [key, editor] : editors_) {
    if (editor->touched()) regions.insert(key.region);
  }
  for (const std::string& region : regions) {
    size_t forgotten = 0;
    RETURN_IF_ERROR(replica_.reader_.Scan(
        Family::kRequests, keys::RefusedPrefix(region),
        keys::RefusedFrom(region, std::max<int64_t>(0, now_ms_ - kRefusedKeptMs)),
        [&](std::string_view key, std::string_view) {
          listed_.try_emplace(std::string(key), std::nullopt);
          return ++forgotten < kRefusedForgottenPerGroup;
        }));
  }
  return absl::OkStatus();
}

absl::Status Replica::Group::Advance(const std::string& region, Origin origin, uint64_t seq,
                                     const Hash& leaf) {
  replica_.positions_[{region, origin}] = seq;
  moved_.insert({region, origin});
  return replica_.trees_->Append(region, origin, seq, leaf, &batch());
}

void Replica::Group::Note(const std::string& region, Origin origin, uint64_t seq, Noted noted) {
  noted_[{region, origin, seq}] = std::move(noted);
}

absl::Status Replica::Group::AdvanceOverHeld(const std::string& region, Origin origin) {
  ASSIGN_OR_RETURN(uint64_t seq, replica_.Position(region, origin));
  while (true) {
    Noted next;
    const auto noted = noted_.find({region, origin, seq + 1});
    if (noted != noted_.end()) {
      next = noted->second;
    } else {
      ASSIGN_OR_RETURN(std::optional<std::string> bytes,
                       replica_.reader_.Get(Family::kLog, keys::Log(region, origin, seq + 1)));
      if (!bytes) return absl::OkStatus();
      ASSIGN_OR_RETURN(EntryRecord entry, DecodeEntry(*bytes));
      v1::ChangeBody body;
      if (body.ParseFromString(entry.body)) next.pinned = PinnedBy(body);
      next.leaf = LeafHash(region, origin, seq + 1, entry.stamp, entry.change_hash);
    }
    for (const DefinitionHash& hash : next.pinned) {
      if (replica_.definitions_->Find(hash) == nullptr) return absl::OkStatus();
    }
    RETURN_IF_ERROR(Advance(region, origin, ++seq, next.leaf));
  }
}

void Replica::Group::Remember(const std::string& key, const IdempotencyRecord& record) {
  remembered_[key] = record;
  batch().Put(Family::kMeta, keys::Idempotent(key), EncodeIdempotency(record));
  batch().Put(Family::kMeta, keys::IdempotentAge(record.time_ms, key), "");
}

absl::StatusOr<std::optional<IdempotencyRecord>> Replica::Group::Recall(
    const std::string& key) const {
  if (const auto at = remembered_.find(key); at != remembered_.end()) return at->second;
  return FindIdempotent(replica_.reader_, key);
}

absl::StatusOr<Outcome> Replica::Group::Finish() {
  RETURN_IF_ERROR(JoinHeads());
  RETURN_IF_ERROR(ForgetOldLeftRows());
  std::set<std::string> regions;
  for (auto& [key, editor] : editors_) {
    ASSIGN_OR_RETURN(RegionRecord * record, replica_.Region(key.region));
    if (editor->touched()) {
      editor->TouchFeed(++record->feed_position, now_ms_, &batch());
      outcome_.regions_touched.push_back(key.region);
      const bool waits = editor->state().availability != v1::AVAILABILITY_READY;
      if (editor->is_new()) {
        ++record->requests;
        batch().Put(Family::kRequests, keys::Ref(MakeRef(key.id), key), "");
      }
      record->waiting += (waits ? 1 : 0) - (editor->was_waiting() ? 1 : 0);
      record->conflicts -= editor->conflicts_before();
    }
    editor->Flush(&batch());
    if (editor->touched()) record->conflicts += editor->conflicts();
    regions.insert(key.region);
  }
  for (const auto& [region, origin] : moved_) {
    regions.insert(region);
    batch().Put(Family::kMeta, keys::Position(region, origin),
                EncodePosition(replica_.positions_[{region, origin}]));
  }
  replica_.trees_->Flush(&batch());
  for (const std::string& region : regions) {
    ASSIGN_OR_RETURN(RegionRecord * record, replica_.Region(region));
    record->last_hlc = replica_.hlc_.last();
    batch().Put(Family::kMeta, keys::Region(region), EncodeRegion(*record));
  }
  if (!regions.empty()) {
    batch().Put(Family::kMeta, std::string(keys::kNode), EncodeNode(replica_.node_));
  }
  RETURN_IF_ERROR(ForgetOldRefused());
  for (auto& [key, row] : listed_) {
    if (row) {
      batch().Put(Family::kRequests, key, *std::move(row));
    } else {
      batch().Delete(Family::kRequests, key);
    }
  }
  RETURN_IF_ERROR(ForgetOldKeys());
  for (SubmissionResult& result : outcome_.results) {
    const auto at = editors_.find({result.region, result.request_id});
    if (at == editors_.end() || result.seq == 0) continue;
    ASSIGN_OR_RETURN(RegionRecord * record, replica_.Region(result.region));
    result.feed_id = record->feed_id;
    result.feed_position = at->second->local().feed_position();
  }
  std::vector<std::string>& touched = outcome_.regions_touched;
  std::sort(touched.begin(), touched.end());
  touched.erase(std::unique(touched.begin(), touched.end()), touched.end());
  return std::move(outcome_);
}

// More heads than people can mean: a change without mutations joins them. Its body follows from
// the heads, so that a second maker makes the same change.
absl::Status Replica::Group::JoinHeads() {
  for (auto& [key, editor] : editors_) {
    if (replica_.options_.is_home && !replica_.options_.is_home(key.region)) continue;
    while (editor->touched() && editor->state().heads.size() > kHeadsBeforeJoin) {
      v1::ChangeBody body;
      body.set_region(key.region);
      body.set_request_id(key.id.bytes());
      body.set_actor("system");
      body.set_hlc(std::max<uint64_t>(editor->state().update_time, 1));
      std::string heads;
      for (const ChangeId& head : editor->state().heads) {
        if (static_cast<size_t>(body.parents_size()) == kParentsPerChangeMax) break;
        body.add_parents(head.bytes());
        heads += head.view();
      }
      body.set_nonce(std::string(Sha256(heads).view().substr(0, kNonceBytes)));
      ASSIGN_OR_RETURN(ParsedChange change, ParseChange(body.SerializeAsString()));
      RETURN_IF_ERROR(Log(editor.get(), std::move(change), MakeStamp(0, "")).status());
    }
  }
  return absl::OkStatus();
}

// Of the regions that this group writes to anyway: where nothing happens, nothing piles up.
absl::Status Replica::Group::ForgetOldLeftRows() {
  std::set<std::string> regions;
  for (const auto& [key, editor] : editors_) {
    if (editor->touched()) regions.insert(key.region);
  }
  for (const std::string& region : regions) {
    ASSIGN_OR_RETURN(const std::vector<LeftRow> old,
                     OldLeftRows(replica_.reader_, region, now_ms_, kLeftRowsForgottenPerGroup));
    for (const LeftRow& row : old) {
      const absl::StatusOr<RequestEditor*> editor = Edit(row.request);
      // What others write does not wait for a request that is damaged; its row stays.
      if (absl::IsDataLoss(editor.status())) continue;
      RETURN_IF_ERROR(editor.status());
      (*editor)->ForgetLeft(row, &batch());
    }
  }
  return absl::OkStatus();
}

absl::Status Replica::Group::ForgetOldKeys() {
  if (remembered_.empty()) return absl::OkStatus();
  const std::string begin(keys::kIdempotentAgePrefix);
  const std::string end = keys::IdempotentAge(
      static_cast<uint64_t>(std::max<int64_t>(0, now_ms_ - kIdempotencyKeptMs)), "");
  size_t forgotten = 0;
  return replica_.reader_.Scan(
      Family::kMeta, begin, end, [&](std::string_view key, std::string_view) {
        batch().Delete(Family::kMeta, std::string(key));
        batch().Delete(Family::kMeta, keys::Idempotent(key.substr(begin.size() + 8)));
        return ++forgotten < kIdempotencyForgottenPerGroup;
      });
}

}  // namespace tikar::sync
