#include "checkers/evidence.h"

#include "absl/strings/str_cat.h"
#include "sync/canonical.h"
#include "sync/keys.h"
#include "sync/status_macros.h"

namespace tikar::simulation {
namespace {

using sync::Family;
using sync::PrefixEnd;

// Calls `visit` with what follows the prefix in each key under it, and the value.
template <typename Visit>
void ForEach(const sync::Reader& reader, Family family, const std::string& prefix, Visit visit) {
  const absl::Status status = reader.Scan(family, prefix, PrefixEnd(prefix),
                                          [&](std::string_view key, std::string_view value) {
                                            visit(key.substr(prefix.size()), value);
                                            return true;
                                          });
  CHECK(status.ok());
}

std::optional<std::string> Get(const sync::Reader& reader, Family family, const std::string& key) {
  absl::StatusOr<std::optional<std::string>> value = reader.Get(family, key);
  CHECK(value.ok());
  return *std::move(value);
}

// Whole segments of an area code.
bool Within(std::string_view area, std::string_view prefix) {
  return area.starts_with(prefix) && (area.size() == prefix.size() || area[prefix.size()] == '.');
}

constexpr size_t kNameHexDigits = 8;

}  // namespace

std::vector<LoggedEntry> EntriesOf(const sync::Reader& reader, const std::string& region) {
  std::vector<LoggedEntry> entries;
  ForEach(reader, Family::kLog, region, [&](std::string_view key, std::string_view value) {
    sync::CanonicalReader numbers(key);
    const sync::Origin origin{numbers.Fixed64()};
    const uint64_t seq = numbers.Fixed64();
    absl::StatusOr<sync::EntryRecord> record = sync::DecodeEntry(value);
    CHECK(record.ok());
    entries.push_back({{origin, seq}, *std::move(record)});
  });
  return entries;
}

std::optional<sync::EntryRecord> FindEntry(const sync::Reader& reader, const std::string& region,
                                           const sync::LogPosition& position) {
  const std::optional<std::string> bytes =
      Get(reader, Family::kLog, sync::keys::Log(region, position.origin, position.seq));
  if (!bytes) return std::nullopt;
  absl::StatusOr<sync::EntryRecord> record = sync::DecodeEntry(*bytes);
  CHECK(record.ok());
  return *std::move(record);
}

std::optional<sync::Header> FindHeader(const sync::Reader& reader, const sync::RequestKey& key,
                                       const sync::ChangeId& change) {
  const std::optional<std::string> bytes =
      Get(reader, Family::kHistory, sync::keys::History(key, change));
  if (!bytes) return std::nullopt;
  absl::StatusOr<sync::Header> header = sync::DecodeHeader(*bytes);
  CHECK(header.ok());
  return *std::move(header);
}

std::map<sync::ChangeId, sync::Header> HeadersOf(const sync::Reader& reader,
                                                 const sync::RequestKey& key) {
  std::map<sync::ChangeId, sync::Header> headers;
  ForEach(reader, Family::kHistory, sync::keys::HistoryPrefix(key),
          [&](std::string_view rest, std::string_view value) {
            const std::optional<sync::ChangeId> id = sync::ChangeId::FromBytes(rest);
            absl::StatusOr<sync::Header> header = sync::DecodeHeader(value);
            CHECK(id.has_value() && header.ok());
            headers.emplace(*id, *std::move(header));
          });
  return headers;
}

bool StoresDefinition(const sync::Reader& reader, const sync::DefinitionHash& definition) {
  return Get(reader, Family::kMeta, sync::keys::Definition(definition)).has_value();
}

std::optional<sync::RegionRecord> FindRegion(const sync::Reader& reader,
                                             const std::string& region) {
  const std::optional<std::string> bytes = Get(reader, Family::kMeta, sync::keys::Region(region));
  if (!bytes) return std::nullopt;
  absl::StatusOr<sync::RegionRecord> record = sync::DecodeRegion(*bytes);
  CHECK(record.ok());
  return *std::move(record);
}

std::map<sync::RequestKey, std::string> RecordsOf(const sync::Reader& reader,
                                                  const std::string& region) {
  std::map<sync::RequestKey, std::string> records;
  ForEach(reader, Family::kRequests, sync::keys::RecordPrefix(region),
          [&](std::string_view rest, std::string_view value) {
            const std::optional<sync::RequestId> id = sync::RequestId::FromBytes(rest);
            CHECK(id.has_value());
            records.emplace(sync::RequestKey{region, *id}, std::string(value));
          });
  return records;
}

bool HoldsChange(const sync::Reader& reader, const sync::RequestKey& key,
                 const sync::ChangeId& change) {
  const std::optional<sync::Header> header = FindHeader(reader, key, change);
  if (!header) return false;
  for (const sync::LogPosition& position : header->positions) {
    const std::optional<sync::EntryRecord> entry = FindEntry(reader, key.region, position);
    if (!entry || entry->body.empty()) continue;
    if (sync::ChangeIdOf(sync::Sha256(entry->body)) == change) return true;
  }
  return false;
}

bool LacksHead(const sync::Reader& reader, const sync::RequestKey& key,
               const std::vector<std::string>& heads) {
  for (const std::string& head : heads) {
    const auto id = sync::ChangeId::FromBytes(head);
    if (id && !FindHeader(reader, key, *id)) return true;
  }
  return false;
}

const StateCache::Known& StateCache::Of(const sync::RequestKey& key, const std::string& record) {
  const auto [at, fresh] = known_.try_emplace(record);
  if (fresh) {
    const absl::StatusOr<sync::RecordParts> parts = sync::DecodeRecord(record);
    CHECK(parts.ok());
    absl::StatusOr<sync::State> state = sync::DecodeState(key, parts->state_bytes);
    CHECK(state.ok());
    at->second = {*std::move(state), sync::DigestOf(parts->state_bytes, parts->local.element_sum),
                  !parts->local.missing.empty()};
  }
  return at->second;
}

bool BelongsOnPhone(const std::vector<std::string>& scope, std::string_view actor,
                    const sync::RequestKey& key, std::string_view area, std::string_view assignee) {
  bool touches_region = false;
  for (const std::string& prefix : scope) {
    if (Within(area, prefix)) return true;
    touches_region = touches_region || Within(key.region, prefix) || Within(prefix, key.region);
  }
  return touches_region && assignee == actor;
}

bool BelongsOnPhone(const std::vector<std::string>& scope, std::string_view actor,
                    const sync::State& state) {
  return state.availability == v1::AVAILABILITY_READY &&
         BelongsOnPhone(scope, actor, state.key, state.area(), state.assignee());
}

std::string Name(const sync::RequestKey& key) {
  // A UUIDv7 begins with the time, which says nothing here.
  return absl::StrCat(key.region, "/", key.id.hex().substr(2 * sync::RequestId::kSize - 8));
}

std::string Name(const sync::ChangeId& change) { return change.hex().substr(0, kNameHexDigits); }

std::string Name(const sync::LogPosition& position) {
  return absl::StrCat(absl::Hex(sync::Raw(position.origin), absl::kZeroPad16), "/", position.seq);
}

std::string NodeName(NodeIndex node) { return absl::StrCat("node ", node); }
std::string PhoneName(PhoneIndex phone) { return absl::StrCat("phone ", phone); }
std::string Name(v1::Verdict verdict) { return v1::Verdict_Name(verdict); }

}  // namespace tikar::simulation
