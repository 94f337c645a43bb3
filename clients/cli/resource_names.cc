#include "clients/cli/resource_names.h"

#include <algorithm>
#include <optional>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "clients/cli/failure.h"
#include "sync/change.h"
#include "sync/ref.h"
#include "sync/types.h"

namespace tikar::cli {
namespace {

using sync::AbslView;

constexpr size_t kRegionCharacters = 5;

}  // namespace

absl::StatusOr<std::string> RequestNameOf(std::string_view typed) {
  if (absl::StartsWith(AbslView(typed), "regions/")) {
    const size_t slash = typed.find('/', std::string_view("regions/").size());
    if (slash != std::string_view::npos &&
        absl::StartsWith(AbslView(typed.substr(slash)), "/requests/") &&
        typed.size() > slash + std::string_view("/requests/").size()) {
      return std::string(typed);
    }
  }
  std::string hex(typed);
  hex.erase(std::remove(hex.begin(), hex.end(), '-'), hex.end());
  if (const std::optional<sync::RequestId> id = sync::RequestId::FromHex(hex)) {
    return absl::StrCat("regions/-/requests/", id->hex());
  }
  if (const std::optional<std::string> ref = sync::ParseRef(typed)) {
    return absl::StrCat("regions/-/requests/", *ref);
  }
  return UsageError(
      absl::StrCat(
          "\"", AbslView(typed),
          "\" bukan permohonan: nomor terdiri dari 10 huruf dan satu huruf periksa "
          "(7ZK4Q-X9M2H-P), id dari 32 angka heksadesimal, nama berbentuk "
          "regions/15.01/requests/…. Bila disalin dengan tangan, satu huruf salah atau dua "
          "huruf tertukar."),
      absl::StrCat(
          "\"", AbslView(typed),
          "\" is no request: a ref has 10 characters and a check character "
          "(7ZK4Q-X9M2H-P), an id 32 hex digits, a name the form regions/15.01/requests/…. "
          "If it was copied by hand, one character is wrong or two are swapped."));
}

std::string ParentOfArea(std::string_view area) {
  const std::string_view region = area.substr(0, kRegionCharacters);
  return absl::StrCat("regions/", sync::IsRegion(region) ? AbslView(region) : "-");
}

}  // namespace tikar::cli
