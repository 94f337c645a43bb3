// Values as the slow reference sees them: their one normal form and their order. Written apart from
// sync/value.h, as all of the reference is.
#ifndef TIKAR_TESTS_PROPERTY_REFERENCE_VALUES_H_
#define TIKAR_TESTS_PROPERTY_REFERENCE_VALUES_H_

#include <optional>
#include <string>

#include "tikar/v1/value.pb.h"

namespace tikar::reference {

// A value in its normal form; empty is nullopt.
using MaybeValue = std::optional<v1::Value>;

// nullopt: malformed.
std::optional<v1::Value> NormalValue(const v1::Value& value);

v1::Value TextValue(const std::string& text);
v1::Value FlagValue(bool flag);

std::optional<std::string> Bytes(const MaybeValue& value);
// Of values in normal form.
bool Same(const MaybeValue& a, const MaybeValue& b);

// Negative, zero, positive: a below, equal to, above b. Numbers by number; different kinds in the
// order of their kinds; the rest bytewise. Of values in normal form.
int CompareValues(const v1::Value& a, const v1::Value& b);

}  // namespace tikar::reference

#endif  // TIKAR_TESTS_PROPERTY_REFERENCE_VALUES_H_
