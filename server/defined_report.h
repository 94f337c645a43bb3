// The reports that definitions declare (Report of definition.proto).
#ifndef TIKAR_SERVER_DEFINED_REPORT_H_
#define TIKAR_SERVER_DEFINED_REPORT_H_

#include <memory>

#include "absl/status/statusor.h"
#include "server/reports.h"
#include "tikar/v1/report_service.pb.h"

namespace tikar::server {

// The report `call.report()` of the service, or of all services that declare one of this key, as
// the region's offers declare it (without a region, the newest definitions). Its columns are those
// of the first service, then what others add. InvalidArgument: nobody declares it.
absl::StatusOr<std::unique_ptr<Report>> MakeDefinedReport(const v1::RunReportRequest& call,
                                                          const ReportContext& context);

}  // namespace tikar::server

#endif  // TIKAR_SERVER_DEFINED_REPORT_H_
