// Reads what the server holds, through its API for admins: another way than the phones took.
#ifndef TIKAR_CLIENTS_FIELDSIM_SERVER_READER_H_
#define TIKAR_CLIENTS_FIELDSIM_SERVER_READER_H_

#include <set>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "clients/fieldsim/records.h"
#include "clients/fieldsim/workers.h"
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

}  // namespace tikar::fieldsim

#endif  // TIKAR_CLIENTS_FIELDSIM_SERVER_READER_H_
