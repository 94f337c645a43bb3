// Reading the file that says how rows become requests; import_map.proto says what is in it.
#ifndef TIKAR_CLIENTS_CLI_IMPORT_MAP_H_
#define TIKAR_CLIENTS_CLI_IMPORT_MAP_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "clients/cli/import_map.pb.h"
#include "clients/cli/language.h"

namespace tikar::cli {

// Reads a map from textproto. InvalidArgument names what is missing or wrong, with the line where
// it is the text that cannot be read. Whether it fits a file and a definition is for
// RowConverter::Make.
absl::StatusOr<importmap::v1::ImportMap> ParseImportMap(const std::string& textproto);

// InvalidArgument: `what`, then one problem a line. In both languages (see WithIndonesian).
absl::Status ImportMapProblems(const Bilingual& what, const std::vector<Bilingual>& problems);

}  // namespace tikar::cli

#endif  // TIKAR_CLIENTS_CLI_IMPORT_MAP_H_
