// How a text for people is made: for which terminal, in which language, wrapped how.
//
// Pure functions of their arguments.
#ifndef TIKAR_CLIENTS_CLI_TEXT_STYLE_H_
#define TIKAR_CLIENTS_CLI_TEXT_STYLE_H_

#include <cstddef>
#include <string>
#include <string_view>

#include "clients/cli/language.h"
#include "clients/cli/session.h"
#include "clients/cli/terminal.h"

namespace tikar::cli {

struct TextStyle {
  Terminal terminal;
  Language language = Language::kEnglish;
};

std::string Say(const TextStyle& style, std::string_view indonesian, std::string_view english);

// Columns that a text behind `indent` columns may take; 0: no limit. Never so few that a wrapped
// text is a column of single words.
size_t TextColumns(const TextStyle& style, size_t indent);

// `text`, wrapped, each line but the first indented so that it hangs below the first.
std::string Hanging(std::string_view text, size_t indent, const TextStyle& style);

// "hp-ani (Field officer)", harmless for a terminal.
std::string WhoText(const std::string& actor, const std::string& role,
                    const DefinitionView& definition, Language language);

// The collection's label; its key where the definition has none.
std::string CollectionLabel(std::string_view key, const DefinitionView& definition,
                            Language language);

}  // namespace tikar::cli

#endif  // TIKAR_CLIENTS_CLI_TEXT_STYLE_H_
