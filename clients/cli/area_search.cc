#include "clients/cli/area_search.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "clients/cli/failure.h"
#include "sync/status_macros.h"
#include "sync/types.h"

namespace tikar::cli {
namespace {

using sync::AbslView;

constexpr uint32_t kSearchPageSize = 1000;
// Shown of those that a name may mean; more help nobody to choose.
constexpr size_t kShownMax = 8;

}  // namespace

bool LooksLikeAreaCode(const std::string& typed) {
  return std::all_of(typed.begin(), typed.end(),
                     [](char c) { return (c >= '0' && c <= '9') || c == '.'; });
}

std::vector<v1::Area> BestMatches(const std::string& typed, const std::vector<v1::Area>& areas) {
  const auto matching = [&](auto matches) {
    std::vector<v1::Area> found;
    std::copy_if(areas.begin(), areas.end(), std::back_inserter(found), matches);
    return found;
  };
  std::vector<v1::Area> named =
      matching([&](const v1::Area& area) { return absl::EqualsIgnoreCase(area.name(), typed); });
  if (!named.empty()) return named;
  named = matching([&](const v1::Area& area) {
    return absl::EqualsIgnoreCase(area.name(), absl::StrCat("Kabupaten ", typed)) ||
           absl::EqualsIgnoreCase(area.name(), absl::StrCat("Kota ", typed));
  });
  return named.empty() ? areas : named;
}

absl::StatusOr<std::string> AreaCodeOf(Session& session, const std::string& typed) {
  const std::string name(absl::StripAsciiWhitespace(typed));
  if (LooksLikeAreaCode(name)) return name;
  v1::ListAreasRequest list;
  list.set_query(name);
  list.set_page_size(kSearchPageSize);
  std::vector<v1::Area> areas;
  while (true) {
    ASSIGN_OR_RETURN(v1::ListAreasResponse page, session.connection().Call(list));
    for (v1::Area& area : *page.mutable_areas()) areas.push_back(std::move(area));
    if (page.next_page_token().empty()) break;
    list.set_page_token(page.next_page_token());
  }
  const std::vector<v1::Area> best = BestMatches(name, areas);
  if (best.size() == 1) return best.front().code();
  if (best.empty()) {
    return UsageError(
        absl::StrCat("tidak ada wilayah \"", name, "\"; cari dengan: tikar areas search NAMA"),
        absl::StrCat("no area is called \"", name,
                     "\"; look for it with: tikar areas search NAME"));
  }
  std::string choices;
  for (size_t i = 0; i < std::min(best.size(), kShownMax); ++i) {
    absl::StrAppend(&choices, "\n  ", best[i].code(), "  ",
                    best[i].path().empty() ? best[i].name() : best[i].path());
  }
  if (best.size() > kShownMax) absl::StrAppend(&choices, "\n  …");
  return UsageError(absl::StrCat("\"", name, "\" bisa berarti ", best.size(),
                                 " wilayah; sebut kodenya:", choices),
                    absl::StrCat("\"", name, "\" may be any of ", best.size(),
                                 " areas; name its code:", choices));
}

}  // namespace tikar::cli
