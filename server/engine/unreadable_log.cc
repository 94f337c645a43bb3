#include "server/engine/unreadable_log.h"

#include "server/engine/log.h"
#include "sync/ref.h"
#include "sync/state.h"

namespace tikar::server {

void LogUnreadable(const sync::UnreadableRequest& one) {
  const bool named = !one.request.region.empty();
  Log(Level::kError, "a request cannot be read; it stays as it is, the others go on",
      {{"request", named ? sync::RequestName(one.request) : "not even its name can be read"},
       {"ref", named ? sync::FormatRef(sync::MakeRef(one.request.id)) : ""},
       {"reason", one.reason},
       {"advice",
        "stop tikard and restore its data directory from a backup, or start with an empty one: "
        "phones send again what they hold"}});
}

}  // namespace tikar::server
