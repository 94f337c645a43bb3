// ListInbox: seven lists, one after the other, each from an index of its own.
//
// A page stops for three reasons: it has as many items as it may, the next one would make it too
// large, or it has looked at as much as one call may. Its token is (kind, region, place): the place
// is what the kind's list began last or was through with.
#include "sync/inbox_query.h"

#include <algorithm>
#include <deque>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "sync/canonical.h"
#include "sync/change.h"
#include "sync/duplicates.h"
#include "sync/hlc.h"
#include "sync/index_rows.h"
#include "sync/keys.h"
#include "sync/paging.h"
#include "sync/ref.h"
#include "sync/service_clock.h"
#include "sync/status_macros.h"

namespace tikar::sync {
namespace {

// What a request costs that is compared with its neighbours, in rows.
constexpr size_t kRowsPerComparison = 20;

// In a place among possible duplicates: every pair of that request is through.
constexpr size_t kAllThrough = 0xff;
static_assert(kPossibleDuplicatesMax < kAllThrough);

// When the Create of a request was written, as its id tells.
int64_t CreatedAtMs(const RequestId& id) {
  int64_t ms = 0;
  for (size_t i = 0; i < 6; ++i) ms = ms << 8 | id[i];
  return ms;
}

// Reads the fixed parts of an index row's key, after its letter and region.
std::optional<RequestId> IdAt(std::string_view key, size_t at) {
  return key.size() < at + RequestId::kSize
             ? std::nullopt
             : RequestId::FromBytes(key.substr(at, RequestId::kSize));
}

// The next larger id; of the largest one itself, which no request has.
RequestId Successor(RequestId id) {
  for (size_t i = RequestId::kSize; i-- > 0;) {
    if (++id[i] != 0) return id;
  }
  return *RequestId::FromBytes(std::string(RequestId::kSize, '\xff'));
}

absl::Status DamagedKey() { return absl::DataLossError("a key of the inbox is damaged"); }

class InboxPage {
 public:
  InboxPage(const Reader& reader, const InboxQuery& query, const PageQuery& page,
            const DefinitionSource& definitions, const WorkingCalendar& calendar)
      : reader_(reader),
        query_(query),
        page_(page),
        definitions_(definitions),
        calendar_(calendar) {}

  // Lists a kind in a region from behind `place` on (empty: from the beginning).
  absl::Status List(v1::InboxKind kind, const std::string& region, std::string place) {
    region_ = region;
    place_ = std::move(place);
    switch (kind) {
      case v1::INBOX_KIND_UNDER_REVIEW:
        return ListRows(keys::ConflictPrefix(region), &InboxPage::AddUnderReview);
      case v1::INBOX_KIND_LATE:
        return ListLate();
      case v1::INBOX_KIND_REFUSED:
        return ListRows(keys::RefusedPrefix(region), &InboxPage::AddRefused);
      case v1::INBOX_KIND_POSSIBLE_DUPLICATE:
        return ListDuplicates();
      case v1::INBOX_KIND_NEEDS_CREATE:
        return ListUnavailable(kind, v1::AVAILABILITY_NEEDS_CREATE);
      case v1::INBOX_KIND_NEEDS_DEFINITION:
        return ListUnavailable(kind, v1::AVAILABILITY_NEEDS_DEFINITION);
      case v1::INBOX_KIND_NEEDS_NEWER_SERVER:
        return ListUnavailable(kind, v1::AVAILABILITY_NEEDS_NEWER_SERVER);
      default:
        return absl::OkStatus();
    }
  }

  // No more goes onto this page; place() is where the next one goes on.
  bool full() const { return full_; }
  const std::string& place() const { return place_; }
  v1::ListInboxResponse Take() { return std::move(response_); }

 private:
  // Whether there is room to look at one thing more.
  bool Look(size_t rows = 1) {
    full_ = IsFilled() || looked_ >= page_.scan_max;
    looked_ += rows;
    return !full_;
  }

  bool IsFilled() const { return static_cast<size_t>(response_.items_size()) >= page_.size; }

  void Add(v1::InboxItem item) {
    const size_t size = item.ByteSizeLong() + kFramingBytes;
    if (response_.items_size() > 0 && bytes_ + size > page_.bytes_max) {
      full_ = true;
      return;
    }
    bytes_ += size;
    *response_.add_items() = std::move(item);
  }

  // nullopt: it is not here, so the row is one that a damaged request left.
  absl::StatusOr<std::optional<StoredRequest>> Load(const RequestId& id) {
    const RequestKey key{region_, id};
    ASSIGN_OR_RETURN(const std::optional<std::string> record,
                     reader_.Get(Family::kRequests, keys::Record(key)));
    if (!record) return std::nullopt;
    ASSIGN_OR_RETURN(StoredRequest request, DecodeRequest(key, *record));
    return request;
  }

