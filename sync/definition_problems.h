// What is wrong with a definition before anybody pins it. Definition::Parse asks this; a
// publisher's tool may ask it alone.
//
// Pure functions, safe from any thread.
#ifndef TIKAR_SYNC_DEFINITION_PROBLEMS_H_
#define TIKAR_SYNC_DEFINITION_PROBLEMS_H_

#include <memory>
#include <string>
#include <vector>

#include "tikar/v1/definition.pb.h"

namespace re2 {
class RE2;
}

namespace tikar::sync {

// One sentence for each contradiction and each missing text, in the order of the definition; empty
// when it is sound. Judges by merge version 1: do not ask it about a definition with newer rules.
std::vector<std::string> FindDefinitionProblems(const v1::Definition& definition);

// Compiled within bounded memory and without logging; ask ok() of the result.
std::unique_ptr<re2::RE2> CompilePattern(const std::string& pattern);

}  // namespace tikar::sync

#endif  // TIKAR_SYNC_DEFINITION_PROBLEMS_H_
