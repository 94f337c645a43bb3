#include "sync/duplicates.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <numbers>
#include <utility>

#include "sync/canonical.h"
#include "sync/keys.h"
#include "sync/status_macros.h"

namespace tikar::sync {
namespace {

constexpr double kEarthRadiusMetres = 6'371'008.8;
constexpr double kE7PerDegree = 1e7;
constexpr double kMetresPerE7 = kEarthRadiusMetres * std::numbers::pi / 180 / kE7PerDegree;
constexpr int64_t kDayMs = int64_t{24} * 60 * 60 * 1000;
// From here to a pole a degree of longitude is too short to count in: a row of cells is looked
// through whole.
constexpr int64_t kPolarLatitudeE7 = 890'000'000;
constexpr int64_t kLongitudeE7Max = 1'800'000'000;
// Rows near one request that are looked at. Where more lie in one place (a desk that files
// everything under its own address), the place says nothing.
constexpr size_t kNeighboursLookedMax = 1'000;

double Radians(int64_t e7) {
  return static_cast<double>(e7) / kE7PerDegree * std::numbers::pi / 180;
}

// Whether both rules hold, given how far apart the places are.
bool MayBeOne(const PlaceRow& a, const PlaceRow& b, double distance_metres) {
  if (distance_metres > std::min(a.distance_metres, b.distance_metres)) return false;
  if (std::abs(a.created_at_ms - b.created_at_ms) > std::min(a.days, b.days) * kDayMs) return false;
  for (const auto& [path, value] : a.equal_fields) {
    for (const auto& [other_path, other_value] : b.equal_fields) {
      if (path == other_path && value != other_value) return false;
    }
  }
  return true;
}

// The levels of which a service has rows in a region.
absl::StatusOr<std::vector<uint8_t>> FindLevels(const Reader& reader, const std::string& region,
                                                const std::string& service) {
  const std::string prefix = keys::PlacePrefix(region, service);
  const std::string end = PrefixEnd(prefix);
  std::vector<uint8_t> levels;
  std::string begin = prefix;
  while (true) {
    std::optional<uint8_t> level;
    RETURN_IF_ERROR(
        reader.Scan(Family::kRequests, begin, end, [&](std::string_view key, std::string_view) {
          level = static_cast<uint8_t>(key[prefix.size()]);
          return false;
        }));
    if (!level) return levels;
    if (*level >= kCellLevels) return absl::DataLossError("a place row's key is damaged");
    levels.push_back(*level);
    begin = prefix + static_cast<char>(*level + 1);
  }
}

// What stands near a place, in the squares of one level.
class Neighbours {
 public:
  Neighbours(const Reader& reader, const RequestKey& self, const PlaceRow& place)
      : reader_(reader), self_(self), place_(place) {}

  absl::Status LookInto(uint8_t level) {
    // Whoever lies in this level allows no more than its edge.
    const int64_t metres = std::min<int64_t>(place_.distance_metres, int64_t{1} << level);
    const int64_t north = static_cast<int64_t>(std::ceil(metres / kMetresPerE7)) + 1;
    const int64_t latitude_max = std::abs(int64_t{place_.latitude_e7}) + north;
    const int64_t east = latitude_max > kPolarLatitudeE7
                             ? 2 * kLongitudeE7Max
                             : static_cast<int64_t>(std::ceil(static_cast<double>(north) /
                                                              std::cos(Radians(latitude_max)))) +
                                   1;
    const uint32_t row_first = CellRowOf(level, place_.latitude_e7 - north);
    const uint32_t row_last = CellRowOf(level, place_.latitude_e7 + north);
    const uint32_t column_first = CellColumnOf(level, place_.longitude_e7 - east);
    const uint32_t column_last = CellColumnOf(level, place_.longitude_e7 + east);
    for (uint32_t row = row_first; row <= row_last; ++row) {
      RETURN_IF_ERROR(LookIntoRow(level, row, column_first, column_last));
    }
    return absl::OkStatus();
  }

  std::vector<PossibleDuplicate> Take(std::optional<RequestId> earlier_than) {
    if (earlier_than) {
      std::erase_if(found_, [&](const auto& found) { return !(found.second < *earlier_than); });
    }
    std::sort(found_.begin(), found_.end());
    std::vector<PossibleDuplicate> nearest;
    for (const auto& [distance, other] : found_) {
      if (nearest.size() == kPossibleDuplicatesMax) break;
      nearest.push_back({other, static_cast<uint32_t>(std::lround(distance))});
    }
    return nearest;
  }

 private:
  absl::Status LookIntoRow(uint8_t level, uint32_t row, uint32_t column_first,
                           uint32_t column_last) {
    const std::string& region = self_.region;
    absl::Status status;
    RETURN_IF_ERROR(reader_.Scan(
        Family::kRequests, keys::PlaceFrom(region, place_.service, level, row, column_first),
        PrefixEnd(keys::PlaceFrom(region, place_.service, level, row, column_last)),
        [&](std::string_view key, std::string_view value) {
          const absl::StatusOr<PlaceRow> other = DecodePlaceRow(value);
          const std::optional<RequestId> id =
              RequestId::FromBytes(key.substr(key.size() - RequestId::kSize));
          status = other.status();
          if (!status.ok()) return false;
          const double distance = DistanceMetres(place_.latitude_e7, place_.longitude_e7,
                                                 other->latitude_e7, other->longitude_e7);
          if (*id != self_.id && MayBeOne(place_, *other, distance)) {
            found_.emplace_back(distance, *id);
          }
          return ++looked_ < kNeighboursLookedMax;
        }));
    return status;
  }

