// Values as an admin types them and as tables show them.
//
// Officers and admins write numbers and dates the way the form does in their office: "Rp1.500.000",
// "ya",
// "-6,2". What is typed is read by the type of the field in its definition, exactly and without
// floats.
#ifndef TIKAR_CLIENTS_CLI_VALUE_TEXT_H_
#define TIKAR_CLIENTS_CLI_VALUE_TEXT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "clients/cli/language.h"
#include "tikar/v1/definition.pb.h"
#include "tikar/v1/value.pb.h"

namespace tikar::cli {

// Reads `text` for `field`; null: a built-in field or an element, which hold text.
//   money    1500000, 1.500.000, Rp1.500.000, Rp 1.500.000,00
//   integer  -12, 1.200
//   decimal  3.5, 3,5
//   flag     ya, tidak, yes, no, true, false
//   date     2026-01-31
//   time     2026-01-31T10:00:00Z; without a zone: this machine's
//   place    -2.0645,101.3912 (latitude, longitude in degrees)
//   choice   key or label; choices: several, with commas
// InvalidArgument says what would have been right, in `language`. Ranges, lengths and patterns are
// not looked at: that is validation's.
absl::StatusOr<v1::Value> ParseValue(const v1::Field* field, std::string_view text,
                                     Language language);

// Degrees times 1e7 of a decimal number, rounded half away from zero. nullopt unless it is a plain
// decimal number from -limit to limit.
std::optional<int32_t> ParseDegreesE7(std::string_view text, int limit);

// What people read: labels of choices, grouped money, "ya"/"tidak". "–" for no value.
// Harmless for a terminal only after OneLine or Lines.
std::string FormatValue(const v1::Field* field, const v1::Value* value, Language language);

}  // namespace tikar::cli

#endif  // TIKAR_CLIENTS_CLI_VALUE_TEXT_H_
