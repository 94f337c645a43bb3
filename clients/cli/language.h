// The two languages of everything a person reads.
#ifndef TIKAR_CLIENTS_CLI_LANGUAGE_H_
#define TIKAR_CLIENTS_CLI_LANGUAGE_H_

#include <cstdint>
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

// Words that are made where nobody knows yet in which language they will be read.
struct Bilingual {
  std::string id;
  std::string en;
};

inline const std::string& Pick(Language language, const Bilingual& words) {
  return language == Language::kIndonesian ? words.id : words.en;
}

// "1 change", "2 changes"; Indonesian nouns have one form for both.
inline std::string Count(Language language, uint64_t number, std::string_view indonesian,
                         std::string_view english_one, std::string_view english_many) {
  const std::string_view english = number == 1 ? english_one : english_many;
  return std::to_string(number).append(" ").append(Pick(language, indonesian, english));
}

// A definition's words; `fallback` (a key) where it has none.
inline std::string Label(Language language, const v1::LocalizedText& text,
                         std::string_view fallback) {
  const std::string& label = language == Language::kIndonesian ? text.id() : text.en();
  return label.empty() ? std::string(fallback) : label;
}

}  // namespace tikar::cli

#endif  // TIKAR_CLIENTS_CLI_LANGUAGE_H_
