#include "sync/feed_withheld.h"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <tuple>
#include <utility>

#include "sync/canonical.h"
#include "sync/feed_rows.h"
#include "sync/keys.h"
#include "sync/limits.h"
#include "sync/records.h"
#include "sync/status_macros.h"

namespace tikar::sync {
namespace {

// Requests of the region that wait for what some other node may have; nullopt: too many of them, or
// a row that cannot be read.
absl::StatusOr<std::optional<std::vector<RequestId>>> WaitingRequests(const Reader& reader,
                                                                      const std::string& region) {
  std::vector<RequestId> waiting;
  bool countable = true;
  for (const v1::Availability availability :
       {v1::AVAILABILITY_NEEDS_DEFINITION, v1::AVAILABILITY_NEEDS_NEWER_SERVER}) {
    const std::string prefix = keys::UnavailablePrefix(region, static_cast<uint8_t>(availability));
    RETURN_IF_ERROR(reader.Scan(Family::kRequests, prefix, PrefixEnd(prefix),
                                [&](std::string_view key, std::string_view) {
                                  const auto id = RequestId::FromBytes(key.substr(prefix.size()));
                                  countable = id && waiting.size() < kWithheldRequestsMax;
                                  if (countable) waiting.push_back(*id);
                                  return countable;
                                }));
    if (!countable) return std::optional<std::vector<RequestId>>();
  }
  return std::optional(std::move(waiting));
}

}  // namespace

std::vector<EntryRange> AllEntries(const VersionVector& known) {
  std::vector<EntryRange> all;
  for (const VersionVector::Position& position : known.positions()) {
    all.push_back({.origin = position.origin, .after = 0, .end = position.seq});
  }
  return all;
}

absl::StatusOr<std::vector<EntryRange>> FirstEntries(const Reader& reader,
                                                     const std::string& region,
                                                     const std::vector<RequestId>& requests,
                                                     const VersionVector& known) {
  std::vector<EntryRange> entries;
  for (const RequestId& id : requests) {
    std::map<Origin, uint64_t> first;
    bool readable = true;
    const std::string prefix = keys::HistoryPrefix({region, id});
    const absl::Status scanned = reader.Scan(
        Family::kHistory, prefix, PrefixEnd(prefix), [&](std::string_view, std::string_view value) {
          const absl::StatusOr<Header> header = DecodeHeader(value);
          readable = header.ok();
          if (!readable) return false;
          for (const LogPosition& position : header->positions) {
            uint64_t& seq = first[position.origin];
            if (seq == 0 || position.seq < seq) seq = position.seq;
          }
          return true;
        });
    if (absl::IsDataLoss(scanned)) return AllEntries(known);
    RETURN_IF_ERROR(scanned);
    if (!readable) return AllEntries(known);
    for (const auto& [origin, seq] : first) {
      // Beyond it, it is claimed by nobody.
      if (seq <= known.Get(origin)) entries.push_back({origin, seq - 1, seq});
    }
  }
  return entries;
}

absl::StatusOr<std::vector<EntryRange>> WithheldEntries(const Reader& reader,
                                                        const std::string& region,
                                                        const VersionVector& known) {
  ASSIGN_OR_RETURN(const auto waiting, WaitingRequests(reader, region));
  if (!waiting) return AllEntries(known);
  ASSIGN_OR_RETURN(std::vector<EntryRange> entries, FirstEntries(reader, region, *waiting, known));
  return CoveringRanges(std::move(entries), kWithheldRangesMax);
}

absl::StatusOr<std::optional<std::vector<RequestId>>> TouchedSince(
    const Reader& reader, const std::string& region, const std::vector<std::string>& prefixes,
    uint64_t to) {
  std::set<RequestId> touched;
  bool countable = true;
  std::string after;
  while (true) {
    ASSIGN_OR_RETURN(const std::optional<std::string> bucket,
                     NextBucket(reader, region, after, prefixes));
    if (!bucket) return std::optional(std::vector<RequestId>(touched.begin(), touched.end()));
    RETURN_IF_ERROR(reader.Scan(
        Family::kFeed, keys::Feed(region, *bucket, to + 1),
        PrefixEnd(keys::FeedPrefix(region, *bucket)), [&](std::string_view, std::string_view row) {
          const auto id = row.empty() ? std::nullopt : RequestId::FromBytes(row.substr(1));
          countable = id && touched.size() < kWithheldRequestsMax;
          if (countable) touched.insert(*id);
          return countable;
        }));
    if (!countable) return std::optional<std::vector<RequestId>>();
    after = *bucket;
  }
}

absl::StatusOr<std::vector<EntryName>> EntriesOfLog(const Reader& reader, const std::string& region,
                                                    Origin origin, uint64_t after, uint64_t end,
                                                    size_t entries_max) {
  std::vector<EntryName> entries;
  const std::string prefix = keys::LogPrefix(region, origin);
  RETURN_IF_ERROR(reader.Scan(
      Family::kLog, keys::Log(region, origin, after + 1), keys::Log(region, origin, end + 1),
      [&](std::string_view key, std::string_view value) {
        const absl::StatusOr<EntryRecord> entry = DecodeEntry(value);
        const uint64_t seq = CanonicalReader(key.substr(prefix.size())).Fixed64();
        if (entry.ok()) {
          entries.push_back({seq, entry->request_id});
        } else {
          entries.push_back({seq, entry.status()});
        }
        return entries.size() < entries_max;
      }));
  return entries;
}

void AddRanges(const std::vector<EntryRange>& more, std::vector<EntryRange>* ranges) {
  ranges->insert(ranges->end(), more.begin(), more.end());
  *ranges = CoveringRanges(std::move(*ranges), kWithheldRangesMax);
}

std::vector<EntryRange> CoveringRanges(std::vector<EntryRange> ranges, size_t ranges_max) {
  std::sort(ranges.begin(), ranges.end(), [](const EntryRange& a, const EntryRange& b) {
    return std::tie(a.origin, a.after, a.end) < std::tie(b.origin, b.after, b.end);
  });
  // Those that overlap or touch are one.
  std::vector<EntryRange> apart;
  for (const EntryRange& range : ranges) {
    if (!apart.empty() && apart.back().origin == range.origin && range.after <= apart.back().end) {
      apart.back().end = std::max(apart.back().end, range.end);
    } else {
      apart.push_back(range);
    }
  }
  // How many entries of others lie before each one, and the largest such gap that is bridged: all
  // that are smaller are, and as many of that size as still need be.
  const auto gap_before = [&apart](size_t i) -> std::optional<uint64_t> {
    if (i == 0 || apart[i].origin != apart[i - 1].origin) return std::nullopt;
    return apart[i].after - apart[i - 1].end;
  };
  std::vector<uint64_t> gaps;
  for (size_t i = 0; i < apart.size(); ++i) {
    if (const std::optional<uint64_t> gap = gap_before(i)) gaps.push_back(*gap);
  }
  std::sort(gaps.begin(), gaps.end());
  const size_t to_bridge =
      apart.size() > ranges_max ? std::min(apart.size() - ranges_max, gaps.size()) : 0;
  const uint64_t bridged_max = to_bridge > 0 ? gaps[to_bridge - 1] : 0;
  size_t of_that_size =
      to_bridge - (std::lower_bound(gaps.begin(), gaps.end(), bridged_max) - gaps.begin());
  std::vector<EntryRange> covering;
  for (size_t i = 0; i < apart.size(); ++i) {
    const std::optional<uint64_t> gap = gap_before(i);
    bool joins = gap && *gap < bridged_max;
    if (gap && *gap == bridged_max && of_that_size > 0) {
      joins = true;
      --of_that_size;
    }
    if (joins) {
      covering.back().end = apart[i].end;
    } else {
      covering.push_back(apart[i]);
    }
  }
  return covering;
}

}  // namespace tikar::sync
