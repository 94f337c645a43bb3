// Numbers by which Indonesia knows its people and businesses, checked as far as their digits tell.
//
// None of them has a public check digit, so a check finds slips of the pen, never a wrong person:
// whether the number was issued only Dukcapil (NIK) or OSS (NIB) can say.
//
// Pure functions, safe from any thread.
#ifndef TIKAR_SYNC_IDENTITY_NUMBERS_H_
#define TIKAR_SYNC_IDENTITY_NUMBERS_H_

#include <string_view>

namespace tikar::sync {

enum class NikProblem {
  kNone,
  // Not exactly 16 ASCII digits. The other checks need them, so they are not made.
  kDigits,
  // Digits 1 to 6: no province 11 to 97, or regency or district 00.
  kArea,
  // Digits 7 to 12: no day that exists.
  kBirthDate,
  // Digits 13 to 16: 0000.
  kSerial,
};

// Nomor Induk Kependudukan: PPRRDD DDMMYY SSSS, the area of first registration (as it was numbered
// then, so no area table can be asked), the birth date with 40 added to the day for women, and a
// serial. The century is not in it: 29 February is taken when either century had one. Answers the
// first problem from the left. Source of the structure: PP 37/2007, article 37.
NikProblem CheckNik(std::string_view nik);

// Nomor Induk Berusaha: 13 digits, not all zero. No structure inside them is published.
bool IsNib(std::string_view nib);

// Telephone number in Indonesia: "+62" or "0", then 8 to 13 digits of which the first is not 0.
// Digits only, so that one number is always the same text: callers strip what people type between
// them.
bool IsIndonesianPhone(std::string_view phone);

}  // namespace tikar::sync

#endif  // TIKAR_SYNC_IDENTITY_NUMBERS_H_
