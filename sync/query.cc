#include "sync/query.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "sync/keys.h"
#include "sync/ref.h"
#include "sync/status_macros.h"

namespace tikar::sync {
namespace {

std::optional<RequestKey> RequestKeyOf(std::string_view region, std::string_view id) {
  const std::optional<RequestId> request_id = RequestId::FromBytes(id);
  if (!request_id || !IsRegion(region)) return std::nullopt;
  return RequestKey{std::string(region), *request_id};
}

}  // namespace

absl::StatusOr<StoredRequest> DecodeRequest(const RequestKey& key, std::string_view bytes) {
  StoredRequest request;
  ASSIGN_OR_RETURN(RecordParts parts, DecodeRecord(bytes));
  ASSIGN_OR_RETURN(request.state, DecodeState(key, parts.state_bytes));
  request.local = std::move(parts.local);
  request.state_bytes = std::string(parts.state_bytes);
  return request;
}

absl::Status LoadElements(const Reader& reader, StoredRequest* request) {
  if (request->local.element_bytes == 0) return absl::OkStatus();
  const std::string prefix = keys::ElementPrefix(request->state.key);
  absl::Status status;
  RETURN_IF_ERROR(reader.Scan(Family::kRequests, prefix, PrefixEnd(prefix),
                              [&](std::string_view, std::string_view row) {
                                absl::StatusOr<FieldState> element = DecodeField(row);
                                if (!element.ok()) {
                                  status = element.status();
                                  return false;
                                }
                                std::string path = element->path;
                                request->elements.emplace(std::move(path), *std::move(element));
                                return true;
                              }));
  return status;
}

absl::StatusOr<std::optional<StoredRequest>> LoadRequest(const Reader& reader,
                                                         const RequestKey& key) {
  ASSIGN_OR_RETURN(std::optional<std::string> bytes,
                   reader.Get(Family::kRequests, keys::Record(key)));
  if (!bytes) return std::nullopt;
  ASSIGN_OR_RETURN(StoredRequest request, DecodeRequest(key, *bytes));
  RETURN_IF_ERROR(LoadElements(reader, &request));
  return request;
}

v1::Request ToProto(const StoredRequest& request) {
  return RequestToProto(request.state, request.elements,
                        DigestOf(request.state_bytes, request.local.element_sum),
                        request.local.feed_position());
}

absl::StatusOr<std::vector<RequestKey>> FindByRef(const Reader& reader, std::string_view ref) {
  std::vector<RequestKey> found;
  const std::string prefix = keys::RefPrefix(ref);
  RETURN_IF_ERROR(reader.Scan(
      Family::kRequests, prefix, PrefixEnd(prefix), [&](std::string_view key, std::string_view) {
        const std::string_view rest = key.substr(prefix.size());
        if (rest.size() > keys::kRegionSize) {
          if (auto request =
                  RequestKeyOf(rest.substr(0, keys::kRegionSize), rest.substr(keys::kRegionSize))) {
            found.push_back(*std::move(request));
          }
        }
        return true;
      }));
  return found;
}

absl::StatusOr<std::vector<RequestKey>> FindById(const Reader& reader, const RequestId& id) {
  std::vector<RequestKey> found;
  ASSIGN_OR_RETURN(std::vector<RequestKey> candidates, FindByRef(reader, MakeRef(id)));
  for (RequestKey& key : candidates) {
    if (key.id == id) found.push_back(std::move(key));
  }
  return found;
}

absl::StatusOr<VersionVector> LoadVersionVector(const Reader& reader, std::string_view region) {
  VersionVector vector;
  const std::string prefix = keys::PositionPrefix(region);
  absl::Status status;
  RETURN_IF_ERROR(reader.Scan(
      Family::kMeta, prefix, PrefixEnd(prefix), [&](std::string_view key, std::string_view value) {
        const absl::StatusOr<Origin> origin = OriginOfPosition(region, key);
        const absl::StatusOr<uint64_t> seq =
            origin.ok() ? DecodePosition(region, *origin, value) : origin.status();
        status = seq.status();
        if (status.ok()) vector.Advance(*origin, *seq);
        return status.ok();
      }));
  RETURN_IF_ERROR(status);
  return vector;
}

absl::StatusOr<std::vector<v1::Entry>> EntriesAfter(const Reader& reader, std::string_view region,
                                                    const VersionVector& known, size_t bytes_max) {
  std::vector<v1::Entry> entries;
  ASSIGN_OR_RETURN(const VersionVector held, LoadVersionVector(reader, region));
  size_t bytes = 0;
  absl::Status status;
  for (const VersionVector::Position& position : held.positions()) {
    const Origin origin = position.origin;
    const uint64_t from = known.Get(origin);
    if (from >= position.seq) continue;
    uint64_t seq = from;
    RETURN_IF_ERROR(reader.Scan(
        Family::kLog, keys::Log(region, origin, from + 1),
        keys::Log(region, origin, position.seq + 1),
        [&](std::string_view key, std::string_view value) {
          absl::StatusOr<EntryRecord> record = DecodeEntry(value);
          if (!record.ok() || key != keys::Log(region, origin, ++seq)) {
            status = absl::DataLossError(absl::StrCat("log ", AbslView(region), "/", Raw(origin),
                                                      " is damaged near entry ", seq));
            return false;
          }
          v1::Entry& entry = entries.emplace_back();
          entry.set_region(std::string(region));
          entry.set_origin(Raw(origin));
          entry.set_seq(seq);
          *entry.mutable_stamp() = record->stamp.ToProto();
          entry.set_change_hash(record->change_hash.bytes());
          if (record->body.empty()) {
            entry.set_stub_request_id(record->request_id.bytes());
            for (const ChangeId& parent : record->stub_parents) {
              entry.add_stub_parents(parent.bytes());
            }
          }
          entry.set_sealed_body(record->sealed_body);
          entry.set_leaf_hash(
              LeafHash(region, origin, seq, record->stamp, record->change_hash).bytes());
          entry.set_salvaged_from_origin(Raw(record->salvaged_from.origin));
          entry.set_salvaged_from_seq(record->salvaged_from.seq);
          entry.set_body(std::move(record->body));
          bytes += value.size();
          return bytes < bytes_max;
        }));
    RETURN_IF_ERROR(status);
    if (bytes >= bytes_max) break;
  }
  return entries;
}

absl::StatusOr<std::vector<v1::RegionStatus>> LoadRegionStatuses(const Reader& reader) {
  std::vector<v1::RegionStatus> regions;
  absl::Status status;
  RETURN_IF_ERROR(reader.Scan(Family::kMeta, keys::kRegionPrefix, PrefixEnd(keys::kRegionPrefix),
                              [&](std::string_view key, std::string_view value) {
                                absl::StatusOr<RegionRecord> record = DecodeRegion(value);
                                if (!record.ok()) {
                                  status = record.status();
                                  return false;
                                }
                                v1::RegionStatus& region = regions.emplace_back();
                                region.set_region(
                                    std::string(key.substr(keys::kRegionPrefix.size())));
                                region.set_requests(record->requests);
                                region.set_changes(record->changes);
                                region.set_conflicts(record->conflicts);
                                region.set_feed_id(Raw(record->feed_id));
                                region.set_feed_position(record->feed_position);
                                region.set_waiting(record->waiting);
                                return true;
                              }));
  RETURN_IF_ERROR(status);
  return regions;
}

}  // namespace tikar::sync
