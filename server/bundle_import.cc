#include "server/bundle_import.h"

#include <algorithm>
#include <future>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/bundle_parties.h"
#include "server/engine/failure.h"
#include "server/engine/limits.h"
#include "server/engine/log.h"
#include "server/engine/result_proto.h"
#include "sync/bundle_writer.h"
#include "sync/change.h"
#include "sync/keys.h"
#include "sync/limits.h"
#include "sync/names.h"
#include "sync/query.h"
#include "sync/status_macros.h"

namespace tikar::server {
namespace {

constexpr size_t kReadBytes = 1 << 20;
// While the sequencer's queue is full; after so many the caller is told to come back.
constexpr int kHandOversMax = 30;
constexpr int64_t kHandOverWaitMs = 500;
// Of results in an acknowledgement, before they are packed.
constexpr size_t kResultsBytesMax = 512 << 10;

absl::Status NotSoMade(std::string_view what) {
  return absl::InvalidArgumentError(
      absl::StrCat("the bundle says what cannot be: ", sync::AbslView(what),
                   "; tell its sender, and let it be made anew"));
}

v1::BundleKind ToProto(sync::BundleKind kind) {
  switch (kind) {
    case sync::BundleKind::kNode:
      return v1::BUNDLE_KIND_NODE;
    case sync::BundleKind::kPhone:
      return v1::BUNDLE_KIND_PHONE;
    case sync::BundleKind::kAcknowledgement:
      return v1::BUNDLE_KIND_ACKNOWLEDGEMENT;
  }
  return v1::BUNDLE_KIND_UNSPECIFIED;
}

}  // namespace

BundleImport::BundleImport(Engine* engine, const Identity* identity, BundleFiles* files,
                           const SpoolFile* spool, Wait wait)
    : engine_(*engine),
      identity_(*identity),
      files_(*files),
      spool_(*spool),
      wait_(std::move(wait)) {}

absl::StatusOr<v1::ImportBundleResponse> BundleImport::Run(bool validate_only) {
  RETURN_IF_ERROR(Check());
  const sync::BundleHeader& header = head_.header;
  response_.set_kind(ToProto(header.kind));
  response_.set_bundle_id(header.id.bytes());
  response_.set_part(header.part);
  response_.set_parts(header.parts);
  response_.set_sender(header.sender);
  response_.set_sender_key(header.sender_key.bytes());
  RETURN_IF_ERROR(EachRecord([this](v1::BundleRecord record) { return Look(record); }));
  if (validate_only) return std::move(response_);
  if (header.kind == sync::BundleKind::kAcknowledgement) {
    RETURN_IF_ERROR(KeepAcknowledgement());
    return std::move(response_);
  }
  RETURN_IF_ERROR(EachRecord([this](v1::BundleRecord record) { return Take(std::move(record)); }));
  RETURN_IF_ERROR(FlushOffers());
  RETURN_IF_ERROR(FlushEntries());
  RETURN_IF_ERROR(FlushChanges());
  ASSIGN_OR_RETURN(const std::vector<uint32_t> missing, files_.NotePart(header));
  for (const uint32_t part : missing) response_.add_parts_missing(part);
  ASSIGN_OR_RETURN(*response_.mutable_acknowledgement(), MakeAcknowledgement());
  tikar::server::Log(Level::kInfo, "bundle imported",
                     {{"bundle", sync::BundleName(header.id)},
                      {"part", absl::StrCat(header.part, "/", header.parts)},
                      {"sender", header.sender},
                      {"entries_new", absl::StrCat(response_.entries_new())},
                      {"changes_new", absl::StrCat(response_.changes_new())}});
  return std::move(response_);
}

absl::Status BundleImport::Check() {
  ASSIGN_OR_RETURN(const std::string beginning, spool_.Read(0, sync::kBundleHeadBytesMax));
  ASSIGN_OR_RETURN(head_, sync::ParseBundleHead(beginning));
  RETURN_IF_ERROR(CheckIsReceiver(head_.header, identity_));
  sync::BundleCheck check(head_);
  for (uint64_t at = head_.bytes; at < spool_.size();) {
    ASSIGN_OR_RETURN(const std::string piece, spool_.Read(at, kReadBytes));
    if (piece.empty()) break;
    RETURN_IF_ERROR(check.Add(piece));
    at += piece.size();
    RETURN_IF_ERROR(wait_(0));
  }
  return check.Finish();
}

absl::Status BundleImport::EachRecord(const std::function<absl::Status(v1::BundleRecord)>& take) {
  ASSIGN_OR_RETURN(const auto opener, sync::BundleOpener::Make(
                                          head_.header, identity_.signing_key().AgreementSecret()));
  for (uint64_t at = head_.bytes; !opener->done();) {
    ASSIGN_OR_RETURN(const std::string piece, spool_.Read(at, sync::kBundleBlockBytes));
    at += piece.size();
    opener->Feed(piece);
    while (true) {
      ASSIGN_OR_RETURN(std::optional<v1::BundleRecord> record, opener->Next());
      if (!record) break;
      RETURN_IF_ERROR(take(*std::move(record)));
    }
    if (piece.empty() && !opener->done()) return NotSoMade("it has no end");
    RETURN_IF_ERROR(wait_(0));
  }
  return absl::OkStatus();
}

absl::Status BundleImport::CheckMayLog(const std::string& region) const {
  if (GrantsRegion(grants_, region)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("the certificate of ", head_.header.sender, " is for ", RegionsText(grants_),
                   ", and the bundle speaks of ", region, ": nothing of it was taken"));
}

absl::Status BundleImport::LookAtManifest(const v1::BundleManifest& manifest) {
  const sync::BundleHeader& header = head_.header;
  manifest_ = manifest;
  response_.set_made_at_ms(manifest.made_at_ms());
  if (header.kind == sync::BundleKind::kPhone) {
    if (sync::IsActorName(header.sender)) return absl::OkStatus();
    return NotSoMade("its sender is no actor");
  }
  ASSIGN_OR_RETURN(const NodeCertificate certificate,
                   CheckedCertificate(manifest.certificate_pem(), identity_, engine_.now_ms()));
  if (certificate.name != header.sender || certificate.key != header.sender_key) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the bundle says that it is by ", header.sender, ", and the certificate in it is of ",
        certificate.name, " or of another key: nothing of it was taken"));
  }
  grants_ = certificate.regions;
  // Whom one hears from one can write to.
  return KeepCertificateOf(certificate, manifest.certificate_pem(), files_);
}

