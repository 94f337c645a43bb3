// The two languages of everything a person reads.
#ifndef TIKAR_CLIENTS_CLI_LANGUAGE_H_
#define TIKAR_CLIENTS_CLI_LANGUAGE_H_

#include <string>
#include <string_view>

#include "tikar/v1/value.pb.h"

namespace tikar::cli {

enum class Language { kEnglish, kIndonesian };

// "en" or "id", as in --lang and in google.rpc.LocalizedMessage.
inline std::string_view LanguageCode(Language language) {
  return language == Language::kIndonesian ? "id" : "en";
}

// The tool's own words.
inline std::string_view Pick(Language language, std::string_view indonesian,
                             std::string_view english) {
  return language == Language::kIndonesian ? indonesian : english;
}

// A definition's words; `fallback` (a key) where it has none.
inline std::string Label(Language language, const v1::LocalizedText& text,
                         std::string_view fallback) {
  const std::string& label = language == Language::kIndonesian ? text.id() : text.en();
  return label.empty() ? std::string(fallback) : label;
}

}  // namespace tikar::cli

#endif  // TIKAR_CLIENTS_CLI_LANGUAGE_H_
