// The little of Unicode that values need: validity, normal form, length in code points.
//
// Normalisation is frozen at Unicode 15.0: a code point that was unassigned there is copied as it
// is, also by a later ICU that knows it. So an old and a new node make the same bytes of one text.
//
// All functions are pure and safe from any thread.
#ifndef TIKAR_SYNC_UNICODE_H_
#define TIKAR_SYNC_UNICODE_H_

#include <cstddef>
#include <string>
#include <string_view>

namespace tikar::sync {

// False for overlong forms, surrogates, truncated sequences and code points above U+10FFFF. U+0000
// is valid. The empty string is valid.
bool IsValidUtf8(std::string_view bytes);

// `text` must be valid UTF-8, as for the functions below.
bool IsNfc(std::string_view text);

// Normalization Form C (Unicode Standard Annex #15). Idempotent. May be longer than `text`, at most
// three times.
std::string ToNfc(std::string_view text);

// What people count as length; a combining mark counts for itself.
size_t CodePoints(std::string_view text);

// For searching without regard to case: the full case folding of the Unicode Standard,
// section 3.13, in NFC. Never stored, so it follows the ICU at hand.
std::string CaseFolded(std::string_view text);

}  // namespace tikar::sync

#endif  // TIKAR_SYNC_UNICODE_H_
