// Requests and conflicts as people read them.
//
// Pure functions of their arguments, but for times, which are in this machine's zone.
#ifndef TIKAR_CLIENTS_CLI_REQUEST_TEXT_H_
#define TIKAR_CLIENTS_CLI_REQUEST_TEXT_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "clients/cli/language.h"
#include "clients/cli/session.h"
#include "clients/cli/text_style.h"
#include "tikar/v1/request.pb.h"

namespace tikar::cli {

// "7ZK4Q-X9M2H-P"; as it is when it has another length.
std::string RefText(std::string_view ref);

// "2026-01-31 10:00 WIB" of an hlc.
std::string HlcText(uint64_t hlc);

// Value of the definition's title field; empty if there is none.
std::string TitleOf(const v1::Request& request, const DefinitionView& definition);

// nullptr: never written.
const v1::FieldState* FindFieldState(const v1::Request& request, std::string_view path);

// A service level of it runs beyond its due time.
bool IsLate(const v1::Request& request);

// State of the status in words: "Under way", "Under way, under review", "waits for its Create".
std::string StatusText(const v1::Request& request, const DefinitionView& definition,
                       Language language);

// The whole request, and what to type next if it is under review.
std::string RequestText(const v1::Request& request, const DefinitionView& definition,
                        std::string_view area_path, const TextStyle& style);

// What to type to settle a field, in a role that may, and only if nobody wrote since.
std::string ResolveCommand(const v1::Request& request, std::string_view path,
                           const DefinitionView& definition);

// The numbered candidates of a field and when and by whom they were written.
std::string CandidatesText(const v1::FieldState& field, const DefinitionView& definition,
                           const TextStyle& style);

}  // namespace tikar::cli

#endif  // TIKAR_CLIENTS_CLI_REQUEST_TEXT_H_
