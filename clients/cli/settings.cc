#include "clients/cli/settings.h"

#include <pwd.h>
#include <unistd.h>

#include <cctype>
#include <string_view>

#include "sync/limits.h"

namespace tikar::cli {

std::string DefaultActor() {
  std::string actor = "admin/";
  const passwd* entry = getpwuid(geteuid());
  for (const char c : std::string_view(entry == nullptr ? "" : entry->pw_name)) {
    const char lower = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    const bool allowed = (lower >= 'a' && lower <= 'z') || (lower >= '0' && lower <= '9') ||
                         lower == '.' || lower == '_' || lower == '-';
    if (allowed && actor.size() < sync::kActorBytesMax) actor += lower;
  }
  // A login without a single such character, or a uid without a name.
  if (actor == "admin/") actor += std::to_string(geteuid());
  return actor;
}

}  // namespace tikar::cli
