#include "clients/fieldsim/places.h"

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <optional>

#include "absl/strings/str_cat.h"
#include "sync/status_macros.h"
#include "sync/types.h"

namespace tikar::fieldsim {
namespace {

constexpr uint32_t kAreasPerPage = 1000;

struct Middle {
  std::string_view code;
  // Degrees times 100.
  int latitude;
  int longitude;
};

// Inhabited places near the middle, rounded to 1 km: capitals and well-known towns.
constexpr std::array kMiddles = {
    Middle{"11", 470, 9640},      Middle{"12", 230, 9906},      Middle{"13", -90, 10050},
    Middle{"14", 52, 10145},      Middle{"15", -162, 10330},    Middle{"16", -310, 10430},
    Middle{"17", -380, 10230},    Middle{"18", -495, 10510},    Middle{"19", -220, 10610},
    Middle{"21", 105, 10405},     Middle{"31", -620, 10684},    Middle{"32", -690, 10760},
    Middle{"33", -720, 11010},    Middle{"34", -782, 11038},    Middle{"35", -770, 11220},
    Middle{"36", -635, 10610},    Middle{"51", -845, 11520},    Middle{"52", -865, 11720},
    Middle{"53", -985, 12405},    Middle{"61", 5, 11110},       Middle{"62", -170, 11340},
    Middle{"63", -300, 11540},    Middle{"64", -20, 11660},     Middle{"65", 310, 11660},
    Middle{"71", 130, 12490},     Middle{"72", -120, 12050},    Middle{"73", -410, 12010},
    Middle{"74", -400, 12220},    Middle{"75", 60, 12260},      Middle{"76", -260, 11910},
    Middle{"81", -330, 12890},    Middle{"82", 80, 12770},      Middle{"91", -260, 14030},
    Middle{"92", -160, 13380},    Middle{"93", -760, 13950},    Middle{"94", -360, 13600},
    Middle{"95", -410, 13890},    Middle{"96", -100, 13150},    Middle{"12.04", 112, 9767},
    Middle{"15.01", -200, 10140}, Middle{"32.73", -692, 10761}, Middle{"35.16", -756, 11248},
    Middle{"35.72", -810, 11216}, Middle{"51.03", -855, 11518}, Middle{"53.71", -1017, 12361},
};

// How far from the middle a village may stand, in 1e-7 degrees: 5 km within a regency, 20 in a
// province.
constexpr int64_t kRegencySpread = 450'000;
constexpr int64_t kProvinceSpread = 1'800'000;
// And a report from its village: 500 m.
constexpr int64_t kVillageSpread = 45'000;

const Middle* FindMiddle(std::string_view code) {
  const auto found = std::find_if(kMiddles.begin(), kMiddles.end(),
                                  [&](const Middle& middle) { return middle.code == code; });
  return found == kMiddles.end() ? nullptr : &*found;
}

uint64_t NumberOf(std::string_view code) {
  uint64_t number = 0;
  for (const char c : code) {
    if (c != '.') number = number * 10 + static_cast<uint64_t>(c - '0');
  }
  return number;
}

absl::Status EachBelow(cli::Connection& connection, const std::string& parent,
                       const std::function<absl::Status(const v1::Area&)>& take) {
  v1::ListAreasRequest request;
  request.set_parent_code(parent);
  request.set_page_size(kAreasPerPage);
  do {
    ASSIGN_OR_RETURN(const v1::ListAreasResponse page, connection.Call(request));
    for (const v1::Area& area : page.areas()) RETURN_IF_ERROR(take(area));
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  return absl::OkStatus();
}

District MakeDistrict(const v1::Area& area) {
  return {area.code(), area.name(), area.code().substr(0, 5), {}};
}

Village MakeVillage(const v1::Area& area) {
  // Kemendagri numbers kelurahan from 1001 and desa from 2001.
  const bool kelurahan = area.code().size() > 9 && area.code()[9] == '1';
  return {area.code(), absl::StrCat(kelurahan ? "Kelurahan " : "Desa ", area.name())};
}

absl::StatusOr<v1::Area> GetArea(cli::Connection& connection, const std::string& code) {
  v1::GetAreaRequest request;
  request.set_code(code);
  ASSIGN_OR_RETURN(v1::GetAreaResponse response, connection.Call(request));
  return std::move(*response.mutable_area());
}

}  // namespace

absl::StatusOr<std::vector<District>> FindDistricts(cli::Connection& connection,
                                                    const std::vector<std::string>& areas) {
  std::map<std::string, District> districts;
  const std::function<absl::Status(const v1::Area&)> add =
      [&](const v1::Area& area) -> absl::Status {
    switch (area.level()) {
      case v1::AREA_LEVEL_PROVINCE:
      case v1::AREA_LEVEL_REGENCY:
        return EachBelow(connection, area.code(), add);
      case v1::AREA_LEVEL_DISTRICT:
        // Whole, even if one of its villages was named before.
        districts.insert_or_assign(area.code(), MakeDistrict(area));
        return absl::OkStatus();
      case v1::AREA_LEVEL_VILLAGE: {
        ASSIGN_OR_RETURN(const v1::Area parent, GetArea(connection, area.code().substr(0, 8)));
        const auto [district, is_new] = districts.emplace(parent.code(), MakeDistrict(parent));
        if (is_new || !district->second.villages.empty()) {
          district->second.villages.push_back(MakeVillage(area));
        }
        return absl::OkStatus();
      }
      default:
        return absl::InternalError(absl::StrCat("the server says no level of ", area.code()));
    }
  };
  for (const std::string& code : areas) {
    ASSIGN_OR_RETURN(const v1::Area area, GetArea(connection, code));
    RETURN_IF_ERROR(add(area));
  }
  std::vector<District> found;
  for (auto& [code, district] : districts) found.push_back(std::move(district));
  if (found.empty()) return absl::NotFoundError("there is no kecamatan in these areas");
  return found;
}

absl::Status LoadVillages(cli::Connection& connection, District* district) {
  if (!district->villages.empty()) return absl::OkStatus();
  RETURN_IF_ERROR(EachBelow(connection, district->code, [&](const v1::Area& area) {
    district->villages.push_back(MakeVillage(area));
    return absl::OkStatus();
  }));
  if (district->villages.empty()) {
    district->villages.push_back({district->code, absl::StrCat("Kecamatan ", district->name)});
  }
  return absl::OkStatus();
}

v1::Place SpotIn(std::string_view village_code, Dice* dice) {
  const Middle* middle = FindMiddle(village_code.substr(0, 5));
  int64_t spread = kRegencySpread;
  if (middle == nullptr) {
    middle = FindMiddle(village_code.substr(0, 2));
    spread = kProvinceSpread;
  }
  // A province that is newer than this table: the middle of Indonesia, in Palu.
  if (middle == nullptr) middle = FindMiddle("72");
  Dice village{NumberOf(village_code)};
  v1::Place place;
  place.set_latitude_e7(static_cast<int32_t>(middle->latitude * 100'000 +
                                             village.Between(-spread, spread) +
                                             dice->Between(-kVillageSpread, kVillageSpread)));
  place.set_longitude_e7(static_cast<int32_t>(middle->longitude * 100'000 +
                                              village.Between(-spread, spread) +
                                              dice->Between(-kVillageSpread, kVillageSpread)));
  return place;
}

}  // namespace tikar::fieldsim
