// Bodies of the changes that unary calls make. The caller's etag gives the parents: the server
// never fills in current heads, for it is the caller who saw something and decided.
//
// Each is checked here as the SDK checks its own, so that a mistake at a terminal is told and not
// logged. Pure functions of their arguments; any thread.
#ifndef TIKAR_SERVER_AUTHORING_H_
#define TIKAR_SERVER_AUTHORING_H_

#include "absl/status/statusor.h"
#include "server/area_table.h"
#include "server/engine/offers.h"
#include "server/engine/published.h"
#include "tikar/v1/change.pb.h"
#include "tikar/v1/conflict_service.pb.h"
#include "tikar/v1/request_service.pb.h"

namespace tikar::server {

// Without nonce and hlc, which the writer adds. An area that `areas` does not permit is refused. A
// Create pins what its region offers.
absl::StatusOr<v1::ChangeBody> AuthorCreate(const Published& published, const AreaTable& areas,
                                            const CatalogueOffers& catalogue,
                                            const v1::CreateRequestRequest& call);
absl::StatusOr<v1::ChangeBody> AuthorUpdate(const Published& published, const AreaTable& areas,
                                            const v1::UpdateRequestRequest& call);
// Names the candidates that the caller's etag had seen.
absl::StatusOr<v1::ChangeBody> AuthorSettle(const Published& published,
                                            const v1::SettleConflictRequest& call);

}  // namespace tikar::server

#endif  // TIKAR_SERVER_AUTHORING_H_
