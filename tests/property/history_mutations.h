// What an officer does to a request in a random history: edits, moves, comments, retractions,
// settlements, and what only a wrong or a newer client sends.
#ifndef TIKAR_TESTS_PROPERTY_HISTORY_MUTATIONS_H_
#define TIKAR_TESTS_PROPERTY_HISTORY_MUTATIONS_H_

#include "history_draft.h"

namespace tikar::property {

// Adds one mutation to `body`, seldom two; a joining change loses all that it had
// (but the Create stays one).
void AddMutation(Draft& draft, const Actor& author, v1::ChangeBody& body);

// A mutation, or a value, of a kind that this version does not know. Where the value stands does
// not matter: also at a path that nobody may write.
void AddOfLaterVersion(Draft& draft, v1::ChangeBody& body);

// Writes a field.
void AddSet(Draft& draft, const Actor& author, v1::ChangeBody& body);

// Moves the request to another definition, perhaps to one that nobody has.
void AddRebase(Random& random, v1::ChangeBody& body);

}  // namespace tikar::property

#endif  // TIKAR_TESTS_PROPERTY_HISTORY_MUTATIONS_H_