absl::Status BundleImport::Look(const v1::BundleRecord& record) {
  switch (record.kind_case()) {
    case v1::BundleRecord::kManifest:
      return LookAtManifest(record.manifest());
    case v1::BundleRecord::kDefinition:
      response_.set_definitions(response_.definitions() + 1);
      return absl::OkStatus();
    case v1::BundleRecord::kOffer:
      response_.set_offers(response_.offers() + 1);
      return CheckMayLog(record.offer().region());
    case v1::BundleRecord::kEntry:
      response_.set_entries(response_.entries() + 1);
      return CheckMayLog(record.entry().region());
    case v1::BundleRecord::kChange:
      response_.set_changes(response_.changes() + 1);
      if (record.change().body().size() > sync::kChangeBodyBytesMax) {
        return NotSoMade("a change is too large");
      }
      return absl::OkStatus();
    case v1::BundleRecord::kHeld:
      if (!sync::VersionVector::FromProto(record.held().vector()).ok()) {
        return NotSoMade("a version vector is none");
      }
      return CheckMayLog(record.held().region());
    case v1::BundleRecord::kEnd:
      *response_.mutable_ranges() = record.end().ranges();
      return absl::OkStatus();
    default:
      return absl::OkStatus();
  }
}

absl::StatusOr<std::shared_ptr<const Published>> BundleImport::Current() {
  std::shared_ptr<const Published> published = engine_.sequencer().Current();
  if (published == nullptr) return StoreOpening(engine_.jitter_ms(kRetryOverloadedMs));
  return published;
}

absl::StatusOr<TaskResult> BundleImport::Await(
    const std::function<absl::Status(TaskDone)>& hand_over) {
  for (int tries = 1;; ++tries) {
    auto promise = std::make_shared<std::promise<TaskResult>>();
    std::future<TaskResult> future = promise->get_future();
    const absl::Status taken =
        hand_over([promise](TaskResult result) { promise->set_value(std::move(result)); });
    if (taken.ok()) {
      TaskResult result = future.get();
      if (!result.status.ok()) return result.status;
      return result;
    }
    if (!absl::IsResourceExhausted(taken) || tries == kHandOversMax) return taken;
    RETURN_IF_ERROR(wait_(engine_.jitter_ms(kHandOverWaitMs)));
  }
}

