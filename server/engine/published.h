// What readers may see: a version of the store that is durable, and the definitions of that
// version.
#ifndef TIKAR_SERVER_ENGINE_PUBLISHED_H_
#define TIKAR_SERVER_ENGINE_PUBLISHED_H_

#include <cstdint>
#include <memory>

#include "sync/replica.h"
#include "sync/store.h"
#include "sync/types.h"

namespace tikar::server {

// Immutable, so any thread may read it. Hold it for the length of one job only: the store's files
// cannot be opened anew while somebody holds one.
struct Published {
  // Counts publications since the engine started, from 1.
  uint64_t number = 0;
  std::shared_ptr<const sync::Reader> reader;
  std::shared_ptr<const sync::DefinitionTable> definitions;
  sync::Origin origin = sync::Origin::kNone;
  // When it became durable, milliseconds since the epoch.
  int64_t durable_at_ms = 0;
};

}  // namespace tikar::server

#endif  // TIKAR_SERVER_ENGINE_PUBLISHED_H_
