// What people in the field write, in Indonesian.
#ifndef TIKAR_CLIENTS_FIELDSIM_PHRASES_H_
#define TIKAR_CLIENTS_FIELDSIM_PHRASES_H_

#include <span>
#include <string>
#include <string_view>

#include "clients/fieldsim/randomness.h"

namespace tikar::fieldsim {

// A complaint. "{tempat}" stands for the village.
struct Story {
  // Key of a category of the service `pengaduan`.
  std::string_view category;
  std::string_view title;
  std::string_view description;
};
std::span<const Story> Stories();

// `text` with every "{tempat}" replaced.
std::string InPlace(std::string_view text, std::string_view place);

// "Siti Rahmawati".
std::string PersonName(Dice* dice);
// "Warung Bu Ani".
std::string BusinessName(Dice* dice);
// "Jl. Depati Parbo No. 12, RT 03/RW 01, Desa Siulak Deras".
std::string Address(std::string_view place, Dice* dice);
// "081274563210".
std::string PhoneNumber(Dice* dice);
// Sixteen digits with the area of the kecamatan, a birth date and a serial.
std::string Nik(std::string_view district_code, Dice* dice);
std::string Digits(size_t count, Dice* dice);
// What an officer adds to a request after looking.
std::string Remark(Dice* dice);
// Why a request is sent on, or back.
std::string Reason(Dice* dice);
std::string TagWord(Dice* dice);

}  // namespace tikar::fieldsim

#endif  // TIKAR_CLIENTS_FIELDSIM_PHRASES_H_
