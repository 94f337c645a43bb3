// What an officer types for a field, read by the form; and a refusal by the form, as a failure for
// people.
//
// Pure functions.
#ifndef TIKAR_CLIENTS_FIELD_FORM_ENTRY_H_
#define TIKAR_CLIENTS_FIELD_FORM_ENTRY_H_

#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "clients/cli/language.h"
#include "clients/cli/session.h"
#include "sync/validation.h"
#include "tikar/v1/value.pb.h"

namespace tikar::field {

// Path and value of "field=value". A usage error says what would have been right: the fields that
// there are, or how a value of the field's type is written.
absl::StatusOr<std::pair<std::string, v1::Value>> ReadEntry(const cli::DefinitionView& form,
                                                            std::string_view typed,
                                                            cli::Language language);

// Why the change was not queued, each violation in both languages, as cli::Explain takes it.
absl::Status StatusOfRefusal(const sync::Judgement& refusal, cli::Language language);

}  // namespace tikar::field

#endif  // TIKAR_CLIENTS_FIELD_FORM_ENTRY_H_
