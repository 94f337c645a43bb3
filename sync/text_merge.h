// Three-way merge of texts by words: the policy `text`.
//
// Two officers correct one description without knowing of each other. Choosing one of the two loses
// what the other wrote; joining by characters makes words that nobody wrote. So texts are merged as
// sequences of words, spaces and punctuation.
//
// Tokens are the pieces between the word boundaries of Unicode Standard Annex #29, as the root
// locale of ICU has them. Each side is compared with the base by Myers' algorithm ("An O(ND)
// Difference Algorithm and Its Variations", 1986; the linear-space variant). The sides are then
// joined as in diff3 (Khanna, Kunal, Pierce, "A Formal Investigation of Diff3", 2007), but where
// diff3 reports a conflict this decides, because nobody is there to ask:
//
//   - a token of the base stays unless a side deleted it;
//   - what a side inserted stays, at its place in the base; both sides' insertions at one place
//     follow one another, ours first, what they begin or end with alike written once;
//   - where tokens meet that are neighbours on neither side, and a word begins or two pieces would
//     read as one word, a space comes between them.
//
// The word boundaries are a part of the merge rules: another ICU may draw them differently for
// scripts written without spaces, and the golden vectors of the tests would show it.
#ifndef TIKAR_SYNC_TEXT_MERGE_H_
#define TIKAR_SYNC_TEXT_MERGE_H_

#include <optional>
#include <string>
#include <string_view>

namespace tikar::sync {

// All three texts must be valid UTF-8 in NFC; so is the result. Deterministic; safe from any
// thread.
//
// Laws, where there is a result: Merge(b, x, b) = x, Merge(b, b, y) = y, Merge(b, x, x) = x, and
// every word that a side inserted is in it. Not commutative: who calls fixes the order of the
// sides.
//
// nullopt, for the caller to fall back to `latest`, when a text or the result is over
// kTextMergeBytesMax, or a side differs from the base by more than kTextMergeEditsMax tokens.
std::optional<std::string> MergeText(std::string_view base, std::string_view ours,
                                     std::string_view theirs);

}  // namespace tikar::sync

#endif  // TIKAR_SYNC_TEXT_MERGE_H_
