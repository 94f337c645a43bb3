// Reading what a store holds: requests, histories, conflicts, entries. Pure functions of a Reader,
// so that any thread may run them over a snapshot.
#ifndef TIKAR_SYNC_QUERY_H_
#define TIKAR_SYNC_QUERY_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "sync/definition.h"
#include "sync/records.h"
#include "sync/state.h"
#include "sync/store.h"
#include "sync/types.h"
#include "sync/version_vector.h"
#include "sync/working_days.h"
#include "tikar/v1/entry.pb.h"
#include "tikar/v1/request.pb.h"
#include "tikar/v1/request_service.pb.h"
#include "tikar/v1/status_service.pb.h"

namespace tikar::sync {

// One request as stored.
struct StoredRequest {
  State state;
  Elements elements;
  RequestLocal local;
  std::string state_bytes;  // what `state` was read from; its canonical bytes
};

// nullopt: no change of it is here.
absl::StatusOr<std::optional<StoredRequest>> LoadRequest(const Reader& reader,
                                                         const RequestKey& key);
v1::Request ToProto(const StoredRequest& request);

// The request as it was on `as_of_ms`: folded from the changes that had been received then, by any
// node, as they were stamped by then. The definitions are today's. nullopt: none had been. Its
// `local` has the sums over elements only.
absl::StatusOr<std::optional<StoredRequest>> LoadRequestAsOf(const Reader& reader,
                                                             const RequestKey& key,
                                                             int64_t as_of_ms,
                                                             const DefinitionSource& definitions);

// The two steps of LoadRequest, for those who have read the record (keys::Record) already: all but
// the elements, and the elements.
absl::StatusOr<StoredRequest> DecodeRequest(const RequestKey& key, std::string_view record);
absl::Status LoadElements(const Reader& reader, StoredRequest* request);

// Every request whose citizen's number this is (canonical form, see ref.h); nearly always one or
// none.
absl::StatusOr<std::vector<RequestKey>> FindByRef(const Reader& reader, std::string_view ref);
// In which region a request id lives, where only the id is known. Looks at every region.
absl::StatusOr<std::vector<RequestKey>> FindById(const Reader& reader, const RequestId& id);

// All changes of one request with what became of each write, parents before children. NotFound.
absl::StatusOr<v1::GetRequestHistoryResponse> LoadHistory(const Reader& reader,
                                                          const RequestKey& key,
                                                          const DefinitionSource& definitions);

// Which page of a list, and how much of it.
struct PageQuery {
  // Items at most.
  size_t size = 50;
  // Of the page before; empty: the first page.
  std::string token = {};
  // Of all items as messages, bytes. A single one that is larger makes a page of its own.
  size_t bytes_max = 1 << 20;
  // Stored rows that are looked at, so that a filter that matches nothing does not hold a thread: a
  // page may be short, or empty, and still have a next one.
  size_t scan_max = 20'000;
};

// One page of the same history; the request itself is on the first one only. FailedPrecondition:
// the request changed since the page that gave the token out; InvalidArgument: it is no token.
absl::StatusOr<v1::GetRequestHistoryResponse> LoadHistoryPage(const Reader& reader,
                                                              const RequestKey& key,
                                                              const DefinitionSource& definitions,
                                                              const PageQuery& query);

// The same as it was on `as_of_ms`. NotFound: nothing of it had been received. (A token holds while
// nothing comes that was received before that time.)
absl::StatusOr<v1::GetRequestHistoryResponse> LoadHistoryPageAsOf(
    const Reader& reader, const RequestKey& key, int64_t as_of_ms,
    const DefinitionSource& definitions, const PageQuery& query);

// How the requests of a list are shown, and what "late" and "open" mean. Not owned. Without
// definitions or a calendar nothing has clocks, nothing is late and everything is open.
struct ListView {
  const DefinitionSource* definitions = nullptr;
  const WorkingCalendar* calendar = nullptr;
  int64_t now_ms = 0;
  // Zero: as they are. Else as they were then, which needs `definitions`; what is joined to them is
  // not told.
  int64_t as_of_ms = 0;
};

// One page of requests, newest creation first, of one region or (empty) of all, with their clocks
// and the names of what is joined to them. InvalidArgument: the token is none.
absl::StatusOr<v1::ListRequestsResponse> ListRequests(const Reader& reader, std::string_view region,
                                                      const v1::RequestFilter& filter,
                                                      const PageQuery& query,
                                                      const ListView& view = {});

// The views of one request: its clocks, what is joined to it, and (if asked for) what may be the
// same thing.
absl::Status AddViews(const Reader& reader, const State& state, const ListView& view,
                      bool possible_duplicates, v1::Request* request);
// Whether a request passes a filter, for those who read it by other means than ListRequests.
// `folded_text` is CaseFolded(filter.text()).
absl::StatusOr<bool> PassesFilter(const Reader& reader, const State& state,
                                  const v1::RequestFilter& filter, const std::string& folded_text,
                                  const ListView& view);

// One page of fields under review, oldest first within a region, region after region.
// InvalidArgument: the token is none.
struct ConflictPage {
  std::vector<v1::Conflict> conflicts;
  std::string next_page_token;
};
absl::StatusOr<ConflictPage> ListConflicts(const Reader& reader, std::string_view region,
                                           std::string_view area, std::string_view service,
                                           const PageQuery& query,
                                           const DefinitionSource& definitions);
// NotFound: the field is not under review.
absl::StatusOr<v1::Conflict> MakeConflict(const StoredRequest& request, std::string_view path,
                                          const DefinitionSource& definitions);

// What this node knows of a region.
absl::StatusOr<VersionVector> LoadVersionVector(const Reader& reader, std::string_view region);
// Entries of a region that `known` does not have, origin by origin and in order of sequence, at
// most `bytes_max` (but at least one if there is any). Pages: join the answer into `known` and call
// again.
absl::StatusOr<std::vector<v1::Entry>> EntriesAfter(const Reader& reader, std::string_view region,
                                                    const VersionVector& known, size_t bytes_max);

absl::StatusOr<std::vector<v1::RegionStatus>> LoadRegionStatuses(const Reader& reader);

}  // namespace tikar::sync

#endif  // TIKAR_SYNC_QUERY_H_
