#include "sync/ref.h"

#include <cstdint>

#include "sync/status_macros.h"

namespace tikar::sync {
namespace {

constexpr std::string_view kAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
constexpr int kBase = 32;
constexpr int kBitsPerCharacter = 5;
constexpr size_t kBodyCharacters = kRefCharacters - 1;
constexpr size_t kGroupCharacters = 5;

int ValueOf(char c) {
  const size_t index = kAlphabet.find(c);
  CHECK(index != std::string_view::npos);
  return static_cast<int>(index);
}

// What makes the sum of all characters a multiple of the base, every second one counted double.
// Since the check character itself counts once, the last of `body` counts double.
char CheckCharacter(std::string_view body) {
  int sum = 0;
  bool doubled = true;
  for (size_t i = body.size(); i-- > 0; doubled = !doubled) {
    const int value = ValueOf(body[i]) * (doubled ? 2 : 1);
    sum += value / kBase + value % kBase;
  }
  return kAlphabet[static_cast<size_t>((kBase - sum % kBase) % kBase)];
}

// The character of the alphabet that a typed one means; nullopt for none.
std::optional<char> Read(char typed) {
  if (typed >= 'a' && typed <= 'z') typed = static_cast<char>(typed - 'a' + 'A');
  if (typed == 'O') typed = '0';
  if (typed == 'I' || typed == 'L') typed = '1';
  if (kAlphabet.find(typed) == std::string_view::npos) return std::nullopt;
  return typed;
}

}  // namespace

std::string MakeRef(const RequestId& request_id) {
  uint64_t low = 0;
  for (size_t i = RequestId::kSize - sizeof(low); i < RequestId::kSize; ++i) {
    low = low << 8 | request_id[i];
  }
  std::string ref;
  for (size_t i = kBodyCharacters; i-- > 0;) {
    ref.push_back(kAlphabet[low >> (i * kBitsPerCharacter) & (kBase - 1)]);
  }
  ref.push_back(CheckCharacter(ref));
  return ref;
}

std::optional<std::string> ParseRef(std::string_view typed) {
  std::string ref;
  for (const char c : typed) {
    if (c == ' ' || c == '-') continue;
    const std::optional<char> character = Read(c);
    if (!character || ref.size() == kRefCharacters) return std::nullopt;
    ref.push_back(*character);
  }
  if (ref.size() != kRefCharacters) return std::nullopt;
  if (CheckCharacter(std::string_view(ref).substr(0, kBodyCharacters)) != ref.back()) {
    return std::nullopt;
  }
  return ref;
}

std::string FormatRef(std::string_view ref) {
  CHECK(ref.size() == kRefCharacters);
  std::string formatted(ref.substr(0, kGroupCharacters));
  formatted += '-';
  formatted += ref.substr(kGroupCharacters, kGroupCharacters);
  formatted += '-';
  formatted += ref.substr(2 * kGroupCharacters);
  return formatted;
}

}  // namespace tikar::sync
