// ListRequests and ListConflicts: pages of what is stored.
//
// A page's token is where it stopped, and a page stops for three reasons: it has as many items as
// it may, the next one would make it too large, or it has looked at as much as one call may. It is
// the caller's to change, and is checked when it comes back.
#include <algorithm>
#include <deque>
#include <queue>
#include <utility>

#include "absl/strings/str_cat.h"
#include "sync/feed.h"
#include "sync/keys.h"
#include "sync/paging.h"
#include "sync/query.h"
#include "sync/ref.h"
#include "sync/status_macros.h"
#include "sync/unicode.h"

namespace tikar::sync {
namespace {

constexpr size_t kRowsPerRegionMin = 4;
constexpr size_t kBytesPerRegionMin = 16 << 10;
// Requests that one page of a former time folds: each reads its history.
constexpr size_t kAsOfPerPageMax = 1'000;
// The records of some regions, newest creation first: by request id, which begins with the time of
// the Create; of equal ids the larger region first. A page stops after a place in this order.
class NewestFirst {
 public:
  struct Place {
    RequestId id;
    std::string region;

    std::string bytes() const { return id.bytes() + region; }
    static std::optional<Place> FromBytes(std::string_view bytes) {
      if (bytes.size() != RequestId::kSize + keys::kRegionSize) return std::nullopt;
      Place place{*RequestId::FromBytes(bytes.substr(0, RequestId::kSize)),
                  std::string(bytes.substr(RequestId::kSize))};
      if (!IsRegion(place.region)) return std::nullopt;
      return place;
    }
    bool operator<(const Place& other) const {
      return id != other.id ? id < other.id : region < other.region;
    }
  };

  NewestFirst(const Reader& reader, const std::vector<std::string>& regions)
      : reader_(reader),
        rows_first_(
            std::max(kRowsPerRegionMin, kRowsPerLook / std::max<size_t>(1, regions.size()))),
        bytes_max_(
            std::max(kBytesPerRegionMin, kBytesPerLook / std::max<size_t>(1, regions.size()))) {
    for (const std::string& region : regions) lanes_.emplace_back().region = region;
  }

  // Once, before all others. Begins after `after`; nullopt: with the newest.
  absl::Status Open(const std::optional<Place>& after) {
    for (size_t i = 0; i < lanes_.size(); ++i) {
      Lane& lane = lanes_[i];
      lane.rows_per_look = rows_first_;
      if (!after) {
        lane.end = PrefixEnd(keys::RecordPrefix(lane.region));
      } else {
        lane.end = keys::Record({lane.region, after->id});
        if (lane.region < after->region) lane.end.push_back('\0');  // its own one of that id too
      }
      RETURN_IF_ERROR(Fill(i));
    }
    return absl::OkStatus();
  }

  bool done() const { return next_.empty(); }

  struct Record {
    Place place;
    std::string bytes;
  };
  // Only while not done().
  absl::StatusOr<Record> Take() {
    const auto [place, at] = next_.top();
    next_.pop();
    Lane& lane = lanes_[at];
    Record record{place, std::move(lane.rows.front().second)};
    lane.end = std::move(lane.rows.front().first);
    lane.rows.pop_front();
    RETURN_IF_ERROR(Fill(at));
    return record;
  }

 private:
  // One region.
  struct Lane {
    std::string region;
    std::string end;  // what was taken or read before lies here and above
    size_t rows_per_look = 0;
    std::deque<Row> rows;
    bool read_up = false;  // no row is left behind `rows`
  };

  absl::Status Fill(size_t at) {
    Lane& lane = lanes_[at];
    if (lane.rows.empty() && !lane.read_up) {
      ASSIGN_OR_RETURN(lane.rows, ReadRows(reader_, keys::RecordPrefix(lane.region), lane.end,
                                           lane.rows_per_look, bytes_max_, /*reverse=*/true));
      lane.read_up = lane.rows.empty();
      lane.rows_per_look = std::min(2 * lane.rows_per_look, kRowsPerLook);
    }
    if (lane.rows.empty()) return absl::OkStatus();
    const std::string_view id =
        std::string_view(lane.rows.front().first).substr(1 + keys::kRegionSize);
    const std::optional<RequestId> request_id = RequestId::FromBytes(id);
    if (!request_id) return absl::DataLossError("a request's key is damaged");
    next_.push({{*request_id, lane.region}, at});
    return absl::OkStatus();
  }

