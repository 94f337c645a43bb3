#include "sync/receipt.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "sync/canonical.h"
#include "sync/change.h"
#include "sync/hlc.h"
#include "sync/keys.h"
#include "sync/merkle_log.h"
#include "sync/merkle_tree.h"
#include "sync/records.h"
#include "sync/state.h"
#include "sync/status_macros.h"

namespace tikar::sync {
namespace {

using Place = std::pair<uint64_t, uint64_t>;  // origin, sequence

std::string EncodePlace(const Place& place) {
  return keys::BigEndian64(place.first) + keys::BigEndian64(place.second);
}

absl::StatusOr<Place> DecodePlace(std::string_view token) {
  if (token.empty()) return Place(0, 0);
  CanonicalReader reader(token);
  Place place;
  place.first = reader.Fixed64();
  place.second = reader.Fixed64();
  if (reader.done()) return place;
  return absl::InvalidArgumentError("no token of a page of a receipt");
}

// Where the changes of the request stand in the logs. Sorted.
absl::StatusOr<std::vector<Place>> PlacesOf(const Reader& reader, const RequestKey& request) {
  const std::string prefix = keys::HistoryPrefix(request);
  std::vector<Place> places;
  absl::Status status;
  RETURN_IF_ERROR(reader.Scan(Family::kHistory, prefix, PrefixEnd(prefix),
                              [&](std::string_view, std::string_view value) {
                                const absl::StatusOr<Header> header = DecodeHeader(value);
                                status = header.status();
                                if (!status.ok()) return false;
                                for (const LogPosition& position : header->positions) {
                                  places.emplace_back(Raw(position.origin), position.seq);
                                }
                                return true;
                              }));
  RETURN_IF_ERROR(status);
  std::sort(places.begin(), places.end());
  return places;
}

absl::StatusOr<v1::EntryProof> ProveEntry(const Reader& reader, const std::string& region,
                                          Origin origin, uint64_t seq, bool with_body,
                                          LogTree* tree) {
  ASSIGN_OR_RETURN(const std::optional<std::string> bytes,
                   reader.Get(Family::kLog, keys::Log(region, origin, seq)));
  if (!bytes) {
    return absl::DataLossError(
        absl::StrCat("entry ", seq, " of log ", LogTreeName(region, origin), " is missing"));
  }
  ASSIGN_OR_RETURN(EntryRecord entry, DecodeEntry(*bytes));
  v1::EntryProof proof;
  proof.set_seq(seq);
  proof.set_received_at_ms(entry.stamp.received_at_ms);
  proof.set_verdict(entry.stamp.verdict);
  proof.set_signature_id(entry.stamp.signature_id);
  proof.set_change_hash(entry.change_hash.bytes());
  ASSIGN_OR_RETURN(const std::vector<Hash> hashes, tree->InclusionProof(seq, tree->size()));
  for (const Hash& hash : hashes) proof.add_proof(hash.bytes());
  if (with_body) proof.set_body(std::move(entry.body));
  return proof;
}

absl::Status Refuse(absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("the receipt does not hold: ", what));
}

// "regions/15.01/requests/{32 hex}", and no other spelling of it.
std::optional<RequestKey> RequestOf(const std::string& name) {
  constexpr std::string_view kRegions = "regions/", kRequests = "/requests/";
  if (name.size() !=
      kRegions.size() + keys::kRegionSize + kRequests.size() + 2 * RequestId::kSize) {
    return std::nullopt;
  }
  const std::optional<RequestId> id =
      RequestId::FromHex(std::string_view(name).substr(name.size() - 2 * RequestId::kSize));
  if (!id) return std::nullopt;
  RequestKey key{name.substr(kRegions.size(), keys::kRegionSize), *id};
  if (!IsRegion(key.region) || RequestName(key) != name) return std::nullopt;
  return key;
}

// The id of a request is the time of its Create, and bits of the hash of its body.
bool IsCreateOf(const RequestId& id, const Hash& hash) {
  constexpr size_t kTimeBytes = 6;
  uint64_t time_ms = 0;
  for (size_t i = 0; i < kTimeBytes; ++i) time_ms = time_ms << 8 | id[i];
  v1::ChangeBody body;
  body.set_hlc(PackHlc(static_cast<int64_t>(time_ms), 0));
  body.add_mutations()->mutable_create();
  return RequestIdOf(body, hash) == id;
}

absl::StatusOr<CheckedLog> CheckLog(const v1::LogProof& proof, const RequestKey& request,
                                    absl::Span<const PublicKey> keys) {
  const absl::StatusOr<SignedCheckpoint> parsed = ParseCheckpoint(proof.checkpoint());
  if (!parsed.ok()) return Refuse(parsed.status().message());
  CheckedLog log;
  log.checkpoint = parsed->checkpoint;
  const std::optional<LogId> id = ParseLogLine(log.checkpoint.log);
  if (!id)
    return Refuse(absl::StrCat("a checkpoint is of ", log.checkpoint.log, ", no log of ours"));
  log.id = *id;
  if (log.id.region != request.region) {
    return Refuse(absl::StrCat("a checkpoint is of region ", log.id.region,
                               ", the request of region ", request.region));
  }
  absl::StatusOr<std::vector<CheckpointSigner>> signers = VerifyCheckpoint(*parsed, keys);
  if (!signers.ok()) return Refuse(signers.status().message());
  log.signers = *std::move(signers);
  return log;
}

absl::StatusOr<CheckedEntry> CheckEntry(const v1::EntryProof& entry, const CheckedLog& log,
                                        const RequestKey& request) {
  const auto refuse = [&](absl::string_view what) {
    return Refuse(absl::StrCat("entry ", entry.seq(), " of ", log.checkpoint.log, ": ", what));
  };
  const std::optional<Hash> hash = Hash::FromBytes(entry.change_hash());
  if (!hash) return refuse("change_hash is not 32 bytes");
  std::vector<Hash> proof;
  for (const std::string& bytes : entry.proof()) {
    const std::optional<Hash> one = Hash::FromBytes(bytes);
    if (!one) return refuse("a hash of the proof is not 32 bytes");
    proof.push_back(*one);
  }
  // One byte of the leaf: another number must not read as the same verdict.
  if (!v1::Verdict_IsValid(entry.verdict()) || entry.verdict() == v1::VERDICT_UNSPECIFIED) {
    return refuse("it has no verdict");
  }
  Stamp stamp;
  stamp.received_at_ms = entry.received_at_ms();
  stamp.verdict = entry.verdict();
  stamp.signature_id = entry.signature_id();
  const Hash leaf = LeafHash(log.id.region, log.id.origin, entry.seq(), stamp, *hash);
  const absl::Status included =
      VerifyInclusion(entry.seq() - 1, log.checkpoint.size, leaf, proof, log.checkpoint.root);
  if (!included.ok()) return refuse(included.message());
  if (!entry.body().empty()) {
    if (Sha256(entry.body()) != *hash) return refuse("the body is not the one that was recorded");
    const absl::StatusOr<ParsedChange> change = ParseChange(entry.body());
    if (!change.ok()) return refuse(change.status().message());
    if (RequestKey{change->body.region(), change->request_id} != request) {
      return refuse("the change is of another request");
    }
  }
  return CheckedEntry{.log = 0,
                      .seq = entry.seq(),
                      .received_at_ms = entry.received_at_ms(),
                      .verdict = entry.verdict(),
                      .change = ChangeIdOf(*hash),
                      .has_body = !entry.body().empty()};
}

}  // namespace