  const Reader& reader_;
  const RequestKey& self_;
  const PlaceRow& place_;
  std::vector<std::pair<double, RequestId>> found_;
  size_t looked_ = 0;
};

}  // namespace

double DistanceMetres(int64_t latitude_a_e7, int64_t longitude_a_e7, int64_t latitude_b_e7,
                      int64_t longitude_b_e7) {
  // Haversines: exact for small distances, where the law of cosines is not. Differences are taken
  // in whole numbers, before anything is rounded.
  const double half_north = std::sin(Radians(latitude_b_e7 - latitude_a_e7) / 2);
  const double half_east = std::sin(Radians(longitude_b_e7 - longitude_a_e7) / 2);
  const double chord = half_north * half_north + std::cos(Radians(latitude_a_e7)) *
                                                     std::cos(Radians(latitude_b_e7)) * half_east *
                                                     half_east;
  return 2 * kEarthRadiusMetres * std::asin(std::min(1.0, std::sqrt(chord)));
}

absl::StatusOr<std::vector<PossibleDuplicate>> PossibleDuplicates(
    const Reader& reader, const State& state, const DefinitionSource& definitions) {
  const std::shared_ptr<const Definition> definition = definitions.Find(state.definition);
  const std::optional<PlaceRow> place = PlaceRowOf(state, definition.get());
  if (!place) return std::vector<PossibleDuplicate>();
  ASSIGN_OR_RETURN(const std::vector<uint8_t> levels,
                   FindLevels(reader, state.key.region, place->service));
  Neighbours neighbours(reader, state.key, *place);
  for (const uint8_t level : levels) RETURN_IF_ERROR(neighbours.LookInto(level));
  return neighbours.Take(std::nullopt);
}

DuplicatePairs::DuplicatePairs(const Reader& reader, std::string region,
                               const std::optional<RequestId>& from)
    : reader_(reader),
      region_(std::move(region)),
      begin_(from ? keys::Placed({region_, *from}) : keys::PlacedPrefix(region_)) {}

absl::StatusOr<std::optional<DuplicatePairs::Step>> DuplicatePairs::Next() {
  std::optional<std::pair<std::string, std::string>> row;
  RETURN_IF_ERROR(reader_.Scan(Family::kRequests, begin_, PrefixEnd(keys::PlacedPrefix(region_)),
                               [&](std::string_view key, std::string_view value) {
                                 row.emplace(key, value);
                                 return false;
                               }));
  if (!row) return std::nullopt;
  const std::optional<RequestId> id =
      RequestId::FromBytes(std::string_view(row->first).substr(keys::PlacedPrefix(region_).size()));
  if (!id) return absl::DataLossError("a place row's key is damaged");
  ASSIGN_OR_RETURN(const PlaceRow place, DecodePlacedRow(row->second));
  ASSIGN_OR_RETURN(const std::vector<uint8_t>* levels, LevelsOf(place.service));
  const RequestKey self{region_, *id};
  Neighbours neighbours(reader_, self, place);
  for (const uint8_t level : *levels) RETURN_IF_ERROR(neighbours.LookInto(level));
  Step step{.later = *id, .pairs = {}};
  for (const PossibleDuplicate& other : neighbours.Take(*id)) {
    step.pairs.push_back({*id, other.other, other.distance_metres});
  }
  begin_ = row->first + '\0';
  return step;
}

absl::StatusOr<const std::vector<uint8_t>*> DuplicatePairs::LevelsOf(const std::string& service) {
  auto at = levels_.find(service);
  if (at == levels_.end()) {
    ASSIGN_OR_RETURN(std::vector<uint8_t> levels, FindLevels(reader_, region_, service));
    at = levels_.emplace(service, std::move(levels)).first;
  }
  return &at->second;
}

absl::StatusOr<std::vector<RequestId>> JoinedTo(const Reader& reader, const RequestKey& main) {
  const std::string prefix = keys::JoinedPrefix(main);
  std::vector<RequestId> joined;
  bool damaged = false;
  RETURN_IF_ERROR(reader.Scan(Family::kRequests, prefix, PrefixEnd(prefix),
                              [&](std::string_view key, std::string_view) {
                                const auto id = RequestId::FromBytes(key.substr(prefix.size()));
                                damaged = !id;
                                if (id) joined.push_back(*id);
                                return id && joined.size() < kJoinedMax;
                              }));
  if (damaged) return absl::DataLossError("a joined request's key is damaged");
  return joined;
}

absl::StatusOr<RequestId> RootOf(const Reader& reader, const State& state) {
  std::vector<RequestId> chain = {state.key.id};
  std::optional<RequestId> next = DuplicateOf(state);
  while (next && chain.size() <= kJoinChainMax) {
    const auto met = std::find(chain.begin(), chain.end(), *next);
    if (met != chain.end()) return *std::min_element(met, chain.end());
    const RequestKey key{state.key.region, *next};
    ASSIGN_OR_RETURN(const std::optional<std::string> record,
                     reader.Get(Family::kRequests, keys::Record(key)));
    if (!record) break;
    ASSIGN_OR_RETURN(const StoredRequest request, DecodeRequest(key, *record));
    if (request.state.availability != v1::AVAILABILITY_READY || request.state.retracted()) break;
    chain.push_back(*next);
    next = DuplicateOf(request.state);
  }
  return chain.back();
}

}  // namespace tikar::sync
