#include "server/bundle_export.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/bundle_parties.h"
#include "server/engine/failure.h"
#include "server/engine/limits.h"
#include "sync/offers.h"
#include "sync/peers.h"
#include "sync/query.h"
#include "sync/status_macros.h"

namespace tikar::server {
namespace {

absl::StatusOr<std::shared_ptr<const Published>> Current(Engine& engine) {
  std::shared_ptr<const Published> published = engine.sequencer().Current();
  if (published == nullptr) return StoreOpening(engine.jitter_ms(kRetryOverloadedMs));
  return published;
}

// The receiver's certificate: the one that was given, which is kept, or the one that is here.
absl::StatusOr<NodeCertificate> Receiver(const Identity& identity, BundleFiles& files,
                                         const v1::ExportBundleRequest& request, int64_t now_ms) {
  const std::string& name = request.receiver();
  if (!name.empty() && !sync::IsNodeName(name)) {
    return absl::InvalidArgumentError(absl::StrCat("\"", name, "\" is no name of a node"));
  }
  std::string pem = request.receiver_certificate_pem();
  if (pem.empty() && name.empty()) {
    return absl::InvalidArgumentError("say for which node the bundle is");
  }
  if (pem.empty()) {
    absl::StatusOr<std::string> kept = files.Certificate(name);
    if (absl::IsNotFound(kept.status())) {
      return absl::NotFoundError(absl::StrCat("the certificate of ", name,
                                              " is not known here: give the file once (on ", name,
                                              " it is identity/node.crt in its data directory)"));
    }
    if (!kept.ok()) return kept.status();
    pem = *std::move(kept);
  }
  ASSIGN_OR_RETURN(NodeCertificate certificate, CheckedCertificate(pem, identity, now_ms));
  if (!name.empty() && certificate.name != name) {
    return absl::InvalidArgumentError(
        absl::StrCat("the certificate is of ", certificate.name, " and not of ", name));
  }
  if (certificate.key == identity.public_key()) {
    return absl::InvalidArgumentError(
        absl::StrCat(certificate.name, " is this node itself: say another one"));
  }
  if (!request.receiver_certificate_pem().empty()) {
    RETURN_IF_ERROR(KeepCertificateOf(certificate, pem, files));
  }
  return certificate;
}

// What is here, was asked for, and both may hold.
absl::StatusOr<RegionVectors> Chosen(const Published& published, const Identity& identity,
                                     const NodeCertificate& receiver,
                                     const v1::ExportBundleRequest& request) {
  for (const std::string& prefix : request.regions()) {
    if (!sync::IsMirrorPrefix(prefix)) {
      return absl::InvalidArgumentError(
          absl::StrCat("\"", prefix, "\" is no region: one looks like 12.04, a province like 12"));
    }
    // A region that one of them may not hold was asked for by mistake; of a province or of all that
    // part is carried that both may.
    if (prefix.size() < 5) continue;
    for (const auto& [node, grants] :
         {std::pair(identity.name(), identity.regions()), {receiver.name, receiver.regions}}) {
      if (GrantsRegion(grants, prefix)) continue;
      return absl::InvalidArgumentError(absl::StrCat("the certificate of ", node, " is for ",
                                                     RegionsText(grants), " and does not list ",
                                                     prefix));
    }
  }
  ASSIGN_OR_RETURN(RegionVectors vectors, LoadVectorsWithin(*published.reader, "*"));
  std::erase_if(vectors, [&](const auto& item) {
    const std::string& region = item.first;
    const bool asked =
        request.regions().empty() || std::any_of(request.regions().begin(), request.regions().end(),
                                                 [&](const std::string& prefix) {
                                                   return sync::MirrorPrefixHolds(prefix, region);
                                                 });
    return !asked || !identity.MayLogFor(region) || !GrantsRegion(receiver.regions, region);
  });
  return vectors;
}

// One export, from its first record to its last.
class Export {
 public:
  Export(Engine& engine, const ExportWatch& watch, sync::BundleWriter& writer, SpoolFile& spool)
      : engine_(engine), watch_(watch), writer_(writer), spool_(spool) {}