  v1::InboxItem MakeItem(v1::InboxKind kind, const State& state) const {
    v1::InboxItem item;
    item.set_kind(kind);
    item.set_request(RequestName(state.key));
    if (state.availability != v1::AVAILABILITY_NEEDS_CREATE) {
      item.set_request_ref(MakeRef(state.key.id));
    }
    item.set_service(state.service);
    item.set_area(std::string(state.area()));
    item.set_actor(std::string(state.assignee()));
    item.set_etag(EtagOf(state.heads));
    item.set_status(std::string(state.status()));
    const std::shared_ptr<const Definition> definition = definitions_.Find(state.definition);
    if (definition == nullptr) return item;
    const std::string& title = definition->proto().title_field();
    const v1::Field* const field = definition->FindField(title);
    if (field != nullptr && !field->personal()) item.set_title(std::string(state.Text(title)));
    return item;
  }

  // Rows of one index, in the order of their keys. The place is the last key.
  using AddRow = absl::Status (InboxPage::*)(std::string_view key, std::string_view value);
  absl::Status ListRows(const std::string& prefix, AddRow add) {
    if (!place_.empty() && !place_.starts_with(prefix)) return BadToken();
    std::string begin = place_.empty() ? prefix : place_ + '\0';
    while (true) {
      ASSIGN_OR_RETURN(const std::deque<Row> rows,
                       ReadRows(reader_, begin, PrefixEnd(prefix), kRowsPerLook, kBytesPerLook,
                                /*reverse=*/false));
      if (rows.empty()) return absl::OkStatus();
      for (const auto& [key, value] : rows) {
        if (!Look()) return absl::OkStatus();
        RETURN_IF_ERROR((this->*add)(key, value));
        if (full_) return absl::OkStatus();
        place_ = key;
      }
      begin = place_ + '\0';
    }
  }

  absl::Status AddUnderReview(std::string_view key, std::string_view) {
    constexpr size_t kSinceAt = 1 + keys::kRegionSize;
    const std::optional<RequestId> id = IdAt(key, kSinceAt + 8);
    if (!id) return DamagedKey();
    ASSIGN_OR_RETURN(const std::optional<StoredRequest> request, Load(*id));
    const std::string_view path = key.substr(kSinceAt + 8 + RequestId::kSize);
    if (!request || !request->state.UnderReview(path)) return absl::OkStatus();
    v1::InboxItem item = MakeItem(v1::INBOX_KIND_UNDER_REVIEW, request->state);
    item.set_since_ms(HlcMs(CanonicalReader(key.substr(kSinceAt, 8)).Fixed64()));
    item.set_path(std::string(path));
    Add(std::move(item));
    return absl::OkStatus();
  }

  absl::Status AddRefused(std::string_view key, std::string_view value) {
    constexpr size_t kSinceAt = 1 + keys::kRegionSize;
    constexpr size_t kChangeAt = kSinceAt + 8 + RequestId::kSize;
    const std::optional<RequestId> id = IdAt(key, kSinceAt + 8);
    if (!id || key.size() != kChangeAt + ChangeId::kSize) return DamagedKey();
    ASSIGN_OR_RETURN(const RefusedRecord refused, DecodeRefused(value));
    ASSIGN_OR_RETURN(const std::optional<StoredRequest> request, Load(*id));
    if (!request) return absl::OkStatus();
    v1::InboxItem item = MakeItem(v1::INBOX_KIND_REFUSED, request->state);
    item.set_since_ms(static_cast<int64_t>(CanonicalReader(key.substr(kSinceAt, 8)).Fixed64()));
    item.set_change_id(std::string(key.substr(kChangeAt)));
    item.set_reason(refused.reason);
    item.set_actor(refused.actor);
    Add(std::move(item));
    return absl::OkStatus();
  }

  absl::Status ListUnavailable(v1::InboxKind kind, v1::Availability availability) {
    unavailable_kind_ = kind;
    return ListRows(keys::UnavailablePrefix(region_, static_cast<uint8_t>(availability)),
                    &InboxPage::AddUnavailable);
  }

  absl::Status AddUnavailable(std::string_view key, std::string_view) {
    const std::optional<RequestId> id = IdAt(key, 1 + keys::kRegionSize + 1);
    if (!id) return DamagedKey();
    ASSIGN_OR_RETURN(const std::optional<StoredRequest> request, Load(*id));
    if (!request) return absl::OkStatus();
    v1::InboxItem item = MakeItem(unavailable_kind_, request->state);
    item.set_since_ms(CreatedAtMs(*id));
    if (unavailable_kind_ == v1::INBOX_KIND_NEEDS_DEFINITION) {
      item.set_definition_hash(request->state.definition.bytes());
    }
    Add(std::move(item));
    return absl::OkStatus();
  }

