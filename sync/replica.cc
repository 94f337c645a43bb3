#include "sync/replica.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "sync/keys.h"
#include "sync/limits.h"
#include "sync/ref.h"
#include "sync/request_editor.h"
#include "sync/status_macros.h"

namespace tikar::sync {
namespace {

constexpr int64_t kIdempotencyKeptMs = 24 * 60 * 60 * 1000;
// Old keys that one group forgets, so that no group pays for a long pause.
constexpr size_t kIdempotencyForgottenPerGroup = 64;
// A request over its limit of changes goes on to log refusals, up to this many times the limit.
constexpr size_t kVoidFactor = 2;

// How far behind its own log a clock may be before the admin is told.
constexpr int64_t kClockBehindToleratedMs = 60 * 1000;

Violation WholeChange(std::string code, std::string message_id, std::string message_en) {
  Violation violation;
  violation.code = std::move(code);
  violation.message_id = std::move(message_id);
  violation.message_en = std::move(message_en);
  return violation;
}

// Definitions that a body pins: they must be here before its entry counts as held.
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

}  // namespace

std::shared_ptr<const Definition> DefinitionTable::Find(const DefinitionHash& hash) const {
  const auto at = all_.find(hash);
  return at != all_.end() ? at->second : nullptr;
}

std::shared_ptr<const Definition> DefinitionTable::Newest(std::string_view service) const {
  std::shared_ptr<const Definition> newest;
  for (const auto& [hash, definition] : all_) {
    if (definition->proto().service() != service) continue;
    if (newest == nullptr || definition->proto().version() > newest->proto().version()) {
      newest = definition;
    }
  }
  return newest;
}

std::shared_ptr<const DefinitionTable> DefinitionTable::With(
    std::shared_ptr<const Definition> definition) const {
  auto table = std::make_shared<DefinitionTable>(*this);
  table->all_[definition->hash()] = std::move(definition);
  return table;
}

// Everything that one call writes: editors of the requests it touches, and what they add to the
// logs.
class Replica::Group {
 public:
  Group(Replica& replica, int64_t now_ms) : replica_(replica), now_ms_(now_ms) {}

  int64_t now_ms() const { return now_ms_; }
  WriteBatch& batch() { return outcome_.batch; }
  Outcome& outcome() { return outcome_; }

  absl::StatusOr<RequestEditor*> Edit(const RequestKey& key) {
    std::unique_ptr<RequestEditor>& editor = editors_[key];
    if (editor == nullptr) {
      ASSIGN_OR_RETURN(editor, RequestEditor::Load(replica_.reader_, key, *replica_.definitions_,
                                                   &replica_.counters_));
      keep_alive_ = replica_.definitions_;
    }
    return editor.get();
  }

  // The stamp of a change that this node takes now.
  Stamp MakeStamp(int64_t clock_offset_ms, std::string signature_id) {
    NodeRecord& node = replica_.node_;
    node.last_received_at_ms = std::max(node.last_received_at_ms, now_ms_);
    return {.received_at_ms = node.last_received_at_ms,
            .clock_offset_ms = clock_offset_ms,
            .verdict = v1::VERDICT_ACCEPTED,
            .reason = v1::REFUSAL_REASON_UNSPECIFIED,
            .signature_id = std::move(signature_id)};
  }

  // Logs a change under this node's own origin and folds it in.
  absl::StatusOr<LogPosition> Log(RequestEditor* editor, ParsedChange change, const Stamp& stamp) {
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
    Advance(region, position.origin, position.seq);
    RETURN_IF_ERROR(Add(editor, std::move(incoming)));
    return position;
  }

  absl::Status Add(RequestEditor* editor, Incoming incoming) {
    ASSIGN_OR_RETURN(const Header* known, editor->FindHeader(incoming.id));
    if (known == nullptr) {
      ++outcome_.changes_new;
      ASSIGN_OR_RETURN(RegionRecord * record, replica_.Region(editor->key().region));
      ++record->changes;
    }
    return editor->Add(std::move(incoming));
  }

  void Advance(const std::string& region, Origin origin, uint64_t seq) {
    replica_.positions_[{region, origin}] = seq;
    moved_.insert({region, origin});
  }

