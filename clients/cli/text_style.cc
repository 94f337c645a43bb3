#include "clients/cli/text_style.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "clients/cli/display.h"

namespace tikar::cli {
namespace {

constexpr size_t kTextColumnsMin = 24;

}  // namespace

std::string Say(const TextStyle& style, std::string_view indonesian, std::string_view english) {
  return std::string(Pick(style.language, indonesian, english));
}

size_t TextColumns(const TextStyle& style, size_t indent) {
  const size_t width = style.terminal.width;
  if (width == 0) return 0;
  return std::max(kTextColumnsMin, width > indent ? width - indent : 0);
}

std::string Hanging(std::string_view text, size_t indent, const TextStyle& style) {
  return absl::StrJoin(Lines(text, TextColumns(style, indent)), "\n" + std::string(indent, ' '));
}

std::string WhoText(const std::string& actor, const std::string& role,
                    const DefinitionView& definition, Language language) {
  if (role.empty()) return OneLine(actor);
  const v1::Role* known = definition.FindRole(role);
  return OneLine(absl::StrCat(
      actor, " (", known == nullptr ? role : Label(language, known->label(), role), ")"));
}

std::string CollectionLabel(std::string_view key, const DefinitionView& definition,
                            Language language) {
  for (const v1::Collection& collection : definition.proto().collections()) {
    if (collection.key() == key) return Label(language, collection.label(), key);
  }
  return std::string(key);
}

}  // namespace tikar::cli
