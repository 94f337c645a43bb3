#include "server/engine/unreadable_log.h"

#include "server/engine/log.h"
#include "sync/ref.h"
#include "sync/state.h"

namespace tikar::server {

void LogUnreadable(const sync::UnreadableRequest& one) {
  const bool named = !one.request.region.empty();
  // Not even the row that names it, or a log's Merkle tree: the reason says which.
  Log(Level::kError,
      named ? "a request cannot be read; it stays as it is, the others go on"
            : "a row of the store cannot be read; it stays as it is, everything else goes on",
      {{"request", named ? sync::RequestName(one.request) : ""},
       {"ref", named ? sync::FormatRef(sync::MakeRef(one.request.id)) : ""},
       {"reason", one.reason},
       {"advice",
        "stop tikard and restore its data directory from a backup, or start with an empty one: "
        "phones send again what they hold"}});
}

}  // namespace tikar::server