  absl::Status Definitions(const Published& published,
                           const std::set<sync::DefinitionHash>& acknowledged) {
    for (const auto& [hash, definition] : published.definitions->all()) {
      if (acknowledged.contains(hash)) continue;
      v1::BundleRecord record;
      record.mutable_definition()->set_body(definition->bytes());
      RETURN_IF_ERROR(Add(record));
      summary_.set_definitions(summary_.definitions() + 1);
    }
    return absl::OkStatus();
  }

  absl::Status Offers(const Published& published, const RegionVectors& chosen) {
    for (const auto& [region, vector] : chosen) {
      ASSIGN_OR_RETURN(const std::vector<sync::OfferRecord> offers,
                       sync::ListOffers(*published.reader, region));
      for (const sync::OfferRecord& offer : offers) {
        v1::BundleRecord record;
        v1::MirroredOffer& proto = *record.mutable_offer();
        proto.set_region(offer.region);
        proto.set_service(offer.service);
        proto.set_definition_hash(offer.definition.bytes());
        proto.set_actor(offer.actor);
        proto.set_time_ms(offer.time_ms);
        RETURN_IF_ERROR(Add(record));
        summary_.set_offers(summary_.offers() + 1);
      }
    }
    return absl::OkStatus();
  }

  // All of `until` that `known` lacks.
  absl::Status Entries(const std::string& region, sync::VersionVector known,
                       const sync::VersionVector& until) {
    const auto lacks = [&] {
      return std::any_of(until.positions().begin(), until.positions().end(),
                         [&](const auto& at) { return known.Get(at.origin) < at.seq; });
    };
    while (lacks()) {
      // Anew for each page: whoever holds a version keeps a store that failed from being opened.
      ASSIGN_OR_RETURN(const std::shared_ptr<const Published> published, Current(engine_));
      ASSIGN_OR_RETURN(const std::vector<v1::Entry> entries,
                       sync::EntriesAfter(*published->reader, region, known, kMirrorBatchBytes));
      if (entries.empty()) {
        return absl::DataLossError(absl::StrCat("the log of ", region,
                                                " lacks entries that it should have: see "
                                                "`tikar check`"));
      }
      for (const v1::Entry& entry : entries) {
        const sync::Origin origin{entry.origin()};
        known.Advance(origin, entry.seq());
        if (entry.seq() > until.Get(origin)) continue;
        v1::BundleRecord record;
        *record.mutable_entry() = entry;
        RETURN_IF_ERROR(Add(record));
        NoteRange(entry);
        progress_.set_entries(progress_.entries() + 1);
      }
      RETURN_IF_ERROR(watch_(progress_));
    }
    return absl::OkStatus();
  }

  void ExpectEntries(uint64_t count) { progress_.set_entries_total(count); }
  absl::Status Spool() {
    for (const sync::BundlePiece& piece : writer_.Take()) {
      RETURN_IF_ERROR(spool_.Append(piece.bytes));
    }
    return absl::OkStatus();
  }
  v1::ExportSummary TakeSummary() {
    summary_.set_entries(progress_.entries());
    return std::move(summary_);
  }

 private:
  absl::Status Add(const v1::BundleRecord& record) {
    RETURN_IF_ERROR(writer_.Add(record));
    return Spool();
  }

  void NoteRange(const v1::Entry& entry) {
    const int count = summary_.ranges_size();
    if (count == 0 || summary_.ranges(count - 1).region() != entry.region() ||
        summary_.ranges(count - 1).origin() != entry.origin()) {
      v1::BundleRange& range = *summary_.add_ranges();
      range.set_region(entry.region());
      range.set_origin(entry.origin());
      range.set_after(entry.seq() - 1);
    }
    summary_.mutable_ranges(summary_.ranges_size() - 1)->set_end(entry.seq());
  }

