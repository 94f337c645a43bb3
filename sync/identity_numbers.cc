#include "sync/identity_numbers.h"

#include <algorithm>
#include <cstddef>

namespace tikar::sync {
namespace {

constexpr size_t kNikDigits = 16;
constexpr size_t kNibDigits = 13;
constexpr size_t kPhoneDigitsMin = 8;
constexpr size_t kPhoneDigitsMax = 13;
// Kemendagri numbers provinces from Aceh (11) to the newest of Papua (97).
constexpr int kProvinceMin = 11;
constexpr int kProvinceMax = 97;
// Added to the day of birth of women.
constexpr int kWomanDayOffset = 40;

bool AllDigits(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

int TwoDigits(std::string_view digits, size_t at) {
  return (digits[at] - '0') * 10 + (digits[at + 1] - '0');
}

// `year` is the last two digits. Of 1900 and 2000 the latter was a leap year; for all other pairs
// both centuries agree.
int DaysInMonth(int month, int year) {
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && year % 4 == 0 ? 29 : kDays[month - 1];
}

bool IsBirthDate(int day, int month, int year) {
  if (day > kWomanDayOffset) day -= kWomanDayOffset;
  return month >= 1 && month <= 12 && day >= 1 && day <= DaysInMonth(month, year);
}

}  // namespace

NikProblem CheckNik(std::string_view nik) {
  if (nik.size() != kNikDigits || !AllDigits(nik)) return NikProblem::kDigits;
  const int province = TwoDigits(nik, 0);
  if (province < kProvinceMin || province > kProvinceMax || TwoDigits(nik, 2) == 0 ||
      TwoDigits(nik, 4) == 0) {
    return NikProblem::kArea;
  }
  if (!IsBirthDate(TwoDigits(nik, 6), TwoDigits(nik, 8), TwoDigits(nik, 10))) {
    return NikProblem::kBirthDate;
  }
  if (nik.substr(12) == "0000") return NikProblem::kSerial;
  return NikProblem::kNone;
}

bool IsNib(std::string_view nib) {
  return nib.size() == kNibDigits && AllDigits(nib) &&
         nib.find_first_not_of('0') != std::string_view::npos;
}

bool IsIndonesianPhone(std::string_view phone) {
  if (phone.starts_with("+62")) {
    phone.remove_prefix(3);
  } else if (phone.starts_with('0')) {
    phone.remove_prefix(1);
  } else {
    return false;
  }
  return phone.size() >= kPhoneDigitsMin && phone.size() <= kPhoneDigitsMax && AllDigits(phone) &&
         phone[0] != '0';
}

}  // namespace tikar::sync
