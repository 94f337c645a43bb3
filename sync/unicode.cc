#include "sync/unicode.h"

#include <unicode/bytestream.h>
#include <unicode/normalizer2.h>
#include <unicode/stringpiece.h>
#include <unicode/uniset.h>
#include <unicode/unistr.h>
#include <unicode/utf8.h>

#include <algorithm>
#include <cstdint>

#include "sync/status_macros.h"

namespace tikar::sync {
namespace {

// Never destroyed: other threads may still normalise while the process exits.
const icu::Normalizer2& FrozenNfc() {
  static const icu::Normalizer2* const frozen = [] {
    UErrorCode error = U_ZERO_ERROR;
    const icu::Normalizer2* const nfc = icu::Normalizer2::getNFCInstance(error);
    CHECK(U_SUCCESS(error));
    auto* const assigned = new icu::UnicodeSet(u"[:age=15.0:]", error);
    CHECK(U_SUCCESS(error));
    assigned->freeze();
    return new icu::FilteredNormalizer2(*nfc, *assigned);
  }();
  return *frozen;
}

bool IsAscii(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

icu::StringPiece Piece(std::string_view text) {
  CHECK(text.size() <= INT32_MAX);
  return icu::StringPiece(text.data(), static_cast<int32_t>(text.size()));
}

}  // namespace

bool IsValidUtf8(std::string_view bytes) {
  const auto* const data = reinterpret_cast<const uint8_t*>(bytes.data());
  for (size_t at = 0; at < bytes.size();) {
    UChar32 code_point;
    U8_NEXT(data, at, bytes.size(), code_point);
    if (code_point < 0) return false;
  }
  return true;
}

bool IsNfc(std::string_view text) {
  if (IsAscii(text)) return true;
  UErrorCode error = U_ZERO_ERROR;
  const bool normalized = FrozenNfc().isNormalizedUTF8(Piece(text), error);
  CHECK(U_SUCCESS(error));
  return normalized;
}

std::string ToNfc(std::string_view text) {
  if (IsNfc(text)) return std::string(text);
  std::string normalized;
  icu::StringByteSink<std::string> sink(&normalized);
  UErrorCode error = U_ZERO_ERROR;
  FrozenNfc().normalizeUTF8(0, Piece(text), sink, nullptr, error);
  CHECK(U_SUCCESS(error));
  return normalized;
}

size_t CodePoints(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;  // not a continuation byte
  }));
}

std::string CaseFolded(std::string_view text) {
  icu::UnicodeString folded = icu::UnicodeString::fromUTF8(Piece(text));
  folded.foldCase();
  std::string result;
  folded.toUTF8String(result);
  return ToNfc(result);
}

}  // namespace tikar::sync
