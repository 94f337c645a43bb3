// What a person types to name a definition, and the definition it stands for.
#ifndef TIKAR_CLIENTS_CLI_DEFINITION_NAMES_H_
#define TIKAR_CLIENTS_CLI_DEFINITION_NAMES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "clients/cli/session.h"
#include "tikar/v1/catalog_service.pb.h"

namespace tikar::cli {

struct NamedDefinition {
  // 32 bytes; of a file, of what would be published.
  std::string hash;
  v1::Definition definition;
};

// One of
//   FILE                   *.textproto, or anything with a "/" that is a file
//   3f9a01bc…              a hash, or its first 8 hex digits or more
//   32.73/hayu@3           what a publisher published; "@newest" for its newest version
//   15.01/hayu             what a region offers
// A usage error for anything else and for a beginning that several hashes have; NotFound.
absl::StatusOr<NamedDefinition> FindDefinition(Session& session, const std::string& typed);

// Every definition that the server has, by service, version and publisher. All pages.
absl::StatusOr<std::vector<v1::DefinitionSummary>> AllDefinitions(Session& session);

// A publisher's version of a service; 0: its newest. NotFound says what to do.
absl::StatusOr<NamedDefinition> PublishedDefinition(Session& session, const std::string& publisher,
                                                    const std::string& service, uint32_t version);
// What new requests of the service in a region pin.
absl::StatusOr<NamedDefinition> OfferedDefinition(Session& session, const std::string& region,
                                                  const std::string& service);
absl::StatusOr<NamedDefinition> DefinitionByHash(Session& session, const std::string& hash);

// "32.73@3": whose, and which version; without "@" the newest (0).
struct PublisherVersion {
  std::string publisher;
  uint32_t version = 0;
};
absl::StatusOr<PublisherVersion> ParsePublisherVersion(Session& session, const std::string& typed);

// Code of the regency or city that was named by code or name. A usage error for another area.
absl::StatusOr<std::string> RegionOf(Session& session, const std::string& typed);

// "32.73/hayu@3".
std::string NameOfDefinition(const v1::Definition& definition);

}  // namespace tikar::cli

#endif  // TIKAR_CLIENTS_CLI_DEFINITION_NAMES_H_
