// What a person types to name a request, and the resource name it stands for.
#ifndef TIKAR_CLIENTS_CLI_RESOURCE_NAMES_H_
#define TIKAR_CLIENTS_CLI_RESOURCE_NAMES_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace tikar::cli {

// "regions/-/requests/7ZK4QX9M2HP" of a ref ("7zk4q-x9m2h-p"), of an id (32 hex digits, hyphens as
// in a UUID allowed), or the name itself where one was typed. A usage error says what is wrong with
// anything else; a ref with one wrong or two swapped characters is found here and not sent.
absl::StatusOr<std::string> RequestNameOf(std::string_view typed);

// Where to list: "15.01" and "15.01.06" → "regions/15.01"; "", "15" and what is no area code →
// "regions/-", which is every region.
std::string ParentOfArea(std::string_view area);

}  // namespace tikar::cli

#endif  // TIKAR_CLIENTS_CLI_RESOURCE_NAMES_H_
