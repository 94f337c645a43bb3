#include "clients/cli/area_search.h"

#include <algorithm>
#include <tuple>
#include <utility>

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

// Less is better; see RankMatches. `wanted` in lower case.
int RankOf(const std::string& wanted, const v1::Area& area) {
  const std::string name = absl::AsciiStrToLower(area.name());
  for (const std::string_view kind : {"", "kabupaten ", "kota "}) {
    if (name == absl::StrCat(AbslView(kind), wanted)) return 0;
  }
  int best = 3;
  for (size_t at = name.find(wanted); at != std::string::npos; at = name.find(wanted, at + 1)) {
    const bool begins = at == 0 || !absl::ascii_isalnum(static_cast<unsigned char>(name[at - 1]));
    const size_t end = at + wanted.size();
    const bool ends =
        end == name.size() || !absl::ascii_isalnum(static_cast<unsigned char>(name[end]));
    best = std::min(best, begins && ends ? 1 : begins ? 2 : 3);
  }
  return best;
}

absl::StatusOr<std::string> ExistingCode(Session& session, const std::string& code) {
  v1::GetAreaRequest get;
  get.set_code(code);
  const absl::Status status = session.connection().Call(get).status();
  if (status.ok()) return code;
  if (!absl::IsNotFound(status) && !absl::IsInvalidArgument(status)) return status;
  return UsageError(absl::StrCat("tidak ada wilayah dengan kode \"", code,
                                 "\"; cari dengan: tikar areas search NAMA"),
                    absl::StrCat("no area has the code \"", code,
                                 "\"; look for it with: tikar areas search NAME"));
}

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

void RankMatches(const std::string& typed, std::vector<v1::Area>& areas) {
  const std::string wanted(absl::AsciiStrToLower(absl::StripAsciiWhitespace(typed)));
  std::vector<std::tuple<int, int, std::string, size_t>> order;
  for (size_t i = 0; i < areas.size(); ++i) {
    order.emplace_back(RankOf(wanted, areas[i]), areas[i].level(), areas[i].code(), i);
  }
  std::sort(order.begin(), order.end());
  std::vector<v1::Area> sorted;
  for (const auto& [rank, level, code, i] : order) sorted.push_back(std::move(areas[i]));
  areas = std::move(sorted);
}

absl::StatusOr<std::string> AreaCodeOf(Session& session, const std::string& typed) {
  const std::string name(absl::StripAsciiWhitespace(typed));
  if (name.empty()) return name;
  if (LooksLikeAreaCode(name)) return ExistingCode(session, name);
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
