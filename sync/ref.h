// The number that a citizen is handed: 10 characters from the request id and a check character.
//
// The alphabet is Crockford's base32: digits and capitals without I, L, O, U. The 10 characters are
// the last 50 bits of the request id, which are random: among a million requests of a region the
// chance that two share a ref is about 1 in 2,000, so a ref is something to search by, never an
// identity.
//
// Crockford's own check symbol has 37 values, five of which (*~$=U) cannot be told over the phone.
// The check here is Luhn mod N (ISO/IEC 7812-1 annex B, with base 32 for 10) and stays within the
// alphabet. It finds every wrong character and every swap of neighbours, but for 0Z and Z0.
//
// Pure functions, safe from any thread.
#ifndef TIKAR_SYNC_REF_H_
#define TIKAR_SYNC_REF_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "sync/types.h"

namespace tikar::sync {

// With the check character.
inline constexpr size_t kRefCharacters = 11;

// "7ZK4QX9M2HP": the form that is stored, searched and sent.
std::string MakeRef(const RequestId& request_id);

// What a person typed, in the form above. Case, spaces and hyphens do not matter; O is read as 0, I
// and L as 1. nullopt when the length is wrong, a character is none of the alphabet, or the check
// fails.
std::optional<std::string> ParseRef(std::string_view typed);

// For people: "7ZK4Q-X9M2H-P". `ref` as MakeRef or ParseRef gave it.
std::string FormatRef(std::string_view ref);

}  // namespace tikar::sync

#endif  // TIKAR_SYNC_REF_H_