absl::StatusOr<ReceiptPage> MakeReceipt(const Reader& reader, const RequestKey& request,
                                        const ReceiptQuery& query,
                                        const CheckpointMaker& make_checkpoint) {
  ASSIGN_OR_RETURN(const Place after, DecodePlace(query.token));
  ASSIGN_OR_RETURN(const std::vector<Place> places, PlacesOf(reader, request));
  if (places.empty()) {
    return absl::NotFoundError(absl::StrCat("nothing of ", RequestName(request), " is here"));
  }
  ReceiptPage page;
  page.receipt.set_format(std::string(kReceiptFormat));
  page.receipt.set_request(RequestName(request));
  std::optional<LogTree> tree;
  v1::LogProof* log = nullptr;
  uint64_t tree_origin = 0;
  size_t bytes = 0;
  for (auto at = std::upper_bound(places.begin(), places.end(), after); at != places.end(); ++at) {
    const Origin origin{at->first};
    if (!tree || tree_origin != at->first) {
      ASSIGN_OR_RETURN(tree, LogTree::Load(reader, request.region, origin));
      tree_origin = at->first;
      log = nullptr;
    }
    if (at->second > tree->size()) {
      ++page.uncovered;
      continue;
    }
    ASSIGN_OR_RETURN(v1::EntryProof entry, ProveEntry(reader, request.region, origin, at->second,
                                                      query.with_bodies, &*tree));
    const size_t size = entry.ByteSizeLong();
    if (bytes > 0 && bytes + size > query.bytes_max) {
      page.next_token = EncodePlace(at == places.begin() ? after : *std::prev(at));
      return page;
    }
    bytes += size;
    if (log == nullptr) {
      log = page.receipt.add_logs();
      ASSIGN_OR_RETURN(*log->mutable_checkpoint(),
                       make_checkpoint({.log = LogLine(request.region, origin),
                                        .size = tree->size(),
                                        .root = tree->root()}));
    }
    *log->add_entries() = std::move(entry);
  }
  return page;
}

absl::StatusOr<CheckedReceipt> CheckReceipt(const v1::Receipt& receipt,
                                            absl::Span<const PublicKey> keys) {
  if (receipt.format() != kReceiptFormat) {
    return Refuse(absl::StrCat("it is of the format \"", receipt.format(),
                               "\", this program knows \"", AbslView(kReceiptFormat),
                               "\": get a newer tikar"));
  }
  CheckedReceipt checked;
  const std::optional<RequestKey> request = RequestOf(receipt.request());
  if (!request) return Refuse("it names no request");
  checked.request = *request;
  std::set<std::string> changes;
  std::set<std::tuple<Origin, uint64_t>> seen;
  for (const v1::LogProof& proof : receipt.logs()) {
    ASSIGN_OR_RETURN(CheckedLog log, CheckLog(proof, *request, keys));
    for (const v1::EntryProof& one : proof.entries()) {
      ASSIGN_OR_RETURN(CheckedEntry entry, CheckEntry(one, log, *request));
      if (!seen.insert({log.id.origin, entry.seq}).second) {
        return Refuse(
            absl::StrCat("entry ", entry.seq, " of ", log.checkpoint.log, " comes twice"));
      }
      entry.log = checked.logs.size();
      checked.shows_create |= IsCreateOf(request->id, *Hash::FromBytes(one.change_hash()));
      changes.insert(one.change_hash());
      checked.entries.push_back(std::move(entry));
    }
    checked.logs.push_back(std::move(log));
  }
  if (checked.entries.empty()) return Refuse("it has no entries");
  checked.changes = changes.size();
  std::stable_sort(checked.entries.begin(), checked.entries.end(),
                   [](const CheckedEntry& a, const CheckedEntry& b) {
                     return a.received_at_ms < b.received_at_ms;
                   });
  return checked;
}

}  // namespace tikar::sync