absl::Status BundleImport::Take(v1::BundleRecord record) {
  switch (record.kind_case()) {
    case v1::BundleRecord::kDefinition:
      return TakeDefinition(record.definition().body());
    case v1::BundleRecord::kOffer:
      return TakeOffer(record.offer());
    case v1::BundleRecord::kEntry:
      RETURN_IF_ERROR(FlushOffers());
      entries_bytes_ += record.entry().ByteSizeLong();
      entries_.push_back(std::move(*record.mutable_entry()));
      return entries_bytes_ < kMirrorBatchBytes ? absl::OkStatus() : FlushEntries();
    case v1::BundleRecord::kChange:
      return TakeChange(std::move(*record.mutable_change()->mutable_body()));
    default:
      return absl::OkStatus();
  }
}

absl::Status BundleImport::TakeDefinition(const std::string& bytes) {
  ASSIGN_OR_RETURN(const auto published, Current());
  if (published->definitions->Find(sync::Sha256(bytes)) != nullptr) return absl::OkStatus();
  const absl::Status added = Await([&](TaskDone done) {
                               return engine_.sequencer().AddDefinition(bytes, std::move(done));
                             }).status();
  if (added.ok()) {
    response_.set_definitions_new(response_.definitions_new() + 1);
  } else if (absl::IsInvalidArgument(added)) {
    // One that this build does not take. What pins it waits for a newer one, and nothing else does.
    tikar::server::Log(Level::kWarning, "a definition in a bundle is not taken",
                       {{"definition", sync::Sha256(bytes).hex()}, {"reason", added.ToString()}});
  } else {
    return added;
  }
  return absl::OkStatus();
}

absl::Status BundleImport::TakeOffer(const v1::MirroredOffer& offer) {
  offers_.push_back(offer);
  return offers_.size() < kMirrorRegionsPerMessage ? absl::OkStatus() : FlushOffers();
}

absl::Status BundleImport::FlushOffers() {
  if (offers_.empty()) return absl::OkStatus();
  std::vector<sync::OfferRecord> records;
  size_t bytes = 0;
  for (const v1::MirroredOffer& offer : std::exchange(offers_, {})) {
    const auto hash = sync::DefinitionHash::FromBytes(offer.definition_hash());
    if (!hash) continue;
    records.push_back({.region = offer.region(),
                       .service = offer.service(),
                       .definition = *hash,
                       .actor = offer.actor(),
                       .time_ms = offer.time_ms()});
    bytes += offer.ByteSizeLong();
  }
  return Await([&](TaskDone done) {
           return engine_.sequencer().Run(
               [records](sync::Replica& replica, int64_t) {
                 return replica.ReceiveOffers(records);
               },
               bytes, std::move(done));
         })
      .status();
}

absl::Status BundleImport::FlushEntries() {
  entries_bytes_ = 0;
  if (entries_.empty()) return absl::OkStatus();
  // What is here goes through the sequencer all the same: a log that has forked is told.
  std::map<Log, std::vector<v1::Entry>> logs;
  {
    ASSIGN_OR_RETURN(const auto published, Current());
    std::vector<std::string> keys;
    for (const v1::Entry& entry : entries_) {
      keys.push_back(sync::keys::Log(entry.region(), sync::Origin{entry.origin()}, entry.seq()));
    }
    ASSIGN_OR_RETURN(const auto held, published->reader->MultiGet(sync::Family::kLog, keys));
    for (size_t i = 0; i < entries_.size(); ++i) {
      const Log log(entries_[i].region(), entries_[i].origin());
      if (!held[i].has_value()) response_.set_entries_new(response_.entries_new() + 1);
      logs[log].push_back(std::move(entries_[i]));
    }
  }
  entries_.clear();
  for (auto& [log, entries] : logs) RETURN_IF_ERROR(ReceiveLog(log, std::move(entries)));
  return absl::OkStatus();
}

absl::Status BundleImport::ReceiveLog(const Log& log, std::vector<v1::Entry> entries) {
  if (refused_.contains(log)) return absl::OkStatus();
  const absl::Status received = Await([&](TaskDone done) {
                                  return engine_.sequencer().Receive(entries, std::move(done));
                                }).status();
  if (!absl::IsInvalidArgument(received)) return received;
  // That log has forked, or its entries are none. It stops nothing but itself.
  refused_.insert(log);
  v1::RefusedLog& refused = *response_.add_logs_refused();
  refused.set_region(log.first);
  refused.set_origin(log.second);
  refused.set_reason(std::string(received.message()));
  tikar::server::Log(Level::kError, "a log in a bundle is refused",
                     {{"region", log.first}, {"reason", received.ToString()}});
  return absl::OkStatus();
}

