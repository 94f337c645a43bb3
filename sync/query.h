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
};

// nullopt: no change of it is here.
absl::StatusOr<std::optional<StoredRequest>> LoadRequest(const Reader& reader,
                                                         const RequestKey& key);
v1::Request ToProto(const StoredRequest& request);

// Every request whose citizen's number this is (canonical form, see ref.h); nearly always one or
// none.
absl::StatusOr<std::vector<RequestKey>> FindByRef(const Reader& reader, std::string_view ref);
// In which region a request id lives, where only the id is known. Looks at every region.
absl::StatusOr<std::vector<RequestKey>> FindById(const Reader& reader, const RequestId& id);

// All changes of one request with what became of each write, parents before children. NotFound.
absl::StatusOr<v1::GetRequestHistoryResponse> LoadHistory(const Reader& reader,
                                                          const RequestKey& key,
                                                          const DefinitionSource& definitions);

// One page of requests, newest creation first, of one region or (empty) of all. `page_token` is the
// one of the page before, or empty. At most `scan_max` requests are looked at per page, so that a
// filter that matches nothing does not hold a thread: a page may be short, or empty, and still have
// a next one.
absl::StatusOr<v1::ListRequestsResponse> ListRequests(const Reader& reader, std::string_view region,
                                                      const v1::RequestFilter& filter,
                                                      size_t page_size, std::string_view page_token,
                                                      size_t scan_max = 20'000);

// One page of fields under review, oldest first within a region.
struct ConflictPage {
  std::vector<v1::Conflict> conflicts;
  std::string next_page_token;
};
absl::StatusOr<ConflictPage> ListConflicts(const Reader& reader, std::string_view region,
                                           std::string_view area, std::string_view service,
                                           size_t page_size, std::string_view page_token,
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
