// The words that violations quote: labels of what is built in, names of types, lists, cut-off
// inputs. Shared by the two halves of validation.
//
// Pure functions, safe from any thread.
#ifndef TIKAR_SYNC_VALIDATION_WORDS_H_
#define TIKAR_SYNC_VALIDATION_WORDS_H_

#include <string>
#include <string_view>
#include <vector>

#include "sync/definition.h"
#include "sync/violations.h"

namespace tikar::sync {

// `text` as a message may quote it: cut after some code points, so that a hostile change cannot
// make the answer large.
std::string Quoted(std::string_view text);

// "teks", "text": what a field of this type takes.
Words TypeWords(v1::FieldType type);

// Label of a built-in field, of the status or of "@retracted"; the path itself if it is none.
Words BuiltInLabel(std::string_view path);

// Label of the field `path` of the form, of a collection or of what is built in; the path if it is
// none.
Words LabelOf(const Definition& definition, std::string_view path);

// "Modal must be at most 499999999.": a condition in one sentence, for edges that bring no words of
// their own.
Words ConditionWords(const Definition& definition, const v1::EdgeCondition& condition);

inline Words Label(const v1::LocalizedText& text) { return {text.id(), text.en()}; }

// "a, b, c" in both languages; cut off with "…" when there are many.
Words JoinWords(const std::vector<Words>& items);

}  // namespace tikar::sync

#endif  // TIKAR_SYNC_VALIDATION_WORDS_H_
