// A service definition as people and programs read it: form, workflow, roles, service levels.
//
// Pure functions of their arguments.
#ifndef TIKAR_CLIENTS_CLI_DEFINITION_TEXT_H_
#define TIKAR_CLIENTS_CLI_DEFINITION_TEXT_H_

#include <string>
#include <string_view>

#include "clients/cli/json_output.h"
#include "clients/cli/session.h"
#include "clients/cli/text_style.h"
#include "tikar/v1/catalog_service.pb.h"

namespace tikar::cli {

// The whole definition. `publisher` is the name of the area that published it.
std::string DefinitionText(std::string_view definition_hash, const DefinitionView& definition,
                           std::string_view publisher, const TextStyle& style);

// What `services list` prints of it; `services show` prints DefinitionJson.
Json DefinitionSummaryJson(const v1::DefinitionSummary& summary);
Json DefinitionJson(std::string_view definition_hash, const v1::Definition& definition);

}  // namespace tikar::cli

#endif  // TIKAR_CLIENTS_CLI_DEFINITION_TEXT_H_