absl::Status BundleImport::TakeChange(std::string body) {
  changes_bytes_ += body.size();
  changes_.push_back(std::move(body));
  return changes_bytes_ < kMirrorBatchBytes ? absl::OkStatus() : FlushChanges();
}

absl::Status BundleImport::FlushChanges() {
  changes_bytes_ = 0;
  if (changes_.empty()) return absl::OkStatus();
  const std::vector<std::string> bodies = std::exchange(changes_, {});
  ASSIGN_OR_RETURN(const TaskResult result, Await([&](TaskDone done) {
                     std::vector<sync::Submission> submissions;
                     for (const std::string& body : bodies) {
                       submissions.push_back({.body = body,
                                              .clock_offset_ms = manifest_.clock_offset_ms(),
                                              .actor = head_.header.sender,
                                              .signature_id = {},
                                              .idempotency_key = {}});
                     }
                     return engine_.sequencer().Submit(std::move(submissions), std::move(done));
                   }));
  for (const sync::SubmissionResult& one : result.results) {
    if (!one.duplicate) response_.set_changes_new(response_.changes_new() + 1);
    if (one.verdict == v1::VERDICT_VOID) {
      response_.set_changes_refused(response_.changes_refused() + 1);
    }
    v1::ChangeResult proto = ResultToProto(one);
    results_bytes_ += proto.ByteSizeLong();
    // Of what is not told the phone sends again, and hears that it is here.
    if (results_bytes_ <= kResultsBytesMax) results_.push_back(std::move(proto));
  }
  return absl::OkStatus();
}

absl::Status BundleImport::KeepAcknowledgement() {
  const auto last = LastAcknowledged(files_, identity_, head_.header.sender_key);
  // By this node's own clock, which made both: the answered bundles'. An older one may say more
  // than the newer: the node was restored in between, and has it no more.
  const auto age = [](const v1::BundleManifest& manifest) {
    return std::pair(manifest.answers_made_at_ms(), manifest.made_at_ms());
  };
  if (last && age(last->manifest) >= age(manifest_)) {
    response_.set_acknowledgement_known(true);
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(const std::string file, spool_.Read(0, spool_.size()));
  if (file.size() > kAcknowledgementBytesMax) return NotSoMade("it is too large");
  RETURN_IF_ERROR(files_.KeepAcknowledgement(head_.header.sender_key, file));
  return absl::OkStatus();
}

absl::StatusOr<std::string> BundleImport::MakeAcknowledgement() {
  ASSIGN_OR_RETURN(const auto published, Current());
  const sync::BundleHeader& header = head_.header;
  sync::BundleWriterOptions options{.kind = sync::BundleKind::kAcknowledgement,
                                    .sender = identity_.name(),
                                    .sender_key = identity_.signing_key(),
                                    .receiver = header.sender,
                                    .receiver_key = header.sender_key,
                                    .manifest = {},
                                    .random = SecretBytes};
  v1::BundleManifest& manifest = options.manifest;
  manifest.set_made_at_ms(engine_.now_ms());
  manifest.set_certificate_pem(identity_.certificate_pem());
  manifest.set_version(engine_.version());
  manifest.set_answers_bundle_id(header.id.bytes());
  manifest.set_answers_made_at_ms(manifest_.made_at_ms());
  manifest.set_origin(sync::Raw(published->origin));
  std::vector<v1::BundleRecord> records;
  if (header.kind == sync::BundleKind::kNode) {
    for (const auto& [hash, definition] : published->definitions->all()) {
      if (static_cast<size_t>(manifest.definition_hashes_size()) ==
          sync::kBundleDefinitionHashesMax) {
        break;
      }
      manifest.add_definition_hashes(hash.bytes());
    }
    ASSIGN_OR_RETURN(const RegionVectors vectors, LoadVectorsWithin(*published->reader, "*"));
    for (const auto& [region, vector] : vectors) {
      if (!GrantsRegion(grants_, region) || !identity_.MayLogFor(region)) continue;
      v1::MirroredRegion& held = *records.emplace_back().mutable_held();
      held.set_region(region);
      *held.mutable_vector() = vector.ToProto();
    }
  } else {
    for (v1::ChangeResult& result : results_) {
      *records.emplace_back().mutable_result() = std::move(result);
    }
  }
  ASSIGN_OR_RETURN(std::string file, sync::MakeSmallBundle(std::move(options), records));
  // The next bundle then is larger than it must be.
  if (file.size() > kAcknowledgementBytesMax) file.clear();
  return file;
}

}  // namespace tikar::server