  // Running clocks of one number of working days, by when they are due.
  struct Lane {
    uint32_t working_days = 0;
    std::string begin;  // empty: read to its end
    std::deque<std::string> keys;
  };

  // (due, key): the order of what is late, and its place.
  using Due = std::pair<int64_t, std::string>;

  // The first row of a lane that is late and behind the place; nullopt: none is left.
  absl::StatusOr<std::optional<Due>> First(Lane* lane, const Due& behind) {
    while (true) {
      if (lane->keys.empty()) {
        if (lane->begin.empty()) return std::nullopt;
        ASSIGN_OR_RETURN(
            const std::deque<Row> rows,
            ReadRows(reader_, lane->begin,
                     PrefixEnd(keys::ClockPrefix(keys::kRunning, region_, lane->working_days)),
                     kRowsPerLook, kBytesPerLook, /*reverse=*/false));
        lane->begin = rows.empty() ? "" : rows.back().first + '\0';
        for (const Row& row : rows) lane->keys.push_back(row.first);
        if (rows.empty()) return std::nullopt;
      }
      ASSIGN_OR_RETURN(const ClockRow row, ParseClockRow(lane->keys.front()));
      Due due{calendar_.Deadline(row.at_ms, row.working_days, region_), lane->keys.front()};
      if (due.first > query_.now_ms) {
        lane->begin.clear();
        lane->keys.clear();
        return std::nullopt;
      }
      if (behind < due) return due;
      lane->keys.pop_front();
    }
  }

