// One mutation of a change in one line, by the words of the form: for an officer who has to decide
// what to do with a change that was refused.
//
// Pure function.
#ifndef TIKAR_CLIENTS_FIELD_MUTATION_TEXT_H_
#define TIKAR_CLIENTS_FIELD_MUTATION_TEXT_H_

#include <string>

#include "clients/cli/language.h"
#include "clients/cli/session.h"
#include "tikar/v1/change.pb.h"

namespace tikar::field {

// "Judul: Jembatan putus", "Angsuran: Rp150.000", "Status: Diterima → Diverifikasi". Never empty.
std::string MutationText(const v1::Mutation& mutation, const cli::DefinitionView& form,
                         cli::Language language);

}  // namespace tikar::field

#endif  // TIKAR_CLIENTS_FIELD_MUTATION_TEXT_H_
