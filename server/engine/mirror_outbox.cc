#include "server/engine/mirror_outbox.h"

#include <algorithm>

#include "server/engine/limits.h"
#include "sync/peers.h"
#include "sync/query.h"
#include "sync/status_macros.h"

namespace tikar::server {
namespace {

// Stamp, hashes, names.
constexpr size_t kEntryOverheadBytes = 128;

// What `vector` has beyond `known`.
sync::VersionVector Beyond(const sync::VersionVector& vector, const sync::VersionVector& known) {
  sync::VersionVector beyond;
  for (const auto& [origin, seq] : vector.positions()) {
    if (known.Get(origin) < seq) beyond.Advance(origin, seq);
  }
  return beyond;
}

bool Covers(const sync::VersionVector& known, const sync::VersionVector& vector) {
  const sync::CausalOrder order = Compare(vector, known);
  return order == sync::CausalOrder::kEqual || order == sync::CausalOrder::kBefore;
}

size_t BytesOf(const sync::OfferRecord& offer) {
  return offer.region.size() + offer.service.size() + offer.actor.size() + sync::Hash::kSize + 16;
}

v1::MirroredOffer ToProto(const sync::OfferRecord& offer) {
  v1::MirroredOffer proto;
  proto.set_region(offer.region);
  proto.set_service(offer.service);
  proto.set_definition_hash(offer.definition.bytes());
  proto.set_actor(offer.actor);
  proto.set_time_ms(offer.time_ms);
  return proto;
}

}  // namespace

MirrorOutbox::MirrorOutbox(std::vector<std::string> prefixes,
                           std::set<sync::DefinitionHash> definitions)
    : prefixes_(std::move(prefixes)), peer_definitions_(std::move(definitions)) {}

absl::StatusOr<MirrorOutbox::Found> MirrorOutbox::Read(const Published& published,
                                                       const Wanted& wanted,
                                                       const PeerHas& peer_has) {
  peer_definitions_.insert(wanted.definitions_got.begin(), wanted.definitions_got.end());
  for (const sync::OfferRecord& offer : wanted.offers_got) NoteTold(offer, /*due=*/false);
  LookAtDefinitions(published);
  std::set<std::string> regions;
  for (const std::string& prefix : wanted.dirty) {
    RETURN_IF_ERROR(LookAt(published, prefix, peer_has, &regions));
  }
  Found found;
  if (wanted.batch) RETURN_IF_ERROR(MakeBatch(published, peer_has, &found));
  // What goes out in the batch need not be told.
  found.held = MakeHeld(regions);
  return found;
}

absl::Status MirrorOutbox::MakeBatch(const Published& published, const PeerHas& peer_has,
                                     Found* found) {
  v1::MirrorBatch& batch = found->batch.emplace();
  size_t bytes = 0;
  while (!definitions_due_.empty() && bytes < kMirrorBatchBytes) {
    batch.add_definitions()->set_body(definitions_due_.front()->bytes());
    bytes += definitions_due_.front()->bytes().size();
    definitions_due_.pop_front();
  }
  while (definitions_due_.empty() && !offers_due_.empty() && bytes < kMirrorBatchBytes) {
    *batch.add_offers() = ToProto(offers_due_.front());
    bytes += BytesOf(offers_due_.front());
    offers_due_.pop_front();
  }
  // A definition travels before the first entry that pins it.
  if (definitions_due_.empty() && offers_due_.empty() && bytes < kMirrorBatchBytes) {
    RETURN_IF_ERROR(FillWithEntries(published, peer_has, kMirrorBatchBytes - bytes, found));
  }
  found->more = !definitions_due_.empty() || !offers_due_.empty() || !pending_.empty();
  if (batch.definitions().empty() && batch.offers().empty() && batch.entries().empty()) {
    found->batch = std::nullopt;
  }
  return absl::OkStatus();
}

absl::Status MirrorOutbox::LookAt(const Published& published, const std::string& prefix,
                                  const PeerHas& peer_has, std::set<std::string>* regions) {
  ASSIGN_OR_RETURN(RegionVectors vectors, LoadVectorsWithin(*published.reader, prefix));
  for (auto& [region, vector] : vectors) {
    const auto mirrored = [&region = region](const std::string& one) {
      return sync::MirrorPrefixHolds(one, region);
    };
    if (std::none_of(prefixes_.begin(), prefixes_.end(), mirrored)) continue;
    regions->insert(region);
    if (!Covers(peer_has(region), vector) && pending_set_.insert(region).second) {
      pending_.push_back(region);
    }
    own_[region] = std::move(vector);
  }
  ASSIGN_OR_RETURN(const std::vector<sync::OfferRecord> offers,
                   sync::ListOffers(*published.reader, prefix == "*" ? "" : prefix));
  for (const sync::OfferRecord& offer : offers) NoteTold(offer, /*due=*/true);
  return absl::OkStatus();
}

void MirrorOutbox::NoteTold(const sync::OfferRecord& offer, bool due) {
  const auto [at, fresh] = offers_told_.try_emplace({offer.region, offer.service}, offer);
  if (!fresh && !sync::Supersedes(offer, at->second)) return;
  at->second = offer;
  if (due) offers_due_.push_back(offer);
}

void MirrorOutbox::LookAtDefinitions(const Published& published) {
  if (!LacksDefinitionsOf(published)) return;
  definitions_seen_ = published.definitions;
  for (const auto& [hash, definition] : definitions_seen_->all()) {
    if (peer_definitions_.insert(hash).second) definitions_due_.push_back(definition);
  }
}

std::vector<v1::MirrorHeld> MirrorOutbox::MakeHeld(const std::set<std::string>& regions) {
  std::vector<v1::MirrorHeld> pages;
  for (const std::string& region : regions) {
    sync::VersionVector& known = told_[region];
    const sync::VersionVector beyond = Beyond(own_[region], known);
    if (beyond.empty()) continue;
    if (pages.empty() ||
        static_cast<size_t>(pages.back().regions_size()) == kMirrorRegionsPerMessage) {
      pages.emplace_back();
    }
    v1::MirroredRegion& told = *pages.back().add_regions();
    told.set_region(region);
    *told.mutable_vector() = beyond.ToProto();
    known.Join(beyond);
  }
  if (!complete_told_) {
    if (pages.empty()) pages.emplace_back();
    pages.back().set_complete(true);
    complete_told_ = true;
  }
  return pages;
}

absl::Status MirrorOutbox::FillWithEntries(const Published& published, const PeerHas& peer_has,
                                           size_t bytes, Found* found) {
  // Each region once, so that this ends whatever they hold.
  for (size_t left = pending_.size(); left > 0 && bytes > 0; --left) {
    const std::string region = pending_.front();
    pending_.pop_front();
    sync::VersionVector known = peer_has(region);
    ASSIGN_OR_RETURN(std::vector<v1::Entry> entries,
                     sync::EntriesAfter(*published.reader, region, known, bytes));
    size_t taken = 0;
    for (v1::Entry& entry : entries) {
      taken += entry.body().size() + entry.sealed_body().size() + kEntryOverheadBytes;
      known.Advance(sync::Origin{entry.origin()}, entry.seq());
      // The peer takes it from the entry that this is here.
      told_[region].Advance(sync::Origin{entry.origin()}, entry.seq());
      *found->batch->add_entries() = std::move(entry);
      ++found->entries;
    }
    bytes = taken >= bytes ? 0 : bytes - taken;
    if (Covers(known, own_[region])) {
      pending_set_.erase(region);
    } else {
      // Others first, next time.
      pending_.push_back(region);
    }
  }
  return absl::OkStatus();
}

}  // namespace tikar::server
