#include "sync/replica.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "sync/keys.h"
#include "sync/limits.h"
#include "sync/merkle_log.h"
#include "sync/offers.h"
#include "sync/replica_group.h"
#include "sync/request_editor.h"
#include "sync/status_macros.h"

namespace tikar::sync {
namespace {

// How far behind its own log a clock may be before the admin is told.
constexpr int64_t kClockBehindToleratedMs = 60 * 1000;

// The request that a row of a waiting index is about: `row` without the index's prefix.
absl::StatusOr<RequestKey> WaitingRequest(std::string_view row) {
  if (row.size() == keys::kRegionSize + RequestId::kSize) {
    return RequestKey{std::string(row.substr(0, keys::kRegionSize)),
                      *RequestId::FromBytes(row.substr(keys::kRegionSize))};
  }
  return absl::DataLossError("a row of the requests that wait is damaged");
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

Replica::Replica(const Reader& reader, const Options& options)
    : reader_(reader),
      options_(options),
      definitions_(std::make_shared<DefinitionTable>()),
      trees_(std::make_unique<LogTrees>(reader)) {}

Replica::~Replica() = default;

absl::StatusOr<Replica::Opened> Replica::Open(const Reader& reader, const Options& options) {
  CHECK(options.random != nullptr);
  Opened opened;
  opened.replica.reset(new Replica(reader, options));
  Replica& replica = *opened.replica;
  CHECK(kFoldCapability.Covers(options.capability));
  RETURN_IF_ERROR(replica.LoadMeta());
  RETURN_IF_ERROR(replica.CheckCapability(&opened.batch));
  RETURN_IF_ERROR(replica.LoadDefinitions(&opened.definition_warnings));
  RETURN_IF_ERROR(replica.FindArrived());
  RETURN_IF_ERROR(replica.trees_->FindBehind());
  NodeRecord& node = replica.node_;
  std::string moved;
  if (options.why_moved != nullptr) {
    moved = options.why_moved(node.machine_id, options.machine_id);
  } else if (!options.machine_id.empty() && !node.machine_id.empty() &&
             node.machine_id != options.machine_id) {
    moved = "the store was made on another machine";
  }
  const bool known_as_before = options.machine_id.empty() || node.machine_id == options.machine_id;
  if (!known_as_before) node.machine_id = options.machine_id;
  if (node.origin == Origin::kNone || !moved.empty()) {
    opened.new_origin_reason = node.origin == Origin::kNone ? "first start of this store" : moved;
    RETURN_IF_ERROR(replica.BeginOrigin(&opened.batch));
  } else if (!known_as_before) {
    opened.batch.Put(Family::kMeta, std::string(keys::kNode), EncodeNode(node));
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
  return absl::OkStatus();
}

absl::Status Replica::LoadDefinitions(std::vector<std::string>* warnings) {
  auto table = definitions_;
  absl::Status status;
  RETURN_IF_ERROR(reader_.Scan(
      Family::kMeta, keys::kDefinitionPrefix, PrefixEnd(keys::kDefinitionPrefix),
      [&](std::string_view key, std::string_view value) {
        const DefinitionHash hash = Sha256(value);
        if (key.substr(keys::kDefinitionPrefix.size()) != hash.view()) {
          status = absl::DataLossError(
              "a stored definition is damaged: its bytes are not those "
              "that its name is the hash of");
          return false;
        }
        std::string problems;
        absl::StatusOr<std::shared_ptr<const Definition>> definition =
            Definition::ParseStored(value, &problems);
        if (!definition.ok()) {
          warnings->push_back(
              absl::StrCat("definition ", hash.hex(),
                           " cannot be used, its requests wait: ", definition.status().message()));
          return true;
        }
        if (!problems.empty()) {
          warnings->push_back(absl::StrCat(
              "definition ", hash.hex(), " (", (*definition)->proto().service(), ", version ",
              (*definition)->proto().version(), ") is used as it is: ", problems));
        }
        table = table->With(*std::move(definition));
        return true;
      }));
  definitions_ = std::move(table);
  return status;
}

absl::Status Replica::FindArrived() {
  for (const auto& [hash, definition] : definitions_->all()) {
    const std::string prefix = keys::WaitPrefix(hash);
    RETURN_IF_ERROR(reader_.Scan(Family::kRequests, prefix, PrefixEnd(prefix),
                                 [&, hash = hash](std::string_view key, std::string_view) {
                                   arrived_[hash] = std::string(key);
                                   return false;
                                 }));
  }
  return absl::OkStatus();
}

absl::Status Replica::CheckCapability(WriteBatch* batch) {
  const FoldCapability& own = options_.capability;
  ASSIGN_OR_RETURN(std::optional<std::string> bytes, reader_.Get(Family::kMeta, keys::kCapability));
  FoldCapability newest;
  if (bytes) {
    ASSIGN_OR_RETURN(newest, DecodeCapability(*bytes));
  }
  // Its states hold what this build would read wrongly or not at all.
  if (!own.Covers(newest)) {
    return absl::FailedPreconditionError(absl::StrCat(
        "a newer tikard has written this store: it folds mutations up to kind ",
        newest.mutation_kind, ", values up to kind ", newest.value_kind, " and merge version ",
        newest.merge_version, ", this one up to ", own.mutation_kind, ", ", own.value_kind, " and ",
        own.merge_version, ": upgrade tikard"));
  }
  if (!bytes || newest != own) {
    batch->Put(Family::kMeta, std::string(keys::kCapability), EncodeCapability(own));
  }
  // Each row tells what it was folded with, so that an upgrade that was interrupted goes on.
  upgrade_from_ = std::string(keys::kNewerPrefix);
  RETURN_IF_ERROR(reader_.Scan(Family::kRequests, keys::kNewerPrefix, PrefixEnd(keys::kNewerPrefix),
                               [&](std::string_view key, std::string_view value) {
                                 const absl::StatusOr<FoldCapability> with =
                                     DecodeCapability(value);
                                 upgrade_from_ = std::string(key);
                                 // A row that cannot be read tells no less than an old one.
                                 upgrading_ = !with.ok() || !with->Covers(own);
                                 return !upgrading_;
                               }));
  return absl::OkStatus();
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
    if (bytes) {
      ASSIGN_OR_RETURN(at->second, DecodePosition(region, origin, *bytes));
    }
  }
  return at->second;
}

uint64_t Replica::NextHlc(int64_t now_ms) {
  return hlc_.Now(std::max(now_ms, node_.last_received_at_ms));
}

absl::StatusOr<Outcome> Replica::AddDefinition(std::string bytes, int64_t now_ms) {
  ASSIGN_OR_RETURN(std::shared_ptr<const Definition> definition, Definition::Parse(bytes));
  if (definitions_->Find(definition->hash()) != nullptr) return Outcome();
  const DefinitionHash hash = definition->hash();
  definitions_ = definitions_->With(std::move(definition));
  Group group(*this, now_ms);
  group.batch().Put(Family::kMeta, keys::Definition(hash), std::move(bytes));
  arrived_[hash] = keys::WaitPrefix(hash);
  RETURN_IF_ERROR(FoldArrived(hash, kUpgradesPerGroupMax, &group).status());
  // Logs that stopped before an entry that pins this definition.
  for (const auto& [region, record] : regions_) {
    // Origins by their logs, not by their positions: one whose very first entry waits has none.
    std::string begin = region;
    while (true) {
      std::optional<Origin> origin;
      RETURN_IF_ERROR(reader_.Scan(Family::kLog, begin, PrefixEnd(region),
                                   [&origin](std::string_view key, std::string_view) {
                                     CanonicalReader rest(key.substr(keys::kRegionSize));
                                     origin = Origin{rest.Fixed64()};
                                     return false;
                                   }));
      if (!origin) break;
      RETURN_IF_ERROR(group.AdvanceOverHeld(region, *origin));
      begin = PrefixEnd(keys::LogPrefix(region, *origin));
    }
  }
  return group.Finish();
}

absl::StatusOr<size_t> Replica::FoldArrived(const DefinitionHash& definition, size_t count,
                                            Group* group) {
  const std::string prefix = keys::WaitPrefix(definition);
  std::vector<std::string> rows;
  std::string next;  // empty: the end was seen
  RETURN_IF_ERROR(reader_.Scan(Family::kRequests, arrived_[definition], PrefixEnd(prefix),
                               [&](std::string_view key, std::string_view) {
                                 if (rows.size() == count) {
                                   next = std::string(key);
                                 } else {
                                   rows.emplace_back(key);
                                 }
                                 return next.empty();
                               }));
  for (const std::string& row : rows) {
    const absl::StatusOr<RequestKey> key =
        WaitingRequest(std::string_view(row).substr(prefix.size()));
    if (!key.ok()) {
      RETURN_IF_ERROR(group->LeaveUnreadableRow(key.status()));
      continue;
    }
    // Whoever edits it folds it.
    if (const absl::Status folded = group->Edit(*key).status(); !folded.ok()) {
      RETURN_IF_ERROR(group->LeaveUnreadable(*key, folded));
      continue;
    }
    group->batch().Delete(Family::kRequests, row);
  }
  if (next.empty()) {
    arrived_.erase(definition);
  } else {
    arrived_[definition] = std::move(next);
  }
  return rows.size();
}

absl::StatusOr<Outcome> Replica::Adopt(std::string_view region, const DefinitionHash& definition,
                                       std::string_view actor, int64_t now_ms) {
  if (!IsRegion(region)) return absl::InvalidArgumentError("region is not of the form NN.NN");
  if (actor.size() > kActorBytesMax) {
    return absl::InvalidArgumentError(
        absl::StrCat("actor has ", actor.size(), " bytes, at most ", kActorBytesMax));
  }
  const std::shared_ptr<const Definition> found = definitions_->Find(definition);
  if (found == nullptr) {
    return absl::NotFoundError(absl::StrCat("no definition ", definition.hex(), " is here"));
  }
  const std::string& service = found->proto().service();
  ASSIGN_OR_RETURN(const std::optional<OfferRecord> before, FindOffer(reader_, region, service));
  Outcome outcome;
  if (before && before->definition == definition) return outcome;
  // Later than what it replaces, for the mirrors too, even if that was made by a clock ahead.
  if (before && before->time_ms < std::numeric_limits<int64_t>::max()) {
    now_ms = std::max(now_ms, before->time_ms + 1);
  }
  outcome.batch.Put(Family::kMeta, keys::Offer(region, service),
                    EncodeOffer({.region = std::string(region),
                                 .service = service,
                                 .definition = definition,
                                 .actor = std::string(actor),
                                 .time_ms = now_ms}));
  return outcome;
}

absl::StatusOr<Outcome> Replica::ReceiveOffers(const std::vector<OfferRecord>& offers) {
  // Several of one service may come in one call.
  std::map<std::pair<std::string, std::string>, OfferRecord> taken;
  Outcome outcome;
  for (const OfferRecord& offer : offers) {
    const std::shared_ptr<const Definition> definition = definitions_->Find(offer.definition);
    if (definition == nullptr || definition->proto().service() != offer.service) continue;
    if (!IsRegion(offer.region) || offer.actor.size() > kActorBytesMax) continue;
    ASSIGN_OR_RETURN(const std::optional<OfferRecord> before,
                     FindOffer(reader_, offer.region, offer.service));
    if (before && !Supersedes(offer, *before)) continue;
    const auto [at, fresh] = taken.try_emplace({offer.region, offer.service}, offer);
    if (!fresh && Supersedes(offer, at->second)) at->second = offer;
  }
  for (const auto& [name, offer] : taken) {
    outcome.batch.Put(Family::kMeta, keys::Offer(offer.region, offer.service), EncodeOffer(offer));
    // Phones of the region hear of it at once.
    std::vector<std::string>& touched = outcome.regions_touched;
    if (touched.empty() || touched.back() != offer.region) touched.push_back(offer.region);
  }
  return outcome;
}

absl::StatusOr<Outcome> Replica::LeaveOrigin(Origin shared) {
  Outcome outcome;
  if (node_.origin != shared) return outcome;
  RETURN_IF_ERROR(BeginOrigin(&outcome.batch));
  for (const auto& [region, record] : regions_) outcome.regions_touched.push_back(region);
  return outcome;
}

absl::StatusOr<Outcome> Replica::DismissRefused(const RequestKey& request, const ChangeId& change,
                                                int64_t now_ms) {
  Group group(*this, now_ms);
  const auto not_listed = [&] {
    return absl::NotFoundError(absl::StrCat("no refused change ", change.hex(), " of request ",
                                            RequestName(request), " is on the inbox"));
  };
  ASSIGN_OR_RETURN(RequestEditor * editor, group.Edit(request));
  ASSIGN_OR_RETURN(const Header* header, editor->FindHeader(change));
  if (header == nullptr) return not_listed();
  std::string row = keys::Refused(request, header->stamp.received_at_ms, change);
  ASSIGN_OR_RETURN(const std::optional<std::string> stored, reader_.Get(Family::kRequests, row));
  if (!stored) return not_listed();
  group.Dismiss(std::move(row));
  return group.Finish();
}

bool Replica::upgrading() const { return upgrading_ || !arrived_.empty() || trees_->behind(); }

absl::StatusOr<Outcome> Replica::Upgrade(int64_t now_ms) {
  Group group(*this, now_ms);
  // First of all: it goes by the positions in the store, which the rest of the group may move.
  std::vector<absl::Status> damaged_trees;
  RETURN_IF_ERROR(trees_->CatchUp(kLeavesPerGroupMax, &group.batch(), &damaged_trees));
  for (const absl::Status& status : damaged_trees) {
    RETURN_IF_ERROR(group.LeaveUnreadableRow(status));
  }
  size_t room = kUpgradesPerGroupMax;
  while (!arrived_.empty() && room != 0) {
    const DefinitionHash definition = arrived_.begin()->first;
    ASSIGN_OR_RETURN(const size_t looked_at, FoldArrived(definition, room, &group));
    room -= looked_at;
  }
  if (!upgrading_ || room == 0) return group.Finish();
  std::vector<RequestKey> requests;
  std::string next;  // empty: the end was seen
  std::vector<absl::Status> damaged;
  RETURN_IF_ERROR(reader_.Scan(Family::kRequests, upgrade_from_, PrefixEnd(keys::kNewerPrefix),
                               [&](std::string_view row, std::string_view value) {
                                 if (requests.size() + damaged.size() == room) {
                                   next = std::string(row);
                                   return false;
                                 }
                                 const absl::StatusOr<RequestKey> key =
                                     WaitingRequest(row.substr(keys::kNewerPrefix.size()));
                                 const absl::StatusOr<FoldCapability> with =
                                     DecodeCapability(value);
                                 if (!key.ok()) {
                                   damaged.push_back(key.status());
                                 } else if (!with.ok() || !with->Covers(options_.capability)) {
                                   requests.push_back(*key);
                                 }
                                 return true;
                               }));
  for (const absl::Status& status : damaged) RETURN_IF_ERROR(group.LeaveUnreadableRow(status));
  for (const RequestKey& key : requests) {
    absl::StatusOr<RequestEditor*> editor = group.Edit(key);
    const absl::Status folded = editor.ok() ? (*editor)->Refold() : editor.status();
    if (!folded.ok()) RETURN_IF_ERROR(group.LeaveUnreadable(key, folded));
  }
  ASSIGN_OR_RETURN(Outcome outcome, group.Finish());
  upgrading_ = !next.empty();
  upgrade_from_ = std::move(next);
  return outcome;
}

}  // namespace tikar::sync
