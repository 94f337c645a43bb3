#include "sync/index_rows.h"

#include <algorithm>
#include <set>

#include "sync/canonical.h"
#include "sync/hlc.h"
#include "sync/keys.h"
#include "sync/policy.h"
#include "sync/service_clock.h"
#include "sync/status_macros.h"
#include "sync/timers.h"

namespace tikar::sync {
namespace {

constexpr uint8_t kPlaceRowVersion = 1;
// Metres in one degree of a meridian, on a sphere of the earth's mean radius (6,371,008.8 m).
constexpr int64_t kMetresPerDegree = 111'195;
constexpr int64_t kE7PerDegree = 10'000'000;
constexpr int64_t kLatitudeE7Max = 900'000'000;
constexpr int64_t kLongitudeE7Max = 1'800'000'000;

bool IsOpen(const State& state, const Definition& definition) {
  const v1::State* const current = definition.FindState(state.status());
  return current != nullptr && !current->terminal() && !state.retracted();
}

void AddClocks(const State& state, const Definition& definition, IndexRows* rows) {
  for (const RunningLevel& running : RunningLevelsOf(state, definition)) {
    const v1::ServiceLevel& level = definition.proto().service_levels(running.index);
    rows->emplace(keys::Clock(keys::kRunning, state.key, level.working_days(),
                              running.started_at_ms, level.key()),
                  "");
    if (AutomaticLevel(state, definition, level.key()) == nullptr) continue;
    rows->emplace(keys::Clock(keys::kSilent, state.key, level.working_days(),
                              SilentSinceMs(state, level), level.key()),
                  "");
  }
}

void AddPlace(const State& state, const Definition& definition, IndexRows* rows) {
  const std::optional<PlaceRow> row = PlaceRowOf(state, &definition);
  if (!row) return;
  const uint8_t level = CellLevelOf(row->distance_metres);
  rows->emplace(keys::Place(state.key, row->service, level, CellRowOf(level, row->latitude_e7),
                            CellColumnOf(level, row->longitude_e7)),
                EncodePlaceRow(*row));
  rows->emplace(keys::Placed(state.key), EncodePlacedRow(*row));
}

absl::StatusOr<PlaceRow> ReadPlaceRow(CanonicalReader reader, std::string service) {
  PlaceRow row;
  row.service = std::move(service);
  const uint8_t version = reader.Byte();
  row.latitude_e7 = static_cast<int32_t>(reader.SignedVarint());
  row.longitude_e7 = static_cast<int32_t>(reader.SignedVarint());
  row.created_at_ms = reader.SignedVarint();
  row.distance_metres = reader.Varint32();
  row.days = reader.Varint32();
  row.equal_fields.resize(reader.Count(2));
  for (auto& [path, value] : row.equal_fields) {
    path = std::string(reader.Bytes());
    value = std::string(reader.Bytes());
  }
  if (version != kPlaceRowVersion || !reader.done()) {
    return absl::DataLossError("a stored place row is damaged, or of a newer tikard");
  }
  return row;
}

}  // namespace

IndexRows IndexRowsOf(const State& state, const Definition* definition) {
  IndexRows rows;
  for (const FieldState& field : state.fields) {
    if (!field.under_review) continue;
    rows.emplace(keys::Conflict(state.key, LatestOf(field)->effective_time, field.path), "");
  }
  if (state.availability == v1::AVAILABILITY_NEEDS_DEFINITION) {
    rows.emplace(keys::Wait(state.definition, state.key), "");
  }
  if (state.availability != v1::AVAILABILITY_READY) {
    rows.emplace(keys::Unavailable(state.key, static_cast<uint8_t>(state.availability)), "");
    return rows;
  }
  if (const std::optional<RequestId> main = DuplicateOf(state); main && !state.retracted()) {
    rows.emplace(keys::Joined({state.key.region, *main}, state.key.id), "");
  }
  if (definition == nullptr) return rows;
  AddClocks(state, *definition, &rows);
  AddPlace(state, *definition, &rows);
  return rows;
}

absl::StatusOr<IndexRows> StoredRowsWithoutDefinition(const Reader& reader, const State& state) {
  IndexRows rows = IndexRowsOf(state, nullptr);
  const std::string placed = keys::Placed(state.key);
  // Not moved out: GCC 12 at -O3 takes the moved text for uninitialized.
  const absl::StatusOr<std::optional<std::string>> stored = reader.Get(Family::kRequests, placed);
  RETURN_IF_ERROR(stored.status());
  if (stored->has_value()) {
    ASSIGN_OR_RETURN(const PlaceRow row, DecodePlacedRow(**stored));
    const uint8_t level = CellLevelOf(row.distance_metres);
    rows.emplace(keys::Place(state.key, row.service, level, CellRowOf(level, row.latitude_e7),
                             CellColumnOf(level, row.longitude_e7)),
                 EncodePlaceRow(row));
    rows.emplace(placed, **stored);
  }
  // A clock counts from when a state was entered, or from the last thing that was written; of how
  // many days it is, the region's rows tell.
  std::set<int64_t> moments = {HlcMs(state.update_time)};
  for (const EnteredState& entered : state.entered) moments.insert(HlcMs(entered.effective_time));
  for (const char family : {keys::kRunning, keys::kSilent}) {
    ASSIGN_OR_RETURN(const std::vector<uint32_t> levels,
                     WorkingDaysOf(reader, family, state.key.region));
    for (const uint32_t days : levels) {
      for (const int64_t at_ms : moments) {
        const std::string prefix = keys::Clock(family, state.key, days, at_ms, "");
        RETURN_IF_ERROR(reader.Scan(Family::kRequests, prefix, PrefixEnd(prefix),
                                    [&rows](std::string_view key, std::string_view value) {
                                      rows.emplace(key, value);
                                      return true;
                                    }));
      }
    }
  }
  return rows;
}

void WriteDifference(const IndexRows& stored, const IndexRows& wanted, WriteBatch* batch) {
  for (const auto& [key, value] : stored) {
    if (!wanted.contains(key)) batch->Delete(Family::kRequests, key);
  }
  for (const auto& [key, value] : wanted) {
    const auto at = stored.find(key);
    if (at == stored.end() || at->second != value) batch->Put(Family::kRequests, key, value);
  }
}

absl::StatusOr<ClockRow> ParseClockRow(std::string_view key) {
  CanonicalReader reader(key.substr(std::min<size_t>(1, key.size())));
  ClockRow row;
  row.request.region = std::string(reader.Raw(keys::kRegionSize));
  for (const char byte : reader.Raw(4)) {
    row.working_days = row.working_days << 8 | static_cast<uint8_t>(byte);
  }
  row.at_ms = static_cast<int64_t>(reader.Fixed64());
  const std::optional<RequestId> id = RequestId::FromBytes(reader.Raw(RequestId::kSize));
  if (!reader.ok() || !id) return absl::DataLossError("a service clock's key is damaged");
  row.request.id = *id;
  row.level = std::string(key.substr(1 + keys::kRegionSize + 4 + 8 + RequestId::kSize));
  return row;
}

absl::StatusOr<std::vector<uint32_t>> WorkingDaysOf(const Reader& reader, char family,
                                                    std::string_view region) {
  std::vector<uint32_t> days;
  const std::string end = PrefixEnd(keys::ClockPrefix(family, region));
  std::string begin = keys::ClockPrefix(family, region);
  while (true) {
    std::optional<absl::StatusOr<ClockRow>> first;
    RETURN_IF_ERROR(
        reader.Scan(Family::kRequests, begin, end, [&](std::string_view key, std::string_view) {
          first = ParseClockRow(key);
          return false;
        }));
    if (!first) return days;
    RETURN_IF_ERROR(first->status());
    days.push_back((*first)->working_days);
    begin = PrefixEnd(keys::ClockPrefix(family, region, days.back()));
  }
}

std::optional<PlaceRow> PlaceRowOf(const State& state, const Definition* definition) {
  if (definition == nullptr || state.availability != v1::AVAILABILITY_READY ||
      !definition->proto().has_duplicates() || !IsOpen(state, *definition) ||
      state.Find(kDuplicateOfPath) != nullptr) {
    return std::nullopt;
  }
  // A Create repeats the service for nodes without the definition. Another node judged that; here
  // it becomes part of a key, which must hold together.
  if (state.service != definition->proto().service()) return std::nullopt;
  const v1::DuplicateRule& rule = definition->proto().duplicates();
  const FieldState* const field = state.Find(rule.place_field());
  if (field == nullptr || !field->value || field->value->kind() != Value::Kind::kPlace) {
    return std::nullopt;
  }
  const v1::Place place = field->value->ToProto().place();
  PlaceRow row{.service = state.service,
               .latitude_e7 = place.latitude_e7(),
               .longitude_e7 = place.longitude_e7(),
               .created_at_ms = HlcMs(state.create_time),
               .distance_metres = rule.distance_metres(),
               .days = rule.days(),
               .equal_fields = {}};
  for (const std::string& path : rule.equal_fields()) {
    const FieldState* const equal = state.Find(path);
    const bool holds = equal != nullptr && equal->value;
    row.equal_fields.emplace_back(path, holds ? std::string(equal->value->canonical()) : "");
  }
  std::sort(row.equal_fields.begin(), row.equal_fields.end());
  return row;
}

std::string EncodePlaceRow(const PlaceRow& row) {
  CanonicalWriter writer;
  writer.Byte(kPlaceRowVersion);
  writer.SignedVarint(row.latitude_e7);
  writer.SignedVarint(row.longitude_e7);
  writer.SignedVarint(row.created_at_ms);
  writer.Varint(row.distance_metres);
  writer.Varint(row.days);
  writer.Varint(row.equal_fields.size());
  for (const auto& [path, value] : row.equal_fields) {
    writer.Bytes(path);
    writer.Bytes(value);
  }
  return writer.Take();
}

absl::StatusOr<PlaceRow> DecodePlaceRow(std::string_view bytes) {
  return ReadPlaceRow(CanonicalReader(bytes), "");
}

std::string EncodePlacedRow(const PlaceRow& row) {
  CanonicalWriter writer;
  writer.Bytes(row.service);
  return writer.Take() + EncodePlaceRow(row);
}

absl::StatusOr<PlaceRow> DecodePlacedRow(std::string_view bytes) {
  CanonicalReader reader(bytes);
  std::string service(reader.Bytes());
  return ReadPlaceRow(reader, std::move(service));
}

uint8_t CellLevelOf(uint32_t distance_metres) {
  uint8_t level = 0;
  while (level + 1 < kCellLevels && (uint32_t{1} << level) < distance_metres) ++level;
  return level;
}

int64_t CellEdgeE7(uint8_t level) {
  // Rounded up: an edge is never shorter than its metres.
  return ((int64_t{1} << level) * kE7PerDegree + kMetresPerDegree - 1) / kMetresPerDegree;
}

uint32_t CellRowOf(uint8_t level, int64_t latitude_e7) {
  const int64_t on_map = std::clamp(latitude_e7, -kLatitudeE7Max, kLatitudeE7Max);
  return static_cast<uint32_t>((on_map + kLatitudeE7Max) / CellEdgeE7(level));
}

uint32_t CellColumnOf(uint8_t level, int64_t longitude_e7) {
  const int64_t on_map = std::clamp(longitude_e7, -kLongitudeE7Max, kLongitudeE7Max);
  return static_cast<uint32_t>((on_map + kLongitudeE7Max) / CellEdgeE7(level));
}

std::optional<RequestId> DuplicateOf(const State& state) {
  if (state.availability != v1::AVAILABILITY_READY) return std::nullopt;
  const std::optional<RequestId> main = RequestId::FromHex(state.Text(kDuplicateOfPath));
  if (!main || *main == state.key.id) return std::nullopt;
  return main;
}

}  // namespace tikar::sync
