// What the server knows from files at start: areas, and the definitions that it publishes to its
// store.
#ifndef TIKAR_SERVER_CATALOG_H_
#define TIKAR_SERVER_CATALOG_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "server/area_table.h"

namespace tikar::server {

// Immutable after loading; any thread may read.
struct Catalog {
  AreaTable areas;
  // Serialized tikar.v1.Definition, deterministic: the same file always gives the same bytes, and
  // so the same hash.
  std::vector<std::string> definitions;
};

// Reads `directory`/areas/*.csv and `directory`/services/*.textproto. Errors say file:line.
absl::StatusOr<Catalog> LoadCatalog(const std::string& directory);

// The bytes of one definition in text format. `path` is for messages.
absl::StatusOr<std::string> DefinitionFromText(const std::string& path, const std::string& text);

}  // namespace tikar::server

#endif  // TIKAR_SERVER_CATALOG_H_
