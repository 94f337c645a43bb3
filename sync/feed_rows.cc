#include "sync/feed_rows.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "sync/canonical.h"
#include "sync/feed_scope.h"
#include "sync/keys.h"
#include "sync/status_macros.h"

namespace tikar::sync {
namespace {

std::string RowValue(char kind, const RequestKey& request) {
  return std::string(1, kind) + request.id.bytes();
}

void PutLeft(const RequestKey& request, const FeedRow& row, int64_t now_ms, WriteBatch* batch) {
  batch->Put(Family::kFeed, keys::Feed(request.region, row.bucket, row.position),
             RowValue('L', request));
  CanonicalWriter writer;
  writer.Fixed64(static_cast<uint64_t>(std::max<int64_t>(now_ms, 0)));
  batch->Put(Family::kMeta, keys::Left(request.region, row.position, row.bucket),
             writer.Take() + request.id.bytes());
}

void RemoveLeft(const RequestKey& request, const FeedRow& row, WriteBatch* batch) {
  batch->SingleDelete(Family::kFeed, keys::Feed(request.region, row.bucket, row.position));
  batch->Delete(Family::kMeta, keys::Left(request.region, row.position, row.bucket));
}

absl::Status Damaged(std::string_view region) {
  return absl::DataLossError(
      absl::StrCat("what left the feed of region ", AbslView(region), " is damaged"));
}

}  // namespace

void MoveFeedRows(const RequestKey& request, const std::vector<std::string>& buckets,
                  const std::set<std::string>& elsewhere, uint64_t position, int64_t now_ms,
                  std::vector<FeedRow>* rows, WriteBatch* batch) {
  std::vector<FeedRow> moved;
  std::set<std::string> left = elsewhere;
  for (FeedRow& row : *rows) {
    const bool stays = std::find(buckets.begin(), buckets.end(), row.bucket) != buckets.end();
    if (row.left && !stays && !elsewhere.contains(row.bucket)) {
      moved.push_back(std::move(row));
      continue;
    }
    if (row.left) {
      RemoveLeft(request, row, batch);
    } else {
      batch->SingleDelete(Family::kFeed, keys::Feed(request.region, row.bucket, row.position));
    }
    left.insert(std::move(row.bucket));
  }
  for (const std::string& bucket : buckets) left.erase(bucket);
  for (const std::string& bucket : left) {
    moved.push_back({.bucket = bucket, .position = position, .left = true});
    PutLeft(request, moved.back(), now_ms, batch);
  }
  for (const std::string& bucket : buckets) {
    batch->Put(Family::kFeed, keys::Feed(request.region, bucket, position), RowValue('R', request));
    moved.push_back({.bucket = bucket, .position = position, .left = false});
  }
  *rows = std::move(moved);
}

absl::StatusOr<std::optional<std::string>> NextBucket(const Reader& reader, std::string_view region,
                                                      std::string_view after,
                                                      const std::vector<std::string>& prefixes) {
  std::string begin =
      after.empty() ? std::string(region) : PrefixEnd(keys::FeedPrefix(region, after));
  while (true) {
    std::optional<std::string> bucket;
    RETURN_IF_ERROR(reader.Scan(
        Family::kFeed, begin, PrefixEnd(region), [&](std::string_view key, std::string_view) {
          const size_t end = key.find('\0', keys::kRegionSize);
          bucket = std::string(key.substr(keys::kRegionSize, end - keys::kRegionSize));
          return false;
        }));
    if (!bucket || Covers(prefixes, *bucket)) return bucket;
    begin = PrefixEnd(keys::FeedPrefix(region, *bucket));
  }
}

absl::StatusOr<std::vector<BucketRow>> RowsOfBucket(const Reader& reader, std::string_view region,
                                                    std::string_view bucket, uint64_t after,
                                                    uint64_t to, size_t rows_max) {
  std::vector<BucketRow> rows;
  const std::string prefix = keys::FeedPrefix(region, bucket);
  RETURN_IF_ERROR(reader.Scan(
      Family::kFeed, keys::Feed(region, bucket, after + 1), keys::Feed(region, bucket, to + 1),
      [&](std::string_view key, std::string_view value) {
        rows.push_back({CanonicalReader(key.substr(prefix.size())).Fixed64(),
                        value.starts_with('L'),
                        value.empty() ? std::nullopt : RequestId::FromBytes(value.substr(1))});
        return rows.size() < rows_max;
      }));
  return rows;
}

absl::StatusOr<std::vector<LeftRow>> OldLeftRows(const Reader& reader, std::string_view region,
                                                 int64_t now_ms, size_t rows_max) {
  std::vector<LeftRow> old;
  if (now_ms < kLeftRowKeptMs) return old;
  const uint64_t before_ms = static_cast<uint64_t>(now_ms - kLeftRowKeptMs);
  const std::string prefix = keys::LeftPrefix(region);
  RETURN_IF_ERROR(reader.Scan(
      Family::kMeta, prefix, PrefixEnd(prefix), [&](std::string_view key, std::string_view value) {
        CanonicalReader place(key.substr(prefix.size()));
        CanonicalReader left(value);
        const uint64_t position = place.Fixed64();
        const uint64_t left_at_ms = left.Fixed64();
        const std::optional<RequestId> id =
            value.size() < 8 ? std::nullopt : RequestId::FromBytes(value.substr(8));
        // It stays, and does not keep others from writing.
        if (!place.ok() || !id) return true;
        // In order of position: with a clock that was set back one may be kept for longer.
        if (left_at_ms >= before_ms || old.size() == rows_max) return false;
        old.push_back({.request = {std::string(region), *id},
                       .bucket = std::string(key.substr(prefix.size() + 8)),
                       .position = position});
        return true;
      }));
  return old;
}

bool ForgetLeftRow(const LeftRow& row, std::vector<FeedRow>* rows, WriteBatch* batch) {
  const auto at = std::find(rows->begin(), rows->end(),
                            FeedRow{.bucket = row.bucket, .position = row.position, .left = true});
  if (at == rows->end()) {
    batch->Delete(Family::kMeta, keys::Left(row.request.region, row.position, row.bucket));
    return false;
  }
  RemoveLeft(row.request, *at, batch);
  rows->erase(at);
  CanonicalWriter writer;
  writer.Varint(row.position);
  batch->Put(Family::kMeta, keys::LeftForgotten(row.request.region), writer.Take());
  return true;
}

absl::StatusOr<uint64_t> LeftForgotten(const Reader& reader, std::string_view region) {
  // Not moved out: GCC 12 at -O3 takes the moved text for uninitialized.
  const absl::StatusOr<std::optional<std::string>> row =
      reader.Get(Family::kMeta, keys::LeftForgotten(region));
  RETURN_IF_ERROR(row.status());
  if (!row->has_value()) return 0;
  CanonicalReader value(**row);
  const uint64_t position = value.Varint();
  if (!value.done()) return Damaged(region);
  return position;
}

}  // namespace tikar::sync