  // The earliest start whose deadline is not before `due_ms`: deadlines never run backwards.
  int64_t FirstStartDue(int64_t due_ms, uint32_t working_days) const {
    int64_t low = 0, high = std::max<int64_t>(0, due_ms);
    while (low < high) {
      const int64_t middle = low + (high - low) / 2;
      if (calendar_.Deadline(middle, working_days, region_) < due_ms) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  absl::Status ListLate() {
    Due behind{0, ""};
    if (!place_.empty()) {
      CanonicalReader place(place_);
      behind.first = static_cast<int64_t>(place.Fixed64());
      if (!place.ok() || behind.first < 0) return BadToken();
      behind.second = place_.substr(8);
    }
    ASSIGN_OR_RETURN(const std::vector<uint32_t> levels,
                     WorkingDaysOf(reader_, keys::kRunning, region_));
    std::deque<Lane> lanes;
    for (const uint32_t days : levels) {
      lanes.push_back({.working_days = days,
                       .begin = keys::ClockFrom(keys::kRunning, region_, days,
                                                FirstStartDue(behind.first, days)),
                       .keys = {}});
    }
    while (true) {
      std::optional<Due> next;
      Lane* from = nullptr;
      for (Lane& lane : lanes) {
        ASSIGN_OR_RETURN(const std::optional<Due> first, First(&lane, behind));
        if (first && (!next || *first < *next)) {
          next = first;
          from = &lane;
        }
      }
      if (!next || !Look()) return absl::OkStatus();
      ASSIGN_OR_RETURN(const ClockRow row, ParseClockRow(next->second));
      RETURN_IF_ERROR(AddLate(row));
      if (full_) return absl::OkStatus();
      from->keys.pop_front();
      place_ = keys::BigEndian64(static_cast<uint64_t>(next->first)) + next->second;
      behind = *std::move(next);
    }
  }

  absl::Status AddLate(const ClockRow& row) {
    ASSIGN_OR_RETURN(const std::optional<StoredRequest> request, Load(row.request.id));
    if (!request) return absl::OkStatus();
    const std::shared_ptr<const Definition> definition =
        definitions_.Find(request->state.definition);
    if (definition == nullptr) return absl::OkStatus();
    for (const ServiceClock& clock : ServiceClocksOf(request->state, *definition, calendar_)) {
      // A holiday of the request's own area may give it some days more.
      if (clock.level->key() != row.level || !clock.running() || !clock.IsLate(query_.now_ms)) {
        continue;
      }
      v1::InboxItem item = MakeItem(v1::INBOX_KIND_LATE, request->state);
      item.set_since_ms(clock.due_at_ms);
      *item.mutable_clock() = ToProto(clock, query_.now_ms);
      Add(std::move(item));
      break;
    }
    return absl::OkStatus();
  }

  // The place: the later request, and how many of its pairs are through.
  absl::Status ListDuplicates() {
    std::optional<RequestId> from;
    size_t through = 0;
    if (!place_.empty()) {
      from = IdAt(place_, 0);
      if (!from || place_.size() != RequestId::kSize + 1) return BadToken();
      through = static_cast<uint8_t>(place_.back());
      if (through == kAllThrough) {
        from = Successor(*from);
        through = 0;
      }
    }
    DuplicatePairs pairs(reader_, region_, from);
    while (Look(kRowsPerComparison)) {
      ASSIGN_OR_RETURN(const std::optional<DuplicatePairs::Step> step, pairs.Next());
      if (!step) return absl::OkStatus();
      const auto through_with = [&](size_t count) {
        place_ = step->later.bytes() + static_cast<char>(static_cast<uint8_t>(count));
      };
      for (size_t i = from == step->later ? through : 0; i < step->pairs.size(); ++i) {
        // Not Look: what was compared once is told, or a small page would compare it for ever.
        full_ = IsFilled();
        if (full_) return absl::OkStatus();
        RETURN_IF_ERROR(AddPair(step->pairs[i]));
        if (full_) return absl::OkStatus();
        through_with(i + 1);
      }
      through_with(kAllThrough);
    }
    return absl::OkStatus();
  }

  absl::Status AddPair(const DuplicatePair& pair) {
    ASSIGN_OR_RETURN(const std::optional<StoredRequest> later, Load(pair.later));
    if (!later) return absl::OkStatus();
    v1::InboxItem item = MakeItem(v1::INBOX_KIND_POSSIBLE_DUPLICATE, later->state);
    item.set_since_ms(HlcMs(later->state.create_time));
    item.set_other_request(RequestName({region_, pair.earlier}));
    item.set_other_request_ref(MakeRef(pair.earlier));
    item.set_distance_metres(pair.distance_metres);
    Add(std::move(item));
    return absl::OkStatus();
  }

  const Reader& reader_;
  const InboxQuery& query_;
  const PageQuery& page_;
  const DefinitionSource& definitions_;
  const WorkingCalendar& calendar_;
  std::string region_;
  std::string place_;
  v1::InboxKind unavailable_kind_ = v1::INBOX_KIND_UNSPECIFIED;
  bool full_ = false;
  size_t looked_ = 0;
  size_t bytes_ = 0;
  v1::ListInboxResponse response_;
};

std::vector<v1::InboxKind> KindsOf(const InboxQuery& query) {
  std::vector<v1::InboxKind> kinds = query.kinds;
  if (kinds.empty()) {
    for (int kind = v1::InboxKind_MIN + 1; kind <= v1::InboxKind_MAX; ++kind) {
      kinds.push_back(static_cast<v1::InboxKind>(kind));
    }
  }
  std::sort(kinds.begin(), kinds.end());
  kinds.erase(std::unique(kinds.begin(), kinds.end()), kinds.end());
  return kinds;
}

}  // namespace

absl::StatusOr<v1::ListInboxResponse> ListInbox(const Reader& reader, const InboxQuery& query,
                                                const PageQuery& page,
                                                const DefinitionSource& definitions,
                                                const WorkingCalendar& calendar) {
  const std::vector<v1::InboxKind> kinds = KindsOf(query);
  std::vector<std::string> regions;
  if (!query.region.empty()) {
    regions.push_back(query.region);
  } else {
    ASSIGN_OR_RETURN(const std::vector<v1::RegionStatus> statuses, LoadRegionStatuses(reader));
    for (const v1::RegionStatus& status : statuses) regions.push_back(status.region());
  }
  // Where the page before stopped.
  int kind_first = v1::INBOX_KIND_UNSPECIFIED;
  std::string region_first, place;
  if (!page.token.empty()) {
    ASSIGN_OR_RETURN(const std::string token, PlaceOf(page.token));
    if (token.size() < 1 + keys::kRegionSize) return BadToken();
    kind_first = static_cast<uint8_t>(token.front());
    region_first = token.substr(1, keys::kRegionSize);
    place = token.substr(1 + keys::kRegionSize);
    if (std::find(kinds.begin(), kinds.end(), kind_first) == kinds.end() ||
        std::find(regions.begin(), regions.end(), region_first) == regions.end()) {
      return BadToken();
    }
  }
  InboxPage inbox(reader, query, page, definitions, calendar);
  for (const v1::InboxKind kind : kinds) {
    if (kind < kind_first) continue;
    for (const std::string& region : regions) {
      const bool resumes = kind == kind_first && region == region_first;
      if (kind == kind_first && region < region_first) continue;
      RETURN_IF_ERROR(inbox.List(kind, region, resumes ? place : ""));
      if (!inbox.full()) continue;
      std::string token(1, static_cast<char>(kind));
      v1::ListInboxResponse response = inbox.Take();
      response.set_next_page_token(TokenOf(token + region + inbox.place()));
      return response;
    }
  }
  return inbox.Take();
}

}  // namespace tikar::sync