  // Entries of other origins that this group logs, for advancing over them.
  void Note(const std::string& region, Origin origin, uint64_t seq,
            std::vector<DefinitionHash> pinned) {
    noted_[{region, origin, seq}] = std::move(pinned);
  }

  // Moves the position of an origin forward over every entry that is here and whose definitions
  // are.
  absl::Status AdvanceOverHeld(const std::string& region, Origin origin) {
    ASSIGN_OR_RETURN(uint64_t seq, replica_.Position(region, origin));
    while (true) {
      std::vector<DefinitionHash> pinned;
      const auto noted = noted_.find({region, origin, seq + 1});
      if (noted != noted_.end()) {
        pinned = noted->second;
      } else {
        ASSIGN_OR_RETURN(std::optional<std::string> bytes,
                         replica_.reader_.Get(Family::kLog, keys::Log(region, origin, seq + 1)));
        if (!bytes) return absl::OkStatus();
        ASSIGN_OR_RETURN(EntryRecord entry, DecodeEntry(*bytes));
        v1::ChangeBody body;
        if (body.ParseFromString(entry.body)) pinned = PinnedBy(body);
      }
      for (const DefinitionHash& hash : pinned) {
        if (replica_.definitions_->Find(hash) == nullptr) return absl::OkStatus();
      }
      Advance(region, origin, ++seq);
    }
  }

  void Remember(const std::string& key, const IdempotencyRecord& record) {
    remembered_[key] = record;
    batch().Put(Family::kMeta, keys::Idempotent(key), EncodeIdempotency(record));
    batch().Put(Family::kMeta, keys::IdempotentAge(record.time_ms, key), "");
  }
  absl::StatusOr<std::optional<IdempotencyRecord>> Recall(const std::string& key) const {
    if (const auto at = remembered_.find(key); at != remembered_.end()) return at->second;
    return FindIdempotent(replica_.reader_, key);
  }

