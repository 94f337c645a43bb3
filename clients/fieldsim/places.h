// Where the fleet works: kecamatan and villages from the server's catalogue, with coordinates.
//
// The area table has no coordinates. A village stands near the middle of its regency where that is
// known here, else of its province, at a place that follows from its code: reports of one village
// are neighbours, whoever files them.
#ifndef TIKAR_CLIENTS_FIELDSIM_PLACES_H_
#define TIKAR_CLIENTS_FIELDSIM_PLACES_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "clients/cli/connection.h"
#include "clients/fieldsim/randomness.h"
#include "tikar/v1/value.pb.h"

namespace tikar::fieldsim {

struct Village {
  // "15.01.06.2010"; the kecamatan's own code where it has no villages.
  std::string code;
  // "Desa Siulak Deras", "Kelurahan Pelompek".
  std::string name;
};

struct District {
  std::string code;
  std::string name;
  // "15.01".
  std::string region;
  // Never empty once LoadVillages was called.
  std::vector<Village> villages;
};

// The kecamatan within `areas` (provinces to villages), in the order of their codes. A village
// stands for its kecamatan with this village alone. NotFound: the server has no such area, or
// nothing in it.
absl::StatusOr<std::vector<District>> FindDistricts(cli::Connection& connection,
                                                    const std::vector<std::string>& areas);
absl::Status LoadVillages(cli::Connection& connection, District* district);

// A spot in a village, some hundred metres around its middle.
v1::Place SpotIn(std::string_view village_code, Dice* dice);

}  // namespace tikar::fieldsim

#endif  // TIKAR_CLIENTS_FIELDSIM_PLACES_H_
