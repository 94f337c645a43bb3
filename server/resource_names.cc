#include "server/resource_names.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "server/engine/failure.h"
#include "server/engine/limits.h"
#include "sync/change.h"
#include "sync/limits.h"
#include "sync/query.h"
#include "sync/ref.h"
#include "sync/state.h"
#include "sync/status_macros.h"

namespace tikar::server {
namespace {

absl::Status BadName() {
  return Malformed("name", "name_format",
                   "Nama harus seperti regions/15.01/requests/ID, ID berupa 32 digit heksadesimal "
                   "atau nomor warga; regions/- bila wilayahnya tidak diketahui.",
                   "a name looks like regions/15.01/requests/ID, ID being 32 hex digits or the "
                   "citizen's number; regions/- where the region is not known");
}

absl::StatusOr<RequestNameParts> FromSegments(const std::vector<std::string>& segments) {
  if (segments[0] != "regions" || segments[2] != "requests") return BadName();
  RequestNameParts parts;
  if (segments[1] != "-") {
    if (!sync::IsRegion(segments[1])) return BadName();
    parts.region = segments[1];
  }
  parts.id = sync::RequestId::FromHex(segments[3]);
  if (!parts.id.has_value()) {
    const std::optional<std::string> ref = sync::ParseRef(segments[3]);
    if (!ref.has_value()) return BadName();
    parts.ref = *ref;
  }
  return parts;
}

std::vector<std::string> Segments(std::string_view name) {
  if (name.size() > kNameBytesMax) return {};
  return absl::StrSplit(sync::AbslView(name), '/');
}

}  // namespace

absl::StatusOr<std::string> ParseParent(std::string_view field, std::string_view parent) {
  const std::vector<std::string> segments = Segments(parent);
  if (segments.size() == 2 && segments[0] == "regions") {
    if (segments[1] == "-") return std::string();
    if (sync::IsRegion(segments[1])) return segments[1];
  }
  return Malformed(field, "parent_format", "Wilayah harus seperti regions/15.01 atau regions/-.",
                   "a parent looks like regions/15.01 or regions/-");
}

absl::StatusOr<RequestNameParts> ParseRequestName(std::string_view name) {
  const std::vector<std::string> segments = Segments(name);
  if (segments.size() != 4) return BadName();
  return FromSegments(segments);
}

absl::StatusOr<ConflictNameParts> ParseConflictName(std::string_view name) {
  std::vector<std::string> segments = Segments(name);
  if (segments.size() != 6 || segments[4] != "conflicts" || segments[5].empty() ||
      segments[5].size() > sync::kPathBytesMax) {
    return Malformed("name", "name_format",
                     "Nama harus seperti regions/15.01/requests/ID/conflicts/status.",
                     "a name looks like regions/15.01/requests/ID/conflicts/status");
  }
  ConflictNameParts parts;
  ASSIGN_OR_RETURN(parts.request, FromSegments(segments));
  parts.path = std::move(segments[5]);
  return parts;
}

absl::StatusOr<sync::RequestKey> ResolveRequest(const sync::Reader& reader,
                                                const RequestNameParts& parts,
                                                std::string_view name) {
  if (parts.id.has_value() && !parts.region.empty()) {
    return sync::RequestKey{parts.region, *parts.id};
  }
  std::vector<sync::RequestKey> found;
  if (parts.id.has_value()) {
    ASSIGN_OR_RETURN(found, sync::FindById(reader, *parts.id));
  } else {
    ASSIGN_OR_RETURN(found, sync::FindByRef(reader, parts.ref));
    if (!parts.region.empty()) {
      std::erase_if(found, [&](const auto& key) { return key.region != parts.region; });
    }
  }
  if (found.empty()) return NoSuchThing(name);
  if (found.size() > 1) {
    std::string names;
    for (const sync::RequestKey& key : found) absl::StrAppend(&names, " ", sync::RequestName(key));
    return Refused(v1::REFUSAL_REASON_REGION,
                   {{"name", "ambiguous", absl::StrCat("Ada beberapa; sebutkan salah satu:", names),
                     absl::StrCat("there are several; name one of:", names)}});
  }
  return found.front();
}

}  // namespace tikar::server