  // Joining changes, feed rows, records, counts. Fills the results' feed positions.
  absl::StatusOr<Outcome> Finish() {
    RETURN_IF_ERROR(JoinHeads());
    std::set<std::string> regions;
    for (auto& [key, editor] : editors_) {
      ASSIGN_OR_RETURN(RegionRecord * record, replica_.Region(key.region));
      if (editor->touched()) {
        editor->TouchFeed(++record->feed_position, &batch());
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
      if (editor->touched()) record->conflicts += editor->local().conflict_rows.size();
      regions.insert(key.region);
    }
    for (const auto& [region, origin] : moved_) {
      regions.insert(region);
      CanonicalWriter writer;
      writer.Varint(replica_.positions_[{region, origin}]);
      batch().Put(Family::kMeta, keys::Position(region, origin), writer.Take());
    }
    for (const std::string& region : regions) {
      ASSIGN_OR_RETURN(RegionRecord * record, replica_.Region(region));
      record->last_hlc = replica_.hlc_.last();
      batch().Put(Family::kMeta, keys::Region(region), EncodeRegion(*record));
    }
    if (!regions.empty()) {
      batch().Put(Family::kMeta, std::string(keys::kNode), EncodeNode(replica_.node_));
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

 private:
  // More heads than people can mean: a change without mutations joins them. Its body follows from
  // the heads, so that a second maker makes the same change.
  absl::Status JoinHeads() {
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

  absl::Status ForgetOldKeys() {
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

  Replica& replica_;
  const int64_t now_ms_;
  Outcome outcome_;
  // Ordered, so that the same input gives the same batch.
  std::map<RequestKey, std::unique_ptr<RequestEditor>> editors_;
  std::shared_ptr<const DefinitionTable> keep_alive_;
  std::set<std::pair<std::string, Origin>> moved_;
  std::map<std::tuple<std::string, Origin, uint64_t>, std::vector<DefinitionHash>> noted_;
  std::map<std::string, IdempotencyRecord> remembered_;
};

// Decides whether this node, the first to see a change, takes it.
class Replica::Judge : public RequestView {
 public:
  Judge(const DefinitionTable& definitions, RequestEditor* editor, const ParsedChange& change)
      : definitions_(definitions), editor_(*editor), change_(change) {}

  absl::StatusOr<Judgement> Run() {
    Judgement judgement = CheckShape(change_.body, change_.bytes.size());
    if (!judgement.ok) return judgement;
    if (editor_.state().change_count >= kChangesPerRequestMax ||
        editor_.local().missing.size() >= kMissingParentsMax ||
        editor_.StateBytes() + change_.bytes.size() > kRequestStateBytesMax) {
      return Refuse(v1::REFUSAL_REASON_LIMIT,
                    WholeChange("request_full",
                                "Permohonan ini sudah terlalu besar. Buat permohonan baru dan "
                                "tautkan ke permohonan ini.",
                                "This request has grown too large. Make a new request and link it "
                                "to this one."));
    }
    for (const Write& write : change_.writes) {
      const FieldState* field = editor_.state().Find(write.path);
      if (field == nullptr || write.settles()) continue;
      if (field->candidates.size() < kCandidatesPerFieldMax) continue;
      Violation violation =
          WholeChange("too_many_candidates",
                      "Bagian ini sudah punya terlalu banyak nilai yang bertentangan. Putuskan "
                      "dulu, lalu ubah lagi.",
                      "This field already has too many conflicting values. Settle it first, then "
                      "edit it again.");
      violation.field = write.path;
      return Refuse(v1::REFUSAL_REASON_LIMIT, std::move(violation));
    }
    const bool ready = editor_.state().availability == v1::AVAILABILITY_READY;
    std::shared_ptr<const Definition> definition;
    if (IsCreate(change_.body)) {
      if (const auto hash =
              DefinitionHash::FromBytes(change_.body.mutations(0).create().definition_hash())) {
        definition = definitions_.Find(*hash);
      }
    } else if (ready) {
      definition = definitions_.Find(editor_.state().definition);
    }
    if (definition == nullptr) return judgement;
    judgement = CheckAgainstDefinition(change_.body, *definition, ready ? this : nullptr);
    RETURN_IF_ERROR(read_error_);
    if (judgement.ok && ready) return CheckSettlements();
    return judgement;
  }

  std::optional<v1::Value> FieldValue(std::string_view path) const override {
    const FieldState* field = editor_.state().Find(path);
    if (field == nullptr || !field->value) return std::nullopt;
    return field->value->ToProto();
  }
  bool UnderReview(std::string_view path) const override {
    return editor_.state().UnderReview(path);
  }
  bool ParentsContainConflict(std::string_view path) const override {
    const absl::StatusOr<bool> contain = editor_.ContainConflict(change_.parents, path);
    if (!contain.ok()) read_error_ = contain.status();
    return contain.ok() && *contain;
  }
  std::string Status() const override { return std::string(editor_.state().status()); }
  size_t ElementCount(std::string_view collection) const override {
    return editor_.local().ElementCount(collection) + editor_.AddedElements(collection);
  }

 private:
  static Judgement Refuse(v1::RefusalReason reason, Violation violation) {
    Judgement judgement;
    judgement.ok = false;
    judgement.reason = reason;
    judgement.violations.push_back(std::move(violation));
    return judgement;
  }

  // A settlement names every candidate that its author had seen: to leave one out would re-open the
  // review with what was on the table.
  absl::StatusOr<Judgement> CheckSettlements() {
    for (const Write& write : change_.writes) {
      if (!write.settles()) continue;
      ASSIGN_OR_RETURN(const std::vector<ChangeId> seen,
                       editor_.SeenCandidates(change_.parents, write.path));
      if (!std::includes(write.settled.begin(), write.settled.end(), seen.begin(), seen.end())) {
        Violation violation =
            WholeChange("settle_incomplete",
                        "Keputusan harus menyebut semua nilai yang sudah terlihat. Muat ulang dan "
                        "putuskan lagi.",
                        "A settlement must name every candidate that was seen. Reload and settle "
                        "again.");
        violation.field = write.path;
        return Refuse(v1::REFUSAL_REASON_INVALID_VALUE, std::move(violation));
      }
    }
    Judgement judgement;
    judgement.ok = true;
    return judgement;
  }

  const DefinitionTable& definitions_;
  RequestEditor& editor_;
  const ParsedChange& change_;
  mutable absl::Status read_error_;
};

Replica::Replica(const Reader& reader, const Options& options)
    : reader_(reader), options_(options), definitions_(std::make_shared<DefinitionTable>()) {}

absl::StatusOr<Replica::Opened> Replica::Open(const Reader& reader, const Options& options) {
  CHECK(options.random != nullptr);
  Opened opened;
  opened.replica.reset(new Replica(reader, options));
  Replica& replica = *opened.replica;
  RETURN_IF_ERROR(replica.LoadMeta());
  NodeRecord& node = replica.node_;
  const bool moved = !options.machine_id.empty() && !node.machine_id.empty() &&
                     node.machine_id != options.machine_id;
  if (node.origin == Origin::kNone || moved) {
    opened.new_origin_reason =
        moved ? "the store was made on another machine" : "first start of this store";
    if (!options.machine_id.empty()) node.machine_id = options.machine_id;
    RETURN_IF_ERROR(replica.BeginOrigin(&opened.batch));
  }
  const int64_t wall_ms = std::max(options.now_ms, options.build_time_ms);
  const int64_t behind_ms =
      std::max(node.last_received_at_ms, options.build_time_ms) - options.now_ms;
  if (behind_ms > kClockBehindToleratedMs) {
    opened.clock_warning =
        absl::StrCat("this machine's clock is ", behind_ms / 1000,
                     " s behind the last entry or the build date; changes are stamped with the "
                     "later time until it catches up: set the clock");
  }
  node.last_received_at_ms = std::max(node.last_received_at_ms, wall_ms);
  return opened;
}

absl::Status Replica::LoadMeta() {
  ASSIGN_OR_RETURN(std::optional<std::string> bytes, reader_.Get(Family::kMeta, keys::kNode));
  if (bytes) {
    ASSIGN_OR_RETURN(node_, DecodeNode(*bytes));
  }
  absl::Status status;
  uint64_t last_hlc = 0;
  RETURN_IF_ERROR(reader_.Scan(Family::kMeta, keys::kRegionPrefix, PrefixEnd(keys::kRegionPrefix),
                               [&](std::string_view key, std::string_view value) {
                                 absl::StatusOr<RegionRecord> record = DecodeRegion(value);
                                 if (!record.ok()) {
                                   status = record.status();
                                   return false;
                                 }
                                 last_hlc = std::max(last_hlc, record->last_hlc);
                                 regions_[std::string(key.substr(keys::kRegionPrefix.size()))] =
                                     *std::move(record);
                                 return true;
                               }));
  RETURN_IF_ERROR(status);
  hlc_ = HlcClock(last_hlc);
  auto table = definitions_;
  RETURN_IF_ERROR(reader_.Scan(
      Family::kMeta, keys::kDefinitionPrefix, PrefixEnd(keys::kDefinitionPrefix),
      [&](std::string_view, std::string_view value) {
        absl::StatusOr<std::shared_ptr<const Definition>> definition = Definition::Parse(value);
        if (!definition.ok()) {
          status = absl::DataLossError(
              absl::StrCat("a stored definition is damaged: ", definition.status().message()));
          return false;
        }
        table = table->With(*std::move(definition));
        return true;
      }));
  definitions_ = std::move(table);
  return status;
}

absl::Status Replica::BeginOrigin(WriteBatch* batch) {
  if (node_.origin != Origin::kNone) node_.past_origins.push_back(node_.origin);
  do {
    node_.origin = Origin{options_.random()};
  } while (node_.origin == Origin::kNone);
  batch->Put(Family::kMeta, std::string(keys::kNode), EncodeNode(node_));
  for (auto& [region, record] : regions_) {
    record.last_seq = 0;
    record.feed_id = FeedId{options_.random()};
    batch->Put(Family::kMeta, keys::Region(region), EncodeRegion(record));
  }
  return absl::OkStatus();
}

absl::StatusOr<RegionRecord*> Replica::Region(const std::string& region) {
  RegionRecord& record = regions_[region];
  while (record.feed_id == FeedId::kNone) record.feed_id = FeedId{options_.random()};
  return &record;
}

absl::StatusOr<uint64_t> Replica::Position(const std::string& region, Origin origin) {
  const auto [at, fresh] = positions_.try_emplace({region, origin}, 0);
  if (fresh) {
    ASSIGN_OR_RETURN(std::optional<std::string> bytes,
                     reader_.Get(Family::kMeta, keys::Position(region, origin)));
    if (bytes) at->second = CanonicalReader(*bytes).Varint();
  }
  return at->second;
}

uint64_t Replica::NextHlc(int64_t now_ms) {
  return hlc_.Now(std::max(now_ms, node_.last_received_at_ms));
}

absl::StatusOr<Outcome> Replica::Ingest(absl::Span<const Submission> submissions, int64_t now_ms) {
  Group group(*this, now_ms);
  for (const Submission& submission : submissions) {
    SubmissionResult& result = group.outcome().results.emplace_back();
    result.verdict = v1::VERDICT_VOID;
    const auto refuse = [&](v1::RefusalReason reason, std::vector<Violation> violations) {
      result.reason = reason;
      result.violations = std::move(violations);
    };
    absl::StatusOr<ParsedChange> parsed = ParseChange(submission.body);
    if (!parsed.ok()) {
      result.change_id = ChangeIdOf(Sha256(submission.body));
      refuse(
          v1::REFUSAL_REASON_MALFORMED,
          {WholeChange("malformed", "Perubahan ini rusak dan tidak dapat dibaca.",
                       absl::StrCat("This change cannot be read: ", parsed.status().message()))});
      continue;
    }
    ParsedChange& change = *parsed;
    result.change_id = change.id;
    result.region = change.body.region();
    result.request_id = change.request_id;
    if (!submission.actor.empty() && submission.actor != change.body.actor()) {
      refuse(v1::REFUSAL_REASON_MALFORMED,
             {WholeChange("actor_mismatch",
                          "Perubahan ini ditulis oleh perangkat lain dan tidak dapat dikirim dari "
                          "sini.",
                          "Another device wrote this change; it cannot be sent from here.")});
      continue;
    }
    if (!submission.idempotency_key.empty()) {
      ASSIGN_OR_RETURN(std::optional<IdempotencyRecord> before,
                       group.Recall(submission.idempotency_key));
      if (before) {
        result.change_id = before->change;
        result.region = before->request.region;
        result.request_id = before->request.id;
        result.verdict = before->verdict;
        result.duplicate = true;
        continue;
      }
    }
    ASSIGN_OR_RETURN(RequestEditor * editor, group.Edit({change.body.region(), change.request_id}));
    ASSIGN_OR_RETURN(const Header* known, editor->FindHeader(change.id));
    if (known != nullptr) {
      result.duplicate = true;
      result.origin = known->positions.front().origin;
      result.seq = known->positions.front().seq;
      if (known->stamp.verdict == v1::VERDICT_ACCEPTED) {
        result.verdict = known->stamp.verdict;
        continue;
      }
    }
    ASSIGN_OR_RETURN(Judgement judgement, Judge(*definitions_, editor, change).Run());
    Stamp stamp = group.MakeStamp(submission.clock_offset_ms, submission.signature_id);
    if (!judgement.ok) {
      refuse(judgement.reason, std::move(judgement.violations));
      if (known != nullptr || editor->state().change_count >= kVoidFactor * kChangesPerRequestMax ||
          change.parents.size() > kParentsPerChangeMax) {
        continue;  // Told, and not kept: such a stub would cost everybody who reads the request.
      }
      stamp.verdict = v1::VERDICT_VOID;
      stamp.reason = judgement.reason;
    } else {
      result.verdict = v1::VERDICT_ACCEPTED;
      hlc_.Observe(change.body.hlc(), now_ms);
    }
    if (!submission.idempotency_key.empty() && judgement.ok) {
      group.Remember(submission.idempotency_key, {.request = editor->key(),
                                                  .change = change.id,
                                                  .verdict = result.verdict,
                                                  .time_ms = now_ms});
    }
    ASSIGN_OR_RETURN(const LogPosition position, group.Log(editor, std::move(change), stamp));
    result.duplicate = false;
    result.origin = position.origin;
    result.seq = position.seq;
  }
  return group.Finish();
}

absl::StatusOr<Outcome> Replica::Receive(absl::Span<const v1::Entry> entries, int64_t now_ms) {
  struct Checked {
    std::string region;
    LogPosition position;
    EntryRecord record;
    std::optional<ParsedChange> change;
  };
  // Everything is checked before anything happens.
  std::vector<Checked> checked;
  checked.reserve(entries.size());
  for (const v1::Entry& entry : entries) {
    Checked& c = checked.emplace_back();
    const auto refuse = [&](absl::string_view what) {
      return absl::InvalidArgumentError(absl::StrCat("entry ", entry.region(), "/", entry.origin(),
                                                     "/", entry.seq(), ": ", what));
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
    if (!entry.leaf_hash().empty() &&
        entry.leaf_hash() !=
            LeafHash(c.region, c.position.origin, c.position.seq, c.record.stamp, *hash).view()) {
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
      continue;
    }
    ASSIGN_OR_RETURN(c.change, ParseChange(entry.body()));
    if (c.change->hash != *hash) return refuse("the body is not the one that change_hash names");
    if (c.change->body.region() != c.region) return refuse("the body belongs to another region");
    c.record.body = entry.body();
    c.record.request_id = c.change->request_id;
  }

  // By key of the log: what is here or came before in this call.
  std::map<std::string, std::string> held;
  std::vector<std::pair<Checked*, std::string>> fresh;
  for (Checked& c : checked) {
    const std::string key = keys::Log(c.region, c.position.origin, c.position.seq);
    std::string bytes = EncodeEntry(c.record);
    auto at = held.find(key);
    if (at == held.end()) {
      ASSIGN_OR_RETURN(std::optional<std::string> stored, reader_.Get(Family::kLog, key));
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

  Group group(*this, now_ms);
  bool shows_lost_entries = false;
  std::set<std::pair<std::string, Origin>> origins;
  for (auto& [entry, bytes] : fresh) {
    Checked& c = *entry;
    if (c.position.origin == node_.origin) shows_lost_entries = true;
    group.batch().Put(Family::kLog, keys::Log(c.region, c.position.origin, c.position.seq),
                      std::move(bytes));
    group.Note(c.region, c.position.origin, c.position.seq,
               c.change ? PinnedBy(c.change->body) : std::vector<DefinitionHash>());
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

absl::StatusOr<Outcome> Replica::AddDefinition(std::string bytes, int64_t now_ms) {
  ASSIGN_OR_RETURN(std::shared_ptr<const Definition> definition, Definition::Parse(bytes));
  if (definitions_->Find(definition->hash()) != nullptr) return Outcome();
  const DefinitionHash hash = definition->hash();
  definitions_ = definitions_->With(std::move(definition));
  Group group(*this, now_ms);
  group.batch().Put(Family::kMeta, keys::Definition(hash), std::move(bytes));
  const std::string prefix = keys::WaitPrefix(hash);
  std::vector<std::string> rows;
  RETURN_IF_ERROR(reader_.Scan(Family::kRequests, prefix, PrefixEnd(prefix),
                               [&](std::string_view key, std::string_view) {
                                 rows.emplace_back(key);
                                 return true;
                               }));
  for (const std::string& row : rows) {
    const std::string_view rest = std::string_view(row).substr(prefix.size());
    const std::optional<RequestId> id = RequestId::FromBytes(rest.substr(keys::kRegionSize));
    if (!id) return absl::DataLossError("a row of the requests that wait is damaged");
    ASSIGN_OR_RETURN(RequestEditor * editor,
                     group.Edit({std::string(rest.substr(0, keys::kRegionSize)), *id}));
    RETURN_IF_ERROR(editor->Refold());
    group.batch().Delete(Family::kRequests, row);
  }
  // Logs that stopped before an entry that pins this definition.
  for (const auto& [region, record] : regions_) {
    const std::string positions = keys::PositionPrefix(region);
    std::vector<Origin> origins;
    RETURN_IF_ERROR(reader_.Scan(
        Family::kMeta, positions, PrefixEnd(positions),
        [&](std::string_view key, std::string_view) {
          origins.push_back(Origin{CanonicalReader(key.substr(positions.size())).Fixed64()});
          return true;
        }));
    for (const Origin origin : origins) RETURN_IF_ERROR(group.AdvanceOverHeld(region, origin));
  }
  return group.Finish();
}

absl::StatusOr<std::optional<IdempotencyRecord>> FindIdempotent(const Reader& reader,
                                                                std::string_view key) {
  ASSIGN_OR_RETURN(std::optional<std::string> bytes,
                   reader.Get(Family::kMeta, keys::Idempotent(key)));
  if (!bytes) return std::nullopt;
  ASSIGN_OR_RETURN(IdempotencyRecord record, DecodeIdempotency(*bytes));
  return record;
}

}  // namespace tikar::sync