  const Reader& reader_;
  const size_t rows_first_;
  const size_t bytes_max_;
  std::vector<Lane> lanes_;
  // The next record of each lane that has one.
  std::priority_queue<std::pair<Place, size_t>> next_;
};

// The regions in which something within `area` (empty: anywhere) can lie.
absl::StatusOr<std::vector<std::string>> RegionsOf(const Reader& reader, std::string_view region,
                                                   std::string_view area) {
  std::vector<std::string> regions;
  if (!region.empty()) {
    regions.emplace_back(region);
    return regions;
  }
  RETURN_IF_ERROR(reader.Scan(Family::kMeta, keys::kRegionPrefix, PrefixEnd(keys::kRegionPrefix),
                              [&](std::string_view key, std::string_view) {
                                const std::string_view one = key.substr(keys::kRegionPrefix.size());
                                if (area.empty() || AreaWithin(one, area) ||
                                    AreaWithin(area, one)) {
                                  regions.emplace_back(one);
                                }
                                return true;
                              }));
  return regions;
}

// The request as it is to be shown, without its elements if it is of now; nullopt: it is not.
absl::StatusOr<std::optional<StoredRequest>> Shown(const Reader& reader, const RequestKey& key,
                                                   std::string_view record,
                                                   const v1::RequestFilter& filter,
                                                   const std::string& folded_text,
                                                   const ListView& view) {
  std::optional<StoredRequest> request;
  if (view.as_of_ms == 0) {
    ASSIGN_OR_RETURN(request, DecodeRequest(key, record));
  } else {
    CHECK(view.definitions != nullptr);
    ASSIGN_OR_RETURN(request, LoadRequestAsOf(reader, key, view.as_of_ms, *view.definitions));
    if (!request) return std::nullopt;
  }
  ASSIGN_OR_RETURN(const bool passes,
                   PassesFilter(reader, request->state, filter, folded_text, view));
  if (!passes) return std::nullopt;
  return request;
}

}  // namespace

absl::StatusOr<v1::ListRequestsResponse> ListRequests(const Reader& reader, std::string_view region,
                                                      const v1::RequestFilter& filter,
                                                      const PageQuery& query,
                                                      const ListView& view) {
  std::optional<NewestFirst::Place> last;
  if (!query.token.empty()) {
    ASSIGN_OR_RETURN(const std::string place, PlaceOf(query.token));
    last = NewestFirst::Place::FromBytes(place);
    if (!last || (!region.empty() && last->region != region)) return BadToken();
  }
  ASSIGN_OR_RETURN(const std::vector<std::string> regions,
                   RegionsOf(reader, region, filter.area()));
  NewestFirst records(reader, regions);
  RETURN_IF_ERROR(records.Open(last));
  const std::string folded_text = CaseFolded(filter.text());
  const size_t scan_max =
      view.as_of_ms == 0 ? query.scan_max : std::min(query.scan_max, kAsOfPerPageMax);
  v1::ListRequestsResponse response;
  size_t bytes = 0;
  for (size_t looked = 0; !records.done(); ++looked) {
    const bool full = static_cast<size_t>(response.requests_size()) == query.size;
    if (full || looked == scan_max) {
      response.set_next_page_token(TokenOf(last->bytes()));
      break;
    }
    ASSIGN_OR_RETURN(const NewestFirst::Record record, records.Take());
    const RequestKey key{record.place.region, record.place.id};
    ASSIGN_OR_RETURN(std::optional<StoredRequest> request,
                     Shown(reader, key, record.bytes, filter, folded_text, view));
    if (request) {
      if (view.as_of_ms == 0) RETURN_IF_ERROR(LoadElements(reader, &*request));
      v1::Request proto = ToProto(*request);
      RETURN_IF_ERROR(
          AddViews(reader, request->state, view, /*possible_duplicates=*/false, &proto));
      const size_t size = proto.ByteSizeLong() + kFramingBytes;
      if (response.requests_size() > 0 && bytes + size > query.bytes_max) {
        response.set_next_page_token(TokenOf(last->bytes()));
        break;
      }
      bytes += size;
      *response.add_requests() = std::move(proto);
    }
    last = record.place;
  }
  return response;
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
                                           const PageQuery& query,
                                           const DefinitionSource& definitions) {
  const std::string prefix = keys::ConflictPrefix(region);
  std::string begin = prefix;
  if (!query.token.empty()) {
    ASSIGN_OR_RETURN(begin, PlaceOf(query.token));
    if (!begin.starts_with(prefix)) return BadToken();
  }
  ConflictPage page;
  size_t bytes = 0, looked = 0;
  while (true) {
    ASSIGN_OR_RETURN(const std::deque<Row> rows,
                     ReadRows(reader, begin, PrefixEnd(prefix), kRowsPerLook, kBytesPerLook,
                              /*reverse=*/false));
    if (rows.empty()) return page;
    for (const auto& [row, value] : rows) {
      if (page.conflicts.size() == query.size || looked++ == query.scan_max) {
        page.next_page_token = TokenOf(begin);
        return page;
      }
      constexpr size_t kIdAt = 1 + keys::kRegionSize + 8;
      const std::string_view view = row;
      const std::optional<RequestId> id =
          view.size() > kIdAt + RequestId::kSize
              ? RequestId::FromBytes(view.substr(kIdAt, RequestId::kSize))
              : std::nullopt;
      if (!id) return absl::DataLossError("a conflict's key is damaged");
      const RequestKey key{std::string(view.substr(1, keys::kRegionSize)), *id};
      ASSIGN_OR_RETURN(const std::optional<std::string> record,
                       reader.Get(Family::kRequests, keys::Record(key)));
      if (!record) return absl::DataLossError("a conflict's request is missing");
      ASSIGN_OR_RETURN(const StoredRequest request, DecodeRequest(key, *record));
      if ((area.empty() || AreaWithin(request.state.area(), area)) &&
          (service.empty() || request.state.service == service)) {
        ASSIGN_OR_RETURN(v1::Conflict conflict,
                         MakeConflict(request, view.substr(kIdAt + RequestId::kSize), definitions));
        const size_t size = conflict.ByteSizeLong() + kFramingBytes;
        if (!page.conflicts.empty() && bytes + size > query.bytes_max) {
          page.next_page_token = TokenOf(begin);
          return page;
        }
        bytes += size;
        page.conflicts.push_back(std::move(conflict));
      }
      begin = row + '\0';
    }
  }
}

}  // namespace tikar::sync
