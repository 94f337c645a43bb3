// What the officers of random histories write into fields: words, numbers, sets of choices, and
// values too large to be joined.
#ifndef TIKAR_TESTS_PROPERTY_HISTORY_VALUES_H_
#define TIKAR_TESTS_PROPERTY_HISTORY_VALUES_H_

#include <string>
#include <vector>

#include "history_draft.h"
#include "tikar/v1/value.pb.h"

namespace tikar::property {

inline constexpr char kTextField[] = "deskripsi";
inline constexpr char kChoicesField[] = "kategori";

// All fields that the first definition has.
const std::vector<std::string>& AllFields();
// The same by policy, so that each policy has the same chance however many fields have it.
const std::vector<std::vector<std::string>>& FieldsByPolicy();

std::string PickPath(Draft& draft);
// Of the workflow; decisions more often than steps.
std::string PickState(Draft& draft);
std::string PickStep(Random& random);
std::string PickTitle(Random& random);
// No state, no path.
std::string PickWord(Random& random);
// Of the first two only when there are few values.
std::string PickName(Draft& draft);
// Of the kind that the field at `path` takes.
v1::Value PickValue(Draft& draft, const Actor& author, const std::string& path);
// `text` with a word changed, added or removed; a new sentence when it is empty.
std::string Reword(Random& random, const std::string& text);

}  // namespace tikar::property

#endif  // TIKAR_TESTS_PROPERTY_HISTORY_VALUES_H_