  Engine& engine_;
  const ExportWatch& watch_;
  sync::BundleWriter& writer_;
  SpoolFile& spool_;
  v1::ExportProgress progress_;
  v1::ExportSummary summary_;
};

}  // namespace

absl::StatusOr<ExportedBundle> MakeNodeBundle(Engine& engine, const Identity& identity,
                                              BundleFiles& files,
                                              const v1::ExportBundleRequest& request,
                                              const ExportWatch& watch) {
  const int64_t now_ms = engine.now_ms();
  ASSIGN_OR_RETURN(const NodeCertificate receiver, Receiver(identity, files, request, now_ms));
  std::optional<Acknowledged> acknowledged;
  if (request.start() != v1::BUNDLE_START_BEGINNING) {
    acknowledged = LastAcknowledged(files, identity, receiver.key);
  }
  if (request.start() == v1::BUNDLE_START_ACKNOWLEDGED && !acknowledged.has_value()) {
    return absl::NotFoundError(
        absl::StrCat(receiver.name,
                     " has acknowledged nothing here: import its acknowledgement first, or let "
                     "the bundle hold everything"));
  }
  ASSIGN_OR_RETURN(const std::shared_ptr<const Published> published, Current(engine));
  ASSIGN_OR_RETURN(const RegionVectors chosen, Chosen(*published, identity, receiver, request));

  sync::BundleWriterOptions options{.kind = sync::BundleKind::kNode,
                                    .sender = identity.name(),
                                    .sender_key = identity.signing_key(),
                                    .receiver = receiver.name,
                                    .receiver_key = receiver.key,
                                    .manifest = {},
                                    .random = SecretBytes};
  if (request.part_bytes_max() != 0) options.part_bytes_max = request.part_bytes_max();
  options.manifest.set_made_at_ms(now_ms);
  options.manifest.set_certificate_pem(identity.certificate_pem());
  options.manifest.set_version(engine.version());
  *options.manifest.mutable_regions() = request.regions();
  ASSIGN_OR_RETURN(const auto writer, sync::BundleWriter::Make(std::move(options)));
  ExportedBundle bundle;
  ASSIGN_OR_RETURN(bundle.spool, files.MakeSpool());
  Export run(engine, watch, *writer, *bundle.spool);

  const auto known = [&](const std::string& region) {
    if (!acknowledged) return sync::VersionVector();
    const auto at = acknowledged->vectors.find(region);
    return at == acknowledged->vectors.end() ? sync::VersionVector() : at->second;
  };
  uint64_t entries = 0;
  for (const auto& [region, until] : chosen) {
    const sync::VersionVector has = known(region);
    for (const auto& [origin, seq] : until.positions()) {
      entries += seq - std::min(seq, has.Get(origin));
    }
  }
  run.ExpectEntries(entries);
  RETURN_IF_ERROR(run.Definitions(
      *published, acknowledged ? acknowledged->definitions : std::set<sync::DefinitionHash>()));
  RETURN_IF_ERROR(run.Offers(*published, chosen));
  for (const auto& [region, until] : chosen) {
    RETURN_IF_ERROR(run.Entries(region, known(region), until));
  }
  RETURN_IF_ERROR(writer->Finish());
  RETURN_IF_ERROR(run.Spool());

  uint64_t offset = 0;
  for (uint32_t part = 1; part <= writer->parts(); ++part) {
    bundle.parts.push_back({writer->Head(part), offset, writer->PayloadBytes(part)});
    offset += bundle.parts.back().payload_bytes;
  }
  CHECK(offset == bundle.spool->size());
  bundle.summary = run.TakeSummary();
  bundle.summary.set_bundle_id(writer->id().bytes());
  bundle.summary.set_receiver(receiver.name);
  if (acknowledged) bundle.summary.set_acknowledged_at_ms(acknowledged->manifest.made_at_ms());
  return bundle;
}

}  // namespace tikar::server
