#include "sync/names.h"

#include <algorithm>
#include <initializer_list>

#include "sync/limits.h"

namespace tikar::sync {
namespace {

bool IsLower(char c) { return c >= 'a' && c <= 'z'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }

bool IsKeyWith(std::string_view key, char separator) {
  if (key.empty() || key.size() > kKeyBytesMax || !IsLower(key[0])) return false;
  return std::all_of(key.begin(), key.end(),
                     [=](char c) { return IsLower(c) || IsDigit(c) || c == separator; });
}

// `groups`: how many digits stand between the dots.
bool IsDottedDigits(std::string_view code, std::initializer_list<size_t> groups) {
  bool first = true;
  for (const size_t digits : groups) {
    if (!first) {
      if (!code.starts_with('.')) return false;
      code.remove_prefix(1);
    }
    first = false;
    const std::string_view group = code.substr(0, digits);
    if (group.size() != digits || !std::all_of(group.begin(), group.end(), IsDigit)) return false;
    code.remove_prefix(digits);
  }
  return code.empty();
}

}  // namespace

bool IsKey(std::string_view key) { return IsKeyWith(key, '_'); }

bool IsServiceKey(std::string_view key) { return IsKeyWith(key, '-'); }

bool IsActorName(std::string_view actor) {
  return !actor.empty() && actor.size() <= kActorBytesMax &&
         std::all_of(actor.begin(), actor.end(), [](char c) {
           return IsLower(c) || IsDigit(c) || c == '.' || c == '_' || c == '-' || c == '/';
         });
}

bool IsAreaWithin(std::string_view area, std::string_view region) {
  return IsDottedDigits(region, {2, 2}) && area.starts_with(region) &&
         (IsDottedDigits(area, {2, 2, 2}) || IsDottedDigits(area, {2, 2, 2, 4}));
}

}  // namespace tikar::sync
