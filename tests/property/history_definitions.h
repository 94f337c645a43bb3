// The definitions that random histories pin: every policy, decisions and terminal states.
#ifndef TIKAR_TESTS_PROPERTY_HISTORY_DEFINITIONS_H_
#define TIKAR_TESTS_PROPERTY_HISTORY_DEFINITIONS_H_

#include <string>
#include <vector>

#include "reference.h"

namespace tikar::property {

// As published.
struct DefinitionSet {
  std::vector<std::string> bytes;
  reference::Definitions by_hash;
};

// Three: the one of the Create; the one that Rebase moves to, which decides several fields by
// another policy and orders the states otherwise; one whose merge rules are newer than this build.
const DefinitionSet& AllDefinitions();

}  // namespace tikar::property

#endif  // TIKAR_TESTS_PROPERTY_HISTORY_DEFINITIONS_H_
