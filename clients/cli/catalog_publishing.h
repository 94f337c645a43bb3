// What the commands of the catalogue share: publishing and adopting, and how what is wrong with a
// definition is shown.
#ifndef TIKAR_CLIENTS_CLI_CATALOG_PUBLISHING_H_
#define TIKAR_CLIENTS_CLI_CATALOG_PUBLISHING_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "clients/cli/json_output.h"
#include "clients/cli/session.h"
#include "clients/cli/text_style.h"
#include "sync/definition_review.h"
#include "tikar/v1/catalog_service.pb.h"

namespace tikar::cli {

// Asks for a review here first: warnings go to session.err(), errors are a failure that lists them
// all, and nothing is sent. `validate_only`: the server judges and does not keep it.
absl::StatusOr<v1::PublishDefinitionResponse> Publish(Session& session,
                                                      const v1::Definition& definition,
                                                      bool validate_only);

// As session.settings().actor.
absl::StatusOr<v1::Adoption> Adopt(Session& session, const std::string& region,
                                   const std::string& definition_hash);

// What to type to move a region's open requests to `definition`: in the role that one has, where
// that one may settle, else in one that does, for only those may move requests.
std::string RebaseCommand(const Session& session, const std::string& region,
                          const v1::Definition& definition);

// The version that the publisher's next definition of the service must have.
absl::StatusOr<uint32_t> NextVersion(Session& session, const std::string& publisher,
                                     const std::string& service);

// One line or more for each; empty for none.
std::string FindingsText(const std::vector<sync::Finding>& findings, const TextStyle& style);
Json FindingsJson(const std::vector<sync::Finding>& findings);

Json AdoptionJson(const v1::Adoption& adoption);
Json ProvenanceJson(const v1::Definition& definition);

}  // namespace tikar::cli

#endif  // TIKAR_CLIENTS_CLI_CATALOG_PUBLISHING_H_
