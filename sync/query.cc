#include "sync/query.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "sync/feed.h"
#include "sync/keys.h"
#include "sync/ref.h"
#include "sync/status_macros.h"
#include "sync/unicode.h"

namespace tikar::sync {
namespace {

// The last key that a page looked at. Checked when it comes back: it is the caller's to change.
std::string TokenOf(std::string_view key) {
  std::string token;
  for (const char c : key) {
    absl::StrAppend(&token, absl::Hex(static_cast<uint8_t>(c), absl::kZeroPad2));
  }
  return token;
}

absl::StatusOr<std::string> KeyOfToken(std::string_view token, std::string_view prefix) {
  std::string key;
  const auto bad = [] {
    return absl::InvalidArgumentError(
        "page_token is not one that this method gave out for these arguments");
  };
  if (token.size() % 2 != 0 || token.size() > 1024) return bad();
  for (size_t i = 0; i < token.size(); i += 2) {
    const auto byte = FixedBytes<1, struct TokenTag>::FromHex(token.substr(i, 2));
    if (!byte) return bad();
    key += byte->view();
  }
  if (!key.starts_with(prefix)) return bad();
  return key;
}

std::optional<RequestKey> RequestKeyOf(std::string_view region, std::string_view id) {
  const std::optional<RequestId> request_id = RequestId::FromBytes(id);
  if (!request_id || !IsRegion(region)) return std::nullopt;
  return RequestKey{std::string(region), *request_id};
}

// Rows of a page, read before anything is decoded, so that no iterator is held meanwhile.
absl::StatusOr<std::vector<std::pair<std::string, std::string>>> ReadRows(const Reader& reader,
                                                                          std::string_view begin,
                                                                          std::string_view end,
                                                                          size_t count,
                                                                          bool reverse) {
  std::vector<std::pair<std::string, std::string>> rows;
  const auto visit = [&](std::string_view key, std::string_view value) {
    rows.emplace_back(key, value);
    return rows.size() < count;
  };
  RETURN_IF_ERROR(reverse ? reader.ScanReverse(Family::kRequests, begin, end, visit)
                          : reader.Scan(Family::kRequests, begin, end, visit));
  return rows;
}

// State and local part, without elements.
absl::StatusOr<StoredRequest> DecodeRequest(const RequestKey& key, std::string_view bytes) {
  StoredRequest request;
  ASSIGN_OR_RETURN(RecordParts parts, DecodeRecord(bytes));
  ASSIGN_OR_RETURN(request.state, DecodeState(key, parts.state_bytes));
  request.local = std::move(parts.local);
  return request;
}

absl::Status LoadElements(const Reader& reader, const RequestKey& key, Elements* elements) {
  const std::string prefix = keys::ElementPrefix(key);
  absl::Status status;
  RETURN_IF_ERROR(reader.Scan(Family::kRequests, prefix, PrefixEnd(prefix),
                              [&](std::string_view, std::string_view row) {
                                absl::StatusOr<FieldState> element = DecodeField(row);
                                if (!element.ok()) {
                                  status = element.status();
                                  return false;
                                }
                                std::string path = element->path;
                                elements->emplace(std::move(path), *std::move(element));
                                return true;
                              }));
  return status;
}

bool Matches(const State& state, const v1::RequestFilter& filter, const std::string& folded_text) {
  if (!filter.show_retracted() && state.retracted()) return false;
  if (!filter.area().empty() && !AreaWithin(state.area(), filter.area())) return false;
  if (!filter.service().empty() && state.service != filter.service()) return false;
  if (!filter.status().empty() && state.status() != std::string_view(filter.status())) return false;
  if (!filter.assignee().empty() && state.assignee() != std::string_view(filter.assignee())) {
    return false;
  }
  if (filter.under_review() &&
      std::none_of(state.fields.begin(), state.fields.end(),
                   [](const FieldState& field) { return field.under_review; })) {
    return false;
  }
  if (folded_text.empty()) return true;
  return std::any_of(state.fields.begin(), state.fields.end(), [&](const FieldState& field) {
    return field.path.front() != '@' && field.value && field.value->is_text() &&
           CaseFolded(*field.value->text()).find(folded_text) != std::string::npos;
  });
}

}  // namespace

absl::StatusOr<std::optional<StoredRequest>> LoadRequest(const Reader& reader,
                                                         const RequestKey& key) {
  ASSIGN_OR_RETURN(std::optional<std::string> bytes,
                   reader.Get(Family::kRequests, keys::Record(key)));
  if (!bytes) return std::nullopt;
  ASSIGN_OR_RETURN(StoredRequest request, DecodeRequest(key, *bytes));
  RETURN_IF_ERROR(LoadElements(reader, key, &request.elements));
  return request;
}

v1::Request ToProto(const StoredRequest& request) {
  return RequestToProto(request.state, request.elements,
                        DigestOf(EncodeState(request.state), request.local.element_sum),
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

absl::StatusOr<v1::ListRequestsResponse> ListRequests(const Reader& reader, std::string_view region,
                                                      const v1::RequestFilter& filter,
                                                      size_t page_size, std::string_view page_token,
                                                      size_t scan_max) {
  constexpr size_t kRowsAtOnce = 256;
  const std::string prefix = keys::RecordPrefix(region);
  std::string end = PrefixEnd(prefix);
  if (!page_token.empty()) {
    ASSIGN_OR_RETURN(end, KeyOfToken(page_token, prefix));
  }
  const std::string folded_text = CaseFolded(filter.text());
  v1::ListRequestsResponse response;
  size_t scanned = 0;
  while (true) {
    ASSIGN_OR_RETURN(auto rows, ReadRows(reader, prefix, end, kRowsAtOnce, /*reverse=*/true));
    for (const auto& [key, value] : rows) {
      ++scanned;
      end = key;
      const std::string_view rest = std::string_view(key).substr(1);
      const std::optional<RequestKey> request_key =
          RequestKeyOf(rest.substr(0, keys::kRegionSize), rest.substr(keys::kRegionSize));
      if (!request_key) return absl::DataLossError("a request's key is damaged");
      ASSIGN_OR_RETURN(StoredRequest request, DecodeRequest(*request_key, value));
      if (!Matches(request.state, filter, folded_text)) continue;
      RETURN_IF_ERROR(LoadElements(reader, *request_key, &request.elements));
      *response.add_requests() = ToProto(request);
      if (static_cast<size_t>(response.requests_size()) == page_size) break;
    }
    const bool full = static_cast<size_t>(response.requests_size()) == page_size;
    if (rows.size() < kRowsAtOnce && !full) return response;
    if (full || scanned >= scan_max) {
      response.set_next_page_token(TokenOf(end));
      return response;
    }
  }
}

absl::StatusOr<v1::Conflict> MakeConflict(const StoredRequest& request, std::string_view path,
                                          const DefinitionSource& definitions) {
  const State& state = request.state;
  const FieldState* field = state.Find(path);
  if (field == nullptr || !field->under_review) {
    return absl::NotFoundError(absl::StrCat("field ", AbslView(path), " of request ",
                                            MakeRef(state.key.id), " is not under review"));
  }
  v1::Conflict conflict;
  conflict.set_name(absl::StrCat(RequestName(state.key), "/conflicts/", AbslView(path)));
  conflict.set_request_ref(MakeRef(state.key.id));
  conflict.set_service(state.service);
  conflict.set_area(std::string(state.area()));
  *conflict.mutable_field() = FieldToProto(*field);
  uint64_t since = 0;
  for (const Candidate& candidate : field->candidates) {
    since = std::max(since, candidate.effective_time);
  }
  conflict.set_open_since(since);
  conflict.set_etag(EtagOf(state.heads));
  const std::shared_ptr<const Definition> definition = definitions.Find(state.definition);
  if (definition == nullptr) return conflict;
  conflict.set_title(std::string(state.Text(definition->proto().title_field())));
  conflict.set_policy(definition->PolicyOf(path));
  for (const v1::Role& role : definition->proto().roles()) {
    if (definition->MaySettle(role.key(), path)) conflict.add_settler_roles(role.key());
  }
  return conflict;
}

absl::StatusOr<ConflictPage> ListConflicts(const Reader& reader, std::string_view region,
                                           std::string_view area, std::string_view service,
                                           size_t page_size, std::string_view page_token,
                                           const DefinitionSource& definitions) {
  constexpr size_t kRowsAtOnce = 256;
  const std::string prefix = keys::ConflictPrefix(region);
  std::string begin = prefix;
  if (!page_token.empty()) {
    ASSIGN_OR_RETURN(begin, KeyOfToken(page_token, prefix));
  }
  ConflictPage page;
  while (true) {
    ASSIGN_OR_RETURN(auto rows,
                     ReadRows(reader, begin, PrefixEnd(prefix), kRowsAtOnce, /*reverse=*/false));
    for (const auto& [key, value] : rows) {
      begin = key + '\0';
      constexpr size_t kIdAt = 1 + keys::kRegionSize + 8;
      const std::string_view view = key;
      if (view.size() <= kIdAt + RequestId::kSize) {
        return absl::DataLossError("a conflict's key is damaged");
      }
      const std::optional<RequestKey> request_key =
          RequestKeyOf(view.substr(1, keys::kRegionSize), view.substr(kIdAt, RequestId::kSize));
      if (!request_key) return absl::DataLossError("a conflict's key is damaged");
      ASSIGN_OR_RETURN(std::optional<StoredRequest> request, LoadRequest(reader, *request_key));
      if (!request) return absl::DataLossError("a conflict's request is missing");
      if (!area.empty() && !AreaWithin(request->state.area(), area)) continue;
      if (!service.empty() && request->state.service != service) continue;
      ASSIGN_OR_RETURN(v1::Conflict conflict,
                       MakeConflict(*request, view.substr(kIdAt + RequestId::kSize), definitions));
      page.conflicts.push_back(std::move(conflict));
      if (page.conflicts.size() == page_size) {
        page.next_page_token = TokenOf(begin);
        return page;
      }
    }
    if (rows.size() < kRowsAtOnce) return page;
  }
}

absl::StatusOr<VersionVector> LoadVersionVector(const Reader& reader, std::string_view region) {
  VersionVector vector;
  const std::string prefix = keys::PositionPrefix(region);
  RETURN_IF_ERROR(reader.Scan(
      Family::kMeta, prefix, PrefixEnd(prefix), [&](std::string_view key, std::string_view value) {
        const Origin origin{CanonicalReader(key.substr(prefix.size())).Fixed64()};
        const uint64_t seq = CanonicalReader(value).Varint();
        if (origin != Origin::kNone) vector.Advance(origin, seq);
        return true;
      }));
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
