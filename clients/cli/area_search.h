// From what a person calls an area to its code.
#ifndef TIKAR_CLIENTS_CLI_AREA_SEARCH_H_
#define TIKAR_CLIENTS_CLI_AREA_SEARCH_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "clients/cli/session.h"
#include "tikar/v1/catalog_service.pb.h"

namespace tikar::cli {

// Digits and dots only: "15", "15.01.06".
bool LooksLikeAreaCode(const std::string& typed);

// Of several areas, those that `typed` names best: whose name it is; else what it is a regency's or
// city's name without "Kabupaten" or "Kota"; else all. Case does not matter.
std::vector<v1::Area> BestMatches(const std::string& typed, const std::vector<v1::Area>& areas);

// Sorts what a search for `typed` found as somebody who types a name means it: whose name it is,
// with or without "Kabupaten" or "Kota"; then names that have it as a word; then names that have a
// word beginning with it; then the rest. Within each the larger area first, then by code. Case does
// not matter.
void RankMatches(const std::string& typed, std::vector<v1::Area>& areas);

// The code that `typed` means, by its code or name. Empty stays empty. A usage error for a code
// that the server's table lacks, since an empty list would look like an answer, and for a name that
// nothing or, with the codes to choose from, several areas have.
absl::StatusOr<std::string> AreaCodeOf(Session& session, const std::string& typed);

}  // namespace tikar::cli

#endif  // TIKAR_CLIENTS_CLI_AREA_SEARCH_H_
