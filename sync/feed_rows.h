// Rows of the feed that a request owns, and how those that tell that it left are forgotten.
//
// A LEFT row tells phones that a request left their scope, and stands in nobody's way but that each
// phone that fills a kecamatan for the first time reads over it. So it is kept for as long as a
// phone may reasonably be away, then forgotten, oldest position first. A phone whose cursor is
// older than what was forgotten learns of it from the logs (see feed.h): forgetting too early costs
// a walk, never a leaving that nobody tells.
//
// Invariants: (1) each LEFT row has one row under keys::Left, with the time at which the request
// left; (2) every LEFT row behind the position that LeftForgotten tells is still there.
//
// Thread safety: functions without state.
#ifndef TIKAR_SYNC_FEED_ROWS_H_
#define TIKAR_SYNC_FEED_ROWS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "sync/records.h"
#include "sync/store.h"
#include "sync/types.h"

namespace tikar::sync {

// Half a year: an officer on leave for a term comes back before. Milliseconds.
inline constexpr int64_t kLeftRowKeptMs = int64_t{180} * 24 * 60 * 60 * 1000;
// That one group forgets of a region. More than a group of ordinary size makes, so that they do not
// pile up; few enough that no group pays for a long pause.
inline constexpr size_t kLeftRowsForgottenPerGroup = 64;

// Puts the request into `buckets` at `position`, and says of the others that it left them: of those
// in which it stood, and of `elsewhere`, in which it may have stood on another node while it waited
// on this one. `rows` are those that it owns, before and after.
void MoveFeedRows(const RequestKey& request, const std::vector<std::string>& buckets,
                  const std::set<std::string>& elsewhere, uint64_t position, int64_t now_ms,
                  std::vector<FeedRow>* rows, WriteBatch* batch);

// The first bucket behind `after` (empty: of all) that has rows and can hold something within one
// of the prefixes; nullopt: there is none.
absl::StatusOr<std::optional<std::string>> NextBucket(const Reader& reader, std::string_view region,
                                                      std::string_view after,
                                                      const std::vector<std::string>& prefixes);

struct BucketRow {
  uint64_t position;
  bool left;
  std::optional<RequestId> request;  // nullopt: the row is damaged
};
// The rows of a bucket after the position `after` and up to `to`, at most `rows_max`.
absl::StatusOr<std::vector<BucketRow>> RowsOfBucket(const Reader& reader, std::string_view region,
                                                    std::string_view bucket, uint64_t after,
                                                    uint64_t to, size_t rows_max);

struct LeftRow {
  RequestKey request;
  std::string bucket;
  uint64_t position = 0;
};

// The rows of a region that are to be forgotten now, in order of position, at most `rows_max`. One
// that is damaged is not among them.
absl::StatusOr<std::vector<LeftRow>> OldLeftRows(const Reader& reader, std::string_view region,
                                                 int64_t now_ms, size_t rows_max);
// Forgets what OldLeftRows found, in that order, for a request that owns `rows`. False: it is none
// of them any more.
bool ForgetLeftRow(const LeftRow& row, std::vector<FeedRow>* rows, WriteBatch* batch);

// Of LEFT rows up to this position some are forgotten; 0: none. DataLoss: the row is damaged.
absl::StatusOr<uint64_t> LeftForgotten(const Reader& reader, std::string_view region);

}  // namespace tikar::sync

#endif  // TIKAR_SYNC_FEED_ROWS_H_
