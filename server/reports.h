// Reports: tables over all requests of a region, request by request.
//
// A report sees requests one after the other and keeps only what its table needs, so that whoever
// runs it may stop between any two. Retracted requests count in none but PERFORMANCE: work was done
// on them. No personal field enters a table, by the definition that the request itself pins.
//
// Thread safety: none; one thread at a time.
#ifndef TIKAR_SERVER_REPORTS_H_
#define TIKAR_SERVER_REPORTS_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/engine/offers.h"
#include "server/engine/published.h"
#include "sync/query.h"
#include "sync/working_days.h"
#include "tikar/v1/report_service.pb.h"

namespace tikar::server {

struct ReportTable {
  v1::LocalizedText title;
  std::vector<v1::ReportColumn> columns;
  std::vector<v1::ReportRow> rows;
  std::vector<v1::ReportRow> sums;
};

class Report {
 public:
  virtual ~Report() = default;

  // `request` may lack its elements. InvalidArgument: the table would be too long.
  virtual absl::Status Add(const sync::StoredRequest& request) = 0;
  // Once, last.
  virtual ReportTable Finish() = 0;
  // Requests that one job should look at.
  virtual size_t requests_per_job() const = 0;
};

// What a report may use; not owned, and outlives it.
struct ReportContext {
  const Published* published = nullptr;
  const sync::WorkingCalendar* calendar = nullptr;
  const CatalogueOffers* catalogue = nullptr;
  int64_t now_ms = 0;
  std::string region = {};  // empty: all
};

// InvalidArgument names what is unknown in the call.
absl::StatusOr<std::unique_ptr<Report>> MakeReport(const v1::RunReportRequest& call,
                                                   const ReportContext& context);

}  // namespace tikar::server

#endif  // TIKAR_SERVER_REPORTS_H_
