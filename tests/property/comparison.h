// A state of production beside one of the reference, member by member.
#ifndef TIKAR_TESTS_PROPERTY_COMPARISON_H_
#define TIKAR_TESTS_PROPERTY_COMPARISON_H_

#include <string>

#include "reference.h"
#include "sync/state.h"

namespace tikar::property {

// One line for each member that differs; empty when none does.
std::string Differences(const reference::State& expected, const sync::State& state,
                        const sync::Elements& elements);

}  // namespace tikar::property

#endif  // TIKAR_TESTS_PROPERTY_COMPARISON_H_
