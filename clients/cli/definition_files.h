// Definitions in files: protobuf's text format, as in catalog/services.
#ifndef TIKAR_CLIENTS_CLI_DEFINITION_FILES_H_
#define TIKAR_CLIENTS_CLI_DEFINITION_FILES_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tikar/v1/definition.pb.h"

namespace tikar::cli {

// A usage error for a file that cannot be read or is no definition in text format, with the place
// of its first mistake. Does not judge what it says.
absl::StatusOr<v1::Definition> ReadDefinitionFile(const std::string& path);

// The file itself; of a folder its *.textproto, sorted. A usage error where there is none.
absl::StatusOr<std::vector<std::string>> DefinitionFiles(const std::string& path);

// Without the comments that it was read with: they are no part of a definition. A usage error where
// there is a file already and `replace` is false.
absl::Status WriteDefinitionFile(const std::string& path, const v1::Definition& definition,
                                 bool replace);

// What is published: the same definition always gives the same bytes, and so the same hash; also
// the same that a server makes of the file in its own catalogue.
std::string DefinitionBytes(const v1::Definition& definition);

}  // namespace tikar::cli

#endif  // TIKAR_CLIENTS_CLI_DEFINITION_FILES_H_
