// Judging one value by the definition: of a field of the form, of an element, against the condition
// of an edge. CheckAgainstDefinition (validation.h) is made of these.
//
// Pure functions, safe from any thread.
#ifndef TIKAR_SYNC_VALIDATION_VALUES_H_
#define TIKAR_SYNC_VALIDATION_VALUES_H_

#include <string_view>

#include "sync/definition.h"
#include "sync/violations.h"
#include "tikar/v1/definition.pb.h"
#include "tikar/v1/value.pb.h"

namespace tikar::sync {

// Nothing a person would call an answer: spaces, no choices.
bool IsBlank(std::string_view text);
bool IsBlank(const v1::Value& value);

// Adds to `judgement` what is wrong with `value` as the value of `field`, a field of `definition`.
void CheckFieldValue(const Definition& definition, const v1::Field& field, const v1::Value& value,
                     Judgement* judgement);

// The same for an element of `collection`, which the definition has; violations name `path`.
void CheckElementValue(const Definition& definition, std::string_view collection,
                       std::string_view path, const v1::Value& value, Judgement* judgement);

// Whether `value` meets the condition; a value of another kind than the field's does not.
bool Meets(const v1::EdgeCondition& condition, const v1::Value& value);

}  // namespace tikar::sync

#endif  // TIKAR_SYNC_VALIDATION_VALUES_H_
