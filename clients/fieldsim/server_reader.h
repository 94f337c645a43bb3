// Reads what the server holds, through its API for admins: another way than the phones took.
#ifndef TIKAR_CLIENTS_FIELDSIM_SERVER_READER_H_
#define TIKAR_CLIENTS_FIELDSIM_SERVER_READER_H_

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "clients/cli/connection.h"
#include "clients/fieldsim/places.h"
#include "clients/fieldsim/records.h"
#include "clients/fieldsim/workers.h"
#include "clients/fieldsim/writer.h"
#include "sync/types.h"

namespace tikar::fieldsim {

// Every request within `scopes` (area-code prefixes), and the histories of `written` and of what
// else there is by actors whose names begin with `actors`: what was written twice stands in
// requests that nobody knows of. A request of `written` that the server does not know has no
// history.
absl::StatusOr<ServerRecord> ReadServer(const std::string& server,
                                        const std::set<std::string>& scopes,
                                        std::set<sync::RequestKey> written, std::string_view actors,
                                        Workers* workers);

// What writes requests of `services` in the regions of `districts`, by what each region offers.
// NotFound: a region does not offer one of them.
absl::StatusOr<Writer> MakeWriter(cli::Connection& connection,
                                  const std::vector<std::string>& services,
                                  const std::vector<District>& districts);

}  // namespace tikar::fieldsim

#endif  // TIKAR_CLIENTS_FIELDSIM_SERVER_READER_H_
